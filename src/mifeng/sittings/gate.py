"""The gate of a site (门禁名单): live from an hour before a session to its end, in seat numbers, without a name.

An officer sees what the own site expects for a session known by its code name: how many, which seats are given, whom to
check by hand under four signs, and who calls. Outside its window there is no gate list.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.kernel.actors import Actor
from mifeng.rules.sitting import OPENS_BEFORE
from mifeng.sittings.kiosks import mark_of
from mifeng.sittings.models import Arrival, CheckIn, Kiosk
from mifeng.sittings.seating import GONE
from mifeng.venues.queries import Ask, asks_at, with_seats

OFFICERS = ("host", "guest")


@dataclass(frozen=True, slots=True)
class GateSeat:
    """A seat of a session at one site (门禁席位): ``expected``, ``given`` or ``open``."""

    number: str
    kind: str
    standing: str


@dataclass(frozen=True, slots=True)
class Doubted:
    """Somebody whom two officers have to check (待人工核对): ``mine`` when this officer has checked already."""

    arrival: UUID
    mark: str
    reason: str
    vouched: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What one site expects for one session (门禁名单).

    Args:
        session: id of the session.
        code_name: by which it is known.
        role: of the site in it.
        starts_at: its start.
        ends_at: its end.
        checkin: id of the check-in; None before it is open.
        expected: seats.
        arrived: persons who have come and not gone.
        seats: by number.
        doubted: whom officers have to check.
        late: expert seats for which nobody has proven an identity.
    """

    session: UUID
    code_name: str
    role: str
    starts_at: datetime
    ends_at: datetime
    checkin: UUID | None
    expected: int
    arrived: int
    seats: tuple[GateSeat, ...]
    doubted: tuple[Doubted, ...]
    late: int

    @property
    def seated(self) -> int:
        """Return how many seats have been opened."""
        return sum(seat.standing == "open" for seat in self.seats)


@dataclass(frozen=True, slots=True)
class OpenKiosk:
    """A kiosk of the own site (签到机)."""

    id: UUID
    mark: str
    opened_at: datetime


def gates_at(by: Actor, at: datetime) -> list[Gate]:
    """Return the gate lists of an officer's own site that are live at an instant, by start; none for other posts."""
    if by.role not in OFFICERS or not by.site:
        return []
    rows = asks_at(by).filter(state="confirmed", session__starts_at__lte=at + OPENS_BEFORE, session__ends_at__gt=at)
    asks = with_seats(rows.exclude(session__state="released").order_by("session__starts_at", "pk"))
    checkins = {
        row.session: row
        for row in CheckIn.objects.filter(session__in=[ask.request.session_id for ask in asks]).select_related("panel")
    }
    come: dict[UUID, list[Arrival]] = {row.pk: [] for row in checkins.values()}
    found = Arrival.objects.filter(checkin__in=list(come), site=by.site).exclude(state__in=GONE)
    for one in found.select_related("seat_pass").order_by("identified_at", "pk"):
        come[one.checkin_id].append(one)
    return [_gate(by, ask, checkins.get(ask.request.session_id), come) for ask in asks]


def kiosks_at(by: Actor) -> list[OpenKiosk]:
    """Return the kiosks of an officer's own site, newest first; none for other posts."""
    if by.role not in OFFICERS or not by.site:
        return []
    rows = Kiosk.objects.filter(site=by.site, state="open").order_by("-opened_at", "pk")
    return [OpenKiosk(row.pk, mark_of(row.handle), row.opened_at) for row in rows]


def _gate(by: Actor, ask: Ask, checkin: CheckIn | None, come: dict[UUID, list[Arrival]]) -> Gate:
    rows = come[checkin.pk] if checkin else []
    given = {row.seat: row for row in rows if row.seat}
    here = sum(row.role == "expert" and row.state in ("verified", "pledged", "seated") for row in rows)
    return Gate(
        session=ask.request.session_id,
        code_name=ask.code_name,
        role=ask.request.role,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        checkin=checkin.pk if checkin and checkin.state == "open" else None,
        expected=ask.request.buyer_seats + ask.request.expert_seats,
        arrived=len(rows),
        seats=tuple(GateSeat(seat.label, seat.kind, _standing(given.get(seat.pk))) for seat in ask.seats),
        doubted=tuple(
            Doubted(row.pk, mark_of(row.handle), row.reason, _vouched(row), row.vouched_by == by.handle)
            for row in rows
            if row.state in ("doubted", "vouched") or row.recheck in ("asked", "once")
        ),
        late=ask.request.expert_seats - here,
    )


def _vouched(row: Arrival) -> bool:
    return row.state == "vouched" or row.recheck == "once"


def _standing(row: Arrival | None) -> str:
    if row is None:
        return "expected"
    return "open" if row.seat_pass and row.seat_pass.entered_at else "given"
