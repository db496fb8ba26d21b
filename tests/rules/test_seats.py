"""The 1+N seat plan. LY-2022-14 四(一), LY-2022-14 三, MOF-87-47."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.errors import Unfair
from mifeng.rules.seats import (
    Alternative,
    Busy,
    Seat,
    SeatPlan,
    SiteSeats,
    Wanted,
    alternatives,
    check_seat_plan,
    check_session_period,
    committee_min,
)
from tests.rules.books import BOOK, CALENDAR, beijing

SMALL, LARGE = Decimal("4800000.00"), Decimal("10000000.00")


def plan(*seats: int, budget_yuan: Decimal = SMALL, complex_matter: bool = False, buyer: int = 1) -> SeatPlan:
    """A plan with the purchaser and the first number of experts at the host, the other numbers at guests."""
    host = SiteSeats("host", "host", buyer, seats[0])
    guests = tuple(SiteSeats(f"guest-{n}", "guest", 0, count) for n, count in enumerate(seats[1:]))
    return SeatPlan((host, *guests), budget_yuan, complex_matter)


@pytest.mark.parametrize(
    "lawful",
    [
        plan(2, 1, 1),  # R137 R138: five members at three sites
        plan(1, 3),
        plan(1, 1, 1, 1),
        plan(4, 1, 1, budget_yuan=LARGE),
        plan(4, 1, 1, complex_matter=True),
        plan(3, 1, 2, 2),
    ],
)
def test_a_lawful_plan_passes(lawful: SeatPlan) -> None:
    check_seat_plan(lawful, BOOK)


@pytest.mark.parametrize(
    ("unlawful", "codes"),
    [
        (plan(1, 1), ("committee-size",)),  # three
        (plan(3, 1, 1), ("committee-size",)),  # six
        (plan(2, 1, 1, budget_yuan=LARGE), ("committee-size",)),  # five, seven needed
        (plan(2, 1, 1, complex_matter=True), ("committee-size",)),
        (plan(2, 1, 1, buyer=0), ("committee-size", "buyer-seat")),  # R137
        (plan(2, 1, buyer=2), ("experts-share", "buyer-seat")),
        (plan(4), ("guest-required",)),  # R138
        (plan(3, 1, 0), ("guest-seats",)),
        (plan(0, 4), ("host-seats",)),
    ],
)
def test_an_unlawful_plan_is_refused_with_every_reason(unlawful: SeatPlan, codes: tuple[str, ...]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_seat_plan(unlawful, BOOK)

    assert refusal.value.codes == codes


def test_a_purchaser_at_a_guest_site_is_refused() -> None:
    """R137: the purchaser's representative sits at the host site."""
    astray = SeatPlan((SiteSeats("a", "host", 0, 2), SiteSeats("b", "guest", 1, 2)), SMALL)

    with pytest.raises(Unfair) as refusal:
        check_seat_plan(astray, BOOK)

    assert refusal.value.codes == ("buyer-seat",)
    assert refusal.value.facts == {"host_buyer_seats": 0, "guest_buyer_seats": 1}


def test_two_hosts_are_refused() -> None:
    twice = SeatPlan((SiteSeats("a", "host", 1, 1), SiteSeats("b", "host", 0, 1), SiteSeats("c", "guest", 0, 2)), SMALL)

    with pytest.raises(Unfair) as refusal:
        check_seat_plan(twice, BOOK)

    assert refusal.value.codes == ("host-seats",)


def test_an_empty_plan_lacks_everything() -> None:
    with pytest.raises(Unfair) as refusal:
        check_seat_plan(SeatPlan((), SMALL), BOOK)

    assert refusal.value.codes == ("committee-size", "buyer-seat", "host-seats", "guest-required")


@pytest.mark.parametrize(
    ("budget_yuan", "complex_matter", "least"),
    [(Decimal("9999999.99"), False, 5), (LARGE, False, 7), (SMALL, True, 7), (LARGE, True, 7)],
)
def test_the_committee_grows_with_the_budget(budget_yuan: Decimal, complex_matter: bool, least: int) -> None:
    assert committee_min(budget_yuan, complex_matter, BOOK) == least


def test_refusals_of_numbers_not_yet_confirmed_still_name_their_clause() -> None:
    with pytest.raises(Unfair) as refusal:
        check_seat_plan(plan(1, 1), BOOK)

    assert refusal.value.source == "MOF-87-47"
    assert refusal.value.facts == {"members": 3, "members_min": 5}


@given(seats=st.lists(st.integers(0, 5), min_size=1, max_size=5), buyer=st.integers(0, 3))
def test_a_plan_passes_exactly_when_it_is_a_lawful_committee(seats: list[int], buyer: int) -> None:
    members, experts = sum(seats) + buyer, sum(seats)
    lawful = (
        members >= 5
        and members % 2 == 1
        and 3 * experts >= 2 * members
        and buyer == 1
        and len(seats) > 1
        and min(seats) >= 1
    )

    try:
        check_seat_plan(plan(*seats, buyer=buyer), BOOK)
    except Unfair:
        assert not lawful
    else:
        assert lawful


START, END, NOW = beijing(11, 20, 9, 30), beijing(11, 20, 17, 0), beijing(11, 2)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "faults"),
    [
        (END, START, ["ends-before-start"]),
        (START, START, ["ends-before-start"]),
        (NOW, NOW + timedelta(hours=3), ["in-the-past"]),
        (START, START + timedelta(hours=24, minutes=1), ["too-long"]),
        (beijing(11, 1), beijing(10, 30), ["ends-before-start", "in-the-past"]),
    ],
)
def test_an_impossible_period_is_refused(starts_at: datetime, ends_at: datetime, faults: list[str]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_session_period(starts_at, ends_at, NOW, BOOK)

    assert [one.facts["fault"] for one in refusal.value.reasons] == faults
    assert set(refusal.value.codes) == {"session-period"}


def test_a_session_starts_at_the_deadline_at_the_earliest() -> None:
    check_session_period(START, END, NOW, BOOK, bids_due_at=START)

    with pytest.raises(Unfair) as refusal:
        check_session_period(START, END, NOW, BOOK, bids_due_at=START + timedelta(minutes=1))

    assert refusal.value.codes == ("session-before-deadline",)


def test_a_session_may_last_a_whole_day() -> None:
    check_session_period(START, START + timedelta(hours=24), NOW, BOOK)


def test_a_session_may_last_over_night() -> None:
    check_session_period(beijing(11, 20, 17, 0), beijing(11, 21, 11, 0), NOW, BOOK)


# alternatives: host with three seats, two guests with two each
SEATS = tuple(Seat(f"{site}-{n}", site) for site, count in (("h", 3), ("w", 2), ("z", 2)) for n in range(count))
BY_NAME = {one.seat: one for one in SEATS}


def wanted(*names: str, starts_at: datetime = START) -> Wanted:
    return Wanted(tuple(BY_NAME[name] for name in names), "h", starts_at, starts_at + (END - START))


def busy(name: str, **changes: Any) -> Busy:
    taken: dict[str, Any] = {"starts_at": START, "ends_at": END}
    return Busy(name, **taken | changes)


def kinds(found: tuple[Alternative, ...]) -> dict[str, tuple[str, ...]]:
    return {one.kind: tuple(seat.seat for seat in one.seats) for one in found}


def test_three_ways_out_are_proposed() -> None:
    """R129 R130: seats, not rooms, are booked, so one seat can be exchanged while the others stay."""
    found = alternatives(wanted("h-0", "w-0"), SEATS, [busy("w-0")], CALENDAR)

    assert kinds(found) == {"later": ("h-0", "w-0"), "other-seats": ("h-0", "w-1"), "other-site": ("h-0", "z-0")}
    assert found[0].starts_at == END  # the seat is free again at five, which is still a usual start
    assert {(one.starts_at, one.ends_at) for one in found[1:]} == {(START, END)}


def test_a_full_host_can_only_come_later_or_on_other_seats() -> None:
    found = alternatives(wanted("h-0", "w-0"), SEATS, [busy("h-0"), busy("h-1")], CALENDAR)

    assert kinds(found) == {"later": ("h-0", "w-0"), "other-seats": ("h-2", "w-0")}


def test_two_full_guest_sites_are_not_both_exchanged() -> None:
    found = alternatives(wanted("h-0", "w-0", "z-0"), SEATS, [busy("w-0"), busy("z-0")], CALENDAR)

    assert kinds(found) == {"later": ("h-0", "w-0", "z-0"), "other-seats": ("h-0", "w-1", "z-1")}


def test_a_site_is_exchanged_whole() -> None:
    """Two seats at one guest site move together; a third site with one free seat is not enough."""
    both = wanted("h-0", "w-0", "w-1")

    assert kinds(alternatives(both, SEATS, [busy("w-0")], CALENDAR)) == {
        "later": ("h-0", "w-0", "w-1"),
        "other-site": ("h-0", "z-0", "z-1"),
    }
    assert "other-site" not in kinds(alternatives(both, SEATS, [busy("w-0"), busy("z-1")], CALENDAR))


def test_two_seats_are_not_both_exchanged_for_the_same_one() -> None:
    found = alternatives(wanted("h-0", "h-1", "w-0"), SEATS, [busy("h-0"), busy("h-1")], CALENDAR)

    assert "other-seats" not in kinds(found)


def test_the_purchaser_s_seat_is_not_exchanged_for_an_expert_s() -> None:
    """R137: the host's one purchaser seat is of its own kind."""
    buyer = Seat("h-buyer", "h", "buyer")
    asked = Wanted((buyer, BY_NAME["w-0"]), "h", START, END)

    assert kinds(alternatives(asked, SEATS, [busy("h-buyer")], CALENDAR)) == {"later": ("h-buyer", "w-0")}


def test_a_later_start_skips_the_evening_and_days_off() -> None:
    friday_evening = beijing(11, 20, 17, 30)
    taken = busy("h-0", ends_at=beijing(11, 20, 17, 31))

    [later] = alternatives(wanted("h-0"), (), [taken], CALENDAR)

    assert friday_evening < later.starts_at
    assert later.starts_at == beijing(11, 23, 8, 30)


def test_half_past_five_is_the_last_usual_start() -> None:
    odd = beijing(11, 18, 9, 31)  # steps of half an hour from here fall on 17:01, 17:31, …

    [on_time] = alternatives(wanted("h-0"), (), [busy("h-0", ends_at=beijing(11, 20, 17, 30))], CALENDAR)
    taken = busy("h-0", starts_at=odd, ends_at=beijing(11, 18, 17, 30))
    [next_day] = alternatives(wanted("h-0", starts_at=odd), (), [taken], CALENDAR)

    assert on_time.starts_at == beijing(11, 20, 17, 30)
    assert next_day.starts_at == beijing(11, 19, 8, 31)


def test_a_week_ahead_is_looked_at_and_no_further() -> None:
    week = START + timedelta(days=7)

    [later] = alternatives(wanted("h-0"), (), [busy("h-0", ends_at=week)], CALENDAR)

    assert later.starts_at == week
    assert alternatives(wanted("h-0"), (), [busy("h-0", ends_at=week + timedelta(minutes=1))], CALENDAR) == ()


def test_nothing_is_proposed_when_all_is_taken_for_a_week() -> None:
    taken = [busy(one.seat, ends_at=END + timedelta(days=9)) for one in SEATS]

    assert alternatives(wanted("h-0", "w-0"), SEATS, taken, CALENDAR) == ()


def test_a_stretch_that_ends_when_another_begins_does_not_overlap() -> None:
    neighbours = [
        busy("w-0", starts_at=START - timedelta(hours=2), ends_at=START),
        busy("w-0", starts_at=END, ends_at=END + timedelta(hours=2)),
        busy("h-0"),
    ]

    found = kinds(alternatives(wanted("h-0", "w-0"), SEATS, neighbours, CALENDAR))

    assert found["other-seats"] == ("h-1", "w-0")


INTERVALS = st.builds(
    lambda seat, start, length: Busy(
        seat.seat, START + timedelta(hours=start), START + timedelta(hours=start + length)
    ),
    st.sampled_from(SEATS),
    st.integers(-12, 48),
    st.integers(1, 24),
)


@given(taken=st.lists(INTERVALS, max_size=15), names=st.sets(st.sampled_from(sorted(BY_NAME)), min_size=1, max_size=5))
def test_every_proposal_can_be_booked(taken: list[Busy], names: set[str]) -> None:
    asked = wanted(*sorted(names))

    for one in alternatives(asked, SEATS, taken, CALENDAR):
        assert len({seat.seat for seat in one.seats}) == len(asked.seats)
        assert one.ends_at - one.starts_at == END - START
        assert not any(
            other.seat == seat.seat and other.starts_at < one.ends_at and one.starts_at < other.ends_at
            for other in taken
            for seat in one.seats
        )
        host_seats = sum(seat.site == "h" for seat in one.seats)
        assert host_seats == sum(seat.site == "h" for seat in asked.seats)
