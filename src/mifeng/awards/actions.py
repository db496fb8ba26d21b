"""Acts from the signed report to the published result (定标办理)."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from mifeng.awards.models import Award, PassedOver, Publication
from mifeng.awards.notices import check_committee_done, committee_of, notice_of
from mifeng.evaluation.actions.guards import check_stage
from mifeng.evaluation.models import Evaluation, Report
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.award import (
    Reported,
    Sat,
    award_deadlines,
    check_decision,
    check_ground,
    notice_text,
    parse_report,
    successor,
)
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.evaluation import AWARD
from mifeng.rules.lifecycle import check_step
from mifeng.tenders.actions.guards import check_agency, check_own
from mifeng.tenders.models import Lot, Tender

MAX_REASON = 2_000


def hand_over(lot_id: UUID, *, by: Actor) -> Written:
    """Hand the signed report over to the purchaser (送交评标报告); the time for the award begins.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        WrongState: ``wrong-state``, before all members have signed and when it has been done.
        DoesNotExist: before the evaluation has begun.

    Source: GPLR-43
    """
    with acting("hand_over", by=by) as act:
        evaluation = act.share(Evaluation, lot_id)
        tender = act.share(Tender, Lot.objects.values_list("tender", flat=True).get(pk=lot_id))
        lot = act.lock(Lot, lot_id)
        check_own(tender, by, role="agency")
        check_agency(act, tender.agency_id)
        check_stage(evaluation, "hand_over", "concluded")
        begun = Award.objects.filter(pk=lot_id).values_list("state", flat=True).first()
        check_step(AWARD, "hand_over", state=begun, role=by.role)
        facts = {"lot_ref": evaluation.lot_ref, "report": evaluation.report_hash, "handed_at": act.at}
        award = act.create(Award, AWARD, "hand_over", lot=lot, **facts)
        act.due(award, award_deadlines(act.at, rulebooks()[tender.rulebook], calendar()))
        _refer(act, award, tender)
    return act.entry


def award(lot_id: UUID, bid_ref: str, reason: str = "", *, ground: str = "", by: Actor) -> Written:
    """Decide who wins (确定中标人), in the order of the report; another than the next only on a lawful ground.

    Args:
        lot_id: the package.
        bid_ref: a candidate of the report.
        reason: in the purchaser's words; needed where candidates are passed over.
        ground: a key of ``rules.award.GROUNDS`` for those who stand before and cannot be taken; else empty.
        by: the purchaser.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``; ``award-order``, ``award-ground``, ``reason-required``.
        WrongState: ``wrong-state``.

    Source: GPLR-43, MOF-87-68
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON)
    with acting("award", by=by) as act:
        found, tender = _held(act, lot_id, by)
        check_step(AWARD, "award", state=found.state, role=by.role)
        passed = check_decision(bid_ref, report_of(found), passed_over(found), ground, words)
        _decide(act, found, bid_ref, ground if passed else "", words)
        act.move(found, AWARD, "award", **_decision(found), ground=found.ground, passed=list(passed))
        _pass_over(act, found, passed)
        act.due(found, ())
        _refer(act, found, tender)
    return act.entry


def explain_delay(lot_id: UUID, reason: str, *, by: Actor) -> Written:
    """State the lawful reason for which nothing can be decided in time (说明未按时定标的理由); the clock then waits.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``, ``reason-required``.
        WrongState: ``wrong-state``.

    Source: MOF-87-68
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON, empty="reason-required")
    with acting("explain_delay", by=by) as act:
        found, tender = _held(act, lot_id, by)
        check_state(found, "explain_delay", "handed")
        found.delay_reason = words
        act.note(found, "explain_delay", report=found.report, reason=words)
        act.due(found, ())
        _refer(act, found, tender)
    return act.entry


def deem_awarded(lot_id: UUID | str, *, by: Actor = CLOCK) -> Written:
    """Take the first candidate for the winner when nothing was decided in time (视同确定第一候选人).

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``too-early``, also when a lawful reason was stated.
        WrongState: ``wrong-state``.

    Source: MOF-87-68
    """
    with acting("deem_awarded", by=by) as act:
        found = act.lock(Award, lot_id)
        tender = act.share(Tender, found.lot.tender_id)
        check_step(AWARD, "deem_awarded", state=found.state, role=by.role)
        act.meet(found, "deem_awarded")
        found.deemed = True
        _decide(act, found, report_of(found).candidates[0])
        act.move(found, AWARD, "deem_awarded", **_decision(found))
        _refer(act, found, tender)
    return act.entry


def announce(lot_id: UUID, *, committee: Sequence[Sat] | None = None, by: Actor) -> Written:
    """Publish the result with the names of the committee (公告中标结果), and tell every bidder its own.

    Args:
        lot_id: the package.
        committee: the members by seat, as the sitting names them; asked of it when left out.
        by: agency or purchaser.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        WrongState: ``wrong-state``; ``committee-sitting``, while the committee judges another package of the project;
            ``names-missing``, while a seat of the report has no name.

    Source: GPLR-43, MOF-87-69
    """
    with acting("announce", by=by) as act:
        found, tender = _held(act, lot_id, by, "buyer" if by.role == "buyer" else "agency")
        check_step(AWARD, "announce", state=found.state, role=by.role)
        check_committee_done(found.lot)
        names = committee_of(lot_id) if committee is None else tuple(committee)
        number = Publication.objects.filter(award=found).count() + 1
        notice = notice_of(found, report_of(found), names, number=number, at=act.at)
        text = notice_text(notice).decode()
        found.announced_at = act.at
        act.move(found, AWARD, "announce", notice=text)
        row = Publication(award=found, number=number, text=text, published_at=act.at)
        row.sha256 = hashlib.sha256(text.encode()).hexdigest()
        row.save(force_insert=True)
        act.once_written(lambda entry: Publication.objects.filter(pk=row.pk).update(entry=entry.id))
        _refer(act, found, tender)
    return act.entry


def take_next(lot_id: UUID, ground: str, reason: str, *, by: Actor) -> Written:
    """Take the next candidate in place of a winner who has fallen out (递补下一候选人).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``, ``reason-required``, ``award-ground``; ``candidates-spent``, when nobody
            is left.
        WrongState: ``wrong-state``.

    Source: GPLR-49
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON, empty="reason-required")
    check_ground(ground)
    with acting("take_next", by=by) as act:
        found, tender = _held(act, lot_id, by)
        check_step(AWARD, "take_next", state=found.state, role=by.role)
        gone = found.bid_ref
        _decide(act, found, successor(report_of(found), [*passed_over(found), gone]), ground, words)
        found.deemed, found.announced_at = False, None
        act.move(found, AWARD, "take_next", **_decision(found), ground=ground, passed=[gone])
        _pass_over(act, found, [gone])
        _refer(act, found, tender)
    return act.entry


def start_anew(lot_id: UUID, ground: str, reason: str, *, by: Actor) -> Written:
    """Give the award up and start the procurement anew (重新开展采购).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``, ``reason-required``, ``award-ground``.
        WrongState: ``wrong-state``.

    Source: GPLR-49
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON, empty="reason-required")
    check_ground(ground)
    with acting("start_anew", by=by) as act:
        found, tender = _held(act, lot_id, by)
        check_step(AWARD, "start_anew", state=found.state, role=by.role)
        found.ground, found.reason = ground, words
        act.move(found, AWARD, "start_anew", report=found.report, ground=ground, reason=words)
        act.due(found, ())
        _refer(act, found, tender)
    return act.entry


def report_of(found: Award) -> Reported:
    """Return the report that an award rests on."""
    report = Report.objects.get(evaluation=found.pk, report_hash=found.report)
    return parse_report(report.text.encode())


def passed_over(found: Award) -> list[str]:
    """Return the candidates that cannot be taken any more."""
    return list(PassedOver.objects.filter(award=found).order_by("pk").values_list("bid_ref", flat=True))


def check_state(found: Award, step: str, *allowed: str) -> None:
    """Refuse an act without a step of its own at another step of the award (定标环节).

    Raises:
        WrongState: ``wrong-state``.

    Source: our choice (ADR-1)
    """
    if found.state not in allowed:
        raise WrongState(Reason("wrong-state", {"step": step, "state": found.state, "allowed": allowed}))


def _held(act: Act, lot_id: UUID, by: Actor, role: str = "buyer") -> tuple[Award, Tender]:
    """Take an award alone for agency or purchaser of its project; a ban stops the agency and never the purchaser.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        WrongState: ``wrong-state``, before the report is handed over.
    """
    tender_id = Lot.objects.values_list("tender", flat=True).get(pk=lot_id)
    begun = Award.objects.filter(pk=lot_id).exists()
    found = act.lock(Award, lot_id) if begun else None
    tender = act.share(Tender, tender_id)
    check_own(tender, by, role=role)
    if found is None:
        raise WrongState(Reason("wrong-state", {"step": act.step, "state": "", "allowed": ("handed",)}))
    if role == "agency":
        check_agency(act, tender.agency_id)
    return found, tender


def _decide(act: Act, found: Award, bid_ref: str, ground: str = "", reason: str = "") -> None:
    """Set who is to win now."""
    judged = report_of(found).bid(bid_ref)
    found.bid_ref, found.rank = bid_ref, judged.rank if judged else 0
    found.ground, found.reason = ground, reason
    found.decided_at = act.at
    found.first_decided_at = found.first_decided_at or act.at


def _decision(found: Award) -> dict[str, object]:
    return {"bid_ref": found.bid_ref, "rank": found.rank, "report": found.report, "reason": found.reason}


def _pass_over(act: Act, found: Award, bids: Sequence[str]) -> None:
    PassedOver.objects.bulk_create(
        PassedOver(award=found, bid_ref=bid, ground=found.ground, reason=found.reason, at=act.at) for bid in bids
    )


def _refer(act: Act, found: Award, tender: Tender) -> None:
    act.refer(f"tenders.lot:{found.pk}", f"tenders.tender:{tender.pk}")
