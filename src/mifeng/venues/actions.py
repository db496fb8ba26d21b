"""Acts on the session plan and the sites' answers (评审席预约).

Planning, moving and releasing are parts of acts on a tender, which call them with their own open act: one time, one
entry. Answers of a site, readiness of a seat and the lapse of a request are acts of their own.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.parties.guards import check_operator
from mifeng.rules import session as table
from mifeng.rules.deadlines import DueStep
from mifeng.rules.errors import Reason, Unfair, WrongState, refuse_if_any
from mifeng.rules.lifecycle import check_step
from mifeng.rules.seats import Alternative, SiteSeats
from mifeng.venues.guards import check_in_time, check_officer, check_site
from mifeng.venues.models import Booking, Seat, Session, Site, SiteRequest
from mifeng.venues.seating import alternatives_for, pick

CODE_LETTERS = "ABCDEFGHJKMNPQRTUVWXY"
CODE_DIGITS = (2, 2, 2, 2, 3, 3, 4, 5)  # digits of each try: a name grows only as the short ones are used up
MAX_ANSWER = 500


def lock_sites(act: Act, sites: Sequence[UUID | str]) -> None:
    """Take every seat of some sites alone, ids ascending, before the time of the act is read."""
    act.lock_all(Seat, Seat.objects.filter(site_id__in=sites).values_list("pk", flat=True))


def lock_session(act: Act, session_id: UUID, *, sites: Sequence[UUID | str] = ()) -> Session:
    """Take a session, its open requests, its bookings and all seats of its sites (and of further ones) alone."""
    session = act.lock(Session, session_id)
    requests = act.lock_all(
        SiteRequest, SiteRequest.objects.filter(session=session).exclude(state="released").values_list("pk", flat=True)
    )
    lock_sites(act, [*(request.site_id for request in requests), *sites])
    act.lock_all(Booking, _active_bookings(session_id).values_list("pk", flat=True))
    return session


def plan_session(
    act: Act, purpose: str, sites: Sequence[SiteSeats], during: tuple[datetime, datetime], *, reply_hours: int
) -> Session:
    """Ask every site of a plan for its seats and hold them (预约评审席).

    Args:
        act: the open act on the matter the session serves; the seats of all sites are locked in it.
        purpose: opaque reference of that matter.
        sites: seats per site, a lawful plan already checked.
        during: start and end of the session.
        reply_hours: hours in which a site must answer.

    Raises:
        WrongState: ``seats-short`` for each site without enough free, ready seats, with up to three alternatives.
    """
    host = next(plan.site for plan in sites if plan.role == "host")
    chosen = _pick_all(sites, host, during)
    session = act.create(
        Session,
        table.SESSION,
        "plan",
        code_name=_code_name(),
        purpose=purpose,
        starts_at=during[0],
        ends_at=during[1],
        planned_by=act.by.handle,
    )
    for plan, seats in chosen:
        _ask(act, session, plan, seats, reply_hours=reply_hours)
    return session


def replan_site(act: Act, session: Session, gone: SiteRequest, plan: SiteSeats, *, reply_hours: int) -> SiteRequest:
    """Put another site, or the same one again, in the place of a request that failed (重选副场); others keep theirs.

    Raises:
        WrongState: ``seats-short``; or when the session has been released.
    """
    during = (session.starts_at, session.ends_at)
    _drop(act, gone, "release")
    host = SiteRequest.objects.filter(session=session, role="host").values_list("site", flat=True)[0]
    [(_, seats)] = _pick_all([plan], str(host), during)
    session.version += 1
    if session.state == "fixed":
        act.move(session, table.SESSION, "reopen", version=session.version)
    else:
        act.note(session, "replan", version=session.version)
    return _ask(act, session, plan, seats, reply_hours=reply_hours)


def move_session(act: Act, session: Session, during: tuple[datetime, datetime], *, reply_hours: int) -> None:
    """Move a whole session to another time in one act (整体改期); every site is asked again.

    A postponement is lawful whether or not seats are free then. A site that lacks them is displaced, and the plan
    waits for it to be planned anew; nobody else loses a seat.
    """
    session.starts_at, session.ends_at = during
    session.version += 1
    if session.state == "fixed":
        act.move(session, table.SESSION, "reopen", version=session.version, starts_at=during[0], ends_at=during[1])
    else:
        act.note(session, "postpone", version=session.version, starts_at=during[0], ends_at=during[1])
    for request in SiteRequest.objects.filter(session=session, state__in=("requested", "confirmed")).order_by("pk"):
        held = act.lock(SiteRequest, request.pk)
        plan = SiteSeats(str(held.site_id), held.role, held.buyer_seats, held.expert_seats)
        _release_bookings(act, held)
        seats = pick(plan, during)
        if seats is None:
            act.move(held, table.REQUEST, "displace")
            act.due(held, ())
            continue
        held.asked_at, held.reply_by = act.at, act.at + timedelta(hours=reply_hours)
        held.version, held.answer, held.answered_by = session.version, "", ""
        act.move(held, table.REQUEST, "ask_again", reply_by=held.reply_by)
        _hold(act, held, seats, during)
        act.due(held, [_lapse(held)])


def release_session(act: Act, session: Session, *, reason: str) -> None:
    """Give all seats of a session back (释放席位)."""
    for request in SiteRequest.objects.filter(session=session).exclude(state="released").order_by("pk"):
        _drop(act, act.lock(SiteRequest, request.pk), "release")
    act.move(session, table.SESSION, "release", reason=reason)


def confirm_site(request_id: UUID, *, by: Actor) -> Written:
    """Confirm the seats a session asks of one's own site (场地确认).

    Raises:
        NotEntitled: ``not-your-site``, ``wrong-post``.
        WrongMoment: ``reply-overdue``, when the time to answer is over.
        Unfair: ``seat-unready``, for each held seat whose equipment failed its test.
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(一)
    """
    with acting("confirm_site", by=by) as act:
        session, request, seats, bookings = _lock_answer(act, request_id)
        check_officer(request.site_id, by, step="confirm")
        check_in_time(request, act.at)
        refuse_if_any(
            Unfair,
            (
                Reason("seat-unready", {"seat": seat.label, "fault": seat.fault}, lifted_by=(by.role,))
                for seat in sorted(seats, key=lambda seat: seat.label)
                if seat.fault and request.state == "requested"
            ),
        )
        request.answered_by = by.handle
        act.move(request, table.REQUEST, "confirm", code_name=session.code_name)
        for booking in bookings:
            act.move(booking, table.BOOKING, "confirm", seat=str(booking.seat_id))
        act.due(request, ())
        if not SiteRequest.objects.filter(session=session).exclude(state__in=("confirmed", "released")).exists():
            act.move(session, table.SESSION, "fix", version=session.version)
    return act.entry


def refuse_site(request_id: UUID, *, reason: str, by: Actor) -> Written:
    """Refuse what a session asks of one's own site, with the reason (场地退回); its seats are free at once.

    Raises:
        NotEntitled: ``not-your-site``, ``wrong-post``.
        Unfair: ``reason-required``, ``too-large``, ``malformed``.
        WrongMoment: ``reply-overdue``, when the time to answer is over.
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(一)
    """
    words = check_wording(reason, field="reason", limit=MAX_ANSWER, empty="reason-required")
    with acting("refuse_site", by=by) as act:
        session, request, _, bookings = _lock_answer(act, request_id)
        check_officer(request.site_id, by, step="refuse")
        check_in_time(request, act.at)
        request.answer, request.answered_by = words, by.handle
        act.move(request, table.REQUEST, "refuse", code_name=session.code_name, reason=words)
        for booking in bookings:
            act.move(booking, table.BOOKING, "release", seat=str(booking.seat_id))
        act.due(request, ())
    return act.entry


def lapse_request(request_id: UUID, *, by: Actor) -> Written:
    """Let a request that was not answered in time fall back (逾时退回); its seats are free at once.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``too-early``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-1)
    """
    with acting("lapse_request", by=by) as act:
        _, request, _, bookings = _lock_answer(act, request_id)
        check_step(table.REQUEST, "lapse", state=request.state, role=by.role)
        act.meet(request, "lapse")
        act.move(request, table.REQUEST, "lapse", reply_by=request.reply_by)
        for booking in bookings:
            act.move(booking, table.BOOKING, "release", seat=str(booking.seat_id))
    return act.entry


def record_readiness(seat_id: UUID, *, fault: str, by: Actor) -> Written:
    """Record the test of a seat's equipment (席位设备检测); an empty fault means that it passed.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``.
        Unfair: ``too-large``, ``malformed``.

    Source: BN-2023 三(二) (R027)
    """
    words = check_wording(fault, field="fault", limit=MAX_ANSWER)
    with acting("record_readiness", by=by) as act:
        seat = act.lock(Seat, seat_id)
        check_officer(seat.site_id, by, step="record_readiness")
        seat.fault, seat.tested_at = words, act.at
        act.note(seat, "test", passed=not words, fault=words)
    return act.entry


def register_site(facts: Mapping[str, Any], seats: Sequence[Mapping[str, str]], *, by: Actor) -> Site:
    """Register a site with its seats (场地登记).

    Args:
        facts: ``organisation``, ``name``, ``region``, ``phone``, ``travel_minutes`` from the city's site.
        seats: ``area``, ``label`` and ``kind`` of each seat.
        by: the operator who sets the platform up.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed`` for each field at fault.
    """
    check_operator(by, step="register_site")
    with acting("register_site", by=by) as act:
        check_site(facts, seats)
        site = act.add(Site(**facts), "register", **facts, seats=len(seats))
        for seat in seats:
            act.add(Seat(site=site, tested_at=act.at, **seat), "seat", label=seat["label"])
    return site


def _lock_answer(act: Act, request_id: UUID) -> tuple[Session, SiteRequest, list[Seat], list[Booking]]:
    """Take a request with its session, its seats and its bookings alone.

    The seats too: a test of their equipment, and a plan that looks for free ones, stand before or after the answer.
    """
    session_id = SiteRequest.objects.values_list("session", flat=True).get(pk=request_id)
    session = act.lock(Session, session_id)
    request = act.lock(SiteRequest, request_id)
    held = _active_bookings(session_id, request_id)
    seats = act.lock_all(Seat, held.values_list("seat", flat=True))
    bookings = act.lock_all(Booking, held.values_list("pk", flat=True))
    return session, request, seats, bookings


def _active_bookings(session_id: UUID, request_id: UUID | None = None) -> QuerySet[Booking]:
    rows = Booking.objects.filter(request__session=session_id, state__in=("held", "confirmed"))
    return rows.filter(request=request_id) if request_id else rows


def _pick_all(
    sites: Sequence[SiteSeats], host: str, during: tuple[datetime, datetime]
) -> list[tuple[SiteSeats, list[Seat]]]:
    chosen: list[tuple[SiteSeats, list[Seat]]] = []
    short: list[Reason] = []
    for plan in sites:
        seats = pick(plan, during)
        if seats is None:
            facts = {"site": Site.objects.get(pk=plan.site).name, "wanted": plan.buyer_seats + plan.expert_seats}
            short.append(Reason("seats-short", facts, lifted_by=("agency",)))
        else:
            chosen.append((plan, seats))
    if short:
        ways = tuple(_in_words(way) for way in alternatives_for(sites, host, during))
        raise WrongState(*(replace(reason, facts={**reason.facts, "alternatives": ways}) for reason in short))
    return chosen


def _in_words(way: Alternative) -> Mapping[str, object]:
    names = (
        Site.objects.filter(pk__in={seat.site for seat in way.seats}).order_by("name").values_list("name", flat=True)
    )
    return {"kind": way.kind, "sites": tuple(names), "starts_at": way.starts_at, "ends_at": way.ends_at}


def _ask(act: Act, session: Session, plan: SiteSeats, seats: list[Seat], *, reply_hours: int) -> SiteRequest:
    request = act.create(
        SiteRequest,
        table.REQUEST,
        "request",
        session=session,
        site_id=UUID(plan.site),
        role=plan.role,
        buyer_seats=plan.buyer_seats,
        expert_seats=plan.expert_seats,
        version=session.version,
        asked_at=act.at,
        reply_by=act.at + timedelta(hours=reply_hours),
    )
    _hold(act, request, seats, (session.starts_at, session.ends_at))
    act.due(request, [_lapse(request)])
    return request


def _hold(act: Act, request: SiteRequest, seats: list[Seat], during: tuple[datetime, datetime]) -> None:
    act.create_all(
        Booking, table.BOOKING, "hold", [{"request": request, "seat": seat, "during": during} for seat in seats]
    )


def _lapse(request: SiteRequest) -> DueStep:
    return DueStep("lapse", request.reply_by, "our choice (ADR-1)", "", False, "request")


def _drop(act: Act, request: SiteRequest, step: str) -> None:
    _release_bookings(act, request)
    act.move(request, table.REQUEST, step)
    act.due(request, ())


def _release_bookings(act: Act, request: SiteRequest) -> None:
    for booking in Booking.objects.filter(Q(request=request), state__in=("held", "confirmed")).order_by("pk"):
        held = act.lock(Booking, booking.pk)
        act.move(held, table.BOOKING, "release", seat=str(held.seat_id))


def _code_name() -> str:
    """Return a code name such as K-47F: short enough to say, drawn at random, so that it tells nothing."""
    for digits in CODE_DIGITS:
        first, last = secrets.choice(CODE_LETTERS), secrets.choice(CODE_LETTERS)
        name = f"{first}-{secrets.randbelow(10**digits):0{digits}d}{last}"
        if not Session.objects.filter(code_name=name).exists():
            return name
    raise RuntimeError("no code name is free")
