"""The sites' answers (场地答复): watched by the agency, a failed site replaced, all seats given back."""

from datetime import date, timedelta
from uuid import uuid4

from mifeng.kernel import clock
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, clarify, plan_seats
from mifeng.venues.actions import refuse_site
from mifeng.venues.models import Booking, SiteRequest
from tests.factories import (
    DUE,
    SESSION,
    START,
    City,
    clarification,
    documented,
    fixed,
    fresh,
    planned,
    published,
    request_at,
    requests,
    session_of,
)
from tests.web.rooms import ask, codes, read, send, text_of
from tests.web.seating import asked, occupied, send_plan


def test_answers_of_the_sites_are_watched_on_one_page(city: City) -> None:
    """Who has answered, until when the others may, and what to do about those who refused."""
    tender = planned(city)
    refused = request_at(tender, "五原县")
    with clock.frozen(START + timedelta(minutes=30)):
        refuse_site(refused.pk, reason="当日检修", by=city.officer(refused.site))

    page = read("agency-a", f"/workspace/{tender.pk}/seats")

    assert f"{session_of(tender).code_name} 需要5席" in page
    assert page.count('data-site-state="requested"') == 2
    assert page.count('data-site-state="refused"') == 1
    assert "场地退回：当日检修" in page
    assert "0478-000-0121" in page
    assert "03-03 09:15前由场地答复" in page
    assert f"/seats/{refused.pk}/replan" in page
    assert "提交预约" not in page


def test_failed_site_is_replaced_and_the_others_keep_theirs(city: City) -> None:
    """Only the one site is planned anew (LY-2022-14 四(一))."""
    tender = planned(city)
    gone = request_at(tender, "五原县")
    with clock.frozen(START + timedelta(minutes=30)):
        refuse_site(gone.pk, reason="当日检修", by=city.officer(gone.site))
    path = f"/workspace/{tender.pk}/seats/{gone.pk}/replan"

    page = read("agency-a", path)
    answer = send("agency-a", path, {"site": str(city.sites["磴口县"].pk)})

    assert "退回理由" in page
    offered = page.split("改请哪个场地")[1].split("</fieldset>")[0]
    assert [name for name in ("市中心", "杭锦后旗", "五原县", "磴口县") if name + "　" in offered] == [
        "五原县",
        "磴口县",
    ]
    again = send("agency-a", path, {"site": str(city.sites["磴口县"].pk)})
    assert (answer.status_code, again["Location"]) == (303, answer["Location"])
    assert {row.site.name: row.state for row in requests(tender)} == {
        "市中心": "requested",
        "杭锦后旗": "requested",
        "磴口县": "requested",
    }


def test_replacement_that_cannot_be_comes_back_with_its_reason(city: City) -> None:
    """A site that is full, taken or unknown is refused; the failed request stays as it is."""
    occupied(city, "磴口县", 3)
    tender = planned(city)
    gone = request_at(tender, "五原县")
    path = f"/workspace/{tender.pk}/seats/{gone.pk}/replan"

    full = send("agency-a", path, {"site": str(city.sites["磴口县"].pk)}, key="full")
    taken = send("agency-a", path, {"site": str(city.sites["杭锦后旗"].pk)}, key="taken")
    unknown = send("agency-a", path, {"site": str(uuid4())}, key="unknown")
    nothing = send("agency-a", path, {}, key="nothing")

    assert (full.status_code, codes(full)) == (409, ["seats-short"])
    assert [answer.status_code for answer in (taken, unknown, nothing)] == [422] * 3
    assert "改请哪个场地：没有选择" in text_of(nothing)
    assert SiteRequest.objects.get(pk=gone.pk).state == "requested"


def test_confirmed_site_is_not_replaced(city: City) -> None:
    """What a site has confirmed stands."""
    tender = fixed(city)
    sure = request_at(tender, "五原县")

    answer = send("agency-a", f"/workspace/{tender.pk}/seats/{sure.pk}/replan", {"site": str(city.sites["磴口县"].pk)})

    assert (answer.status_code, codes(answer)) == (409, ["wrong-state"])
    assert SiteRequest.objects.get(pk=sure.pk).state == "confirmed"


def test_request_of_another_project_is_not_there(city: City) -> None:
    """An address made of two projects leads nowhere."""
    tender, other = planned(city), documented(city)
    there = request_at(tender, "五原县")

    assert ask("agency-a", f"/workspace/{other.pk}/seats/{there.pk}/replan").status_code == 404
    assert ask("agency-b", f"/workspace/{tender.pk}/seats/{there.pk}/replan").status_code == 404


def test_displaced_site_is_planned_anew_after_a_postponement(city: City) -> None:
    """A site without seats at the new time loses its request; the page says so and offers another."""
    tender = published(city)
    other = documented(city)
    later = tuple(at + timedelta(days=7) for at in SESSION)
    sites = (
        SiteSeats(str(city.sites["市中心"].pk), "host", 1, 2),
        SiteSeats(str(city.sites["五原县"].pk), "guest", 0, 2),
    )
    with clock.frozen(START + timedelta(minutes=40)):
        plan_seats(other.pk, PlannedSession(sites, later[0], later[1]), by=city["agency-a"])
        clarify(tender.pk, clarification(tender), by=city["agency-a"])

    page = read("agency-a", f"/workspace/{tender.pk}/seats")
    gone = SiteRequest.objects.get(session=session_of(tender), state="displaced")
    answer = send("agency-a", f"/workspace/{tender.pk}/seats/{gone.pk}/replan", {"site": str(city.sites["磴口县"].pk)})

    assert "改期后这里席位不足，要重选" in page
    assert answer.status_code == 303


def test_all_seats_are_given_back_before_the_notice_with_a_reason(city: City) -> None:
    """The page restates what is lost; afterwards the project can be planned anew (LY-2022-14 四(一))."""
    tender = fixed(city)
    path = f"/workspace/{tender.pk}/seats/release"

    page = read("agency-a", path)
    silent = send("agency-a", path, {"reason": " "})
    answer = send("agency-a", path, {"reason": "评审日期要提前"})

    assert [one in page for one in ("市中心", "杭锦后旗", "五原县", "已有的确认作废")] == [True] * 4
    assert (silent.status_code, codes(silent)) == (422, ["reason-required"])
    assert 'href="#id_reason"' in text_of(silent)
    again = send("agency-a", path, {"reason": "评审日期要提前"})
    assert (answer.status_code, again["Location"]) == (303, answer["Location"])
    assert not Booking.objects.filter(state__in=("held", "confirmed")).exists()
    assert send_plan(fresh(tender), asked(city), key="again").status_code == 303


def test_seats_are_not_given_back_after_the_notice_or_before_a_plan(city: City) -> None:
    """Bidders rely on the date; and what is not there cannot be given back."""
    running, bare = published(city), documented(city)

    late = send("agency-a", f"/workspace/{running.pk}/seats/release", {"reason": "改期"})
    early = ask("agency-a", f"/workspace/{bare.pk}/seats/release")

    assert (late.status_code, codes(late)) == (409, ["wrong-state"])
    assert (early.status_code, codes(early)) == (409, ["seats-missing"])


def test_closed_project_still_shows_its_board(city: City) -> None:
    """After the deadline the page shows the session and offers nothing."""
    tender = published(city)

    page = read("agency-a", f"/workspace/{tender.pk}/seats?day={date(2026, 3, 27)}", at=DUE)

    assert "2026-03-27 周五" in page
    assert "退订全部席位" not in page
