"""Asking for the seats of a project (预约评审席位): the form, the board, refusals, what else is free."""

import re
from typing import Any

import pytest

from mifeng.kernel import clock
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, plan_seats
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Booking, Seat, Session
from tests.factories import (
    SESSION,
    START,
    City,
    accepted,
    documented,
    entered,
    plan,
    planned,
    requests,
    session_of,
)
from tests.web.rooms import codes, queries, read, shown_codes, text_of
from tests.web.seating import asked, occupied, send_plan


def test_seats_are_asked_for_and_every_site_gets_its_request(city: City) -> None:
    """One form, one act: three sites, five seats, 24 hours to answer (LY-2022-14 四(一))."""
    tender = documented(city)

    answer = send_plan(tender, asked(city))

    session = session_of(tender)
    assert answer.status_code == 303
    assert (session.starts_at, session.ends_at) == SESSION
    assert {row.site.name: (row.role, row.buyer_seats, row.expert_seats) for row in requests(tender)} == {
        "市中心": ("host", 1, 2),
        "杭锦后旗": ("guest", 0, 1),
        "五原县": ("guest", 0, 1),
    }
    assert Booking.objects.filter(state="held").count() == 5


def test_page_opens_on_the_earliest_lawful_day_with_what_is_free(city: City) -> None:
    """The day proposed is the first on which bids could be due; each site says what is free."""
    tender = documented(city)
    seat = Seat.objects.filter(site=city.sites["五原县"]).order_by("label")[0]
    with clock.frozen(START):
        record_readiness(seat.pk, fault="麦克风检测未通过", by=city["guest-wuyuan"])

    page = read("agency-a", f"/workspace/{tender.pk}/seats")

    assert 'value="2026-03-23"' in page  # 20 days after 2 March is a Sunday: the Monday after it
    assert "评审委员会至少5人" in page
    assert "2席，1席就绪，此时段空闲专家席1个，距市中心约1小时5分钟车程" in page
    assert "设备未就绪：麦克风检测未通过" in page
    assert "seat-unready" in shown_codes(page)
    assert 'id="plan" method="post"' in page


def test_large_or_complex_matter_asks_for_a_larger_committee(city: City) -> None:
    """The least number of members comes from the rulebook (MOF-87-47)."""
    tender = accepted(city, complex=True)

    page = read("agency-a", f"/workspace/{tender.pk}/seats")
    answer = send_plan(tender, asked(city))

    assert "评审委员会至少7人" in page
    assert (answer.status_code, codes(answer)) == (422, ["committee-size"])


def test_board_shows_own_sessions_plainly_and_others_by_code_name_only(city: City) -> None:
    """Whose the other sessions are is nobody's business (P10)."""
    other, own = occupied(city, "杭锦后旗", 2), documented(city)
    with clock.frozen(START):
        plan_seats(own.pk, plan(city), by=city["agency-a"])

    page = read("agency-a", f"/workspace/{own.pk}/seats")

    board = page.split('class="panel seats"')[1].split("</section>")[0]
    theirs, ours = session_of(other).code_name, session_of(own).code_name
    assert board.count(f"<b>{ours}</b> 待场地确认") == 5
    assert len(re.findall(rf'k-other"><span>\s*{theirs}', board)) == 5  # three at the host, two at the guest
    assert (other.name in page, other.number in page) == (False, False)
    assert "市中心（主场）" in board
    assert "杭锦后旗（副场）" in board
    assert "磴口县" not in board
    assert "磴口县" in read("agency-a", f"/workspace/{own.pk}/seats?all=1")


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"host_experts": "3"}, ["committee-size"], "id_host_experts"),
        ({"host_buyer": "2", "host_experts": "1"}, ["experts-share", "buyer-seat"], "id_host_buyer"),
        ({"host_buyer": "0", "host_experts": "3"}, ["buyer-seat"], "id_host_buyer"),
        ({"ends": "10:00"}, ["session-period"], "id_starts"),
        ({"day": "2026-03-01"}, ["session-period"], "id_starts"),
    ],
)
def test_unlawful_plan_comes_back_with_every_reason(
    city: City, changes: dict[str, Any], expected: list[str], field: str
) -> None:
    """The reasons stand beside their fields and in full; nothing is held (LY-2022-14 四(一), MOF-87-47)."""
    tender = documented(city)

    answer = send_plan(tender, asked(city, **changes))

    page = text_of(answer)
    assert (answer.status_code, codes(answer), shown_codes(page) >= set(expected)) == (422, expected, True)
    assert f'href="#{field}"' in page
    assert "什么都没有预占" in page
    assert not Session.objects.exists()


def test_plan_without_a_guest_is_refused_beside_the_guests(city: City) -> None:
    """Remote evaluation needs at least one guest site (LY-2022-14 四(一))."""
    tender = documented(city)
    none = {f"site_{city.sites[name].pk}": "" for name in ("杭锦后旗", "五原县")}

    answer = send_plan(tender, asked(city, host_experts="4", **none))

    assert codes(answer) == ["guest-required"]
    assert f'href="#id_site_{city.sites["杭锦后旗"].pk}"' in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day": "某日"}, "评审日期：请写成 2026-11-20 这样的日期"),
        ({"day": "9999-12-31"}, "评审日期：请核对年份"),
        ({"day": "0001-01-01", "starts": "00:00"}, "评审日期：请核对年份"),
        ({"starts": "25:00"}, "开始：请写成 09:30 这样的时间"),
        ({"host_experts": "-1"}, "专家席："),
        ({"host_experts": ""}, "专家席：没有填写"),
        ({"host_experts": "9999"}, "专家席："),
    ],
)
def test_bad_shape_of_a_plan_keeps_what_was_typed(city: City, changes: dict[str, Any], says: str) -> None:
    """Forms check shape; the page comes back whole."""
    tender = documented(city)

    answer = send_plan(tender, asked(city, **changes))

    page = text_of(answer)
    assert answer.status_code == 422
    assert says in page
    assert 'class="panel seats"' in page
    assert not Session.objects.exists()


def test_full_site_is_refused_with_three_other_ways(city: City) -> None:
    """Never "unavailable" without a way out; a way only fills the form (Indico's lesson)."""
    occupied(city, "五原县", 2)
    tender = documented(city)

    answer = send_plan(tender, asked(city))

    page = text_of(answer)
    assert (answer.status_code, codes(answer)) == (409, ["seats-short"])
    assert shown_codes(page) >= {"seats-short"}
    ways = [part.split('"')[0] for part in page.split('data-way="')[1:]]
    assert ways == ["later", "other-site"]
    links = [part.split('href="')[1].split('"')[0].replace("&amp;", "&") for part in page.split('data-way="')[1:]]
    pages = [read("agency-a", f"/workspace/{tender.pk}/seats{link}") for link in links]
    filled = dict(zip(ways, pages, strict=True))
    assert "改请磴口县" in page
    assert value_of(filled["other-site"], f"site_{city.sites['磴口县'].pk}") == "1"
    assert value_of(filled["other-site"], f"site_{city.sites['五原县'].pk}") == ""
    assert value_of(filled["later"], "starts") == "16:30"
    assert value_of(filled["later"], "day") == "2026-03-26"
    assert not Session.objects.filter(purpose=f"tenders.tender:{tender.pk}").exists()


def value_of(page: str, name: str) -> str:
    """Return what stands in a field of a page."""
    control = next(part.split(">")[0] for part in page.split("<input")[1:] if f'name="{name}"' in part.split(">")[0])
    return control.split('value="')[1].split('"')[0] if 'value="' in control else ""


def test_looking_at_another_day_keeps_what_was_typed_and_asks_for_nothing(city: City) -> None:
    """The board of another day without losing the form, and without scripts."""
    tender = documented(city)
    typed = asked(city, host_experts="4", ends="不是时间")

    there = text_of(send_plan(tender, {**typed, "look": "2026-04-07"}))
    same = text_of(send_plan(tender, {**typed, "look": ""}))
    odd = text_of(send_plan(tender, {**typed, "look": "很久以后"}))

    assert [value_of(page, "host_experts") for page in (there, same, odd)] == ["4"] * 3
    assert value_of(there, "day") == "2026-04-07"
    assert ("2026-04-07周二席位占用" in there, "2026-03-26周四席位占用" in same) == (True, True)
    assert not Session.objects.exists()


def test_plan_before_acceptance_is_blocked_with_who_can_lift_it(city: City) -> None:
    """The button keeps its place and says why."""
    tender = entered(city)

    page = read("agency-a", f"/workspace/{tender.pk}/seats")
    answer = send_plan(tender, asked(city))

    assert shown_codes(page) == {"wrong-state"}
    assert "主场场地岗" in page
    assert (answer.status_code, codes(answer)) == (409, ["wrong-state"])


def test_second_plan_is_refused(city: City) -> None:
    """A project has one session; a page left open in another window learns so."""
    tender = planned(city)

    answer = send_plan(tender, asked(city))

    assert (answer.status_code, codes(answer)) == (409, ["session-exists"])
    assert Session.objects.count() == 1


def test_plan_sent_twice_is_one_session(city: City) -> None:
    """A browser that repeats a form repeats nothing else (ADR-2)."""
    tender = documented(city)

    first, again = send_plan(tender, asked(city)), send_plan(tender, asked(city))

    assert first["Location"] == again["Location"]
    assert Session.objects.count() == 1


def test_page_costs_the_same_for_one_guest_and_for_three(city: City) -> None:
    """No query per site or seat."""
    small, large = documented(city), documented(city)
    guests = ("杭锦后旗", "五原县", "磴口县")
    host = str(city.sites["市中心"].pk)
    with clock.frozen(START):
        one = (SiteSeats(host, "host", 1, 3), SiteSeats(str(city.sites["磴口县"].pk), "guest", 0, 1))
        plan_seats(small.pk, PlannedSession(one, *SESSION), by=city["agency-a"])
        beside = [SiteSeats(str(city.sites[name].pk), "guest", 0, 1) for name in guests]
        three = (SiteSeats(host, "host", 1, 1), *beside)
        plan_seats(large.pk, PlannedSession(three, *SESSION), by=city["agency-a"])

    pages = [f"/workspace/{tender.pk}{below}" for tender in (small, large) for below in ("/seats", "")]

    few, few_home, many, many_home = [queries("agency-a", path) for path in pages]
    assert (few, few_home) == (many, many_home)
