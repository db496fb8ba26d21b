"""What the races share (竞态设施): threads with connections of their own, gates between them, and a look at who waits.

No test here sleeps until a moment has come. Contenders start at one barrier, or are queued one behind the other on a
lock that the test itself holds; whether somebody waits is read from PostgreSQL.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, connections

from mifeng.config.env import env
from mifeng.kernel import clock
from mifeng.kernel.acting import Act, advisory_key

PATIENCE = 30.0
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
"""

Run = Callable[[], object]


def dsn() -> str:
    """Return the address of the test's own database."""
    return psycopg.conninfo.make_conninfo(env().database_url, dbname=connection.settings_dict["NAME"])


def start(run: Run) -> "Future[object]":
    """Run something in a thread and with a database connection of its own, closed before anybody hears the outcome."""
    future: Future[object] = Future()

    def closing() -> object:
        try:
            return run()
        finally:
            connections.close_all()

    def body() -> None:
        try:
            future.set_result(closing())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=body, daemon=True).start()
    return future


def outcome(future: "Future[object]") -> Any:
    """Return what a run returned, or what it raised."""
    error = future.exception(PATIENCE)
    return error if error is not None else future.result()


def together(*runs: Run) -> list[Any]:
    """Start all runs at one barrier and return what each returned or raised, in the order given."""
    barrier = threading.Barrier(len(runs), timeout=PATIENCE)

    def held(run: Run) -> Run:
        def body() -> object:
            connection.ensure_connection()
            barrier.wait()
            return run()

        return body

    return [outcome(future) for future in [start(held(run)) for run in runs]]


def until_waiting(number: int) -> None:
    """Return when so many connections of the test's database wait for a lock."""
    pause = threading.Event()
    with psycopg.connect(dsn(), autocommit=True) as watch:
        for _ in range(int(PATIENCE / 0.002)):
            row = watch.execute(_WAITING).fetchone()
            if row and row[0] >= number:
                return
            pause.wait(0.002)
    raise AssertionError(f"never saw {number} waiting")


@contextmanager
def holding(subject: str) -> Iterator[None]:
    """Hold the business lock of a subject in a connection of the test, so that contenders queue up behind it."""
    with psycopg.connect(dsn()) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", [advisory_key(subject)])
        yield


def queue(subject: str, *runs: Run) -> list[Any]:
    """Let the runs ask for the lock of a subject in the order given, and return what each returned or raised.

    A run that is refused before it asks for the lock would never be seen to wait: the test fails then.
    """
    futures = []
    with holding(subject):
        for number, run in enumerate(runs, start=1):
            futures.append(start(run))
            until_waiting(number)
    return [outcome(future) for future in futures]


def at(moment: datetime, run: Run) -> Run:
    """Return a run for which the clock stands at a moment."""

    def body() -> object:
        with clock.frozen(moment):
            return run()

    return body


class UnlockedAct(Act):
    """An act whose locks have been taken away: it reads its matters without waiting for anybody."""

    def lock_all(self, model: Any, pks: Any) -> Any:
        """Return the rows as they are now."""
        rows = list(model._default_manager.filter(pk__in=list(pks)).order_by("pk"))
        for row in rows:
            self._locked.setdefault((model, str(row.pk)), row)
        return [self._locked[model, str(row.pk)] for row in rows]

    def share(self, model: Any, pk: Any) -> Any:
        """Return the row as it is now."""
        return model._default_manager.get(pk=pk)


class Rendezvous:
    """A place in the code where all contenders must have arrived before any goes on (会合点)."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=PATIENCE)
        self.seen = threading.local()

    def wait_once(self) -> None:
        """Wait for the others, the first time this thread comes here."""
        if not getattr(self.seen, "here", False):
            self.seen.here = True
            self.barrier.wait()


def raised(results: Sequence[Any]) -> list[BaseException]:
    """Return those outcomes that are exceptions."""
    return [result for result in results if isinstance(result, BaseException)]


def release_seats() -> None:
    """Give all seats back, so that the next project finds them free."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE venues_booking SET state = 'released'")
