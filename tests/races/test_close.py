"""An act at T ± 1 ms against the close (截止前后一毫秒). Whoever asks for the lock first, the instant decides.

Both sides queue on the lot's lock in a known order, each with its clock held at an exact instant.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mifeng.kernel import acting, clock
from mifeng.kernel.acting import Act
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.models import Deadline, Entry
from mifeng.rules.errors import Refusal
from mifeng.tenders.actions import clarify, close_bidding
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.factories import DUE, START, City, clarification, fresh, lot_of, published
from tests.races.contest import Run, at, holding, outcome, queue, release_seats, start, together, until_waiting

MS = timedelta(milliseconds=1)
MOVED = DUE + timedelta(days=21)  # late clarifications need fifteen days
ROUNDS = 6


def clarifying(city: City, tender: Tender, moment: datetime) -> Run:
    """Return a clarification that moves the deadline, at a moment."""
    content = clarification(fresh(tender), new_due_at=MOVED)
    return at(moment, lambda: clarify(tender.pk, content, by=city["agency-a"]))


def closing(lot: Lot, moment: datetime) -> Run:
    """Return the close of a lot, at a moment."""
    return at(moment, lambda: close_bidding(lot.pk, by=CLOCK))


def words(results: list[Any]) -> list[str]:
    """Return the outcomes as words: ``done`` or the code of the refusal; anything else is raised."""
    found = []
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refusal):
            raise result
        found.append(result.code if isinstance(result, Refusal) else "done")
    return found


@pytest.mark.parametrize(
    ("clarify_at", "close_at", "expected", "state"),
    [
        (DUE - MS, DUE, ["done", "too-early"], "published"),
        (DUE, DUE, ["deadline-passed", "done"], "closed"),
        (DUE + MS, DUE, ["deadline-passed", "done"], "closed"),
        (DUE + MS, DUE + MS, ["deadline-passed", "done"], "closed"),
        (DUE - MS, DUE - MS, ["done", "too-early"], "published"),
    ],
)
def test_clarification_first_in_the_queue(
    city: City, lot: Lot, clarify_at: datetime, close_at: datetime, expected: list[str], state: str
) -> None:
    """Before T a clarification moves the deadline and the close is too early; from T on it is refused though first."""
    tender = lot.tender

    results = queue(f"tenders.lot:{lot.pk}", clarifying(city, tender, clarify_at), closing(lot, close_at))

    assert words(results) == expected
    check_agreement(lot_of(tender), state)


@pytest.mark.parametrize(
    ("close_at", "clarify_at", "expected", "state"),
    [
        (DUE - MS, DUE - MS, ["too-early", "done"], "published"),
        (DUE, DUE, ["done", "wrong-state"], "closed"),
        (DUE, DUE + MS, ["done", "wrong-state"], "closed"),
        (DUE - MS, DUE, ["too-early", "deadline-passed"], "published"),
    ],
)
def test_close_first_in_the_queue(
    city: City, lot: Lot, close_at: datetime, clarify_at: datetime, expected: list[str], state: str
) -> None:
    """The close acts from T on and never before; what comes after it finds the lot closed."""
    tender = lot.tender

    results = queue(f"tenders.lot:{lot.pk}", closing(lot, close_at), clarifying(city, tender, clarify_at))

    assert words(results) == expected
    check_agreement(lot_of(tender), state)


@pytest.mark.parametrize("rounds", [2, pytest.param(ROUNDS, marks=pytest.mark.prove)])
def test_close_and_clarification_at_one_barrier(committing: City, rounds: int) -> None:
    """Let loose together, a clarification before T and the close at T end in one of the two lawful ways."""
    for _ in range(rounds):
        tender = published(committing)
        lot = lot_of(tender)

        results = together(clarifying(committing, tender, DUE - MS), closing(lot, DUE))

        outcome_of = words(results)
        assert outcome_of in (["done", "too-early"], ["wrong-state", "done"])
        check_agreement(lot_of(tender), "published" if outcome_of[0] == "done" else "closed")
        release_seats()


def check_agreement(lot: Lot, state: str) -> None:
    """Compare the lot, its deadline and the ledger: all three tell the same story."""
    deadline = Deadline.objects.get(subject=f"tenders.lot:{lot.pk}")
    closed = Entry.objects.filter(type="close_bidding", subject=f"tenders.lot:{lot.pk}").count()
    clarified = Entry.objects.filter(type="clarify", subject=f"tenders.tender:{lot.tender_id}").count()

    assert lot.state == state
    assert closed == (state == "closed")
    assert (lot.bids_due_at == MOVED) == bool(clarified)
    assert deadline.at == lot.bids_due_at
    assert deadline.met_at == lot.closed_at
    assert lot.closed_at is None or lot.closed_at >= lot.bids_due_at


class EarlyAct(Act):
    """An act that takes its time when it is opened, before it has its locks: the guard taken away."""

    def __init__(self, step: str, by: Actor) -> None:
        super().__init__(step, by)
        self._opened_at = clock.now()

    @property
    def at(self) -> datetime:
        """Return when the act was opened."""
        return self._opened_at


@pytest.mark.parametrize(("kind", "expected"), [(EarlyAct, "done"), (Act, "deadline-passed")])
def test_time_is_read_behind_the_lock(
    city: City, lot: Lot, monkeypatch: pytest.MonkeyPatch, kind: type[Act], expected: str
) -> None:
    """A clarification asked for before T that gets the lot at T is late; with the time read early it would pass."""
    tender = lot.tender
    content = clarification(fresh(tender), new_due_at=MOVED)
    hands = [DUE - MS]
    monkeypatch.setattr(clock, "now", lambda: hands[0])
    monkeypatch.setattr(acting, "Act", kind)

    with holding(f"tenders.lot:{lot_of(tender).pk}"):
        asked = start(lambda: clarify(tender.pk, content, by=city["agency-a"]))
        until_waiting(1)
        hands[0] = DUE

    assert words([outcome(asked)]) == [expected]


@pytest.mark.parametrize(("kind", "forwards"), [(EarlyAct, False), (Act, True)])
def test_time_never_runs_backwards_along_a_stream(
    city: City, monkeypatch: pytest.MonkeyPatch, kind: type[Act], *, forwards: bool
) -> None:
    """Two tests of one seat, asked for in one order and let in the other, stand in the ledger by rising time."""
    seat = Seat.objects.filter(site=city.sites["五原县"]).order_by("label")[0]
    hands = [START]
    monkeypatch.setattr(clock, "now", lambda: hands[0])
    monkeypatch.setattr(acting, "Act", kind)
    early = acting.Act("record_readiness", city["guest-wuyuan"])
    monkeypatch.setattr(acting, "Act", lambda step, by: early if by.key == "early" else kind(step, by))
    monkeypatch.setattr(acting.idempotency, "check_repeated", lambda by: None)

    hands[0] = START + MS
    record_readiness(seat.pk, fault="屏幕", by=city["guest-wuyuan"])
    hands[0] = START + 2 * MS
    record_readiness(seat.pk, fault="", by=city["guest-wuyuan"].with_key("early", b"0" * 32))

    times = list(Entry.objects.filter(subject=f"venues.seat:{seat.pk}").order_by("pk").values_list("at", flat=True))
    assert (times == sorted(times)) == forwards


def test_lock_after_the_time_was_read_is_an_error(city: City, lot: Lot) -> None:
    """An act that asks for a lock when its time is fixed is a mistake in the program and stops at once."""

    def late() -> None:
        with acting.acting("late", by=CLOCK) as act:
            assert act.at
            act.lock(Lot, lot.pk)

    with pytest.raises(RuntimeError, match="after the time was read"):
        late()
    assert Entry.objects.filter(type="late").count() == 0
