"""A seat's own session (席位岗): it opens the desk and no other room. LC-2018-80 三(六) (R175)."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import get_resolver

from mifeng.kernel import clock
from mifeng.rules.errors import NotEntitled
from mifeng.tenders.models import Lot
from mifeng.web.shell.http import Request
from mifeng.web.shell.live import allowed
from mifeng.web.shell.posts import SEAT_MAY, only
from mifeng.web.shell.seats import call_officer, label_title
from tests.actions import arriving
from tests.actions.arriving import GUEST, HOST, Door, come, deputy
from tests.factories import SESSION
from tests.web.desks import sit
from tests.web.rooms import client_of, codes


def seat_at(door: Door, role: str = "expert") -> Client:
    """Return the browser of somebody who sits at a seat."""
    _, code = come(door, HOST, deputy()) if role == "buyer" else come(door, GUEST, door.cards(GUEST)[0])
    site = door.city.sites[HOST if role == "buyer" else GUEST].pk
    return sit(Client(), arriving.opened_seat(code), site)


ELSEWHERE = (
    "/",
    "/rules",
    "/verify",
    "/hall/",
    "/workspace/",
    "/site/",
    "/site/gate",
    "/site/door",
    "/cockpit/",
    "/library/",
    "/supplier/",
    "/account/inbox",
    "/account/sign-in",
)


@pytest.mark.parametrize("role", ["expert", "buyer"])
def test_a_seat_enters_no_other_room(door: Door, role: str) -> None:
    client = seat_at(door, role)

    assert {path: codes(client.get(path)) for path in ELSEWHERE} == {path: ["wrong-post"] for path in ELSEWHERE}


def test_a_seat_goes_home_to_the_desk(door: Door) -> None:
    assert seat_at(door).get("/account/home").headers["Location"] == "/desk/"


def test_what_a_seat_may_open_besides_exists() -> None:
    names = {
        f"account:{name}" for name in get_resolver().namespace_dict["account"][1].reverse_dict if isinstance(name, str)
    }

    assert set(SEAT_MAY) <= names


@pytest.mark.parametrize(("roles", "admitted"), [(("buyer",), False), (("expert",), False), (("seat",), True)])
def test_only_one_word_admits_a_seat(door: Door, roles: tuple[str, ...], admitted: bool) -> None:
    for actor in (
        arriving.enter(come(door, GUEST, door.cards(GUEST)[0])[1]),
        arriving.enter(come(door, HOST, deputy())[1]),
    ):
        request: Request = RequestFactory().get("/")  # type: ignore[assignment]
        request.actor = actor
        view = only(*roles)(lambda request: admitted)  # type: ignore[arg-type, return-value]

        if admitted:
            assert view(request)
        else:
            with pytest.raises(NotEntitled) as caught:
                view(request)
            assert caught.value.code == "wrong-post"


def test_a_post_is_no_seat(door: Door) -> None:
    request: Request = RequestFactory().get("/")  # type: ignore[assignment]
    request.actor = door.city["buyer"]

    with pytest.raises(NotEntitled):
        only("seat")(lambda request: None)(request)  # type: ignore[arg-type, return-value]


def test_a_session_ends_with_the_pass_and_leaves_nothing(door: Door) -> None:
    client = seat_at(door)

    with clock.frozen(SESSION[1] + timedelta(hours=12)):
        later = client.get("/")

    assert later.status_code == 200
    assert "seat" not in client.session


def test_a_secret_that_is_none_is_nobody(door: Door) -> None:
    client = client_of("agency-a")
    session = client.session
    session["seat"] = "invented"
    session.save()

    assert client.get("/workspace/").status_code == 302
    assert dict(client.session) == {}


def test_a_seat_reads_the_receipts_of_its_own_acts_only(door: Door) -> None:
    client = seat_at(door)
    request: Request = RequestFactory().get("/")  # type: ignore[assignment]
    request.actor = arriving.actor_of_pass(client.session["seat"])
    own = call_officer(request)

    assert own is not None
    page = client.get(f"/account/receipts/{own.leaf.hex()}")
    assert page.status_code == 200
    assert "杭锦后旗 01号席" in page.content.decode()
    assert client.get(f"/account/receipts/{'0' * 64}").status_code == 404
    assert client_of("agency-a").get(f"/account/receipts/{own.leaf.hex()}").status_code == 404


@pytest.mark.parametrize("role", ["expert", "buyer"])
def test_a_seat_follows_nothing_but_evaluations(door: Door, role: str) -> None:
    """A representative at a seat is no purchaser's clerk: the project, its packages and its hall are not followed."""
    key, lot = seat_at(door, role).session.session_key or "", Lot.objects.get(tender=door.tender)

    topics = (f"tenders.tender:{door.tender.pk}", f"tenders.lot:{lot.pk}", f"bidding.opening:{lot.pk}")

    assert not any(allowed(key, topic) for topic in topics)


def test_labels_read_as_places(door: Door) -> None:
    assert label_title("150826-03") == "杭锦后旗 03号席"
    assert label_title("150826-03/2") == "杭锦后旗 03号席（第2任）"
    assert label_title("999999-03") == "999999-03"
    assert label_title("host/1") == "host/1"
