"""The 1+N seat plan (1+N 评审席).

Seats are planned, not rooms. One site is host: the purchaser's representative sits there, with experts. One or more
guest sites (副场) have experts only. All members of the committee together are an odd number, large enough for the
budget, and at least two thirds of them are experts.

``alternatives`` answers the agency whose seats are gone: later at the same seats, other seats at the same site, or
another guest site. It knows intervals only, never whose they are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from mifeng.rules.calendar import BEIJING, WorkCalendar
from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.rulebook import Rulebook

HALF_HOUR = timedelta(minutes=30)
LOOK_AHEAD = timedelta(days=7)
FIRST_START, LAST_START = time(8, 30), time(17, 30)


@dataclass(frozen=True, slots=True)
class SiteSeats:
    """Hold the seats planned at one site (场地席位).

    Args:
        site: id of the site.
        role: ``host`` (主场) or ``guest`` (副场).
        buyer_seats: seats for the purchaser's representative.
        expert_seats: seats for experts.
    """

    site: str
    role: str
    buyer_seats: int
    expert_seats: int


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """Hold a whole plan (席位方案).

    Args:
        sites: all sites, host included.
        budget_yuan: budget of the lot, or the largest of the lots evaluated together.
        complex: technically complex or of high social impact, as the purchaser declares.
    """

    sites: tuple[SiteSeats, ...]
    budget_yuan: Decimal
    complex: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """Name one seat at one site (评审席); ``kind`` is ``expert`` or ``buyer``, and only like is exchanged for like."""

    seat: str
    site: str
    kind: str = "expert"


@dataclass(frozen=True, slots=True)
class Busy:
    """Hold a stretch of time during which a seat is taken (已占用时段): from ``starts_at`` up to, not including,
    ``ends_at``.
    """

    seat: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold what was asked for and could not be had (所求席位).

    Args:
        seats: the seats asked for, at all sites.
        host: id of the host site; it follows from the territory and is never exchanged.
        starts_at: start of the session.
        ends_at: its end.
    """

    seats: tuple[Seat, ...]
    host: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Alternative:
    """Propose another time or other seats (替代方案); ``kind`` is ``later``, ``other-seats`` or ``other-site``."""

    kind: str
    seats: tuple[Seat, ...]
    starts_at: datetime
    ends_at: datetime


def check_seat_plan(plan: SeatPlan, rulebook: Rulebook) -> None:
    """Refuse a seat plan that is not a lawful 1+N plan (1+N 评审席), with every reason.

    Args:
        plan: seats per site, in seats (席); host site included.
        rulebook: sizes, shares and minimum seats in force for this tender.

    Raises:
        Unfair: ``committee-size``, ``experts-share``, ``buyer-seat``, ``host-seats``, ``guest-required``,
            ``guest-seats``.

    Source: LY-2022-14 四(一), MOF-87-47
    """
    refuse_if_any(Unfair, [*_committee(plan, rulebook), *_sites(plan, rulebook)])


def check_committee(buyers: int, experts: int, budget_yuan: Decimal, complex_matter: bool, rulebook: Rulebook) -> None:
    """Refuse a committee that is too small, even, or has too few experts (评标委员会组成), with every reason.

    Args:
        buyers: representatives of the purchaser.
        experts: members drawn from the library.
        budget_yuan: the largest budget of the packages evaluated together.
        complex_matter: technically complex or of high social impact.
        rulebook: sizes and shares in force for this tender.

    Raises:
        Unfair: ``committee-size``, ``experts-share``.

    Source: MOF-87-47
    """
    seated = SeatPlan((SiteSeats("", "host", buyers, experts),), budget_yuan, complex_matter)
    refuse_if_any(Unfair, _committee(seated, rulebook))


def check_session_period(
    starts_at: datetime, ends_at: datetime, now: datetime, rulebook: Rulebook, *, bids_due_at: datetime | None = None
) -> None:
    """Refuse a session that ends before it starts, lies in the past, is too long or starts before the deadline
    (场次时间).

    Args:
        starts_at: start of the session.
        ends_at: its end.
        now: legal time of the act.
        rulebook: greatest length of a session, in hours.
        bids_due_at: deadline for bids, None while it is not fixed.

    Raises:
        Unfair: ``session-period``, ``session-before-deadline``.

    Source: our choice (ADR-1)
    """
    hours_max = rulebook.int("session_hours_max")
    faults = []
    if ends_at <= starts_at:
        faults.append("ends-before-start")
    if starts_at <= now:
        faults.append("in-the-past")
    if ends_at - starts_at > timedelta(hours=hours_max):
        faults.append("too-long")
    reasons = [
        Reason("session-period", {"fault": one, "hours_max": hours_max}, lifted_by=("agency",)) for one in faults
    ]
    if bids_due_at is not None and starts_at < bids_due_at:
        reasons.append(Reason("session-before-deadline", lifted_by=("agency",)))
    refuse_if_any(Unfair, reasons)


def committee_min(budget_yuan: Decimal, complex_matter: bool, rulebook: Rulebook) -> int:
    """Return the least number of members of the committee (评标委员会人数下限)."""
    large = complex_matter or budget_yuan >= rulebook.int("large_budget_yuan")
    return rulebook.int("committee_min_large" if large else "committee_min")


def alternatives(
    wanted: Wanted, seats: Iterable[Seat], busy: Iterable[Busy], calendar: WorkCalendar
) -> tuple[Alternative, ...]:
    """Return up to three proposals when seats are taken (替代方案): later, other seats, another guest site.

    Args:
        wanted: what was asked for.
        seats: every seat that is ready and may be booked.
        busy: every stretch that is held or confirmed.
        calendar: a later start falls on a working day, between 08:30 and 17:30 Beijing time.
    """
    ready, taken = tuple(sorted(seats, key=lambda one: (one.site, one.seat))), tuple(busy)
    found = (_later(wanted, taken, calendar), _other_seats(wanted, ready, taken), _other_site(wanted, ready, taken))
    return tuple(one for one in found if one is not None)


def _committee(plan: SeatPlan, rulebook: Rulebook) -> Iterator[Reason]:
    experts = sum(site.expert_seats for site in plan.sites)
    members = experts + sum(site.buyer_seats for site in plan.sites)
    least = committee_min(plan.budget_yuan, plan.complex, rulebook)
    if members < least or members % 2 == 0:
        facts = {"members": members, "members_min": least}
        yield Reason("committee-size", facts, lifted_by=("agency",), source=rulebook["committee_min"].source)
    share = rulebook.share("expert_share")
    if experts < share * members:
        facts = {"experts": experts, "members": members}
        yield Reason("experts-share", facts, lifted_by=("agency",), source=rulebook["expert_share"].source)


def _sites(plan: SeatPlan, rulebook: Rulebook) -> Iterator[Reason]:
    hosts = [site for site in plan.sites if site.role == "host"]
    guests = [site for site in plan.sites if site.role != "host"]
    buyers = sum(site.buyer_seats for site in hosts)
    astray = sum(site.buyer_seats for site in guests)
    if buyers != rulebook.int("buyer_seats") or astray:
        facts = {"host_buyer_seats": buyers, "guest_buyer_seats": astray}
        yield Reason("buyer-seat", facts, lifted_by=("agency",))
    if len(hosts) != 1 or hosts[0].expert_seats < rulebook.int("host_expert_seats_min"):
        facts = {"hosts": len(hosts), "expert_seats": sum(site.expert_seats for site in hosts)}
        yield Reason("host-seats", facts, lifted_by=("agency",))
    if len({site.site for site in guests}) < rulebook.int("guest_sites_min"):
        yield Reason("guest-required", {"guests": len(guests)}, lifted_by=("agency",))
    for site in guests:
        if site.expert_seats < rulebook.int("guest_expert_seats_min"):
            yield Reason("guest-seats", {"site": site.site, "expert_seats": site.expert_seats}, lifted_by=("agency",))


def _free(seat: str, starts_at: datetime, ends_at: datetime, busy: tuple[Busy, ...]) -> bool:
    return not any(one.seat == seat and one.starts_at < ends_at and starts_at < one.ends_at for one in busy)


def _later(wanted: Wanted, busy: tuple[Busy, ...], calendar: WorkCalendar) -> Alternative | None:
    length = wanted.ends_at - wanted.starts_at
    at = wanted.starts_at
    while at - wanted.starts_at < LOOK_AHEAD:
        at += HALF_HOUR
        local = at.astimezone(BEIJING)
        usual = FIRST_START <= local.time() <= LAST_START and calendar.is_working(local.date())
        if usual and all(_free(one.seat, at, at + length, busy) for one in wanted.seats):
            return Alternative("later", wanted.seats, at, at + length)
    return None


def _other_seats(wanted: Wanted, ready: tuple[Seat, ...], busy: tuple[Busy, ...]) -> Alternative | None:
    asked = set(wanted.seats)
    spare = [one for one in ready if one not in asked and _free(one.seat, wanted.starts_at, wanted.ends_at, busy)]
    chosen = []
    for seat in wanted.seats:
        if not _free(seat.seat, wanted.starts_at, wanted.ends_at, busy):
            here = next((one for one in spare if (one.site, one.kind) == (seat.site, seat.kind)), None)
            if here is None:
                return None
            spare.remove(here)
            seat = here
        chosen.append(seat)
    return _at_same_time("other-seats", wanted, chosen)


def _other_site(wanted: Wanted, ready: tuple[Seat, ...], busy: tuple[Busy, ...]) -> Alternative | None:
    taken = [one for one in wanted.seats if not _free(one.seat, wanted.starts_at, wanted.ends_at, busy)]
    full = {one.site for one in taken}
    if wanted.host in full or len(full) != 1:
        return None
    moving = [one for one in wanted.seats if one.site in full]
    used = {wanted.host, *(one.site for one in wanted.seats)}
    spare = [one for one in ready if one.site not in used and _free(one.seat, wanted.starts_at, wanted.ends_at, busy)]
    for site, count in Counter(one.site for one in spare).items():
        if count >= len(moving):
            fresh = [one for one in spare if one.site == site][: len(moving)]
            staying = [one for one in wanted.seats if one.site not in full]
            return _at_same_time("other-site", wanted, staying + fresh)
    return None


def _at_same_time(kind: str, wanted: Wanted, seats: list[Seat]) -> Alternative:
    return Alternative(kind, tuple(seats), wanted.starts_at, wanted.ends_at)
