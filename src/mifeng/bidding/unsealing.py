"""All bids of a package are opened here (开启), in a job outside any act, when keys and shares have come together.

Nothing is shown while this runs: the files go into the vault under their hashes, and one act afterwards says what was
found in every bid at once. Running it again finds the same.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from django.conf import settings

from mifeng.bidding import reception, staging
from mifeng.bidding.actions import Fault, Filed, ReadOut, Result
from mifeng.bidding.actions.guards import policy_of, seal_of
from mifeng.bidding.models import Acknowledgement, Envelope, Opening, Release
from mifeng.gateways.ca.folder import FolderCa
from mifeng.kernel import clock, vault
from mifeng.parties.models import Organisation
from mifeng.rules import readout
from mifeng.rules.certificates import Holder, Unfit, Use, verify_certificate
from mifeng.rules.curve import decode_scalar
from mifeng.rules.errors import Tampered, Unfair
from mifeng.rules.seal.envelope import MAGIC, Part, Seal
from mifeng.rules.seal.opening import (
    Course,
    Opened,
    Unopenable,
    computed_fault,
    fitting_shares,
    matches_key,
    open_bid,
    part_key,
)
from mifeng.rules.seal.part import File
from mifeng.rules.seal.policy import Policy

PATIENCE = timedelta(minutes=10)
CHUNK = 2**20
PDF = "application/pdf"
MAX_NAME = 200
# What went wrong inside the envelope → the reason a page shows.
REASON: Mapping[str, str] = MappingProxyType(
    {"key": "key-absent", "bytes": "bytes-missing", "share": "share-missing", "stanza": "stanza-bad"}
)
BROKEN = "content-broken"

log = logging.getLogger(__name__)


def ready(opening: Opening, *, answered: bool) -> bool:
    """Say whether the bids can be opened now (可以开启): each has shares enough, or nothing more is to be waited for.

    While fewer trustees than needed have released, nothing could open: that is waited out, whatever they answer, since
    an opening cannot be taken back and a trustee that refuses may be mended.

    Args:
        opening: of the package.
        answered: every trustee has released or refused for good.
    """
    policy = policy_of(opening.lot)
    shares, envelopes = _shares(opening, policy), _envelopes(opening)
    enough = all(
        len(fitting_shares(seal_of(envelopes[bid_ref]), shares.get(bid_ref, {}))) >= policy.t
        for bid_ref in opening.keyed
    )
    if enough or opening.keys_entry is None:
        return enough
    some = Release.objects.filter(opening=opening).count() >= policy.t
    return some and (answered or clock.now() >= opening.keys_entry.at + PATIENCE)


def unseal(opening: Opening) -> Result:
    """Open every listed bid whose key was confirmed, and say of each other one whose fault it is (开启全部投标)."""
    policy = policy_of(opening.lot)
    shares, envelopes = _shares(opening, policy), _envelopes(opening)
    found: dict[str, ReadOut | Fault] = {}
    for row in opening.list:
        bid_ref = row["bid_ref"]
        key_matched = bid_ref in opening.keyed
        found[bid_ref] = _one(envelopes[bid_ref], policy, shares.get(bid_ref, {}), key_matched=key_matched)
    return Result(_twice_marked(found))


def _one(envelope: Envelope, policy: Policy, shares: Mapping[int, int], *, key_matched: bool) -> ReadOut | Fault:
    seal, key = seal_of(envelope), bytes.fromhex(envelope.bid.key) if envelope.bid.key else b""
    course = Course(
        key_matched=key_matched and matches_key(seal, key),
        outage=False,
        bytes_kept=True,
        t=policy.t,
        n=policy.n,
        acks=_acks(envelope, policy),
        shares={index: bool(fitting_shares(seal, {index: value})) for index, value in shares.items()},
    )
    fault = computed_fault(course)
    if fault is None:
        try:
            opened = open_bid(seal, key, shares, _ciphertexts(envelope, seal))
            return _read_out(envelope, seal, opened, part_key(seal.core_hash, key, opened.a0, "readout"))
        except Unopenable as error:
            kept = error.reason != "bytes"
            fault = computed_fault(replace(course, bytes_kept=kept, content=error.reason)) or error
    return Fault(fault.fault, REASON.get(fault.reason, BROKEN), fault.reason)


def _read_out(envelope: Envelope, seal: Seal, opened: Opened, key: bytes) -> ReadOut:
    doubts: list[str] = []
    holder = _holder(envelope, opened.identity.certificate, doubts)
    organisation = Organisation.objects.filter(code=holder.credit_code).first() if holder else None
    if holder and holder.organisation != opened.identity.name:
        doubts.append("name-other")
    if holder and organisation is None:
        doubts.append("supplier-unknown")
    if organisation is not None and (doubt := _registered(envelope, str(organisation.pk))):
        doubts.append(doubt)
    files = tuple(_filed(opened.parts, doubts))
    found = ReadOut(
        bidder=_one_line(holder.organisation if holder else opened.identity.name),
        credit_code=holder.credit_code if holder else "",
        organisation=str(organisation.pk) if organisation else "",
        readout_key=key.hex(),
        files=files,
    )
    try:
        [file] = opened.parts["readout"]
        said = readout.parse_readout(file.data)
    except ValueError:
        return replace(found, doubts=(*doubts, "readout-unreadable"))
    if not said.agrees:
        doubts.append("words-differ")
    return replace(
        found,
        price_yuan=said.price_yuan,
        price_words=said.price_words,
        words_yuan=readout.amount_in_words(said.price_words),
        delivery=said.delivery,
        quality=said.quality,
        doubts=tuple(doubts),
    )


def _registered(envelope: Envelope, organisation: str) -> str:
    """Return a doubt when the key of a bid was not registered by this supplier, or when that cannot be told any more.

    The register is in no backup, nor is its key: whoever lost it still opens every bid.
    """
    try:
        bound = reception.bound(envelope.bid.lot_ref, envelope.bid.submit_key)
    except (OSError, ValueError, Tampered):
        log.exception("the register of the reception cannot be read")
        bound = None
    if bound is None:
        return "supplier-unchecked"
    return "" if bound == organisation else "supplier-other"


def _holder(envelope: Envelope, certificate: bytes, doubts: list[str]) -> Holder | None:
    """Return whose certificate it is, as it stood when the bid was received; None with a doubt when it did not."""
    ca = FolderCa(Path(settings.ENV.data) / "ca")
    at = envelope.entry.at if envelope.entry else clock.now()
    try:
        holder = verify_certificate(certificate, at, ca.root(), ca.crl(clock.now()))
    except Unfit as error:
        doubts.append(f"certificate-{error.fault}")
        return None
    except ValueError:
        doubts.append("certificate-malformed")
        return None
    if holder.use is not Use.SIGNING:
        doubts.append("certificate-use")
    return holder


def _one_line(name: str) -> str:
    """Return a name as rows and pages can hold it: what a bidder wrote there must not keep the others' bids closed."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:MAX_NAME])


def _filed(parts: Mapping[str, tuple[File, ...]], doubts: list[str]) -> Iterator[Filed]:
    for part, files in parts.items():
        for position, file in enumerate(files, 1):
            try:
                stored = vault.intake([file.data], max_bytes=len(file.data))
            except Unfair:
                # Kept as what it is, bytes that nobody is shown: it was sealed, so it is evidence.
                stored = staging.keep(file.data)
                if file.media == PDF:
                    doubts.append("file-unsafe")
            yield Filed(part, position, file.name, file.media, stored.sha256, stored.size)


def _twice_marked(found: dict[str, ReadOut | Fault]) -> dict[str, ReadOut | Fault]:
    """Mark bids of one and the same bidder: which of them counts is not for the platform to say."""
    codes = [one.credit_code for one in found.values() if isinstance(one, ReadOut) and one.credit_code]
    twice = {code for code in codes if codes.count(code) > 1}
    return {
        bid_ref: replace(one, doubts=(*one.doubts, "bidder-twice"))
        if isinstance(one, ReadOut) and one.credit_code in twice
        else one
        for bid_ref, one in found.items()
    }


def _shares(opening: Opening, policy: Policy) -> dict[str, dict[int, int]]:
    """Return the released shares: bid_ref → index of the trustee → share; what is no number is no share."""
    found: dict[str, dict[int, int]] = {}
    for release in Release.objects.filter(opening=opening):
        for row in release.shares:
            try:
                value = decode_scalar(bytes.fromhex(row["share"]))
            except ValueError:
                continue
            found.setdefault(row["bid_ref"], {})[policy.index(release.trustee)] = value
    return found


def _envelopes(opening: Opening) -> dict[str, Envelope]:
    hashes = [row["envelope"] for row in opening.list]
    rows = Envelope.objects.filter(envelope__in=hashes).select_related("bid", "entry")
    return {row.bid.bid_ref: row for row in rows}


def _acks(envelope: Envelope, policy: Policy) -> dict[int, str]:
    rows = Acknowledgement.objects.filter(envelope=envelope).values_list("trustee", "verdict")
    return {policy.index(trustee): verdict for trustee, verdict in rows}


def _ciphertexts(envelope: Envelope, seal: Seal) -> dict[str, Iterator[bytes]]:
    """Return the ciphertext of each part from the file in the vault; none when the file is gone."""
    try:
        path = vault.path_of(envelope.sha256)
    except FileNotFoundError:
        return {}
    start = len(MAGIC) + 4 + len(seal.data)
    return {part.id: _range(path, start + part.offset, part) for part in seal.parts}


def _range(path: Path, start: int, part: Part) -> Iterator[bytes]:
    left = part.ct_len
    with path.open("rb") as file:
        file.seek(start)
        while left and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
