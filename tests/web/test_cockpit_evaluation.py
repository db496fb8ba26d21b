"""The evaluation in the cockpit (监督评审): numbers, then the codes, then the scores, each from its own step on."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import TestCase

from mifeng.evaluation.codes import issues_of, secret_of
from mifeng.evaluation.models import BlindCopy
from mifeng.kernel.models import Entry, Noted
from mifeng.sittings.models import CheckIn
from mifeng.venues.models import Session
from tests.actions import awarding
from tests.actions.reviews import FIRMS, SCORING, SEATS, Review, lead, reach
from tests.conftest import read_city
from tests.factories import City
from tests.web.rooms import ask, queries, read
from tests.web.test_workspace_evaluation import concluded

LATER = SCORING + timedelta(minutes=10)


@pytest.fixture(scope="module")
def seated(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Review]:
    """A package whose committee has taken its seats."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield reach(read_city(), "seated")
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def review(seated: Review, db: None) -> Review:
    """Return the package; what the test does to it is undone after it."""
    return seated


def page_of(review: Review) -> str:
    """Return the address of a package in the cockpit."""
    return f"/cockpit/{review.lot.tender_id}/lots/{review.lot.pk}"


def test_codes_open_with_the_lock_and_scores_with_the_last_sheet(review: Review) -> None:
    """Not a step earlier, not to another authority; every look at them is noted, none changes anything."""
    for step in ("chaired", "reviewing"):
        lead(review, step)
    entries = Entry.objects.count()
    pages = [read("supervisor", page_of(review), at=SCORING)]
    entries_after = Entry.objects.count()
    for step in ("locked", "revealed"):
        lead(review, step)
        pages.append(read("supervisor", page_of(review), at=LATER))
    concluded(review)
    pages.append(read("supervisor", page_of(review), at=LATER))
    report = ask("supervisor", f"{page_of(review)}/report", at=LATER)
    for step in (awarding.handed, awarding.awarded):
        step(review)
    awarded = read("supervisor", page_of(review), at=awarding.AWARDED)

    codes = {line.code for issue in issues_of(review.row) for seat in issue.seats for line in seat.lines}
    shown = [({one for one in codes if one in page} == codes, any(one in page for one in codes)) for page in pages]
    assert shown == [(False, False), (True, True), (True, True), (True, True)]
    assert [secret_of(review.row).hex() in page for page in pages] == [False, True, True, True]
    assert ["与事先的承诺一致" in page for page in pages] == [False, True, True, True]
    assert [page.count("data-scores") for page in pages] == [0, 0, 2, 2]
    assert ["data-report" in page for page in pages] == [False, False, False, True]
    assert f"{FIRMS[3]}，第1名，采购人确定" in awarded
    # As they stand, beside bidder, item and seat.
    technical = pages[2].split("data-scores")[1].split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)", row) for row in technical.split("<tr")[2:4]]
    assert re.findall(r"席位([^<]*)<", technical) == list(SEATS)
    assert rows[0] == [FIRMS[0], "技术方案", "20.5", "20", "19.5", "19", "18.5"]
    assert rows[1] == [FIRMS[0], "技术参数", *["5"] * 5]
    assert (report["Content-Type"], entries_after) == ("application/pdf", entries)
    looks = [one.facts["step"] for one in Noted.objects.filter(kind="evaluation")]
    assert looks == ["locked", "revealed", "concluded", "concluded"]


def test_doubts_about_copies_are_told_to_whoever_scores_nothing(review: Review) -> None:
    """Agency and supervisor learn whose file it is; the purchaser, whose representative scores, learns how many."""
    awarding.leave_sitting(review)
    CheckIn.objects.update(session=Session.objects.get(purpose=f"tenders.tender:{review.lot.tender_id}").pk)
    BlindCopy.objects.filter(evaluation=review.lot.pk, position=2, number=1).update(after="", fault="file-encrypted")
    workspace = f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/evaluation"

    pages = [read("supervisor", page_of(review), at=SCORING)]
    pages += [read(account, workspace, at=SCORING) for account in ("agency-a", "buyer")]

    assert [("data-arrivals" in page, "杭锦后旗" in page) for page in pages] == [
        (True, True),
        (True, True),
        (True, False),
    ]
    assert ["1份技术文件做不成匿名副本" in page for page in pages] == [True, True, True]
    assert [f"第2家 {FIRMS[1]}，第1份" in page for page in pages] == [True, True, False]


@pytest.mark.parametrize(("account", "status"), [("agency-a", 403), ("buyer", 403), ("host", 403), ("bidder-1", 403)])
def test_nobody_else_watches(review: Review, account: str, status: int) -> None:
    assert [ask(account, page_of(review) + rest).status_code for rest in ("", "/report")] == [status, status]


def test_before_the_review_there_is_nothing_but_the_method(city: City) -> None:
    """And looking costs the same again."""
    review = reach(city, "published")

    page = read("supervisor", page_of(review))

    assert ("评审还没有开始" in page, "技术方案" in page, "技术分锁定前对任何人不显示" in page) == (True, True, True)
    assert queries("supervisor", page_of(review)) == queries("supervisor", page_of(review))
    assert ask("supervisor", f"{page_of(review)}/report").status_code == 404
