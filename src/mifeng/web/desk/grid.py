"""The sheet of a seat as a page shows it (打分表): bids in the seat's own order, items, what was saved of each cell.

Bounds, steps and the ends of a range that need a reason are told with each item, so that a script can say at once what
the server would refuse; the server is asked all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from mifeng.evaluation import blind
from mifeng.evaluation.actions.sheets import Entered
from mifeng.evaluation.blind import Desk, Saved
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Reason, Unfair
from mifeng.rules.scoring import Item, Template, decimal_text
from mifeng.rules.scoring.sheet import MAX_REMARK, is_extreme
from mifeng.web.shell import words

CellPlace = tuple[str, str]
SCORE = "score-"


@dataclass(frozen=True, slots=True)
class Column:
    """One item of the part (评审因素), in text; scores down to the floor or up from the ceiling need a reason."""

    id: str
    name: str
    low: str
    high: str
    step: str
    objective: bool
    weight: str
    floor: str
    ceiling: str

    @property
    def hint(self) -> str:
        """Return the bounds in words."""
        return f"{self.low}–{self.high}"


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell (单元格): what stands in it, how often it was saved, and what is wrong with it if it was refused.

    Args:
        column: of the item.
        code: of the bid.
        value: the score as text; what was typed where it was refused.
        remark: the reason.
        version: how often it was saved.
        at: when it was last saved.
        needs: the score that stands needs a reason.
        reasons: why what was typed was not saved.
        stands: the score that was saved meanwhile by another window; else empty.
        unsaved: what stands here is not what was saved.
        filled: a score was saved, and not emptied again.
    """

    column: Column
    code: str
    value: str = ""
    remark: str = ""
    version: int = 0
    at: datetime | None = None
    needs: bool = False
    reasons: tuple[Reason, ...] = ()
    stands: str = ""
    unsaved: bool = False
    filled: bool = False

    @property
    def id(self) -> str:
        """Return the name of the cell on the page."""
        return f"{self.code}-{self.column.id}"

    @property
    def codes(self) -> str:
        """Return the codes of what is wrong."""
        return " ".join(one.code for one in self.reasons)

    @property
    def says(self) -> str:
        """Return what is wrong in a few words."""
        return _said(self.reasons[0], self.column) if self.reasons else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One bid (暗标行): its code, its bidder once that is known, and its cells."""

    code: str
    bidder: str
    url: str
    reading: bool
    cells: tuple[CellView, ...]

    @property
    def done(self) -> int:
        """Return how many cells were saved."""
        return sum(cell.filled for cell in self.cells)

    @property
    def needs(self) -> bool:
        """Tell whether a cell wants a reason, or has one."""
        return any(cell.needs or cell.remark for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of a part (打分表)."""

    part: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def total(self) -> int:
        """Return how many cells there are."""
        return len(self.rows) * len(self.columns)

    @property
    def done(self) -> int:
        """Return how many were saved."""
        return sum(row.done for row in self.rows)

    @property
    def missing(self) -> int:
        """Return how many are missing."""
        return self.total - self.done

    @property
    def first(self) -> str:
        """Return the name of the first cell that is missing."""
        empty = (cell.id for row in self.rows for cell in row.cells if not cell.filled)
        return next(empty, "")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent for one cell (填写内容) and why it was not saved."""

    score: str
    remark: str
    version: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What a grid is drawn with besides the sheet (版面).

    Args:
        codes: of the bids, in the seat's own order.
        bidders: code → bidder, once that is known.
        ways: code → address at which the bid lies open.
        reading: code of the bid that lies open.
        typed: what was refused, by cell.
    """

    codes: Sequence[str]
    bidders: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, str] = field(default_factory=dict)
    reading: str = ""
    typed: Mapping[CellPlace, Typed] = field(default_factory=dict)


def grid_of(by: Actor, lot_id: UUID, desk: Desk, part: str, layout: Layout) -> Grid:
    """Return the sheet of a seat.

    Raises:
        DoesNotExist: for whoever has no seat, or before the sheet is given out.
    """
    columns = tuple(_column(item, desk.template) for item in desk.template.part(part))
    saved = {(one.code, one.item): one for one in blind.saved_for(by, lot_id, part)}
    rows = []
    for code in layout.codes:
        cells = tuple(_cell(column, code, saved, layout.typed, desk.template) for column in columns)
        rows.append(Row(code, layout.bidders.get(code, ""), layout.ways.get(code, ""), code == layout.reading, cells))
    return Grid(part, columns, tuple(rows))


def typed_cells(post: QueryDict) -> tuple[str, dict[str, Typed]]:
    """Return what a form sends of one bid: its code, and item → what was typed.

    A cell that is empty as it was is left out; one that held a score is to be emptied.
    """
    found = {}
    for name in post:
        item = name.removeprefix(SCORE)
        if item == name:
            continue
        score, version = post.get(name, "").strip(), post.get(f"version-{item}", "0")
        whole = int(version) if version.isascii() and version.isdigit() and len(version) < 8 else 0
        if score or whole:
            found[item] = Typed(score, post.get(f"remark-{item}", "") if score else "", whole)
    return post.get("code", "").strip(), found


def changed(found: Mapping[str, Typed], code: str, saved: Mapping[CellPlace, Saved]) -> dict[str, Typed]:
    """Return only what differs from what was saved, so that saving a row does not save it all again."""

    def differs(item: str, typed: Typed) -> bool:
        now = saved.get((code, item))
        same = now is not None and typed.version == now.version and _number(typed.score) == now.score
        return not (same and now is not None and " ".join(typed.remark.split()) == " ".join(now.remark.split()))

    return {item: typed for item, typed in found.items() if differs(item, typed)}


def entered(code: str, found: Mapping[str, Typed]) -> list[Entered]:
    """Return what was typed as cells to be saved.

    Raises:
        Unfair: ``malformed`` for each score that is no number, and each overlong remark.
    """
    bad = [
        Reason("malformed", {"field": "score", "code": code, "item": item})
        for item, typed in found.items()
        if typed.score and _number(typed.score) is None
    ]
    bad += [
        Reason("too-large", {"code": code, "item": item, "limit": MAX_REMARK})
        for item, typed in found.items()
        if len(typed.remark.strip()) > MAX_REMARK
    ]
    if bad or not found:
        raise Unfair(*(bad or [Reason("malformed", {"field": "cells"})]))
    return [Entered(code, item, _number(typed.score), typed.remark, typed.version) for item, typed in found.items()]


def reasons_of(reasons: Sequence[Reason], template: Template) -> dict[str, tuple[Reason, ...]]:
    """Return reasons by the item they speak of: by its id or by its name; ``""`` for those that speak of none."""
    ids = {item.name: item.id for item in template.scored} | {item.id: item.id for item in template.scored}
    found: dict[str, tuple[Reason, ...]] = {}
    for one in reasons:
        item = ids.get(str(one.facts.get("item", "")), "")
        found[item] = (*found.get(item, ()), one)
    return found


def _column(item: Item, template: Template) -> Column:
    margin = (item.max - item.min) * template.extreme
    ends = (item.min + margin, item.max - margin) if item.kind == "subjective" else (None, None)
    floor, ceiling = (decimal_text(end) if end is not None else "" for end in ends)
    return Column(
        item.id,
        item.name,
        decimal_text(item.min),
        decimal_text(item.max),
        decimal_text(item.step),
        objective=item.kind == "objective",
        weight="" if item.weight == 1 else decimal_text(item.weight),
        floor=floor,
        ceiling=ceiling,
    )


def _cell(
    column: Column,
    code: str,
    saved: Mapping[CellPlace, Saved],
    typed: Mapping[CellPlace, Typed],
    template: Template,
) -> CellView:
    now, sent = saved.get((code, column.id)), typed.get((code, column.id))
    item = next(one for one in template.scored if one.id == column.id)
    version, at = (now.version, now.at) if now else (0, None)
    filled = now is not None and now.score is not None
    value, remark = (decimal_text(now.score), now.remark) if now and now.score is not None else ("", "")
    reasons: tuple[Reason, ...] = ()
    stands, before = "", (value, remark)
    if sent:
        stands = value if any(one.code == "stale-version" for one in sent.reasons) else ""
        value, remark, reasons = sent.score, sent.remark, sent.reasons
    number = _number(value)
    needs = number is not None and is_extreme(number, item, template)
    return CellView(column, code, value, remark, version, at, needs, reasons, stands, (value, remark) != before, filled)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(text) < 20 else None


def _said(reason: Reason, column: Column) -> str:
    """Return why a cell was not saved, short enough to stand below it."""
    if reason.code == "score-range":
        return _("须在%(hint)s之间") % {"hint": column.hint}
    if reason.code == "score-step":
        return _("每档%(step)s分") % {"step": column.step}
    if reason.code == "remark-missing":
        return _("须写理由才能保存")
    if reason.code == "malformed":
        return _("请填数字")
    if reason.code == "stale-version":
        stands = reason.facts.get("stands", "")
        return _("另一窗口已改为%(score)s") % {"score": stands} if stands else _("另一窗口已清空")
    return words.reason_text(reason)
