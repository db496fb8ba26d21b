"""Acts of a bidder's own program on its bid (投标办理): receive, replace, withdraw, and what trustees say about it.

Nothing here names an organisation or an account. Each bid is a chain of the ledger of its own until the package closes,
so neither an entry nor a receipt says how many there are. An act that comes again is answered with the first entry
(``kernel.idempotency.Repeated``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mifeng.bidding import reception
from mifeng.bidding.actions.guards import bidder, policy_of, seal_of
from mifeng.bidding.models import Acknowledgement, Bid, Envelope, Mark
from mifeng.bidding.reception import check_nonce, check_receiving, check_signature
from mifeng.bidding.staging import MEDIA
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.vault import Stored, holds
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.opening import BID
from mifeng.rules.seal.envelope import Seal, check_envelope
from mifeng.rules.seal.statements import Verdict, acknowledgement, submission, verify_ed25519
from mifeng.tenders.models import Lot


@dataclass(frozen=True, slots=True)
class Submission:
    """A bid as it is handed in (递交): the checked file in the vault, and the bidder's signature for this request."""

    seal: Seal
    sha256: str
    size: int
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A version that its bidder takes back (撤回), signed for this request."""

    bid_ref: str
    version: int
    envelope: str
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Acked:
    """What a trustee signed about its share of one version (可开启确认)."""

    trustee: str
    verdict: Verdict
    signature: bytes


def receive_bid(lot_id: UUID, submitted: Submission) -> Written:
    """Receive a sealed bid, or a new version of one (接收投标文件); in time is what came before the deadline.

    Args:
        lot_id: the package; others may hand in at the same time, its close waits for all of them.
        submitted: from :func:`bidding.staging.finish`, and the request's own number and signature.

    Raises:
        NotEntitled: ``signature-invalid``; ``not-bound``, when no supplier has registered the key.
        WrongMoment: ``nonce-expired``, ``deadline-passed``.
        Unfair: ``malformed``, ``envelope-policy``, ``envelope-malformed``, ``too-large``.
        WrongState: ``stale-version``, when it does not replace the version that lies here; ``envelope-copied``, when
            anything in it was received before; ``bid-exists``, when the key has another bid here.
        Repeated: when this very version was received before.

    Source: MOF-87-33
    """
    seal = submitted.seal
    lot_ref, submit_key, envelope = seal.lot_ref.hex(), seal.submit_key.hex(), seal.envelope_hash.hex()
    _check_request("submit", submit_key, seal.bid_ref.hex(), submitted, (lot_ref, seal.version, envelope))
    if reception.bound(lot_ref, submit_key) is None:
        raise NotEntitled(Reason("not-bound"))
    if not holds(Stored(submitted.sha256, submitted.size, MEDIA)):
        raise Unfair(Reason("malformed", {"field": "file"}))
    actor = bidder(submit_key).with_key(f"submit {envelope}", seal.envelope_hash)
    with acting("receive_bid", by=actor) as act:
        found = Bid.objects.filter(lot_ref=lot_ref, bid_ref=seal.bid_ref.hex()).values_list("pk", flat=True).first()
        bid = act.lock(Bid, found) if found else None
        lot = act.share(Lot, lot_id)
        check_receiving(lot, act.at)
        check_envelope(seal, policy_of(lot))
        check_chain(bid, seal)
        if bid is None:
            bid = act.create(
                Bid,
                BID,
                "receive",
                lot_ref=lot_ref,
                bid_ref=seal.bid_ref.hex(),
                submit_key=submit_key,
                version=1,
                envelope=envelope,
            )
        else:
            bid.version, bid.envelope = seal.version, envelope
            act.move(bid, BID, "replace", bid_ref=bid.bid_ref, version=bid.version, envelope=envelope)
        _keep(act, bid, submitted)
    return act.entry


def withdraw_bid(lot_id: UUID, withdrawal: Withdrawal) -> Written:
    """Take a bid back before the deadline (撤回投标); it may be handed in again as a new version.

    Raises:
        NotEntitled: ``signature-invalid``.
        WrongMoment: ``nonce-expired``, ``deadline-passed``.
        WrongState: ``wrong-state``; ``stale-version``, when it is not the version that lies here.
        Repeated: when this version was withdrawn before.
        DoesNotExist: when there is no such bid.

    Source: MOF-87-34
    """
    lot = Lot.objects.exclude(lot_ref="").get(pk=lot_id)
    known = Bid.objects.get(lot_ref=lot.lot_ref, bid_ref=withdrawal.bid_ref)
    named = (lot.lot_ref, withdrawal.version, withdrawal.envelope)
    _check_request("withdraw", known.submit_key, known.bid_ref, withdrawal, named)
    actor = bidder(known.submit_key).with_key(f"withdraw {withdrawal.envelope}", bytes.fromhex(withdrawal.envelope))
    with acting("withdraw_bid", by=actor) as act:
        bid = act.lock(Bid, known.pk)
        check_receiving(act.share(Lot, lot_id), act.at)
        check_step(BID, "withdraw", state=bid.state, role=actor.role)
        if (bid.version, bid.envelope) != (withdrawal.version, withdrawal.envelope):
            raise WrongState(Reason("stale-version", {"seen": withdrawal.version, "current": bid.version}))
        act.move(
            bid,
            BID,
            "withdraw",
            bid_ref=bid.bid_ref,
            version=bid.version,
            envelope=bid.envelope,
            nonce=withdrawal.nonce.hex(),
            signature=withdrawal.signature.hex(),
        )
    return act.entry


def record_acks(envelope_id: UUID, acks: Sequence[Acked], *, by: Actor = CLOCK) -> Written:
    """Keep what trustees signed about a version (可开启确认); with enough of them the bid can be opened (R2).

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        Repeated: when all of it is kept already.
        Tampered: when a signature is not that trustee's.

    Source: our choice (ADR-6)
    """
    envelope = Envelope.objects.select_related("bid").get(pk=envelope_id)
    if by.role != "clock":
        raise NotEntitled(Reason("wrong-post", {"step": "record_acks", "role": by.role}, lifted_by=("clock",)))
    with acting("record_acks", by=by) as act:
        bid = act.lock(Bid, envelope.bid_id)
        lot = act.share(Lot, Lot.objects.get(lot_ref=bid.lot_ref).pk)
        known = dict(Acknowledgement.objects.filter(envelope=envelope).values_list("trustee", "entry"))
        fresh = [ack for ack in acks if ack.trustee not in known]
        if not fresh:
            raise Repeated(max(entry for entry in known.values() if entry))
        verdicts = [{"trustee": ack.trustee, "verdict": ack.verdict} for ack in fresh]
        act.note(bid, "acknowledge", bid_ref=bid.bid_ref, version=envelope.version, acks=verdicts)
        rows = []
        for ack in fresh:
            _verify_ack(lot, bid, envelope, ack)
            rows.append(
                Acknowledgement(
                    envelope=envelope, trustee=ack.trustee, verdict=ack.verdict, signature=ack.signature.hex()
                )
            )
        Acknowledgement.objects.bulk_create(rows)
        kept = Acknowledgement.objects.filter(pk__in=[row.pk for row in rows])
        act.once_written(lambda written: kept.update(entry=written.id))
    return act.entry


def check_chain(bid: Bid | None, seal: Seal) -> None:
    """Refuse a version that does not follow the one that lies here, or is of another hand (版本衔接).

    Raises:
        WrongState: ``stale-version``, ``envelope-copied``.

    Source: our choice (ADR-6)
    """
    if bid is not None and bid.submit_key != seal.submit_key.hex():
        raise WrongState(Reason("envelope-copied"))
    current, prev = (bid.version, bid.envelope) if bid else (0, "")
    if seal.version != current + 1 or seal.prev.hex() != prev:
        raise WrongState(Reason("stale-version", {"seen": seal.version - 1, "current": current}))


def _check_request(
    verb: str,
    submit_key: str,
    bid_ref: str,
    request: Submission | Withdrawal,
    named: tuple[str, int, str],
) -> None:
    lot_ref, version, envelope = named
    message = submission(
        "submit" if verb == "submit" else "withdraw",
        bytes.fromhex(lot_ref),
        bytes.fromhex(bid_ref),
        version,
        bytes.fromhex(envelope),
        request.nonce,
    )
    check_signature(submit_key, message, request.signature)
    check_nonce(lot_ref, submit_key, request.nonce.hex())


def _keep(act: Act, bid: Bid, submitted: Submission) -> None:
    """Write the version's own rows: its header, and the marks that nobody may hand in again."""
    seal = submitted.seal
    envelope = Envelope(
        bid=bid,
        version=seal.version,
        envelope=bid.envelope,
        seal=seal.data,
        sha256=submitted.sha256,
        size=submitted.size,
        nonce=submitted.nonce.hex(),
        signature=submitted.signature.hex(),
    )
    envelope.save(force_insert=True)
    # In one order, so that two copies handed in at the same moment wait for each other and not in a circle.
    Mark.objects.bulk_create(Mark(lot_ref=bid.lot_ref, kind=kind, value=value) for kind, value in sorted(seal.marks()))
    act.once_written(lambda written: Envelope.objects.filter(pk=envelope.pk).update(entry=written.id))


def _verify_ack(lot: Lot, bid: Bid, envelope: Envelope, ack: Acked) -> None:
    policy = policy_of(lot)
    trustee = policy.trustees[policy.index(ack.trustee) - 1]
    message = acknowledgement(
        bytes.fromhex(lot.policy_hash),
        bytes.fromhex(bid.bid_ref),
        envelope.version,
        seal_of(envelope).envelope_hash,
        ack.trustee,
        ack.verdict,
    )
    verify_ed25519(trustee.verify, message, ack.signature)
