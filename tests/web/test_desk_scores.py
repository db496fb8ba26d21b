"""The desk's sheet (评审席打分表): saved cell by cell or row by row, never lost, never another's, signed once."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from mifeng.evaluation import blind
from mifeng.evaluation.models import Cell, Member, Sheet
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.rules.blind import score_commitment
from tests.actions import reviews
from tests.actions.reviews import Review
from tests.web import rooms
from tests.web.desks import AT, cell, codes_for, evaluation_at, hidden, queries, read, seat_of, send
from tests.web.rooms import codes, shown_codes, text_of

SAVE = "/cells/technical"


@pytest.fixture(scope="module")
def reviewing(django_db_setup: None, django_db_blocker: Any) -> Iterator[Review]:
    """An evaluation whose technical part is being scored."""
    with evaluation_at("reviewing", django_db_blocker) as found:
        yield found


@pytest.fixture
def review(reviewing: Review, db: None) -> Review:
    """The evaluation of the file; what a test does to it is undone after it."""
    return replace(reviewing, salts=dict(reviewing.salts))


@pytest.fixture
def code(review: Review) -> str:
    """The first code of the second member."""
    return codes_for(review, 2)[0]


def script(review: Review, data: dict[str, str], number: int = 2, path: str = SAVE) -> HttpResponse:
    """Save a cell as the desk's script does."""
    return send(review, number, path, data, accept="application/json")


def saves() -> int:
    """Return how often something was saved."""
    return Entry.objects.filter(type="save_cells").count()


def saved(review: Review, number: int = 2) -> dict[tuple[str, str], tuple[str, str, int]]:
    """Return what a member has saved."""
    found = blind.saved_for(review.member(number), review.lot.pk, "technical")
    return {(one.code, one.item): (str(one.score), one.remark, one.version) for one in found}


def test_a_cell_is_saved_as_it_is_left(review: Review, code: str) -> None:
    """MOF-87-55: one cell, its version, when; the answer comes once it is in the ledger."""
    answers = [script(review, cell(code, "t1", "27.5")), script(review, cell(code, "t1", "28", 1))]

    assert [json.loads(answer.content) for answer in answers] == [
        {"saved": {"t1": 1}, "at": "11:00:00"},
        {"saved": {"t1": 2}, "at": "11:00:00"},
    ]
    assert saved(review) == {(code, "t1"): ("28", "", 2)}
    assert saves() == 2
    assert "X-Receipt" not in answers[0].headers
    page = read(review, 2)
    assert f'id="c-{code}-t1" value="28"' in page
    assert "已保存 11:00:00" in page
    assert "已保存1 / 8格" in page


def test_the_same_cell_sent_again_is_saved_once(review: Review, code: str) -> None:
    """An answer that was lost on the way changes nothing when the script tries again."""
    answers = [script(review, cell(code, "t1", "27.5")) for _ in range(2)]

    assert [json.loads(answer.content)["saved"] for answer in answers] == [{"t1": 1}] * 2
    assert saves() == 1


def test_a_score_is_taken_back(review: Review, code: str) -> None:
    """An expert empties a cell that was saved, with a script or without; the page says so and counts it as missing."""
    script(review, cell(code, "t1", "27.5"))
    script(review, cell(code, "t2", "10"))
    before = text_of(send(review, 2, SAVE, cell(code, "t1", "27.5", 1) | cell(code, "t2", "x", 1)))

    answer = script(review, cell(code, "t1", "", 1))
    row = send(review, 2, SAVE, cell(code, "t1", "", 2) | cell(code, "t2", "", 1))

    assert json.loads(answer.content)["saved"] == {"t1": 2}
    assert (row.status_code, saves()) == (303, 4)
    assert saved(review) == {(code, "t1"): ("None", "", 2), (code, "t2"): ("None", "", 2)}
    page = read(review, 2)
    assert ("已保存2 / 8格" in before, "已保存0 / 8格" in page, page.count("已清空")) == (True, True, 2)
    assert f'id="c-{code}-t1" value=""' in page


def test_a_form_that_is_sent_again_with_one_more_score_is_saved(review: Review, code: str) -> None:
    """Its own value of before stands there: nothing of another window is overtaken."""
    send(review, 2, SAVE, cell(code, "t1", "27.5"))
    again = send(review, 2, SAVE, cell(code, "t1", "27.5") | cell(code, "t2", "10"))
    by_script = script(review, cell(code, "t1", "27.5") | cell(code, "t2", "10"))

    assert (again.status_code, json.loads(by_script.content)["saved"]) == (303, {"t1": 1, "t2": 1})
    assert saved(review) == {(code, "t1"): ("27.5", "", 1), (code, "t2"): ("10", "", 1)}


def test_two_windows_cannot_overwrite_each_other(review: Review, code: str) -> None:
    """P16: 409 with both values, for a script and for a form, and the way out of it."""
    script(review, cell(code, "t1", "24"))

    answer = script(review, cell(code, "t1", "26"))
    form = send(review, 2, SAVE, cell(code, "t1", "26"))

    assert (answer.status_code, codes(answer)) == (409, ["stale-version"])
    [reason] = json.loads(answer.content)["reasons"]
    assert (reason["stands"], reason["current"]) == ("24", 1)
    assert (form.status_code, codes(form)) == (409, ["stale-version"])
    page = text_of(form)
    assert 'value="26"' in page
    assert "另一窗口已改为24" in page
    assert '<input form="f-' + code + '" type="hidden" name="version-t1" value="1"' in page
    assert saved(review) == {(code, "t1"): ("24", "", 1)}


@pytest.mark.parametrize(
    ("score", "remark", "status", "reason", "says"),
    [
        ("35", "", 422, "score-range", "须在0–30之间"),
        ("-1", "", 422, "score-range", "须在0–30之间"),
        ("27.3", "", 422, "score-step", "每档0.5分"),
        ("30", "", 422, "remark-missing", "须写理由才能保存"),
        ("0", " ", 422, "remark-missing", "须写理由才能保存"),
        ("二十", "", 422, "malformed", "请填数字"),
        ("NaN", "", 422, "malformed", "请填数字"),
        ("1" * 30, "", 422, "malformed", "请填数字"),
        ("27", "长" * 501, 422, "too-large", "提交的内容超过上限"),
    ],
)
def test_what_may_not_stand_there_is_not_saved_and_says_why(
    review: Review, code: str, score: str, remark: str, status: int, reason: str, says: str
) -> None:
    """GPLR-34: beside its cell, with everything typed still there; for a script the same code."""
    data = cell(code, "t1", score, remark=remark) | {"score-t2": "10", "version-t2": "0"}

    form, answer = send(review, 2, SAVE, data), script(review, cell(code, "t1", score, remark=remark))

    assert (form.status_code, codes(form)) == (status, [reason])
    assert (answer.status_code, codes(answer)) == (status, [reason])
    page = text_of(form)
    assert says in page
    assert reason in shown_codes(page)
    assert f'value="{score}"' in page
    assert saved(review) == {}


def test_an_extreme_score_is_saved_with_its_reason(review: Review, code: str) -> None:
    """MOF-87-64: the reason stands beside the score and goes into the sheet."""
    answer = send(review, 2, SAVE, cell(code, "t1", "30", remark="第12页，两条产线互为备份"))

    assert answer.status_code == 303
    assert saved(review) == {(code, "t1"): ("30", "第12页，两条产线互为备份", 1)}
    page = read(review, 2)
    assert 'class="is-end"' in page
    assert re.search(r'<div class="note-line is-needed"[^>]*data-note-of="t1">', page)


def test_a_row_without_a_script_saves_what_was_changed_alone(review: Review, code: str) -> None:
    """A second press of the same button writes nothing; a cell that was left empty is left out."""
    row = cell(code, "t1", "27.5") | cell(code, "t2", "")
    first = send(review, 2, SAVE, row)
    again = send(review, 2, SAVE, cell(code, "t1", "27.5", 1) | cell(code, "t2", ""))
    more = send(review, 2, SAVE, cell(code, "t1", "27.50", 1) | cell(code, "t2", "10"))

    assert [answer.status_code for answer in (first, again, more)] == [303] * 3
    assert first["Location"].endswith(f"#row-{code}")
    assert saves() == 2
    assert saved(review) == {(code, "t1"): ("27.5", "", 1), (code, "t2"): ("10", "", 1)}


def test_nobody_writes_under_another_seat_s_code(review: Review) -> None:
    [strange, own] = codes_for(review, 3)[0], codes_for(review, 2)[0]

    answers = [
        script(review, cell(strange, "t1", "20")),
        script(review, cell(own, "b1", "2")),
        script(review, cell(own, "t1", "20"), path="/cells/price"),
        script(review, {"code": own}),
    ]

    assert [(answer.status_code, codes(answer)) for answer in answers] == [
        (422, ["code-unknown"]),
        (422, ["item-unknown"]),
        (422, ["malformed"]),
        (422, ["malformed"]),
    ]
    assert Cell.objects.count() == 0


def test_a_sheet_with_gaps_cannot_be_signed(review: Review, code: str) -> None:
    """U3, U4: the button keeps its place, says how many are missing, and the act refuses as well."""
    script(review, cell(code, "t1", "20"))

    page, form = read(review, 2), read(review, 2, "/sign/technical")
    answer = send(review, 2, "/sign/technical", {"word": "签名", "seen": hidden(form, "seen")})

    assert "还不能提交：7格未评分" in page
    assert "cells-missing" in shown_codes(page)
    assert (answer.status_code, codes(answer)) == (422, ["cells-missing"])
    assert Sheet.objects.filter(state="signed").count() == 0


def test_a_sheet_is_signed_after_the_word_was_typed(review: Review) -> None:
    """U6, GPLR-41: all of it once more, the word, a receipt; afterwards it can be read and no more be changed."""
    reviews.score(review, 2, "technical")
    form = read(review, 2, "/sign/technical")
    seen = hidden(form, "seen")
    wrong = send(review, 2, "/sign/technical", {"word": "提交", "seen": seen}, key="wrong")

    answer = send(review, 2, "/sign/technical", {"word": " 签 名 ", "seen": seen})

    assert (wrong.status_code, codes(wrong)) == (422, ["malformed"])
    assert answer.status_code == 303
    assert answer["Location"].startswith("/account/receipts/")
    assert Sheet.objects.get(member__seat="host/2").state == "signed"
    page = read(review, 2)
    assert "您的评分表已签名，不能再改" in page
    assert "还有4个席位没有签名" in page
    assert "data-cell" not in page
    code = codes_for(review, 2)[0]
    late = script(review, cell(code, "t1", "20", 1))
    assert (late.status_code, codes(late)) == (409, ["wrong-state"])


def test_what_is_signed_is_what_was_read(review: Review) -> None:
    """A cell that changed after the page was made: the signature is refused, nothing is signed."""
    reviews.score(review, 2, "technical")
    seen = hidden(read(review, 2, "/sign/technical"), "seen")
    code = codes_for(review, 2)[0]
    before = saved(review)[code, "t1"]
    script(review, cell(code, "t1", "1", before[2]))

    answer = send(review, 2, "/sign/technical", {"word": "签名", "seen": seen})

    assert (answer.status_code, codes(answer)) == (422, ["sheet-other"])
    assert Sheet.objects.filter(state="signed").count() == 0


def test_the_seat_s_own_key_signs_exactly_the_bytes_of_the_sheet(review: Review) -> None:
    """SC1: the commitment is over salt and sheet as the client read it; another signature is refused."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    Member.objects.filter(seat="host/2").update(key=point)
    reviews.score(review, 2, "technical")
    page = read(review, 2, "/sign/technical")
    content = read(review, 2, "/sheet/technical.json").encode()
    salt = bytes(range(32))
    committed = score_commitment(salt, content)

    def sent(message: bytes, name: str) -> HttpResponse:
        signature = key.sign(message, ec.ECDSA(hashes.SHA256())).hex()
        data = {"word": "签名", "seen": hidden(page, "seen"), "salt": salt.hex(), "signature": signature}
        return send(review, 2, "/sign/technical", data, key=name)

    wrong, right = sent(content, "wrong"), sent(committed, "right")

    assert f'data-signs="{point}"' in page
    assert hidden(page, "seen") == hashlib.sha256(content).hexdigest()
    assert content == blind.sheet_for(review.member(2), review.lot.pk, "technical")
    assert (wrong.status_code, codes(wrong)) == (422, ["signature-invalid"])
    assert right.status_code == 303
    assert Sheet.objects.get(member__seat="host/2").commitment == committed.hex()


def test_a_save_costs_the_same_however_much_is_saved(review: Review) -> None:
    """What a desk sends most often is small: no page is made for it."""
    first, *_others, last = codes_for(review, 2)
    client = seat_of(review, 2)
    costs = []
    for code in (first, last):
        with clock.frozen(AT), CaptureQueriesContext(connection) as found:
            client.post(f"/desk/{review.lot.pk}{SAVE}", cell(code, "t1", "20"), headers={"accept": "application/json"})
        costs.append(len(found))

    assert costs[0] == costs[1]
    assert costs[0] < 40


def test_a_grid_costs_the_same_however_much_is_saved(review: Review) -> None:
    before = queries(review, 2)

    reviews.score(review, 2, "technical")

    assert queries(review, 2) == before
    assert before < 40
    assert saved(review)[codes_for(review, 2)[0], "t2"][2] == 1
    assert Decimal(saved(review)[codes_for(review, 2)[0], "t1"][0]) > 0


def test_a_member_who_cannot_go_on_says_so_at_the_desk(review: Review) -> None:
    """GPLR-9: on a page of its own, with a reason and a word; then nothing is signed, and those who act see it."""
    form = read(review, 4, "/unable")
    bare = send(review, 4, "/unable", {"word": "申报"}, key="bare")
    other_word = send(review, 4, "/unable", {"why": "health", "word": "签名"}, key="word")
    done = [send(review, 4, "/unable", {"why": "health", "word": "申报"}, key="unable") for _ in range(2)]
    again = send(review, 4, "/unable", {"why": "tie", "word": "申报"}, key="again")
    page, other = read(review, 4), read(review, 3)
    shown = [
        rooms.read("agency-a", f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/evaluation", at=AT),
        rooms.read("supervisor", f"/cockpit/{review.lot.tender_id}/lots/{review.lot.pk}", at=AT),
    ]
    bought = rooms.read("buyer", f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/evaluation", at=AT)
    stop = rooms.read("agency-a", f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/evaluation/stop", at=AT)

    assert ("评审中发现应当回避" in form, "键入“申报”两个字确认" in form) == (True, True)
    assert (bare.status_code, other_word.status_code) == (422, 422)
    assert [one.status_code for one in done] == [303, 303]
    assert (again.status_code, codes(again)) == (409, ["member-unable"])
    assert ("data-unable" in page, "data-sign" in page.split('id="signing"')[1], "/unable" in page) == (
        True,
        False,
        False,
    )
    assert (other.count("/unable"), "data-unable" in other) == (1, False)
    assert ["因健康原因不能继续" in one for one in (*shown, bought)] == [True, True, False]
    assert len(re.findall(r'value="(?:one/1|health)"[^>]*checked', stop)) == 2
