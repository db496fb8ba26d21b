"""The walk along the order. Source: docs/spec/draw.md §5; GPLR-39, LY-2022-14 四(二)."""

import itertools
from collections import Counter
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.rules.draw.walk import (
    EXPLAINED,
    FOLLOWS,
    TAKES_A_SEAT,
    Event,
    Line,
    Outcome,
    Seat,
    Walk,
    check_outcome,
    next_invitations,
    replay,
)
from mifeng.rules.errors import Refusal, Unfair, WrongState
from tests.rules.draws import SHOWN, disclosure_of, leaf_of

A, B, C, D, E, F = (bytes([number]) * 32 for number in range(6))
HANDLE, OTHER = b"\xaa" * 32, b"\xbb" * 32
INVITED, ACCEPTED, REFUSED = Outcome.INVITED, Outcome.ACCEPTED, Outcome.REFUSED
PASSED, CONFLICT, WITHDRAWN = Outcome.ALREADY_ACCEPTED, Outcome.CONFLICT, Outcome.WITHDRAWN


def event(leaf: bytes, outcome: Outcome, detail: str = "", cell: str = "one") -> Event:
    """Return an event, with a detail where one is needed."""
    return Event(cell, leaf, outcome, detail or ("because" if outcome in EXPLAINED else ""))


def walk(order: Sequence[bytes], seats: int, *events: tuple[bytes, Outcome]) -> Walk:
    """Return the walk of one cell after some events."""
    return replay([Line("one", seats, tuple(order))], [event(*one) for one in events], handle=HANDLE)


def due(state: Walk) -> list[tuple[str, bytes, Outcome]]:
    """Return what is due, without details."""
    return [(one.cell, one.leaf, one.outcome) for one in state.due()]


def seated(order: Sequence[bytes], seats: int, refusing: Collection[bytes] = ()) -> tuple[bytes, ...]:
    """Return who sits in the end, by number, when some refuse and everybody answers at once."""
    state = walk(order, seats)
    while now := state.due():
        for one in now:
            state = state.take(one)
            state = state.take(event(one.leaf, REFUSED if one.leaf in refusing else ACCEPTED))
    return tuple(seat.leaf for seat in state.seats)


def test_the_published_walk_is_lawful_and_leads_to_the_published_seats() -> None:
    disclosure = disclosure_of({})
    lines = [Line(one.name, one.seats, tuple(map(leaf_of, SHOWN["orders"][one.name]))) for one in disclosure.cells]

    state = replay(lines, [step.event for step in disclosure.walk], handle=disclosure.handle)

    held = [seat for seat in state.seats if seat.holds]
    assert [(one.cell, one.number, one.leaf) for one in held] == [
        (one["cell"], one["number"], leaf_of(one["name"])) for one in SHOWN["seated"]
    ]
    assert (state.is_complete, state.is_exhausted, state.due()) == (True, False, ())


def test_as_many_are_invited_as_seats_are_open() -> None:
    state = walk([A, B, C, D], 2)
    assert due(state) == [("one", A, INVITED), ("one", B, INVITED)]

    state = walk([A, B, C, D], 2, (A, INVITED), (B, INVITED))
    assert (due(state), state.pending("one"), state.filled("one")) == ([], 2, 0)

    state = walk([A, B, C, D], 2, (A, INVITED), (B, INVITED), (B, ACCEPTED))
    assert (due(state), state.pending("one"), state.filled("one")) == ([], 1, 1)

    state = walk([A, B, C, D], 2, (A, INVITED), (B, INVITED), (B, ACCEPTED), (A, Outcome.UNREACHABLE))
    assert due(state) == [("one", C, INVITED)]


@pytest.mark.parametrize("left", [CONFLICT, Outcome.FAILED_CHECK_IN, WITHDRAWN])
def test_a_successor_is_the_next_of_the_same_order_with_a_number_of_its_own(left: Outcome) -> None:
    state = walk([A, B, C, D], 2, (A, INVITED), (B, INVITED), (A, ACCEPTED), (B, ACCEPTED))
    assert state.seats == (Seat("one", 1, A, True), Seat("one", 2, B, True))
    assert state.is_complete

    state = state.take(event(A, left))
    assert (due(state), state.is_complete) == ([("one", C, INVITED)], False)

    state = state.take(event(C, INVITED)).take(event(C, ACCEPTED))
    assert state.seats == (Seat("one", 1, A, False), Seat("one", 2, B, True), Seat("one", 3, C, True))


def test_seats_are_numbered_by_rank_and_not_by_who_answers_first() -> None:
    state = walk([A, B, C], 2, (A, INVITED), (B, INVITED), (B, ACCEPTED), (A, ACCEPTED))

    assert [(seat.number, seat.leaf) for seat in state.seats] == [(1, A), (2, B)]


def test_a_list_at_its_end_leaves_seats_open() -> None:
    state = walk([A, B], 2, (A, INVITED), (B, INVITED), (A, REFUSED))
    assert (state.is_exhausted, due(state)) == (False, [])

    state = state.take(event(B, ACCEPTED))
    assert (state.is_exhausted, state.is_complete, due(state)) == (True, False, [])


def test_cells_are_walked_one_after_the_other_and_nobody_sits_twice() -> None:
    lines = [Line("one", 1, (A, B, C)), Line("two", 1, (A, D))]
    state = Walk(tuple(lines)).take(event(A, INVITED))
    with pytest.raises(Unfair):
        state.take(event(A, INVITED, cell="two"))

    state = state.take(event(A, ACCEPTED))
    assert due(state) == [("two", A, PASSED), ("two", D, INVITED)]
    with pytest.raises(Unfair):
        state.take(event(A, INVITED, cell="two"))
    with pytest.raises(Unfair):
        state.take(event(D, INVITED, cell="two"))

    state = state.take(event(A, PASSED, cell="two")).take(event(D, INVITED, cell="two"))
    assert (due(state), state.is_complete) == ([], False)
    assert state.take(event(D, ACCEPTED, cell="two")).is_complete


def test_a_seat_that_becomes_free_again_is_filled_before_later_cells_go_on() -> None:
    lines = [Line("one", 1, (A, B, C)), Line("two", 1, (B, D))]
    events = [event(A, INVITED), event(A, ACCEPTED), event(B, INVITED, cell="two"), event(A, WITHDRAWN)]

    held_up = replay(lines, events)
    assert (due(held_up), held_up.is_exhausted) == ([], False)

    agreed = held_up.take(event(B, ACCEPTED, cell="two"))
    assert due(agreed) == [("one", B, PASSED), ("one", C, INVITED)]

    declined = held_up.take(event(B, REFUSED, cell="two"))
    assert due(declined) == [("one", B, INVITED)]


def test_somebody_seated_at_another_site_is_passed_over_under_the_handle_of_that_draw() -> None:
    state = walk([A, B], 1)

    passed = state.take(event(A, PASSED, OTHER.hex()), handle=HANDLE)

    assert due(passed) == [("one", B, INVITED)]
    for detail in (HANDLE.hex(), "", "elsewhere", OTHER.hex().upper()):
        with pytest.raises(Unfair, match="walk-order"):
            state.take(event(A, PASSED, detail), handle=HANDLE)


def test_somebody_in_conflict_is_passed_over_without_an_invitation_when_it_is_their_turn() -> None:
    state = walk([A, B, C], 1)

    assert due(state.take(event(A, CONFLICT, "bidder"))) == [("one", B, INVITED)]
    with pytest.raises(Unfair, match="walk-order"):
        state.take(event(B, CONFLICT, "bidder"))
    with pytest.raises(Unfair, match="walk-order"):
        state.take(event(A, INVITED)).take(event(B, CONFLICT, "bidder"))


@pytest.mark.parametrize(
    "wrong",
    [
        event(B, INVITED),
        event(C, INVITED),
        event(F, INVITED),
        event(A, INVITED, "a detail"),
        event(A, PASSED),
        event(A, INVITED, cell="other"),
    ],
)
def test_whose_turn_it_is_not_is_refused(wrong: Event) -> None:
    with pytest.raises(Unfair) as refusal:
        walk([A, B, C], 1).take(wrong)

    assert (refusal.value.code, refusal.value.facts) == ("walk-order", {"cell": wrong.cell})


@pytest.mark.parametrize("before", [None, *Outcome])
@pytest.mark.parametrize("after", Outcome)
def test_an_outcome_follows_only_where_it_can(before: Outcome | None, after: Outcome) -> None:
    if after in FOLLOWS.get(before, ()):
        check_outcome(before, event(A, after))
        return
    with pytest.raises(WrongState) as refusal:
        check_outcome(before, event(A, after))
    assert refusal.value.facts["step"] == after.value
    assert refusal.value.facts["state"] == (before or "")


@pytest.mark.parametrize("outcome", sorted(EXPLAINED))
def test_nobody_is_passed_over_without_a_reason(outcome: Outcome) -> None:
    with pytest.raises(Unfair, match="reason-required"):
        check_outcome(INVITED, Event("one", A, outcome))


def test_one_cell_alone_can_be_asked_for_its_next_invitations() -> None:
    assert next_invitations([A, B, C], {}, 2) == (A, B)
    assert next_invitations([A, B, C], {A: INVITED, B: REFUSED}, 2) == (C,)
    assert next_invitations([A, B, C], {A: ACCEPTED, B: INVITED}, 1) == ()
    assert next_invitations([A], {A: REFUSED}, 1) == ()
    with pytest.raises(Unfair, match="walk-order"):
        next_invitations([A, B, C], {B: INVITED}, 2)


@pytest.mark.parametrize(("people", "seats"), list(itertools.product(range(1, 8), range(1, 4))))
def test_every_selection_is_equally_likely(people: int, seats: int) -> None:
    """GPLR-39. Over all orders, each as likely as any other, every ordered selection occurs equally often."""
    everybody = [bytes([number]) * 32 for number in range(people)]

    counted = Counter(seated_at_once(order, seats) for order in itertools.permutations(everybody))

    taken = min(seats, people)
    assert set(counted) == set(itertools.permutations(everybody, taken))
    assert len(set(counted.values())) == 1


@pytest.mark.parametrize(("people", "refusing"), [(5, 0), (5, 1), (5, 2), (6, 3)])
def test_every_selection_of_those_willing_is_equally_likely(people: int, refusing: int) -> None:
    """Refusals that do not depend on the rank favour nobody among the others: by the whole walk, for two seats."""
    everybody = [bytes([number]) * 32 for number in range(people)]
    willing = everybody[refusing:]

    counted = Counter(seated(order, 2, everybody[:refusing]) for order in itertools.permutations(everybody))

    assert set(counted) == set(itertools.permutations(willing, 2))
    assert len(set(counted.values())) == 1


def seated_at_once(order: Sequence[bytes], seats: int) -> tuple[bytes, ...]:
    """Return who sits when everybody accepts."""
    accepted: dict[bytes, Outcome] = {}
    while now := next_invitations(order, accepted, seats):
        accepted.update(dict.fromkeys(now, ACCEPTED))
    return tuple(leaf for leaf in order if leaf in accepted)


def test_both_ways_to_walk_seat_the_same_people() -> None:
    for order in itertools.permutations([A, B, C, D]):
        for seats in range(1, 5):
            assert seated(order, seats) == seated_at_once(order, seats)


@st.composite
def walks(draw: st.DrawFn) -> tuple[list[Line], list[Event]]:
    """Draw two cells that share people, and a run of lawful events in them."""
    everybody = [bytes([number]) * 32 for number in range(8)]
    orders = [draw(st.permutations(everybody))[: draw(st.integers(0, 8))] for _ in range(2)]
    lines = [
        Line(name, draw(st.integers(1, 3)), tuple(order)) for name, order in zip(("one", "two"), orders, strict=True)
    ]
    state, events = Walk(tuple(lines)), []
    for _ in range(draw(st.integers(0, 25))):
        possible = list(state.due()[:1])
        for (cell, leaf), past in state.history.items():
            possible += [event(leaf, one, cell=cell) for one in sorted(FOLLOWS.get(past[-1], ()))]
        if not possible:
            break
        events.append(draw(st.sampled_from(possible)))
        state = state.take(events[-1])
    return lines, events


@settings(max_examples=60)
@given(walks())
def test_at_every_moment_the_walked_are_a_prefix_and_no_seat_is_promised_twice(
    made: tuple[list[Line], list[Event]],
) -> None:
    lines, events = made
    for length in range(len(events) + 1):
        state = replay(lines, events[:length])
        sitting = [seat.leaf for seat in state.seats if seat.holds]

        assert len(set(sitting)) == len(sitting)
        for line in lines:
            outcomes = state.outcomes(line.name)
            assert set(line.order[: len(outcomes)]) == set(outcomes)
            assert sum(last in TAKES_A_SEAT for last in outcomes.values()) <= line.seats


@settings(max_examples=60)
@given(walks())
def test_a_walk_is_replayed_to_the_same_seats_and_numbers_stay(made: tuple[list[Line], list[Event]]) -> None:
    lines, events = made
    numbers: dict[tuple[str, bytes], int] = {}
    for length in range(len(events) + 1):
        state = replay(lines, events[:length])
        assert replay(lines, events[:length]) == state
        for line in lines:
            if not state.pending(line.name):
                fresh = {(seat.cell, seat.leaf): seat.number for seat in state.seats if seat.cell == line.name}
                assert {key: numbers[key] for key in fresh.keys() & numbers.keys()}.items() <= fresh.items()
                numbers |= fresh


@settings(max_examples=60)
@given(walks(), st.data())
def test_leaving_out_any_line_of_a_walk_is_found_or_changes_who_sits(
    made: tuple[list[Line], list[Event]], data: st.DataObject
) -> None:
    lines, events = made
    if not events:
        return
    gap = data.draw(st.integers(0, len(events) - 1))
    try:
        without = replay(lines, events[:gap] + events[gap + 1 :])
    except Refusal:
        return
    assert without.history != replay(lines, events).history
