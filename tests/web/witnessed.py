"""A log sequenced and witnessed inside a test (见证): the platform's own sequencer, the witness's own judgement.

Only the wire between the two is left out.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection

from mifeng.config.env import env
from mifeng.gateways.witness import Conflict, Cosigned, Outcome, Refused
from mifeng.kernel import clock
from mifeng.kernel.ledger.sequencer import Asking, log_key, sequence_once
from mifeng.programs.witness.judge import Judge
from mifeng.programs.witness.keys import read_key
from mifeng.programs.witness.memory import Memory
from mifeng.rules.ledger import VerifierKey, format_submission


class NearWitness:
    """A witness in the same process (就近见证人)."""

    def __init__(self, folder: Path, log: VerifierKey, now: Callable[[], float] = time.time) -> None:
        self._key = read_key(Path(settings.ENV.data) / "witness")
        self._memory = Memory(folder / "witness.sqlite")
        self._judge = Judge(self._key, {log.name: [log]}, self._memory, lambda: int(now()))

    def key(self) -> VerifierKey:
        """Return the witness's public key."""
        return self._key.verifier

    def cosign(self, old_size: int, proof: Sequence[bytes], note: str) -> Outcome:
        """Ask for a cosignature."""
        answer = self._judge.answer(format_submission(old_size, proof, note).encode())
        if answer.status == 200:
            return Cosigned((answer.body.strip(),), int(time.time()))
        return Conflict(int(answer.body)) if answer.status == 409 else Refused(answer.status, answer.body)

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()


def witness_log(folder: Path, now: Callable[[], float] = time.time) -> tuple[VerifierKey, VerifierKey]:
    """Sequence what waits in the test's own database and have it witnessed; return the keys of log and witness.

    Args:
        folder: where the witness keeps its memory; the same one for the same database.
        now: the witness's clock, in seconds since 1970.
    """
    key = log_key()
    witness = NearWitness(folder, key.verifier, now)
    try:
        with own_connection() as own:
            sequence_once(own, key, clock.now())
            Asking(own, witness, clock.now).ask_when_due()
    finally:
        witness.close()
    return key.verifier, witness.key()


@contextmanager
def own_connection() -> Iterator[psycopg.Connection]:
    """Give the sequencer a connection of its own; where the test commits nothing, the one that sees what it did."""
    if not connection.in_atomic_block:
        dsn = psycopg.conninfo.make_conninfo(env().database_url, dbname=connection.settings_dict["NAME"])
        with psycopg.connect(dsn, autocommit=True) as own:
            yield own
        return
    shared = connection.connection
    kept, shared.cursor_factory = shared.cursor_factory, psycopg.Cursor
    try:
        yield shared
    finally:
        shared.cursor_factory = kept
