"""Clarifications (澄清、更正): the deadline moves only later, and the session and its seats move with it."""

from datetime import datetime, timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Deadline
from mifeng.rules.errors import Unfair, WrongMoment
from mifeng.tenders.actions import (
    approve_document,
    clarify,
    close_bidding,
    draft_document,
    publish_notice,
    replan_seats,
)
from mifeng.tenders.models import Document, Notice, Tender
from mifeng.venues.actions import confirm_site, lapse_request
from mifeng.venues.models import Booking, SiteRequest
from tests.actions.acts import SOON, kept, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.actions.seating import fill
from tests.factories import DUE, START, clarification, fresh, lot_of, publishing, requests, session_of

STAGES = ("documented", "planned", "published")
AT = START + timedelta(days=2)
LATE = DUE - timedelta(days=10)  # fewer than fifteen days are left
WEEK = timedelta(days=7)
HOST, HANGJIN, WUYUAN, DENGKOU = "市中心", "杭锦后旗", "五原县", "磴口县"
OFFICERS = ((HOST, "host"), (HANGJIN, "guest-hangjin"), (WUYUAN, "guest-wuyuan"))


def issue(stages: Stages, *, at: datetime = AT, **changes: object) -> Tender:
    """Publish a clarification of the published project and return it."""
    tender = stages["published"]
    with clock.frozen(at):
        clarify(tender.pk, clarification(tender, **changes), by=stages.actor("agency-a"))
    return fresh(tender)


def test_moved_deadline_moves_the_close_the_session_and_every_seat(stages: Stages) -> None:
    """Deadline, session, seats and the sites' time to answer move in one act (GPLR-31, LY-2022-14 四(一))."""
    before = session_of(stages["published"])

    tender = issue(stages)

    lot, session = lot_of(tender), session_of(tender)
    assert (lot.bids_due_at, tender.last_clarified_at) == (DUE + WEEK, AT)
    deadline = Deadline.objects.get(subject=f"tenders.lot:{lot.pk}", met_at=None)
    assert (deadline.at, deadline.started_by) == (DUE + WEEK, "clarify")
    assert (session.state, session.version) == ("requested", 2)
    assert (session.starts_at, session.ends_at) == (before.starts_at + WEEK, before.ends_at + WEEK)
    assert {(row.state, row.asked_at, row.reply_by, row.answered_by) for row in requests(tender)} == {
        ("requested", AT, AT + timedelta(hours=24), "")
    }
    held = Booking.objects.filter(request__session=session, state="held")
    assert {(row.during.lower, row.during.upper) for row in held} == {(session.starts_at, session.ends_at)}
    assert held.count() == 5


def test_old_close_does_not_happen_and_the_new_one_does(stages: Stages) -> None:
    """After a postponement nothing closes at the old time (GPL-35)."""
    tender = issue(stages)
    lot = lot_of(tender)

    with clock.frozen(DUE), refused(WrongMoment, "too-early") as caught:
        close_bidding(lot.pk, by=CLOCK)
    with clock.frozen(DUE + WEEK):
        close_bidding(lot.pk, by=CLOCK)

    assert caught.value.reasons[0].until == DUE + WEEK
    assert lot_of(tender).closed_at == DUE + WEEK


def test_notice_of_the_clarification_is_public_and_tells_the_new_deadline(stages: Stages) -> None:
    tender = issue(stages, text="第三章评分细则更正")

    notice = Notice.objects.get(tender=tender, kind="clarification")
    assert (notice.title, notice.text) == ("中小学课桌椅采购更正公告", "第三章评分细则更正")
    assert (notice.bids_due_at, notice.affects_bids, notice.published_at) == (DUE + WEEK, True, AT)
    assert Notice.objects.filter(tender=tender).count() == 2


@pytest.mark.parametrize("affects", [True, False])
def test_clarification_in_time_may_leave_the_deadline(stages: Stages, affects: bool) -> None:
    """With fifteen days left the deadline may stay, and no site is asked again (GPLR-31)."""
    before = session_of(stages["published"])

    tender = issue(stages, affects_bids=affects, new_due_at=None, reason="")

    assert (lot_of(tender).bids_due_at, tender.last_clarified_at) == (DUE, AT if affects else None)
    assert (session_of(tender).version, session_of(tender).state) == (before.version, "fixed")


REFUSED: list[tuple[datetime, dict[str, object], tuple[str, ...]]] = [
    (AT, {"new_due_at": DUE - timedelta(days=1)}, ("deadline-earlier",)),
    (AT, {"new_due_at": DUE - timedelta(minutes=1)}, ("deadline-earlier",)),
    (AT, {"reason": " "}, ("reason-required",)),
    (LATE, {"new_due_at": None}, ("clarification-late",)),
    (LATE, {"new_due_at": DUE + timedelta(days=4)}, ("clarification-late",)),
    (LATE, {"affects_bids": False, "new_due_at": None, "reason": ""}, ("reason-required",)),
    (
        LATE,
        {"new_due_at": DUE - timedelta(days=1), "reason": ""},
        ("deadline-earlier", "clarification-late", "reason-required"),
    ),
]


@pytest.mark.parametrize(("at", "changes", "codes"), REFUSED)
def test_unlawful_clarification_is_refused_with_every_reason(
    stages: Stages, at: datetime, changes: dict[str, object], codes: tuple[str, ...]
) -> None:
    """Fifteen days or a later deadline; never an earlier one; and a reason where judgement is used (GPLR-31)."""
    with refused(Unfair, *codes) as caught:
        issue(stages, at=at, **changes)

    sources = {reason.code: reason.source for reason in caught.value.reasons}
    assert sources == {code: "our choice (ADR-1)" if code == "reason-required" else "GPLR-31" for code in codes}


@pytest.mark.parametrize("at", [DUE, DUE + timedelta(days=30)])
def test_clarification_at_or_after_the_deadline_is_refused(stages: Stages, at: datetime) -> None:
    """Once bids are due nothing can be clarified, even before the clock has closed the tender (GPLR-31)."""
    with refused(WrongMoment, "deadline-passed") as caught:
        issue(stages, at=at, affects_bids=False, new_due_at=at + WEEK)

    assert dict(caught.value.facts) == {"bids_due_at": "2026-03-26T09:30+08:00"}
    assert caught.value.source == "GPLR-31"


def test_late_clarification_that_affects_bids_moves_the_deadline_by_law(stages: Stages) -> None:
    """Ten days before the deadline the fifteen days run over Qingming, the earliest is named (GPLR-31)."""
    with refused(Unfair, "clarification-late") as caught:
        issue(stages, at=LATE, new_due_at=None)
    earliest = datetime.fromisoformat(str(caught.value.facts["earliest"]))

    tender = issue(stages, at=LATE, new_due_at=earliest)

    assert caught.value.facts["days_required"] == 15
    assert lot_of(tender).bids_due_at == earliest
    assert earliest - LATE >= timedelta(days=15)


NAIVE = datetime(2026, 4, 2, 1, 30)  # noqa: DTZ001 - an instant without a zone is what is refused


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        ({"text": " "}, "malformed", {"field": "text"}),
        ({"text": "更正\x08"}, "malformed", {"field": "text"}),
        ({"text": "更" * 20_001}, "too-large", {"field": "text", "limit": 20_000}),
        ({"reason": "因" * 1_001}, "too-large", {"field": "reason", "limit": 1_000}),
        ({"new_due_at": NAIVE}, "malformed", {"field": "new_due_at"}),
        ({"new_due_at": DUE.replace(year=2100)}, "malformed", {"field": "new_due_at"}),
    ],
)
def test_clarification_that_cannot_be_meant_is_refused(
    stages: Stages, changes: dict[str, object], code: str, facts: dict[str, object]
) -> None:
    with refused(Unfair, code) as caught:
        issue(stages, **changes)

    assert dict(caught.value.facts) == facts


def test_clarification_issues_the_approved_new_version_and_leaves_a_draft(stages: Stages) -> None:
    """A changed document is issued with the clarification that speaks of it, once the purchaser has approved it."""
    tender = stages["published"]
    with clock.frozen(SOON):
        draft_document(tender.pk, kept(), name="招标文件 第二版.pdf", by=stages.actor("agency-a"))
    tender = issue(stages, new_due_at=None, reason="")
    states = dict(Document.objects.filter(tender=tender).values_list("version", "state"))
    with clock.frozen(AT):
        approve_document(Document.objects.get(tender=tender, version=2).pk, by=stages.actor("buyer"))

    tender = issue(stages, at=AT + timedelta(hours=1), new_due_at=None, reason="")

    assert states == {1: "issued", 2: "drafted"}
    second = Document.objects.get(tender=tender, version=2)
    assert (second.state, second.issued_at) == ("issued", AT + timedelta(hours=1))


def displaced(stages: Stages) -> Tender:
    """Move the published session to a time at which 五原县 has no seats left."""
    session = session_of(stages["published"])
    fill(stages, session.starts_at + WEEK, session.ends_at + WEEK)
    return issue(stages)


def test_site_without_seats_at_the_new_time_is_displaced_and_nobody_else(stages: Stages) -> None:
    """A postponement is lawful whether or not seats are free; only the full site has to be planned anew (GPLR-31)."""
    others = set(Booking.objects.exclude(request__session=session_of(stages["published"])).values_list("pk", "state"))

    tender = displaced(stages)

    assert {row.site.name: row.state for row in requests(tender)} == {
        HOST: "requested",
        HANGJIN: "requested",
        WUYUAN: "displaced",
    }
    gone = SiteRequest.objects.get(pk=request_of(tender))
    assert set(Booking.objects.filter(request=gone).values_list("state", flat=True)) == {"released"}
    assert Deadline.objects.filter(subject=f"venues.siterequest:{gone.pk}", met_at=None).count() == 0
    assert others <= set(Booking.objects.values_list("pk", "state"))


def test_session_with_a_displaced_site_is_not_fixed_until_another_confirms(stages: Stages) -> None:
    """Fixed means all sites: the others' confirmations alone do not make a plan (R139)."""
    tender = displaced(stages)
    with clock.frozen(AT):
        confirm_site(request_of(tender, HOST), by=stages.actor("host"))
        confirm_site(request_of(tender, HANGJIN), by=stages.actor("guest-hangjin"))
    before = session_of(tender).state

    with clock.frozen(AT):
        replan_seats(tender.pk, request_of(tender), stages.city.sites[DENGKOU].pk, by=stages.actor("agency-a"))
        confirm_site(request_of(tender, DENGKOU), by=stages.actor("guest-dengkou"))

    assert (before, session_of(tender).state) == ("requested", "fixed")
    assert {row.site.name for row in requests(tender)} == {HOST, HANGJIN, DENGKOU}


def test_displaced_site_may_be_asked_again_when_seats_are_free(stages: Stages) -> None:
    tender = displaced(stages)
    gone = SiteRequest.objects.get(pk=request_of(tender))
    Booking.objects.filter(seat__site=gone.site_id).update(state="released")

    with clock.frozen(AT):
        replan_seats(tender.pk, gone.pk, gone.site_id, by=stages.actor("agency-a"))

    states = set(SiteRequest.objects.filter(session=gone.session_id, site=gone.site_id).values_list("state", flat=True))
    assert states == {"released", "requested"}


def test_moving_a_session_that_still_waits_keeps_what_failed_as_it_is(stages: Stages) -> None:
    """Who refused or lapsed before the move still has to be planned anew after it."""
    tender = stages["planned"]
    with clock.frozen(SOON):
        publish_notice(tender.pk, publishing(tender, departure_reason="预算执行"), by=stages.actor("agency-a"))
        for site, account in OFFICERS[:2]:
            confirm_site(request_of(tender, site), by=stages.actor(account))
    with clock.frozen(AT):
        lapse_request(request_of(tender), by=CLOCK)
        tender = fresh(tender)
        written = clarify(tender.pk, clarification(tender), by=stages.actor("agency-a"))

    assert {row.site.name: row.state for row in requests(tender)} == {
        HOST: "requested",
        HANGJIN: "requested",
        WUYUAN: "lapsed",
    }
    assert read_entry(written.id).moves.count("venues.session postpone") == 1


def test_two_clarifications_leave_one_open_close(stages: Stages) -> None:
    tender = issue(stages)

    tender = issue(stages, at=AT + timedelta(days=1), new_due_at=DUE + 2 * WEEK)

    rows = Deadline.objects.filter(subject=f"tenders.lot:{lot_of(tender).pk}")
    assert [(row.step, row.at, row.met_at) for row in rows] == [("close", DUE + 2 * WEEK, None)]
    assert session_of(tender).version == 3


def test_clarification_of_a_project_without_a_session_moves_the_deadline_alone(stages: Stages) -> None:
    tender = stages["documented"]
    with clock.frozen(SOON):
        publish_notice(tender.pk, publishing(tender, departure_reason="场地待定"), by=stages.actor("agency-a"))
    tender = fresh(tender)

    with clock.frozen(AT):
        clarify(tender.pk, clarification(tender), by=stages.actor("agency-a"))

    assert lot_of(tender).bids_due_at == DUE + WEEK
    assert SiteRequest.objects.filter(session__purpose=f"tenders.tender:{tender.pk}").count() == 0
