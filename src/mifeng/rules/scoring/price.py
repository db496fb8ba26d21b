"""From quotes to points for the price (价格分, 低价优先法).

The *evaluated price* (评审价) is the quote after the deductions that the documents name and the committee granted, step
by step; it serves the evaluation only, the contract is made at the quote. The lowest evaluated price gets all points,
any other the share that the lowest is of it. No quote is dropped for being the highest or the lowest.

Whether a price is *abnormally low* (异常低价) is asked of the quotes themselves, before any deduction. A hit decides
nothing: it starts a review, in which the bidder explains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.money import yuan_text
from mifeng.rules.scoring.number import rounded
from mifeng.rules.scoring.template import LowPrice, Template

FEN_PLACES = 2
SMALL_FIRM = frozenset({"small-firm", "small-firm-share"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bid asks (报价).

    Args:
        bid: which bid.
        quote_yuan: as read out, or as corrected and confirmed.
        granted: ids of the deductions that the committee granted.
    """

    bid: str
    quote_yuan: Decimal
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LowHit:
    """A quote that starts a review (异常低价启动审查), and by which tests: ``mean``, ``second``, ``ceiling``."""

    bid: str
    tests: tuple[str, ...]


def evaluated_yuan(offer: Offer, template: Template) -> Decimal:
    """Return the evaluated price (评审价), rounded once, to the fen.

    Args:
        offer: quote and granted deductions.
        template: with the deductions in the order in which they are taken.
    """
    quote = Fraction(offer.quote_yuan)
    running = quote
    for step in template.deductions:
        if step.id in offer.granted:
            running -= Fraction(step.rate) * (quote if step.on == "quote" else running)
    return rounded(max(running, Fraction()), FEN_PLACES, template.rounding)


def price_points(offers: Iterable[Offer], template: Template) -> dict[str, Decimal]:
    """Return the points for the price of each bid (价格分): lowest evaluated price / own evaluated price × full points.

    Args:
        offers: of all bids that meet the requirements; prices above nought (``check_offer``).
        template: full points, rounding and places.

    Raises:
        ValueError: for a price of nought.
    """
    prices = {offer.bid: evaluated_yuan(offer, template) for offer in offers}
    if template.fixed_price or not prices:
        return dict.fromkeys(prices, Decimal())
    lowest, full = Fraction(min(prices.values())), Fraction(template.price_points)
    if not lowest:
        raise ValueError("a price of nought cannot be compared")
    return {
        bid: rounded(lowest / Fraction(price) * full, template.price_places, template.rounding)
        for bid, price in prices.items()
    }


def check_offer(offer: Offer, template: Template, *, ceiling_yuan: Decimal) -> None:
    """Refuse a quote that makes a bid invalid, or a deduction that the documents do not grant (报价核查).

    Args:
        offer: quote and granted deductions.
        template: in force.
        ceiling_yuan: the ceiling price; the budget where the documents name no ceiling.

    Raises:
        Unfair: ``price-above-ceiling``, ``price-nought``, ``deduction-unlisted``, ``deduction-double``.

    Source: MOF-87-63, GPLR-34, MOF-2020-46-9, our choice (ADR-7)
    """
    reasons = []
    if offer.quote_yuan > ceiling_yuan:
        facts = {"quote_yuan": yuan_text(offer.quote_yuan), "ceiling_yuan": yuan_text(ceiling_yuan)}
        reasons.append(Reason("price-above-ceiling", facts))
    if not template.fixed_price and not evaluated_yuan(offer, template):
        reasons.append(Reason("price-nought"))
    kinds = {one.id: one.kind for one in template.deductions}
    reasons += [Reason("deduction-unlisted", {"deduction": one}) for one in sorted(offer.granted - kinds.keys())]
    if sum(kinds.get(one) in SMALL_FIRM for one in offer.granted) > 1:
        reasons.append(Reason("deduction-double"))
    refuse_if_any(Unfair, reasons)


def low_prices(quotes: Mapping[str, Decimal], rates: LowPrice, *, ceiling_yuan: Decimal) -> tuple[LowHit, ...]:
    """Return the bids whose quotes start a review for an abnormally low price (异常低价), in the order given.

    All comparisons are strict and exact. The committee may start a review of any other bid besides.

    Args:
        quotes: original quotes, in yuan, of all bids that passed the conformity review.
        rates: of the template.
        ceiling_yuan: the ceiling price; the budget where the documents name no ceiling.
    """
    in_order = sorted(Fraction(quote) for quote in quotes.values())
    limits = {"ceiling": Fraction(rates.ceiling) * Fraction(ceiling_yuan)}
    if len(in_order) > 1:
        limits["mean"] = Fraction(rates.mean) * sum(in_order) / len(in_order)
        limits["second"] = Fraction(rates.second) * in_order[1]
    hits = {
        bid: tuple(test for test in ("mean", "second", "ceiling") if test in limits and quote < limits[test])
        for bid, quote in quotes.items()
    }
    return tuple(LowHit(bid, tests) for bid, tests in hits.items() if tests)
