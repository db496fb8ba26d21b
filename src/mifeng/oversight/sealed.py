"""The bids and the opening as a project's evidence shows them (证据中的投标与开标).

Of each opened bid everybody gets the header, the ciphertext of what was read out, and the key of that one part. The
supervisor gets the parts of its mandate, once the review is over all of them, and the shares that trustees released; a
bidder's own key is in no cut.
"""

from collections.abc import Iterator
from pathlib import Path

from mifeng.bidding.models import Acknowledgement, Envelope, Opening, Release
from mifeng.bidding.queries import HallRow, opening_record
from mifeng.kernel.vault import path_of
from mifeng.oversight.records import Matter
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.forms import format_bid, format_opening, format_releases
from mifeng.rules.bundle.records import Acked, BidRecord, OpeningRecord, Published, Released, Submitted
from mifeng.rules.money import yuan_text
from mifeng.rules.seal.envelope import MAGIC, Seal, parse_seal
from mifeng.rules.seal.opening import fitting_shares, part_key
from mifeng.rules.seal.policy import parse_policy
from mifeng.rules.seal.sharing import combine
from mifeng.tenders.models import Lot

RELEASED = ("public", "short")


def opening_files(matter: Matter, lot: Lot) -> Iterator[tuple[str, bytes]]:
    """Yield the files about the opening of one package, bids included."""
    opening, hall = matter.openings[lot.pk], opening_record(lot.pk)
    rows = tuple(_published(row) for row in hall.rows)
    yield layout.opening_path(lot.number), format_opening(OpeningRecord(opening.state, opening.reason, rows))
    if not matter.is_public and opening.state in RELEASED:
        yield layout.releases_path(lot.number), format_releases(_releases(opening))
    for row in hall.rows:
        yield from _bid_files(matter, lot, row)


def _bid_files(matter: Matter, lot: Lot, row: HallRow) -> Iterator[tuple[str, bytes]]:
    envelope = Envelope.objects.select_related("bid").get(envelope=row.envelope)
    seal = parse_seal(bytes(envelope.seal))
    opened = row.outcome == "opened"
    parts = layout.shown_parts(matter.cut, matter.rows[lot.pk]) if opened else ()
    keys = {layout.READ_OUT: bytes.fromhex(row.readout_key)} if opened else {}
    if opened and not matter.is_public:
        a0 = _shared(lot, matter.openings[lot.pk], row.bid_ref, seal)
        keys = {part: part_key(seal.core_hash, bytes.fromhex(envelope.bid.key), a0, part) for part in parts}
    versions = Envelope.objects.filter(bid=envelope.bid).order_by("version")
    acks = Acknowledgement.objects.filter(envelope=envelope).order_by("trustee")
    record = BidRecord(
        tuple(
            Submitted(one.version, one.envelope, bytes.fromhex(one.nonce), bytes.fromhex(one.signature))
            for one in versions
        ),
        tuple(Acked(one.trustee, one.verdict, bytes.fromhex(one.signature)) for one in acks),
        keys,
    )
    yield layout.header_path(lot.number, row.position), bytes(envelope.seal)
    yield layout.record_path(lot.number, row.position), format_bid(record)
    for part in parts:
        yield layout.part_path(lot.number, row.position, part), _ciphertext(path_of(envelope.sha256), seal, part)


def _ciphertext(container: Path, seal: Seal, part_id: str) -> bytes:
    part = seal.part(part_id)
    with container.open("rb") as file:
        file.seek(len(MAGIC) + 4 + len(seal.data) + part.offset)
        return file.read(part.ct_len)


def _releases(opening: Opening) -> tuple[Released, ...]:
    rows = Release.objects.filter(opening=opening).order_by("trustee")
    return tuple(
        Released(
            row.trustee,
            tuple((one["bid_ref"], bytes.fromhex(one["share"])) for one in row.shares),
            bytes.fromhex(row.signature),
        )
        for row in rows
    )


def _shared(lot: Lot, opening: Opening, bid_ref: str, seal: Seal) -> int:
    """Return the number that the trustees shared, from the shares that were released and fit."""
    policy = parse_policy(lot.policy.encode())
    # A number out of range fits no points, so it needs no refusal of its own here.
    shares = {
        policy.index(released.trustee): int.from_bytes(share)
        for released in _releases(opening)
        for named, share in released.shares
        if named == bid_ref
    }
    fitting = fitting_shares(seal, shares)
    return combine(dict(sorted(fitting.items())[: policy.t]))


def _published(row: HallRow) -> Published:
    return Published(
        position=row.position,
        bid_ref=row.bid_ref,
        envelope=row.envelope,
        outcome=row.outcome,
        bidder=row.bidder,
        credit_code=row.bidder_code,
        price_yuan=yuan_text(row.price_yuan) if row.price_yuan is not None else "",
        price_words=row.price_words,
        delivery=row.delivery,
        quality=row.quality,
        doubts=row.doubts,
        fault=row.fault,
        reason=row.reason,
    )
