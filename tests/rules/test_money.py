"""Amounts in yuan: exact, never negative, one way to write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.money import parse_yuan, total_yuan, yuan_text

AMOUNTS = st.decimals(0, 10**14, places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0.00"),
        ("4800000", "4800000.00"),
        ("4,800,000.5", "4800000.50"),
        (" 12.34 ", "12.34"),
        ("999999999999999", "999999999999999.00"),
        ("0.01", "0.01"),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert parse_yuan(text) == Decimal(amount)
    assert yuan_text(parse_yuan(text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1.005",
        "1,00",
        "1,0000",
        ",100",
        "01",
        "1.",
        ".5",
        "NaN",
        "inf",
        "1 000",
        "\uff11\uff12",
        "1000000000000000",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_yuan(text)


@pytest.mark.parametrize("amount", ["-0.01", "0.001"])
def test_an_amount_that_cannot_be_paid_is_not_written(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        yuan_text(Decimal(amount))


@given(amount=AMOUNTS)
def test_writing_and_reading_give_the_amount_back(amount: Decimal) -> None:
    assert parse_yuan(yuan_text(amount)) == amount


@given(amounts=st.lists(AMOUNTS, max_size=12))
def test_the_total_does_not_depend_on_the_order(amounts: list[Decimal]) -> None:
    assert total_yuan(amounts) == total_yuan(reversed(amounts))
    assert total_yuan([]) == Decimal("0.00")
