"""The sites (主场、副场): answers by code name, readiness, the board; the host accepts projects."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest

from mifeng.kernel import clock
from mifeng.kernel.ledger.queries import body_of, history
from mifeng.kernel.models import Entry, Noted
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import clarify, plan_seats
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Booking, Seat, SiteRequest
from mifeng.venues.queries import board as booked
from mifeng.web.shell.board import day_board, day_of
from tests.factories import (
    DUE,
    SESSION,
    START,
    City,
    clarification,
    documented,
    entered,
    fixed,
    fresh,
    plan,
    planned,
    published,
    request_at,
)
from tests.web.rooms import AT, client_of, codes, queries, read, send, shown_codes, text_of

GUEST = "guest-hangjin"
DAY = date(2026, 3, 26)


def asked(city: City, site: str = "杭锦后旗") -> tuple[Tender, SiteRequest, str]:
    """Return a project whose seats wait for the sites, what it asks of one, and that page's address."""
    tender = planned(city)
    request = request_at(tender, site)
    return tender, request, f"/site/requests/{request.pk}"


def test_guest_sees_code_time_and_own_seats_only(city: City) -> None:
    """List, page and board of a guest name the session, never the project (LY-2022-14 四(一))."""
    tender, request, path = asked(city)

    pages = [read(GUEST, page) for page in ("/site/", path, f"/site/board?day={DAY}", "/site/seats")]

    code = request.session.code_name
    assert [code in page for page in pages] == [True, True, True, False]
    assert ["2026-03-26 10:30" in page for page in pages[:2]] == [True, True]
    secret = (tender.name, tender.number, "市教育局", "甲诚", "4,800,000", "480.00", "五原县", "市中心")
    assert [word for word in secret for page in pages if word in page] == []


def test_guest_confirms_its_seats(city: City) -> None:
    """One click confirms what was asked; the answer is the way to the receipt (U5)."""
    _, request, path = asked(city)

    answer = send(GUEST, path, {"answer": "confirm"})

    request.refresh_from_db()
    entry = Entry.objects.get(subject=f"venues.siterequest:{request.pk}", type="confirm_site")
    assert (answer.status_code, answer["X-Receipt"]) == (303, str(entry.pk))
    assert answer["Location"] == f"/account/receipts/{bytes(entry.leaf).hex()}"
    assert request.state == "confirmed"
    assert {booking.state for booking in Booking.objects.filter(request=request)} == {"confirmed"}
    assert "场地已确认" in read(GUEST, path)


def test_the_same_form_sent_twice_confirms_once(city: City) -> None:
    """A form that is sent again gets the receipt of the first time (幂等)."""
    _, request, path = asked(city)

    first, again = (send(GUEST, path, {"answer": "confirm"}) for _ in range(2))
    other = send(GUEST, path, {"answer": "refuse", "reason": "停电"})

    assert (again["Location"], again["X-Receipt"]) == (first["Location"], first["X-Receipt"])
    assert (other.status_code, codes(other)) == (422, ["idempotency-mismatch"])
    assert Entry.objects.filter(subject=f"venues.siterequest:{request.pk}").count() == 1


def test_guest_refuses_with_a_reason(city: City) -> None:
    """The reason is kept for the agency and the seats are free at once."""
    _, request, path = asked(city)

    answer = send(GUEST, path, {"answer": "refuse", "reason": "当日更换高拍仪"})

    request.refresh_from_db()
    entry = Entry.objects.get(pk=answer["X-Receipt"])
    assert (request.state, request.answer) == ("refused", "当日更换高拍仪")
    assert body_of(entry.pk)["moves"][0]["facts"]["reason"] == "当日更换高拍仪"
    assert {booking.state for booking in Booking.objects.filter(request=request)} == {"released"}
    assert "当日更换高拍仪" in read(GUEST, path)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"answer": "refuse", "reason": "  "}, "reason-required"),
        ({"answer": "refuse", "reason": "多" * 501}, "too-large"),
    ],
)
def test_refusal_without_a_proper_reason_comes_back_with_what_was_typed(
    city: City, sent: dict[str, str], code: str
) -> None:
    """The form returns with its reason beside the field; nothing is written (U12)."""
    _, request, path = asked(city)

    answer = send(GUEST, path, sent)

    request.refresh_from_db()
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert code in shown_codes(text_of(answer))
    assert sent["reason"] in text_of(answer)
    assert request.state == "requested"


@pytest.mark.parametrize(
    "sent", [{}, {"answer": "burn"}, {"answer": "confirm", "_key": ""}, {"answer": "confirm", "_key": "x" * 65}]
)
def test_misshapen_answer_writes_nothing(city: City, sent: dict[str, str]) -> None:
    """A form without a known answer or without its key is no answer."""
    _, request, path = asked(city)

    answer = send(GUEST, path, sent)

    request.refresh_from_db()
    assert answer.status_code == 422
    assert request.state == "requested"
    assert not Entry.objects.filter(subject=f"venues.siterequest:{request.pk}").exists()


def test_unready_seat_blocks_confirmation_and_says_why(city: City) -> None:
    """The button keeps its place with every reason beside it; sent anyway, the act refuses the same (U3, U4)."""
    _, request, path = asked(city)
    seat = Seat.objects.get(pk=Booking.objects.get(request=request).seat_id)
    with clock.frozen(START + timedelta(minutes=30)):
        record_readiness(seat.pk, fault="麦克风无声", by=city[GUEST])

    page = read(GUEST, path)
    answer = send(GUEST, path, {"answer": "confirm"})

    assert shown_codes(page) == {"seat-unready"}
    assert f"{seat.label}：麦克风无声" in page
    assert 'aria-disabled="true"' in page
    assert (answer.status_code, codes(answer)) == (422, ["seat-unready"])


def test_answer_after_the_reply_time_is_refused(city: City) -> None:
    """Overdue is said before and after sending; the refusal is kept for the digest (ADR-1)."""
    _, request, path = asked(city)
    late = START + timedelta(minutes=15, hours=24)

    page = read(GUEST, path, at=late)
    answer = send(GUEST, path, {"answer": "confirm"}, at=late)

    assert "reply-overdue" in shown_codes(page)
    assert (answer.status_code, codes(answer)) == (403, ["reply-overdue"])
    assert Noted.objects.filter(kind="refused", subject=path).count() == 1
    request.refresh_from_db()
    assert request.state == "requested"


@pytest.mark.parametrize("account", ["guest-wuyuan", "guest-dengkou", "host"])
def test_request_to_another_site_does_not_exist(city: City, account: str) -> None:
    """What is asked of another site is answered like what does not exist, by GET and by POST (R029)."""
    _, request, path = asked(city)
    nowhere = f"/site/requests/{uuid4()}"

    looked = [client_of(account).get(one) for one in (path, nowhere)]
    sent = [send(account, one, {"answer": "confirm"}) for one in (path, nowhere)]

    assert [answer.status_code for answer in (*looked, *sent)] == [404] * 4
    request.refresh_from_db()
    assert request.state == "requested"
    assert request.session.code_name not in text_of(looked[0])


@pytest.mark.parametrize("account", ["agency-a", "buyer", "supervisor"])
def test_posts_without_a_site_are_refused_before_anything_is_looked_up(city: City, account: str) -> None:
    """The refusal is the same whether or not the request exists (R076)."""
    _, _, path = asked(city)

    answers = [client_of(account).get(one) for one in (path, f"/site/requests/{uuid4()}", "/site/", "/site/board")]

    assert [(answer.status_code, codes(answer)) for answer in answers] == [(403, ["wrong-post"])] * 4


def test_site_s_page_fits_no_public_notice_by_its_instants(city: City) -> None:
    """After a clarification the guest is asked again; neither its act, nor its second, nor its place is shown."""
    tender = published(city)
    with clock.frozen(START + timedelta(hours=3, minutes=7, seconds=23, microseconds=456_789)):
        clarify(tender.pk, clarification(tender, version=tender.version), by=city["agency-a"])
    request = request_at(tender, "杭锦后旗")

    page = read(GUEST, f"/site/requests/{request.pk}", at=START + timedelta(hours=4))
    listed = read(GUEST, "/site/", at=START + timedelta(hours=4))

    assert "2026-03-02 12:07" in page
    assert [word for word in ("12:07:23", "04:07:23", "更正", "23.456") if word in page + listed] == []
    assert "2026-04-02 10:30" in page
    assert request.state == "requested"


def test_readiness_is_recorded_for_one_s_own_seat(city: City) -> None:
    """A failed test makes the seat unready, a passed one ready again (BN-2023 三(二))."""
    seat = Seat.objects.filter(site=city.sites["杭锦后旗"]).order_by("label")[0]

    failed = send(GUEST, "/site/seats", {"seat": str(seat.pk), "result": "failed", "fault": "摄像头黑屏"}, key="a")
    after_failure = read(GUEST, "/site/seats")
    passed = send(GUEST, "/site/seats", {"seat": str(seat.pk), "result": "passed", "fault": "旧话"}, key="b")

    seat.refresh_from_db()
    assert (failed.status_code, passed.status_code) == (303, 303)
    assert ["摄像头黑屏" in after_failure, after_failure.count('data-ready="0"')] == [True, 1]
    assert (seat.fault, seat.tested_at) == ("", AT)


def test_failed_test_asks_for_the_fault(city: City) -> None:
    """A failure without words is asked back beside its field."""
    seat = Seat.objects.filter(site=city.sites["杭锦后旗"])[0]

    answer = send(GUEST, "/site/seats", {"seat": str(seat.pk), "result": "failed", "fault": " "})

    seat.refresh_from_db()
    assert answer.status_code == 422
    assert "未通过时要写明故障" in text_of(answer)
    assert seat.fault == ""


def test_seat_of_another_site_cannot_be_chosen(city: City) -> None:
    """The form knows one's own seats only."""
    other = Seat.objects.filter(site=city.sites["五原县"])[0]

    answer = send(GUEST, "/site/seats", {"seat": str(other.pk), "result": "failed", "fault": "x"})

    other.refresh_from_db()
    assert (answer.status_code, other.fault) == (422, "")
    assert str(other.pk) not in read(GUEST, f"/site/seats?seat={other.pk}").replace(f"?seat={other.pk}", "")


def test_host_accepts_a_project(city: City) -> None:
    """The host sees what waits and accepts it once (BN-2023 二(一))."""
    tender = entered(city)
    path = f"/site/projects/{tender.pk}"
    listed = read("host", "/site/?view=projects")

    answer = send("host", path, {}, key="a")
    again = send("host", path, {}, key="b")

    assert [tender.name in listed, "1个项目待受理" in listed] == [True, True]
    assert answer.status_code == 303
    assert {lot.state for lot in Lot.objects.filter(tender=tender)} == {"accepted"}
    assert (again.status_code, codes(again)) == (409, ["wrong-state"])
    assert "0个项目待受理" not in read("host", "/site/")


def test_guest_has_no_projects_at_all(city: City) -> None:
    """The host's pages do not exist for a guest: the list ignores the wish, the project refuses the post."""
    tender = entered(city)

    listed = read(GUEST, "/site/?view=projects")
    refused = [client_of(GUEST).get(f"/site/projects/{pk}") for pk in (tender.pk, uuid4())]

    assert [word for word in (tender.name, "进场项目", "待受理") if word in listed] == []
    assert [codes(answer) for answer in refused] == [["wrong-post"], ["wrong-post"]]


def test_host_sees_its_own_seats_of_a_project_and_no_other_site(city: City) -> None:
    """On a project's page the host finds its own request by code name; guests stay unnamed."""
    tender = planned(city)

    page = read("host", f"/site/projects/{tender.pk}")

    assert request_at(tender, "市中心").session.code_name in page
    assert [site for site in ("杭锦后旗", "五原县") if site in page] == []


def test_board_shows_bookings_by_half_hours(city: City) -> None:
    """A booking spans its half-hours; free half-hours are single cells; an unready seat is one bar."""
    fixed(city)
    seats = list(Seat.objects.filter(site=city.sites["杭锦后旗"]).order_by("label"))
    with clock.frozen(AT):
        record_readiness(seats[1].pk, fault="无声", by=city[GUEST])

    shown = day_board(booked([city.sites["杭锦后旗"].pk], day_of(DAY)), DAY, own=lambda booking: True)

    [site] = shown.sites
    cells = [[(cell.kind, cell.span) for cell in row.cells] for row in site.seats]
    free = ("free", 1)
    assert cells[0] == [*[free] * 5, ("ok", 12), *[free] * 3]
    assert cells[1] == [("bad", 20)]
    assert cells[2] == [free] * 20
    assert [hour.label for hour in shown.hours if hour.full] == [f"{hour:02d}" for hour in range(8, 18)]
    assert shown.columns == 21


def test_board_widens_for_an_overnight_session(city: City) -> None:
    """A session over midnight is shown on both days."""
    tender = documented(city)
    night = plan(city, starts_at=DUE + timedelta(hours=7, minutes=30), ends_at=DUE + timedelta(hours=25, minutes=30))
    with clock.frozen(START + timedelta(minutes=15)):
        plan_seats(tender.pk, night, by=city["agency-a"])
    site = city.sites["杭锦后旗"].pk

    days = [day_board(booked([site], day_of(day)), day, own=lambda booking: False) for day in (DAY, date(2026, 3, 27))]

    rows = [shown.sites[0].seats[0].cells for shown in days]
    assert [(len(shown.hours), shown.hours[0].label) for shown in days] == [(32, "08"), (36, "00")]
    assert [(cell.kind, cell.span) for cell in rows[0] if cell.kind != "free"] == [("other", 14)]
    assert [(cell.kind, cell.span) for cell in rows[1] if cell.kind != "free"] == [("other", 22)]


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "2026-3-1"])
def test_day_that_is_none_has_no_board(city: City, day: str) -> None:
    """A misshapen or impossible day is no page."""
    assert client_of(GUEST).get("/site/board", {"day": day}).status_code == 404


def test_list_costs_the_same_for_one_and_three_requests(city: City) -> None:
    """Queries do not grow with rows."""
    planned(city)
    read(GUEST, "/site/")
    one = queries(GUEST, "/site/")
    for days in (1, 2):
        tender = documented(city)
        later = plan(city, starts_at=SESSION[0] + timedelta(days=days), ends_at=SESSION[1] + timedelta(days=days))
        with clock.frozen(START + timedelta(minutes=16)):
            plan_seats(tender.pk, later, by=city["agency-a"])

    assert read(GUEST, "/site/").count("data-state=") >= 3
    assert (one > 3, queries(GUEST, "/site/")) == (True, one)


@pytest.mark.parametrize("path", ["/site/", "/site/board"])
def test_pages_to_look_at_take_no_form(city: City, path: str) -> None:
    """GET changes nothing and POST is not known here."""
    answer = client_of(GUEST).post(path, {"_key": "k"})

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_looking_writes_no_entry(city: City) -> None:
    """However often a request is looked at, the ledger stays as it is (P15)."""
    tender, request, path = asked(city)
    before = Entry.objects.count()

    for page in ("/site/", path, "/site/seats", "/site/board"):
        read(GUEST, page)

    assert Entry.objects.count() == before
    assert fresh(tender).version == tender.version
    assert [line.type for line in history([f"venues.siterequest:{request.pk}"])] == ["plan_seats"]
    assert SiteSeats(str(request.site_id), "guest", 0, 1) == SiteSeats(
        str(request.site_id), request.role, request.buyer_seats, request.expert_seats
    )
    assert re.search(r"[A-Z]-\d+[A-Z]", read(GUEST, path)) is not None
