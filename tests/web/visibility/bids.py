"""Bids of the painted world (画押的投标): handed in before the correction, so that a list stands at the close."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from mifeng.bidding.actions import receive_bid
from mifeng.kernel.models import Entry
from mifeng.parties.models import Post
from mifeng.parties.queries import as_actor
from mifeng.rules.readout import in_words
from mifeng.tenders.models import Lot
from tests.bids import Held, bidder_of, bind, sealed_bid, submission_of

# As many as it takes for a list, the watched supplier first.
BIDDERS = ("mk-bidder", "bidder-2", "bidder-3")
PRICE = Decimal("4765219.00")


def hand_in(lot: Lot, from_: datetime) -> Iterator[tuple[datetime, Callable[[], dict[str, str]]]]:
    """Yield when each supplier hands in, and the act itself, which returns the marks of the watched bid."""
    posts = {row.person.account: as_actor(row) for row in Post.objects.select_related("person", "organisation")}
    for place, account in enumerate(BIDDERS, 1):
        said = {"price_yuan": PRICE, "price_words": in_words(PRICE)} if place == 1 else {}
        bidder = bidder_of(account, posts[account].organisation)
        held = sealed_bid(posts, lot, place, bidder=bidder, **said)  # type: ignore[arg-type]

        def act(held: Held = held, watched: bool = place == 1) -> dict[str, str]:
            bind(posts, held)  # type: ignore[arg-type]
            receive_bid(lot.pk, submission_of(held))
            return _marks(held) if watched else {}

        yield from_ + timedelta(hours=place, minutes=7, seconds=29), act


def _marks(held: Held) -> dict[str, str]:
    row = held.row
    entry = Entry.objects.get(subject=f"bidding.bid:{row.pk}")
    return {
        "bid-ref": held.bid_ref,
        "bid-envelope": held.envelope,
        "bid-key": held.submit_key,
        "bid-file": held.sha256,
        "bid-row": str(row.pk),
        "bid-leaf": bytes(entry.leaf).hex(),
    }
