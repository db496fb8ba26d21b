"""The envelope of a bid (密封信封, BE1): what is handed in before the deadline, and what can be checked while closed.

A container is the magic, the length of the header, the header, and the ciphertexts of the parts. The header, ``seal``,
is canonical JSON; its ``core`` stands before any ciphertext exists and is bound into every key and every stanza:

* ``core`` names policy, lot, bid and version, and commits to the two secrets: ``sB_commit`` to the bidder's key and
  ``C`` to the number that the trustees share;
* ``stanzas`` hold the shares, one wrapped to each trustee, and ``s_B`` wrapped to up to four keys of the bidder;
  nothing says to which, and unused slots look alike;
* ``parts`` gives length and hash of each ciphertext.

The hash of ``seal`` is what receipts, lists and acknowledgements name. Whoever reads an envelope refuses every key and
every form that is not written here: a header has no room for a name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Literal

from mifeng.rules.curve import POINT_BYTES, decode_point
from mifeng.rules.encoding import canonical, digest, parse_canonical
from mifeng.rules.errors import Reason, Tampered, Unfair, refuse_if_any
from mifeng.rules.seal.core import Core, core_fields, core_hash, core_of
from mifeng.rules.seal.layout import ciphertext_length, hasher
from mifeng.rules.seal.policy import PARTS, REF_BYTES, Policy, format_policy, policy_hash
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of
from mifeng.rules.seal.sharing import MAX_SHARES

MAGIC = b"BE1\x00"
SLOTS = 4
MAX_HEADER_BYTES = 2**18
# One HPKE ciphertext of 32 bytes: an encapsulated point, the bytes, a tag.
STANZA_BYTES = 65 + 32 + 16
_READ_BYTES = 65536

Role = Literal["trustee", "bidder"]


@dataclass(frozen=True, slots=True)
class Stanza:
    """32 secret bytes wrapped to one key (密钥段): a trustee's share, or the bidder's own key."""

    role: Role
    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bid (投标文件分部) while it is closed.

    Args:
        id: which part.
        padded_len: length of its plaintext, in bytes.
        ct_len: length of its ciphertext, in bytes.
        ct_hash: hash of its ciphertext.
        offset: where its ciphertext begins behind the header, in bytes.
    """

    id: str
    padded_len: int
    ct_len: int
    ct_hash: bytes
    offset: int


@dataclass(frozen=True)
class Seal:
    """The header of an envelope (密封头): all there is to know about a closed bid."""

    core: Core
    stanzas: tuple[Stanza, ...]
    parts: tuple[Part, ...]

    @property
    def policy_hash(self) -> bytes:
        """Return the hash of the policy it is sealed under."""
        return self.core.policy_hash

    @property
    def lot_ref(self) -> bytes:
        """Return the reference of its lot."""
        return self.core.lot_ref

    @property
    def bid_ref(self) -> bytes:
        """Return the reference of the bid, the same for all its versions."""
        return self.core.bid_ref

    @property
    def version(self) -> int:
        """Return its version, from 1."""
        return self.core.version

    @property
    def prev(self) -> bytes:
        """Return the envelope hash of the version it replaces; empty for the first."""
        return self.core.prev

    @property
    def submit_key(self) -> bytes:
        """Return the public point that signs for the bid."""
        return self.core.submit_key

    @property
    def sb_commit(self) -> bytes:
        """Return the commitment to the bidder's key."""
        return self.core.sb_commit

    @property
    def commitments(self) -> tuple[bytes, ...]:
        """Return the public points of the sharing."""
        return self.core.commitments

    @property
    def n(self) -> int:
        """Return for how many trustees it holds a share."""
        return len(self.stanzas) - SLOTS

    @cached_property
    def data(self) -> bytes:
        """Return its canonical bytes."""
        return format_seal(self)

    @cached_property
    def core_hash(self) -> bytes:
        """Return the hash of its core: H("BE1 core"; JCS(core))."""
        return core_hash(self.core)

    @cached_property
    def envelope_hash(self) -> bytes:
        """Return what receipts, ledger and lists name: H("BE1 envelope"; JCS(seal))."""
        return digest("BE1 envelope", self.data)

    @property
    def container_bytes(self) -> int:
        """Return how long the whole container is, in bytes."""
        return len(MAGIC) + 4 + len(self.data) + sum(part.ct_len for part in self.parts)

    def stanza(self, role: Role, index: int) -> Stanza:
        """Return one stanza by its role and its index from 1.

        Raises:
            ValueError: when there is none.
        """
        for one in self.stanzas:
            if (one.role, one.index) == (role, index):
                return one
        raise ValueError(f"no stanza {index} of a {role}")

    def part(self, part_id: str) -> Part:
        """Return one part by its id.

        Raises:
            ValueError: when there is none.
        """
        for one in self.parts:
            if one.id == part_id:
                return one
        raise ValueError(f"no part {part_id}")

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Return what may not occur twice in a lot, as kind and 64 characters: only a copy would repeat it."""
        return (
            ("sB_commit", self.sb_commit.hex()),
            ("C_0", digest("BE1 mark", self.commitments[0]).hex()),
            *(("stanza", digest("BE1 mark", one.data).hex()) for one in self.stanzas),
            *(("ct_hash", part.ct_hash.hex()) for part in self.parts),
        )


def format_seal(seal: Seal) -> bytes:
    """Return the canonical bytes of a header."""
    stanzas: dict[str, list[str]] = {"trustees": [], "bidder": []}
    for one in seal.stanzas:
        stanzas["trustees" if one.role == "trustee" else "bidder"].append(one.data.hex())
    parts = [{"id": part.id, "ct_len": part.ct_len, "ct_hash": part.ct_hash.hex()} for part in seal.parts]
    return canonical({"core": core_fields(seal.core), "stanzas": stanzas, "parts": parts})


@lru_cache(maxsize=32)
def parse_seal(data: bytes) -> Seal:
    """Return the header of canonical bytes, every shape made sure of.

    Raises:
        ValueError: when the bytes are not canonical, or a key, a length or a point is not as written here.
    """
    if len(data) > MAX_HEADER_BYTES:
        raise ValueError(f"a header has at most {MAX_HEADER_BYTES} bytes")
    fields = object_of(parse_canonical(data), {"core", "stanzas", "parts"}, "a header")
    core = core_of(fields["core"])
    seal = Seal(core, _stanzas(fields["stanzas"]), _parts(core, fields["parts"]))
    marks = seal.marks()
    if len(set(marks)) != len(marks):
        raise ValueError("a stanza or a ciphertext occurs twice")
    return seal


def check_envelope(seal: Seal, policy: Policy) -> None:
    """Refuse an envelope that is not sealed under the policy of its lot (密封信封).

    Raises:
        Unfair: ``envelope-policy`` for another policy, lot, suite, mode or threshold, ``envelope-malformed`` for
            another number of stanzas, each with fact ``field``; ``too-large`` with fact ``limit``, in bytes.

    Source: our choice (ADR-6)
    """
    fits = {
        "policy_hash": seal.policy_hash == policy_hash(format_policy(policy)),
        "lot_ref": seal.lot_ref == policy.lot_ref,
        "suite": seal.core.suite == policy.suite,
        "mode": seal.core.mode == policy.mode,
        "t": len(seal.commitments) == policy.t,
    }
    reasons = [Reason("envelope-policy", {"field": field}) for field, same in fits.items() if not same]
    if seal.n != policy.n:
        reasons.append(Reason("envelope-malformed", {"field": "stanzas"}))
    if seal.container_bytes > policy.envelope_bytes:
        reasons.append(Reason("too-large", {"limit": policy.envelope_bytes}))
    refuse_if_any(Unfair, reasons)


def read_header(source: bytes | Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the header's bytes of a container and what follows it: the ciphertexts, piece by piece.

    Raises:
        ValueError: when it is no container, or its header is cut off or too long.
    """
    pieces = iter(_sliced(source) if isinstance(source, bytes) else source)
    buffer = bytearray()
    start = len(MAGIC) + 4
    _fill(buffer, pieces, start)
    length = int.from_bytes(buffer[len(MAGIC) : start])
    if not buffer.startswith(MAGIC) or length > MAX_HEADER_BYTES:
        raise ValueError("not a sealed bid")
    _fill(buffer, pieces, start + length)
    return bytes(buffer[start : start + length]), chain([bytes(buffer[start + length :])], pieces)


def part_pieces(seal: Seal, ciphertexts: Iterable[bytes]) -> Iterator[tuple[Part, bytes]]:
    """Yield what follows a header, cut at the borders of the parts.

    Raises:
        ValueError: when it is cut off, or something stands behind the last part.
    """
    number = position = 0
    for piece in ciphertexts:
        rest = piece
        while rest:
            if number == len(seal.parts):
                raise ValueError("bytes behind the last part")
            part = seal.parts[number]
            taken = rest[: part.offset + part.ct_len - position]
            yield part, taken
            rest, position = rest[len(taken) :], position + len(taken)
            number += position == part.offset + part.ct_len
    if number < len(seal.parts):
        raise ValueError(f"cut off in part {seal.parts[number].id}")


def verify_ciphertexts(seal: Seal, ciphertexts: Iterable[bytes]) -> None:
    """Make sure that what follows a header is what it names: lengths, hashes, and nothing behind (核对密文).

    Raises:
        ValueError: when it is cut off, or something stands behind the last part.
        Tampered: when a ciphertext has another hash.
    """
    hashes = {part.id: hasher("BE1 ct", part.ct_len) for part in seal.parts}
    for part, piece in part_pieces(seal, ciphertexts):
        hashes[part.id].update(piece)
    wrong = [part.id for part in seal.parts if hashes[part.id].digest() != part.ct_hash]
    if wrong:
        raise Tampered(f"the ciphertext of {', '.join(wrong)} is not the one the header names")


def _stanzas(value: object) -> tuple[Stanza, ...]:
    fields = object_of(value, {"trustees", "bidder"}, "the stanzas")
    trustees, slots = list_of(fields["trustees"], "trustees"), list_of(fields["bidder"], "bidder")
    if not 2 <= len(trustees) <= MAX_SHARES or len(slots) != SLOTS:
        raise ValueError(f"an envelope has a stanza for each trustee and {SLOTS} slots")
    return (
        *(Stanza("trustee", index, _wrapped(one)) for index, one in enumerate(trustees, 1)),
        *(Stanza("bidder", index, _wrapped(one)) for index, one in enumerate(slots, 1)),
    )


def _wrapped(value: object) -> bytes:
    data = hex_of(value, STANZA_BYTES, "a stanza")
    decode_point(data[:POINT_BYTES])
    return data


def _parts(core: Core, value: object) -> tuple[Part, ...]:
    rows = [object_of(one, {"id", "ct_len", "ct_hash"}, "a part") for one in list_of(value, "parts")]
    if [row["id"] for row in rows] != list(PARTS):
        raise ValueError("an envelope has all parts, in order")
    parts: list[Part] = []
    offset = 0
    for row, padded_len in zip(rows, core.padded, strict=True):
        length = number_of(row["ct_len"], "ct_len")
        if length != ciphertext_length(padded_len):
            raise ValueError("the length of a ciphertext does not follow from its plaintext's")
        parts.append(Part(str(row["id"]), padded_len, length, hex_of(row["ct_hash"], REF_BYTES, "ct_hash"), offset))
        offset += length
    return tuple(parts)


def _sliced(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _READ_BYTES] for start in range(0, len(data), _READ_BYTES))


def _fill(buffer: bytearray, pieces: Iterator[bytes], length: int) -> None:
    while len(buffer) < length:
        piece = next(pieces, None)
        if piece is None:
            raise ValueError("the header is cut off")
        buffer += piece
