"""Arithmetic with public points of the curve P-256 (椭圆曲线).

The library computes with secret numbers; it does not add points. What is done here by hand is only what a verifier
does with values that everybody may see: read a point and make sure that it lies on the curve, add two points, take a
point times a number. The time this takes depends on the number, so it is never given a secret one: a secret number
times the generator is the library's work (``base_multiply_secret``).

The group of points has a prime order, ``ORDER``; numbers that count points (scalars) are taken modulo it. The neutral
point, infinity, is ``None`` here and has no encoding: no format of this platform can hold it.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
COEFFICIENT = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
POINT_BYTES = 65
SCALAR_BYTES = 32

_WINDOW = 5
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve in affine coordinates (曲线点); whoever builds one by hand answers for its being on it."""

    x: int
    y: int


GENERATOR = Point(
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def decode_point(data: bytes) -> Point:
    """Return the point of an uncompressed encoding (SEC 1): 0x04, then both coordinates in 32 bytes each.

    Raises:
        ValueError: for another length or first byte, a coordinate outside the field, or a point beside the curve.
    """
    if len(data) != POINT_BYTES or data[0] != 4:
        raise ValueError(f"a point has {POINT_BYTES} bytes and begins with 04")
    x, y = int.from_bytes(data[1:33]), int.from_bytes(data[33:])
    if x >= FIELD or y >= FIELD or (y * y - (x * x - 3) * x - COEFFICIENT) % FIELD:
        raise ValueError("the point does not lie on the curve")
    return Point(x, y)


def encode_point(point: Point | None) -> bytes:
    """Return the uncompressed encoding of a point: 65 bytes.

    Raises:
        ValueError: for infinity, which has no encoding.
    """
    if point is None:
        raise ValueError("infinity has no encoding")
    return b"\x04" + point.x.to_bytes(32) + point.y.to_bytes(32)


def decode_scalar(data: bytes) -> int:
    """Return the number of 32 bytes, big-endian, from 1 to the order less 1.

    Raises:
        ValueError: for another length, zero, or a number of the order or more.
    """
    if len(data) != SCALAR_BYTES:
        raise ValueError(f"a scalar has {SCALAR_BYTES} bytes, not {len(data)}")
    return _in_range(int.from_bytes(data))


def encode_scalar(scalar: int) -> bytes:
    """Return the 32 bytes of a number from 1 to the order less 1.

    Raises:
        ValueError: for any other number.
    """
    return _in_range(scalar).to_bytes(SCALAR_BYTES)


def base_multiply_secret(scalar: int) -> Point:
    """Return a secret number times the generator; the library does it without telling the number by its time.

    Raises:
        ValueError: when the number is not from 1 to the order less 1.
    """
    numbers = ec.derive_private_key(_in_range(scalar), ec.SECP256R1()).public_key().public_numbers()
    return Point(numbers.x, numbers.y)


def add(p: Point | None, q: Point | None) -> Point | None:
    """Return the sum of two points; ``None`` is infinity."""
    return _affine(_sum(_jacobian(p), _jacobian(q)))


def multiply(k: int, p: Point | None) -> Point | None:
    """Return a public number times a public point; ``None`` is infinity. Never for a secret: the time taken tells it.

    Raises:
        ValueError: for a negative number.
    """
    if k < 0:
        raise ValueError("a number of times is not negative")
    base = _jacobian(p)
    twice = _double(base)
    odd = [base]
    for _ in range(2 ** (_WINDOW - 2) - 1):
        odd.append(_sum(odd[-1], twice))
    total = _INFINITY
    for digit in reversed(_signed_digits(k % ORDER)):
        total = _double(total)
        if digit:
            x, y, z = odd[abs(digit) // 2]
            total = _sum(total, (x, y if digit > 0 else -y % FIELD, z))
    return _affine(total)


def _in_range(scalar: int) -> int:
    if not 0 < scalar < ORDER:
        raise ValueError("a scalar is from 1 to the order less 1")
    return scalar


def _signed_digits(k: int) -> list[int]:
    """Return the digits of k, lowest first, each zero or odd and below 2**(window - 1) in size."""
    digits = []
    while k:
        digit = k % 2**_WINDOW if k & 1 else 0
        if digit >= 2 ** (_WINDOW - 1):
            digit -= 2**_WINDOW
        digits.append(digit)
        k = (k - digit) >> 1
    return digits


def _jacobian(point: Point | None) -> _Jacobian:
    return _INFINITY if point is None else (point.x, point.y, 1)


def _affine(point: _Jacobian) -> Point | None:
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, FIELD)
    square = inverse * inverse % FIELD
    return Point(x * square % FIELD, y * square * inverse % FIELD)


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    delta, gamma = z * z % FIELD, y * y % FIELD
    beta = x * gamma % FIELD
    alpha = 3 * (x - delta) * (x + delta) % FIELD
    doubled = (alpha * alpha - 8 * beta) % FIELD
    return doubled, (alpha * (4 * beta - doubled) - 8 * gamma * gamma) % FIELD, 2 * y * z % FIELD


def _sum(p: _Jacobian, q: _Jacobian) -> _Jacobian:
    (x1, y1, z1), (x2, y2, z2) = p, q
    if z1 == 0:
        return q
    if z2 == 0:
        return p
    square1, square2 = z1 * z1 % FIELD, z2 * z2 % FIELD
    u1, u2 = x1 * square2 % FIELD, x2 * square1 % FIELD
    s1, s2 = y1 * square2 * z2 % FIELD, y2 * square1 * z1 % FIELD
    h, r = (u2 - u1) % FIELD, (s2 - s1) % FIELD
    if h == 0:
        return _INFINITY if r else _double(p)
    squared = h * h % FIELD
    cubed, middle = h * squared % FIELD, u1 * squared % FIELD
    x = (r * r - cubed - 2 * middle) % FIELD
    return x, (r * (middle - x) - s1 * cubed) % FIELD, h * z1 * z2 % FIELD
