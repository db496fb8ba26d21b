"""A member who says nothing on the report no longer holds it up: deemed agreement. GPLR-41, MOF-87-61."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mifeng.awards.tasks import tell_signed
from mifeng.config.reactions import REACTIONS
from mifeng.evaluation import blind, queries
from mifeng.evaluation.actions import (
    Endorsed,
    conclude_evaluation,
    correct_scores,
    deem_agreed,
    find_abnormal,
    sign_report,
)
from mifeng.evaluation.models import ReportSignature
from mifeng.evaluation.tasks import tell_deemed
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.inbox import lines
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from tests.actions.evidence import read_entry, refused
from tests.actions.reviews import SCORING, SEATS, Review
from tests.actions.test_evaluation_report import BIDS, lower

STEP = "revealed"
REPORTED = SCORING + timedelta(minutes=10)
UNTIL = REPORTED + timedelta(hours=2)


@pytest.fixture
def reported(review: Review) -> Iterator[Review]:
    """A report that the first three members have signed."""
    with clock.frozen(REPORTED):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in (1, 2, 3):
            sign(review, number)
    with clock.frozen(UNTIL):
        yield review


def sign(review: Review, number: int, **word: Any) -> None:
    """Let a member sign the report that stands."""
    sign_report(review.lot.pk, Endorsed(review.row.report_hash, **word), by=review.member(number))


def deem(review: Review, number: int, why: str = "refused", *, by: Actor | None = None) -> int:
    """Let the agency record that a member is deemed to agree."""
    by = by or review.city["agency-a"]
    return deem_agreed(review.lot.pk, SEATS[number - 1], review.row.report_hash, why, by=by).id


def told(review: Review, account: str) -> list[str]:
    """Return what the inbox of a post says."""
    return list(lines(review.city[account]).values_list("kind", flat=True))


def test_the_last_word_may_be_a_deemed_one(reported: Review) -> None:
    """The evaluation ends; entry, report and everybody who reads them say it of the seat, with the reason."""
    first = deem(reported, 4, "unreachable")
    assert reported.state == "revealed"
    last = deem(reported, 5, "left")

    assert reported.state == "concluded"
    assert read_entry(first).moves == ["evaluation.evaluation deem_agreed"]
    assert read_entry(last).moves == ["evaluation.evaluation deem_agreed: revealed → concluded"]
    said = {"seat": "one/1", "report": reported.row.report_hash, "why": "unreachable", "signed": 3}
    assert read_entry(first).facts("deem_agreed") == said
    result = queries.result(reported.city["buyer"], reported.lot.pk)
    silent = [(one.seat, one.agrees, one.deemed) for one in result.signatures if one.deemed]
    assert silent == [("one/1", True, "unreachable"), ("two/1", True, "left")]
    paper = queries.paper_for(reported.city["supervisor"], reported.lot.pk)
    assert [one.deemed for one in paper.endorsements] == ["", "", "", "unreachable", "left"]
    progress = queries.progress(reported.city["supervisor"], reported.lot.pk)
    assert (progress.signatures, progress.deemed, progress.concluded_at) == (3, 2, UNTIL)


def test_those_concerned_are_told(reported: Review) -> None:
    entries = [deem(reported, 4), deem(reported, 5)]
    for entry in entries:
        tell_deemed(entry_id=entry)
        tell_signed(entry_id=entry)

    assert told(reported, "buyer") == told(reported, "supervisor") == ["agreement-deemed"] * 2
    assert told(reported, "agency-a") == ["report-settled"]
    assert REACTIONS["deem_agreed"] == (tell_deemed, tell_signed)


def test_whoever_dissents_first_is_not_deemed_to_agree(reported: Review) -> None:
    sign(reported, 4, agrees=False, dissent="第二名的方案更稳妥")

    with refused(WrongState, "seat-signed"):
        deem(reported, 4)
    deem(reported, 5)

    assert reported.state == "concluded"
    assert ReportSignature.objects.get(agrees=False).dissent == "第二名的方案更稳妥"


def test_after_it_is_recorded_nothing_is_signed_for_the_seat(reported: Review) -> None:
    deem(reported, 4)

    with refused(WrongState, "agreement-deemed"):
        sign(reported, 4)
    found = blind.report_for(reported.member(5), reported.lot.pk)
    assert found is not None
    assert (found.signed, found.deemed, found.done) == (SEATS[:3], {"one/1": "refused"}, 4)
    sign(reported, 5)
    assert reported.state == "concluded"


def test_there_has_to_be_time_to_dissent(reported: Review) -> None:
    """Our choice (ADR-5): two hours; the desk says until when."""
    found = blind.report_for(reported.member(4), reported.lot.pk)
    assert found is not None
    assert found.until == UNTIL
    with clock.frozen(UNTIL - timedelta(seconds=1)), refused(WrongMoment, "dissent-open") as early:
        deem(reported, 4)
    assert early.value.reasons[0].until == UNTIL


def test_more_than_half_have_to_sign(review: Review) -> None:
    with clock.frozen(REPORTED):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in (1, 2):
            sign(review, number)
    with clock.frozen(UNTIL), refused(WrongState, "signatures-short") as short:
        deem(review, 3)
    assert short.value.facts == {"signed": 2, "members": 5}


def test_a_deemed_agreement_is_no_signature(review: Review) -> None:
    """It makes no majority for the next one: with a committee of six, three that signed stay three."""
    with clock.frozen(REPORTED):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in (1, 2, 3):
            sign(review, number)
    ReportSignature.objects.filter(member__seat=SEATS[2]).update(deemed="left")
    with clock.frozen(UNTIL), refused(WrongState, "signatures-short"):
        deem(review, 4)


@pytest.mark.parametrize(
    ("seat", "why", "account", "kind", "code"),
    [
        ("one/1", "busy", "agency-a", Unfair, "reason-required"),
        ("host/9", "left", "agency-a", Unfair, "malformed"),
        ("host/3", "left", "agency-a", WrongState, "seat-signed"),
        ("one/1", "left", "buyer", NotEntitled, "wrong-post"),
        ("one/1", "left", "supervisor", NotEntitled, "wrong-post"),
        ("one/1", "left", "agency-b", NotEntitled, "not-your-project"),
    ],
)
def test_what_is_no_deemed_agreement_is_refused(
    reported: Review, seat: str, why: str, account: str, kind: type, code: str
) -> None:
    with refused(kind, code):
        deem_agreed(reported.lot.pk, seat, reported.row.report_hash, why, by=reported.city[account])


def test_only_of_the_report_that_stands(reported: Review) -> None:
    with refused(WrongState, "report-other"):
        deem_agreed(reported.lot.pk, "one/1", "00" * 32, "left", by=reported.city["agency-a"])


def test_the_same_twice_is_done_once(reported: Review) -> None:
    first = deem(reported, 4)
    deem(reported, 5)

    with pytest.raises(Repeated) as again:
        deem(reported, 4)
    assert again.value.entry == first
    with refused(WrongState, "seat-signed"):
        deem(reported, 4, "left")


def test_a_correction_fells_it_with_the_report(reported: Review) -> None:
    """Whoever was silent has a word of their own on the new one."""
    deem(reported, 4)
    for number in (1, 2, 4):
        find_abnormal(reported.lot.pk, ("host/3", BIDS[0], "t1"), by=reported.member(number))
    correct_scores(reported.lot.pk, lower(reported, "host/3", BIDS[0]), by=reported.member(3))
    conclude_evaluation(reported.lot.pk, by=reported.member(2))

    sign(reported, 4)
    standing = queries.signing(reported.city["agency-a"], reported.lot.pk)
    assert standing is not None
    assert (standing.signed, standing.deemed, len(standing.waiting), standing.members) == (("one/1",), (), 4, 5)
