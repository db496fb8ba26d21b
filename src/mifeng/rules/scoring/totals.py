"""From sheets and quotes to totals (汇总得分): each expert's sum, the mean of the experts, the points for the price.

Experts score independently of one another, and every expert counts alike: none is dropped for being the highest or the
lowest. Sums are exact; the mean is rounded once; the total is the rounded mean and the rounded points for the price.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from mifeng.rules.scoring.number import rounded
from mifeng.rules.scoring.price import Offer, evaluated_yuan, price_points
from mifeng.rules.scoring.sheet import Sheet
from mifeng.rules.scoring.template import Item, Template


@dataclass(frozen=True, slots=True)
class BidScore:
    """What one bid scored (得分).

    Args:
        bid: which bid.
        sums: points that each seat gave it in all.
        technical: mean of the seats' technical points, rounded; it may decide between equals.
        mean: mean of the seats' sums, rounded.
        price: points for the price.
        total: mean and price.
        evaluated_yuan: the evaluated price.
    """

    bid: str
    sums: Mapping[str, Decimal]
    technical: Decimal
    mean: Decimal
    price: Decimal
    total: Decimal
    evaluated_yuan: Decimal


def seat_sums(sheets: Iterable[Sheet], bid: str, template: Template, part: str = "") -> dict[str, Decimal]:
    """Return the points that each seat gave a bid (个人合计), in all or in one part.

    Args:
        sheets: of all seats, with bids in place of codes (``named``).
        bid: which bid.
        template: in force.
        part: technical or business; both when empty.

    Raises:
        ValueError: when a seat has no score for an item.
    """
    return _sums(_by_seat(sheets), bid, [item for item in template.scored if part in ("", item.part)])


def mean(values: Iterable[Decimal], template: Template) -> Decimal:
    """Return the mean of points (平均分), rounded once as the template says.

    Raises:
        ValueError: for no value.
    """
    exact = [Fraction(value) for value in values]
    if not exact:
        raise ValueError("nobody has scored")
    return rounded(sum(exact, Fraction()) / len(exact), template.mean_places, template.rounding)


def total_scores(sheets: Sequence[Sheet], offers: Sequence[Offer], template: Template) -> tuple[BidScore, ...]:
    """Return what every valid bid scored (汇总), in the order of the offers.

    Args:
        sheets: of all seats and parts, with bids in place of codes (``named``).
        offers: of all bids that meet the requirements, and of no other.
        template: in force.

    Raises:
        ValueError: when a score is missing, nobody has scored, or a price is nought.
    """
    points, given = price_points(offers, template), _by_seat(sheets)
    found = []
    for offer in offers:
        sums = _sums(given, offer.bid, template.scored)
        technical = _sums(given, offer.bid, template.part("technical"))
        average, price = mean(sums.values(), template), points[offer.bid]
        found.append(
            BidScore(
                offer.bid,
                MappingProxyType(sums),
                mean(technical.values(), template),
                average,
                price,
                average + price,
                evaluated_yuan(offer, template),
            )
        )
    return tuple(found)


_Given = dict[str, dict[tuple[str, str], Decimal]]


def _by_seat(sheets: Iterable[Sheet]) -> _Given:
    given: _Given = {}
    for sheet in sheets:
        given.setdefault(sheet.seat, {}).update(sheet.scores)
    return given


def _sums(given: _Given, bid: str, items: Iterable[Item]) -> dict[str, Decimal]:
    wanted, sums = list(items), {}
    for seat, scores in sorted(given.items()):
        if any((bid, item.id) not in scores for item in wanted):
            raise ValueError(f"seat {seat} has not scored everything of bid {bid}")
        sums[seat] = sum((scores[bid, item.id] * item.weight for item in wanted), Decimal())
    return sums
