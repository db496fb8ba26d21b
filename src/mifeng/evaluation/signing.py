"""Whose word on a report there is (签署情况): signed, deemed to agree, or still waited for; never a score.

A desk reads it too, so nothing here has a way to bids or suppliers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mifeng.evaluation.models import Evaluation, KeyChange, Member, Report, ReportSignature
from mifeng.kernel.law import rulebooks
from mifeng.rules.evaluation import dissent_until


@dataclass(frozen=True, slots=True)
class Signing:
    """How far a report is with its signatures (签署进度).

    Args:
        report_hash: of the report that stands.
        until: until when at least members may dissent; from then on silence may be recorded as agreement.
        signed: seats that have signed, by label.
        deemed: seat and reason of every agreement that is deemed.
        waiting: seats without a word.
    """

    report_hash: str
    until: datetime
    signed: tuple[str, ...]
    deemed: tuple[tuple[str, str], ...]
    waiting: tuple[str, ...]

    @property
    def members(self) -> int:
        """Return how many members there are."""
        return len(self.signed) + len(self.deemed) + len(self.waiting)


@dataclass(frozen=True, slots=True)
class Reported:
    """The report that stands (评标报告).

    Args:
        report_hash: what is signed.
        text: canonical.
        signed: the seats that have signed it.
        deemed: seats whose agreement is deemed, with the reason.
        until: until when at least a member may sign or dissent.
    """

    report_hash: str
    text: str
    signed: tuple[str, ...]
    deemed: Mapping[str, str]
    until: datetime

    @property
    def done(self) -> int:
        """Return of how many members there is a word."""
        return len(self.signed) + len(self.deemed)


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """A seat that signs with another key since (席位密钥更换); ``checked`` is ``face`` or ``officers``."""

    seat: str
    at: datetime
    checked: str


def signing_of(evaluation: Evaluation) -> Signing | None:
    """Return how far the report that stands is with its signatures; None where there is none."""
    report = _standing(evaluation)
    return _signing(evaluation, report) if report else None


def _standing(evaluation: Evaluation) -> Report | None:
    return Report.objects.filter(evaluation=evaluation, report_hash=evaluation.report_hash).first()


def _signing(evaluation: Evaluation, report: Report) -> Signing:
    rows = ReportSignature.objects.filter(report=report).order_by("member__seat")
    said = dict(rows.values_list("member__seat", "deemed"))
    seats = Member.objects.filter(evaluation=evaluation).order_by("seat").values_list("seat", flat=True)
    return Signing(
        report.report_hash,
        dissent_until(report.made_at, rulebooks()[evaluation.lot.tender.rulebook]),
        tuple(seat for seat, why in said.items() if not why),
        tuple((seat, why) for seat, why in said.items() if why),
        tuple(seat for seat in seats if seat not in said),
    )


def reported_of(evaluation: Evaluation) -> Reported | None:
    """Return the report that stands as members read it; None where there is none."""
    report = _standing(evaluation)
    if report is None:
        return None
    signing = _signing(evaluation, report)
    return Reported(report.report_hash, report.text, signing.signed, dict(signing.deemed), signing.until)


def keys_changed(evaluation: Evaluation) -> tuple[KeyChanged, ...]:
    """Return which seats sign with another key since, in the order in which that was recorded."""
    rows = KeyChange.objects.filter(evaluation=evaluation).order_by("pk")
    return tuple(KeyChanged(*row) for row in rows.values_list("seat", "at", "checked"))
