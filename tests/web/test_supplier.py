"""The supplier's room (投标): public facts, the steps of handing in, and a ticket that leaves no trace."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from mifeng.bidding import reception
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Entry, Message, Noted
from mifeng.rules.reception import binding
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.actions import clarify, close_bidding
from mifeng.tenders.models import Document, Lot, Tender
from tests.bids import hand_in, sealed_bid
from tests.factories import DUE, START, City, clarification, documented, lot_of, published
from tests.web.receiving import page_of, ticket_on
from tests.web.rooms import ask, client_of, codes, queries, read, shown_codes, text_of

LATER = START + timedelta(hours=2)
TWO_LOTS = {
    "budget_yuan": Decimal("4800000.00"),
    "lots": (("课桌椅", Decimal("3000000.00")), ("讲台", Decimal("1800000.00"))),
}


def take(tender: Tender, account: str = "bidder-1", **data: object) -> tuple[int, str]:
    """Ask for a ticket for the first package; return status and page."""
    with clock.frozen(LATER):
        answer = client_of(account).post(f"{page_of(tender)}/ticket", {"lot": lot_of(tender).pk, **data})
    return answer.status_code, text_of(answer)


def test_list_shows_what_still_takes_bids(city: City) -> None:
    """Count first; name, number, purchaser, budget and time left of each project (U8)."""
    tender = published(city)
    documented(city, name="还没有公告的项目")

    page = read("bidder-1", "/supplier/", at=LATER)

    assert "仍可投标的项目，共1个" in page
    assert [word in page for word in (tender.name, tender.number, "市教育局", "480.00", "剩23天22小时")] == [True] * 5
    assert "还没有公告的项目" not in page
    assert f'href="{page_of(tender)}"' in page


def test_list_is_searched_and_shows_closed_projects_when_asked(city: City) -> None:
    tender = published(city)
    with clock.frozen(DUE):
        close_bidding(lot_of(tender).pk, by=CLOCK)

    found = [
        read("bidder-1", f"/supplier/{query}", at=DUE) for query in ("", "?all=1", "?all=1&q=课桌椅", "?all=1&q=无")
    ]

    assert ["共1个" in page for page in found] == [False, True, True, False]
    assert [word in found[0] for word in ("现在没有可以投标的项目", "看已截止的项目")] == [True, True]
    assert "没有符合条件的项目" in found[3]
    assert "已截止" in found[1]


def test_empty_list_says_what_will_come(city: City) -> None:
    assert "还没有招标公告" in read("bidder-1", "/supplier/?all=1")
    assert "公告发布后会出现在这里" in read("bidder-1", "/supplier/")


def test_project_page_has_documents_policy_and_every_step(city: City) -> None:
    """The exact commands are there, with the address, the hash and the supplier's own name filled in."""
    tender = published(city)
    lot, document = lot_of(tender), Document.objects.get(tender=tender)
    own = city.organisations["甲木家具有限公司"]

    page = read("bidder-1", page_of(tender), at=LATER)

    assert f"--from {settings.ENV.url}/reception/{lot.lot_ref}/policy" in page
    assert f"--policy-hash {lot.policy_hash}" in page
    assert f"--supplier &quot;{own.name}&quot; --code {own.code}" in page
    verbs = ("make", "seal", "submit", "status", "confirm-key")
    assert [f"mifeng bid {verb} --dir bid" in page for verb in verbs] == [True] * 5
    assert f'href="/documents/{document.pk}"' in page
    assert f'href="/hall/{lot.pk}"' in page
    assert "剩23天22小时" in page
    assert "演示密钥：不防管理员" in page


def test_policy_on_the_page_is_the_one_of_the_notice(city: City) -> None:
    tender = published(city)
    address = f"/reception/{lot_of(tender).lot_ref}/policy"

    assert f'href="{address}"' in read("bidder-1", page_of(tender), at=LATER)
    assert text_of(ask("bidder-1", address)) == lot_of(tender).policy


def test_each_package_has_its_own_folder_and_its_own_ticket(city: City) -> None:
    tender = published(city, **TWO_LOTS)

    page = read("bidder-1", page_of(tender), at=LATER)

    assert "共2个采购包，分别密封、分别递交" in read("bidder-1", "/supplier/", at=LATER)
    assert ["mifeng bid seal --dir bid-1" in page, "mifeng bid seal --dir bid-2" in page] == [True, True]
    assert page.count("取得递交码</button>") == 2


def test_correction_is_pointed_out_before_anything_is_sealed(city: City) -> None:
    tender = published(city)
    with clock.frozen(START + timedelta(hours=1)):
        clarify(tender.pk, clarification(tender, version=tender.version), by=city["agency-a"])

    assert "发过更正公告，密封前请重读招标文件" in read("bidder-1", page_of(tender), at=LATER)


def test_ticket_is_shown_once_and_binds_a_key(city: City) -> None:
    """It opens the reception to the supplier's own program, for this package."""
    tender = published(city)
    held = sealed_bid(city, lot_of(tender))

    status, page = take(tender)

    given = ticket_on(page)
    assert status == 200
    assert f"mifeng bid submit --dir bid --server {settings.ENV.url} --ticket {given}" in page
    assert "2026-03-03 11:00前有效" in page
    with clock.frozen(LATER):
        message = binding(bytes.fromhex(held.lot_ref), given, bytes.fromhex(held.submit_key))
        reception.bind(held.lot_ref, given, held.submit_key, sign_ecdsa(held.secrets.submit, message))
    assert reception.bound(held.lot_ref, held.submit_key) == str(held.bidder.organisation.pk)
    assert given not in read("bidder-1", page_of(tender), at=LATER)


def test_ticket_leaves_no_trace(city: City) -> None:
    """Neither a row, nor an entry, nor a file says that anybody asked (R071)."""
    tender = published(city)
    register = Path(settings.ENV.data, "reception", "bindings")

    def kept() -> tuple[int, ...]:
        size = register.stat().st_size if register.exists() else 0
        return (Entry.objects.count(), Noted.objects.count(), Message.objects.count(), size)

    before = kept()
    first, second = ticket_on(take(tender)[1]), ticket_on(take(tender)[1])

    assert first != second
    assert kept() == before


def test_ticket_is_refused_after_the_deadline_with_the_reason(city: City) -> None:
    tender = published(city)
    with clock.frozen(DUE):
        shown = read("bidder-1", page_of(tender), at=DUE)
        answer = client_of("bidder-1").post(f"{page_of(tender)}/ticket", {"lot": lot_of(tender).pk})

    assert shown_codes(shown) == {"deadline-passed"}
    assert (answer.status_code, codes(answer)) == (403, ["deadline-passed"])
    page = text_of(answer)
    assert "没有发给递交码" in page
    assert "data-ticket" not in page
    assert [(row.kind, row.actor_handle) for row in Noted.objects.all()] == [("refused", "public")]


@pytest.mark.parametrize("lot", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_ticket_for_no_package_of_the_project_is_refused(city: City, lot: str) -> None:
    status, page = take(published(city), lot=lot)

    assert status == 422
    assert "malformed" in page


def test_pages_do_not_know_whose_bid_is_whose(city: City) -> None:
    """What a supplier sees is the same before and after it, or anybody, has handed in; the page says why (R071)."""
    tender = published(city)
    held = sealed_bid(city, lot_of(tender))
    before = read("bidder-1", page_of(tender), at=LATER)
    hand_in(city, held, at=LATER)
    after = read("bidder-1", page_of(tender), at=LATER)

    assert _still(before) == _still(after)
    assert "因为平台在开标前分不清哪一份密封文件是谁的" in after
    assert "mifeng bid status --dir bid" in after
    assert [mark in after for mark in (held.bid_ref, held.submit_key, held.envelope, held.sha256)] == [False] * 4


def _still(page: str) -> str:
    """Return a page without what changes at every look: form keys and the log's head."""
    return re.sub(r'value="[^"]{40,}"|<footer class="foot">.*?</footer>', "", page, flags=re.S)


def test_two_suppliers_see_the_same_but_their_own_name(city: City) -> None:
    tender = published(city)
    pages = []
    for account, name in (("bidder-1", "甲木家具有限公司"), ("bidder-2", "乙林家具有限公司")):
        own = city.organisations[name]
        pages.append(_still(read(account, page_of(tender), at=LATER).replace(own.name, "").replace(own.code, "")))

    assert pages[0] == pages[1]


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "guest-hangjin", "supervisor", "librarian"])
def test_other_posts_are_refused(city: City, account: str) -> None:
    tender = published(city)
    answers = [ask(account, path, at=LATER) for path in ("/supplier/", page_of(tender))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert [codes(answer) for answer in answers] == [["wrong-post"]] * 2
    assert take(tender, account)[0] == 403


def test_public_is_asked_to_sign_in(city: City) -> None:
    tender = published(city)

    assert Client().get(page_of(tender))["Location"] == f"/account/sign-in?next=%2Fsupplier%2F{tender.pk}"


def test_project_before_its_notice_is_not_there(city: City) -> None:
    tender = documented(city)

    assert ask("bidder-1", page_of(tender)).status_code == 404
    assert ask("bidder-1", "/supplier/00000000-0000-0000-0000-000000000000").status_code == 404
    assert take(tender)[0] == 404


def test_supplier_finds_the_room_from_anywhere(city: City) -> None:
    """The home of the post is here, and the bar leads here and to the hall."""
    assert ask("bidder-1", "/account/home")["Location"] == "/supplier/"
    page = read("bidder-1", "/account/inbox")
    assert ['href="/supplier/"' in page, 'href="/hall/"' in page] == [True, True]


def test_addresses_answer_their_methods(city: City) -> None:
    tender = published(city)
    client = client_of("bidder-1")

    assert [client.post("/supplier/").status_code, client.post(page_of(tender)).status_code] == [405, 405]
    assert client.get(f"{page_of(tender)}/ticket").status_code == 405


def test_list_costs_the_same_for_one_and_three_projects(city: City) -> None:
    published(city)
    read("bidder-1", "/supplier/", at=LATER)
    one = queries("bidder-1", "/supplier/", at=LATER)
    published(city, later=timedelta(days=1))
    published(city, later=timedelta(days=2))

    assert (one > 3, queries("bidder-1", "/supplier/", at=LATER)) == (True, one)


def test_page_costs_the_same_for_one_and_three_packages(city: City) -> None:
    single = published(city)
    three = tuple((f"第{number}种", Decimal("1600000.00")) for number in (1, 2, 3))
    several = published(city, later=timedelta(days=1), lots=three)
    read("bidder-1", page_of(single), at=LATER)

    assert Lot.objects.filter(tender=several).count() == 3
    assert queries("bidder-1", page_of(several), at=LATER) == queries("bidder-1", page_of(single), at=LATER)


def test_long_list_comes_in_pages(city: City) -> None:
    """Pages follow each other by key, and together hold every project once."""
    tender = published(city)
    lot = lot_of(tender)
    for number in range(20):
        tender.pk, tender.number = uuid4(), f"ZFCG-2026-9{number:05d}"
        tender.save(force_insert=True)
        lot.pk, lot.tender, lot.lot_ref = uuid4(), tender, f"{number:064x}"
        lot.save(force_insert=True)

    first = read("bidder-1", "/supplier/", at=LATER)
    [following] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = read("bidder-1", f"/supplier/{following}", at=LATER)

    shown = [set(re.findall(r'href="/supplier/([0-9a-f-]{36})"', page)) for page in (first, second)]
    assert "共21个" in first
    assert (len(shown[0]), len(shown[1]), shown[0] & shown[1]) == (20, 1, set())
