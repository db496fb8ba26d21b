"""What a member held and takes back (撤回意见): until a report or a correction rests on it. MOF-87-61, MOF-87-64."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mifeng.evaluation import blind
from mifeng.evaluation.actions import (
    conclude_evaluation,
    correct_scores,
    find_abnormal,
    grant_deduction,
    reject_bid,
    withdraw_opinion,
)
from mifeng.evaluation.models import Opinion
from mifeng.kernel import clock
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.rules.scoring import Correction
from tests.actions import reviews
from tests.actions.evidence import read_entry, refused
from tests.actions.reviews import SCORING, Review

STEP = "revealed"
LATER = SCORING + timedelta(minutes=10)
BID = f"{1:064x}"
PLACE = ("host/3", BID, "t1")


def hold(review: Review, kind: str, number: int) -> tuple[str, ...]:
    """Let a member hold something, and return what it is about."""
    lot, by = review.lot.pk, review.member(number)
    if kind == "reject":
        reject_bid(lot, BID, "实质性要求未响应", by=by)
        return (BID,)
    if kind == "grant":
        grant_deduction(lot, BID, "small", by=by)
        return BID, "small"
    find_abnormal(lot, PLACE, by=by)
    return PLACE


@pytest.mark.parametrize("kind", ["reject", "grant", "abnormal"])
def test_an_opinion_is_taken_back_by_its_member(review: Review, kind: str) -> None:
    """Also when most members held the same: then they do not any more, until one of them holds it again."""
    lot = review.lot.pk
    with clock.frozen(LATER):
        for number in (1, 2, 3):
            about = hold(review, kind, number)
        written = withdraw_opinion(lot, kind, about, by=review.member(3))
        with refused(WrongState, "opinion-missing"):
            withdraw_opinion(lot, kind, about, by=review.member(3))
        with refused(WrongState, "opinion-missing"):
            withdraw_opinion(lot, kind, about, by=review.member(4))

    [held] = blind.opinions_for(review.member(3), lot, kind).values()
    said = read_entry(written.id).facts("withdraw_opinion")
    assert (held.count, held.mine, held.carried) == (2, False, False)
    assert (said["voter"], said["bid_ref"]) == ("host/3", BID)
    assert said["opinion"] in {"reject_bid", "grant_deduction", "find_abnormal"}
    with clock.frozen(LATER):
        hold(review, kind, 3)
    assert Opinion.objects.filter(kind=kind).count() == 3


@pytest.mark.parametrize("kind", ["reject", "grant", "abnormal"])
def test_nothing_is_taken_back_from_under_a_report(review: Review, kind: str) -> None:
    with clock.frozen(LATER):
        about = hold(review, kind, 3)
        conclude_evaluation(review.lot.pk, by=review.member(2))

        with refused(WrongState, "wrong-state"):
            withdraw_opinion(review.lot.pk, kind, about, by=review.member(3))


def test_what_a_correction_rests_on_is_not_taken_back(review: Review) -> None:
    before = Decimal(reviews.scores_of(1, 3)["t1"])
    with clock.frozen(LATER):
        for number in (1, 2, 4):
            hold(review, "abnormal", number)
        asked = Correction("abnormal", *PLACE, before, Decimal(12), "复核后偏高")
        correct_scores(review.lot.pk, asked, by=review.member(3))

        with refused(WrongState, "opinion-used"):
            withdraw_opinion(review.lot.pk, "abnormal", PLACE, by=review.member(4))


def test_only_what_a_member_holds_is_taken_back(review: Review) -> None:
    with clock.frozen(LATER):
        with refused(Unfair, "malformed"):
            withdraw_opinion(review.lot.pk, "chair", (BID,), by=review.member(3))
        with refused(NotEntitled, "not-a-member"):
            withdraw_opinion(review.lot.pk, "reject", (BID,), by=review.city["agency-a"])
