"""Everybody at once (并发风暴): random acts of every post on the same few projects, with the worker among them.

Whatever the order, an act is done or lawfully refused: no deadlock, no raw error of the database, no state that the
ledger does not know.
"""

import os
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from mifeng.config.reactions import DUE as WORK
from mifeng.kernel import clock, deadlines
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.models import Entry
from mifeng.rules.errors import Refusal
from tests.actions.acts import ACTS, REPLY_BY, SOON, actor
from tests.factories import DUE, City, entered, fixed, published
from tests.races.contest import Run, raised, together
from tests.races.test_seats import overlaps

THREADS = 8
ROUNDS = 60
MOMENTS = (SOON, SOON + timedelta(hours=2), REPLY_BY, DUE - timedelta(milliseconds=1), DUE)
WEIGHTS = (40, 40, 10, 5, 5)  # once a project is closed little more can happen to it
NAMED = [name for name in ACTS if name != "enter_tender"]
BROKEN_CHAINS = """
SELECT count(*) FROM (
    SELECT convert_from(data, 'UTF8')::json ->> 'prev' AS prev,
        coalesce(lag(encode(leaf, 'hex')) OVER (PARTITION BY stream_id ORDER BY id), '') AS before FROM kernel_entry
) chained WHERE prev <> before
"""


@pytest.mark.parametrize("rounds", [15, pytest.param(ROUNDS, marks=pytest.mark.prove)])
def test_acts_of_everybody_at_once(committing: City, rounds: int) -> None:
    """Eight people act at random on three projects; the rows end where the ledger says they went."""
    seed = int(os.environ.get("MIFENG_SEED", "0")) or random.randrange(10**6)  # noqa: S311 - moments, no secrets
    print(f"MIFENG_SEED={seed}")
    projects = [entered(committing), fixed(committing), published(committing)]
    counted: Counter[str] = Counter()

    def person(number: int) -> Run:
        drawn = random.Random(seed + number)  # noqa: S311 - as above

        def body() -> None:
            for _ in range(rounds):
                name, tender = drawn.choice(NAMED), drawn.choice(projects)
                with clock.frozen(drawn.choices(MOMENTS, WEIGHTS)[0]):
                    counted[attempt(name, committing, tender)] += 1
                    if drawn.random() < 0.05:
                        deadlines.wake(WORK)

        return body

    assert raised(together(*[person(number) for number in range(THREADS)])) == []
    print(counted.most_common())
    assert overlaps() == 0
    assert broken_chains() == 0
    assert {subject: state for subject, state in told().items() if state_of(subject) != state} == {}
    assert len(counted.keys() & ACTS.keys()) >= 5


def attempt(name: str, city: City, tender: Any) -> str:
    """Try one act and return its name, the code of its refusal, or ``absent`` where there is nothing to act on."""
    act = ACTS[name]
    try:
        act.do(city, tender, actor(city, act.account))
    except Refusal as refusal:
        return refusal.code
    except ObjectDoesNotExist:
        return "absent"
    return name


def broken_chains() -> int:
    """Return how many entries do not name the entry before them in their stream."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_CHAINS)
        return int(cursor.fetchone()[0])


def told() -> dict[str, str]:
    """Return the state of every matter as the ledger tells it; each step must begin where the one before ended."""
    states: dict[str, str] = {}
    for entry in Entry.objects.order_by("pk").values_list("pk", flat=True):
        for move in body_of(entry).get("moves", []):
            if "to" in move:
                assert states.get(move["subject"], "") == move["from"], move
                states[move["subject"]] = move["to"]
    return states


def state_of(subject: str) -> str:
    """Return the state of a matter as its row has it."""
    label, _, pk = subject.partition(":")
    return str(apps.get_model(label)._default_manager.values_list("state", flat=True).get(pk=pk))
