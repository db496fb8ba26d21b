"""Reads about seats and sessions (场地查询). A site sees a session's code name, its time and its own seats."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from mifeng.kernel.actors import Actor
from mifeng.rules.seats import SiteSeats
from mifeng.venues.models import Booking, Seat, Session, Site, SiteRequest


@dataclass(frozen=True, slots=True)
class Ask:
    """One site's request as a page shows it (场地请求): seats by label, the session by code name."""

    request: SiteRequest
    code_name: str
    starts_at: datetime
    ends_at: datetime
    seats: tuple[Seat, ...]

    @property
    def pending(self) -> bool:
        """Tell whether the site still has to answer."""
        return self.request.state == "requested"


def host_site(region: str) -> Site | None:
    """Return the site that hosts the projects of a region (属地主场): its own, else the one of its city."""
    for code in (region, f"{region[:4]}01", f"{region[:4]}00"):
        found = Site.objects.filter(region=code).first()
        if found:
            return found
    return None


def sites() -> list[Site]:
    """Return all sites, nearest first; the directory of sites is public (工位共享目录)."""
    return list(Site.objects.order_by("travel_minutes", "name"))


def site_names() -> dict[str, str]:
    """Return region → name of every site."""
    return dict(Site.objects.values_list("region", "name"))


def site(pk: UUID | str) -> Site:
    """Return one site.

    Raises:
        DoesNotExist: when there is none.
    """
    return Site.objects.get(pk=pk)


def session_of(purpose: str) -> Session | None:
    """Return the session that serves a purpose; for callers that have already been let near the purpose."""
    return Session.objects.filter(purpose=purpose).exclude(state="released").first()


def asks_of(session: Session) -> list[Ask]:
    """Return what a session asks of its sites, host first; for callers that may see the whole plan."""
    rows = SiteRequest.objects.filter(session=session).exclude(state="released")
    return _asks(rows.select_related("session", "site").order_by("-role", "site__name"))


def seats_of(purposes: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return confirmed and wanted seats per purpose, by one query; counts only, so that everybody may have them."""
    rows = SiteRequest.objects.filter(session__purpose__in=list(purposes)).exclude(session__state="released")
    found: dict[str, tuple[int, int]] = {}
    for purpose, state, buyers, experts in rows.exclude(state="released").values_list(
        "session__purpose", "state", "buyer_seats", "expert_seats"
    ):
        confirmed, wanted = found.get(purpose, (0, 0))
        seats = buyers + experts
        found[purpose] = (confirmed + seats * (state == "confirmed"), wanted + seats)
    return found


def asks_at(by: Actor) -> QuerySet[SiteRequest]:
    """Return the requests to an officer's own site, newest first; empty for every other post."""
    if by.role not in ("host", "guest") or not by.site:
        return SiteRequest.objects.none()
    return (
        SiteRequest.objects.filter(site_id=by.site)
        .exclude(state="released")
        .select_related("session", "site")
        .order_by("-asked_at", "pk")
    )


def ask_for(by: Actor, pk: UUID | str) -> Ask:
    """Return one request to an officer's own site.

    Raises:
        DoesNotExist: when there is none that this officer may see.
    """
    return _asks([asks_at(by).get(pk=pk)])[0]


def with_seats(rows: Iterable[SiteRequest]) -> list[Ask]:
    """Return requests with their seats, in the same order, by two queries."""
    return _asks(rows)


def seats_at(by: Actor) -> list[Seat]:
    """Return the seats of an officer's own site, by label."""
    if by.role not in ("host", "guest") or not by.site:
        return []
    return list(Seat.objects.filter(site_id=by.site).order_by("label"))


def seat_counts() -> dict[str, tuple[int, int]]:
    """Return per site (id → seats, ready seats)."""
    counts: dict[str, tuple[int, int]] = {}
    for site_id, fault in Seat.objects.values_list("site", "fault"):
        total, ready = counts.get(str(site_id), (0, 0))
        counts[str(site_id)] = (total + 1, ready + (not fault))
    return counts


def free_counts(during: tuple[datetime, datetime]) -> dict[str, dict[str, int]]:
    """Return per site (id → kind → seats) what is ready and held by nobody in a stretch of time."""
    taken = Booking.objects.filter(state__in=("held", "confirmed"), during__overlap=during).values("seat")
    counts: dict[str, dict[str, int]] = {}
    for site_id, kind in Seat.objects.filter(fault="").exclude(pk__in=taken).values_list("site", "kind"):
        here = counts.setdefault(str(site_id), {Seat.Kind.BUYER.value: 0, Seat.Kind.EXPERT.value: 0})
        here[kind] += 1
    return counts


def board(site_ids: Iterable[UUID | str], during: tuple[datetime, datetime]) -> list[tuple[Seat, list[Booking]]]:
    """Return the seats of some sites with their bookings in a stretch of time; a booking tells its code name only."""
    seats = list(Seat.objects.filter(site_id__in=site_ids).select_related("site").order_by("site__name", "label"))
    bookings: dict[UUID, list[Booking]] = {}
    rows = Booking.objects.filter(seat__in=[seat.pk for seat in seats], during__overlap=during)
    for booking in rows.filter(state__in=("held", "confirmed")).select_related("request__session").order_by("during"):
        bookings.setdefault(booking.seat_id, []).append(booking)
    return [(seat, bookings.get(seat.pk, [])) for seat in seats]


def plan_of(session: Session) -> tuple[SiteSeats, ...]:
    """Return the plan a session holds now, as the rules read it."""
    rows = SiteRequest.objects.filter(session=session).exclude(state="released").order_by("-role", "pk")
    return tuple(SiteSeats(str(row.site_id), row.role, row.buyer_seats, row.expert_seats) for row in rows)


def _asks(rows: Iterable[SiteRequest]) -> list[Ask]:
    requests = list(rows)
    seats: dict[UUID, list[Seat]] = {}
    bookings = Booking.objects.filter(request__in=requests, state__in=("held", "confirmed")).select_related("seat")
    for booking in bookings.order_by("seat__label"):
        seats.setdefault(booking.request_id, []).append(booking.seat)
    return [
        Ask(
            request,
            request.session.code_name,
            request.session.starts_at,
            request.session.ends_at,
            tuple(seats.get(request.pk, ())),
        )
        for request in requests
    ]
