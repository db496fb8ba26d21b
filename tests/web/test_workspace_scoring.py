"""The scoring template in the workspace (评分办法): proposed, changed, added up, set; fixed with the notice."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, TestCase

from mifeng.evaluation.models import ScoringTemplate
from mifeng.kernel.law import rulebooks
from mifeng.kernel.models import Entry
from mifeng.rules.scoring import parse_template, preset
from mifeng.tenders.models import Lot, Tender
from mifeng.web.workspace.forms.scoring import proposed
from tests.actions.reviews import reach
from tests.conftest import read_city
from tests.factories import City, documented, fixed, lot_of
from tests.rules.books import BOOK_2026
from tests.rules.scores import TEMPLATE
from tests.web.rooms import codes, queries, read, send, text_of

AGENCY = "agency-a"


@pytest.fixture(scope="module")
def prepared(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Tender]:
    """A project before its notice."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield fixed(read_city())
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def tender(prepared: Tender, db: None) -> Tender:
    """Return the project; what the test does to it is undone after it."""
    return prepared


def page_of(tender: Tender) -> str:
    """Return the address of the template of a project's first package."""
    return f"/workspace/{tender.pk}/lots/{lot_of(tender).pk}/scoring"


def typed(category: str = "goods", **changes: Any) -> dict[str, Any]:
    """Return the preset of a kind of purchase as a clerk sends it, with some fields changed."""
    sent = {name: value for name, value in proposed(preset(category, BOOK_2026)).items() if value is not False}
    sent |= {"items": "6", "item_6_kind": "objective", "item_6_min": "0", "item_6_weight": "1"}
    return {name: value for name, value in (sent | changes).items() if value is not None}


def kept() -> list[ScoringTemplate]:
    """Return the templates that were set."""
    return list(ScoringTemplate.objects.all())


def test_the_preset_is_lawful_and_set_as_it_is(tender: Tender) -> None:
    """One form, one receipt; what was typed is what is kept, canonical, and shown in words from then on."""
    first = read(AGENCY, page_of(tender))
    done = send(AGENCY, page_of(tender), typed())
    again = send(AGENCY, page_of(tender), typed())
    page = read(AGENCY, page_of(tender))

    [row] = kept()
    assert "范本，按招标文件改" in first
    assert (done.status_code, again["Location"]) == (303, done["Location"])
    assert parse_template(row.text.encode()) == preset("goods", rulebooks()[tender.rulebook])
    assert [word in page for word in ("技术参数响应", "低价优先法", "本国产品20%、小微企业10%", "<b>100</b>")] == [
        True
    ] * 4
    assert "评分办法" in read(AGENCY, f"/workspace/{tender.pk}")


def test_sums_are_shown_before_anything_is_set(tender: Tender) -> None:
    """Adding up and checking is no act; what the law would refuse is said with its clause."""
    good = text_of(send(AGENCY, page_of(tender), typed(check="1")))
    short = text_of(send(AGENCY, page_of(tender), typed(check="1", item_1_max="10", price_points="20")))
    more = text_of(send(AGENCY, page_of(tender), typed(more="1", item_2_name="另一因素")))

    assert "合计100分，符合规定" in good
    assert "现在合计80分" in short
    assert 'data-reason="template-sum"' in short
    assert ("另一因素" in more, 'name="item_9_name"' in more) == (True, True)
    assert kept() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"item_1_max": "15"}, ["template-sum"]),
        ({"item_1_step": "3"}, ["item-range"]),
        ({"price_points": "20", "item_1_max": "30"}, ["price-weight"]),
        ({"deduct_small-firm": "30"}, ["deduction-rate"]),
        ({"fixed_price": "on"}, ["price-item"]),
        ({"extreme": "50"}, ["extreme-wide"]),
    ],
)
def test_an_unlawful_template_comes_back_with_its_reason(
    tender: Tender, changes: dict[str, str], found: list[str]
) -> None:
    """Nothing is set; everything typed is still there (GPLR-34, MOF-87-55)."""
    answer = send(AGENCY, page_of(tender), typed(**changes))

    assert (answer.status_code, codes(answer), kept()) == (422, found, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"item_1_max": "很多"},
        {"item_1_max": ""},
        {"item_1_name": ""},
        {"price_points": ""},
        {"price_points": "1e2"},
        {"extreme": "100"},
        {"price_places": "9"},
        {f"item_{number}_part": "" for number in range(1, 6)},  # type: ignore[misc]
    ],
)
def test_a_wrong_shape_is_said_beside_its_field(tender: Tender, changes: dict[str, str]) -> None:
    answer = send(AGENCY, page_of(tender), typed(**changes))

    assert (answer.status_code, codes(answer), kept()) == (422, ["malformed"], [])


def test_from_the_notice_on_it_is_fixed(city: City, client: Client) -> None:
    """Agency, purchaser and the public read what holds, with the commitment to the secret of the codes."""
    review = reach(city, "published")
    tender = review.lot.tender

    pages = [read(account, page_of(tender)) for account in (AGENCY, "buyer")]
    late = send(AGENCY, page_of(tender), typed())

    for page in pages:
        assert ("技术参数" in page, "暗标编码密钥的承诺" in page, "<form" in page.split("</nav>")[-1]) == (
            True,
            True,
            False,
        )
    assert '<h2 id="scoring-1">评分办法</h2>' in text_of(client.get(f"/projects/{tender.pk}"))
    assert (late.status_code, codes(late)) == (409, ["wrong-state"])
    assert parse_template(kept()[0].text.encode()) == TEMPLATE


def test_a_package_without_one_says_so(tender: Tender) -> None:
    """The purchaser waits for the agency; the list of tasks names it."""
    page = read("buyer", page_of(tender))
    answer = send("buyer", page_of(tender), typed())

    assert ("还没有设定" in page, "公告前设定" in page) == (True, True)
    assert (answer.status_code, codes(answer), kept()) == (403, ["wrong-post"], [])


@pytest.mark.parametrize(
    ("account", "status"), [("host", 403), ("supervisor", 403), ("bidder-1", 403), ("agency-b", 404)]
)
def test_others_find_no_such_page(tender: Tender, account: str, status: int) -> None:
    assert send(account, page_of(tender), typed()).status_code == status
    assert Entry.objects.filter(type="set_template").count() == 0


def test_the_page_costs_the_same_before_and_after(tender: Tender) -> None:
    """Looking asks for nothing, and a package of another project is not found under this one."""
    before = queries(AGENCY, page_of(tender))
    send(AGENCY, page_of(tender), typed())

    assert queries(AGENCY, page_of(tender)) == before


def test_the_notice_is_not_published_unawares_without_one(tender: Tender) -> None:
    """Both pages of the notice say what holds; without a template the platform evaluates nothing (GPLR-34)."""
    without = read(AGENCY, f"/workspace/{tender.pk}/publish")
    send(AGENCY, page_of(tender), typed())

    with_one = read(AGENCY, f"/workspace/{tender.pk}/publish")

    words = "没有设定评分办法"
    assert (words in without, words in with_one) == (True, False)


def test_each_package_has_a_template_of_its_own(city: City) -> None:
    """The page of one leads to the other; the project says how many are missing; services have their own proposal."""
    parts = (("保洁", Decimal("300000.00")), ("保安", Decimal("200000.00")))
    tender = documented(city, category="services", budget_yuan=Decimal("500000.00"), lots=parts)
    first, second = (f"/workspace/{tender.pk}/lots/{lot.pk}/scoring" for lot in tender_lots(tender))

    page = read(AGENCY, first)
    counts = [read(AGENCY, f"/workspace/{tender.pk}").count("没有设定")]
    done = send(AGENCY, second, typed("services"))
    counts.append(read(AGENCY, f"/workspace/{tender.pk}").count("没有设定"))

    assert (f'href="{second}"' in page, "服务方案" in page, "本国产品扣除" in page) == (True, True, False)
    assert (done.status_code, [row.lot.name for row in kept()]) == (303, ["保安"])
    assert counts == [3, 2]


def tender_lots(tender: Tender) -> list[Lot]:
    """Return the packages of a project in order."""
    return list(Lot.objects.filter(tender=tender).order_by("number"))
