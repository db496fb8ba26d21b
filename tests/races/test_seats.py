"""Two sessions want one seat (评审席重复预约): overlap, then raw errors, then only refusals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from psycopg.errors import DeadlockDetected

from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Refusal, WrongState
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import plan_seats
from mifeng.tenders.models import Tender
from mifeng.venues import actions as venues
from mifeng.venues.models import Booking
from tests.factories import SESSION, START, City, documented, plan
from tests.races.contest import Rendezvous, Run, at, raised, together

ROUNDS = 15
CONTENDERS = 4
OVERLAPS = """
SELECT count(*) FROM venues_booking a
JOIN venues_booking b ON a.seat_id = b.seat_id AND a.id < b.id AND a.during && b.during
WHERE a.state IN ('held', 'confirmed') AND b.state IN ('held', 'confirmed')
"""


def overlaps() -> int:
    """Return how many pairs of bookings hold one seat at one time."""
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])


def sites_for(city: City, *, reverse: bool) -> tuple[SiteSeats, ...]:
    """Return a lawful plan that takes both seats of 五原县, so that two of them never fit beside each other."""
    sites = (
        SiteSeats(str(city.sites["市中心"].pk), "host", 1, 1),
        SiteSeats(str(city.sites["五原县"].pk), "guest", 0, 2),
        SiteSeats(str(city.sites["杭锦后旗"].pk), "guest", 0, 1),
    )
    return tuple(reversed(sites)) if reverse else sites


def booking(city: City, tender: Tender, *, reverse: bool = False, days: int = 0) -> Run:
    """Return the act that books the seats for a project, its sites named forwards or backwards."""
    shift = timedelta(days=days)
    planned = plan(city, sites=sites_for(city, reverse=reverse))
    planned = replace(planned, starts_at=SESSION[0] + shift, ends_at=SESSION[1] + shift)
    return at(START + timedelta(hours=1), lambda: plan_seats(tender.pk, planned, by=city["agency-a"]))


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the locks of the seats away."""
    monkeypatch.setattr(venues, "lock_sites", lambda act, sites: None)


@pytest.fixture
def meet_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let two contenders wait for each other each time one has first called a function of ``venues.actions``."""

    def arrange(name: str) -> None:
        inner = getattr(venues, name)
        meeting = Rendezvous(2)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = inner(*args, **kwargs)
            meeting.wait_once()
            return result

        monkeypatch.setattr(venues, name, wrapped)

    return arrange


def codes(results: Sequence[Any]) -> list[str]:
    """Return the outcomes as words: ``booked``, or the code of the refusal; anything else is raised."""
    words = []
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refusal):
            raise result
        words.append(result.code if isinstance(result, Refusal) else "booked")
    return sorted(words)


@pytest.mark.usefixtures("no_lock")
def test_seats_are_booked_twice_without_lock_and_constraint(city_pair: tuple[City, Tender, Tender], meet_after) -> None:
    """Two sessions hold the same seats at the same time when neither guard stands (LY-2022-14 三)."""
    city, one, two = city_pair
    meet_after("_pick_all")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE venues_booking DROP CONSTRAINT seat_once")

    results = together(booking(city, one), booking(city, two))

    assert codes(results) == ["booked", "booked"]
    assert overlaps() == 5


@pytest.mark.usefixtures("no_lock")
def test_constraint_alone_ends_in_a_database_error(city_pair: tuple[City, Tender, Tender], meet_after) -> None:
    """The constraint stops the second booking, but only by an error of the database that the door has to translate."""
    city, one, two = city_pair
    meet_after("_pick_all")

    results = together(booking(city, one), booking(city, two))

    [error] = raised(results)
    # Who comes second meets the constraint; two who come together wait for each other's row until one is killed.
    assert isinstance(error.__cause__, (IntegrityError, DeadlockDetected))
    if isinstance(error.__cause__, IntegrityError):
        assert isinstance(error, WrongState)
        assert error.code == "seat-taken"
        assert error.__cause__.__cause__.diag.constraint_name == "seat_once"
    assert overlaps() == 0


@pytest.mark.usefixtures("no_lock")
def test_constraint_alone_deadlocks_on_plans_in_opposite_order(
    city_pair: tuple[City, Tender, Tender], meet_after
) -> None:
    """Two plans that take their sites in opposite order wait for each other until the database kills one."""
    city, one, two = city_pair
    meet_after("_hold")

    results = together(booking(city, one), booking(city, two, reverse=True))

    [error] = raised(results)
    assert isinstance(error, DatabaseError)
    assert isinstance(error.__cause__, DeadlockDetected)
    assert overlaps() == 0


@pytest.mark.parametrize("rounds", [4, pytest.param(ROUNDS, marks=pytest.mark.prove)])
def test_only_refusals_with_lock_and_constraint(committing: City, rounds: int) -> None:
    """Of four plans in both orders one is booked and the others are refused for want of seats, again and again."""
    city = committing
    waiting = [documented(city) for _ in range(CONTENDERS - 1 + rounds)]
    booked = 0
    for number in range(rounds):
        tenders = waiting[:CONTENDERS]
        runs = [booking(city, tender, reverse=bool(place % 2), days=number) for place, tender in enumerate(tenders)]

        results = together(*runs)

        assert codes(results) == ["booked", *["seats-short"] * (CONTENDERS - 1)]
        assert not any(error.__cause__ for error in raised(results))
        [winner] = [place for place, result in enumerate(results) if isinstance(result, Written)]
        waiting.remove(tenders[winner])
        booked += 5
        assert Booking.objects.filter(state="held").count() == booked
    assert overlaps() == 0


@pytest.fixture
def city_pair(committing: City) -> tuple[City, Tender, Tender]:
    """Return the city with two projects whose seats are still to be booked."""
    return committing, documented(committing), documented(committing)
