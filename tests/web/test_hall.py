"""The hall up to the deadline (开标大厅): who may look in, what nobody learns, the lawful branch for too few."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.web.hall.forms import KeyForm
from mifeng.web.hall.scene import step_look, step_title
from mifeng.web.shell.live import allowed
from tests.bids import DAY_BEFORE, handed_in
from tests.factories import DUE, City, entered, lot_of, published
from tests.trusted import Trusted, trusted
from tests.web.openings import announced
from tests.web.rooms import AT, ask, client_of, codes, queries, read, send, text_of

PARTIES = ("agency-a", "buyer", "host", "supervisor", "bidder-1", "bidder-6")


@pytest.fixture
def near(committing: City, tmp_path: Path) -> Iterator[Trusted]:
    """The trustees of the sample city, near at hand."""
    with trusted(tmp_path) as found:
        yield found


def plain(page: str) -> str:
    """Return a page without what differs from one request to the next."""
    return re.sub(r'value="[\w-]{20,}"|#[\d,]+|[0-9a-f]{4}…[0-9a-f]{4}|content="[^"]*"', "", page)


def test_everybody_who_takes_part_sees_the_hall_from_the_notice_on(city: City) -> None:
    """Stage bar with the countdown, the server's time, what is hidden by design (J6, U1, U17)."""
    lot = lot_of(published(city))

    pages = [read(account, f"/hall/{lot.pk}") for account in PARTIES]

    assert {len(re.findall(r'<li class="(?:done|now|idle|stopped)"', page)) for page in pages} == {7}
    assert {re.findall(r'aria-current="step">.*?</b>([^<]*)', page, re.S)[0] for page in pages} == {"03-26 09:30截止"}
    assert {f'data-until="{DUE:%Y-%m-%dT%H:%M}' in page for page in pages} == {True}
    assert {"截止前对任何人不显示" in page for page in pages} == {True}
    assert {"data-bid=" in page or "交密钥</button>" in page for page in pages} == {False}


def test_nobody_learns_before_the_deadline_that_bids_have_come(city: City) -> None:
    """The page of no bid and that of four are the same, whoever looks (NM-2018-67 五(十四))."""
    lot = lot_of(published(city))
    before = {account: plain(read(account, f"/hall/{lot.pk}", at=DAY_BEFORE)) for account in PARTIES}
    lists = {account: plain(read(account, "/hall/", at=DAY_BEFORE)) for account in PARTIES}

    held = handed_in(city, lot, 4)

    for account in PARTIES:
        page = read(account, f"/hall/{lot.pk}", at=DAY_BEFORE)
        assert plain(page) == before[account]
        assert plain(read(account, "/hall/", at=DAY_BEFORE)) == lists[account]
        assert [one for one in held if one.envelope in page or one.bid_ref in page] == []


def test_no_entry_about_a_bid_wakes_a_page(city: City) -> None:
    """What a page may follow is not spoken of by the entries of bids: no topic beats when a bid comes."""
    lot = lot_of(published(city))
    written = Entry.objects.count()

    handed_in(city, lot, 2)

    subjects = set(Entry.objects.order_by("pk")[written:].values_list("subject", flat=True))
    assert {subject.partition(":")[0] for subject in subjects} == {"bidding.bid"}
    for topic in (f"tenders.lot:{lot.pk}", f"bidding.opening:{lot.pk}"):
        keys = {account: client_of(account).session.session_key for account in (*PARTIES, "guest-wuyuan", "librarian")}
        may = {account for account, key in keys.items() if allowed(key or "", topic)}
        assert may == set(PARTIES)
        assert not allowed("", topic)


@pytest.mark.parametrize(
    ("account", "status", "reason"),
    [("guest-hangjin", 403, ["wrong-post"]), ("librarian", 403, ["wrong-post"]), ("agency-b", 404, [])],
)
def test_who_takes_no_part_is_kept_out(city: City, account: str, status: int, reason: list[str]) -> None:
    """Posts of other rooms are refused, other parties find nothing."""
    lot = lot_of(published(city))

    answers = [ask(account, path) for path in (f"/hall/{lot.pk}", f"/hall/{lot.pk}/record")]

    assert [answer.status_code for answer in answers] == [status, 404]
    assert codes(answers[0]) == reason
    assert "中小学课桌椅采购" not in text_of(answers[0])


def test_public_waits_for_the_end_of_the_opening(city: City) -> None:
    """Until then it is asked to sign in, whether or not there is such a package."""
    lot = lot_of(published(city))

    answers = [ask_public(f"/hall/{pk}") for pk in (lot.pk, "00000000-0000-0000-0000-000000000000")]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"].startswith("/account/sign-in?next=")


def ask_public(path: str) -> HttpResponse:
    """Return the answer to a page that somebody without an account asks for."""
    with clock.frozen(AT):
        return Client().get(path)


def test_project_without_a_notice_has_no_hall(city: City) -> None:
    lot = lot_of(entered(city))

    assert [ask(account, f"/hall/{lot.pk}").status_code for account in ("agency-a", "bidder-1")] == [404, 404]
    assert str(lot.pk) not in read("agency-a", "/hall/")


def test_list_costs_the_same_for_one_and_three_openings(city: City) -> None:
    """Queries do not grow with rows."""
    published(city)
    read("bidder-1", "/hall/")
    one = queries("bidder-1", "/hall/")
    for days in (1, 2):
        published(city, later=(DUE - DAY_BEFORE) * days)

    assert read("bidder-1", "/hall/").count("data-lot=") == 3
    assert (one > 3, queries("bidder-1", "/hall/")) == (True, one)


def test_fewer_than_three_is_a_decision_and_nothing_is_opened(committing: City, near: Trusted) -> None:
    """The clause is named, the number of those who came is not, and the page is the public's (MOF-87-41)."""
    lot = announced(committing, near)
    held = handed_in(committing, lot, 2)

    near.listed(lot)

    for page in (read("host", f"/hall/{lot.pk}", at=DUE), text_of(ask_public(f"/hall/{lot.pk}"))):
        assert 'data-decision="failed"' in page
        assert "财政部令第87号第四十一条" in page
        assert "现在不能办理" not in page
        assert [one for one in held if one.envelope in page or one.bidder.organisation.name in page] == []
    record = text_of(ask_public(f"/hall/{lot.pk}/record"))
    assert 'data-record="failed"' in record
    assert "不足三家" in record
    assert 'class="stopped"' in read("agency-a", f"/hall/{lot.pk}", at=DUE)


def test_key_is_not_taken_before_the_window(city: City) -> None:
    """Refused with the state, and the note of it names nobody."""
    lot = lot_of(published(city))
    [held] = handed_in(city, lot, 1)

    answer = send("bidder-1", f"/hall/{lot.pk}", {"key": f"{held.bid_ref} {held.sealed.s_b.hex()}"})

    assert (answer.status_code, codes(answer)) == (422, ["malformed"])
    assert not Noted.objects.exclude(actor_handle="public").exists()
    assert held.row.state == "received"


@pytest.mark.parametrize("account", ["agency-a", "host", "supervisor"])
def test_only_a_supplier_hands_a_key_in(city: City, account: str) -> None:
    lot = lot_of(published(city))

    answer = send(account, f"/hall/{lot.pk}", {"key": "a"})

    assert (answer.status_code, codes(answer)) == (403, ["wrong-post"])


@pytest.mark.parametrize(
    "text", ["{ref}:{key}", "{ref} {key}", '{{"bid_ref": "{ref}",\r\n "s_b": "{key}"}}', "  {ref}\n{key}\n"]
)
def test_key_string_is_read_however_it_was_copied(text: str) -> None:
    form = KeyForm({"key": text.format(ref="AB" * 32, key="0c" * 32)})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["key"] == ("ab" * 32, bytes.fromhex("0c" * 32))


@pytest.mark.parametrize("text", ["", "  ", "ab" * 32, "ab" * 64, f"{'ab' * 32} {'cd' * 32} {'ef' * 32}", "x" * 2001])
def test_what_is_no_key_string_is_refused(text: str) -> None:
    assert not KeyForm({"key": text}).is_valid()


def test_every_step_has_its_words_and_its_look() -> None:
    steps = ("waiting", "closed", "listed", "keying", "releasing", "public", "failed", "unkeyed", "short")

    assert len({step_title(step) for step in steps}) == len(steps)
    assert {step: step_look(step) for step in steps if step_look(step) != "go"} == {
        "waiting": "none",
        "public": "done",
        "failed": "stop",
        "unkeyed": "stop",
        "short": "stop",
    }
