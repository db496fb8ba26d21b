"""Reads about projects (项目查询). Every one takes the actor, or is a read of the public record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from mifeng.kernel.actors import Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.kernel.ledger.queries import subjects_of
from mifeng.kernel.models import Entry
from mifeng.rules.deadlines import Clock, TenderTimes, tender_clocks
from mifeng.tenders.models import Document, Lot, Notice, Tender
from mifeng.venues.models import Session, SiteRequest
from mifeng.venues.queries import Ask, asks_of, session_of

PUBLIC = ("published", "closed")


@dataclass(frozen=True, slots=True)
class Row:
    """A project in a list (项目行): its first package stands for its state, all packages move together."""

    tender: Tender
    lots: tuple[Lot, ...]

    @property
    def state(self) -> str:
        """Return the state of the project: of its least advanced package."""
        order = ("entered", "accepted", "published", "closed")
        return min((lot.state for lot in self.lots), key=order.index)

    @property
    def bids_due_at(self) -> datetime | None:
        """Return the deadline for bids, None before the notice."""
        return max((lot.bids_due_at for lot in self.lots if lot.bids_due_at), default=None)


def tenders_for(by: Actor) -> QuerySet[Tender]:
    """Return the projects a post takes part in, newest first; none for posts that may not know of any."""
    rows = Tender.objects.select_related("purchaser", "agency", "supervisor").order_by("-entered_at", "id")
    if by.role == "agency":
        return rows.filter(agency__pk=by.organisation)
    if by.role == "buyer":
        return rows.filter(purchaser__pk=by.organisation)
    if by.role == "supervisor":
        return rows.filter(supervisor__pk=by.organisation)
    if by.role == "host" and by.site:
        return rows.filter(host_site=by.site)
    return rows.none()


def tender_for(by: Actor, pk: UUID | str) -> Tender:
    """Return one project that a post takes part in.

    Raises:
        DoesNotExist: when there is none that this post may know of.
    """
    return tenders_for(by).get(pk=pk)


def published() -> QuerySet[Tender]:
    """Return the projects of the public record, newest notice first."""
    public = Lot.objects.filter(state__in=PUBLIC).values("tender")
    rows = Tender.objects.filter(pk__in=public).select_related("purchaser", "agency", "supervisor")
    return rows.order_by("-issued_on", "-entered_at", "id")


def search(rows: QuerySet[Tender], words: str) -> QuerySet[Tender]:
    """Narrow a list by words in name, number or purchaser; each word must occur."""
    for word in words.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(number__icontains=word) | Q(purchaser__name__icontains=word))
    return rows


def with_lots(tenders: Iterable[Tender]) -> list[Row]:
    """Return projects with their packages, in the same order, by one query."""
    found = list(tenders)
    lots: dict[UUID, list[Lot]] = {}
    for lot in Lot.objects.filter(tender__in=found).order_by("number"):
        lots.setdefault(lot.tender_id, []).append(lot)
    return [Row(tender, tuple(lots[tender.pk])) for tender in found]


def documents_for(by: Actor, tender: Tender) -> list[Document]:
    """Return the versions of the tender document: all to agency and purchaser, issued ones to the others."""
    rows = Document.objects.filter(tender=tender).order_by("-version")
    if by.role not in ("agency", "buyer"):
        rows = rows.filter(issued_at__isnull=False)
    return list(rows)


def issued_documents(tender: Tender) -> list[Document]:
    """Return the documents of the public record, newest first."""
    return list(Document.objects.filter(tender=tender, issued_at__isnull=False).order_by("-version"))


def document_for(by: Actor, pk: UUID | str) -> Document:
    """Return one version of a tender document that a post may read.

    Raises:
        DoesNotExist: when there is none that this post may know of.
    """
    document = Document.objects.select_related("tender").get(pk=pk)
    if document.issued_at is None and by.role not in ("agency", "buyer"):
        raise Document.DoesNotExist
    tender_for(by, document.tender_id)
    return document


def issued_document(pk: UUID | str) -> Document:
    """Return one document of the public record.

    Raises:
        DoesNotExist: when there is none, or it has not been issued.
    """
    return Document.objects.select_related("tender").get(pk=pk, issued_at__isnull=False)


def notices(tender: Tender) -> list[Notice]:
    """Return the notices of a project, newest first; part of the public record."""
    return list(Notice.objects.filter(tender=tender).order_by("-published_at", "id"))


def clocks(tender: Tender, lots: Iterable[Lot], now: datetime) -> tuple[Clock, ...]:
    """Return the statutory clocks of a project as they stand at an instant (法定时钟)."""
    rows = list(lots)
    facts = TenderTimes(
        issued_on=tender.issued_on,
        supply_until=tender.supply_until,
        bids_due_at=max((lot.bids_due_at for lot in rows if lot.bids_due_at), default=None),
        last_clarified_at=tender.last_clarified_at,
        closed_at=max((lot.closed_at for lot in rows if lot.closed_at), default=None),
    )
    return tender_clocks(facts, rulebooks()[tender.rulebook], calendar(), now)


def session_for(by: Actor, tender: Tender) -> Session | None:
    """Return the session of a project for the posts that may know its sites: agency and supervisor, and its host."""
    if by.role not in ("agency", "supervisor", "host"):
        return None
    tender_for(by, tender.pk)
    return session_of(f"tenders.tender:{tender.pk}")


def asks_for(by: Actor, tender: Tender) -> list[Ask]:
    """Return what the session of a project asks of its sites; a host officer sees the own site only."""
    session = session_for(by, tender)
    if session is None:
        return []
    asks = asks_of(session)
    return [ask for ask in asks if str(ask.request.site_id) == by.site] if by.role == "host" else asks


def seats_ready(tender: Tender) -> tuple[int, int]:
    """Return confirmed and wanted seats of a project's session: the counts that every party may see."""
    session = session_of(f"tenders.tender:{tender.pk}")
    asks = asks_of(session) if session else []
    seats = [(ask.request.state == "confirmed", ask.request.buyer_seats + ask.request.expert_seats) for ask in asks]
    return sum(count for confirmed, count in seats if confirmed), sum(count for _, count in seats)


def subjects(tender: Tender) -> list[str]:
    """Return the ledger subjects that make up a project's own history."""
    lots = Lot.objects.filter(tender=tender).values_list("pk", flat=True)
    return [f"tenders.tender:{tender.pk}", *(f"tenders.lot:{pk}" for pk in lots)]


def tenders_of_entry(entry_id: int) -> list[tuple[Tender, str]]:
    """Return the projects an entry speaks of, directly or through a session, with the entry's step."""
    step = Entry.objects.values_list("type", flat=True).get(pk=entry_id)
    ids = set(subjects_of(entry_id, "tenders.tender"))
    ids |= set(_purposes(SiteRequest.objects.filter(pk__in=subjects_of(entry_id, "venues.siterequest"))))
    return [(tender, step) for tender in Tender.objects.filter(pk__in=ids).order_by("pk")]


def _purposes(requests: QuerySet[SiteRequest]) -> list[str]:
    purposes = requests.values_list("session__purpose", flat=True)
    return [purpose.partition(":")[2] for purpose in purposes if purpose.startswith("tenders.tender:")]
