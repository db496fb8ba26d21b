"""The order of the bids and who may win (排序与候选人).

Bids stand in the order of their totals; of equal totals the lower evaluated price comes first; equal in both they stand
side by side (并列) and share a rank. Who of them is taken first follows from the rule that the documents declare, and
in the end from lots, which were fixed before anybody scored.

Bids of one brand (同品牌) are one bidder: they count once, and only the best-scoring of them may be recommended. So the
number of bidders is not the number of bids, and a brand whose best bid falls out later has no second one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mifeng.rules.errors import Reason, Unfair
from mifeng.rules.procedure import PROCEDURES
from mifeng.rules.rulebook import Rulebook
from mifeng.rules.scoring.template import Ties

Stage = Literal["qualified", "valid"]
Decided = Literal["first", "score", "price", "technical", "lots", "brand"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a bid is ranked by (排序依据).

    Args:
        bid: which bid.
        total: points in all.
        evaluated_yuan: the evaluated price.
        technical: mean of the technical points.
        brand: of the product, or of the core product where there are several; empty where no other bid can share it.
    """

    bid: str
    total: Decimal
    evaluated_yuan: Decimal
    technical: Decimal = Decimal()
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where a bid stands (名次).

    Args:
        bid: which bid.
        rank: by total and price, from 1; equals share it.
        place: the order in which candidates are taken, from 1; 0 for a bid that may not be recommended.
        decided: what put it behind the one before: ``first`` for the first, score, price, technical or lots; ``brand``
            for a bid that stands back behind a better one of its brand.
    """

    bid: str
    rank: int
    place: int
    decided: Decided


def count_bidders(brands: Mapping[str, str]) -> int:
    """Return how many bidders some bids are (投标人家数): those of one brand count once.

    Args:
        brands: brand of each bid; empty for one of its own.
    """
    named = [brand for brand in brands.values() if brand]
    return len(brands) - len(named) + len(set(named))


def check_bidders(brands: Mapping[str, str], procedure: str, rulebook: Rulebook, stage: Stage) -> None:
    """Refuse to go on with fewer bidders than the law asks for (不足三家): the tender is void.

    Args:
        brands: brand of each bid that is still in; empty for one of its own.
        procedure: key of the method.
        rulebook: the numbers in force.
        stage: ``qualified`` after the qualification review, ``valid`` after the committee's.

    Raises:
        Unfair: ``qualified-short`` or ``valid-short``.

    Source: GPL-36, MOF-87-31, MOF-87-44
    """
    found, needed = count_bidders(brands), rulebook.int(PROCEDURES[procedure].suppliers)
    if found < needed:
        code = "qualified-short" if stage == "qualified" else "valid-short"
        raise Unfair(Reason(code, {"bids": len(brands), "bidders": found, "needed": needed}))


def rank_bids(standings: Iterable[Standing], ties: Ties, lots: Mapping[str, bytes]) -> tuple[Ranked, ...]:
    """Return all valid bids in order (排序).

    Args:
        standings: of all valid bids.
        ties: the rule of the documents for bids that are equal in total and price.
        lots: of each bid, all different and of one length; the smaller is taken first.

    Raises:
        ValueError: when a bid stands twice, or lots are equal or of several lengths.
        KeyError: when a bid has no lot.
    """
    bids = list(standings)
    drawn = [lots[one.bid] for one in bids]
    if len({one.bid for one in bids}) < len(bids) or len(set(drawn)) < len(drawn) or len(set(map(len, drawn))) > 1:
        raise ValueError("each bid stands once and has a lot of its own")
    keys = _keys(ties, lots)
    ordered = sorted(bids, key=lambda one: [key(one) for _, key in keys])
    behind = _behind(bids, ties, lots)
    ranks: list[Ranked] = []
    before: Standing | None = None
    rank = place = 0
    for number, one in enumerate(ordered, 1):
        decided = _decided(before, one, keys)
        rank = number if decided in ("first", "score", "price") else rank
        place += one.bid not in behind
        ranks.append(Ranked(one.bid, rank, 0, "brand") if one.bid in behind else Ranked(one.bid, rank, place, decided))
        before = one
    return tuple(ranks)


def candidates(ranked: Sequence[Ranked], number: int) -> tuple[str, ...]:
    """Return the bids that the committee recommends (中标候选人), first first."""
    return tuple(one.bid for one in sorted(ranked, key=lambda one: one.place) if 0 < one.place <= number)


def next_candidate(ranked: Sequence[Ranked], out: Collection[str], number: int) -> str | None:
    """Return who is taken now that some candidates have fallen out (下一候选人); None when the tender starts anew.

    Args:
        ranked: the order in the report.
        out: bids that cannot be taken any more.
        number: how many candidates were recommended.
    """
    return next((bid for bid in candidates(ranked, number) if bid not in out), None)


def check_award(bid: str, ranked: Sequence[Ranked], out: Collection[str], number: int) -> None:
    """Refuse an award out of the order of the report (按顺序确定中标人).

    Args:
        bid: who shall win.
        ranked: the order in the report.
        out: candidates that cannot be taken, each with its reason on record.
        number: how many candidates were recommended.

    Raises:
        Unfair: ``award-order``.

    Source: GPLR-43, GPLR-49
    """
    first = next_candidate(ranked, out, number)
    if bid != first:
        raise Unfair(Reason("award-order", {"next": first or ""}))


_Key = tuple[Decided, Callable[[Standing], Decimal | bytes]]


def _keys(ties: Ties, lots: Mapping[str, bytes]) -> list[_Key]:
    keys: list[_Key] = [("score", lambda one: -one.total), ("price", lambda one: one.evaluated_yuan)]
    return keys + _tie_keys(ties, lots)


def _tie_keys(ties: Ties, lots: Mapping[str, bytes]) -> list[_Key]:
    keys: list[_Key] = [("technical", lambda one: -one.technical)] if ties == "technical" else []
    return [*keys, ("lots", lambda one: lots[one.bid])]


def _behind(bids: Sequence[Standing], ties: Ties, lots: Mapping[str, bytes]) -> frozenset[str]:
    """Return the bids that stand back behind one of their brand: best score first, then the documents' rule, then lots.

    The price does not decide here: of equal scores the rule of the documents or the lots do.
    """
    keys: list[_Key] = [("score", lambda one: -one.total), *_tie_keys(ties, lots)]
    best: dict[str, Standing] = {}
    for one in sorted(bids, key=lambda one: [key(one) for _, key in keys]):
        if one.brand:
            best.setdefault(one.brand, one)
    return frozenset(one.bid for one in bids if one.brand and best[one.brand].bid != one.bid)


def _decided(before: Standing | None, one: Standing, keys: Sequence[_Key]) -> Decided:
    if before is None:
        return "first"
    return next(word for word, key in keys if key(before) != key(one))
