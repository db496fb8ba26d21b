"""A log in a database of its own (台账试验): the sequencer's connection, its key, and a witness in this process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from mifeng.gateways.witness import Outcome
from mifeng.kernel import clock
from mifeng.kernel.ledger.proofs import export_log
from mifeng.kernel.ledger.sequencer import Asking, log_key, sequence_once
from mifeng.programs.verify.audit import Audit
from mifeng.programs.verify.checkpoints import Trust
from mifeng.rules.ledger import SigningKey, VerifierKey, parse_vkey
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.factories import City
from tests.races.contest import dsn
from tests.web.witnessed import NearWitness, own_connection

GUARDED = ("kernel_entry", "kernel_leaf", "kernel_checkpoint", "kernel_cosignature")


class Platform:
    """The city's log, the sequencer's connection, its key and a witness; a test that rolls back shares its own."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city = city
        self.key: SigningKey = log_key()
        self.shared = connection.in_atomic_block
        self.connection = connection.connection if self.shared else psycopg.connect(dsn(), autocommit=True)
        self.witness = NearWitness(folder, self.key.verifier)
        self.asking = Asking(self.connection, self.witness, clock.now)
        self.seats = list(Seat.objects.select_related("site").order_by("pk")[:3])

    def act(self, count: int = 1) -> list[int]:
        """Let officers act; return the ids of the entries."""
        seats = [self.seats[number % len(self.seats)] for number in range(count)]
        return [record_readiness(seat.pk, fault="", by=self.city.officer(seat.site)).id for seat in seats]

    def sequence(self, limit: int = 50_000) -> int:
        """Sequence one batch."""
        with own_connection() if self.shared else nullcontext(self.connection) as own:
            return sequence_once(own, self.key, clock.now(), limit=limit)

    def settle(self) -> None:
        """Sequence everything and have it cosigned."""
        self.sequence()
        self.asking.ask_when_due()

    def close(self) -> None:
        """Let go of the witness's memory, and of the connection where it is the sequencer's own."""
        self.witness.close()
        if not self.shared:
            self.connection.close()

    def trust(self) -> Trust:
        """Return the keys that an outsider would have."""
        return Trust(self.key.verifier, (self.witness.key(),))

    def faults(self) -> list[tuple[str, int | None]]:
        """Export the log and verify it; return code and index of every fault."""
        return [(fault.code, fault.index) for fault in Audit(self.trust()).faults(export_log())]


class Absent:
    """A witness that answers what the test says, whatever it is asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[int] = []

    def key(self) -> VerifierKey:
        """Return the key of the platform's witness."""
        return parse_vkey((Path(settings.ENV.data) / "witness" / "witness.vkey").read_text())

    def cosign(self, old_size: int, proof: Sequence[bytes], note: str) -> Outcome:
        """Answer as told."""
        self.asked.append(old_size)
        return self.outcomes.pop(0)

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def administrator() -> Iterator[psycopg.Connection]:
    """Act as whoever owns the database and has put its guards aside."""
    shared = nullcontext(connection.connection)
    with shared if connection.in_atomic_block else psycopg.connect(dsn(), autocommit=True) as owner:
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        yield owner
