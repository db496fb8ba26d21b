"""Bids at the same moment (同时递交): side by side without conflict, in time to the millisecond, never twice.

Receivers share the package; its close takes it alone. What two may both try at once is decided by the bid's own lock
or by the database's own guard.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mifeng.bidding.actions import close_keys, confirm_key, receive_bid, withdraw_bid
from mifeng.bidding.models import Bid, Envelope, Mark, Opening
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Entry
from mifeng.rules.errors import Refusal
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.models import Lot
from tests.bids import (
    DAY_BEFORE,
    Held,
    bind,
    forged,
    hand_in,
    handed_in,
    replacement,
    sealed_bid,
    submission_of,
    withdrawal_of,
)
from tests.factories import DUE, City
from tests.races.contest import Run, at, queue, together
from tests.trusted import countersigned, trusted

MS = timedelta(milliseconds=1)


def receiving(city: City, held: Held, moment: datetime, *, bound: bool = True) -> Run:
    """Return the receipt of a bid at a moment, with everything before the small act already done."""
    with clock.frozen(moment - MS):
        if bound:
            bind(city, held)
        submitted = submission_of(held)
    return at(moment, lambda: receive_bid(held.lot.pk, submitted))


def closing(lot: Lot, moment: datetime) -> Run:
    """Return the close of a package at a moment."""
    return at(moment, lambda: close_bidding(lot.pk, by=CLOCK))


def words(results: list[Any]) -> list[str]:
    """Return the outcomes as words; anything that is neither done, refused nor repeated is raised."""
    found = []
    for result in results:
        if isinstance(result, Repeated):
            found.append("repeated")
        elif isinstance(result, Refusal):
            found.append(result.code)
        elif isinstance(result, BaseException):
            raise result
        else:
            found.append("done")
    return found


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (DUE - MS, ["done", "done"]),
        (DUE, ["deadline-passed", "done"]),
        (DUE + MS, ["deadline-passed", "done"]),
    ],
)
def test_bid_before_the_close_in_the_queue(city: City, lot: Lot, moment: datetime, expected: list[str]) -> None:
    """In time is what came before the deadline, though the close already waits behind it."""
    run = receiving(city, sealed_bid(city, lot), moment) if moment < DUE else _late(city, lot, moment)

    results = queue(f"tenders.lot:{lot.pk}", run, closing(lot, DUE))

    assert words(results) == expected
    assert Bid.objects.count() == (moment < DUE)


@pytest.mark.parametrize("moment", [DUE - MS, DUE, DUE + MS])
def test_bid_behind_the_close_in_the_queue(city: City, lot: Lot, moment: datetime) -> None:
    """Once the package is closed nothing comes in, whatever the clock of whoever waited says."""

    results = queue(f"tenders.lot:{lot.pk}", closing(lot, DUE), _late(city, lot, moment))

    assert words(results) == ["done", "deadline-passed"]
    assert Bid.objects.count() == 0


def _late(city: City, lot: Lot, moment: datetime) -> Run:
    """Return the receipt, at a moment, of a bid whose key was registered in time."""
    held = sealed_bid(city, lot)
    with clock.frozen(DUE - 2 * MS):
        bind(city, held)
    return receiving(city, held, moment, bound=False)


def test_six_bids_at_one_barrier_do_not_disturb_each_other(city: City, lot: Lot) -> None:
    runs = [receiving(city, sealed_bid(city, lot, number), DAY_BEFORE) for number in range(1, 7)]

    assert words(together(*runs)) == ["done"] * 6
    assert Entry.objects.filter(type="receive_bid").count() == 6


def test_same_submission_at_one_barrier_is_done_once(city: City, lot: Lot) -> None:
    """A client that lost patience sends again while the first request is still under way."""
    held = sealed_bid(city, lot)
    first = receiving(city, held, DAY_BEFORE)

    results = words(together(first, receiving(city, held, DAY_BEFORE, bound=False), first))

    assert sorted(results) == ["done", "repeated", "repeated"]
    assert Envelope.objects.count() == 1


def test_two_replacements_at_once_leave_one(city: City, lot: Lot) -> None:
    held = sealed_bid(city, lot)
    hand_in(city, held)
    runs = [receiving(city, replacement(held), DAY_BEFORE, bound=False) for _ in range(2)]

    assert sorted(words(together(*runs))) == ["done", "stale-version"]
    assert list(Bid.objects.values_list("version", flat=True)) == [2]


def test_replacement_and_withdrawal_at_once_leave_one_truth(city: City, lot: Lot) -> None:
    held = sealed_bid(city, lot)
    hand_in(city, held)
    with clock.frozen(DAY_BEFORE):
        request = withdrawal_of(held)
    replacing = receiving(city, replacement(held), DAY_BEFORE, bound=False)

    results = words(together(replacing, at(DAY_BEFORE, lambda: withdraw_bid(lot.pk, request))))

    bid = Bid.objects.get()
    assert results in (["done", "stale-version"], ["done", "done"])
    assert (bid.version, bid.state) == (2, "received")


def test_one_mark_handed_in_twice_at_once_is_kept_once(city: City, lot: Lot) -> None:
    """Two copies of one stanza meet the database's own guard: nobody holds a lock that both would need."""
    original = sealed_bid(city, lot)
    copies = [forged(original, number=number, keep="stanza") for number in (2, 3)]
    runs = [receiving(city, copy, DAY_BEFORE) for copy in copies]

    assert sorted(words(together(*runs))) == ["done", "envelope-copied"]
    assert Bid.objects.count() == 1
    assert set(Mark.objects.values_list("value", flat=True)) <= {
        value for copy in copies for _, value in copy.sealed.seal.marks()
    }


def test_one_reference_under_two_keys_at_once_is_kept_once(city: City, lot: Lot) -> None:
    first, other = sealed_bid(city, lot, 1), sealed_bid(city, lot, 2)
    thief = sealed_bid(city, lot, 2, fresh=_with_reference(other, first))
    runs = [receiving(city, held, DAY_BEFORE) for held in (first, thief)]

    assert sorted(words(together(*runs))) == ["done", "envelope-copied"]
    assert Bid.objects.count() == 1


def _with_reference(held: Held, of: Held) -> Any:
    """Return the secrets of one bid with the reference of another."""
    kept = held.secrets
    return type(kept)(kept.s_b, of.secrets.bid_ref, kept.submit, kept.coefficients, kept.noise)


@pytest.mark.parametrize("first", ["key", "close"])
def test_last_key_and_the_end_of_the_window(city: City, lot: Lot, tmp_path: Path, first: str) -> None:
    """A key a millisecond before the end is in, one at the end is not, in whichever order both come to the lock."""
    with trusted(tmp_path) as near:
        countersigned(lot, near)
        held = handed_in(city, lot, 3)
        near.listed(lot)
        with clock.frozen(DUE):
            near.advance(lot)
            for one in held[:2]:
                confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
            near.settle()
        until = Opening.objects.get().key_until or DUE
        key = at(until - MS, lambda: confirm_key(lot.pk, held[2].bid_ref, held[2].sealed.s_b))
        close = at(until, lambda: close_keys(lot.pk))
        runs = (key, close) if first == "key" else (close, key)

        results = words(queue(f"bidding.opening:{lot.pk}", *runs))

    opening = Opening.objects.get()
    assert results == (["done", "done"] if first == "key" else ["done", "key-window-over"])
    assert len(opening.keyed) == (3 if first == "key" else 2)
