"""A closer among many who share (公平排队): advisory locks queue fairly, with row locks the newcomers overtake it."""

import threading
from time import perf_counter

import psycopg

from mifeng.kernel.acting import advisory_key
from tests.factories import City, lot_of, published
from tests.races.contest import PATIENCE, dsn, start

SHARERS = 24
HOLD = 0.010
GIVE_UP = 4.0


def closer_waits(share: tuple[str, list[object]], alone: tuple[str, list[object]]) -> float:
    """Return for how many seconds a closer waits among sharers that each hold the matter for 10 ms, again and again."""
    stop, running = threading.Event(), threading.Barrier(SHARERS + 1, timeout=PATIENCE)

    def sharer() -> object:
        with psycopg.connect(dsn(), autocommit=True) as own:
            rounds = 0
            while not stop.is_set():
                with own.transaction():
                    own.execute(*share)
                    if rounds == 0:
                        running.wait()
                    own.execute("SELECT pg_sleep(%s)", [HOLD])
                rounds += 1
            return rounds

    futures = [start(sharer) for _ in range(SHARERS)]
    with psycopg.connect(dsn(), autocommit=True) as closer:
        closer.execute("SELECT set_config('statement_timeout', %s, false)", [f"{int(GIVE_UP * 1000)}ms"])
        running.wait()
        begun = perf_counter()
        try:
            with closer.transaction():
                closer.execute(*alone)
        except psycopg.errors.QueryCanceled:
            return GIVE_UP
        finally:
            stop.set()
            for future in futures:
                future.result(PATIENCE)
        return perf_counter() - begun


def test_closer_is_not_starved(committing: City) -> None:
    """The door's locks let a closer in at least twenty times sooner than row locks would (GPL-35)."""
    lot = lot_of(published(committing))
    key: list[object] = [advisory_key(f"tenders.lot:{lot.pk}")]
    row: list[object] = [lot.pk]

    fair = closer_waits(("SELECT pg_advisory_xact_lock_shared(%s)", key), ("SELECT pg_advisory_xact_lock(%s)", key))
    unfair = closer_waits(
        ("SELECT id FROM tenders_lot WHERE id = %s FOR SHARE", row),
        ("SELECT id FROM tenders_lot WHERE id = %s FOR UPDATE", row),
    )

    assert fair < 0.2
    assert unfair / fair >= 20
