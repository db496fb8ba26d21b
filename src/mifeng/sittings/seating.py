"""Who sits where in a project (评审席位就座): plain values for the evaluation and the award.

Between check-in and result notice a member is a seat, a role and an opaque handle. Names are opened once, by
``committee_names``, when the result is announced.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Entry
from mifeng.sittings.keyring import ARRIVAL, unseal
from mifeng.sittings.models import Arrival, CheckIn
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import tenders_for
from mifeng.venues.models import Session, Site
from mifeng.venues.queries import plan_of

GONE = ("aside", "absent")
# Posts that may know which site stands behind which numbers.
BY_SITE = ("agency", "supervisor")
BOTH = 2  # officers who check a person


@dataclass(frozen=True, slots=True)
class SeatedMember:
    """Somebody at a seat (就座成员).

    Args:
        seat: label of the seat.
        role: ``expert`` or ``buyer``.
        handle: opaque, new for each check-in; the ledger knows it.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it has none.
        site: primary key of the site, as text.
    """

    seat: str
    role: str
    handle: str
    key: str
    site: str


@dataclass(frozen=True, slots=True)
class Seating:
    """The seats of a project that are taken (就座情况); ``complete`` when every seat of the plan has been opened."""

    complete: bool
    members: tuple[SeatedMember, ...]


@dataclass(frozen=True, slots=True)
class Reopened:
    """A seat that was opened again with a new code (重新入席), and how its member was known before.

    Args:
        seat: label of the seat.
        handle: of its member.
        key: public key of the client at which it was opened; empty where it has none.
        checked: what the new code was given upon: ``face``, or ``officers``.
        officers: handles of the two officers who checked once more for it.
        renewed: leaf of the entry by which the new code was given; empty where there is none.
        entered: leaf of the entry by which the seat was opened.
    """

    seat: str
    handle: str
    key: str
    checked: str
    officers: tuple[str, ...]
    renewed: str
    entered: str


@dataclass(frozen=True, slots=True)
class SiteArrivals:
    """How many have come to one site (到场情况); ``site_name`` is empty for posts that may not know which site it is.

    Args:
        site_name: of the site.
        role: ``host`` or ``guest``.
        expected: seats of the plan.
        arrived: of them, persons who have been identified.
        seated: of them, seats that have been opened.
    """

    site_name: str
    role: str
    expected: int
    arrived: int
    seated: int


@dataclass(frozen=True, slots=True)
class CommitteeName:
    """A member of the committee by name (评审委员会成员), as the result notice lists it."""

    seat: str
    site_name: str
    role: str
    name: str


def seated(tender: Tender) -> Seating:
    """Return who sits at the seats of a project, by label: those who have opened their seat with its code."""
    checkin = CheckIn.objects.filter(panel__tender=tender).first()
    if checkin is None:
        return Seating(False, ())
    rows = list(_taken(checkin).exclude(seat_pass__entered_at=None))
    members = tuple(SeatedMember(row.label, row.role, row.handle, _key(row), str(row.site)) for row in rows)
    wanted = Counter[tuple[str, str]]()
    for site in plan_of(Session.objects.get(pk=checkin.session)):
        wanted[site.site, "buyer"] += site.buyer_seats
        wanted[site.site, "expert"] += site.expert_seats
    sitting = Counter((one.site, one.role) for one in members)
    return Seating(+wanted == sitting, members)


def reopened(tender: Tender, keys: Mapping[str, str]) -> list[Reopened]:
    """Return the seats whose client has another key than is known (重新入席), by label.

    Args:
        tender: the project.
        keys: handle of a member → key that is known.
    """
    checkin = CheckIn.objects.filter(panel__tender=tender).first()
    rows = list(_taken(checkin).exclude(seat_pass__entered_at=None)) if checkin else []
    return [_reopened(row) for row in rows if row.handle in keys and _key(row) not in ("", keys[row.handle])]


def arrivals(by: Actor, tender: Tender) -> tuple[SiteArrivals, ...]:
    """Return how many have come to each site, to posts that take part in a project; the host's site first.

    Agency and supervisor learn which site it is; a host learns that of the own site. Empty before the check-in opens.
    """
    mine = tenders_for(by).filter(pk=tender.pk)
    checkin = CheckIn.objects.filter(panel__tender__in=mine).first()
    if checkin is None:
        return ()
    come: Counter[str] = Counter()
    sit: Counter[str] = Counter()
    rows = Arrival.objects.filter(checkin=checkin).exclude(state__in=GONE)
    for site, entered_at in rows.values_list("site", "seat_pass__entered_at"):
        come[str(site)] += 1
        sit[str(site)] += entered_at is not None
    names = {str(one.pk): one.name for one in Site.objects.all()}
    found = [
        SiteArrivals(
            names[plan.site] if by.role in BY_SITE or plan.site == by.site else "",
            plan.role,
            plan.buyer_seats + plan.expert_seats,
            come[plan.site],
            sit[plan.site],
        )
        for plan in plan_of(Session.objects.get(pk=checkin.session))
    ]
    return tuple(sorted(found, key=lambda one: (one.role != "host", one.site_name)))


def committee_names(tender: Tender) -> tuple[CommitteeName, ...]:
    """Open the sealed names of a committee, by label; for callers that have made sure that the law publishes them."""
    checkin = CheckIn.objects.filter(panel__tender=tender).first()
    if checkin is None:
        return ()
    sites = {one.pk: one.name for one in Site.objects.all()}
    return tuple(
        CommitteeName(row.label, sites[row.site], row.role, unseal(ARRIVAL, row.pk, bytes(row.sealed))["name"])
        for row in _taken(checkin)
    )


def seats_entered(pass_ids: Iterable[str]) -> list[Tender]:
    """Return the projects at whose seats some temporary posts stand."""
    found = Arrival.objects.filter(seat_pass__in=list(pass_ids)).values("checkin__panel__tender")
    return list(Tender.objects.filter(pk__in=found).order_by("pk"))


def _taken(checkin: CheckIn) -> QuerySet[Arrival]:
    return Arrival.objects.filter(checkin=checkin, state="seated").select_related("seat_pass").order_by("label")


def _reopened(row: Arrival) -> Reopened:
    seat = Entry.objects.filter(subject=f"parties.seatpass:{row.seat_pass_id}").order_by("-pk")
    entered = seat.filter(type="enter_seat")[0]
    renewed = seat.filter(type="renew_seat_code", pk__lt=entered.pk).first()
    officers = _officers(row, renewed)
    leaves = bytes(renewed.leaf).hex() if renewed else "", bytes(entered.leaf).hex()
    return Reopened(row.label, row.handle, _key(row), "officers" if officers else "face", officers, *leaves)


def _officers(row: Arrival, renewed: Entry | None) -> tuple[str, ...]:
    """Return the two officers upon whom a new code was given; nobody where the face was compared for it.

    What counts stands between the reading of the card, or the later wish not to be compared, and the code.
    """
    before = renewed.pk if renewed else 0
    acts = Entry.objects.filter(subject=f"sittings.arrival:{row.pk}", pk__lt=before).order_by("pk")
    asked = acts.filter(type__in=("identify", "doubt_face")).last()
    vouched = acts.filter(type="vouch", pk__gt=asked.pk if asked else before).values_list("actor_handle", flat=True)
    return tuple(vouched) if len(vouched) == BOTH else ()


def _key(row: Arrival) -> str:
    return row.seat_pass.key if row.seat_pass else ""
