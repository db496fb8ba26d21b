"""Who may see which project (可见范围): every query asked by every post, its own and others'."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.oversight.actions import record_finding
from mifeng.oversight.queries import findings_for
from mifeng.parties import queries as parties
from mifeng.parties.models import Organisation, Person, Post
from mifeng.tenders import queries
from mifeng.tenders.actions import draft_document, enter_tender
from mifeng.tenders.models import Document, Tender
from mifeng.venues import queries as venues
from mifeng.venues.actions import record_readiness
from tests.actions.acts import SOON, elsewhere, kept, request_of, seat_of
from tests.actions.conftest import Stages
from tests.factories import SESSION, City, entry, session_of

STAGES = ("entered", "drafted", "planned", "published", "closed")
EVERYBODY = (
    "agency-a",
    "agency-b",
    "buyer",
    "buyer-2",
    "host",
    "guest-hangjin",
    "guest-wuyuan",
    "guest-dengkou",
    "supervisor",
    "other supervisor",
    "other host",
    "clock",
)
PARTIES = {"agency-a", "buyer", "host", "supervisor"}
OWNERS = {"agency-a", "buyer"}
OFFICERS = {"host", "guest-hangjin", "guest-wuyuan", "guest-dengkou"}
PLANNERS = {"agency-a", "supervisor"}


def post(stages: Stages, name: str) -> Actor:
    """Return an actor by account, or one of the strangers."""
    if name == "clock":
        return CLOCK
    if name.startswith("other "):
        return elsewhere(stages.actor(name.partition(" ")[2]))
    return stages.actor(name)


def who(stages: Stages, read: Callable[[Actor], Any]) -> set[str]:
    """Return the posts for which a read gives something; what is not there for a post is nothing."""
    found = set()
    for name in EVERYBODY:
        try:
            if read(post(stages, name)):
                found.add(name)
        except ObjectDoesNotExist:
            continue
    return found


Read = Callable[[Actor, Tender], Any]
TENDER_READS: list[tuple[str, str, Read, set[str]]] = [
    ("list", "entered", lambda by, tender: queries.tenders_for(by).filter(pk=tender.pk), PARTIES),
    ("list", "closed", lambda by, tender: queries.tenders_for(by).filter(pk=tender.pk), PARTIES),
    ("project", "entered", lambda by, tender: queries.tender_for(by, tender.pk), PARTIES),
    ("project", "published", lambda by, tender: queries.tender_for(by, str(tender.pk)), PARTIES),
    ("drafts", "drafted", lambda by, tender: queries.documents_for(by, tender), OWNERS),
    ("issued", "published", lambda by, tender: queries.documents_for(by, tender), set(EVERYBODY)),
    ("draft", "drafted", lambda by, tender: queries.document_for(by, first(tender)), OWNERS),
    ("issued one", "published", lambda by, tender: queries.document_for(by, first(tender)), PARTIES),
    ("session", "planned", queries.session_for, PLANNERS | {"host"}),
    ("sites", "planned", queries.asks_for, PLANNERS | {"host"}),
    ("seats", "planned", lambda by, tender: venues.seats_at(by), OFFICERS),
    ("requests", "planned", lambda by, tender: venues.asks_at(by), {"host", "guest-hangjin", "guest-wuyuan"}),
    ("request", "planned", lambda by, tender: venues.ask_for(by, request_of(tender)), {"guest-wuyuan"}),
    ("host's request", "planned", lambda by, tender: venues.ask_for(by, request_of(tender, "市中心")), {"host"}),
    ("purchasers", "planned", lambda by, tender: parties.purchasers(by), {"agency-a", "agency-b"}),
]


def first(tender: Tender) -> UUID:
    """Return the first version of a project's document."""
    return Document.objects.get(tender=tender, version=1).pk


@pytest.mark.parametrize(("what", "stage", "read", "may"), TENDER_READS, ids=[f"{r[0]} {r[1]}" for r in TENDER_READS])
def test_query_gives_to_those_who_may_know_and_to_nobody_else(
    stages: Stages, what: str, stage: str, read: Read, may: set[str]
) -> None:
    """Own projects, own site, own region of duty; others' projects do not exist (R076, NM-2018-67 五(十四))."""
    tender = stages[stage]

    assert who(stages, lambda by: read(by, tender)) == may


def test_each_list_holds_exactly_the_own_projects(stages: Stages) -> None:
    """Two agencies, two purchasers: neither sees the other's (R076)."""
    with clock.frozen(SOON):
        other = enter_tender(
            entry(stages.city, purchaser=stages.city.organisations["市卫生健康委员会"].pk), by=stages.actor("agency-b")
        )
    theirs = {UUID(other.subject.partition(":")[2])}
    ours = set(stages.ids.values())

    lists = {name: set(queries.tenders_for(post(stages, name)).values_list("pk", flat=True)) for name in EVERYBODY}

    assert lists["agency-a"] == lists["buyer"] == ours
    assert lists["agency-b"] == lists["buyer-2"] == theirs
    assert lists["host"] == lists["supervisor"] == ours | theirs
    assert {name for name in EVERYBODY if not lists[name]} == set(EVERYBODY) - PARTIES - {"agency-b", "buyer-2"}


def test_officer_without_a_site_sees_nothing(stages: Stages) -> None:
    bare = replace(stages.actor("host"), site="")

    assert list(queries.tenders_for(bare)) == []
    assert (list(venues.asks_at(bare)), venues.seats_at(bare)) == ([], [])


def test_host_officer_sees_the_own_request_and_agency_and_supervisor_the_plan(stages: Stages) -> None:
    """Guest sites of a project are known to the agency that picked them and to the supervisor, not to the host."""
    tender = stages["planned"]

    seen = {
        name: {ask.request.site.name for ask in queries.asks_for(stages.actor(name), tender)}
        for name in ("agency-a", "supervisor", "host", "buyer")
    }

    assert seen["agency-a"] == seen["supervisor"] == {"市中心", "杭锦后旗", "五原县"}
    assert (seen["host"], seen["buyer"]) == ({"市中心"}, set())


@pytest.mark.parametrize("name", ["agency-b", "other supervisor", "other host"])
def test_session_of_a_foreign_project_does_not_exist(stages: Stages, name: str) -> None:
    with pytest.raises(Tender.DoesNotExist):
        queries.asks_for(post(stages, name), stages["planned"])


def test_everybody_may_know_how_many_seats_are_ready(stages: Stages) -> None:
    assert [queries.seats_ready(stages[stage]) for stage in ("entered", "planned", "published")] == [
        (0, 0),
        (0, 5),
        (5, 5),
    ]


def test_version_in_the_making_is_not_shown_beside_the_issued_one(stages: Stages) -> None:
    """A second version stays between agency and purchaser until it is issued (GPLR-31)."""
    tender = stages["published"]
    with clock.frozen(SOON):
        draft_document(tender.pk, kept(), name="第二版.pdf", by=stages.actor("agency-a"))
    second = Document.objects.get(tender=tender, version=2).pk

    versions = {name: [row.version for row in queries.documents_for(post(stages, name), tender)] for name in EVERYBODY}
    readers = who(stages, lambda by: queries.document_for(by, second))

    assert {name for name, shown in versions.items() if shown == [2, 1]} == OWNERS
    assert {tuple(shown) for name, shown in versions.items() if name not in OWNERS} == {(1,)}
    assert readers == OWNERS
    assert [row.version for row in queries.issued_documents(tender)] == [1]
    with pytest.raises(Document.DoesNotExist):
        queries.issued_document(second)


def test_document_nobody_knows_is_not_there(stages: Stages) -> None:
    with pytest.raises(Document.DoesNotExist):
        queries.document_for(stages.actor("agency-a"), uuid4())


def test_findings_are_the_own_authority_s_alone(stages: Stages) -> None:
    """What a supervisor notes is nobody's business but the supervisor's (R045)."""
    tender = stages["published"]
    with clock.frozen(SOON):
        record_finding(tender.pk, kind="irregularity", text="问题", by=stages.actor("supervisor"))
    with clock.frozen(SOON + timedelta(hours=1)):
        record_finding(tender.pk, kind="observation", text="复查", by=stages.actor("supervisor"))

    assert who(stages, lambda by: findings_for(by, tender.pk)) == {"supervisor"}
    assert [row.text for row in findings_for(stages.actor("supervisor"), tender.pk)] == ["复查", "问题"]
    assert findings_for(stages.actor("supervisor"), uuid4()) == []


def test_history_shows_the_sites_answers_to_those_who_may_know_the_sites(stages: Stages) -> None:
    """A guest's answer would tell the purchaser which site serves the project; findings tell nobody (R071, R076)."""
    tender = stages["published"]
    with clock.frozen(SOON):
        record_finding(tender.pk, kind="observation", text="无异常", by=stages.actor("supervisor"))

    seen = {name: [line.type for line in queries.history_for(stages.actor(name), tender)] for name in PARTIES}

    own = ["publish_notice", "plan_seats", "approve_document", "draft_document", "accept_tender", "enter_tender"]
    assert seen["buyer"] == seen["host"] == own
    assert seen["agency-a"] == seen["supervisor"] == [own[0], *["confirm_site"] * 3, *own[1:]]


def test_guest_s_request_carries_no_project_in_what_it_shows(stages: Stages) -> None:
    """A guest sees code name, time and its own seats; the page's value holds no more."""
    tender = stages["planned"]

    ask = venues.ask_for(stages.actor("guest-wuyuan"), request_of(tender))

    assert (ask.code_name, ask.pending) == (session_of(tender).code_name, True)
    assert [seat.label for seat in ask.seats] == ["01"]
    assert (ask.starts_at, ask.ends_at) == (SESSION[0] + timedelta(days=1), SESSION[1] + timedelta(days=1))
    assert {str(seat.site_id) for seat in ask.seats} == {stages.actor("guest-wuyuan").site}


def test_actor_of_a_person_ends_with_the_post_or_the_account(stages: Stages) -> None:
    """A session that is still open is worth nothing once the post has ended."""
    row = Post.objects.get(person__account="buyer")

    found = parties.actor_of(row.person_id)
    Post.objects.filter(pk=row.pk).update(active=False)
    ended = parties.actor_of(row.person_id)
    Post.objects.filter(pk=row.pk).update(active=True)
    Person.objects.filter(pk=row.person_id).update(is_active=False)

    assert found is not None
    assert found[0] == replace(stages.actor("buyer"), post=str(row.pk))
    assert (ended, parties.actor_of(row.person_id), parties.actor_of(uuid4())) == (None, None, None)


def test_organisations_and_sites_are_public_facts(stages: Stages) -> None:
    """The directory of sites is shared (R129); organisations are looked up by id."""
    city: City = stages.city

    assert [site.name for site in venues.sites()] == ["市中心", "杭锦后旗", "磴口县", "五原县"]
    assert venues.site(city.sites["五原县"].pk).name == "五原县"
    assert [row.name for row in parties.supervisors()] == ["市财政局政府采购监督科"]
    assert parties.organisation(city.organisations["市教育局"].pk).name == "市教育局"
    with pytest.raises(Organisation.DoesNotExist):
        parties.organisation(uuid4())


def test_handles_become_roles_and_within_the_house_titles(stages: Stages) -> None:
    """A page says which post acted; who the person is stays in its own organisation."""
    agency, buyer = stages.actor("agency-a"), stages.actor("buyer")

    assert parties.roles([agency.handle, buyer.handle, "nobody"]) == {agency.handle: "agency", buyer.handle: "buyer"}
    assert parties.post_titles(agency) == {agency.handle: "代理机构 经办A-02"}
    assert parties.post_titles(CLOCK) == {}
    assert parties.shares_organisation(agency, agency.handle)
    assert not parties.shares_organisation(agency, buyer.handle)
    assert not parties.shares_organisation(CLOCK, agency.handle)


def test_keeper_of_the_library_has_no_receipts_of_the_officers_of_its_house(stages: Stages) -> None:
    """One centre, two posts: whoever draws experts must not learn of a project from a colleague's receipt (R076)."""
    host, librarian = stages.actor("host"), stages.actor("librarian")

    assert host.organisation == librarian.organisation
    assert not parties.shares_organisation(librarian, host.handle)
    assert parties.shares_organisation(host, host.handle)


def test_seat_counts_and_free_seats_tell_numbers_only(stages: Stages) -> None:
    """Utilisation is shared as counts: seats, ready ones, free ones in a stretch of time (R130)."""
    with clock.frozen(SOON):
        record_readiness(seat_of(stages.city).pk, fault="断网", by=stages.actor("guest-wuyuan"))
    names = {str(site.pk): site.name for site in venues.sites()}
    session = session_of(stages["published"])

    counts = {names[pk]: numbers for pk, numbers in venues.seat_counts().items()}
    free = {names[pk]: numbers for pk, numbers in venues.free_counts((session.starts_at, session.ends_at)).items()}

    assert counts == {"市中心": (10, 10), "杭锦后旗": (4, 4), "五原县": (2, 1), "磴口县": (3, 3)}
    assert free["市中心"] == {"buyer": 1, "expert": 6}
    assert free["杭锦后旗"] == {"buyer": 0, "expert": 3}
    assert free["磴口县"] == {"buyer": 0, "expert": 3}


def test_board_shows_who_holds_a_seat_by_code_name_only_within_the_stretch(stages: Stages) -> None:
    session = session_of(stages["published"])
    site = stages.city.sites["杭锦后旗"].pk

    during = venues.board([site], (session.starts_at, session.ends_at))
    before = venues.board([site], (SOON, SOON + timedelta(hours=1)))

    assert [(seat.label, [row.request.session.code_name for row in rows]) for seat, rows in during] == [
        ("01", [session.code_name]),
        ("02", []),
        ("03", []),
        ("04", []),
    ]
    assert [rows for _, rows in before] == [[], [], [], []]
