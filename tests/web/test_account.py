"""Signing in and receipts (身份): who gets in, what one's own acts leave, and what of them others see."""

import re
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import Client

from mifeng.config.settings import PASSWORD_HASHERS
from mifeng.kernel import clock
from mifeng.kernel.ledger.queries import history
from mifeng.kernel.models import Noted
from mifeng.parties.actions import _nobody, appoint
from mifeng.parties.models import Person, Post, SignInAttempt
from mifeng.parties.queries import as_actor
from mifeng.rules.ledger import verify_receipt
from mifeng.sample.municipality import OPERATOR
from mifeng.venues.actions import confirm_site
from mifeng.web.shell.live import allowed
from mifeng.web.shell.receipts import number
from tests.factories import START, City, entered, planned, request_at
from tests.web.rooms import client_of, text_of
from tests.web.witnessed import witness_log

SIGN_IN = "/account/sign-in"
HOMES = {
    "agency-a": "/workspace/",
    "buyer": "/workspace/",
    "host": "/site/",
    "guest-hangjin": "/site/",
    "supervisor": "/cockpit/",
}


def sign_in(client: Client, account: str, password: str, **more: str) -> HttpResponse:
    """Send the form of the sign-in page."""
    return client.post(SIGN_IN, {"account": account, "password": password, **more})


@pytest.mark.parametrize("account", HOMES)
def test_person_signs_in_and_comes_to_the_room_of_the_post(city: City, passwords: dict[str, str], account: str) -> None:
    """A right password leads home, home leads to the room of the post, and the sign-in is noted (R076)."""
    client = Client()

    answer = sign_in(client, account, passwords[account])
    home = client.get(answer["Location"])

    post = Post.objects.get(person__account=account)
    assert (answer.status_code, answer["Location"], home["Location"]) == (303, "/account/home", HOMES[account])
    assert client.session["person"] == str(post.person_id)
    noted = Noted.objects.get(kind="signed-in")
    assert (noted.actor_handle, noted.subject) == (post.handle, f"parties.post:{post.pk}")


@pytest.mark.parametrize(("account", "password"), [("agency-a", "wrong"), ("nobody", "wrong"), ("nobody", "")])
def test_wrong_password_and_unknown_account_are_answered_alike(city: City, account: str, password: str) -> None:
    """The page does not say which of the two was wrong, nor give the password back."""
    answer = sign_in(Client(), account, password or "x" * 200)
    page = re.sub(
        r'name="(csrfmiddlewaretoken|_key)" value="[^"]*"|data-now="[^"]*"|<time.*?</time>', "", text_of(answer)
    )
    other = sign_in(Client(), "agency-a", "wrong")
    known = re.sub(
        r'name="(csrfmiddlewaretoken|_key)" value="[^"]*"|data-now="[^"]*"|<time.*?</time>', "", text_of(other)
    )

    assert (answer.status_code, answer["X-Reason"]) == (403, "sign-in-failed")
    assert page.replace(account, "") == known.replace("agency-a", "")
    assert "wrong" not in page
    assert "x" * 200 not in page


@pytest.fixture
def full_cost(city: City, settings: Any) -> Iterator[None]:
    """Let passwords cost what they cost on the platform."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    Person.objects.filter(account="agency-a").update(password=make_password("right"))
    _nobody.cache_clear()
    yield
    _nobody.cache_clear()


@pytest.mark.usefixtures("full_cost")
def test_unknown_account_takes_as_long_as_a_known_one() -> None:
    """The time of an answer does not name the accounts."""

    def median_of(account: str) -> float:
        times = []
        for _ in range(4):
            began = time.process_time()
            sign_in(Client(), account, "wrong")
            times.append(time.process_time() - began)
        return statistics.median(times)

    median_of("warming-up")
    known, unknown = median_of("agency-a"), median_of("nobody")

    assert 0.6 < known / unknown < 1.7


def test_account_is_locked_for_a_while_after_five_failures(city: City, passwords: dict[str, str]) -> None:
    """The sixth try is not heard even with the right password, until the window has passed (ADR-1)."""
    with clock.frozen(START):
        for _ in range(5):
            sign_in(Client(), "buyer", "wrong")
        locked = sign_in(Client(), "buyer", passwords["buyer"])
    with clock.frozen(START + timedelta(minutes=15, seconds=1)):
        free = sign_in(Client(), "buyer", passwords["buyer"])

    assert (locked.status_code, locked["X-Reason"], free.status_code) == (403, "too-many-attempts", 303)
    assert "09:15:00后可以再试" in text_of(locked)


def test_an_address_is_locked_whatever_accounts_it_tries(city: City, passwords: dict[str, str]) -> None:
    """Guessing through many accounts from one address ends too; another address is still heard."""
    SignInAttempt.objects.bulk_create(
        SignInAttempt(account=f"a{n}", address="192.0.2.7", at=START, succeeded=False) for n in range(50)
    )

    with clock.frozen(START):
        there = Client(REMOTE_ADDR="192.0.2.7").post(SIGN_IN, {"account": "buyer", "password": passwords["buyer"]})
        here = sign_in(Client(), "buyer", passwords["buyer"])

    assert (there["X-Reason"], here.status_code) == ("too-many-attempts", 303)


def test_session_known_before_is_worth_nothing_after_signing_in(city: City, passwords: dict[str, str]) -> None:
    """A session fixed on somebody beforehand does not become theirs."""
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key

    sign_in(client, "buyer", passwords["buyer"])

    assert client.session.session_key != planted
    assert SessionStore(planted).get("person") is None
    assert "planted" not in client.session


def test_signing_out_ends_the_session_on_the_server(city: City) -> None:
    """A stolen cookie is worth nothing after signing out; it takes a POST."""
    client = client_of("buyer")
    key = client.session.session_key
    looked = client.get("/account/sign-out")

    left = client.post("/account/sign-out")

    assert (looked.status_code, left.status_code, left["Location"]) == (405, 303, "/")
    assert not SessionStore().exists(key)
    assert allowed(key, "tenders.tender:00000000-0000-0000-0000-000000000000") is False


def test_person_whose_post_has_ended_is_out_at_once(city: City) -> None:
    """An ended post opens nothing, also in a session that was open."""
    client = client_of("agency-b")
    Post.objects.filter(person__account="agency-b").update(active=False)

    assert client.get("/workspace/")["Location"] == "/account/sign-in?next=%2Fworkspace%2F"


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/account/inbox?size=50", "/account/inbox?size=50"),
        ("", "/account/home"),
        ("https://example.org/", "/account/home"),
        ("//example.org/", "/account/home"),
        ("javascript:alert(1)", "/account/home"),
        ("http:///example.org", "/account/home"),
    ],
)
def test_signing_in_returns_to_a_page_of_this_platform_only(
    city: City, passwords: dict[str, str], asked: str, goes_to: str
) -> None:
    """No address of another platform can be smuggled into the sign-in."""
    answer = sign_in(Client(), "buyer", passwords["buyer"], next=asked)

    assert answer["Location"] == goes_to


def test_public_asking_for_a_room_is_sent_to_sign_in_and_back(city: City) -> None:
    """The way to the page asked for is kept."""
    answer = Client().get("/account/inbox?size=50")

    assert urlsplit(answer["Location"]).path == SIGN_IN
    assert parse_qs(urlsplit(answer["Location"]).query) == {"next": ["/account/inbox?size=50"]}


@pytest.mark.parametrize("path", [SIGN_IN, "/account/sign-out", "/account/scale", "/account/language"])
def test_form_without_its_token_is_refused(city: City, path: str) -> None:
    """A form sent from another site does nothing."""
    answer = Client(enforce_csrf_checks=True).post(path, {"account": "buyer", "password": "x", "scale": "large"})

    assert (answer.status_code, answer["X-Reason"]) == (422, "malformed")
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("missing", [{"account": "buyer"}, {"password": "x"}, {"account": "\0", "password": "x"}])
def test_incomplete_sign_in_is_said_beside_the_field(city: City, missing: dict[str, str]) -> None:
    """A form with a field missing is no attempt."""
    answer = Client().post(SIGN_IN, missing)

    assert answer.status_code == 422
    assert "has-err" in text_of(answer)
    assert not SignInAttempt.objects.exists()


def test_scale_and_language_are_kept_and_lead_back(city: City) -> None:
    """Large type stays with the person; only what is known is kept, and only local addresses are gone to."""
    client = Client()

    large = client.post("/account/scale", {"scale": "large", "next": "/sites"})
    away = client.post("/account/scale", {"scale": "standard", "next": "https://example.org/"})
    huge = client.post("/account/scale", {"scale": "huge"})
    spoken = client.post("/account/language", {"language": "zh-hans", "next": "/rules"})
    klingon = client.post("/account/language", {"language": "tlh"})

    assert (large["Location"], large.cookies["scale"].value, away["Location"]) == ("/sites", "large", "/")
    assert (spoken["Location"], spoken.cookies[settings.LANGUAGE_COOKIE_NAME].value) == ("/rules", "zh-hans")
    assert [answer["X-Reason"] for answer in (huge, klingon)] == ["malformed", "malformed"]


def test_page_is_in_the_language_it_says_whatever_the_browser_asks_for(city: City) -> None:
    """There is no English catalogue yet; a page must not call itself English (WCAG 3.1.1)."""
    answer = client_of("agency-a").post("/workspace/new", {"_key": "k"}, headers={"Accept-Language": "en"})

    assert '<html lang="zh-hans"' in text_of(answer)
    assert "This field is required" not in text_of(answer)


def test_large_type_is_in_the_page_itself(city: City) -> None:
    """The scale works without scripts."""
    client = Client()
    client.cookies["scale"] = "large"

    assert 'data-scale="large"' in text_of(client.get("/sites"))
    assert 'data-scale="large"' not in text_of(Client().get("/sites"))


def leaf_of_last(subject: str) -> str:
    """Return the leaf of the last entry of a matter."""
    return history([subject])[0].leaf


def test_receipt_shows_fact_fingerprint_and_that_it_waits(city: City) -> None:
    """An act that no witness has seen yet is 已收到, 待见证; its page has project, post, time and fingerprint (U5)."""
    tender = entered(city)
    leaf = leaf_of_last(f"tenders.tender:{tender.pk}")

    page = text_of(client_of("agency-a").get(f"/account/receipts/{leaf}"))

    assert 'data-receipt="received"' in page
    assert "待见证" in page
    wanted = ["进场登记", tender.name, tender.number, "代理机构 经办A-02", "2026-03-02 09:00:00", number(leaf)]
    assert [word for word in wanted if word not in page] == []
    assert leaf in page.replace(" ", "")
    assert f'href="/workspace/{tender.pk}"' in page
    assert ".proof" not in page


def test_receipt_belongs_to_the_post_and_its_colleagues(city: City) -> None:
    """Nobody else's receipt exists, not even for those who take part in the same project (R076)."""
    tender = entered(city)
    path = f"/account/receipts/{leaf_of_last(f'tenders.tender:{tender.pk}')}"
    firm = city.organisations["甲诚招标代理有限公司"]
    facts = {
        "account": "agency-a2",
        "name": "经办",
        "password": "x" * 12,
        "role": "agency",
        "title": "代理机构 经办A-03",
    }
    appoint(firm.pk, facts, by=OPERATOR)

    others = {
        name: client_of(name).get(path).status_code
        for name in ("agency-a2", "agency-b", "buyer", "host", "guest-hangjin", "supervisor")
    }

    assert others == {
        "agency-a2": 200,
        "agency-b": 404,
        "buyer": 404,
        "host": 404,
        "guest-hangjin": 404,
        "supervisor": 404,
    }
    assert Client().get(path)["Location"].startswith(SIGN_IN)
    assert client_of("agency-a").get("/account/receipts/" + "0" * 64).status_code == 404
    assert client_of("agency-a").get("/account/receipts/not-a-leaf").status_code == 404


def test_guest_s_receipt_names_code_and_time_only(city: City) -> None:
    """What a guest site did is receipted without the project's name, number or parties (LY-2022-14 四(一))."""
    tender = planned(city)
    request = request_at(tender, "杭锦后旗")
    with clock.frozen(START + timedelta(minutes=20)):
        confirm_site(request.pk, by=city["guest-hangjin"])
    leaf = leaf_of_last(f"venues.siterequest:{request.pk}")

    page = text_of(client_of("guest-hangjin").get(f"/account/receipts/{leaf}"))

    assert request.session.code_name in page
    assert [word for word in (tender.name, tender.number, "市教育局", "甲诚") if word in page] == []
    assert f'href="/site/requests/{request.pk}"' in page


def test_proof_of_a_witnessed_receipt_verifies_without_the_platform(committing: City, tmp_path: Path) -> None:
    """The downloaded file proves the entry under the published keys; a stranger cannot fetch it (R071)."""
    tender = entered(committing)
    leaf = leaf_of_last(f"tenders.tender:{tender.pk}")
    path = f"/account/receipts/{leaf}"
    early = client_of("agency-a").get(f"{path}.proof")
    log, witness = witness_log(tmp_path)

    page = text_of(client_of("agency-a").get(path))
    file = client_of("agency-a").get(f"{path}.proof")
    stranger = client_of("buyer").get(f"{path}.proof")

    proven = verify_receipt(text_of(file), log, [witness])
    assert (early.status_code, stranger.status_code) == (404, 404)
    assert 'data-receipt="witnessed"' in page
    assert f'href="{path}.proof"' in page
    assert (proven.leaf.hex(), proven.entry.type, proven.entry.at) == (leaf, "enter_tender", START)
    assert file["Content-Disposition"] == f'attachment; filename="{number(leaf)}.proof"'


def test_number_of_a_receipt_is_made_from_its_leaf() -> None:
    """The number is the first sixty bits in letters that cannot be confused."""
    assert number("00" * 32) == "0000-0000-0000"
    assert number("ff" * 32) == "ZZZZ-ZZZZ-ZZZZ"
    assert number("0123456789abcdef" + "00" * 24) == "04HM-ASW9-NF6Y"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_methods_that_no_page_knows_are_refused(city: City, method: str) -> None:
    """Each page names what it answers."""
    client = client_of("buyer")

    found = {path: getattr(client, method)(path)["Allow"] for path in (SIGN_IN, "/account/inbox", "/account/scale")}

    assert found == {
        SIGN_IN: "GET, POST, HEAD, OPTIONS",
        "/account/inbox": "GET, POST, HEAD, OPTIONS",
        "/account/scale": "POST, OPTIONS",
    }


def test_live_gate_opens_only_to_those_who_take_part(city: City) -> None:
    """A session may follow its own project or its own site's request; nothing else exists for it."""
    tender = planned(city)
    request = request_at(tender, "杭锦后旗")
    topics = [f"tenders.tender:{tender.pk}", f"venues.siterequest:{request.pk}"]
    accounts = ("agency-a", "agency-b", "buyer", "buyer-2", "host", "guest-hangjin", "guest-wuyuan", "supervisor")

    found = {name: [allowed(client_of(name).session.session_key, topic) for topic in topics] for name in accounts}

    may = [name for name in accounts if found[name][0]]
    assert may == ["agency-a", "buyer", "host", "supervisor"]
    assert [name for name in accounts if found[name][1]] == ["guest-hangjin"]
    session = client_of("agency-a").session.session_key
    strange = (
        "",
        "tenders.tender",
        "tenders.tender:",
        "tenders.tender:x",
        f"tenders.lot:{tender.pk}",
        "kernel.instance:1",
    )
    assert [allowed(session, topic) for topic in strange] == [False] * 6
    assert [allowed(key, topics[0]) for key in ("", "no-such-session")] == [False, False]
    assert as_actor(Post.objects.get(person__account="agency-a")) == city["agency-a"]
