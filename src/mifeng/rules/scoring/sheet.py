"""One seat's scores (评分表): each bid under the seat's own code, each item of a part, a reason where one is needed.

A sheet is written cell by cell and signed as a whole. Nobody but the seat reads it before all are signed, so a check of
a sheet looks at this sheet alone. Whether experts agree where they must is asked when all are open; the answer names
items, never another expert's number.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.scoring.number import decimal_text, parse_decimal
from mifeng.rules.scoring.template import Item, Template
from mifeng.rules.seal.shapes import hex_of, number_of, object_of, text_of

FORMAT = "mifeng-sheet/1"
PARTS = ("technical", "business")
REF_BYTES = 32
MAX_REMARK = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """One score (单元格): of the bid under ``code``, for ``item``, with a reason where one is needed."""

    code: str
    item: str
    score: Decimal
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The scores of one seat (评分表).

    Args:
        lot_ref: of the lot.
        round: of the evaluation, from 1.
        seat: label of the seat.
        part: technical or business.
        template: hash of the template scored by.
        cells: one for each bid and item; their order says nothing.
    """

    lot_ref: bytes
    round: int
    seat: str
    part: str
    template: bytes
    cells: tuple[Cell, ...]

    @property
    def scores(self) -> dict[tuple[str, str], Decimal]:
        """Return the score of each code and item."""
        return {(cell.code, cell.item): cell.score for cell in self.cells}


def format_sheet(sheet: Sheet) -> bytes:
    """Return the canonical bytes of a sheet, what a seat commits to.

    Raises:
        ValueError: a cell twice, or a value that has no form in which it is written.
    """
    scores: dict[str, dict[str, object]] = {}
    for cell in sheet.cells:
        row = scores.setdefault(cell.code, {})
        if cell.item in row:
            raise ValueError(f"a cell stands twice: {cell.code} {cell.item}")
        row[cell.item] = {"score": decimal_text(cell.score), "remark": cell.remark}
    return canonical(
        {
            "format": FORMAT,
            "lot_ref": sheet.lot_ref.hex(),
            "round": sheet.round,
            "seat": sheet.seat,
            "part": sheet.part,
            "template": sheet.template.hex(),
            "scores": scores,
        }
    )


def parse_sheet(data: bytes) -> Sheet:
    """Return the sheet of canonical bytes; whether it is complete and in bounds says ``check_sheet``.

    Raises:
        ValueError: when the bytes are not canonical or misshapen.
    """
    keys = {"format", "lot_ref", "round", "seat", "part", "template", "scores"}
    fields = object_of(parse_canonical(data), keys, "a sheet")
    if fields["format"] != FORMAT or fields["part"] not in PARTS:
        raise ValueError(f"not in the format {FORMAT}, or of no part that experts score")
    rows = fields["scores"]
    if not isinstance(rows, dict):
        raise ValueError("scores stand under their codes")
    return Sheet(
        hex_of(fields["lot_ref"], REF_BYTES, "lot_ref"),
        number_of(fields["round"], "round"),
        text_of(fields["seat"], "seat"),
        str(fields["part"]),
        hex_of(fields["template"], REF_BYTES, "template"),
        tuple(cell for code, row in rows.items() for cell in _cells(code, row)),
    )


def named(sheet: Sheet, bids: Mapping[str, str]) -> Sheet:
    """Return a sheet with the bids themselves in place of a seat's codes (编码还原).

    Raises:
        KeyError: for a code that has no bid.
    """
    return replace(sheet, cells=tuple(replace(cell, code=bids[cell.code]) for cell in sheet.cells))


def check_cell(cell: Cell, template: Template, part: str) -> None:
    """Refuse a score that the template does not allow, with every reason (单格评分).

    Args:
        cell: as the expert entered it.
        template: in force.
        part: of the sheet.

    Raises:
        Unfair: ``item-unknown``, ``score-range``, ``score-step``, ``remark-missing``, ``too-large``.

    Source: GPLR-34, MOF-87-64, our choice (ADR-7)
    """
    refuse_if_any(Unfair, _cell_reasons(cell, template, part))


def check_sheet(sheet: Sheet, template: Template, codes: Collection[str]) -> None:
    """Refuse to sign a sheet that is not complete or not in bounds, with every reason (整表核查).

    Args:
        sheet: as it is to be signed.
        template: in force.
        codes: all codes of this seat.

    Raises:
        Unfair: ``cells-missing`` with the number of them, ``code-unknown``, and what ``check_cell`` refuses, once for
            each cell.

    Source: GPLR-41, MOF-87-55
    """
    refuse_if_any(Unfair, _sheet_reasons(sheet, template, codes))


def differences(sheets: Iterable[Sheet], template: Template) -> dict[str, frozenset[str]]:
    """Return the objective items that experts scored differently (客观分不一致), with the bids concerned.

    Args:
        sheets: of one part, with bids in place of codes (``named``), one for each seat.
        template: in force.
    """
    seen: dict[tuple[str, str], set[Decimal]] = {}
    for sheet in sheets:
        for place, score in sheet.scores.items():
            seen.setdefault(place, set()).add(score)
    split = [(bid, item) for (bid, item), scores in seen.items() if len(scores) > 1]
    objective = [item.id for item in template.scored if item.kind == "objective"]
    found = {item: frozenset(bid for bid, other in split if other == item) for item in objective}
    return {item: bids for item, bids in found.items() if bids}


def check_consistency(sheets: Iterable[Sheet], template: Template) -> None:
    """Refuse to sign a report while experts differ on an objective item (客观分一致性).

    The reasons name items and how many bids, never a score, a seat or a bid.

    Args:
        sheets: of one part, with bids in place of codes, one for each seat.
        template: in force.

    Raises:
        Unfair: ``objective-differs``, once for each item.

    Source: MOF-87-64
    """
    names = {item.id: item.name for item in template.items}
    found = differences(sheets, template)
    refuse_if_any(
        Unfair,
        [Reason("objective-differs", {"item": names[item], "bids": len(bids)}) for item, bids in found.items()],
    )


def is_extreme(score: Decimal, item: Item, template: Template) -> bool:
    """Tell whether a subjective score lies so near an end of its range that it needs a reason (畸高畸低须说明)."""
    margin = (item.max - item.min) * template.extreme
    return item.kind == "subjective" and not item.min + margin < score < item.max - margin


def in_bounds(score: Decimal, item: Item) -> bool:
    """Tell whether a score lies within the range of an item (分值范围)."""
    return item.min <= score <= item.max


def _cell_reasons(cell: Cell, template: Template, part: str) -> Iterator[Reason]:
    item = next((one for one in template.scored if one.id == cell.item and one.part == part), None)
    facts: dict[str, object] = {"code": cell.code, "item": cell.item if item is None else item.name}
    if item is None:
        yield Reason("item-unknown", facts)
        return
    if not in_bounds(cell.score, item):
        yield Reason("score-range", {**facts, "min": decimal_text(item.min), "max": decimal_text(item.max)})
    elif (cell.score - item.min) % item.step:
        yield Reason("score-step", {**facts, "step": decimal_text(item.step)})
    elif is_extreme(cell.score, item, template) and not cell.remark.strip():
        yield Reason("remark-missing", facts)
    if len(cell.remark) > MAX_REMARK:
        yield Reason("too-large", {**facts, "limit": MAX_REMARK})


def _sheet_reasons(sheet: Sheet, template: Template, codes: Collection[str]) -> Iterator[Reason]:
    wanted = {(code, item.id) for code in codes for item in template.part(sheet.part)}
    missing = wanted - sheet.scores.keys()
    if missing:
        yield Reason("cells-missing", {"missing": len(missing), "total": len(wanted)})
    for code in sorted({cell.code for cell in sheet.cells} - set(codes)):
        yield Reason("code-unknown", {"code": code})
    for cell in sheet.cells:
        yield from _cell_reasons(cell, template, sheet.part)


def _cells(code: str, row: object) -> Iterator[Cell]:
    if not isinstance(row, dict):
        raise ValueError("scores of a bid stand under their items")
    for item, value in row.items():
        fields = object_of(value, {"score", "remark"}, "a cell")
        if not isinstance(fields["remark"], str):
            raise ValueError("remark is text")
        yield Cell(code, item, parse_decimal(fields["score"], "score"), fields["remark"])
