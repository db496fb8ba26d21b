"""Two sequencers at once (双排序器): one leads; without the guards they give one place twice."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from mifeng.gateways.witness.http import embedded_witness
from mifeng.kernel import clock
from mifeng.kernel.ledger import sequencer
from mifeng.kernel.models import Checkpoint, Entry, Leaf, Pending
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.factories import City
from tests.races.contest import PATIENCE, dsn, outcome, raised, start, together, until_waiting

OUT_OF_ORDER = """
SELECT count(*) FROM kernel_entry e JOIN kernel_leaf own ON own.entry_id = e.id
JOIN kernel_entry before ON before.stream_id = e.stream_id AND before.id < e.id
LEFT JOIN kernel_leaf earlier ON earlier.entry_id = before.id
WHERE earlier."index" IS NULL OR earlier."index" > own."index"
"""


class Unguarded(psycopg.Cursor[Any]):
    """A cursor that leaves out the lock of the tree's head, and waits until both sequencers have read the head."""

    read: threading.Barrier
    taken: threading.Event

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement, unless it is the lock."""
        if str(query).startswith("LOCK TABLE"):
            return self
        result = super().execute(query, *args, **kwargs)
        if "max(size)" in str(query):
            self.read.wait()
        return result


class First(Unguarded):
    """The sequencer that takes its entries first."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement and tell when the entries are taken."""
        result = super().execute(query, *args, **kwargs)
        if query == sequencer._TAKE:
            self.taken.set()
        return result


class Second(Unguarded):
    """The sequencer that takes its entries when the first has taken its own."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement, the taking of entries not before the first."""
        if query == sequencer._TAKE:
            assert self.taken.wait(PATIENCE)
        return super().execute(query, *args, **kwargs)


@pytest.fixture
def connect(committing: City) -> Iterator[Callable[[], psycopg.Connection]]:
    """Return a way to open connections like the sequencer's own, to the test's database."""
    opened: list[psycopg.Connection] = []

    def open_one() -> psycopg.Connection:
        opened.append(psycopg.connect(dsn(), autocommit=True))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def add_entries(city: City, count: int, *, clients: int = 1) -> None:
    """Add entries in a few streams, from several clients at once."""
    seats = list(Seat.objects.select_related("site").order_by("pk")[:3])

    def client() -> None:
        for number in range(count // clients):
            seat = seats[number % len(seats)]
            record_readiness(seat.pk, fault="", by=city.officer(seat.site))

    assert raised(together(*[client] * clients)) == []


def drained(connection: psycopg.Connection, *, limit: int = sequencer.BATCH) -> Callable[[], object]:
    """Return a run of one batch."""
    return lambda: sequencer.sequence_once(connection, sequencer.log_key(), clock.now(), limit=limit)


def test_two_sequencers_without_guards_claim_one_place(committing: City, connect) -> None:
    """Without leader and lock both count from one head, and give different entries the same place."""
    add_entries(committing, 12)
    Unguarded.read, Unguarded.taken = threading.Barrier(2, timeout=PATIENCE), threading.Event()
    first, second = connect(), connect()
    first.cursor_factory, second.cursor_factory = First, Second

    results = together(drained(first, limit=6), drained(second, limit=12))

    assert results[0] == 6
    assert isinstance(results[1], psycopg.errors.UniqueViolation)
    assert results[1].diag.constraint_name == "kernel_leaf_pkey"


def test_lock_of_the_head_alone_keeps_places_apart(committing: City, connect) -> None:
    """Two sequencers that both believe to lead take turns: every entry has one place, none is missing."""
    waiting = Pending.objects.count()
    add_entries(committing, 12)

    results = together(drained(connect()), drained(connect()))

    assert sorted(results) == [0, waiting + 12]
    check_log()


def test_only_one_leads_and_the_next_takes_over(committing: City, connect) -> None:
    """The second waits as long as the first one's connection lasts, then leads."""
    first, second = connect(), connect()

    assert sequencer.lead(first)
    assert not sequencer.lead(second)
    first.close()
    assert any(sequencer.lead(second) for _ in range(5000))


def test_two_running_sequencers_make_one_log(committing: City, connect, tmp_path) -> None:
    """While clients act, one of two sequencers works; killed by its connection, the other goes on without a gap."""
    stop = threading.Event()
    nobody = embedded_witness(tmp_path / "nowhere", settings.ENV.data / "witness" / "witness.vkey")
    pair = [connect(), connect()]
    runs = [start(lambda one=one: sequencer.run(one, sequencer.log_key(), nobody, clock.now, stop)) for one in pair]

    add_entries(committing, 60, clients=4)
    until_settled()
    leader = next(one for one in pair if held(one))
    with psycopg.connect(dsn(), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [leader.info.backend_pid])
    add_entries(committing, 60, clients=4)
    until_settled()
    stop.set()

    ended = [outcome(run) for run in runs]
    assert [type(error) for error in raised(ended)] == [psycopg.errors.AdminShutdown]
    check_log()


def test_late_commit_neither_blocks_nor_precedes(committing: City, connect) -> None:
    """An act still open holds back nobody; its entry comes in a later batch, behind its stream's earlier ones."""
    sequencing = connect()
    sequencer.sequence_once(sequencing, sequencer.log_key(), clock.now())
    seat = Seat.objects.select_related("site").order_by("pk")[0]
    other = Seat.objects.select_related("site").order_by("pk")[1]
    by = committing.officer(seat.site)
    opened, release = threading.Event(), threading.Event()

    def slow() -> object:
        remember = sequencer_pause(opened, release)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mifeng.kernel.acting.idempotency.remember", remember)
            return record_readiness(seat.pk, fault="", by=by.with_key("slow", b"s" * 32))

    late = start(slow)
    assert opened.wait(PATIENCE)
    record_readiness(other.pk, fault="", by=committing.officer(other.site))
    same_stream = start(lambda: record_readiness(seat.pk, fault="", by=by))
    until_waiting(1)

    assert sequencer.sequence_once(sequencing, sequencer.log_key(), clock.now()) == 1
    release.set()
    first, second = outcome(late), outcome(same_stream)
    assert sequencer.sequence_once(sequencing, sequencer.log_key(), clock.now()) == 2
    places = dict(Leaf.objects.filter(entry__in=[first.id, second.id]).values_list("entry", "index"))
    assert places[first.id] < places[second.id]
    check_log()


def sequencer_pause(opened: threading.Event, release: threading.Event) -> Callable[..., None]:
    """Return a last step of an act that lets the act of the key ``slow`` wait with its entry written."""

    def remember(by: Any, entry: int) -> None:
        if by.key == "slow":
            opened.set()
            assert release.wait(PATIENCE)

    return remember


def held(connection: psycopg.Connection) -> bool:
    """Tell whether a connection holds the leader's lock."""
    with psycopg.connect(dsn(), autocommit=True) as look:
        row = look.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %s",
            [connection.info.backend_pid],
        ).fetchone()
    return bool(row and row[0])


def until_settled() -> None:
    """Return when no entry waits for its place."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if not Pending.objects.exists():
            return
        pause.wait(0.02)
    raise AssertionError("entries still wait for their places")


def check_log() -> None:
    """Compare entries and leaves: as many, no gap, none before its stream's earlier ones, the newest size signed."""
    places = list(Leaf.objects.order_by("index").values_list("index", flat=True))
    assert places == list(range(Entry.objects.count()))
    with connection.cursor() as cursor:
        cursor.execute(OUT_OF_ORDER)
        assert cursor.fetchone()[0] == 0
    assert Checkpoint.objects.order_by("-size").first().size == len(places)
