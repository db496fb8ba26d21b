"""The kiosk and the gate (自助签到、门禁名单): one step per screen, nothing for an officer to read along.

LY-2022-14 四(二), LY-2022-14 四(三), GPLR-9, MOF-87-45, LC-2018-80 三(六).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, TestCase

from mifeng.gateways.reader.simulated import card_line
from mifeng.kernel import clock
from mifeng.parties.models import Post
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings.models import Arrival, Kiosk
from tests.actions import arriving
from tests.actions.arriving import AT, BEGUN, FACE, GUEST, HOST, OTHER, Door
from tests.actions.reviews import FIRMS
from tests.conftest import read_city
from tests.web.rooms import ask, codes, read, send, shown_codes, text_of

NAME = "中小学课桌椅采购"


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Door]:
    """Lead a project to its open check-in, once for the file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield arriving.opened(read_city())
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def door(opened: Door, db: None) -> Iterator[Door]:
    """Return the check-in of the file at an instant of it; what the test does is undone after it."""
    with clock.frozen(AT):
        yield replace(opened)


def kiosk_at(account: str) -> Client:
    """Return a browser that an officer has turned into a kiosk."""
    client = Client()
    session = client.session
    session["person"] = str(Post.objects.get(person__account=account).person_id)
    session.save()
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
