"""The public record (公开记录) and what a page says of a project; no more statements for more rows."""

from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import pytest

from mifeng.kernel import clock
from mifeng.parties.models import Organisation
from mifeng.rules.notice import Clarification
from mifeng.tenders import queries, record
from mifeng.tenders.actions import clarify, plan_seats
from mifeng.tenders.models import Document, Tender
from mifeng.venues import queries as venues
from mifeng.venues.actions import refuse_site
from tests.actions.acts import SOON, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import queries as statements
from tests.factories import DUE, SESSION, clarification, lot_of, plan, session_of

STAGES = ("entered", "documented", "planned", "fixed", "published", "closed")
PUBLIC = {"published", "closed"}


def test_public_record_begins_with_the_notice(stages: Stages) -> None:
    """Before its notice a project does not exist for the public, neither listed nor found by id or number."""
    rows = {row.pk for row in queries.published()}
    by_id, by_number = set(), set()
    for stage in STAGES:
        tender = stages[stage]
        if record.numbered(tender.number):
            by_number.add(stage)
        try:
            record.public_tender(tender.pk)
            by_id.add(stage)
        except Tender.DoesNotExist:
            continue

    assert rows == {stages.ids[stage] for stage in PUBLIC}
    assert (by_id, by_number) == (PUBLIC, PUBLIC)
    assert record.numbered(stages["closed"].number.lower()) is not None
    assert record.numbered("ZFCG-2026-nothing") is None


def test_anybody_may_read_an_issued_document_and_no_draft(stages: Stages) -> None:
    """Issued documents are free for everybody, without asking who reads (R088)."""
    documents = {stage: queries.issued_documents(stages[stage]) for stage in ("documented", "fixed", "published")}
    draft = Document.objects.get(tender=stages["fixed"])
    issued = Document.objects.get(tender=stages["published"])

    assert {stage: len(rows) for stage, rows in documents.items()} == {"documented": 0, "fixed": 0, "published": 1}
    assert queries.issued_document(issued.pk).tender.pk == stages.ids["published"]
    for pk in (draft.pk, uuid4()):
        with pytest.raises(Document.DoesNotExist):
            queries.issued_document(pk)


def test_public_history_holds_the_public_acts_only(stages: Stages) -> None:
    """Notice, clarification and close; what went before is for those who took part."""
    found = {stage: [line.type for line in record.public_history(stages[stage])] for stage in ("fixed", "closed")}

    assert found == {"fixed": [], "closed": ["close_bidding", "publish_notice"]}


def test_list_is_narrowed_by_region_and_by_time_left(stages: Stages) -> None:
    """For bidders only what is still open, to the millisecond."""
    rows = queries.published()

    open_before = record.narrowed(rows, open_at=DUE - timedelta(milliseconds=1))
    open_at = record.narrowed(rows, open_at=DUE)

    assert {row.pk for row in open_before} == {stages.ids["published"]}
    assert list(open_at) == []
    assert {row.pk for row in record.narrowed(rows)} == {stages.ids[stage] for stage in PUBLIC}
    assert list(record.narrowed(rows, regions=["150826"])) == []
    assert record.narrowed(rows, regions=["150800", "150826"]).count() == 2
    assert record.region_counts(rows) == {"150800": 2}


def test_notices_of_several_projects_come_in_the_order_of_time(stages: Stages) -> None:
    tender = stages["published"]
    with clock.frozen(SOON + timedelta(days=1)):
        clarify(tender.pk, clarification(tender), by=stages.actor("agency-a"))

    found = record.notices_of([stages["published"], stages["closed"], stages["entered"]])

    assert {pk: [row.kind for row in rows] for pk, rows in found.items()} == {
        stages.ids["published"]: ["tender", "clarification"],
        stages.ids["closed"]: ["tender"],
    }
    assert [row.kind for row in queries.notices(tender)] == ["clarification", "tender"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("课桌椅", True),
        ("课桌椅 教育局", True),
        ("  ", True),
        ("zfcg-2026", True),
        ("课桌椅 卫生", False),
        ("100%", False),
        ("_______________________________________", False),
        ("\0", True),
        ("x " * 500, False),
    ],
)
def test_search_finds_by_name_number_and_purchaser_each_word(stages: Stages, words: str, found: bool) -> None:
    rows = queries.search(queries.tenders_for(stages.actor("agency-a")), words)

    assert (rows.count() == len(STAGES), rows.exists()) == (found, found)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("entered", {"entered"}),
        ("accepted", {"documented", "planned", "fixed"}),
        ("published", {"published"}),
        ("", set()),
    ],
)
def test_list_is_narrowed_by_state(stages: Stages, state: str, shown: set[str]) -> None:
    rows = queries.in_state(queries.tenders_for(stages.actor("buyer")), state)

    assert {row.pk for row in rows} == {stages.ids[stage] for stage in shown}


def test_state_of_a_project_is_that_of_its_least_advanced_package(stages: Stages) -> None:
    rows = queries.with_lots([stages[stage] for stage in STAGES])

    assert [row.state for row in rows] == ["entered", "accepted", "accepted", "accepted", "published", "closed"]
    assert [row.bids_due_at for row in rows] == [None, None, None, None, DUE, DUE]
    assert [lot.number for row in rows for lot in row.lots] == [1] * len(STAGES)


def test_standing_says_how_far_a_project_is_prepared(stages: Stages) -> None:
    found = queries.standings([stages[stage] for stage in STAGES])

    assert [found[stages.ids[stage]] for stage in STAGES] == [
        queries.Standing("", 0, 0),
        queries.Standing("approved", 0, 0),
        queries.Standing("approved", 0, 5),
        queries.Standing("approved", 5, 5),
        queries.Standing("issued", 5, 5),
        queries.Standing("issued", 5, 5),
    ]


def test_clocks_run_from_what_is_fixed(stages: Stages) -> None:
    """The statutory clocks of a project, idle ones too, as the rules compute them (GPL-35, GPLR-31)."""
    before = queries.clocks(stages["fixed"], [lot_of(stages["fixed"])], SOON)
    after = {one.key: one for one in queries.clocks(stages["closed"], [lot_of(stages["closed"])], DUE)}

    assert {one.state for one in before} == {"idle"}
    assert (after["bid-period"].state, after["bid-period"].given, after["supply"].state) == ("met", 24, "met")
    assert (after["clarification"].state, after["award"].state) == ("met", "idle")


def row_of(stages: Stages, stage: str) -> queries.Row:
    """Return a project with its packages."""
    return queries.with_lots([stages[stage]])[0]


def test_outlook_names_the_earliest_lawful_dates_and_nothing_in_the_way(stages: Stages) -> None:
    """What the page proposes would be accepted by the act itself (GPL-35, GPLR-31)."""
    outlook = queries.publication_outlook(stages.actor("agency-a"), row_of(stages, "fixed"), SOON)

    assert (outlook.reasons, outlook.supply_until, outlook.provisional) == ((), date(2026, 3, 9), False)
    assert outlook.bids_due_at.isoformat() == "2026-03-23T01:30:00+00:00"


def test_outlook_says_to_the_purchaser_that_seats_wait_but_not_where(stages: Stages) -> None:
    """The agency reads site by site, the purchaser only that seats are pending (R076)."""
    row = row_of(stages, "planned")

    agency = queries.publication_outlook(stages.actor("agency-a"), row, SOON).reasons
    buyer = queries.publication_outlook(stages.actor("buyer"), row, SOON).reasons

    assert [(one.code, one.facts["site"]) for one in agency] == [
        ("seats-pending", "市中心"),
        ("seats-pending", "五原县"),
        ("seats-pending", "杭锦后旗"),
    ]
    assert [(one.code, dict(one.facts)) for one in buyer] == [("seats-pending", {})]


@pytest.mark.parametrize(
    ("stage", "codes"),
    [
        ("entered", ["wrong-state", "document-missing", "seats-missing"]),
        ("documented", ["seats-missing"]),
        ("published", ["wrong-state"]),
        ("closed", ["wrong-state"]),
    ],
)
def test_outlook_of_other_stages_says_what_is_missing(stages: Stages, stage: str, codes: list[str]) -> None:
    outlook = queries.publication_outlook(stages.actor("agency-a"), row_of(stages, stage), SOON)

    assert [one.code for one in outlook.reasons] == codes


def test_outlook_takes_the_session_s_own_morning_where_it_begins_earlier(stages: Stages) -> None:
    """A session at eight on the first lawful day pulls the proposed deadline to eight."""
    tender = stages["documented"]
    early = SESSION[0].replace(month=3, day=23, hour=0, minute=0)
    with clock.frozen(SOON):
        plan_seats(
            tender.pk,
            plan(stages.city, starts_at=early, ends_at=early + timedelta(hours=5)),
            by=stages.actor("agency-a"),
        )

    outlook = queries.publication_outlook(stages.actor("agency-a"), row_of(stages, "documented"), SOON)

    assert outlook.bids_due_at == early


def test_outlook_tells_a_banned_agency(stages: Stages) -> None:
    """The page says beforehand what the act would refuse (R022)."""
    Organisation.objects.filter(pk=stages.city["agency-a"].organisation).update(banned_until=date(2026, 3, 2))

    today = queries.publication_outlook(stages.actor("agency-a"), row_of(stages, "fixed"), SOON)
    tomorrow = queries.publication_outlook(stages.actor("agency-a"), row_of(stages, "fixed"), SOON + timedelta(days=1))

    assert [one.code for one in today.reasons] == ["agency-banned"]
    assert tomorrow.reasons == ()


def test_clarification_is_judged_before_it_is_sent(stages: Stages) -> None:
    at = DUE - timedelta(days=10)
    row = row_of(stages, "published")

    late = queries.clarification_reasons(row, Clarification(at, DUE, affects_bids=True))
    fine = queries.clarification_reasons(row, Clarification(SOON, DUE, affects_bids=True))
    closed = queries.clarification_reasons(row_of(stages, "closed"), Clarification(SOON, DUE, affects_bids=True))

    assert [one.code for one in late] == ["clarification-late"]
    assert fine == ()
    assert [one.code for one in closed] == ["wrong-state"]
    assert queries.earliest_deadline(row_of(stages, "fixed"), at) is None
    assert queries.earliest_deadline(row, SOON) == DUE


def test_entry_is_traced_to_its_projects_also_through_a_session(stages: Stages) -> None:
    """A site's answer does not name the project; the platform still knows whom to tell."""
    tender = stages["planned"]
    with clock.frozen(SOON):
        written = refuse_site(request_of(tender), reason="检修", by=stages.actor("guest-wuyuan"))

    assert [(row.pk, step) for row, step in queries.tenders_of_entry(written.id)] == [(tender.pk, "refuse_site")]


def test_plan_of_a_session_is_what_the_rules_read(stages: Stages) -> None:
    found = venues.plan_of(session_of(stages["planned"]))

    assert [(one.role, one.buyer_seats, one.expert_seats) for one in found] == [
        ("host", 1, 2),
        ("guest", 0, 1),
        ("guest", 0, 1),
    ]


def test_lists_take_as_many_statements_for_three_rows_as_for_one(stages: Stages) -> None:
    """No page grows slower by one statement a row."""
    agency, guest = stages.actor("agency-a"), stages.actor("guest-wuyuan")
    one, three = [stages["published"]], [stages[stage] for stage in ("planned", "fixed", "published")]
    reads = {
        "tenders_for": lambda rows: list(queries.tenders_for(agency).filter(pk__in=[row.pk for row in rows])),
        "names": lambda rows: [
            (row.purchaser.name, row.agency.name, row.supervisor.name)
            for row in queries.tenders_for(agency).filter(pk__in=[row.pk for row in rows])
        ],
        "with_lots": queries.with_lots,
        "standings": queries.standings,
        "notices_of": record.notices_of,
        "asks_at": lambda rows: venues.with_seats(venues.asks_at(guest)[: len(rows)]),
        "published": lambda rows: [row.agency.name for row in queries.published()[: len(rows)]],
        "seats_of": lambda rows: venues.seats_of(f"tenders.tender:{row.pk}" for row in rows),
        "board": lambda rows: venues.board([site.pk for site in venues.sites()[: len(rows)]], SESSION),
    }

    counts = {name: (statements(partial(read, one)), statements(partial(read, three))) for name, read in reads.items()}

    assert counts == {
        "tenders_for": (1, 1),
        "names": (1, 1),
        "with_lots": (1, 1),
        "standings": (2, 2),
        "notices_of": (1, 1),
        "asks_at": (2, 2),
        "published": (1, 1),
        "seats_of": (1, 1),
        "board": (3, 3),
    }


def test_single_reads_take_few_statements(stages: Stages) -> None:
    agency, tender = stages.actor("agency-a"), stages["published"]
    lots = [lot_of(tender)]

    counts = {
        "tender_for": statements(lambda: queries.tender_for(agency, tender.pk)),
        "asks_for": statements(lambda: queries.asks_for(agency, tender)),
        "seats_ready": statements(lambda: queries.seats_ready(tender)),
        "clocks": statements(lambda: queries.clocks(tender, lots, SOON)),
        "documents_for": statements(lambda: queries.documents_for(agency, tender)),
        "history_for": statements(lambda: queries.history_for(agency, tender)),
    }

    assert counts == {
        "tender_for": 1,
        "asks_for": 4,
        "seats_ready": 1,
        "clocks": 1,
        "documents_for": 1,
        "history_for": 6,
    }
