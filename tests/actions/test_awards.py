"""From the signed report to the published result: every act, in its order and on its grounds. GPLR-43, GPLR-49.

MOF-87-68, MOF-87-69.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from mifeng.awards import queries
from mifeng.awards.actions import (
    announce,
    award,
    deem_awarded,
    explain_delay,
    hand_over,
    start_anew,
    take_next,
)
from mifeng.awards.models import Award, PassedOver, Publication
from mifeng.config.reactions import DUE
from mifeng.evaluation.models import Evaluation
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.deadlines import wake
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Deadline, Entry
from mifeng.parties.models import Organisation
from mifeng.rules.award import parse_notice
from mifeng.rules.calendar import legal_date
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.tenders.models import Lot
from tests.actions import awarding
from tests.actions.acts import elsewhere
from tests.actions.awarding import ANNOUNCED, AWARDED, HANDED, candidates, committee, first
from tests.actions.evidence import read_entry, refused
from tests.actions.reviews import FIRMS, SEATS, Review

STEP = "revealed"
LATER = ANNOUNCED + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def concluded(reviewed: Review) -> None:
    """A report that every member has signed."""
    awarding.concluded(reviewed)


def found(review: Review) -> Award:
    """Return the award as the database has it."""
    return Award.objects.get(pk=review.lot.pk)


def test_a_report_is_handed_over(review: Review) -> None:
    written = awarding.handed(review)

    entry = read_entry(written.id)
    assert (entry.type, entry.stream, entry.moves) == (
        "hand_over", f"awards.award:{review.lot.pk}", ["awards.award hand_over:  → handed"]
    )  # fmt: skip
    assert entry.facts("hand_over")["report"] == review.row.report_hash
    assert entry.refs == (f"tenders.lot:{review.lot.pk}", f"tenders.tender:{review.lot.tender_id}")
    due = Deadline.objects.get(subject=f"awards.award:{review.lot.pk}")
    assert (due.step, due.source, due.started_by) == ("deem_awarded", "MOF-87-68", "hand_over")


def test_the_first_is_awarded(review: Review) -> None:
    awarding.handed(review)
    written = awarding.awarded(review)

    facts = read_entry(written.id).facts("award")
    assert facts == {
        "bid_ref": first(review), "rank": 1, "report": review.row.report_hash, "reason": "", "ground": "", "passed": []
    }  # fmt: skip
    assert not Deadline.objects.filter(subject=f"awards.award:{review.lot.pk}").exists()


def test_a_result_is_announced(review: Review) -> None:
    awarding.handed(review)
    awarding.awarded(review)
    written = awarding.announced(review)

    text = read_entry(written.id).facts("announce")["notice"]
    notice = parse_notice(text.encode())
    row = Publication.objects.get()
    assert (row.text, row.sha256, row.entry_id) == (text, hashlib.sha256(text.encode()).hexdigest(), written.id)
    assert (notice.bid_ref, notice.rank, notice.number, notice.deemed) == (first(review), 1, 1, False)
    assert notice.bidder in FIRMS
    assert notice.experts == committee()
    assert json.loads(text)["format"] == "mifeng-result/1"
    assert review.city["buyer"].handle not in text


def test_nobody_else_carries_an_award_out(review: Review) -> None:
    """The agency hands over, the purchaser decides; neither for another's project. The clock alone deems."""
    lot, city = review.lot.pk, review.city
    for by, code in ((city["buyer"], "wrong-post"), (city["agency-b"], "not-your-project")):
        with refused(NotEntitled, code):
            hand_over(lot, by=by)
    awarding.handed(review)
    for by, code in ((city["agency-a"], "wrong-post"), (city["buyer-2"], "not-your-project")):
        for act in (award_first, give_reason, begin_anew):
            with refused(NotEntitled, code), clock.frozen(AWARDED):
                act(review, by)
    with refused(NotEntitled, "wrong-post"), clock.frozen(LATER):
        deem_awarded(lot, by=city["buyer"])
    awarding.awarded(review)
    for by, code in ((city["host"], "wrong-post"), (elsewhere(city["buyer"]), "not-your-project")):
        with refused(NotEntitled, code), clock.frozen(ANNOUNCED):
            announce(lot, committee=committee(), by=by)


def award_first(review: Review, by: Actor) -> Written:
    """Decide for the first."""
    return award(review.lot.pk, first(review), by=by)


def give_reason(review: Review, by: Actor) -> Written:
    """State why nothing can be decided in time."""
    return explain_delay(review.lot.pk, "质疑正在处理", by=by)


def begin_anew(review: Review, by: Actor) -> Written:
    """Give the award up."""
    return start_anew(review.lot.pk, "unlawful", "评审中发现串通投标", by=by)


def follow(review: Review, by: Actor) -> Written:
    """Take the next candidate."""
    return take_next(review.lot.pk, "declined", "中标人来函放弃", by=by)


def publish(review: Review, by: Actor) -> Written:
    """Publish the result."""
    return announce(review.lot.pk, committee=committee(), by=by)


@pytest.mark.parametrize(
    ("step", "acts"),
    [
        ("handed", (publish, follow)),
        ("awarded", (award_first, give_reason)),
        ("announced", (award_first, give_reason, publish)),
    ],
)
def test_each_act_has_its_step(review: Review, step: str, acts: tuple[Callable[[Review, Actor], Written], ...]) -> None:
    """Nothing is done before its step nor twice, and a report is handed over once."""
    awarding.lead(review, step)

    for act in acts:
        with refused(WrongState, "wrong-state"), clock.frozen(LATER):
            act(review, review.city["buyer"])
    with refused(WrongState, "wrong-state"), clock.frozen(LATER):
        hand_over(review.lot.pk, by=review.city["agency-a"])


def test_no_act_before_the_report_is_handed_over(review: Review) -> None:
    for act in (award_first, give_reason, publish, follow, begin_anew):
        with refused(WrongState, "wrong-state"), clock.frozen(LATER):
            act(review, review.city["buyer"])
        with refused(NotEntitled, "not-your-project"), clock.frozen(LATER):
            act(review, review.city["buyer-2"])


def test_a_report_without_all_signatures_is_not_handed_over(review: Review) -> None:
    Evaluation.objects.filter(pk=review.lot.pk).update(state="revealed")

    with refused(WrongState, "wrong-state"), clock.frozen(HANDED):
        hand_over(review.lot.pk, by=review.city["agency-a"])


@pytest.mark.parametrize(
    ("place", "ground", "reason", "code"),
    [
        (1, "", "", "award-order"),
        (1, "", "价格更合适", "award-order"),
        (1, "cheaper", "价格更合适", "award-ground"),
        (1, "declined", " ", "reason-required"),
        (3, "declined", "不在推荐之列", "award-order"),
        (0, "cheaper", "", "award-ground"),
    ],
)
def test_another_than_the_first_takes_a_lawful_ground(
    review: Review, place: int, ground: str, reason: str, code: str
) -> None:
    awarding.handed(review)
    bid = [*candidates(review), awarding.left_out(review)][place]

    with refused(Unfair, code), clock.frozen(AWARDED):
        award(review.lot.pk, bid, reason, ground=ground, by=review.city["buyer"])


@pytest.mark.parametrize("place", [1, 2])
def test_candidates_are_passed_over_on_record(review: Review, place: int) -> None:
    """Everybody before the chosen one is passed over with ground and words; the rank is the report's."""
    awarding.handed(review)
    order = candidates(review)
    with clock.frozen(AWARDED):
        written = award(review.lot.pk, order[place], "来函放弃", ground="declined", by=review.city["buyer"])

    facts = read_entry(written.id).facts("award")
    assert (facts["bid_ref"], facts["rank"], facts["ground"]) == (order[place], place + 1, "declined")
    assert facts["passed"] == list(order[:place])
    rows = PassedOver.objects.order_by("pk").values_list("bid_ref", "ground", "reason")
    assert list(rows) == [(bid, "declined", "来函放弃") for bid in order[:place]]


def test_first_is_deemed_to_win_when_five_working_days_are_over(review: Review) -> None:
    """Handed over on a Thursday: the fifth working day is the next Thursday, to its last instant."""
    awarding.handed(review)
    due_at = Deadline.objects.get(subject=f"awards.award:{review.lot.pk}").at
    assert legal_date(due_at - timedelta(seconds=1)).isoformat() == "2026-04-02"

    with refused(WrongMoment, "too-early"), clock.frozen(due_at - timedelta(seconds=1)):
        deem_awarded(review.lot.pk)
    with clock.frozen(due_at):
        assert wake(DUE) == 1

    assert (found(review).state, found(review).bid_ref, found(review).deemed) == ("awarded", first(review), True)
    facts = read_entry(Entry.objects.latest("pk").pk).facts("deem_awarded")
    assert facts == {"bid_ref": first(review), "rank": 1, "report": review.row.report_hash, "reason": ""}
    with clock.frozen(due_at + timedelta(hours=1)):
        assert parse_notice(
            read_entry(publish(review, review.city["buyer"]).id).facts("announce")["notice"].encode()
        ).deemed


def test_a_lawful_reason_stops_the_clock_and_not_the_decision(review: Review) -> None:
    awarding.handed(review)
    with refused(Unfair, "reason-required"), clock.frozen(AWARDED):
        explain_delay(review.lot.pk, "", by=review.city["buyer"])
    with clock.frozen(AWARDED):
        written = give_reason(review, review.city["buyer"])

    assert read_entry(written.id).facts("explain_delay")["reason"] == "质疑正在处理"
    with refused(WrongMoment, "too-early"), clock.frozen(HANDED + timedelta(days=30)):
        deem_awarded(review.lot.pk)
    with clock.frozen(HANDED + timedelta(days=30)):
        award_first(review, review.city["buyer"])
    outcome = queries.result_for(review.city["buyer"], review.lot.pk)
    assert (outcome.state, outcome.deemed, outcome.delay_reason) == ("awarded", False, "质疑正在处理")


def test_a_result_names_every_member_or_is_not_published(review: Review) -> None:
    """A seat without a name, or with one of another role, has none; without names the sitting itself is asked."""
    awarding.handed(review)
    awarding.awarded(review)
    nameless = [*committee()[:4], replace(committee()[4], name="")]
    other = [replace(committee()[0], role="expert"), *committee()[1:]]

    for named, seats in ((nameless, ["two/1"]), (other, ["host/1"]), (None, list(SEATS))):
        with refused(WrongState, "names-missing") as refusal, clock.frozen(ANNOUNCED):
            announce(review.lot.pk, committee=named, by=review.city["agency-a"])
        assert refusal.value.facts["seats"] == seats


def test_nobody_is_named_while_the_committee_still_sits(review: Review) -> None:
    """The same people judge every package of a project: their names would be out before their scores. MOF-87-47."""
    awarding.lead(review, "awarded")
    other = Lot.objects.get(pk=review.lot.pk)
    other.pk, other.number, other.lot_ref = uuid4(), 2, "f" * 64
    Lot.objects.bulk_create([other])
    Evaluation.objects.bulk_create([Evaluation(lot=other, lot_ref=other.lot_ref, state="reviewing")])

    with refused(WrongState, "committee-sitting") as refusal:
        awarding.announced(review)
    assert refusal.value.facts["lots"] == [2]

    Evaluation.objects.filter(pk=other.pk).update(state="void")
    awarding.announced(review)


def test_names_are_opened_for_the_notice(review: Review) -> None:
    """Nobody hands them in: they come from the sitting, where they stood closed."""
    awarding.leave_sitting(review)
    awarding.handed(review)
    awarding.awarded(review)
    with clock.frozen(ANNOUNCED):
        written = announce(review.lot.pk, by=review.city["buyer"])

    assert parse_notice(read_entry(written.id).facts("announce")["notice"].encode()).experts == committee()


def test_next_candidates_follow_until_none_is_left(review: Review) -> None:
    """Each is announced anew; the notice before stays as it was. Then only a new procurement is left."""
    awarding.lead(review, "announced")
    order, by = candidates(review), review.city["buyer"]
    with refused(Unfair, "award-ground"), clock.frozen(LATER):
        take_next(review.lot.pk, "", "没有理由", by=by)
    for place in (1, 2):
        with clock.frozen(LATER + timedelta(hours=place)):
            written = follow(review, by)
            publish(review, by)
        facts = read_entry(written.id).facts("take_next")
        assert (facts["bid_ref"], facts["rank"], facts["passed"]) == (order[place], place + 1, [order[place - 1]])
    with refused(Unfair, "candidates-spent"), clock.frozen(LATER + timedelta(days=1)):
        follow(review, by)

    numbers = Publication.objects.order_by("number")
    assert [parse_notice(row.text.encode()).bid_ref for row in numbers] == list(order)
    with clock.frozen(LATER + timedelta(days=1)):
        begin_anew(review, by)
    assert (found(review).state, found(review).ground) == ("restarted", "unlawful")


@pytest.mark.parametrize("step", ["handed", "awarded", "announced"])
def test_a_procurement_starts_anew_from_any_step(review: Review, step: str) -> None:
    awarding.lead(review, step)
    with clock.frozen(LATER):
        written = begin_anew(review, review.city["buyer"])

    facts = read_entry(written.id).facts("start_anew")
    assert (facts["ground"], facts["reason"]) == ("unlawful", "评审中发现串通投标")
    assert not Deadline.objects.filter(subject=f"awards.award:{review.lot.pk}", met_at=None).exists()
    public = queries.public_result(review.lot.pk)
    assert public is not None
    assert (public.restarted, public.standing, public.notice is None) == ("unlawful", False, step != "announced")


def test_a_banned_agency_hands_nothing_over_and_the_purchaser_goes_on(review: Review) -> None:
    awarding.handed(review)
    awarding.awarded(review)
    Organisation.objects.filter(pk=review.lot.tender.agency_id).update(banned_until=date(2027, 1, 1))

    with refused(NotEntitled, "agency-banned"), clock.frozen(ANNOUNCED):
        publish(review, review.city["agency-a"])
    with clock.frozen(ANNOUNCED):
        publish(review, review.city["buyer"])
    assert found(review).state == "announced"
