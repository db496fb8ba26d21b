"""Verifiable sharing. Source: docs/spec/envelope.md §3."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mifeng.rules.curve import FIELD, ORDER, base_multiply_secret, decode_point, encode_point
from mifeng.rules.seal.sharing import combine, commitments, polynomial, share, verify_share

NUMBERS = st.integers(1, ORDER - 1)


def drawn(coefficients: list[int], index: int) -> int:
    """Return a share, and leave out the one example in 2**256 in which it is zero, which Hypothesis finds."""
    assume(sum(one * index**power for power, one in enumerate(coefficients)) % ORDER)
    return share(coefficients, index)


@given(st.lists(NUMBERS, min_size=2, max_size=4), st.data())
def test_any_t_shares_give_the_number_back(coefficients: list[int], data: st.DataObject) -> None:
    t = len(coefficients)
    points = commitments(coefficients)
    indices = data.draw(st.lists(st.integers(1, 255), min_size=t, max_size=t + 1, unique=True))
    shares = {index: drawn(coefficients, index) for index in indices}

    assert combine(shares) == coefficients[0]
    assert base_multiply_secret(combine(shares)) == decode_point(points[0])
    assert all(verify_share(index, value, points) for index, value in shares.items())


@given(st.lists(NUMBERS, min_size=2, max_size=3), NUMBERS)
def test_fewer_than_t_shares_fit_every_number(coefficients: list[int], other: int) -> None:
    """For every other number there is a polynomial that gives the same t - 1 shares: they say nothing about it."""
    known = {index: drawn(coefficients, index) for index in range(1, len(coefficients))}
    missing = len(coefficients)
    value = solve(known, other, missing)

    assert combine(known | {missing: value}) == other
    assert combine(known | {missing: drawn(coefficients, missing)}) == coefficients[0]


def solve(known: dict[int, int], number: int, missing: int) -> int:
    """Return which share at ``missing`` would make a number of the known ones."""
    with_zero = combine(known | {missing: 0})
    weight = (combine(known | {missing: 1}) - with_zero) % ORDER
    return (number - with_zero) * pow(weight, -1, ORDER) % ORDER


def test_all_pairs_of_three_trustees_give_the_same_number() -> None:
    coefficients = [11, 22]
    shares = {index: share(coefficients, index) for index in (1, 2, 3)}

    assert shares == {1: 33, 2: 55, 3: 77}
    assert {combine(dict(pair)) for pair in combinations(shares.items(), 2)} == {11}
    assert combine(shares) == 11
    assert combine({1: 33}) == 33


@given(st.lists(NUMBERS, min_size=2, max_size=3), st.integers(1, 255), st.integers(1, ORDER - 1))
def test_a_share_changed_by_anything_does_not_fit(coefficients: list[int], index: int, by: int) -> None:
    points = commitments(coefficients)
    value = drawn(coefficients, index)

    assert verify_share(index, value, points)
    assert not verify_share(index, (value + by) % ORDER, points)


def test_a_share_off_by_one_does_not_fit() -> None:
    coefficients = [5, 7, 9]
    points = commitments(coefficients)
    value = share(coefficients, 2)

    assert [verify_share(2, value + by, points) for by in (-1, 0, 1)] == [False, True, False]
    assert not verify_share(3, value, points)


@pytest.mark.parametrize("value", [0, ORDER, -1, 2**256])
def test_a_value_that_is_no_scalar_does_not_fit(value: int) -> None:
    assert not verify_share(1, value, commitments([5, 7]))


def test_a_share_does_not_fit_one_point_more_or_less() -> None:
    coefficients = [5, 7, 9]
    points, value = commitments(coefficients), share(coefficients, 2)

    assert not verify_share(2, value, points[:2])
    assert not verify_share(2, value, (*points, encode_point(base_multiply_secret(3))))


def test_points_whose_sum_is_infinity_fit_no_share() -> None:
    """C_1 is the opposite of C_0: for trustee 1 the sum is infinity, which no scalar gives."""
    point = base_multiply_secret(5)
    opposite = b"\x04" + point.x.to_bytes(32) + (FIELD - point.y).to_bytes(32)
    points = (encode_point(point), opposite)

    assert not any(verify_share(1, value, points) for value in (1, 5, ORDER - 5, ORDER - 1, 0, ORDER))
    with pytest.raises(ValueError, match="share of zero"):
        share([5, ORDER - 5], 1)


def test_a_point_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="point"):
        verify_share(1, 5, (b"\x00", b"\x00"))


@pytest.mark.parametrize("wrong", [[], [5], [0, 5], [5, 0], [5, ORDER], [-1, 5]])
def test_a_polynomial_out_of_range_is_refused(wrong: list[int]) -> None:
    for refused in (polynomial, commitments):
        with pytest.raises(ValueError, match=r"2 or more|coefficient"):
            refused(wrong)
    with pytest.raises(ValueError, match=r"2 or more|coefficient"):
        share(wrong, 1)


@pytest.mark.parametrize("index", [0, -1, 256])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        share([5, 7], index)
    with pytest.raises(ValueError, match="index"):
        verify_share(index, 5, commitments([5, 7]))
    with pytest.raises(ValueError, match="index"):
        combine({index: 5})


def test_nothing_is_combined_from_no_shares() -> None:
    with pytest.raises(ValueError, match="no shares"):
        combine({})
