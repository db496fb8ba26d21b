"""Verifiable random values (可验证随机函数): ECVRF-P256-SHA256-TAI of RFC 9381.

The holder of a secret key turns an input, *alpha*, into 32 bytes, *beta*, that look random to everybody else and that
the holder cannot choose: for one key and one alpha there is exactly one beta. The proof, *pi*, shows with the public
key alone that it is that one. Several valid proofs of one beta exist; who draws a lot uses beta, never pi.

Every multiplication of a point by a secret is done by the library, whose time does not depend on the secret. It hands
out x-coordinates only; which of the two points with that x is meant follows from a second x-coordinate and from points
that the proof makes public anyway. What is left in plain integers, ``s = k + c·x``, is one product and one sum.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.rules.curve import (
    FIELD,
    GENERATOR,
    ORDER,
    Point,
    add,
    base_multiply_secret,
    decode_point,
    decode_scalar,
    encode_point,
    multiply,
)
from mifeng.rules.errors import Tampered

PROOF_BYTES = 81
SUITE = b"\x01"

_POINT_BYTES, _CHALLENGE_BYTES, _SCALAR_BYTES = 33, 16, 32
_TO_CURVE, _CHALLENGE, _TO_HASH, _END = b"\x01", b"\x02", b"\x03", b"\x00"


@dataclass(frozen=True, slots=True)
class _Proof:
    """A proof taken apart: the point Gamma, the challenge c, the response s."""

    gamma: Point
    c: int
    s: int


def public_key(secret: bytes) -> bytes:
    """Return the public key of a secret key: the point Y = x·G, uncompressed, 65 bytes.

    Raises:
        ValueError: when the secret is not a scalar of 32 bytes.
    """
    return encode_point(base_multiply_secret(decode_scalar(secret)))


def prove(secret: bytes, alpha: bytes) -> bytes:
    """Return the proof pi for an input: 81 bytes, the same for the same secret and input.

    Raises:
        ValueError: when the secret is not a scalar of 32 bytes.
    """
    x = decode_scalar(secret)
    public = base_multiply_secret(x)
    base = _to_curve(public, alpha)
    gamma = _secret_multiple(x, public, base)
    k = next(_nonces(secret, _compressed(base)))
    u = base_multiply_secret(k)
    v = _secret_multiple(k, u, base)
    c = _challenge(public, base, gamma, u, v)
    s = (k + c * x) % ORDER
    return _compressed(gamma) + c.to_bytes(_CHALLENGE_BYTES) + s.to_bytes(_SCALAR_BYTES)


@lru_cache(maxsize=1024)
def verify(public: bytes, alpha: bytes, pi: bytes) -> bytes:
    """Make sure that a proof is by a key over an input (核验随机证明); return beta, 32 bytes.

    What has been found to hold holds; who asks again is answered from memory.

    Args:
        public: the public key, 65 bytes or compressed 33.
        alpha: the input.
        pi: the proof.

    Raises:
        Tampered: when the proof is misshapen or does not hold.
        ValueError: when the public key is not a point.
    """
    key = _expanded(public)
    try:
        proof = _proof_of(pi)
    except ValueError as error:
        raise Tampered(f"not a proof: {error}") from error
    base = _to_curve(key, alpha)
    minus_c = ORDER - proof.c
    u = add(multiply(proof.s, GENERATOR), multiply(minus_c, key))
    v = add(multiply(proof.s, base), multiply(minus_c, proof.gamma))
    # An honest k is never 0, so neither point is ever infinity; a proof that leads there gives its key away.
    if u is None or v is None or _challenge(key, base, proof.gamma, u, v) != proof.c:
        raise Tampered("the proof does not hold for this key and input")
    return proof_to_hash(pi)


def proof_to_hash(pi: bytes) -> bytes:
    """Return beta of a proof: 32 bytes. Nothing is verified; only ``verify`` makes it mean something.

    Raises:
        ValueError: when the proof is misshapen.
    """
    return _sha256(SUITE + _TO_HASH + _compressed(_proof_of(pi).gamma) + _END)


def _proof_of(pi: bytes) -> _Proof:
    if len(pi) != PROOF_BYTES:
        raise ValueError(f"a proof has {PROOF_BYTES} bytes, not {len(pi)}")
    gamma, rest = _expanded(pi[:_POINT_BYTES]), pi[_POINT_BYTES:]
    s = int.from_bytes(rest[_CHALLENGE_BYTES:])
    if s >= ORDER:
        raise ValueError("the response is not below the group order")
    return _Proof(gamma, int.from_bytes(rest[:_CHALLENGE_BYTES]), s)


def _to_curve(key: Point, alpha: bytes) -> Point:
    """Return the point an input is hashed to: by the first counter whose hash is an x-coordinate (RFC 9381, 5.4.1.1).

    Half of all hashes are one. That none of 256 is, RFC 9381 calls an invalid input; nobody will ever see it.
    """
    head = SUITE + _TO_CURVE + _compressed(key) + alpha
    return next(point for point in map(_point_at, (_sha256(head + i.to_bytes(1) + _END) for i in count())) if point)


def _point_at(x: bytes) -> Point | None:
    try:
        return _expanded(b"\x02" + x)
    except ValueError:
        return None


def _challenge(*points: Point) -> int:
    """Return c: the first 16 bytes of a hash over Y, H, Gamma, U and V (RFC 9381, 5.4.3)."""
    joined = b"".join(map(_compressed, points))
    return int.from_bytes(_sha256(SUITE + _CHALLENGE + joined + _END)[:_CHALLENGE_BYTES])


def _nonces(secret: bytes, message: bytes) -> Iterator[int]:
    """Yield candidates for the nonce k, of which the first is used (RFC 6979, 3.2, with SHA-256)."""
    # bits2octets: a hash of 32 bytes is reduced once, since the group order has 256 bits.
    hashed = (int.from_bytes(_sha256(message)) % ORDER).to_bytes(_SCALAR_BYTES)
    key, value = b"\x00" * 32, b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + mark + secret + hashed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        yield from _in_range(value)
        key = hmac.digest(key, value + b"\x00", "sha256")
        value = hmac.digest(key, value, "sha256")


def _in_range(value: bytes) -> Iterator[int]:
    """Yield the number if it is a scalar: all but one in 2**32 are."""
    number = int.from_bytes(value)
    if 0 < number < ORDER:
        yield number


def _secret_multiple(scalar: int, known: Point, base: Point) -> Point:
    """Return scalar·base for a secret scalar, given ``known`` = scalar·G.

    The library gives x of scalar·base and x of scalar·(base + G). The point wanted is the one of the two with the first
    x whose sum with ``known`` has the second x; for the other the sum has another x, since neither point is infinity.
    The sum is of points that the proof shows anyway.
    """
    shifted = add(base, GENERATOR)
    if shifted is None:
        raise ValueError("nothing is multiplied by the opposite of the generator")
    even = _expanded(b"\x02" + _secret_x(scalar, base))
    total, wanted = add(even, known), int.from_bytes(_secret_x(scalar, shifted))
    return even if total is not None and total.x == wanted else Point(even.x, FIELD - even.y)


def _secret_x(scalar: int, point: Point) -> bytes:
    """Return the x-coordinate of scalar·point, by the library's key agreement."""
    other = ec.EllipticCurvePublicNumbers(point.x, point.y, ec.SECP256R1()).public_key()
    return ec.derive_private_key(scalar, ec.SECP256R1()).exchange(ec.ECDH(), other)


def _compressed(point: Point) -> bytes:
    return bytes([2 + (point.y & 1)]) + point.x.to_bytes(32)


def _expanded(data: bytes) -> Point:
    """Return the point of its compressed or uncompressed form; the library finds y and refuses what is on no curve.

    Raises:
        ValueError: when it is no point.
    """
    if len(data) != _POINT_BYTES:
        return decode_point(data)
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data).public_numbers()
    return Point(numbers.x, numbers.y)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
