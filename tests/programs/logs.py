"""Logs made for a test: a few entries, checkpoints where the test wants them, everything signed."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from mifeng.programs.verify.checkpoints import Trust
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    ExportedCheckpoint,
    ExportedEntry,
    Frontier,
    Header,
    Kind,
    SigningKey,
    add_signatures,
    body_commitment,
    cosign,
    format_checkpoint,
    format_entry,
    format_line,
    leaf_hash,
    sign_note,
)


class Log:
    """A log under construction; ``lines`` is its export so far, ``notes`` its checkpoints."""

    def __init__(self, origin: str = "log.example/test-case", witnesses: int = 1, seed: bytes = b"log") -> None:
        self.key = SigningKey(origin, Kind.LOG, hashlib.sha256(seed).digest())
        self.witnesses = [
            SigningKey(f"witness.example/{number}", Kind.WITNESS, hashlib.sha256(b"%d" % number).digest())
            for number in range(witnesses)
        ]
        self.frontier = Frontier()
        self.heads: dict[str, bytes] = {}
        self.notes: list[str] = []
        header = Header(origin, self.key.verifier, tuple(key.verifier for key in self.witnesses))
        self.lines = [format_line(header)]

    @property
    def trust(self) -> Trust:
        """Return the keys that a careful reader would have."""
        return Trust(self.key.verifier, tuple(key.verifier for key in self.witnesses))

    def entry(self, stream: str, seconds: int) -> None:
        """Append an entry of a stream with a time in seconds since 1970."""
        index = self.frontier.size
        salt = hashlib.sha256(b"salt %d" % index).digest()
        body = body_commitment(salt, b"{}")
        at = datetime.fromtimestamp(seconds, UTC)
        data = format_entry(Entry("step", stream, self.heads.get(stream, b""), "actor", at, body))
        disclosed = Disclosed(data, salt)
        self.heads[stream] = disclosed.leaf
        self.frontier.append(leaf_hash(disclosed.leaf))
        self.lines.append(format_line(ExportedEntry(index, disclosed.leaf, disclosed)))

    def checkpoint(self, seconds: int | Mapping[int, int] | None, by: Sequence[int] = (0,)) -> None:
        """Append a checkpoint cosigned by witnesses, by number; at one time or each at its own."""
        root = self.frontier.root()
        text = format_checkpoint(Checkpoint(self.key.name, self.frontier.size, root))
        times = seconds if isinstance(seconds, Mapping) else {} if seconds is None else dict.fromkeys(by, seconds)
        lines = [cosign(text, self.witnesses[number], at) for number, at in times.items()]
        self.notes.append(add_signatures(sign_note(text, self.key), lines))
        self.lines.append(format_line(ExportedCheckpoint(self.notes[-1])))
