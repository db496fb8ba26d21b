"""A first scoring template (评分办法范本) for goods and for services: lawful as it stands, and meant to be changed.

It only proposes. What is set by the agency is checked like any other template, and the numbers of deductions and of
low-price tests come from the rulebook, never from here.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from mifeng.rules.rulebook import Rulebook
from mifeng.rules.scoring.lawful import DEDUCTIONS, low_price_of
from mifeng.rules.scoring.template import Deduction, Item, Template

_NOUGHT = Decimal(0)


def _scored(id: str, name: str, kind: str, most: int, step: int) -> Item:
    part = "technical" if id.startswith("t") else "business"
    return Item(id, name, part, kind, _NOUGHT, Decimal(most), Decimal(step))  # type: ignore[arg-type]


def _price(points: int) -> Item:
    return Item("p1", "价格", "price", "price", _NOUGHT, Decimal(points), _NOUGHT)


PRESETS: Mapping[str, tuple[Item, ...]] = MappingProxyType(
    {
        "goods": (
            _scored("t1", "技术参数响应", "objective", 20, 5),
            _scored("t2", "技术方案", "subjective", 20, 1),
            _scored("t3", "供货、安装与验收方案", "subjective", 10, 1),
            _scored("b1", "同类业绩", "objective", 10, 2),
            _scored("b2", "售后服务", "subjective", 10, 1),
            _price(30),
        ),
        "services": (
            _scored("t1", "服务方案", "subjective", 30, 1),
            _scored("t2", "人员与设备投入", "objective", 15, 5),
            _scored("t3", "质量保障与应急方案", "subjective", 15, 1),
            _scored("b1", "同类业绩", "objective", 10, 2),
            _scored("b2", "服务承诺", "subjective", 10, 1),
            _price(20),
        ),
    }
)


def preset(category: str, rulebook: Rulebook) -> Template:
    """Return a lawful first template for a kind of purchase (评分办法范本).

    Args:
        category: goods or services.
        rulebook: in force for the tender; deductions that it does not know are left out.
    """
    kinds = (
        ("domestic", "small-firm", "small-firm-share") if category == "goods" else ("small-firm", "small-firm-share")
    )
    known = [kind for kind in kinds if set(DEDUCTIONS[kind]) <= set(rulebook.constants)]
    return Template(
        version=1,
        procedure="open-tender",
        category=category,
        fixed_price=False,
        items=PRESETS[category],
        rounding="half-up",
        price_places=2,
        mean_places=2,
        extreme=_NOUGHT,
        deductions=tuple(Deduction(kind, kind, rulebook.ratio(DEDUCTIONS[kind][0]), "running") for kind in known),
        low_price=low_price_of(rulebook),
        ties="draw",
        candidates=3,
    )
