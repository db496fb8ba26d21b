"""S1 to S4: do quotes and sheets give the points, sums and ranks that were reported, and the notice its result (结果).

What is compared stands in the record that everybody gets, and, where a cut shows it, in the report that was signed.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import DECISIONS, Judged
from mifeng.rules.award import Judged as Conclusion
from mifeng.rules.award import Reported, check_decision, parse_notice, successor
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.reading import Line
from mifeng.rules.bundle.records import ResultRecord, Scored
from mifeng.rules.bundle.results import result_of
from mifeng.rules.calendar import legal_date
from mifeng.rules.encoding import parse_canonical
from mifeng.rules.errors import Unfair
from mifeng.rules.money import yuan_text
from mifeng.rules.ranking import Standing, candidates, rank_bids
from mifeng.rules.scoring import (
    BidScore,
    Offer,
    Template,
    check_offer,
    decimal_text,
    evaluated_yuan,
    low_prices,
    price_points,
    total_scores,
)

# What only a bid has that was ranked.
OUTSIDE = ("granted", "evaluated_yuan", "technical", "mean", "price", "total", "rank", "place", "decided", "low")
REJECTED, UNREADABLE = "rejected", "quote-unreadable"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a notice rests on (公告所据): who won by which decision, the entries of both, and the notice's number."""

    won: str = ""
    step: str = ""
    number: int = 0
    decided: Line | None = None
    published: Line | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says that a review came to (所称结果): where it stands, the rows, the sums of seats where named."""

    path: str
    record: ResultRecord
    sums: Mapping[str, Mapping[str, str]]


def prices(case: Case) -> Iterator[Found]:
    """S1: quote, deductions, evaluated price, points for the price and tests of a low price follow from the quotes."""
    for review, template, claim in _claims(case):
        yield from _granted(review, claim)
        offers = _offers(review, claim)
        points = price_points(offers.values(), template)
        low = _low(review, template, offers)
        if low is None and offers:
            yield UNSEEN
        for row in claim.record.bids:
            yield SEEN
            quote, offer = review.quotes.get(row.bid_ref), offers.get(row.bid_ref)
            wanted: dict[str, object] = {"quote_yuan": yuan_text(quote) if quote is not None else ""}
            if offer is not None:
                wanted["evaluated_yuan"] = yuan_text(evaluated_yuan(offer, template))
                wanted["price"] = decimal_text(points[row.bid_ref])
            if offer is not None and low is not None:
                wanted["low"] = low.get(row.bid_ref, ())
            yield from (Fault("price-other", *one) for one in _compared(claim, row, wanted))


def sums(case: Case) -> Iterator[Found]:
    """S2: sums and means follow from the sheets, totals from both; a bid is out for a reason that the record yields."""
    for review, template, claim in _claims(case):
        yield from _valid(review, template, claim)
        scores = _scores(review, template, claim)
        yield UNSEEN if scores is None else SEEN
        for row in claim.record.bids:
            yield SEEN
            wanted: dict[str, object] = {"reasons": ()} if row.valid else _nothing(row)
            if not row.valid:
                yield from (Fault("sum-other", *one) for one in _compared(claim, row, wanted))
                continue
            wanted["total"] = decimal_text(Decimal(row.mean) + Decimal(row.price))
            score = (scores or {}).get(row.bid_ref)
            if score is not None:
                wanted |= {"technical": decimal_text(score.technical), "mean": decimal_text(score.mean)}
            yield from (Fault("sum-other", *one) for one in _compared(claim, row, wanted))
            if score is not None and row.bid_ref in claim.sums:
                found = {seat: f"{points.normalize():f}" for seat, points in score.sums.items()}
                if dict(claim.sums[row.bid_ref]) != found:
                    path = f"{claim.path} {row.position} sums"
                    yield Fault("sum-other", path, _sums(found), _sums(claim.sums[row.bid_ref]))


def ranks(case: Case) -> Iterator[Found]:
    """S3: ranks, places and candidates follow from totals, prices, the rule among equals and the lots."""
    for review, template, claim in _claims(case):
        rows = [one for one in claim.record.bids if one.valid]
        lots = review.lots
        if not lots:
            yield UNSEEN
            continue
        standings = [
            Standing(one.bid_ref, Decimal(one.total), Decimal(one.evaluated_yuan), Decimal(one.technical))
            for one in rows
        ]
        ranked = rank_bids(standings, template.ties, lots)
        found = {one.bid: one for one in ranked}
        for row in rows:
            yield SEEN
            place = found[row.bid_ref]
            wanted = {"rank": place.rank, "place": place.place, "decided": place.decided}
            yield from (Fault("rank-other", *one) for one in _compared(claim, row, wanted))
        named = candidates(ranked, template.candidates)
        if named != claim.record.candidates:
            yield Fault("rank-other", f"{claim.path} candidates", _short(named), _short(claim.record.candidates))


def award(case: Case) -> Iterator[Found]:
    """S4: the candidates were taken in the order of the report, and each notice says what was decided before it."""
    for review in case.reviews:
        if review.record is None or not review.award:
            continue
        if not all(line.moves for line in review.award):
            yield UNSEEN
            continue
        reported, out, told = reported_of(review), list[str](), _Told()
        for line, move in ((one, move) for one in review.award for move in one.moves):
            if move.step in DECISIONS:
                yield SEEN
                out, won = yield from _decided(review, reported, out, move.step, move.facts)
                told = replace(told, won=won, step=move.step, decided=line)
            elif move.step == "announce":
                yield SEEN
                told = replace(told, number=told.number + 1, published=line)
                yield from _announced(case, review, told, move.facts)


def reported_of(review: Judged) -> Reported:
    """Return what an award takes from a report, as the record has it."""
    rows = review.record.bids if review.record else ()
    bids = tuple(
        Conclusion(one.bid_ref, one.valid, one.reasons, rank=one.rank, place=one.place, decided=one.decided)
        for one in rows
    )
    members = tuple(sorted((seat, role) for seat, role, _ in review.members))
    return Reported(bids, review.record.candidates if review.record else (), {}, members)


def _claims(case: Case) -> Iterator[tuple[Judged, Template, Claim]]:
    """Yield what is said of each review that came to a result."""
    for review in case.reviews:
        if review.template is None:
            continue
        if review.record is not None:
            path = layout.result_path(review.package.lot.number)
            yield review, review.template, Claim(path, review.record, {})
        if review.report is not None:
            name, text = review.report
            said = parse_canonical(text.encode())
            rows = said.get("bids", []) if isinstance(said, dict) else []
            sums = {one["bid_ref"]: one["sums"] for one in rows if "sums" in one}
            claim = Claim(f"{review.path} report", result_of(name, text.encode()), sums)
            yield review, review.template, claim


def _offers(review: Judged, claim: Claim) -> dict[str, Offer]:
    """Return what the valid bids ask, under the deductions that their rows name."""
    offers = {one.bid_ref: review.offer(one) for one in claim.record.bids if one.valid}
    return {bid: offer for bid, offer in offers.items() if offer is not None}


def _granted(review: Judged, claim: Claim) -> Iterator[Found]:
    """Compare the deductions with what more than half of the members granted."""
    if not review.is_open("grant_deduction", "withdraw_opinion"):
        yield UNSEEN
        granted = sum(len(row.granted) for row in claim.record.bids if row.valid)
        if not review.may_carry("grant_deduction", granted):
            found = len(review.of_type("grant_deduction"))
            yield Fault("price-other", f"{claim.path} grant_deduction", str(granted), str(found))
        return
    for row in claim.record.bids:
        if row.valid:
            yield from (
                Fault("price-other", *one)
                for one in _compared(claim, row, {"granted": tuple(sorted(review.granted[row.bid_ref]))})
            )


def _low(review: Judged, template: Template, offers: Mapping[str, Offer]) -> dict[str, tuple[str, ...]] | None:
    """Return the tests of a low price that each quote meets; None where the budget is not shown."""
    if review.budget_yuan is None:
        return None
    quotes = {bid: offer.quote_yuan for bid, offer in offers.items()}
    hits = low_prices(quotes, template.low_price, ceiling_yuan=review.budget_yuan)
    return {one.bid: one.tests for one in hits}


def _valid(review: Judged, template: Template, claim: Claim) -> Iterator[Found]:
    """Compare who is in and who is out with votes, quotes and the ceiling."""
    listed = {one.position: one.bid_ref for one in claim.record.bids}
    yield SEEN
    if listed != review.bids:
        yield Fault("validity-other", claim.path, _short(review.bids.values()), _short(listed.values()))
        return
    if not review.is_open("reject_bid", "withdraw_opinion") or review.budget_yuan is None:
        yield UNSEEN
        yield from _possible(review, claim)
        return
    for row in claim.record.bids:
        reasons = _reasons(review, template, row, review.budget_yuan)
        yield from (
            Fault("validity-other", *one) for one in _compared(claim, row, {"valid": not reasons, "reasons": reasons})
        )


def _possible(review: Judged, claim: Claim) -> Iterator[Found]:
    """Compare who is out with what everybody sees: that members spoke at all, and that a quote can be read."""
    rejected = [row for row in claim.record.bids if REJECTED in row.reasons]
    if not review.may_carry("reject_bid", len(rejected)):
        found = len(review.of_type("reject_bid"))
        yield Fault("validity-other", f"{claim.path} reject_bid", str(len(rejected)), str(found))
    for row in claim.record.bids:
        unreadable = review.quotes.get(row.bid_ref) is None
        reasons = (UNREADABLE,) if unreadable else tuple(one for one in row.reasons if one != UNREADABLE)
        if REJECTED not in row.reasons and (reasons != row.reasons or row.valid == bool(row.reasons)):
            yield Fault("validity-other", f"{claim.path} {row.position}", _text(reasons), _text(row.reasons))


def _nothing(row: Scored) -> dict[str, object]:
    """Return what stands in the row of a bid that is out: no number but its quote."""
    blank = Scored(row.position, row.bid_ref, valid=False)
    return {name: getattr(blank, name) for name in OUTSIDE}


def _reasons(review: Judged, template: Template, row: Scored, ceiling_yuan: Decimal) -> tuple[str, ...]:
    """Return why a bid is out, as codes; nothing for one that is in."""
    quote = review.quotes.get(row.bid_ref)
    if row.bid_ref in review.rejected:
        return (REJECTED,)
    if quote is None:
        return (UNREADABLE,)
    try:
        check_offer(Offer(row.bid_ref, quote, review.granted[row.bid_ref]), template, ceiling_yuan=ceiling_yuan)
    except Unfair as refusal:
        return refusal.codes
    return ()


def _scores(review: Judged, template: Template, claim: Claim) -> dict[str, BidScore] | None:
    """Return what the sheets give each valid bid; None where they are not shown."""
    if review.standing_sheets is None:
        return None
    offers = list(_offers(review, claim).values())
    return {one.bid: one for one in total_scores(review.standing_sheets, offers, template)}


def _decided(
    review: Judged, reported: Reported, out: list[str], step: str, facts: Mapping[str, object]
) -> Generator[Found, None, tuple[list[str], str]]:
    """Compare a decision with the order of the report; return who is out by now, and who won."""
    bid_ref, path = str(facts.get("bid_ref")), f"{review.path} {step}"
    rows = facts.get("passed")
    passed = [str(one) for one in rows] if isinstance(rows, list) else []
    try:
        if step == "take_next":
            wanted = successor(reported, [*out, *passed])
        elif step == "award":
            # Ground and words are another check's.
            allowed = check_decision(bid_ref, reported, out, "declined" if passed else "", "-")
            wanted = bid_ref if list(allowed) == passed else ""
        else:
            # Who decides nothing in time passes nobody over.
            wanted = "" if passed else successor(reported, out)
    except Unfair as refusal:
        wanted = refusal.code
    if wanted != bid_ref:
        yield Fault("award-other", path, wanted[:16], bid_ref[:16])
    judged = reported.bid(bid_ref)
    if facts.get("rank") != (judged.rank if judged else 0):
        yield Fault("award-other", f"{path} rank", str(judged.rank if judged else 0), str(facts.get("rank")))
    return [*out, *passed], bid_ref


def _announced(case: Case, review: Judged, told: _Told, facts: Mapping[str, object]) -> Iterator[Found]:
    """Compare a notice with the decision, the opening and the committee."""
    path = f"{review.path} announce"
    try:
        notice = parse_notice(str(facts.get("notice")).encode())
    except ValueError as error:
        yield Fault("notice-wrong", path, actual=str(error))
        return
    for name, value in _wanted(case, review, told).items():
        found = getattr(notice, name)
        if name == "experts":
            found = tuple(sorted((one.seat, one.role) for one in notice.experts))
        if found != value:
            yield Fault("notice-wrong", f"{path} {name}", str(value), str(found))
    if not all(one.name for one in notice.experts):
        yield Fault("notice-wrong", f"{path} experts")


def _wanted(case: Case, review: Judged, told: _Told) -> dict[str, object]:
    """Return what a notice has to say."""
    won = told.won
    bid = next((one.published for one in review.package.bids if one.published.bid_ref == won), None)
    quote, lot = review.quotes.get(won), review.package.lot
    reported = reported_of(review)
    judged = reported.bid(won)
    return {
        "project": case.bundle.manifest.project,
        "lot": lot.number,
        "lot_ref": lot.lot_ref,
        "bid_ref": won,
        "bidder": bid.bidder if bid else "",
        "credit_code": bid.credit_code if bid else "",
        "price_yuan": yuan_text(quote) if quote is not None else "",
        "delivery": bid.delivery if bid else "",
        "quality": bid.quality if bid else "",
        "rank": judged.rank if judged else 0,
        "report": review.record.report if review.record else "",
        "number": told.number,
        "deemed": told.step == "deem_awarded",
        "decided_on": _day(told.decided),
        "published_on": _day(told.published),
        "experts": reported.members,
    }


def _day(line: Line | None) -> str:
    """Return the Beijing day of an entry; nothing where there is none."""
    return legal_date(line.entry.at).isoformat() if line and line.entry else ""


def _compared(claim: Claim, row: Scored, wanted: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield path, expected and actual of every field of a row that says something else."""
    for name, value in wanted.items():
        if getattr(row, name) != value:
            yield f"{claim.path} {row.position} {name}", _text(value), _text(getattr(row, name))


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sums(values: Mapping[str, str]) -> str:
    return " ".join(f"{seat}:{points}" for seat, points in sorted(values.items()))


def _short(bids: Iterable[str]) -> str:
    return " ".join(one[:16] for one in bids)
