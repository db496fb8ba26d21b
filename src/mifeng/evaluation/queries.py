"""Reads about evaluations (评标查询) for those who organise and watch them: how far, never how anybody scores.

Until the scores are shown, agency and purchaser learn counts and the supervisor no more, but for the secret of the
codes, which is laid open to the supervisor with the lock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mifeng.bidding.models import OpenedFile, Unsealed
from mifeng.evaluation.codes import mapping_of
from mifeng.evaluation.models import (
    BlindCopy,
    CodeKey,
    Evaluation,
    Member,
    NamedBid,
    Qualification,
    Report,
    ReportSignature,
    ScoringTemplate,
    Sheet,
)
from mifeng.evaluation.papers import Endorsement, Paper, endorsements_of, paper_of
from mifeng.evaluation.scores import standing_sheets
from mifeng.evaluation.signing import KeyChanged, Signing, keys_changed, signing_of
from mifeng.kernel.actors import Actor
from mifeng.rules import scoring
from mifeng.rules.blind import format_mapping
from mifeng.rules.scoring import Template, parse_template
from mifeng.sittings.queries import BY_SITE
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import tender_for

PARTIES = ("agency", "buyer", "supervisor")
OPEN = ("locked", "revealed", "concluded")
SHOWN = ("revealed", "concluded")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an evaluation is, in numbers (评审进度).

    Args:
        lot_id: the package.
        state: of the evaluation; empty before the review begins.
        reason: code of why the tender is void or the evaluation stopped.
        bids: that were opened.
        reviewed: for qualification.
        qualified: of those.
        members: who have taken their seats.
        has_chair: a chair has been elected.
        sheets: that were given out and not annulled.
        signed: of those.
        signatures: under the report that stands.
        deemed: members who are deemed to agree to it.
        locked_at: when the technical scores were locked.
        revealed_at: when all scores were shown.
        concluded_at: when the report had all signatures.
        doubtful: technical files that cannot be shown to the desks.
        stopped: when the evaluation was stopped, the seat whose member had to leave, and the word of the reason.
    """

    lot_id: UUID
    state: str
    reason: str = ""
    bids: int = 0
    reviewed: int = 0
    qualified: int = 0
    members: int = 0
    has_chair: bool = False
    sheets: int = 0
    signed: int = 0
    signatures: int = 0
    deemed: int = 0
    locked_at: datetime | None = None
    revealed_at: datetime | None = None
    concluded_at: datetime | None = None
    doubtful: int = 0
    stopped: tuple[datetime, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A bid in the qualification review (资格审查行); ``passed`` is None before it has been reviewed."""

    bid_id: UUID
    position: int
    bid_ref: str
    bidder: str
    credit_code: str
    price_yuan: Decimal | None
    passed: bool | None
    reasons: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A technical file of which no copy could be made (匿名副本疑点): whose, which one, and the code of the reason."""

    position: int
    bidder: str
    number: int
    fault: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """A concluded evaluation (评审结果): its report as canonical text, what it is named by, who signed it how."""

    report_hash: str
    text: str
    made_at: datetime
    concluded_at: datetime | None
    signatures: tuple[Endorsement, ...]
    bidders: dict[str, str]


def template_for(by: Actor, lot_id: UUID) -> Template | None:
    """Return the scoring template of a package to those who may know of its project; None where there is none.

    Raises:
        DoesNotExist: for everybody else.
    """
    _lot(by, lot_id, everybody=True)
    row = ScoringTemplate.objects.filter(pk=lot_id).first()
    return parse_template(row.text.encode()) if row else None


def templates_for(by: Actor, tender_id: UUID) -> dict[UUID, Template]:
    """Return the scoring templates of a project by package, to those who may know of it.

    Raises:
        DoesNotExist: for everybody else.
    """
    tender = tender_for(by, tender_id)
    rows = ScoringTemplate.objects.filter(lot__tender=tender).values_list("pk", "text")
    return {pk: parse_template(text.encode()) for pk, text in rows}


def fixed_templates(lots: Iterable[Lot]) -> list[tuple[Lot, Template]]:
    """Return the scoring templates of packages whose notice is out, as everybody may read them (公开的评分办法)."""
    rows = {lot.pk: lot for lot in lots if lot.lot_ref}
    found = ScoringTemplate.objects.filter(pk__in=rows, lot__state__in=("published", "closed"))
    texts = dict(found.values_list("pk", "text"))
    return [(lot, parse_template(texts[pk].encode())) for pk, lot in rows.items() if pk in texts]


def progress(by: Actor, lot_id: UUID) -> Progress:
    """Return how far an evaluation is, to agency, purchaser and supervisor of its project.

    Raises:
        DoesNotExist: for everybody else.
    """
    _lot(by, lot_id)
    evaluation = Evaluation.objects.filter(pk=lot_id).first()
    if evaluation is None:
        return Progress(lot_id, "")
    reviews = Qualification.objects.filter(evaluation=evaluation)
    sheets = Sheet.objects.filter(evaluation=evaluation).exclude(state="annulled")
    report = {"report__evaluation": evaluation, "report__report_hash": evaluation.report_hash}
    said = list(ReportSignature.objects.filter(**report).values_list("deemed", flat=True))
    return Progress(
        lot_id,
        evaluation.state,
        evaluation.reason,
        bids=Unsealed.objects.filter(bid__lot_ref=evaluation.lot_ref, fault="").count(),
        reviewed=reviews.count(),
        qualified=reviews.filter(passed=True).count(),
        members=Member.objects.filter(evaluation=evaluation).count(),
        has_chair=bool(evaluation.chair),
        sheets=sheets.count(),
        signed=sheets.filter(state__in=("signed", "shown")).count(),
        signatures=said.count(""),
        deemed=len(said) - said.count(""),
        locked_at=evaluation.locked_at,
        revealed_at=evaluation.revealed_at,
        concluded_at=evaluation.concluded_at,
        doubtful=BlindCopy.objects.filter(evaluation=evaluation).exclude(fault="").count(),
        stopped=(evaluation.stopped_at, evaluation.gone, evaluation.why) if evaluation.stopped_at else None,
    )


def examined(by: Actor, lot_id: UUID) -> list[Examined]:
    """Return the opened bids of a package with what the qualification review found, in the order of the list.

    Raises:
        DoesNotExist: for everybody but agency, purchaser and supervisor of its project, and before the review.
    """
    _lot(by, lot_id)
    evaluation = Evaluation.objects.get(pk=lot_id)
    found = Qualification.objects.in_bulk(
        Unsealed.objects.filter(bid__lot_ref=evaluation.lot_ref).values_list("pk", flat=True)
    )
    rows = Unsealed.objects.filter(bid__lot_ref=evaluation.lot_ref, fault="").select_related("bid")
    return [_examined(row, found.get(row.pk)) for row in rows.order_by("position")]


def doubts(by: Actor, lot_id: UUID) -> tuple[Doubt, ...]:
    """Return the technical files of which no copy could be made, to the agency, whose clerk scores nothing.

    The supervisor learns them too; the purchaser, whose representative scores, does not.

    Raises:
        DoesNotExist: for every other post, and before the review.
    """
    _lot(by, lot_id)
    evaluation = Evaluation.objects.get(pk=lot_id)
    if by.role == "buyer":
        raise Evaluation.DoesNotExist
    names = dict(Unsealed.objects.filter(bid__lot_ref=evaluation.lot_ref).values_list("position", "bidder"))
    rows = BlindCopy.objects.filter(evaluation=evaluation).exclude(fault="").order_by("position", "number")
    return tuple(Doubt(row.position, names[row.position], row.number, row.fault, row.before) for row in rows)


def qualification_files(by: Actor, lot_id: UUID) -> dict[UUID, list[OpenedFile]]:
    """Return the files that show who is qualified, by bid (资格证明文件); no other part of a bid is handed out here.

    Raises:
        DoesNotExist: for everybody but agency, purchaser and supervisor of its project, and before the review.
    """
    _lot(by, lot_id)
    evaluation = Evaluation.objects.get(pk=lot_id)
    rows = OpenedFile.objects.filter(bid__lot_ref=evaluation.lot_ref, part="qualification").order_by("position")
    found: dict[UUID, list[OpenedFile]] = {}
    for row in rows:
        found.setdefault(row.bid_id, []).append(row)
    return found


def code_map(by: Actor, lot_id: UUID) -> bytes:
    """Return the link between codes and bids with the secret behind it, laid open (编码公开): to the supervisor.

    Raises:
        DoesNotExist: for every other post, and before the technical scores are locked.
    """
    _lot(by, lot_id, role="supervisor")
    return format_mapping(mapping_of(Evaluation.objects.get(pk=lot_id, state__in=OPEN)))


def code_commitment(by: Actor, lot_id: UUID) -> tuple[str, int] | None:
    """Return what was committed to before anybody bid, and the entry that says so; None before the notice.

    Raises:
        DoesNotExist: for posts that may not know of the project.
    """
    _lot(by, lot_id, everybody=True)
    row = CodeKey.objects.filter(pk=lot_id).first()
    return (row.commitment, row.entry_id or 0) if row else None


def sheets(by: Actor, lot_id: UUID) -> tuple[scoring.Sheet, ...]:
    """Return all sheets as they stand, under bid_refs and seats, to agency and supervisor.

    Raises:
        DoesNotExist: for every other post, and before all are shown.
    """
    _lot(by, lot_id)
    if by.role == "buyer":
        raise Evaluation.DoesNotExist
    return standing_sheets(Evaluation.objects.get(pk=lot_id, state__in=SHOWN))


def result(by: Actor, lot_id: UUID) -> Result:
    """Return the report of a concluded evaluation to agency, purchaser and supervisor of its project.

    Raises:
        DoesNotExist: for everybody else, and before all members have signed.
    """
    _lot(by, lot_id)
    evaluation = Evaluation.objects.get(pk=lot_id, state="concluded")
    report = Report.objects.get(evaluation=evaluation, report_hash=evaluation.report_hash)
    return Result(
        report.report_hash,
        report.text,
        report.made_at,
        evaluation.concluded_at,
        endorsements_of(report),
        dict(NamedBid.objects.filter(evaluation=evaluation).values_list("bid_ref", "bidder")),
    )


def signing(by: Actor, lot_id: UUID) -> Signing | None:
    """Return whose word there is on the report that stands (签署进度), to those who may know which sites there are.

    Raises:
        DoesNotExist: for everybody but agency and supervisor of its project.
    """
    _sited(by, lot_id)
    evaluation = Evaluation.objects.select_related("lot__tender").filter(pk=lot_id).first()
    return signing_of(evaluation) if evaluation else None


def seats(by: Actor, lot_id: UUID) -> dict[str, str]:
    """Return the seats of a committee by label, to those who may know which sites there are.

    To each belongs the word with which its member has declared to be unable to go on; empty where none has.

    Raises:
        DoesNotExist: for everybody but agency and supervisor of its project.
    """
    _sited(by, lot_id)
    return dict(Member.objects.filter(evaluation=lot_id).order_by("seat").values_list("seat", "unable"))


def key_changes(by: Actor, lot_id: UUID) -> tuple[KeyChanged, ...]:
    """Return which seats sign with another key since (席位密钥更换), to those who may know which sites there are.

    Raises:
        DoesNotExist: for everybody but agency and supervisor of its project.
    """
    _sited(by, lot_id)
    evaluation = Evaluation.objects.filter(pk=lot_id).first()
    return keys_changed(evaluation) if evaluation else ()


def paper_for(by: Actor, lot_id: UUID) -> Paper:
    """Return the signed report as a paper, to agency, purchaser and supervisor of its project.

    Raises:
        DoesNotExist: for everybody else, and before all members have signed.
    """
    _lot(by, lot_id)
    return paper_of(Evaluation.objects.get(pk=lot_id))


def _lot(by: Actor, lot_id: UUID, *, everybody: bool = False, role: str = "") -> Lot:
    """Return a package to a post that may know of its project and has a part in its evaluation."""
    lot = Lot.objects.get(pk=lot_id)
    tender_for(by, lot.tender_id)
    if (role and by.role != role) or (not everybody and by.role not in PARTIES):
        raise Lot.DoesNotExist
    return lot


def _sited(by: Actor, lot_id: UUID) -> None:
    """Make sure that a post may know which sites a committee sits at, as the labels of seats tell."""
    _lot(by, lot_id)
    if by.role not in BY_SITE:
        raise Lot.DoesNotExist


def _examined(row: Unsealed, found: Qualification | None) -> Examined:
    return Examined(
        row.bid_id,
        row.position,
        row.bid.bid_ref,
        row.bidder,
        row.credit_code,
        row.price_yuan,
        found.passed if found else None,
        found.reasons if found else "",
    )
