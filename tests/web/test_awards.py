"""Pages of the award (定标): who sees what at which step, every act in two steps, the notice, a supplier's own result.

GPLR-43, GPLR-49, MOF-87-68, MOF-87-69.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import TestCase

from mifeng.awards.models import Award, Publication
from mifeng.bidding.models import Unsealed
from mifeng.evaluation.models import Evaluation
from mifeng.kernel import clock
from mifeng.kernel.inbox import tell
from mifeng.kernel.models import Entry
from mifeng.parties.models import Organisation
from mifeng.rules.award import parse_notice
from mifeng.tenders.models import Lot
from tests.actions import awarding
from tests.actions.awarding import ANNOUNCED, AWARDED, CONCLUDED, HANDED, NAMES, candidates, first
from tests.actions.reviews import FIRMS, Review
from tests.conftest import read_city
from tests.web.rooms import ask, client_of, codes, queries, read, send, shown_codes, text_of

LATER = ANNOUNCED + timedelta(hours=1)
UNTIL = re.compile(r"([0-9-]{10})(?:</span>)?前（含当日）[^。]*提出质疑")
SCORES = ("85.37", "75.81", "67.21", "58.5")  # totals of the four bids, first first


@pytest.fixture(scope="module")
def concluded(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Review]:
    """A package whose report is signed; three of its bids are those of suppliers with accounts."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            review = awarding.reach(read_city(), "concluded")
            awarding.leave_sitting(review)
            for number, row in enumerate(review.bids[:3], 1):
                own = Organisation.objects.get(pk=review.city[f"bidder-{number}"].organisation)
                Unsealed.objects.filter(pk=row.pk).update(credit_code=own.code)
            yield review
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def review(concluded: Review, db: None) -> Review:
    """Return the package; what the test does to it is undone after it."""
    return concluded


def page(review: Review, name: str = "") -> str:
    """Return the address of the award's page, or of one of its acts."""
    return f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/award" + (f"/{name}" if name else "")


def notice_page(review: Review) -> str:
    """Return the address of the public notice."""
    return f"/projects/{review.lot.tender_id}/lots/{review.lot.pk}/result"


def own_page(review: Review) -> str:
    """Return the address at which a supplier reads its own result."""
    return f"/supplier/{review.lot.tender_id}/lots/{review.lot.pk}/result"


def state(review: Review) -> str:
    """Return the state of the award; empty before the report is handed over."""
    return Award.objects.filter(pk=review.lot.pk).values_list("state", flat=True).first() or ""


def test_the_whole_way_by_pages(review: Review) -> None:
    """Each act is restated before its word is asked for; the receipt is the answer, also to a form sent twice."""
    steps = [
        ("agency-a", "hand-over", {}, "送交", "handed", HANDED),
        ("buyer", "decide", {"bid": first_of(review)}, "确定", "awarded", AWARDED),
        ("agency-a", "announce", {}, "公告", "announced", ANNOUNCED),
    ]
    for account, name, typed, word, after, at in steps:
        before = state(review)
        shown = send(account, page(review, name), typed, at=at)
        assert (shown.status_code, state(review)) == (200, before)
        assert f"请输入“{word}”" in text_of(shown)
        wrong = send(account, page(review, name), {**typed, "word": "同意"}, at=at)
        assert (wrong.status_code, codes(wrong), state(review)) == (422, ["malformed"], before)
        done = send(account, page(review, name), {**typed, "word": word}, at=at, key=name)
        again = send(account, page(review, name), {**typed, "word": word}, at=at, key=name)
        assert (done.status_code, again.status_code, done["Location"]) == (303, 303, again["Location"])
        assert state(review) == after
    assert [one.name for one in parse_notice(Publication.objects.get().text.encode()).experts] == list(NAMES)


def test_a_package_has_its_own_time_for_challenges(review: Review) -> None:
    """A result is out with its period, whatever became or becomes of the other packages of the project. GPL-52."""
    awarding.lead(review, "announced")
    pages = (notice_page(review), own_page(review))
    alone = [UNTIL.findall(read("bidder-2", path, at=LATER)) for path in pages]
    other = Lot.objects.get(pk=review.lot.pk)
    other.pk, other.number, other.lot_ref = uuid4(), 2, "f" * 64
    Lot.objects.bulk_create([other])
    Evaluation.objects.bulk_create([Evaluation(lot=other, lot_ref=other.lot_ref, state="concluded")])

    assert all(len(dates) == 1 for dates in alone)
    assert [UNTIL.findall(read("bidder-2", path, at=LATER)) for path in pages] == alone


def first_of(review: Review) -> str:
    """Return the bid that the signed report puts first."""
    return json.loads(awarding.report_text(review))["candidates"][0]


@pytest.mark.parametrize(
    ("step", "account", "offered"),
    [
        ("concluded", "agency-a", ["hand-over"]),
        ("concluded", "buyer", []),
        ("handed", "agency-a", []),
        ("handed", "buyer", ["decide", "delay", "anew"]),
        ("awarded", "agency-a", ["announce"]),
        ("awarded", "buyer", ["announce", "next", "anew"]),
        ("announced", "agency-a", []),
        ("announced", "buyer", ["next", "anew"]),
    ],
)
def test_the_page_offers_what_the_post_can_do_now(review: Review, step: str, account: str, offered: list[str]) -> None:
    awarding.lead(review, step)
    text = read(account, page(review), at=LATER)

    assert [name for name in ("hand-over", "decide", "delay", "announce", "next", "anew")
            if f'="{page(review, name)}"' in text] == offered  # fmt: skip
    assert all(name in text for name in FIRMS)


def test_an_act_out_of_its_step_says_why(review: Review) -> None:
    """The page shows the button with its reason, and a form that is sent all the same is refused with it."""
    shown = read("buyer", page(review, "decide"), at=HANDED)
    sent = send("agency-a", page(review, "announce"), {"word": "公告"}, at=HANDED)

    assert shown_codes(shown) == {"wrong-state"}
    assert (sent.status_code, codes(sent), state(review)) == (409, ["wrong-state"], "")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({}, "award-order"),
        ({"ground": "declined"}, "reason-required"),
        ({"ground": "dearer", "reason": "更贵"}, "malformed"),
        ({"reason": "更便宜"}, "award-order"),
    ],
)
def test_passing_over_without_ground_is_refused_beside_its_field(
    review: Review, typed: dict[str, str], code: str
) -> None:
    awarding.handed(review)
    sent = {"bid": candidates(review)[1], "word": "确定", **typed}
    answer = send("buyer", page(review, "decide"), sent, at=AWARDED)

    assert (answer.status_code, codes(answer), state(review)) == (422, [code], "handed")
    assert code in shown_codes(text_of(answer))


def test_a_next_candidate_is_taken_by_page(review: Review) -> None:
    awarding.lead(review, "announced")
    typed = {"ground": "declined", "reason": "中标人来函放弃，编号2026-17", "word": "递补"}
    second = candidates(review)[1]

    answer = send("buyer", page(review, "next"), typed, at=LATER)

    assert (answer.status_code, state(review)) == (303, "awarded")
    assert Award.objects.get().bid_ref == second
    text = read("buyer", page(review), at=LATER)
    assert [text.count("不再递补"), "中标人来函放弃，编号2026-17" in text] == [1, True]
    assert "原中标人已不再是中标人" in read("buyer", notice_page(review), at=LATER)


def test_a_reason_for_delay_takes_the_threat_away(review: Review) -> None:
    awarding.handed(review)
    assert "到期没有确定的，视同确定第一名" in read("buyer", page(review), at=AWARDED)
    send("buyer", page(review, "delay"), {"reason": "质疑正在处理", "word": "说明"}, at=AWARDED)

    text = read("buyer", page(review), at=AWARDED)
    assert ("质疑正在处理" in text, "视同确定第一名" in text.partition("定标与结果</h2>")[2]) == (True, False)
    assert f'="{page(review, "delay")}"' not in text


@pytest.mark.parametrize("account", ["agency-b", "buyer-2"])
def test_others_find_no_award(review: Review, account: str) -> None:
    awarding.lead(review, "announced")

    for name in ("", "decide", "hand-over"):
        assert ask(account, page(review, name), at=LATER).status_code == 404
    assert ask("buyer", page(review, "hand-over"), at=LATER).status_code == 404
    assert ask("buyer", page(review, "nothing"), at=LATER).status_code == 404


def test_project_and_list_say_whose_turn_it_is(review: Review) -> None:
    """What waits for the reader is its own task; the timeline goes on to the contract with the notice."""
    waits = [
        ("concluded", "agency-a", "等代理机构送交报告"),
        ("handed", "buyer", "等采购人确定中标人"),
        ("awarded", "agency-a", "等代理机构公告结果"),
        ("announced", "buyer", "结果已公告"),
    ]
    for step, account, words in waits:
        awarding.lead(review, step)
        look = "done" if step == "announced" else "todo"
        shown = read(account, f"/workspace/{review.lot.tender_id}", at=LATER)
        listed = read(account, "/workspace/", at=LATER)
        assert f'data-state="{look}"' in shown.partition(words)[0][-400:] or words in shown
        assert words in shown
        assert words in listed


def test_nothing_of_the_award_is_public_before_its_notice(review: Review) -> None:
    """Neither page nor project nor supplier's room knows anything; whoever asks finds nothing."""
    project = f"/projects/{review.lot.tender_id}"
    awarding.lead(review, "awarded")

    assert "中标" not in read("bidder-1", project, at=AWARDED).partition("法定时钟")[0]
    for path in (notice_page(review), f"{notice_page(review)}.json", own_page(review)):
        assert ask("bidder-1", path, at=AWARDED).status_code == 404
    assert "本单位的结果" not in read("bidder-1", f"/supplier/{review.lot.tender_id}", at=AWARDED)


def test_the_notice_says_what_the_law_asks_for(review: Review) -> None:
    """Purchaser, agency, project, winner, price, period, committee, documents; and nobody's scores."""
    awarding.lead(review, "announced")
    text = public(notice_page(review))

    own = Publication.objects.get()
    notice = parse_notice(own.text.encode())
    wanted = [notice.purchaser, notice.agency, notice.project, notice.bidder, notice.credit_code, "4,700,000.00"]
    assert [word for word in [*wanted, *NAMES, "2026-03-30", "2026-04-09", "招标文件.pdf"] if word not in text] == []
    assert [score for score in SCORES if score in text] == []
    assert text.count("采购人代表") == 1
    assert all(name not in text for name in set(FIRMS) - {notice.bidder})


def public(path: str) -> str:
    """Return a page that everybody may read."""
    with clock.frozen(LATER):
        answer = client_of("bidder-1").get(path)
    assert answer.status_code == 200
    return text_of(answer)


def test_the_text_of_a_notice_is_handed_out_as_it_was_logged(review: Review) -> None:
    awarding.lead(review, "announced")
    answer = ask("bidder-1", f"{notice_page(review)}.json", at=LATER)

    assert hashlib.sha256(answer.content).hexdigest() == Publication.objects.get().sha256
    assert answer["ETag"] == f'"{Publication.objects.get().sha256}"'
    assert parse_notice(answer.content).bid_ref == first(review)


def test_the_project_shows_its_result_first(review: Review) -> None:
    awarding.lead(review, "announced")
    text = public(f"/projects/{review.lot.tender_id}")

    assert f'data-result="{review.lot.pk}"' in text
    assert f'href="{notice_page(review)}"' in text
    assert "发出中标通知并公告" in text


@pytest.mark.parametrize(
    ("number", "own", "title"), [(1, "58.5", "结果告知书"), (2, "67.21", "结果告知书"), (3, "75.81", "结果告知书")]
)
def test_a_supplier_reads_its_own_score_and_rank_alone(review: Review, number: int, own: str, title: str) -> None:
    awarding.lead(review, "announced")
    text = read(f"bidder-{number}", own_page(review), at=LATER)

    assert [score for score in SCORES if score in text] == [own]
    assert (title in text, f"第{SCORES.index(own) + 1}名，共4家" in text) == (True, True)
    assert all(name not in text for name in FIRMS)
    assert "本单位的结果" in read(f"bidder-{number}", f"/supplier/{review.lot.tender_id}", at=LATER)


def test_the_winner_reads_its_award_and_until_when_to_sign(review: Review) -> None:
    winner = Organisation.objects.get(pk=review.city["bidder-4"].organisation)
    Unsealed.objects.filter(bid=review.bids[3].bid_id).update(credit_code=winner.code)
    awarding.lead(review, "announced")
    text = read("bidder-4", own_page(review), at=LATER)

    assert [word for word in ("中标通知书", winner.name, "4,700,000.00", "2026-04-27") if word not in text] == []


def test_a_supplier_without_a_bid_finds_no_result_of_its_own(review: Review) -> None:
    awarding.lead(review, "announced")

    assert ask("bidder-5", own_page(review), at=LATER).status_code == 404
    assert "本单位的结果" not in read("bidder-5", f"/supplier/{review.lot.tender_id}", at=LATER)
    assert codes(ask("agency-a", own_page(review), at=LATER)) == ["wrong-post"]


def test_a_void_tender_is_announced_with_its_reason(review: Review) -> None:
    Evaluation.objects.filter(pk=review.lot.pk).update(state="void", reason="valid-short")

    text = public(notice_page(review))
    assert ("废标公告" in text, shown_codes(text)) == (True, {"valid-short"})
    assert "本包废标" in read("bidder-1", own_page(review), at=CONCLUDED)
    assert ask("bidder-1", f"{notice_page(review)}.json", at=CONCLUDED).status_code == 404


def test_a_procurement_that_starts_anew_says_so_to_everybody(review: Review) -> None:
    awarding.handed(review)
    typed = {"ground": "unlawful", "reason": "评审中发现串通投标", "word": "重新采购"}
    assert send("buyer", page(review, "anew"), typed, at=AWARDED).status_code == 303

    text = public(notice_page(review))
    assert ("采购活动终止公告" in text, 'data-ground="unlawful"' in text) == (True, True)
    assert "串通投标" not in text
    assert "重新开展采购" in read("bidder-1", own_page(review), at=LATER)


def test_pages_take_as_many_queries_with_more_notices(review: Review) -> None:
    """A result that was overtaken costs nothing more; nor do more bids of others."""
    awarding.lead(review, "announced")
    paths = [("bidder-1", notice_page(review)), ("bidder-1", own_page(review)), ("buyer", page(review))]
    before = [queries(who, path) for who, path in paths]
    send("buyer", page(review, "next"), {"ground": "declined", "reason": "放弃", "word": "递补"}, at=LATER)
    send("buyer", page(review, "announce"), {"word": "公告"}, at=LATER, key="key-2")

    after = [queries(who, path) for who, path in paths]
    assert Publication.objects.count() == 2
    assert after == before


@pytest.mark.parametrize(
    ("account", "kind", "words"),
    [
        ("agency-a", "report-signed", ["评审报告已由全体成员签署", "请送交采购人"]),
        ("buyer", "hand_over", ["代理机构送交了评审报告", "请确定中标人"]),
        ("agency-a", "award", ["采购人已确定中标人", "请公告结果"]),
        ("supervisor", "announce", ["中标结果已公告"]),
        ("bidder-1", "own-result", ["结果已公告，本单位的结果可以查看"]),
    ],
)
def test_an_inbox_says_what_happened_and_what_is_asked(
    review: Review, account: str, kind: str, words: list[str]
) -> None:
    subject = f"tenders.tender:{review.lot.tender_id}"
    entry = Entry.objects.latest("pk").pk
    tell([review.city[account].handle], kind, subject=subject, entry=entry, name="课桌椅", number="1")

    text = read(account, "/account/inbox", at=LATER)
    assert [word for word in [*words, str(review.lot.tender_id)] if word not in text] == []
