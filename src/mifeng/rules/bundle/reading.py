"""A bundle, read (证据包): every file in its form, every entry with what it says; nothing is verified.

A file that is misshapen is kept under ``broken`` with the reason and counts as absent for everything else, so that one
fault is one fault. Only without a manifest there is no bundle.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mifeng.rules.blind import CodeMap, parse_mapping
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.forms import (
    parse_bid,
    parse_countersigned,
    parse_documents,
    parse_draw,
    parse_entries,
    parse_heads,
    parse_notices,
    parse_opening,
    parse_releases,
)
from mifeng.rules.bundle.manifest import Lot, Manifest, parse_manifest
from mifeng.rules.bundle.records import (
    BidRecord,
    Countersigned,
    Document,
    DrawRecord,
    Head,
    OpeningRecord,
    Published,
    Released,
    ResultRecord,
    Row,
)
from mifeng.rules.bundle.redaction import Redaction, parse_redactions
from mifeng.rules.bundle.results import parse_result
from mifeng.rules.decisive import Move, moves_of
from mifeng.rules.draw.disclosure import Disclosure, parse_disclosure
from mifeng.rules.ledger import Checkpoint, Entry, Note, parse_checkpoint, parse_entry, parse_note
from mifeng.rules.rulebook import Rulebook, parse_rulebook
from mifeng.rules.scoring import Template, parse_template
from mifeng.rules.seal.envelope import Seal, parse_seal
from mifeng.rules.seal.policy import Policy, parse_policy

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the log, understood (条目): entry and act as far as they are laid open and can be read.

    Args:
        row: as it stands in the bundle.
        entry: None when it is not laid open, or misshapen.
        moves: what happened; none when the body is not laid open, or misshapen.
        fault: why entry or body cannot be read; empty when they can.
    """

    row: Row
    entry: Entry | None = None
    moves: tuple[Move, ...] = ()
    fault: str = ""

    @property
    def type(self) -> str:
        """Return the step word of the entry; empty when it is not laid open."""
        return self.entry.type if self.entry else ""

    @property
    def leaf(self) -> str:
        """Return the leaf in hexadecimal."""
        return self.row.leaf.hex()

    def facts(self, step: str) -> Mapping[str, object] | None:
        """Return the facts of the first move of a step; None when there is none."""
        return next((move.facts for move in self.moves if move.step == step), None)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint, read (树根)."""

    note: Note
    checkpoint: Checkpoint
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Sealing:
    """The sealing policy of a package with its canonical bytes (密封规则)."""

    data: bytes
    policy: Policy


@dataclass(frozen=True, slots=True)
class BidFile:
    """A listed bid (投标): what the record says of it, its header, its signatures, the ciphertexts shown.

    ``header`` are the bytes of its header, empty when they are not there; ``seal`` is None when they are misshapen.
    """

    lot: Lot
    published: Published
    header: bytes
    seal: Seal | None
    record: BidRecord
    ciphertexts: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Return its folder in the bundle."""
        return layout.bid_folder(self.lot.number, self.published.position)


@dataclass(frozen=True)
class Bundle:
    """A bundle, read (证据包)."""

    manifest: Manifest
    files: Mapping[str, bytes]
    broken: Mapping[str, str]
    policies: Mapping[int, Sealing]
    rulebook: Rulebook | None
    heads: tuple[Signed, ...]
    lines: tuple[Line, ...]
    countersigned: tuple[Countersigned, ...]
    notices: tuple[Mapping[str, object], ...]
    documents: tuple[Document, ...]
    openings: Mapping[int, OpeningRecord]
    bids: tuple[BidFile, ...]
    releases: Mapping[int, tuple[Released, ...]]
    draws: Mapping[str, DrawRecord]
    disclosures: Mapping[str, Disclosure]
    templates: Mapping[int, Template]
    codes: Mapping[int, CodeMap]
    results: Mapping[int, ResultRecord]
    redactions: tuple[Redaction, ...]

    @property
    def is_public(self) -> bool:
        """Say whether everybody may read this cut."""
        return self.manifest.cut == "public"

    @property
    def last(self) -> Signed | None:
        """Return the last checkpoint, which covers every entry; None without any."""
        return self.heads[-1] if self.heads else None

    def line(self, leaf: str) -> Line | None:
        """Return the entry with a leaf in hexadecimal; None when the bundle does not hold it."""
        return next((line for line in self.lines if line.leaf == leaf), None)

    def of_type(self, *types: str) -> list[Line]:
        """Return the entries of some step words, in the order of the log."""
        return [line for line in self.lines if line.type in types]

    def stream(self, stream: str) -> list[Line]:
        """Return the entries of a stream, in the order of the log."""
        return [line for line in self.lines if line.row.stream == stream]


def read_bundle(files: Iterable[tuple[str, bytes]]) -> Bundle:
    """Return a bundle from its files, the manifest first (读取证据包).

    Raises:
        ValueError: when there is no manifest, or it is misshapen.
    """
    found = dict(files)
    if next(iter(found), "") != layout.MANIFEST:
        raise ValueError("a bundle begins with its manifest")
    manifest = parse_manifest(found.pop(layout.MANIFEST))
    reader = _Reader(found)
    openings = _each(reader, manifest, layout.opening_path, parse_opening)
    policies = _each(reader, manifest, layout.policy_path, _sealing)
    releases = _each(reader, manifest, layout.releases_path, parse_releases)
    draws = {handle: reader.read(layout.draw_path(handle), parse_draw) for handle in manifest.draws}
    disclosures = {handle: reader.read(layout.disclosure_path(handle), parse_disclosure) for handle in manifest.draws}
    return Bundle(
        manifest=manifest,
        files=found,
        policies=policies,
        rulebook=reader.read(layout.RULEBOOK, _rulebook),
        heads=reader.read(layout.CHECKPOINTS, _heads) or (),
        lines=tuple(map(_line, reader.read(layout.ENTRIES, parse_entries) or ())),
        countersigned=reader.read(layout.COUNTERSIGNATURES, parse_countersigned) or (),
        notices=reader.read(layout.NOTICES, parse_notices) or (),
        documents=reader.read(layout.DOCUMENTS, parse_documents) or (),
        openings=openings,
        bids=tuple(bid for lot in manifest.lots for bid in _bids(reader, lot, openings.get(lot.number))),
        releases=releases,
        draws=_there(draws),
        disclosures=_there(disclosures),
        templates=_each(reader, manifest, layout.template_path, parse_template),
        codes=_each(reader, manifest, layout.codes_path, parse_mapping),
        results=_each(reader, manifest, layout.result_path, parse_result),
        redactions=reader.read(layout.REDACTIONS, parse_redactions) or (),
        broken=reader.broken,
    )


class _Reader:
    """Files that are read once each, and what is wrong with those that cannot be."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.broken: dict[str, str] = {}

    def read(self, path: str, parse: Callable[[bytes], T]) -> T | None:
        """Return what a file says; None when it is not there, or misshapen."""
        if path not in self.files:
            return None
        try:
            return parse(self.files[path])
        except ValueError as error:
            self.broken[path] = str(error)
            return None


def _each(reader: _Reader, manifest: Manifest, path: Callable[[int], str], parse: Callable[[bytes], T]) -> dict[int, T]:
    """Return what a file says that each package has, by the number of the package."""
    return _there({lot.number: reader.read(path(lot.number), parse) for lot in manifest.lots})


def _bids(reader: _Reader, lot: Lot, record: OpeningRecord | None) -> Iterable[BidFile]:
    for published in record.bids if record else ():
        header = reader.files.get(layout.header_path(lot.number, published.position), b"")
        found = reader.read(layout.record_path(lot.number, published.position), parse_bid)
        paths = {part: layout.part_path(lot.number, published.position, part) for part in layout.PARTS}
        ciphertexts = {part: reader.files[path] for part, path in paths.items() if path in reader.files}
        yield BidFile(lot, published, header, _seal(header), found or BidRecord((), ()), ciphertexts)


def _seal(header: bytes) -> Seal | None:
    """Return a header; one that is misshapen is for a check of its own to report."""
    try:
        return parse_seal(header)
    except ValueError:
        return None


def _line(row: Row) -> Line:
    if row.disclosed is None:
        return Line(row)
    try:
        line = Line(row, parse_entry(row.disclosed.data))
    except ValueError as error:
        return Line(row, fault=str(error))
    if row.disclosed.body is None:
        return line
    try:
        step, moves = moves_of(row.disclosed.body)
    except ValueError as error:
        return replace(line, fault=str(error))
    fault = "" if step == line.type else f"the entry is a {line.type}, its body a {step}"
    return replace(line, moves=() if fault else moves, fault=fault)


def _heads(data: bytes) -> tuple[Signed, ...]:
    heads = tuple(_signed(head) for head in parse_heads(data))
    sizes = [head.checkpoint.size for head in heads]
    if not sizes or sizes != sorted(set(sizes)):
        raise ValueError("checkpoints stand in the order of their sizes, each once")
    return heads


def _signed(head: Head) -> Signed:
    note = parse_note(head.note)
    return Signed(note, parse_checkpoint(note.text), head.proof)


def _sealing(data: bytes) -> Sealing:
    return Sealing(data, parse_policy(data))


def _rulebook(data: bytes) -> Rulebook:
    return parse_rulebook(data.decode())


def _there(found: Mapping[K, T | None]) -> dict[K, T]:
    return {key: value for key, value in found.items() if value is not None}
