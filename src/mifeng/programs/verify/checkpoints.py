"""The checkpoints of a log, one by one (树根核验): signed, in their place, with the root of the entries before them."""

from collections.abc import Iterator
from dataclasses import dataclass

from mifeng.programs.verify.chains import moment
from mifeng.programs.verify.faults import Fault
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Checkpoint,
    Frontier,
    Header,
    Note,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    verify_cosignature,
    verify_note,
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known from elsewhere (外部凭据): keys, and checkpoints kept from earlier looks at the log."""

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    against: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """The state of the log at its last sound checkpoint (末个树根): its size and who cosigned it."""

    size: int
    cosigned: frozenset[VerifierKey]


class Checkpoints:
    """Checks checkpoints in the order of the file (树根的核验)."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._log = trust.log
        self._origin = ""
        self._witnesses: dict[tuple[str, bytes], VerifierKey] = {}
        self._add_witnesses(trust.witnesses)
        self._roots: dict[int, bytes] = {}
        self._times: dict[str, int] = {}
        self._sound = 0
        self.last: Cover | None = None
        self.seen: int | None = None

    @property
    def has_witnesses(self) -> bool:
        """Say whether any witness is known."""
        return bool(self._witnesses)

    def header(self, line: int, header: Header) -> Iterator[Fault]:
        """Take the keys that the file names; those known from elsewhere come first."""
        self._origin = header.origin
        self._add_witnesses(header.witnesses)
        if self._log is None:
            self._log = header.log
        elif self._log != header.log:
            yield Fault("key-other", line, expected=str(self._log), found=str(header.log))

    def checkpoint(self, line: int, text: str, frontier: Frontier, position: int) -> Iterator[Fault]:
        """Check one checkpoint; ``seen`` is then when witnesses saw all entries before it, None when they did not."""
        self.seen = None
        try:
            note = parse_note(text)
            checkpoint = parse_checkpoint(note.text)
        except ValueError as error:
            yield Fault("checkpoint-wrong", line, found=str(error))
            return
        if self._origin and checkpoint.origin != self._origin:
            yield Fault("origin-other", line, expected=self._origin, found=checkpoint.origin)
        yield from self._signatures(line, note, checkpoint)
        yield from self._place(line, checkpoint, frontier, position)
        seen: dict[VerifierKey, int] = {}
        for key in self._witnesses.values():
            yield from self._cosignature(line, note, key, checkpoint.size, seen)
        self.last = Cover(checkpoint.size, frozenset(seen))
        if seen and checkpoint.size == position:
            self.seen = min(seen.values())

    def end(self, position: int) -> Iterator[Fault]:
        """Report what the file as a whole lacks."""
        if self.last is None:
            yield Fault("checkpoint-missing", 0)
            return
        if position > self.last.size:
            yield Fault("entries-uncovered", 0, expected=str(self.last.size), found=str(position))
        wanted = self._trust.witnesses or tuple(self._witnesses.values())
        missing = [key for key in wanted if key not in self.last.cosigned]
        # Keys known from elsewhere are all required; of those the file names itself, one will do.
        if missing and (self._trust.witnesses or not self.last.cosigned):
            names = "、".join(key.name for key in missing)
            yield Fault("cosignature-missing", 0, self.last.size, expected=names)

    def unchecked(self) -> list[str]:
        """Return the codes of what could not be checked for want of keys."""
        lacking = [] if self._trust.log else ["log-key"]
        if not self._witnesses:
            return [*lacking, "witnesses"]
        return lacking if self._trust.witnesses else [*lacking, "witness-keys"]

    def signed_by_log(self, note: Note) -> str:
        """Return why a note is not signed by this log; empty when it is, or when no key is known."""
        if self._log is None:
            return ""
        try:
            verify_note(note, self._log)
        except Tampered as error:
            return str(error)
        return ""

    def _add_witnesses(self, keys: tuple[VerifierKey, ...]) -> None:
        for key in keys:
            self._witnesses.setdefault((key.name, key.key_id), key)

    def _signatures(self, line: int, note: Note, checkpoint: Checkpoint) -> Iterator[Fault]:
        if self._log is None:
            return
        if not note.by(self._log):
            yield Fault("signature-missing", line, checkpoint.size)
        elif self.signed_by_log(note):
            yield Fault("signature-wrong", line, checkpoint.size)
        known = {(self._log.name, self._log.key_id), *self._witnesses}
        for signature in note.signatures:
            if (signature.name, signature.key_id) not in known:
                yield Fault("signature-unknown", line, checkpoint.size, found=str(signature))

    def _place(self, line: int, checkpoint: Checkpoint, frontier: Frontier, position: int) -> Iterator[Fault]:
        size, root = checkpoint.size, checkpoint.root
        earlier = self._roots.get(size)
        if earlier is not None:
            if earlier == root:
                yield Fault("checkpoint-repeated", line, size, found=str(size))
            else:
                yield Fault("checkpoint-forked", line, size, expected=earlier.hex(), found=root.hex())
            return
        self._roots[size] = root
        if size != position:
            yield Fault("checkpoint-misplaced", line, size, expected=str(position), found=str(size))
        elif frontier.root() != root:
            computed = frontier.root().hex()
            yield Fault("root-wrong", line, size, other=self._sound, expected=computed, found=root.hex())
        else:
            self._sound = size

    def _cosignature(
        self, line: int, note: Note, key: VerifierKey, size: int, seen: dict[VerifierKey, int]
    ) -> Iterator[Fault]:
        if not note.by(key):
            return
        try:
            at = verify_cosignature(note, key)
        except Tampered as error:
            yield Fault("cosignature-wrong", line, size, key.name, found=str(error))
            return
        before = self._times.get(key.name, at)
        if at < before:
            yield Fault("cosignature-backwards", line, size, key.name, expected=moment(before), found=moment(at))
        self._times[key.name] = max(at, before)
        seen[key] = at
