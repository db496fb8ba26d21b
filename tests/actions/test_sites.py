"""A site answers for itself (场地确认、退回、逾时、检测)."""

from datetime import timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Deadline
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.venues.actions import confirm_site, lapse_request, record_readiness, refuse_site
from mifeng.venues.models import Booking, Seat, SiteRequest
from tests.actions.acts import REPLY_BY, SOON, request_of, seat_of
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import requests, session_of

STAGES = ("planned", "fixed")
HOST, HANGJIN, WUYUAN = "市中心", "杭锦后旗", "五原县"
OFFICERS = ((HOST, "host"), (HANGJIN, "guest-hangjin"), (WUYUAN, "guest-wuyuan"))


def request_row(stages: Stages, site: str = WUYUAN) -> SiteRequest:
    """Return what the planned session asks of a site, as it stands."""
    return SiteRequest.objects.get(pk=request_of(stages["planned"], site))


def seat_states(request: SiteRequest) -> set[str]:
    """Return the states of the seats held for a request."""
    return set(Booking.objects.filter(request=request).values_list("state", flat=True))


def open_deadlines(request: SiteRequest) -> int:
    """Return how many deadlines of a request are open."""
    return Deadline.objects.filter(subject=f"venues.siterequest:{request.pk}", met_at=None).count()


def test_confirmed_site_keeps_its_seats_and_is_not_woken_any_more(stages: Stages) -> None:
    """A venue confirms for itself, by its named officer (R029, R139)."""
    officer = stages.actor("guest-wuyuan")

    with clock.frozen(SOON):
        confirm_site(request_row(stages).pk, by=officer)

    request = request_row(stages)
    assert (request.state, request.answered_by, request.answer) == ("confirmed", officer.handle, "")
    assert (seat_states(request), open_deadlines(request)) == ({"confirmed"}, 0)
    assert session_of(stages["planned"]).state == "requested"


def test_plan_is_fixed_with_the_last_confirmation_and_not_before(stages: Stages) -> None:
    """Booking, then the confirmation of every venue, then the plan is fixed (R139, LY-2022-14 四(一))."""
    states, moves = [], []

    for site, account in OFFICERS:
        with clock.frozen(SOON):
            written = confirm_site(request_row(stages, site).pk, by=stages.actor(account))
        states.append(session_of(stages["planned"]).state)
        moves.append([move for move in read_entry(written.id).moves if "session" in move])

    assert states == ["requested", "requested", "fixed"]
    assert moves == [[], [], ["venues.session fix: requested → fixed"]]


def test_entry_of_an_answer_does_not_name_the_project(stages: Stages) -> None:
    """What a guest leaves behind says nothing of the project it serves: code name and seats only."""
    with clock.frozen(SOON):
        written = confirm_site(request_row(stages).pk, by=stages.actor("guest-wuyuan"))

    read = read_entry(written.id)
    said = f"{read.stream} {read.refs} {read.body}"
    assert str(stages["planned"].pk) not in said
    assert stages["planned"].name not in said
    assert read.facts("confirm") == {"code_name": session_of(stages["planned"]).code_name}


def test_host_officer_answers_for_the_host_only(stages: Stages) -> None:
    """A guest's officer cannot answer for the host, nor the host's for a guest (R029, R076)."""
    with clock.frozen(SOON), refused(NotEntitled, "not-your-site"):
        confirm_site(request_row(stages, HOST).pk, by=stages.actor("guest-wuyuan"))
    with clock.frozen(SOON), refused(NotEntitled, "not-your-site"):
        refuse_site(request_row(stages, WUYUAN).pk, reason="检修", by=stages.actor("host"))

    assert {row.state for row in requests(stages["planned"])} == {"requested"}


def test_refused_seats_are_free_at_once_and_the_reason_is_kept(stages: Stages) -> None:
    with clock.frozen(SOON):
        refuse_site(request_row(stages).pk, reason="  第1评审区设备检修 ", by=stages.actor("guest-wuyuan"))

    request = request_row(stages)
    assert (request.state, request.answer) == ("refused", "第1评审区设备检修")
    assert (seat_states(request), open_deadlines(request)) == ({"released"}, 0)
    assert {row.state for row in requests(stages["planned"])} == {"refused", "requested"}


@pytest.mark.parametrize(
    ("reason", "code", "limit"),
    [
        ("", "reason-required", None),
        (" \n\t", "reason-required", None),
        ("因" * 501, "too-large", 500),
        ("检修\0", "malformed", None),
        ("检修\udfff", "malformed", None),
    ],
)
def test_refusal_needs_a_reason_that_can_be_kept(stages: Stages, reason: str, code: str, limit: int | None) -> None:
    with clock.frozen(SOON), refused(Unfair, code) as caught:
        refuse_site(request_row(stages).pk, reason=reason, by=stages.actor("guest-wuyuan"))

    assert (caught.value.facts.get("limit"), caught.value.source) == (limit, "our choice (ADR-1)")


def test_site_that_does_not_answer_in_time_loses_the_request(stages: Stages) -> None:
    """The clock lets the request lapse at the instant and marks the deadline met (our choice (ADR-1))."""
    request = request_row(stages)

    with clock.frozen(REPLY_BY):
        lapse_request(request.pk, by=CLOCK)

    request = request_row(stages)
    assert (request.state, seat_states(request), open_deadlines(request)) == ("lapsed", {"released"}, 0)
    met = Deadline.objects.get(subject=f"venues.siterequest:{request.pk}")
    assert (met.step, met.met_at) == ("lapse", REPLY_BY)


def test_confirmation_and_lapse_at_one_instant_have_one_outcome(stages: Stages) -> None:
    """At the instant itself the answer is late and the lapse is due: never both, never neither."""
    request = request_row(stages)

    with clock.frozen(REPLY_BY), refused(WrongMoment, "reply-overdue"):
        confirm_site(request.pk, by=stages.actor("guest-wuyuan"))
    with clock.frozen(REPLY_BY):
        lapse_request(request.pk, by=CLOCK)
    with clock.frozen(REPLY_BY), refused(WrongState, "wrong-state"):
        confirm_site(request.pk, by=stages.actor("guest-wuyuan"))

    assert request_row(stages).state == "lapsed"


def test_confirmed_request_cannot_lapse(stages: Stages) -> None:
    with clock.frozen(SOON):
        confirm_site(request_row(stages).pk, by=stages.actor("guest-wuyuan"))

    with clock.frozen(REPLY_BY), refused(WrongState, "wrong-state"):
        lapse_request(request_row(stages).pk, by=CLOCK)


@pytest.mark.parametrize("account", ["agency-a", "guest-wuyuan", "supervisor"])
def test_nobody_but_the_clock_lets_a_request_lapse(stages: Stages, account: str) -> None:
    """Before and after the time is over (R076)."""
    for at in (SOON, REPLY_BY):
        with clock.frozen(at), refused(NotEntitled, "wrong-post") as caught:
            lapse_request(request_row(stages).pk, by=stages.actor(account))

        assert caught.value.reasons[0].lifted_by == ("clock",)


def test_failed_test_of_a_seat_is_kept_with_its_time(stages: Stages) -> None:
    """Readiness is recorded per seat, with the fault in words (R027, BN-2023 三(二))."""
    seat = seat_of(stages.city)

    with clock.frozen(SOON):
        written = record_readiness(seat.pk, fault=" 摄像头无图像 ", by=stages.actor("guest-wuyuan"))

    row = Seat.objects.get(pk=seat.pk)
    assert (row.fault, row.tested_at) == ("摄像头无图像", SOON)
    assert read_entry(written.id).facts("test") == {"passed": False, "fault": "摄像头无图像"}


def test_passed_test_lifts_the_fault(stages: Stages) -> None:
    seat = seat_of(stages.city)
    with clock.frozen(SOON):
        record_readiness(seat.pk, fault="断网", by=stages.actor("guest-wuyuan"))

    with clock.frozen(SOON + timedelta(hours=1)):
        written = record_readiness(seat.pk, fault="", by=stages.actor("guest-wuyuan"))

    assert Seat.objects.get(pk=seat.pk).fault == ""
    assert read_entry(written.id).facts("test") == {"passed": True, "fault": ""}


@pytest.mark.parametrize(("fault", "code"), [("坏" * 501, "too-large"), ("坏\x07", "malformed")])
def test_fault_that_cannot_be_kept_is_refused(stages: Stages, fault: str, code: str) -> None:
    with clock.frozen(SOON), refused(Unfair, code) as caught:
        record_readiness(seat_of(stages.city).pk, fault=fault, by=stages.actor("guest-wuyuan"))

    assert caught.value.facts["field"] == "fault"


def test_site_with_unready_seats_cannot_confirm_until_they_pass(stages: Stages) -> None:
    """Every held seat with a fault is a reason of its own, and the site lifts it itself (R027, BN-2023 三(二))."""
    request = request_row(stages, HOST)
    held = Booking.objects.filter(request=request).select_related("seat").order_by("seat__label")
    seats = [row.seat for row in held][:2]
    with clock.frozen(SOON):
        for seat in reversed(seats):
            record_readiness(seat.pk, fault=f"{seat.label}断网", by=stages.actor("host"))

    with clock.frozen(SOON), refused(Unfair, "seat-unready", "seat-unready") as caught:
        confirm_site(request.pk, by=stages.actor("host"))
    with clock.frozen(SOON):
        for seat in seats:
            record_readiness(seat.pk, fault="", by=stages.actor("host"))
        confirm_site(request.pk, by=stages.actor("host"))

    assert [dict(reason.facts) for reason in caught.value.reasons] == [
        {"seat": seat.label, "fault": f"{seat.label}断网"} for seat in seats
    ]
    assert [(reason.source, reason.lifted_by) for reason in caught.value.reasons] == [("BN-2023 三(二)", ("host",))] * 2
    assert request_row(stages, HOST).state == "confirmed"


def test_fault_of_a_seat_that_is_not_held_hinders_nobody(stages: Stages) -> None:
    request = request_row(stages)
    held = Booking.objects.get(request=request).seat_id
    other = Seat.objects.filter(site=stages.city.sites[WUYUAN]).exclude(pk=held)[0]
    with clock.frozen(SOON):
        record_readiness(other.pk, fault="断网", by=stages.actor("guest-wuyuan"))

    with clock.frozen(SOON):
        confirm_site(request.pk, by=stages.actor("guest-wuyuan"))

    assert request_row(stages).state == "confirmed"
