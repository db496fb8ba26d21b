"""Two lists at one moment: first with the guard off, so that the race shows, then with it.

Source: our choice (ADR-6)
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from mifeng.programs.trustee.judge import Judge
from mifeng.programs.trustee.memory import MAX_EVIDENCE, Bid, Lot, Memory, Signed
from tests.programs.trustees import DUE, Keeper, receipt_request

LEAF = "c3" * 32
SIGNED = Signed(b"statement", b"signature")


class Meeting(Memory):
    """A memory whose readers wait a moment for one another, so that they meet where the guard lets them."""

    def __init__(self, path: Path, gate: threading.Barrier) -> None:
        super().__init__(path)
        self.gate = gate

    def lot(self, lot_ref: str) -> Lot | None:
        """Read, then wait until the other has read too, or a moment has passed."""
        lot = super().lot(lot_ref)
        with contextlib.suppress(threading.BrokenBarrierError):
            self.gate.wait(0.3)
        return lot


class Unguarded(Meeting):
    """The same without the guard: comparing and remembering are two steps."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold nothing."""
        yield


def statuses(folder: Path, memories: list[Memory]) -> list[int]:
    """Return how two different lists of one lot, sent at one moment, are answered."""
    keeper = Keeper(folder)
    package = keeper.package()
    first = Memory(folder / "memory")
    Judge(keeper.key(), keeper.trust, first, lambda: 0).answer("/deadline", package.deadline_request(package.notice()))
    first.close()
    bid = package.bid()
    lists = [receipt_request(package.close()), receipt_request(package.close(bid))]
    judges = [Judge(keeper.key(), keeper.trust, memory, lambda: int(DUE.timestamp())) for memory in memories]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].answer("/close", pair[1]), zip(judges, lists, strict=True)))
    for memory in set(memories):
        memory.close()
    return sorted(answer.status for answer in answers)


def test_without_the_guard_two_lists_are_countersigned(tmp_path: Path) -> None:
    memory = Unguarded(tmp_path / "memory", threading.Barrier(2))

    assert statuses(tmp_path, [memory, memory]) == [200, 200]


def test_with_the_guard_one_list_is_countersigned(tmp_path: Path) -> None:
    memory = Meeting(tmp_path / "memory", threading.Barrier(2))

    assert statuses(tmp_path, [memory, memory]) == [200, 409]


def test_two_processes_on_one_file_are_guarded_alike(tmp_path: Path) -> None:
    gate = threading.Barrier(2)
    memories: list[Memory] = [Meeting(tmp_path / "memory", gate), Meeting(tmp_path / "memory", gate)]

    assert statuses(tmp_path, memories) == [200, 409]


def test_what_fails_halfway_is_not_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")

    def fail_halfway() -> None:
        with memory.alone():
            memory.accept("lot", b"policy", DUE, LEAF)
            memory.close_lot("lot", LEAF, [("bid", "envelope")])
            raise RuntimeError("before the end")

    with pytest.raises(RuntimeError, match="before the end"):
        fail_halfway()
    assert memory.lot("lot") is None
    assert memory.listed("lot") == {}
    memory.close()


def test_what_is_remembered_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    memory, bid = Memory(path), Bid(1, "envelope", b"key", b"share")
    with memory.alone():
        memory.accept("lot", b"policy", DUE, LEAF)
        memory.keep("lot", "bid", bid, SIGNED)
        memory.close_lot("lot", LEAF, [("bid", "envelope")])
        memory.release("lot", LEAF)
    other = Memory(path)

    assert other.lot("lot") == memory.lot("lot") == Lot(b"policy", DUE, LEAF, LEAF)
    assert other.bids("lot", "bid") == [bid]
    assert other._db.execute("SELECT * FROM submission").fetchall() == [("lot", "bid", 1, b"statement", b"signature")]
    # Full synchronisation and a write-ahead log: when a commit returns, a power cut does not undo it.
    assert memory._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert memory._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert path.stat().st_mode & 0o777 == 0o600
    other.close()
    memory.close()


def test_a_lot_has_one_list_and_one_release_whatever_is_written(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    with memory.alone():
        memory.accept("lot", b"policy", DUE, LEAF)
        for leaf in (LEAF, "d4" * 32):
            memory.close_lot("lot", leaf, [])
            memory.release("lot", leaf)

    assert memory.lot("lot") == Lot(b"policy", DUE, LEAF, LEAF)
    with pytest.raises(sqlite3.IntegrityError):
        memory.keep("unknown lot", "bid", Bid(1, "envelope", b"key", None), SIGNED)
    memory.close()


def test_evidence_is_bounded_and_kept_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    for number in [0, 0, *range(MAX_EVIDENCE + 5)]:
        memory.keep_evidence("lot", "second-list", f"receipt {number}", 1)
    kept = memory._db.execute("SELECT receipt FROM evidence ORDER BY id").fetchall()
    memory.close()

    assert kept == [(f"receipt {number}",) for number in range(MAX_EVIDENCE)]
