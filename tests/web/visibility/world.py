"""A world in which every fact bears a mark of its own (画押的世界), led through the stages by the platform's own acts.

Two agencies have a project each. The one that is watched asks two guest sites, one of which refuses and is replaced;
a further guest takes part in the other project only. Names, texts and times occur nowhere else, so a page that holds
one of them knows the fact.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, cast

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Bid
from mifeng.experts.models import Expert
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Entry, Leaf
from mifeng.kernel.vault import intake
from mifeng.parties.actions import appoint, register_organisation
from mifeng.parties.models import Organisation, Post
from mifeng.parties.queries import as_actor
from mifeng.rules.calendar import legal_date
from mifeng.rules.seats import SiteSeats
from mifeng.sample.municipality import OPERATOR, organisation_code
from mifeng.tenders.actions import (
    PlannedSession,
    TenderEntry,
    accept_tender,
    draft_document,
    enter_tender,
    plan_seats,
)
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.venues.actions import register_site
from mifeng.venues.models import Session, Site, SiteRequest
from mifeng.web.shell.receipts import number
from tests.web.visibility.cast import (
    JUDGED,
    LABELS,
    MARKED,
    PASSWORD,
    POSTS,
    SESSION,
    SITES,
    START,
    followed,
    hit,
    machine,
    pdf,
)
from tests.web.visibility.judgement import SITTING, Bench

T = TypeVar("T")
# Evidence needs trustees, who are away.
WAITS = "oversight.make_evidence"


def standing(read: Callable[..., T]) -> Callable[..., T]:
    """Look at the world once for each stage: it stands still while it is read."""

    @wraps(read)
    def kept(world: "World", *args: str) -> T:
        found = world.known.setdefault(world.stage, {})
        key = (read.__name__, *args)
        if key not in found:
            found[key] = read(world, *args)
        return cast("T", found[key])

    return kept


@dataclass
class World:
    """The world at its present stage: who is who, what was marked, what exists."""

    actors: dict[str, Actor]
    sites: dict[str, Site]
    tender: Tender
    other: Tender
    stage: str = "entered"
    at: datetime = START
    jobs_done: int = 0
    extra: dict[str, str] = field(default_factory=dict)
    bench: Bench | None = None
    known: dict[str, dict[tuple[str, ...], Any]] = field(default_factory=dict, repr=False)

    @standing
    def documents(self) -> list[Document]:
        """Return every version of both projects, the latest one of the watched project first."""
        rows = Document.objects.order_by("-version", "pk")
        return sorted(rows, key=lambda document: document.tender_id != self.tender.pk)

    @standing
    def requests(self) -> list[SiteRequest]:
        """Return what was ever asked of a site."""
        return list(SiteRequest.objects.select_related("session").order_by("asked_at", "pk"))

    @standing
    def leaves(self) -> list[str]:
        """Return the leaf of every entry about the two projects and their seats."""
        wanted = ("tenders.", "venues.siterequest", "venues.session", "oversight.")
        # Of the many entries of an evaluation the first of each kind that says what a member gave, and of the result.
        judged = {
            Entry.objects.filter(type=word).order_by("pk").values_list("pk", flat=True).first() for word in JUDGED
        }
        rows = Entry.objects.order_by("pk")
        return [bytes(row.leaf).hex() for row in rows if row.subject.startswith(wanted) or row.pk in judged]

    @standing
    def lots(self) -> list[Lot]:
        """Return the packages of both projects, the watched one first."""
        rows = Lot.objects.filter(tender__in=(self.tender, self.other)).order_by("pk")
        return sorted(rows, key=lambda lot: lot.tender_id != self.tender.pk)

    @standing
    def bids(self) -> list[str]:
        """Return the watched bid by id."""
        return [str(pk) for pk in Bid.objects.filter(bid_ref=self.extra.get("bid-ref")).values_list("pk", flat=True)]

    def codes(self, post: str) -> list[str]:
        """Return a code of one's own seat, where one has a seat, and one of another's."""
        found = {who: self.extra.get(f"seat-code-{who}", "") for who in SITTING}
        return sorted(filter(None, found.values()), key=lambda code: code != found.get(post))

    @standing
    def experts(self) -> list[str]:
        """Return one expert of the library."""
        return [str(pk) for pk in Expert.objects.order_by("pk").values_list("pk", flat=True)[:1]]

    @standing
    def days(self) -> list[date]:
        """Return the days on which sessions are planned."""
        return sorted({legal_date(session.starts_at) for session in Session.objects.all()}) or [legal_date(SESSION[0])]

    @standing
    def own_leaves(self, post: str = "") -> list[str]:
        """Return the leaves of the marked receipts, or of those of one post."""
        marked = self._marked().items()
        return [bytes(entry.leaf).hex() for word, entry in marked if post in ("", MARKED[word])]

    @standing
    def marks(self) -> dict[str, str]:
        """Return what the placeholders of the table stand for at this stage; a fact not yet there has no mark."""
        sessions = {row.purpose: row for row in Session.objects.all()}
        found = {
            "tender": str(self.tender.pk),
            "number": self.tender.number,
            "other-tender": str(self.other.pk),
            "other-number": self.other.number,
            "password": PASSWORD,
            "hit-name": hit(self.tender.name),
            "hit-number": hit(self.tender.number),
            **self._entries(),
            "live-tender": followed(f"tenders.tender:{self.tender.pk}"),
            "live-lot": followed(f"tenders.lot:{self.lots()[0].pk}"),
            "live-opening": followed(f"bidding.opening:{self.lots()[0].pk}"),
            "policy-hash": self.lots()[0].policy_hash,
            **machine(),
            **{f"handle-{post}": actor.handle for post, actor in self.actors.items()},
            **self.extra,
        }
        for name, tender in (("code", self.tender), ("other-code", self.other)):
            session = sessions.get(f"tenders.tender:{tender.pk}")
            if session:
                found[name] = session.code_name
        for document in self.documents():
            owner = "" if document.tender_id == self.tender.pk else "other-"
            found[f"{owner}sha-{document.version}"] = document.sha256
        for request in SiteRequest.objects.filter(session__purpose=f"tenders.tender:{self.tender.pk}"):
            name = next((post for post, site in self.sites.items() if site.pk == request.site_id), "host")
            found[f"request-{name}"] = str(request.pk)
            found[f"live-{name}"] = followed(f"venues.siterequest:{request.pk}")
        return found | {f"receipt-{word}": number(bytes(entry.leaf).hex()) for word, entry in self._marked().items()}

    def _entries(self) -> dict[str, str]:
        """Return the leaf and the place of the clarification, by which a site could be led to the notice."""
        entry = Entry.objects.filter(type="clarify").first()
        leaf = Leaf.objects.filter(entry=entry).first() if entry else None
        if entry is None or leaf is None:
            return {}
        return {"clarified-leaf": bytes(entry.leaf).hex(), "clarified-place": f'data-log-index="{leaf.index}"'}

    def _marked(self) -> dict[str, Entry]:
        """Return the entries whose receipts are watched, one for each of three posts."""
        found = {}
        for word, post in MARKED.items():
            entry = Entry.objects.filter(type=word, actor_handle=self.actors[post].handle).order_by("pk").first()
            if entry:
                found[word] = entry
        return found


def build() -> World:
    """Found the organisations, sites and posts, and enter both projects."""
    organisations = {post: _organisation(post) for post in POSTS if POSTS[post][2]}
    sites = {post: _site(post, organisations[post]) for post in SITES}
    for post, organisation in organisations.items():
        account, role = POSTS[post][:2]
        facts = {"account": account, "name": "经办", "password": PASSWORD, "role": role, "title": f"{post}岗"}
        appoint(organisation.pk, {**facts, **({"site": str(sites[post].pk)} if post in sites else {})}, by=OPERATOR)
    accounts = {post: POSTS[post][0] for post in POSTS if POSTS[post][0]}
    rows = {row.person.account: row for row in Post.objects.select_related("person", "organisation")}
    actors = {post: as_actor(rows[account]) for post, account in accounts.items()}
    ours = _enter(actors["agency"], "戊镜课桌椅采购", Decimal("4831207.00"), organisations, "")
    theirs = _enter(actors["other-agency"], "己衡管材采购", Decimal("917305.00"), organisations, "other-")
    world = World(actors, sites, ours, theirs)
    _lead_the_other(world)
    return world


def run_jobs(world: World) -> None:
    """Do what acts have deferred since the last time, as the worker would; trustees are away, so some of it waits."""
    for job in ProcrastinateJob.objects.filter(pk__gt=world.jobs_done).exclude(task_name=WAITS).order_by("pk"):
        with suppress(NotYet):
            app.tasks[job.task_name](**job.args)
        world.jobs_done = job.pk


@contextmanager
def acting_at(world: World, at: datetime) -> Iterator[None]:
    """Act at an instant and let the jobs of the act follow in the same second; the world does not go back behind it."""
    world.at = max(world.at, at)
    with clock.frozen(at):
        yield
        run_jobs(world)


def _organisation(post: str) -> Organisation:
    _, _, name, kind, region = POSTS[post]
    facts = {"code": organisation_code(name, region), "name": name, "kind": kind, "region": region, "phone": ""}
    return register_organisation(facts, by=OPERATOR)


def _site(post: str, organisation: Organisation) -> Site:
    facts: dict[str, Any] = {
        "organisation": organisation.pk,
        "name": SITES[post],
        "region": POSTS[post][4],
        "phone": "",
        "travel_minutes": 90,
    }
    seats = [{"area": "评审区", "label": label, "kind": "expert"} for label in (LABELS[post], f"{LABELS[post]}B")]
    return register_site(facts, seats, by=OPERATOR)


def _enter(by: Actor, name: str, budget: Decimal, organisations: dict[str, Organisation], owner: str) -> Tender:
    entry = TenderEntry(
        name=name,
        category="goods",
        in_catalogue=False,
        complex=False,
        purchaser=organisations[f"{owner}buyer"].pk,
        supervisor=organisations[f"{owner}supervisor"].pk,
        budget_yuan=budget,
        lots=((f"{name[:2]}分包", budget),),
    )
    with clock.frozen(START):
        subject = enter_tender(entry, by=by).subject
    return Tender.objects.get(pk=subject.partition(":")[2])


def _lead_the_other(world: World) -> None:
    """Bring the other project as far as its seats, where it stays."""
    with acting_at(world, START + timedelta(minutes=2)):
        accept_tender(world.other.pk, by=world.actors["host"])
        stored = intake([pdf("JIHENG-DRAFT")])
        draft_document(world.other.pk, stored, name="己衡文件.pdf", by=world.actors["other-agency"])
        guests = Site.objects.filter(name__in=("杭锦后旗", "五原县"))
        plan_seats(
            world.other.pk,
            planned_session(world.other, [str(site.pk) for site in guests]),
            by=world.actors["other-agency"],
        )


def planned_session(tender: Tender, guests: list[str]) -> PlannedSession:
    rows = (SiteSeats(str(tender.host_site), "host", 1, 2), *(SiteSeats(site, "guest", 0, 1) for site in guests))
    return PlannedSession(rows, *SESSION)
