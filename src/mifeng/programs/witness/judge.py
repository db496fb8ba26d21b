"""What the witness decides (见证判定): the order of checks of C2SP tlog-witness, each with its status.

400 malformed · 404 unknown log · 403 not signed by that log · 409 not what was seen last · 422 not shown to continue
it · 200 with the cosignature. A size below the one seen last, or another root at the same size, is refused for ever.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mifeng.programs.witness.memory import Memory, Seen
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Checkpoint,
    Note,
    SigningKey,
    Submission,
    VerifierKey,
    cosign,
    parse_checkpoint,
    parse_note,
    parse_submission,
    proves_consistency,
    verify_note,
)

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back (答复): HTTP status, body, media type."""

    status: int
    body: str
    media: str = PLAIN


class Judge:
    """Decides submissions (见证判定).

    Args:
        key: the witness's signing key.
        logs: the keys trusted for each origin.
        memory: what was seen.
        clock: returns seconds since 1970-01-01 UTC.
    """

    def __init__(
        self, key: SigningKey, logs: Mapping[str, Sequence[VerifierKey]], memory: Memory, clock: Callable[[], int]
    ) -> None:
        self._key = key
        self._logs = logs
        self._memory = memory
        self._clock = clock

    def answer(self, body: bytes) -> Answer:
        """Return the answer to the body of one ``add-checkpoint`` request."""
        try:
            submission = parse_submission(body.decode())
            note = parse_note(submission.note)
            checkpoint = parse_checkpoint(note.text)
        except ValueError as error:
            return Answer(400, f"malformed: {error}\n")
        if checkpoint.origin not in self._logs:
            return Answer(404, "unknown log\n")
        if not self._is_signed(note, checkpoint.origin):
            return Answer(403, "not signed by a key of this log\n")
        if submission.old_size > checkpoint.size:
            return Answer(400, "malformed: the old size is above the size\n")
        answer = self._decide(submission, checkpoint, note)
        _log.info("%s size %d from %d: %d", checkpoint.origin, checkpoint.size, submission.old_size, answer.status)
        return answer

    def _is_signed(self, note: Note, origin: str) -> bool:
        for key in self._logs[origin]:
            try:
                verify_note(note, key)
            except Tampered:
                continue
            return True
        return False

    def _decide(self, submission: Submission, checkpoint: Checkpoint, note: Note) -> Answer:
        """Compare with what was seen and remember it in one transaction; sign only once that is on disk."""
        with self._memory.alone():
            seen = self._memory.seen(checkpoint.origin)
            forked = checkpoint.size == seen.size and checkpoint.root != seen.root
            if forked:
                self._memory.keep_fork(checkpoint.origin, seen, submission.note, self._clock())
            if forked or submission.old_size != seen.size:
                return Answer(409, f"{seen.size}\n", SIZE)
            if not proves_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, submission.proof):
                return Answer(422, "not shown to continue what was seen\n")
            # The time attested never runs backwards, also when the machine's clock is set back.
            at = max(self._clock(), seen.at)
            self._memory.remember(checkpoint.origin, Seen(checkpoint.size, checkpoint.root, submission.note, at))
        return Answer(200, f"{cosign(note.text, self._key, at)}\n")
