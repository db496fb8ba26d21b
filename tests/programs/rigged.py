"""What a forger can do to a review and its result (评审造假手法): one lie each, all else made to fit.

The forger knows the secret of the codes and the keys of the seats, and computes sums, ranks and hashes anew by the
rules themselves.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.judged import Judged
from mifeng.rules.award import notice_text, parse_notice
from mifeng.rules.blind import (
    CodeMap,
    Issue,
    Line,
    SeatCodes,
    blind_key,
    code_of,
    format_mapping,
    in_order,
    parse_mapping,
    score_commitment,
)
from mifeng.rules.bundle import layout
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.ranking import Standing, candidates, rank_bids
from mifeng.rules.scoring import decimal_text, total_scores
from mifeng.rules.seal.statements import sign_ecdsa
from tests.judged import FIRST, SECRETS
from tests.programs.forging import Forge, Forged
from tests.programs.lies import flipped

CODES, TEMPLATE, RESULT = "review/1-codes.json", "review/1-template.json", "result/1.json"


def review_of(forge: Forge) -> Judged:
    """Return the review as a verifier reads it from the bundle as it stands now."""
    [found] = Case(forge.bundle()).reviews
    return found


def noted(kind: str, step: str, change: Callable[[Any], object], number: int = 0) -> Callable[[Forge], object]:
    """Return a lie about the facts of one of the entries of a type, all hashes made anew."""

    def forge_it(forge: Forge) -> None:
        change(forge.row(kind, number).facts(step))
        forge.relog()

    return forge_it


def result(change: Callable[[dict[int, Any]], object]) -> Callable[[Forge], object]:
    """Return a lie about the bids of the record that everybody gets, by their places in the end."""
    return lambda forge: forge.edit(RESULT, lambda value: change({one["place"]: one for one in value["bids"]}))


def recoded(forge: Forge, k_op: bytes, counter: int) -> None:
    """Give all codes out anew, under another secret or at another try."""
    review, old = review_of(forge), parse_mapping(forge.files[CODES])
    key, lot_ref = blind_key(k_op, review.seeds), old.lot_ref
    seats = []
    for one in old.issues[0].seats:
        order = in_order(key, lot_ref, 1, one.seat, sorted(one.positions.values()))
        lines = tuple(Line(code_of(key, lot_ref, 1, one.seat, place, counter), place) for place in order)
        seats.append(SeatCodes(one.seat, lines))
    forge.files[CODES] = format_mapping(CodeMap(lot_ref, k_op, (Issue(1, counter, tuple(seats)),)))


def other_secret(forge: Forge) -> None:
    recoded(forge, bytes(32), 0)


def second_try(forge: Forge) -> None:
    recoded(forge, parse_mapping(forge.files[CODES]).k_op, 1)


def exchanged_codes(forge: Forge) -> None:
    """Two codes of one seat stand for each other's bids."""

    def swap(value: Any) -> None:
        first, second, *_ = value["issues"][0]["seats"][0]["codes"]
        first["code"], second["code"] = second["code"], first["code"]

    forge.edit(CODES, swap)


def rescored(by: Decimal, *, committed: bool) -> Callable[[Forge], object]:
    """Return a lie about the technical scores of the first seat for the bid that won.

    Args:
        by: how much more it is for the first item.
        committed: the commitment is made to fit too.
    """

    def forge_it(forge: Forge) -> None:
        review = review_of(forge)
        seat, won = review.members[0][0], review.record.candidates[0] if review.record else ""
        codes = review.codes_of(seat)
        assert codes is not None
        code = next(line.code for line in codes.lines if review.bids[line.position] == won)
        moves = [move["facts"] for move in _moves(forge.row("reveal"), "show_sheet")]
        shown = next(one for one in moves if (one["seat"], one["part"]) == (seat, "technical"))
        sheet = json.loads(shown["sheet"])
        cell = sheet["scores"][code]["t1"]
        cell["score"] = decimal_text(Decimal(cell["score"]) + by)
        shown["sheet"] = canonical(sheet).decode()
        if committed:
            fresh = score_commitment(bytes.fromhex(shown["salt"]), shown["sheet"].encode()).hex()
            forge.swap(shown["commitment"], fresh)
        refit(forge)

    return forge_it


def refit(forge: Forge) -> None:
    """Compute report and record anew from the sheets as they stand now."""
    forge.relog()
    review = review_of(forge)
    assert review.template is not None
    assert review.record is not None
    offers = [offer for one in review.record.bids if one.valid and (offer := review.offer(one))]
    scores = total_scores(review.standing_sheets or (), offers, review.template)
    standings = [Standing(one.bid, one.total, one.evaluated_yuan, one.technical) for one in scores]
    ranked = rank_bids(standings, review.template.ties, review.lots)
    fresh: dict[str, dict[str, Any]] = {}
    for one in scores:
        fresh[one.bid] = {name: decimal_text(getattr(one, name)) for name in ("technical", "mean", "price", "total")}
        fresh[one.bid]["sums"] = {seat: f"{points.normalize():f}" for seat, points in one.sums.items()}
    for place in ranked:
        fresh[place.bid] |= {"rank": place.rank, "place": place.place, "decided": place.decided}

    def renew(said: Any) -> None:
        for row in said["bids"]:
            row.update({key: value for key, value in fresh.get(row["bid_ref"], {}).items() if key in row})
        said["candidates"] = list(candidates(ranked, review.template.candidates if review.template else 0))

    rewritten(forge, renew)


def rewritten(forge: Forge, change: Callable[[Any], object]) -> None:
    """Change what report and record say, and carry the report's new name through everything that names it."""
    forge.edit(RESULT, change)
    facts = forge.row("conclude_evaluation").facts("conclude_evaluation")
    said = json.loads(facts["content"])
    change(said)
    facts["content"] = canonical(said).decode()
    renamed(forge, facts["report"], digest("EV1 report", facts["content"].encode()).hex())


def renamed(forge: Forge, old: str, new: str) -> None:
    """Let everything name another report, signed anew."""
    forge.swap(old, new)
    for row in forge.rows:
        facts = next((move["facts"] for move in _moves(row, "sign_report")), None)
        if facts is not None and facts["seat"] in SECRETS:
            facts["signature"] = sign_ecdsa(SECRETS[facts["seat"]], bytes.fromhex(new)).hex()
    forge.relog()


def wrong_sum(forge: Forge) -> None:
    """A seat's sum in the report is one point more than its scores; its mean is left as it is."""

    def change(said: Any) -> None:
        for row in said["bids"]:
            for seat in row.get("sums", {}):
                row["sums"][seat] = decimal_text(Decimal(row["sums"][seat]) + 1)
                return

    rewritten(forge, change)


def wrong_total(rows: dict[int, Any]) -> None:
    rows[1]["total"] = decimal_text(Decimal(rows[1]["total"]) + 1)


def wrong_price_points(rows: dict[int, Any]) -> None:
    for key in ("price", "total"):
        rows[1][key] = decimal_text(Decimal(rows[1][key]) + Decimal("0.01"))


def places_exchanged(forge: Forge) -> None:
    """The second and the third stand in each other's places."""

    def change(said: Any) -> None:
        rows = {one["place"]: one for one in said["bids"]}
        for key in ("rank", "place"):
            rows[2][key], rows[3][key] = rows[3][key], rows[2][key]
        first, second, third = said["candidates"]
        said["candidates"] = [first, third, second]

    forge.edit(RESULT, change)


def larger_budget(forge: Forge) -> None:
    """With the budget of which the log tells the bid that asked too much was a valid one."""
    [facts] = [move["facts"] for move in _moves(forge.row("enter_tender")) if "tenders.lot" in move["subject"]]
    facts["budget_yuan"] = "4900000.00"
    forge.relog()


def votes_by_one(kind: str) -> Callable[[Forge], object]:
    """Return a lie by which the second vote of a kind was the first voter's too."""

    def forge_it(forge: Forge) -> None:
        first, second = (forge.row(kind, number).facts(kind) for number in (0, 1))
        second["voter"] = first["voter"]
        forge.relog()

    return forge_it


def second_buyer(forge: Forge) -> None:
    """One of the experts was a second representative of the purchaser; the notice says so too."""
    seated = forge.row("seat_members").facts("seat_members")["members"][-1]
    seated["role"] = "buyer"

    def change(notice: Any) -> Any:
        experts = tuple(replace(one, role="buyer") if one.seat == seated["seat"] else one for one in notice.experts)
        return replace(notice, experts=experts)

    noticed(forge, change)


def noticed(forge: Forge, change: Callable[[Any], Any]) -> None:
    """Change what the notice of the result says."""
    facts = forge.row("announce").facts("announce")
    facts["notice"] = notice_text(change(parse_notice(facts["notice"].encode()))).decode()
    forge.relog()


def second_wins(*, passed: bool) -> Callable[[Forge], object]:
    """Return a lie by which the second candidate won; with or without a word of the first."""

    def forge_it(forge: Forge) -> None:
        review = review_of(forge)
        assert review.record is not None
        first, second, *_ = review.record.candidates
        facts = forge.row("award").facts("award")
        facts.update(bid_ref=second, rank=2, passed=[first] if passed else [])
        bid = next(one for one in forge.json("opening/1.json")["bids"] if one["bid_ref"] == second)
        words = {key: bid[key] for key in ("bid_ref", "bidder", "credit_code", "price_yuan", "delivery", "quality")}
        noticed(forge, lambda notice: replace(notice, rank=2, **words))

    return forge_it


def late_commitment(forge: Forge) -> None:
    """The last sheet was signed when all were shown."""
    shown = forge.row("reveal")
    late = [row for row in forge.rows if row.fields.get("type") == "sign_sheet"][-1]
    late.fields["t"] = shown.fields["t"]
    forge.reorder(late, shown)
    forge.relog()


def forged_seat(forge: Forge) -> None:
    """What a seat's client is said to have signed it has not."""
    rows = [row for row in forge.rows if row.fields.get("type") == "sign_sheet"]
    facts = next(facts for row in rows if (facts := row.facts("sign_sheet"))["signature"])
    facts["signature"] = sign_ecdsa(FIRST[facts["seat"]], bytes(32)).hex()
    forge.relog()


def unsigned_report(forge: Forge) -> None:
    """What one member without a key signed was another report."""
    rows = [row for row in forge.rows if row.fields.get("type") == "sign_report"]
    facts = next(facts for row in rows if not (facts := row.facts("sign_report"))["signature"])
    facts["report"] = flipped(facts["report"])
    forge.relog()


def hidden_award(forge: Forge) -> None:
    """How the award was decided is withheld, with a reason that others may have."""
    row = forge.row("award")
    commitment = row.fields["body"]

    def close(value: Any) -> None:
        entry = next(one for one in value["entries"] if one["index"] == row.index)
        del entry["body"], entry["body_salt"]

    forge.edit(layout.ENTRIES, close)
    forge.manifest = replace(forge.manifest, checks={**forge.manifest.checks, "S4": "withheld"})
    said = {"kind": "body", "of": row.leaf, "commitment": commitment}
    said |= {"why": "review-secret", "basis": ["our choice (ADR-8)"]}
    forge.edit(layout.REDACTIONS, lambda value: value["redactions"].append(said))


def no_result(forge: Forge) -> None:
    del forge.files[RESULT]


def earlier_stage(forge: Forge) -> None:
    forge.manifest = replace(forge.manifest, stage="awarded")


def second_showing(forge: Forge) -> None:
    """The platform tells of two showings: what followed the first is in truth another one."""
    row = forge.row("correct_scores")
    row.fields["type"] = "reveal"
    forge.relog()


def other_template(forge: Forge) -> None:
    forge.edit(TEMPLATE, lambda value: value["items"][0].update(name="另一评审因素"))


def other_report(forge: Forge) -> None:
    """The report that was handed over is not the one that was signed."""
    facts = forge.row("hand_over").facts("hand_over")
    facts["report"] = flipped(facts["report"])
    forge.relog()


def other_opened_file(forge: Forge) -> None:
    """The log tells of another technical file than was sealed in the first bid."""
    facts = next(move["facts"] for move in _moves(forge.row("open_all"), "unseal"))
    file = next(one for one in facts["files"] if one["part"] == "technical")
    file["sha256"] = flipped(file["sha256"])
    forge.relog()


def _moves(row: Forged, step: str = "") -> list[dict[str, Any]]:
    moves = row.body["moves"] if row.body else []
    return [move for move in moves if not step or move["step"] == step]
