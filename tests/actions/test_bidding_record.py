"""The opening record: bidders confirm it or object, and silence is consent (开标记录). MOF-87-42."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mifeng.bidding import reception
from mifeng.bidding.actions import Answered, answer_record, close_keys, confirm_key
from mifeng.bidding.queries import opening_record
from mifeng.kernel import clock
from mifeng.kernel.idempotency import Repeated
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.rules.reception import record_answer
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.models import Lot
from tests.actions.evidence import changed, read_entry, refused, snapshot
from tests.bids import Held, handed_in
from tests.factories import DUE, City
from tests.trusted import Trusted

SOON = DUE + timedelta(minutes=5)
WINDOW = timedelta(minutes=30)


def answer(held: Held, said: str, text: str = "") -> Answered:
    """Return a signed answer to the record."""
    nonce = bytes.fromhex(reception.new_nonce(held.lot_ref, held.submit_key))
    message = record_answer(bytes.fromhex(held.lot_ref), held.sealed.bid_ref, said, text, nonce)
    return Answered(held.bid_ref, said, text, nonce, sign_ecdsa(held.secrets.submit, message))


def test_record_is_confirmed_or_objected_to_and_silence_consents(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        early = answer(held[0], "confirmed")
        with refused(WrongState, "wrong-state"):
            answer_record(lot.pk, early)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        near.advance(lot)

        first = answer_record(lot.pk, answer(held[0], "confirmed"))
        objection = answer_record(lot.pk, answer(held[1], "objected", "工期读错"))
        check_refusals(lot, held, first.id)

    read = read_entry(objection.id)
    assert read.facts("answer_record") == {"bid_ref": held[1].bid_ref, "answer": "objected", "text": "工期读错"}
    assert read.refs == (f"bidding.opening:{lot.pk}",)
    shown = opening_record(lot.pk)
    said = {row.bid_ref: (row.answer, row.objection) for row in shown.rows}
    assert said == {
        held[0].bid_ref: ("confirmed", ""),
        held[1].bid_ref: ("objected", "工期读错"),
        held[2].bid_ref: ("", ""),
    }
    assert shown.record_until == SOON + WINDOW
    with clock.frozen(SOON + WINDOW):
        late = answer(held[2], "objected", "迟到的异议")
        with refused(WrongMoment, "record-window-over"):
            answer_record(lot.pk, late)


def check_refusals(lot: Lot, held: list[Held], first: int) -> None:
    """Answered once by each, in its own words, under its own key."""
    before = snapshot()
    with pytest.raises(Repeated) as again:
        answer_record(lot.pk, answer(held[0], "confirmed"))
    changed_mind = answer(held[0], "objected", "又不同意了")
    with refused(WrongState, "record-answered"):
        answer_record(lot.pk, changed_mind)
    wordless, forged = answer(held[2], "objected", "  "), replace(answer(held[2], "confirmed"), signature=b"\0")
    with refused(Unfair, "reason-required"):
        answer_record(lot.pk, wordless)
    with refused(NotEntitled, "signature-invalid"):
        answer_record(lot.pk, forged)
    with refused(Unfair, "malformed"):
        answer_record(lot.pk, replace(forged, answer="agreed"))

    assert (again.value.entry, changed(before)) == (first, {})
