"""What holds for every act on bids and openings alike (投标与开标通则): whose it is; a refusal leaves nothing."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.bidding import actions
from mifeng.bidding.actions import (
    Result,
    close_keys,
    close_list,
    confirm_key,
    open_all,
    open_keys,
    receive_bid,
    record_acks,
    record_countersignatures,
    record_releases,
    withdraw_bid,
)
from mifeng.bidding.models import Envelope, Opening
from mifeng.config.reactions import REACTIONS
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Entry
from mifeng.rules.errors import NotEntitled, WrongState
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, refused, snapshot
from tests.bids import DAY_BEFORE, hand_in, sealed_bid, submission_of, withdrawal_of
from tests.factories import DUE, lot_of

STAGES = ("published", "closed")
POSTS = ("agency-a", "buyer", "host", "guest-wuyuan", "supervisor", "bidder-1", "librarian")

# Every act of the platform's clock, on the package, as an actor.
CLOCK_ACTS: dict[str, Callable[[UUID, Actor], object]] = {
    "close_list": lambda lot, by: close_list(lot, by=by),
    "record_countersignatures": lambda lot, by: record_countersignatures(lot, "close", first_entry(), (), by=by),
    "open_keys": lambda lot, by: open_keys(lot, by=by),
    "close_keys": lambda lot, by: close_keys(lot, by=by),
    "record_releases": lambda lot, by: record_releases(lot, (), by=by),
    "open_all": lambda lot, by: open_all(lot, Result(), by=by),
    "record_acks": lambda lot, by: record_acks(Envelope.objects.get().pk, (), by=by),
}
BIDDER_ACTS = {"receive_bid", "withdraw_bid", "confirm_key", "answer_record"}


def first_entry() -> int:
    """Return the id of some entry."""
    return Entry.objects.order_by("pk")[0].pk


@pytest.fixture(scope="module")
def failed(built: Stages) -> UUID:
    """A package whose opening failed for want of bids, beside one with a bid in it."""
    hand_in(built.city, sealed_bid(built.city, lot_of(built["published"])))
    lot = lot_of(built["closed"])
    with clock.frozen(DUE):
        close_list(lot.pk)
    return lot.pk


@pytest.mark.parametrize("name", sorted(CLOCK_ACTS))
@pytest.mark.parametrize("post", POSTS)
def test_nobody_does_the_clock_s_acts(stages: Stages, failed: UUID, name: str, post: str) -> None:
    """No post lists, opens or closes anything (NM-2018-67 五(十四))."""
    with clock.frozen(DUE), refused(NotEntitled, "wrong-post") as caught:
        CLOCK_ACTS[name](failed, stages.city[post])

    assert caught.value.reasons[0].lifted_by == ("clock",)


@pytest.mark.parametrize("name", ["close_list", "open_keys", "close_keys", "record_releases"])
def test_failed_opening_goes_no_further(stages: Stages, failed: UUID, name: str) -> None:
    """MOF-87-41: where nothing may be opened there is no way on."""
    with clock.frozen(DUE), refused(WrongState, "wrong-state") as caught:
        CLOCK_ACTS[name](failed, actions.opening.CLOCK)

    assert caught.value.facts["state"] == "failed"
    assert Opening.objects.get().reason == "bids-short"


@pytest.mark.parametrize("name", ["close_list", "open_keys", "close_keys", "record_releases", "open_all"])
def test_act_on_what_does_not_exist_finds_nothing(stages: Stages, name: str) -> None:
    before = snapshot()

    with clock.frozen(DUE), pytest.raises(ObjectDoesNotExist):
        CLOCK_ACTS[name](uuid4(), actions.opening.CLOCK)

    assert changed(before) == {}


def test_bidder_s_acts_on_what_does_not_exist_find_nothing(stages: Stages) -> None:
    held = sealed_bid(stages.city, lot_of(stages["published"]), 2)
    hand_in(stages.city, held)
    with clock.frozen(DAY_BEFORE):
        submitted, withdrawal = submission_of(held), withdrawal_of(held)
        before = snapshot()
        for run in (
            lambda: withdraw_bid(uuid4(), withdrawal),
            lambda: confirm_key(uuid4(), held.bid_ref, held.sealed.s_b),
            lambda: confirm_key(lot_of(stages["published"]).pk, "0" * 64, held.sealed.s_b),
        ):
            with pytest.raises(ObjectDoesNotExist):
                run()

    assert submitted.sha256 == held.sha256
    assert changed(before) == {}


def test_no_act_is_left_out_of_these_tables() -> None:
    steps = {name for name in actions.__all__ if name.islower()}

    assert set(CLOCK_ACTS) | BIDDER_ACTS == steps
    assert receive_bid.__name__ in BIDDER_ACTS
    assert set(REACTIONS) & steps == {
        "receive_bid",
        "withdraw_bid",
        "close_list",
        "confirm_key",
        "close_keys",
        "open_all",
    }
