"""The evaluation in the workspace (资格审查与评审进度): who is qualified, then counts, in the end the report."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from mifeng.bidding.models import OpenedFile
from mifeng.evaluation.actions import change_seat_key, conclude_evaluation, sign_report
from mifeng.evaluation.actions.reporting import Endorsed
from mifeng.evaluation.models import Evaluation, Qualification
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.kernel.vault import intake
from mifeng.tenders.models import Lot
from tests.actions.reviews import (
    FIRMS,
    PRICES,
    REVIEWED,
    SCORING,
    SEATS,
    STEPS,
    Review,
    lead,
    reach,
    reviews_of,
    speaking_pdf,
)
from tests.actions.test_seat_keys import NEW, reopened
from tests.conftest import read_city
from tests.factories import City
from tests.judged import public_key
from tests.rules.scores import TEMPLATE
from tests.web.rooms import ask, client_of, codes, read, send, shown_codes, text_of
from tests.web.test_paper import words_of

AGENCY = "agency-a"
LATER = SCORING + timedelta(minutes=10)
REPORTED = SCORING + timedelta(minutes=5)
UNTIL = REPORTED + timedelta(hours=2)


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Review]:
    """A package whose bids are open and wait for their review."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield reach(read_city(), "qualifying")
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def review(opened: Review, db: None) -> Review:
    """Return the package; what the test does to it is undone after it."""
    return opened


def page_of(review: Review, rest: str = "evaluation") -> str:
    """Return an address below a package under evaluation."""
    return f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/{rest}"


def concluded(review: Review) -> Review:
    """Put the report together and let every member sign it, one with a dissent."""
    with clock.frozen(SCORING + timedelta(minutes=5)):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        name = review.row.report_hash
        for number in range(1, 6):
            word = Endorsed(name, agrees=number != 5, dissent="" if number != 5 else "服务分偏低")
            sign_report(review.lot.pk, word, by=review.member(number))
    return review


def found(review: Review, number: int, passed: str, reasons: str = "", account: str = AGENCY) -> tuple[int, list[str]]:
    """Send what was found of one bidder; return status and codes."""
    address = page_of(review, f"bids/{review.bids[number - 1].bid_id}")
    answer = send(account, address, {"passed": passed, "reasons": reasons}, at=REVIEWED, key=f"k{number}{passed}")
    return answer.status_code, codes(answer)


def test_every_bidder_is_reviewed_and_the_review_is_closed(review: Review) -> None:
    """A refusal needs its reason; nothing is closed while one is missing; the last page names who is in and out."""
    open_page = read(AGENCY, page_of(review), at=REVIEWED)
    early = send(AGENCY, page_of(review, "evaluation/start"), at=REVIEWED)

    answers = [
        found(review, 1, "no"),
        found(review, 1, "no", "未提供审计报告"),
        found(review, 2, "yes", account="buyer"),
    ]
    answers += [found(review, 3, "yes"), found(review, 4, "yes")]
    asked = text_of(send(AGENCY, page_of(review, "evaluation/start"), at=REVIEWED, key="k5"))
    done = send(AGENCY, page_of(review, "evaluation/start"), {"word": "完成"}, at=REVIEWED, key="k6")

    assert (open_page.count('data-passed="open"'), shown_codes(open_page) >= {"review-missing"}) == (4, True)
    assert (early.status_code, codes(early)) == (422, ["review-missing"])
    assert answers == [(422, ["reason-required"]), *[(303, [])] * 4]
    assert [row.passed for row in reviews_of(review)] == [False, True, True, True]
    assert ("此后" in asked or "从此固定" in asked, "、".join(FIRMS[1:]) in asked) == (True, True)
    assert (done.status_code, review.state) == (303, "qualified")


def test_too_few_qualified_make_the_tender_void(review: Review) -> None:
    """Said as a lawful outcome with its reason, and no button is left (GPL-36)."""
    for number in (1, 2):
        found(review, number, "no", "未提供审计报告")
    for number in (3, 4):
        found(review, number, "yes")
    send(AGENCY, page_of(review, "evaluation/start"), {"word": "完成"}, at=REVIEWED, key="k9")

    page = read(AGENCY, page_of(review), at=REVIEWED)
    late = send(AGENCY, page_of(review, "evaluation/start"), at=REVIEWED)

    assert (review.state, "本包依法废标" in page, "不足法定家数" in page) == ("void", True, True)
    assert (late.status_code, codes(late)) == (409, ["wrong-state"])
    assert found(review, 3, "no", "无") == (409, ["wrong-state"])


def test_only_the_files_of_the_qualification_are_handed_out(review: Review) -> None:
    """A technical file is nobody's here; a look is noted (blind review, LC-2018-80 三(六))."""
    bid = review.bids[0].bid
    stored = intake([speaking_pdf("营业执照")])
    facts = {"media": "application/pdf", "sha256": stored.sha256, "size": stored.size}
    OpenedFile.objects.create(bid=bid, part="qualification", position=1, name="营业执照.pdf", **facts)
    address = page_of(review, f"bids/{bid.pk}")

    page = read("buyer", address, at=REVIEWED)
    with clock.frozen(REVIEWED):
        answer = client_of("buyer").get(f"{address}/files/1")
        missing = client_of("buyer").get(f"{address}/files/2")

    assert ("营业执照.pdf" in page, "technical" in page, "business" in page) == (True, False, False)
    assert b"".join(answer.streaming_content) == speaking_pdf("营业执照")
    assert (missing.status_code, list(Noted.objects.values_list("kind", flat=True))) == (404, ["qualification"])


@pytest.mark.parametrize(
    ("account", "status"), [("host", 403), ("bidder-1", 403), ("supervisor", 403), ("agency-b", 404)]
)
def test_others_have_no_part_in_it(review: Review, account: str, status: int) -> None:
    """Nobody else reads or reviews."""
    assert [
        found(review, 1, "yes", account=account)[0],
        send(account, page_of(review)).status_code in (403, 404, 405),
    ] == [
        status,
        True,
    ]
    assert Qualification.objects.count() == 0


def test_before_the_review_the_page_says_why(city: City) -> None:
    """Not begun is said, with the commitment to the secret of the codes, and looking changes nothing."""
    review = reach(city, "published")
    entries = Entry.objects.count()

    page = read(AGENCY, page_of(review))

    assert ("评审还没有开始" in page, "暗标编码密钥的承诺" in page) == (True, True)
    assert (Evaluation.objects.filter(pk=review.lot.pk).count(), Entry.objects.count()) == (0, entries)


def test_progress_is_numbers_until_the_report_is_signed(review: Review) -> None:
    """No score, no code, no seat's doing; with the last signature ranks, points, candidates and the dissent."""
    for step in ("qualified", "seated", "chaired", "reviewing"):
        lead(review, step)
    pages = [read(AGENCY, page_of(review), at=SCORING)]
    for step in ("locked", "revealed"):
        lead(review, step)
        pages.append(read(AGENCY, page_of(review), at=LATER))
    early = ask(AGENCY, page_of(review, "evaluation/report"), at=LATER)
    concluded(review)
    done = read("buyer", page_of(review), at=LATER)
    papers = [ask(account, page_of(review, "evaluation/report"), at=LATER) for account in (AGENCY, "buyer")]

    assert ["0/5已签名" in page for page in pages] == [True, True, True]
    for page in pages:
        assert ("data-report" in page, "候选人" in page, any(seat in page for seat in SEATS)) == (False, False, False)
    assert [word in done for word in ("第1候选人", "服务分偏低", review.row.report_hash, "data-report")] == [True] * 4
    assert (early.status_code, papers[0].content == papers[1].content) == (404, True)
    assert [(one["Content-Type"], one.content[:5]) for one in papers] == [("application/pdf", b"%PDF-")] * 2
    assert (FIRMS[3] in words_of(papers[0].content), "two/1不同意服务分偏低" in words_of(papers[0].content)) == (
        True,
        True,
    )


def test_the_project_says_whose_turn_it_is(review: Review) -> None:
    """In the list and on its page: the reader's in the review, the committee's afterwards."""
    Lot.objects.filter(pk=review.lot.pk).update(**{"state": "closed"})
    project = f"/workspace/{review.lot.tender_id}"
    pages = [read(AGENCY, project, at=REVIEWED) + read("buyer", "/workspace/", at=REVIEWED)]
    lead(review, "qualified")
    pages.append(read(AGENCY, project, at=REVIEWED) + read(AGENCY, "/workspace/", at=REVIEWED))

    assert [page.count("等资格审查") for page in pages] == [2, 0]
    assert [page.count("等评审委员会就位") for page in pages] == [0, 3]
    assert [f'href="{page_of(review)}#qualification"' in page for page in pages] == [True, True]


def test_the_page_costs_the_same_for_every_number_of_bids(review: Review) -> None:
    """One query for all bids, one for all findings."""
    before = _count(review)
    for number in range(1, 5):
        found(review, number, "yes")

    assert _count(review) == before
    assert (len(PRICES), TEMPLATE.version) == (4, 1)


def _count(review: Review) -> int:
    client = client_of(AGENCY)
    with clock.frozen(REVIEWED), CaptureQueriesContext(connection) as made:
        assert client.get(page_of(review)).status_code == 200
    return len(made)


def test_the_agency_records_that_a_member_is_deemed_to_agree(review: Review) -> None:
    """Not before there was time, in two steps; who is waited for and what was recorded, pages say (GPLR-41)."""
    for step in STEPS[STEPS.index("qualified") :]:
        lead(review, step)
    address = page_of(review, "evaluation/silence")
    reported(review, signed=2)
    short = read(AGENCY, address, at=LATER)
    with clock.frozen(REPORTED):
        sign_report(review.lot.pk, Endorsed(review.row.report_hash), by=review.member(3))
    early = send(AGENCY, address, {"seat": "one/1", "why": "left"}, at=LATER, key="early")
    blocked, waiting = read(AGENCY, address, at=LATER), read(AGENCY, page_of(review), at=LATER)
    chosen = {"seat": "one/1", "why": "left"}
    bare = send(AGENCY, address, {"seat": "one/1"}, at=UNTIL, key="bare")
    asked = text_of(send(AGENCY, address, chosen, at=UNTIL, key="ask"))
    others = [ask(account, address, at=UNTIL).status_code for account in ("buyer", "agency-b")]
    done = [send(AGENCY, address, {**chosen, "word": "视为同意"}, at=UNTIL, key="deem") for _ in range(2)]
    half = read("buyer", page_of(review), at=UNTIL)
    send(AGENCY, address, {"seat": "two/1", "why": "refused", "word": "视为同意"}, at=UNTIL, key="last")

    assert (early.status_code, codes(early)) == (422, ["dissent-open"])
    assert (shown_codes(short) >= {"signatures-short", "dissent-open"}, "5名委员中2名已签署" in short) == (True, True)
    assert ("dissent-open" in shown_codes(blocked), waiting.count("未签署")) == (True, 2)
    assert (bare.status_code, "已离开评审现场" in asked, "one/1" in asked) == (422, True, True)
    assert others == [403, 404]
    assert [one.status_code for one in done] == [303, 303]
    assert (half.count("1席视为同意"), half.count("未签署"), address in half) == (1, 0, False)
    assert review.state == "concluded"
    for account, page in ((AGENCY, page_of(review)), ("supervisor", cockpit_of(review))):
        text = read(account, page, at=UNTIL)
        assert ("视为同意：已离开评审现场" in text, "视为同意：拒绝签署" in text, "签署完毕" in text) == (
            True,
            True,
            True,
        )
    closed = ask(AGENCY, address, at=UNTIL)
    assert (closed.status_code, codes(closed)) == (409, ["wrong-state"])


def test_a_seat_that_signs_with_another_key_is_seen_by_those_who_watch(review: Review) -> None:
    """When, and how the person was known; never which key, and nothing where none was changed (our choice (ADR-9))."""
    for step in STEPS[STEPS.index("qualified") :]:
        lead(review, step)
    places = ((AGENCY, page_of(review)), ("supervisor", cockpit_of(review)))
    before = [read(account, page, at=LATER) for account, page in places]
    with clock.frozen(LATER):
        change_seat_key(review.lot.pk, reopened(review))
    after = [read(account, page, at=LATER) for account, page in places]

    assert ["席位密钥更换" in page for page in (*before, *after)] == [False, False, True, True]
    assert ["两名场地人员核对后重新入席" in page for page in after] == [True, True]
    assert [public_key(NEW) in page for page in after] == [False, False]


def test_the_agency_stops_an_evaluation_whose_member_has_to_leave(review: Review) -> None:
    """In two steps; afterwards every page says so, and nothing of it is to be read (MOF-87-49)."""
    Lot.objects.filter(pk=review.lot.pk).update(**{"state": "closed"})
    for step in ("qualified", "seated", "chaired", "reviewing", "locked"):
        lead(review, step)
    address, chosen = page_of(review, "evaluation/stop"), {"seat": "two/1", "why": "health"}
    before = [read(account, page_of(review), at=LATER) for account in (AGENCY, "buyer")]
    form = read(AGENCY, address, at=LATER)
    asked = text_of(send(AGENCY, address, chosen, at=LATER, key="ask"))
    others = [ask(account, address, at=LATER).status_code for account in ("buyer", "agency-b")]
    done = [send(AGENCY, address, {**chosen, "word": "停止评标"}, at=LATER, key="stop") for _ in range(2)]
    pages = [read(AGENCY, page_of(review), at=LATER), read("supervisor", cockpit_of(review), at=LATER)]
    project = read(AGENCY, f"/workspace/{review.lot.tender_id}", at=LATER)

    assert [address in page for page in before] == [True, False]
    assert (form.count('value="two/1"'), "因健康原因不能继续" in asked, others) == (1, True, [403, 404])
    assert ([one.status_code for one in done], review.state) == ([303, 303], "stopped")
    for page in pages:
        assert ("评标已停止，资料封存" in page, "因健康原因不能继续" in page, "data-codes" in page) == (
            True,
            True,
            False,
        )
        assert address not in page
        assert ("停止评标，已封存" in page, "前对任何人不显示" in page, "结果公告时公布" in page) == (
            True,
            False,
            False,
        )
    assert "评标已停止" in project
    late, bought = ask(AGENCY, address, at=LATER), read("buyer", page_of(review), at=LATER)
    assert (late.status_code, codes(late)) == (409, ["wrong-state"])
    assert ("一名委员：因健康原因不能继续" in bought, "two/1" in bought) == (True, False)


def reported(review: Review, signed: int) -> None:
    """Put the report together and let some of the members sign it."""
    with clock.frozen(REPORTED):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in range(1, signed + 1):
            sign_report(review.lot.pk, Endorsed(review.row.report_hash), by=review.member(number))


def cockpit_of(review: Review) -> str:
    """Return the address of the package in the cockpit."""
    return f"/cockpit/{review.lot.tender_id}/lots/{review.lot.pk}"
