"""A world in which every fact bears a mark of its own (画押的世界), led through the stages by the platform's own acts.

Two agencies have a project each. The one that is watched asks two guest sites, one of which refuses and is replaced;
a further guest takes part in the other project only. Names, texts and times occur nowhere else, so a page that holds
one of them knows the fact.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

import pikepdf
from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from mifeng.bidding.dealings import NotYet
from mifeng.experts.models import Expert
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.models import Entry, Leaf
from mifeng.kernel.vault import intake
from mifeng.oversight.actions import record_finding
from mifeng.parties.actions import appoint, register_organisation
from mifeng.parties.models import Organisation, Post
from mifeng.parties.queries import as_actor
from mifeng.rules.calendar import legal_date
from mifeng.rules.seats import SiteSeats
from mifeng.sample.municipality import OPERATOR, organisation_code
from mifeng.tenders.actions import (
    Clarified,
    PlannedSession,
    Publishing,
    TenderEntry,
    accept_tender,
    approve_document,
    clarify,
    close_bidding,
    draft_document,
    enter_tender,
    plan_seats,
    publish_notice,
    replan_seats,
    return_document,
)
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.venues.actions import confirm_site, refuse_site, register_site
from mifeng.venues.models import Session, Site, SiteRequest
from mifeng.web.shell.receipts import number
from tests.web.visibility.bids import hand_in

T = TypeVar("T")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 26, 1, 37, tzinfo=UTC)
DUE_LATER = datetime(2026, 4, 2, 1, 41, tzinfo=UTC)
SESSION = (datetime(2026, 3, 26, 2, 30, tzinfo=UTC), datetime(2026, 3, 26, 8, 30, tzinfo=UTC))
PUBLISHED_AT = START + timedelta(hours=6, minutes=13, seconds=47, microseconds=654_321)
CLARIFIED_AT = START + timedelta(hours=30, minutes=11, seconds=53, microseconds=123_457)
PASSWORD = "ganmao-Xq7-weifang"
STAGES = ("entered", "documented", "planned", "refused", "fixed", "published", "clarified", "closed")

# post → account, role, organisation, kind of organisation, region
POSTS = {
    "agency": ("mk-agency", "agency", "戊镜招标代理有限公司", "agency", "150800"),
    "other-agency": ("mk-agency-2", "agency", "己衡招标代理有限公司", "agency", "150800"),
    "buyer": ("mk-buyer", "buyer", "戊镜市教育技术中心", "purchaser", "150800"),
    "other-buyer": ("mk-buyer-2", "buyer", "己衡市供水公司", "purchaser", "150800"),
    "host": ("host", "host", "", "", ""),
    "guest-one": ("mk-guest-1", "guest", "乌拉特前旗交易中心", "centre", "150823"),
    "guest-two": ("mk-guest-2", "guest", "乌拉特中旗交易中心", "centre", "150824"),
    "guest-three": ("mk-guest-3", "guest", "乌拉特后旗交易中心", "centre", "150825"),
    "other-guest": ("guest-hangjin", "guest", "", "", ""),
    "supervisor": ("mk-supervisor", "supervisor", "戊镜市财政监督局", "supervisor", "150800"),
    "other-supervisor": ("mk-supervisor-2", "supervisor", "己衡市财政监督局", "supervisor", "150800"),
    "bidder": ("mk-bidder", "bidder", "戊镜家具有限公司", "supplier", "150800"),
    "other-bidder": ("bidder-1", "bidder", "", "", ""),
    "librarian": ("librarian", "librarian", "", "", ""),
    "public": ("", "", "", "", ""),
}
MARKED = {
    "enter_tender": "agency",
    "plan_seats": "agency",
    "confirm_site": "guest-one",
    "record_finding": "supervisor",
}
SITES = {"guest-one": "戊镜前旗场", "guest-two": "戊镜中旗场", "guest-three": "戊镜后旗场"}
LABELS = {"guest-one": "QF-71", "guest-two": "ZF-72", "guest-three": "HF-73"}


def hit(words: str) -> str:
    """Return the mark that a search for these words found something, written so that it holds none of them."""
    return f"FOUND-BY-SEARCH {words.encode().hex()}"


def followed(topic: str) -> str:
    """Return the mark that a topic may be followed."""
    return f"LIVE-OPEN {topic.encode().hex()}"


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
        return [bytes(entry.leaf).hex() for entry in Entry.objects.order_by("pk") if entry.subject.startswith(wanted)]

    @standing
    def lots(self) -> list[Lot]:
        """Return the packages of both projects, the watched one first."""
        rows = Lot.objects.filter(tender__in=(self.tender, self.other)).order_by("pk")
        return sorted(rows, key=lambda lot: lot.tender_id != self.tender.pk)

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
            **_machine(),
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


def _machine() -> dict[str, str]:
    """Return what no page may ever hold: the keys of the installation and a stored password."""
    folder = settings.ENV.data / "keys"
    names = {"log-key": "log.key", "secret-key": "secret", "database-password": "postgres"}
    keys = {mark: folder / name for mark, name in names.items()}
    return {mark: path.read_text().strip() for mark, path in keys.items() if path.is_file()}


def pdf(title: str) -> bytes:
    """Return a small PDF that bears a mark in plain bytes."""
    document = pikepdf.new()
    document.add_blank_page()
    document.docinfo["/Title"] = title
    out = io.BytesIO()
    document.save(out, static_id=True, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def build() -> World:
    """Found the organisations, sites and posts, and enter both projects."""
    organisations = {post: _organisation(post) for post in POSTS if POSTS[post][2]}
    sites = {post: _site(post, organisations[post]) for post in SITES}
    for post, organisation in organisations.items():
        account, role = POSTS[post][:2]
        facts = {"account": account, "name": "经办", "password": PASSWORD, "role": role, "title": f"{post}岗"}
        appoint(organisation.pk, {**facts, **({"site": str(sites[post].pk)} if post in sites else {})}, by=OPERATOR)
    accounts = {post: POSTS[post][0] for post in POSTS if post != "public"}
    rows = {row.person.account: row for row in Post.objects.select_related("person", "organisation")}
    actors = {post: as_actor(rows[account]) for post, account in accounts.items()}
    ours = _enter(actors["agency"], "戊镜课桌椅采购", Decimal("4831207.00"), organisations, "")
    theirs = _enter(actors["other-agency"], "己衡管材采购", Decimal("917305.00"), organisations, "other-")
    world = World(actors, sites, ours, theirs)
    _lead_the_other(world)
    return world


def stages(world: World) -> Iterator[str]:
    """Lead the world through its stages; it stands still at each of them."""
    for stage in STAGES:
        if stage != "entered":
            _STEPS[stage](world)
        world.stage = stage
        world.tender = Tender.objects.get(pk=world.tender.pk)
        yield stage


def run_jobs(world: World) -> None:
    """Do what acts have deferred since the last time, as the worker would; trustees are away, so some of it waits."""
    for job in ProcrastinateJob.objects.filter(pk__gt=world.jobs_done).order_by("pk"):
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
            world.other.pk, _plan(world.other, [str(site.pk) for site in guests]), by=world.actors["other-agency"]
        )


def _plan(tender: Tender, guests: list[str]) -> PlannedSession:
    rows = (SiteSeats(str(tender.host_site), "host", 1, 2), *(SiteSeats(site, "guest", 0, 1) for site in guests))
    return PlannedSession(rows, *SESSION)


def _documented(world: World) -> None:
    agency, buyer = world.actors["agency"], world.actors["buyer"]
    with acting_at(world, START + timedelta(minutes=20)):
        accept_tender(world.tender.pk, by=world.actors["host"])
    with acting_at(world, START + timedelta(minutes=21)):
        draft_document(world.tender.pk, intake([pdf("WUJING-FIRST")]), name="戊镜初稿.pdf", by=agency)
    with acting_at(world, START + timedelta(minutes=22)):
        return_document(_draft(world, 1), remark="戊镜退回意见", by=buyer)
    with acting_at(world, START + timedelta(minutes=23)):
        draft_document(world.tender.pk, intake([pdf("WUJING-SECOND")]), name="戊镜定稿.pdf", by=agency)
    with acting_at(world, START + timedelta(minutes=24)):
        approve_document(_draft(world, 2), by=buyer)


def _draft(world: World, version: int) -> UUID:
    return Document.objects.get(tender=world.tender, version=version).pk


def _planned(world: World) -> None:
    guests = [str(world.sites[post].pk) for post in ("guest-one", "guest-two")]
    with acting_at(world, START + timedelta(minutes=40)):
        plan_seats(world.tender.pk, _plan(world.tender, guests), by=world.actors["agency"])
    with acting_at(world, START + timedelta(minutes=50)):
        confirm_site(_request(world, "guest-one"), by=world.actors["guest-one"])


def _request(world: World, post: str) -> UUID:
    site = world.sites[post].pk if post in world.sites else world.tender.host_site
    purpose = f"tenders.tender:{world.tender.pk}"
    return SiteRequest.objects.exclude(state="released").get(session__purpose=purpose, site=site).pk


def _refused(world: World) -> None:
    with acting_at(world, START + timedelta(hours=1, minutes=10)):
        refuse_site(_request(world, "guest-two"), reason="戊镜停电检修", by=world.actors["guest-two"])


def _fixed(world: World) -> None:
    agency = world.actors["agency"]
    with acting_at(world, START + timedelta(hours=2)):
        gone = _request(world, "guest-two")
        replan_seats(world.tender.pk, gone, world.sites["guest-three"].pk, by=agency)
    with acting_at(world, START + timedelta(hours=2, minutes=10)):
        for post in ("guest-three", "host"):
            confirm_site(_request(world, post), by=world.actors[post])
    with acting_at(world, START + timedelta(hours=2, minutes=20)):
        finding = {"kind": "irregularity", "text": "戊镜监督所见"}
        record_finding(world.tender.pk, **finding, by=world.actors["supervisor"])


def _published(world: World) -> None:
    version = Tender.objects.get(pk=world.tender.pk).version
    notice = Publishing("戊镜公告正文", date(2026, 3, 11), DUE, version)
    with acting_at(world, PUBLISHED_AT):
        publish_notice(world.tender.pk, notice, by=world.actors["agency"])
    for at, hand in hand_in(Lot.objects.get(tender=world.tender), PUBLISHED_AT):
        with acting_at(world, at):
            world.extra |= hand()


def _clarified(world: World) -> None:
    version = Tender.objects.get(pk=world.tender.pk).version
    words = Clarified("戊镜更正内容", True, DUE_LATER, version, "戊镜顺延理由")
    with acting_at(world, CLARIFIED_AT):
        clarify(world.tender.pk, replace(words), by=world.actors["agency"])


def _closed(world: World) -> None:
    with acting_at(world, DUE_LATER):
        close_bidding(Lot.objects.get(tender=world.tender).pk, by=CLOCK)


_STEPS: dict[str, Callable[[World], None]] = {
    "documented": _documented,
    "planned": _planned,
    "refused": _refused,
    "fixed": _fixed,
    "published": _published,
    "clarified": _clarified,
    "closed": _closed,
}
