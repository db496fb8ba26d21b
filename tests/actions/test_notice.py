"""The notice (采购公告): published when seats, document and periods are right; else every reason is named."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Deadline
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.errors import Unfair, WrongState
from mifeng.tenders.actions import close_bidding, draft_document, plan_seats, publish_notice
from mifeng.tenders.models import Lot, Notice, Tender
from mifeng.venues.actions import confirm_site, lapse_request, refuse_site
from tests.actions.acts import REPLY_BY, SOON, kept, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import DUE, SUPPLY_UNTIL, fixed, fresh, lot_of, plan, publishing

STAGES = ("accepted", "documented", "planned", "fixed", "published", "closed")
PERIODS = ("supply-period-short", "bid-period-short")


def publish(stages: Stages, stage: str, *, at: datetime = SOON, **changes: object) -> Tender:
    """Publish the notice of a project and return it."""
    tender = stages[stage]
    with clock.frozen(at):
        publish_notice(tender.pk, publishing(tender, **changes), by=stages.actor("agency-a"))
    return fresh(tender)


def test_published_project_runs_on_the_periods_of_the_law(stages: Stages) -> None:
    """The notice fixes issue day, supply and the deadline, and sets the close at T (GPL-35, GPLR-31)."""
    tender = publish(stages, "fixed")

    lot = lot_of(tender)
    assert (tender.issued_on, tender.supply_until) == (date(2026, 3, 2), SUPPLY_UNTIL)
    assert (lot.state, lot.bids_due_at, lot.closed_at) == ("published", DUE, None)
    deadline = Deadline.objects.get(subject=f"tenders.lot:{lot.pk}")
    assert (deadline.step, deadline.at, deadline.source) == ("close", DUE, "GPL-35")
    assert (deadline.started_by, deadline.provisional, deadline.met_at) == ("publish", False, None)
    assert deadline.calendar == "国务院办公厅节假日安排"


def test_notice_is_kept_as_published_and_its_hash_is_in_the_ledger(stages: Stages) -> None:
    """What the public reads can be checked against the ledger (R071, NM-2018-67 四(十一))."""
    tender = publish(stages, "fixed", text="  公告正文 ")

    notice = Notice.objects.get(tender=tender)
    shown = {
        "number": tender.number,
        "title": "中小学课桌椅采购招标公告",
        "text": "公告正文",
        "due": "2026-03-26T01:30:00.000000Z",
        "at": "2026-03-02T02:00:00.000000Z",
        "policies": [lot_of(tender).policy_hash],
        "draw_handles": sorted(row["handle"] for row in tender.draw_handles),
    }
    assert (notice.kind, notice.title, notice.text) == ("tender", shown["title"], "公告正文")
    assert (notice.published_at, notice.bids_due_at, notice.affects_bids) == (SOON, DUE, False)
    assert notice.sha256 == digest("notice", canonical(shown)).hex()


PERIOD_CASES: list[tuple[dict[str, object], tuple[str, ...], tuple[str, ...], tuple[int, ...]]] = [
    ({"supply_until": date(2026, 3, 6)}, ("supply-period-short",), ("GPLR-31",), (4,)),
    ({"supply_until": date(2026, 3, 8)}, ("supply-period-short",), ("GPLR-31",), (4,)),
    ({"supply_until": date(2026, 3, 1)}, ("supply-period-short",), ("GPLR-31",), (0,)),
    ({"bids_due_at": DUE - timedelta(days=5)}, ("bid-period-short",), ("GPL-35",), (19,)),
    (
        {"supply_until": date(2026, 3, 2), "bids_due_at": SOON},
        PERIODS,
        ("GPLR-31", "GPL-35"),
        (0, 0),
    ),
]


@pytest.mark.parametrize(("changes", "codes", "sources", "given"), PERIOD_CASES)
def test_short_period_is_refused_with_what_is_required(
    stages: Stages,
    changes: dict[str, object],
    codes: tuple[str, ...],
    sources: tuple[str, ...],
    given: tuple[int, ...],
) -> None:
    """Twenty days to the deadline, five working days of supply, named when short (GPL-35, GPLR-31)."""
    with refused(Unfair, *codes) as caught:
        publish(stages, "fixed", **changes)

    assert tuple(reason.source for reason in caught.value.reasons) == sources
    assert tuple(reason.facts["days_given"] for reason in caught.value.reasons) == given
    assert {reason.lifted_by for reason in caught.value.reasons} == {("agency",)}


def test_supply_of_exactly_five_working_days_and_twenty_days_is_enough(stages: Stages) -> None:
    """The period may be as short as the law allows, not a day shorter (GPL-35, GPLR-31)."""
    at = datetime.fromisoformat("2026-03-06T01:00:00+00:00")

    tender = publish(stages, "fixed", at=at, supply_until=date(2026, 3, 13), bids_due_at=DUE)

    assert (tender.supply_until, lot_of(tender).bids_due_at) == (date(2026, 3, 13), DUE)


def test_seats_pending_are_named_site_by_site_with_the_end_of_waiting(stages: Stages) -> None:
    """Sites and seats are fixed before the notice; who has not answered is named (R135, LY-2022-14 四(一))."""
    with clock.frozen(SOON):
        confirm_site(request_of(stages["planned"]), by=stages.actor("guest-wuyuan"))

    with refused(Unfair, "seats-pending", "seats-pending") as caught:
        publish(stages, "planned")

    found = [(reason.facts["site"], reason.lifted_by, reason.until, reason.source) for reason in caught.value.reasons]
    assert found == [
        ("市中心", ("host",), REPLY_BY, "LY-2022-14 四(一)"),
        ("杭锦后旗", ("guest",), REPLY_BY, "LY-2022-14 四(一)"),
    ]


@pytest.mark.parametrize("how", ["refused", "lapsed"])
def test_site_that_failed_stands_in_the_way_until_it_is_planned_anew(stages: Stages, how: str) -> None:
    """A refusal or a silence is no confirmation (R135, R139)."""
    tender = fixed_but_one(stages, how)

    with refused(Unfair, "seats-missing") as caught:
        publish(stages, "planned", at=REPLY_BY)

    [reason] = caught.value.reasons
    assert (reason.facts["site"], reason.facts["state"], reason.lifted_by) == ("五原县", how, ("agency",))
    assert lot_of(tender).state == "accepted"


def fixed_but_one(stages: Stages, how: str) -> Tender:
    """Let all sites of the planned project confirm but 五原县, which refuses or keeps silent."""
    tender = stages["planned"]
    with clock.frozen(SOON):
        confirm_site(request_of(tender, "市中心"), by=stages.actor("host"))
        confirm_site(request_of(tender, "杭锦后旗"), by=stages.actor("guest-hangjin"))
        if how == "refused":
            refuse_site(request_of(tender), reason="检修", by=stages.actor("guest-wuyuan"))
    if how == "lapsed":
        with clock.frozen(REPLY_BY):
            lapse_request(request_of(tender), by=CLOCK)
    return tender


def test_notice_before_the_seats_needs_a_reason_and_the_reason_is_on_record(stages: Stages) -> None:
    """In principle seats come first; a departure has a recorded reason (R135, LY-2022-14 四(一))."""
    tender = stages["planned"]

    with clock.frozen(SOON):
        written = publish_notice(
            tender.pk,
            publishing(tender, departure_reason=" 副场设备调试，预算执行期限将至 "),
            by=stages.actor("agency-a"),
        )

    assert read_entry(written.id).facts("publish_notice")["departure_reason"] == "副场设备调试，预算执行期限将至"
    assert lot_of(tender).state == "published"


def test_departure_reason_covers_the_seats_and_nothing_else(stages: Stages) -> None:
    """A reason for late seats shortens no period and approves no document (GPL-35, GPLR-15)."""
    with refused(Unfair, "document-missing", "bid-period-short"):
        publish(stages, "accepted", departure_reason="先发公告", bids_due_at=DUE - timedelta(days=10))


def test_project_without_document_and_seats_is_refused_for_both(stages: Stages) -> None:
    """All that stands in the way is named at once."""
    with refused(Unfair, "document-missing", "seats-missing", *PERIODS) as caught:
        publish(stages, "accepted", supply_until=date(2026, 3, 3), bids_due_at=SOON + timedelta(days=1))

    assert [reason.source for reason in caught.value.reasons] == [
        "GPLR-31",
        "LY-2022-14 四(一)",
        "GPLR-31",
        "GPL-35",
    ]


def test_session_before_the_deadline_is_refused(stages: Stages) -> None:
    """Nobody evaluates before bids are due."""
    later = DUE + timedelta(days=9)

    with refused(Unfair, "session-before-deadline") as caught:
        publish(stages, "fixed", bids_due_at=later)

    assert caught.value.facts["bids_due_at"] == "2026-04-04T09:30+08:00"


def test_unapproved_document_is_refused(stages: Stages) -> None:
    """The purchaser has the last word on the document (GPLR-15)."""
    tender = stages["accepted"]
    with clock.frozen(SOON):
        draft_document(tender.pk, kept(), name="招标文件.pdf", by=stages.actor("agency-a"))

    with refused(Unfair, "document-unapproved", "seats-missing") as caught:
        publish(stages, "accepted")

    assert caught.value.reasons[0].lifted_by == ("buyer",)


NAIVE = datetime(2026, 3, 26, 1, 30)  # noqa: DTZ001 - an instant without a zone is what is refused


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        ({"text": ""}, "malformed", {"field": "text"}),
        ({"text": "公告\0"}, "malformed", {"field": "text"}),
        ({"text": "公" * 20_001}, "too-large", {"field": "text", "limit": 20_000}),
        ({"departure_reason": "因" * 1_001}, "too-large", {"field": "departure_reason", "limit": 1_000}),
        ({"departure_reason": "因\ud800"}, "malformed", {"field": "departure_reason"}),
        ({"bids_due_at": NAIVE}, "malformed", {"field": "bids_due_at"}),
        ({"bids_due_at": DUE.replace(year=9999)}, "malformed", {"field": "bids_due_at"}),
        ({"supply_until": date(9999, 12, 31)}, "malformed", {"field": "supply_until"}),
        ({"supply_until": date(1, 1, 1)}, "malformed", {"field": "supply_until"}),
    ],
)
def test_notice_that_cannot_be_meant_is_refused(
    stages: Stages, changes: dict[str, object], code: str, facts: dict[str, object]
) -> None:
    with refused(Unfair, code) as caught:
        publish(stages, "fixed", **changes)

    assert dict(caught.value.facts) == facts


def test_all_packages_are_published_and_closed_each_at_the_deadline(stages: Stages) -> None:
    """A project's packages move together; each is closed in an act of its own (GPL-35)."""
    lots = (("课桌", Decimal("3000000.00")), ("椅子", Decimal("1800000.00")))
    tender = fixed(stages.city, later=timedelta(days=20), lots=lots)
    with clock.frozen(SOON):
        publish_notice(tender.pk, publishing(tender), by=stages.actor("agency-a"))

    first, second = Lot.objects.filter(tender=tender).order_by("number")
    with clock.frozen(DUE):
        close_bidding(first.pk, by=CLOCK)

    assert Deadline.objects.filter(subject=f"tenders.lot:{second.pk}", met_at=None).count() == 1
    assert [lot.state for lot in Lot.objects.filter(tender=tender).order_by("number")] == ["closed", "published"]


def test_published_project_is_not_planned_twice(stages: Stages) -> None:
    tender = stages["published"]

    with clock.frozen(SOON), refused(WrongState, "session-exists") as caught:
        plan_seats(tender.pk, plan(stages.city), by=stages.actor("agency-a"))

    assert caught.value.reasons[0].lifted_by == ("agency",)
