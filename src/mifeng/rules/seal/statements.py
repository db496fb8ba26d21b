"""What is signed about a sealed bid (签署内容): by the bidder's ``submit_key``, and by each trustee.

Every statement is a tuple with a label of its own, so that no signature ever fits another purpose, and names all it
depends on, so that none can be used again elsewhere: not in another lot, for another version, in another place of the
log. ``submit_key`` signs with ECDSA on P-256 and SHA-256 (DER), trustees with Ed25519.
"""

from collections.abc import Iterable
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mifeng.rules.curve import decode_point, encode_scalar
from mifeng.rules.encoding import encode_tuple
from mifeng.rules.errors import Tampered

HASH_BYTES = 32
NONCE_BYTES = 64

Verb = Literal["submit", "withdraw", "status"]
Verdict = Literal["ok", "bad"]
Countersigned = Literal["deadline", "close", "release"]


def submission(verb: Verb, lot_ref: bytes, bid_ref: bytes, version: int, envelope_hash: bytes, nonce: bytes) -> bytes:
    """Return what ``submit_key`` signs to hand in, withdraw or ask about a version (递交声明).

    Args:
        verb: submit, withdraw or status.
        lot_ref: the lot.
        bid_ref: the bid.
        version: of the envelope spoken of.
        envelope_hash: of that version.
        nonce: what the server gave out for this one request, up to 64 bytes.

    Raises:
        ValueError: when a value is misshapen.
    """
    if verb not in ("submit", "withdraw", "status"):
        raise ValueError(f"not a verb: {verb}")
    if not 0 < len(nonce) <= NONCE_BYTES:
        raise ValueError(f"a nonce has 1 to {NONCE_BYTES} bytes")
    _hashes(lot_ref, bid_ref, envelope_hash)
    return encode_tuple("BE1 submit", verb, lot_ref, bid_ref, _version(version), envelope_hash, nonce)


def acknowledgement(
    policy_hash: bytes, bid_ref: bytes, version: int, envelope_hash: bytes, trustee: str, verdict: Verdict
) -> bytes:
    """Return what a trustee signs once it has opened its stanza and tried its share (可开启确认).

    Args:
        policy_hash: the policy under which it did so.
        bid_ref: the bid.
        version: of the envelope.
        envelope_hash: of that version.
        trustee: its name in the policy.
        verdict: ``ok`` when the share fits the public points, ``bad`` otherwise.

    Raises:
        ValueError: when a value is misshapen.
    """
    if verdict not in ("ok", "bad"):
        raise ValueError(f"not a verdict: {verdict}")
    _hashes(policy_hash, bid_ref, envelope_hash)
    return encode_tuple("BE1 ack", policy_hash, bid_ref, _version(version), envelope_hash, trustee, verdict)


def countersignature(
    kind: Countersigned, lot_ref: bytes, policy_hash: bytes, leaf: bytes, trustee: str, detail: bytes | str
) -> bytes:
    """Return what a trustee signs to countersign a decisive entry of the log (副署), once per lot and kind.

    Args:
        kind: deadline, close or release.
        lot_ref: the lot.
        policy_hash: the policy it holds for this lot.
        leaf: leaf of the entry, hence the whole history before it.
        trustee: its name in the policy.
        detail: what the entry decides: the instant T, the hash of the list, …

    Raises:
        ValueError: when a value is misshapen.
    """
    if kind not in ("deadline", "close", "release"):
        raise ValueError(f"nothing to countersign: {kind}")
    _hashes(lot_ref, policy_hash, leaf)
    return encode_tuple("BE1 countersign", kind, lot_ref, policy_hash, leaf, trustee, detail)


def batch(lot_ref: bytes, leaf: bytes, trustee: str, shares: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return what a trustee signs when it releases its shares, all at once (释放份额).

    Args:
        lot_ref: the lot.
        leaf: leaf of the entry that closed the bidders' keys.
        trustee: its name in the policy.
        shares: bid_ref and share (32 bytes each) of every bid of that entry's list, in its order.

    Raises:
        ValueError: when a value is misshapen.
    """
    rows = list(shares)
    _hashes(lot_ref, leaf, *(value for row in rows for value in row))
    return encode_tuple("BE1 batch", lot_ref, leaf, trustee, b"".join(encode_tuple(*row) for row in rows))


def sign_ecdsa(scalar: int, message: bytes) -> bytes:
    """Return the signature (DER) of a message by a P-256 key, such as ``submit_key``.

    Raises:
        ValueError: when the secret number is out of range.
    """
    encode_scalar(scalar)
    return ec.derive_private_key(scalar, ec.SECP256R1()).sign(message, ec.ECDSA(hashes.SHA256()))


def verify_ecdsa(public: bytes, message: bytes, signature: bytes) -> None:
    """Make sure that a message is signed by the P-256 key of an encoded point.

    Raises:
        Tampered: when the signature does not hold.
        ValueError: when the key is not a point.
    """
    decode_point(public)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Tampered("the signature of the submit key does not verify") from error


def sign_ed25519(seed: bytes, message: bytes) -> bytes:
    """Return the signature (64 bytes) of a message by a trustee's key, given as its 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Make sure that a message is signed by a trustee's key, given as its 32 public bytes.

    Raises:
        Tampered: when the signature does not hold.
        ValueError: when the key does not have 32 bytes.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise Tampered("the signature of the trustee does not verify") from error


def _hashes(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ValueError(f"references, hashes, leaves and shares have {HASH_BYTES} bytes")


def _version(version: int) -> int:
    if version < 1:
        raise ValueError("versions count from 1")
    return version
