"""Who is qualified (资格审查): reviewed by purchaser or agency after the opening, before the committee begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mifeng.bidding.actions.guards import check_opening
from mifeng.bidding.models import Bid, Opening, Unsealed
from mifeng.evaluation.actions.guards import check_clock, check_stage
from mifeng.evaluation.actions.preparing import check_templated
from mifeng.evaluation.models import BlindCopy, CodeKey, Evaluation, Qualification
from mifeng.evaluation.scores import METHOD
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.evaluation import EVALUATION
from mifeng.rules.lifecycle import check_step
from mifeng.rules.ranking import check_bidders
from mifeng.tenders.actions.guards import check_agency, check_own
from mifeng.tenders.models import Lot, Tender

MAX_REASONS = 1_000


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy for the desks (匿名副本), in the vault already; ``fault`` says why there is none."""

    position: int
    number: int
    before: str
    tool: str
    after: str = ""
    size: int = 0
    pages: int = 0
    fault: str = ""


def begin_review(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Begin the evaluation of a package whose bids are open (开始资格审查).

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state`` before the opening and when it has begun; ``template-missing``, where the documents
            have no scoring template or nothing was committed to.

    Source: MOF-87-44
    """
    with acting("begin_review", by=by) as act:
        opening = check_opening(act.share(Opening, lot_id), "begin_review", "public")
        lot = act.lock(Lot, lot_id)
        begun = Evaluation.objects.filter(pk=lot_id).values_list("state", flat=True).first()
        check_step(EVALUATION, "begin_review", state=begun, role=by.role)
        template = check_templated(lot)
        if not CodeKey.objects.filter(pk=lot_id).exists():
            raise WrongState(Reason("template-missing"))
        facts = {"lot_ref": opening.lot_ref, "template": template.text, "template_hash": template.template_hash}
        act.create(Evaluation, EVALUATION, "begin_review", lot=lot, **facts)
        _refer(act, lot)
    return act.entry


def review_qualification(bid_id: UUID, passed: bool, reasons: str = "", *, by: Actor) -> Written:
    """Say whether a bidder is qualified (资格审查), anew as often as needed until the evaluation starts.

    Args:
        bid_id: a bid that was opened.
        passed: it is qualified.
        reasons: in words; needed where it is not.
        by: agency or purchaser of the project.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, ``too-large``, ``reason-required``.
        WrongState: ``wrong-state``.
        DoesNotExist: for a bid that stayed sealed.

    Source: MOF-87-44
    """
    words = check_wording(reasons, field="reasons", limit=MAX_REASONS, empty="" if passed else "reason-required")
    lot = Lot.objects.get(lot_ref=Bid.objects.values_list("lot_ref", flat=True).get(pk=bid_id))
    with acting("review_qualification", by=by) as act:
        evaluation = _party(act, lot, by)
        check_stage(evaluation, "review_qualification", "qualifying")
        found = Unsealed.objects.select_related("bid").get(bid=bid_id, fault="")
        said = {"position": found.position, "passed": passed, "reasons": words}
        act.note(evaluation, "review_qualification", bid_ref=found.bid.bid_ref, **said)
        Qualification.objects.update_or_create(
            bid=found.bid, defaults={"evaluation": evaluation, "reviewed_at": act.at, **said}
        )
    return act.entry


def start_evaluation(lot_id: UUID, *, by: Actor) -> Written:
    """Close the qualification review (结束资格审查); with too few qualified the tender is void.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        WrongState: ``wrong-state``; ``review-missing``, while a bid has not been reviewed.

    Source: MOF-87-44, GPL-36
    """
    lot = Lot.objects.get(pk=lot_id)
    with acting("start_evaluation", by=by) as act:
        evaluation = _party(act, lot, by)
        check_step(EVALUATION, "qualify", state=evaluation.state, role=by.role)
        rows = Qualification.objects.filter(evaluation=evaluation).order_by("position")
        opened = Unsealed.objects.filter(bid__lot_ref=evaluation.lot_ref, fault="").count()
        if len(rows) < opened:
            raise WrongState(Reason("review-missing", {"missing": opened - len(rows)}, lifted_by=("agency", "buyer")))
        positions = [row.position for row in rows if row.passed]
        try:
            brands = {str(position): "" for position in positions}
            check_bidders(brands, METHOD, rulebooks()[lot.tender.rulebook], "qualified")
        except Unfair as short:
            evaluation.reason = short.code
            act.move(evaluation, EVALUATION, "fail_qualified", positions=positions, reason=short.code)
        else:
            act.move(evaluation, EVALUATION, "qualify", positions=positions)
        _refer(act, lot)
    return act.entry


def record_copies(lot_id: UUID, copies: Sequence[Copied], *, by: Actor = CLOCK) -> Written:
    """Record what the desks will be shown in place of the technical files (登记匿名副本), all at once.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongState: ``wrong-state``, also when it has been done.

    Source: LC-2018-80 三(六)
    """
    check_clock("record_copies", by)
    with acting("record_copies", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "record_copies", "qualified", "chaired")
        if evaluation.copied_at is not None:
            raise WrongState(Reason("wrong-state", {"step": "record_copies", "state": evaluation.state, "allowed": ()}))
        evaluation.copied_at = act.at
        said = [
            {"position": one.position, "number": one.number, "before": one.before, "after": one.after}
            | {"fault": one.fault, "tool": one.tool}
            for one in copies
        ]
        act.note(evaluation, "record_copies", files=said)
        BlindCopy.objects.bulk_create(
            BlindCopy(
                evaluation=evaluation,
                position=one.position,
                number=one.number,
                before=one.before,
                after=one.after,
                size=one.size,
                pages=one.pages,
                fault=one.fault,
                tool=one.tool,
            )
            for one in copies
        )
    return act.entry


def _party(act: Act, lot: Lot, by: Actor) -> Evaluation:
    """Take the evaluation of a package alone for agency or purchaser of its project, and return it."""
    evaluation = act.lock(Evaluation, lot.pk)
    tender = act.share(Tender, lot.tender_id)
    check_own(tender, by, role="buyer" if by.role == "buyer" else "agency")
    check_agency(act, tender.agency_id)
    return evaluation


def _refer(act: Act, lot: Lot) -> None:
    act.refer(f"tenders.lot:{lot.pk}", f"tenders.tender:{lot.tender_id}")
