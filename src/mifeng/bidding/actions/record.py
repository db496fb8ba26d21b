"""What bidders say to the opening record (开标记录确认): they confirm it or object; who is silent accepts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mifeng.bidding.actions.guards import bidder, check_opening, policy_of
from mifeng.bidding.models import Bid, Opening, RecordAnswer
from mifeng.bidding.reception import check_nonce, check_signature
from mifeng.kernel.acting import acting
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules.errors import Reason, Unfair, WrongMoment, WrongState
from mifeng.rules.reception import record_answer
from mifeng.tenders.models import Lot

MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Answered:
    """A bidder's answer (答复): ``confirmed``, or ``objected`` in words; signed for this request by its submit key."""

    bid_ref: str
    answer: str
    text: str
    nonce: bytes
    signature: bytes


def answer_record(lot_id: UUID, answered: Answered) -> Written:
    """Confirm the opening record or object to it (确认或异议开标记录), once, as long as answers are taken.

    Raises:
        NotEntitled: ``signature-invalid``.
        WrongMoment: ``nonce-expired``, ``record-window-over``.
        WrongState: ``wrong-state`` before the opening; ``record-answered``, when it was answered otherwise before.
        Unfair: ``malformed``, ``too-large``, ``reason-required`` for an objection without words.
        Repeated: when the same was answered before.
        DoesNotExist: when there is no such bid.

    Source: MOF-87-42
    """
    lot = Lot.objects.exclude(lot_ref="").get(pk=lot_id)
    known = Bid.objects.get(lot_ref=lot.lot_ref, bid_ref=answered.bid_ref)
    check_answer(known, answered)
    objects = answered.answer == "objected"
    words = check_wording(answered.text, field="text", limit=MAX_TEXT, empty="reason-required" if objects else "")
    with acting("answer_record", by=bidder(known.submit_key)) as act:
        opening = check_opening(act.share(Opening, lot_id), "answer_record", "public", "short")
        bid = act.lock(Bid, known.pk)
        earlier = RecordAnswer.objects.filter(bid=bid).first()
        if earlier is not None and earlier.entry_id and (earlier.answer, earlier.text) == (answered.answer, words):
            raise Repeated(earlier.entry_id)
        if earlier is not None:
            raise WrongState(Reason("record-answered"))
        until = record_until(opening, lot)
        if until is None or act.at >= until:
            raise WrongMoment(Reason("record-window-over"))
        act.note(bid, "answer_record", bid_ref=bid.bid_ref, answer=answered.answer, text=words)
        act.refer(f"bidding.opening:{lot_id}")
        signed = {"nonce": answered.nonce.hex(), "signature": answered.signature.hex()}
        row = RecordAnswer.objects.create(bid=bid, answer=answered.answer, text=words, **signed)
        act.once_written(lambda entry: RecordAnswer.objects.filter(pk=row.pk).update(entry=entry.id))
    return act.entry


def record_until(opening: Opening, lot: Lot) -> datetime | None:
    """Return until when answers to the record are taken: as long as the key window is; None before the opening."""
    return opening.opened_at + timedelta(minutes=policy_of(lot).window_minutes) if opening.opened_at else None


def check_answer(bid: Bid, answered: Answered) -> None:
    """Refuse an answer that is none, or not the bidder's own (开标记录答复).

    Raises:
        NotEntitled: ``signature-invalid``.
        WrongMoment: ``nonce-expired``.
        Unfair: ``malformed``.

    Source: our choice (ADR-6)
    """
    ids = bytes.fromhex(bid.lot_ref), bytes.fromhex(bid.bid_ref)
    try:
        message = record_answer(*ids, answered.answer, answered.text, answered.nonce)
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "answer"})) from None
    check_signature(bid.submit_key, message, answered.signature)
    check_nonce(bid.lot_ref, bid.submit_key, answered.nonce.hex())
