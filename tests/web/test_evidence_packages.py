"""The evidence of a project of two packages (多包项目): one file, each with its own policy, bids and opening."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Envelope
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Entry
from mifeng.oversight.bundle import files_of, matter_of
from mifeng.programs.verify.bundle.report import verify
from mifeng.rules.bundle import read_bundle
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.models import Lot, Tender
from tests.bids import DAY_BEFORE, Held, hand_in, sealed_bid
from tests.bundles import OVER, Timed, drawn
from tests.factories import DUE, START, City, published
from tests.programs.forging import trust
from tests.web.openings import KEYING, SOON

LOTS = (("课桌椅", Decimal("2400000.00")), ("黑板", Decimal("2400000.00")))


def bids_of(city: City, lots: list[Lot], near: Timed) -> dict[Lot, list[Held]]:
    """Hand in three bids for each package."""
    held = {lot: [sealed_bid(city, lot, number) for number in (1, 2, 3)] for lot in lots}
    for one in (one for bids in held.values() for one in bids):
        hand_in(city, one)
    with clock.frozen(DAY_BEFORE):
        for envelope in Envelope.objects.select_related("bid").order_by("pk"):
            dealings.deal_stanzas(envelope, near.reach)
        near.settle()
    return held


def opened(held: dict[Lot, list[Held]], near: Timed) -> None:
    """Take both openings side by side from the deadline to their end."""
    with clock.frozen(DUE):
        near.settle()
        for lot in held:
            close_bidding(lot.pk, by=CLOCK)
        for lot in held:
            near.advance(lot)
    with clock.frozen(KEYING):
        for lot in held:
            near.advance(lot)
    with clock.frozen(SOON):
        for lot, bids in held.items():
            for one in bids:
                confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
    with clock.frozen(OVER):
        near.settle()
        for lot in held:
            close_keys(lot.pk)
        for lot in held:
            near.advance(lot)
        near.settle()


def test_two_packages_are_proven_in_one_file(committing: City, tmp_path: Path) -> None:
    """Whatever belongs to one package is compared with that package's own policy, and the draws with theirs."""
    tender: Tender = published(committing, lots=LOTS)
    near = Timed(tmp_path)
    try:
        with clock.frozen(START + timedelta(hours=1)):
            near.settle()
            dealings.countersign_deadline(Entry.objects.get(type="publish_notice").pk, near.reach)
        drawn(committing, tender, near)
        opened(bids_of(committing, list(Lot.objects.filter(tender=tender).order_by("number")), near), near)
    finally:
        for one in near.trustees:
            one.close_connections()

    for cut, hidden in (("public", {"B5", "D2", "D6"}), ("supervisor", set())):
        report = verify(read_bundle(files_of(matter_of(tender, cut))), trust())
        assert [fault for one in report.findings for fault in one.faults] == []
        assert {one.id for one in report.findings if one.outcome == "withheld"} == hidden
