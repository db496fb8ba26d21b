"""The cases computed by hand in docs/scoring-cases.md, read from there. MOF-87-31, MOF-87-55, MOF-87-57, GPL-36.

MOF-87-64: corrections. MOF-2022-19, MOF-2026-2, SCO-2025-34: deductions and low prices.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest

from mifeng.rules.errors import Refusal
from mifeng.rules.ranking import Standing, check_bidders, count_bidders, next_candidate, rank_bids
from mifeng.rules.scoring import (
    Cell,
    Correction,
    Deduction,
    Item,
    LowPrice,
    Offer,
    Sheet,
    Template,
    check_cell,
    check_correction,
    check_offer,
    check_template,
    corrected,
    differences,
    evaluated_yuan,
    low_prices,
    price_points,
    seat_sums,
    total_scores,
)
from tests.rules.books import BOOK_2026
from tests.rules.cases import MINUS, PAGE, Case, Row, half_rounded, mutants, read_cases, worked_out
from tests.rules.scores import HASH, LOT, D

CASES = read_cases(PAGE.read_text("utf-8"))
ITEMS = (
    Item("t", "技术方案", "technical", "subjective", D("0"), D("40"), D("0.5")),
    Item("o", "技术参数", "technical", "objective", D("0"), D("20"), D("5")),
    Item("b", "售后服务", "business", "subjective", D("0"), D("10"), D("1")),
    Item("p", "价格", "price", "price", D("0"), D("30"), D("0")),
)
EVERYTHING = {"seat", "bid", "t", "o", "b", "part", "item", "score", "remark", "quote", "lot", "granted", "brand"}
# Columns that are given; every other one is expected.
GIVEN: dict[str, set[str]] = {
    "Rules": {"rule", "value"},
    "Scores": EVERYTHING,
    "Quotes": EVERYTHING,
    "Checked quotes": EVERYTHING,
    "Cells": EVERYTHING,
    "Low prices": EVERYTHING,
    "Bidders": EVERYTHING,
    "Next": {"out"},
    "Corrections": {"kind", "seat", "bid", "item", "before", "after", "agreed"},
    "Sums": {"bid"},
    "Differences": set(),
    "Result": set(),
    "Result after": set(),
    "Count": set(),
}


def template(case: Case) -> Template:
    """The usual template, with what the case declares."""
    rules = case.rules
    deductions = []
    for rule, value in rules.items():
        if rule.startswith("deduction "):
            kind, rate, base = value.split(" ")
            deductions.append(Deduction(rule.split(" ")[1], kind, D(rate), base))  # type: ignore[arg-type]
    low = LowPrice(*(D(rate) for rate in rules.get("low price", "0.5 0.5 0.45").split(" ")))
    return Template(
        version=1,
        procedure="open-tender",
        category="goods",
        fixed_price=False,
        items=ITEMS,
        rounding=rules.get("rounding", "half-up"),  # type: ignore[arg-type]
        price_places=2,
        mean_places=2,
        extreme=D("0"),
        deductions=tuple(deductions),
        low_price=low,
        ties=rules.get("ties", "draw"),  # type: ignore[arg-type]
        candidates=3,
    )


def sheets(case: Case) -> list[Sheet]:
    """Two sheets of each seat, one for each part."""
    rows = case.tables.get("Scores", [])
    return [
        Sheet(
            LOT,
            1,
            seat,
            part,
            HASH,
            tuple(
                Cell(row["bid"], name, D(row[name]), "有理由") for row in rows if row["seat"] == seat for name in names
            ),
        )
        for seat in sorted({row["seat"] for row in rows})
        for part, names in (("technical", "to"), ("business", "b"))
    ]


def offers(case: Case) -> list[Offer]:
    return [
        Offer(row["bid"], D(row["quote"]), frozenset(row.get("granted", "").split())) for row in case.tables["Quotes"]
    ]


def refused(check: Callable[[], None]) -> str:
    """Return the codes with which a check refuses, or nothing."""
    try:
        check()
    except Refusal as refusal:
        return " ".join(refusal.codes)
    return ""


def check_result(case: Case, caption: str, scored: list[Sheet]) -> None:
    declared, brands = template(case), {row["bid"]: row.get("brand", "") for row in case.tables["Quotes"]}
    scores = {one.bid: one for one in total_scores(scored, offers(case), declared)}
    lots = {
        row["bid"]: bytes.fromhex(row.get("lot", f"{place:08x}")) for place, row in enumerate(case.tables["Quotes"])
    }
    standings = [
        Standing(one.bid, one.total, one.evaluated_yuan, one.technical, brands[one.bid]) for one in scores.values()
    ]
    found = [
        {
            "bid": one.bid,
            "mean": str(scores[one.bid].mean),
            "technical": str(scores[one.bid].technical),
            "points": str(scores[one.bid].price),
            "total": str(scores[one.bid].total),
            "rank": str(one.rank),
            "place": str(one.place),
            "decided": one.decided,
        }
        for one in rank_bids(standings, declared.ties, lots)
    ]
    expected = case.tables[caption]
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    for row in case.tables.get("Next", []) if caption == "Result" else []:
        ranked = rank_bids(standings, declared.ties, lots)
        assert (next_candidate(ranked, row["out"].split(), 3) or "") == row["next"]


def check_prices(case: Case) -> None:
    declared, rows = template(case), case.tables["Quotes"]
    points = price_points(offers(case), declared)
    found = [(str(evaluated_yuan(offer, declared)), str(points[offer.bid])) for offer in offers(case)]
    assert found == [(row["evaluated"], row["points"]) for row in rows]


def check_sums(case: Case) -> None:
    for row in case.tables["Sums"]:
        found = seat_sums(sheets(case), row["bid"], template(case))
        assert {seat: f"{one.normalize():f}" for seat, one in found.items()} == {
            seat: one for seat, one in row.items() if seat != "bid"
        }


def check_corrections(case: Case) -> list[Sheet]:
    standing = sheets(case)
    members = len(standing) // 2
    for row in case.tables["Corrections"]:
        one = Correction(
            row["kind"],
            row["seat"],
            row["bid"],
            row["item"],
            D(row["before"]),
            D(row["after"]),
            "见评审报告",
            int(row["agreed"]),
        )
        codes = refused(partial(check_correction, one, standing, template(case), members=members))
        assert codes == row["refused"]
        standing = standing if codes else list(corrected(standing, one))
    return standing


def check_bounds(case: Case) -> None:
    ceiling = D(case.rules.get("ceiling", "0"))
    for row in case.tables.get("Cells", []):
        cell = Cell("A", row["item"], D(row["score"]), row["remark"])
        assert refused(lambda cell=cell, row=row: check_cell(cell, template(case), row["part"])) == row["refused"]
    for row in case.tables.get("Checked quotes", []):
        offer = Offer(row["bid"], D(row["quote"]))
        assert refused(lambda offer=offer: check_offer(offer, template(case), ceiling_yuan=ceiling)) == row["refused"]
    quotes: list[Row] = case.tables.get("Low prices", [])
    hits = low_prices({one["bid"]: D(one["quote"]) for one in quotes}, template(case).low_price, ceiling_yuan=ceiling)
    found = {hit.bid: " ".join(hit.tests) for hit in hits}
    assert [found.get(row["bid"], "") for row in quotes] == [row["tests"] for row in quotes]


def check_count(case: Case) -> None:
    brands = {row["bid"]: row["brand"] for row in case.tables["Bidders"]}
    void = refused(lambda: check_bidders(brands, "open-tender", BOOK_2026, "valid"))
    counted = {"bids": str(len(brands)), "bidders": str(count_bidders(brands)), "refused": void}
    assert case.tables["Count"] == [counted]


def check_steps(case: Case) -> None:
    for step in case.steps:
        exact = worked_out(step.left)
        places = len(step.value.partition(".")[2])
        if step.more:
            assert int(exact * 10**places) == int(Fraction(step.value) * 10**places), step.text
            assert exact != Fraction(step.value), step.text
        else:
            assert exact == Fraction(step.value), step.text
        if step.rounded:
            kept = len(step.rounded.partition(".")[2])
            mode = case.rules.get("rounding", "half-up")
            assert half_rounded(exact, kept, mode) == Decimal(step.rounded), step.text


def check_case(case: Case) -> None:
    """Hold everything that a case expects against the code."""
    captions = case.tables.keys()
    check_steps(case)
    check_bounds(case)
    if "Quotes" in captions:
        check_prices(case)
    if "Sums" in captions:
        check_sums(case)
    if "Differences" in captions:
        found = differences(sheets(case), template(case))
        assert [{"item": item, "bids": " ".join(sorted(bids))} for item, bids in found.items()] == case.tables[
            "Differences"
        ]
    if "Result" in captions:
        check_result(case, "Result", sheets(case))
    if "Corrections" in captions:
        check_result(case, "Result after", check_corrections(case))
    if "Bidders" in captions:
        check_count(case)


def name(case: Case) -> str:
    return f"{case.number} {case.title}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_case_comes_out_as_it_was_computed_by_hand(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_no_expected_number_can_be_changed_without_notice(case: Case) -> None:
    kept = []
    for what, mutant in mutants(case, GIVEN):
        try:
            check_case(mutant)
        except AssertionError:
            continue
        kept.append(what)

    assert kept == []


def test_the_page_has_its_cases_in_order_and_each_expects_something() -> None:
    assert [case.number for case in CASES] == list(range(1, len(CASES) + 1))
    assert len(CASES) >= 12
    assert all(any(True for _ in mutants(case, GIVEN)) for case in CASES)
    assert {caption for case in CASES for caption in case.tables} == set(GIVEN)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_template_of_every_case_is_lawful(case: Case) -> None:
    check_template(template(case), BOOK_2026)


def test_steps_are_worked_out_and_not_believed() -> None:
    assert worked_out("(1 + 2.5) ÷ 2 × 30") == Fraction("52.5")
    assert worked_out(f"1 {MINUS} 0.2 × 1 {MINUS} 0.15 × 1") == Fraction("0.65")
    with pytest.raises(AssertionError, match="not a step"):
        read_cases("## 1 A\n    A: 1 + 1 is 2\n")
