"""Openings as the pages' tests need them (开标测试件): led to one of their steps, with trustees near at hand."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from mifeng.bidding import dealings
from mifeng.bidding.actions import Answered, answer_record, close_keys, confirm_key
from mifeng.bidding.reception import new_nonce
from mifeng.kernel import clock
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Entry
from mifeng.rules.reception import record_answer
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.models import Lot
from tests.bids import Held, hand_in, sealed_bid
from tests.conftest import read_city
from tests.databases import own_database
from tests.factories import DUE, NOT_LATER, START, City, lot_of, published
from tests.trusted import Trusted, trusted

KEYING = DUE + timedelta(minutes=2)
SOON = DUE + timedelta(minutes=5)
AFTER = DUE + timedelta(minutes=20)


def announced(city: City, near: Trusted, *, later: timedelta = NOT_LATER) -> Lot:
    """Return a published package whose deadline the trustees have countersigned."""
    lot = lot_of(published(city, later=later))
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(Entry.objects.filter(type="publish_notice").latest("pk").pk, near.reach)
    return lot


def keying(
    city: City, near: Trusted, count: int, *, later: timedelta = NOT_LATER, **changes: object
) -> tuple[Lot, list[Held]]:
    """Return a package whose key window is open, and its bids in the order of the list.

    Args:
        city: the sample city.
        near: the trustees.
        count: bids that were handed in.
        later: moves the session out of the way of another project's.
        changes: of what the second bid reads out.
    """
    lot = announced(city, near, later=later)
    held = [sealed_bid(city, lot, number, **(changes if number == 2 else {})) for number in range(1, count + 1)]
    for one in held:
        hand_in(city, one)
    near.listed(lot)
    with clock.frozen(KEYING):
        near.advance(lot)
    return lot, sorted(held, key=lambda one: one.bid_ref)


@dataclass(frozen=True)
class Keying:
    """A package whose key window is open (密钥窗口), in a database of which each test gets a copy."""

    city: City
    lot: Lot
    held: list[Held]
    near: Trusted
    database: str


@contextmanager
def own_keying(blocker: Any, folder: Path, count: int, **changes: object) -> Iterator[Keying]:
    """Lead a package to its key window, in a database of its own and with trustees who keep their memories there."""
    with own_database(blocker) as name, trusted(folder) as near:
        city = read_city()
        yield Keying(city, *keying(city, near, count, **changes), near, name)


@contextmanager
def copied(blocker: Any, story: Keying, folder: Path) -> Iterator[Keying]:
    """Let a test go on with a copy of the database and of the memories of trustees and witness."""
    shutil.copytree(story.near.folder, folder, dirs_exist_ok=True)
    with own_database(blocker, story.database) as name, trusted(folder) as near:
        yield Keying(story.city, story.lot, list(story.held), near, name)


def opened(near: Trusted, lot: Lot, keyed: Sequence[Held], at_window_end: bool = False) -> str:
    """Hand some keys in, close the window and open what can be opened; return the state of the opening."""
    with clock.frozen(SOON):
        for one in keyed:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
    with clock.frozen(DUE + timedelta(hours=2) if at_window_end else SOON):
        near.settle()
        close_keys(lot.pk)
        return near.advance(lot)


def key_text(one: Held) -> str:
    """Return the key string of a bid as its own program prints it."""
    return f"{one.bid_ref}:{one.sealed.s_b.hex()}"


def answered(one: Held, said: Literal["confirmed", "objected"], text: str = "") -> Written:
    """Answer the record for a bid, as its own program signs it, while answers are taken."""
    with clock.frozen(SOON + timedelta(minutes=1)):
        nonce = bytes.fromhex(new_nonce(one.lot_ref, one.submit_key))
        message = record_answer(bytes.fromhex(one.lot_ref), bytes.fromhex(one.bid_ref), said, text, nonce)
        return answer_record(
            one.lot.pk, Answered(one.bid_ref, said, text, nonce, sign_ecdsa(one.secrets.submit, message))
        )
