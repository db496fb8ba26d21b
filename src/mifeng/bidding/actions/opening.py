"""Acts of the platform's clock at an opening (开标办理): list, key window, release, all open at once.

Bidders first, trustees last. Each of these steps rests on the one before it as trustees have seen it: they countersign
the list only once it stands in a cosigned log, and release their shares only for the list of confirmed keys. Without
witnesses or without enough trustees the acts of others go on, and the opening waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from mifeng.bidding.actions.guards import bidder, check_opening, policy_of, seal_of
from mifeng.bidding.models import Bid, Countersignature, Envelope, Opening, Release
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.ledger.queries import leaf_of
from mifeng.rules.deadlines import DueStep
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongMoment, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.opening import BID, OPENING
from mifeng.rules.procedure import PROCEDURES
from mifeng.rules.seal.opening import matches_key
from mifeng.tenders.actions.guards import check_witnessed
from mifeng.tenders.models import Lot

METHOD = "open-tender"


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A trustee's signature under a decisive entry (副署), made sure of by whoever asked for it."""

    trustee: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Released:
    """The shares a trustee released (释放份额), in the order of the list of confirmed keys."""

    trustee: str
    shares: tuple[tuple[str, str], ...]
    signature: bytes


def close_list(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Write down which bids lie here at the deadline (截止清单); with too few of them nothing will be opened.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``no-witness``.
        WrongState: ``wrong-state``, before the close, and when there is a list already.

    Source: MOF-87-39, MOF-87-41
    """
    with acting("close_list", by=by) as act:
        lot = act.lock(Lot, lot_id)
        check_list(lot, by)
        check_witnessed(act.at)
        bids = list(Bid.objects.filter(lot_ref=lot.lot_ref, state="received").order_by("bid_ref"))
        needed = rulebooks()[lot.tender.rulebook].int(PROCEDURES[METHOD].suppliers)
        few = len(bids) < needed
        opening = act.create(
            Opening,
            OPENING,
            "fail" if few else "list",
            lot=lot,
            lot_ref=lot.lot_ref,
            policy_hash=lot.policy_hash,
            due=lot.bids_due_at,
            list=[{"bid_ref": bid.bid_ref, "envelope": bid.envelope} for bid in bids],
            reason="bids-short" if few else "",
        )
        _refer(act, lot)
        act.once_written(lambda entry: Opening.objects.filter(pk=opening.pk).update(list_entry=entry.id))
    return act.entry


def record_countersignatures(
    lot_id: UUID, kind: str, entry_id: int, signatures: Sequence[Countersigned], *, by: Actor = CLOCK
) -> Written:
    """Keep what trustees signed under an entry that decides something about a package (副署).

    Args:
        lot_id: the package.
        kind: ``deadline`` for a notice or clarification, ``close`` for the list of bids.
        entry_id: the entry that they name by its leaf.
        signatures: theirs, checked under their keys.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post``.
        Repeated: when all of them are kept already.

    Source: our choice (ADR-6)
    """
    _check_clock("record_countersignatures", by)
    leaf = leaf_of(entry_id)
    with acting("record_countersignatures", by=by) as act:
        matter = act.lock(Opening, lot_id) if kind == "close" else act.lock(Lot, lot_id)
        stored = Countersignature.objects.filter(lot=lot_id, kind=kind, leaf=leaf)
        known = dict(stored.values_list("trustee", "entry"))
        fresh = [one for one in signatures if one.trustee not in known]
        if not fresh:
            raise Repeated(max(entry for entry in known.values() if entry))
        names = sorted(one.trustee for one in fresh)
        act.note(matter, "countersign", kind=kind, leaf=leaf, trustees=names)
        rows = [
            Countersignature(lot_id=lot_id, kind=kind, leaf=leaf, trustee=one.trustee, signature=one.signature.hex())
            for one in fresh
        ]
        Countersignature.objects.bulk_create(rows)
        kept = Countersignature.objects.filter(pk__in=[row.pk for row in rows])
        act.once_written(lambda written: kept.update(entry=written.id))
    return act.entry


def open_keys(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Open the key window (开始确认密钥) once enough trustees have countersigned the list of bids.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``no-witness``, ``no-trustees``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-6)
    """
    with acting("open_keys", by=by) as act:
        opening = act.lock(Opening, lot_id)
        lot = act.share(Lot, lot_id)
        check_step(OPENING, "open_keys", state=opening.state, role=by.role)
        policy = policy_of(lot)
        check_witnessed(act.at)
        signed = Countersignature.objects.filter(lot=lot, kind="close", entry__isnull=False).count()
        if signed < policy.t:
            raise WrongMoment(Reason("no-trustees", {"signed": signed, "needed": policy.t}))
        opening.key_from = act.at
        opening.key_until = act.at + timedelta(minutes=policy.window_minutes)
        act.move(opening, OPENING, "open_keys", lot_ref=opening.lot_ref, key_until=opening.key_until)
        source = OPENING["close_keys"].source
        act.due(
            opening, [DueStep("close_keys", opening.key_until, source, "", provisional=False, started_by="open_keys")]
        )
        _refer(act, lot)
    return act.entry


def confirm_key(lot_id: UUID, bid_ref: str, s_b: bytes) -> Written:
    """Hand in the bidder's own key (确认密钥). It opens nothing yet; a wrong key costs nothing, another may be tried.

    Raises:
        WrongMoment: ``key-window-over``.
        WrongState: ``wrong-state``, before and after the key window, and for a bid that is not on the list.
        Unfair: ``key-mismatch``.
        Repeated: when this key was confirmed before.
        DoesNotExist: when there is no such bid.

    Source: our choice (ADR-6)
    """
    lot = Lot.objects.exclude(lot_ref="").get(pk=lot_id)
    known = Bid.objects.get(lot_ref=lot.lot_ref, bid_ref=bid_ref)
    if known.key_entry_id and known.key == s_b.hex():
        raise Repeated(known.key_entry_id)
    check_opening(Opening.objects.filter(pk=lot_id).first(), "confirm_key", "keying", "releasing", "unkeyed")
    check_key(known, s_b)
    actor = bidder(known.submit_key)
    with acting("confirm_key", by=actor) as act:
        opening = act.share(Opening, lot_id)
        bid = act.lock(Bid, known.pk)
        if bid.key_entry_id and bid.key == s_b.hex():
            raise Repeated(bid.key_entry_id)
        if opening.state != "keying" or opening.key_until is None or act.at >= opening.key_until:
            raise WrongMoment(Reason("key-window-over"))
        bid.key = s_b.hex()
        act.move(bid, BID, "confirm_key", bid_ref=bid.bid_ref, envelope=bid.envelope)
        act.refer(f"bidding.opening:{lot_id}")
        act.once_written(lambda entry: Bid.objects.filter(pk=bid.pk).update(key_entry=entry.id))
    return act.entry


def close_keys(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Close the key window (密钥确认截止) when it is over or all keys are in; without any key nothing will be opened.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``too-early``, ``no-witness``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-6)
    """
    with acting("close_keys", by=by) as act:
        opening = act.lock(Opening, lot_id)
        lot = act.share(Lot, lot_id)
        check_step(OPENING, "close_keys", state=opening.state, role=by.role)
        confirmed = set(Bid.objects.filter(lot_ref=opening.lot_ref, state="keyed").values_list("bid_ref", flat=True))
        keyed = [row["bid_ref"] for row in opening.list if row["bid_ref"] in confirmed]
        if len(keyed) == len(opening.list) and opening.key_until and act.at < opening.key_until:
            act.due(opening, ())
        else:
            act.meet(opening, "close_keys")
        check_witnessed(act.at)
        opening.keyed = keyed
        opening.reason = "" if keyed else "keys-missing"
        step = "close_keys" if keyed else "lapse_keys"
        close = leaf_of(opening.list_entry_id or 0)
        act.move(opening, OPENING, step, lot_ref=opening.lot_ref, close=close, keyed=keyed)
        _refer(act, lot)
        act.once_written(lambda entry: Opening.objects.filter(pk=opening.pk).update(keys_entry=entry.id))
    return act.entry


def record_releases(lot_id: UUID, released: Sequence[Released], *, by: Actor = CLOCK) -> Written:
    """Keep the shares that trustees released (释放份额), each trustee's all at once, under its signature.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.
        Repeated: when all of it is kept already.

    Source: our choice (ADR-6)
    """
    _check_clock("record_releases", by)
    with acting("record_releases", by=by) as act:
        opening = check_opening(act.lock(Opening, lot_id), "record_releases", "releasing")
        known = dict(Release.objects.filter(opening=opening).values_list("trustee", "entry"))
        fresh = [one for one in released if one.trustee not in known]
        if not fresh:
            raise Repeated(max(entry for entry in known.values() if entry))
        rows = [
            Release(
                opening=opening,
                trustee=one.trustee,
                shares=[{"bid_ref": bid_ref, "share": share} for bid_ref, share in one.shares],
                signature=one.signature.hex(),
            )
            for one in fresh
        ]
        batches = [{"trustee": row.trustee, "signature": row.signature} for row in rows]
        act.note(opening, "release_shares", lot_ref=opening.lot_ref, batches=batches)
        Release.objects.bulk_create(rows)
        kept = Release.objects.filter(pk__in=[row.pk for row in rows])
        act.once_written(lambda written: kept.update(entry=written.id))
    return act.entry


def check_list(lot: Lot, by: Actor) -> None:
    """Refuse a list of bids before the package is closed, and a second one (截止清单).

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: MOF-87-39
    """
    earlier = Opening.objects.filter(pk=lot.pk).values_list("state", flat=True).first()
    check_step(OPENING, "list", state=earlier, role=by.role)
    if lot.state != "closed":
        facts = {"step": "list", "state": lot.state, "allowed": ("closed",)}
        raise WrongState(Reason("wrong-state", facts, source="MOF-87-39"))


def check_key(bid: Bid, s_b: bytes) -> None:
    """Refuse a key that is not the one the envelope commits to (密钥核对).

    Raises:
        Unfair: ``key-mismatch``.

    Source: our choice (ADR-6)
    """
    envelope = Envelope.objects.get(bid=bid, version=bid.version)
    if not matches_key(seal_of(envelope), s_b):
        raise Unfair(Reason("key-mismatch"))


def _check_clock(step: str, by: Actor) -> None:
    if by.role != "clock":
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=("clock",)))


def _refer(act: Act, lot: Lot) -> None:
    act.refer(f"tenders.lot:{lot.pk}", f"tenders.tender:{lot.tender_id}")
