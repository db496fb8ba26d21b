"""A member who has no word on the report (视为同意): who holds another opinion writes it, else counts as agreeing."""

from uuid import UUID

from mifeng.evaluation.actions.guards import check_stage
from mifeng.evaluation.actions.reporting import check_report, give_word
from mifeng.evaluation.models import Evaluation, Member, Report, ReportSignature
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.evaluation import check_moment, check_most, check_silence, dissent_until
from mifeng.tenders.actions.guards import check_agency, check_own
from mifeng.tenders.models import Lot, Tender


def deem_agreed(lot_id: UUID, seat: str, report_hash: str, why: str, *, by: Actor) -> Written:
    """Record that a member who has neither signed nor dissented is deemed to agree (视为同意); the last word concludes.

    Args:
        lot_id: a package of the agency's own project.
        seat: of the member.
        report_hash: of the report that stands.
        why: a word of ``rules.evaluation.SILENT``.
        by: the agency.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``reason-required``; ``malformed`` for a seat that nobody has.
        WrongMoment: ``dissent-open``.
        WrongState: ``wrong-state``; ``report-other``, when another report stands or none; ``seat-signed``;
            ``signatures-short``.
        Repeated: when this was recorded before.

    Source: GPLR-41, MOF-87-61
    """
    check_silence(why)
    with acting("deem_agreed", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        tender = act.share(Tender, Lot.objects.values_list("tender", flat=True).get(pk=lot_id))
        check_own(tender, by, role="agency")
        check_agency(act, tender.agency_id)
        check_silent(evaluation, seat, report_hash, why)
        check_stage(evaluation, "deem_agreed", "revealed")
        report = check_report(evaluation, report_hash)
        member = Member.objects.get(evaluation=evaluation, seat=seat)
        signed = ReportSignature.objects.filter(report=report, deemed="").count()
        check_moment(dissent_until(report.made_at, rulebooks()[tender.rulebook]), act.at)
        check_most(signed, Member.objects.filter(evaluation=evaluation).count())
        row = ReportSignature(report=report, member=member, agrees=True, deemed=why)
        facts = {"seat": seat, "report": report.report_hash, "why": why, "signed": signed}
        give_word(act, evaluation, row, "deem_agreed", **facts)
    return act.entry


def check_silent(evaluation: Evaluation, seat: str, report_hash: str, why: str) -> None:
    """Refuse a seat that nobody has, or whose member has a word on the report already (尚未表态).

    Raises:
        Unfair: ``malformed``.
        WrongState: ``seat-signed``.
        Repeated: when the same was recorded before.

    Source: GPLR-41
    """
    member = Member.objects.filter(evaluation=evaluation, seat=seat).first()
    if member is None:
        raise Unfair(Reason("malformed", {"field": "seat"}))
    report = Report.objects.filter(evaluation=evaluation, report_hash=report_hash).first()
    before = ReportSignature.objects.filter(report=report, member=member).first()
    if before is None:
        return
    if before.deemed == why and before.entry_id:
        raise Repeated(before.entry_id)
    raise WrongState(Reason("seat-signed"))
