"""A project comes in and is accepted (进场登记与受理)."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from mifeng.kernel import clock
from mifeng.parties.models import Organisation
from mifeng.rules.errors import Unfair
from mifeng.tenders.actions import TenderEntry, accept_tender, enter_tender
from mifeng.tenders.actions import entry as entry_module
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import Booking, Seat, Session, Site, SiteRequest
from tests.actions.acts import SOON
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import START, entered, entry, fresh, lot_of

STAGES = ("entered",)
TWO_LOTS = (("课桌", Decimal("3000000.00")), ("椅子", Decimal("1800000.00")))


def enter(stages: Stages, account: str = "agency-a", **changes: object) -> Tender:
    """Enter a project and return it."""
    with clock.frozen(SOON):
        written = enter_tender(entry(stages.city, **changes), by=stages.actor(account))
    return Tender.objects.get(pk=UUID(written.subject.partition(":")[2]))


def test_entered_project_is_kept_as_declared(stages: Stages) -> None:
    """Entry: purchaser, agency, supervisor, budget, host by territory, rulebook of its day (R008, R043, GPLR-30)."""
    city = stages.city

    tender = enter(stages, name="  中小学课桌椅采购 ", lots=TWO_LOTS)

    assert tender.name == "中小学课桌椅采购"
    assert (tender.purchaser_id, tender.agency_id) == (
        city.organisations["市教育局"].pk,
        UUID(city["agency-a"].organisation),
    )
    assert tender.supervisor_id == UUID(city["supervisor"].organisation)
    assert (tender.region, tender.host_site) == ("150800", city.sites["市中心"].pk)
    assert (tender.rulebook, tender.entered_at, tender.version) == ("procurement-2026", SOON, 1)
    assert tender.issued_on is None
    lots = Lot.objects.filter(tender=tender).order_by("number")
    assert list(lots.values_list("number", "name", "budget_yuan", "state")) == [
        (1, "课桌", TWO_LOTS[0][1], "entered"),
        (2, "椅子", TWO_LOTS[1][1], "entered"),
    ]


def test_entry_of_the_ledger_says_all_that_was_declared(stages: Stages) -> None:
    """What was declared at entry can be read from the ledger alone (R071)."""
    with clock.frozen(SOON):
        written = enter_tender(entry(stages.city, lots=TWO_LOTS), by=stages.actor("agency-a"))

    read = read_entry(written.id)
    tender = Tender.objects.get(pk=UUID(written.subject.partition(":")[2]))
    assert read.body["moves"][0]["facts"] == {
        "number": tender.number,
        "name": "中小学课桌椅采购",
        "category": "goods",
        "in_catalogue": False,
        "complex": False,
        "budget_yuan": "4800000.00",
        "region": "150800",
        "host_site": str(tender.host_site),
        "rulebook": "procurement-2026",
        "purchaser": str(tender.purchaser_id),
        "agency": str(tender.agency_id),
        "supervisor": str(tender.supervisor_id),
    }
    assert [move["facts"]["budget_yuan"] for move in read.body["moves"][1:]] == ["3000000.00", "1800000.00"]


REASONS: list[tuple[dict[str, object], tuple[str, ...], tuple[str, ...]]] = [
    ({"supervisor": None}, ("supervisor-missing",), ("NM-2018-67 二(四)",)),
    ({"in_catalogue": True}, ("catalogue-needs-central-agency",), ("BN-2023 二(三)",)),
    ({"traits": ("on-site-samples",)}, ("remote-unsuitable",), ("BN-2023 三(五)",)),
    ({"traits": ("long-evaluation", "classified")}, ("remote-unsuitable",), ("BN-2023 三(五)",)),
    ({"budget_yuan": None}, ("budget-missing",), ("GPLR-30",)),
    ({"budget_yuan": Decimal(0)}, ("budget-missing",), ("GPLR-30",)),
    ({"lots": ()}, ("budget-missing",), ("GPLR-30",)),
    ({"lots": (("课桌椅", Decimal("-1")),)}, ("budget-missing",), ("GPLR-30",)),
    ({"budget_yuan": Decimal("4800000.01")}, ("budget-mismatch",), ("GPLR-30",)),
    (
        {"supervisor": None, "in_catalogue": True, "traits": ("e-mall",), "budget_yuan": Decimal(1)},
        ("supervisor-missing", "catalogue-needs-central-agency", "remote-unsuitable", "budget-mismatch"),
        ("NM-2018-67 二(四)", "BN-2023 二(三)", "BN-2023 三(五)", "GPLR-30"),
    ),
]


@pytest.mark.parametrize(("changes", "codes", "sources"), REASONS)
def test_unlawful_entry_is_refused_with_every_reason(
    stages: Stages, changes: dict[str, object], codes: tuple[str, ...], sources: tuple[str, ...]
) -> None:
    """No supervisor, no entry; the catalogue is the central agency's; unfit matters stay local (R010, R035, R043)."""
    with clock.frozen(SOON), refused(Unfair, *codes) as caught:
        enter_tender(entry(stages.city, **changes), by=stages.actor("agency-a"))

    assert tuple(reason.source for reason in caught.value.reasons) == sources
    assert all(reason.lifted_by for reason in caught.value.reasons)


def test_central_agency_may_enter_what_stands_in_the_catalogue(stages: Stages) -> None:
    """What is in the catalogue goes to the central procurement agency (R010, BN-2023 二(三))."""
    agency = Organisation.objects.filter(pk=stages.city["agency-b"].organisation)
    agency.update(kind=Organisation.Kind.CENTRAL_AGENCY)

    tender = enter(stages, account="agency-b", in_catalogue=True)

    assert (tender.in_catalogue, tender.agency_id) == (True, UUID(stages.city["agency-b"].organisation))


MALFORMED: list[tuple[dict[str, object], str, dict[str, object]]] = [
    ({"name": " \t"}, "malformed", {"field": "name"}),
    ({"name": "课桌\0椅"}, "malformed", {"field": "name"}),
    ({"name": "课桌\ud800椅"}, "malformed", {"field": "name"}),
    ({"name": "桌" * 201}, "too-large", {"field": "name", "limit": 200}),
    ({"category": "weapons"}, "malformed", {"field": "category"}),
    ({"category": ""}, "malformed", {"field": "category"}),
    ({"lots": (("", Decimal(1)),)}, "malformed", {"field": "lot"}),
    ({"lots": (("桌" * 201, Decimal(1)),)}, "too-large", {"field": "lot", "limit": 200}),
    ({"lots": (("桌", Decimal(1)),) * 100}, "too-large", {"field": "lots", "limit": 99}),
    ({"lots": (("桌", Decimal("0.001")),)}, "malformed", {"field": "budget_yuan"}),
    ({"budget_yuan": Decimal("NaN")}, "malformed", {"field": "budget_yuan"}),
    ({"budget_yuan": Decimal("Infinity")}, "malformed", {"field": "budget_yuan"}),
    ({"budget_yuan": Decimal("1E+20")}, "malformed", {"field": "budget_yuan"}),
    ({"purchaser": uuid4()}, "malformed", {"field": "purchaser"}),
    ({"supervisor": uuid4()}, "malformed", {"field": "supervisor"}),
]


@pytest.mark.parametrize(("changes", "code", "facts"), MALFORMED)
def test_entry_that_cannot_be_meant_is_refused(
    stages: Stages, changes: dict[str, object], code: str, facts: dict[str, object]
) -> None:
    with clock.frozen(SOON), refused(Unfair, code) as caught:
        enter_tender(entry(stages.city, **changes), by=stages.actor("agency-a"))

    assert dict(caught.value.facts) == facts
    assert caught.value.source == "our choice (ADR-1)"


SWAPPED: list[Callable[[Stages], dict[str, object]]] = [
    lambda on: {"purchaser": UUID(on.city["agency-a"].organisation)},
    lambda on: {"supervisor": UUID(on.city["buyer"].organisation)},
]


@pytest.mark.parametrize("changes", SWAPPED, ids=["purchaser", "supervisor"])
def test_organisation_of_another_kind_is_refused(
    stages: Stages, changes: Callable[[Stages], dict[str, object]]
) -> None:
    """An agency is no purchaser, a purchaser supervises nobody (R076)."""
    with clock.frozen(SOON), refused(Unfair, "malformed"):
        enter_tender(entry(stages.city, **changes(stages)), by=stages.actor("agency-a"))


def test_project_of_a_county_with_a_site_is_hosted_there(stages: Stages) -> None:
    """The host follows from the territory: the county's own site, else the city's (R124, LY-2022-14 二(一))."""
    purchaser = Organisation.objects.filter(pk=stages.city.organisations["市教育局"].pk)

    hosts = {}
    for region in ("150826", "150823", "150800"):
        purchaser.update(region=region)
        hosts[region] = Site.objects.get(pk=enter(stages).host_site).name

    assert hosts == {"150826": "杭锦后旗", "150823": "市中心", "150800": "市中心"}


def test_project_of_a_territory_without_a_site_is_refused(stages: Stages) -> None:
    """Where no centre stands there is no host (LY-2022-14 二(一))."""
    Organisation.objects.filter(pk=stages.city.organisations["市教育局"].pk).update(region="150900")

    with clock.frozen(SOON), refused(Unfair, "host-missing") as caught:
        enter_tender(entry(stages.city), by=stages.actor("agency-a"))

    assert dict(caught.value.facts) == {"region": "150900"}
    assert caught.value.source == "LY-2022-14 二(一)"


def test_number_bears_the_year_of_beijing(stages: Stages) -> None:
    with clock.frozen(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)):
        written = enter_tender(entry(stages.city), by=stages.actor("agency-a"))

    number = Tender.objects.get(pk=UUID(written.subject.partition(":")[2])).number
    assert number[:10] == "ZFCG-2027-"


def test_number_already_given_is_drawn_again(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = stages["entered"].number
    drawn = iter([int(taken.rpartition("-")[2]), 7])
    monkeypatch.setattr(entry_module.secrets, "randbelow", lambda limit: next(drawn))

    tender = enter(stages)

    assert tender.number == "ZFCG-2026-000007"


def test_numbers_grow_when_the_short_ones_are_used_up_and_end_some_time(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_module.secrets, "randbelow", lambda limit: 7)

    numbers = [enter(stages).number for _ in range(3)]

    assert numbers == ["ZFCG-2026-000007", "ZFCG-2026-0000007", "ZFCG-2026-00000007"]
    with pytest.raises(RuntimeError, match="no project number is free"):
        enter(stages)


def test_host_accepts_a_project_with_all_its_packages(stages: Stages) -> None:
    """The host centre accepts, and every package moves with the project (R008, BN-2023 二(一))."""
    tender = entered(stages.city, lots=TWO_LOTS)

    with clock.frozen(SOON):
        accept_tender(tender.pk, by=stages.actor("host"))

    assert [lot.state for lot in Lot.objects.filter(tender=tender)] == ["accepted", "accepted"]
    assert (fresh(tender).version, tender.version) == (2, 1)
    assert lot_of(stages["entered"]).state == "entered"


def test_entry_takes_no_seat_and_asks_no_site(stages: Stages) -> None:
    enter(stages)

    assert [model.objects.count() for model in (Session, SiteRequest, Booking)] == [0, 0, 0]
    assert Seat.objects.exclude(fault="").count() == 0


def test_declaration_is_a_value_and_cannot_be_changed_afterwards(stages: Stages) -> None:
    declared: TenderEntry = entry(stages.city)

    with pytest.raises(AttributeError):
        declared.name = "另一个项目"  # type: ignore[misc]

    assert enter(stages).entered_at > START
