"""The session plan 1+N (评审席预约): seats are held at every site, or every reason why not is named."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from mifeng.kernel import clock
from mifeng.kernel.models import Deadline
from mifeng.rules.errors import Unfair, WrongState
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, plan_seats, release_seats
from mifeng.tenders.models import Tender
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Booking, Seat, Session
from tests.actions.acts import SOON
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import SESSION, START, plan, requests, session_of

STAGES = ("documented", "planned", "fixed", "published")
SEATS, CHOICE = "LY-2022-14 四(一)", "our choice (ADR-1)"
HOST, HANGJIN, WUYUAN, DENGKOU = "市中心", "杭锦后旗", "五原县", "磴口县"


def site(stages: Stages, name: str) -> str:
    """Return the id of a site as a plan names it."""
    return str(stages.city.sites[name].pk)


def ask(stages: Stages, planned: PlannedSession, stage: str = "documented") -> Tender:
    """Plan the seats of a project and return it."""
    with clock.frozen(SOON):
        plan_seats(stages[stage].pk, planned, by=stages.actor("agency-a"))
    return stages[stage]


def give_back(stages: Stages, stage: str) -> Tender:
    """Give the seats of a planned project back, and return it."""
    with clock.frozen(SOON):
        release_seats(stages[stage].pk, reason="另行安排", by=stages.actor("agency-a"))
    return stages[stage]


def sites(stages: Stages, *rows: tuple[str, str, int, int]) -> PlannedSession:
    """Return a plan of these sites: name, role, purchaser's seats, expert seats."""
    found = tuple(SiteSeats(site(stages, name), role, buyers, experts) for name, role, buyers, experts in rows)
    return plan(stages.city, sites=found)


LAWFUL = ((HOST, "host", 1, 2), (HANGJIN, "guest", 0, 1), (WUYUAN, "guest", 0, 1))


def test_plan_holds_seats_not_rooms_at_host_and_guests(stages: Stages) -> None:
    """The purchaser's seat and experts at the host, experts at each guest, seat by seat (R129, R130, R137, R138)."""
    tender = ask(stages, sites(stages, *LAWFUL))

    session = session_of(tender)
    assert (session.state, session.version, session.starts_at, session.ends_at) == ("requested", 1, *SESSION)
    asked = {row.site.name: (row.role, row.buyer_seats, row.expert_seats, row.state) for row in requests(tender)}
    assert asked == {
        HOST: ("host", 1, 2, "requested"),
        HANGJIN: ("guest", 0, 1, "requested"),
        WUYUAN: ("guest", 0, 1, "requested"),
    }
    held = Booking.objects.filter(request__session=session).select_related("seat__site")
    kinds = Counter((row.seat.site.name, row.seat.kind) for row in held)
    assert kinds == {(HOST, "buyer"): 1, (HOST, "expert"): 2, (HANGJIN, "expert"): 1, (WUYUAN, "expert"): 1}
    assert {(row.state, row.during.lower, row.during.upper) for row in held} == {("held", *SESSION)}


def test_each_site_has_a_day_to_answer(stages: Stages) -> None:
    """A request that is not answered lapses by itself (our choice (ADR-1), R139)."""
    tender = ask(stages, sites(stages, *LAWFUL))

    rows = Deadline.objects.filter(subject__in=[f"venues.siterequest:{row.pk}" for row in requests(tender)])
    assert set(rows.values_list("step", "at", "started_by", "source", "met_at")) == {
        ("lapse", SOON + timedelta(hours=24), "request", "our choice (ADR-1)", None)
    }
    assert rows.count() == 3
    assert {row.reply_by for row in requests(tender)} == {SOON + timedelta(hours=24)}


def test_plan_in_the_ledger_says_which_seats_when(stages: Stages) -> None:
    """The plan can be read from the ledger alone: session, sites, seats, times (R071)."""
    with clock.frozen(SOON):
        written = plan_seats(stages["documented"].pk, sites(stages, *LAWFUL), by=stages.actor("agency-a"))

    moves = read_entry(written.id).body["moves"]
    session = session_of(stages["documented"])
    planned = next(move["facts"] for move in moves if move["step"] == "plan")
    assert (planned["code_name"], planned["starts_at"]) == (session.code_name, "2026-03-26T02:30:00.000000Z")
    seats = sorted(move["facts"]["seat"] for move in moves if move["step"] == "hold")
    held = Booking.objects.filter(request__session=session).values_list("seat", flat=True)
    assert seats == sorted(str(pk) for pk in held)


UNLAWFUL: list[tuple[tuple[tuple[str, str, int, int], ...], tuple[str, ...], tuple[str, ...]]] = [
    (((HOST, "host", 0, 3), *LAWFUL[1:]), ("buyer-seat",), (SEATS,)),
    (
        ((HOST, "host", 1, 3), (HANGJIN, "guest", 1, 1)),
        ("committee-size", "buyer-seat"),
        ("MOF-87-47", SEATS),
    ),
    (((HOST, "host", 1, 4),), ("guest-required",), (SEATS,)),
    (((HOST, "host", 1, 4), (WUYUAN, "guest", 0, 0)), ("guest-seats",), (SEATS,)),
    (((HOST, "host", 1, 0), (HANGJIN, "guest", 0, 4)), ("host-seats",), (SEATS,)),
    (((HOST, "host", 1, 3), *LAWFUL[1:]), ("committee-size",), ("MOF-87-47",)),
    (((HOST, "host", 1, 1), (HANGJIN, "guest", 0, 1)), ("committee-size",), ("MOF-87-47",)),
    (((HANGJIN, "host", 1, 3), (WUYUAN, "guest", 0, 1)), ("host-seats",), ("LY-2022-14 二(一)",)),
    (((HOST, "host", 1, 3), (HOST, "guest", 0, 1)), ("malformed",), (CHOICE,)),
    (
        ((HOST, "host", 1, 2), (HANGJIN, "guest", 0, 1), (HANGJIN, "guest", 0, 1)),
        ("malformed",),
        (CHOICE,),
    ),
    ((), ("committee-size", "buyer-seat", "host-seats", "guest-required"), ("MOF-87-47", SEATS, SEATS, SEATS)),
]


@pytest.mark.parametrize(("rows", "codes", "sources"), UNLAWFUL)
def test_unlawful_plan_is_refused_with_every_reason(
    stages: Stages, rows: tuple[tuple[str, str, int, int], ...], codes: tuple[str, ...], sources: tuple[str, ...]
) -> None:
    """1+N: the host of the territory with the purchaser's seat, at least one guest with an expert (R137, R138)."""
    with refused(Unfair, *codes) as caught:
        ask(stages, sites(stages, *rows))

    assert tuple(reason.source for reason in caught.value.reasons) == sources


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"starts_at": SESSION[1], "ends_at": SESSION[0]}, ("ends-before-start",)),
        ({"starts_at": START, "ends_at": START + timedelta(hours=2)}, ("in-the-past",)),
        ({"starts_at": SOON, "ends_at": SOON + timedelta(hours=2)}, ("in-the-past",)),
        ({"ends_at": SESSION[0] + timedelta(hours=24, minutes=1)}, ("too-long",)),
        ({"starts_at": START, "ends_at": START - timedelta(hours=2)}, ("ends-before-start", "in-the-past")),
    ],
)
def test_session_at_an_impossible_time_is_refused(
    stages: Stages, changes: dict[str, object], faults: tuple[str, ...]
) -> None:
    with refused(Unfair, *["session-period"] * len(faults)) as caught:
        ask(stages, plan(stages.city, **changes))

    assert tuple(reason.facts["fault"] for reason in caught.value.reasons) == faults
    assert caught.value.source == "our choice (ADR-1)"


NAIVE = datetime(2026, 3, 26, 2, 30)  # noqa: DTZ001 - an instant without a zone is what is refused


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        ({"starts_at": NAIVE}, "malformed", {"field": "starts_at"}),
        ({"ends_at": NAIVE}, "malformed", {"field": "ends_at"}),
        ({"ends_at": SESSION[0].replace(year=9999)}, "malformed", {"field": "ends_at"}),
        ({"starts_at": SESSION[0].replace(year=1999)}, "malformed", {"field": "starts_at"}),
        ({"sites": (SiteSeats("x" * 36, "host", 1, 4),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats("", "host", 1, 4),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats(str(UUID(int=10)).upper(), "host", 1, 4),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats(str(uuid4()), "visitor", 1, 4),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats(str(uuid4()), "host", -1, 4),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats(str(uuid4()), "host", 1, 100),)}, "malformed", {"field": "sites"}),
        ({"sites": (SiteSeats(str(uuid4()), "guest", 0, 1),) * 21}, "too-large", {"field": "sites", "limit": 20}),
    ],
)
def test_plan_that_cannot_be_meant_is_refused(
    stages: Stages, changes: dict[str, object], code: str, facts: dict[str, object]
) -> None:
    with refused(Unfair, code) as caught:
        ask(stages, plan(stages.city, **changes))

    assert dict(caught.value.facts) == facts


def test_purchasers_seats_at_guests_do_not_cancel_out(stages: Stages) -> None:
    """A seat too many at one guest and one too few at another are two faults, not none (R137)."""
    rows = ((HOST, "host", 1, 2), (HANGJIN, "guest", 1, 1), (WUYUAN, "guest", -1, 1))

    with refused(Unfair, "malformed"):
        ask(stages, sites(stages, *rows))


def test_site_that_does_not_exist_is_refused(stages: Stages) -> None:
    known = plan(stages.city).sites
    unknown = replace(known[2], site=str(uuid4()))

    with refused(Unfair, "malformed") as caught:
        ask(stages, plan(stages.city, sites=(*known[:2], unknown)))

    assert dict(caught.value.facts) == {"field": "sites"}


def test_session_before_the_deadline_of_a_published_project_is_refused(stages: Stages) -> None:
    """What was published with a reason before its seats still plans them after the deadline (R135)."""
    tender = stages["published"]
    Session.objects.filter(purpose=f"tenders.tender:{tender.pk}").update(purpose="gone")
    early = plan(stages.city, starts_at=SESSION[0] - timedelta(hours=2), ends_at=SESSION[1])

    with refused(Unfair, "session-before-deadline"):
        ask(stages, early, "published")
    ask(stages, plan(stages.city), "published")

    assert session_of(tender).state == "requested"


def test_full_site_is_named_with_other_ways(stages: Stages) -> None:
    """Whose seats are gone gets up to three other ways: later, other seats, another guest (R130, LY-2022-14 四(一))."""
    first = ask(stages, sites(stages, (HOST, "host", 1, 2), (WUYUAN, "guest", 0, 2)))
    give_back(stages, "planned")

    with refused(WrongState, "seats-short") as caught:
        ask(stages, sites(stages, (HOST, "host", 1, 2), (WUYUAN, "guest", 0, 1), (HANGJIN, "guest", 0, 1)), "planned")

    [reason] = caught.value.reasons
    assert (reason.facts["site"], reason.facts["wanted"]) == (WUYUAN, 1)
    assert (reason.source, reason.lifted_by) == (SEATS, ("agency",))
    ways = reason.facts["alternatives"]
    assert [way["kind"] for way in ways] == ["later", "other-site"]
    assert ways[0]["starts_at"] >= SESSION[1]
    assert DENGKOU in ways[1]["sites"]
    assert WUYUAN not in ways[1]["sites"]
    assert session_of(first).state == "requested"


def test_every_full_site_is_a_reason_of_its_own(stages: Stages) -> None:
    rows = ((HOST, "host", 1, 2), (HANGJIN, "guest", 0, 5), (WUYUAN, "guest", 0, 3))

    with refused(WrongState, "seats-short", "seats-short") as caught:
        ask(stages, sites(stages, *rows))

    assert [(reason.facts["site"], reason.facts["wanted"]) for reason in caught.value.reasons] == [
        (HANGJIN, 5),
        (WUYUAN, 3),
    ]


def test_seat_with_a_fault_is_never_given(stages: Stages) -> None:
    """A seat whose equipment failed its test is not offered (R027, BN-2023 三(二))."""
    first = Seat.objects.filter(site=stages.city.sites[WUYUAN]).order_by("label")[0]
    with clock.frozen(START + timedelta(minutes=40)):
        record_readiness(first.pk, fault="麦克风无声", by=stages.actor("guest-wuyuan"))

    tender = ask(stages, sites(stages, *LAWFUL))

    row = Booking.objects.get(request__session=session_of(tender), seat__site=stages.city.sites[WUYUAN])
    assert row.seat_id != first.pk
    give_back(stages, "planned")
    with refused(WrongState, "seats-short"):
        ask(stages, sites(stages, *LAWFUL), "planned")


@pytest.mark.parametrize("shift", [timedelta(hours=-6), timedelta(hours=6)], ids=["before", "after"])
def test_same_seats_are_free_right_before_and_after(stages: Stages, shift: timedelta) -> None:
    """A session ends where the next begins: the stretch is half open."""
    ask(stages, sites(stages, (HOST, "host", 1, 2), (WUYUAN, "guest", 0, 2)))
    other = give_back(stages, "planned")
    rows = sites(stages, (HOST, "host", 1, 2), (WUYUAN, "guest", 0, 2))

    ask(stages, replace(rows, starts_at=SESSION[0] + shift, ends_at=SESSION[1] + shift), "planned")

    assert session_of(other).starts_at == SESSION[0] + shift
