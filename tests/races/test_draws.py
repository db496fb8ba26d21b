"""Two walks want one person (同一专家两处邀请): asked twice without the locks, once at a time with them."""

from datetime import timedelta
from typing import Any

import pytest

from mifeng.experts import pools
from mifeng.experts.actions import commit_pool, fix_seed, invite_next, record_contributions, walks
from mifeng.experts.models import Draw
from mifeng.kernel.acting import Act
from mifeng.kernel.actors import CLOCK
from mifeng.rules.errors import WrongState
from mifeng.sittings.models import Panel
from mifeng.sittings.parties import parties
from tests.actions import draws
from tests.actions.draws import INVITED, assembled, draws_of, person, waiting
from tests.factories import City, published
from tests.races.contest import Rendezvous, at, raised, together

TRIES = 12


def crowded(city: City, day: int = 0) -> Panel:
    """Return a panel of three draws with their seeds, all from one pool of six persons."""
    draws.leave_few(6)
    panel = assembled(city, published(city, later=timedelta(days=day)))
    draws.seeded(panel)
    return panel


def asked_twice(panel: Panel) -> bool:
    """Tell whether a person holds more than one invitation at once."""
    asked = [person(one) for one in waiting(draws_of(panel))]
    return len(set(asked)) < len(asked)


def inviting(panel: Panel) -> list[Any]:
    """Let every walk of a panel go on at once; return how each came out."""
    return together(*(at(INVITED, lambda pk=draw.pk: invite_next(pk, by=CLOCK)) for draw in draws_of(panel)))


def test_without_the_locks_a_person_is_asked_twice(committing: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: all look before anybody writes, and the same person leads two orders sooner or later."""
    look = pools.occupied

    def locked_alone(act: Act, draw_id: Any) -> Draw:
        return act.lock(Draw, draw_id)

    monkeypatch.setattr(walks, "lock_draw", locked_alone)
    for day in range(TRIES):
        panel, meeting = crowded(committing, day), Rendezvous(3)

        def looked(draw: Draw, meeting: Rendezvous = meeting) -> Any:
            found = look(draw)
            meeting.wait_once()
            return found

        with monkeypatch.context() as inner:
            inner.setattr(pools, "occupied", looked)
            assert raised(inviting(panel)) == []
        if asked_twice(panel):
            return
    pytest.fail("nobody was asked twice")


@pytest.mark.parametrize("tries", [4, pytest.param(TRIES, marks=pytest.mark.prove)])
def test_a_person_is_asked_once_at_a_time(committing: City, tries: int) -> None:
    panel = crowded(committing)

    for _ in range(tries):
        came = inviting(panel)
        assert {type(error) for error in raised(came)} <= {WrongState}
        assert not asked_twice(panel)


def test_pool_and_seed_are_fixed_once(committing: City) -> None:
    panel = assembled(committing, published(committing))
    draw = draws_of(panel)[0]
    firms = parties(panel.tender)

    pooled = together(*[at(INVITED, lambda: commit_pool(draw.pk, firms, by=CLOCK))] * 3)
    fresh = Draw.objects.get(pk=draw.pk)
    given = [draws.contribution(fresh, one["name"]) for one in fresh.contributors]
    recorded = together(*[at(INVITED, lambda: record_contributions(draw.pk, given, by=CLOCK))] * 3)
    seeded = together(*[at(INVITED, lambda: fix_seed(draw.pk, by=CLOCK))] * 3)

    assert [len(raised(came)) for came in (pooled, recorded, seeded)] == [2, 2, 2]
    assert {type(error) for came in (pooled, recorded, seeded) for error in raised(came)} == {WrongState}
