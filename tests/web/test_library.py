"""The library (专家库): its keeper's list without names, one person for a noted reason, draws as counts."""

import re
from datetime import timedelta

import pytest

from mifeng.experts.actions import suspend_expert
from mifeng.experts.models import Expert, Personal
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.sample.experts import identity_number, people
from tests.actions.draws import ASKED, assembled, seeded, walk
from tests.factories import SESSION, City, published
from tests.web.rooms import ask, client_of, codes, queries, read, send, text_of

KEEPER = "librarian"
LATER = SESSION[1] + timedelta(days=1)


def entered(**changes: str) -> dict[str, str]:
    """Return a lawful entry of a person as a browser sends it."""
    lawful = {
        "name": "甲虚甲",
        "number": identity_number("150826", 900),
        "phone": "10400009999",
        "employer": "癸原质检中心",
        "employer_code": "",
        "relations": "",
        "specialities": "A080101 a080102",
        "tier": "county",
        "region": "150826",
        "trained": "on",
    }
    return {**lawful, **changes}


def personal_words() -> list[str]:
    """Return the names, telephones and identity numbers of all sample experts."""
    return [word for one in people([]) for word in (one.name, one.phone, one.number)]


def test_list_tells_nobody_s_name(city: City) -> None:
    """Handle, classes, tier and state; nothing personal on any page of the room (BN-2023R 四1, R094, U19)."""
    one = Expert.objects.order_by("-enrolled_at", "id")[0]

    pages = [
        read(KEEPER, path) for path in ("/library/", f"/library/experts/{one.pk}", "/library/new", "/library/draws")
    ]

    assert str(one.pk)[:8].upper() in pages[0]
    assert "共120人" in pages[0]
    assert [word for page in pages for word in personal_words() if word in page] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("speciality=A08", 60),
        ("speciality=a080101", 20),
        ("speciality=A0801&tier=county", 22),
        ("state=suspended", 1),
        ("state=enrolled", 119),
    ],
)
def test_list_is_narrowed_by_what_is_not_personal(city: City, query: str, found: int) -> None:
    """The address holds the filters; a name finds nothing (U8)."""
    suspend_expert(Expert.objects.order_by("pk")[0].pk, reason="left", by=city[KEEPER])
    name = people([])[0].name

    assert f"共{found}人" in read(KEEPER, f"/library/?{query}")
    assert ask(KEEPER, f"/library/?speciality={name}&tier=city").status_code == 200
    assert "没有符合条件的专家" in read(KEEPER, f"/library/?speciality={name}")
    assert ask(KEEPER, "/library/?tier=province").status_code == 422


def test_list_goes_page_by_page(city: City) -> None:
    first = read(KEEPER, "/library/")
    rest = re.search(r'rel="next" href="\?([^"]+)"', first)
    assert rest is not None

    second = read(KEEPER, f"/library/?{rest.group(1)}")

    seen = [set(re.findall(r'data-expert="([^"]+)"', page)) for page in (first, second)]
    assert [len(found) for found in seen] == [20, 20]
    assert seen[0] & seen[1] == set()


def test_list_costs_the_same_for_one_and_three_experts(city: City) -> None:
    """Queries do not grow with rows."""
    pk = Expert.objects.filter(specialities__contains="A080101").order_by("pk")[0].pk
    suspend_expert(pk, reason="left", by=city[KEEPER])
    read(KEEPER, "/library/?state=suspended")
    one = queries(KEEPER, "/library/?state=suspended")
    for row in Expert.objects.filter(state="enrolled")[:2]:
        suspend_expert(row.pk, reason="left", by=city[KEEPER])

    assert read(KEEPER, "/library/?state=suspended").count("data-expert=") == 3
    assert (one > 3, queries(KEEPER, "/library/?state=suspended")) == (True, one)


def test_person_is_shown_for_a_reason_that_is_kept(city: City) -> None:
    """A look leaves a note with its reason; the page is kept by no browser and forgets on reload (R071, U19)."""
    row = Personal.objects.order_by("pk")[0]
    path = f"/library/experts/{row.pk}"

    without = send(KEEPER, f"{path}/personal", {}, at=LATER)
    shown = send(KEEPER, f"{path}/personal", {"reason": "check"}, at=LATER)

    assert (without.status_code, codes(without)) == (422, ["malformed"])
    known = [word for word in personal_words() if word in text_of(shown)]
    assert len(known) == 3
    assert shown["Cache-Control"] == "no-store"
    noted = Noted.objects.get(kind="unmasked")
    assert (noted.subject, noted.facts, noted.actor_handle) == (
        f"experts.expert:{row.pk}",
        {"reason": "check"},
        city[KEEPER].handle,
    )
    reloaded = read(KEEPER, path, at=LATER)
    assert [word for word in personal_words() if word in reloaded] == []
    assert client_of(KEEPER).get(f"{path}/personal").status_code == 405


def test_nobody_is_looked_up_between_draw_and_session(city: City) -> None:
    """From the fixing of a pool to the end of its session the library is closed, with the time (BN-2023R 四1)."""
    panel = assembled(city, published(city))
    seeded(panel)
    one = Expert.objects.order_by("pk")[0]

    answer = send(KEEPER, f"/library/experts/{one.pk}/personal", {"reason": "check"}, at=ASKED + timedelta(hours=1))

    assert (answer.status_code, codes(answer)) == (403, ["library-closed"])
    assert "2026-03-26" in text_of(answer)
    assert not Noted.objects.filter(kind="unmasked").exists()


def test_person_is_entered_without_a_trace_of_who_it_is(city: City) -> None:
    """The receipt and the ledger know classes and tier (R054, R094)."""
    answer = send(KEEPER, "/library/new", entered())

    entry = Entry.objects.filter(type="add_experts").latest("pk")
    assert (answer.status_code, answer["X-Receipt"]) == (303, str(entry.pk))
    assert "甲虚甲" not in read(KEEPER, answer["Location"])
    row = Expert.objects.get(pk=entry.subject.partition(":")[2])
    assert (row.specialities, row.tier, row.trained) == (["A080101", "A080102"], "county", True)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"number": identity_number("150826", 900)[:-1] + "?"}, "number", "校验码"),
        ({"phone": "0478-000000"}, "phone", "11位手机号码"),
        ({"specialities": "A08"}, "specialities", "三级专业代码"),
        ({"region": "15"}, "region", "6位行政区划代码"),
        ({"name": ""}, "name", "没有填写"),
    ],
)
def test_wrong_entry_comes_back_with_what_was_typed(
    city: City, changes: dict[str, str], field: str, words: str
) -> None:
    """Beside its field, nothing is written (U12)."""
    answer = send(KEEPER, "/library/new", entered(**changes))

    page = text_of(answer)
    assert (answer.status_code, codes(answer)) == (422, ["malformed"])
    assert f'href="#id_{field}"' in page
    assert words in page
    assert "癸原质检中心" in page
    assert Expert.objects.count() == 120


def test_identity_number_stands_once(city: City) -> None:
    """Told beside the number, without saying whose it is."""
    known = people([])[0]

    answer = send(KEEPER, "/library/new", entered(number=known.number))

    assert (answer.status_code, codes(answer)) == (409, ["expert-known"])
    assert known.name not in text_of(answer)


def test_expert_is_suspended_for_a_known_reason_and_restored(city: City) -> None:
    """Each an entry with a receipt; the page shows both (R055)."""
    path = f"/library/experts/{Expert.objects.order_by('pk')[0].pk}"

    without = send(KEEPER, path, {}, key="a")
    suspended = send(KEEPER, path, {"reason": "misconduct"}, key="b")
    page = read(KEEPER, path)
    restored = send(KEEPER, path, {"restore": "1"}, key="c")
    again = send(KEEPER, path, {"restore": "1"}, key="d")

    assert (without.status_code, codes(without)) == (422, ["malformed"])
    assert [suspended.status_code, restored.status_code] == [303, 303]
    assert "停止抽取一名专家" in page
    assert "恢复抽取" in page
    assert (again.status_code, codes(again)) == (409, ["wrong-state"])
    assert Expert.objects.filter(state="suspended").count() == 0


def test_draws_are_counts_under_a_random_number(city: City) -> None:
    """Neither project nor site nor person (screens D)."""
    tender = published(city)
    panel = assembled(city, tender)
    seeded(panel)
    walk(panel)

    with clock.frozen(ASKED + timedelta(hours=1)):
        page = text_of(client_of(KEEPER).get("/library/draws"))

    assert page.count('<th role="rowheader"') == 3
    cells = re.findall(r'data-l="(席位|已接受|待答复|空缺)">(\d+)<', page)
    assert sum(int(number) for name, number in cells if name == "席位") == 4
    assert sum(int(number) for name, number in cells if name == "待答复") == 4
    assert [w for w in (tender.name, tender.number, "杭锦后旗", "市教育局", *personal_words()) if w in page] == []


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "guest-wuyuan", "supervisor", "bidder-1"])
@pytest.mark.parametrize("path", ["", "new", "draws"])
def test_the_room_is_its_keeper_s(city: City, account: str, path: str) -> None:
    answer = ask(account, f"/library/{path}")

    assert (answer.status_code, codes(answer)) == (403, ["wrong-post"])


def test_public_is_asked_to_sign_in(city: City) -> None:
    one = Expert.objects.order_by("pk")[0]

    assert ask_nobody(f"/library/experts/{one.pk}").startswith("/account/sign-in")


def ask_nobody(path: str) -> str:
    """Return where somebody without an account is sent."""
    client = client_of(KEEPER)
    client.session.flush()
    client.cookies.clear()
    return client.get(path)["Location"]
