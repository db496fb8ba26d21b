"""The seed of a draw (抽取种子): everybody named in the policy contributes, all of them count, silence aborts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mifeng.experts.actions import abort_draw, fix_seed, record_contributions
from mifeng.experts.actions.draws import missing, stem
from mifeng.experts.models import Contribution, Draw
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.append import Written
from mifeng.rules import vrf
from mifeng.rules.draw.lots import alpha, seed
from mifeng.rules.errors import NotEntitled, Tampered, WrongMoment, WrongState
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import GIVEN, POOLED, SEEDED, assembled, contribution, draw_at
from tests.actions.evidence import changed, read_entry, refused, snapshot

STAGES = ("published",)
NAMES = ("witness", "witness-2", "witness-3")
WINDOW_OVER = POOLED + timedelta(hours=1)


@pytest.fixture
def draw(stages: Stages) -> Draw:
    """Return a draw whose pool is fixed."""
    panel = assembled(stages.city, stages["published"])
    draws.pooled(panel)
    return draw_at(panel, "市中心", stages.city)


def give(draw: Draw, *names: str) -> Written:
    """Record the contributions of some."""
    with clock.frozen(GIVEN):
        return record_contributions(draw.pk, [contribution(draw, name) for name in names], by=CLOCK)


def test_seed_is_made_of_all_contributions_over_the_pool_s_own_leaf(draw: Draw) -> None:
    """Nobody can know the seed before the pool is fixed, or choose it (GPLR-39)."""
    give(draw, *NAMES)

    with clock.frozen(SEEDED):
        written = fix_seed(draw.pk, by=CLOCK)

    handle, policy_hash, leaf = stem(draw)
    stem_hash = alpha(handle, policy_hash, leaf)
    betas = [vrf.proof_to_hash(contribution(draw, name).pi) for name in NAMES]
    draw.refresh_from_db()
    assert leaf == bytes(draw.pool_entry.leaf)
    assert draw.seed == seed(stem_hash, betas).hex()
    assert (draw.state, draw.seed_entry_id) == ("seeded", written.id)
    assert read_entry(written.id).facts("fix_seed") == {"handle": draw.handle, "seed": draw.seed}


def test_contributions_come_one_by_one_and_each_counts_once(draw: Draw) -> None:
    first = give(draw, "witness-2")
    second = give(draw, "witness", "witness-2")

    assert missing(draw) == ["witness-3"]
    [line] = read_entry(first.id).facts("contribute")["contributions"]
    assert line["name"] == "witness-2"
    assert [one["name"] for one in read_entry(second.id).facts("contribute")["contributions"]] == ["witness"]
    with refused(WrongState, "wrong-state"):
        give(draw, "witness")


def test_seed_without_everybody_is_refused(draw: Draw) -> None:
    """A subset would be a choice of the seed."""
    give(draw, "witness", "witness-3")

    with clock.frozen(SEEDED), refused(WrongState, "wrong-state"):
        fix_seed(draw.pk, by=CLOCK)


@pytest.mark.parametrize("spoilt", ["pi", "signature", "name"])
def test_contribution_that_does_not_fit_is_never_recorded(draw: Draw, spoilt: str) -> None:
    given = contribution(draw, "witness")
    other = contribution(draw, "witness-2")
    given = replace(given, **{spoilt: "witness-3" if spoilt == "name" else getattr(other, spoilt)})
    before = snapshot()

    with pytest.raises(Tampered):
        record_contributions(draw.pk, [given], by=CLOCK)

    assert changed(before) == {}


def test_contribution_of_somebody_else_is_refused(draw: Draw) -> None:
    given = replace(contribution(draw, "witness"), name="witness-4")

    with refused(WrongState, "wrong-state"):
        record_contributions(draw.pk, [given], by=CLOCK)


def test_contribution_of_another_draw_does_not_fit(stages: Stages, draw: Draw) -> None:
    other = Draw.objects.exclude(pk=draw.pk).filter(state="pooled")[0]

    with pytest.raises(Tampered):
        record_contributions(draw.pk, [contribution(other, "witness")], by=CLOCK)


def test_silent_contributor_aborts_the_draw_and_is_named(draw: Draw) -> None:
    """Leaving one out would be choosing the seed, so the draw ends, and everybody learns through whom."""
    give(draw, "witness", "witness-3")

    with clock.frozen(WINDOW_OVER):
        written = abort_draw(draw.pk, by=CLOCK)

    draw.refresh_from_db()
    assert (draw.state, draw.silent, draw.seed) == ("aborted", ["witness-2"], "")
    assert read_entry(written.id).facts("abort") == {"handle": draw.handle, "silent": ["witness-2"]}
    with clock.frozen(WINDOW_OVER), refused(WrongState, "wrong-state"):
        give(draw, "witness-2")


def test_draw_is_not_aborted_before_the_window_is_over_or_after_its_seed(draw: Draw) -> None:
    with clock.frozen(WINDOW_OVER - timedelta(microseconds=1)), refused(WrongMoment, "too-early"):
        abort_draw(draw.pk, by=CLOCK)
    give(draw, *NAMES)
    fix_seed(draw.pk, by=CLOCK)
    with clock.frozen(WINDOW_OVER), refused(WrongState, "wrong-state"):
        abort_draw(draw.pk, by=CLOCK)


@pytest.mark.parametrize("account", ["agency-a", "librarian", "supervisor"])
def test_seed_is_the_platform_s_and_the_contributors_business_alone(stages: Stages, draw: Draw, account: str) -> None:
    by = stages.city[account]

    with refused(NotEntitled, "wrong-post"):
        record_contributions(draw.pk, [contribution(draw, "witness")], by=by)
    with refused(NotEntitled, "wrong-post"):
        fix_seed(draw.pk, by=by)
    with clock.frozen(WINDOW_OVER), refused(NotEntitled, "wrong-post"):
        abort_draw(draw.pk, by=by)


def test_contributions_are_kept_as_they_verify(draw: Draw) -> None:
    give(draw, *NAMES)

    rows = Contribution.objects.filter(draw=draw).order_by("name")
    assert [(row.name, len(row.proof), len(row.signature)) for row in rows] == [(name, 162, 128) for name in NAMES]


def test_tender_of_the_draw_is_not_known_to_the_library(draw: Draw, stages: Stages) -> None:
    """The library is given a random number and a handle, no project (R131)."""
    tender: Tender = stages["published"]

    row = str({field.name: getattr(draw, field.name) for field in Draw._meta.fields})
    assert not [word for word in (str(tender.pk), tender.number, tender.name, str(tender.purchaser_id)) if word in row]
