"""The seats of a project (评审席位): planned before the notice, planned anew for a site that fails, given back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.kernel.acting import acting, subject_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.seats import SeatPlan, SiteSeats, check_seat_plan, check_session_period
from mifeng.tenders.actions.guards import check_agency, check_moment, check_own, lock_tender
from mifeng.tenders.models import Lot, Tender
from mifeng.venues import actions as venues
from mifeng.venues.models import SiteRequest
from mifeng.venues.queries import plan_of, session_of
from mifeng.venues.queries import sites as all_sites

OPEN = ("accepted", "published")
REPLACEABLE = ("displaced", "lapsed", "refused", "requested")
ROLES = ("host", "guest")
MAX_SITES, MAX_SEATS = 20, 99
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """What an agency asks for (席位方案): seats per site, host included, and the session's start and end."""

    sites: tuple[SiteSeats, ...]
    starts_at: datetime
    ends_at: datetime


def plan_seats(tender_id: UUID, planned: PlannedSession, *, by: Actor) -> Written:
    """Book the evaluation seats of a project at its host and guest sites (预约评审席).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``; all reasons of ``rules.seats.check_seat_plan`` and ``check_session_period``;
            ``host-seats`` when the host is not the site of the territory.
        WrongState: ``wrong-state``, ``session-exists``; ``seats-short`` for each full site, with alternatives;
            ``seat-taken`` from the database's own guard.

    Source: LY-2022-14 四(一)
    """
    check_shape(planned)
    with acting("plan_seats", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        venues.lock_sites(act, [site.site for site in planned.sites])
        check_agency(act, tender.agency_id)
        check_open(lots)
        rulebook = rulebooks()[tender.rulebook]
        check_seat_plan(SeatPlan(planned.sites, tender.budget_yuan, tender.complex), rulebook)
        check_session_period(planned.starts_at, planned.ends_at, act.at, rulebook, bids_due_at=_due(lots))
        check_sites(tender, planned.sites)
        if session_of(subject_of(tender)) is not None:
            raise WrongState(Reason("session-exists", lifted_by=("agency",)))
        tender.version += 1
        act.note(tender, "plan_seats", version=tender.version, sites=[site.site for site in planned.sites])
        venues.plan_session(
            act,
            subject_of(tender),
            planned.sites,
            (planned.starts_at, planned.ends_at),
            reply_hours=rulebook.int("site_reply_hours"),
        )
    return act.entry


def replan_seats(tender_id: UUID, request_id: UUID, site: UUID, *, by: Actor) -> Written:
    """Ask another guest site, or the same site again, in place of one that has not confirmed (重选场地).

    A site that refused, did not answer in time or was displaced is replaced; so is one that still has to answer, for
    until it confirms the agency may think again.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``; all reasons of ``rules.seats.check_seat_plan``; ``host-seats`` when the host would
            change; ``session-period`` when the session has begun.
        WrongState: ``wrong-state``, also for a site that has confirmed or been replaced; ``seats-missing`` before a
            plan, ``seats-short``.

    Source: LY-2022-14 四(一)
    """
    with acting("replan_seats", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        found = session_of(subject_of(tender))
        if found is None:
            raise WrongState(Reason("seats-missing", lifted_by=("agency",)))
        session = venues.lock_session(act, found.pk, sites=[site])
        check_agency(act, tender.agency_id)
        check_open(lots)
        gone = SiteRequest.objects.get(pk=request_id, session=session)
        if gone.state not in REPLACEABLE:
            facts = {"step": "replan", "state": gone.state, "allowed": REPLACEABLE}
            raise WrongState(Reason("wrong-state", facts, source="LY-2022-14 四(一)"))
        fresh = SiteSeats(str(site), gone.role, gone.buyer_seats, gone.expert_seats)
        kept = [plan for plan in plan_of(session) if plan.site != str(gone.site_id)]
        rulebook = rulebooks()[tender.rulebook]
        check_seat_plan(SeatPlan((*kept, fresh), tender.budget_yuan, tender.complex), rulebook)
        check_session_period(session.starts_at, session.ends_at, act.at, rulebook, bids_due_at=_due(lots))
        check_sites(tender, (*kept, fresh))
        tender.version += 1
        act.note(tender, "replan_seats", version=tender.version, site=site)
        venues.replan_site(
            act, session, act.lock(SiteRequest, gone.pk), fresh, reply_hours=rulebook.int("site_reply_hours")
        )
    return act.entry


def release_seats(tender_id: UUID, *, reason: str, by: Actor) -> Written:
    """Give all seats of a project back, so that it can be planned anew (退订评审席); only before its notice.

    After the notice bidders rely on the date: the session moves with the deadline, by a clarification.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``reason-required``, ``malformed``, ``too-large``.
        WrongState: ``wrong-state``, ``seats-missing`` when nothing is planned.

    Source: LY-2022-14 四(一)
    """
    words = check_wording(reason, field="reason", limit=MAX_REASON, empty="reason-required")
    with acting("release_seats", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        found = session_of(subject_of(tender))
        if found is None:
            raise WrongState(Reason("seats-missing", lifted_by=("agency",)))
        session = venues.lock_session(act, found.pk)
        check_agency(act, tender.agency_id)
        check_open(lots, step="release", allowed=("accepted",))
        tender.version += 1
        act.note(tender, "release_seats", version=tender.version, reason=words)
        venues.release_session(act, session, reason=words)
    return act.entry


def check_open(lots: list[Lot], *, step: str = "plan", allowed: tuple[str, ...] = OPEN) -> None:
    """Refuse planning before acceptance or after the deadline (席位预约时点).

    Args:
        lots: the packages of the project.
        step: step word named in the refusal.
        allowed: states in which the step may be taken.

    Raises:
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(一)
    """
    for lot in lots:
        if lot.state not in allowed:
            facts = {"step": step, "state": lot.state, "allowed": allowed}
            raise WrongState(Reason("wrong-state", facts, source="LY-2022-14 四(一)"))


def check_shape(planned: PlannedSession) -> None:
    """Refuse a plan whose sites, seats or times cannot be right (席位方案格式).

    Raises:
        Unfair: ``malformed``, ``too-large``.

    Source: our choice (ADR-1)
    """
    check_moment(planned.starts_at, field="starts_at")
    check_moment(planned.ends_at, field="ends_at")
    if len(planned.sites) > MAX_SITES:
        raise Unfair(Reason("too-large", {"field": "sites", "limit": MAX_SITES}))
    for site in planned.sites:
        counts = (site.buyer_seats, site.expert_seats)
        if site.role not in ROLES or not all(0 <= count <= MAX_SEATS for count in counts) or not _is_id(site.site):
            raise Unfair(Reason("malformed", {"field": "sites"}))


def check_sites(tender: Tender, sites: tuple[SiteSeats, ...]) -> None:
    """Refuse a host other than the site of the territory, a site named twice, and one that does not exist (属地主场).

    Raises:
        Unfair: ``host-seats``, ``malformed``.

    Source: LY-2022-14 二(一)
    """
    if any(site.role == "host" and site.site != str(tender.host_site) for site in sites):
        raise Unfair(Reason("host-seats", lifted_by=("agency",), source="LY-2022-14 二(一)"))
    known = {str(site.pk) for site in all_sites()}
    named = {site.site for site in sites}
    if len(named) != len(sites) or not named <= known:
        raise Unfair(Reason("malformed", {"field": "sites"}))


def _is_id(text: str) -> bool:
    """Tell whether a text is an id in the one form in which ids are compared."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _due(lots: list[Lot]) -> datetime | None:
    return max((lot.bids_due_at for lot in lots if lot.bids_due_at), default=None)
