"""The kiosk and the gate (自助签到、门禁名单): one step per screen, nothing for an officer to read along.

LY-2022-14 四(二), LY-2022-14 四(三), GPLR-9, MOF-87-45, LC-2018-80 三(六).
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mifeng.gateways.reader.simulated import card_line
from mifeng.kernel import clock
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings.models import Arrival, CheckIn, Kiosk
from mifeng.venues.models import Seat
from tests.actions import arriving
from tests.actions.arriving import AT, BEGUN, FACE, GUEST, HOST, Door
from tests.actions.reviews import FIRMS
from tests.factories import SESSION
from tests.web.rooms import ask, client_of, codes, read, send, shown_codes, text_of

NAME = "中小学课桌椅采购"


def kiosk_at(account: str) -> Client:
    """Return a browser that an officer has turned into a kiosk."""
    client = client_of(account)
    assert client.post("/site/kiosk/open").status_code == 303
    return client


def take(client: Client, step: str, **data: object) -> HttpResponse:
    """Take a step at a kiosk and follow it."""
    return client.post(f"/site/kiosk/{step}", data, follow=True)


def line(door: Door, site: str, number: int = 0) -> str:
    """Return the card of an expert who is expected at a site, as the reader types it."""
    card = door.cards(site)[number]
    return card_line(card.number, card.name, FACE)


def test_a_person_goes_from_the_card_to_the_seat(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")

    face = text_of(take(kiosk, "card", card=line(door, GUEST)))
    pledge = text_of(take(kiosk, "face", seen=FACE))
    seat = text_of(take(kiosk, "pledge", said=PLEDGES))

    assert "请看屏幕中央" in face
    assert all(firm in pledge for firm in FIRMS)
    assert "您的席位" in seat
    assert "01" in seat
    assert re.search(r"[0-9A-Z]{4} [0-9A-Z]{4}", seat)
    assert Arrival.objects.get().state == "seated"


@pytest.mark.parametrize("shown", ["face", "pledge", "seat"])
def test_no_screen_names_project_or_person(door: Door, shown: str) -> None:
    kiosk, card = kiosk_at("guest-hangjin"), door.cards(GUEST)[0]
    pages = {
        "face": take(kiosk, "card", card=line(door, GUEST)),
        "pledge": take(kiosk, "face", seen=FACE),
        "seat": take(kiosk, "pledge", said=PLEDGES),
    }

    found = pages[shown].content.decode()

    assert not [word for word in (NAME, card.name, card.number, FACE, door.tender.number) if word in found]
    assert pages[shown].headers["Cache-Control"] == "no-store"


def test_a_kiosk_is_nobodys_post(door: Door) -> None:
    """What a kiosk shows is not behind an officer's sign-in: the officer is signed out there (our choice (ADR-9))."""
    kiosk = kiosk_at("guest-hangjin")

    assert "person" not in kiosk.session
    assert kiosk.get("/site/").status_code == 302
    assert kiosk.get("/site/kiosk").status_code == 200
    assert "登录" in text_of(kiosk.get("/"))


def test_nobody_else_finds_a_kiosk(door: Door) -> None:
    assert Client().get("/site/kiosk").status_code == 404
    assert Client().post("/site/kiosk/card", {"card": line(door, GUEST)}).status_code == 404
    assert [Client().post(f"/site/kiosk/{name}").status_code for name in ("call", "done", "nothing")] == [404, 404, 404]
    assert ask("guest-hangjin", "/site/kiosk", at=AT).headers["Location"] == "/site/door"
    assert ask("agency-a", "/site/kiosk", at=AT).status_code == 404
    assert codes(send("agency-a", "/site/kiosk/open", at=AT)) == ["wrong-post"]


@pytest.mark.parametrize(
    ("card", "code"),
    [("", "malformed"), ("nonsense", "malformed"), ("MIFENG-CARD-1|592801197005050030|壬虚甲|" + FACE, "not-expected")],
)
def test_a_stranger_learns_nothing(door: Door, card: str, code: str) -> None:
    answer = take(kiosk_at("guest-hangjin"), "card", card=card)

    assert codes(answer) == [code]
    assert shown_codes(answer.content.decode()) == {code}
    assert not [word for word in (*FIRMS, "市教育局", "甲诚", NAME) if word in answer.content.decode()]


def test_who_is_not_here_takes_no_step(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")

    for step in ("face", "manual", "pledge", "aside", "seat"):
        assert "请把身份证放在读卡区" in text_of(take(kiosk, step, seen=FACE, said=PLEDGES, sure="1"))
    assert Arrival.objects.count() == 0


def test_a_kiosk_forgets_who_stood_there(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))

    with clock.frozen(AT + timedelta(seconds=120)):
        still = text_of(kiosk.get("/site/kiosk"))
    with clock.frozen(AT + timedelta(seconds=241)):
        gone = text_of(kiosk.get("/site/kiosk"))
    take(kiosk, "card", card=line(door, GUEST))
    left = text_of(kiosk.post("/site/kiosk/done", follow=True))

    assert "请看屏幕中央" in still
    assert "请把身份证放在读卡区" in gone
    assert "请把身份证放在读卡区" in left


def test_a_face_that_does_not_match_is_tried_again_and_then_checked_by_officers(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))

    empty, first = take(kiosk, "face"), take(kiosk, "face", seen="another")
    second = take(kiosk, "face", seen="another")

    mark = Arrival.objects.get().handle[:4].upper()
    assert codes(empty) == ["malformed"]
    assert shown_codes(first.content.decode()) == {"face-mismatch"}
    assert "请稍候，由场地人员核对" in text_of(second)
    assert mark in text_of(second)
    assert mark in read("guest-hangjin", "/site/gate", at=AT)


def test_two_officers_check_whoever_wants_no_camera(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "manual")
    arrival = {"id": str(Arrival.objects.get().pk)}

    first = send("guest-hangjin", "/site/gate/vouch", arrival, at=AT)
    waits = text_of(kiosk.get("/site/kiosk"))
    again = send("guest-hangjin", "/site/gate/vouch", arrival, at=AT, key="key-2")
    own = ask("guest-hangjin", "/site/gate", at=AT).content.decode()
    second = send("guest-hangjin-2", "/site/gate/vouch", arrival, at=AT)

    assert (first.status_code, codes(again), second.status_code) == (303, ["same-officer"], 303)
    assert "请等第二位复核" in waits
    assert shown_codes(own) == {"same-officer"}
    assert "再逐条声明" in text_of(kiosk.get("/site/kiosk"))


def test_a_declaration_is_whole(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "face", seen=FACE)

    part, other = take(kiosk, "pledge", said=PLEDGES[:3]), take(kiosk, "pledge", said=["invented"])

    assert codes(part) == ["pledge-missing"]
    assert part.content.decode().count("checked") == 3
    assert codes(other) == ["malformed"]


def test_whoever_is_tied_to_a_bidder_stands_aside_after_a_second_question(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "face", seen=FACE)

    asked = text_of(take(kiosk, "aside"))
    before = Arrival.objects.get().state
    done = text_of(take(kiosk, "aside", sure="1"))

    assert "确认回避？" in asked
    assert (before, Arrival.objects.get().state) == ("verified", "aside")
    assert "已登记回避" in done


def test_a_broken_seat_leaves_the_declaration_in_place(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "face", seen=FACE)
    Seat.objects.filter(site=door.city.sites[GUEST].pk).update(fault="显示器无信号")

    answer = take(kiosk, "pledge", said=PLEDGES)
    Seat.objects.update(fault="")
    later = text_of(take(kiosk, "seat"))

    assert codes(answer) == ["seat-none"]
    assert ("声明已记录" in text_of(answer), "再逐条声明" in text_of(answer)) == (True, False)
    assert "您的席位" in later


def test_nobody_declares_twice_who_waits_for_a_seat(door: Door) -> None:
    """Who went away comes again with card and face, and is given a seat once one is free."""
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "face", seen=FACE)
    Seat.objects.filter(site=door.city.sites[GUEST].pk).update(fault="显示器无信号")
    take(kiosk, "pledge", said=PLEDGES)
    kiosk.post("/site/kiosk/done")
    Seat.objects.update(fault="")

    again = text_of(take(kiosk, "card", card=line(door, GUEST)))
    found = text_of(take(kiosk, "face", seen=FACE))

    assert ("请看屏幕中央" in again, "声明已记录" in found) == (True, True)
    assert "您的席位" in text_of(take(kiosk, "seat"))


def test_a_card_read_at_another_kiosk_ends_what_the_first_one_showed(door: Door) -> None:
    """Otherwise a face that is compared here would let go on whoever holds the card there."""
    owner, finder = kiosk_at("guest-hangjin"), kiosk_at("guest-hangjin")
    take(owner, "card", card=line(door, GUEST))
    take(finder, "card", card=line(door, GUEST))
    take(owner, "card", card=line(door, GUEST))
    take(owner, "face", seen=FACE)

    assert "请把身份证放在读卡区" in text_of(finder.get("/site/kiosk"))
    assert "再逐条声明" in text_of(owner.get("/site/kiosk"))


def test_a_code_is_shown_once_and_given_anew(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    take(kiosk, "card", card=line(door, GUEST))
    take(kiosk, "face", seen=FACE)
    first = CODE.search(text_of(take(kiosk, "pledge", said=PLEDGES)))

    shown = text_of(kiosk.get("/site/kiosk"))
    by_hand = take(kiosk, "seat", seen=FACE)
    take(kiosk, "card", card=line(door, GUEST))
    second = CODE.search(text_of(take(kiosk, "seat", seen=FACE)))

    assert first is not None
    assert second is not None
    assert CODE.search(shown) is None
    assert "重新领取席位码" in shown
    assert codes(by_hand) == ["face-other"]
    assert first.group() != second.group()


CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4}\b")


def test_a_call_stands_on_the_officers_page_until_it_is_answered(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    called = text_of(kiosk.post("/site/kiosk/call", follow=True))
    before = read("guest-hangjin", "/site/door", at=AT)
    call = re.search(r'name="id" value="([0-9a-f-]{36})"', ask("guest-hangjin", "/site/gate", at=AT).content.decode())

    assert call is not None
    answered = send("guest-hangjin", "/site/calls/answer", {"id": call.group(1)}, at=AT)

    assert "已呼叫" in called
    assert "1处等待应答" in before
    assert answered.status_code == 303
    assert "现在没有人呼叫" in read("guest-hangjin", "/site/door", at=AT)
    assert codes(send("guest-hangjin", "/site/calls/answer", {"id": "x"}, at=AT)) == ["malformed"]


def test_an_officer_ends_a_kiosk(door: Door) -> None:
    kiosk = kiosk_at("guest-hangjin")
    own = {"id": str(Kiosk.objects.get().pk)}

    elsewhere = send("host", "/site/kiosk/close", own, at=AT)
    ended = send("guest-hangjin", "/site/kiosk/close", own, at=AT)

    assert (codes(elsewhere), ended.status_code) == (["not-your-site"], 303)
    assert kiosk.get("/site/kiosk").status_code == 404
    assert codes(send("guest-hangjin", "/site/kiosk/close", {}, at=AT)) == ["malformed"]


# --- the gate --------------------------------------------------------------------------------------------------------


def test_the_gate_list_lives_in_its_window_only(door: Door) -> None:
    """Whom a site expects is to be seen while a session is, and at no other time (R145)."""
    moments = (START - timedelta(minutes=61), START - timedelta(minutes=60), START, END - timedelta(seconds=1), END)

    seen = [ask("guest-hangjin", "/site/gate", at=at).status_code for at in moments]

    assert seen == [404, 200, 200, 200, 404]
    assert "门禁名单在场次开始前60分钟开放" in read("guest-hangjin", "/site/door", at=moments[0])
    assert ask("guest-dengkou", "/site/gate", at=AT).status_code == 404
    assert codes(ask("agency-a", "/site/gate", at=AT)) == ["wrong-post"]


START, END = SESSION


def test_the_gate_list_speaks_in_seats_and_names_nobody(door: Door) -> None:
    for card in door.cards(HOST):
        arriving.come(door, HOST, card)
    names = [one for card in door.cards(HOST) for one in (card.name, card.number)]
    handles = list(Arrival.objects.values_list("handle", flat=True))

    page = ask("host", "/site/gate", at=AT).content.decode()
    guest = read("guest-hangjin", "/site/gate", at=AT)

    assert "应到3席　已到2人　已入席0席" in re.sub(r"<[^>]+>", "", page)
    assert page.count('data-standing="given"') == 2
    assert page.count('data-standing="expected"') == 1
    assert not [word for word in (*names, *handles, NAME, *FIRMS) if word in page]
    assert "应到1席　已到0人　已入席0席" in guest


def test_the_host_opens_a_check_in_that_waits(door: Door) -> None:
    CheckIn.objects.all()._raw_delete("default")
    session = {"id": str(door.session)}

    page = ask("host", "/site/gate", at=AT).content.decode()
    guest = ask("guest-hangjin", "/site/gate", at=AT).content.decode()
    elsewhere = send("host", "/site/gate/open", {"id": str(door.panel.pk)}, at=AT)
    answer = send("host", "/site/gate/open", session, at=AT)

    assert ("/site/gate/open" in page, "/site/gate/open" in guest) == (True, False)
    assert (elsewhere.status_code, answer.status_code) == (404, 303)
    assert CheckIn.objects.get().state == "open"
    assert codes(send("host", "/site/gate/open", {}, at=AT)) == ["malformed"]
    assert codes(send("guest-hangjin", "/site/gate/open", session, at=AT)) == ["wrong-post"]


def test_who_does_not_come_is_counted_absent_after_a_second_question(door: Door) -> None:
    own = {"id": str(door.checkin.pk)}
    early = ask("guest-hangjin", f"/site/gate/absent?id={own['id']}", at=AT)
    offered = ask("guest-hangjin", "/site/gate", at=AT).content.decode()

    later = ask("guest-hangjin", "/site/gate", at=BEGUN).content.decode()
    asked = read("guest-hangjin", f"/site/gate/absent?id={own['id']}", at=BEGUN)
    refusal = send("guest-hangjin", "/site/gate/absent", own, at=AT)
    done = send("guest-hangjin", "/site/gate/absent", own, at=BEGUN, key="key-2")

    assert shown_codes(early.content.decode()) == {"too-early"}
    assert ("/site/gate/absent" in offered, "/site/gate/absent" in later) == (False, True)
    assert "专家1席" in asked
    assert (codes(refusal), done.status_code) == (["too-early"], 303)
    assert ask("guest-hangjin", "/site/gate/absent?id=x", at=BEGUN).status_code == 404


def test_queries_of_the_gate_are_equal_for_one_and_for_many(door: Door) -> None:
    with clock.frozen(AT):
        client = client_of("host")
        one = queries_of(client, "/site/gate")
        for card in door.cards(HOST):
            arriving.come(door, HOST, card)
        many = queries_of(client, "/site/gate")

    assert one == many


def queries_of(client: Client, path: str) -> int:
    """Return how many queries a page takes."""
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)
