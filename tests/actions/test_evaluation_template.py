"""The scoring template is fixed with the notice; the secret of the codes is committed to right after it.

GPLR-34, LC-2018-80 三(六). R174.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from mifeng.evaluation import tasks
from mifeng.evaluation.actions import begin_review, commit_codes, set_template
from mifeng.evaluation.codes import secret_of
from mifeng.evaluation.models import CodeKey, Evaluation, ScoringTemplate
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Entry
from mifeng.rules.blind import commitment
from mifeng.rules.errors import NotEntitled, Tampered, Unfair, WrongState
from mifeng.rules.scoring import format_template, parse_template, template_hash
from mifeng.tenders.actions import close_bidding, publish_notice
from mifeng.tenders.models import Lot
from tests.actions import draws, reviews
from tests.actions.evidence import jobs, read_entry, refused
from tests.actions.reviews import COMMITTED, NOTICED, Review
from tests.factories import DUE, City, fresh, lot_of, publishing
from tests.factories import published as published_project
from tests.rules.scores import TEMPLATE, items

STEP = "templated"
BEFORE = NOTICED - timedelta(seconds=30)


def noticed(review: Review) -> Lot:
    """Publish the notice and return the package."""
    tender = fresh(review.lot.tender)
    with clock.frozen(NOTICED):
        publish_notice(tender.pk, publishing(tender), by=review.city["agency-a"])
    return Lot.objects.get(pk=review.lot.pk)


def test_template_is_kept_as_it_was_set_and_named_by_its_hash(review: Review) -> None:
    row = ScoringTemplate.objects.get(pk=review.lot.pk)

    assert parse_template(row.text.encode()) == TEMPLATE
    assert row.template_hash == template_hash(format_template(TEMPLATE)).hex()
    read = read_entry(Entry.objects.get(type="set_template").pk)
    assert read.stream == f"tenders.lot:{review.lot.pk}"
    assert read.facts("set_template") == {"template": row.template_hash}


def test_template_can_be_set_anew_until_the_notice(review: Review) -> None:
    changed = replace(TEMPLATE, mean_places=3)
    with clock.frozen(BEFORE):
        set_template(review.lot.pk, changed, by=review.city["agency-a"])

    row = ScoringTemplate.objects.get(pk=review.lot.pk)
    assert parse_template(row.text.encode()) == changed
    noticed(review)
    with clock.frozen(COMMITTED), refused(WrongState, "wrong-state"):
        set_template(review.lot.pk, TEMPLATE, by=review.city["agency-a"])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"category": "services"}, ("malformed",)),
        ({"procedure": "consultation"}, ("malformed",)),
        ({"version": 2}, ("malformed",)),
        ({"mean_places": 9}, ("malformed",)),
        ({"items": items(t1={"max": Decimal(29)})}, ("template-sum",)),
        ({"items": items(p={"max": Decimal(20)}, t1={"max": Decimal(40)})}, ("price-weight",)),
    ],
)
def test_unlawful_template_is_refused(review: Review, change: dict[str, object], codes: tuple[str, ...]) -> None:
    with clock.frozen(BEFORE), refused(Unfair, *codes):
        set_template(review.lot.pk, replace(TEMPLATE, **change), by=review.city["agency-a"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("account", "code"), [("agency-b", "not-your-project"), ("buyer", "wrong-post")])
def test_only_the_agency_of_the_project_sets_its_template(review: Review, account: str, code: str) -> None:
    with clock.frozen(BEFORE), refused(NotEntitled, code):
        set_template(review.lot.pk, TEMPLATE, by=review.city[account])


def test_secret_is_committed_to_after_the_notice_and_kept_closed(review: Review) -> None:
    lot = noticed(review)
    assert ("evaluation.commit_codes", {"entry_id": Entry.objects.get(type="publish_notice").pk}) in jobs()

    with clock.frozen(COMMITTED):
        tasks.commit_codes(entry_id=Entry.objects.get(type="publish_notice").pk)

    row = CodeKey.objects.get(pk=lot.pk)
    k_op = secret_of(Evaluation(pk=lot.pk, lot_ref=lot.lot_ref))
    assert commitment(bytes.fromhex(lot.lot_ref), k_op).hex() == row.commitment
    assert k_op not in bytes(row.sealed)
    read = read_entry(row.entry_id or 0)
    assert read.facts("commit_codes") == {
        "lot_ref": lot.lot_ref,
        "commitment": row.commitment,
        "template": ScoringTemplate.objects.get(pk=lot.pk).template_hash,
    }
    assert k_op.hex() not in str(read.body)


def test_secret_is_committed_to_once(review: Review) -> None:
    lot = noticed(review)
    with clock.frozen(COMMITTED):
        written = commit_codes(lot.pk)
        with pytest.raises(Repeated) as again:
            commit_codes(lot.pk)
        tasks.look_after(timestamp=0)

    assert again.value.entry == written.id
    assert Entry.objects.filter(type="commit_codes").count() == 1


def test_minute_s_look_commits_where_the_job_was_lost(review: Review) -> None:
    lot = noticed(review)
    with clock.frozen(COMMITTED):
        tasks.look_after(timestamp=0)

    assert CodeKey.objects.filter(pk=lot.pk).exists()


def test_secret_of_another_time_is_refused(review: Review) -> None:
    with clock.frozen(BEFORE), refused(WrongState, "wrong-state"):
        commit_codes(review.lot.pk)
    lot = noticed(review)
    with clock.frozen(COMMITTED), refused(NotEntitled, "wrong-post"):
        commit_codes(lot.pk, by=review.city["agency-a"])
    with clock.frozen(DUE):
        close_bidding(lot.pk, by=CLOCK)
        with refused(WrongState, "wrong-state"):
            commit_codes(lot.pk)


def test_secret_is_not_committed_to_after_a_contribution(review: Review) -> None:
    """Nobody may choose the secret who knows a seed."""
    lot = noticed(review)
    panel = draws.assembled(review.city, lot.tender)
    draws.pooled(panel)
    draws.contributed(panel)

    with clock.frozen(draws.SEEDED), refused(WrongState, "codes-late"):
        commit_codes(lot.pk)


def test_other_secret_than_the_one_committed_to_is_found(review: Review) -> None:
    reviews.published(review)
    CodeKey.objects.update(commitment="00" * 32)

    with pytest.raises(Tampered):
        secret_of(Evaluation(pk=review.lot.pk, lot_ref=review.lot.lot_ref))


def test_nothing_is_evaluated_where_the_documents_have_no_template(city: City) -> None:
    tender = published_project(city)
    lot = lot_of(tender)
    reviews.leave_opening(lot)

    with clock.frozen(reviews.OPENED):
        with refused(WrongState, "template-missing"):
            commit_codes(lot.pk)
        with refused(WrongState, "template-missing"):
            begin_review(lot.pk)
        tasks.commit_codes(entry_id=Entry.objects.get(type="publish_notice").pk)
        tasks.begin_reviews(entry_id=Entry.objects.get(type="publish_notice").pk)
        tasks.look_after(timestamp=0)

    assert not CodeKey.objects.exists()
    assert not Evaluation.objects.exists()
