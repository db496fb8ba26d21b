"""Corrections before the report is signed (报告签署前的修改): four kinds of error, each of which must really be there.

Once results are summed up, nobody may change them, except where a sum is wrong, a score lies outside its range, experts
differ on an objective item, or the committee finds a score abnormally high or low. Such a correction is made on the
spot, recorded in the report, and is an entry of its own; what was committed to before stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.scoring.sheet import Cell, Sheet, check_cell, differences, in_bounds
from mifeng.rules.scoring.template import Item, Template
from mifeng.rules.scoring.totals import seat_sums

Kind = Literal["sum", "range", "objective", "abnormal"]
KINDS: tuple[Kind, ...] = ("sum", "range", "objective", "abnormal")


@dataclass(frozen=True, slots=True)
class Correction:
    """One change after the scores were laid open (评分修改).

    Args:
        kind: ``sum`` (分值汇总计算错误), ``range`` (分项评分超出评分标准范围), ``objective`` (客观评审因素评分不一致)
            or ``abnormal`` (评分畸高、畸低).
        seat: whose score or sum it is.
        bid: of which bid.
        item: of which item; empty for a sum.
        before: what stands there.
        after: what shall stand there.
        reason: in words, for the report.
        agreed: for ``abnormal``, how many members found it so.
    """

    kind: str
    seat: str
    bid: str
    item: str
    before: Decimal
    after: Decimal
    reason: str
    agreed: int = 0


def check_correction(correction: Correction, sheets: Sequence[Sheet], template: Template, *, members: int) -> None:
    """Refuse a change of a score in any but the four lawful cases (评分修改核查), with every reason.

    Args:
        correction: as it is asked for.
        sheets: as they stand, all seats and parts, with bids in place of codes.
        template: in force.
        members: of the committee.

    Raises:
        Unfair: ``correction-unlawful``, ``correction-baseless``, ``correction-wrong``, ``majority-missing``,
            ``reason-required``, and what ``check_cell`` refuses of the new score.

    Source: MOF-87-64, MOF-87-61
    """
    reasons = [] if correction.reason.strip() else [Reason("reason-required")]
    if correction.kind == "sum":
        reasons += _sum_reasons(correction, sheets, template)
    elif correction.kind in KINDS:
        reasons += _cell_reasons(correction, sheets, template, members)
    else:
        reasons.append(Reason("correction-unlawful", {"kind": correction.kind}))
    refuse_if_any(Unfair, reasons)


def corrected(sheets: Sequence[Sheet], correction: Correction) -> tuple[Sheet, ...]:
    """Return the sheets with a correction made (修改后的评分表); a corrected sum changes no score."""

    def new(cell: Cell, sheet: Sheet) -> Cell:
        if (sheet.seat, cell.code, cell.item) != (correction.seat, correction.bid, correction.item):
            return cell
        return replace(cell, score=correction.after, remark=correction.reason)

    return tuple(replace(sheet, cells=tuple(new(cell, sheet) for cell in sheet.cells)) for sheet in sheets)


def _sum_reasons(correction: Correction, sheets: Sequence[Sheet], template: Template) -> Iterator[Reason]:
    computed = seat_sums(sheets, correction.bid, template).get(correction.seat)
    if computed is None or correction.before == computed:
        yield Reason("correction-baseless", {"kind": "sum"})
    elif correction.after != computed:
        yield Reason("correction-wrong", {"after": str(correction.after), "computed": f"{computed.normalize():f}"})


def _cell_reasons(
    correction: Correction, sheets: Sequence[Sheet], template: Template, members: int
) -> Iterator[Reason]:
    item = next((one for one in template.scored if one.id == correction.item), None)
    standing = [
        sheet.scores.get((correction.bid, correction.item)) for sheet in sheets if sheet.seat == correction.seat
    ]
    if item is None or correction.before not in standing or not _is_there(correction, item, sheets, template):
        yield Reason("correction-baseless", {"kind": correction.kind})
        return
    if correction.kind == "abnormal" and 2 * correction.agreed <= members:
        yield Reason("majority-missing", {"agreed": correction.agreed, "members": members})
    try:
        check_cell(Cell(correction.bid, item.id, correction.after, correction.reason), template, item.part)
    except Unfair as refusal:
        yield from refusal.reasons


def _is_there(correction: Correction, item: Item, sheets: Sequence[Sheet], template: Template) -> bool:
    if correction.kind == "range":
        return not in_bounds(correction.before, item)
    if correction.kind == "objective":
        return correction.bid in differences(sheets, template).get(item.id, ())
    return item.kind == "subjective"
