"""From the sheets that were shown to a result (汇总): by arithmetic alone, from rows that anybody may recompute.

Bids are known by bid_ref. Nothing here has a way to bids or suppliers but the names that were laid open with the lock.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, reduce

from mifeng.evaluation.codes import codes_of, key_of
from mifeng.evaluation.models import Evaluation, Member, NamedBid, Opinion, ScoreChange
from mifeng.evaluation.models import Sheet as SheetRow
from mifeng.rules.blind import tie_lot
from mifeng.rules.errors import Unfair
from mifeng.rules.money import yuan_text
from mifeng.rules.ranking import Ranked, Standing, candidates, rank_bids
from mifeng.rules.scoring import (
    BidScore,
    Correction,
    LowHit,
    Offer,
    Sheet,
    Template,
    check_offer,
    corrected,
    decimal_text,
    low_prices,
    named,
    parse_sheet,
    parse_template,
    total_scores,
)

FORMAT = "mifeng-report/1"
METHOD = "open-tender"
PARTS = ("technical", "business")
REJECTED, UNREADABLE = "rejected", "quote-unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the scores come to (评审结果).

    Args:
        invalid: bid_ref → why a bid is out, as codes; those that are in do not stand here.
        offers: quote and deductions of each valid bid.
        scores: of each valid bid, by bid_ref.
        ranked: the valid bids in order.
        low: bids whose quotes start a review for an abnormally low price.
        candidates: who is recommended, first first.
    """

    invalid: Mapping[str, tuple[str, ...]]
    offers: tuple[Offer, ...]
    scores: Mapping[str, BidScore]
    ranked: tuple[Ranked, ...]
    low: tuple[LowHit, ...]
    candidates: tuple[str, ...]


@lru_cache(maxsize=64)
def template_of(text: str) -> Template:
    """Return the template behind its canonical text."""
    return parse_template(text.encode())


def shown_sheets(evaluation: Evaluation) -> tuple[Sheet, ...]:
    """Return all sheets as they were shown, with bids in place of codes, by part and seat; none before that."""
    bids = dict(NamedBid.objects.filter(evaluation=evaluation).values_list("position", "bid_ref"))
    rows = SheetRow.objects.filter(evaluation=evaluation, state="shown").order_by("part", "member__seat")
    found = []
    for row in rows:
        sheet = parse_sheet(row.content.encode())
        positions = codes_of(evaluation, sheet.seat).positions
        found.append(named(sheet, {code: bids[position] for code, position in positions.items()}))
    return tuple(found)


def standing_sheets(evaluation: Evaluation) -> tuple[Sheet, ...]:
    """Return all sheets as they stand, with every correction made."""
    return reduce(lambda sheets, one: corrected(sheets, one), changes_of(evaluation), shown_sheets(evaluation))


def changes_of(evaluation: Evaluation) -> list[Correction]:
    """Return the corrections in the order in which they were made."""
    return [
        Correction(row.kind, row.seat, row.bid_ref, row.item, row.before, row.after, row.reason, row.agreed)
        for row in ScoreChange.objects.filter(evaluation=evaluation).order_by("pk")
    ]


def rejected(evaluation: Evaluation) -> dict[str, tuple[str, ...]]:
    """Return the bids that more than half of the members hold for no bids, with the reasons given."""
    held = Opinion.objects.filter(evaluation=evaluation, kind="reject").order_by("pk").values_list("about", "said")
    carried = _carried(evaluation, Counter(about for about, _ in held))
    return {bid: tuple(dict.fromkeys(said for about, said in held if about == bid)) for bid in carried}


def granted(evaluation: Evaluation) -> dict[str, frozenset[str]]:
    """Return which deductions more than half of the members grant to which bid."""
    held = Opinion.objects.filter(evaluation=evaluation, kind="grant").values_list("about", flat=True)
    found: dict[str, frozenset[str]] = {}
    for about in _carried(evaluation, Counter(held)):
        bid, _, deduction = about.partition(" ")
        found[bid] = found.get(bid, frozenset()) | {deduction}
    return found


def valid_offers(evaluation: Evaluation) -> tuple[tuple[Offer, ...], dict[str, tuple[str, ...]]]:
    """Return what the valid bids ask, in the order of the list, and why the others are out."""
    template, ceiling = template_of(evaluation.template), evaluation.lot.budget_yuan
    out, given = rejected(evaluation), granted(evaluation)
    offers: list[Offer] = []
    invalid: dict[str, tuple[str, ...]] = {}
    for row in NamedBid.objects.filter(evaluation=evaluation).order_by("position"):
        if row.bid_ref in out:
            invalid[row.bid_ref] = (REJECTED,)
        elif row.quote_yuan is None:
            invalid[row.bid_ref] = (UNREADABLE,)
        else:
            offer = Offer(row.bid_ref, row.quote_yuan, given.get(row.bid_ref, frozenset()))
            codes = _offer_codes(offer, template, ceiling)
            if codes:
                invalid[row.bid_ref] = codes
            else:
                offers.append(offer)
    return tuple(offers), invalid


def outcome(evaluation: Evaluation, sheets: Sequence[Sheet]) -> Outcome:
    """Return what the sheets come to: price points, sums, ranks, candidates (汇总排序)."""
    template = template_of(evaluation.template)
    offers, invalid = valid_offers(evaluation)
    scores = {one.bid: one for one in total_scores(sheets, offers, template)}
    positions = dict(NamedBid.objects.filter(evaluation=evaluation).values_list("bid_ref", "position"))
    key, lot_ref = key_of(evaluation), bytes.fromhex(evaluation.lot_ref)
    lots = {bid: tie_lot(key, lot_ref, evaluation.round, positions[bid]) for bid in scores}
    standings = [Standing(one.bid, one.total, one.evaluated_yuan, one.technical) for one in scores.values()]
    ranked = rank_bids(standings, template.ties, lots)
    quotes = {one.bid: one.quote_yuan for one in offers}
    return Outcome(
        invalid,
        offers,
        scores,
        ranked,
        low_prices(quotes, template.low_price, ceiling_yuan=evaluation.lot.budget_yuan),
        candidates(ranked, template.candidates),
    )


def of_bids(sheets: Sequence[Sheet], bids: frozenset[str]) -> tuple[Sheet, ...]:
    """Return sheets with the scores of some bids alone."""
    return tuple(replace(one, cells=tuple(cell for cell in one.cells if cell.code in bids)) for one in sheets)


def report_fields(evaluation: Evaluation, found: Outcome) -> dict[str, object]:
    """Return what the report says (评标报告内容), as canonical JSON holds it: numbers as text, bids by bid_ref."""
    members = Member.objects.filter(evaluation=evaluation).order_by("seat").values_list("seat", "role")
    return {
        "format": FORMAT,
        "lot_ref": evaluation.lot_ref,
        "round": evaluation.round,
        "template": evaluation.template_hash,
        "members": [{"seat": seat, "role": role} for seat, role in members],
        "chair": evaluation.chair,
        "bids": [_line(row, found) for row in NamedBid.objects.filter(evaluation=evaluation).order_by("position")],
        "corrections": [
            {"kind": one.kind, "seat": one.seat, "bid_ref": one.bid, "item": one.item, "reason": one.reason}
            | {"before": decimal_text(one.before), "after": decimal_text(one.after), "agreed": one.agreed}
            for one in changes_of(evaluation)
        ],
        "rejected": {bid: list(reasons) for bid, reasons in sorted(rejected(evaluation).items())},
        "candidates": list(found.candidates),
    }


def _line(row: NamedBid, found: Outcome) -> dict[str, object]:
    quote = yuan_text(row.quote_yuan) if row.quote_yuan is not None else ""
    line: dict[str, object] = {"position": row.position, "bid_ref": row.bid_ref, "quote_yuan": quote}
    score = found.scores.get(row.bid_ref)
    if score is None:
        return {**line, "valid": False, "reasons": list(found.invalid[row.bid_ref])}
    [offer] = [one for one in found.offers if one.bid == row.bid_ref]
    [place] = [one for one in found.ranked if one.bid == row.bid_ref]
    return {
        **line,
        "valid": True,
        "granted": sorted(offer.granted),
        "evaluated_yuan": yuan_text(score.evaluated_yuan),
        "sums": {seat: f"{points.normalize():f}" for seat, points in score.sums.items()},
        "technical": decimal_text(score.technical),
        "mean": decimal_text(score.mean),
        "price": decimal_text(score.price),
        "total": decimal_text(score.total),
        "rank": place.rank,
        "place": place.place,
        "decided": place.decided,
        "low": [test for one in found.low if one.bid == row.bid_ref for test in one.tests],
    }


def _offer_codes(offer: Offer, template: Template, ceiling_yuan: Decimal) -> tuple[str, ...]:
    try:
        check_offer(offer, template, ceiling_yuan=ceiling_yuan)
    except Unfair as refusal:
        return refusal.codes
    return ()


def _carried(evaluation: Evaluation, held: Counter[str]) -> list[str]:
    members = Member.objects.filter(evaluation=evaluation).count()
    return [about for about, number in held.items() if 2 * number > members]
