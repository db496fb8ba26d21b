"""A member who has to leave ends the evaluation: all of it stays sealed, and nobody ends one for its result.

MOF-87-49, GPLR-9; our choice (ADR-5).
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mifeng.config.reactions import REACTIONS
from mifeng.evaluation import blind, queries, tasks
from mifeng.evaluation.actions import (
    Entered,
    conclude_evaluation,
    declare_unable,
    elect_chair,
    grant_deduction,
    lock_technical,
    reject_bid,
    reveal,
    save_cells,
    stop_evaluation,
)
from mifeng.evaluation.models import Cell, CodeIssue, Evaluation, Member, Sheet
from mifeng.kernel import clock
from mifeng.kernel.inbox import lines
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.tenders.models import Lot
from tests.actions.evidence import not_there, read_entry, refused
from tests.actions.reviews import SCORING, SEATS, Review, lead, score, sign

STEP = "reviewing"
LATER = SCORING + timedelta(minutes=10)
CHAIR = 2


def stop(review: Review, seat: str = "one/1", why: str = "tie", account: str = "agency-a") -> Written:
    """Let a post stop the evaluation since the member of a seat has to leave."""
    with clock.frozen(LATER):
        return stop_evaluation(review.lot.pk, seat, why, by=review.city[account])


def scored(review: Review) -> None:
    """Let three members score, two of them sign."""
    for number in (1, 2, 3):
        score(review, number, "technical")
    for number in (1, 2):
        sign(review, number, "technical")


def test_everything_stays_and_nobody_reads_it(review: Review) -> None:
    """No sheet counts any more; what was saved, signed and linked lies sealed where it was."""
    scored(review)
    kept = Cell.objects.count(), CodeIssue.objects.count(), Sheet.objects.exclude(sealed=None).count()

    entry = read_entry(stop(review).id)

    assert review.state == "stopped"
    assert entry.moves[0] == "evaluation.evaluation stop_evaluation: reviewing → stopped"
    annulled = {
        "evaluation.sheet annul_sheet: signed → annulled": 2,
        "evaluation.sheet annul_sheet: writing → annulled": 3,
    }
    assert Counter(entry.moves[1:]) == annulled
    assert entry.facts("stop_evaluation") == {"seat": "one/1", "why": "tie", "sheets": 5}
    assert set(Sheet.objects.values_list("state", flat=True)) == {"annulled"}
    assert (Cell.objects.count(), CodeIssue.objects.count(), Sheet.objects.exclude(sealed=None).count()) == kept
    progress = queries.progress(review.city["supervisor"], review.lot.pk)
    assert (progress.state, progress.reason, progress.stopped) == ("stopped", "member-gone", (LATER, "one/1", "tie"))
    assert (progress.sheets, progress.signed) == (0, 0)


@pytest.mark.parametrize("step", ["reviewing", "locked"])
def test_no_desk_and_no_post_reads_anything_of_it(review: Review, step: str) -> None:
    """Codes, files, own scores, names behind codes, the secret: sealed for the supervisor too."""
    if step == "locked":
        lead(review, "locked")
    lot, by = review.lot.pk, review.member(1)
    [first, *_] = blind.pages_for(by, lot)
    stop(review)

    reads: list[Callable[[], Any]] = [
        lambda: blind.pages_for(by, lot),
        lambda: blind.file_for(by, lot, first.code, 1),
        lambda: blind.saved_for(by, lot, "technical"),
        lambda: blind.sheet_for(by, lot, "technical"),
        lambda: blind.named_for(by, lot),
        lambda: blind.named_file_for(by, lot, "1".zfill(64), 1),
        lambda: blind.opinions_for(by, lot, "reject"),
        lambda: blind.report_for(by, lot),
    ]
    for read in reads:
        with not_there(Member):
            read()
    for account in ("supervisor", "agency-a", "buyer"):
        with not_there(Evaluation):
            queries.sheets(review.city[account], lot)
    with not_there(Evaluation):
        queries.code_map(review.city["supervisor"], lot)
    assert (blind.desk_for(by, lot).state, blind.desk_for(by, lot).reason) == ("stopped", "member-gone")


def test_nothing_goes_on_by_itself(review: Review) -> None:
    scored(review)
    stop(review)

    with clock.frozen(LATER):
        tasks.look_after(timestamp=0)
        tasks.advance(review.lot.pk)
        with refused(WrongState, "wrong-state"):
            elect_chair(review.lot.pk, SEATS[2], by=review.member(1))
        with refused(WrongState, "wrong-state"):
            save_cells(review.lot.pk, "technical", [Entered("P3972ADH", "t1", Decimal(1))], by=review.member(4))
    assert review.state == "stopped"


def test_purchaser_and_supervisor_are_told(review: Review) -> None:
    entry = stop(review).id
    tasks.tell_stopped(entry_id=entry)

    told = {name: [one.kind for one in lines(review.city[name])] for name in ("buyer", "supervisor", "agency-a")}
    assert told == {"buyer": ["evaluation-stopped"], "supervisor": ["evaluation-stopped"], "agency-a": []}
    assert REACTIONS["stop_evaluation"] == (tasks.tell_stopped,)


@pytest.mark.parametrize(
    ("seat", "why", "account", "kind", "code"),
    [
        ("one/1", "王某病了", "agency-a", Unfair, "reason-required"),
        ("host/9", "tie", "agency-a", Unfair, "malformed"),
        ("one/1", "tie", "buyer", NotEntitled, "wrong-post"),
        ("one/1", "tie", "supervisor", NotEntitled, "wrong-post"),
        ("one/1", "tie", "agency-b", NotEntitled, "not-your-project"),
    ],
)
def test_only_the_agency_stops_for_a_known_reason(
    review: Review, seat: str, why: str, account: str, kind: type, code: str
) -> None:
    with refused(kind, code):
        stop(review, seat, why, account)


def test_nobody_ends_an_evaluation_for_its_result(review: Review) -> None:
    """Once the scores are shown only a chair who leaves before the report does, and after the report nobody."""
    for step in ("locked", "revealed"):
        lead(review, step)
    with refused(WrongState, "scores-shown"):
        stop(review)
    with clock.frozen(LATER):
        conclude_evaluation(review.lot.pk, by=review.member(CHAIR))
    with refused(WrongState, "scores-shown"):
        stop(review, SEATS[CHAIR - 1])
    Evaluation.objects.update(report_hash="")

    stop(review, SEATS[CHAIR - 1], "health")

    assert review.state == "stopped"
    assert set(Sheet.objects.values_list("state", flat=True)) == {"shown"}
    with not_there(Evaluation):
        queries.sheets(review.city["supervisor"], review.lot.pk)
    with refused(WrongState, "wrong-state"):
        stop(review)


def test_whoever_is_unable_to_go_on_says_so_and_signs_nothing_more(review: Review) -> None:
    """GPLR-9: once, before the scores are shown; agency and supervisor learn of the seat, the purchaser of nothing."""
    score(review, 4, "technical")
    with clock.frozen(LATER):
        entry = declare_unable(review.lot.pk, "tie", by=review.member(4)).id
        with refused(WrongState, "member-unable"):
            declare_unable(review.lot.pk, "health", by=review.member(4))
        with refused(WrongState, "member-unable"):
            sign(review, 4, "technical")
    tasks.tell_seat(entry_id=entry)

    assert read_entry(entry).facts("declare_unable") == {"seat": "one/1", "why": "tie"}
    assert REACTIONS["declare_unable"] == (tasks.tell_seat,)
    for account in ("agency-a", "supervisor"):
        assert queries.seats(review.city[account], review.lot.pk) == dict.fromkeys(SEATS, "") | {"one/1": "tie"}
        assert [one.kind for one in lines(review.city[account])] == ["member-unable"]
    with not_there(Lot):
        queries.seats(review.city["buyer"], review.lot.pk)
    assert (blind.desk_for(review.member(4), review.lot.pk).unable, review.state) == ("tie", "reviewing")


@pytest.mark.parametrize("part", ["technical", "business"])
def test_nothing_rests_on_what_a_member_gave_who_is_unable_to_go_on(review: Review, part: str) -> None:
    """MOF-87-49: a tie found behind one's own signature neither opens the names nor shows the scores, nor decides."""
    if part == "business":
        lead(review, "locked")
        with clock.frozen(LATER):
            reject_bid(review.lot.pk, "1".zfill(64), "缺少授权书", by=review.member(4))
    for number in range(1, 6):
        score(review, number, part)
        sign(review, number, part)
    with clock.frozen(LATER):
        declare_unable(review.lot.pk, "tie", by=review.member(4))
        tasks.advance(review.lot.pk)
        step = lock_technical if part == "technical" else reveal
        with refused(WrongState, "member-unable"):
            step(review.lot.pk)
        if part == "business":
            with refused(WrongState, "member-unable"):
                reject_bid(review.lot.pk, "1".zfill(64), "缺少授权书", by=review.member(2))
            with refused(WrongState, "member-unable"):
                grant_deduction(review.lot.pk, "1".zfill(64), "small", by=review.member(4))

    assert review.state == ("reviewing" if part == "technical" else "locked")
    stop(review)
    assert review.state == "stopped"


def test_nobody_declares_it_without_a_reason_for_others_or_too_late(review: Review) -> None:
    with clock.frozen(LATER):
        with refused(Unfair, "reason-required"):
            declare_unable(review.lot.pk, "busy", by=review.member(4))
        with refused(NotEntitled, "not-a-member"):
            declare_unable(review.lot.pk, "tie", by=review.city["agency-a"])
    for step in ("locked", "revealed"):
        lead(review, step)
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        declare_unable(review.lot.pk, "tie", by=review.member(4))


def test_the_purchaser_learns_numbers_and_no_seats(review: Review) -> None:
    """Labels tell which sites there are."""
    for read in (queries.signing, queries.key_changes, queries.seats):
        with not_there(Lot):
            read(review.city["buyer"], review.lot.pk)
