"""The sequencer (台账排序): gives every committed entry its place in the log, signs the tree, asks the witnesses.

An act commits its entry with a pending row. One leader empties the pending table in the order of entry ids, so that an
entry never stands before an earlier one of its stream, and writes leaves, tiles and the signed checkpoint in one
transaction, durably. Only then are the witnesses asked: what they sign can no longer be lost. A transaction still
open holds nobody back; its entry comes with a later batch.

The leader holds a session lock on the one connection it works through. When that connection ends, so does the process,
and the supervisor starts another: nothing reconnects in silence and goes on as a second leader.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import django
import psycopg
from django.conf import settings

from mifeng.gateways.witness import Conflict, Cosigned, Refused, Unreachable, Witness
from mifeng.gateways.witness.http import embedded_witness, remote_witness
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    EMPTY_ROOT,
    Checkpoint,
    Kind,
    SigningKey,
    TileTree,
    decode64,
    edge_places,
    format_checkpoint,
    grow,
    leaf_hash,
    sign_note,
)

LEADER = 0x6D66_5345_5155
BATCH = 50_000
BEAT = 0.5  # seconds between checkpoints at least
LOOK_EVERY = 0.05  # seconds
SLOWEST_ASK = 30.0  # seconds between two tries to reach a witness
FRESH = 30.0  # seconds after the batch in which a cosignature still counts; readers allow 60

log = logging.getLogger(__name__)
Place = tuple[int, int]

_TAKE = """
WITH taken AS (
    DELETE FROM kernel_pending WHERE entry_id IN (SELECT entry_id FROM kernel_pending ORDER BY entry_id LIMIT %s)
    RETURNING entry_id
)
SELECT e.id, e.leaf FROM kernel_entry e JOIN taken ON taken.entry_id = e.id ORDER BY e.id
"""
_PUT_TILE = """
INSERT INTO kernel_tile (level, "index", hashes) VALUES (%s, %s, %s)
ON CONFLICT (level, "index") DO UPDATE SET hashes = excluded.hashes
"""


def main(arguments: list[str]) -> int:
    """Run the sequencer until SIGTERM or SIGINT (mifeng sequencer)."""
    if arguments:
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    django.setup()
    # The clock reads Django's settings, so it is imported once these are ready.
    from mifeng.kernel import clock  # noqa: PLC0415
    from mifeng.kernel.instance import check_mode  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread: set() waits for a lock that the interrupted wait() of this one may hold.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    check_mode()
    with connect() as connection:
        run(connection, log_key(), witness(), clock.now, stop)
    return 0


def connect() -> psycopg.Connection:
    """Return a connection of the sequencer's own to the platform's database."""
    options = settings.DATABASES["default"]
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    address = {name: options[key] for name, key in named.items() if options.get(key)}
    passfile = options["OPTIONS"].get("passfile")
    # A large batch is then put in order in memory instead of on disk.
    address |= {"options": "-c work_mem=64MB"} | ({"passfile": passfile} if passfile else {})
    return psycopg.connect(**address, autocommit=True)


def log_key() -> SigningKey:
    """Return the log's signing key; its name is the origin of the log."""
    keys = Path(settings.ENV.data) / "keys"
    origin = (keys / "log.vkey").read_text().split("+")[0]
    return SigningKey(origin, Kind.LOG, decode64((keys / "log.key").read_text().strip()))


def witness() -> Witness:
    """Return the witness: an outside one where the surroundings name it, else the one the supervisor starts."""
    data = Path(settings.ENV.data)
    vkey = data / "witness" / "witness.vkey"
    if settings.ENV.witness_url:
        return remote_witness(settings.ENV.witness_url, vkey)
    return embedded_witness(data / "run" / "witness.address", vkey)


def run(
    connection: psycopg.Connection,
    key: SigningKey,
    asked: Witness,
    now: Callable[[], datetime],
    stop: threading.Event,
    *,
    limit: int = BATCH,
) -> None:
    """Sequence and have witnessed until told to stop, once this process is the leader.

    Raises:
        Tampered: when the witness has seen more than the database holds, or another history.
    """
    while not lead(connection):
        if stop.wait(1.0):
            return
    asking = Asking(connection, asked, now)
    asking.compare(key)
    while not stop.is_set():
        began = time.monotonic()
        sequenced = sequence_once(connection, key, now(), limit=limit)
        # A witness's time says that everything committed before it stands in the log, so nothing older may still wait.
        if sequenced < limit:
            asking.ask_when_due(drained=began)
        pause = BEAT - (time.monotonic() - began) if sequenced else LOOK_EVERY
        stop.wait(max(pause, 0.0))


def lead(connection: psycopg.Connection) -> bool:
    """Take the leader's lock for as long as the connection lasts; false while another holds it."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER]).fetchone()
    return bool(row and row[0])


def sequence_once(connection: psycopg.Connection, key: SigningKey, at: datetime, *, limit: int = BATCH) -> int:
    """Give the next batch of pending entries their places and sign the tree over them (排序一批).

    Args:
        connection: in autocommit; the batch is one transaction of its own.
        key: the log's key, named by its origin.
        at: time of the checkpoint.
        limit: entries at most.

    Returns:
        how many entries were sequenced.
    """
    row = connection.execute("SELECT EXISTS (SELECT 1 FROM kernel_pending)").fetchone()
    if not (row and row[0]):
        return 0
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("LOCK TABLE kernel_checkpoint IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT coalesce(max(size), 0) FROM kernel_checkpoint")
        size = int((cursor.fetchone() or (0,))[0])
        entries = cursor.execute(_TAKE, [limit]).fetchall()
        if not entries:
            return 0
        with cursor.copy('COPY kernel_leaf ("index", entry_id) FROM STDIN (FORMAT BINARY)') as copy:
            copy.set_types(["int8", "int8"])
            for index, (entry, _) in enumerate(entries, start=size):
                copy.write_row((index, entry))
        edge = _tiles(cursor, edge_places(size))
        grown = grow(size, edge, [leaf_hash(bytes(leaf)) for _, leaf in entries])
        cursor.executemany(_PUT_TILE, [(level, index, hashes) for (level, index), hashes in grown.items()])
        size += len(entries)
        known = edge | grown
        root = TileTree(lambda level, index: known[level, index]).root(size)
        note = sign_note(format_checkpoint(Checkpoint(key.name, size, root)), key)
        cursor.execute(
            "INSERT INTO kernel_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s)", [size, root, note, at]
        )
    return len(entries)


class Asking:
    """Has the newest checkpoint cosigned (请求见证), later and later while the witness cannot be reached.

    A witness that has seen more than this database holds, or another history, is proof that the log was rolled back or
    split. Nothing is signed any more then: the process ends with ``Tampered``, and so does every one started after it.
    """

    def __init__(self, connection: psycopg.Connection, asked: Witness, now: Callable[[], datetime]) -> None:
        self.connection = connection
        self.witness = asked
        self.now = now
        self.failures = 0
        self.due = 0.0
        self.known: int | None = None

    def compare(self, key: SigningKey) -> None:
        """Learn how far the witness has seen the log, before this process signs anything (开工核对).

        The empty tree is submitted: every log continues it, so a witness that knows more says so and remembers nothing.

        Raises:
            Tampered: when the witness has seen more than the database holds.
        """
        empty = sign_note(format_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT)), key)
        outcome = self.witness.cosign(0, [], empty)
        if isinstance(outcome, Conflict):
            row = self.connection.execute("SELECT coalesce(max(size), 0) FROM kernel_checkpoint").fetchone()
            _refuse_rollback(outcome.size, int(row[0]) if row else 0)
            self.known = outcome.size

    def ask_when_due(self, *, drained: float | None = None) -> None:
        """Ask for the newest checkpoint unless it is cosigned already or the waiting time is not over.

        Args:
            drained: when the last batch began that left nothing waiting, on the monotonic clock; now when not given.
        """
        if time.monotonic() < self.due:
            return
        row = self.connection.execute(
            "SELECT size, note FROM kernel_checkpoint c WHERE NOT EXISTS"
            " (SELECT 1 FROM kernel_cosignature s WHERE s.checkpoint_id = c.size)"
            " AND size = (SELECT max(size) FROM kernel_checkpoint)"
        ).fetchone()
        if row:
            self.ask(int(row[0]), str(row[1]), time.monotonic() if drained is None else drained)

    def ask(self, size: int, note: str, drained: float) -> None:
        """Ask once, and keep what was answered; an answer with another size is asked again from there.

        Raises:
            Tampered: when the witness has seen more of the log, or another one.
        """
        for _ in range(2):
            old = self.last_cosigned() if self.known is None else self.known
            _refuse_rollback(old, size)
            proof = TileTree(self.tile).consistency_proof(old, size)
            match self.witness.cosign(old, proof, note):
                case Cosigned(lines=lines):
                    self.known = size
                    # Later acts may have been committed meanwhile: its time would make them look back-dated.
                    if time.monotonic() - drained <= FRESH:
                        self.keep(size, lines)
                    return
                case Conflict(size=known) if known == old:
                    raise Tampered(f"the witness has seen {known} entries with another root")
                case Conflict(size=known):
                    _refuse_rollback(known, size)
                    self.known = known
                case Refused(status=422):
                    raise Tampered(f"the log of {size} does not continue the {old} entries that the witness has seen")
                case Refused(status=status, detail=detail):
                    self.wait(f"the witness refused with {status}: {detail}")
                    return
                case Unreachable(detail=detail):
                    self.wait(detail)
                    return
        self.wait("the witness keeps naming other sizes")

    def keep(self, size: int, lines: tuple[str, ...]) -> None:
        """Store the cosignature and tell all who wait for it."""
        name = self.witness.key().name
        with self.connection.transaction():
            self.connection.execute(
                "INSERT INTO kernel_cosignature (checkpoint_id, witness, line, at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (checkpoint_id, witness) DO NOTHING",
                [size, name, "\n".join(lines), self.now()],
            )
            self.connection.execute("SELECT pg_notify('mifeng_checkpoint', %s)", [str(size)])
        self.failures = 0

    def wait(self, why: str) -> None:
        """Set the next try further off and say why."""
        self.failures += 1
        self.due = time.monotonic() + min(0.25 * 2**self.failures, SLOWEST_ASK)
        log.warning("not witnessed yet: %s", why)

    def last_cosigned(self) -> int:
        """Return the size this witness cosigned last, as far as the log remembers."""
        row = self.connection.execute(
            "SELECT coalesce(max(checkpoint_id), 0) FROM kernel_cosignature WHERE witness = %s",
            [self.witness.key().name],
        ).fetchone()
        return int(row[0]) if row else 0

    def tile(self, level: int, index: int) -> bytes:
        """Return one tile."""
        row = self.connection.execute(
            'SELECT hashes FROM kernel_tile WHERE level = %s AND "index" = %s', [level, index]
        ).fetchone()
        return bytes(row[0]) if row else b""


def _refuse_rollback(seen: int, held: int) -> None:
    """Raise ``Tampered`` when the witness has seen more of the log than the database holds."""
    if seen > held:
        raise Tampered(f"the witness has seen {seen} entries, this database holds {held}")


def _tiles(cursor: psycopg.Cursor, places: list[Place]) -> dict[Place, bytes]:
    found: dict[Place, bytes] = {}
    for level, index in places:
        row = cursor.execute(
            'SELECT hashes FROM kernel_tile WHERE level = %s AND "index" = %s', [level, index]
        ).fetchone()
        if row:
            found[level, index] = bytes(row[0])
    return found
