"""Reads about projects (项目查询). Every one takes the actor, or is a read of the public record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db.models import Q, QuerySet

from mifeng.kernel.actors import Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.kernel.ledger.queries import Line, history, subjects_of
from mifeng.kernel.models import Entry
from mifeng.rules import tender as table
from mifeng.rules.calendar import at_beijing, end_of, legal_date
from mifeng.rules.deadlines import (
    Clock,
    TenderTimes,
    earliest_deadline_after_clarification,
    last_day,
    period_end,
    tender_clocks,
)
from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.notice import Clarification, Publication, SiteAnswer, check_clarification, check_publication
from mifeng.tenders.models import Document, Lot, Notice, Tender
from mifeng.venues.models import Session, SiteRequest
from mifeng.venues.queries import Ask, asks_of, seats_of, session_of

PUBLIC = ("published", "closed")
WHOLE_PLAN = ("agency", "supervisor")  # posts that may know every site of a session
# Acts that the parties of a project may know of; other entries that refer to it are those of its supervisor.
PARTY_ACTS = (
    "enter_tender",
    "accept_tender",
    "draft_document",
    "approve_document",
    "return_document",
    "plan_seats",
    "replan_seats",
    "confirm_site",
    "refuse_site",
    "lapse_request",
    "publish_notice",
    "clarify",
    "close_bidding",
    *("close_list", "open_keys", "close_keys", "open_all", "assemble_panel", "complete_panel", "recheck_avoidance"),
    "authorise_representative",
    *("set_template", "commit_codes", "start_evaluation", "lock_technical", "reveal", "conclude_evaluation"),
    *("hand_over", "award", "deem_awarded", "explain_delay", "announce", "take_next", "start_anew"),
)
USUAL_DUE = time(9, 30)  # Beijing time of day that a page proposes for the deadline


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


@dataclass(frozen=True, slots=True)
class Standing:
    """Say how far a project is prepared (准备情况): state of its current document, seats confirmed and wanted."""

    document: str = ""
    seats_confirmed: int = 0
    seats_wanted: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """Say what stands in the way of the notice and which dates would be the earliest lawful ones (发布条件).

    Args:
        reasons: every reason for which the notice could not be published now.
        supply_until: earliest lawful last Beijing day of supply.
        bids_due_at: earliest lawful deadline for bids, at the usual time of day.
        provisional: a year that is not yet published was touched.
    """

    reasons: tuple[Reason, ...]
    supply_until: date
    bids_due_at: datetime
    provisional: bool


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
    for word in words.replace("\0", " ").split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(number__icontains=word) | Q(purchaser__name__icontains=word))
    return rows


def in_state(rows: QuerySet[Tender], state: str) -> QuerySet[Tender]:
    """Narrow a list to projects in one state; all packages of a project move together."""
    return rows.filter(pk__in=Lot.objects.filter(state=state).values("tender"))


def with_lots(tenders: Iterable[Tender]) -> list[Row]:
    """Return projects with their packages, in the same order, by one query."""
    found = list(tenders)
    lots: dict[UUID, list[Lot]] = {}
    for lot in Lot.objects.filter(tender__in=found).order_by("number"):
        lots.setdefault(lot.tender_id, []).append(lot)
    return [Row(tender, tuple(lots[tender.pk])) for tender in found]


def standings(tenders: Iterable[Tender]) -> dict[UUID, Standing]:
    """Return how far some projects are prepared, by two queries: counts and states, no site and no name."""
    ids = [tender.pk for tender in tenders]
    documents = dict(Document.objects.filter(tender__in=ids).order_by("version").values_list("tender", "state"))
    seats = seats_of(f"tenders.tender:{pk}" for pk in ids)
    return {pk: Standing(documents.get(pk, ""), *seats.get(f"tenders.tender:{pk}", (0, 0))) for pk in ids}


def documents_for(by: Actor, tender: Tender) -> list[Document]:
    """Return the versions of the tender document: all to its agency and purchaser, issued ones to the others."""
    owners = {"agency": tender.agency_id, "buyer": tender.purchaser_id}
    rows = Document.objects.filter(tender=tender).order_by("-version")
    if by.role not in owners or str(owners[by.role]) != by.organisation:
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
    if by.role not in (*WHOLE_PLAN, "host"):
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
    purpose = f"tenders.tender:{tender.pk}"
    return seats_of([purpose]).get(purpose, (0, 0))


def seat_answers(asks: Iterable[Ask]) -> tuple[SiteAnswer, ...]:
    """Return how the sites of a project's session stand, as the rules read it (场地确认情况)."""
    return tuple(
        SiteAnswer(
            ask.request.site.name,
            ask.request.role,
            ask.request.buyer_seats + ask.request.expert_seats,
            ask.request.state,
            ask.request.reply_by,
        )
        for ask in asks
    )


def publication_of(
    tender: Tender,
    documents: Iterable[Document],
    dates: tuple[date, datetime],
    at: datetime,
    *,
    departure_reason: str = "",
) -> Publication:
    """Return what would be published at an instant, as the rules read it; for the act and for whoever asks before it.

    Args:
        tender: the project.
        documents: all versions of its tender document.
        dates: last Beijing day of supply and deadline for bids.
        at: the instant of publication.
        departure_reason: why the notice comes before the seats are fixed.
    """
    session = session_of(f"tenders.tender:{tender.pk}")
    current = max(documents, key=lambda document: document.version, default=None)
    return Publication(
        issued_on=legal_date(at),
        supply_until=dates[0],
        bids_due_at=dates[1],
        has_supervisor=tender.supervisor_id is not None,
        document=current.state if current else None,
        remote=True,
        sites=seat_answers(asks_of(session)) if session else (),
        session_starts_at=session.starts_at if session else None,
        departure_reason=departure_reason,
    )


def publication_outlook(by: Actor, row: Row, now: datetime) -> Outlook:
    """Return what stands in the way of the notice now, with the dates that the law allows at the earliest (发布条件).

    Dates that nobody has chosen yet never stand in the way: the earliest lawful ones are asked about.
    """
    rulebook, days, today = rulebooks()[row.tender.rulebook], calendar(), legal_date(now)
    supply = period_end(today, rulebook["supply_working_days"], days)
    bids = period_end(today, rulebook["bid_period_days"], days)
    usual = at_beijing(bids.day, USUAL_DUE)
    session = session_of(f"tenders.tender:{row.tender.pk}")
    earlier = session is not None and last_day(session.starts_at) == bids.day and session.starts_at < usual
    due_at = session.starts_at if session and earlier else usual
    reasons = publication_reasons(by, row, (supply.day, due_at), now)
    return Outlook(reasons, supply.day, due_at, supply.provisional or bids.provisional)


def publication_reasons(
    by: Actor, row: Row, dates: tuple[date, datetime], now: datetime, *, departure_reason: str = ""
) -> tuple[Reason, ...]:
    """Return every reason for which a notice could not be published now with these dates; empty when it could.

    The rule is the one of the act. A post that may not know the sites gets one reason of a kind, without the facts.

    Args:
        by: agency or purchaser of the project.
        row: the project with its packages.
        dates: last Beijing day of supply and deadline for bids.
        now: the instant for which is asked.
        departure_reason: why the notice comes before the seats are fixed.
    """
    reasons = _elsewhere(row, "publish", lifted_by=("host",))
    reasons += _ban(row.tender, now)
    documents = Document.objects.filter(tender=row.tender)
    publication = publication_of(row.tender, documents, dates, now, departure_reason=departure_reason)
    try:
        check_publication(publication, rulebooks()[row.tender.rulebook], calendar())
    except Refusal as refusal:
        reasons += refusal.reasons
    if by.role in WHOLE_PLAN:
        return tuple(reasons)
    return tuple({one.code: _without_site(one) for one in reasons}.values())


def clarification_reasons(row: Row, clarification: Clarification) -> tuple[Reason, ...]:
    """Return every reason for which a clarification could not be issued like this; empty when it could.

    The rule is the one of the act.
    """
    reasons = _elsewhere(row, "clarify")
    try:
        check_clarification(clarification, rulebooks()[row.tender.rulebook], calendar())
    except Refusal as refusal:
        reasons += refusal.reasons
    return tuple(reasons)


def earliest_deadline(row: Row, now: datetime) -> datetime | None:
    """Return the earliest deadline after a clarification now that may affect bids (顺延); None before the notice."""
    if row.bids_due_at is None:
        return None
    rulebook = rulebooks()[row.tender.rulebook]
    return earliest_deadline_after_clarification(now, row.bids_due_at, rulebook, calendar())


def _elsewhere(row: Row, step: str, *, lifted_by: tuple[str, ...] = ()) -> list[Reason]:
    """Return a reason for each state of the packages that does not allow a step, under the step's own clause."""
    allowed, source = tuple(sorted(table.LOT[step].sources)), table.LOT[step].source
    return [
        Reason("wrong-state", {"step": step, "state": state, "allowed": allowed}, lifted_by=lifted_by, source=source)
        for state in sorted({lot.state for lot in row.lots} - set(allowed))
    ]


def _ban(tender: Tender, now: datetime) -> list[Reason]:
    """Return the reason for which an agency that is banned may do nothing, if it is banned."""
    until = tender.agency.banned_until
    if until is None or until < legal_date(now):
        return []
    return [Reason("agency-banned", until=end_of(until), lifted_by=("supervisor",))]


def _without_site(reason: Reason) -> Reason:
    """Return a reason as those read it who may not know which sites serve a project."""
    if "site" not in reason.facts:
        return reason
    return Reason(reason.code, until=reason.until, lifted_by=reason.lifted_by, source=reason.source)


def history_for(by: Actor, tender: Tender, *, before: int | None = None, limit: int = 50) -> list[Line]:
    """Return the ledger entries of a project, newest first; the sites' answers only for those who may know them.

    What a supervisor notes about a project refers to it and is still nobody's business but the supervisor's.
    """
    session = session_for(by, tender) if by.role in WHOLE_PLAN else None
    own = subjects(tender)
    if session is not None:
        requests = SiteRequest.objects.filter(session=session).values_list("pk", flat=True)
        own += [f"venues.session:{session.pk}", *(f"venues.siterequest:{pk}" for pk in requests)]
    return history(own, before=before, limit=limit, types=() if by.role == "supervisor" else PARTY_ACTS)


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
