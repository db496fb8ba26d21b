"""Sheets and corrections. GPLR-34, GPLR-41, MOF-87-55, MOF-87-61, MOF-87-64. R151: experts score fairly."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Unfair
from mifeng.rules.scoring import (
    Cell,
    Correction,
    Sheet,
    check_cell,
    check_consistency,
    check_correction,
    check_sheet,
    corrected,
    differences,
    format_sheet,
    is_extreme,
    named,
    parse_sheet,
)
from tests.rules.scores import TEMPLATE, D, items, sheet, template

FULL = sheet({"7QKM2X4D": {"t1": "27.5", "t2": "20"}, "3HNV90TB": {"t1": "24", "t2": "15"}})
CODES = ("3HNV90TB", "7QKM2X4D")


def test_a_sheet_is_read_as_it_was_written() -> None:
    again = parse_sheet(format_sheet(FULL))

    assert again.scores == FULL.scores
    assert (again.lot_ref, again.round, again.seat, again.part, again.template) == (
        FULL.lot_ref,
        FULL.round,
        FULL.seat,
        FULL.part,
        FULL.template,
    )
    assert format_sheet(again) == format_sheet(FULL)


def test_the_order_in_which_cells_were_entered_says_nothing() -> None:
    assert format_sheet(replace(FULL, cells=FULL.cells[::-1])) == format_sheet(FULL)


def test_a_cell_that_stands_twice_is_not_written() -> None:
    with pytest.raises(ValueError, match="twice"):
        format_sheet(replace(FULL, cells=(*FULL.cells, FULL.cells[0])))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), "mifeng-sheet/2"),
        (("part",), "price"),
        (("round",), 0),
        (("seat",), ""),
        (("lot_ref",), "07"),
        (("template",), "AB" * 32),
        (("scores",), []),
        (("scores", "3HNV90TB"), []),
        (("scores", "3HNV90TB", "t1"), "24"),
        (("scores", "3HNV90TB", "t1", "score"), "24.0"),
        (("scores", "3HNV90TB", "t1", "score"), 24),
        (("scores", "3HNV90TB", "t1", "remark"), 1),
        (("scores", "3HNV90TB", "t1", "by"), "E1"),
        (("more",), "x"),
    ],
    ids=str,
)
def test_a_misshapen_sheet_is_refused(place: tuple[str, ...], value: Any) -> None:
    fields: Any = parse_canonical(format_sheet(FULL))
    inner = fields
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    with pytest.raises(ValueError, match=r"."):
        parse_sheet(canonical(fields))


@pytest.mark.parametrize("text", ["0.5 thin", "29.5", "30 page 12", "0 nothing there"])
def test_a_score_in_bounds_passes(text: str) -> None:
    check_cell(sheet({"A": {"t1": text}}).cells[0], TEMPLATE, "technical")


@pytest.mark.parametrize(
    ("item", "text", "codes"),
    [
        ("t1", "30.5 page 12", ("score-range",)),
        ("t1", "35", ("score-range",)),
        ("t1", "27.3", ("score-step",)),
        ("t1", "30", ("remark-missing",)),
        ("t1", "0", ("remark-missing",)),
        ("t1", "0  ", ("remark-missing",)),
        ("t2", "25", ("score-range",)),
        ("t2", "7", ("score-step",)),
        ("b1", "4", ("item-unknown",)),  # of the other part
        ("p", "30", ("item-unknown",)),  # nobody scores the price
        ("t9", "1", ("item-unknown",)),
        ("t1", "31 " + "x" * 501, ("score-range", "too-large")),
    ],
)
def test_a_score_out_of_bounds_is_refused_with_every_reason(item: str, text: str, codes: tuple[str, ...]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_cell(sheet({"A": {item: text}}).cells[0], TEMPLATE, "technical")

    assert refusal.value.codes == codes


def test_the_range_and_the_step_are_told() -> None:
    with pytest.raises(Unfair) as refusal:
        check_cell(Cell("A", "t1", D("30.5")), TEMPLATE, "technical")
    with pytest.raises(Unfair) as stepped:
        check_cell(Cell("A", "t1", D("27.3")), TEMPLATE, "technical")

    assert refusal.value.facts == {"code": "A", "item": "技术方案", "min": "0", "max": "30"}
    assert stepped.value.facts == {"code": "A", "item": "技术方案", "step": "0.5"}


def test_steps_count_from_the_least_score() -> None:
    shifted = template(items=items(t1={"min": D("1"), "step": D("2"), "max": D("29")}))

    check_cell(Cell("A", "t1", D("3")), shifted, "technical")
    with pytest.raises(Unfair):
        check_cell(Cell("A", "t1", D("4")), shifted, "technical")


@pytest.mark.parametrize(
    ("extreme", "score", "needed"),
    [
        ("0", "0", True),
        ("0", "0.5", False),
        ("0", "30", True),
        ("0.1", "3", True),
        ("0.1", "3.5", False),
        ("0.1", "26.5", False),
        ("0.1", "27", True),
    ],
)
def test_a_reason_is_due_near_the_ends_of_a_range(extreme: str, score: str, needed: bool) -> None:
    assert is_extreme(D(score), TEMPLATE.items[0], template(extreme=D(extreme))) == needed


def test_full_marks_on_an_objective_item_need_no_reason() -> None:
    check_sheet(sheet({"A": {"t1": "1", "t2": "20"}}), TEMPLATE, ["A"])


def test_a_complete_sheet_can_be_signed() -> None:
    check_sheet(FULL, TEMPLATE, CODES)


def test_every_thing_in_the_way_of_signing_is_told_at_once() -> None:
    faulty = sheet({"7QKM2X4D": {"t1": "35"}, "3HNV90TB": {"t1": "30", "t2": "15"}, "00000000": {"t2": "7"}})

    with pytest.raises(Unfair) as refusal:
        check_sheet(faulty, TEMPLATE, (*CODES, "XW5R6PJ1"))

    assert refusal.value.codes == ("cells-missing", "code-unknown", "score-range", "remark-missing", "score-step")
    assert refusal.value.facts == {"missing": 3, "total": 6}
    assert refusal.value.reasons[1].facts == {"code": "00000000"}


def of(seat: str, *, t2: str = "20", bid: str = "A") -> Sheet:
    return sheet({bid: {"t1": "10", "t2": t2}}, seat=seat)


def test_codes_are_exchanged_for_bids() -> None:
    plain = named(FULL, {"7QKM2X4D": "bid-1", "3HNV90TB": "bid-2"})

    assert plain.scores[("bid-1", "t1")] == D("27.5")
    with pytest.raises(KeyError):
        named(FULL, {"7QKM2X4D": "bid-1"})


def test_objective_items_scored_alike_pass() -> None:
    check_consistency([of(seat) for seat in ("E1", "E2", "E3")], TEMPLATE)


def test_an_objective_item_scored_differently_is_named_and_no_score_is() -> None:
    """Hard case: 20, 20, 20, 20, 15."""
    sheets = [of(f"E{n}", t2="15" if n == 5 else "20") for n in range(1, 6)]

    with pytest.raises(Unfair) as refusal:
        check_consistency(sheets, TEMPLATE)

    assert refusal.value.codes == ("objective-differs",)
    assert refusal.value.facts == {"item": "技术参数", "bids": 1}
    assert differences(sheets, TEMPLATE) == {"t2": {"A"}}


def test_subjective_items_may_differ() -> None:
    assert differences([sheet({"A": {"t1": "1"}}), sheet({"A": {"t1": "29"}}, seat="E2")], TEMPLATE) == {}


# --- corrections before the report is signed ------------------------------------------------------

BUSINESS = [sheet({"A": {"b1": "10", "b2": "5"}}, seat=f"E{n}", part="business") for n in (1, 2, 3)]
TECHNICAL = [of("E1"), of("E2"), of("E3", t2="15")]
SHEETS = [*TECHNICAL, *BUSINESS]
OBJECTIVE = Correction("objective", "E3", "A", "t2", D("15"), D("20"), "参数满足，第9页")


def test_an_objective_item_is_corrected_before_signing() -> None:
    check_correction(OBJECTIVE, SHEETS, TEMPLATE, members=3)

    after = corrected(SHEETS, OBJECTIVE)

    assert differences(after, TEMPLATE) == {}
    assert after[2].cells[1] == Cell("A", "t2", D("20"), "参数满足，第9页")
    assert [one.cells for one in after[:2]] == [one.cells for one in SHEETS[:2]]


def test_a_score_out_of_range_is_corrected() -> None:
    wild = [of("E1"), of("E2"), sheet({"A": {"t1": "31", "t2": "20"}}, seat="E3"), *BUSINESS]

    check_correction(Correction("range", "E3", "A", "t1", D("31"), D("29"), "误填"), wild, TEMPLATE, members=3)


def test_a_score_found_abnormal_by_most_members_is_corrected() -> None:
    abnormal = Correction("abnormal", "E1", "A", "t1", D("10"), D("22"), "与方案不符", agreed=2)

    check_correction(abnormal, SHEETS, TEMPLATE, members=3)


def test_a_wrong_sum_is_corrected_to_what_the_scores_give() -> None:
    wrong = Correction("sum", "E1", "A", "", D("54"), D("45"), "合计误写")

    check_correction(wrong, SHEETS, TEMPLATE, members=3)
    assert corrected(SHEETS, wrong) == tuple(SHEETS)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"kind": "second thoughts"}, ("correction-unlawful",)),
        ({"kind": ""}, ("correction-unlawful",)),
        ({"reason": " "}, ("reason-required",)),
        ({"before": D("10")}, ("correction-baseless",)),  # stands otherwise by now
        ({"seat": "E9"}, ("correction-baseless",)),
        ({"item": "p"}, ("correction-baseless",)),
        ({"item": "b1", "before": D("10"), "after": D("8")}, ("correction-baseless",)),  # all agree there
        ({"item": "t1", "before": D("10"), "after": D("12")}, ("correction-baseless",)),  # subjective
        ({"kind": "range"}, ("correction-baseless",)),  # 15 is in range
        ({"kind": "abnormal"}, ("correction-baseless",)),  # an objective item is not found abnormal
        ({"after": D("25")}, ("score-range",)),
        ({"after": D("7")}, ("score-step",)),
        (
            {"kind": "abnormal", "item": "t1", "before": D("10"), "after": D("12"), "agreed": 1},
            ("majority-missing",),
        ),
        ({"kind": "sum", "item": "", "before": D("40"), "after": D("40")}, ("correction-baseless",)),  # is right
        ({"kind": "sum", "item": "", "before": D("45"), "after": D("46")}, ("correction-wrong",)),
        ({"kind": "sum", "item": "", "seat": "E9"}, ("correction-baseless",)),
    ],
)
def test_any_other_change_is_refused(changes: dict[str, Any], codes: tuple[str, ...]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_correction(replace(OBJECTIVE, **changes), SHEETS, TEMPLATE, members=3)

    assert refusal.value.codes == codes


def test_half_of_the_members_are_no_majority() -> None:
    abnormal = Correction("abnormal", "E1", "A", "t1", D("10"), D("22"), "与方案不符", agreed=3)

    with pytest.raises(Unfair) as refusal:
        check_correction(abnormal, SHEETS, TEMPLATE, members=6)

    assert refusal.value.facts == {"agreed": 3, "members": 6}


@given(st.decimals(0, 30, places=1))
def test_no_score_out_of_steps_gets_into_a_sheet(score: Any) -> None:
    cell = Cell("A", "t1", score, "page 1")
    whole = score * 2 % 1 == 0

    if whole:
        check_cell(cell, TEMPLATE, "technical")
    else:
        with pytest.raises(Unfair):
            check_cell(cell, TEMPLATE, "technical")
