"""A kiosk as its pages know it (签到机): who it is, by the secret of its session, and what stands on the way to a seat.

A kiosk shows one person after another what concerns that person alone. It knows sites, seats and the bidders' names; it
has no post, and no officer reads along.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Refusal
from mifeng.sittings.guards import check_kiosk
from mifeng.sittings.models import Arrival, Kiosk
from mifeng.sittings.parties import bidders_by_lot
from mifeng.tenders.models import Tender
from mifeng.venues.models import Seat


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands on the way to a seat (签到进度).

    Args:
        arrival: id of the arrival.
        actor: the person as the ledger knows them.
        state: of the arrival.
        failed: comparisons of the face that failed.
        mark: four signs by which an officer finds the same arrival.
        label: of the seat, once it is given.
        readings: of the card until now; who stands at a kiosk is whose card was read last.
        recheck: how far officers are who check somebody for a new code of the seat.
    """

    arrival: UUID
    actor: Actor
    state: str
    failed: int
    mark: str
    label: str
    readings: int
    recheck: str


@dataclass(frozen=True, slots=True)
class LotBidders:
    """The bidders of one package (投标人名单), for the declaration at the kiosk."""

    number: int
    bidders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """Whom a person declares to have nothing to do with (声明对象): purchaser, agency, bidders; not what is bought."""

    purchaser: str
    agency: str
    lots: tuple[LotBidders, ...]


def kiosk_of(token: str, at: datetime) -> tuple[UUID, Actor] | None:
    """Return id and actor of the kiosk behind a session's secret; None when it is closed or unknown."""
    kiosk = Kiosk.objects.filter(token_hash=token_hash(token)).first() if token else None
    if kiosk is None:
        return None
    actor = Actor(role="kiosk", handle=kiosk.handle, site=str(kiosk.site))
    try:
        check_kiosk(kiosk, actor, at)
    except Refusal:
        return None
    return kiosk.pk, actor


def standing(kiosk: Actor, arrival_id: UUID | str) -> Standing:
    """Return where a person stands who has been identified at a kiosk's site.

    Raises:
        DoesNotExist: when there is no such arrival at that site.
    """
    row = Arrival.objects.get(pk=arrival_id, site=kiosk.site)
    actor = Actor(role=row.role, handle=row.handle, site=str(row.site))
    return Standing(row.pk, actor, row.state, row.failed, mark_of(row.handle), row.label, row.readings, row.recheck)


def declared(kiosk: Actor, arrival_id: UUID | str) -> Declared:
    """Return what a verified person has to declare about; for the screen in front of that person alone.

    Raises:
        DoesNotExist: before the person is verified, and when there is no such arrival at the kiosk's site.
    """
    rows = Arrival.objects.filter(site=kiosk.site, state__in=("verified", "pledged"))
    found = rows.select_related("checkin__panel__tender").get(pk=arrival_id).checkin.panel.tender
    tender = Tender.objects.select_related("purchaser", "agency").get(pk=found.pk)
    lots = tuple(LotBidders(lot.number, names) for lot, names in bidders_by_lot(tender.pk))
    return Declared(tender.purchaser.name, tender.agency.name, lots)


def room(kiosk: Actor) -> list[Seat]:
    """Return the seats of the kiosk's site, by label, for the way to one's own."""
    return list(Seat.objects.filter(site_id=kiosk.site).order_by("label"))


def mark_of(handle: str) -> str:
    """Return the four signs by which an officer and the person at the kiosk speak of the same arrival (核对号)."""
    return handle[:4].upper()


def token_hash(token: str) -> str:
    """Return what is kept of the secret of a kiosk's session."""
    return salted_hmac("mifeng kiosk", token, algorithm="sha256").hexdigest()
