"""The desk in a browser (评审席): every cell saves itself, nothing typed is lost, the seat's own key signs (P16, U7).

The platform runs in this process at the hour of the story, so that a second window can be played by an act.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from datetime import datetime as moment
from decimal import Decimal
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from mifeng.evaluation.actions import Entered, save_cells
from mifeng.evaluation.models import Member, Sheet
from mifeng.kernel import clock
from mifeng.parties.models import SeatPass
from mifeng.rules.seal.statements import verify_ecdsa
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.actions import reviews
from tests.actions.reviews import Review
from tests.factories import City
from tests.stories.browser import Visit, check_page, visit
from tests.web.desks import AT, CODE, codes_for, computer_at, give_pass


class Quiet(WSGIRequestHandler):
    """Says nothing on the terminal."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Threads(ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


@dataclass
class Room:
    """An evaluation, the address of its platform, and acts of others in it."""

    review: Review
    base: str

    def act(self, act: Callable[[], object]) -> None:
        """Let somebody else act, at the hour of the story, outside the browser's loop."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                with clock.frozen(AT + timedelta(minutes=5)):
                    act()
            except BaseException as error:
                failed.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert failed == []


@contextmanager
def served(review: Review) -> Iterator[Room]:
    """Serve the platform at the hour of the story, a second later with each second."""
    application, began = get_wsgi_application(), moment.now(UTC)  # noqa: TID251 - the hour of the story goes on from here

    def at_the_hour(environ: dict[str, Any], start: Any) -> Any:
        passed = moment.now(UTC) - began  # noqa: TID251
        with clock.frozen(AT + passed):
            answer = application(environ, start)
            try:
                return list(answer)
            finally:
                answer.close()
                connections.close_all()

    server = make_server("127.0.0.1", 0, at_the_hour, server_class=Threads, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Room(review, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def city_at_hand(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> City:
    """The sample city in a database of its own; the browser's loop runs in the thread that makes it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    found: City = request.getfixturevalue("committing")
    return found


@pytest.fixture
def room(city_at_hand: City) -> Iterator[Room]:
    """A committee that has taken its seats; the second seat waits for its code."""
    review = reviews.reach(city_at_hand, "seated")
    give_pass(review, 2, code=CODE)
    with served(review) as found:
        yield found


def site_of(room: Room) -> object:
    """Return the site at which the committee sits."""
    return room.review.city.sites["市中心"].pk


def stand(room: Room, one: Visit) -> None:
    """Let the computer of a window be one of the site's seats."""
    found: list[str] = []
    room.act(lambda: found.append(computer_at(site_of(room))[0]))
    one.page.context.add_cookies([{"name": COMPUTER_COOKIE, "value": found[0], "url": room.base}])


def sit(room: Room, one: Visit) -> None:
    """Let a member sit at the second seat in a window that had no way in."""
    stand(room, one)
    keys: list[str] = []

    def open_session() -> None:
        session = SessionStore()
        session["seat"], session["computer"] = give_pass(room.review, 2), computer_at(site_of(room))[1]
        session.save()
        keys.append(session.session_key or "")

    room.act(open_session)
    one.page.context.add_cookies([{"name": "sessionid", "value": keys[0], "url": room.base}])


def box(page: Page, code: str, item: str) -> Any:
    """Return the field of one cell."""
    return page.locator(f"#c-{code}-{item}")


def says(page: Page, code: str, item: str, text: str) -> None:
    """Wait until a cell says something in its own place."""
    expect(page.locator(f"#s-{code}-{item}")).to_contain_text(text)


def leave(page: Page, code: str, item: str, score: str, text: str = "已保存") -> None:
    """Type a score, go on, and wait until the cell says what became of it."""
    box(page, code, item).fill(score)
    box(page, code, item).press("Tab")
    says(page, code, item, text)


def enter(room: Room, one: Visit) -> str:
    """Take the seat with its code, and return the public key that the browser made."""
    page = one.page
    page.goto("/desk/enter")
    expect(page.locator("main [data-reason=not-a-seat-computer]")).to_be_visible()
    check_page(one)
    stand(room, one)
    page.goto("/desk/enter")
    expect(page.locator("[data-keyed]")).to_be_visible()
    check_page(one)
    page.fill("input[name=code]", "7qkm-2x4d")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("推选组长")
    check_page(one)
    found: list[str] = []
    room.act(lambda: found.append(SeatPass.objects.get(handle=room.review.member(2).handle).key))
    room.act(lambda: Member.objects.filter(seat="host/2").update(key=found[0]))
    room.act(lambda: (reviews.lead(room.review, "chaired"), reviews.lead(room.review, "reviewing")))
    return found[0]


def score_some(page: Page, codes: list[str]) -> None:
    """Score the first three bids: right, out of range, at the end of the range."""
    first, second, third, _fourth = codes
    box(page, first, "t1").fill("27.5")
    box(page, first, "t1").press("Enter")
    says(page, first, "t1", "已保存")
    assert page.evaluate("document.activeElement.id") == f"c-{second}-t1"
    leave(page, second, "t1", "35", "须在0–30之间")
    leave(page, third, "t1", "30", "须写理由才能保存")
    expect(page.locator("#why-not")).to_contain_text("还不能提交：5格未评分，1格填写有误，1处缺理由")
    page.fill(f"#r-{third}-t1", "第2页")
    page.locator(f"#r-{third}-t1").press("Tab")
    says(page, third, "t1", "已保存")


def break_the_line(one: Visit, code: str) -> None:
    """Lose the network for a moment: what was typed is tried again until it is saved."""
    one.page.context.set_offline(True)
    leave(one.page, code, "t2", "15", "未保存，第1次重试")
    one.page.context.set_offline(False)
    says(one.page, code, "t2", "已保存")
    assert {line for line in one.errors if "ERR_INTERNET_DISCONNECTED" not in line} == set()
    one.errors.clear()


def save_elsewhere(room: Room, page: Page, code: str) -> None:
    """Let another window of the seat save the same cell: both values are shown, the member chooses."""
    other = Entered(code, "t1", Decimal(24), version=1)
    room.act(lambda: save_cells(room.review.lot.pk, "technical", [other], by=room.review.member(2)))
    leave(page, code, "t1", "26", "另一窗口已改为24")
    page.click(f"#s-{code}-t1 button:has-text('用26')")
    says(page, code, "t1", "已保存")


def test_a_member_enters_scores_and_signs(room: Room, browser: Browser) -> None:
    one = visit(browser, room.base)
    page, key = one.page, enter(room, one)
    codes: list[str] = []
    room.act(lambda: codes.extend(codes_for(room.review, 2)))
    first, second, third, fourth = codes

    page.goto("/desk/")
    score_some(page, codes)
    break_the_line(one, first)
    save_elsewhere(room, page, first)
    page.click(f"#row-{second} a.code")
    expect(page.locator(f"#row-{second}")).to_have_class("is-row")
    assert box(page, second, "t1").input_value() == "35"
    check_page(one)
    for code, item, score in (
        (second, "t1", "20"),
        (fourth, "t1", "19.5"),
        *((other, "t2", "10") for other in codes[1:]),
    ):
        leave(page, code, item, score)
    expect(page.locator("#why-not")).to_contain_text("全部评分都已保存，可以签名")

    page.click("[data-sign]")
    check_page(one)
    page.fill("input[name=word]", "签名")
    page.click("main form button[type=submit]")
    expect(page.locator("h1").first).to_contain_text("评分表签名")
    page.goto("/desk/")
    expect(page.locator("#signing")).to_contain_text("您的评分表已签名，不能再改")
    assert f"r-{third}-t1" not in page.content()

    def signed_by_the_seat() -> None:
        row = Sheet.objects.get(member__seat="host/2")
        verify_ecdsa(bytes.fromhex(key), bytes.fromhex(row.commitment), bytes.fromhex(row.signature))

    room.act(signed_by_the_seat)
    assert (one.foreign, one.errors) == ([], [])


def test_a_desk_works_without_scripts(room: Room, browser: Browser) -> None:
    """A row is a form; a score that needs its reason comes back as it was typed, with the field for it."""
    room.act(lambda: (reviews.lead(room.review, "chaired"), reviews.lead(room.review, "reviewing")))
    one = visit(browser, room.base, scripts=False)
    sit(room, one)
    page = one.page

    page.goto("/desk/")
    row = page.locator("tr[data-code]").first
    code = row.get_attribute("data-code") or ""
    box(page, code, "t1").fill("30")
    box(page, code, "t2").fill("15")
    row.locator("button").click()
    says(page, code, "t1", "须写理由才能保存")
    assert (box(page, code, "t1").input_value(), box(page, code, "t2").input_value()) == ("30", "15")
    page.fill(f"#r-{code}-t1", "第2页")
    page.locator("tr[data-code]").first.locator("button").click()

    expect(page.locator("#progress")).to_contain_text("已保存2 / 8格")
    assert (one.foreign, one.errors) == ([], [])
