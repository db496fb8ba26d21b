"""Entry of a project on its page (进场登记): nothing typed is lost, every reason of the law beside its field."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot, Tender
from tests.factories import City, as_uuid
from tests.web.rooms import AT, client_of, codes, read, send, shown_codes, text_of

NEW = "/workspace/new"


def declared(city: City, **changes: Any) -> dict[str, Any]:
    """Return a lawful entry form as a browser sends it."""
    lawful = {
        "name": "中小学课桌椅采购",
        "category": "goods",
        "in_catalogue": "no",
        "purchaser": str(city.organisations["市教育局"].pk),
        "supervisor": str(city.organisations["市财政局政府采购监督科"].pk),
        "budget_yuan": "4,800,000.00",
        "lots": "2",
        "lot_1_name": "课桌椅",
        "lot_1_budget": "4800000",
        "lot_2_name": "",
        "lot_2_budget": "",
    }
    return {**lawful, **changes}


def test_entry_is_accepted_and_answers_with_its_receipt(city: City) -> None:
    """The form becomes one act; its receipt names the entry (BN-2023 二(一), R008)."""
    answer = send("agency-a", NEW, declared(city, complex="on"))

    entry = Entry.objects.get(pk=answer["X-Receipt"])
    tender = Tender.objects.get(pk=as_uuid(entry.subject))
    assert (answer.status_code, answer["Location"]) == (303, f"/account/receipts/{bytes(entry.leaf).hex()}")
    assert (tender.name, tender.budget_yuan, tender.complex) == ("中小学课桌椅采购", Decimal("4800000.00"), True)
    assert list(Lot.objects.filter(tender=tender).values_list("number", "name", "budget_yuan")) == [
        (1, "课桌椅", Decimal("4800000.00"))
    ]


def test_several_packages_are_entered_and_a_project_without_any_is_one(city: City) -> None:
    """Nobody types the name twice for a project of one package."""
    two = declared(city, lot_1_budget="1,000,000", lot_2_name="书柜", lot_2_budget="3,800,000.00")
    none = declared(city, name="一个包的项目", lot_1_name="", lot_1_budget="")

    send("agency-a", NEW, two, key="two")
    send("agency-a", NEW, none, key="none")

    lots = {name: list(Lot.objects.filter(tender__name=name).order_by("number").values_list("name", "budget_yuan"))
            for name in ("中小学课桌椅采购", "一个包的项目")}  # fmt: skip
    assert lots == {
        "中小学课桌椅采购": [("课桌椅", Decimal("1000000.00")), ("书柜", Decimal("3800000.00"))],
        "一个包的项目": [("一个包的项目", Decimal("4800000.00"))],
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"supervisor": "none"}, "supervisor-missing", "id_supervisor"),
        ({"in_catalogue": "yes"}, "catalogue-needs-central-agency", "id_in_catalogue"),
        ({"budget_yuan": ""}, "budget-missing", "id_budget_yuan"),
        ({"lot_1_budget": "4,700,000"}, "budget-mismatch", "id_budget_yuan"),
        ({"traits": ["classified", "e-mall"]}, "remote-unsuitable", "id_traits"),
    ],
)
def test_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    city: City, changes: dict[str, Any], code: str, field: str
) -> None:
    """The law's reason is said in the summary, beside the field and in full with its clause (U4, U12)."""
    answer = send("agency-a", NEW, declared(city, **changes))

    page = text_of(answer)
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert shown_codes(page) == {code}
    assert f'href="#{field}' in page
    assert 'value="中小学课桌椅采购"' in page
    assert 'value="课桌椅"' in page
    assert not Tender.objects.exists()


def test_all_reasons_are_said_at_once(city: City) -> None:
    """Three things wrong are three reasons, not one after the other (U4)."""
    changes = {"supervisor": "none", "in_catalogue": "yes", "traits": ["on-site-samples"]}

    answer = send("agency-a", NEW, declared(city, **changes))

    assert codes(answer) == ["supervisor-missing", "catalogue-needs-central-agency", "remote-unsuitable"]
    assert "需现场查看样品" in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": ""}, "id_name", "项目名称：没有填写"),
        ({"name": "名" * 201}, "id_name", "项目名称："),
        ({"category": ""}, "id_category", "项目类别：没有选择"),
        ({"category": "weapons"}, "id_category", "项目类别："),
        ({"in_catalogue": ""}, "id_in_catalogue", "是否列入集中采购目录：没有选择"),
        ({"purchaser": ""}, "id_purchaser", "采购人：没有选择"),
        ({"budget_yuan": "48万"}, "id_budget_yuan", "项目预算（元）：请以元为单位"),
        ({"budget_yuan": "4800000.001"}, "id_budget_yuan", "项目预算（元）：请以元为单位"),
        ({"lot_2_name": "书柜"}, "id_lot_2_budget", "第2包预算（元）：没有填写"),
        ({"lot_2_budget": "1"}, "id_lot_2_name", "第2包名称：没有填写"),
    ],
)
def test_bad_shape_is_said_beside_its_field(city: City, changes: dict[str, Any], field: str, says: str) -> None:
    """Forms check shape; nothing is entered and nothing typed is lost."""
    answer = send("agency-a", NEW, declared(city, **changes))

    page, code = text_of(answer), "too-large" if len(changes.get("name", "")) > 200 else "malformed"
    assert (answer.status_code, codes(answer), shown_codes(page)) == (422, [code], {code})
    assert "格式要求依据平台规则（ADR-1）" in page
    assert f'href="#{field}' in page
    assert says in page
    assert str(changes.get("budget_yuan", "4,800,000.00")) in page
    assert not Tender.objects.exists()


def test_purchaser_of_another_kind_is_refused(city: City) -> None:
    """An organisation that is no purchaser cannot be chosen, whatever is sent."""
    answer = send("agency-a", NEW, declared(city, purchaser=str(city.organisations["甲诚招标代理有限公司"].pk)))

    assert answer.status_code == 422
    assert 'href="#id_purchaser"' in text_of(answer)
    assert not Tender.objects.exists()


def test_more_lines_keep_what_was_typed_and_enter_nothing(city: City) -> None:
    """A page without scripts can still take forty packages."""
    sent = declared(city, name="未完的项目", budget_yuan="不是数", traits=["e-mall"], complex="on", more="1")

    answer = send("agency-a", NEW, sent)

    page = text_of(answer)
    assert answer.status_code == 200
    assert page.count("包名称") == 5
    assert ('value="未完的项目"' in page, 'value="不是数"' in page) == (True, True)
    assert page.count(" checked") == 4  # category, catalogue, complexity, one trait
    assert not Tender.objects.exists()
    assert text_of(send("agency-a", NEW, {**sent, "lots": "39"})).count("包名称") == 40
    assert text_of(send("agency-a", NEW, {**sent, "lots": "九"})).count("包名称") == 5


def test_amounts_are_shown_in_capitals_before_the_entry(city: City) -> None:
    """Beside a binding amount stand its capitals (U9); looking at them enters nothing."""
    sent = declared(city, lot_1_budget="1000000", lot_2_name="书柜", lot_2_budget="3800000.50", check="1")

    answer = send("agency-a", NEW, sent)

    page = text_of(answer)
    assert answer.status_code == 200
    assert [amount in page for amount in ("肆佰捌拾万元整", "壹佰万元整", "叁佰捌拾万元伍角")] == [True, True, True]
    assert "各包合计 4,800,000.50 元" in page
    assert not Tender.objects.exists()


def test_form_sent_twice_gives_the_same_receipt_and_one_project(city: City) -> None:
    """The key of a form belongs to one act (ADR-2)."""
    first = send("agency-a", NEW, declared(city), key="same")
    again = send("agency-a", NEW, declared(city), key="same")
    changed = send("agency-a", NEW, declared(city, name="别的"), key="same")

    assert (first["Location"], first["X-Receipt"]) == (again["Location"], again["X-Receipt"])
    assert (changed.status_code, codes(changed)) == (422, ["idempotency-mismatch"])
    assert Tender.objects.count() == 1


def test_form_without_key_or_token_is_refused(city: City) -> None:
    """A form that the platform did not give out does nothing."""
    strict = client_of("agency-a", enforce_csrf_checks=True)
    with clock.frozen(AT):
        tokenless = strict.post(NEW, {"_key": "key", **declared(city)})
    keyless = send("agency-a", NEW, declared(city), key="")
    overlong = send("agency-a", NEW, declared(city), key="k" * 65)

    assert [codes(answer) for answer in (tokenless, keyless, overlong)] == [["malformed"]] * 3
    assert [answer.status_code for answer in (tokenless, keyless, overlong)] == [422] * 3
    assert not Tender.objects.exists()


def test_entry_by_another_post_or_the_public_is_refused(city: City) -> None:
    """Only an agency enters projects."""
    buyer = send("buyer", NEW, declared(city))
    public = Client().post(NEW, {"_key": "key", **declared(city)})

    assert (buyer.status_code, codes(buyer)) == (403, ["wrong-post"])
    assert (public.status_code, public["Location"]) == (302, "/account/sign-in")
    assert not Tender.objects.exists()


def test_empty_form_asks_for_everything_the_law_wants(city: City) -> None:
    """The form offers the purchasers, the authorities and the traits of the rulebook."""
    page = read("agency-a", NEW)

    for choice in ("市教育局", "市卫生健康委员会", "市财政局政府采购监督科", "涉密项目", "电子卖场采购"):
        assert choice in page
    assert "甲诚招标代理有限公司</option>" not in page
