"""The same request twice at once (重复提交): one act, and both get the receipt of the one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from mifeng.kernel import idempotency
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Entry, RequestKey
from mifeng.rules.errors import Unfair
from mifeng.tenders.actions import enter_tender
from mifeng.tenders.models import Tender
from tests.factories import START, City, entry
from tests.races.contest import Run, at, raised, together

TWINS = 4
ROUNDS = 10


def entering(city: City, key: str, content: bytes = b"1" * 32) -> Run:
    """Return the entry of a project under a request key."""
    by = city["agency-a"].with_key(key, content)
    return at(START + timedelta(hours=1), lambda: enter_tender(entry(city), by=by))


def test_twins_both_act_without_the_guards(committing: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a look at the key one request enters two projects."""
    monkeypatch.setattr(idempotency, "check_repeated", lambda by: None)
    monkeypatch.setattr(idempotency, "remember", lambda by, entry_id: None)

    results = together(entering(committing, "k"), entering(committing, "k"))

    assert raised(results) == []
    assert Tender.objects.count() == 2


def test_constraint_alone_ends_in_a_database_error(committing: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unique key stops the twin, but only by an error, and without telling it the receipt."""
    monkeypatch.setattr(idempotency, "check_repeated", lambda by: None)

    results = together(entering(committing, "k"), entering(committing, "k"))

    [error] = raised(results)
    assert isinstance(error, IntegrityError)
    assert error.__cause__.diag.constraint_name == "request_once"
    assert Tender.objects.count() == 1


@pytest.mark.parametrize("rounds", [3, pytest.param(ROUNDS, marks=pytest.mark.prove)])
def test_twins_get_one_receipt(committing: City, rounds: int) -> None:
    """Four twins, again and again: one act each time, and all four know its entry."""
    for number in range(rounds):
        results = together(*[entering(committing, f"k{number}")] * TWINS)

        assert sorted(type(result).__name__ for result in results) == ["Repeated"] * (TWINS - 1) + ["Written"]
        assert len({entry_of(result) for result in results}) == 1
    assert Tender.objects.count() == rounds
    assert Entry.objects.filter(type="enter_tender").count() == rounds
    assert RequestKey.objects.count() == rounds


def test_twin_with_other_content_is_refused(committing: City) -> None:
    """A key that comes back with other content does not get the first one's receipt."""
    results = together(entering(committing, "k", b"1" * 32), entering(committing, "k", b"2" * 32))

    [error] = raised(results)
    assert isinstance(error, Unfair)
    assert error.code == "idempotency-mismatch"
    assert Tender.objects.count() == 1


def entry_of(result: Any) -> int:
    """Return the ledger entry a request was answered with."""
    return result.id if isinstance(result, Written) else cast_repeated(result).entry


def cast_repeated(result: Any) -> Repeated:
    """Return the outcome as the repetition it must be."""
    assert isinstance(result, Repeated)
    return result
