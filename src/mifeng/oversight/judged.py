"""The review and the result as a project's evidence shows them (证据中的评审与结果): from the moment each is over.

Of a review that still goes on no cut shows anything. The supervisor sees it when the report has all its signatures,
everybody when the result is announced, or the tender is void; whose scores are whose, and what members wrote, the
supervisor alone.
"""

from collections.abc import Iterator

from mifeng.awards.models import Award, Publication
from mifeng.bidding.models import Opening
from mifeng.evaluation.codes import mapping_of
from mifeng.evaluation.models import CodeIssue, Evaluation, Report, Sheet
from mifeng.rules.blind import format_mapping
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.manifest import Lot as LotRow
from mifeng.rules.bundle.results import format_result, result_of
from mifeng.tenders.models import Lot


def lot_row(lot: Lot, opening: Opening, cut: str) -> LotRow:
    """Return a package as the manifest of a cut has it: how its opening ended, or what followed it."""
    return LotRow(lot.number, lot.lot_ref, _state(lot, opening, cut))


def review_streams(lot: Lot) -> list[str]:
    """Return the chains of the ledger that belong to a review that is over, and to what followed it."""
    sheets = Sheet.objects.filter(evaluation=lot.pk).order_by("pk").values_list("pk", flat=True)
    award = Award.objects.filter(pk=lot.pk).values_list("pk", flat=True)
    found = [f"evaluation.evaluation:{lot.pk}", *(f"evaluation.sheet:{pk}" for pk in sheets)]
    return found + [f"awards.award:{pk}" for pk in award]


def review_files(row: LotRow, lot: Lot) -> Iterator[tuple[str, bytes]]:
    """Yield the files about the review and the result of one package."""
    if not row.is_reviewed:
        return
    evaluation = Evaluation.objects.get(pk=lot.pk)
    yield layout.template_path(lot.number), evaluation.template.encode()
    if CodeIssue.objects.filter(evaluation=evaluation).exists():
        yield layout.codes_path(lot.number), format_mapping(mapping_of(evaluation))
    if row.is_scored:
        report = Report.objects.get(evaluation=evaluation, report_hash=evaluation.report_hash)
        yield layout.result_path(lot.number), format_result(result_of(report.report_hash, report.text.encode()))


def _state(lot: Lot, opening: Opening, cut: str) -> str:
    over = Evaluation.objects.filter(pk=lot.pk, state__in=("void", "concluded")).first()
    if opening.state != "public" or over is None:
        return opening.state
    if over.state == "void":
        return "void"
    if Publication.objects.filter(award=lot.pk).exists():
        return "announced"
    if cut == "public":
        return opening.state
    return "awarded" if Award.objects.filter(pk=lot.pk).exclude(bid_ref="").exists() else "evaluated"
