"""The draw in the workspace (抽取专家): asked for once with its consequences, then numbers and seats without a name."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse

from mifeng.experts.models import Draw
from mifeng.kernel.models import Entry
from mifeng.sample.experts import people
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Tender
from tests.actions.draws import (
    ANSWERED,
    ASKED,
    POOLED,
    assembled,
    contributed,
    decline,
    draws_of,
    filled,
    pooled,
    seeded,
    waiting,
    walk,
)
from tests.factories import SESSION, City, fixed, fresh, published
from tests.web.rooms import codes, queries, read, send, shown_codes, text_of

AGENCY = "agency-a"


def page_of(tender: Tender) -> str:
    """Return the address of the draw of a project."""
    return f"/workspace/{tender.pk}/draw"


def asked(tender: Tender, *, word: str = "抽取", speciality: str = "", key: str = "key-1") -> HttpResponse:
    """Send the second page, which asks for the word."""
    return send(AGENCY, page_of(tender), {"speciality": speciality, "word": word}, at=ASKED, key=key)


def nobody(page: str) -> list[str]:
    """Return every name, telephone and identity number of a sample expert that a page holds."""
    return [word for one in people([]) for word in (one.name, one.phone, one.number) if word in page]


def test_draw_before_the_notice_is_refused_with_every_reason(city: City) -> None:
    """The button keeps its place and says why (U3, U4)."""
    page = read(AGENCY, page_of(fixed(city)))

    assert 'aria-disabled="true"' in page
    assert "wrong-state" in shown_codes(page)
    assert "发起抽取" in page


def test_consequences_are_restated_before_the_word_is_typed(city: City) -> None:
    """Sites, seats, session, class, clause; nothing has happened yet (U6)."""
    tender = published(city)

    page = send(AGENCY, page_of(tender), {"speciality": "a0801"}, at=ASKED)
    wrong = asked(tender, word="抽")

    text = text_of(page)
    assert page.status_code == 200
    assert [word in text for word in ("此后不能重抽", "杭锦后旗", "五原县", "市中心", "A0801", "请输入“抽取”")] == [
        True
    ] * 6
    assert (wrong.status_code, Panel.objects.count()) == (422, 0)


def test_agency_asks_for_the_experts_of_all_sites(city: City) -> None:
    """One act, one receipt, one draw per site; asked again it is the same (LY-2022-14 四(二))."""
    tender = published(city)

    done, again = asked(tender), asked(tender)
    second = asked(tender, key="key-2")

    entry = Entry.objects.get(type="assemble_panel")
    assert (done.status_code, done["X-Receipt"]) == (303, str(entry.pk))
    assert again["Location"] == done["Location"]
    assert second.status_code in (409, 422)
    assert sorted(Draw.objects.values_list("seats", flat=True)) == [1, 1, 2]
    assert "发起抽取专家" in read(AGENCY, done["Location"])


@pytest.mark.parametrize(("speciality", "code"), [("A080101", "class-small"), ("Z9", "malformed")])
def test_class_that_may_not_be_drawn_from_is_refused(city: City, speciality: str, code: str) -> None:
    """With its clause, beside the field, before the word is asked for (BN-2023R 四3)."""
    tender = published(city)

    answer = send(AGENCY, page_of(tender), {"speciality": speciality}, at=ASKED)

    assert (answer.status_code, codes(answer)) == (422, [code])
    assert speciality in text_of(answer)
    assert Panel.objects.count() == 0


def test_page_follows_the_draw_in_numbers(city: City) -> None:
    """Pool, contributions of each body, seats accepted, asked for and open; nobody by name (screens D)."""
    tender = published(city)
    panel = assembled(city, tender)
    fixed_page = read(AGENCY, page_of(tender), at=ASKED)
    pooled(panel)
    pooled_page = read(AGENCY, page_of(tender), at=POOLED)
    contributed(panel)

    seeded_page = read(AGENCY, page_of(tender), at=ASKED + timedelta(minutes=1))

    assert fixed_page.count('data-draw-state="asked"') == 3
    assert pooled_page.count('data-contributed="no"') == 9
    assert seeded_page.count('data-contributed="yes"') == 9
    for draw in draws_of(panel):
        assert f"{draw.root[:4]}…{draw.root[-4:]}" in pooled_page
        assert f"{draw.handle[:4]}…{draw.handle[-4:]}" in pooled_page
    order = [pooled_page.index(f"场 {site}") for site in ("市中心", "杭锦后旗", "五原县")]
    assert order[0] == min(order)
    assert [nobody(page) for page in (fixed_page, pooled_page, seeded_page)] == [[], [], []]


def test_seats_fill_by_the_same_order(city: City) -> None:
    """Accepted, waiting, open and passed over; the same seed for everybody who comes later (LY-2022-14 四(二))."""
    tender = published(city)
    panel = assembled(city, tender)
    seeded(panel)
    walk(panel)
    waiting_page = read(AGENCY, page_of(tender), at=ANSWERED)
    decline(waiting(draws_of(panel))[0])
    declined_page = read(AGENCY, page_of(tender), at=ANSWERED)
    filled(panel)

    done = read(AGENCY, page_of(tender), at=ANSWERED)

    def seats(page: str) -> dict[str, int]:
        found = re.findall(r'data-seat="(\w+)"', page)
        return {look: found.count(look) for look in sorted(set(found))}

    assert seats(waiting_page) == {"go": 4}
    assert seats(declined_page) == {"go": 3, "none": 1}
    assert seats(done) == {"done": 4}
    assert "已用1位" in declined_page
    assert done.count('data-draw-state="rostered"') == 3
    assert nobody(waiting_page + declined_page + done) == []


def test_task_list_says_whose_turn_it_is(city: City) -> None:
    """Before the notice, before the draw, under way, done; the purchaser sees the same numbers and no site."""
    before = fixed(city)
    tender = published(city, later=SESSION[1] - SESSION[0] + timedelta(days=1))
    addresses = {one: f"/workspace/{one.pk}" for one in (before, tender)}
    texts = [task(read(AGENCY, addresses[before])), task(read(AGENCY, addresses[tender], at=ASKED))]
    panel = assembled(city, tender)
    seeded(panel)
    walk(panel)
    texts.append(task(read(AGENCY, addresses[tender], at=ANSWERED)))
    filled(panel)
    texts.append(task(read(AGENCY, addresses[tender], at=ANSWERED)))

    buyer = read("buyer", addresses[tender], at=ANSWERED)

    assert texts == ["公告后抽取 none", "等代理机构发起 todo", "0/4席已接受 go", "4/4席已接受 done"]
    assert task(buyer) == "4/4席已接受 done"
    assert "杭锦后旗" not in buyer
    assert f'href="{page_of(tender)}"' not in buyer


def task(page: str) -> str:
    """Return the note and the look of the task of the draw."""
    row = re.search(r"抽取专家(?:</a>)?<small>([^<]*)</small></span><span[^>]*data-state=\"(\w+)\"", page)
    assert row is not None
    return " ".join(row.groups())


def test_too_small_a_pool_is_widened_by_the_agency(city: City) -> None:
    """The page says how few there are and asks for a wider class (BN-2023R 四3)."""
    tender = published(city)
    panel = assembled(city, tender, speciality="A0801")
    for draw in draws_of(panel):
        Draw.objects.filter(pk=draw.pk).update(**{"seats": 90})
    pooled(panel)
    page = read(AGENCY, page_of(tender), at=ANSWERED)

    widened = send(AGENCY, page_of(tender), {"speciality": "A08"}, at=ANSWERED)

    assert page.count('data-draw-state="small"') == 3
    assert "名单太小，要扩大范围" in page
    assert (widened.status_code, Draw.objects.filter(state="asked", speciality="A08").count()) == (303, 3)


@pytest.mark.parametrize("account", ["buyer", "host", "supervisor", "bidder-1", "librarian"])
def test_draw_is_the_agency_s_to_ask_for(city: City, account: str) -> None:
    tender = published(city)

    answer = send(account, page_of(tender), {"word": "抽取"}, at=ASKED)

    assert (answer.status_code, codes(answer)) == (403, ["wrong-post"])
    assert Panel.objects.count() == 0


def test_another_agency_finds_nothing(city: City) -> None:
    assert send("agency-b", page_of(published(city)), {"word": "抽取"}, at=ASKED).status_code == 404


def test_looking_asks_for_nothing(city: City) -> None:
    """GET is no act, however often."""
    tender = published(city)
    before = Entry.objects.count(), fresh(tender).version

    counted = [queries(AGENCY, page_of(tender), at=ASKED) for _ in range(2)]

    assert (Entry.objects.count(), fresh(tender).version) == before
    assert counted[0] == counted[1]
