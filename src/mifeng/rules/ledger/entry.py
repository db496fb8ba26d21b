"""Entries (台账条目): what one leaf of the log commits to.

An entry says who did what when, in which stream, and behind which entry of that stream; it names the rest of the
matter only by a salted commitment, so the body can be erased while the proof stands. The log itself holds 32 opaque
bytes for each entry: ``leaf = H("leaf"; salt, data)``. Without the salt a leaf says nothing, with it anyone can check
that the entry is the one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from mifeng.rules.encoding import canonical, digest, parse_canonical

VERSION = 1
LEAF_BYTES = 32
SALT_BYTES = 32

_KEYS = frozenset({"v", "type", "stream", "prev", "actor", "t", "body", "refs"})
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry (条目) as it is hashed.

    Args:
        type: the step, e.g. ``publish``.
        stream: the chain it belongs to, e.g. ``tenders.tender:…``.
        prev: leaf of the stream's entry before it; empty for the first.
        actor: opaque handle of the post that acted.
        at: legal time of the act, aware.
        body: ``body_commitment`` of what the act was about.
        refs: further subjects, or leaves in hexadecimal, that the act speaks of.
    """

    type: str
    stream: str
    prev: bytes
    actor: str
    at: datetime
    body: bytes
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An entry laid open (公开的条目): its canonical bytes and salt, with its body where that is laid open too.

    Raises:
        ValueError: for a salt of another length, or a body without its salt.
    """

    data: bytes
    salt: bytes
    body: bytes | None = None
    body_salt: bytes | None = None

    def __post_init__(self) -> None:
        if (self.body is None) != (self.body_salt is None):
            raise ValueError("a body is laid open with its salt")
        if any(len(salt) != SALT_BYTES for salt in (self.salt, self.body_salt) if salt is not None):
            raise ValueError(f"a salt has {SALT_BYTES} bytes")

    @property
    def leaf(self) -> bytes:
        """Return the leaf that commits to this entry."""
        return entry_leaf(self.salt, self.data)

    @property
    def body_commit(self) -> bytes | None:
        """Return the commitment to the body laid open; None without one."""
        if self.body is None or self.body_salt is None:
            return None
        return body_commitment(self.body_salt, self.body)


def entry_leaf(salt: bytes, data: bytes) -> bytes:
    """Return the leaf of an entry: H("leaf"; salt, canonical bytes of the entry), 32 bytes.

    Raises:
        ValueError: when the salt does not have 32 bytes.
    """
    return _salted("leaf", salt, data)


def body_commitment(salt: bytes, content: bytes) -> bytes:
    """Return the commitment to a body: H("body"; salt, canonical bytes of the body), 32 bytes.

    Raises:
        ValueError: when the salt does not have 32 bytes.
    """
    return _salted("body", salt, content)


def format_time(at: datetime) -> str:
    """Return an instant as entries write it: UTC with microseconds, ``2026-11-22T00:12:03.123456Z``.

    Raises:
        ValueError: for a time without zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Return the instant of an entry's time.

    Raises:
        ValueError: when it is not in that one form.
    """
    if not _TIME.fullmatch(text):
        raise ValueError(f"not a time: {text[:40]!r}")
    return datetime.fromisoformat(text)


def format_entry(entry: Entry) -> bytes:
    """Return the canonical bytes of an entry: what the leaf commits to.

    Raises:
        ValueError: when a field is misshapen, so that no entry is written which a verifier would refuse.
    """
    fields: dict[str, object] = {
        "v": VERSION,
        "type": entry.type,
        "stream": entry.stream,
        "prev": entry.prev.hex(),
        "actor": entry.actor,
        "t": format_time(entry.at),
        "body": entry.body.hex(),
        "refs": list(entry.refs),
    }
    _entry_of(fields)
    return canonical(fields)


def parse_entry(data: bytes) -> Entry:
    """Return the entry of canonical bytes.

    Raises:
        ValueError: when they are not canonical or not an entry of version 1.
    """
    fields = parse_canonical(data)
    if not isinstance(fields, dict):
        raise ValueError("an entry is an object")
    return _entry_of(fields)


def _entry_of(fields: dict[str, object]) -> Entry:
    if fields.keys() != _KEYS or fields["v"] is True or fields["v"] != VERSION:
        raise ValueError(f"not an entry of version {VERSION}")
    prev, refs = _text(fields, "prev"), fields["refs"]
    if not isinstance(refs, list) or not all(isinstance(ref, str) and ref for ref in refs):
        raise ValueError("refs is a list of names")
    return Entry(
        type=_name(fields, "type"),
        stream=_name(fields, "stream"),
        prev=_leaf(prev) if prev else b"",
        actor=_name(fields, "actor"),
        at=parse_time(_text(fields, "t")),
        body=_leaf(_text(fields, "body")),
        refs=tuple(refs),
    )


def _text(fields: dict[str, object], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} is text")
    return value


def _name(fields: dict[str, object], key: str) -> str:
    value = _text(fields, key)
    if not value:
        raise ValueError(f"{key} is empty")
    return value


def _leaf(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise ValueError(f"not 32 bytes in hexadecimal: {text[:70]!r}")
    return bytes.fromhex(text)


def _salted(label: str, salt: bytes, content: bytes) -> bytes:
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return digest(label, salt, content)
