"""A scoring template as a person reads it (评分办法): its factors by part, the price, and how numbers are rounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.scoring import Item, Template, decimal_text
from mifeng.web.shell import texts

Words = Mapping[str, str | Promise]
PARTS: Words = MappingProxyType(
    {"technical": gettext_lazy("技术部分"), "business": gettext_lazy("商务部分"), "price": gettext_lazy("价格部分")}
)
KINDS: Words = MappingProxyType(
    {"objective": gettext_lazy("客观分"), "subjective": gettext_lazy("主观分"), "price": gettext_lazy("由报价算出")}
)
ROUNDINGS: Words = MappingProxyType({"half-up": gettext_lazy("四舍五入"), "half-even": gettext_lazy("四舍六入五成双")})
BASES: Words = MappingProxyType(
    {"running": gettext_lazy("依次扣，后一项按扣过的价格算"), "quote": gettext_lazy("各项都按报价算")}
)
TIES: Words = MappingProxyType(
    {"draw": gettext_lazy("按事先固定的签序"), "technical": gettext_lazy("先看技术分，仍相同的按事先固定的签序")}
)
PER_CENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One factor in words (评审因素)."""

    part: str
    name: str
    kind: str
    points: str
    rule: str


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A scoring template in words (评分办法)."""

    items: tuple[ItemLine, ...]
    sums: tuple[tuple[str, str], ...]
    total: str
    facts: tuple[tuple[str, str], ...]


def template_view(template: Template) -> TemplateView:
    """Return a template in words."""
    parts = [part for part in PARTS if template.part(part)]
    sums = tuple((str(PARTS[part]), _points(template.part(part))) for part in parts)
    return TemplateView(tuple(map(_line, template.items)), sums, _points(template.items), tuple(_facts(template)))


def deduction_title(kind: str) -> str:
    """Return for whom the evaluated price is reduced."""
    return str(texts.FACT_WORDS["deduction"].get(kind, kind))


def per_cent(share: Decimal) -> str:
    """Return a share as a number of hundredths: ``12.5%``."""
    return f"{decimal_text(share * PER_CENT)}%"


def _points(items: tuple[Item, ...]) -> str:
    return f"{sum((item.points for item in items), Decimal()).normalize():f}"


def _line(item: Item) -> ItemLine:
    if item.kind == "price":
        rule = _("最低评审价除以本投标人评审价，再乘满分")
    else:
        numbers = {name: decimal_text(getattr(item, name)) for name in ("min", "max", "step")}
        rule = _("%(min)s至%(max)s分，每档%(step)s分") % numbers
        if item.weight != 1:
            rule += _("，再乘%(weight)s") % {"weight": decimal_text(item.weight)}
    points = f"{item.points.normalize():f}"
    return ItemLine(str(PARTS[item.part]), item.name, str(KINDS[item.kind]), points, rule)


def _facts(template: Template) -> list[tuple[str, str]]:
    taken = [f"{deduction_title(one.kind)}{per_cent(one.rate)}" for one in template.deductions]
    low = template.low_price
    shares = {"mean": per_cent(low.mean), "second": per_cent(low.second), "ceiling": per_cent(low.ceiling)}
    ends = _("两端各%(share)s以内") % {"share": per_cent(template.extreme)} if template.extreme else _("满分和最低分")
    price = _("价格固定，不列为评审因素") if template.fixed_price else _("低价优先法")
    places = {"price": template.price_places, "mean": template.mean_places, "mode": ROUNDINGS[template.rounding]}
    facts = [
        (_("价格分"), price),
        (_("价格扣除"), _("、").join(taken) if taken else _("没有")),
        *([(_("几项扣除同时享受时"), str(BASES[template.deductions[0].on]))] if len(taken) > 1 else []),
        (
            _("修约"),
            _("%(mode)s；价格分%(price)d位小数，平均分%(mean)d位") % {"mode": ROUNDINGS[template.rounding], **places},
        ),
        (_("主观分须写理由"), ends),
        (_("总分与评审价都相同时"), str(TIES[template.ties])),
        (_("推荐候选人"), _("%(number)d名") % {"number": template.candidates}),
    ]
    if any((low.mean, low.second, low.ceiling)):
        said = _("低于有效报价平均的%(mean)s、次低价的%(second)s或预算的%(ceiling)s时，启动审查") % shares
        facts.insert(2, (_("异常低价"), said))
    return facts
