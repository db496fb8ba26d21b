"""After the lock (评审席汇总): names, what members hold, lawful corrections, the report and its signatures.

GPLR-41, MOF-87-61, MOF-87-64.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from mifeng.evaluation.actions import change_seat_key, deem_agreed, lock_technical
from mifeng.evaluation.models import Evaluation, Opinion, ReportSignature, ScoreChange
from mifeng.kernel import clock
from mifeng.web.shell.words import beijing
from tests.actions import reviews
from tests.actions.reviews import FIRMS, SCORING, Review
from tests.actions.test_seat_keys import NEW, reopened
from tests.judged import public_key
from tests.web.desks import ask, codes_for, evaluation_at, hidden, queries, read, send
from tests.web.rooms import codes, shown_codes, text_of


@pytest.fixture(scope="module")
def shown(django_db_setup: None, django_db_blocker: Any) -> Iterator[Review]:
    """An evaluation whose scores are shown."""
    with evaluation_at("revealed", django_db_blocker) as found:
        yield found


@pytest.fixture
def review(shown: Review, db: None) -> Review:
    """The evaluation of the file; what a test does to it is undone after it."""
    return replace(shown, salts=dict(shown.salts))


def refs(review: Review) -> list[str]:
    """Return the bids in the order of the list."""
    return [row.bid.bid_ref for row in review.bids]


def concluded(review: Review) -> str:
    """Put the report together as the chair, and return its hash."""
    answer = send(review, 2, "/conclude", {}, key="conclude")
    assert answer.status_code == 303, codes(answer)
    return Evaluation.objects.get(pk=review.lot.pk).report_hash


def endorse(review: Review, number: int, report: str, **more: str) -> HttpResponse:
    """Sign the report as a member."""
    data = {"report": report, "opinion": "agree", "word": "签名", **more}
    return send(review, number, "/report", data, key="endorse" + more.get("opinion", ""))


def test_all_scores_stand_beside_each_other(review: Review) -> None:
    """By bidder and seat, the own line marked; what cost a query costs it once."""
    page = read(review, 2)

    assert re.findall(r'data-table="(\d)"', page) == ["1", "2", "3", "4"]
    assert [firm for firm in FIRMS if firm not in page] == []
    assert page.count('<tr class="is-own">') == 4
    assert "第4步，共4步" in page
    assert queries(review, 2) < 60


def test_only_the_chair_concludes(review: Review) -> None:
    page, chairs = read(review, 3), read(review, 2)
    refused = send(review, 3, "/conclude", {})

    assert ("汇总，形成评审报告</button>" in page, "汇总，形成评审报告</button>" in chairs) == (False, True)
    assert (refused.status_code, codes(refused)) == (403, ["not-the-chair"])
    assert concluded(review)


def test_members_hold_a_bid_invalid_or_due_a_deduction(review: Review) -> None:
    """More than half decide; who held it before sees so, and needs a reason for it."""
    first = refs(review)[0]

    bare = send(review, 2, f"/bids/{first}/reject", {"reason": " "}, key="bare")
    for number in (1, 2, 3):
        send(review, number, f"/bids/{first}/reject", {"reason": "未响应★条款，第7页"})
    granted = send(review, 2, f"/bids/{refs(review)[1]}/grant/small", {}, key="grant")
    unknown = send(review, 2, f"/bids/{first}/grant/none", {}, key="none")

    assert (bare.status_code, codes(bare)) == (422, ["reason-required"])
    assert granted.status_code == 303
    assert (unknown.status_code, codes(unknown)) == (422, ["deduction-unlisted"])
    page = read(review, 2, "/bids")
    assert "3名委员认定投标无效，已过半数" in re.sub(r"\s*\n\s*", "", page)
    assert "您已认可" in page
    assert "未响应★条款，第7页" in page
    assert Opinion.objects.filter(kind="reject").count() == 3


def test_a_member_takes_back_what_it_held(review: Review) -> None:
    """Until the report stands, by a button beside the own opinion and beside no other's."""
    first = refs(review)[0]
    send(review, 2, f"/bids/{first}/reject", {"reason": "未响应★条款"})
    send(review, 2, f"/bids/{first}/grant/small", {}, key="grant")
    send(review, 2, "/abnormal", {"place": f"host/3 {first} t1"}, key="odd")
    own, others = read(review, 2, "/bids"), read(review, 3, "/bids")
    shown = read(review, 2)
    places = {"reject": first, "grant": f"{first} small", "abnormal": f"host/3 {first} t1"}

    answers = [send(review, 2, "/withdraw", {"kind": k, "place": at}, key=f"b{k}") for k, at in places.items()]
    again = send(review, 2, "/withdraw", {"kind": "reject", "place": first}, key="again")
    wrong = [send(review, 2, "/withdraw", {"kind": k, "place": "x y"}, key=f"w{k}") for k in ("chair", "reject")]

    assert ("撤回这项认定" in own, "撤回<" in own, "撤回" in others, "撤回认定" in shown) == (True, True, False, True)
    assert [answer.status_code for answer in answers] == [303] * 3
    assert Opinion.objects.exclude(kind="chair").count() == 0
    assert (again.status_code, codes(again), "您没有这样认定过" in text_of(again)) == (409, ["opinion-missing"], True)
    assert [codes(answer) for answer in wrong] == [["malformed"]] * 2
    concluded(review)
    assert "撤回" not in read(review, 2, "/bids")


def test_a_score_is_corrected_in_the_lawful_cases_alone(review: Review) -> None:
    """MOF-87-64: found abnormal by more than half, then changed by whoever gave it; the report says it."""
    ref = refs(review)[3]
    asked = {"place": f"{ref} t1", "kind": "abnormal", "after": "20", "reason": "复核后偏高"}
    early = send(review, 2, "/correct", asked, key="early")
    wrong = send(review, 2, "/correct", asked | {"kind": "objective"}, key="wrong")
    for number in (1, 3, 4):
        assert send(review, number, "/abnormal", {"place": f"host/2 {ref} t1"}).status_code == 303

    answer = send(review, 2, "/correct", asked, key="right")

    assert (early.status_code, codes(early)) == (422, ["majority-missing"])
    assert (wrong.status_code, codes(wrong)) == (422, ["correction-baseless"])
    assert 'value="20"' in text_of(early)
    assert answer.status_code == 303
    assert ScoreChange.objects.get().after == 20
    page = read(review, 3)
    assert "3名委员认定畸高或畸低" in page
    assert "复核后偏高" in page


def test_a_place_that_nobody_has_is_refused(review: Review) -> None:
    malformed = [
        send(review, 2, "/abnormal", {"place": "one"}, key="a"),
        send(review, 2, "/abnormal", {"place": f"host/9 {refs(review)[0]} t1"}, key="b"),
        send(review, 2, "/correct", {"place": "x y", "kind": "abnormal", "after": "1", "reason": "一"}, key="c"),
        send(review, 2, "/withdraw", {"kind": "reject", "place": "x\0"}, key="e"),
        send(review, 2, "/bids/none/reject", {"reason": "一"}, key="d"),
    ]

    assert [(answer.status_code, codes(answer)) for answer in malformed] == [
        (422, ["malformed"]),
        (422, ["malformed"]),
        (422, ["malformed"]),
        (422, ["malformed"]),
        (404, []),
    ]


def test_the_report_is_read_and_signed_by_every_member(review: Review) -> None:
    """GPLR-41: with a dissent in words where there is one; the last signature ends the evaluation."""
    report = concluded(review)
    page = read(review, 3, "/report")
    assert hidden(page, "report") == report
    silent = endorse(review, 3, report, opinion="dissent", dissent=" ")
    other = endorse(review, 3, "0" * 64, opinion="agree ")

    answers = [endorse(review, number, report) for number in (1, 2, 4, 5)]
    answers.append(endorse(review, 3, report, opinion="dissent", dissent="第二名的方案更稳妥"))

    assert (silent.status_code, codes(silent)) == (422, ["reason-required"])
    assert (other.status_code, codes(other)) == (422, ["malformed"])
    assert {answer.status_code for answer in answers} == {303}
    assert review.state == "concluded"
    assert ReportSignature.objects.get(agrees=False).dissent == "第二名的方案更稳妥"
    assert "全部委员已签署评审报告" in read(review, 2)
    assert "您已签署这份报告" in read(review, 2, "/report")
    assert ask(review, 2, "/report.pdf").content.startswith(b"%PDF")


def test_a_report_that_was_overtaken_cannot_be_signed(review: Review) -> None:
    concluded(review)

    stale = endorse(review, 3, "0" * 64)

    assert (stale.status_code, codes(stale)) == (409, ["report-other"])
    assert ReportSignature.objects.count() == 0
    assert "评审报告已经形成，不能再认定" in read(review, 3, "/bids")


@pytest.fixture(scope="module")
def locked(django_db_setup: None, django_db_blocker: Any) -> Iterator[Review]:
    """An evaluation whose technical scores are about to be locked."""
    with evaluation_at("reviewing", django_db_blocker) as found:
        for number in range(1, 6):
            reviews.score(found, number, "technical")
            reviews.sign(found, number, "technical")
        yield found


def test_names_and_business_files_come_with_the_lock(locked: Review, db: None) -> None:
    """The order stays the seat's own; prices stand beside names, still nobody else's scores."""
    before = read(locked, 3)
    with clock.frozen(SCORING + timedelta(minutes=1)):
        lock_technical(locked.lot.pk)

    page, bids = read(locked, 3), read(locked, 3, "/bids")

    assert [firm for firm in FIRMS if firm in before] == []
    assert [firm for firm in FIRMS if firm not in page] == []
    assert re.findall(r'<tr id="row-(\w{8})"', page) == codes_for(locked, 3)
    assert "商务评审" in page
    assert "4,680,000.00" in bids
    code = codes_for(locked, 3)[0]
    assert ask(locked, 3, f"/file/{code}/b1.pdf").getvalue().startswith(b"%PDF")
    assert ask(locked, 3, f"/page/{code}/b1/1.png").status_code == 200
    assert ask(locked, 3, f"/page/{code}/b7/1.png").status_code == 404
    assert shown_codes(page) >= {"cells-missing"}


def test_the_desk_says_until_when_a_dissent_is_possible_and_what_silence_means(review: Review) -> None:
    """GPLR-41: to whoever has not signed; afterwards what was recorded, and why, and nothing can be signed."""
    report = concluded(review)
    before = [read(review, 4, path) for path in ("", "/report")]
    for number in (1, 2, 3):
        endorse(review, number, report)
    signed = read(review, 3, "/report")
    until = SCORING + timedelta(hours=2)
    with clock.frozen(until):
        deem_agreed(review.lot.pk, "one/1", report, "left", by=review.city["agency-a"])
    after = read(review, 4, "/report")
    late = send(review, 4, "/report", {"report": report, "opinion": "agree", "word": "签名"}, at=until, key="late")

    said = beijing(until)
    assert [(said in page, "视为同意" in page) for page in before] == [(True, True)] * 2
    assert said not in signed.split("评审委员会")[0]
    assert ("本席位记为视为同意" in after, "已离开评审现场" in after, "data-sign-report" in after) == (
        True,
        True,
        False,
    )
    assert (late.status_code, codes(late)) == (409, ["agreement-deemed"])
    assert read(review, 5, "").count("视为同意</small>") == 1
    assert "已签署4 / 5" in read(review, 5, "")


def test_the_desk_says_since_when_a_seat_signs_with_another_key(review: Review) -> None:
    """Our choice (ADR-9): the form names the key that stands now; what was signed before is said to stay valid."""
    concluded(review)
    with clock.frozen(SCORING):
        change_seat_key(review.lot.pk, reopened(review))

    page = read(review, 3, "/report")

    assert f'data-signs="{public_key(NEW)}"' in page
    assert (page.count("data-rekeyed"), read(review, 4, "/report").count("data-rekeyed")) == (1, 0)


def test_a_desk_of_a_stopped_evaluation_says_so_and_shows_nothing(review: Review) -> None:
    """MOF-87-49: everything stays sealed, the seat's own scores and the names too."""
    Evaluation.objects.filter(pk=review.lot.pk).update(**{"state": "stopped", "reason": "member-gone"})

    page = read(review, 3)
    answers = [
        ask(review, 3, path).status_code for path in ("/bids", "/report", "/sheet/technical.json", "/sign/technical")
    ]

    assert ("评标已停止，资料封存" in page, "重新组建评审委员会" in page) == (True, True)
    assert [firm for firm in FIRMS if firm in page] == []
    assert all(status in (302, 404) for status in answers), answers
