"""Which seats are free (席位空闲): choosing seats for a plan and proposing other ways when they are taken."""

from collections.abc import Sequence
from datetime import datetime

from mifeng.kernel.law import calendar
from mifeng.rules import seats as rules
from mifeng.rules.seats import SiteSeats
from mifeng.venues.models import Booking, Seat

ACTIVE = ("held", "confirmed")


def pick(plan: SiteSeats, during: tuple[datetime, datetime]) -> list[Seat] | None:
    """Return the seats a site would give a plan, lowest labels first; None when it has too few free, ready seats."""
    free = free_seats(plan.site, during)
    chosen = [
        *[seat for seat in free if seat.kind == Seat.Kind.BUYER][: plan.buyer_seats],
        *[seat for seat in free if seat.kind == Seat.Kind.EXPERT][: plan.expert_seats],
    ]
    return chosen if len(chosen) == plan.buyer_seats + plan.expert_seats else None


def free_seats(site: str, during: tuple[datetime, datetime]) -> list[Seat]:
    """Return the ready seats of a site that nobody holds in a stretch of time, by label."""
    taken = Booking.objects.filter(seat__site_id=site, state__in=ACTIVE, during__overlap=during).values("seat")
    return list(Seat.objects.filter(site_id=site, fault="").exclude(pk__in=taken).order_by("label"))


def alternatives_for(
    plans: Sequence[SiteSeats], host: str, during: tuple[datetime, datetime]
) -> tuple[rules.Alternative, ...]:
    """Return up to three other ways to seat a plan: later, other seats, another guest site (替代方案)."""
    span = (during[0], during[1] + rules.LOOK_AHEAD)
    wanted: list[rules.Seat] = []
    busy: list[rules.Busy] = []
    for plan in plans:
        seats = list(Seat.objects.filter(site_id=plan.site, fault="").order_by("label"))
        free = {seat.pk for seat in free_seats(plan.site, during)}
        for kind, count in ((Seat.Kind.BUYER, plan.buyer_seats), (Seat.Kind.EXPERT, plan.expert_seats)):
            ranked = sorted((seat for seat in seats if seat.kind == kind), key=lambda seat: seat.pk not in free)
            wanted += [rules.Seat(str(seat.pk), str(seat.site_id), kind) for seat in ranked[:count]]
            # A seat the site does not have at all is wanted like any other, and never free: only another site helps.
            missing = [f"{plan.site} {kind} {number}" for number in range(len(ranked), count)]
            wanted += [rules.Seat(name, plan.site, kind) for name in missing]
            busy += [rules.Busy(name, *span) for name in missing]
    ready = [rules.Seat(str(seat.pk), str(seat.site_id)) for seat in Seat.objects.filter(fault="", kind="expert")]
    busy += [
        rules.Busy(str(booking.seat_id), booking.during.lower, booking.during.upper)
        for booking in Booking.objects.filter(state__in=ACTIVE, during__overlap=span)
    ]
    return rules.alternatives(rules.Wanted(tuple(wanted), host, *during), ready, busy, calendar())
