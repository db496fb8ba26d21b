"""Who learns what of a result, and when: inboxes, own results, the public, the clocks. GPLR-43, MOF-87-69."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.awards import queries
from mifeng.awards.models import Award
from mifeng.awards.tasks import tell_award, tell_bidders, tell_signed, tell_void
from mifeng.bidding.models import Unsealed
from mifeng.evaluation.models import Evaluation, Qualification, Report
from mifeng.kernel.inbox import lines
from mifeng.kernel.models import Entry
from mifeng.parties.models import Organisation
from mifeng.rules.encoding import canonical
from tests.actions import awarding
from tests.actions.awarding import ANNOUNCED, BIDS, first
from tests.actions.evidence import not_there
from tests.actions.reviews import FIRMS, Review

STEP = "revealed"
LATER = ANNOUNCED + timedelta(days=1)
CLOCKS = {
    "report": ("met", "2026-03-30"),
    "award": ("met", "2026-04-02"),
    "award-notice": ("met", "2026-03-31"),
    "result-notice": ("running", "2026-03-30"),
    "challenge": ("running", "2026-04-09"),
    "contract": ("running", "2026-04-27"),
}


@pytest.fixture(scope="module", autouse=True)
def concluded(reviewed: Review) -> None:
    """A report that every member has signed."""
    awarding.concluded(reviewed)


def found(review: Review) -> Award:
    """Return the award as the database has it."""
    return Award.objects.get(pk=review.lot.pk)


def told(account: str, review: Review) -> list[str]:
    """Return what the inbox of a post says, oldest first."""
    return list(reversed(lines(review.city[account]).values_list("kind", flat=True)))


def test_everybody_concerned_is_told_and_nobody_of_their_own_act(review: Review) -> None:
    """The agency is told that the report is signed, the purchaser that it came, bidders that their results are out."""
    register(review)
    tell_signed(entry_id=Entry.objects.filter(type="sign_report").latest("pk").pk)
    tell_signed(entry_id=Entry.objects.filter(type="sign_report").earliest("pk").pk)
    for step in (awarding.handed, awarding.awarded, awarding.announced):
        tell_award(entry_id=step(review).id)
    tell_bidders(entry_id=Entry.objects.latest("pk").pk)

    assert told("agency-a", review) == ["report-signed", "award"]
    assert told("buyer", review) == ["hand_over", "announce"]
    assert told("supervisor", review) == ["hand_over", "award", "announce"]
    assert [told(f"bidder-{number}", review) for number in (1, 2, 3, 4)] == [["own-result"]] * 3 + [[]]


def register(review: Review) -> None:
    """Let the first three bids be those of the first three suppliers of the city."""
    for number, row in enumerate(review.bids[:3], 1):
        own = Organisation.objects.get(pk=review.city[f"bidder-{number}"].organisation)
        Unsealed.objects.filter(pk=row.pk).update(credit_code=own.code)


def test_a_bidder_learns_its_own_result_alone(review: Review) -> None:
    """Score, rank and how many there were; the reason where it was not scored; nothing before the notice."""
    register(review)
    bidders = [review.city[f"bidder-{number}"] for number in (1, 2, 3)]
    awarding.handed(review)
    awarding.awarded(review)
    assert [queries.own_result(by, review.lot.pk) for by in bidders] == [None] * 3
    awarding.announced(review)

    own = [queries.own_result(by, review.lot.pk) for by in bidders]
    report = {one["bid_ref"]: one for one in json.loads(Report.objects.get().text)["bids"]}
    for result, bid_ref in zip(own, BIDS, strict=False):
        assert result is not None
        [bid] = result.bids
        line = report[bid_ref]
        assert bid.judged is not None
        assert (bid.bid_ref, bid.outcome, bid.valid) == (bid_ref, "won" if bid_ref == first(review) else "lost", 4)
        assert (str(bid.judged.rank), bid.judged.total) == (str(line["rank"]), Decimal(line["total"]))
        assert bid.judged.technical + bid.judged.business + bid.judged.price == bid.judged.total
    for by in (review.city["bidder-4"], review.city["agency-a"], review.city["buyer"]):
        with not_there(Unsealed):
            queries.own_result(by, review.lot.pk)


def test_who_was_not_scored_is_told_why(review: Review) -> None:
    """Not qualified: the words of the review. Thrown out by the committee or by arithmetic: its words, or the code."""
    register(review)
    awarding.lead(review, "announced")
    text = json.loads(Report.objects.get().text)
    for line, reasons in ((text["bids"][1], ["rejected"]), (text["bids"][2], ["price-above-ceiling"])):
        for name in set(line) - {"position", "bid_ref", "quote_yuan"}:
            del line[name]
        line |= {"valid": False, "reasons": reasons}
    text["rejected"] = {BIDS[1]: ["技术方案未响应"]}
    Report.objects.update(text=canonical(text).decode())
    Qualification.objects.filter(position=1).update(passed=False, reasons="未提供审计报告")

    found = [queries.own_result(review.city[f"bidder-{number}"], review.lot.pk) for number in (1, 2, 3)]
    assert [(one.bids[0].outcome, one.bids[0].reasons) for one in found if one] == [
        ("unqualified", ("未提供审计报告",)),
        ("invalid", ("技术方案未响应",)),
        ("invalid", ("price-above-ceiling",)),
    ]


def test_a_void_tender_is_public_with_its_reason(review: Review) -> None:
    register(review)
    Evaluation.objects.filter(pk=review.lot.pk).update(state="void", reason="valid-short")

    public = queries.public_result(review.lot.pk)
    own = queries.own_result(review.city["bidder-1"], review.lot.pk)
    assert public is not None
    assert own is not None
    assert (public.void, public.notice) == ("valid-short", None)
    assert [one.outcome for one in own.bids] == ["void"]
    tell_void(entry_id=Entry.objects.filter(type="conclude_evaluation").latest("pk").pk)
    assert told("bidder-1", review) == ["evaluation-void"]


def test_nothing_of_a_result_is_public_before_its_notice(review: Review) -> None:
    for step in ("handed", "awarded"):
        awarding.lead(review, step)
        assert queries.public_result(review.lot.pk) is None
        keys = {one.key: one.state for one in queries.public_clocks(review.lot.tender, [review.lot], LATER)}
        assert {keys[key] for key in ("report", "award", "award-notice", "result-notice", "challenge")} == {"idle"}


def test_award_is_read_by_its_parties_alone(review: Review) -> None:
    awarding.lead(review, "announced")
    city, lot = review.city, review.lot.pk
    for account in ("agency-a", "buyer", "supervisor"):
        assert queries.result_for(city[account], lot).bidder in FIRMS
    for account in ("agency-b", "buyer-2", "host", "bidder-1"):
        with pytest.raises(ObjectDoesNotExist):
            queries.result_for(city[account], lot)


def test_clocks_follow_the_award(review: Review) -> None:
    """Two working days to hand over, five to decide, two to announce, one on display, then seven to challenge."""
    awarding.lead(review, "announced")
    found = {one.key: one for one in queries.clocks(review.lot.tender, [review.lot], LATER)}

    assert {key: (found[key].state, str(found[key].limit_on)) for key in CLOCKS} == CLOCKS
