"""Reads about awards (定标查询): the whole of one for those who decide, the notice for all, to each bidder its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.awards.actions import report_of
from mifeng.awards.models import Award, PassedOver, Publication
from mifeng.bidding.models import Unsealed
from mifeng.evaluation import queries as evaluation
from mifeng.evaluation.models import Evaluation, Qualification
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.parties.models import Organisation
from mifeng.rules.award import AwardTimes, Judged, ResultNotice, award_clocks, parse_notice, parse_report
from mifeng.rules.deadlines import Clock
from mifeng.tenders import queries as tenders
from mifeng.tenders.models import Lot, Tender

VOID = "void"
NOTHING_YET = AwardTimes()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recommended bid with its bidder (中标候选人); ``ground`` and ``reason`` say why it cannot be taken any more."""

    judged: Judged
    bidder: str
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
    times: AwardTimes = NOTHING_YET
    notice: ResultNotice | None = None
    sha256: str = ""
    published_at: datetime | None = None

    @property
    def bidder(self) -> str:
        """Return the winner's name; empty before the decision."""
        return next((one.bidder for one in self.candidates if one.judged.bid_ref == self.winner), "")


@dataclass(frozen=True, slots=True)
class PublicResult:
    """What everybody may know of a result (公开结果).

    Args:
        lot: the package.
        notice: the notice that was published last; None where the tender is void.
        text: of the notice, canonical JSON.
        sha256: of that text.
        published_at: when.
        entry: of the ledger.
        standing: false when its winner has fallen out since.
        void: code of why the tender is void; empty otherwise.
        restarted: the procurement starts anew.
    """

    lot: Lot
    notice: ResultNotice | None = None
    text: str = ""
    sha256: str = ""
    published_at: datetime | None = None
    entry: int = 0
    standing: bool = True
    void: str = ""
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class OwnBid:
    """What became of one's own bid (本单位评审结果).

    Args:
        bid_ref: which bid.
        outcome: ``won``, ``lost``, ``unqualified`` or ``invalid``.
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
    award = Award.objects.filter(pk=lot_id).first()
    gone = {one.bid_ref: one for one in PassedOver.objects.filter(award=lot_id)}

    def candidate(judged: Judged) -> Candidate:
        out = gone.get(judged.bid_ref)
        name = signed.bidders.get(judged.bid_ref, "")
        return Candidate(judged, name, out.ground if out else "", out.reason if out else "")

    by_place = sorted((one for one in reported.bids if one.valid), key=lambda one: (one.rank, one.place))
    first = tuple(candidate(one) for one in by_place if one.bid_ref in reported.candidates)
    rest = tuple(candidate(one) for one in by_place if one.bid_ref not in reported.candidates)
    first = tuple(sorted(first, key=lambda one: one.judged.place))
    if award is None:
        return Outcome(lot_id, "", signed.report_hash, first, rest, times=AwardTimes(concluded_at=signed.concluded_at))
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
        times=_times(award, signed.concluded_at),
        notice=parse_notice(shown.text.encode()) if shown else None,
        sha256=shown.sha256 if shown else "",
        published_at=shown.published_at if shown else None,
    )


def public_result(lot_id: UUID) -> PublicResult | None:
    """Return what is published of a package's result; None while nothing is."""
    lot = Lot.objects.select_related("tender").get(pk=lot_id)
    judged = Evaluation.objects.filter(pk=lot_id).values_list("state", "reason").first()
    if judged and judged[0] == VOID:
        return PublicResult(lot, void=judged[1])
    shown = Publication.objects.filter(award=lot_id).select_related("award").order_by("-number").first()
    if shown is None:
        return None
    return PublicResult(
        lot,
        parse_notice(shown.text.encode()),
        shown.text,
        shown.sha256,
        shown.published_at,
        shown.entry_id or 0,
        standing=shown.award.state == "announced",
        restarted=shown.award.state == "restarted",
    )


def own_result(by: Actor, lot_id: UUID) -> OwnResult | None:
    """Return what a bidder is told of its own bids (告知本单位结果), once the result is out; None before.

    Raises:
        DoesNotExist: for every other post, and for a supplier none of whose bids was opened.
    """
    if by.role != "bidder":
        raise Unsealed.DoesNotExist
    code = Organisation.objects.values_list("code", flat=True).get(pk=by.organisation)
    lot_ref = Lot.objects.values_list("lot_ref", flat=True).get(pk=lot_id)
    rows = Unsealed.objects.filter(bid__lot_ref=lot_ref, credit_code=code, fault="").select_related("bid")
    own = list(rows.order_by("position")) if lot_ref else []
    if not own:
        raise Unsealed.DoesNotExist
    public = public_result(lot_id)
    if public is None:
        return None
    return OwnResult(public, tuple(_own(public, row) for row in own))


def award_states(lots: Iterable[UUID]) -> dict[UUID, str]:
    """Return lot → state of its award, for lots whose report was handed over; for pages that list what one may see."""
    return dict(Award.objects.filter(pk__in=list(lots)).values_list("pk", "state"))


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
    """Return how far the packages of a project are together; a package that is void holds nothing up."""
    going = Evaluation.objects.filter(pk__in=[lot.pk for lot in lots]).exclude(state=VOID)
    concluded = dict(going.values_list("pk", "concluded_at"))
    awards = Award.objects.in_bulk(list(concluded))
    times = [_times(awards.get(pk), at) for pk, at in concluded.items()]
    names = ("concluded_at", "handed_at", "decided_at", "announced_at")
    columns = {name: [getattr(one, name) for one in times] for name in names}
    return AwardTimes(**{name: max(found) if found and all(found) else None for name, found in columns.items()})


def _times(award: Award | None, concluded_at: datetime | None) -> AwardTimes:
    if award is None:
        return AwardTimes(concluded_at)
    return AwardTimes(concluded_at, award.handed_at, award.first_decided_at, award.announced_at)


def _own(public: PublicResult, row: Unsealed) -> OwnBid:
    bid_ref = row.bid.bid_ref
    review = Qualification.objects.filter(bid=row.bid).first()
    if review is not None and not review.passed:
        return OwnBid(bid_ref, "unqualified", reasons=(review.reasons,))
    award = Award.objects.filter(pk=public.lot.pk).first()
    if award is None:
        return OwnBid(bid_ref, "void")
    reported = report_of(award)
    judged = reported.bid(bid_ref)
    if judged is None or not judged.valid:
        words = reported.rejected.get(bid_ref, ()) or (judged.reasons if judged else ())
        return OwnBid(bid_ref, "invalid", reasons=words)
    won = public.standing and public.notice is not None and public.notice.bid_ref == bid_ref
    return OwnBid(bid_ref, "won" if won else "lost", judged, sum(one.valid for one in reported.bids))
