"""What a forger can do to the acts of a review (评审过程造假): votes, order, what is given out, what a cut says."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mifeng.programs.verify.bundle.report import outcomes
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.manifest import stage_of
from mifeng.rules.ledger import format_time
from tests.programs import rigged
from tests.programs.forging import Forge, Forged
from tests.programs.lies import OPENING, edited, flipped
from tests.programs.mutants import ANNOUNCED, JUDGED, PUBLIC, SUPERVISOR, Mutant
from tests.programs.rigged import RESULT


def rows(forge: Forge, kind: str) -> list[Forged]:
    """Return all entries of a type."""
    return [row for row in forge.rows if row.fields.get("type") == kind]


def moves(row: Forged) -> list[dict[str, Any]]:
    """Return the moves of an entry, to be changed."""
    assert row.body is not None
    return row.body["moves"]  # type: ignore[no-any-return]


def said_to_be(state: str, *lost: str) -> Callable[[Forge], object]:
    """Return a lie by which the package has come to another state, without some files."""

    def forge_it(forge: Forge) -> None:
        lots = (replace(forge.manifest.lots[0], state=state),)
        forge.manifest = replace(forge.manifest, lots=lots, stage=stage_of(lots))
        for path in lost:
            del forge.files[path]
        forge.manifest = replace(forge.manifest, checks=outcomes(forge.bundle()))

    return forge_it


def further_package(forge: Forge) -> None:
    """The notice named a package of which the manifest says nothing."""
    named = copy.deepcopy(next(move for move in moves(forge.row("publish_notice")) if move["step"] == "publish"))
    named["facts"]["lot_ref"] = flipped(named["facts"]["lot_ref"])
    moves(forge.row("publish_notice")).append(named)
    forge.relog()


def second_secret(forge: Forge) -> None:
    """Two secrets were fixed in time, so that one of them could be chosen later."""
    first, second = forge.row("commit_codes"), forge.row("record_countersignatures")
    assert first.body is not None
    second.fields["type"], second.body = "commit_codes", copy.deepcopy(first.body)
    facts = second.facts("commit_codes")
    facts["commitment"] = flipped(facts["commitment"])
    forge.relog()


def hidden_secret(forge: Forge) -> None:
    """What stands behind the secret of the codes in the chain of the package is shown by its leaf alone."""
    row = forge.row("record_countersignatures")
    row.fields, row.salt, row.body = {}, b"", None
    said = {"kind": "entry", "of": row.leaf, "commitment": row.leaf}
    said |= {"why": "not-public", "basis": ["our choice (ADR-8)"]}
    forge.edit(layout.REDACTIONS, lambda value: value["redactions"].append(said))
    forge.relog()


def sheet_behind(forge: Forge) -> None:
    """A seat was given two sheets for one part, and the one that it signed first is not shown."""
    given = [move for move in moves(forge.row("issue_codes")) if move["step"] == "give_sheet"]
    other = copy.deepcopy(given[0])
    other["subject"] = other["subject"][:-1] + "g"
    moves(forge.row("issue_codes")).append(other)
    forge.relog()


def strangers(kind: str) -> Callable[[Forge], object]:
    """Return a lie by which those who voted are no members."""

    def forge_it(forge: Forge) -> None:
        for number, row in enumerate(rows(forge, kind)):
            moves(row)[0]["facts"]["voter"] = f"host/{90 + number}"
        forge.relog()

    return forge_it


def fewer(kind: str, kept: int) -> Callable[[Forge], object]:
    """Return a lie in the public cut: all acts of a kind but so many were others, whose bodies it does not show."""

    def forge_it(forge: Forge) -> None:
        for row in rows(forge, kind)[kept:]:
            row.fields["type"] = "find_abnormal"
        forge.relog()

    return forge_it


def second_correction(forge: Forge) -> None:
    """In the act of a lawful correction the score of the winner is raised too, by no right."""
    review, row = rigged.review_of(forge), forge.row("correct_scores")
    assert review.record is not None
    seat, won = review.members[0][0], review.record.candidates[0]
    sheet = next(one for one in review.standing_sheets or () if (one.seat, one.part) == (seat, "technical"))
    raised, other = sheet.scores[won, "t1"], copy.deepcopy(moves(row)[0])
    other["facts"] |= {"kind": "whim", "seat": seat, "bid_ref": won, "item": "t1", "agreed": 0}
    other["facts"] |= {"before": str(raised), "after": str(raised + 1)}
    moves(row).insert(1, other)
    rigged.refit(forge)


def out(**said: Any) -> Callable[[Forge], object]:
    """Return a lie about the bid that was thrown out."""
    return edited(RESULT, lambda value: next(one for one in value["bids"] if not one["valid"]).update(said))


def unqualified(forge: Forge) -> None:
    """A bid that goes on was not qualified."""
    moves(rows(forge, "review_qualification")[1])[0]["facts"].update(passed=False, reasons="未提供审计报告")
    forge.relog()


def passed_by_the_clock(forge: Forge) -> None:
    """Nothing was decided in time, and the first was passed over all the same, so that the second is the next one."""
    review, row = rigged.review_of(forge), forge.row("award")
    assert review.record is not None
    assert row.body is not None
    rigged.second_wins(passed=False)(forge)
    first, second, *_ = review.record.candidates
    row.fields["type"] = row.body["step"] = "deem_awarded"
    [deemed] = moves(row)
    later = copy.deepcopy(deemed)
    deemed["step"], later["step"] = "deem_awarded", "take_next"
    deemed["facts"] |= {"bid_ref": first, "rank": 1, "passed": [first], "ground": "", "reason": ""}
    later["facts"] |= {"bid_ref": second, "rank": 2, "passed": [], "ground": "declined", "reason": "放弃中标"}
    moves(row).append(later)
    forge.relog()


def behind(kind: str, other: str, number: int = 0) -> Callable[[Forge], object]:
    """Return a lie by which the first entry of a type stands behind one of another."""

    def forge_it(forge: Forge) -> None:
        moved, last = forge.row(kind), forge.row(other, number)
        forge.reorder(moved, last)
        moved.fields["t"] = last.fields["t"]
        forge.relog()

    return forge_it


def deemed_early(forge: Forge) -> None:
    """The agency recorded the agreement a second before the time to dissent was over."""
    report = datetime.fromisoformat(forge.row("conclude_evaluation").fields["t"])
    forge.row("deem_agreed").fields["t"] = format_time(report + timedelta(hours=2, seconds=-1))
    forge.relog()


def deemed(**said: Any) -> Callable[[Forge], object]:
    """Return a lie about the agreement that is deemed."""
    return rigged.noted("deem_agreed", "deem_agreed", lambda one: one.update(said))


def deemed_by_another_name(forge: Forge) -> None:
    """The agreement was recorded in time to dissent, in an act that is called a signature."""
    row = forge.row("deem_agreed")
    assert row.body is not None
    row.fields["type"] = row.body["step"] = "sign_report"
    row.fields["t"] = rows(forge, "sign_report")[-2].fields["t"]
    forge.relog()


def deemed_behind_strangers(forge: Forge) -> None:
    """Two members signed, two strangers signed something else, and three are deemed to agree."""
    [one] = moves(forge.row("deem_agreed"))
    for number, row in enumerate(rows(forge, "sign_report")[2:], 8):
        facts = row.facts("sign_report")
        more = copy.deepcopy(one)
        more["facts"]["seat"] = facts["seat"]
        moves(forge.row("deem_agreed")).append(more)
        facts.update(seat=f"host/{number}", report="00" * 32)
    forge.relog()


def one_word_more(forge: Forge) -> None:
    """In the public cut, a member who signed the report, with another opinion perhaps, is deemed to agree besides."""
    row, last = forge.row("withdraw_opinion"), forge.row("sign_report")
    row.fields |= {"type": "sign_report", "t": last.fields["t"]}
    forge.reorder(row, last)
    forge.relog()


def signed_by_another_name(forge: Forge) -> None:
    """A seat with a key signs the report without it, in an act that is called a deemed agreement."""
    row, last = rows(forge, "sign_report")[1], forge.row("deem_agreed")
    assert row.body is not None
    row.facts("sign_report")["signature"] = ""
    row.fields["type"] = row.body["step"] = "deem_agreed"
    row.fields["t"] = last.fields["t"]
    forge.reorder(row, last)
    forge.relog()


def named_otherwise(kind: str, other: str) -> Callable[[Forge], object]:
    """Return a lie in the public cut: the last act of a kind was another one, whose body it does not show."""

    def forge_it(forge: Forge) -> None:
        rows(forge, kind)[-1].fields["type"] = other
        forge.relog()

    return forge_it


def deemed_before_most(forge: Forge) -> None:
    """Two had signed when the agreement was deemed, the others came later."""
    row = forge.row("deem_agreed")
    for late in rows(forge, "sign_report")[2:]:
        late.fields["t"] = row.fields["t"]
        forge.reorder(late, row)
    forge.relog()


def last_word_late(forge: Forge) -> None:
    """The report was handed over while one member had no word on it."""
    handed, late = forge.row("hand_over"), forge.row("deem_agreed")
    handed.fields["t"], late.fields["t"] = late.fields["t"], handed.fields["t"]
    forge.reorder(late, handed)
    forge.relog()


def rekeyed(**said: Any) -> Callable[[Forge], object]:
    """Return a lie about the change of a seat's key."""
    return rigged.noted("change_seat_key", "change_seat_key", lambda one: one.update(said))


def opened(**said: Any) -> Callable[[Forge], object]:
    """Return a lie about a bid that was opened, in the record of the opening."""
    return lambda forge: forge.edit(OPENING, lambda value: value["bids"][forge.position() - 1].update(said))


BENT: dict[str, Mutant] = {
    "a result said not to be out": Mutant("C1", "state-other", said_to_be("awarded"), JUDGED),
    "a tender said to be void": Mutant("C1", "state-other", said_to_be("void", RESULT), JUDGED),
    "a package of which nobody speaks": Mutant("C1", "lot-other", further_package),
    "a bid twice in the result": Mutant(
        "C1", "file-malformed", edited(RESULT, lambda value: value["bids"].append(value["bids"][0])), ANNOUNCED
    ),
    "two secrets of the codes": Mutant("C3", "decisive-count", second_secret, ANNOUNCED),
    "a second secret hidden": Mutant("C4", "redaction-unlawful", hidden_secret, ANNOUNCED),
    "a sheet that is not shown": Mutant("R4", "sheet-missing", sheet_behind, ANNOUNCED),
    "a correction behind another": Mutant("R5", "correction-wrong", second_correction, JUDGED),
    "an abnormal score found by strangers": Mutant("R5", "correction-wrong", strangers("find_abnormal"), JUDGED),
    "a chair elected by strangers": Mutant("R6", "chair-wrong", strangers("elect_chair"), JUDGED),
    "a chair elected by nobody": Mutant("R6", "chair-wrong", fewer("elect_chair", 0), ANNOUNCED),
    "a report that two signed": Mutant("R6", "report-unsigned", fewer("sign_report", 2), ANNOUNCED),
    "a report put together when it was signed": Mutant(
        "R6", "report-unsigned", behind("conclude_evaluation", "sign_report", 3), ANNOUNCED
    ),
    "a deduction granted by strangers": Mutant("S1", "price-other", strangers("grant_deduction"), JUDGED),
    "a deduction granted by one": Mutant("S1", "price-other", fewer("grant_deduction", 1), ANNOUNCED),
    "a rank of a bid that is out": Mutant("S2", "sum-other", out(rank=1, place=1), ANNOUNCED),
    "a readable quote said to be none": Mutant("S2", "validity-other", out(reasons=["quote-unreadable"]), ANNOUNCED),
    "a bid thrown out by nobody": Mutant("S2", "validity-other", out(reasons=["rejected"]), ANNOUNCED),
    "a bid that was not qualified": Mutant("X3", "qualified-other", unqualified, JUDGED),
    "a candidate passed over by the clock": Mutant("S4", "award-other", passed_by_the_clock, ANNOUNCED),
    "a notice of another day": Mutant(
        "S4",
        "notice-wrong",
        lambda forge: rigged.noticed(forge, lambda notice: replace(notice, published_on="2026-01-02")),
        ANNOUNCED,
    ),
    "a notice of an award by the clock": Mutant(
        "S4",
        "notice-wrong",
        lambda forge: rigged.noticed(forge, lambda notice: replace(notice, deemed=True)),
        ANNOUNCED,
    ),
    "a correction of a signed report": Mutant(
        "T4", "order-wrong", behind("correct_scores", "sign_report", 3), ANNOUNCED
    ),
    "a qualification after the start": Mutant(
        "T4", "order-wrong", behind("review_qualification", "start_evaluation"), ANNOUNCED
    ),
    "copies made after the codes": Mutant("T4", "order-wrong", behind("record_copies", "issue_codes"), ANNOUNCED),
    "an agreement deemed in time to dissent": Mutant("R6", "agreement-wrong", deemed_early, ANNOUNCED),
    "an agreement deemed before most had signed": Mutant("R6", "agreement-wrong", deemed_before_most, ANNOUNCED),
    "an agreement deemed in an act of another name": Mutant("R6", "agreement-wrong", deemed_by_another_name, JUDGED),
    "an agreement deemed behind strangers": Mutant("R6", "agreement-wrong", deemed_behind_strangers, JUDGED),
    "a word more than there are members": Mutant("R6", "report-unsigned", one_word_more, ANNOUNCED),
    "a signature in an act of another name": Mutant("A7", "seat-signature-wrong", signed_by_another_name, JUDGED),
    "an opinion withdrawn behind the report": Mutant(
        "T4", "order-wrong", behind("withdraw_opinion", "conclude_evaluation"), JUDGED
    ),
    "a stopped evaluation that is awarded": Mutant(
        "C1", "state-other", named_otherwise("find_abnormal", "stop_evaluation"), ANNOUNCED
    ),
    "scores shown with those of a member who is unable": Mutant(
        "T4", "order-wrong", named_otherwise("grant_deduction", "declare_unable"), ANNOUNCED
    ),
    "an agreement deemed without a reason": Mutant("R6", "agreement-wrong", deemed(why="busy"), JUDGED),
    "a member who signed deemed to agree": Mutant("R6", "report-unsigned", deemed(seat="host/3"), JUDGED),
    "an agreement to another report": Mutant("R6", "report-unsigned", deemed(report="00" * 32), JUDGED),
    "a member without a word": Mutant("R6", "report-unsigned", fewer("deem_agreed", 0), ANNOUNCED),
    "a report handed over before the last word": Mutant("T4", "order-wrong", last_word_late, ANNOUNCED),
    "a key changed from another": Mutant("A7", "seat-key-wrong", rekeyed(before="04" + "00" * 64), ANNOUNCED),
    "a key changed without two officers": Mutant("A7", "seat-key-wrong", rekeyed(officers=["0a" * 8] * 2), ANNOUNCED),
    "a key changed without a new code": Mutant("A7", "seat-key-wrong", rekeyed(renewed=""), ANNOUNCED),
    "a key changed by nobody known": Mutant("A7", "seat-key-wrong", rekeyed(checked="voice"), ANNOUNCED),
    "a sheet signed before its key was the seat's": Mutant(
        "A7", "seat-signature-wrong", behind("change_seat_key", "reveal"), ANNOUNCED
    ),
    "a key of a stranger's seat": Mutant("A7", "seat-key-wrong", rekeyed(seat="host/9", before=""), ANNOUNCED),
    "amounts said to differ": Mutant("B7", "read-out-other", opened(doubts=["words-differ"]), PUBLIC),
    "another bidder under a doubt": Mutant(
        "B7", "read-out-other", opened(doubts=["name-other"], bidder="某公司"), SUPERVISOR
    ),
    "another credit code": Mutant("B7", "read-out-other", opened(credit_code="91150800MA0QLJTH0W"), SUPERVISOR),
}
