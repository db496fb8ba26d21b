"""The report (评标报告): what the scores come to, put together by the chair, signed by every member."""

from dataclasses import dataclass
from uuid import UUID

from mifeng.evaluation.actions.guards import check_chair, check_member, check_signature, check_stage
from mifeng.evaluation.models import Evaluation, Member, Report, ReportSignature
from mifeng.evaluation.scores import (
    METHOD,
    PARTS,
    of_bids,
    outcome,
    report_fields,
    standing_sheets,
    template_of,
    valid_offers,
)
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.evaluation import EVALUATION
from mifeng.rules.ranking import check_bidders
from mifeng.rules.scoring import check_consistency

MAX_DISSENT = 2_000


@dataclass(frozen=True, slots=True)
class Endorsed:
    """A member's word on a report (签署意见).

    Args:
        report_hash: of the report that was read.
        agrees: false for whoever holds another opinion.
        dissent: that opinion and its reason.
        signature: by the seat's key over the 32 bytes of the hash; empty where the seat has none.
    """

    report_hash: str
    agrees: bool = True
    dissent: str = ""
    signature: bytes = b""


def conclude_evaluation(lot_id: UUID, *, by: Actor) -> Written:
    """Put the report together (汇总并形成报告), by arithmetic; with too few valid bids the tender is void.

    Raises:
        NotEntitled: ``not-a-member``, ``not-the-chair``.
        Unfair: ``objective-differs``, for each objective item that members scored differently.
        WrongState: ``wrong-state``, also while a report stands.

    Source: GPLR-41, MOF-87-64, GPL-36
    """
    with acting("conclude_evaluation", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "conclude_evaluation", "revealed")
        check_chair(evaluation, by)
        if evaluation.report_hash:
            facts = {"step": "conclude_evaluation", "state": evaluation.state, "allowed": ("revealed",)}
            raise WrongState(Reason("wrong-state", facts))
        offers, invalid = valid_offers(evaluation)
        try:
            brands = {one.bid: "" for one in offers}
            check_bidders(brands, METHOD, rulebooks()[evaluation.lot.tender.rulebook], "valid")
        except Unfair as short:
            evaluation.reason = short.code
            out = [{"bid_ref": bid, "reasons": list(codes)} for bid, codes in invalid.items()]
            act.move(evaluation, EVALUATION, "fail_valid", short=short.code, invalid=out)
        else:
            _report(act, evaluation, frozenset(brands))
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{evaluation.lot.tender_id}")
    return act.entry


def sign_report(lot_id: UUID, endorsed: Endorsed, *, by: Actor) -> Written:
    """Sign the report (签署评标报告), with a dissent where there is one; the last signature concludes the evaluation.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed``, ``too-large``, ``reason-required`` for a dissent without words; ``signature-invalid``.
        WrongState: ``wrong-state``; ``report-other``, when another report stands or none; ``report-signed``, when the
            member has signed otherwise before; ``agreement-deemed``, when nothing was said in time.
        Repeated: when the member has signed so before.

    Source: GPLR-41, MOF-87-61
    """
    needed = "" if endorsed.agrees else "reason-required"
    words = check_wording(endorsed.dissent, field="dissent", limit=MAX_DISSENT, empty=needed)
    with acting("sign_report", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "sign_report", "revealed")
        member = check_member(lot_id, by)
        report = check_report(evaluation, endorsed.report_hash)
        check_unsigned(report, member, endorsed.agrees, words)
        check_signature(member, bytes.fromhex(report.report_hash), endorsed.signature)
        said = {"agrees": endorsed.agrees, "dissent": words, "signature": endorsed.signature.hex()}
        row = ReportSignature(report=report, member=member, **said)
        give_word(act, evaluation, row, "sign_report", seat=member.seat, report=report.report_hash, **said)
    return act.entry


def give_word(act: Act, evaluation: Evaluation, word: ReportSignature, step: str, **facts: object) -> None:
    """Keep a member's word on the report within an act (表态): signed or deemed; the last one concludes."""
    word.save(force_insert=True)
    given = ReportSignature.objects.filter(report=word.report).count()
    if given == Member.objects.filter(evaluation=evaluation).count():
        evaluation.concluded_at = act.at
        act.move(evaluation, EVALUATION, step, **facts)
    else:
        act.note(evaluation, step, **facts)
    act.refer(f"tenders.lot:{evaluation.pk}", f"tenders.tender:{evaluation.lot.tender_id}")
    act.once_written(lambda entry: ReportSignature.objects.filter(pk=word.pk).update(entry=entry.id))


def check_report(evaluation: Evaluation, report_hash: str) -> Report:
    """Refuse a signature under anything but the report that stands, and return it (报告版本).

    Raises:
        WrongState: ``report-other``.

    Source: GPLR-41
    """
    if not evaluation.report_hash or evaluation.report_hash != report_hash:
        raise WrongState(Reason("report-other"))
    return Report.objects.get(evaluation=evaluation, report_hash=report_hash)


def check_unsigned(report: Report, member: Member, agrees: bool, dissent: str) -> None:
    """Refuse a second, other word on a report (不得改签), and one that comes after agreement was deemed.

    Raises:
        WrongState: ``report-signed``, ``agreement-deemed``.
        Repeated: when it is the same word.

    Source: GPLR-41
    """
    before = ReportSignature.objects.filter(report=report, member=member).first()
    if before is None:
        return
    if before.deemed:
        raise WrongState(Reason("agreement-deemed"))
    if before.entry_id and (before.agrees, before.dissent) == (agrees, dissent):
        raise Repeated(before.entry_id)
    raise WrongState(Reason("report-signed"))


def _report(act: Act, evaluation: Evaluation, valid: frozenset[str]) -> None:
    """Write the report of the valid bids down, when members agree where they must."""
    template, sheets = template_of(evaluation.template), of_bids(standing_sheets(evaluation), valid)
    for part in PARTS:
        check_consistency([one for one in sheets if one.part == part], template)
    fields = report_fields(evaluation, outcome(evaluation, sheets))
    text = canonical(fields)
    evaluation.report_hash = digest("EV1 report", text).hex()
    act.note(evaluation, "conclude_evaluation", report=evaluation.report_hash, content=text.decode())
    report = Report(evaluation=evaluation, report_hash=evaluation.report_hash, text=text.decode(), made_at=act.at)
    report.save(force_insert=True)
    act.once_written(lambda entry: Report.objects.filter(pk=report.pk).update(entry=entry.id))
