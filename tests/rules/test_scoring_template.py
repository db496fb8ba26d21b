"""The scoring template: one form, and what the law allows. GPLR-34, MOF-87-55, MOF-2014-214-24, MOF-2022-19.

SCO-2025-34: domestic products.
"""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Unfair
from mifeng.rules.scoring import (
    DEDUCTIONS,
    Deduction,
    LowPrice,
    check_template,
    decimal_text,
    format_template,
    low_price_of,
    parse_decimal,
    parse_template,
    rounded,
    template_hash,
)
from tests.rules.books import BOOK, BOOK_2026
from tests.rules.scores import DOMESTIC, HASH, SMALL, TEMPLATE, D, items, template

TEXT = format_template(TEMPLATE)


def test_a_template_is_read_as_it_was_written() -> None:
    assert parse_template(TEXT) == TEMPLATE
    assert format_template(parse_template(TEXT)) == TEXT
    assert template_hash(TEXT) == HASH


def test_points_are_what_the_documents_give() -> None:
    assert TEMPLATE.price_points == 30
    assert [item.points for item in TEMPLATE.items] == [30, 20, 10, 10, 30]
    assert [item.id for item in TEMPLATE.scored] == ["t1", "t2", "b1", "b2"]
    assert [item.id for item in TEMPLATE.part("business")] == ["b1", "b2"]


def changed(**changes: Any) -> bytes:
    """The text of the template with keys exchanged; of an item or a deduction by ``items__0__min``."""
    fields = json.loads(TEXT)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = fields
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[last] = value
    return canonical(fields)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "mifeng-template/2"},
        {"version": 0},
        {"version": True},
        {"procedure": "inquiry"},
        {"category": "works"},
        {"fixed_price": 0},
        {"items": {}},
        {"rounding": "down"},
        {"price_places": -1},
        {"price_places": 7},
        {"mean_places": True},
        {"mean_places": "2"},
        {"extreme": "1"},
        {"extreme": "0.10"},
        {"ties": "price"},
        {"candidates": 0},
        {"items__0__id": ""},
        {"items__0__id": "技"},
        {"items__0__id": "a b"},
        {"items__0__id": "a" * 33},
        {"items__0__name": ""},
        {"items__0__part": "quality"},
        {"items__0__kind": "both"},
        {"items__0__max": 30},
        {"items__0__max": "30.0"},
        {"items__0__max": "-1"},
        {"items__0__max": "1e2"},
        {"items__0__max": "030"},
        {"items__0__max": "0.1234567"},
        {"items__0__more": "x"},
        {"deductions__0__rate": "1"},
        {"deductions__0__on": "price"},
        {"deductions__0__kind": ""},
        {"low_price__mean": "1.5"},
        {"low_price__extra": "0"},
    ],
    ids=str,
)
def test_a_misshapen_template_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_template(changed(**change))


def test_text_that_is_not_canonical_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical"):
        parse_template(TEXT + b"\n")


@pytest.mark.parametrize(
    "lawful",
    [
        TEMPLATE,
        template(category="services"),  # 30 % is lawful for services too
        template(
            category="services", items=items(t1={"max": D("50")}, p={"max": D("10")})
        ),  # 10 %, the least for services
        template(items=items(t1={"max": D("10")}, p={"max": D("50")})),
        template(
            items=items(t1={"max": D("5")}, t2={"max": D("5")}, p={"max": D("70")})
        ),  # a tender knows no upper limit
        template(procedure="consultation", items=items(t1={"max": D("10")}, t2={"max": D("10")}, p={"max": D("60")})),
        template(items=items(t1={"max": D("100"), "weight": D("0.3")})),
        template(deductions=()),
        template(deductions=(Deduction("share", "small-firm-share", D("0.04"), "quote"),)),
        template(deductions=(Deduction("small", "small-firm", D("0.2"), "quote"),)),
        template(
            fixed_price=True,
            items=(*items(t1={"max": D("60")})[:4],),
        ),
    ],
    ids=range(11),
)
def test_a_lawful_template_passes(lawful: Any) -> None:
    check_template(lawful, BOOK_2026)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"items": items(t1={"max": D("31")})}, ("template-sum",)),
        ({"items": items(t1={"max": D("29.5")})}, ("template-sum",)),
        ({"items": items(t1={"id": "t2"})}, ("item-twice",)),
        ({"items": items(t1={"step": D("0")})}, ("item-range",)),
        ({"items": items(t1={"step": D("0.7")})}, ("item-range",)),  # 30 is not whole steps of 0.7
        ({"items": items(t1={"min": D("30")})}, ("item-range",)),
        ({"items": items(t1={"weight": D("0")}, t2={"max": D("50")})}, ("item-range",)),
        ({"items": items(t1={"kind": "price"})}, ("item-kind",)),
        ({"items": items(p={"kind": "subjective"})}, ("item-kind",)),
        ({"items": items(p={"step": D("1")})}, ("item-range",)),
        ({"items": items(p={"min": D("1")})}, ("item-range",)),
        ({"items": items(t1={"max": D("60")}, p={"max": D("0")})}, ("item-range", "price-weight")),
        ({"items": items(t1={"max": D("60")})[:4]}, ("price-item",)),
        ({"fixed_price": True}, ("price-item",)),
        ({"items": items(t1={"max": D("30.5")}, p={"max": D("29.5")})}, ("price-weight",)),  # goods below 30 %
        (
            {"category": "services", "items": items(t1={"max": D("50.5")}, p={"max": D("9.5")})},
            ("price-weight",),
        ),
        (
            {"procedure": "consultation", "items": items(t1={"max": D("9")}, t2={"max": D("10")}, p={"max": D("61")})},
            ("price-weight",),
        ),
        (
            {
                "procedure": "consultation",
                "category": "services",
                "items": items(t1={"max": D("29")}, p={"max": D("31")}),
            },
            ("price-weight",),
        ),
        ({"deductions": (Deduction("x", "local-firm", D("0.1"), "quote"),)}, ("deduction-unknown",)),
        ({"deductions": (Deduction("x", "small-firm", D("0.09"), "quote"),)}, ("deduction-rate",)),
        ({"deductions": (Deduction("x", "small-firm", D("0.21"), "quote"),)}, ("deduction-rate",)),
        ({"deductions": (Deduction("x", "domestic", D("0.19"), "quote"),)}, ("deduction-rate",)),
        ({"deductions": (Deduction("x", "small-firm-share", D("0.07"), "quote"),)}, ("deduction-rate",)),
        ({"deductions": (SMALL, Deduction("small", "domestic", D("0.2"), "quote"))}, ("deduction-twice",)),
        ({"extreme": D("0.5")}, ("extreme-wide",)),
        (
            {"extreme": D("0.6"), "items": items(t1={"max": D("10")}), "deductions": (SMALL, SMALL)},
            ("template-sum", "deduction-twice", "extreme-wide"),
        ),
    ],
)
def test_an_unlawful_template_is_refused_with_every_reason(changes: dict[str, Any], codes: tuple[str, ...]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_template(template(**changes), BOOK_2026)

    assert refusal.value.codes == codes


def test_the_clause_of_a_limit_is_the_one_that_sets_it() -> None:
    low = template(items=items(t1={"max": D("40")}, p={"max": D("20")}))
    high = template(
        procedure="consultation", items=items(t1={"max": D("0.5")}, t2={"max": D("10")}, p={"max": D("69.5")})
    )

    with pytest.raises(Unfair) as below:
        check_template(low, BOOK_2026)
    with pytest.raises(Unfair) as above:
        check_template(high, BOOK_2026)

    assert (below.value.source, above.value.source) == ("MOF-87-55", "MOF-2014-214-24")
    assert below.value.facts == {"share": "20%", "least": "30%", "most": "100%"}
    assert above.value.facts == {"share": "69.5%", "least": "30%", "most": "60%"}


def test_a_rulebook_knows_only_the_deductions_of_its_time() -> None:
    """Law is data with a date: what came in 2022 and 2026 does not exist for a project of 2025."""
    with pytest.raises(Unfair) as refusal:
        check_template(TEMPLATE, BOOK)

    assert refusal.value.codes == ("deduction-unknown", "deduction-unknown")
    assert [reason.facts for reason in refusal.value.reasons] == [
        {"deduction": DOMESTIC.kind},
        {"deduction": SMALL.kind},
    ]
    assert {name for names in DEDUCTIONS.values() for name in names} <= set(BOOK_2026.constants)


def test_rates_of_the_low_price_test_come_from_the_rulebook() -> None:
    assert low_price_of(BOOK_2026) == LowPrice(D("0.5"), D("0.5"), D("0.45"))
    assert low_price_of(BOOK) == LowPrice(D("0"), D("0"), D("0"))


@pytest.mark.parametrize(
    ("value", "places", "half_up", "half_even"),
    [
        ("0.125", 2, "0.13", "0.12"),
        ("0.135", 2, "0.14", "0.14"),
        ("0.1251", 2, "0.13", "0.13"),
        ("0.1249", 2, "0.12", "0.12"),
        ("2.5", 0, "3", "2"),
        ("3.5", 0, "4", "4"),
        ("0", 2, "0.00", "0.00"),
    ],
)
def test_halves_are_rounded_as_declared(value: str, places: int, half_up: str, half_even: str) -> None:
    assert str(rounded(Fraction(value), places, "half-up")) == half_up
    assert str(rounded(Fraction(value), places, "half-even")) == half_even


def test_what_lies_a_hair_above_a_half_is_not_taken_for_it() -> None:
    """A quotient computed to 28 digits first would be exactly a half."""
    hair = Fraction(1, 2) + Fraction(1, 10**40)

    assert rounded(hair, 0, "half-even") == 1
    assert rounded(Fraction(1, 2) - Fraction(1, 10**40), 0, "half-up") == 0


@given(st.fractions(0, 1000), st.integers(0, 6))
def test_rounding_moves_by_half_a_step_at_most(value: Fraction, places: int) -> None:
    for mode in ("half-up", "half-even"):
        assert abs(Fraction(rounded(value, places, mode)) - value) * 10**places <= Fraction(1, 2)


def test_negative_numbers_are_no_scores() -> None:
    with pytest.raises(ValueError, match="negative"):
        rounded(Fraction(-1, 2), 2, "half-up")


@given(st.decimals(0, 999_999_999, places=6))
def test_a_number_is_written_in_one_form(value: Decimal) -> None:
    assert parse_decimal(decimal_text(value), "a score") == value


@pytest.mark.parametrize("value", ["-1", "1234567890", "0.1234567", "NaN"])
def test_what_has_no_form_is_not_written(value: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        decimal_text(Decimal(value))
