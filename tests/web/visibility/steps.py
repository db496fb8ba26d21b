"""From stage to stage (逐环节推进): the painted world is led on by the platform's own acts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from mifeng.bidding.models import Bid
from mifeng.evaluation.actions import lock_technical, reveal
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.vault import intake
from mifeng.oversight.actions import record_finding
from mifeng.parties.models import Post
from mifeng.tenders.actions import (
    Clarified,
    Publishing,
    accept_tender,
    approve_document,
    clarify,
    close_bidding,
    draft_document,
    plan_seats,
    publish_notice,
    replan_seats,
    return_document,
)
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.venues.actions import confirm_site, refuse_site
from mifeng.venues.models import SiteRequest
from tests.web.visibility.bids import BIDDERS, hand_in
from tests.web.visibility.cast import (
    CLARIFIED_AT,
    DUE,
    DUE_LATER,
    OPENED_AT,
    PUBLISHED_AT,
    RESULT_AT,
    SCORED_AT,
    SEATED_AT,
    STAGES,
    START,
    pdf,
)
from tests.web.visibility.judgement import GIVEN, Bench, prepare
from tests.web.visibility.world import World, acting_at, planned_session


def stages(world: World) -> Iterator[str]:
    """Lead the world through its stages; it stands still at each of them."""
    for stage in STAGES:
        if stage != "entered":
            _STEPS[stage](world)
        world.stage = stage
        world.tender = Tender.objects.get(pk=world.tender.pk)
        yield stage


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
        plan_seats(world.tender.pk, planned_session(world.tender, guests), by=world.actors["agency"])
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
    prepare(Lot.objects.get(tender=world.tender), world.actors["agency"], PUBLISHED_AT - timedelta(minutes=9))
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


def _evaluating(world: World) -> None:
    lot = Lot.objects.select_related("tender").get(tender=world.tender)
    rows = Post.objects.select_related("person", "organisation")
    firms = {row.person.account: row.organisation.name for row in rows}
    sites = (world.tender.host_site, world.sites["guest-one"].pk, world.sites["guest-three"].pk)
    bids = [
        world.extra["bid-ref"],
        *Bid.objects.exclude(bid_ref=world.extra["bid-ref"]).values_list("bid_ref", flat=True),
    ]
    world.bench = Bench(lot, world.actors, sites, bids, [firms[account] for account in BIDDERS])
    world.bench.open(OPENED_AT)
    world.bench.sit(SEATED_AT)
    world.bench.score("technical", SCORED_AT)
    world.bench.sign("technical", SCORED_AT, (1, 4, 5))
    world.extra |= world.bench.codes()
    with acting_at(world, SCORED_AT):
        world.extra |= {"own-score": str(GIVEN[2]), "other-score": str(GIVEN[3])}


def _locked(world: World) -> None:
    bench, at = _bench(world), SCORED_AT + timedelta(minutes=20)
    bench.sign("technical", at, (2, 3))
    with acting_at(world, at):
        lock_technical(bench.lot.pk)
    bench.score("business", at + timedelta(minutes=10))
    bench.sign("business", at + timedelta(minutes=10), (1, 4, 5))
    world.at = at + timedelta(minutes=10)


def _reported(world: World) -> None:
    bench, at = _bench(world), SCORED_AT + timedelta(minutes=50)
    bench.sign("business", at, (2, 3))
    with acting_at(world, at):
        reveal(bench.lot.pk)
    with acting_at(world, at + timedelta(minutes=10)):
        world.extra |= bench.report(world.at)


def _announced(world: World) -> None:
    with acting_at(world, RESULT_AT + timedelta(hours=2)):
        _bench(world).settle(RESULT_AT)


def _bench(world: World) -> Bench:
    assert world.bench is not None
    return world.bench


_STEPS: dict[str, Callable[[World], None]] = {
    "documented": _documented,
    "planned": _planned,
    "refused": _refused,
    "fixed": _fixed,
    "published": _published,
    "clarified": _clarified,
    "closed": _closed,
    "evaluating": _evaluating,
    "locked": _locked,
    "reported": _reported,
    "announced": _announced,
}
