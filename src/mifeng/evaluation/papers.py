"""The report as a paper (评审报告文本): everything that is printed of it, frozen, so that each copy has the same bytes.

Nothing here has a way to bids or suppliers but the names that were laid open with the lock: a desk reads it too.
"""

from dataclasses import dataclass
from datetime import datetime

from mifeng.evaluation.models import Evaluation, NamedBid, Report, ReportSignature
from mifeng.evaluation.scores import template_of
from mifeng.rules.scoring import Template


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A member's word on the report (签署意见): the seat, never the person; ``deemed`` is why agreement is deemed."""

    seat: str
    agrees: bool
    dissent: str
    deemed: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A signed report with what it is about (评审报告).

    Args:
        number: of the project.
        name: of the project.
        lot: number and name of the package.
        parties: purchaser, agency and supervisor by name.
        budget_yuan: of the package, as text.
        template: the scoring template that was fixed with the notice.
        report_hash: what the members signed.
        text: of the report, canonical.
        bidders: bid_ref and bidder of every bid that was under review.
        endorsements: by seat.
        made_at: when the report was put together.
        concluded_at: when there was a word of the last member.
    """

    number: str
    name: str
    lot: tuple[int, str]
    parties: tuple[str, str, str]
    budget_yuan: str
    template: Template
    report_hash: str
    text: str
    bidders: tuple[tuple[str, str], ...]
    endorsements: tuple[Endorsement, ...]
    made_at: datetime
    concluded_at: datetime


def paper_of(evaluation: Evaluation) -> Paper:
    """Return the paper of a concluded evaluation; for callers who have made sure that it may be read.

    Raises:
        DoesNotExist: before all members have signed.
    """
    row = Evaluation.objects.select_related("lot__tender__purchaser", "lot__tender__agency", "lot__tender__supervisor")
    found = row.get(pk=evaluation.pk, state="concluded", concluded_at__isnull=False)
    lot, tender = found.lot, found.lot.tender
    report = Report.objects.get(evaluation=found, report_hash=found.report_hash)
    named = NamedBid.objects.filter(evaluation=found).order_by("position")
    return Paper(
        number=tender.number,
        name=tender.name,
        lot=(lot.number, lot.name),
        parties=(tender.purchaser.name, tender.agency.name, tender.supervisor.name),
        budget_yuan=str(lot.budget_yuan),
        template=template_of(found.template),
        report_hash=report.report_hash,
        text=report.text,
        bidders=tuple(named.values_list("bid_ref", "bidder")),
        endorsements=endorsements_of(report),
        made_at=report.made_at,
        concluded_at=found.concluded_at or report.made_at,
    )


def endorsements_of(report: Report) -> tuple[Endorsement, ...]:
    """Return the words of the members on a report, by seat."""
    rows = ReportSignature.objects.filter(report=report).order_by("member__seat")
    return tuple(Endorsement(*row) for row in rows.values_list("member__seat", "agrees", "dissent", "deemed"))
