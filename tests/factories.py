"""Projects at every stage (样例项目), made by the platform's own acts at fixed times. No factory surprises its reader.

The story's day is Monday 2026-03-02; the calendar of 2026 is published, so nothing is provisional.
"""

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

import pikepdf

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.vault import Stored, intake
from mifeng.parties.models import Organisation
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import (
    Clarified,
    PlannedSession,
    Publishing,
    TenderEntry,
    accept_tender,
    approve_document,
    close_bidding,
    draft_document,
    enter_tender,
    plan_seats,
    publish_notice,
)
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.venues.actions import confirm_site
from mifeng.venues.models import Session, Site, SiteRequest
from tests.kept import kept

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Beijing
DUE = datetime(2026, 3, 26, 1, 30, tzinfo=UTC)
SESSION = (DUE + timedelta(hours=1), DUE + timedelta(hours=7))
SUPPLY_UNTIL = date(2026, 3, 10)
NOT_LATER = timedelta(0)
OFFICERS = {"市中心": "host", "杭锦后旗": "guest-hangjin", "五原县": "guest-wuyuan", "磴口县": "guest-dengkou"}


@dataclass
class City:
    """The sample municipality as tests use it."""

    actors: dict[str, Actor]
    sites: dict[str, Site]
    organisations: dict[str, Organisation]
    counter: list[int] = field(default_factory=list)

    def __getitem__(self, account: str) -> Actor:
        """Return the actor of an account."""
        return self.actors[account]

    def officer(self, site: Site) -> Actor:
        """Return the officer of a site."""
        return self.actors[OFFICERS[site.name]]


def entry(city: City, **changes: object) -> TenderEntry:
    """Return the declaration of a lawful project: goods of 4.8 million yuan in one package."""
    lawful = TenderEntry(
        name="中小学课桌椅采购",
        category="goods",
        in_catalogue=False,
        complex=False,
        purchaser=city.organisations["市教育局"].pk,
        supervisor=city.organisations["市财政局政府采购监督科"].pk,
        budget_yuan=Decimal("4800000.00"),
        lots=(("课桌椅", Decimal("4800000.00")),),
    )
    return replace(lawful, **changes)  # type: ignore[arg-type]


def plan(city: City, **changes: object) -> PlannedSession:
    """Return a lawful plan: one purchaser's seat and two experts at the host, one expert at each of two guests."""
    lawful = PlannedSession(
        sites=(
            SiteSeats(str(city.sites["市中心"].pk), "host", 1, 2),
            SiteSeats(str(city.sites["杭锦后旗"].pk), "guest", 0, 1),
            SiteSeats(str(city.sites["五原县"].pk), "guest", 0, 1),
        ),
        starts_at=SESSION[0],
        ends_at=SESSION[1],
    )
    return replace(lawful, **changes)  # type: ignore[arg-type]


@cache
def pdf_bytes(pages: int = 1) -> bytes:
    """Return a small harmless PDF."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    out = io.BytesIO()
    document.save(out, static_id=True)
    return out.getvalue()


def stored(content: bytes | None = None) -> Stored:
    """Return a PDF in the vault."""
    return intake([content or pdf_bytes()])


@kept
def entered(city: City, *, at: datetime = START, **changes: object) -> Tender:
    """Return a project that has been entered."""
    with clock.frozen(at):
        leaf = enter_tender(entry(city, **changes), by=city["agency-a"]).subject
    return Tender.objects.get(pk=leaf.partition(":")[2])


@kept
def accepted(city: City, **changes: object) -> Tender:
    """Return a project that the host centre has accepted."""
    tender = entered(city, **changes)
    with clock.frozen(START + timedelta(minutes=5)):
        accept_tender(tender.pk, by=city["host"])
    return fresh(tender)


@kept
def drafted(city: City, **changes: object) -> Tender:
    """Return an accepted project whose tender document waits for the purchaser."""
    tender = accepted(city, **changes)
    with clock.frozen(START + timedelta(minutes=10)):
        draft_document(tender.pk, stored(), name="招标文件.pdf", by=city["agency-a"])
    return fresh(tender)


@kept
def documented(city: City, **changes: object) -> Tender:
    """Return an accepted project whose tender document the purchaser has approved."""
    tender = drafted(city, **changes)
    with clock.frozen(START + timedelta(minutes=10)):
        approve_document(Document.objects.get(tender=tender).pk, by=city["buyer"])
    return fresh(tender)


@kept
def planned(city: City, *, later: timedelta = NOT_LATER, **changes: object) -> Tender:
    """Return a documented project whose seats wait for the sites; ``later`` moves its session out of others' way."""
    tender = documented(city, **changes)
    session = plan(city, starts_at=SESSION[0] + later, ends_at=SESSION[1] + later)
    with clock.frozen(START + timedelta(minutes=15)):
        plan_seats(tender.pk, session, by=city["agency-a"])
    return fresh(tender)


@kept
def fixed(city: City, *, later: timedelta = NOT_LATER, **changes: object) -> Tender:
    """Return a project whose sites have all confirmed."""
    tender = planned(city, later=later, **changes)
    with clock.frozen(START + timedelta(minutes=20)):
        for request in requests(tender):
            confirm_site(request.pk, by=city.officer(request.site))
    return fresh(tender)


def publishing(tender: Tender, **changes: object) -> Publishing:
    """Return a lawful notice for a project."""
    lawful = Publishing(text="公告正文", supply_until=SUPPLY_UNTIL, bids_due_at=DUE, version=tender.version)
    return replace(lawful, **changes)  # type: ignore[arg-type]


@kept
def published(city: City, *, later: timedelta = NOT_LATER, **changes: object) -> Tender:
    """Return a published project; bids are due at ``DUE``."""
    tender = fixed(city, later=later, **changes)
    with clock.frozen(START + timedelta(minutes=30)):
        publish_notice(tender.pk, publishing(tender), by=city["agency-a"])
    return fresh(tender)


@kept
def closed(city: City, *, later: timedelta = NOT_LATER, **changes: object) -> Tender:
    """Return a project whose bidding has been closed at ``DUE``."""
    tender = published(city, later=later, **changes)
    with clock.frozen(DUE):
        close_bidding(lot_of(tender).pk, by=CLOCK)
    return fresh(tender)


def clarification(tender: Tender, **changes: object) -> Clarified:
    """Return a lawful clarification that moves the deadline by a week."""
    lawful = Clarified(
        text="更正内容",
        affects_bids=True,
        new_due_at=DUE + timedelta(days=7),
        version=tender.version,
        reason="澄清影响投标文件编制",
    )
    return replace(lawful, **changes)  # type: ignore[arg-type]


def fresh(tender: Tender) -> Tender:
    """Return the project as the database has it now."""
    return Tender.objects.get(pk=tender.pk)


def lot_of(tender: Tender) -> Lot:
    """Return the first package of a project."""
    return Lot.objects.filter(tender=tender).order_by("number")[0]


def session_of(tender: Tender) -> Session:
    """Return the session of a project."""
    return Session.objects.exclude(state="released").get(purpose=f"tenders.tender:{tender.pk}")


def requests(tender: Tender) -> list[SiteRequest]:
    """Return the open requests of a project's session, by id."""
    rows = SiteRequest.objects.filter(session=session_of(tender)).exclude(state="released")
    return list(rows.select_related("site").order_by("pk"))


def request_at(tender: Tender, site: str) -> SiteRequest:
    """Return what a project's session asks of a site."""
    return next(row for row in requests(tender) if row.site.name == site)


def as_uuid(text: str) -> UUID:
    """Return the id behind a ledger subject."""
    return UUID(text.partition(":")[2])
