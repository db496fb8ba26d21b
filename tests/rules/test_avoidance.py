"""Who stands aside, and where a draw looks for experts (回避与抽取范围)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from mifeng.rules.avoidance import (
    CITY,
    COUNTY,
    Candidate,
    Cell,
    Firm,
    cells,
    choose,
    conflict,
    exclusion,
    ratio_min,
    totals,
)
from tests.rules.books import BOOK

SCHOOL = Firm("Y1590800000000001A", "市教育局")
AGENCY = Firm("Y1590800000000002B", "甲诚招标代理有限公司")
FREE = Candidate(Firm("Y1590800000000009Z", "癸原质检中心"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"listed": False, "trained": False, "busy": True, "employer": SCHOOL}, "suspended"),
        ({"trained": False, "busy": True, "employer": SCHOOL}, "untrained"),
        ({"busy": True, "employer": SCHOOL}, "busy"),
        ({"employer": SCHOOL, "relations": (AGENCY.code,)}, "employed"),
        ({"relations": ("other", AGENCY.code)}, "related"),
        ({"relations": ("other",)}, ""),
    ],
)
def test_weightiest_reason_keeps_a_person_out(changes: dict[str, object], reason: str) -> None:
    """Only the trained are drawn, nobody of the parties, nobody seated elsewhere (R052, R168, GPLR-9)."""
    assert exclusion(replace(FREE, **changes), (SCHOOL, AGENCY)) == reason  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("employer", "found"),
    [
        (Firm(SCHOOL.code, "旧名"), "employed"),
        (Firm("", "市 教育局"), "employed"),
        (Firm("", "市教育局 "), "employed"),
        (Firm("", "市教育局二处"), ""),
        (Firm("", ""), ""),
        (Firm("Y1590800000000009Z", "市教育局"), ""),
    ],
)
def test_employer_is_known_by_its_code_and_without_one_by_its_name(employer: Firm, found: str) -> None:
    assert conflict(Candidate(employer), (SCHOOL, AGENCY)) == found


def test_name_is_compared_in_one_width() -> None:
    assert conflict(Candidate(Firm("", "\uff21\uff22 研究所")), (Firm("", "ab研究所"),)) == "employed"


def test_near_experts_come_first_then_a_wider_class_then_the_city() -> None:
    """Near experts first, the city's library where they are too few, wider where the pool is small (R097, R142)."""
    assert cells("A0801", near=True) == (
        Cell("A0801", COUNTY),
        Cell("A08", COUNTY),
        Cell("A0801", CITY),
        Cell("A08", CITY),
    )
    assert cells("A08", near=True) == (Cell("A08", COUNTY), Cell("A08", CITY))
    assert cells("A0801", near=False) == (Cell("A0801", CITY), Cell("A08", CITY))


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ((6, 20, 50), 0),
        ((5, 6, 50), 1),
        ((5, 5, 6), 2),
        ((2, 5, 3), 1),
        ((0, 0, 0), 0),
    ],
)
def test_first_pool_that_is_large_enough_is_taken_else_the_largest(sizes: tuple[int, ...], chosen: int) -> None:
    places = (Cell("A0801", COUNTY), Cell("A08", COUNTY), Cell("A08", CITY))

    assert choose(list(zip(places, sizes, strict=True)), 2, BOOK) == places[chosen]


def test_three_persons_are_eligible_for_each_seat() -> None:
    assert ratio_min(BOOK) == Fraction(3)


def test_reasons_are_summed_without_persons() -> None:
    assert totals(["", "busy", "employed", "", "busy"]) == {"busy": 2, "employed": 1}
    assert totals([]) == {}
