"""From the qualification review to the award. MOF-87-44, MOF-87-45, MOF-87-64, MOF-87-68, GPL-36.

GPLR-41, GPLR-43, GPLR-49. R174: technical bids are anonymous and come in another order to each expert.
"""

import pytest

from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.rules.evaluation import (
    AWARD,
    EVALUATION,
    GONE,
    SHEET,
    SILENT,
    check_gone,
    check_moment,
    check_most,
    check_silence,
    check_stoppable,
    dissent_until,
)
from mifeng.rules.lifecycle import Lifecycle, check_step, reachable, states
from tests.rules.books import BOOK, beijing

TABLES: dict[str, Lifecycle] = {"evaluation": EVALUATION, "sheet": SHEET, "award": AWARD}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_state_can_be_reached(name: str) -> None:
    assert reachable(TABLES[name]) == states(TABLES[name])


@pytest.mark.parametrize(
    ("table", "path", "end"),
    [
        (
            "evaluation",
            [
                ("begin_review", "clock"),
                ("qualify", "agency"),
                ("elect_chair", "expert"),
                ("issue_codes", "clock"),
                ("issue_more", "clock"),
                ("lock_technical", "clock"),
                ("reveal", "clock"),
                ("correct_scores", "expert"),
                ("sign_report", "expert"),
            ],
            "concluded",
        ),
        ("evaluation", [("begin_review", "agency"), ("fail_qualified", "buyer")], "void"),
        (
            "evaluation",
            [
                ("begin_review", "agency"),
                ("qualify", "buyer"),
                ("elect_chair", "expert"),
                ("issue_codes", "clock"),
                ("lock_technical", "clock"),
                ("reveal", "clock"),
                ("deem_agreed", "agency"),
            ],
            "concluded",
        ),
        (
            "evaluation",
            [
                ("begin_review", "agency"),
                ("qualify", "buyer"),
                ("elect_chair", "expert"),
                ("issue_codes", "clock"),
                ("fail_compliant", "expert"),
            ],
            "void",
        ),
        ("sheet", [("give_sheet", "clock"), ("save_cells", "expert"), ("sign_sheet", "expert")], "signed"),
        ("sheet", [("give_sheet", "clock"), ("annul_sheet", "clock")], "annulled"),
        ("sheet", [("give_sheet", "clock"), ("sign_sheet", "expert"), ("annul_sheet", "agency")], "annulled"),
        (
            "evaluation",
            [
                ("begin_review", "agency"),
                ("qualify", "buyer"),
                ("elect_chair", "expert"),
                ("stop_evaluation", "agency"),
            ],
            "stopped",
        ),
        ("award", [("hand_over", "agency"), ("award", "buyer"), ("announce", "agency")], "announced"),
        ("award", [("hand_over", "agency"), ("deem_awarded", "clock"), ("take_next", "buyer")], "awarded"),
        ("award", [("hand_over", "agency"), ("start_anew", "buyer")], "restarted"),
    ],
)
def test_a_matter_travels_its_whole_way(table: str, path: list[tuple[str, str]], end: str) -> None:
    state: str | None = None
    for name, role in path:
        state = check_step(TABLES[table], name, state=state, role=role).target

    assert state == end


@pytest.mark.parametrize(
    ("table", "name", "state", "role"),
    [
        (EVALUATION, "reveal", "locked", "expert"),  # nobody opens scores but the platform, when all are in
        (EVALUATION, "reveal", "locked", "agency"),
        (EVALUATION, "correct_scores", "revealed", "agency"),
        (SHEET, "sign_sheet", "writing", "agency"),  # only members score, the purchaser's representative among them
        (SHEET, "save_cells", "writing", "clock"),
        (AWARD, "award", "handed", "agency"),  # GPLR-43: the purchaser decides
        (AWARD, "deem_awarded", "handed", "buyer"),
    ],
)
def test_the_wrong_post_is_told_who_may(table: Lifecycle, name: str, state: str, role: str) -> None:
    with pytest.raises(NotEntitled) as refusal:
        check_step(table, name, state=state, role=role)

    assert refusal.value.reasons[0].lifted_by == tuple(sorted(table[name].by))


@pytest.mark.parametrize(
    ("table", "name", "state", "role"),
    [
        (EVALUATION, "issue_codes", "qualified", "clock"),  # no review without a chair
        (EVALUATION, "lock_technical", "chaired", "clock"),
        (EVALUATION, "reveal", "reviewing", "clock"),  # not before the technical scores are locked
        (EVALUATION, "issue_more", "locked", "clock"),  # the link is open by then: nobody can begin blind
        (EVALUATION, "correct_scores", "concluded", "expert"),  # MOF-87-64: after signing it is a new evaluation
        (EVALUATION, "qualify", "void", "agency"),
        (SHEET, "save_cells", "signed", "expert"),  # signed is signed
        (SHEET, "sign_sheet", "annulled", "expert"),
        (SHEET, "correct_sheet", "signed", "expert"),
        (SHEET, "annul_sheet", "shown", "clock"),
        (AWARD, "announce", "handed", "agency"),
        (AWARD, "award", "announced", "buyer"),
    ],
)
def test_the_wrong_moment_is_refused_with_the_clause(table: Lifecycle, name: str, state: str, role: str) -> None:
    with pytest.raises(WrongState) as refusal:
        check_step(table, name, state=state, role=role)

    assert refusal.value.source == table[name].source


def test_nobody_is_deemed_to_agree_before_there_was_time_to_dissent() -> None:
    """Our choice (ADR-5): two hours from the report; the moment itself is late enough."""
    until = dissent_until(beijing(3, 26, 15, 0), BOOK)

    assert until == beijing(3, 26, 17, 0)
    check_moment(until, until)
    with pytest.raises(WrongMoment) as early:
        check_moment(until, beijing(3, 26, 16, 59))
    assert (early.value.codes, early.value.reasons[0].until) == (("dissent-open",), until)


@pytest.mark.parametrize(("signed", "members", "enough"), [(3, 5, True), (2, 5, False), (3, 6, False), (4, 6, True)])
def test_more_than_half_have_signed_before_anybody_is_deemed_to_agree(signed: int, members: int, enough: bool) -> None:
    """MOF-87-61."""
    if enough:
        check_most(signed, members)
        return
    with pytest.raises(WrongState) as short:
        check_most(signed, members)
    assert (short.value.codes, short.value.facts) == (("signatures-short",), {"signed": signed, "members": members})


def test_why_a_member_says_nothing_is_one_of_three_words() -> None:
    """Free text could name a person in the ledger."""
    for word in SILENT:
        check_silence(word)
    for word in ("", "王某拒签"):
        with pytest.raises(Unfair, match="reason-required"):
            check_silence(word)


@pytest.mark.parametrize("state", ["chaired", "reviewing", "locked", "revealed"])
@pytest.mark.parametrize("chairs", [True, False])
@pytest.mark.parametrize("reported", [True, False])
def test_an_evaluation_is_not_ended_once_its_scores_are_shown(state: str, chairs: bool, reported: bool) -> None:
    """Our choice (ADR-5): but for a chair who leaves before there is a report."""
    if state != "revealed" or (chairs and not reported):
        check_stoppable(state, chairs=chairs, reported=reported)
        return
    with pytest.raises(WrongState, match="scores-shown"):
        check_stoppable(state, chairs=chairs, reported=reported)


def test_why_a_member_has_to_leave_is_one_of_three_words() -> None:
    """MOF-87-49."""
    for word in GONE:
        check_gone(word)
    with pytest.raises(Unfair, match="reason-required"):
        check_gone("")
