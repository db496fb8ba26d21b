"""Signed notes (签名文本), as in C2SP signed-note and tlog-cosignature.

A note is plain text, an empty line, and one line for each signature. A key is known by its name and a key id of four
bytes, so a reader that trusts certain keys passes over the lines of others. Two kinds of signature occur here, both
Ed25519: the log's, over the text itself, and the witness's, over the text with the time at which it was seen.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mifeng.rules.errors import Tampered

KEY_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
TIME_BYTES = 8
MAX_SIGNATURES = 64
MAX_TIME = 2**63 - 1
DASH = "\u2014 "


class Kind(IntEnum):
    """What a key signs (签名种类): the byte that C2SP assigns."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key (验证公钥), written ``name+key id+base64``.

    Raises:
        ValueError: for a name with a space or a plus sign, or a key that does not have 32 bytes.
    """

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that mark this key's signatures."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the text form, as it is handed to those who verify."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The secret half of a key (签名私钥): name, kind and the 32-byte Ed25519 seed.

    It never shows itself in a message.
    """

    name: str
    kind: Kind
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half."""
        return VerifierKey(self.name, self.kind, self._key().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes."""
        return self._key().sign(message)

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note (签名行); ``value`` is what follows the key id."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        """Return the line without its newline."""
        return f"{DASH}{self.name} {encode64(self.key_id + self.value)}"

    def is_by(self, key: VerifierKey) -> bool:
        """Say whether the line claims to be by this key."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it (签名文本)."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is stored and sent."""
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    def by(self, key: VerifierKey) -> tuple[Signature, ...]:
        """Return the lines that claim to be by this key."""
        return tuple(line for line in self.signatures if line.is_by(key))


def encode64(data: bytes) -> str:
    """Return the standard base64 form with padding."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str) -> bytes:
    """Return the bytes of standard base64 in its only proper form.

    Raises:
        ValueError: for any text that ``encode64`` would not write.
    """
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if encode64(data) != text:
        raise ValueError("base64 in a second form")
    return data


def parse_vkey(text: str) -> VerifierKey:
    """Return the key of a text form; one newline at the end is allowed.

    Raises:
        ValueError: when the form, the kind or the key id is wrong.
    """
    parts = text.removesuffix("\n").split("+", 2)
    if len(parts) != 3:
        raise ValueError("a verifier key reads name+id+key")
    name, key_id, material = parts
    raw = decode64(material)
    key = VerifierKey(name, Kind(raw[0] if raw else 0), raw[1:])
    if key.key_id.hex() != key_id:
        raise ValueError(f"key id of {name} does not fit its key")
    return key


def sign_note(text: str, *keys: SigningKey) -> str:
    """Return the note of a text signed by keys of the log.

    Raises:
        ValueError: when the text does not end with a newline or holds a control character, or a key is a witness's.
    """
    _check_text(text)
    if not keys or any(key.kind is not Kind.LOG for key in keys):
        raise ValueError("a note is signed by keys of the log")
    lines = tuple(Signature(key.name, key.verifier.key_id, key.sign(text.encode())) for key in keys)
    return str(Note(text, lines))


def parse_note(note: str) -> Note:
    """Take a note apart; nothing is verified.

    Raises:
        ValueError: when it is not a note in its only proper form, or carries more than 64 signatures.
    """
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise ValueError("a note ends with signature lines")
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise ValueError(f"more than {MAX_SIGNATURES} signatures")
    _check_text(text + "\n")
    return Note(text + "\n", tuple(parse_signature(row) for row in rows))


def parse_signature(line: str) -> Signature:
    """Return the signature of one line without its newline.

    Raises:
        ValueError: when it is not a signature line.
    """
    name, gap, material = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not gap:
        raise ValueError("not a signature line")
    _check_name(name)
    raw = decode64(material)
    if len(raw) <= KEY_ID_BYTES:
        raise ValueError("a signature line without a signature")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def add_signatures(note: str, lines: Iterable[str]) -> str:
    """Return the note with further signature lines under it, each given without its newline.

    Raises:
        ValueError: when the note or a line is misshapen.
    """
    parsed = parse_note(note)
    return str(Note(parsed.text, parsed.signatures + tuple(parse_signature(line) for line in lines)))


def verify_note(note: Note, key: VerifierKey) -> None:
    """Make sure that a note is signed by a key of the log (日志签名).

    Raises:
        Tampered: when no line is by this key, or one that claims to be does not verify.
    """
    _verified_lines(note, key, Kind.LOG)
    for line in note.by(key):
        if not _holds(key, line.value, note.text.encode()):
            raise Tampered(f"signature of {key.name} does not verify")


def cosign(text: str, key: SigningKey, at: int) -> str:
    """Return a witness's signature line, without newline, over a checkpoint's text seen at a time (见证签名).

    Args:
        text: the note's text, with its final newline and without signatures.
        key: the witness's key.
        at: seconds since 1970-01-01 UTC.

    Raises:
        ValueError: when the key is not a witness's, the time is out of range or the text is misshapen.
    """
    _check_text(text)
    if key.kind is not Kind.WITNESS:
        raise ValueError("only a witness cosigns")
    if not 0 <= at <= MAX_TIME:
        raise ValueError(f"not a time: {at}")
    value = at.to_bytes(TIME_BYTES) + key.sign(_cosigned(text, at))
    return str(Signature(key.name, key.verifier.key_id, value))


def verify_cosignature(note: Note, key: VerifierKey) -> int:
    """Make sure that a note is cosigned by a witness; return the earliest time attested, in seconds since 1970.

    Raises:
        Tampered: when no line is by this witness, or one that claims to be does not verify.
    """
    _verified_lines(note, key, Kind.WITNESS)
    times: list[int] = []
    for line in note.by(key):
        at = int.from_bytes(line.value[:TIME_BYTES])
        if at > MAX_TIME or not _holds(key, line.value[TIME_BYTES:], _cosigned(note.text, at)):
            raise Tampered(f"cosignature of {key.name} does not verify")
        times.append(at)
    return min(times)


def _verified_lines(note: Note, key: VerifierKey, kind: Kind) -> None:
    if key.kind is not kind:
        raise ValueError(f"{key.name} is not a key of this kind")
    if not note.by(key):
        raise Tampered(f"no signature of {key.name}")


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _holds(key: VerifierKey, signature: bytes, message: bytes) -> bool:
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_text(text: str) -> None:
    text.encode()
    if not text.endswith("\n") or any(sign < " " and sign != "\n" for sign in text):
        raise ValueError("a note's text ends with a newline and holds no control character")


def _check_name(name: str) -> None:
    name.encode()
    if not name or any(sign.isspace() or sign < " " or sign == "+" for sign in name):
        raise ValueError(f"not a key name: {name!r}")
