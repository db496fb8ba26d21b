"""From the scores to a signed report: corrections in four cases, votes, arithmetic, dissent. MOF-87-61, MOF-87-64.

GPLR-41, GPL-36, MOF-87-63.
"""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mifeng.evaluation import blind, queries
from mifeng.evaluation.actions import (
    Endorsed,
    conclude_evaluation,
    correct_scores,
    find_abnormal,
    grant_deduction,
    reject_bid,
    sign_report,
)
from mifeng.evaluation.models import Evaluation, Member, NamedBid, Opinion, Report, Sheet
from mifeng.kernel import clock
from mifeng.kernel.idempotency import Repeated
from mifeng.rules.encoding import digest
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.rules.scoring import Correction
from mifeng.tenders.models import Lot
from tests.actions import reviews
from tests.actions.evidence import not_there, read_entry, refused
from tests.actions.reviews import FIRMS, SCORING, SEATS, Review

STEP = "revealed"
LATER = SCORING + timedelta(minutes=10)
BIDS = [f"{number:064x}" for number in range(1, 5)]
CHAIR = 2


def conclude(review: Review) -> dict[str, Any]:
    """Let the chair put the report together and return it."""
    with clock.frozen(LATER):
        conclude_evaluation(review.lot.pk, by=review.member(CHAIR))
    return json.loads(Report.objects.get(report_hash=review.row.report_hash).text)


def endorse(review: Review, number: int, **word: Any) -> int:
    """Let a member sign the report that stands."""
    with clock.frozen(LATER):
        return sign_report(review.lot.pk, Endorsed(review.row.report_hash, **word), by=review.member(number)).id


def lower(review: Review, seat: str, bid: str, **changes: object) -> Correction:
    """Return a correction of a technical score that is far too high."""
    position, number = int(bid, 16), SEATS.index(seat) + 1
    before = Decimal(reviews.scores_of(position, number)["t1"])
    plain = Correction("abnormal", seat, bid, "t1", before, Decimal(12), "与其他成员相差过大")
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_report_is_arithmetic(review: Review) -> None:
    """By hand: the means of five seats, the lowest price over each price times thirty, in order."""
    report = conclude(review)

    assert [one["bid_ref"] for one in report["bids"]] == BIDS
    first = report["bids"][0]
    # t1: 20 + 1 less half of the member's number; t2 5, b1 2, b2 2. So 29.5, 29, 28.5, 28, 27.5: mean 28.5.
    assert first["sums"] == dict(zip(SEATS, ("29.5", "29", "28.5", "28", "27.5"), strict=True))
    assert (first["mean"], first["technical"], first["price"], first["total"]) == ("28.5", "24.5", "30", "58.5")
    assert [one["price"] for one in report["bids"]] == ["30", "29.71", "29.31", "29.87"]
    assert [one["total"] for one in report["bids"]] == ["58.5", "67.21", "75.81", "85.37"]
    assert [(one["rank"], one["place"], one["decided"]) for one in report["bids"]] == [
        (4, 4, "score"),
        (3, 3, "score"),
        (2, 2, "score"),
        (1, 1, "first"),
    ]
    assert report["candidates"] == [BIDS[3], BIDS[2], BIDS[1]]
    assert (report["chair"], len(report["members"]), report["corrections"]) == ("host/2", 5, [])
    assert [one["low"] for one in report["bids"]] == [[], [], [], []]


def test_entry_of_the_report_holds_it_and_its_hash(review: Review) -> None:
    conclude(review)

    row = Report.objects.get()
    read = read_entry(row.entry_id or 0)
    assert read.facts("conclude_evaluation") == {"report": row.report_hash, "content": row.text}
    assert row.report_hash == digest("EV1 report", row.text.encode()).hex()
    assert not any(firm in row.text for firm in FIRMS)


def test_chair_alone_concludes_and_once(review: Review) -> None:
    with clock.frozen(LATER):
        with refused(NotEntitled, "not-the-chair"):
            conclude_evaluation(review.lot.pk, by=review.member(3))
        with refused(NotEntitled, "not-a-member"):
            conclude_evaluation(review.lot.pk, by=review.city["agency-a"])
        conclude(review)
        with refused(WrongState, "wrong-state"):
            conclude_evaluation(review.lot.pk, by=review.member(CHAIR))


def test_all_members_sign_and_the_evaluation_is_concluded(review: Review) -> None:
    conclude(review)
    for number in range(1, 5):
        endorse(review, number)
    assert review.state == "revealed"
    with not_there(Evaluation):
        queries.result(review.city["agency-a"], review.lot.pk)

    entry = endorse(review, 5, agrees=False, dissent="第三家的产能证明不足")

    assert review.state == "concluded"
    assert read_entry(entry).moves == ["evaluation.evaluation sign_report: revealed → concluded"]
    result = queries.result(review.city["buyer"], review.lot.pk)
    assert result.report_hash == review.row.report_hash
    assert [(one.seat, one.agrees) for one in result.signatures] == [(seat, seat != "two/1") for seat in SEATS]
    assert result.signatures[4].dissent == "第三家的产能证明不足"
    assert result.bidders == dict(zip(BIDS, FIRMS, strict=True))
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        correct_scores(review.lot.pk, lower(review, "host/3", BIDS[0]), by=review.member(3))


def test_dissent_needs_words_and_a_word_is_given_once(review: Review) -> None:
    conclude(review)
    hash_ = review.row.report_hash
    first = endorse(review, 3)
    with clock.frozen(LATER):
        with refused(Unfair, "reason-required"):
            sign_report(review.lot.pk, Endorsed(hash_, agrees=False), by=review.member(4))
        with refused(WrongState, "report-signed"):
            sign_report(review.lot.pk, Endorsed(hash_, agrees=False, dissent="不同意"), by=review.member(3))
        with pytest.raises(Repeated) as again:
            sign_report(review.lot.pk, Endorsed(hash_), by=review.member(3))
        with refused(WrongState, "report-other"):
            sign_report(review.lot.pk, Endorsed("00" * 32), by=review.member(4))
        with refused(NotEntitled, "not-a-member"):
            sign_report(review.lot.pk, Endorsed(hash_), by=review.city["agency-a"])

    assert again.value.entry == first


def test_seat_with_a_key_signs_the_report_with_it(review: Review) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    Member.objects.filter(seat="host/3").update(key=point.hex())
    conclude(review)
    hash_ = review.row.report_hash
    with clock.frozen(LATER), refused(Unfair, "signature-invalid"):
        sign_report(review.lot.pk, Endorsed(hash_), by=review.member(3))

    endorse(review, 3, signature=key.sign(bytes.fromhex(hash_), ec.ECDSA(hashes.SHA256())))

    reported = blind.report_for(review.member(1), review.lot.pk)
    assert reported
    assert reported.signed == ("host/3",)


def test_objective_item_scored_differently_stands_in_the_way(review: Review) -> None:
    """MOF-87-64: it is corrected before the report, by the member whose score it is, and everybody sees that it was."""
    differ(review, "one/1", BIDS[1], "b1", "6")
    with clock.frozen(LATER), refused(Unfair, "objective-differs") as refusal:
        conclude_evaluation(review.lot.pk, by=review.member(CHAIR))
    assert refusal.value.facts == {"item": "同类业绩", "bids": 1}

    wrong = Correction("objective", "one/1", BIDS[1], "b1", Decimal(6), Decimal(4), "误将续签合同计入")
    with clock.frozen(LATER):
        written = correct_scores(review.lot.pk, wrong, by=review.member(4))

    assert read_entry(written.id).moves == [
        "evaluation.evaluation correct_scores: revealed → revealed",
        "evaluation.sheet correct_sheet: shown → shown",
    ]
    report = conclude(review)
    assert report["corrections"] == [
        {
            "kind": "objective",
            "seat": "one/1",
            "bid_ref": BIDS[1],
            "item": "b1",
            "before": "6",
            "after": "4",
            "reason": "误将续签合同计入",
            "agreed": 0,
        }
    ]
    assert report["bids"][1]["total"] == "67.21"


def differ(review: Review, seat: str, bid: str, item: str, score: str) -> None:
    """Let a sheet that was shown hold another score."""
    row = Sheet.objects.get(member__seat=seat, part="business")
    code = next(
        one.code for one in blind.named_for(review.member(SEATS.index(seat) + 1), review.lot.pk) if one.bid_ref == bid
    )
    sheet = json.loads(row.content)
    sheet["scores"][code][item]["score"] = score
    row.content = json.dumps(sheet, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    row.save()


def test_abnormal_score_is_changed_when_most_members_find_it_so(review: Review) -> None:
    place = ("host/3", BIDS[0], "t1")
    with clock.frozen(LATER):
        for number in (1, 2):
            find_abnormal(review.lot.pk, place, by=review.member(number))
        with refused(Unfair, "majority-missing"):
            correct_scores(review.lot.pk, lower(review, "host/3", BIDS[0]), by=review.member(3))
        find_abnormal(review.lot.pk, place, by=review.member(2))
        find_abnormal(review.lot.pk, place, by=review.member(4))
        correct_scores(review.lot.pk, lower(review, "host/3", BIDS[0], agreed=99), by=review.member(3))

    [change] = conclude(review)["corrections"]
    assert (change["kind"], change["after"], change["agreed"]) == ("abnormal", "12", 3)
    with clock.frozen(LATER), refused(Unfair, "malformed"):
        find_abnormal(review.lot.pk, ("host/9", BIDS[0], "t1"), by=review.member(2))


def test_correction_fells_a_report_and_its_signatures(review: Review) -> None:
    conclude(review)
    before = review.row.report_hash
    endorse(review, 3)
    with clock.frozen(LATER):
        for number in (1, 2, 4):
            find_abnormal(review.lot.pk, ("host/3", BIDS[0], "t1"), by=review.member(number))
        correct_scores(review.lot.pk, lower(review, "host/3", BIDS[0]), by=review.member(3))
        with refused(WrongState, "report-other"):
            sign_report(review.lot.pk, Endorsed(before), by=review.member(4))
    assert blind.report_for(review.member(3), review.lot.pk) is None

    conclude(review)

    assert review.row.report_hash != before
    assert queries.progress(review.city["agency-a"], review.lot.pk).signatures == 0
    for number in range(1, 6):
        endorse(review, number)
    assert review.state == "concluded"


@pytest.mark.parametrize(
    ("changes", "number", "kind", "code"),
    [
        ({"kind": "mood"}, 3, Unfair, "correction-unlawful"),
        ({"kind": "range"}, 3, Unfair, "correction-baseless"),
        ({"kind": "objective"}, 3, Unfair, "correction-baseless"),
        ({"kind": "sum", "item": ""}, CHAIR, Unfair, "correction-baseless"),
        ({"kind": "sum", "item": ""}, 3, NotEntitled, "not-the-chair"),
        ({}, 4, NotEntitled, "not-your-sheet"),
        ({"reason": " "}, 3, Unfair, "reason-required"),
    ],
)
def test_correction_in_no_lawful_case_is_refused(
    review: Review, changes: dict[str, object], number: int, kind: type, code: str
) -> None:
    asked = lower(review, "host/3", BIDS[0], **changes)
    if changes.get("kind") == "sum":
        asked = replace(asked, before=Decimal("28.5"), after=Decimal("30"))
    with clock.frozen(LATER), refused(kind, code):
        correct_scores(review.lot.pk, asked, by=review.member(number))


def test_bid_that_most_members_reject_is_out(review: Review) -> None:
    with clock.frozen(LATER):
        for number in (1, 2, 3):
            reject_bid(review.lot.pk, BIDS[3], "实质性要求未响应", by=review.member(number))

    report = conclude(review)

    assert report["bids"][3] == {
        "position": 4,
        "bid_ref": BIDS[3],
        "quote_yuan": "4700000.00",
        "valid": False,
        "reasons": ["rejected"],
    }
    assert report["rejected"] == {BIDS[3]: ["实质性要求未响应"]}
    assert report["candidates"] == [BIDS[2], BIDS[1], BIDS[0]]
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        reject_bid(review.lot.pk, BIDS[2], "同上", by=review.member(1))


def test_too_few_bids_left_make_the_tender_void(review: Review) -> None:
    """GPL-36: with fewer than three the tender is void, at whichever moment that shows."""
    with clock.frozen(LATER):
        for bid in BIDS[2:]:
            for number in (1, 2, 3):
                written = reject_bid(review.lot.pk, bid, "实质性要求未响应", by=review.member(number))

    assert (review.state, review.row.reason) == ("void", "valid-short")
    assert read_entry(written.id).moves == ["evaluation.evaluation fail_valid: revealed → void"]


def test_quotes_above_the_ceiling_or_unreadable_are_no_offers(review: Review) -> None:
    """MOF-87-63."""
    NamedBid.objects.filter(bid_ref=BIDS[3]).update(quote_yuan="4800000.01")

    report = conclude(review)

    assert (report["bids"][3]["valid"], report["bids"][3]["reasons"]) == (False, ["price-above-ceiling"])
    Evaluation.objects.update(report_hash="")
    NamedBid.objects.filter(bid_ref=BIDS[2]).update(quote_yuan=None)
    with clock.frozen(LATER):
        conclude_evaluation(review.lot.pk, by=review.member(CHAIR))
    assert (review.state, review.row.reason, review.row.report_hash) == ("void", "valid-short", "")


def test_deduction_that_most_members_grant_counts(review: Review) -> None:
    with clock.frozen(LATER):
        for number in (1, 2, 3):
            grant_deduction(review.lot.pk, BIDS[1], "small", by=review.member(number))
        grant_deduction(review.lot.pk, BIDS[2], "small", by=review.member(4))
        with refused(Unfair, "deduction-unlisted"):
            grant_deduction(review.lot.pk, BIDS[1], "friend", by=review.member(4))
        with not_there(NamedBid):
            grant_deduction(review.lot.pk, "00" * 32, "small", by=review.member(4))

    report = conclude(review)

    assert [one["granted"] for one in report["bids"]] == [[], ["small"], [], []]
    assert report["bids"][1]["evaluated_yuan"] == "4016250.00"
    assert report["bids"][1]["price"] == "30"


def test_progress_is_counts(review: Review) -> None:
    for account in ("agency-a", "buyer", "supervisor"):
        shown = queries.progress(review.city[account], review.lot.pk)
        assert (shown.state, shown.bids, shown.reviewed, shown.qualified) == ("revealed", 4, 4, 4)
        assert (shown.members, shown.has_chair, shown.sheets, shown.signed, shown.doubtful) == (5, True, 10, 10, 0)
    with not_there(Lot):
        queries.progress(review.city["host"], review.lot.pk)
    rows = queries.examined(review.city["agency-a"], review.lot.pk)
    assert [(row.position, row.bidder, row.passed) for row in rows] == [(n, FIRMS[n - 1], True) for n in range(1, 5)]
    template = queries.template_for(review.city["host"], review.lot.pk)
    assert template
    assert template.candidates == 3
    assert queries.code_commitment(review.city["host"], review.lot.pk)


def test_opinions_are_those_of_members(review: Review) -> None:
    by = review.city["agency-a"]
    with clock.frozen(LATER):
        with refused(NotEntitled, "not-a-member"):
            reject_bid(review.lot.pk, BIDS[0], "不符", by=by)
        with refused(NotEntitled, "not-a-member"):
            grant_deduction(review.lot.pk, BIDS[0], "small", by=by)
        with refused(NotEntitled, "not-a-member"):
            find_abnormal(review.lot.pk, ("host/3", BIDS[0], "t1"), by=by)
        with refused(NotEntitled, "not-a-member"):
            correct_scores(review.lot.pk, lower(review, "host/3", BIDS[0]), by=by)
    assert not Opinion.objects.exclude(kind="chair").exists()
