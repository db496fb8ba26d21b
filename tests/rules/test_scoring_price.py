"""Points for the price, deductions, low prices, totals. MOF-87-55, MOF-87-63, MOF-2020-46-9, MOF-2026-2.

SCO-2025-34: domestic products get 20 % off.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.errors import Unfair
from mifeng.rules.scoring import (
    Deduction,
    LowHit,
    LowPrice,
    Offer,
    check_offer,
    evaluated_yuan,
    low_prices,
    mean,
    price_points,
    seat_sums,
    total_scores,
)
from tests.rules.scores import SMALL, TEMPLATE, D, items, sheet, template

RATES = TEMPLATE.low_price
CEILING = D("1000000.00")
QUOTES = st.decimals(D("0.01"), D("99999999.99"), places=2)


@pytest.mark.parametrize(
    ("granted", "on", "yuan"),
    [
        ((), "running", "1000000.00"),
        (("small",), "running", "850000.00"),
        (("home",), "running", "800000.00"),
        (("home", "small"), "running", "680000.00"),  # 15 % of what is left
        (("home", "small"), "quote", "650000.00"),  # 15 % of the quote
    ],
)
def test_deductions_are_taken_step_by_step(granted: tuple[str, ...], on: Any, yuan: str) -> None:
    declared = template(deductions=(TEMPLATE.deductions[0], Deduction("small", "small-firm", D("0.15"), on)))

    assert evaluated_yuan(Offer("A", CEILING, frozenset(granted)), declared) == D(yuan)


def test_the_evaluated_price_is_rounded_once_to_the_fen() -> None:
    """333333.33 × 0.8 × 0.85 = 226666.6644; 99.90 × 0.85 = 84.915, exactly between two fen."""
    assert evaluated_yuan(Offer("A", D("333333.33"), frozenset({"home", "small"})), TEMPLATE) == D("226666.66")
    assert evaluated_yuan(Offer("A", D("99.90"), frozenset({"small"})), TEMPLATE) == D("84.92")
    assert evaluated_yuan(Offer("A", D("99.90"), frozenset({"small"})), template(rounding="half-even")) == D("84.92")
    assert evaluated_yuan(Offer("A", D("99.70"), frozenset({"small"})), template(rounding="half-even")) == D("84.74")
    assert evaluated_yuan(Offer("A", D("99.70"), frozenset({"small"})), TEMPLATE) == D("84.75")


def test_more_than_all_is_never_taken_off() -> None:
    greedy = template(deductions=tuple(Deduction(n, "domestic", D("0.6"), "quote") for n in ("a", "b")))

    assert evaluated_yuan(Offer("A", CEILING, frozenset({"a", "b"})), greedy) == 0


@given(st.dictionaries(st.text("ABCDEFGH", min_size=1, max_size=2), QUOTES, min_size=1, max_size=8))
def test_the_lowest_price_gets_all_points_and_nobody_more(quotes: dict[str, Decimal]) -> None:
    points = price_points([Offer(bid, quote) for bid, quote in quotes.items()], TEMPLATE)

    assert all(0 <= one <= TEMPLATE.price_points for one in points.values())
    assert points[min(quotes, key=lambda bid: quotes[bid])] == TEMPLATE.price_points
    for one in quotes:
        for other in quotes:
            assert quotes[one] > quotes[other] or points[one] >= points[other]


@given(st.lists(QUOTES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_points_do_not_depend_on_the_order_of_the_bids(quotes: list[Decimal], random: Any) -> None:
    offers = [Offer(str(number), quote) for number, quote in enumerate(quotes)]
    other = offers[:]
    random.shuffle(other)

    assert price_points(other, TEMPLATE) == price_points(offers, TEMPLATE)


@given(QUOTES, QUOTES)
def test_points_are_the_exact_share_rounded_once(one: Decimal, other: Decimal) -> None:
    points = price_points([Offer("A", one), Offer("B", other)], TEMPLATE)
    exact = Fraction(min(one, other)) / Fraction(one) * 30

    assert abs(Fraction(points["A"]) - exact) <= Fraction(1, 200)


def test_where_the_price_is_fixed_it_gives_no_points() -> None:
    fixed = template(fixed_price=True, items=items(t1={"max": D("60")})[:4])

    assert price_points([Offer("A", CEILING), Offer("B", D("0.00"))], fixed) == {"A": 0, "B": 0}
    check_offer(Offer("A", D("0.00")), fixed, ceiling_yuan=CEILING)


def test_no_bids_have_no_points() -> None:
    assert price_points([], TEMPLATE) == {}


def test_a_price_of_nought_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nought"):
        price_points([Offer("A", D("0.00")), Offer("B", CEILING)], TEMPLATE)


@pytest.mark.parametrize(
    ("offer", "codes"),
    [
        (Offer("A", D("1000000.01")), ("price-above-ceiling",)),
        (Offer("A", D("0.00")), ("price-nought",)),
        (Offer("A", D("100.00"), frozenset({"green"})), ("deduction-unlisted",)),
        (Offer("A", D("100.00"), frozenset({"small", "share"})), ("deduction-double",)),
        (
            Offer("A", D("1000000.01"), frozenset({"small", "share", "x"})),
            ("price-above-ceiling", "deduction-unlisted", "deduction-double"),
        ),
    ],
)
def test_a_quote_that_cannot_stand_is_refused(offer: Offer, codes: tuple[str, ...]) -> None:
    declared = template(deductions=(SMALL, Deduction("share", "small-firm-share", D("0.05"), "quote")))

    with pytest.raises(Unfair) as refusal:
        check_offer(offer, declared, ceiling_yuan=CEILING)

    assert refusal.value.codes == codes


def test_a_quote_at_the_ceiling_stands() -> None:
    check_offer(Offer("A", CEILING, frozenset({"home", "small"})), TEMPLATE, ceiling_yuan=CEILING)


@pytest.mark.parametrize(
    ("quotes", "tests"),
    [
        # A is compared; mean, second lowest and ceiling of 1,000,000 each hit alone or together.
        ({"A": "400000.00", "B": "500000.00", "C": "700000.00"}, ("ceiling",)),
        ({"A": "450000.00", "B": "500000.00", "C": "700000.00"}, ()),  # exactly 45 % of the ceiling
        ({"A": "450000.00", "B": "900000.00", "C": "900000.00"}, ()),  # exactly half the second lowest
        ({"A": "450000.00", "B": "900000.02", "C": "900000.02"}, ("second",)),
        ({"A": "460000.00", "B": "919999.98", "C": "1000000.00", "D": "1400000.00"}, ("mean",)),
        (
            {"A": "300000.00", "B": "300000.00", "C": "600000.00"},
            ("ceiling",),
        ),  # exactly half the mean of 400,000 is 200,000
        ({"A": "100000.00"}, ("ceiling",)),
    ],
)
def test_a_review_starts_strictly_below(quotes: dict[str, str], tests: tuple[str, ...]) -> None:
    hits = low_prices({bid: D(quote) for bid, quote in quotes.items()}, RATES, ceiling_yuan=CEILING)

    assert next((hit.tests for hit in hits if hit.bid == "A"), ()) == tests


def test_a_quote_exactly_at_half_of_the_mean_starts_no_review() -> None:
    """Hard case 11: mean of 300,000, 700,000, 800,000 is 600,000."""
    at_half = {"A": D("300000.00"), "B": D("700000.00"), "C": D("800000.00")}
    only_mean = LowPrice(D("0.5"), D("0"), D("0"))

    assert low_prices(at_half, only_mean, ceiling_yuan=CEILING) == ()
    below = at_half | {"A": D("299999.99")}
    assert low_prices(below, only_mean, ceiling_yuan=CEILING) == (LowHit("A", ("mean",)),)


def test_a_rate_of_nought_asks_nothing() -> None:
    assert low_prices({"A": D("0.01"), "B": CEILING}, LowPrice(D(0), D(0), D(0)), ceiling_yuan=CEILING) == ()


# --- totals ---------------------------------------------------------------------------------------

ROWS = {"A": {"t1": "27.5", "t2": "20"}, "B": {"t1": "24", "t2": "15"}}
SHEETS = [
    sheet(ROWS, seat="E1"),
    sheet({"A": {"t1": "26", "t2": "20"}, "B": {"t1": "25", "t2": "15"}}, seat="E2"),
    sheet({bid: {"b1": "8", "b2": "7"} for bid in ROWS}, seat="E1", part="business"),
    sheet({bid: {"b1": "8", "b2": "6"} for bid in ROWS}, seat="E2", part="business"),
]
OFFERS = [Offer("A", D("900000.00")), Offer("B", D("800000.00"))]


def test_sums_mean_price_and_total() -> None:
    first, second = total_scores(SHEETS, OFFERS, TEMPLATE)

    assert dict(first.sums) == {"E1": D("62.5"), "E2": D("60")}
    assert (first.technical, first.mean, first.price, first.total) == (D("46.75"), D("61.25"), D("26.67"), D("87.92"))
    assert (second.sums["E2"], second.mean, second.price, second.total) == (D("54"), D("54.00"), D("30"), D("84.00"))
    assert (first.bid, first.evaluated_yuan) == ("A", D("900000.00"))


def test_weights_make_points_of_scores() -> None:
    weighted = template(items=items(t1={"max": D("100"), "weight": D("0.3")}))

    assert seat_sums([sheet({"A": {"t1": "85.5", "t2": "20"}})], "A", weighted, "technical") == {"E1": D("45.65")}


def test_a_seat_that_has_not_scored_everything_is_not_summed_up() -> None:
    with pytest.raises(ValueError, match="E2"):
        total_scores(SHEETS[:3], OFFERS, TEMPLATE)


def test_nobody_has_no_mean() -> None:
    with pytest.raises(ValueError, match="nobody"):
        mean([], TEMPLATE)


@given(st.lists(st.decimals(0, 70, places=1), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_the_mean_does_not_depend_on_the_order_of_the_experts(values: list[Decimal], random: Any) -> None:
    other = values[:]
    random.shuffle(other)

    assert mean(other, TEMPLATE) == mean(values, TEMPLATE)
    assert abs(Fraction(mean(values, TEMPLATE)) - sum(map(Fraction, values)) / len(values)) <= Fraction(1, 200)
