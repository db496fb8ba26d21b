"""The way to a witness (见证人接口): one question, four possible answers.

The log sends a signed checkpoint with the proof that it continues what the witness saw last. The witness cosigns, or
knows another size, or refuses, or cannot be reached. What it says is believed only under its own key, which is known
from
elsewhere: an answer whose signature does not hold is a refusal, whatever its status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mifeng.rules.ledger import VerifierKey


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness cosigned (已见证): its signature lines, without newline; the time it attests, seconds since 1970."""

    lines: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The witness saw another size last (长度不符)."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness will not sign this (拒绝见证); asking again with the same checkpoint is useless."""

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer, or none that makes sense (无法联系); asking again later may help."""

    detail: str


Outcome = Cosigned | Conflict | Refused | Unreachable


class Witness(Protocol):
    """A witness as the log sees it (见证人)."""

    def key(self) -> VerifierKey:
        """Return the witness's public key.

        Raises:
            OSError: when the key cannot be read yet.
            ValueError: when it is misshapen.
        """
        ...

    def cosign(self, old_size: int, proof: Sequence[bytes], note: str) -> Outcome:
        """Ask for a cosignature of a signed checkpoint; never raises for what the other side does."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
