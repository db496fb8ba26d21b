"""A whole project with its evidence (证据包测试件): from the notice to the opening, drawn, sealed and opened for real.

The witness goes by the platform's clock here, so that the times of the story and of its witness can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Envelope
from mifeng.experts.actions import fix_seed
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Entry
from mifeng.oversight.bundle import files_of, matter_of
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Lot, Tender
from tests.actions import draws
from tests.bids import DAY_BEFORE, Held, hand_in, replacement, sealed_bid, take_back
from tests.factories import DUE, START, City, lot_of, published
from tests.trusted import Trusted
from tests.web.openings import KEYING, SOON
from tests.web.witnessed import witness_log

OVER = DUE + timedelta(hours=2)
Files = dict[str, bytes]


class Timed(Trusted):
    """Trustees near at hand, and a witness that goes by the platform's clock (就近各方)."""

    def settle(self) -> None:
        """Have everything written so far sequenced and witnessed."""
        witness_log(self.folder, lambda: clock.now().timestamp())


@dataclass
class Story:
    """A project whose opening is over (已开标项目)."""

    city: City
    tender: Tender
    lot: Lot
    panel: Panel
    held: list[Held]

    def files(self, cut: str = "public") -> Files:
        """Return the files of its bundle, the manifest first."""
        return dict(files_of(matter_of(self.tender, cut)))


def told(city: City, folder: Path, *, keyed: Sequence[int] = (1, 2, 3)) -> Story:
    """Lead a project from its entry to its opening.

    Four bids lie there at the deadline, the second in its second version; a fifth was taken back. One expert declines.

    Args:
        city: the sample city.
        folder: for the memories of trustees and witness.
        keyed: whose bidders confirm their keys.
    """
    near = Timed(folder)
    try:
        tender = published(city)
        lot = lot_of(tender)
        with clock.frozen(START + timedelta(hours=1)):
            near.settle()
            dealings.countersign_deadline(Entry.objects.get(type="publish_notice").pk, near.reach)
        panel = drawn(city, tender, near)
        held = handed_in(city, lot, near)
        near.listed(lot)
        with clock.frozen(KEYING):
            near.advance(lot)
        with clock.frozen(SOON):
            for number in keyed:
                confirm_key(lot.pk, held[number - 1].bid_ref, held[number - 1].sealed.s_b)
        with clock.frozen(OVER):
            near.settle()
            close_keys(lot.pk)
            near.advance(lot)
            near.settle()
    finally:
        for one in near.trustees:
            one.close_connections()
    return Story(city, tender, lot, panel, held)


def drawn(city: City, tender: Tender, near: Timed) -> Panel:
    """Draw the experts of a project; the first one invited declines."""
    panel = draws.assembled(city, tender)
    draws.pooled(panel)
    with clock.frozen(draws.POOLED):
        near.settle()
    draws.contributed(panel)
    with clock.frozen(draws.SEEDED):
        for draw in draws.draws_of(panel):
            fix_seed(draw.pk, by=CLOCK)
    draws.walk(panel)
    draws.decline(draws.waiting(draws.draws_of(panel))[0])
    draws.walk(panel, draws.ANSWERED)
    while found := draws.waiting(draws.draws_of(panel)):
        for invitation in found:
            draws.agree(invitation)
        draws.walk(panel, draws.ANSWERED)
    with clock.frozen(draws.ANSWERED):
        near.settle()
    return panel


def handed_in(city: City, lot: Lot, near: Timed) -> list[Held]:
    """Hand in five bids, replace the second, take the last one back, and have the trustees try their shares."""
    held = [sealed_bid(city, lot, number) for number in range(1, 6)]
    for one in held:
        hand_in(city, one)
    held[1] = replacement(held[1], 2)
    hand_in(city, held[1])
    take_back(held.pop())
    with clock.frozen(DAY_BEFORE):
        for envelope in Envelope.objects.filter(envelope__in=[one.envelope for one in held]).select_related("bid"):
            dealings.deal_stanzas(envelope, near.reach)
        near.settle()
    return held
