"""Computers at the seats (席位机): a seat's code is taken there and nowhere else. LY-2022-14 四(二), ADR-9."""

from mifeng.parties.models import Post, SeatPass
from mifeng.venues.models import SeatComputer
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.actions import arriving
from tests.actions.arriving import AT, GUEST, Door
from tests.web.rooms import ask, client_of, codes, send, text_of


def test_an_officer_makes_a_computer_a_seats_and_is_signed_out_there(door: Door) -> None:
    browser = client_of("guest-hangjin")
    answer = browser.post("/site/computers/open")
    cookie = browser.cookies[COMPUTER_COOKIE]
    shown = browser.get("/desk/enter").content.decode()

    assert (answer.status_code, answer["Location"], dict(browser.session)) == (303, "/desk/enter", {})
    assert (cookie["httponly"], cookie["samesite"], cookie.value in shown) == (True, "Lax", False)
    assert 'name="code"' in shown
    assert browser.get("/site/").status_code == 302
    assert codes(send("agency-a", "/site/computers/open", at=AT)) == ["wrong-post"]


def test_a_computer_of_the_seats_outlives_who_signs_in_and_out_there(door: Door) -> None:
    """The code of a seat is taken there afterwards, and at no computer of another site."""
    here, there = client_of("guest-hangjin"), client_of("host")
    for browser in (here, there):
        browser.post("/site/computers/open")
        session = browser.session
        session["person"] = str(Post.objects.get(person__account="agency-a").person_id)
        session.save()
        browser.post("/account/sign-out")
    code = arriving.come(door, GUEST, door.cards(GUEST)[0])[1]

    elsewhere = there.post("/desk/enter", {"code": code})
    own = here.post("/desk/enter", {"code": code})

    assert (codes(elsewhere), own.status_code, own["Location"]) == (["seat-code-wrong"], 303, "/desk/")


def test_a_seat_is_served_as_long_as_its_pass_and_no_session_cuts_it_off(door: Door) -> None:
    """An evaluation that outlasts its plan goes on at the seats: the pass alone says when it is over."""
    browser = client_of("guest-hangjin")
    browser.post("/site/computers/open")
    browser.post("/desk/enter", {"code": arriving.come(door, GUEST, door.cards(GUEST)[0])[1]})

    pass_lasts = (SeatPass.objects.get().until - AT).total_seconds()

    assert int(browser.cookies["sessionid"]["max-age"]) >= pass_lasts
    assert browser.session.get_expiry_age() >= pass_lasts


def test_an_officer_sees_the_computers_of_the_seats_and_ends_one(door: Door) -> None:
    browser = client_of("guest-hangjin")
    browser.post("/site/computers/open")
    browser.post("/desk/enter", {"code": arriving.come(door, GUEST, door.cards(GUEST)[0])[1]})
    row = SeatComputer.objects.get()
    own, before = {"id": str(row.pk)}, browser.get("/account/home")["Location"]

    listed, later = (text_of(ask("guest-hangjin", "/site/door", at=at)) for at in (AT, row.until))
    elsewhere = send("host", "/site/computers/close", own, at=AT)
    ended = send("guest-hangjin", "/site/computers/close", own, at=AT)

    assert ("可以入席" in listed, row.handle[:4].upper() in listed, "已到期" in later) == (True, True, True)
    assert (codes(elsewhere), ended.status_code) == (["not-your-site"], 303)
    assert (before, browser.get("/desk/")["Location"]) == ("/desk/", "/desk/enter")
    assert codes(send("guest-hangjin", "/site/computers/close", {}, at=AT)) == ["malformed"]
