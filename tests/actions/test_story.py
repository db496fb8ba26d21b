"""One project from entry to the close, act by act (主线): state and ledger agree at every step."""

from datetime import timedelta

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.queries import body_of, history
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.queries import subjects
from tests.factories import DUE, City, lot_of, published


def test_project_runs_from_entry_to_close(city: City) -> None:
    """Every act leaves one entry, in the order of the procedure (R071, GPL-35, LY-2022-14 四(一))."""
    tender = published(city)

    with clock.frozen(DUE):
        written = close_bidding(lot_of(tender).pk, by=CLOCK)

    steps = [line.type for line in reversed(history(subjects(tender)))]
    assert steps == [
        "enter_tender",
        "accept_tender",
        "draft_document",
        "approve_document",
        "plan_seats",
        "publish_notice",
        "close_bidding",
    ]
    assert lot_of(tender).state == "closed"
    assert lot_of(tender).closed_at == DUE
    assert body_of(written.id)["moves"][0]["facts"]["bids_due_at"] == "2026-03-26T01:30:00.000000Z"
    assert written.at - DUE == timedelta(0)
