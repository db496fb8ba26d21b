"""Opening a bid (开启), once the bidder's key and the shares of t trustees have come together.

What the envelope committed to before the deadline is compared at every step, so that either the one content there is
comes out, or it is clear through whom it does not: ``s_B`` against ``sB_commit``, each share against the points ``C``,
``a0`` against ``C_0``, each ciphertext against its hash, the key of a part against the commitment in the part, and the
signature of the bidder over all of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest

from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.rules.curve import base_multiply_secret, decode_scalar, encode_point
from mifeng.rules.errors import Tampered
from mifeng.rules.seal.core import key_commitment
from mifeng.rules.seal.envelope import SLOTS, Part, Seal
from mifeng.rules.seal.faults import Course, Unopenable, computed_fault
from mifeng.rules.seal.identity import Identity, identity_of
from mifeng.rules.seal.layout import hasher
from mifeng.rules.seal.part import File, files_of, open_part, part_context, part_key
from mifeng.rules.seal.policy import MODE, PARTS, SUITE
from mifeng.rules.seal.sharing import combine, verify_share
from mifeng.rules.seal.wrap import unwrap

__all__ = [
    "Course",
    "Opened",
    "Unopenable",
    "computed_fault",
    "fitting_shares",
    "matches_key",
    "open_bid",
    "open_part",
    "open_share",
    "open_slot",
    "open_with",
    "part_context",
    "part_key",
]


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened bid (已开启投标文件).

    Args:
        parts: the files of every part.
        identity: who bids; the signature holds, whether the certificate stands is another question.
        a0: the number that the trustees shared.
    """

    parts: Mapping[str, tuple[File, ...]]
    identity: Identity
    a0: int = field(repr=False)


def matches_key(seal: Seal, s_b: bytes) -> bool:
    """Say whether this is the key that the bidder committed to (密钥相符)."""
    return compare_digest(key_commitment(seal.bid_ref, s_b), seal.sb_commit)


def open_slot(seal: Seal, private: ec.EllipticCurvePrivateKey) -> bytes | None:
    """Return the bidder's key from whichever slot this private key opens; None when it opens none."""
    for index in range(1, SLOTS + 1):
        s_b = unwrap(seal.stanza("bidder", index).data, private, seal.core_hash, "bidder", index)
        if s_b is not None and matches_key(seal, s_b):
            return s_b
    return None


def open_share(seal: Seal, index: int, private: ec.EllipticCurvePrivateKey) -> int:
    """Return the share in a trustee's stanza, held against the public points; what a trustee does on receiving it.

    Args:
        seal: the header.
        index: the trustee's index in the policy, from 1.
        private: the trustee's own key.

    Raises:
        Tampered: when the stanza does not open with this key, or the share does not fit.
        ValueError: when the envelope has no such stanza.
    """
    data = unwrap(seal.stanza("trustee", index).data, private, seal.core_hash, "trustee", index)
    if data is None:
        raise Tampered("share: the stanza does not open")
    try:
        value = decode_scalar(data)
    except ValueError as error:
        raise Tampered("share: not a scalar") from error
    if not verify_share(index, value, seal.commitments):
        raise Tampered("share: it does not fit the public points")
    return value


def fitting_shares(seal: Seal, shares: Mapping[int, int]) -> dict[int, int]:
    """Return those of the released shares, by index, that fit the public points."""
    return {
        index: value
        for index, value in shares.items()
        if 0 < index <= seal.n and verify_share(index, value, seal.commitments)
    }


def open_bid(seal: Seal, s_b: bytes, shares: Mapping[int, int], ciphertexts: Mapping[str, Iterable[bytes]]) -> Opened:
    """Open a bid (开启投标文件) with the bidder's key and the shares that the trustees released.

    Args:
        seal: the header.
        s_b: the bidder's key.
        shares: of the trustees, by index; wrong ones are passed over as long as t fit.
        ciphertexts: of each part, in pieces of any length; a part whose bytes are gone is left out.

    Raises:
        Unopenable: with ``fault`` and ``reason``; nothing of the bid is given out then.
    """
    if not matches_key(seal, s_b):
        raise Unopenable("bidder", "key")
    fitting = fitting_shares(seal, shares)
    needed = len(seal.commitments)
    if len(fitting) < needed:
        raise Unopenable("trustee", "share")
    return open_with(seal, s_b, combine(dict(sorted(fitting.items())[:needed])), ciphertexts)


def open_with(seal: Seal, s_b: bytes, a0: int, ciphertexts: Mapping[str, Iterable[bytes]]) -> Opened:
    """Open a bid with both secrets, as somebody does who finds them in the record.

    Args:
        seal: the header.
        s_b: the bidder's key.
        a0: the number that the trustees shared.
        ciphertexts: of each part, in pieces of any length; a part whose bytes are gone is left out.

    Raises:
        Unopenable: with ``fault`` and ``reason``; nothing of the bid is given out then.
        Tampered: when one of the secrets is not the one committed to.
        ValueError: for another suite or mode, or a number that is no scalar.
    """
    if (seal.core.suite, seal.core.mode) != (SUITE, MODE):
        raise ValueError(f"not of suite {SUITE} and mode {MODE}")
    if not matches_key(seal, s_b):
        raise Tampered("s_B is not the key that sB_commit names")
    if encode_point(base_multiply_secret(a0)) != seal.commitments[0]:
        raise Tampered("a0 is not the number that C_0 names")
    parts: dict[str, tuple[File, ...]] = {}
    plain = {
        part.id: _plaintext(seal, part, part_key(seal.core_hash, s_b, a0, part.id), ciphertexts.get(part.id, ()))
        for part in seal.parts
    }
    for name in PARTS:
        parts[name] = files_of(plain.pop(name))
    others = [part.ct_hash for part in seal.parts[:-1]]
    return Opened(parts, identity_of(parts[PARTS[-1]], seal.core_hash, others), a0)


def _plaintext(seal: Seal, part: Part, key: bytes, ciphertext: Iterable[bytes]) -> tuple[bytes, ...]:
    found = hasher("BE1 ct", part.ct_len)

    def watched() -> Iterator[bytes]:
        for piece in ciphertext:
            found.update(piece)
            yield piece

    pieces = watched()
    failure: Unopenable | None = None
    plaintext: tuple[bytes, ...] = ()
    try:
        plaintext = open_part(key, part_context(seal.core_hash, part.id), pieces)
    except Unopenable as error:
        failure = error
    for _ in pieces:
        pass
    if found.digest() != part.ct_hash:
        raise Unopenable("platform", "bytes") from failure
    if failure is not None:
        raise failure
    return plaintext
