"""What is read out (唱标): its one form, and amounts in characters."""

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.readout import FIELDS, Readout, amount_in_words, format_readout, in_words, parse_readout

READ = Readout(Decimal("4650000.00"), "肆佰陆拾伍万元整", "合同签订后30日内", "国标合格")
AMOUNTS = st.integers(0, 10**14 - 1).map(lambda fen: Decimal(fen).scaleb(-2))


def test_what_is_read_out_comes_back_as_it_was_written() -> None:
    data = format_readout(READ)

    assert parse_readout(data) == READ
    assert READ.agrees
    assert {name.decode() for name in data.split(b'"')[1::4]} == FIELDS


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"delivery":"a","price_words":"b","price_yuan":"1.00","quality":"c","rest":"d"}',
        b'{"delivery":"","price_words":"b","price_yuan":"1.00","quality":"c"}',
        b'{"delivery":"a","price_words":"b","price_yuan":"1","quality":"c"}',
        b'{"delivery":"a","price_words":"b","price_yuan":"-1.00","quality":"c"}',
        b'{"delivery":"a","price_words":"b","price_yuan":1,"quality":"c"}',
        b'{"delivery":"a","price_words":"b","price_yuan":"100000000000000.00","quality":"c"}',
        b'{"delivery":"a\\nb","price_words":"b","price_yuan":"1.00","quality":"c"}',
        b'{"price_words":"b","delivery":"a","price_yuan":"1.00","quality":"c"}',
        b'{"delivery":"%s","price_words":"b","price_yuan":"1.00","quality":"c"}' % (b"a" * 501),
    ],
)
def test_what_is_misshapen_is_not_read_out(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|amount|canonical|characters"):
        parse_readout(data)


def test_amount_beyond_every_budget_is_none() -> None:
    """What no column holds must not keep the bids of others closed."""
    assert amount_in_words("玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分") == Decimal(
        "99999999999999.99"
    )
    assert amount_in_words("壹佰万亿元整") is None


def test_empty_field_is_not_written() -> None:
    with pytest.raises(ValueError, match="quality"):
        format_readout(Readout(READ.price_yuan, READ.price_words, READ.delivery, " "))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("100000001.00", "壹亿零壹元整"),
        ("100005000.05", "壹亿零伍仟元零伍分"),
        ("100050000.50", "壹亿零伍万元伍角"),
        ("20000500.00", "贰仟万零伍佰元整"),
        ("10.00", "壹拾元整"),
        ("0.05", "伍分"),
    ],
)
def test_noughts_between_are_written_once(amount: str, words: str) -> None:
    assert in_words(Decimal(amount)) == words


@given(AMOUNTS)
def test_amounts_are_written_as_another_library_writes_them(amount: Decimal) -> None:
    """But for the nought after an empty group, which that library leaves out and a bank asks for."""
    assert in_words(amount).replace("零", "") == cn2an.an2cn(str(amount), "rmb").replace("零", "")


@given(AMOUNTS)
def test_amounts_in_characters_are_read_back(amount: Decimal) -> None:
    assert amount_in_words(in_words(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("人民币肆佰捌拾陆万元整", "4860000.00"),
        ("人民币：肆佰捌拾陆万圆正", "4860000.00"),
        ("壹万伍佰元整", "10500.00"),
        ("拾伍元贰角整", "15.20"),
        ("伍分", "0.05"),
        ("零元整", "0.00"),
        ("壹元零伍分", "1.05"),
        ("壹佰零拾伍元整", "105.00"),
        ("壹万亿元整", "1000000000000.00"),
    ],
)
def test_other_ways_to_write_an_amount_are_understood(text: str, amount: str) -> None:
    assert amount_in_words(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "元",
        "整",
        "4860000元",
        "肆佰捌拾陆万",
        "拾佰元整",
        "壹贰元整",
        "亿元整",
        "壹元伍",
        "壹元伍角伍",
        "壹亿壹亿元",
        "一万元",
    ],
)
def test_what_names_no_amount_is_not_guessed(text: str) -> None:
    assert amount_in_words(text) is None


def test_figures_and_characters_that_differ_are_noticed() -> None:
    assert not Readout(READ.price_yuan, "肆佰陆拾万元整", "a", "b").agrees
    assert not Readout(READ.price_yuan, "面议", "a", "b").agrees


def test_amount_too_large_for_characters_is_not_written() -> None:
    with pytest.raises(ValueError, match="too large"):
        in_words(Decimal(10) ** 12)
