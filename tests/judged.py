"""A project from its opening to the published result (评审到公告测试件): reviewed blind, scored, awarded, announced.

Of the four bids that were opened one asks too much, one is granted a deduction, and one score is put right; two seats
have clients that sign with keys of their own, one of them with another key from the business part on; one member says
nothing on the report and is deemed to agree.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from mifeng.awards.actions import announce, award, hand_over
from mifeng.evaluation import blind
from mifeng.evaluation.actions import (
    Endorsed,
    Entered,
    Seated,
    Signed,
    begin_review,
    change_seat_key,
    conclude_evaluation,
    correct_scores,
    deem_agreed,
    elect_chair,
    find_abnormal,
    grant_deduction,
    issue_seat_codes,
    lock_technical,
    record_copies,
    reveal,
    review_qualification,
    save_cells,
    seat_members,
    sign_report,
    sign_sheet,
    start_evaluation,
    withdraw_opinion,
)
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.copies import make_copies
from mifeng.evaluation.scores import standing_sheets
from mifeng.kernel import clock
from mifeng.rules.award import Sat
from mifeng.rules.blind import score_commitment
from mifeng.rules.curve import base_multiply_secret, encode_point
from mifeng.rules.scoring import Correction
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.sittings.queries import Reopened, draw_public
from tests.actions.reviews import SEATS, Review
from tests.bundles import OVER, Story
from tests.rules.scores import TEMPLATE
from tests.web.witnessed import witness_log

FIRST: Mapping[str, int] = {"host/2": 4711, "one/1": 815}
# From the change of a key on.
SECRETS: Mapping[str, int] = {"host/2": 4711, "one/1": 1815}
SILENT = 5
NAMES = ("周代表", "吴甲", "郑乙", "王丙", "冯丁")
WHOLE = OVER + timedelta(hours=5)


def minutes(number: int) -> datetime:
    """Return an instant so many minutes after the opening was over."""
    return OVER + timedelta(minutes=number)


def review_of(story: Story) -> Review:
    """Return the review of a story's package."""
    return Review(story.city, story.lot)


def seats_taken(review: Review) -> None:
    """Qualify all opened bids, make the copies, seat five members, elect the second chair, give out the codes."""
    lot, by = review.lot, review.city["agency-a"]
    with clock.frozen(minutes(5)):
        begin_review(lot.pk)
    with clock.frozen(minutes(6)):
        for row in review.bids:
            if not row.fault:
                review_qualification(row.bid_id, True, by=by)
        start_evaluation(lot.pk, by=by)
    copies = make_copies(lot.pk)
    with clock.frozen(minutes(7)):
        record_copies(lot.pk, copies)
    with clock.frozen(minutes(20)):
        seat_members(lot.pk, [_seated(number) for number in range(1, 6)])
        for number in (3, 4, 5):
            elect_chair(lot.pk, SEATS[1], by=review.member(number))
    seeds = {draw.handle: draw.seed for draw in draw_public(lot.tender) if draw.seed}
    with clock.frozen(minutes(21)):
        issue_seat_codes(lot.pk, seeds)


def rekeyed(review: Review) -> None:
    """Let a seat that was opened again at another computer sign with the key of that one."""
    seat = SEATS[3]
    leaves = ("a1" * 32, "b2" * 32)
    given = Reopened(
        seat, review.member(4).handle, public_key(SECRETS[seat]), "officers", ("0a" * 8, "0b" * 8), *leaves
    )
    with clock.frozen(minutes(45)):
        change_seat_key(review.lot.pk, given)


def scored(review: Review, part: str, at: datetime, secrets: Mapping[str, int] = SECRETS) -> None:
    """Let every member score and sign a part."""
    items = [item.id for item in TEMPLATE.part(part)]
    for number, seat in enumerate(SEATS, 1):
        by, positions = review.member(number), codes_of(review.row, seat).positions
        order = sorted(positions.values())
        entered = [
            Entered(code, item, given(order.index(place) + 1, number)[item])
            for code, place in positions.items()
            for item in items
        ]
        with clock.frozen(at):
            save_cells(review.lot.pk, part, entered, by=by)
        sheet, salt = blind.sheet_for(by, review.lot.pk, part), bytes([number]) * 32
        signature = signed(seat, score_commitment(salt, sheet), secrets)
        with clock.frozen(at + timedelta(minutes=1)):
            sign_sheet(review.lot.pk, Signed(part, sheet, salt, signature), by=by)


def given(place: int, number: int) -> dict[str, Decimal]:
    """Return what a member gives the bid at a place among those under review."""
    taste = Decimal(number) / 2
    return {
        "t1": Decimal(20) + place - taste,
        "t2": Decimal(5 * place),
        "b1": Decimal(2 * place),
        "b2": Decimal(place + 1),
    }


def signed(seat: str, message: bytes, secrets: Mapping[str, int] = SECRETS) -> bytes:
    """Return what a seat's client signs; nothing where it has no key."""
    return sign_ecdsa(secrets[seat], message) if seat in secrets else b""


def public_key(secret: int) -> str:
    """Return the public key of a client, in hexadecimal."""
    return encode_point(base_multiply_secret(secret)).hex()


def settle(folder: Path, at: datetime) -> None:
    """Have everything written so far sequenced and witnessed."""
    with clock.frozen(at):
        witness_log(folder, lambda: clock.now().timestamp())


def shown(review: Review, folder: Path) -> None:
    """Score both parts, lock, show everything, and put one score right."""
    lot = review.lot.pk
    scored(review, "technical", minutes(40), FIRST)
    settle(folder, minutes(42))
    with clock.frozen(minutes(42)):
        lock_technical(lot)
    with clock.frozen(minutes(43)):
        for number in (1, 2, 3):
            grant_deduction(lot, valid(review)[0], "small", by=review.member(number))
        for number in (1, 2, 4):
            grant_deduction(lot, valid(review)[1], "small", by=review.member(number))
        withdraw_opinion(lot, "grant", (valid(review)[1], "small"), by=review.member(4))
    rekeyed(review)
    scored(review, "business", minutes(50))
    settle(folder, minutes(52))
    with clock.frozen(minutes(52)):
        reveal(lot)
    place = (SEATS[2], valid(review)[1], "t1")
    before = next(one for one in standing_sheets(review.row) if one.seat == SEATS[2] and one.part == "technical")
    score = before.scores[place[1], "t1"]
    with clock.frozen(minutes(55)):
        for number in (1, 2, 4):
            find_abnormal(lot, place, by=review.member(number))
        correct_scores(
            lot, Correction("abnormal", *place, score, score - 1, "与其他委员相比明显偏高"), by=review.member(3)
        )


def valid(review: Review) -> list[str]:
    """Return the bids within the budget, in the order of the list."""
    budget = review.lot.budget_yuan
    return [row.bid.bid_ref for row in review.bids if row.price_yuan and row.price_yuan <= budget]


def reported(review: Review, folder: Path) -> None:
    """Put the report together and let everybody sign it but the last, who is deemed to agree, witnessed."""
    with clock.frozen(minutes(60)):
        conclude_evaluation(review.lot.pk, by=review.member(2))
    name = review.row.report_hash
    with clock.frozen(minutes(65)):
        for number, seat in enumerate(SEATS[: SILENT - 1], 1):
            word = Endorsed(name, signature=signed(seat, bytes.fromhex(name)))
            sign_report(review.lot.pk, word, by=review.member(number))
    with clock.frozen(minutes(185)):
        deem_agreed(review.lot.pk, SEATS[SILENT - 1], name, "unreachable", by=review.city["agency-a"])
    settle(folder, minutes(190))


def evaluated(story: Story, folder: Path) -> Review:
    """Lead a story from its opening to the signed report, witnessed."""
    review = review_of(story)
    seats_taken(review)
    shown(review, folder)
    reported(review, folder)
    return review


def awarded(review: Review) -> None:
    """Hand the report over and award to the first candidate."""
    lot, city = review.lot.pk, review.city
    with clock.frozen(minutes(200)):
        hand_over(lot, by=city["agency-a"])
    with clock.frozen(minutes(210)):
        award(lot, first(review), by=city["buyer"])


def first(review: Review) -> str:
    """Return the first candidate of the report that stands."""
    reported = blind.report_for(review.member(2), review.lot.pk)
    assert reported is not None
    return candidates_of(reported.text)[0]


def announced(review: Review, folder: Path) -> None:
    """Publish the result, witnessed."""
    rows = [Sat(seat, "buyer" if n == 0 else "expert", NAMES[n]) for n, seat in enumerate(SEATS)]
    with clock.frozen(minutes(220)):
        announce(review.lot.pk, committee=rows, by=review.city["agency-a"])
    settle(folder, WHOLE)


def candidates_of(report: str) -> list[str]:
    """Return who is recommended by the text of a report."""
    return list(json.loads(report)["candidates"])


def _seated(number: int) -> Seated:
    seat = SEATS[number - 1]
    key = public_key(FIRST[seat]) if seat in FIRST else ""
    return Seated(seat, "buyer" if number == 1 else "expert", f"{number:016x}", key)
