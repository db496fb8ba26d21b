"""A closer among many who share (公平排队): advisory locks queue fairly, with row locks the newcomers overtake it.

Counted, not timed: how many sharers were let in while the closer was waiting already.
"""

import threading

import psycopg

from mifeng.kernel.acting import advisory_key
from mifeng.tenders.models import Lot
from tests.factories import City
from tests.races.contest import PATIENCE, dsn, outcome, start

SHARERS = 24
HOLD = 0.010  # seconds
GIVE_UP = "1s"
TRIES = 3
Statement = tuple[str, list[object]]


def overtakers(share: Statement, alone: Statement) -> int:
    """Return how many sharers, each holding a matter for 10 ms again and again, are let in before a waiting closer."""
    stop, running = threading.Event(), threading.Barrier(SHARERS + 1, timeout=PATIENCE)
    let_in = [0] * SHARERS

    def sharer(number: int) -> None:
        with psycopg.connect(dsn(), autocommit=True) as own:
            while not stop.is_set():
                with own.transaction():
                    own.execute(*share)
                    let_in[number] += 1
                    if let_in[number] == 1:
                        running.wait()
                    own.execute("SELECT pg_sleep(%s)", [HOLD])

    def closer() -> int:
        with psycopg.connect(dsn(), autocommit=True) as own:
            own.execute("SELECT set_config('statement_timeout', %s, false)", [GIVE_UP])
            before = sum(let_in)
            try:
                with own.transaction():
                    own.execute(*alone)
            except psycopg.errors.QueryCanceled:
                pass
            return sum(let_in) - before

    sharers = [start(lambda number=number: sharer(number)) for number in range(SHARERS)]
    running.wait()
    let_in_before_the_closer = outcome(start(closer))
    stop.set()
    assert [outcome(one) for one in sharers] == [None] * SHARERS
    return int(let_in_before_the_closer)


def test_closer_is_not_starved(city: City, lot: Lot) -> None:
    """A closer waits a round at the door's lock; row locks let newcomers in at least twenty times (GPL-35)."""
    key: list[object] = [advisory_key(f"tenders.lot:{lot.pk}")]
    row: list[object] = [lot.pk]

    fair = overtakers(("SELECT pg_advisory_xact_lock_shared(%s)", key), ("SELECT pg_advisory_xact_lock(%s)", key))
    unfair = (
        overtakers(
            ("SELECT id FROM tenders_lot WHERE id = %s FOR SHARE", row),
            ("SELECT id FROM tenders_lot WHERE id = %s FOR UPDATE", row),
        )
        for _ in range(TRIES)
    )

    # Those let in between the count and the closer's place in the queue are counted too: a round or two of all sharers.
    assert fair <= 3 * SHARERS
    assert any(number >= 20 * SHARERS for number in unfair)
