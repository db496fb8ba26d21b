"""The reception: tickets, registered keys, numbers for one request; and the file that says who is who (递交窗口)."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mifeng.bidding import reception
from mifeng.bidding.actions import receive_bid
from mifeng.kernel import clock
from mifeng.rules.errors import NotEntitled, Tampered, Unfair, WrongMoment
from mifeng.rules.reception import binding
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.models import Lot
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, refused, snapshot
from tests.bids import DAY_BEFORE, bind, sealed_bid, submission_of
from tests.factories import DUE, START, lot_of

STAGES = ("fixed", "published")


@pytest.fixture
def lot(stages: Stages) -> Lot:
    """A package that receives bids."""
    return lot_of(stages["published"])


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register of its own in place of the one all tests share."""
    path = tmp_path / "reception" / "bindings"
    monkeypatch.setattr(reception, "_register", lambda: reception._register_at(path))
    return path


def test_ticket_leaves_no_trace(stages: Stages, lot: Lot, register: Path) -> None:
    """Nothing tells afterwards which supplier asked for a ticket, nor that anybody did."""
    before = snapshot()
    with clock.frozen(DAY_BEFORE):
        ticket = reception.issue_ticket(stages.city["bidder-1"], lot.pk)

    assert changed(before) == {}
    assert not register.exists()
    assert stages.city["bidder-1"].organisation.encode() not in base64.urlsafe_b64decode(ticket)


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "supervisor"])
def test_ticket_is_for_suppliers(stages: Stages, lot: Lot, account: str) -> None:
    with clock.frozen(DAY_BEFORE), refused(NotEntitled, "wrong-post"):
        reception.issue_ticket(stages.city[account], lot.pk)


def test_no_ticket_before_the_notice_or_after_the_deadline(stages: Stages, lot: Lot) -> None:
    with clock.frozen(DUE), refused(WrongMoment, "deadline-passed"):
        reception.issue_ticket(stages.city["bidder-1"], lot.pk)
    with clock.frozen(START), pytest.raises(Lot.DoesNotExist):
        reception.issue_ticket(stages.city["bidder-1"], lot_of(stages["fixed"]).pk)


def test_registered_key_is_known_to_the_reception_alone(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    before = snapshot()
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, held)
        bind(stages.city, held)

    written = register.read_bytes()
    assert reception.bound(lot.lot_ref, held.submit_key) == stages.city["bidder-1"].organisation
    assert changed(before) == {}
    assert len(written) == reception.RECORD
    for secret in (held.submit_key, lot.lot_ref, stages.city["bidder-1"].organisation):
        assert secret.encode() not in written
        assert bytes.fromhex(secret.replace("-", "")) not in written
    assert (register.stat().st_mode & 0o777, register.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_ticket_works_for_its_package_and_its_day_only(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE - timedelta(days=1)):
        ticket = reception.issue_ticket(stages.city["bidder-1"], lot.pk)
    message = binding(bytes.fromhex(lot.lot_ref), ticket, bytes.fromhex(held.submit_key))
    signature = sign_ecdsa(held.secrets.submit, message)

    with clock.frozen(DAY_BEFORE + timedelta(seconds=1)), refused(WrongMoment, "ticket-expired"):
        reception.bind(lot.lot_ref, ticket, held.submit_key, signature)
    for wrong in (ticket[:-4] + "AAA=", "凭条", ""):
        with clock.frozen(DAY_BEFORE), refused(NotEntitled, "ticket-invalid"):
            reception.bind(lot.lot_ref, wrong, held.submit_key, signature)


def test_ticket_of_another_package_is_refused(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        ticket = reception.issue_ticket(stages.city["bidder-1"], lot.pk)
        Lot.objects.filter(pk=lot.pk).update(lot_ref="f" * 64)
        with refused(NotEntitled, "ticket-invalid"):
            reception.bind("f" * 64, ticket, held.submit_key, b"")


def test_key_is_registered_by_whoever_holds_it(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        ticket = reception.issue_ticket(stages.city["bidder-1"], lot.pk)
        with refused(NotEntitled, "signature-invalid"):
            reception.bind(lot.lot_ref, ticket, held.submit_key, sign_ecdsa(7, b"mine"))
        for misshapen in ("00", "zz", "04" + "00" * 64):
            with refused(Unfair, "malformed"):
                reception.bind(lot.lot_ref, ticket, misshapen, b"")


def test_supplier_may_take_another_key_until_its_bid_lies_here(stages: Stages, lot: Lot, register: Path) -> None:
    """Who loses the folder before handing in starts anew; who has a bid here has one bid."""
    first, second, third = (sealed_bid(stages.city, lot) for _ in range(3))
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, first)
        bind(stages.city, second)
        assert reception.bound(lot.lot_ref, first.submit_key) is None
        receive_bid(lot.pk, submission_of(second))
        with refused(Unfair, "key-bound"):
            bind(stages.city, third)

    assert reception.bound(lot.lot_ref, second.submit_key) == stages.city["bidder-1"].organisation


def test_another_supplier_s_key_cannot_be_taken_over(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, held)
        with refused(Unfair, "key-bound"):
            bind(stages.city, held, "bidder-2")


def test_record_torn_by_a_kill_is_overwritten(stages: Stages, lot: Lot, register: Path) -> None:
    """What was written half was never acknowledged; what was whole stays, and the next record stands behind it."""
    one, two = sealed_bid(stages.city, lot, 1), sealed_bid(stages.city, lot, 2)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, one)
        with register.open("ab") as file:
            file.write(b"\x07" * 100)
        reception._register_at.cache_clear()
        bind(stages.city, two)
    reception._register_at.cache_clear()

    assert register.stat().st_size == 2 * reception.RECORD
    assert reception.bound(lot.lot_ref, one.submit_key) == stages.city["bidder-1"].organisation
    assert reception.bound(lot.lot_ref, two.submit_key) == stages.city["bidder-2"].organisation


def test_changed_record_is_found(stages: Stages, lot: Lot, register: Path) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, held)
    data = bytearray(register.read_bytes())
    data[40] ^= 1
    register.write_bytes(data)
    reception._register_at.cache_clear()

    with pytest.raises(Tampered):
        reception.bound(lot.lot_ref, held.submit_key)


def test_without_the_reception_s_key_nothing_can_be_read(
    stages: Stages, lot: Lot, register: Path, tmp_path: Path, settings: Any
) -> None:
    held = sealed_bid(stages.city, lot)
    with clock.frozen(DAY_BEFORE):
        bind(stages.city, held)
    reception._register_at.cache_clear()
    monkey = tmp_path / "elsewhere" / "keys"
    monkey.mkdir(parents=True)
    (monkey / "reception.key").write_text("A" * 43 + "=\n")
    settings.ENV = _Elsewhere(monkey.parent)

    with pytest.raises(Tampered):
        reception.bound(lot.lot_ref, held.submit_key)


class _Elsewhere:
    """Surroundings with another data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data


def test_number_belongs_to_one_key_one_package_and_ten_minutes(stages: Stages, lot: Lot) -> None:
    held, other = sealed_bid(stages.city, lot), sealed_bid(stages.city, lot, 2)
    with clock.frozen(DAY_BEFORE):
        nonce = reception.new_nonce(lot.lot_ref, held.submit_key)
        reception.check_nonce(lot.lot_ref, held.submit_key, nonce)
        for wrong in ((lot.lot_ref, other.submit_key, nonce), ("f" * 64, held.submit_key, nonce)):
            with pytest.raises(WrongMoment):
                reception.check_nonce(*wrong)
        for misshapen in ("", "zz", nonce[:-2], nonce + "00"):
            with pytest.raises(WrongMoment):
                reception.check_nonce(lot.lot_ref, held.submit_key, misshapen)
    with clock.frozen(DAY_BEFORE + timedelta(minutes=10)):
        reception.check_nonce(lot.lot_ref, held.submit_key, nonce)
    for moment in (DAY_BEFORE + timedelta(minutes=10, seconds=1), DAY_BEFORE - timedelta(seconds=1)):
        with clock.frozen(moment), pytest.raises(WrongMoment):
            reception.check_nonce(lot.lot_ref, held.submit_key, nonce)
