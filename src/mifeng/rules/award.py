"""From the signed report to the published result (定标).

The report names the candidates in order, and the purchaser takes them in that order: whoever is passed over is passed
over on one of three lawful grounds, in words that stay on record. A purchaser who decides nothing in time has decided
for the first. The notice then tells everybody who won, at which price and who sat on the committee; what it says is
one canonical text, so that anybody who holds it holds exactly what was published.

Four periods follow each other: the report goes to the purchaser, the purchaser decides, the notice goes out, and the
notice stands for a while, from whose end suppliers may challenge. The contract is due from the notice itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from mifeng.rules import evaluation
from mifeng.rules.calendar import WorkCalendar, end_of, legal_date
from mifeng.rules.deadlines import Clock, DueStep, limit_clock, period_end
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.ranking import Ranked, check_award, next_candidate
from mifeng.rules.rulebook import Rulebook

FORMAT = "mifeng-result/1"
PLAIN = (str, int, bool)

# Why a candidate is passed over, and the clause that allows it.
GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "declined": "GPLR-49",  # the candidate gives up, or does not sign the contract
        "unlawful": "GPLR-71",  # an unlawful act that affects the result
        "challenge": "MOF-94-16",  # a challenge was upheld
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A bid as the report has it (评审结论).

    Args:
        bid_ref: which bid.
        valid: it was ranked.
        reasons: codes of why it was not.
        quote_yuan: what it asks; None where no quote can be read.
        evaluated_yuan: after the deductions.
        technical: mean of the technical points.
        mean: mean of all points that members gave.
        price: price points.
        total: points in all.
        rank: by total and price, from 1; 0 where it was not ranked.
        place: the order in which candidates are taken, from 1; 0 for a bid that may not be recommended.
        decided: what put it behind the one before.
    """

    bid_ref: str
    valid: bool
    reasons: tuple[str, ...] = ()
    quote_yuan: Decimal | None = None
    evaluated_yuan: Decimal | None = None
    technical: Decimal = Decimal()
    mean: Decimal = Decimal()
    price: Decimal = Decimal()
    total: Decimal = Decimal()
    rank: int = 0
    place: int = 0
    decided: str = ""

    @property
    def business(self) -> Decimal:
        """Return the mean of the business points."""
        return self.mean - self.technical


@dataclass(frozen=True, slots=True)
class Reported:
    """What an award takes from a report (评标报告要点).

    Args:
        bids: every bid that was under review.
        candidates: who is recommended, first first.
        rejected: why members threw bids out, in their words.
        members: seat and role of each member, by seat.
    """

    bids: tuple[Judged, ...]
    candidates: tuple[str, ...]
    rejected: Mapping[str, tuple[str, ...]]
    members: tuple[tuple[str, str], ...]

    def bid(self, bid_ref: str) -> Judged | None:
        """Return a bid of the report; None for a bid that it does not know."""
        return next((one for one in self.bids if one.bid_ref == bid_ref), None)

    @property
    def ranked(self) -> tuple[Ranked, ...]:
        """Return the valid bids as they were ranked."""
        return tuple(
            Ranked(one.bid_ref, one.rank, one.place, one.decided)  # type: ignore[arg-type]
            for one in self.bids
            if one.valid
        )


@dataclass(frozen=True, slots=True)
class AwardTimes:
    """Hold what has been done so far with one report (定标时间); None for what has not.

    Args:
        concluded_at: all members have signed.
        handed_at: the purchaser received the report.
        decided_at: the winner was decided.
        announced_at: the notice went out.
        chosen_at: it was decided for whoever wins now, where the first winner has fallen out; else as ``decided_at``.
    """

    concluded_at: datetime | None = None
    handed_at: datetime | None = None
    decided_at: datetime | None = None
    announced_at: datetime | None = None
    chosen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sat:
    """Who sat on the committee (评审成员名单): the seat, ``expert`` or ``buyer``, and the name as it is published."""

    seat: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A tender document that is published with the result (随附招标文件)."""

    name: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ResultNotice:
    """A result as it is published (中标结果公告).

    Args:
        number: which notice of its package it is, from 1.
        lot_ref: of the package.
        project: number of the project.
        project_name: its name.
        lot: number of the package.
        lot_name: its name.
        purchaser: name.
        purchaser_phone: where to ask.
        agency: name.
        agency_phone: where to ask.
        bid_ref: the bid that won.
        bidder: whose it is.
        credit_code: of the winner.
        price_yuan: at which it won, two decimals.
        delivery: as it was read out.
        quality: as it was read out.
        rank: of the winner in the report.
        report: hash of the report.
        deemed: nothing was decided in time, the first is deemed to win.
        decided_on: Beijing day.
        published_on: Beijing day.
        stands_until: last Beijing day of the notice period.
        experts: the committee.
        documents: published with it.
    """

    number: int
    lot_ref: str
    project: str
    project_name: str
    lot: int
    lot_name: str
    purchaser: str
    purchaser_phone: str
    agency: str
    agency_phone: str
    bid_ref: str
    bidder: str
    credit_code: str
    price_yuan: str
    delivery: str
    quality: str
    rank: int
    report: str
    deemed: bool
    decided_on: str
    published_on: str
    stands_until: str
    experts: tuple[Sat, ...]
    documents: tuple[Enclosed, ...]


def parse_report(text: bytes) -> Reported:
    """Return what an award takes from a report (读取评标报告).

    Raises:
        ValueError: for text that is no report.
    """
    try:
        said: Any = parse_canonical(text)
        bids = tuple(_judged(line) for line in said["bids"])
        rejected = {str(bid): tuple(map(str, reasons)) for bid, reasons in said["rejected"].items()}
        members = tuple((str(one["seat"]), str(one["role"])) for one in said["members"])
        return Reported(bids, tuple(map(str, said["candidates"])), rejected, members)
    except (AttributeError, InvalidOperation, KeyError, TypeError) as error:
        raise ValueError("not a report") from error


def check_ground(ground: str) -> None:
    """Refuse a ground that the law does not know for passing a candidate over (不予确定的法定情形).

    Raises:
        Unfair: ``award-ground``.

    Source: GPLR-49, GPLR-71, MOF-94-16
    """
    if ground not in GROUNDS:
        raise Unfair(Reason("award-ground", {"ground": ground}))


def check_decision(bid_ref: str, reported: Reported, out: Sequence[str], ground: str, reason: str) -> tuple[str, ...]:
    """Refuse an award that the report does not carry, and return the candidates that it passes over (确定中标人).

    Args:
        bid_ref: who shall win.
        reported: the report.
        out: candidates that had been passed over before.
        ground: a key of ``GROUNDS``, where another than the next candidate shall win; else empty.
        reason: what happened, in the purchaser's words.

    Raises:
        Unfair: ``award-order`` for a bid that was not recommended, and without a ground for whoever stands before it;
            ``award-ground`` for a ground that the law does not know; ``reason-required`` for a ground without words.

    Source: GPLR-43, GPLR-49, MOF-87-68
    """
    if ground:
        check_ground(ground)
    before = [one for one in reported.candidates if one not in out]
    passed = tuple(before[: before.index(bid_ref)]) if ground and bid_ref in before else ()
    check_award(bid_ref, reported.ranked, [*out, *passed], len(reported.candidates))
    if passed and not reason.strip():
        raise Unfair(Reason("reason-required", {"field": "reason"}, source=GROUNDS[ground]))
    return passed


def successor(reported: Reported, out: Sequence[str]) -> str:
    """Return who is taken now that some candidates have fallen out (递补候选人).

    Raises:
        Unfair: ``candidates-spent``, when nobody is left and the procurement starts anew.
    """
    found = next_candidate(reported.ranked, out, len(reported.candidates))
    if found is None:
        raise Unfair(Reason("candidates-spent", {"candidates": len(reported.candidates)}))
    return found


def check_named(reported: Reported, names: Sequence[Sat]) -> tuple[Sat, ...]:
    """Refuse a result whose committee is not named in full, and return those who signed the report (成员名单齐全).

    Raises:
        WrongState: ``names-missing``, with the seats.

    Source: GPLR-43
    """
    known = {(one.seat, one.role): one for one in names if one.name}
    missing = [seat for seat, role in reported.members if (seat, role) not in known]
    if missing:
        raise WrongState(Reason("names-missing", {"seats": missing}))
    return tuple(known[member] for member in reported.members)


def award_deadlines(handed_at: datetime, rulebook: Rulebook, calendar: WorkCalendar) -> tuple[DueStep, ...]:
    """Return the step that the platform takes when nothing is decided in time (视同确定): the first wins."""
    due = period_end(legal_date(handed_at), rulebook["award_working_days"], calendar)
    source = evaluation.AWARD["deem_awarded"].source
    return (DueStep("deem_awarded", end_of(due.day), source, calendar.name, due.provisional, "hand_over"),)


def notice_ends_on(published_on: date, rulebook: Rulebook, calendar: WorkCalendar) -> date:
    """Return the last Beijing day on which a result notice stands (公告期限)."""
    return period_end(published_on, rulebook["result_notice_working_days"], calendar).day


def award_clocks(times: AwardTimes, rulebook: Rulebook, calendar: WorkCalendar, now: datetime) -> tuple[Clock, ...]:
    """Return the clocks from the signed report to the contract (定标时钟), those not yet started included.

    A result notice and the time for challenges end by themselves; nobody is late with them.
    """
    shown = _day(times.announced_at)
    ends = notice_ends_on(shown, rulebook, calendar) if shown else None
    chosen_at = times.chosen_at or times.decided_at
    concluded, handed, chosen = map(_day, (times.concluded_at, times.handed_at, chosen_at))
    rows: tuple[tuple[str, str, date | None, datetime | None, bool], ...] = (
        ("report", "report_working_days", concluded, times.handed_at, False),
        ("award", "award_working_days", handed, times.decided_at, False),
        ("award-notice", "award_notice_working_days", chosen, times.announced_at, False),
        ("result-notice", "result_notice_working_days", shown, None, True),
        ("challenge", "challenge_working_days", ends, None, True),
        ("contract", "contract_days", shown, None, False),
    )
    return tuple(
        limit_clock(key, rulebook[name], started, done, calendar, now, lapses=lapses)
        for key, name, started, done, lapses in rows
    )


def notice_text(notice: ResultNotice) -> bytes:
    """Return a notice as it is published and logged (公告全文): canonical JSON."""
    return canonical({"format": FORMAT, **asdict(notice)})


def parse_notice(text: bytes) -> ResultNotice:
    """Return the notice behind its text (读取结果公告).

    Raises:
        ValueError: for text that is no notice.
    """
    said = parse_canonical(text)
    if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
        raise ValueError("not a result notice")
    try:
        experts = tuple(Sat(**one) for one in said.pop("experts"))
        documents = tuple(Enclosed(**one) for one in said.pop("documents"))
        found = ResultNotice(**said, experts=experts, documents=documents)
    except (KeyError, TypeError) as error:
        raise ValueError("not a result notice") from error
    if notice_text(found) != text or not all(_typed(found)):
        raise ValueError("not a result notice")
    return found


def _typed(notice: ResultNotice) -> list[bool]:
    rows: list[ResultNotice | Sat | Enclosed] = [notice, *notice.experts, *notice.documents]
    return [type(getattr(row, one.name)) is one.type for row in rows for one in fields(row) if one.type in PLAIN]


def _judged(line: Mapping[str, Any]) -> Judged:
    quote = Decimal(line["quote_yuan"]) if line["quote_yuan"] else None
    if not line["valid"]:
        return Judged(str(line["bid_ref"]), False, tuple(map(str, line["reasons"])), quote)
    technical, mean, price, total = (Decimal(line[name]) for name in ("technical", "mean", "price", "total"))
    return Judged(
        str(line["bid_ref"]),
        True,
        quote_yuan=quote,
        evaluated_yuan=Decimal(line["evaluated_yuan"]),
        rank=int(line["rank"]),
        place=int(line["place"]),
        decided=str(line["decided"]),
        technical=technical,
        mean=mean,
        price=price,
        total=total,
    )


def _day(at: datetime | None) -> date | None:
    return legal_date(at) if at else None
