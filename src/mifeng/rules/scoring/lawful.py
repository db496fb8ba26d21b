"""Whether a scoring template is lawful (评分办法核查): asked before the notice, when it can still be changed."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.rulebook import Rulebook
from mifeng.rules.scoring.template import Deduction, Item, LowPrice, Template

TOTAL = Decimal(100)
# Kind of deduction → constants of its least and greatest rate. A book that lacks them does not know the deduction.
DEDUCTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "small-firm": ("small_firm_deduction_min", "small_firm_deduction_max"),
        "small-firm-share": ("small_share_deduction_min", "small_share_deduction_max"),
        "domestic": ("domestic_deduction", "domestic_deduction"),
    }
)
CONSULTATION = "consultation"


def check_template(template: Template, rulebook: Rulebook) -> None:
    """Refuse a template that the law does not allow (评分办法), with every reason.

    Args:
        template: as the documents have it.
        rulebook: shares of the price and rates of deductions in force for this tender.

    Raises:
        Unfair: ``template-sum``, ``item-twice``, ``item-range``, ``item-kind``, ``price-item``, ``price-weight``,
            ``deduction-unknown``, ``deduction-rate``, ``deduction-twice``, ``extreme-wide``.

    Source: GPLR-34, MOF-87-55
    """
    reasons = [*_items(template), *_price(template, rulebook), *_deductions(template, rulebook)]
    if template.extreme >= Decimal("0.5"):
        reasons.append(Reason("extreme-wide", {"extreme": str(template.extreme)}))
    refuse_if_any(Unfair, reasons)


def low_price_of(rulebook: Rulebook) -> LowPrice:
    """Return the shares below which a quote starts a review under a rulebook (异常低价); 0 where it knows none."""
    names = ("low_price_mean", "low_price_second", "low_price_ceiling")
    return LowPrice(*(rulebook.ratio(name) if name in rulebook.constants else Decimal() for name in names))


def _items(template: Template) -> Iterator[Reason]:
    total = sum((item.points for item in template.items), Decimal())
    if total != TOTAL:
        yield Reason("template-sum", {"points": f"{total.normalize():f}", "needed": str(TOTAL)})
    ids = [item.id for item in template.items]
    for one in sorted({one for one in ids if ids.count(one) > 1}):
        yield Reason("item-twice", {"item": one})
    for item in template.items:
        if (item.part == "price") != (item.kind == "price"):
            yield Reason("item-kind", {"item": item.name})
        elif item.kind != "price" and not _has_range(item):
            yield Reason("item-range", {"item": item.name, "min": str(item.min), "max": str(item.max)})


def _has_range(item: Item) -> bool:
    whole = item.step > 0 and (item.max - item.min) % item.step == 0
    return item.min < item.max and whole and item.weight > 0


def _price(template: Template, rulebook: Rulebook) -> Iterator[Reason]:
    prices = template.part("price")
    if len(prices) != (0 if template.fixed_price else 1):
        yield Reason("price-item", {"prices": len(prices), "needed": 0 if template.fixed_price else 1})
        return
    for item in prices:
        if item.min != 0 or item.step != 0 or item.points <= 0:
            yield Reason("item-range", {"item": item.name, "min": str(item.min), "max": str(item.max)})
        share = Fraction(item.points) / Fraction(TOTAL)
        least = rulebook.share(f"price_weight_{template.category}_min")
        most = rulebook.share(f"price_weight_{template.category}_max")
        capped = template.procedure == CONSULTATION
        if share < least or (capped and share > most):
            facts = {"share": _percent(share), "least": _percent(least), "most": _percent(most) if capped else "100%"}
            name = f"price_weight_{template.category}_{'min' if share < least else 'max'}"
            yield Reason("price-weight", facts, source=rulebook[name].source)


def _deductions(template: Template, rulebook: Rulebook) -> Iterator[Reason]:
    ids = [one.id for one in template.deductions]
    for name in sorted({one for one in ids if ids.count(one) > 1}):
        yield Reason("deduction-twice", {"deduction": name})
    for one in template.deductions:
        yield from _rate(one, rulebook)


def _rate(one: Deduction, rulebook: Rulebook) -> Iterator[Reason]:
    names = DEDUCTIONS.get(one.kind, ("", ""))
    if not set(names) <= set(rulebook.constants):
        yield Reason("deduction-unknown", {"deduction": one.kind})
        return
    least, most = (rulebook.share(name) for name in names)
    if not least <= Fraction(one.rate) <= most:
        facts = {"deduction": one.kind, "rate": _percent(Fraction(one.rate))}
        facts |= {"least": _percent(least), "most": _percent(most)}
        yield Reason("deduction-rate", facts, source=rulebook[names[0]].source)


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}%"
