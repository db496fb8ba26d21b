"""What the witness remembers (见证记忆), in SQLite: the last checkpoint it cosigned of each log, what it gave to draws.

The comparison with what was seen last and the storing of what is seen now are one transaction, and it is on disk before
anything is signed. Two submissions at the same moment, two processes on one file, a kill or a power cut: in every
case at most one history is ever cosigned.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from mifeng.rules.ledger import EMPTY_ROOT

BUSY_SECONDS = 2.0
MAX_FORKS = 1000
MAX_SECOND_POOLS = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS fork (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    cosigned TEXT NOT NULL,
    refused TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS draw (
    handle TEXT PRIMARY KEY,
    policy BLOB NOT NULL,
    pool TEXT NOT NULL,
    pool_leaf BLOB NOT NULL,
    pi BLOB NOT NULL,
    signature BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS second_pool (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL REFERENCES draw,
    policy BLOB NOT NULL,
    pool TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (handle, policy, pool)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint cosigned for a log (末次见证): size, root, note and time in seconds since 1970."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was contributed to a draw (已贡献): policy, receipt and leaf of the pool it was for, proof, signature."""

    policy: bytes
    pool: str
    pool_leaf: bytes
    pi: bytes
    signature: bytes


class Memory:
    """The witness's database (见证库). One thread at a time; a second process on the same file waits its turn."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        # In this journal mode a commit is on disk when it returns; in the default one a power cut right after may
        # undo it.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the memory alone; what was written is on disk when the block is left, or undone when it fails."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def seen(self, origin: str) -> Seen:
        """Return the last checkpoint cosigned for a log; the empty tree when there was none."""
        row = self._db.execute("SELECT size, root, note, at FROM seen WHERE origin = ?", [origin]).fetchone()
        return Seen(*row) if row else Seen()

    def remember(self, origin: str, seen: Seen) -> None:
        """Replace what was seen last of a log; only inside ``alone``."""
        self._db.execute(
            "INSERT INTO seen (origin, size, root, note, at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, "
            "at = excluded.at",
            [origin, seen.size, seen.root, seen.note, seen.at],
        )

    def keep_fork(self, origin: str, seen: Seen, refused: str, at: int) -> None:
        """Keep two signed checkpoints of one size with different roots (分叉证据): they prove that the log split."""
        (kept,) = self._db.execute("SELECT count(*) FROM fork").fetchone()
        if kept < MAX_FORKS:
            self._db.execute(
                "INSERT INTO fork (origin, size, cosigned, refused, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [origin, seen.size, seen.note, refused, at],
            )

    def drawn(self, handle: str) -> Drawn | None:
        """Return what was contributed to a draw; None when nothing was. Only inside ``alone``."""
        query = "SELECT policy, pool, pool_leaf, pi, signature FROM draw WHERE handle = ?"
        row = self._db.execute(query, [handle]).fetchone()
        return Drawn(*row) if row else None

    def remember_draw(self, handle: str, drawn: Drawn, at: int) -> None:
        """Remember what is contributed to a draw, once; only inside ``alone``."""
        self._db.execute("INSERT INTO draw VALUES (?, ?, ?, ?, ?, ?, ?)", [handle, *astuple(drawn), at])

    def keep_second_pool(self, handle: str, policy: bytes, pool: str, at: int) -> None:
        """Keep a second pool for a handle (第二份名单凭证): with the first one it proves that a draw was repeated."""
        (kept,) = self._db.execute("SELECT count(*) FROM second_pool").fetchone()
        if kept < MAX_SECOND_POOLS:
            self._db.execute(
                "INSERT INTO second_pool (handle, policy, pool, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [handle, policy, pool, at],
            )

    def check(self) -> None:
        """Read once, to say that the memory is there; raises ``sqlite3.Error`` when it is not."""
        with self._lock:
            self._db.execute("SELECT count(*) FROM seen").fetchone()

    def close(self) -> None:
        """Close the database once no one holds it."""
        with self._lock:
            self._db.close()
