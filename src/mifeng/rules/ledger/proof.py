"""Receipts (回执): proof, readable offline, that an entry stands in the log and that witnesses saw it.

The form is C2SP tlog-proof: the entry's index, the inclusion proof, and the checkpoint with its signatures. Its
``extra`` line carries what the leaf is computed from, the entry and its salt, so one file holds the whole claim.
Whoever holds the keys of the log and of the witnesses needs nothing else, and no word of the platform.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_decimal, parse_hash
from mifeng.rules.ledger.entry import Disclosed, Entry, parse_entry
from mifeng.rules.ledger.note import VerifierKey, decode64, encode64, parse_note, verify_cosignature, verify_note
from mifeng.rules.ledger.tree import leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
TOLERANCE_SECONDS = 60
MAX_STEPS = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt taken apart (回执); nothing of it is verified yet."""

    index: int
    proof: tuple[bytes, ...]
    note: str
    disclosed: Disclosed | None


@dataclass(frozen=True, slots=True)
class Proven:
    """What a verified receipt proves (回执所证).

    Args:
        entry: the entry that stands in the log.
        leaf: its leaf.
        index: its place.
        checkpoint: the state of the log that covers it.
        seen: for each witness asked about, the time at which it attested that state, in seconds since 1970.
    """

    entry: Entry
    leaf: bytes
    index: int
    checkpoint: Checkpoint
    seen: Mapping[str, int]


def format_proof(index: int, proof: Sequence[bytes], note: str, extra: bytes = b"") -> str:
    """Return the C2SP tlog-proof text of an inclusion proof under a signed checkpoint."""
    head = f"{HEADER}\n" + (f"extra {encode64(extra)}\n" if extra else "")
    return head + f"index {index}\n" + "".join(f"{encode64(step)}\n" for step in proof) + "\n" + note


def format_receipt(index: int, proof: Sequence[bytes], note: str, disclosed: Disclosed) -> str:
    """Return the receipt of an entry: a tlog-proof whose extra line lays the entry open."""
    return format_proof(index, proof, note, canonical(disclosed_fields(disclosed)))


def parse_receipt(text: str) -> Receipt:
    """Take a receipt, or any tlog-proof, apart; nothing is verified.

    Raises:
        ValueError: when it is not in its only proper form.
    """
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != HEADER:
        raise ValueError(f"a receipt begins with {HEADER}")
    disclosed = None
    if lines and lines[0].startswith("extra "):
        disclosed = _disclosed(decode64(lines.pop(0).removeprefix("extra ")))
    if not lines or not lines[0].startswith("index "):
        raise ValueError("a receipt names its index")
    if len(lines) > MAX_STEPS + 1:
        raise ValueError(f"more than {MAX_STEPS} hashes")
    index = parse_decimal(lines[0].removeprefix("index "))
    return Receipt(index, tuple(parse_hash(step) for step in lines[1:]), note, disclosed)


def verify_receipt(text: str, log: VerifierKey, witnesses: Sequence[VerifierKey] = ()) -> Proven:
    """Make sure that a receipt proves its entry (核验回执): leaf, place, signature, and each witness given.

    Args:
        text: the receipt.
        log: the log's key, known from elsewhere.
        witnesses: the witnesses that must all have seen it; without any, the platform could still show others another
            log.

    Raises:
        Tampered: when the proof, a signature or the time does not fit.
        ValueError: when the text is not a receipt.
    """
    receipt = parse_receipt(text)
    if receipt.disclosed is None:
        raise ValueError("the receipt does not lay its entry open")
    entry = parse_entry(receipt.disclosed.data)
    note = parse_note(receipt.note)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise Tampered(f"the checkpoint is of {checkpoint.origin}, not of {log.name}")
    verify_note(note, log)
    if receipt.index >= checkpoint.size:
        raise Tampered(f"entry {receipt.index} is not covered by a checkpoint of {checkpoint.size}")
    if receipt.disclosed.body_commit not in (None, entry.body):
        raise Tampered("the body is not the one the entry commits to")
    leaf = receipt.disclosed.leaf
    verify_inclusion(receipt.index, checkpoint.size, leaf_hash(leaf), receipt.proof, checkpoint.root)
    seen = {witness.name: verify_cosignature(note, witness) for witness in witnesses}
    late = [name for name, at in seen.items() if not checkpoint.is_test and is_ahead(entry.at, at)]
    if late:
        raise Tampered(f"the entry claims a later time than {', '.join(late)} saw it")
    return Proven(entry, leaf, receipt.index, checkpoint, seen)


def is_ahead(at: datetime, seen: int) -> bool:
    """Say whether an entry claims a time later than a witness saw it, beyond what clocks may differ by."""
    return at.timestamp() > seen + TOLERANCE_SECONDS


def is_behind(at: datetime, seen: int) -> bool:
    """Say whether an entry is back-dated (倒填时间): a checkpoint that did not hold it was seen after its time."""
    return at.timestamp() < seen - TOLERANCE_SECONDS


def disclosed_fields(disclosed: Disclosed) -> dict[str, str]:
    """Return an entry laid open as the fields that receipts and exports write."""
    fields = {"data": encode64(disclosed.data), "salt": disclosed.salt.hex()}
    if disclosed.body is not None and disclosed.body_salt is not None:
        fields |= {"body": encode64(disclosed.body), "body_salt": disclosed.body_salt.hex()}
    return fields


def disclosed_of(fields: Mapping[str, object]) -> Disclosed:
    """Return the entry laid open by such fields.

    Raises:
        ValueError: when a field is missing, unknown or misshapen.
    """
    if fields.keys() not in ({"data", "salt"}, {"data", "salt", "body", "body_salt"}):
        raise ValueError("an entry laid open has data and salt, and body with body_salt")
    texts = {key: value for key, value in fields.items() if isinstance(value, str)}
    if len(texts) != len(fields):
        raise ValueError("an entry laid open holds text only")
    body, body_salt = texts.get("body"), texts.get("body_salt")
    return Disclosed(
        data=decode64(texts["data"]),
        salt=parse_hex(texts["salt"]),
        body=None if body is None else decode64(body),
        body_salt=None if body_salt is None else parse_hex(body_salt),
    )


def parse_hex(text: str) -> bytes:
    """Return the bytes of lower-case hexadecimal.

    Raises:
        ValueError: for any other text.
    """
    data = base64.b16decode(text.upper().encode("ascii"))
    if data.hex() != text:
        raise ValueError("hexadecimal is lower-case")
    return data


def _disclosed(extra: bytes) -> Disclosed:
    fields = parse_canonical(extra)
    if not isinstance(fields, dict):
        raise ValueError("the extra line lays an entry open")
    return disclosed_of(fields)
