"""The way to a trustee (开标受托人接口): five requests, three possible answers.

The platform shows a trustee what stands in the witnessed log; the trustee signs, or refuses with a code, or cannot be
reached. What it says is believed only under its own key, which the policy of the package names: an answer whose
signature does not hold is a refusal, whatever its status. No request needs the platform's word to be believed, so the
same request may be sent again at any time and gets the same answer.
"""

from dataclasses import dataclass
from typing import Protocol

from mifeng.rules.seal.policy import Trustee as Named
from mifeng.rules.seal.statements import Verdict


@dataclass(frozen=True, slots=True)
class Given:
    """The trustee signed (已签署).

    Args:
        signature: by its Ed25519 key, over the statement that belongs to the request.
        verdict: ``ok`` or ``bad`` for a stanza; None for every other request.
        shares: of a release, pairs of bid_ref and share; a bid whose stanza held no share is left out.
    """

    signature: bytes
    verdict: Verdict | None = None
    shares: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The trustee does not sign this (拒签), or what came back is not signed by it; ``code`` says why.

    ``too-early`` ends by itself, ``stanza-unknown`` and ``deadline-unknown`` once the trustee has been shown what it
    lacks; after any other code, asking again with the same request is useless.
    """

    code: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer, or none that makes sense (无法联系); asking again later may help."""

    detail: str


Outcome = Given | Refused | Unreachable


class Trustee(Protocol):
    """A trustee as the platform sees it (开标受托人).

    The requests never raise for what the other side does, and ``ValueError`` when what is to be sent is misshapen.
    """

    def key(self) -> Named:
        """Return the trustee's name, body and public keys.

        Raises:
            OSError: when they cannot be read yet.
            ValueError: when they are misshapen.
        """
        ...

    def deadline(self, policy: bytes, receipt: str) -> Outcome:
        """Ask for the countersignature of a deadline, by the receipt of the notice or clarification that fixes it."""
        ...

    def stanza(self, seal: bytes, nonce: bytes, signature: bytes) -> Outcome:
        """Have the trustee try its share of a version, by the header of the envelope.

        ``nonce`` and ``signature`` are those with which the bidder's submit key handed this version in.
        """
        ...

    def withdraw(
        self, lot_ref: bytes, bid_ref: bytes, version: int, envelope: bytes, nonce: bytes, signature: bytes
    ) -> Outcome:
        """Pass on a withdrawal, as the bidder's submit key signed it; the trustee signs the same statement."""
        ...

    def close(self, receipt: str) -> Outcome:
        """Ask for the countersignature of the list with which a lot closed, by its receipt."""
        ...

    def release(self, receipt: str) -> Outcome:
        """Ask for the shares, by the receipt of the entry that closed the bidders' keys."""
        ...

    def close_connections(self) -> None:
        """Let go of connections."""
        ...
