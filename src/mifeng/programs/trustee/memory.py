"""What the trustee remembers (受托记忆): lots, shares, withdrawals, the one list and the one release, in SQLite.

Whatever is decided is compared with what was decided before and stored in one transaction, and it is on disk before
anything is signed. Two requests at the same moment, two processes on one file, a kill or a power cut: in every case a
lot has at most one list and one release.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path

from mifeng.rules.ledger import format_time, parse_time

BUSY_SECONDS = 2.0
MAX_EVIDENCE = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lot (
    lot_ref TEXT PRIMARY KEY,
    policy BLOB NOT NULL,
    due TEXT NOT NULL,
    closed TEXT,
    released TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS deadline (
    lot_ref TEXT NOT NULL REFERENCES lot,
    leaf TEXT NOT NULL,
    due TEXT NOT NULL,
    PRIMARY KEY (lot_ref, leaf)
) STRICT;
CREATE TABLE IF NOT EXISTS bid (
    lot_ref TEXT NOT NULL REFERENCES lot,
    bid_ref TEXT NOT NULL,
    version INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    submit_key BLOB NOT NULL,
    share BLOB,
    PRIMARY KEY (lot_ref, bid_ref, version)
) STRICT;
CREATE TABLE IF NOT EXISTS submission (
    lot_ref TEXT NOT NULL REFERENCES lot,
    bid_ref TEXT NOT NULL,
    version INTEGER NOT NULL,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (lot_ref, bid_ref, version)
) STRICT;
CREATE TABLE IF NOT EXISTS withdrawal (
    lot_ref TEXT NOT NULL REFERENCES lot,
    bid_ref TEXT NOT NULL,
    version INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (lot_ref, bid_ref, version)
) STRICT;
CREATE TABLE IF NOT EXISTS listed (
    lot_ref TEXT NOT NULL REFERENCES lot,
    bid_ref TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (lot_ref, bid_ref)
) STRICT;
CREATE TABLE IF NOT EXISTS evidence (
    id INTEGER PRIMARY KEY,
    lot_ref TEXT NOT NULL,
    code TEXT NOT NULL,
    receipt TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as the trustee knows it (标包记忆).

    Args:
        policy: canonical bytes of its policy.
        due: the latest instant T accepted.
        closed: leaf of the one close list, hexadecimal; empty before.
        released: leaf of the one release, hexadecimal; empty before.
    """

    policy: bytes
    due: datetime
    closed: str = ""
    released: str = ""


@dataclass(frozen=True, slots=True)
class Bid:
    """One version of a bid (投标版本记忆); ``share`` is None when what was wrapped is not the trustee's share."""

    version: int
    envelope: str
    submit_key: bytes
    share: bytes | None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a bidder's submit key signed about a version (投标人声明): it shows who said so, whatever comes of it."""

    statement: bytes
    signature: bytes


class Memory:
    """The trustee's database (受托库). One thread at a time; a second process on the same file waits its turn."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        # In this journal mode a commit is on disk when it returns; in the default one a power cut right after may
        # undo it.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
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

    # Everything below is called inside ``alone`` only.

    def lot(self, lot_ref: str) -> Lot | None:
        """Return what is known of a lot; None when it is unknown."""
        row = self._db.execute("SELECT policy, due, closed, released FROM lot WHERE lot_ref = ?", [lot_ref]).fetchone()
        return Lot(row[0], parse_time(row[1]), row[2] or "", row[3] or "") if row else None

    def accept(self, lot_ref: str, policy: bytes, due: datetime, leaf: str) -> None:
        """Remember a lot, or its later deadline, and the leaf that says so."""
        self._db.execute(
            "INSERT INTO lot (lot_ref, policy, due) VALUES (?, ?, ?) "
            "ON CONFLICT (lot_ref) DO UPDATE SET due = excluded.due",
            [lot_ref, policy, format_time(due)],
        )
        self._db.execute("INSERT INTO deadline VALUES (?, ?, ?)", [lot_ref, leaf, format_time(due)])

    def accepted(self, lot_ref: str, leaf: str) -> bool:
        """Say whether the deadline of this leaf was accepted before."""
        return self._some("SELECT 1 FROM deadline WHERE lot_ref = ? AND leaf = ?", [lot_ref, leaf])

    def bids(self, lot_ref: str, bid_ref: str) -> list[Bid]:
        """Return all versions of a bid that were seen, the latest first."""
        rows = self._db.execute(
            "SELECT version, envelope, submit_key, share FROM bid WHERE lot_ref = ? AND bid_ref = ? "
            "ORDER BY version DESC",
            [lot_ref, bid_ref],
        )
        return [Bid(*row) for row in rows]

    def keep(self, lot_ref: str, bid_ref: str, bid: Bid, signed: Signed) -> None:
        """Remember a version of a bid, and with what statement its bidder handed it in."""
        key = [lot_ref, bid_ref, bid.version]
        self._db.execute("INSERT INTO bid VALUES (?, ?, ?, ?, ?, ?)", [*key, bid.envelope, bid.submit_key, bid.share])
        self._db.execute("INSERT INTO submission VALUES (?, ?, ?, ?, ?)", [*key, *astuple(signed)])

    def withdrawn(self, lot_ref: str, bid_ref: str) -> dict[int, str]:
        """Return the versions of a bid that were withdrawn, with their envelope hashes."""
        query = "SELECT version, envelope FROM withdrawal WHERE lot_ref = ? AND bid_ref = ?"
        return dict(self._db.execute(query, [lot_ref, bid_ref]).fetchall())

    def withdraw(self, lot_ref: str, bid_ref: str, version: int, envelope: str, signed: Signed) -> None:
        """Remember a withdrawal, the first one of each version."""
        self._db.execute(
            "INSERT INTO withdrawal VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [lot_ref, bid_ref, version, envelope, *astuple(signed)],
        )

    def close_lot(self, lot_ref: str, leaf: str, bids: Sequence[tuple[str, str]]) -> None:
        """Remember the one list of a lot."""
        self._db.execute("UPDATE lot SET closed = ? WHERE lot_ref = ? AND closed IS NULL", [leaf, lot_ref])
        self._db.executemany("INSERT INTO listed VALUES (?, ?, ?)", [[lot_ref, *row] for row in bids])

    def listed(self, lot_ref: str) -> dict[str, str]:
        """Return the list with which a lot closed: bid_ref → envelope hash."""
        return dict(self._db.execute("SELECT bid_ref, envelope FROM listed WHERE lot_ref = ?", [lot_ref]).fetchall())

    def release(self, lot_ref: str, leaf: str) -> None:
        """Remember the one release of a lot."""
        self._db.execute("UPDATE lot SET released = ? WHERE lot_ref = ? AND released IS NULL", [leaf, lot_ref])

    def keep_evidence(self, lot_ref: str, code: str, receipt: str, at: int) -> None:
        """Keep a witnessed entry that was refused (拒签凭证): it proves what the platform tried."""
        (kept,) = self._db.execute("SELECT count(*) FROM evidence").fetchone()
        if kept < MAX_EVIDENCE:
            self._db.execute(
                "INSERT INTO evidence (lot_ref, code, receipt, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [lot_ref, code, receipt, at],
            )

    def _some(self, query: str, values: Sequence[str]) -> bool:
        return self._db.execute(query, values).fetchone() is not None

    # -----------------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Read once, to say that the memory is there; raises ``sqlite3.Error`` when it is not."""
        with self._lock:
            self._db.execute("SELECT count(*) FROM lot").fetchone()

    def close(self) -> None:
        """Close the database once no one holds it."""
        with self._lock:
            self._db.close()
