"""An evaluation that cannot go on (停止评标): a member has to leave, nobody is found in time, everything is sealed."""

from uuid import UUID

from mifeng.evaluation.models import Evaluation, Member, Sheet
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Unfair
from mifeng.rules.evaluation import EVALUATION, check_gone, check_stoppable
from mifeng.rules.evaluation import SHEET as TABLE
from mifeng.rules.lifecycle import check_step
from mifeng.tenders.actions.guards import check_agency, check_own
from mifeng.tenders.models import Lot, Tender

OPEN_SHEETS = ("writing", "signed")
MEMBER_GONE = "member-gone"


def stop_evaluation(lot_id: UUID, seat: str, why: str, *, by: Actor) -> Written:
    """End an evaluation whose member has to leave (停止评标，封存): no sheet counts, nothing in it is read any more.

    What was saved, signed and linked stays sealed where it is; rows and entries are kept.

    Args:
        lot_id: a package of the agency's own project, from the election of a chair on, before its scores are shown.
        seat: of the member who cannot go on.
        why: a word of ``rules.evaluation.GONE``.
        by: the agency; the supervisor is told.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``reason-required``; ``malformed`` for a seat that nobody has.
        WrongState: ``wrong-state``; ``scores-shown``.

    Source: MOF-87-49, GPLR-9
    """
    check_gone(why)
    with acting("stop_evaluation", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        rows = Sheet.objects.filter(evaluation=evaluation, state__in=OPEN_SHEETS)
        sheets = act.lock_all(Sheet, rows.values_list("pk", flat=True))
        tender = act.share(Tender, Lot.objects.values_list("tender", flat=True).get(pk=lot_id))
        check_own(tender, by, role="agency")
        check_agency(act, tender.agency_id)
        check_step(EVALUATION, "stop_evaluation", state=evaluation.state, role=by.role)
        if not Member.objects.filter(evaluation=evaluation, seat=seat).exists():
            raise Unfair(Reason("malformed", {"field": "seat"}))
        check_stoppable(evaluation.state, chairs=seat == evaluation.chair, reported=bool(evaluation.report_hash))
        evaluation.reason, evaluation.gone, evaluation.why = MEMBER_GONE, seat, why
        evaluation.stopped_at = act.at
        act.move(evaluation, EVALUATION, "stop_evaluation", seat=seat, why=why, sheets=len(sheets))
        for sheet in sheets:
            act.move(sheet, TABLE, "annul_sheet")
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{tender.pk}")
    return act.entry
