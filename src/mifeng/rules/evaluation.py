"""From the qualification review to the award (评标与定标).

Three tables. An *evaluation* (评审) of a package begins when its bids are open: purchaser or agency review who is
qualified, the committee elects a chair, codes are issued, and the technical files are read blind. When every technical
sheet is committed to, the technical scores are locked and the link between codes and bidders is laid open; business
files follow under names. When all sheets are committed to, all scores are laid open in one act; only the four lawful
kinds of error are corrected then, and the report is signed. With fewer than three bidders left at any of three moments
the tender is void (废标).

The purchaser's representative is a member of the committee like the experts; whose seat it is, is asked besides.

A report stands when every member has had a word on it: a signature, with a dissent or without, or, of a member who says
nothing although there was time and most have signed, an agreement that is deemed (视为同意) and put on record.

A member who has to leave once codes were given out, and whose place cannot be filled in time, ends the evaluation: it
is stopped (停止评标), and everything in it stays sealed for a new committee to begin anew.

A *sheet* (评分表) belongs to one seat and one part. It is written cell by cell, signed once, and shown with all others.
The sheet of a member who has to leave is annulled, and a successor begins anew.

An *award* (定标) begins when the signed report is handed over. The purchaser decides in the order of the report; if
nothing is decided in time the first is deemed to win.
"""

from datetime import datetime, timedelta
from types import MappingProxyType

from mifeng.rules.errors import Reason, Unfair, WrongMoment, WrongState
from mifeng.rules.lifecycle import Lifecycle, step
from mifeng.rules.rulebook import Rulebook

EVALUATION: Lifecycle = MappingProxyType(
    {
        "begin_review": step("", "qualifying", "agency clock", "MOF-87-44"),
        "qualify": step("qualifying", "qualified", "agency buyer", "MOF-87-44"),
        "fail_qualified": step("qualifying", "void", "agency buyer", "MOF-87-44"),
        "elect_chair": step("qualified", "chaired", "buyer expert", "MOF-87-45"),
        "issue_codes": step("chaired", "reviewing", "clock", "LC-2018-80 三(六)"),
        "issue_more": step("reviewing", "reviewing", "clock", "GPLR-9"),
        "fail_compliant": step("reviewing", "void", "agency buyer expert", "GPL-36"),
        "lock_technical": step("reviewing", "locked", "clock", "our choice (ADR-5)"),
        "reveal": step("locked", "revealed", "clock", "our choice (ADR-5)"),
        "correct_scores": step("revealed", "revealed", "buyer expert", "MOF-87-64"),
        "fail_valid": step("locked revealed", "void", "agency buyer expert", "GPL-36"),
        "sign_report": step("revealed", "concluded", "buyer expert", "GPLR-41"),
        "stop_evaluation": step("chaired reviewing locked revealed", "stopped", "agency", "MOF-87-49"),
        "deem_agreed": step("revealed", "concluded", "agency", "GPLR-41"),
    }
)

SHEET: Lifecycle = MappingProxyType(
    {
        "give_sheet": step("", "writing", "clock", "LC-2018-80 三(六)"),
        "save_cells": step("writing", "writing", "buyer expert", "MOF-87-55"),
        "sign_sheet": step("writing", "signed", "buyer expert", "our choice (ADR-5)"),
        "show_sheet": step("signed", "shown", "clock", "our choice (ADR-5)"),
        "correct_sheet": step("shown", "shown", "buyer expert", "MOF-87-64"),
        "annul_sheet": step("writing signed", "annulled", "clock agency", "GPLR-9"),
    }
)

AWARD: Lifecycle = MappingProxyType(
    {
        "hand_over": step("", "handed", "agency", "GPLR-43"),
        "award": step("handed", "awarded", "buyer", "GPLR-43"),
        "deem_awarded": step("handed", "awarded", "clock", "MOF-87-68"),
        "announce": step("awarded", "announced", "agency buyer", "GPLR-43"),
        "take_next": step("awarded announced", "awarded", "buyer", "GPLR-49"),
        "start_anew": step("handed awarded announced", "restarted", "buyer", "GPLR-49"),
    }
)

# Why a member has no word of their own on a report: words, since free text could name a person in the ledger.
SILENT = ("refused", "left", "unreachable")
# Why a member has to leave the committee: a tie that shows late, health, another cause.
GONE = ("tie", "health", "left")


def dissent_until(reported_at: datetime, rulebook: Rulebook) -> datetime:
    """Return until when at least every member may sign a report or dissent from it (提出异议的时间)."""
    return reported_at + timedelta(hours=rulebook.int("dissent_hours"))


def is_most(number: int, members: int) -> bool:
    """Say whether so many are more than half of the members (过半数)."""
    return 2 * number > members


def check_silence(word: str) -> None:
    """Refuse to deem an agreement for another than a known reason (视为同意事由).

    Raises:
        Unfair: ``reason-required``.

    Source: our choice (ADR-5)
    """
    if word not in SILENT:
        raise Unfair(Reason("reason-required"))


def check_moment(until: datetime, at: datetime) -> None:
    """Refuse to deem an agreement while there has to be time to dissent (视为同意的时点).

    Args:
        until: end of that time.
        at: now.

    Raises:
        WrongMoment: ``dissent-open`` until then.

    Source: GPLR-41, our choice (ADR-5)
    """
    if at < until:
        raise WrongMoment(Reason("dissent-open", {"until": until}, until=until))


def check_most(signed: int, members: int) -> None:
    """Refuse to deem an agreement unless more than half of the members have signed the report (过半数签署).

    Args:
        signed: members who have, whatever they hold of it.
        members: of the committee.

    Raises:
        WrongState: ``signatures-short``.

    Source: MOF-87-61
    """
    if not is_most(signed, members):
        facts = {"signed": signed, "members": members}
        raise WrongState(Reason("signatures-short", facts, lifted_by=("expert", "buyer")))


def check_gone(word: str) -> None:
    """Refuse to end an evaluation for another than a known reason (停止评标事由).

    Raises:
        Unfair: ``reason-required``.

    Source: MOF-87-49
    """
    if word not in GONE:
        raise Unfair(Reason("reason-required"))


def check_stoppable(state: str, *, chairs: bool, reported: bool) -> None:
    """Refuse to end an evaluation whose scores are known, so that nobody ends one for its result (停止评标时点).

    The chair alone can still be missed then: without a chair no report is put together.

    Args:
        state: of the evaluation.
        chairs: it is the chair who has to leave.
        reported: a report stands.

    Raises:
        WrongState: ``scores-shown``.

    Source: our choice (ADR-5)
    """
    if state == "revealed" and (reported or not chairs):
        raise WrongState(Reason("scores-shown"))
