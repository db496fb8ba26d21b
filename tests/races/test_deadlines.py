"""Two workers on one deadline, and a worker against an act that moves it (到期事项竞态)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from psycopg.errors import DeadlockDetected

from mifeng.config.reactions import DUE as ACTIONS
from mifeng.kernel import acting, deadlines
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.models import Deadline, Entry
from mifeng.rules.errors import Refusal
from mifeng.tenders.actions import clarify, close_bidding
from mifeng.tenders.models import Lot, Tender
from tests.factories import DUE, City, clarification, fresh, lot_of, published
from tests.races.contest import (
    PATIENCE,
    Rendezvous,
    UnlockedAct,
    at,
    outcome,
    raised,
    release_seats,
    start,
    together,
    until_waiting,
)

ROUNDS = 10
WORKERS = 4
NO_CLAIM = (
    "SELECT subject, step FROM kernel_deadline WHERE met_at IS NULL AND at <= %(now)s ORDER BY at LIMIT %(limit)s"
)
MS = timedelta(milliseconds=1)
MOVED = DUE + timedelta(days=21)  # late clarifications need fifteen days


class Recorder:
    """The worker's table of actions, keeping what each attempt returned or raised."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.actions = {key: self._recorded(action) for key, action in ACTIONS.items()}

    def _recorded(self, action: Callable[..., object]) -> Callable[..., object]:
        def body(pk: UUID, *, by: Actor) -> object:
            try:
                result = action(pk, by=by)
            except Exception as error:
                self.results.append(error)
                raise
            self.results.append(result)
            return result

        return body

    def look(self) -> int:
        """Look once at what is due."""
        return deadlines.wake(self.actions)

    def refused(self) -> list[str]:
        """Return the codes of all refusals."""
        return sorted(result.code for result in self.results if isinstance(result, Refusal))


def worker(recorder: Recorder) -> Callable[[], object]:
    """Return one look of a worker at what is due."""
    return at(DUE, recorder.look)


def closes(lot: Lot) -> int:
    """Return how often the ledger says that a lot was closed."""
    return Entry.objects.filter(type="close_bidding", subject=f"tenders.lot:{lot.pk}").count()


@pytest.fixture
def no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every worker see every due row."""
    monkeypatch.setattr(deadlines, "_CLAIM", NO_CLAIM)


def test_both_workers_act_without_claim_lock_and_check(
    city: City, lot: Lot, monkeypatch: pytest.MonkeyPatch, no_claim
) -> None:
    """Without any guard one deadline closes one lot twice, with two entries."""
    meeting = Rendezvous(2)
    monkeypatch.setattr(acting, "Act", UnlockedAct)
    monkeypatch.setattr(deadlines, "meet", lambda subject, step, moment: meeting.wait_once())
    recorder = Recorder()

    assert together(worker(recorder), worker(recorder)) == [1, 1]

    assert closes(lot) == 2
    assert raised(recorder.results) == []


def test_both_workers_try_without_the_claim(city: City, lot: Lot, no_claim) -> None:
    """The claim only shares out work: without it the second worker tries too, and the door refuses it."""
    recorder = Recorder()

    assert together(worker(recorder), worker(recorder)) == [1, 1]

    assert closes(lot) == 1
    assert len(recorder.results) == 2
    assert recorder.refused() == ["wrong-state"]


def test_check_in_the_door_holds_without_claim_and_lock(
    city: City, lot: Lot, monkeypatch: pytest.MonkeyPatch, no_claim
) -> None:
    """A worker that has read the lot before the other closed it finds the deadline met."""
    meeting, meet = Rendezvous(2), deadlines.meet

    def meet_together(*args: Any) -> None:
        meeting.wait_once()
        meet(*args)

    monkeypatch.setattr(acting, "Act", UnlockedAct)
    monkeypatch.setattr(deadlines, "meet", meet_together)
    recorder = Recorder()

    assert together(worker(recorder), worker(recorder)) == [1, 1]

    assert closes(lot) == 1
    assert recorder.refused() == ["too-early"]


@pytest.mark.parametrize("rounds", [3, pytest.param(ROUNDS, marks=pytest.mark.prove)])
def test_exactly_one_worker_acts(committing: City, rounds: int) -> None:
    """Four workers look at the same moment, again and again: one attempt, one entry, one deadline met."""
    for _ in range(rounds):
        lot = lot_of(published(committing))
        recorder = Recorder()

        counts = together(*[worker(recorder)] * WORKERS)

        assert sorted(counts) == [0] * (WORKERS - 1) + [1]
        assert raised(recorder.results) == []
        assert closes(lot) == 1
        assert Deadline.objects.get(subject=f"tenders.lot:{lot.pk}").met_at == DUE
        release_seats()


def test_workers_share_out_what_is_due(committing: City) -> None:
    """Eight lots due at once are closed once each by four workers that claim two at a time."""
    names = [(f"课桌椅{number}", Decimal("600000.00")) for number in range(8)]
    lots = list(Lot.objects.filter(tender=published(committing, lots=tuple(names))))
    recorder = Recorder()

    def look() -> object:
        return [deadlines.wake(recorder.actions, limit=2) for _ in range(4)]

    together(*[at(DUE, look)] * WORKERS)

    assert raised(recorder.results) == []
    assert [closes(lot) for lot in lots] == [1] * 8


class Killed(BaseException):
    """What ends a worker between its claim and its act."""


def test_deadline_of_a_killed_worker_is_taken_up_again(city: City, lot: Lot) -> None:
    """A worker that dies with a claim leaves the deadline open; another acts within seconds, once."""
    recorder = Recorder()

    def die(pk: UUID, *, by: Actor) -> object:
        raise Killed

    [ended] = together(at(DUE, lambda: deadlines.wake({("tenders.lot", "close"): die})))
    counts = [outcome(start(at(DUE + timedelta(seconds=number), recorder.look))) for number in range(3)]

    assert isinstance(ended, Killed)
    assert counts == [0, 1, 0]
    assert raised(recorder.results) == []
    assert closes(lot) == 1


def test_worker_that_keeps_the_row_deadlocks_with_an_act_that_moves_it(
    city: City, lot: Lot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that acts while it holds the row and an act that holds the lot and replaces the row block each other."""
    tender = lot.tender
    subject = f"tenders.lot:{lot.pk}"
    kept, locked = threading.Event(), threading.Event()

    def keep_and_close() -> object:
        block = transaction.atomic()
        block._from_testcase = True  # so Django lets the outermost act stand inside it
        with block, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM kernel_deadline WHERE subject = %s FOR UPDATE", [subject])
            kept.set()
            assert locked.wait(PATIENCE)
            return close_bidding(lot.pk, by=CLOCK)

    results = [*clarified_against(at(DUE, keep_and_close), tender, city, kept, locked, monkeypatch)]

    assert len([error for error in raised(results) if isinstance(error.__cause__, DeadlockDetected)]) == 1


def test_worker_that_lets_go_never_deadlocks(city: City, lot: Lot, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the claim in a transaction of its own the deadline moves and the worker learns that it is too early."""
    tender = lot.tender
    kept, locked = threading.Event(), threading.Event()
    recorder = Recorder()

    def close(pk: UUID, *, by: Actor) -> object:
        kept.set()
        assert locked.wait(PATIENCE)
        return recorder.actions["tenders.lot", "close"](pk, by=by)

    actions = {("tenders.lot", "close"): close}
    look = at(DUE, lambda: deadlines.wake(actions))

    results = clarified_against(look, tender, city, kept, locked, monkeypatch)

    assert raised(results) == []
    assert recorder.refused() == ["too-early"]
    assert lot_of(tender).state == "published"
    assert lot_of(tender).bids_due_at == MOVED
    assert Deadline.objects.get(subject=f"tenders.lot:{lot_of(tender).pk}").at == MOVED


def clarified_against(
    look: Callable[[], object],
    tender: Tender,
    city: City,
    kept: threading.Event,
    locked: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Any]:
    """Run a worker's look against a clarification that holds the lot and moves its deadline once the worker waits."""
    replace = deadlines.replace

    def replace_late(subject: str, rows: Any) -> None:
        if not locked.is_set():
            locked.set()
            until_waiting(1)
        replace(subject, rows)

    monkeypatch.setattr(deadlines, "replace", replace_late)

    def move() -> object:
        assert kept.wait(PATIENCE)
        return clarify(tender.pk, clarification(fresh(tender), new_due_at=MOVED), by=city["agency-a"])

    return [outcome(future) for future in (start(look), start(at(DUE - MS, move)))]
