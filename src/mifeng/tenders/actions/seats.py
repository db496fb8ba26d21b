"""The seats of a project (评审席位): planned before the notice, planned anew for a site that did not confirm."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.kernel.acting import acting, subject_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.seats import SeatPlan, SiteSeats, check_seat_plan, check_session_period
from mifeng.tenders.actions.guards import check_own, lock_tender
from mifeng.tenders.models import Lot, Tender
from mifeng.venues import actions as venues
from mifeng.venues.models import SiteRequest
from mifeng.venues.queries import plan_of, session_of

OPEN = ("accepted", "published")


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """What an agency asks for (席位方案): seats per site, host included, and the session's start and end."""

    sites: tuple[SiteSeats, ...]
    starts_at: datetime
    ends_at: datetime


def plan_seats(tender_id: UUID, planned: PlannedSession, *, by: Actor) -> Written:
    """Book the evaluation seats of a project at its host and guest sites (预约评审席).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: all reasons of ``rules.seats.check_seat_plan`` and ``check_session_period``; ``host-seats`` when the
            host is not the site of the territory.
        WrongState: ``wrong-state``, ``session-exists``; ``seats-short`` for each full site, with alternatives;
            ``seat-taken`` from the database's own guard.

    Source: LY-2022-14 四(一)
    """
    with acting("plan_seats", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        venues.lock_sites(act, [site.site for site in planned.sites])
        check_own(tender, by, role="agency")
        check_open(lots)
        rulebook = rulebooks()[tender.rulebook]
        check_seat_plan(SeatPlan(planned.sites, tender.budget_yuan, tender.complex), rulebook)
        due = max((lot.bids_due_at for lot in lots if lot.bids_due_at), default=None)
        check_session_period(planned.starts_at, planned.ends_at, act.at, rulebook, bids_due_at=due)
        check_host(tender, planned.sites)
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
    """Ask another guest site, or the same site again, in place of one that refused, lapsed or is short (重选场地).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: all reasons of ``rules.seats.check_seat_plan``; ``host-seats`` when the host would change.
        WrongState: ``wrong-state``, ``seats-short``.

    Source: LY-2022-14 四(一)
    """
    with acting("replan_seats", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        session = session_of(subject_of(tender))
        if session is None:
            raise WrongState(Reason("seats-missing", lifted_by=("agency",)))
        session = venues.lock_session(act, session.pk, sites=[site])
        gone = SiteRequest.objects.get(pk=request_id, session=session)
        check_own(tender, by, role="agency")
        check_open(lots)
        if gone.state == "confirmed":
            raise WrongState(Reason("wrong-state", {"step": "replan", "state": gone.state}))
        fresh = SiteSeats(str(site), gone.role, gone.buyer_seats, gone.expert_seats)
        kept = [plan for plan in plan_of(session) if plan.site != str(gone.site_id)]
        rulebook = rulebooks()[tender.rulebook]
        check_seat_plan(SeatPlan((*kept, fresh), tender.budget_yuan, tender.complex), rulebook)
        check_host(tender, (*kept, fresh))
        tender.version += 1
        act.note(tender, "replan_seats", version=tender.version, site=site)
        venues.replan_site(
            act, session, act.lock(SiteRequest, gone.pk), fresh, reply_hours=rulebook.int("site_reply_hours")
        )
    return act.entry


def check_open(lots: list[Lot]) -> None:
    """Refuse planning before acceptance or after the deadline (席位预约时点).

    Raises:
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(一)
    """
    for lot in lots:
        if lot.state not in OPEN:
            raise WrongState(Reason("wrong-state", {"step": "plan", "state": lot.state, "allowed": OPEN}))


def check_host(tender: Tender, sites: tuple[SiteSeats, ...]) -> None:
    """Refuse a host other than the site of the territory, and a site named twice (属地主场).

    Raises:
        Unfair: ``host-seats``, ``malformed``.

    Source: LY-2022-14 二(一)
    """
    if any(site.role == "host" and site.site != str(tender.host_site) for site in sites):
        raise Unfair(Reason("host-seats", lifted_by=("agency",)))
    if len({site.site for site in sites}) != len(sites):
        raise Unfair(Reason("malformed", {"field": "sites"}))
