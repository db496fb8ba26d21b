"""The workspace (办理): the list of projects and the page of one, as agency and purchaser may know them."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.tenders.actions import close_bidding, draft_document, enter_tender
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.actions import refuse_site
from tests.factories import (
    DUE,
    START,
    City,
    accepted,
    as_uuid,
    documented,
    entered,
    entry,
    fixed,
    planned,
    published,
    request_at,
    stored,
)
from tests.web.rooms import AT, ask, client_of, codes, queries, read, shown_codes, text_of

GUESTS = ("杭锦后旗", "五原县")


def several(city: City, count: int) -> list[Tender]:
    """Return projects that were entered one minute after the other."""
    return [entered(city, at=START + timedelta(minutes=n), name=f"项目{n:03d}") for n in range(count)]


def test_list_shows_what_each_project_waits_for(city: City) -> None:
    """The list counts first, names the turn, and shows the deadline as time left and as an instant."""
    waiting = documented(city, name="待约席位项目")
    running = published(city, name="投标中项目")

    agency = read("agency-a", "/workspace/")
    buyer = read("buyer", "/workspace/")

    assert "共2个" in agency
    rows = {pk: agency.split(f'data-tender="{pk}"')[1].split("</tr>")[0] for pk in (waiting.pk, running.pk)}
    assert ("等代理机构预约席位" in rows[waiting.pk], 'data-state="todo"' in rows[waiting.pk]) == (True, True)
    assert ("席位5/5已确认" in rows[running.pk], "投标中" in rows[running.pk]) == (True, True)
    assert "剩23天" in agency
    assert "2026-03-26 09:30 周四" in agency
    assert "/workspace/new" in agency
    assert "/workspace/new" not in buyer
    assert "待约席位项目" in buyer


def test_list_without_projects_says_where_to_begin(city: City) -> None:
    """An empty list offers the one thing that helps."""
    agency = read("agency-b", "/workspace/")
    buyer = read("buyer-2", "/workspace/")

    assert "还没有项目" in agency
    assert 'class="btn btn-line" href="/workspace/new"' in agency
    assert "还没有项目" in buyer
    assert 'href="/workspace/new"' not in buyer


def test_list_is_searched_and_narrowed_by_its_address(city: City) -> None:
    """All filters stand in the address; what they hide is named, with the way out."""
    chairs, bus = entered(city, name="课桌椅"), accepted(city, name="校车服务")

    by_word = read("agency-a", "/workspace/?q=校车")
    by_number = read("agency-a", f"/workspace/?q={chairs.number}")
    by_state = read("agency-a", "/workspace/?state=accepted")
    nothing = read("agency-a", "/workspace/?q=没有的&state=closed")
    unknown = read("agency-a", "/workspace/?state=none")

    assert [str(chairs.pk) in page for page in (by_word, by_number, by_state, unknown)] == [False, True, False, True]
    assert [str(bus.pk) in page for page in (by_word, by_number, by_state, unknown)] == [True, False, True, True]
    assert "没有符合条件的项目" in nothing
    assert "已选：“没有的”，已截止" in nothing
    assert "清除条件，看全部项目" in nothing


def test_list_is_paged_by_key_and_stays_right_while_it_grows(city: City) -> None:
    """The next page begins after the last row, whatever has been added in front since (house §7)."""
    rows = several(city, 21)
    first = read("agency-a", "/workspace/")
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    late = entered(city, at=AT, name="后来的")

    second = read("agency-a", f"/workspace/{following}")

    assert [f'data-tender="{row.pk}"' in first for row in rows] == [False] + [True] * 20
    assert [f'data-tender="{row.pk}"' in second for row in (rows[0], rows[1], late)] == [True, False, False]


def test_list_costs_the_same_for_one_row_and_for_three(city: City) -> None:
    """No query per row."""
    planned(city, name="一")
    one = queries("agency-a", "/workspace/")
    documented(city, name="二")
    published(city, name="三")

    three = queries("agency-a", "/workspace/")

    assert one == three


def test_project_page_costs_the_same_for_one_row_and_for_three(city: City) -> None:
    """No query per package, version of the document, site, or entry."""
    small = documented(city)
    one = queries("agency-a", f"/workspace/{small.pk}")
    lots = tuple((f"第{n}包", Decimal("1600000.00")) for n in (1, 2, 3))
    large = documented(city, lots=lots)
    for n in (1, 2):
        with clock.frozen(START + timedelta(minutes=11 + n)):
            draft_document(large.pk, stored(), name=f"招标文件{n}.pdf", by=city["agency-a"])

    three = queries("agency-a", f"/workspace/{large.pk}")

    page = read("agency-a", f"/workspace/{large.pk}")
    assert (page.count("data-document-state="), page.count("1,600,000.00")) == (3, 3)
    assert one == three


def test_project_page_shows_head_clocks_tasks_and_topic(city: City) -> None:
    """One page says what it is, what the law asks, whose turn it is, and which stream it follows."""
    tender = published(city)

    page = read("agency-a", f"/workspace/{tender.pk}")

    for fact in (
        "中小学课桌椅采购",
        tender.number,
        "市教育局",
        "甲诚招标代理有限公司",
        "预算480.00万元",
        "肆佰捌拾万元整",
    ):
        assert fact in page
    assert f'data-topic="tenders.tender:{tender.pk}"' in page
    assert page.count("data-clock=") == 11
    assert 'data-until="2026-03-26T01:30:00.000Z" data-full' in page
    assert page.count("截止前对任何人不显示") == 2
    assert "签到前对任何人不显示" in page
    assert f"/workspace/{tender.pk}/clarify" in page


def test_blocked_notice_shows_every_reason_with_until_who_and_clause(city: City) -> None:
    """The button keeps its place and carries all codes; what is met is said as well (U3, U4)."""
    tender = planned(city)
    refused = request_at(tender, "五原县")
    with clock.frozen(START + timedelta(minutes=16)):
        refuse_site(refused.pk, reason="当日检修", by=city.officer(refused.site))

    page = read("agency-a", f"/workspace/{tender.pk}")

    assert 'aria-disabled="true" data-reason="seats-pending seats-missing seats-pending"' in page
    assert "现在不能发布：有3项原因。" in page
    assert "杭锦后旗（副场）1席" in page
    assert "五原县（副场）1席：场地已退回" in page
    assert "2026-03-03 09:15 周二" in page  # 24 hours after the request
    assert "临财采〔2022〕14号四（一）" in page
    assert "招标文件已经采购人确认" in page
    assert "评审席位已全部确认" not in page
    assert "写明理由，先行发布" in page


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (entered, {"wrong-state", "document-missing", "seats-missing"}),
        (accepted, {"document-missing", "seats-missing"}),
        (documented, {"seats-missing"}),
        (planned, {"seats-pending"}),
        (fixed, set()),
        (published, set()),
    ],
)
def test_reasons_shown_are_those_of_the_act(city: City, stage: object, expected: set[str]) -> None:
    """What the page says beforehand is what the act would say (same rule)."""
    tender = stage(city)  # type: ignore[operator]

    assert shown_codes(read("agency-a", f"/workspace/{tender.pk}")) == expected


def test_buyer_learns_how_many_seats_and_never_where(city: City) -> None:
    """The sites and the code name stay hidden from the purchaser, and the slip says so."""
    tender = planned(city)
    session = request_at(tender, "五原县").session
    path = f"/workspace/{tender.pk}"

    pages = [read("buyer", path), read("buyer", "/workspace/"), read("buyer", "/workspace/?q=五原")]

    shown = "".join(pages).replace("“五原”", "").replace('value="五原"', "")
    assert [name for name in (*GUESTS, "五原", session.code_name) if name in shown] == []
    assert "共5席，0席已经场地确认。" in pages[0]
    assert "对采购人不显示" in pages[0]
    assert shown_codes(pages[0]) == {"seats-pending"}
    assert [name for name in (*GUESTS, session.code_name) if name not in read("agency-a", path)] == []


@pytest.mark.parametrize(
    "below", ["", "/document", "/seats", "/publish", "/clarify", "/seats/00000000-0000-4000-8000-000000000000/replan"]
)
def test_project_of_another_agency_is_not_there(city: City, below: str) -> None:
    """Whether a project exists is itself a fact: its address answers like one that never was."""
    tender = published(city)

    theirs = ask("agency-b", f"/workspace/{tender.pk}{below}")
    nowhere = ask("agency-b", f"/workspace/{uuid4()}{below}")

    assert (theirs.status_code, nowhere.status_code) == (404, 404)
    assert tender.number not in text_of(theirs)
    assert text_of(theirs).count("没有这个页面") == text_of(nowhere).count("没有这个页面")


def test_project_of_another_purchaser_is_not_there(city: City) -> None:
    """A purchaser sees the projects of the own organisation only."""
    tender = published(city)

    assert ask("buyer-2", f"/workspace/{tender.pk}").status_code == 404
    assert tender.number not in read("buyer-2", "/workspace/")


@pytest.mark.parametrize("account", ["host", "guest-wuyuan", "supervisor"])
@pytest.mark.parametrize("path", ["/workspace/", "/workspace/new", "/workspace/{pk}", "/workspace/{pk}/seats"])
def test_other_posts_are_refused_before_anything_is_looked_up(city: City, account: str, path: str) -> None:
    """A guest officer may not learn a project's name by trying addresses (R029)."""
    tender = planned(city)

    answer = ask(account, path.format(pk=tender.pk))

    assert answer.status_code == 403
    assert codes(answer) == ["wrong-post"]
    assert 'data-reason="wrong-post"' in text_of(answer)
    assert tender.name not in text_of(answer)


@pytest.mark.parametrize("path", ["new", "{pk}/document", "{pk}/seats", "{pk}/publish", "{pk}/clarify"])
def test_purchaser_is_refused_on_the_agencys_pages(city: City, path: str) -> None:
    """These acts are the agency's; the refusal says so."""
    tender = published(city)

    answer = ask("buyer", f"/workspace/{path.format(pk=tender.pk)}")

    assert (answer.status_code, codes(answer)) == (403, ["wrong-post"])
    assert "代理机构" in text_of(answer)


def test_public_is_asked_to_sign_in(city: City) -> None:
    """The page asked for comes back after the sign-in."""
    answer = Client().get("/workspace/new")

    assert answer.status_code == 302
    assert answer["Location"] == "/account/sign-in?next=%2Fworkspace%2Fnew"


def test_history_names_acts_and_posts_never_persons(city: City) -> None:
    """The feed is the ledger's, newest first; the agency sees the sites' answers too, the purchaser does not."""
    tender = published(city)

    agency = read("agency-a", f"/workspace/{tender.pk}")
    buyer = read("buyer", f"/workspace/{tender.pk}")

    assert agency.index("发布招标公告") < agency.rindex("场地确认席位") < agency.rindex("预约评审席位")
    assert agency.count("场地确认席位") == 3
    assert "场地确认席位" not in buyer
    assert "副场场地岗" in agency
    assert city["agency-a"].handle not in agency


def test_long_history_goes_on_from_the_last_entry_shown(city: City) -> None:
    """Twenty entries a page; the address names the last one by its leaf and says nothing else."""
    tender = accepted(city)
    for n in range(19):
        with clock.frozen(START + timedelta(minutes=6 + n)):
            draft_document(tender.pk, stored(), name=f"第{n}稿.pdf", by=city["agency-a"])

    first = read("agency-a", f"/workspace/{tender.pk}")
    link = first.split('<a href="?before=')[1].split('#ledger"')[0]
    second = read("agency-a", f"/workspace/{tender.pk}?before={link}")
    unknown = read("agency-a", f"/workspace/{tender.pk}?before=nothing")

    feeds = [page.split('id="ledger"')[1].split("</section>")[0] for page in (first, second, unknown)]
    assert [feed.count("data-log-index") for feed in feeds] == [20, 1, 20]
    assert ["进场登记" in feed for feed in feeds] == [False, True, False]
    assert len(link) == 64


def test_closed_project_says_so_and_offers_nothing_more(city: City) -> None:
    """After the deadline there is no way to move it."""
    tender = published(city)
    with clock.frozen(DUE):
        close_bidding(Lot.objects.get(tender=tender).pk, by=CLOCK)

    page = read("agency-a", f"/workspace/{tender.pk}", at=DUE)

    assert "已截止" in page
    assert f"/workspace/{tender.pk}/clarify" not in page
    assert f'/workspace/{tender.pk}/document"' not in page
    assert "开标前对任何人不显示" in page


def test_page_of_another_method_is_refused_by_name(city: City) -> None:
    """Pages that only show answer no form; HEAD stays possible."""
    with clock.frozen(START):
        written = enter_tender(entry(city), by=city["agency-a"])
    path = f"/workspace/{as_uuid(written.subject)}"
    client = client_of("agency-a")

    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200
    assert client.options(path)["Allow"] == "GET, HEAD, OPTIONS"
