"""Bids received, replaced and taken back until the deadline (投标递交). MOF-87-33, MOF-87-34."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from mifeng.bidding.actions import receive_bid, record_acks, withdraw_bid
from mifeng.bidding.models import Bid, Envelope, Mark
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.rules.encoding import digest
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.models import Lot
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, entries, jobs, read_entry, refused, snapshot
from tests.bids import (
    DAY_BEFORE,
    Held,
    bind,
    forged,
    hand_in,
    replacement,
    sealed_bid,
    submission_of,
    take_back,
    withdrawal_of,
)
from tests.factories import DUE, lot_of

STAGES = ("published", "closed")
MS = timedelta(milliseconds=1)


@pytest.fixture
def lot(stages: Stages) -> Lot:
    """A package that receives bids."""
    return lot_of(stages["published"])


@pytest.fixture
def held(stages: Stages, lot: Lot) -> Held:
    """A sealed bid whose key is registered, not handed in yet."""
    found = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, found)
    return found


def test_received_bid_stands_in_a_chain_of_its_own_and_names_nobody(lot: Lot, held: Held) -> None:
    """R1: the entry says which envelope came when, and neither who sent it nor for which project."""
    before = entries()
    with clock.frozen(DAY_BEFORE):
        written = receive_bid(lot.pk, submission_of(held))

    read = read_entry(written.id)
    bid = Bid.objects.get()
    assert entries() == [*before, written.id]
    assert read.moves == ["bidding.bid receive:  → received"]
    assert (read.stream, read.prev, read.refs) == (f"bidding.bid:{bid.pk}", "", ())
    assert read.actor == digest("BE1 handle", bytes.fromhex(held.submit_key)).hex()[:16]
    assert read.facts("receive") == {
        "lot_ref": lot.lot_ref,
        "bid_ref": held.bid_ref,
        "submit_key": held.submit_key,
        "version": 1,
        "envelope": held.envelope,
    }
    assert jobs()[-1] == ("bidding.deal_stanzas", {"entry_id": written.id})


def test_received_bid_is_kept_with_its_header_and_its_marks(lot: Lot, held: Held) -> None:
    with clock.frozen(DAY_BEFORE):
        written = receive_bid(lot.pk, submission_of(held))

    envelope = Envelope.objects.get()
    assert (envelope.envelope, bytes(envelope.seal)) == (held.envelope, held.sealed.seal.data)
    assert (envelope.sha256, envelope.size) == (held.sha256, len(held.sealed.container))
    assert envelope.entry_id == written.id
    assert set(Mark.objects.values_list("kind", "value")) == set(held.sealed.seal.marks())


def test_same_submission_again_is_answered_with_the_first_entry(lot: Lot, held: Held) -> None:
    """A reply that was lost is asked for again, also after the deadline; the bid was in time."""
    with clock.frozen(DAY_BEFORE):
        first = receive_bid(lot.pk, submission_of(held))
    before = snapshot()

    for at in (DAY_BEFORE + timedelta(minutes=1), DUE + timedelta(minutes=1)):
        with clock.frozen(at), pytest.raises(Repeated) as again:
            receive_bid(lot.pk, submission_of(held))
        assert again.value.entry == first.id

    # Only the file's day in the vault begins anew, before the act is asked for.
    assert set(changed(before)) <= {"kernel_blob"}


def test_last_millisecond_is_in_time_and_the_deadline_is_not(lot: Lot, held: Held) -> None:
    with clock.frozen(DUE):
        submitted = submission_of(held)
        with refused(WrongMoment, "deadline-passed"):
            receive_bid(lot.pk, submitted)

    with clock.frozen(DUE - MS):
        assert receive_bid(lot.pk, submission_of(held)).at == DUE - MS


def test_key_that_no_supplier_registered_is_refused(stages: Stages, lot: Lot) -> None:
    stranger = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(stranger)
        with refused(NotEntitled, "not-bound"):
            receive_bid(lot.pk, submitted)


def test_signature_of_another_request_is_refused(lot: Lot, held: Held) -> None:
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(held)
        nonce, signature = held.signed("withdraw")
        for wrong in (replace(submitted, signature=b"\0"), replace(submitted, nonce=nonce, signature=signature)):
            with refused(NotEntitled, "signature-invalid"):
                receive_bid(lot.pk, wrong)


def test_number_that_is_too_old_is_refused(lot: Lot, held: Held) -> None:
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(held)

    with clock.frozen(DAY_BEFORE + timedelta(minutes=10, seconds=1)), refused(WrongMoment, "nonce-expired"):
        receive_bid(lot.pk, submitted)


def test_file_that_was_never_staged_is_refused(lot: Lot, held: Held) -> None:
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(held)
        for wrong in (replace(submitted, size=submitted.size + 1), replace(submitted, sha256="0" * 64)):
            with refused(Unfair, "malformed"):
                receive_bid(lot.pk, wrong)


def test_envelope_of_another_package_is_refused(stages: Stages, lot: Lot, held: Held) -> None:
    other = lot_of(stages["closed"])
    Lot.objects.filter(pk=other.pk).update(bids_due_at=DUE)
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(held)
        with refused(WrongMoment, "deadline-passed"):
            receive_bid(other.pk, submitted)
        with pytest.raises(Lot.DoesNotExist):
            receive_bid(uuid4(), submitted)


@pytest.mark.parametrize("keep", ["stanza", "ct_hash", "sB_commit"])
def test_anything_copied_from_another_envelope_is_refused(stages: Stages, lot: Lot, held: Held, keep: str) -> None:
    """A copied stanza, ciphertext or commitment makes a bid that lives off another's secrets."""
    hand_in(stages.city, held)
    copy = forged(held, keep=keep)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, copy)
        submitted = submission_of(copy)
        with refused(WrongState, "envelope-copied"):
            receive_bid(lot.pk, submitted)


def test_a_bid_s_reference_under_another_key_is_refused(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    own = sealed_bid(stages.city, lot, 2).secrets
    thief = sealed_bid(stages.city, lot, 2, fresh=replace(own, bid_ref=held.secrets.bid_ref))
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, thief)
        submitted = submission_of(thief)
        with refused(WrongState, "envelope-copied"):
            receive_bid(lot.pk, submitted)


def test_one_key_has_one_bid(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    own = sealed_bid(stages.city, lot).secrets
    second = sealed_bid(stages.city, lot, fresh=replace(own, submit=held.secrets.submit))
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(second)
        with refused(WrongState, "bid-exists"):
            receive_bid(lot.pk, submitted)


def test_replacement_stands_behind_what_it_replaces(stages: Stages, lot: Lot, held: Held) -> None:
    first = hand_in(stages.city, held)
    second = replacement(held)
    with clock.frozen(DAY_BEFORE):
        written = receive_bid(lot.pk, submission_of(second))

    read = read_entry(written.id)
    bid = Bid.objects.get()
    assert read.moves == ["bidding.bid replace: received → received"]
    assert read.prev == first.leaf.hex()
    assert (bid.version, bid.envelope, bid.state) == (2, second.envelope, "received")
    assert list(Envelope.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


def test_version_that_does_not_follow_is_refused(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    second = replacement(held)
    third = replacement(second)
    with clock.frozen(DAY_BEFORE):
        skipping = submission_of(third)
        with refused(WrongState, "stale-version") as caught:
            receive_bid(lot.pk, skipping)
        receive_bid(lot.pk, submission_of(second))
        rival = submission_of(replacement(held))
        with refused(WrongState, "stale-version"):
            receive_bid(lot.pk, rival)

    assert caught.value.facts == {"seen": 2, "current": 1}


def test_bid_is_taken_back_and_handed_in_again(stages: Stages, lot: Lot, held: Held) -> None:
    """MOF-87-34: until the deadline a bidder changes or takes back what it handed in."""
    hand_in(stages.city, held)
    written = take_back(held)

    read = read_entry(written.id)
    assert read.moves == ["bidding.bid withdraw: received → withdrawn"]
    assert read.facts("withdraw")["envelope"] == held.envelope
    assert jobs()[-1] == ("bidding.pass_on_withdrawal", {"entry_id": written.id})
    with clock.frozen(DAY_BEFORE):
        receive_bid(lot.pk, submission_of(replacement(held)))
    assert Bid.objects.get().state == "received"


def test_withdrawal_sent_twice_is_done_once(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    first = take_back(held)
    before = snapshot()

    with pytest.raises(Repeated) as again:
        take_back(held)

    assert again.value.entry == first.id
    assert changed(before) == {}


def test_old_submission_cannot_bring_a_withdrawn_bid_back(stages: Stages, lot: Lot, held: Held) -> None:
    """Whoever recorded the request and sends it again gets the old receipt, and the bid stays withdrawn."""
    with clock.frozen(DAY_BEFORE):
        submitted = submission_of(held)
        receive_bid(lot.pk, submitted)
        take_back(held)
        with pytest.raises(Repeated):
            receive_bid(lot.pk, submitted)

    assert Bid.objects.get().state == "withdrawn"


def test_withdrawal_after_the_deadline_is_refused(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    with clock.frozen(DUE):
        request = withdrawal_of(held)
        with refused(WrongMoment, "deadline-passed"):
            withdraw_bid(lot.pk, request)


def test_withdrawal_of_another_version_or_by_another_key_is_refused(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    second = replacement(held)
    with clock.frozen(DAY_BEFORE):
        early = withdrawal_of(second)
        with refused(WrongState, "stale-version"):
            withdraw_bid(lot.pk, early)
        forged_request = replace(withdrawal_of(held), signature=sign_ecdsa(7, b"withdraw"))
        with refused(NotEntitled, "signature-invalid"):
            withdraw_bid(lot.pk, forged_request)
        receive_bid(lot.pk, submission_of(second))
        late = withdrawal_of(held)
        with refused(WrongState, "stale-version"):
            withdraw_bid(lot.pk, late)


def test_withdrawal_of_what_was_never_received_finds_nothing(lot: Lot, held: Held) -> None:
    with clock.frozen(DAY_BEFORE), pytest.raises(Bid.DoesNotExist):
        withdraw_bid(lot.pk, withdrawal_of(held))


def test_acknowledgements_are_kept_by_the_clock_alone(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    envelope = Envelope.objects.get()

    with refused(NotEntitled, "wrong-post"):
        record_acks(envelope.pk, (), by=stages.city["agency-a"])
    assert CLOCK.role == "clock"
