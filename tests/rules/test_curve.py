"""Points of P-256. Source: docs/spec/envelope.md §3; the multiples are those that NIST's curve has published."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.curve import (
    COEFFICIENT,
    FIELD,
    GENERATOR,
    ORDER,
    Point,
    add,
    base_multiply_secret,
    decode_point,
    decode_scalar,
    encode_point,
    encode_scalar,
    multiply,
)

SCALARS = st.one_of(st.integers(1, 40), st.integers(ORDER - 40, ORDER - 1), st.integers(1, ORDER - 1))
# k, then both coordinates of k times the generator.
PUBLISHED = [
    (
        2,
        0x7CF27B188D034F7E8A52380304B51AC3C08969E277F21B35A60B48FC47669978,
        0x07775510DB8ED040293D9AC69F7430DBBA7DADE63CE982299E04B79D227873D1,
    ),
    (
        3,
        0x5ECBE4D1A6330A44C8F7EF951D4BF165E6C6B721EFADA985FB41661BC6E7FD6C,
        0x8734640C4998FF7E374B06CE1A64A2ECD82AB036384FB83D9A79B127A27D5032,
    ),
    (
        112233445566778899,
        0x339150844EC15234807FE862A86BE77977DBFB3AE3D96F4C22795513AEAAB82F,
        0xB1C14DDFDC8EC1B2583F51E85A5EB3A155840F2034730E9B5ADA38B674336A21,
    ),
]


@pytest.mark.parametrize(("k", "x", "y"), PUBLISHED)
def test_multiples_are_the_published_ones(k: int, x: int, y: int) -> None:
    assert multiply(k, GENERATOR) == base_multiply_secret(k) == Point(x, y)


@given(SCALARS)
def test_multiples_of_the_generator_are_those_of_the_library(k: int) -> None:
    assert multiply(k, GENERATOR) == base_multiply_secret(k)


@given(SCALARS, SCALARS)
def test_sums_and_multiples_agree(a: int, b: int) -> None:
    p, q = base_multiply_secret(a), base_multiply_secret(b)
    total = (a + b) % ORDER

    assert add(p, q) == add(q, p) == (base_multiply_secret(total) if total else None)
    assert multiply(b, p) == multiply(a, q) == base_multiply_secret(a * b % ORDER)


@given(SCALARS)
def test_infinity_is_neutral(k: int) -> None:
    p = base_multiply_secret(k)
    opposite = Point(p.x, FIELD - p.y)

    assert add(p, None) == add(None, p) == p
    assert add(p, opposite) is None
    assert add(p, p) == multiply(2, p)
    assert multiply(ORDER - 1, p) == opposite
    assert multiply(ORDER + 1, p) == p


def test_nothing_times_a_point_is_infinity() -> None:
    assert multiply(0, GENERATOR) is None
    assert multiply(ORDER, GENERATOR) is None
    assert multiply(5, None) is None
    assert add(None, None) is None
    with pytest.raises(ValueError, match="not negative"):
        multiply(-1, GENERATOR)


@given(SCALARS)
def test_a_point_is_read_as_it_is_written(k: int) -> None:
    p = base_multiply_secret(k)
    data = encode_point(p)

    assert decode_point(data) == p
    assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data).public_numbers().x == p.x


G = encode_point(GENERATOR)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x00",
        G[:-1],
        G + b"\x00",
        b"\x02" + G[1:33],
        b"\x06" + G[1:],
        b"\x04" + bytes(64),
        b"\x04" + G[33:] + G[1:33],
        G[:-1] + bytes([G[-1] ^ 1]),
        b"\x04" + FIELD.to_bytes(32) + G[33:],
        G[:33] + (GENERATOR.y + FIELD).to_bytes(33)[-32:],
        b"\x04" + b"\xff" * 64,
    ],
    ids=[
        "nothing",
        "infinity",
        "short",
        "long",
        "compressed",
        "hybrid",
        "zeros",
        "turned round",
        "one bit",
        "x is the field",
        "y beyond 32 bytes",
        "all ones",
    ],
)
def test_what_is_no_point_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="point"):
        decode_point(wrong)


def right_side(x: int) -> int:
    """Return what y squared is at an x."""
    return (x**3 - 3 * x + COEFFICIENT) % FIELD


def test_coordinates_beyond_the_field_are_refused_though_they_fit_the_equation() -> None:
    x = next(x for x in range(100) if pow(right_side(x), (FIELD - 1) // 2, FIELD) == 1)
    square = right_side(x)
    y = pow(square, (FIELD + 1) // 4, FIELD)
    data = b"\x04" + x.to_bytes(32) + y.to_bytes(32)

    assert decode_point(data) == Point(x, y)
    with pytest.raises(ValueError, match="point"):
        decode_point(b"\x04" + (x + FIELD).to_bytes(32) + y.to_bytes(32))


def test_infinity_is_not_written() -> None:
    with pytest.raises(ValueError, match="infinity"):
        encode_point(None)


@given(SCALARS)
def test_a_scalar_is_read_as_it_is_written(k: int) -> None:
    assert decode_scalar(encode_scalar(k)) == k


@pytest.mark.parametrize("wrong", [0, ORDER, ORDER + 1, -1, 2**256])
def test_a_scalar_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="scalar"):
        encode_scalar(wrong)
    with pytest.raises(ValueError, match="scalar"):
        base_multiply_secret(wrong)


@pytest.mark.parametrize("wrong", [bytes(32), ORDER.to_bytes(32), b"\xff" * 32, b"\x01", bytes(32) + b"\x01"])
def test_bytes_that_are_no_scalar_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="scalar"):
        decode_scalar(wrong)
