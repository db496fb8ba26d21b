"""What members hold (委员意见): a chair, a bid that is no bid, a deduction, a score that must be put right.

Where the committee decides, more than half of its members have to hold the same. Nothing here has a way to bids or
suppliers but the names that were laid open with the lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from mifeng.evaluation.actions.guards import check_chair, check_member, check_stage, is_carried
from mifeng.evaluation.actions.leaving import check_all_able
from mifeng.evaluation.models import Evaluation, Member, NamedBid, Opinion, ScoreChange, Sheet
from mifeng.evaluation.scores import METHOD, rejected, standing_sheets, template_of
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongState
from mifeng.rules.evaluation import EVALUATION
from mifeng.rules.evaluation import SHEET as TABLE
from mifeng.rules.ranking import check_bidders
from mifeng.rules.scoring import Correction, check_correction

MAX_REASON = 1_000
# What may be taken back again: by which act it was held, and what it is about.
HELD: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "reject": ("reject_bid", ("bid_ref",)),
        "grant": ("grant_deduction", ("bid_ref", "deduction")),
        "abnormal": ("find_abnormal", ("seat", "bid_ref", "item")),
    }
)
OPEN = ("locked", "revealed")


def elect_chair(lot_id: UUID, seat: str, *, by: Actor) -> Written:
    """Vote for a chair (推选组长); whom more than half of the members name is elected.

    Args:
        lot_id: the package.
        seat: of an expert of the committee.
        by: a member; a new vote takes the place of an earlier one.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed`` for a seat that nobody has; ``chair-buyer``.
        WrongState: ``wrong-state``.

    Source: MOF-87-45
    """
    with acting("elect_chair", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "elect_chair", "qualified")
        member = check_member(lot_id, by)
        check_electable(evaluation, seat)
        vote = {"evaluation": evaluation, "said": seat}
        Opinion.objects.update_or_create(member=member, kind="chair", about="", defaults=vote)
        said = {"voter": member.seat, "seat": seat}
        if is_carried(evaluation, "chair", "", seat):
            evaluation.chair = seat
            act.move(evaluation, EVALUATION, "elect_chair", **said)
        else:
            act.note(evaluation, "vote_chair", **said)
    return act.entry


def reject_bid(lot_id: UUID, bid_ref: str, reason: str, *, by: Actor) -> Written:
    """Hold that a bid does not meet the requirements (认定无效投标); it is out when more than half of the members do.

    Raises:
        DoesNotExist: for a bid that is not under review.
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed``, ``too-large``, ``reason-required``.
        WrongState: ``wrong-state`` before the lock, and once a report stands; ``member-unable``.

    Source: MOF-87-61, MOF-87-63, GPL-36
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON, empty="reason-required")
    with acting("reject_bid", by=by) as act:
        evaluation = check_unreported(act.lock(Evaluation, lot_id), "reject_bid")
        member = check_member(lot_id, by)
        check_all_able(evaluation)
        bid = NamedBid.objects.get(evaluation=evaluation, bid_ref=bid_ref)
        held = {"evaluation": evaluation, "said": words}
        Opinion.objects.update_or_create(member=member, kind="reject", about=bid.bid_ref, defaults=held)
        said = {"voter": member.seat, "bid_ref": bid.bid_ref, "reason": words}
        short = _short(evaluation) if is_carried(evaluation, "reject", bid.bid_ref) else ""
        if short:
            evaluation.reason = short
            act.move(evaluation, EVALUATION, "fail_valid", **said, short=short)
        else:
            act.note(evaluation, "reject_bid", **said)
    return act.entry


def grant_deduction(lot_id: UUID, bid_ref: str, deduction: str, *, by: Actor) -> Written:
    """Hold that a bid is due a deduction of the documents (价格扣除); it counts when more than half of the members do.

    Raises:
        DoesNotExist: for a bid that is not under review.
        NotEntitled: ``not-a-member``.
        Unfair: ``deduction-unlisted``.
        WrongState: ``wrong-state`` before the lock, and once a report stands; ``member-unable``.

    Source: GPLR-34, MOF-87-61
    """
    with acting("grant_deduction", by=by) as act:
        evaluation = check_unreported(act.lock(Evaluation, lot_id), "grant_deduction")
        member = check_member(lot_id, by)
        check_all_able(evaluation)
        bid = NamedBid.objects.get(evaluation=evaluation, bid_ref=bid_ref)
        if deduction not in {one.id for one in template_of(evaluation.template).deductions}:
            raise Unfair(Reason("deduction-unlisted", {"deduction": deduction}))
        act.note(evaluation, "grant_deduction", voter=member.seat, bid_ref=bid.bid_ref, deduction=deduction)
        about = f"{bid.bid_ref} {deduction}"
        held = {"evaluation": evaluation}
        Opinion.objects.update_or_create(member=member, kind="grant", about=about, defaults=held)
    return act.entry


def find_abnormal(lot_id: UUID, place: tuple[str, str, str], *, by: Actor) -> Written:
    """Hold that a score is abnormally high or low (认定评分畸高畸低), so that its member may change it.

    Args:
        lot_id: the package.
        place: seat, bid and item of the score.
        by: a member.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed`` for a place that has no score.
        WrongState: ``wrong-state``.

    Source: MOF-87-64, MOF-87-61
    """
    with acting("find_abnormal", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "find_abnormal", "revealed")
        member = check_member(lot_id, by)
        seat, bid_ref, item = place
        if not any(one.seat == seat and (bid_ref, item) in one.scores for one in standing_sheets(evaluation)):
            raise Unfair(Reason("malformed", {"field": "item"}))
        act.note(evaluation, "find_abnormal", voter=member.seat, seat=seat, bid_ref=bid_ref, item=item)
        held = {"evaluation": evaluation}
        Opinion.objects.update_or_create(member=member, kind="abnormal", about=" ".join(place), defaults=held)
    return act.entry


def withdraw_opinion(lot_id: UUID, kind: str, about: Sequence[str], *, by: Actor) -> Written:
    """Take back what one held (撤回意见), as long as neither a report nor a correction rests on it.

    Args:
        lot_id: the package.
        kind: ``reject``, ``grant`` or ``abnormal``.
        about: the bid; the bid and the deduction; seat, bid and item of the score.
        by: the member who held it.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed`` for another kind, or for what no place is called.
        WrongState: ``wrong-state`` before the lock, and once a report stands; ``opinion-missing``, ``opinion-used``.

    Source: MOF-87-61
    """
    if kind not in HELD:
        raise Unfair(Reason("malformed", {"field": "kind"}))
    if not all(word.isprintable() for word in about):
        raise Unfair(Reason("malformed", {"field": "place"}))
    step, keys = HELD[kind]
    with acting("withdraw_opinion", by=by) as act:
        evaluation = check_unreported(act.lock(Evaluation, lot_id), "withdraw_opinion")
        member = check_member(lot_id, by)
        rows = Opinion.objects.filter(member=member, kind=kind, about=" ".join(about))
        held = check_withdrawable(evaluation, rows.first())
        place = dict(zip(keys, about, strict=True))
        act.note(evaluation, "withdraw_opinion", voter=member.seat, opinion=step, **place)
        held.delete()
    return act.entry


def correct_scores(lot_id: UUID, asked: Correction, *, by: Actor) -> Written:
    """Correct a score in one of the four lawful cases (修改评分), before the report has all its signatures.

    A report that stood until now falls, with the signatures under it: it is made anew.

    Args:
        lot_id: the package.
        asked: the correction, its bid named by bid_ref; how many found a score abnormal is counted here.
        by: the member whose score it is; the chair for a sum.

    Raises:
        NotEntitled: ``not-a-member``, ``not-the-chair``, ``not-your-sheet``.
        Unfair: ``malformed``, ``too-large`` and all reasons of ``rules.scoring.check_correction``.
        WrongState: ``wrong-state``.

    Source: MOF-87-64
    """
    words = check_wording(asked.reason, field="reason", limit=MAX_REASON, empty="reason-required")
    with acting("correct_scores", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        sheets = act.lock_all(Sheet, _sheets_of(evaluation, asked))
        check_stage(evaluation, "correct_scores", "revealed")
        check_corrector(evaluation, asked, by)
        held = Opinion.objects.filter(
            evaluation=evaluation, kind="abnormal", about=f"{asked.seat} {asked.bid} {asked.item}"
        )
        correction = replace(asked, reason=words, agreed=held.count() if asked.kind == "abnormal" else 0)
        members = Member.objects.filter(evaluation=evaluation).count()
        template = template_of(evaluation.template)
        check_correction(correction, standing_sheets(evaluation), template, members=members)
        evaluation.report_hash = ""
        said = {
            "kind": correction.kind,
            "seat": correction.seat,
            "bid_ref": correction.bid,
            "item": correction.item,
            "before": correction.before,
            "after": correction.after,
            "reason": words,
            "agreed": correction.agreed,
        }
        act.move(evaluation, EVALUATION, "correct_scores", **said)
        for sheet in sheets:
            act.move(sheet, TABLE, "correct_sheet")
        ScoreChange.objects.create(evaluation=evaluation, **said)
    return act.entry


def check_unreported(evaluation: Evaluation, step: str) -> Evaluation:
    """Refuse to change what a report rests on once it stands (汇总后不得更改), and return the evaluation.

    Raises:
        WrongState: ``wrong-state``.

    Source: MOF-87-64
    """
    check_stage(evaluation, step, *OPEN)
    if evaluation.report_hash:
        facts = {"step": step, "state": evaluation.state, "allowed": OPEN}
        raise WrongState(Reason("wrong-state", facts, source="MOF-87-64"))
    return evaluation


def check_withdrawable(evaluation: Evaluation, held: Opinion | None) -> Opinion:
    """Refuse to take back what one does not hold, or on what a score was corrected (意见撤回); return the opinion.

    Raises:
        WrongState: ``opinion-missing``, ``opinion-used``.

    Source: MOF-87-64
    """
    if held is None:
        raise WrongState(Reason("opinion-missing"))
    if held.kind == "abnormal":
        seat, bid_ref, item = held.about.split(" ")
        made = {"kind": "abnormal", "seat": seat, "bid_ref": bid_ref, "item": item}
        if ScoreChange.objects.filter(evaluation=evaluation, **made).exists():
            raise WrongState(Reason("opinion-used"))
    return held


def check_corrector(evaluation: Evaluation, asked: Correction, by: Actor) -> None:
    """Refuse whoever corrects another member's score, or a sum without being the chair (修改人).

    Raises:
        NotEntitled: ``not-a-member``, ``not-the-chair``, ``not-your-sheet``.

    Source: MOF-87-61
    """
    if asked.kind == "sum":
        check_chair(evaluation, by)
    elif check_member(evaluation.pk, by).seat != asked.seat:
        raise NotEntitled(Reason("not-your-sheet"))


def check_electable(evaluation: Evaluation, seat: str) -> None:
    """Refuse a chair who is no member, or is the purchaser's representative (组长人选).

    Raises:
        Unfair: ``malformed``, ``chair-buyer``.

    Source: MOF-87-45
    """
    role = Member.objects.filter(evaluation=evaluation, seat=seat).values_list("role", flat=True).first()
    if role is None:
        raise Unfair(Reason("malformed", {"field": "seat"}))
    if role == "buyer":
        raise Unfair(Reason("chair-buyer"))


def _sheets_of(evaluation: Evaluation, asked: Correction) -> Sequence[UUID]:
    """Return the sheet that a correction changes; a corrected sum changes none."""
    parts = [item.part for item in template_of(evaluation.template).scored if item.id == asked.item]
    rows = Sheet.objects.filter(evaluation=evaluation, member__seat=asked.seat, part__in=parts)
    return [] if asked.kind == "sum" else list(rows.values_list("pk", flat=True))


def _short(evaluation: Evaluation) -> str:
    """Return the code of the reason for which the tender is void when no more bids are left; empty when it is not."""
    out = rejected(evaluation)
    bids = NamedBid.objects.filter(evaluation=evaluation).exclude(bid_ref__in=out)
    brands = dict.fromkeys(bids.values_list("bid_ref", flat=True), "")
    try:
        check_bidders(brands, METHOD, rulebooks()[evaluation.lot.tender.rulebook], "valid")
    except Unfair as short:
        return short.code
    return ""
