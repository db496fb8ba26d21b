"""Order, equals, brands, candidates. MOF-87-31, MOF-87-44, MOF-87-57, MOF-87-68, GPL-36, GPLR-43, GPLR-49."""

import hashlib
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.errors import Unfair
from mifeng.rules.ranking import (
    Standing,
    candidates,
    check_award,
    check_bidders,
    count_bidders,
    next_candidate,
    rank_bids,
)
from tests.rules.books import BOOK_2026
from tests.rules.scores import D


def standing(bid: str, total: str, yuan: str = "100.00", technical: str = "40", brand: str = "") -> Standing:
    return Standing(bid, D(total), D(yuan), D(technical), brand)


def lots(*bids: str) -> dict[str, bytes]:
    """Lots in the order of the names given: the first is the smallest."""
    return {bid: bytes([number]) for number, bid in enumerate(bids)}


def order(standings: list[Standing], ties: Any = "draw", *drawn: str) -> list[tuple[str, int, int, str]]:
    ranked = rank_bids(standings, ties, lots(*(drawn or sorted(one.bid for one in standings))))
    return [(one.bid, one.rank, one.place, one.decided) for one in ranked]


def test_the_higher_total_stands_first_then_the_lower_price() -> None:
    assert order([standing("A", "80"), standing("B", "90", "300.00"), standing("C", "90", "200.00")]) == [
        ("C", 1, 1, "first"),
        ("B", 2, 2, "price"),
        ("A", 3, 3, "score"),
    ]


def test_equals_share_a_rank_and_lots_say_who_is_taken_first() -> None:
    equal = [standing("A", "90"), standing("B", "90"), standing("C", "90"), standing("D", "80")]

    assert order(equal, "draw", "C", "A", "B", "D") == [
        ("C", 1, 1, "first"),
        ("A", 1, 2, "lots"),
        ("B", 1, 3, "lots"),
        ("D", 4, 4, "score"),
    ]


def test_the_documents_may_take_the_better_technical_bid_first() -> None:
    equal = [standing("A", "90", technical="40"), standing("B", "90", technical="42"), standing("C", "90")]

    assert order(equal, "technical", "C", "A", "B") == [
        ("B", 1, 1, "first"),
        ("C", 1, 2, "technical"),
        ("A", 1, 3, "lots"),
    ]
    assert order(equal, "draw", "C", "A", "B")[0][0] == "C"


def test_a_single_bid_stands_alone() -> None:
    assert order([standing("A", "30")]) == [("A", 1, 1, "first")]


def test_nobody_stands_nowhere() -> None:
    assert rank_bids([], "draw", {}) == ()


def test_of_one_brand_only_the_best_may_be_recommended() -> None:
    """Hard case 4: three of five bids are of one brand."""
    five = [
        standing("A", "95", brand="x"),
        standing("B", "94", brand="x"),
        standing("C", "93", brand="x"),
        standing("D", "92", brand="y"),
        standing("E", "91"),
    ]

    assert order(five) == [
        ("A", 1, 1, "first"),
        ("B", 2, 0, "brand"),
        ("C", 3, 0, "brand"),
        ("D", 4, 2, "score"),
        ("E", 5, 3, "score"),
    ]
    ranked = rank_bids(five, "draw", lots(*"ABCDE"))
    assert candidates(ranked, 3) == ("A", "D", "E")
    assert next_candidate(ranked, {"A"}, 3) == "D"


def test_of_equal_scores_in_a_brand_the_price_does_not_decide() -> None:
    """MOF-87-31 names the rule of the documents and the lot, not the price."""
    pair = [standing("A", "90", "200.00", "41", "x"), standing("B", "90", "100.00", "40", "x")]

    assert order(pair, "draw", "A", "B") == [("B", 1, 0, "brand"), ("A", 2, 1, "price")]
    assert order(pair, "draw", "B", "A") == [("B", 1, 1, "first"), ("A", 2, 0, "brand")]
    assert order(pair, "technical", "B", "A") == [("B", 1, 0, "brand"), ("A", 2, 1, "price")]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(0, 1), st.sampled_from("xy ")), max_size=6))
def test_the_ranking_does_not_depend_on_the_order_of_the_bids(rows: list[tuple[int, int, int, str]]) -> None:
    bids = [
        Standing(str(number), Decimal(total), Decimal(yuan), Decimal(technical), brand.strip())
        for number, (total, yuan, technical, brand) in enumerate(rows)
    ]
    drawn = {one.bid: hashlib.sha256(one.bid.encode()).digest() for one in bids}

    for ties in ("draw", "technical"):
        found = {rank_bids(other, ties, drawn) for other in list(permutations(bids))[:: max(1, len(bids) ** 2)]}
        assert found == {rank_bids(bids, ties, drawn)}
        places = sorted(one.place for one in found.pop() if one.place)
        assert places == list(range(1, count_bidders({one.bid: one.brand for one in bids}) + 1))


@pytest.mark.parametrize(
    ("standings", "drawn"),
    [
        ([standing("A", "1"), standing("A", "2")], {"A": b"1"}),
        ([standing("A", "1"), standing("B", "2")], {"A": b"1", "B": b"1"}),
        ([standing("A", "1"), standing("B", "2")], {"A": b"1", "B": b"22"}),
    ],
)
def test_lots_that_decide_nothing_are_an_error(standings: list[Standing], drawn: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="once"):
        rank_bids(standings, "draw", drawn)


def test_a_bid_without_a_lot_is_an_error() -> None:
    with pytest.raises(KeyError):
        rank_bids([standing("A", "1")], "draw", {})


def test_bids_of_one_brand_are_one_bidder() -> None:
    assert count_bidders({"A": "x", "B": "x", "C": "x", "D": "y", "E": ""}) == 3
    assert count_bidders({"A": "", "B": ""}) == 2
    assert count_bidders({}) == 0


@pytest.mark.parametrize("stage", ["qualified", "valid"])
def test_three_bidders_are_enough(stage: Any) -> None:
    check_bidders({"A": "x", "B": "x", "C": "y", "D": ""}, "open-tender", BOOK_2026, stage)


@pytest.mark.parametrize(
    ("stage", "code", "source"), [("qualified", "qualified-short", "MOF-87-44"), ("valid", "valid-short", "GPL-36")]
)
@pytest.mark.parametrize("brands", [{"A": "x", "B": "x", "C": "x", "D": "y"}, {"A": "", "B": ""}, {"A": ""}, {}])
def test_fewer_than_three_bidders_make_the_tender_void(
    brands: dict[str, str], stage: Any, code: str, source: str
) -> None:
    with pytest.raises(Unfair) as refusal:
        check_bidders(brands, "open-tender", BOOK_2026, stage)

    assert (refusal.value.code, refusal.value.source) == (code, source)
    assert refusal.value.facts == {"bids": len(brands), "bidders": count_bidders(brands), "needed": 3}


RANKED = rank_bids(
    [standing(bid, total) for bid, total in (("A", "9"), ("B", "8"), ("C", "7"), ("D", "6"))], "draw", lots(*"ABCD")
)


@pytest.mark.parametrize(("out", "bid"), [((), "A"), (("A",), "B"), (("A", "B"), "C"), (("B",), "A")])
def test_the_award_follows_the_order_of_the_report(out: tuple[str, ...], bid: str) -> None:
    check_award(bid, RANKED, out, 3)


@pytest.mark.parametrize(
    ("out", "bid", "first"),
    [((), "B", "A"), (("A",), "A", "B"), (("A",), "C", "B"), (("A", "B", "C"), "D", "")],
)
def test_an_award_out_of_order_is_refused(out: tuple[str, ...], bid: str, first: str) -> None:
    """Of three recommended all fell out: the fourth is no candidate, the tender starts anew."""
    with pytest.raises(Unfair) as refusal:
        check_award(bid, RANKED, out, 3)

    assert (refusal.value.code, refusal.value.facts) == ("award-order", {"next": first})


def test_with_no_candidate_left_nobody_is_next() -> None:
    assert next_candidate(RANKED, ("A", "B", "C"), 3) is None
