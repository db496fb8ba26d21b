"""Reads about bids and openings (投标与开标查询): what each may know at each moment, and never how many yet.

Until the list of bids stands, no query that a post can reach speaks of any bid: not one, not how many, not whether. A
bid's own program asks about itself under its own key. From the list on everybody who takes part sees the same rows, a
fingerprint each; names and prices come with the act that opens all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mifeng.bidding.actions.guards import policy_of, sealed_lot
from mifeng.bidding.actions.record import record_until
from mifeng.bidding.models import (
    Acknowledgement,
    Bid,
    Countersignature,
    Envelope,
    OpenedFile,
    Opening,
    RecordAnswer,
    Release,
    Unsealed,
)
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.proofs import receipt_of
from mifeng.kernel.ledger.queries import Line, history, leaf_of
from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import published, tender_for

OVER = ("failed", "unkeyed", "public", "short")
OPENED = ("public", "short")
GOING_ON = ("listed", "keying", "releasing")
ACTS = ("close_bidding", "close_list", "record_countersignatures", "open_keys", "confirm_key", "close_keys")
LINES = (*ACTS, "record_releases", "open_all", "answer_record")
MOST_LINES = 2_000
NOTICES = ("publish_notice", "clarify")


@dataclass(frozen=True, slots=True)
class Reception:
    """What is public about handing in bids for a package (递交须知)."""

    lot_id: UUID
    policy: str
    bids_due_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """What a trustee signed about a version (可开启确认), as its bidder can check it."""

    trustee: str
    verdict: str
    signature: str


@dataclass(frozen=True, slots=True)
class BidStatus:
    """How a bid stands (投标状态), for its own program alone.

    Args:
        state: of the bid.
        version: the current one.
        envelope: its hash.
        receipt: R1 with its body, empty until it is witnessed.
        acks: what trustees signed.
        openable: enough of them can open it (R2).
        opening: state of the opening, empty before the list.
        key_until: end of the key window.
        list_receipt: proof of the list of bids, with its body; empty until it is witnessed, and where too few came.
        fault: whose fault it is that the bid stayed sealed.
        reason: what went wrong.
    """

    state: str
    version: int
    envelope: str
    receipt: str
    acks: tuple[Ack, ...]
    openable: bool
    opening: str = ""
    key_until: datetime | None = None
    list_receipt: str = ""
    fault: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HallTrustee:
    """A trustee as the hall shows it (开标受托人): has it countersigned the list, when has it released."""

    name: str
    organisation: str
    closed: bool = False
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HallRow:
    """One bid of the list (开标行); everything from ``outcome`` on is empty until all are open.

    ``outcome`` is ``opened`` or ``unopened``; ``agrees`` is false where words and figures of the price differ;
    ``answer`` is what its bidder said to the record, ``confirmed`` or ``objected``, empty for silence so far.
    """

    position: int
    bid_ref: str
    envelope: str
    keyed_at: datetime | None = None
    outcome: str = ""
    bidder: str = ""
    bidder_code: str = ""
    price_yuan: Decimal | None = None
    price_words: str = ""
    words_yuan: Decimal | None = None
    agrees: bool = True
    delivery: str = ""
    quality: str = ""
    doubts: tuple[str, ...] = ()
    fault: str = ""
    reason: str = ""
    readout_key: str = ""
    answer: str = ""
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Hall:
    """An opening as all parties see it (开标大厅).

    Args:
        lot: the package, with its project.
        state: of the opening; empty before the list of bids.
        threshold: how many trustees are needed.
        trustees: all of them, in the policy's order.
        rows: the bids of the list; none where fewer bidders than needed came and nothing is opened.
        lines: what happened, oldest first.
        listed_at: when the list was written.
        key_until: end of the key window.
        keys_closed_at: when it was closed.
        opened_at: when all were opened.
        leaf: leaf of the entry that opened all, hexadecimal.
        reason: why it ended without an evaluation, a reason code.
        record_until: until when bidders may answer to the record; silence is consent after it.
    """

    lot: Lot
    state: str
    threshold: int
    trustees: tuple[HallTrustee, ...]
    rows: tuple[HallRow, ...]
    lines: tuple[Line, ...]
    listed_at: datetime | None = None
    key_until: datetime | None = None
    keys_closed_at: datetime | None = None
    opened_at: datetime | None = None
    leaf: str = ""
    reason: str = ""
    record_until: datetime | None = None


def reception_of(lot_ref: str, at: datetime) -> Reception:
    """Return what a bidder's program needs to know of a package; part of the public record.

    Raises:
        DoesNotExist: when no package of a published project has this reference.
    """
    lot = sealed_lot(lot_ref)
    receiving = lot.state == "published" and lot.bids_due_at is not None and at < lot.bids_due_at
    return Reception(lot.pk, lot.policy, lot.bids_due_at, receiving)


def bid_status(lot_ref: str, bid_ref: str, submit_key: str) -> BidStatus:
    """Return how a bid stands, to whom its own key has signed the question (投标状态).

    Raises:
        DoesNotExist: when this key has no such bid.
    """
    bid = Bid.objects.get(lot_ref=lot_ref, bid_ref=bid_ref, submit_key=submit_key)
    envelope = Envelope.objects.get(bid=bid, version=bid.version)
    acks = tuple(
        Ack(*row)
        for row in Acknowledgement.objects.filter(envelope=envelope)
        .order_by("trustee")
        .values_list("trustee", "verdict", "signature")
    )
    good = sum(ack.verdict == "ok" for ack in acks)
    opening = Opening.objects.filter(lot_ref=lot_ref).first()
    # Where too few came, nobody is told how many: the list is for those who hand in their keys by it.
    shown = opening is not None and opening.state != "failed"
    listed = receipt_of(opening.list_entry_id, body=True) if opening and shown and opening.list_entry_id else None
    found = Unsealed.objects.filter(bid=bid).first()
    return BidStatus(
        bid.state,
        bid.version,
        bid.envelope,
        receipt=(receipt_of(envelope.entry_id, body=True) or "") if envelope.entry_id else "",
        acks=acks,
        openable=good >= policy_of(sealed_lot(lot_ref)).t,
        opening=opening.state if opening else "",
        key_until=opening.key_until if opening else None,
        list_receipt=listed or "",
        fault=found.fault if found else "",
        reason=found.reason if found else "",
    )


def hall(by: Actor | None, lot_id: UUID) -> Hall:
    """Return an opening as this reader may see it (开标大厅); all who take part see the same.

    Raises:
        DoesNotExist: for the public before the opening is over, and for posts that may not know of the project.
    """
    lot = _lot(lot_id)
    opening = Opening.objects.select_related("list_entry", "keys_entry", "opened_entry").filter(pk=lot.pk).first()
    if by is None:
        if opening is None or opening.state not in OVER:
            raise Opening.DoesNotExist
    elif by.role == "bidder":
        published().get(pk=lot.tender_id)
    else:
        tender_for(by, lot.tender_id)
    return _hall(lot, opening)


def opening_record(lot_id: UUID) -> Hall:
    """Return the record of an opening that is over (开标记录); part of the public record.

    Raises:
        DoesNotExist: before that.
    """
    return hall(None, lot_id)


def opening_states(lots: Iterable[UUID]) -> dict[UUID, str]:
    """Return lot → state of its opening, for lots whose bids have been listed; for pages that list what one may see."""
    return dict(Opening.objects.filter(pk__in=list(lots)).values_list("pk", "state"))


def too_few(lot_id: UUID) -> bool | None:
    """Tell whether fewer bidders than needed came (是否不足三家); None before the list, and never how many."""
    state = Opening.objects.filter(pk=lot_id).values_list("state", flat=True).first()
    return None if state is None else state == "failed"


def opened_bidders(lot_id: UUID) -> list[tuple[str, str]]:
    """Return name and credit code of each bidder whose bid was opened, in the order of the list; none before that.

    Raises:
        DoesNotExist: before all are open.
    """
    opening = Opening.objects.get(pk=lot_id, state__in=OPENED)
    rows = Unsealed.objects.filter(bid__lot_ref=opening.lot_ref, fault="").order_by("position")
    return list(rows.values_list("bidder", "credit_code"))


def files_of(bid_id: UUID) -> list[OpenedFile]:
    """Return the files of an opened bid; for contexts that decide who may read them."""
    return list(OpenedFile.objects.filter(bid=bid_id).order_by("part", "position"))


def unacknowledged() -> list[Envelope]:
    """Return the current versions that not every trustee has tried yet, of packages that still receive."""
    found = []
    for lot in Lot.objects.filter(state="published").exclude(lot_ref=""):
        rows = Envelope.objects.filter(bid__lot_ref=lot.lot_ref, bid__state="received").select_related("bid")
        done = Acknowledgement.objects.filter(envelope__bid__lot_ref=lot.lot_ref).values_list("envelope", flat=True)
        counted = list(done)
        number = policy_of(lot).n
        current = (row for row in rows.order_by("pk") if row.version == row.bid.version)
        found += [row for row in current if counted.count(row.pk) < number]
    return found


def uncountersigned() -> list[int]:
    """Return the newest notices, by entry, whose deadline not every trustee has countersigned, until bids are open."""
    over = Opening.objects.filter(state__in=OVER).values("pk")
    found: dict[int, None] = {}
    for lot in Lot.objects.exclude(lot_ref="").exclude(pk__in=over).order_by("pk"):
        notice = (
            Entry.objects.filter(subject=f"tenders.tender:{lot.tender_id}", type__in=NOTICES).order_by("-pk").first()
        )
        if notice is None:
            continue
        signed = Countersignature.objects.filter(lot=lot, kind="deadline", leaf=bytes(notice.leaf).hex())
        if signed.count() < policy_of(lot).n:
            found[notice.pk] = None
    return list(found)


def unfinished() -> list[UUID]:
    """Return the packages whose opening has not come to its end, from the close on."""
    waiting = Lot.objects.filter(state="closed").exclude(lot_ref="").exclude(pk__in=Opening.objects.values("pk"))
    going = Opening.objects.filter(state__in=GOING_ON)
    return [*waiting.order_by("pk").values_list("pk", flat=True), *going.order_by("pk").values_list("pk", flat=True)]


def _lot(lot_id: UUID) -> Lot:
    related = ("tender", "tender__purchaser", "tender__agency", "tender__supervisor")
    return Lot.objects.select_related(*related).exclude(lot_ref="").get(pk=lot_id)


def _hall(lot: Lot, opening: Opening | None) -> Hall:
    policy = policy_of(lot)
    subjects = [f"tenders.lot:{lot.pk}", f"bidding.opening:{lot.pk}"]
    lines = tuple(reversed(history(subjects, types=LINES, limit=MOST_LINES))) if opening else ()
    if opening is None:
        named = tuple(HallTrustee(one.name, one.organisation) for one in policy.trustees)
        return Hall(lot, "", policy.t, named, (), lines)
    closed = set(Countersignature.objects.filter(lot=lot, kind="close").values_list("trustee", flat=True))
    released = dict(Release.objects.filter(opening=opening).values_list("trustee", "entry__at"))
    return Hall(
        lot,
        opening.state,
        policy.t,
        tuple(
            HallTrustee(one.name, one.organisation, one.name in closed, released.get(one.name))
            for one in policy.trustees
        ),
        _rows(opening),
        lines,
        listed_at=opening.list_entry.at if opening.list_entry else None,
        key_until=opening.key_until,
        keys_closed_at=opening.keys_entry.at if opening.keys_entry else None,
        opened_at=opening.opened_at,
        leaf=leaf_of(opening.opened_entry_id or opening.keys_entry_id or opening.list_entry_id or 0),
        reason=opening.reason,
        record_until=record_until(opening, lot),
    )


def _rows(opening: Opening) -> tuple[HallRow, ...]:
    if opening.state == "failed":
        return ()
    keyed = dict(
        Bid.objects.filter(lot_ref=opening.lot_ref, key_entry__isnull=False).values_list("bid_ref", "key_entry__at")
    )
    rows = Unsealed.objects.filter(bid__lot_ref=opening.lot_ref).select_related("bid")
    found = {row.bid.bid_ref: row for row in rows}
    said = {row.bid_id: row for row in RecordAnswer.objects.filter(bid__in=[row.bid_id for row in rows])}
    return tuple(
        _row(HallRow(position, one["bid_ref"], one["envelope"], keyed.get(one["bid_ref"])), found, said)
        for position, one in enumerate(opening.list, 1)
    )


def _row(row: HallRow, unsealed: Mapping[str, Unsealed], answers: Mapping[UUID, RecordAnswer]) -> HallRow:
    """Return a row with what was found in its bid, once all are open."""
    found = unsealed.get(row.bid_ref)
    if found is None:
        return row
    said = answers.get(found.bid_id)
    return replace(
        row,
        outcome="unopened" if found.fault else "opened",
        bidder=found.bidder,
        bidder_code=found.credit_code,
        price_yuan=found.price_yuan,
        price_words=found.price_words,
        words_yuan=found.words_yuan,
        agrees="words-differ" not in found.doubts,
        delivery=found.delivery,
        quality=found.quality,
        doubts=tuple(found.doubts),
        fault=found.fault,
        reason=found.reason,
        readout_key=found.readout_key,
        answer=said.answer if said else "",
        objection=said.text if said else "",
    )
