"""A1 to A7: is everything signed by whom it claims to be from (真实)."""

import hashlib
from collections.abc import Iterator
from typing import Literal

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import Judged, Rekeyed
from mifeng.programs.verify.bundle.subjects import Package
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.reading import BidFile
from mifeng.rules.bundle.records import Acked, Countersigned, Released, Submitted
from mifeng.rules.bundle.withholding import batches
from mifeng.rules.certificates import Holder, Unfit, Use, verify_certificate
from mifeng.rules.draw.lots import contribution_message
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import parse_vkey, verify_cosignature, verify_note
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.identity import Identity, identity_of
from mifeng.rules.seal.policy import policy_hash
from mifeng.rules.seal.statements import (
    NONCE_BYTES,
    acknowledgement,
    batch,
    countersignature,
    submission,
    verify_ecdsa,
    verify_ed25519,
)

LEAF_DIGITS = 64


def log_signed(case: Case) -> Iterator[Found]:
    """A1: every checkpoint is signed by the log, and the policies name that log."""
    key = case.log_key
    for package in case.packages:
        if package.sealing is not None and key is not None and package.sealing.policy.log != str(key):
            yield Fault("log-other", layout.policy_path(package.lot.number), str(key), package.sealing.policy.log)
    for head in case.bundle.heads if key else ():
        yield SEEN
        path = f"checkpoint {head.checkpoint.size}"
        if key is not None and head.checkpoint.origin != key.name:
            yield Fault("origin-other", path, key.name, head.checkpoint.origin)
        try:
            verify_note(head.note, key) if key else None
        except Tampered as error:
            yield Fault("log-signature-wrong", path, actual=str(error))


def witnessed(case: Case) -> Iterator[Found]:
    """A2: every checkpoint is cosigned by all witnesses, and the policies name no others."""
    keys = case.witness_keys
    texts = {str(key) for key in keys}
    for package in case.packages:
        for text in package.sealing.policy.witnesses if package.sealing else ():
            if text not in texts:
                name = parse_vkey(text).name
                yield Fault("witness-other", layout.policy_path(package.lot.number), actual=name)
    for head in case.bundle.heads:
        for key in keys:
            yield SEEN
            try:
                verify_cosignature(head.note, key)
            except Tampered as error:
                yield Fault("cosignature-wrong", f"checkpoint {head.checkpoint.size}", key.name, str(error))


def countersigned(case: Case) -> Iterator[Found]:
    """A3: every countersignature is by a trustee of the policy, over the entry and the deadline it names."""
    for package in case.packages:
        for one in case.bundle.countersigned:
            if package.sealing is not None and one.lot_ref == package.lot.lot_ref:
                yield SEEN
                if not _countersigns(package, one):
                    yield Fault("countersignature-wrong", f"{package.path} {one.kind}", one.trustee)


def shared(case: Case) -> Iterator[Found]:
    """A4: what trustees said of their shares, and the shares they released, stand under their signatures."""
    for package in case.packages:
        for bid in package.bids:
            for one in bid.record.acks:
                yield SEEN
                if not _acknowledges(package, bid, one):
                    yield Fault("ack-wrong", bid.folder, one.trustee)
        released = {one.trustee: one for one in case.bundle.releases.get(package.lot.number, ())}
        logged = [row for lot_ref, row in batches(case.bundle) if lot_ref == package.lot.lot_ref]
        for row in logged:
            found = released.pop(str(row.get("trustee")), None)
            yield UNSEEN if found is None else SEEN
            if found is not None and not (found.signature.hex() == row.get("signature") and _releases(package, found)):
                yield Fault("release-wrong", package.path, found.trustee)
        yield from (Fault("release-unlogged", package.path, actual=trustee) for trustee in sorted(released))


def bidders(case: Case) -> Iterator[Found]:
    """A5: every version came under the bid's own key; the certificate inside stood, or is doubted on record."""
    root = case.bundle.files.get(layout.AUTHORITY)
    if root is not None and case.trust.authorities and _sha256(root) not in case.trust.authorities:
        yield Fault("authority-other", layout.AUTHORITY, actual=_sha256(root))
    for bid in case.bundle.bids:
        for one in bid.record.submitted if bid.seal else ():
            yield SEEN
            if not _submits(bid, one):
                yield Fault("submission-wrong", bid.folder, str(one.version))
        if bid.published.outcome == "opened":
            yield from _identified(case, bid)


def contributed(case: Case) -> Iterator[Found]:
    """A6: every contribution to a seed is signed by its contributor, and is the one in the log."""
    for drawing in case.draws:
        if drawing.record is None or drawing.sealing is None:
            continue
        keys = {one.name: one.verify for one in drawing.sealing.policy.contributors}
        logged = {str(row.get("name")): row.get("signature") for row in drawing.given}
        for one in drawing.record.contributions:
            yield SEEN
            message = contribution_message(
                bytes.fromhex(drawing.handle),
                bytes.fromhex(drawing.record.policy_hash),
                bytes.fromhex(drawing.record.pool_leaf),
                one.name,
                one.pi,
            )
            if logged.get(one.name) != one.signature.hex() or not _ed25519(keys.get(one.name), message, one.signature):
                yield Fault("contribution-unsigned", drawing.path, one.name)


def seats(case: Case) -> Iterator[Found]:
    """A7: sheets and report are signed with the key that the seat's own client had then; its changes fit."""
    for review in case.reviews:
        signed = [(one.line, one.seat, one.part, one.commitment, one.signature) for one in review.signed]
        signed += [
            (line, str(one.get("seat")), "report", str(one.get("report")), str(one.get("signature")))
            for line in review.lines
            for one in (move.facts for move in line.moves if move.step == "sign_report")
        ]
        keyed = any(key for _, _, key in review.members) or review.rekeyed
        if keyed and not review.is_open("sign_report"):
            yield UNSEEN
        for line, seat, what, message, signature in signed:
            key = review.key_of(seat, line.row.index)
            if key:
                yield SEEN
                if not _ecdsa(key, message, signature):
                    yield Fault("seat-signature-wrong", f"{review.path} {seat} {what}")
        for one in review.rekeyed:
            yield SEEN
            known = review.key_of(one.seat, one.line.row.index)
            if one.before != known or not _changes(review, one):
                yield Fault("seat-key-wrong", f"{review.path} {one.seat}", known, one.before)


def _changes(review: Judged, one: Rekeyed) -> bool:
    """Say whether a change of a key is of a member, to another key, behind a new code that officers or a face got."""
    facts, seated = one.facts, max((line.row.index for line in review.of_type("seat_members")), default=0)
    officers = facts.get("officers")
    number = len(set(map(str, officers))) if isinstance(officers, list) else -1
    return (
        one.seat in {seat for seat, _, _ in review.members}
        and one.line.row.index > seated
        and bool(one.after)
        and one.after != one.before
        and {"face": 0, "officers": 2}.get(str(facts.get("checked"))) == number
        and all(_is_leaf(facts.get(key)) for key in ("renewed", "entered"))
        and facts.get("renewed") != facts.get("entered")
    )


def _is_leaf(value: object) -> bool:
    return isinstance(value, str) and len(value) == LEAF_DIGITS and set(value) <= set("0123456789abcdef")


def identity(case: Case, bid: BidFile) -> Identity | None:
    """Return who bids, its signature made sure of; None when it is not shown or does not hold."""
    files = case.open(bid, "identity")
    if files is None or bid.seal is None:
        return None
    try:
        return identity_of(files, bid.seal.core_hash, [part.ct_hash for part in bid.seal.parts[:-1]])
    except Unopenable:
        return None


def _identified(case: Case, bid: BidFile) -> Iterator[Found]:
    if case.bundle.is_public or case.open(bid, "identity") is None:
        yield UNSEEN
        return
    yield SEEN
    who = identity(case, bid)
    if who is None:
        yield Fault("identity-wrong", bid.folder)
        return
    _, doubt = held_by(case, bid, who.certificate)
    recorded = [one for one in bid.published.doubts if one.startswith("certificate-")]
    if recorded != ([doubt] if doubt else []):
        yield Fault("certificate-wrong", bid.folder, doubt, "、".join(recorded))


def held_by(case: Case, bid: BidFile, certificate: bytes) -> tuple[Holder | None, str]:
    """Return whose a certificate was at the time at which the bid came in, and what speaks against it."""
    at = next((line.entry.at for line in case.receipts(bid.published.envelope) if line.entry), None)
    root, crl = case.bundle.files.get(layout.AUTHORITY, b""), case.bundle.files.get(layout.REVOKED, b"")
    if at is None:
        return None, "certificate-time"
    try:
        holder = verify_certificate(certificate, at, root, crl)
    except Unfit as error:
        return None, f"certificate-{error.fault}"
    except ValueError:
        return None, "certificate-malformed"
    return holder, "" if holder.use is Use.SIGNING else "certificate-use"


def _trustee(package: Package, name: str) -> bytes | None:
    """Return the key under which a trustee signs; None when the policy names no such trustee."""
    trustees = package.sealing.policy.trustees if package.sealing else ()
    return next((one.verify for one in trustees if one.name == name), None)


def _policy_hash(package: Package) -> bytes:
    return policy_hash(package.sealing.data) if package.sealing else b""


def _countersigns(package: Package, one: Countersigned) -> bool:
    lot_ref, leaf = bytes.fromhex(one.lot_ref), bytes.fromhex(one.leaf)
    kind: Literal["deadline", "close"] = "deadline" if one.kind == "deadline" else "close"
    message = countersignature(kind, lot_ref, _policy_hash(package), leaf, one.trustee, one.due)
    return _ed25519(_trustee(package, one.trustee), message, one.signature)


def _acknowledges(package: Package, bid: BidFile, one: Acked) -> bool:
    if bid.seal is None or package.sealing is None or one.verdict not in ("ok", "bad"):
        return bid.seal is None
    verdict: Literal["ok", "bad"] = "ok" if one.verdict == "ok" else "bad"
    envelope = bytes.fromhex(bid.published.envelope)
    named = (_policy_hash(package), bytes.fromhex(bid.published.bid_ref), bid.seal.version, envelope)
    return _ed25519(_trustee(package, one.trustee), acknowledgement(*named, one.trustee, verdict), one.signature)


def _releases(package: Package, one: Released) -> bool:
    leaf = next((line.row.leaf for line in package.of_type("close_keys")), b"")
    if package.sealing is None or not leaf:
        return False
    shares = [(bytes.fromhex(bid_ref), share) for bid_ref, share in one.shares]
    message = batch(bytes.fromhex(package.lot.lot_ref), leaf, one.trustee, shares)
    return _ed25519(_trustee(package, one.trustee), message, one.signature)


def _submits(bid: BidFile, one: Submitted) -> bool:
    if bid.seal is None or not 0 < len(one.nonce) <= NONCE_BYTES:
        return False
    lot_ref, envelope = bytes.fromhex(bid.lot.lot_ref), bytes.fromhex(one.envelope)
    message = submission("submit", lot_ref, bytes.fromhex(bid.published.bid_ref), one.version, envelope, one.nonce)
    try:
        verify_ecdsa(bid.seal.submit_key, message, one.signature)
    except Tampered:
        return False
    return True


def _ed25519(public: bytes | None, message: bytes, signature: bytes) -> bool:
    try:
        verify_ed25519(public or b"", message, signature)
    except (Tampered, ValueError):
        return False
    return True


def _ecdsa(public: str, message: str, signature: str) -> bool:
    try:
        verify_ecdsa(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
    except (Tampered, ValueError):
        return False
    return True


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
