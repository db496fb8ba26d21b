"""From the close to the opening record (开标): bidders' keys first, trustees' shares last, everything opens at once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Bid, OpenedFile, Opening
from mifeng.bidding.queries import hall, opening_record
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot
from tests.bids import handed_in
from tests.factories import DUE, START, City, lot_of, published
from tests.trusted import Trusted, trusted

SOON = DUE + timedelta(minutes=5)


@pytest.fixture
def near(committing: City, tmp_path: Path) -> Iterator[Trusted]:
    """The trustees of the sample city, near at hand."""
    with trusted(tmp_path) as found:
        yield found


def announced(city: City, near: Trusted) -> Lot:
    """Return a published package that the trustees know."""
    lot = lot_of(published(city))
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        entry = Entry.objects.get(type="publish_notice")
        dealings.countersign_deadline(entry.pk, near.reach)
    return lot


def test_four_bids_open_at_once(committing: City, near: Trusted) -> None:
    lot = announced(committing, near)
    held = handed_in(committing, lot, 4)

    assert near.listed(lot) == "listed"
    with clock.frozen(SOON):
        assert near.advance(lot) == "keying"
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        assert near.advance(lot) == "public"

    shown = opening_record(lot.pk)
    assert shown.state == "public"
    assert sorted(row.price_yuan for row in shown.rows) == sorted(
        [Decimal("4860000.00"), Decimal("4725000.00"), Decimal("4790000.50"), Decimal("4688000.00")]
    )
    assert [row.doubts for row in shown.rows] == [()] * 4
    assert {row.bidder for row in shown.rows} == {one.bidder.organisation.name for one in held}
    assert set(Bid.objects.values_list("state", flat=True)) == {"opened"}
    assert OpenedFile.objects.count() == 4 * 5
    assert Opening.objects.get().opened_entry is not None
    assert hall(None, lot.pk) == shown
