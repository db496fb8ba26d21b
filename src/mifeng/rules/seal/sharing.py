"""Verifiable secret sharing (秘密分享), after Feldman, over the order of P-256.

A number ``a0`` is the constant term of a polynomial of degree t - 1; trustee ``i`` receives the value at ``i``. Any t
values give the number back, t - 1 say nothing. The points ``C_j`` = coefficient ``a_j`` times the generator are public
and let a trustee check its value before it matters: ``s_i`` times the generator must be the sum of ``i^j`` times
``C_j``. They also fix ``a0`` for ever, for ``C_0`` is ``a0`` times the generator.
"""

from collections.abc import Mapping, Sequence

from mifeng.rules.curve import ORDER, Point, add, base_multiply_secret, decode_point, encode_point, multiply

MAX_SHARES = 255


def polynomial(coefficients: Sequence[int]) -> tuple[int, ...]:
    """Return the coefficients of a sharing, constant term first, made sure of.

    Raises:
        ValueError: when there are fewer than two, or one is not from 1 to the order less 1.
    """
    if len(coefficients) < 2:
        raise ValueError("a sharing has a threshold of 2 or more")
    if not all(0 < coefficient < ORDER for coefficient in coefficients):
        raise ValueError("a coefficient is from 1 to the order less 1")
    return tuple(coefficients)


def commitments(coefficients: Sequence[int]) -> tuple[bytes, ...]:
    """Return the public points C_0 … C_(t-1) of a polynomial, encoded; the library multiplies.

    Raises:
        ValueError: as ``polynomial``.
    """
    return tuple(encode_point(base_multiply_secret(coefficient)) for coefficient in polynomial(coefficients))


def share(coefficients: Sequence[int], index: int) -> int:
    """Return the share of trustee ``index``, counted from 1.

    Raises:
        ValueError: as ``polynomial``, for an index out of range, or when the share happens to be zero.
    """
    value = 0
    for coefficient in reversed(polynomial(coefficients)):
        value = (value * _index(index) + coefficient) % ORDER
    if value == 0:
        raise ValueError("a share of zero: draw other coefficients")
    return value


def verify_share(index: int, value: int, points: Sequence[bytes]) -> bool:
    """Say whether a value is the share of trustee ``index`` under the public points.

    Raises:
        ValueError: for an index out of range or a point that is none.
    """
    total: Point | None = None
    for point in reversed(points):
        total = add(multiply(_index(index), total), decode_point(point))
    return 0 < value < ORDER and base_multiply_secret(value) == total


def combine(shares: Mapping[int, int]) -> int:
    """Return the constant term from t shares by their trustees' indices; fewer or wrong ones give another number.

    Raises:
        ValueError: without shares, or for an index out of range.
    """
    if not shares:
        raise ValueError("no shares")
    total = 0
    for index, value in shares.items():
        above, below = 1, 1
        for other in shares:
            if _index(other) != index:
                above, below = above * other % ORDER, below * (other - index) % ORDER
        total += value * above * pow(below, -1, ORDER)
    return total % ORDER


def _index(index: int) -> int:
    if not 0 < index <= MAX_SHARES:
        raise ValueError(f"a trustee's index is from 1 to {MAX_SHARES}")
    return index
