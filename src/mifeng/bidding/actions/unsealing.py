"""All bids open in one act (开标), and what their bidders say to the record.

Everything has been decrypted before, in a job outside any act; this act writes down what was found, for every bid of
the list at once: what is read out, or whose fault it is that a bid stays sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from mifeng.bidding.actions.guards import check_opening
from mifeng.bidding.models import Bid, OpenedFile, Opening, Unsealed
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.rules.opening import BID, OPENING
from mifeng.rules.procedure import PROCEDURES
from mifeng.tenders.actions.guards import check_witnessed
from mifeng.tenders.models import Lot

METHOD = "open-tender"


@dataclass(frozen=True, slots=True)
class Filed:
    """A file of an opened bid, in the vault already (投标文件)."""

    part: str
    position: int
    name: str
    media: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ReadOut:
    """What an opened bid says and who stands behind it (唱标内容).

    Args:
        bidder: organisation as its certificate names it; as the bid says where the certificate does not stand.
        credit_code: from a certificate that stands; else empty.
        organisation: id of the registered supplier it is, empty when none is.
        price_yuan: the amount in figures; None when the read-out cannot be read.
        price_words: the amount in characters.
        words_yuan: the amount the characters say, which counts where the two differ; None when they name none.
        delivery: as promised.
        quality: as promised.
        doubts: codes of what an examiner has to look at.
        readout_key: key of the part that is read out, so that anyone can check that the price is the sealed one.
        files: all files of all parts.
    """

    bidder: str
    credit_code: str = ""
    organisation: str = ""
    price_yuan: Decimal | None = None
    price_words: str = ""
    words_yuan: Decimal | None = None
    delivery: str = ""
    quality: str = ""
    doubts: tuple[str, ...] = ()
    readout_key: str = ""
    files: tuple[Filed, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a bid stays sealed (未能解密): whose fault, as computed, the code shown for it, what went wrong inside."""

    fault: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in the bids of a list (开标结果): bid_ref → what is read out, or the fault."""

    found: Mapping[str, ReadOut | Fault] = field(default_factory=dict)


def open_all(lot_id: UUID, result: Result, *, by: Actor = CLOCK) -> Written:
    """Open all bids of a package at once (开标): every one of the list is either read out or stays sealed for a reason.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``no-witness``.
        WrongState: ``wrong-state``.
        ValueError: when the result is not about exactly the bids of the list.

    Source: MOF-87-41
    """
    if by.role != "clock":
        raise NotEntitled(Reason("wrong-post", {"step": "open_all", "role": by.role}, lifted_by=("clock",)))
    with acting("open_all", by=by) as act:
        opening = check_opening(act.lock(Opening, lot_id), "open_all", "releasing")
        listed = [row["bid_ref"] for row in opening.list]
        if set(result.found) != set(listed):
            raise ValueError("a result says something about every bid of the list and about no other")
        rows = Bid.objects.filter(lot_ref=opening.lot_ref, bid_ref__in=listed).values_list("pk", flat=True)
        bids = {bid.bid_ref: bid for bid in act.lock_all(Bid, rows)}
        lot = act.share(Lot, lot_id)
        check_witnessed(act.at)
        opened = sum(isinstance(one, ReadOut) for one in result.found.values())
        needed = rulebooks()[lot.tender.rulebook].int(PROCEDURES[METHOD].suppliers)
        few = opened < needed
        opening.opened_at = act.at
        opening.reason = "opened-short" if few else ""
        act.move(opening, OPENING, "open_short" if few else "open_all", opened=opened, listed=len(listed))
        for position, bid_ref in enumerate(listed, 1):
            _write(act, bids[bid_ref], position, result.found[bid_ref])
        act.refer(f"tenders.lot:{lot.pk}", f"tenders.tender:{lot.tender_id}")
        act.once_written(lambda entry: Opening.objects.filter(pk=opening.pk).update(opened_entry=entry.id))
    return act.entry


def _write(act: Act, bid: Bid, position: int, found: ReadOut | Fault) -> None:
    if isinstance(found, Fault):
        act.move(bid, BID, "leave_sealed", bid_ref=bid.bid_ref, fault=found.fault, reason=found.detail or found.reason)
        Unsealed.objects.create(bid=bid, position=position, fault=found.fault, reason=found.reason)
        return
    facts = {
        "bidder": found.bidder,
        "credit_code": found.credit_code,
        "price_yuan": found.price_yuan if found.price_yuan is not None else "",
        "price_words": found.price_words,
        "words_yuan": found.words_yuan if found.words_yuan is not None else "",
        "delivery": found.delivery,
        "quality": found.quality,
        "doubts": list(found.doubts),
    }
    files = [{"part": one.part, "sha256": one.sha256, "size": one.size} for one in found.files]
    act.move(bid, BID, "unseal", bid_ref=bid.bid_ref, **facts, files=files)
    Unsealed.objects.create(
        bid=bid,
        position=position,
        bidder=found.bidder,
        credit_code=found.credit_code,
        organisation_id=found.organisation or None,
        price_yuan=found.price_yuan,
        price_words=found.price_words,
        words_yuan=found.words_yuan,
        delivery=found.delivery,
        quality=found.quality,
        doubts=list(found.doubts),
        readout_key=found.readout_key,
    )
    _file(bid, found.files)


def _file(bid: Bid, files: Sequence[Filed]) -> None:
    OpenedFile.objects.bulk_create(
        OpenedFile(
            bid=bid,
            part=one.part,
            position=one.position,
            name=one.name,
            media=one.media,
            sha256=one.sha256,
            size=one.size,
        )
        for one in files
    )
