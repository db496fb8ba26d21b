"""What the platform asks of trustees (受托往来), always outside any act, and always so that it may be asked again.

Each function looks at what is still missing, asks for it, and hands what was signed to an act. What cannot be had now
raises :class:`NotYet`, and the job that called comes again. Nothing here is believed: the gateway has checked every
signature under the key that the policy names.
"""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from mifeng.bidding.actions import (
    Acked,
    Countersigned,
    Released,
    open_keys,
    record_acks,
    record_countersignatures,
    record_releases,
)
from mifeng.bidding.actions.guards import policy_of, sealed_lot
from mifeng.bidding.models import Acknowledgement, Bid, Countersignature, Envelope, Opening, Release
from mifeng.bidding.trustees import Reach
from mifeng.gateways.trustee import Given, Outcome, Refused, Trustee, Unreachable
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.proofs import receipt_of
from mifeng.kernel.ledger.queries import body_of, leaf_of, subjects_of
from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot

# Refusals that end once the trustee has seen what it lacks, or by themselves.
PASSING = frozenset({"lot-unknown", "bid-unknown", "stanza-unknown", "deadline-unknown", "too-early"})

log = logging.getLogger(__name__)


class NotYet(Exception):
    """Something that has to come first is not there yet (尚未就绪): the log's cosignature, or a trustee's answer."""


def countersign_deadline(entry_id: int, reach: Reach) -> None:
    """Show the trustees what a notice or clarification fixed for each package, keep their signatures (副署截止时间).

    Raises:
        NotYet: while the entry is not witnessed, or a trustee cannot be reached.
    """
    for lot in Lot.objects.filter(pk__in=subjects_of(entry_id, "tenders.lot")).exclude(lot_ref="").order_by("pk"):
        _countersign_deadline(lot, entry_id, reach)


def _countersign_deadline(lot: Lot, entry_id: int, reach: Reach) -> None:
    receipt, policy = _witnessed(entry_id), lot.policy.encode()
    outrun = _countersigned_later(lot, entry_id)
    wanted = _others(_missing(lot, "deadline", entry_id, reach), outrun)
    given, waiting = _ask(wanted, lambda one: one.deadline(policy, receipt))
    _keep_countersignatures(lot, "deadline", entry_id, given)
    if waiting:
        raise NotYet("trustees have not countersigned the deadline")


def _countersigned_later(lot: Lot, entry_id: int) -> set[str]:
    """Return who has countersigned a later notice: an earlier one would look to them as if time was to be shortened."""
    later = Entry.objects.filter(subject=f"tenders.tender:{lot.tender_id}", type="clarify", pk__gt=entry_id)
    leaves = [bytes(leaf).hex() for leaf in later.values_list("leaf", flat=True)]
    signed = Countersignature.objects.filter(lot=lot, kind="deadline", leaf__in=leaves)
    return set(signed.values_list("trustee", flat=True))


def deal_stanzas(envelope: Envelope, reach: Reach) -> None:
    """Have each trustee try its share of one version, and keep what it signs about it (可开启确认).

    Raises:
        NotYet: while a trustee cannot be reached, or does not know the package yet.
    """
    policy = policy_of(sealed_lot(envelope.bid.lot_ref))
    known = set(Acknowledgement.objects.filter(envelope=envelope).values_list("trustee", flat=True))
    handed_in = bytes(envelope.seal), bytes.fromhex(envelope.nonce), bytes.fromhex(envelope.signature)
    given, waiting = _ask(_others(reach(policy), known), lambda one: one.stanza(*handed_in))
    acks = [Acked(name, one.verdict, one.signature) for name, one in given.items() if one.verdict]
    if acks:
        _once(lambda: record_acks(envelope.pk, acks))
    if waiting:
        raise NotYet("trustees have not tried their shares")


def pass_on_withdrawal(entry_id: int, reach: Reach) -> None:
    """Tell the trustees that a bidder has taken its bid back, in the bidder's own signed words (转告撤回).

    Raises:
        NotYet: while a trustee cannot be reached.
    """
    facts = next(move["facts"] for move in body_of(entry_id)["moves"] if move["step"] == "withdraw")
    bid = Bid.objects.get(pk=subjects_of(entry_id, "bidding.bid")[0])
    envelope = Envelope.objects.select_related("bid").get(bid=bid, version=facts["version"])
    deal_stanzas(envelope, reach)
    named = (bytes.fromhex(bid.lot_ref), bytes.fromhex(bid.bid_ref), envelope.version, bytes.fromhex(envelope.envelope))
    nonce, signature = bytes.fromhex(facts["nonce"]), bytes.fromhex(facts["signature"])
    policy = policy_of(sealed_lot(bid.lot_ref))
    _, waiting = _ask(reach(policy), lambda one: one.withdraw(*named, nonce, signature))
    if waiting:
        raise NotYet("trustees have not heard of the withdrawal")


def countersign_list(lot_id: UUID, reach: Reach) -> None:
    """Have the list of bids countersigned, and open the key window once enough trustees have (副署截止清单).

    Raises:
        NotYet: while the list is not witnessed, or too few trustees have signed, or one cannot be reached.
        Refusal: when the window cannot be opened.
    """
    opening = Opening.objects.select_related("lot").get(pk=lot_id)
    if opening.state not in ("listed", "keying") or opening.list_entry_id is None:
        return
    receipt = _witnessed(opening.list_entry_id)
    _deal_listed(opening, reach)
    given, waiting = _ask(_missing(opening.lot, "close", opening.list_entry_id, reach), lambda one: one.close(receipt))
    _keep_countersignatures(opening.lot, "close", opening.list_entry_id, given)
    signed = Countersignature.objects.filter(lot=opening.lot, kind="close").count()
    if opening.state == "listed" and signed >= policy_of(opening.lot).t:
        open_keys(opening.pk)
    if waiting:
        raise NotYet("trustees have not countersigned the list")


def collect_shares(lot_id: UUID, reach: Reach) -> bool:
    """Ask every trustee for its shares, and keep what is released (收集份额); return whether all have answered.

    A trustee that was away when the list was closed is shown the list first.

    Raises:
        NotYet: while the list of keys is not witnessed.
    """
    opening = Opening.objects.select_related("lot").get(pk=lot_id)
    if opening.state != "releasing" or opening.list_entry_id is None or opening.keys_entry_id is None:
        return True
    listed, keyed = _witnessed(opening.list_entry_id), _witnessed(opening.keys_entry_id)
    late, lagging = _ask(_missing(opening.lot, "close", opening.list_entry_id, reach), lambda one: one.close(listed))
    _keep_countersignatures(opening.lot, "close", opening.list_entry_id, late)
    _deal_listed(opening, reach)
    known = set(Release.objects.filter(opening=opening).values_list("trustee", flat=True)) | lagging
    given, waiting = _ask(_others(reach(policy_of(opening.lot)), known), lambda one: one.release(keyed))
    released = [
        Released(name, tuple((bid_ref.hex(), share.hex()) for bid_ref, share in one.shares), one.signature)
        for name, one in given.items()
    ]
    if released:
        _once(lambda: record_releases(opening.pk, released))
    return not (waiting | lagging)


def _deal_listed(opening: Opening, reach: Reach) -> None:
    """Show every listed version to those trustees that have not seen it; who is away now is asked again later."""
    hashes = [row["envelope"] for row in opening.list]
    for envelope in Envelope.objects.select_related("bid").filter(envelope__in=hashes).order_by("pk"):
        try:
            deal_stanzas(envelope, reach)
        except NotYet:
            log.info("a listed bid is not acknowledged by every trustee")


def _missing(lot: Lot, kind: str, entry_id: int, reach: Reach) -> list[Trustee]:
    """Return the trustees that have not countersigned an entry yet."""
    known = Countersignature.objects.filter(lot=lot, kind=kind, leaf=leaf_of(entry_id)).values_list(
        "trustee", flat=True
    )
    return _others(reach(policy_of(lot)), set(known))


def _others(trustees: Iterable[Trustee], known: set[str]) -> list[Trustee]:
    return [one for one in trustees if one.key().name not in known]


def _ask(trustees: Iterable[Trustee], request: Callable[[Trustee], Outcome]) -> tuple[dict[str, Given], set[str]]:
    """Ask each trustee; return what was given by name, and who has to be asked again."""
    given: dict[str, Given] = {}
    waiting: set[str] = set()
    for one in trustees:
        name = one.key().name
        match request(one):
            case Given() as outcome:
                given[name] = outcome
            case Refused(code=code):
                log.warning("%s refused: %s", name, code)
                if code in PASSING:
                    waiting.add(name)
            case Unreachable(detail=detail):
                log.info("%s not reached: %s", name, detail)
                waiting.add(name)
    return given, waiting


def _keep_countersignatures(lot: Lot, kind: str, entry_id: int, given: dict[str, Given]) -> None:
    signatures = [Countersigned(name, one.signature) for name, one in given.items()]
    if signatures:
        _once(lambda: record_countersignatures(lot.pk, kind, entry_id, signatures))


def _witnessed(entry_id: int) -> str:
    receipt = receipt_of(entry_id, body=True)
    if receipt is None:
        raise NotYet("the log is not witnessed so far")
    return receipt


def _once(act: Callable[[], object]) -> None:
    """Carry out an act that another run of the same job may have carried out meanwhile."""
    try:
        act()
    except Repeated:
        log.info("kept already")
