"""Notice and clarification on their pages (公告与澄清): restated before they happen, refused with every reason."""

import re
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse

from mifeng.kernel.ledger.queries import body_of
from mifeng.parties.models import Organisation
from mifeng.tenders.models import Document, Notice, Tender
from tests.factories import (
    DUE,
    City,
    accepted,
    documented,
    entered,
    fixed,
    lot_of,
    planned,
    published,
)
from tests.web.rooms import ask, codes, read, send, shown_codes, text_of


def noticed(tender: Tender, **changes: Any) -> dict[str, Any]:
    """Return a lawful notice as a browser sends it."""
    lawful = {
        "text": "公告正文\r\n第二行",
        "supply_until": "2026-03-10",
        "due_on": "2026-03-26",
        "due_time": "09:30",
        "departure_reason": "",
        "version": str(tender.version),
    }
    return {**lawful, **changes}


def send_notice(tender: Tender, data: dict[str, Any], **options: Any) -> HttpResponse:
    """Send the notice's form."""
    return send("agency-a", f"/workspace/{tender.pk}/publish", data, **options)


def carried(page: str) -> dict[str, str]:
    """Return what a page carries unseen in its form."""
    hidden = [tag for tag in re.findall(r"<input[^>]*>", page) if 'type="hidden"' in tag and 'name="next"' not in tag]
    found = {}
    for tag in hidden:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] not in ("_key", "csrfmiddlewaretoken"):
            found[name[1]] = value[1] if value else ""
    return found


def test_page_proposes_the_earliest_lawful_dates_and_a_text(city: City) -> None:
    """Nothing known is typed twice; the dates come from the rulebook (GPL-35, GPLR-31)."""
    tender = fixed(city)

    page = read("agency-a", f"/workspace/{tender.pk}/publish")

    assert 'value="2026-03-09"' in page  # five working days after Monday 2 March
    assert 'value="2026-03-23"' in page  # twenty days later is a Sunday: the Monday after it
    assert 'value="09:30"' in page
    assert [one in page for one in (tender.number, "肆佰捌拾万元整", "第1包　课桌椅", "提供期不少于5个工作日")] == [
        True
    ] * 4
    assert 'name="departure_reason"' not in page
    assert shown_codes(page) == set()


def test_notice_is_restated_before_it_is_published(city: City) -> None:
    """The second page names object, consequence and clause, carries what was typed and asks for a word (U6)."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender))

    page = text_of(answer)
    assert answer.status_code == 200
    for fact in (
        "2026-03-10 周二，6个工作日",
        "2026-03-26 09:30 周四，发出后24日",
        "5/5已确认",
        "第1版",
        "政府采购法第三十五条",
    ):
        assert fact in page
    assert ("办理后不能撤回" in page, "请输入“发布”" in page) == (True, True)
    assert ("需要修改" in page, "选填" in page) == (False, False)
    assert carried(page) == noticed(tender)
    assert not Notice.objects.exists()


def test_notice_is_published_with_the_word_and_issues_the_document(city: City) -> None:
    """One act: notice, deadline, documents; the receipt names it (GPL-35)."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender, word="发布"))

    notice = Notice.objects.get(tender=tender)
    tender.refresh_from_db()
    assert answer.status_code == 303
    assert body_of(int(answer["X-Receipt"]))["step"] == "publish_notice"
    assert (notice.text, notice.bids_due_at) == ("公告正文\n第二行", DUE)
    assert (tender.supply_until, lot_of(tender).bids_due_at) == (date(2026, 3, 10), DUE)
    assert Document.objects.get(tender=tender).state == "issued"
    assert "中小学课桌椅采购招标公告" in read("agency-a", f"/workspace/{tender.pk}")


@pytest.mark.parametrize("word", ["", "发 布", "publish"])
def test_wrong_word_publishes_nothing_and_keeps_the_page(city: City, word: str) -> None:
    """The page that asks for the word comes back with what it carries."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender, word=word))

    page = text_of(answer)
    assert answer.status_code == 422
    assert 'href="#id_word"' in page
    assert carried(page)["supply_until"] == "2026-03-10"
    assert not Notice.objects.exists()


def test_going_back_to_the_form_keeps_what_was_typed(city: City) -> None:
    """Changing one's mind costs no typing."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender, text="我写的正文", word="", edit="1"))

    page = text_of(answer)
    assert answer.status_code == 200
    assert "我写的正文</textarea>" in page
    assert 'value="2026-03-26"' in page
    assert "需要修改" not in page


@pytest.mark.parametrize("word", [{}, {"word": "发布"}])
@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"supply_until": "2026-03-06"}, ["supply-period-short"], "id_supply_until"),
        ({"due_on": "2026-03-20"}, ["bid-period-short"], "id_due_on"),
        ({"due_on": "2026-03-27"}, ["session-before-deadline"], "id_due_on"),
        (
            {"supply_until": "2026-03-03", "due_on": "2026-03-04"},
            ["supply-period-short", "bid-period-short"],
            "id_supply_until",
        ),
    ],
)
def test_unlawful_dates_come_back_beside_their_fields(
    city: City, changes: dict[str, Any], expected: list[str], field: str, word: dict[str, str]
) -> None:
    """Refused before the second page and, if somebody skips it, by the act itself (GPL-35, GPLR-31)."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender, **changes, **word))

    page = text_of(answer)
    assert (answer.status_code, codes(answer), shown_codes(page)) == (422, expected, set(expected))
    assert f'href="#{field}"' in page
    assert "第二行" in page
    assert not Notice.objects.exists()


def test_notice_before_the_seats_needs_a_recorded_reason(city: City) -> None:
    """In principle seats come first; a reason in words lets the notice go out (LY-2022-14 四(一))."""
    tender = planned(city)

    page = read("agency-a", f"/workspace/{tender.pk}/publish")
    refused = send_notice(tender, noticed(tender))
    reasoned = send_notice(tender, noticed(tender, departure_reason="场地系统停机"))
    done = send_notice(tender, noticed(tender, departure_reason="场地系统停机", word="发布"))

    assert ('name="departure_reason"' in page, shown_codes(page)) == (True, {"seats-pending"})
    assert codes(refused) == ["seats-pending"] * 3
    assert 'href="#id_departure_reason"' in text_of(refused)
    assert "席位等待场地确认：五原县（副场）1席" in text_of(refused)
    assert (reasoned.status_code, "先行发布的理由" in text_of(reasoned)) == (200, True)
    assert done.status_code == 303
    assert body_of(int(done["X-Receipt"]))["moves"][0]["facts"]["departure_reason"] == "场地系统停机"


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (entered, {"wrong-state", "document-missing", "seats-missing"}),
        (accepted, {"document-missing", "seats-missing"}),
        (documented, {"seats-missing"}),
    ],
)
def test_page_says_all_that_is_missing_and_the_form_is_refused_for_it(
    city: City, stage: Any, expected: set[str]
) -> None:
    """The page is open early, so that everything missing can be read at once (U4)."""
    tender = stage(city)

    page = read("agency-a", f"/workspace/{tender.pk}/publish")
    answer = send_notice(tender, noticed(tender))

    assert shown_codes(page) == expected
    assert set(codes(answer)) == expected
    assert not Notice.objects.exists()


@pytest.mark.parametrize("word", [{}, {"word": "发布"}])
def test_page_that_was_overtaken_is_refused_with_both_versions(city: City, word: dict[str, str]) -> None:
    """The form comes back made from what holds now, with what was typed (409)."""
    tender = fixed(city)

    answer = send_notice(tender, noticed(tender, version=str(tender.version - 1), **word))

    page = text_of(answer)
    assert (answer.status_code, codes(answer)) == (409, ["stale-version"])
    assert f"您看到第{tender.version - 1}版，现在是第{tender.version}版" in page
    assert carried(page)["version"] == str(tender.version)
    assert "第二行" in page


def test_banned_agency_learns_of_its_ban_before_it_tries(city: City) -> None:
    """Until when, and who can lift it (BN-2023 二(四)6)."""
    tender = fixed(city)
    Organisation.objects.filter(pk=tender.agency_id).update(banned_until=date(2026, 4, 1))

    page = read("agency-a", f"/workspace/{tender.pk}")
    answer = send_notice(tender, noticed(tender, word="发布"))

    assert shown_codes(page) == {"agency-banned"}
    assert "2026-04-02 00:00" in page
    assert (answer.status_code, codes(answer)) == (403, ["agency-banned"])


def test_notice_sent_twice_is_published_once_and_has_one_receipt(city: City) -> None:
    """The page closes behind its act; whoever sends the form again still gets the receipt (ADR-2)."""
    tender = fixed(city)

    first = send_notice(tender, noticed(tender, word="发布"))
    again = send_notice(tender, noticed(tender, word="发布"))
    fresh_key = send_notice(tender, noticed(tender, word="发布"), key="key-2")
    other_text = send_notice(tender, noticed(tender, word="发布", text="别的"))

    assert (first.status_code, again.status_code) == (303, 303)
    assert (again["Location"], again["X-Receipt"]) == (first["Location"], first["X-Receipt"])
    assert (fresh_key.status_code, codes(fresh_key)) == (409, ["wrong-state"])
    assert (other_text.status_code, codes(other_text)) == (422, ["idempotency-mismatch"])
    assert Notice.objects.count() == 1


def test_published_project_has_no_publish_page_and_an_unpublished_no_clarify_page(city: City) -> None:
    """Each page belongs to its stage and says which."""
    running, waiting = published(city), fixed(city)

    answers = [ask("agency-a", f"/workspace/{running.pk}/publish"), ask("agency-a", f"/workspace/{waiting.pk}/clarify")]

    assert [(answer.status_code, codes(answer)) for answer in answers] == [(409, ["wrong-state"])] * 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": " "}, "公告正文：没有填写"),
        ({"text": "长" * 20_001}, "公告正文："),
        ({"supply_until": "三月十日"}, "招标文件提供至：请写成 2026-11-20 这样的日期"),
        ({"due_on": "2106-01-01"}, "投标截止日期：请核对年份"),
        ({"due_time": "9点半"}, "投标截止时间：请写成 09:30 这样的时间"),
        ({"departure_reason": "长" * 1001}, "席位未全部确认而先行发布的理由："),
    ],
)
def test_bad_shape_of_a_notice_is_said_beside_its_field(city: City, changes: dict[str, Any], says: str) -> None:
    """Shape is the form's; nothing is published."""
    tender = planned(city)

    answer = send_notice(tender, noticed(tender, **changes))

    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Notice.objects.exists()
