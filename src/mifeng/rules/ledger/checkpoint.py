"""Checkpoints (签名树根), as in C2SP tlog-checkpoint: the origin, the size and the root of the log in three lines.

The log signs the text, witnesses cosign it. This log writes no extension lines, and a reader refuses them: nothing
may be signed here that no outsider can check. A *submission* is what the log sends a witness (C2SP tlog-witness): the
size the witness saw last, the proof that nothing before it changed, and the signed checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mifeng.rules.ledger.note import decode64, encode64
from mifeng.rules.ledger.tree import HASH_BYTES, MAX_SIZE

MAX_STEPS = 63
TEST_SUFFIX = "/test"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of the log in one line each (树根): origin, number of leaves, root.

    Raises:
        ValueError: for an empty origin or one with a control character, a size out of range or a root of another
            length.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or any(sign < " " for sign in self.origin):
            raise ValueError(f"not an origin: {self.origin!r}")
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"not a size: {self.size}")
        if len(self.root) != HASH_BYTES:
            raise ValueError(f"a root has {HASH_BYTES} bytes, not {len(self.root)}")

    @property
    def is_test(self) -> bool:
        """Say whether the log stands in test mode."""
        return is_test_origin(self.origin)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a witness is sent (送见证): the size it saw last, the consistency proof and the signed checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


def is_test_origin(origin: str) -> bool:
    """Say whether a log stands in test mode (测试模式), where the platform's clock may run ahead of the world's."""
    return origin.endswith(TEST_SUFFIX)


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text that is signed: three lines, each ended by a newline."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{encode64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text.

    Raises:
        ValueError: when it is not a checkpoint in its only proper form; extension lines are refused.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise ValueError("a checkpoint has three lines")
    return Checkpoint(lines[0], parse_decimal(lines[1]), decode64(lines[2]))


def parse_decimal(text: str) -> int:
    """Return the number of an ASCII decimal without leading zeros.

    Raises:
        ValueError: for any other text, or a number above 2**63 - 1.
    """
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > len(str(MAX_SIZE)):
        raise ValueError(f"not a number: {text[:24]!r}")
    number = int(text)
    if number > MAX_SIZE:
        raise ValueError(f"number out of range: {text}")
    return number


def parse_hash(text: str) -> bytes:
    """Return the 32 bytes of a hash in base64.

    Raises:
        ValueError: when it is anything else.
    """
    hashed = decode64(text)
    if len(hashed) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, not {len(hashed)}")
    return hashed


def format_submission(old_size: int, proof: Sequence[bytes], note: str) -> str:
    """Return the body of a request to a witness."""
    return f"old {old_size}\n" + "".join(f"{encode64(step)}\n" for step in proof) + "\n" + note


def parse_submission(body: str) -> Submission:
    """Return what a request to a witness says; nothing is verified.

    Raises:
        ValueError: when it is misshapen or carries more than 63 hashes.
    """
    head, gap, note = body.partition("\n\n")
    first, *steps = head.split("\n")
    if not gap or not first.startswith("old "):
        raise ValueError("a submission begins with the old size")
    if len(steps) > MAX_STEPS:
        raise ValueError(f"more than {MAX_STEPS} hashes")
    return Submission(parse_decimal(first.removeprefix("old ")), tuple(parse_hash(step) for step in steps), note)
