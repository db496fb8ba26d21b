"""The desk (评审席): the way in, what is to be done now, files as pages, and a person who can be called (F, R174)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from mifeng.evaluation.models import BlindCopy, Evaluation, Member, Opinion
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.parties.models import SeatPass
from mifeng.tenders.models import Lot
from mifeng.venues.models import SeatComputer, Site
from mifeng.web.desk import paper
from mifeng.web.desk.paper import Unreadable
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.actions import reviews
from tests.actions.reviews import SEATS, Review
from tests.web.desks import (
    AT,
    CODE,
    ask,
    codes_for,
    computer_at,
    evaluation_at,
    give_pass,
    queries,
    read,
    seat_of,
    send,
)
from tests.web.rooms import codes, shown_codes, text_of


@pytest.fixture(scope="module")
def seated(django_db_setup: None, django_db_blocker: Any) -> Iterator[Review]:
    """A committee that has taken its seats."""
    with evaluation_at("seated", django_db_blocker) as found:
        yield found


@pytest.fixture
def review(seated: Review, db: None) -> Review:
    """The evaluation of the file; what a test does to it is undone after it."""
    return replace(seated, salts=dict(seated.salts))


def enter(code: str, key: str = "", site: str = "市中心") -> tuple[Client, Any]:
    """Send the form of the way in at a computer of a site, and return the browser and the answer."""
    client = Client()
    client.cookies[COMPUTER_COOKIE], _handle = computer_at(Site.objects.get(name=site).pk)
    with clock.frozen(AT):
        return client, client.post("/desk/enter", {"code": code, "key": key})


def test_a_seat_is_entered_once_with_its_code(review: Review) -> None:
    """The code is used up; the session that comes of it opens the desk and no other room (R175)."""
    give_pass(review, 2, code=CODE)

    client, answer = enter("7qkm-2x4d")
    again = enter(CODE)[1]

    assert (answer.status_code, answer["Location"]) == (303, "/desk/")
    assert (again.status_code, codes(again)) == (403, ["seat-code-wrong"])
    with clock.frozen(AT):
        assert client.get("/desk/")["Location"] == f"/desk/{review.lot.pk}"
        assert client.get("/desk/enter")["Location"] == "/desk/"
        assert client.get("/workspace/").status_code == 403


def test_a_code_is_taken_at_a_computer_of_its_site_alone(review: Review) -> None:
    """Experts sit at seats of a site (LY-2022-14 四(二)): elsewhere a code opens nothing, and is told to be wrong."""
    give_pass(review, 2, code=CODE)
    with clock.frozen(AT):
        shown, sent = Client().get("/desk/enter"), Client().post("/desk/enter", {"code": CODE})
    elsewhere = enter(CODE, site="杭锦后旗")[1]

    assert (shown.status_code, sent.status_code, codes(sent)) == (200, 403, ["not-a-seat-computer"])
    for page in (shown.content.decode(), sent.content.decode()):
        assert (shown_codes(page), 'name="code"' in page) == ({"not-a-seat-computer"}, False)
    assert (elsewhere.status_code, codes(elsewhere)) == (403, ["seat-code-wrong"])
    assert enter(CODE)[1].status_code == 303


@pytest.mark.parametrize("change", [{"state": "ended"}, {"site": "五原县"}, {"token_hash": "another"}])
def test_a_seat_is_served_at_its_computer_alone(review: Review, change: dict[str, Any]) -> None:
    client = seat_of(review, 2)
    if "site" in change:
        change = {"site": Site.objects.get(name=change["site"])}
    with clock.frozen(AT):
        before = client.get("/desk/").status_code, client.get("/desk/")["Location"]
        SeatComputer.objects.update(**change)
        after = client.get("/desk/")["Location"]

    assert (before, after) == ((302, f"/desk/{review.lot.pk}"), "/desk/enter")
    assert dict(client.session) == {}


def test_a_seat_outlives_its_computers_life_and_no_other_is_opened_there(review: Review) -> None:
    """An evaluation must not be cut off by the life of a computer (our choice (ADR-9))."""
    client = seat_of(review, 2)
    SeatComputer.objects.update(until=AT)
    give_pass(review, 3, code=CODE)

    with clock.frozen(AT):
        served = client.get("/desk/")["Location"]

    assert (served, codes(enter(CODE)[1])) == (f"/desk/{review.lot.pk}", ["not-a-seat-computer"])


def test_without_a_session_the_code_is_asked_for(review: Review) -> None:
    """Nobody at a seat has an account: whose session is over is not sent to the page of accounts."""
    assert {Client().get(path)["Location"] for path in ("/desk/", f"/desk/{review.lot.pk}")} == {"/desk/enter"}


def test_a_key_goes_with_the_code_where_a_script_made_one(review: Review) -> None:
    give_pass(review, 2, code=CODE)
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    wrong = enter(CODE, "04" + "00" * 64)[1]
    answer = enter(CODE, key)[1]

    assert (wrong.status_code, codes(wrong)) == (422, ["malformed"])
    assert answer.status_code == 303
    assert SeatPass.objects.get(handle=review.member(2).handle).key == key


def test_a_seat_without_an_evaluation_waits(review: Review) -> None:
    """Explained waiting: nothing to be done, and it goes on by itself."""
    client = seat_of(review, 2)
    SeatPass.objects.update(handle="f" * 16)

    with clock.frozen(AT):
        page = text_of(client.get("/desk/"))

    assert "已入席，请稍候" in page
    assert "data-poll" in page


def test_a_seat_in_two_packages_chooses(review: Review) -> None:
    """In the order of the packages, and from each of them back to the choice."""
    first = Evaluation.objects.select_related("lot").get(pk=review.lot.pk)
    member = Member.objects.get(evaluation=first, seat="host/2")
    lot = Lot(tender=first.lot.tender, number=2, name="实验台", budget_yuan=1, lot_ref="ab" * 32)
    Lot.objects.bulk_create([lot])
    second = Evaluation(lot=lot, lot_ref=lot.lot_ref, template=first.template, template_hash=first.template_hash)
    Evaluation.objects.bulk_create([second])
    Member.objects.create(evaluation=second, seat=member.seat, role=member.role, handle=member.handle)

    with clock.frozen(AT):
        page = text_of(seat_of(review, 2).get("/desk/"))

    assert re.findall(r'href="/desk/([0-9a-f-]{36})"', page) == [str(review.lot.pk), str(lot.pk)]
    assert "换一个采购包" in read(review, 2)


def test_members_vote_for_a_chair(review: Review) -> None:
    """MOF-87-45: an expert, never the purchaser's representative; the own vote and the count are shown."""
    page = read(review, 3)
    first = send(review, 3, "/chair", {"seat": "host/2"})
    refused = send(review, 3, "/chair", {"seat": "host/1"}, key="other")

    assert re.findall(r'name="seat" value="([^"]+)"', page) == list(SEATS[1:])
    assert "第1步，共4步" in page
    assert first["Location"].startswith("/account/receipts/")
    assert (refused.status_code, codes(refused)) == (422, ["malformed"])
    after = read(review, 3)
    assert "您推选了host/2" in after
    assert "已有1票" in after
    send(review, 1, "/chair", {"seat": "host/2"})
    send(review, 4, "/chair", {"seat": "host/2"})
    assert Evaluation.objects.get(pk=review.lot.pk).chair == "host/2"
    assert Opinion.objects.count() == 3
    assert "平台正在发放暗标编码" in read(review, 2)


@pytest.fixture
def reviewing(review: Review) -> Review:
    """Scores are being given."""
    reviews.lead(review, "chaired")
    reviews.lead(review, "reviewing")
    return review


def test_the_desk_says_what_is_hidden_and_where_it_stands(reviewing: Review) -> None:
    """U1, U17: the server's time, the step, the violet line, the seats around and how far they are."""
    page = read(reviewing, 2)

    assert "第2步，共4步" in page
    assert "中小学课桌椅采购" in page
    assert "投标人名称已弥封。4份技术标按您专属的次序排列" in page
    assert 'data-now="' in page
    assert len(re.findall("评审中</small>", page)) == 5
    assert "呼叫场地人员" in page
    assert f'data-topic="evaluation.evaluation:{reviewing.lot.pk}"' in page


def test_files_are_read_page_by_page_and_beside_each_other(reviewing: Review) -> None:
    """Everything stands in the address: which file, which page, what is looked for, what lies beside it."""
    first, second = codes_for(reviewing, 2)[:2]

    page = read(reviewing, 2, f"?at={second}&file=t2&page=2&at2={first}")
    far = read(reviewing, 2, f"?at={second}&file=t2&page=99&q=找不到的字")

    assert re.findall(r'<div class="pane" data-code="(\w+)"', page) == [second, first]
    assert f"/page/{second}/t2/2.png" in page
    assert f"/page/{first}/t1/1.png" in page
    assert f'<tr id="row-{second}" data-code="{second}" class="is-row">' in page
    assert "收起对照" in page
    assert f"/page/{second}/t2/2.png" in far
    assert "本文件没有找到“找不到的字”" in far


def test_a_file_that_cannot_be_shown_says_so_and_stops_nobody(reviewing: Review) -> None:
    """GPLR-34: the fault stands in place of the page; the bid can be scored all the same."""
    BlindCopy.objects.filter(number=1).update(after="", fault="file-encrypted")

    page = read(reviewing, 2)

    assert "这份文件不能显示" in page
    assert "file-encrypted" in shown_codes(page)
    code = codes_for(reviewing, 2)[0]
    assert ask(reviewing, 2, f"/page/{code}/t1/1.png").status_code == 404
    assert ask(reviewing, 2, f"/page/{code}/t2/1.png").status_code == 200


def test_a_page_costs_the_same_for_one_file_and_ten(reviewing: Review) -> None:
    before = queries(reviewing, 2)
    [row] = BlindCopy.objects.filter(position=1, number=1)

    BlindCopy.objects.bulk_create(
        BlindCopy(
            evaluation=row.evaluation,
            position=place,
            number=number,
            before=row.before,
            after=row.after,
            pages=1,
            tool=row.tool,
        )
        for place in (1, 2, 3, 4)
        for number in range(3, 11)
    )

    assert queries(reviewing, 2) == before


def test_a_seat_calls_an_officer_and_stays_where_it_is(reviewing: Review) -> None:
    with clock.frozen(AT):
        client = seat_of(reviewing, 2)
        answer = client.post("/desk/call", {"next": f"/desk/{reviewing.lot.pk}?page=2"})
        away = client.post("/desk/call", {"next": "https://example.org/desk/"})

    assert answer["Location"] == f"/desk/{reviewing.lot.pk}?page=2&called=1"
    assert away["Location"] == "/desk/?called=1"
    assert Entry.objects.filter(type="call_officer").count() == 1


@pytest.fixture
def speaking(tmp_path: Path) -> Path:
    """A PDF of two pages with an outline."""
    document = pikepdf.new()
    for _ in range(2):
        document.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page = document.pages[1]
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=document.make_indirect(font)))
    page.Contents = document.make_stream(b"BT /F1 20 Tf 100 742 Td (delivery in 45 days) Tj ET")
    with document.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Delivery", 1))
    path = tmp_path / "speaking"
    document.save(path, deterministic_id=True)
    return path


def test_text_outline_and_marks_of_a_file(speaking: Path, tmp_path: Path) -> None:
    """Words are found whatever blanks stand between them; a mark lies where they stand."""
    folder = tmp_path / "kept"

    found = paper.summary(speaking, 9, folder)
    [place] = paper.marks(speaking, 2, "45 days")

    assert (found.pages, paper.text(speaking, 2, folder)) == (2, "delivery in 45 days")
    assert paper.find(speaking, "45days", folder) == [2]
    assert paper.find(speaking, "  ", folder) == []
    assert [(one.title, one.depth, one.page) for one in found.outline] == [("Delivery", 0, 2)]
    assert (30 < place.left < 45, 9 < place.top < 12) == (True, True)
    assert {one.name for one in (folder / "speaking").iterdir()} == {"summary.json", "2.png", "2.txt", "texts.json"}


def test_the_first_page_costs_one_page(speaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One errand tells all that is asked of a page; what is kept needs none."""
    asked: list[object] = []
    errand = paper._errand
    monkeypatch.setattr(paper, "_errand", lambda one: asked.append(one["do"]) or errand(one))
    folder = tmp_path / "kept"

    for _ in range(2):
        paper.summary(speaking, 1, folder)
        paper.text(speaking, 1, folder)
        paper.picture(speaking, 1, folder)

    assert asked == ["leaf"]


def test_a_file_says_how_long_it_is_without_a_page_drawn(speaking: Path) -> None:
    """Where one page cannot be drawn the way to the others is still told."""
    answer, data = paper._errand({"file": str(speaking), "do": "summary"})

    assert (answer, data) == ({"pages": 2, "outline": [["Delivery", 0, 2]]}, b"")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\nbroken", bytes(1000)])
def test_a_file_that_breaks_the_drawing_breaks_nothing_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken"
    path.write_bytes(data)

    with pytest.raises(Unreadable):
        paper.picture(path, 1, tmp_path / "kept")


def test_a_page_that_there_is_not_is_not_drawn(speaking: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        paper.picture(speaking, 3, tmp_path / "kept")


def test_only_the_files_looked_at_last_are_kept(
    speaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "KEPT", 1)
    folder = tmp_path / "kept"
    (folder / "older").mkdir(parents=True)

    paper.picture(speaking, 1, folder)

    assert [one.name for one in folder.iterdir()] == ["speaking"]
