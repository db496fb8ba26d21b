"""Entries get their places, the tree is signed and witnessed, receipts and exports hold. Source: docs/spec/log.md."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection as django_connection

from mifeng.gateways.witness import Conflict, Outcome, Refused, Unreachable
from mifeng.gateways.witness.http import embedded_witness
from mifeng.kernel import clock
from mifeng.kernel.ledger.sequencer import Asking, run
from mifeng.kernel.models import Checkpoint, Cosignature, Entry, Leaf, Pending, Tile
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    grow,
    leaf_hash,
    parse_checkpoint,
    parse_note,
    root_of,
    verify_note,
)
from tests.actions.ledgers import Absent, Platform, administrator
from tests.factories import City
from tests.races.contest import dsn
from tests.web.witnessed import NearWitness


@pytest.fixture
def platform(city: City, tmp_path: Path) -> Iterator[Platform]:
    """Return a platform whose log is empty but for what the city's own making left waiting."""
    platform = Platform(city, tmp_path)
    yield platform
    platform.close()


@pytest.fixture
def committed(committing: City, tmp_path: Path) -> Iterator[Platform]:
    """Return such a platform in a database of its own, where others see what it commits."""
    platform = Platform(committing, tmp_path)
    yield platform
    platform.close()


def leaves() -> list[bytes]:
    """Return the leaves in the order of the log."""
    return [bytes(leaf) for leaf in Leaf.objects.order_by("index").values_list("entry__leaf", flat=True)]


def tiles() -> dict[tuple[int, int], bytes]:
    """Return the stored tiles."""
    return {(row.level, row.index): bytes(row.hashes) for row in Tile.objects.all()}


def test_every_entry_gets_its_place_and_the_tree_is_signed(platform: Platform) -> None:
    platform.act(5)
    waiting = Pending.objects.count()

    assert platform.sequence() == waiting == Entry.objects.count()
    hashes = [leaf_hash(leaf) for leaf in leaves()]
    checkpoint = Checkpoint.objects.get()
    note = parse_note(checkpoint.note)
    verify_note(note, platform.key.verifier)
    stated = parse_checkpoint(note.text)
    assert (stated.origin, stated.size, stated.root) == (platform.key.name, waiting, root_of(hashes))
    assert (checkpoint.size, bytes(checkpoint.root)) == (waiting, root_of(hashes))
    assert tiles() == grow(0, {}, hashes)
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(waiting))
    assert not Pending.objects.exists()


def test_where_nothing_waits_nothing_is_signed(platform: Platform) -> None:
    platform.sequence()
    before = Checkpoint.objects.count()

    assert platform.sequence() == 0
    assert Checkpoint.objects.count() == before


def test_batches_of_any_size_give_the_same_log(platform: Platform) -> None:
    platform.act(7)
    while platform.sequence(limit=3):
        pass
    platform.act(2)
    platform.sequence()

    hashes = [leaf_hash(leaf) for leaf in leaves()]
    assert tiles() == grow(0, {}, hashes)
    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == list(
        Leaf.objects.order_by("index").values_list("entry", flat=True)
    )
    for checkpoint in Checkpoint.objects.all():
        assert bytes(checkpoint.root) == root_of(hashes[: checkpoint.size])


def test_a_batch_that_fails_leaves_everything_as_it_was(platform: Platform) -> None:
    platform.sequence()
    platform.act(2)
    Tile.objects.filter(level=0).update(hashes=b"\x00" * 32)
    before = (Pending.objects.count(), Leaf.objects.count(), Checkpoint.objects.count(), tiles())

    with pytest.raises(Tampered):
        platform.sequence()
    assert (Pending.objects.count(), Leaf.objects.count(), Checkpoint.objects.count(), tiles()) == before


def test_a_cosignature_is_kept_and_told(committed: Platform) -> None:
    platform = committed
    with psycopg.connect(dsn(), autocommit=True) as listener:
        listener.execute("LISTEN mifeng_checkpoint")
        platform.settle()
        told = [notice.payload for notice in listener.notifies(timeout=5, stop_after=1)]

    size = Entry.objects.count()
    assert told == [str(size)]
    assert Cosignature.objects.values_list("checkpoint", "witness").get() == (size, platform.witness.key().name)
    platform.settle()
    assert Cosignature.objects.count() == 1


def test_while_no_witness_answers_the_log_goes_on_and_asks_later_and_later(platform: Platform) -> None:
    silent = Absent(*[Unreachable("nobody")] * 3)
    asking = Asking(platform.connection, silent, clock.now)
    waits = []
    for _ in range(3):
        platform.act()
        platform.sequence()
        asking.due = 0.0
        asking.ask_when_due()
        waits.append(asking.due - time.monotonic())
        asking.ask_when_due()

    assert silent.asked == [0, 0, 0]
    assert waits == sorted(waits)
    assert waits[2] > 1.5
    assert (Checkpoint.objects.count(), Cosignature.objects.count()) == (3, 0)
    platform.settle()
    assert Cosignature.objects.values_list("checkpoint", flat=True).get() == Entry.objects.count()


def test_a_witness_that_knows_another_size_is_asked_from_there(platform: Platform) -> None:
    platform.settle()
    platform.act(3)
    platform.settle()
    # A sequencer killed between the witness's answer and its own commit knows less than the witness.
    forgetful = Asking(platform.connection, platform.witness, clock.now)
    forgetful.known = 0
    platform.act(2)
    platform.sequence()
    forgetful.ask_when_due()

    assert Cosignature.objects.count() == 3
    assert forgetful.known == Entry.objects.count()


def test_a_witness_that_forgot_is_asked_from_the_start(platform: Platform, tmp_path: Path) -> None:
    platform.settle()
    platform.act(2)
    platform.sequence()
    (tmp_path / "new").mkdir()
    replaced = NearWitness(tmp_path / "new", platform.key.verifier)
    Asking(platform.connection, replaced, clock.now).ask_when_due()
    replaced.close()

    assert Cosignature.objects.count() == 2


def test_a_witness_that_names_size_after_size_is_left_for_later(platform: Platform) -> None:
    platform.act(3)
    platform.sequence()
    fickle = Absent(Conflict(1), Conflict(2))
    asking = Asking(platform.connection, fickle, clock.now)
    asking.ask_when_due()

    assert fickle.asked == [0, 1]
    assert asking.due > time.monotonic()


def test_a_refusal_is_asked_again_later(platform: Platform) -> None:
    platform.sequence()
    asking = Asking(platform.connection, Absent(Refused(404, "unknown log")), clock.now)
    asking.ask_when_due()

    assert asking.due > time.monotonic()
    assert not Cosignature.objects.exists()


@pytest.mark.parametrize(
    "outcome",
    [Conflict(10**9), Conflict(0), Refused(422, "not shown to continue what was seen")],
    ids=["more than we hold", "another root", "another history"],
)
def test_a_witness_that_saw_another_log_ends_the_sequencer(platform: Platform, outcome: Outcome) -> None:
    platform.sequence()

    with pytest.raises(Tampered):
        Asking(platform.connection, Absent(outcome), clock.now).ask_when_due()
    assert not Cosignature.objects.exists()


def test_a_database_that_was_rolled_back_signs_nothing_more(platform: Platform) -> None:
    platform.settle()
    platform.act(3)
    before = Checkpoint.objects.count()
    ahead = Absent(Conflict(Entry.objects.count() + 1))

    with pytest.raises(Tampered, match="this database holds"):
        run(platform.connection, platform.key, ahead, clock.now, threading.Event())
    assert (ahead.asked, Checkpoint.objects.count(), Pending.objects.count()) == ([0], before, 3)


def test_an_empty_database_beside_a_witness_that_remembers_signs_nothing(platform: Platform, tmp_path: Path) -> None:
    platform.settle()
    with administrator() as owner:
        owner.execute("DELETE FROM kernel_cosignature; DELETE FROM kernel_checkpoint")

    with pytest.raises(Tampered, match="this database holds 0"):
        run(platform.connection, platform.key, platform.witness, clock.now, threading.Event())
    assert not Checkpoint.objects.exists()


def test_the_running_sequencer_asks_only_when_nothing_older_waits(committed: Platform) -> None:
    platform = committed
    platform.act(9)
    total, stop = Pending.objects.count(), threading.Event()
    limit = -(-total // 3) + (total % 3 == 0)
    runner = running(platform, stop, limit)
    until(lambda: Cosignature.objects.exists())
    stop.set()
    runner.join()

    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True))[-1] == total
    assert Checkpoint.objects.count() > 1
    assert list(Cosignature.objects.values_list("checkpoint", flat=True)) == [total]
    assert platform.faults() == []


def running(platform: Platform, stop: threading.Event, limit: int) -> threading.Thread:
    """Run the sequencer in a thread of its own."""

    def body() -> None:
        try:
            run(platform.connection, platform.key, platform.witness, clock.now, stop, limit=limit)
        finally:
            django_connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    return thread


def until(there: Callable[[], bool]) -> None:
    """Return when something is there."""
    for _ in range(600):
        if there():
            return
        time.sleep(0.02)
    raise AssertionError("it does not come")


def test_a_cosignature_that_comes_too_late_is_not_kept(platform: Platform) -> None:
    platform.sequence()
    platform.asking.ask_when_due(drained=time.monotonic() - 31)

    assert not Cosignature.objects.exists()
    platform.asking.ask_when_due(drained=time.monotonic() - 29)
    assert Cosignature.objects.count() == 1


def test_an_address_without_witness_is_unreachable(platform: Platform, tmp_path: Path) -> None:
    nobody = embedded_witness(tmp_path / "absent", Path(settings.ENV.data) / "witness" / "witness.vkey")
    platform.sequence()
    asking = Asking(platform.connection, nobody, clock.now)
    asking.compare(platform.key)
    asking.ask_when_due()
    nobody.close()

    assert asking.known is None
    assert asking.failures == 1
