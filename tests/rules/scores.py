"""A scoring template and sheets that tests of scoring begin from."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mifeng.rules.scoring import Cell, Deduction, Item, LowPrice, Sheet, Template, format_template, template_hash

D = Decimal
LOT, OTHER_LOT = bytes([7]) * 32, bytes([8]) * 32

ITEMS = (
    Item("t1", "技术方案", "technical", "subjective", D("0"), D("30"), D("0.5")),
    Item("t2", "技术参数", "technical", "objective", D("0"), D("20"), D("5")),
    Item("b1", "同类业绩", "business", "objective", D("0"), D("10"), D("2")),
    Item("b2", "售后服务", "business", "subjective", D("0"), D("10"), D("1")),
    Item("p", "价格", "price", "price", D("0"), D("30"), D("0")),
)
SMALL = Deduction("small", "small-firm", D("0.15"), "running")
DOMESTIC = Deduction("home", "domestic", D("0.2"), "running")
TEMPLATE = Template(
    version=1,
    procedure="open-tender",
    category="goods",
    fixed_price=False,
    items=ITEMS,
    rounding="half-up",
    price_places=2,
    mean_places=2,
    extreme=D("0"),
    deductions=(DOMESTIC, SMALL),
    low_price=LowPrice(D("0.5"), D("0.5"), D("0.45")),
    ties="draw",
    candidates=3,
)
HASH = template_hash(format_template(TEMPLATE))


def template(**changes: Any) -> Template:
    """The template with some things changed."""
    return replace(TEMPLATE, **changes)


def items(**changes: dict[str, Any]) -> tuple[Item, ...]:
    """The items with changes to those named: ``items(t1={"max": D("40")})``."""
    return tuple(replace(item, **changes.get(item.id, {})) for item in ITEMS)


def sheet(scores: Mapping[str, Mapping[str, str]], *, seat: str = "E1", part: str = "technical") -> Sheet:
    """A sheet from code → item → score as written; a remark follows a blank: ``"30 page 12"``."""
    cells = []
    for code, row in scores.items():
        for item, text in row.items():
            score, _, remark = text.partition(" ")
            cells.append(Cell(code, item, D(score), remark))
    return Sheet(LOT, 1, seat, part, HASH, tuple(cells))
