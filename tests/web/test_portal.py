"""The portal (公开): what anybody may read, and what nobody may read before its time."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.queries import history
from mifeng.rules.deadlines import TenderTimes, tender_clocks
from mifeng.rules.ledger import parse_checkpoint, parse_note, parse_vkey, verify_cosignature, verify_note
from mifeng.tenders.actions import clarify, close_bidding, publish_notice
from mifeng.tenders.models import Document, Notice
from mifeng.web.portal.constants import TITLES, UNITS
from mifeng.web.shell.receipts import number
from tests.factories import (
    DUE,
    START,
    City,
    clarification,
    documented,
    fixed,
    lot_of,
    pdf_bytes,
    published,
    publishing,
    session_of,
)
from tests.rules.books import BOOK, CALENDAR
from tests.web.rooms import text_of
from tests.web.witnessed import witness_log

LATER = START + timedelta(hours=2)


def seen(path: str, *, status: int = 200, **headers: str) -> str:
    """Return a page as the public reads it two hours into the story."""
    with clock.frozen(LATER):
        answer = Client().get(path, headers=headers)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return text_of(answer)


def test_list_shows_count_budget_and_time_left(city: City) -> None:
    """The public list starts with its count; a row has name, number, purchaser, budget and time left (U8)."""
    tender = published(city)

    page = seen("/")

    assert "共1条采购公告" in page
    assert [word in page for word in (tender.name, tender.number, "市教育局", "480.00", "剩23天22小时")] == [True] * 5
    assert f'href="/projects/{tender.pk}"' in page


def test_project_before_its_notice_cannot_be_found(city: City) -> None:
    """Neither list nor search, number, count, page or document of a project exists before the notice (R071)."""
    tender = fixed(city)
    document = Document.objects.get(tender=tender)

    listed, searched, numbered = seen("/"), seen(f"/?q={tender.name}"), seen(f"/?q={tender.number}")

    assert [page.count("共0条采购公告") for page in (listed, searched, numbered)] == [1, 1, 1]
    assert tender.name not in listed
    assert "没有这个页面" in seen(f"/projects/{tender.pk}", status=404)
    assert "没有这个页面" in seen(f"/documents/{document.pk}", status=404)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=课桌椅", 1),
        ("q=市教育局", 1),
        ("q=课桌椅 教育局", 1),
        ("q=课桌椅 无此词", 0),
        ("region=150800", 1),
        ("region=150826", 0),
        ("region=150826&region=150800", 1),
        ("open=1", 1),
        ("after=nothing&size=7", 1),
        ("after=00000000-0000-0000-0000-000000000000", 1),
    ],
)
def test_filters_of_the_address_narrow_the_list(city: City, query: str, count: int) -> None:
    """Every filter stands in the address and narrows the count (U8)."""
    published(city)

    assert f"共{count}条采购公告" in seen(f"/?{query}")


def test_whole_number_leads_to_the_project(city: City) -> None:
    """A pasted project number jumps to the project."""
    tender = published(city)

    answer = Client().get("/", {"q": tender.number.lower()})

    assert answer["Location"] == f"/projects/{tender.pk}"


def test_empty_list_names_the_filters_and_what_would_help(city: City) -> None:
    """Nothing found says which filters are in force and which one to clear."""
    published(city)

    page = seen("/?q=课桌椅&region=150826&open=1")

    assert "已选：“课桌椅”，杭锦后旗，仍可投标" in page
    assert "清除“地区”，可见1条" in page


@pytest.mark.parametrize("query", ["region=15080", "region=abcdef", "q=%00", "q=" + "字" * 101])
def test_filters_that_make_no_sense_are_answered_with_the_page(city: City, query: str) -> None:
    """A misshapen filter is no failure of the platform, and shows nothing."""
    published(city)

    page = seen(f"/?{query}", status=422)

    assert "看不懂这些条件" in page
    assert "共0条采购公告" in page


def test_closed_project_is_no_longer_open(city: City) -> None:
    """After the close a project stays in the record and leaves the list of open ones."""
    tender = published(city)
    with clock.frozen(DUE):
        close_bidding(lot_of(tender).pk, by=CLOCK)
        found = [text_of(Client().get(path)) for path in ("/", "/?open=1", f"/projects/{tender.pk}")]

    assert ["共1条采购公告" in found[0], "共0条采购公告" in found[1], "已截止" in found[2]] == [True, True, True]


def test_project_page_has_notice_document_clocks_and_public_acts(city: City) -> None:
    """One page has facts, notices with their fingerprints, documents, clocks and the public ledger entries (U2, U5)."""
    tender = published(city)
    with clock.frozen(START + timedelta(hours=1)):
        clarify(tender.pk, clarification(tender, version=tender.version), by=city["agency-a"])
    document = Document.objects.get(tender=tender)

    page = seen(f"/projects/{tender.pk}")

    fingerprints = [notice.sha256 for notice in Notice.objects.filter(tender=tender)]
    plain = page.replace(" ", "")
    assert [sha256 in plain for sha256 in (*fingerprints, document.sha256)] == [True, True, True]
    assert page.index("更正内容") < page.index("公告正文")
    assert page.count("data-log-index=") == 2
    assert page.count("data-clock=") == len(rulebook_clocks())
    assert "大写" in page


def rulebook_clocks() -> list[str]:
    """Return the clocks of a project, from the first day to the last."""
    return [clock.key for clock in tender_clocks(TenderTimes(), BOOK, CALENDAR, LATER)]


def test_project_page_tells_nothing_of_seats_and_sites(city: City) -> None:
    """The public learns neither the sites nor the session of a project, nor what its supervisor notes (R071)."""
    tender = published(city)
    session = session_of(tender)
    acts = {line.type for line in history([f"tenders.tender:{tender.pk}"])}

    page = seen(f"/projects/{tender.pk}")

    hidden = [session.code_name, "杭锦后旗", "五原县", "预约评审席位", "提交招标文件", "采购人确认招标文件"]
    assert [word for word in hidden if word in page] == []
    assert "plan_seats" in acts


def test_document_is_handed_out_byte_by_byte(city: City) -> None:
    """A download is the file of its fingerprint, under its own name, and need not be sent twice."""
    tender = published(city)
    document = Document.objects.get(tender=tender)
    path = f"/documents/{document.pk}"

    first = Client().get(path)
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})
    head = Client().head(path)

    assert b"".join(first.streaming_content) == pdf_bytes()
    assert first["ETag"] == f'"{hashlib.sha256(pdf_bytes()).hexdigest()}"'
    assert first["Content-Disposition"] == "attachment; filename*=utf-8''%E6%8B%9B%E6%A0%87%E6%96%87%E4%BB%B6.pdf"
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert (head.status_code, head["ETag"], head.getvalue()) == (200, first["ETag"], b"")


def test_checkpoint_is_a_note_signed_and_witnessed(committing: City, tmp_path: Path) -> None:
    """A program gets the signed tree root as text, and it verifies with the published keys (R071)."""
    log, witness = witness_log(tmp_path)

    answer = Client().get("/checkpoint")
    again = Client().get("/checkpoint", headers={"If-None-Match": answer["ETag"]})
    keys = text_of(Client().get("/verify"))

    note = parse_note(text_of(answer))
    verify_note(note, log)
    assert verify_cosignature(note, witness) > 0
    assert parse_checkpoint(note.text).size > 0
    assert again.status_code == 304
    assert str(log) in keys
    assert str(parse_vkey(str(log)).name) in text_of(answer)


def test_checkpoint_before_the_first_is_not_there(city: City) -> None:
    """Without a witnessed root there is none to give."""
    answer = Client().get("/checkpoint")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")


def test_entry_is_looked_up_by_leaf_and_by_number(committing: City, tmp_path: Path) -> None:
    """Anybody who holds a receipt finds its entry; the page says where it stands, not what it was."""
    tender = fixed(committing)
    before = history([f"tenders.tender:{tender.pk}"])[0]
    received = text_of(Client().get("/verify", {"leaf": before.leaf}))
    witness_log(tmp_path)

    by_leaf = text_of(Client().get("/verify", {"leaf": before.leaf}))
    by_number = text_of(Client().get("/verify", {"leaf": number(before.leaf).lower().replace("-", " ")}))

    assert 'data-verdict="received"' in received
    assert [page.count('data-verdict="witnessed"') for page in (by_leaf, by_number)] == [1, 1]
    assert [word for word in (tender.name, tender.number, "预约") if word in by_leaf] == []


@pytest.mark.parametrize("asked", ["0" * 64, "ZZZZ-ZZZZ-ZZZZ", "0000-0000-0000", "你好", "g" * 64])
def test_unknown_receipt_is_said_to_be_unknown(city: City, asked: str) -> None:
    """What is not in the log is said not to be there."""
    assert 'data-verdict="unknown"' in seen(f"/verify?leaf={asked}")


def test_sites_are_listed_with_their_seats(city: City) -> None:
    """The directory of shared seats counts seats and ready ones (BN-2023 三(二))."""
    page = seen("/sites")

    assert [site for site in ("市中心", "杭锦后旗", "五原县", "磴口县") if site in page] == [
        "市中心",
        "杭锦后旗",
        "五原县",
        "磴口县",
    ]
    assert "19席" in page.replace("\n", "").replace("、", "")


def test_rules_show_every_number_and_which_still_wait(city: City) -> None:
    """Every constant of every rulebook is shown with its clause; those not read are marked 待核 (ADR-3)."""
    page = seen("/rules")

    book = rulebooks()["procurement-2015"]
    assert page.count("data-constant=") == sum(len(one.constants) for one in rulebooks().values())
    assert page.count("data-pending") == sum(len(one.unconfirmed()) for one in rulebooks().values())
    assert set(book.constants) <= set(TITLES)
    assert {one.unit for one in book.constants.values()} <= {*UNITS, "yuan", "ratio", "words"}


def test_list_costs_the_same_for_one_and_three_rows(city: City) -> None:
    """Queries do not grow with rows."""
    published(city)
    seen("/")
    one = cost("/")
    for name in ("办公电脑采购", "校服采购"):
        published_without_seats(city, name)

    assert "共3条采购公告" in seen("/")
    assert (one > 3, cost("/")) == (True, one)


def cost(path: str) -> int:
    """Return how many queries a page costs the public."""
    with CaptureQueriesContext(connection) as found:
        seen(path)
    return len(found)


def published_without_seats(city: City, name: str) -> None:
    """Publish a further project before its seats are planned, with the reason on record."""
    tender = documented(city, name=name)
    with clock.frozen(START + timedelta(minutes=40)):
        publish_notice(tender.pk, publishing(tender, departure_reason="场地另行确定"), by=city["agency-a"])


@pytest.mark.parametrize(
    "path", ["/", "/sites", "/rules", "/verify", "/checkpoint", "/projects/00000000-0000-0000-0000-000000000000"]
)
def test_methods_other_than_reading_are_refused(city: City, path: str) -> None:
    """A page of the record is read only; it says so."""
    client = Client()

    answers = [client.post(path), client.put(path), client.delete(path)]
    options = client.options(path)

    assert [answer.status_code for answer in answers] == [405, 405, 405]
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")
