"""Every act of a post on a project (办理事项表): who does it, at which stage, when, and what it leaves behind.

The tests of one folder read this table, so that no act can be forgotten by any of them.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.vault import Stored
from mifeng.oversight.actions import record_finding
from mifeng.tenders.actions import (
    accept_tender,
    approve_document,
    clarify,
    close_bidding,
    draft_document,
    enter_tender,
    plan_seats,
    publish_notice,
    release_seats,
    replan_seats,
    return_document,
)
from mifeng.tenders.models import Document, Tender
from mifeng.venues.actions import confirm_site, lapse_request, record_readiness, refuse_site
from mifeng.venues.models import Seat, SiteRequest
from tests.factories import (
    DUE,
    START,
    City,
    clarification,
    entry,
    lot_of,
    pdf_bytes,
    plan,
    publishing,
)

STAGES = ("entered", "accepted", "drafted", "documented", "planned", "fixed", "published", "closed")
SOON = START + timedelta(hours=1)
REPLY_BY = START + timedelta(minutes=15, hours=24)
GUEST = "五原县"
POSTS = ("agency-a", "buyer", "host", "guest-wuyuan", "supervisor", "clock")


@dataclass(frozen=True)
class Act:
    """One act (办理事项).

    Args:
        do: carries it out for a project as an actor.
        stage: stage of a project at which it is lawful.
        account: the post that does it; ``clock`` for the platform.
        others: further accounts whose role may do it, though not for this project or site.
        foreign: code of the refusal they get.
        at: an instant at which it is lawful.
        stream: label of the matter whose chain the entry joins.
        moves: what the entry says happened: subject, step and states, and how often.
        named: labels of the further matters it names, with their number.
    """

    do: Callable[[City, Tender, Actor], Written]
    stage: str
    account: str
    stream: str
    moves: Mapping[str, int]
    named: Mapping[str, int] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    foreign: str = ""
    at: datetime = SOON


def actor(city: City, account: str) -> Actor:
    """Return an actor by account; ``clock`` is the platform itself."""
    return CLOCK if account == "clock" else city[account]


def elsewhere(by: Actor) -> Actor:
    """Return the same post in an organisation, and at a site, that has no part in anything."""
    return replace(by, organisation=str(uuid4()), site=str(uuid4()) if by.site else "")


def kept() -> Stored:
    """Return the small PDF that the stages have put into the vault."""
    content = pdf_bytes()
    return Stored(hashlib.sha256(content).hexdigest(), len(content), "application/pdf")


def document_of(tender: Tender) -> UUID:
    """Return the latest version of a project's document; an id of nothing when there is none."""
    found = Document.objects.filter(tender=tender).order_by("-version").first()
    return found.pk if found else uuid4()


def request_of(tender: Tender, site: str = GUEST) -> UUID:
    """Return what a project's session first asked of a site; an id of nothing when it has asked nothing."""
    asked = SiteRequest.objects.filter(session__purpose=f"tenders.tender:{tender.pk}", site__name=site)
    found = asked.order_by("asked_at").first()
    return found.pk if found else uuid4()


def seat_of(city: City, site: str = GUEST) -> Seat:
    """Return the first seat of a site."""
    return Seat.objects.filter(site=city.sites[site]).order_by("label")[0]


ACTS: dict[str, Act] = {
    "enter_tender": Act(
        do=lambda city, tender, by: enter_tender(entry(city), by=by),
        stage="entered",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender enter": 1,
            "tenders.lot enter:  → entered": 1,
        },
        named={"tenders.lot": 1},
    ),
    "accept_tender": Act(
        do=lambda city, tender, by: accept_tender(tender.pk, by=by),
        stage="entered",
        account="host",
        stream="tenders.tender",
        moves={
            "tenders.tender accept": 1,
            "tenders.lot accept: entered → accepted": 1,
        },
        named={"tenders.lot": 1},
        foreign="not-your-project",
    ),
    "draft_document": Act(
        do=lambda city, tender, by: draft_document(tender.pk, kept(), name="招标文件.pdf", by=by),
        stage="drafted",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender document": 1,
            "tenders.document supersede: drafted → superseded": 1,
            "tenders.document draft:  → drafted": 1,
        },
        named={"tenders.document": 2},
        others=("agency-b",),
        foreign="not-your-project",
    ),
    "approve_document": Act(
        do=lambda city, tender, by: approve_document(document_of(tender), by=by),
        stage="drafted",
        account="buyer",
        stream="tenders.tender",
        moves={
            "tenders.tender approve": 1,
            "tenders.document approve: drafted → approved": 1,
        },
        named={"tenders.document": 1},
        others=("buyer-2",),
        foreign="not-your-project",
    ),
    "return_document": Act(
        do=lambda city, tender, by: return_document(document_of(tender), remark="第三章缺评分细则", by=by),
        stage="drafted",
        account="buyer",
        stream="tenders.tender",
        moves={
            "tenders.tender return": 1,
            "tenders.document return: drafted → returned": 1,
        },
        named={"tenders.document": 1},
        others=("buyer-2",),
        foreign="not-your-project",
    ),
    "plan_seats": Act(
        do=lambda city, tender, by: plan_seats(tender.pk, plan(city), by=by),
        stage="documented",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender plan_seats": 1,
            "venues.session plan:  → requested": 1,
            "venues.siterequest request:  → requested": 3,
            "venues.booking hold:  → held": 5,
        },
        named={
            "venues.session": 1,
            "venues.siterequest": 3,
            "venues.booking": 5,
        },
        others=("agency-b",),
        foreign="not-your-project",
    ),
    "replan_seats": Act(
        do=lambda city, tender, by: replan_seats(tender.pk, request_of(tender), city.sites["磴口县"].pk, by=by),
        stage="planned",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender replan_seats": 1,
            "venues.booking release: held → released": 1,
            "venues.siterequest release: requested → released": 1,
            "venues.session replan": 1,
            "venues.siterequest request:  → requested": 1,
            "venues.booking hold:  → held": 1,
        },
        named={
            "venues.session": 1,
            "venues.siterequest": 2,
            "venues.booking": 2,
        },
        others=("agency-b",),
        foreign="not-your-project",
    ),
    "release_seats": Act(
        do=lambda city, tender, by: release_seats(tender.pk, reason="采购计划推迟", by=by),
        stage="fixed",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender release_seats": 1,
            "venues.booking release: confirmed → released": 5,
            "venues.siterequest release: confirmed → released": 3,
            "venues.session release: fixed → released": 1,
        },
        named={
            "venues.session": 1,
            "venues.siterequest": 3,
            "venues.booking": 5,
        },
        others=("agency-b",),
        foreign="not-your-project",
    ),
    "confirm_site": Act(
        do=lambda city, tender, by: confirm_site(request_of(tender), by=by),
        stage="planned",
        account="guest-wuyuan",
        stream="venues.siterequest",
        moves={
            "venues.siterequest confirm: requested → confirmed": 1,
            "venues.booking confirm: held → confirmed": 1,
        },
        named={"venues.booking": 1},
        others=("host", "guest-hangjin", "guest-dengkou"),
        foreign="not-your-site",
    ),
    "refuse_site": Act(
        do=lambda city, tender, by: refuse_site(request_of(tender), reason="设备检修", by=by),
        stage="planned",
        account="guest-wuyuan",
        stream="venues.siterequest",
        moves={
            "venues.siterequest refuse: requested → refused": 1,
            "venues.booking release: held → released": 1,
        },
        named={"venues.booking": 1},
        others=("host", "guest-hangjin", "guest-dengkou"),
        foreign="not-your-site",
    ),
    "lapse_request": Act(
        do=lambda city, tender, by: lapse_request(request_of(tender), by=by),
        stage="planned",
        account="clock",
        stream="venues.siterequest",
        moves={
            "venues.siterequest lapse: requested → lapsed": 1,
            "venues.booking release: held → released": 1,
        },
        named={"venues.booking": 1},
        at=REPLY_BY,
    ),
    "record_readiness": Act(
        do=lambda city, tender, by: record_readiness(seat_of(city).pk, fault="摄像头无图像", by=by),
        stage="planned",
        account="guest-wuyuan",
        stream="venues.seat",
        moves={"venues.seat test": 1},
        others=("host", "guest-hangjin", "guest-dengkou"),
        foreign="not-your-site",
    ),
    "publish_notice": Act(
        do=lambda city, tender, by: publish_notice(tender.pk, publishing(tender), by=by),
        stage="fixed",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender publish_notice": 1,
            "tenders.lot publish: accepted → published": 1,
            "tenders.document issue: approved → issued": 1,
            "tenders.notice notice": 1,
        },
        named={
            "tenders.lot": 1,
            "tenders.document": 1,
            "tenders.notice": 1,
        },
        others=("agency-b",),
        foreign="not-your-project",
    ),
    "clarify": Act(
        do=lambda city, tender, by: clarify(tender.pk, clarification(tender), by=by),
        stage="published",
        account="agency-a",
        stream="tenders.tender",
        moves={
            "tenders.tender clarify": 1,
            "tenders.lot clarify: published → published": 1,
            "venues.session reopen: fixed → requested": 1,
            "venues.booking release: confirmed → released": 5,
            "venues.siterequest ask_again: confirmed → requested": 3,
            "venues.booking hold:  → held": 5,
            "tenders.notice notice": 1,
        },
        named={
            "tenders.lot": 1,
            "venues.session": 1,
            "venues.siterequest": 3,
            "venues.booking": 10,
            "tenders.notice": 1,
        },
        others=("agency-b",),
        foreign="not-your-project",
        at=START + timedelta(days=2),
    ),
    "close_bidding": Act(
        do=lambda city, tender, by: close_bidding(lot_of(tender).pk, by=by),
        stage="published",
        account="clock",
        stream="tenders.lot",
        moves={"tenders.lot close: published → closed": 1},
        named={"tenders.tender": 1},
        at=DUE,
    ),
    "record_finding": Act(
        do=lambda city, tender, by: record_finding(tender.pk, kind="observation", text="开标准备齐全", by=by),
        stage="published",
        account="supervisor",
        stream="oversight.finding",
        moves={"oversight.finding record": 1},
    ),
}
