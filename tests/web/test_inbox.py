"""The inbox (收件箱): what a post is told, in which words, and who marks it read."""

import re
from datetime import timedelta
from urllib.parse import parse_qs

from mifeng.kernel import clock
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import history
from mifeng.kernel.models import Message
from mifeng.tenders.actions import accept_tender, release_seats
from tests.factories import START, City, entered, planned, request_at
from tests.web.rooms import client_of, queries, read, text_of


def told(city: City, account: str, kind: str, count: int = 1) -> list[Message]:
    """Put lines about a fresh project into an inbox and return them."""
    for n in range(count):
        tender = entered(city, name=f"第{n}号项目")
        entry = history([f"tenders.tender:{tender.pk}"])[0].id
        facts = {"name": tender.name, "number": tender.number}
        with clock.frozen(START + timedelta(minutes=n)):
            tell([city[account].handle], kind, subject=f"tenders.tender:{tender.pk}", entry=entry, **facts)
    return list(Message.objects.filter(recipient=city[account].handle).order_by("at"))


def test_inbox_lists_newest_first_and_counts_what_is_unread(city: City) -> None:
    """A line says what happened, to which project, and what it asks; the navigation counts."""
    first, second = told(city, "buyer", "draft_document", 2)

    page = text_of(client_of("buyer").get("/account/inbox"))

    assert page.index("第1号项目") < page.index("第0号项目")
    assert [page.count("data-unread"), page.count("请确认或退回"), page.count("收件箱2")] == [2, 2, 1]
    assert f'href="/workspace/{second.subject.partition(":")[2]}"' in page
    assert page.count("代理机构提交了招标文件") >= 2
    assert first.read_at is None


def test_reading_the_inbox_changes_nothing_and_marking_takes_a_post(city: City) -> None:
    """A line is read when its reader says so."""
    first, second = told(city, "buyer", "draft_document", 2)
    client = client_of("buyer")
    client.get("/account/inbox")
    untouched = Message.objects.filter(read_at=None).count()

    answer = client.post("/account/inbox", {"message": str(first.pk)})
    first.refresh_from_db()
    second.refresh_from_db()

    assert (untouched, answer.status_code, answer["Location"]) == (2, 303, "/account/inbox")
    assert (first.read_at is None, second.read_at is None) == (False, True)


def test_marking_all_read_spares_what_came_later(city: City) -> None:
    """Only what was there when the page was made is marked."""
    first, second = told(city, "buyer", "draft_document", 2)

    client_of("buyer").post("/account/inbox", {"seen_at": first.at.isoformat()})

    assert list(Message.objects.filter(read_at=None)) == [second]


def test_nobody_marks_another_post_s_line(city: City) -> None:
    """A line of another inbox is not touched, and the answer does not tell whether it exists."""
    [line] = told(city, "buyer", "draft_document")

    other = client_of("buyer-2").post("/account/inbox", {"message": str(line.pk)})
    nothing = client_of("buyer-2").post("/account/inbox", {"message": "00000000-0000-0000-0000-000000000000"})
    shapeless = client_of("buyer-2").post("/account/inbox", {"message": "x"})

    line.refresh_from_db()
    assert line.read_at is None
    assert (other.status_code, nothing.status_code, shapeless["X-Reason"]) == (303, 303, "malformed")
    assert "第0号项目" not in text_of(client_of("buyer-2").get("/account/inbox"))


def test_inbox_is_paged_by_key_without_a_precise_instant_in_the_address(city: City) -> None:
    """Twenty lines a page; the address of the next page names a line and nothing more."""
    tender = entered(city)
    entry = history([f"tenders.tender:{tender.pk}"])[0].id
    for n in range(25):
        with clock.frozen(START + timedelta(seconds=n)):
            tell([city["buyer"].handle], f"kind-{n:02d}", subject=f"tenders.tender:{tender.pk}", entry=entry)
    client = client_of("buyer")

    first = text_of(client.get("/account/inbox"))
    [following] = re.findall(r'rel="next" href="([^"]*)"', first)
    rest = text_of(client.get("/account/inbox" + following))

    kinds = [re.findall(r"kind-\d\d", page) for page in (first, rest)]
    assert [sorted(set(found), reverse=True) for found in kinds] == [
        [f"kind-{n:02d}" for n in range(24, 4, -1)],
        [f"kind-{n:02d}" for n in range(4, -1, -1)],
    ]
    assert set(parse_qs(following.removeprefix("?"))) == {"after"}
    assert Message.objects.filter(pk=parse_qs(following.removeprefix("?"))["after"][0]).exists()


def test_inbox_costs_the_same_for_one_and_three_lines(city: City) -> None:
    """Queries do not grow with rows."""
    told(city, "buyer", "draft_document", 1)
    read("buyer", "/account/inbox")
    one = queries("buyer", "/account/inbox")
    told(city, "buyer", "draft_document", 2)

    assert (one > 3, queries("buyer", "/account/inbox")) == (True, one)


def test_line_shows_no_second(city: City) -> None:
    """The second of a job would tell a site which public notice asked it again."""
    tender = entered(city)
    entry = history([f"tenders.tender:{tender.pk}"])[0].id
    with clock.frozen(START + timedelta(minutes=3, seconds=41, microseconds=789_012)):
        tell([city["buyer"].handle], "draft_document", subject=f"tenders.tender:{tender.pk}", entry=entry)

    page = read("buyer", "/account/inbox")

    assert "2026-03-02T01:03:00.000Z" in page
    assert [text for text in ("03:41", ".789") if text in page] == []


def test_line_about_seats_given_back_names_no_session(city: City) -> None:
    """A site whose request was released finds the line, without the session that it may no longer know."""
    tender = planned(city)
    request = request_at(tender, "杭锦后旗")
    entry = history([f"venues.siterequest:{request.pk}"])[0].id
    subject = f"venues.siterequest:{request.pk}"
    tell([city["guest-hangjin"].handle], "seats-asked", subject=subject, entry=entry)
    before = read("guest-hangjin", "/account/inbox")
    with clock.frozen(START + timedelta(minutes=20)):
        release_seats(tender.pk, reason="项目延期", by=city["agency-a"])
    tell([city["guest-hangjin"].handle], "seats-released", subject=subject, entry=entry)

    after = read("guest-hangjin", "/account/inbox")

    code, link = request.session.code_name, f'href="/site/requests/{request.pk}"'
    assert [code in before, link in before, code in after, link in after] == [True, True, False, False]
    assert "有场次不再占用本场地的席位" in after


def test_host_is_told_to_accept(city: City) -> None:
    """A line says what it asks of whom."""
    tender = entered(city)
    entry = history([f"tenders.tender:{tender.pk}"])[0].id
    facts = {"name": tender.name, "number": tender.number}
    tell([city["host"].handle], "enter_tender", subject=f"tenders.tender:{tender.pk}", entry=entry, **facts)
    asked = read("host", "/account/inbox")
    accept_tender(tender.pk, by=city["host"])

    assert [word in asked for word in ("请受理", tender.name, f'href="/site/projects/{tender.pk}"')] == [True] * 3
