"""The way to a witness (见证人接口): one question, four possible answers.

The log sends a signed checkpoint with the proof that it continues what the witness saw last. The witness cosigns, or
knows another size, or refuses, or cannot be reached. What it says is believed only under its own key, which is known
from elsewhere: an answer whose signature does not hold is a refusal, whatever its status.

Some witnesses are contributors to draws of experts too (抽取随机数贡献方). They are shown the notice and the pool and
give their part of the seed, or refuse, or cannot be reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mifeng.rules.draw.lots import Contribution
from mifeng.rules.ledger import VerifierKey
from mifeng.rules.seal.policy import Contributor as Named


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


@dataclass(frozen=True, slots=True)
class Contributed:
    """The witness contributed to the seed (已贡献): its proof and signature, both verified."""

    contribution: Contribution


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


class Contributor(Protocol):
    """A contributor to the seeds of draws as the platform sees it (抽取随机数贡献方)."""

    def key(self) -> Named:
        """Return how a policy names the contributor, with its public keys.

        Raises:
            OSError: when they cannot be read yet.
            ValueError: when they are misshapen.
        """
        ...

    def contribute(self, policy: bytes, notice: str, pool: str, handle: bytes) -> Contributed | Refused | Unreachable:
        """Ask for the contribution to a draw; never raises for what the other side does.

        Args:
            policy: canonical bytes of the policy that names the contributors.
            notice: receipt, with body, of the notice or clarification that lists the handle.
            pool: receipt, with body, of the pool.
            handle: of the draw, 32 bytes.

        Raises:
            ValueError: when the receipt of the pool does not lay its entry open.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
