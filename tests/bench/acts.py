"""Acts per second with and without the ledger entry (办理速率): eight clients, by turns, the median of the ratios.

Two acts. The test of a seat is the smallest act there is: one lock, one row; an entry weighs most beside it. The entry
of a project is an ordinary one: checks, two rows, two jobs. Each client works on matters of its own, so nobody waits
for a lock and the entry itself is what differs.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

from django.db import connections

from mifeng.kernel import acting
from mifeng.kernel.ledger.append import Draft, Written
from mifeng.tenders.actions import enter_tender
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.bench.figures import Figure, compared
from tests.factories import City, entry

CLIENTS = 8
TURNS = 7
SECONDS = 2.5
BAR = 0.45
Client = Callable[[int], object]


def measure(city: City) -> Iterator[Figure]:
    """Yield one row per act."""
    seats = list(Seat.objects.select_related("site").order_by("pk")[:CLIENTS])

    def test_seat(number: int) -> object:
        seat = seats[number]
        return record_readiness(seat.pk, fault="", by=city.officer(seat.site))

    def enter(number: int) -> object:
        return enter_tender(replace(declared, name=f"采购{number}"), by=city["agency-a"])

    declared = entry(city)
    yield figure("acts/s, test of a seat (smallest act), with entry : without", test_seat)
    yield figure("acts/s, entry of a project, with entry : without", enter)


def figure(name: str, client: Client) -> Figure:
    """Return the row of one act."""
    run(client, SECONDS / 2)
    turns = []
    for _ in range(TURNS):
        with_entry = run(client, SECONDS)
        with no_entry():
            without = run(client, SECONDS)
        turns.append((with_entry, without))
    ratio = median(with_entry / without for with_entry, without in turns)
    rates = [median(rates) for rates in zip(*turns, strict=True)]
    return compared(name, rates[0], "acts/s", rates[1], ratio=ratio, bar=BAR)


@contextmanager
def no_entry() -> Iterator[None]:
    """Take the ledger away from the door: the act is the same, its entry is not written."""
    kept = acting.append
    acting.append = lambda draft: _unwritten(draft)  # type: ignore[assignment]
    try:
        yield
    finally:
        acting.append = kept


def _unwritten(draft: Draft) -> Written:
    return Written(0, b"", draft.at, draft.type, draft.stream)


def run(client: Client, seconds: float) -> float:
    """Return how many acts per second the clients do together, each in a thread with a connection of its own."""
    ready, stop = threading.Barrier(CLIENTS + 1), threading.Event()
    done = [0] * CLIENTS
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            client(number)
            ready.wait(30)
            while not stop.is_set():
                client(number)
                done[number] += 1
        except BaseException as error:
            failures.append(error)
            ready.abort()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    ready.wait(30)
    begun = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    took = time.perf_counter() - begun
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(done) / took
