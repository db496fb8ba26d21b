"""The walk along the order (依次邀请): who is invited when, and who sits where.

The people walked so far are at every moment the first ones of their cell's order, and no more invitations are pending
than seats are open; so nobody is ever called "to see", and nobody is passed over without a recorded outcome. A person
who refuses, cannot be reached, has a conflict, or is already accepted elsewhere frees the place for the next one in the
same order: a supplementary draw and the next tier are nothing but the same walk going on.

Cells are walked one after the other, in the order in which the pool was logged: a cell begins when every earlier one is
filled or at its end. When a seat of an earlier cell becomes free again, that cell goes on first.

Seats are numbered by rank among all who ever accepted, so a successor has a number of its own, and no number changes
once every invitation is answered.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from mifeng.rules.errors import Reason, Unfair, WrongState


class Outcome(StrEnum):
    """What became of one person of the order (邀请结果)."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"
    ALREADY_ACCEPTED = "already-accepted"
    FAILED_CHECK_IN = "failed-check-in"
    WITHDRAWN = "withdrawn"


# Which outcome may follow which; the first line is what may become of the person whose turn it is.
FOLLOWS: Mapping[Outcome | None, frozenset[Outcome]] = MappingProxyType(
    {
        None: frozenset({Outcome.INVITED, Outcome.ALREADY_ACCEPTED, Outcome.CONFLICT}),
        Outcome.INVITED: frozenset({Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CONFLICT}),
        Outcome.ACCEPTED: frozenset({Outcome.CONFLICT, Outcome.FAILED_CHECK_IN, Outcome.WITHDRAWN}),
    }
)
# A reason, the evidence of the attempts, the rule of avoidance: without them nobody is passed over.
EXPLAINED = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CONFLICT})
TAKES_A_SEAT = frozenset({Outcome.INVITED, Outcome.ACCEPTED})

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
History = Mapping[tuple[str, bytes], tuple[Outcome, ...]]


def _nobody() -> History:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a walk (邀请记录).

    Args:
        cell: name of the cell.
        leaf: of the person.
        outcome: what became of it.
        detail: reason of a refusal, evidence of attempts, rule of a conflict; for somebody who is already accepted at
            another site, the handle of that draw in hexadecimal.
    """

    cell: str
    leaf: bytes
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The order of one cell and its seats (单元次序)."""

    name: str
    seats: int
    order: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """One place at the table (评审席位): its cell, its number from 1, who took it, and whether they still hold it."""

    cell: str
    number: int
    leaf: bytes
    holds: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """The state of a draw's invitations (邀请进程); a value, changed only by ``take``, which returns the next one.

    Args:
        lines: the cells with their orders, as drawn.
        history: for each cell and leaf walked, its outcomes in time.
    """

    lines: tuple[Line, ...]
    history: History = field(default_factory=_nobody)

    def outcomes(self, cell: str) -> dict[bytes, Outcome]:
        """Return the last outcome of everybody walked in a cell."""
        return {leaf: past[-1] for (name, leaf), past in self.history.items() if name == cell}

    def filled(self, cell: str) -> int:
        """Return how many seats of a cell are held."""
        return sum(last is Outcome.ACCEPTED for last in self.outcomes(cell).values())

    def pending(self, cell: str) -> int:
        """Return how many invitations of a cell wait for an answer."""
        return sum(last is Outcome.INVITED for last in self.outcomes(cell).values())

    @property
    def current(self) -> Line | None:
        """Return the cell whose turn it is: the first that is neither filled nor at its end; None when all are."""
        return next((line for line in self.lines if not self._is_settled(line)), None)

    @property
    def is_complete(self) -> bool:
        """Say whether every seat of every cell is held."""
        return all(self.filled(line.name) == line.seats for line in self.lines)

    @property
    def is_exhausted(self) -> bool:
        """Say whether nobody is left to be invited though seats are open (名单用尽)."""
        return self.current is None and not self.is_complete

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Return the seats with their numbers: by rank among all who ever accepted."""
        return tuple(seat for line in self.lines for seat in self._seats(line))

    def due(self) -> tuple[Event, ...]:
        """Return what is to be recorded now: whom to pass over as already accepted in another cell, whom to invite."""
        return tuple(self._due())

    def take(self, event: Event, *, handle: bytes = b"") -> "Walk":
        """Return the walk after one more outcome.

        Args:
            event: what happened.
            handle: of this draw, so that nobody is passed over as accepted at another site who is meant to sit here.

        Raises:
            Unfair: ``walk-order`` for somebody whose turn it is not; ``reason-required``.
            WrongState: ``wrong-state`` for an outcome that cannot follow.
        """
        key = event.cell, event.leaf
        past = self.history.get(key, ())
        check_outcome(past[-1] if past else None, event)
        if not past:
            self._check_turn(event, handle)
        return replace(self, history=MappingProxyType({**self.history, key: (*past, event.outcome)}))

    def _is_settled(self, line: Line) -> bool:
        walked = self.outcomes(line.name)
        held = sum(last in TAKES_A_SEAT for last in walked.values())
        return not self.pending(line.name) and (held == line.seats or len(walked) == len(line.order))

    def _seats(self, line: Line) -> Iterator[Seat]:
        number = 0
        for leaf in line.order[: len(self.outcomes(line.name))]:
            past = self.history[line.name, leaf]
            if Outcome.ACCEPTED in past:
                number += 1
                yield Seat(line.name, number, leaf, past[-1] is Outcome.ACCEPTED)

    def _elsewhere(self, cell: str, leaf: bytes) -> Outcome | None:
        """Return whether a person holds a seat, or is invited, in another cell."""
        for line in self.lines:
            past = self.history.get((line.name, leaf))
            if line.name != cell and past and past[-1] in TAKES_A_SEAT:
                return past[-1]
        return None

    def _due(self) -> Iterator[Event]:
        line = self.current
        if line is None:
            return
        walked = self.outcomes(line.name)
        free = line.seats - sum(last in TAKES_A_SEAT for last in walked.values())
        for leaf in line.order[len(walked) :]:
            elsewhere = self._elsewhere(line.name, leaf)
            # Whoever still has to answer for another cell holds the walk up; nobody is skipped meanwhile.
            if not free or elsewhere is Outcome.INVITED:
                return
            free -= elsewhere is None
            yield Event(line.name, leaf, Outcome.ALREADY_ACCEPTED if elsewhere else Outcome.INVITED)

    def _check_turn(self, event: Event, handle: bytes) -> None:
        """Refuse what passes over somebody, runs ahead, or says "already accepted" of somebody who is not.

        Source: our choice (ADR-4)
        """
        due = next(iter(self.due()), None)
        lawful = due is not None and (due.cell, due.leaf) == (event.cell, event.leaf)
        if lawful and event.outcome is not Outcome.CONFLICT:
            at_another_site = event.outcome is Outcome.ALREADY_ACCEPTED and _is_other(event.detail, handle)
            lawful = at_another_site or (due is not None and (due.outcome, due.detail) == (event.outcome, event.detail))
        if not lawful:
            raise Unfair(Reason("walk-order", {"cell": event.cell}))


def next_invitations(order: Sequence[bytes], outcomes: Mapping[bytes, Outcome], seats: int) -> tuple[bytes, ...]:
    """Return whom to invite now in a draw of one cell (待邀请): the next of the order, as many as seats are open.

    Args:
        order: of the cell.
        outcomes: the last outcome of everybody walked so far.
        seats: to be filled.

    Raises:
        Unfair: ``walk-order``, when those walked are not the first of the order.
    """
    if set(order[: len(outcomes)]) != outcomes.keys():
        raise Unfair(Reason("walk-order"))
    free = seats - sum(last in TAKES_A_SEAT for last in outcomes.values())
    return tuple(order[len(outcomes) : len(outcomes) + max(free, 0)])


def replay(lines: Iterable[Line], events: Iterable[Event], *, handle: bytes = b"") -> Walk:
    """Return the walk after all these outcomes, in their order.

    Raises:
        Unfair: ``walk-order``, ``reason-required``.
        WrongState: ``wrong-state``.
    """
    walk = Walk(tuple(lines))
    for event in events:
        walk = walk.take(event, handle=handle)
    return walk


def check_outcome(before: Outcome | None, event: Event) -> None:
    """Refuse an outcome that cannot follow the one before, or that is not explained (邀请结果).

    Args:
        before: the person's last outcome; None for somebody not yet walked.
        event: the outcome with its reason, evidence or rule.

    Raises:
        WrongState: ``wrong-state``, with what would be allowed.
        Unfair: ``reason-required``.

    Source: GPLR-39, our choice (ADR-4)
    """
    allowed = FOLLOWS.get(before, frozenset())
    if event.outcome not in allowed:
        facts = {"step": event.outcome.value, "state": before or "", "allowed": tuple(sorted(allowed))}
        raise WrongState(Reason("wrong-state", facts, source="our choice (ADR-4)"))
    if event.outcome in EXPLAINED and not event.detail:
        raise Unfair(Reason("reason-required"))


def _is_other(detail: str, handle: bytes) -> bool:
    """Say whether a detail is the handle of another draw."""
    return bool(_HEX.fullmatch(detail)) and detail != handle.hex()
