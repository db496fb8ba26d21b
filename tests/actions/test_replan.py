"""One site is planned anew, all others keep theirs (重选副场); and seats are given back before the notice (退订)."""

from datetime import datetime, timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Deadline
from mifeng.rules.errors import Unfair, WrongState
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, plan_seats, release_seats, replan_seats
from mifeng.venues import actions as venues
from mifeng.venues.actions import confirm_site, lapse_request, refuse_site
from mifeng.venues.models import Booking, Session, SiteRequest
from tests.actions.acts import REPLY_BY, SOON, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import refused
from tests.factories import SESSION, START, plan, requests, session_of

STAGES = ("documented", "planned", "fixed")
HOST, HANGJIN, WUYUAN, DENGKOU = "市中心", "杭锦后旗", "五原县", "磴口县"


def refuse(stages: Stages, at: datetime = SOON) -> None:
    """Let 五原县 refuse the request of the planned project."""
    with clock.frozen(at):
        refuse_site(request_of(stages["planned"]), reason="设备检修", by=stages.actor("guest-wuyuan"))


def replan(stages: Stages, site: str, *, at: datetime = SOON, gone: str = WUYUAN) -> None:
    """Put a site in the place of another one of the planned project."""
    tender = stages["planned"]
    with clock.frozen(at):
        replan_seats(tender.pk, request_of(tender, gone), stages.city.sites[site].pk, by=stages.actor("agency-a"))


def states(stages: Stages, stage: str = "planned") -> dict[str, str]:
    """Return site → state of the open requests of a project's session."""
    return {row.site.name: row.state for row in requests(stages[stage])}


def bookings(stages: Stages) -> dict[str, set[str]]:
    """Return site → seats held for the planned project."""
    rows = Booking.objects.filter(request__session=session_of(stages["planned"])).exclude(state="released")
    found: dict[str, set[str]] = {}
    for row in rows.select_related("seat__site"):
        found.setdefault(row.seat.site.name, set()).add(row.seat.label)
    return found


def test_another_guest_takes_the_place_and_the_others_keep_theirs(stages: Stages) -> None:
    """A refusal replans one site only; no other hold is touched (R139, LY-2022-14 四(一))."""
    before = bookings(stages)
    refuse(stages)

    replan(stages, DENGKOU)

    assert states(stages) == {HOST: "requested", HANGJIN: "requested", DENGKOU: "requested"}
    after = bookings(stages)
    assert {site: after[site] for site in (HOST, HANGJIN)} == {site: before[site] for site in (HOST, HANGJIN)}
    assert (WUYUAN in after, len(after[DENGKOU])) == (False, 1)
    assert session_of(stages["planned"]).version == 2


def test_same_guest_may_be_asked_again(stages: Stages) -> None:
    refuse(stages)

    replan(stages, WUYUAN, at=SOON + timedelta(hours=1))

    again = SiteRequest.objects.get(site__name=WUYUAN, state="requested", session=session_of(stages["planned"]))
    assert (again.version, again.asked_at, again.reply_by) == (
        2,
        SOON + timedelta(hours=1),
        SOON + timedelta(hours=25),
    )
    assert Deadline.objects.get(subject=f"venues.siterequest:{again.pk}", met_at=None).at == again.reply_by


def test_request_that_lapsed_is_replaced_too(stages: Stages) -> None:
    with clock.frozen(REPLY_BY):
        lapse_request(request_of(stages["planned"]), by=CLOCK)

    replan(stages, DENGKOU, at=REPLY_BY + timedelta(minutes=1))

    assert states(stages)[DENGKOU] == "requested"


def test_request_not_yet_answered_may_be_withdrawn(stages: Stages) -> None:
    """Until a site confirms, the agency may ask another; the seats of the first are free at once."""
    replan(stages, DENGKOU)

    assert states(stages) == {HOST: "requested", HANGJIN: "requested", DENGKOU: "requested"}
    gone = SiteRequest.objects.get(pk=request_of(stages["planned"]))
    assert gone.state == "released"
    assert set(Booking.objects.filter(request=gone).values_list("state", flat=True)) == {"released"}
    assert not Deadline.objects.filter(subject=f"venues.siterequest:{gone.pk}").exists()


def test_request_already_replaced_cannot_be_replaced_again(stages: Stages) -> None:
    """The second of two clicks meets a request that is gone (hard case: nobody loses a seat by it)."""
    replan(stages, DENGKOU)

    with refused(WrongState, "wrong-state") as caught:
        replan(stages, DENGKOU)

    assert caught.value.facts["state"] == "released"


def test_confirmed_site_cannot_be_replaced(stages: Stages) -> None:
    """What a site has confirmed stands (R139)."""
    with clock.frozen(SOON):
        confirm_site(request_of(stages["planned"]), by=stages.actor("guest-wuyuan"))

    with refused(WrongState, "wrong-state") as caught:
        replan(stages, DENGKOU)

    assert (caught.value.facts["state"], caught.value.source) == ("confirmed", "LY-2022-14 四(一)")


def test_guest_twice_is_refused(stages: Stages) -> None:
    with refused(Unfair, "malformed") as caught:
        replan(stages, HANGJIN)

    assert dict(caught.value.facts) == {"field": "sites"}


def test_host_in_a_guest_s_place_is_refused(stages: Stages) -> None:
    with refused(Unfair, "malformed"):
        replan(stages, HOST)


def test_host_cannot_be_exchanged(stages: Stages) -> None:
    """The host follows from the territory (R124, LY-2022-14 二(一))."""
    with refused(Unfair, "host-seats") as caught:
        replan(stages, DENGKOU, gone=HOST)

    assert caught.value.source == "LY-2022-14 二(一)"


def test_host_that_lapsed_is_asked_again(stages: Stages) -> None:
    with clock.frozen(REPLY_BY):
        lapse_request(request_of(stages["planned"], HOST), by=CLOCK)

    replan(stages, HOST, gone=HOST, at=REPLY_BY)

    assert states(stages)[HOST] == "requested"
    assert len(bookings(stages)[HOST]) == 3


def test_full_site_cannot_take_the_place(stages: Stages) -> None:
    """A site without free seats at that time is no replacement (R139)."""
    taken = session_of(stages["planned"])
    host, guest = (str(stages.city.sites[name].pk) for name in (HOST, DENGKOU))
    rows = (SiteSeats(host, "host", 1, 3), SiteSeats(guest, "guest", 0, 3))
    with clock.frozen(SOON):
        plan_seats(
            stages["documented"].pk, PlannedSession(rows, taken.starts_at, taken.ends_at), by=stages.actor("agency-a")
        )

    with refused(WrongState, "seats-short") as caught:
        replan(stages, DENGKOU)

    assert caught.value.facts["site"] == DENGKOU


def test_session_that_has_begun_cannot_be_replanned(stages: Stages) -> None:
    start = session_of(stages["planned"]).starts_at

    with refused(Unfair, "session-period") as caught:
        replan(stages, DENGKOU, at=start)

    assert caught.value.facts["fault"] == "in-the-past"


def test_session_is_fixed_when_the_new_site_confirms_last(stages: Stages) -> None:
    """Fixed means that every site of the plan has confirmed, the new one too (R139, LY-2022-14 四(一))."""
    tender = stages["planned"]
    refuse(stages)
    with clock.frozen(SOON):
        for name, account in ((HOST, "host"), (HANGJIN, "guest-hangjin")):
            confirm_site(request_of(tender, name), by=stages.actor(account))
    assert session_of(tender).state == "requested"

    replan(stages, DENGKOU)
    with clock.frozen(SOON):
        confirm_site(request_of(tender, DENGKOU), by=stages.actor("guest-dengkou"))

    assert session_of(tender).state == "fixed"


def test_replanning_a_fixed_session_opens_it_again(stages: Stages) -> None:
    """A failed site of a fixed session can only come from a moved session; the table still knows the way back."""
    tender = stages["fixed"]
    SiteRequest.objects.filter(pk=request_of(tender)).update(state="displaced")

    with clock.frozen(SOON):
        replan_seats(tender.pk, request_of(tender), stages.city.sites[DENGKOU].pk, by=stages.actor("agency-a"))

    assert (session_of(tender).state, session_of(tender).version) == ("requested", 2)


@pytest.mark.parametrize("stage", ["planned", "fixed"])
def test_released_seats_are_free_and_the_project_can_be_planned_anew(stages: Stages, stage: str) -> None:
    """Before the notice the agency may plan at another time (R130)."""
    tender, old = stages[stage], session_of(stages[stage])

    with clock.frozen(SOON):
        release_seats(tender.pk, reason="采购计划推迟", by=stages.actor("agency-a"))
    assert Booking.objects.filter(request__session=old).exclude(state="released").count() == 0
    assert Deadline.objects.filter(met_at=None, step="lapse", subject__contains=str(request_of(tender))).count() == 0
    with clock.frozen(SOON):
        plan_seats(tender.pk, plan(stages.city), by=stages.actor("agency-a"))

    assert Session.objects.get(pk=old.pk).state == "released"
    assert (session_of(tender).version, session_of(tender).starts_at) == (1, SESSION[0])


@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "reason-required"), (" ", "reason-required"), ("x\0", "malformed"), ("因" * 1001, "too-large")],
)
def test_release_needs_a_reason_that_can_be_kept(stages: Stages, reason: str, code: str) -> None:
    with clock.frozen(SOON), refused(Unfair, code):
        release_seats(stages["planned"].pk, reason=reason, by=stages.actor("agency-a"))


def test_code_name_is_short_drawn_and_unique(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest knows a session by its code name only; the name says nothing and is never given twice."""
    drawn = iter(["A", "B", "A", "B", "C", "D"])
    numbers = iter([7, 7, 42])
    Session.objects.filter(pk=session_of(stages["fixed"]).pk).update(code_name="A-07B")
    monkeypatch.setattr(venues.secrets, "choice", lambda letters: next(drawn))
    monkeypatch.setattr(venues.secrets, "randbelow", lambda limit: next(numbers))

    with clock.frozen(SOON):
        plan_seats(stages["documented"].pk, plan(stages.city), by=stages.actor("agency-a"))

    assert session_of(stages["documented"]).code_name == "C-42D"


def test_code_names_end_some_time(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["A-07A", "A-007A", "A-0007A", "A-00007A"]
    sessions = [Session(code_name=name, purpose=name, starts_at=START, ends_at=SOON) for name in names]
    for session in sessions:
        session.save(force_insert=True)
    monkeypatch.setattr(venues.secrets, "choice", lambda letters: "A")
    monkeypatch.setattr(venues.secrets, "randbelow", lambda limit: 7)

    with clock.frozen(SOON), pytest.raises(RuntimeError, match="no code name is free"):
        plan_seats(stages["documented"].pk, plan(stages.city), by=stages.actor("agency-a"))
