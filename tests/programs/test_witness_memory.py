"""Two submissions at one moment: first with the guard off, so that the race shows, then with it. Source: log.md §6."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from mifeng.programs.witness.judge import Judge
from mifeng.programs.witness.memory import MAX_FORKS, Memory, Seen
from mifeng.rules.ledger import (
    Checkpoint,
    Kind,
    SigningKey,
    format_checkpoint,
    format_submission,
    leaf_hash,
    root_of,
    sign_note,
)

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
NOTARY = SigningKey("witness.example/notary", Kind.WITNESS, b"n" * 32)
TREES = [[leaf_hash(b"%d %d" % (side, leaf)) for leaf in range(4)] for side in range(2)]


class Meeting(Memory):
    """A memory whose readers wait a moment for one another, so that they meet where the guard lets them."""

    def __init__(self, path: Path, gate: threading.Barrier) -> None:
        super().__init__(path)
        self.gate = gate

    def seen(self, origin: str) -> Seen:
        """Read, then wait until the other has read too, or a moment has passed."""
        seen = super().seen(origin)
        with contextlib.suppress(threading.BrokenBarrierError):
            self.gate.wait(0.3)
        return seen


class Unguarded(Meeting):
    """The same without the guard: comparing and remembering are two steps."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold nothing."""
        yield


def submission(leaves: list[bytes]) -> bytes:
    """Return the first submission of a tree."""
    note = sign_note(format_checkpoint(Checkpoint(LOG.name, len(leaves), root_of(leaves))), LOG)
    return format_submission(0, [], note).encode()


def statuses(memories: list[Memory]) -> list[int]:
    """Return how two different histories sent at one moment are answered."""
    judges = [Judge(NOTARY, {LOG.name: [LOG.verifier]}, memory, lambda: 1) for memory in memories]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].answer(submission(pair[1])), zip(judges, TREES, strict=True)))
    for memory in set(memories):
        memory.close()
    return sorted(answer.status for answer in answers)


def test_without_the_guard_two_histories_are_cosigned(tmp_path: Path) -> None:
    memory = Unguarded(tmp_path / "memory", threading.Barrier(2))

    assert statuses([memory, memory]) == [200, 200]


def test_with_the_guard_one_history_is_cosigned(tmp_path: Path) -> None:
    memory = Meeting(tmp_path / "memory", threading.Barrier(2))

    assert statuses([memory, memory]) == [200, 409]


def test_two_processes_on_one_file_are_guarded_alike(tmp_path: Path) -> None:
    gate = threading.Barrier(2)
    memories: list[Memory] = [Meeting(tmp_path / "memory", gate), Meeting(tmp_path / "memory", gate)]

    assert statuses(memories) == [200, 409]


def test_what_fails_halfway_is_not_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")

    def fail_halfway() -> None:
        with memory.alone():
            memory.remember(LOG.name, Seen(5, b"r" * 32, "note\n", 1))
            raise RuntimeError("before the end")

    with pytest.raises(RuntimeError, match="before the end"):
        fail_halfway()
    assert memory.seen(LOG.name) == Seen()
    memory.close()


def test_what_is_remembered_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    memory = Memory(path)
    with memory.alone():
        memory.remember(LOG.name, Seen(5, b"r" * 32, "note\n", 1))
    with sqlite3.connect(path) as other:
        row = other.execute("SELECT size, root, note, at FROM seen").fetchone()
    other.close()

    assert Seen(*row) == memory.seen(LOG.name) == Seen(5, b"r" * 32, "note\n", 1)
    # Full synchronisation and a write-ahead log: when a commit returns, a power cut does not undo it.
    assert memory._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert memory._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert path.stat().st_mode & 0o777 == 0o600
    memory.close()


def test_evidence_of_forks_is_bounded_and_kept_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    for number in [0, 0, *range(MAX_FORKS + 5)]:
        memory.keep_fork(LOG.name, Seen(5), f"refused {number}", 1)
    kept = memory._db.execute("SELECT refused FROM fork ORDER BY id").fetchall()
    memory.close()

    assert kept == [(f"refused {number}",) for number in range(MAX_FORKS)]
