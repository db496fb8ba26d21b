"""The hall from the list to the record (开标): keys, wrong keys, all prices at once, what stays sealed and why."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.web.shell.words import groups
from tests.bids import Held
from tests.web.openings import AFTER, SOON, Keying, answered, copied, key_text, keying, opened, own_keying
from tests.web.rooms import codes, queries, read, send, shown_codes, text_of

PARTIES = ("agency-a", "buyer", "host", "supervisor", "bidder-1", "bidder-6")


@pytest.fixture(scope="module")
def of_three(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keying]:
    """Three bids wait for their keys."""
    with own_keying(django_db_blocker, tmp_path_factory.mktemp("three"), 3) as found:
        yield found


@pytest.fixture(scope="module")
def of_four(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keying]:
    """Four bids wait for their keys; the words of the second bidder's price differ from its figures."""
    with own_keying(django_db_blocker, tmp_path_factory.mktemp("four"), 4, price_words="肆佰柒拾贰万陆仟元整") as found:
        yield found


@pytest.fixture
def three(of_three: Keying, django_db_blocker: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keying]:
    """The package with three bids, for one test."""
    with copied(django_db_blocker, of_three, tmp_path) as found:
        yield found


@pytest.fixture
def four(of_four: Keying, django_db_blocker: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keying]:
    """The package with four bids, for one test."""
    with copied(django_db_blocker, of_four, tmp_path) as found:
        yield found


def ask_public(path: str) -> HttpResponse:
    """Return the answer to a page that somebody without an account asks for."""
    with clock.frozen(AFTER):
        return Client().get(path)


def sequence(page: str) -> list[int]:
    """Return the numbers of the event strip, newest first."""
    return [int(number) for number in re.findall(r'data-seq="(\d+)"', page)]


def secret(held: list[Held], page: str, *, own: str = "") -> list[str]:
    """Return the names and prices of bidders that a page holds; ``own`` stands in the reader's own header."""
    names = [one.bidder.organisation.name for one in held if one.bidder.account != own]
    return [word for word in (*names, "4,860,000", "4,725,000", "肆佰") if word in page]


def test_rows_are_fingerprints_until_all_are_open(four: Keying) -> None:
    """A number, a hash, a key that is in or not; the same page for everybody (J6, NM-2018-67 五(十四))."""
    lot, held = four.lot, four.held

    answer = send("bidder-1", f"/hall/{lot.pk}", {"key": key_text(held[2])}, at=SOON)

    assert (answer.status_code, answer["Location"]) == (303, f"/hall/{lot.pk}?confirmed=3")
    assert answer["X-Receipt"] == str(Entry.objects.get(type="confirm_key").pk)
    for account in PARTIES:
        page = read(account, f"/hall/{lot.pk}", at=SOON)
        assert re.findall(r'data-bid="(\d)" data-key="(\w+)"', page) == [
            ("1", "todo"),
            ("2", "todo"),
            ("3", "done"),
            ("4", "todo"),
        ]
        assert [f'title="{one.envelope}"' in page for one in held] == [True] * 4
        assert secret(held, page, own=account) == []
        assert sequence(page) == list(range(len(sequence(page)), 0, -1))
        assert (key_text(held[2]) in page, "现在没有人能读到任何投标内容" in page) == (False, True)
        assert ("交密钥</button>" in page) == account.startswith("bidder")
    assert ask_public(f"/hall/{lot.pk}").status_code == 302
    assert ask_public(f"/hall/{lot.pk}/record").status_code == 404


def test_wrong_key_costs_nothing_and_may_be_tried_again(three: Keying) -> None:
    """Told plainly, the bid intact, then the right one is taken, once however often it is sent (J6)."""
    lot, held = three.lot, three.held
    wrong = f"{held[0].bid_ref}:{held[1].sealed.s_b.hex()}"
    path = f"/hall/{lot.pk}"

    refused = send("bidder-2", path, {"key": wrong}, at=SOON)
    taken = [send("bidder-2", path, {"key": key_text(held[0])}, at=SOON) for _ in range(2)]

    page = text_of(refused)
    assert (refused.status_code, codes(refused)) == (422, ["key-mismatch"])
    assert "第1份没有变化，窗口关闭前可以再试，不限次数。" in page
    assert re.search(r'data-bid="1"[^>]*class="me" data-reason="key-mismatch"', page)
    assert wrong in page
    assert [answer.status_code for answer in taken] == [303, 303]
    assert len({answer["X-Receipt"] for answer in taken}) == 1
    assert "第1份：密钥已确认。" in read("bidder-2", taken[0]["Location"], at=SOON)
    assert "密钥已确认。" not in read("bidder-2", f"{path}?confirmed=2", at=SOON)


def test_key_leaves_no_trace_of_the_account_that_sent_it(three: Keying) -> None:
    """Neither an entry nor a note ties a supplier to an envelope before all are open (R071)."""
    lot, held = three.lot, three.held
    handle = three.city["bidder-3"].handle
    before = Entry.objects.filter(actor_handle=handle).count()

    send("bidder-3", f"/hall/{lot.pk}", {"key": key_text(held[0])}, at=SOON)
    send("bidder-3", f"/hall/{lot.pk}", {"key": f"{held[1].bid_ref}:{'00' * 32}"}, at=SOON)
    opened(three.near, lot, held[1:])
    late = send("bidder-3", f"/hall/{lot.pk}", {"key": key_text(held[2])}, at=AFTER)

    assert late.status_code in (303, 403, 409)
    assert Entry.objects.filter(actor_handle=handle).count() == before
    assert not Noted.objects.filter(actor_handle=handle).exists()


def test_key_of_another_package_is_told_apart(three: Keying) -> None:
    lot, held = three.lot, three.held

    answer = send("bidder-1", f"/hall/{lot.pk}", {"key": f"{'ab' * 32}:{held[0].sealed.s_b.hex()}"}, at=SOON)

    assert (answer.status_code, codes(answer)) == (422, ["malformed"])
    assert "清单中没有这份投标" in text_of(answer)


def test_all_prices_appear_at_once_with_their_capitals(four: Keying) -> None:
    """Names, figures and characters; a difference is flagged with its clause; who stayed away stays sealed (J6, U9)."""
    lot, held = four.lot, four.held
    differs = next(one for one in held if one.bidder.account == "bidder-2")
    absent = next(one for one in held if one.bidder.account == "bidder-4")

    assert opened(four.near, lot, [one for one in held if one is not absent], at_window_end=True) == "public"

    pages = [read(account, f"/hall/{lot.pk}", at=AFTER) for account in PARTIES]
    pages += [text_of(ask_public(f"/hall/{lot.pk}{path}")) for path in ("", "/record")]
    for page in pages:
        rows = dict(re.findall(r'<tr[^>]*data-bid="(\d)"(.*?)</tr>', page, re.S))
        row = rows[str(held.index(differs) + 1)]
        assert "4,725,000.00" in row
        assert "肆佰柒拾贰万陆仟元整" in row
        assert "财政部令第87号第五十九条" in row
        assert "4,726,000.00" in row
        assert 'data-reason="words-differ"' in row
        sealed = rows[str(held.index(absent) + 1)]
        assert "未开启，原因在投标人" in sealed
        assert absent.bidder.organisation.name not in sealed
        assert page.count("words-differ") == 1
    assert sum("4,688,000" in page for page in pages) == 0
    assert 'data-topic="' not in pages[-2]  # nobody without an account follows anything


def test_record_stands_on_paper_with_its_place_in_the_log(three: Keying) -> None:
    """All rows, the decisive times, the number and the address at which anybody verifies it (U18, MOF-87-39)."""
    lot, held = three.lot, three.held
    opened(three.near, lot, held)
    three.near.settle()

    page = text_of(ask_public(f"/hall/{lot.pk}/record"))

    entry = Entry.objects.get(type="open_all")
    assert page.count("data-bid=") == 3
    assert [one.bidder.organisation.name in page for one in held] == [True] * 3
    assert [" ".join(one.envelope[n : n + 4] for n in range(0, 64, 4)) in page for one in held] == [True] * 3
    assert 'class="qr"' in page
    assert re.search(r"台账 <span class=\"mono\">#\d+</span>　见证：", page)
    number = re.search(r'<p class="no">([\w-]+)</p>', page)
    assert number is not None
    found = text_of(ask_public(f"/verify?leaf={number.group(1)}"))
    assert groups(bytes(entry.leaf)) in found
    assert "data-print" in page


def test_hall_costs_the_same_for_three_and_six_bids(three: Keying) -> None:
    """Queries do not grow with rows."""
    counted = []
    more = keying(three.city, three.near, 6, later=timedelta(days=6))
    for lot, held in ((three.lot, three.held), more):
        read("buyer", f"/hall/{lot.pk}", at=SOON)
        keys = queries("buyer", f"/hall/{lot.pk}", at=SOON)
        opened(three.near, lot, held)
        counted.append((keys, queries("buyer", f"/hall/{lot.pk}", at=AFTER)))

    assert counted[0] == counted[1]


def test_nothing_stands_in_the_way_on_a_page_that_goes_well(three: Keying) -> None:
    lot, held = three.lot, three.held
    opened(three.near, lot, held)

    assert shown_codes(read("agency-a", f"/hall/{lot.pk}", at=AFTER)) == set()


def test_answers_to_the_record_stand_beside_the_prices(three: Keying) -> None:
    """Confirmed, objected in words, silent: consent once no more is heard (MOF-87-42)."""
    lot, held = three.lot, three.held
    opened(three.near, lot, held)
    answered(held[0], "confirmed")
    answered(held[1], "objected", "交货期读错")
    over = AFTER + timedelta(hours=1)

    during = read("agency-a", f"/hall/{lot.pk}", at=AFTER)
    after = [read("agency-a", f"/hall/{lot.pk}{path}", at=over) for path in ("", "/record")]

    assert re.findall(r'data-answer="(\w+)"', during) == ["done", "bad", "todo"]
    assert 'data-topic="' in during
    assert "交货期读错" in during
    for page in after:
        assert re.findall(r'data-answer="(\w+)"', page) == ["done", "bad", "done"]
        assert "未答复，视为确认" in page
        assert 'data-topic="' not in page
    assert "财政部令第87号第四十二条" in after[1]
    assert sequence(after[0]) == list(range(len(sequence(after[0])), 0, -1))
    assert after[0].count("投标人答复开标记录") == 2
