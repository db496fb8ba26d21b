"""Reads about awards (定标查询): the whole of one for those who decide, the notice for all, to each bidder its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from mifeng.awards.models import Award, PassedOver, Publication
from mifeng.bidding.models import Unsealed
from mifeng.evaluation import queries as evaluation
from mifeng.evaluation.models import Evaluation, Qualification, Report
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.parties.models import Organisation
from mifeng.rules.award import (
    AwardTimes,
    Judged,
    Reported,
    ResultNotice,
    award_clocks,
    award_deadlines,
    parse_notice,
    parse_report,
)
from mifeng.rules.deadlines import Clock, last_day
from mifeng.tenders import queries as tenders
from mifeng.tenders.models import Lot, Tender

VOID = "void"
ENDED = (VOID, "stopped")
NOTHING_YET = AwardTimes()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked bid with its bidder (排序投标人); ``ground`` and ``reason`` say why it cannot be taken any more."""

    judged: Judged
    bidder: str
    recommended: bool
    ground: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An award as those see it who carry it out and watch it (定标情况).

    Args:
        lot_id: the package.
        state: of the award; empty before the report is handed over.
        report: hash of the signed report.
        candidates: who was recommended, first first.
        others: valid bids that were not recommended, in order.
        winner: bid_ref of who is to win now; empty before the decision.
        rank: of the winner.
        deemed: nothing was decided in time.
        ground: why it is not the one before; why it starts anew.
        reason: in words.
        delay_reason: why nothing could be decided in time.
        due_on: last Beijing day of the time for a decision; None when nothing is due.
        decided_at: when it was decided for the winner.
        times: what was done when.
        notice: what was published last, None before.
        sha256: of its text.
        published_at: when.
    """

    lot_id: UUID
    state: str
    report: str
    candidates: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    winner: str = ""
    rank: int = 0
    deemed: bool = False
    ground: str = ""
    reason: str = ""
    delay_reason: str = ""
    due_on: date | None = None
    decided_at: datetime | None = None
    times: AwardTimes = NOTHING_YET
    notice: ResultNotice | None = None
    sha256: str = ""
    published_at: datetime | None = None

    @property
    def everybody(self) -> tuple[Candidate, ...]:
        """Return all valid bids in order."""
        return (*self.candidates, *self.others)

    @property
    def bidder(self) -> str:
        """Return the winner's name; empty before the decision."""
        return next((one.bidder for one in self.candidates if one.judged.bid_ref == self.winner), "")


@dataclass(frozen=True, slots=True)
class PublicResult:
    """What everybody may know of a result (公开结果).

    Args:
        lot: the package.
        notice: the notice that was published last; None where there is none.
        text: of the notice, canonical JSON.
        sha256: of that text.
        published_at: when.
        entry: of the ledger.
        standing: false when its winner has fallen out since.
        void: code of why the tender is void; empty otherwise.
        restarted: ground on which the procurement starts anew; empty otherwise.
    """

    lot: Lot
    notice: ResultNotice | None = None
    text: str = ""
    sha256: str = ""
    published_at: datetime | None = None
    entry: int = 0
    standing: bool = True
    void: str = ""
    restarted: str = ""

    @property
    def amount(self) -> Decimal | None:
        """Return the price at which the winner won; None where nobody did."""
        return Decimal(self.notice.price_yuan) if self.notice and self.notice.price_yuan else None


@dataclass(frozen=True, slots=True)
class OwnBid:
    """What became of one's own bid (本单位评审结果).

    Args:
        bid_ref: which bid.
        outcome: ``won``, ``lost``, ``unqualified``, ``invalid``, or ``void`` with the whole tender.
        judged: its own points and rank; None where it was not scored.
        valid: how many bids were ranked.
        reasons: why it was not qualified or no valid bid, in words or as codes of the arithmetic.
    """

    bid_ref: str
    outcome: str
    judged: Judged | None = None
    valid: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What a bidder is told with the result (告知结果): its own bids and nobody else's."""

    public: PublicResult
    bids: tuple[OwnBid, ...]

    @property
    def won(self) -> bool:
        """Tell whether one of them won."""
        return any(one.outcome == "won" for one in self.bids)


def result_for(by: Actor, lot_id: UUID) -> Outcome:
    """Return the award of a package to agency, purchaser and supervisor of its project.

    Raises:
        DoesNotExist: for everybody else, and before the report has all signatures.
    """
    signed = evaluation.result(by, lot_id)
    reported = parse_report(signed.text.encode())
    gone = {one.bid_ref: one for one in PassedOver.objects.filter(award=lot_id)}
    ranked = [_candidate(one, reported, signed.bidders, gone) for one in reported.bids if one.valid]
    ranked.sort(key=lambda one: (not one.recommended, one.judged.place or one.judged.rank))
    first = tuple(one for one in ranked if one.recommended)
    rest = tuple(one for one in ranked if not one.recommended)
    award = Award.objects.select_related("lot__tender").filter(pk=lot_id).first()
    if award is None:
        return Outcome(lot_id, "", signed.report_hash, first, rest, times=AwardTimes(signed.concluded_at))
    shown = Publication.objects.filter(award=award).order_by("-number").first()
    return Outcome(
        lot_id,
        award.state,
        award.report,
        first,
        rest,
        winner=award.bid_ref,
        rank=award.rank,
        deemed=award.deemed,
        ground=award.ground,
        reason=award.reason,
        delay_reason=award.delay_reason,
        due_on=_due(award),
        decided_at=award.decided_at,
        times=_times(award, signed.concluded_at),
        notice=parse_notice(shown.text.encode()) if shown else None,
        sha256=shown.sha256 if shown else "",
        published_at=shown.published_at if shown else None,
    )


def public_result(lot_id: UUID) -> PublicResult | None:
    """Return what is published of a package's result; None while nothing is."""
    return next(iter(public_results([Lot.objects.select_related("tender").get(pk=lot_id)])), None)


def public_results(lots: Iterable[Lot]) -> list[PublicResult]:
    """Return what is published of the results of some packages, in their order."""
    rows = list(lots)
    ids = [lot.pk for lot in rows]
    void = dict(Evaluation.objects.filter(pk__in=ids, state=VOID).values_list("pk", "reason"))
    shown = Publication.objects.filter(award__in=ids).select_related("award").order_by("number")
    last = {one.award_id: one for one in shown}
    anew = dict(Award.objects.filter(pk__in=ids, state="restarted").values_list("pk", "ground"))
    found = []
    for lot in rows:
        if lot.pk in void:
            found.append(PublicResult(lot, void=void[lot.pk]))
        elif lot.pk in last:
            found.append(_published(lot, last[lot.pk]))
        elif lot.pk in anew:
            found.append(PublicResult(lot, standing=False, restarted=anew[lot.pk]))
    return found


def own_result(by: Actor, lot_id: UUID) -> OwnResult | None:
    """Return what a bidder is told of its own bids (告知本单位结果), once the result is out; None before.

    Raises:
        DoesNotExist: for every other post, and for a supplier none of whose bids was opened.
    """
    lot = Lot.objects.get(pk=lot_id)
    if by.role != "bidder" or not _opened(by, [lot]):
        raise Unsealed.DoesNotExist
    return next(iter(own_results(by, [lot])), None)


def own_results(by: Actor, lots: Iterable[Lot]) -> list[OwnResult]:
    """Return what a bidder is told of its own bids in some packages, of those whose result is out (告知本单位结果)."""
    published = public_results(lots)
    if by.role != "bidder" or not published:
        return []
    own = _opened(by, [one.lot for one in published])
    reviews = Qualification.objects.in_bulk([row.pk for row in own])
    awards = Award.objects.in_bulk([one.lot.pk for one in published])
    reports = Report.objects.filter(report_hash__in=[one.report for one in awards.values()])
    texts = {one.report_hash: parse_report(one.text.encode()) for one in reports}
    found = []
    for public in published:
        rows = [row for row in own if row.bid.lot_ref == public.lot.lot_ref]
        award = awards.get(public.lot.pk)
        reported = texts[award.report] if award else None
        if rows:
            bids = tuple(_own(public, row.bid.bid_ref, reviews.get(row.pk), reported) for row in rows)
            found.append(OwnResult(public, bids))
    return found


def stages(lots: Iterable[UUID]) -> dict[UUID, str]:
    """Return lot → state of its award, of its evaluation before that; for pages that list what one may see."""
    found = list(lots)
    judged = dict(Evaluation.objects.filter(pk__in=found).values_list("pk", "state"))
    return judged | dict(Award.objects.filter(pk__in=found).values_list("pk", "state"))


def clocks(tender: Tender, lots: Iterable[Lot], now: datetime) -> tuple[Clock, ...]:
    """Return all statutory clocks of a project for its parties, those from the report to the contract included."""
    rows = list(lots)
    found = {one.key: one for one in award_clocks(_all_times(rows), rulebooks()[tender.rulebook], calendar(), now)}
    return tuple(found.get(one.key, one) for one in tenders.clocks(tender, rows, now))


def public_clocks(tender: Tender, lots: Iterable[Lot], now: datetime) -> tuple[Clock, ...]:
    """Return the clocks as everybody may see them: nothing of the award before its notice."""
    rows = list(lots)
    announced = _all_times(rows).announced_at
    return clocks(tender, rows, now) if announced else tenders.clocks(tender, rows, now)


def _all_times(lots: list[Lot]) -> AwardTimes:
    """Return how far the packages of a project are together; a package that came to no report holds nothing up."""
    going = Evaluation.objects.filter(pk__in=[lot.pk for lot in lots]).exclude(state__in=ENDED)
    concluded = dict(going.values_list("pk", "concluded_at"))
    awards = Award.objects.in_bulk(list(concluded))
    times = [_times(awards.get(pk), at) for pk, at in concluded.items()]
    names = ("concluded_at", "handed_at", "decided_at", "announced_at", "chosen_at")
    columns = {name: [getattr(one, name) for one in times] for name in names}
    return AwardTimes(**{name: max(found) if found and all(found) else None for name, found in columns.items()})


def _times(award: Award | None, concluded_at: datetime | None) -> AwardTimes:
    if award is None:
        return AwardTimes(concluded_at)
    return AwardTimes(concluded_at, award.handed_at, award.first_decided_at, award.announced_at, award.decided_at)


def _published(lot: Lot, row: Publication) -> PublicResult:
    return PublicResult(
        lot,
        parse_notice(row.text.encode()),
        row.text,
        row.sha256,
        row.published_at,
        row.entry_id or 0,
        standing=row.award.state == "announced",
        restarted=row.award.ground if row.award.state == "restarted" else "",
    )


def _candidate(
    judged: Judged, reported: Reported, bidders: Mapping[str, str], gone: Mapping[str, PassedOver]
) -> Candidate:
    out = gone.get(judged.bid_ref)
    recommended = judged.bid_ref in reported.candidates
    why = (out.ground, out.reason) if out else ("", "")
    return Candidate(judged, bidders.get(judged.bid_ref, ""), recommended, *why)


def _due(award: Award) -> date | None:
    if award.state != "handed" or award.delay_reason:
        return None
    [due] = award_deadlines(award.handed_at, rulebooks()[award.lot.tender.rulebook], calendar())
    return last_day(due.at)


def _opened(by: Actor, lots: Iterable[Lot]) -> list[Unsealed]:
    """Return a supplier's own opened bids, known by the code that their certificates bear."""
    refs = [lot.lot_ref for lot in lots if lot.lot_ref]
    code = Organisation.objects.filter(pk=by.organisation).values("code")
    rows = Unsealed.objects.filter(bid__lot_ref__in=refs, credit_code__in=code, fault="")
    return list(rows.select_related("bid").order_by("position"))


def _own(public: PublicResult, bid_ref: str, review: Qualification | None, reported: Reported | None) -> OwnBid:
    if review is not None and not review.passed:
        return OwnBid(bid_ref, "unqualified", reasons=(review.reasons,))
    if reported is None:
        return OwnBid(bid_ref, "void")
    judged = reported.bid(bid_ref)
    if judged is None or not judged.valid:
        words = reported.rejected.get(bid_ref, ()) or (judged.reasons if judged else ())
        return OwnBid(bid_ref, "invalid", reasons=words)
    won = public.standing and public.notice is not None and public.notice.bid_ref == bid_ref
    return OwnBid(bid_ref, "won" if won else "lost", judged, sum(one.valid for one in reported.bids))
