"""Clarification on its page (澄清): what moves is said before it moves, and moves in one act."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from mifeng.kernel import clock
from mifeng.tenders.actions import clarify
from mifeng.tenders.models import Notice, Tender
from tests.factories import (
    DUE,
    SESSION,
    START,
    City,
    clarification,
    fresh,
    lot_of,
    published,
    requests,
    session_of,
)
from tests.web.rooms import codes, read, send, text_of

LATER = DUE + timedelta(days=7)


def clarified(tender: Tender, **changes: Any) -> dict[str, Any]:
    """Return a lawful clarification as a browser sends it; the deadline moves by a week."""
    lawful = {
        "text": "第三章第2条改为：高度75厘米",
        "affects_bids": "yes",
        "due_on": "2026-04-02",
        "due_time": "09:30",
        "reason": "澄清影响投标文件编制",
        "version": str(tender.version),
    }
    return {**lawful, **changes}


def send_clarification(tender: Tender, data: dict[str, Any], **options: Any) -> HttpResponse:
    """Send the clarification's form."""
    return send("agency-a", f"/workspace/{tender.pk}/clarify", data, **options)


def test_clarification_page_says_what_would_move(city: City) -> None:
    """Fourteen days before the deadline a clarification that affects bids must move it (GPLR-31)."""
    tender = published(city)

    early = read("agency-a", f"/workspace/{tender.pk}/clarify")
    late = read("agency-a", f"/workspace/{tender.pk}/clarify", at=DUE - timedelta(days=14))

    assert "要顺延截止" not in early
    assert "影响投标的澄清要顺延截止，最早到 2026-03-27 09:30 周五" in late
    assert "2026-03-26 10:30 周四，推后同样长的时间" in late
    assert "市中心、五原县、杭锦后旗，全部重新请求确认" in late


def test_clarification_is_restated_with_what_moves_and_then_issued(city: City) -> None:
    """Deadline, session and every seat move in one act (GPLR-31, LY-2022-14 四(一))."""
    tender = published(city)

    restated = text_of(send_clarification(tender, clarified(tender)))
    answer = send_clarification(tender, clarified(tender, word="发出"))

    for fact in (
        "2026-03-26 09:30 周四",
        "2026-04-02 09:30 周四",
        "2026-04-02 10:30 周四",
        "重新请求确认",
        "请输入“发出”",
    ):
        assert fact in restated
    assert answer.status_code == 303
    assert lot_of(tender).bids_due_at == LATER
    assert session_of(tender).starts_at == SESSION[0] + timedelta(days=7)
    assert {row.state for row in requests(tender)} == {"requested"}
    assert Notice.objects.get(kind="clarification").affects_bids
    assert "已发出1次" in read("agency-a", f"/workspace/{tender.pk}")


def test_clarification_without_a_new_deadline_moves_nothing(city: City) -> None:
    """Words that do not affect bids leave the dates alone."""
    tender = published(city)
    sent = clarified(tender, affects_bids="no", due_on="", reason="")

    restated = text_of(send_clarification(tender, sent))
    answer = send_clarification(tender, {**sent, "word": "发出"})

    assert "不变，2026-03-26 09:30 周四" in restated
    assert answer.status_code == 303
    assert lot_of(tender).bids_due_at == DUE
    assert {row.state for row in requests(tender)} == {"confirmed"}


@pytest.mark.parametrize("word", [{}, {"word": "发出"}])
@pytest.mark.parametrize(
    ("changes", "days_before", "expected", "field"),
    [
        ({"due_on": ""}, 10, ["clarification-late"], "id_due_on"),
        ({"due_on": "2026-03-25"}, 20, ["deadline-earlier", "clarification-late"], "id_due_on"),
        ({"affects_bids": "no", "due_on": "", "reason": " "}, 10, ["reason-required"], "id_reason"),
        ({"reason": ""}, 20, ["reason-required"], "id_reason"),
    ],
)
def test_unlawful_clarification_comes_back_beside_its_fields(
    city: City, changes: dict[str, Any], days_before: int, expected: list[str], field: str, word: dict[str, str]
) -> None:
    """Refused before the second page and by the act itself (GPLR-31)."""
    tender = published(city)
    at = DUE - timedelta(days=days_before)

    answer = send_clarification(tender, clarified(tender, **changes, **word), at=at)

    page = text_of(answer)
    assert answer.status_code == 422
    assert set(codes(answer)) <= set(expected)
    assert codes(answer)[0] == expected[0]
    assert f'href="#{field}"' in page
    assert "高度75厘米" in page
    assert not Notice.objects.filter(kind="clarification").exists()


def test_clarification_after_the_deadline_is_refused(city: City) -> None:
    """Before the close has been carried out the moment alone refuses (GPLR-31)."""
    tender = published(city)

    answer = send_clarification(tender, clarified(tender, word="发出"), at=DUE)

    page = text_of(answer)
    assert (answer.status_code, codes(answer)[0]) == (403, "deadline-passed")
    assert all(words in page for words in ("时间已过，不会解除", "任何岗位都不能", "政府采购法实施条例第三十一条"))
    assert lot_of(tender).bids_due_at == DUE


def test_new_day_needs_a_time_and_an_answer_needs_a_choice(city: City) -> None:
    """Shape again: half a deadline is none."""
    tender = published(city)

    page = text_of(send_clarification(tender, clarified(tender, due_time="", affects_bids="")))

    assert "新的投标截止时间：没有填写" in page
    assert "是否可能影响投标文件编制：没有选择" in page


def test_second_clarification_counts_from_the_first(city: City) -> None:
    """The page is made from what holds now."""
    tender = published(city)
    with clock.frozen(START + timedelta(minutes=40)):
        clarify(tender.pk, clarification(tender), by=city["agency-a"])

    answer = send_clarification(fresh(tender), clarified(fresh(tender), due_on="2026-04-01"))

    assert codes(answer)[0] == "deadline-earlier"
    assert "2026-04-02 09:30" in text_of(answer)


def test_clarification_sent_twice_is_issued_once_and_has_one_receipt(city: City) -> None:
    """Repeating the form moves nothing a second time (ADR-2)."""
    tender = published(city)

    first = send_clarification(tender, clarified(tender, word="发出"))
    again = send_clarification(tender, clarified(tender, word="发出"))
    late = send_clarification(tender, clarified(tender, word="发出"), at=LATER + timedelta(days=1))

    assert first["Location"] == again["Location"] == late["Location"]
    assert lot_of(tender).bids_due_at == LATER
    assert Notice.objects.filter(kind="clarification").count() == 1
