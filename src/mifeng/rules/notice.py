"""Notice and clarification (采购公告, 澄清).

Publication is the moment at which the periods of the law start, so nearly everything that can be wrong with a tender is
asked here, and all of it at once: seats, document, supervising body, periods. A clarification may move the deadline,
only later, and must move it when it may affect bids and too few days are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from mifeng.rules.calendar import BEIJING, WorkCalendar, legal_date
from mifeng.rules.deadlines import earliest_deadline_after_clarification, last_day, period_end
from mifeng.rules.errors import Reason, Unfair, WrongMoment, refuse_if_any
from mifeng.rules.rulebook import Constant, Rulebook


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """Hold one site's answer to a request for seats (场地确认).

    Args:
        site: name of the site as the agency may see it.
        role: ``host`` or ``guest``.
        seats: seats asked for.
        state: a state of ``session.REQUEST``.
        reply_by: when the request lapses by itself.
    """

    site: str
    role: str
    seats: int
    state: str
    reply_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """Hold what is about to be published for one lot (拟发布的采购公告).

    Args:
        issued_on: Beijing day of publication, on which the documents are first issued.
        supply_until: last Beijing day of supply.
        bids_due_at: deadline for bids.
        has_supervisor: a supervising body is named.
        document: state of the lot's current document in ``tender.DOCUMENT``, None when there is none.
        remote: the lot is evaluated remotely, so seats are needed.
        sites: the answers of all sites of the session; empty when no session is planned.
        session_starts_at: when the session starts, None when no session is planned.
        departure_reason: why the notice comes before the seats are fixed, in the agency's words; empty in the ordinary
            case.
    """

    issued_on: date
    supply_until: date
    bids_due_at: datetime
    has_supervisor: bool
    document: str | None
    remote: bool
    sites: tuple[SiteAnswer, ...] = ()
    session_starts_at: datetime | None = None
    departure_reason: str = ""


@dataclass(frozen=True, slots=True)
class Clarification:
    """Hold a clarification about to be issued (拟发出的澄清).

    Args:
        at: legal time of the act.
        bids_due_at: the deadline as it stands.
        new_due_at: the deadline after it; None leaves it where it is.
        affects_bids: its content may affect the making of bids.
        reason: why, in the agency's words.
    """

    at: datetime
    bids_due_at: datetime
    affects_bids: bool
    new_due_at: datetime | None = None
    reason: str = ""


def check_publication(publication: Publication, rulebook: Rulebook, calendar: WorkCalendar) -> None:
    """Refuse a notice that may not be published yet or not like this (采购公告), with every reason.

    A site that has not answered is one reason each, with the moment at which its request lapses. A recorded reason
    (``departure_reason``) lets the notice go out before the seats are fixed: the notice that asks for seats first says
    "in principle" (原则上). A calendar that is not yet published never refuses; it makes dates provisional.

    Args:
        publication: what is about to be published.
        rulebook: the rulebook that binds the project.
        calendar: working days.

    Raises:
        Unfair: ``supervisor-missing``, ``document-missing``, ``document-unapproved``, ``seats-missing``,
            ``seats-pending``, ``supply-period-short``, ``bid-period-short``, ``session-before-deadline``.

    Source: LY-2022-14 四(一), NM-2018-67 二(四), GPL-35, GPLR-31
    """
    refuse_if_any(
        Unfair,
        [
            *_matter(publication),
            *_seats(publication),
            *_periods(publication, rulebook, calendar),
            *_session(publication),
        ],
    )


def check_clarification(clarification: Clarification, rulebook: Rulebook, calendar: WorkCalendar) -> None:
    """Refuse a clarification that comes too late or leaves too few days (澄清与顺延), with every reason.

    A reason in words is required when the deadline moves, and when fewer days than the law asks for are left and the
    agency declares that bids are not affected: that judgement is the agency's, and stands on record.

    Args:
        clarification: what is about to be issued.
        rulebook: the rulebook that binds the project.
        calendar: working days.

    Raises:
        WrongMoment: ``deadline-passed``, with whatever else is wrong.
        Unfair: ``deadline-earlier``, ``clarification-late``, ``reason-required``.

    Source: GPLR-31
    """
    due_at = clarification.bids_due_at
    new_due_at = clarification.new_due_at or due_at
    earliest = earliest_deadline_after_clarification(clarification.at, due_at, rulebook, calendar)
    reasons: list[Reason] = []
    passed = clarification.at >= due_at
    if passed:
        reasons.append(Reason("deadline-passed", {"bids_due_at": moment_text(due_at)}))
    if new_due_at < due_at:
        times = {"bids_due_at": moment_text(due_at), "new_due_at": moment_text(new_due_at)}
        reasons.append(Reason("deadline-earlier", times, lifted_by=("agency",)))
    required_on = period_end(legal_date(clarification.at), rulebook["clarification_days"], calendar).day
    if clarification.affects_bids and last_day(new_due_at) < required_on:
        reasons.append(_late(clarification, new_due_at, earliest, rulebook["clarification_days"]))
    judged = not clarification.affects_bids and earliest > due_at
    if not clarification.reason.strip() and (judged or new_due_at != due_at):
        reasons.append(Reason("reason-required", {"what": "clarification"}, lifted_by=("agency",)))
    refuse_if_any(WrongMoment if passed else Unfair, reasons)


def moment_text(at: datetime) -> str:
    """Return an instant as the facts of a reason show it: Beijing time, with its offset, to the minute."""
    return at.astimezone(BEIJING).isoformat(timespec="minutes")


def _late(clarification: Clarification, new_due_at: datetime, earliest: datetime, constant: Constant) -> Reason:
    facts = {
        "clarified_on": legal_date(clarification.at).isoformat(),
        "days_given": (last_day(new_due_at) - legal_date(clarification.at)).days,
        "days_required": constant.value,
        "earliest": moment_text(earliest),
    }
    return Reason("clarification-late", facts, lifted_by=("agency",), source=constant.source)


def _matter(publication: Publication) -> Iterator[Reason]:
    if not publication.has_supervisor:
        yield Reason("supervisor-missing", lifted_by=("supervisor",))
    if publication.document in (None, "superseded"):
        yield Reason("document-missing", lifted_by=("agency",))
    elif publication.document not in ("approved", "issued"):
        yield Reason("document-unapproved", {"document": publication.document}, lifted_by=("buyer",))


def _seats(publication: Publication) -> Iterator[Reason]:
    if not publication.remote or publication.departure_reason.strip():
        return
    if not publication.sites:
        yield Reason("seats-missing", lifted_by=("agency",))
    for site in publication.sites:
        facts = {"site": site.site, "role": site.role, "seats": site.seats, "state": site.state}
        if site.state == "requested":
            yield Reason("seats-pending", facts, until=site.reply_by, lifted_by=(site.role,))
        elif site.state != "confirmed":
            yield Reason("seats-missing", facts, lifted_by=("agency",))


def _periods(publication: Publication, rulebook: Rulebook, calendar: WorkCalendar) -> Iterator[Reason]:
    issued_on = publication.issued_on
    supply, bids = rulebook["supply_working_days"], rulebook["bid_period_days"]
    given = calendar.working_days_between(issued_on, publication.supply_until)
    yield from _short("supply-period-short", supply, issued_on, publication.supply_until, given, calendar)
    due_on = last_day(publication.bids_due_at)
    yield from _short("bid-period-short", bids, issued_on, due_on, (due_on - issued_on).days, calendar)


def _short(
    code: str, constant: Constant, issued_on: date, last_on: date, given: int, calendar: WorkCalendar
) -> Iterator[Reason]:
    earliest = period_end(issued_on, constant, calendar)
    if last_on >= earliest.day:
        return
    facts = {
        "issued_on": issued_on.isoformat(),
        "days_given": max(given, 0),
        "days_required": constant.value,
        "earliest_on": earliest.day.isoformat(),
        "provisional": earliest.provisional,
    }
    yield Reason(code, facts, lifted_by=("agency",), source=constant.source)


def _session(publication: Publication) -> Iterator[Reason]:
    starts_at, due_at = publication.session_starts_at, publication.bids_due_at
    if publication.remote and starts_at is not None and starts_at < due_at:
        times = {"session_starts_at": moment_text(starts_at), "bids_due_at": moment_text(due_at)}
        yield Reason("session-before-deadline", times, lifted_by=("agency",))
