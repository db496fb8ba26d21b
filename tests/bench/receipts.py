"""How soon an act can be proven (回执时延): from its commit to the notice that a witness has signed a tree over it.

Eight clients act at a steady pace while the whole platform runs beside them.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections

from mifeng.kernel.ledger import sequencer
from mifeng.kernel.models import Leaf
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.bench.figures import Figure, at_most, percentile
from tests.factories import City

CLIENTS = 8
ACTS = 200  # of each client
EVERY = 0.1  # seconds between the acts of a client
LIMIT = 3.0  # seconds the answer to an act is held for its receipt
PATIENCE = 30.0


class Notices(threading.Thread):
    """Hears, on a connection of its own, which sizes of the log are witnessed and when (见证通知)."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(address, autocommit=True)
        self.connection.execute("LISTEN mifeng_checkpoint")
        self.sizes: list[int] = []
        self.times: list[float] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Note every notice until told to stop."""
        while not self.stopping.is_set():
            for notice in self.connection.notifies(timeout=0.2):
                self.times.append(time.perf_counter())
                self.sizes.append(int(notice.payload))

    def witnessed_at(self, index: int) -> float:
        """Return when the leaf with an index was first known to be witnessed."""
        return self.times[bisect_right(self.sizes, index)]

    def wait_for(self, size: int) -> None:
        """Wait until so many entries are witnessed."""
        until = time.perf_counter() + PATIENCE
        while not self.sizes or self.sizes[-1] < size:
            if time.perf_counter() > until:
                raise AssertionError(f"{size} entries are not witnessed after {PATIENCE:.0f} s")
            time.sleep(0.05)


@contextmanager
def listening() -> Iterator[Notices]:
    """Hear the notices for the length of a block."""
    with sequencer.connect() as own:
        notices = Notices(own.info.dsn + f" password={own.info.password}")
    notices.start()
    try:
        yield notices
    finally:
        notices.stopping.set()
        notices.join()
        notices.connection.close()


def measure(city: City) -> Iterator[Figure]:
    """Yield the rows of median and 99th percentile."""
    with listening() as notices:
        committed = act(city)
        places = dict(settled(list(committed)))
        notices.wait_for(max(places.values()) + 1)
    waits = [notices.witnessed_at(places[entry]) - at for entry, at in committed.items()]
    yield at_most("receipt: commit to witnessed, median", percentile(waits, 50), "s", LIMIT)
    yield at_most("receipt: commit to witnessed, 99th percentile", percentile(waits, 99), "s", LIMIT)


def act(city: City) -> dict[int, float]:
    """Let the clients act; return entry → time of its commit."""
    committed: dict[int, float] = {}

    def client(seat: Seat) -> None:
        try:
            due = time.perf_counter()
            for _ in range(ACTS):
                entry = record_readiness(seat.pk, fault="", by=city.officer(seat.site)).id
                committed[entry] = time.perf_counter()
                due += EVERY
                time.sleep(max(0.0, due - time.perf_counter()))
        finally:
            connections.close_all()

    seats = Seat.objects.select_related("site").order_by("pk")[:CLIENTS]
    threads = [threading.Thread(target=client, args=(seat,)) for seat in seats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(committed) != CLIENTS * ACTS:
        raise AssertionError(f"{len(committed)} acts of {CLIENTS * ACTS}")
    return committed


def settled(entries: list[int]) -> list[tuple[int, int]]:
    """Return (entry, index) of all these entries once the last has its place in the log."""
    until = time.perf_counter() + PATIENCE
    while True:
        found = list(Leaf.objects.filter(entry__in=entries).values_list("entry", "index"))
        if len(found) == len(entries):
            return found
        if time.perf_counter() > until:
            raise AssertionError(f"{len(entries) - len(found)} entries without a place after {PATIENCE:.0f} s")
        time.sleep(0.05)
