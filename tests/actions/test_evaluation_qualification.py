"""From the opening to who is qualified: MOF-87-44, GPL-36. Purchaser or agency review, then the committee begins."""

import hashlib
import io
from datetime import timedelta

import pikepdf
import pytest

from mifeng.bidding import staging
from mifeng.bidding.models import OpenedFile, Opening, Unsealed
from mifeng.evaluation import queries, tasks
from mifeng.evaluation.actions import begin_review, record_copies, review_qualification, start_evaluation
from mifeng.evaluation.copies import make_copies
from mifeng.evaluation.models import BlindCopy, CodeKey, Qualification
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from tests.actions import reviews
from tests.actions.evidence import jobs, not_there, read_entry, refused
from tests.actions.reviews import OPENED, REVIEWED, Review, reviews_of

STEP = "published"
LATER = REVIEWED + timedelta(minutes=5)


@pytest.fixture
def begun(review: Review) -> Review:
    """A package whose bids are being reviewed."""
    reviews.opened(review)
    return review


def test_review_begins_when_the_bids_are_open(review: Review) -> None:
    reviews.leave_opening(review.lot)
    with clock.frozen(OPENED):
        written = begin_review(review.lot.pk)

    read = read_entry(written.id)
    assert read.moves == ["evaluation.evaluation begin_review:  → qualifying"]
    assert read.refs == (f"tenders.lot:{review.lot.pk}", f"tenders.tender:{review.lot.tender_id}")
    assert review.row.template_hash == read.facts("begin_review")["template_hash"]


def test_review_does_not_begin_before_or_twice_or_without_a_secret(review: Review) -> None:
    reviews.leave_opening(review.lot)
    Opening.objects.update(state="releasing")
    with clock.frozen(OPENED), refused(WrongState, "wrong-state"):
        begin_review(review.lot.pk)
    assert queries.progress(review.city["agency-a"], review.lot.pk).state == ""
    Opening.objects.update(state="public")
    with clock.frozen(OPENED), refused(NotEntitled, "wrong-post"):
        begin_review(review.lot.pk, by=review.city["supervisor"])
    kept = CodeKey.objects.get()
    CodeKey.objects.all().delete()
    with clock.frozen(OPENED), refused(WrongState, "template-missing"):
        begin_review(review.lot.pk)
    kept.save(force_insert=True)
    with clock.frozen(OPENED):
        tasks.look_after(timestamp=0)
        assert review.state == "qualifying"
        with refused(WrongState, "wrong-state"):
            begin_review(review.lot.pk)


def test_opening_starts_the_review_by_its_job(review: Review) -> None:
    reviews.leave_opening(review.lot)
    with clock.frozen(OPENED):
        tasks.begin_reviews(entry_id=CodeKey.objects.get().entry_id or 0)

    assert review.state == "qualifying"


def test_four_of_four_qualified_bids_go_on(begun: Review) -> None:
    reviews.qualified(begun)

    assert begun.state == "qualified"
    assert [(row.position, row.passed) for row in reviews_of(begun)] == [(1, True), (2, True), (3, True), (4, True)]
    assert {one[0] for one in jobs()[-3:]} == {"evaluation.go_on", "evaluation.take_seats", "awards.tell_void"}


def test_three_of_four_go_on_and_the_fourth_is_out_with_its_reason(begun: Review) -> None:
    reviews.qualified(begun, failed=(2,))

    assert begun.state == "qualified"
    assert [row.reasons for row in reviews_of(begun)] == ["", "未提供审计报告", "", ""]


def test_fewer_than_three_qualified_make_the_tender_void(begun: Review) -> None:
    reviews.qualified(begun, failed=(1, 3))

    row = begun.row
    assert (row.state, row.reason) == ("void", "qualified-short")
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        review_qualification(begun.bids[0].bid_id, True, by=begun.city["agency-a"])


def test_review_can_be_changed_until_it_is_closed(begun: Review) -> None:
    bid = begun.bids[0].bid_id
    with clock.frozen(REVIEWED):
        review_qualification(bid, False, "业绩证明缺页", by=begun.city["agency-a"])
        written = review_qualification(bid, True, "", by=begun.city["buyer"])

    assert [(row.passed, row.reasons) for row in reviews_of(begun)] == [(True, "")]
    read = read_entry(written.id)
    assert read.stream == f"evaluation.evaluation:{begun.lot.pk}"
    assert read.facts("review_qualification") == {
        "bid_ref": f"{1:064x}",
        "position": 1,
        "passed": True,
        "reasons": "",
    }
    reviews.qualified(begun)
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        review_qualification(bid, True, by=begun.city["agency-a"])
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        start_evaluation(begun.lot.pk, by=begun.city["agency-a"])


@pytest.mark.parametrize(
    ("account", "code"), [("agency-b", "not-your-project"), ("buyer-2", "not-your-project"), ("host", "wrong-post")]
)
def test_only_purchaser_and_agency_of_the_project_review(begun: Review, account: str, code: str) -> None:
    with clock.frozen(REVIEWED), refused(NotEntitled, code):
        review_qualification(begun.bids[0].bid_id, True, by=begun.city[account])
    with clock.frozen(REVIEWED), refused(NotEntitled, code):
        start_evaluation(begun.lot.pk, by=begun.city[account])


def test_review_says_why_a_bidder_is_not_qualified(begun: Review) -> None:
    with clock.frozen(REVIEWED), refused(Unfair, "reason-required"):
        review_qualification(begun.bids[0].bid_id, False, " ", by=begun.city["agency-a"])


def test_every_opened_bid_is_reviewed_and_no_other(begun: Review) -> None:
    sealed = begun.bids[3]
    Unsealed.objects.filter(pk=sealed.pk).update(fault="bidder", reason="key-absent")
    with clock.frozen(REVIEWED):
        with not_there(Unsealed):
            review_qualification(sealed.bid_id, True, by=begun.city["agency-a"])
        for row in begun.bids[:2]:
            review_qualification(row.bid_id, True, by=begun.city["agency-a"])
        with refused(WrongState, "review-missing") as refusal:
            start_evaluation(begun.lot.pk, by=begun.city["agency-a"])
        review_qualification(begun.bids[2].bid_id, True, by=begun.city["agency-a"])
        start_evaluation(begun.lot.pk, by=begun.city["buyer"])

    assert refusal.value.facts == {"missing": 1}
    assert begun.state == "qualified"


def test_copies_are_made_once_for_the_qualified_bids(begun: Review) -> None:
    reviews.qualified(begun, failed=(4,))
    with clock.frozen(LATER):
        tasks.go_on(entry_id=_last("start_evaluation"))
        tasks.go_on(entry_id=_last("start_evaluation"))
        with refused(WrongState, "wrong-state"):
            record_copies(begun.lot.pk, [])
        with refused(NotEntitled, "wrong-post"):
            record_copies(begun.lot.pk, [], by=begun.city["agency-a"])

    rows = BlindCopy.objects.order_by("position", "number")
    assert [(row.position, row.number, row.pages) for row in rows] == [
        (position, number, number) for position in (1, 2, 3) for number in (1, 2)
    ]
    assert make_copies(begun.lot.pk)[0].after == rows[0].after
    said = read_entry(_last("record_copies")).facts("record_copies")["files"]
    assert [one["before"] for one in said] == [row.before for row in rows]
    assert all(row.before != row.after for row in rows)


def test_file_that_may_not_be_shown_is_none(begun: Review) -> None:
    """What is no harmless PDF stays where it is; the record says so."""
    reviews.qualified(begun)
    kept = Qualification.objects.order_by("position")[0]
    vaulted = make_copies(begun.lot.pk)
    _spoil(kept, 1, b"not a pdf at all")

    copies = make_copies(begun.lot.pk)

    assert [one.fault for one in copies[:2]] == ["file-type", ""]
    assert (copies[0].after, copies[1]) == ("", vaulted[1])


def test_file_that_breaks_the_tool_keeps_nobody_from_being_judged(begun: Review) -> None:
    """A page tree that leads into itself: harmless to keep, impossible to copy."""
    reviews.qualified(begun)
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.Pages.Kids = pikepdf.Array([document.Root.Pages])
    out = io.BytesIO()
    document.save(out)
    _spoil(Qualification.objects.order_by("position")[1], 2, out.getvalue())

    copies = make_copies(begun.lot.pk)

    assert [one.fault for one in copies] == ["", "", "", "file-type", "", "", "", ""]
    with clock.frozen(LATER):
        record_copies(begun.lot.pk, copies)
    assert queries.progress(begun.city["agency-a"], begun.lot.pk).doubtful == 1


def _spoil(row: Qualification, number: int, data: bytes) -> None:
    """Let a technical file of a bid be some other bytes, kept as evidence is."""
    staging.keep(data)
    sha256 = hashlib.sha256(data).hexdigest()
    OpenedFile.objects.filter(bid=row.bid_id, part="technical", position=number).update(sha256=sha256)


def _last(step: str) -> int:
    return Entry.objects.filter(type=step).latest("pk").pk
