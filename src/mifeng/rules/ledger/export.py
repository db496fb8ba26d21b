"""The log as a file (台账导出): JSON lines, written by the platform and read by anyone.

First a header with the origin and the keys of the log and its witnesses, then the entries in order; each checkpoint
stands right behind the last entry it covers, so the file is verified in one pass however long it is. Every line has
exactly one proper form, so any changed byte shows.
"""

from dataclasses import dataclass

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger.checkpoint import is_test_origin
from mifeng.rules.ledger.entry import LEAF_BYTES, Disclosed
from mifeng.rules.ledger.note import Kind, VerifierKey, parse_vkey
from mifeng.rules.ledger.proof import disclosed_fields, disclosed_of, parse_hex

FORMAT = "mifeng-log/1"
MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Header:
    """The first line (文件头): whose log this is and which keys it says it is signed with."""

    origin: str
    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()

    @property
    def is_test(self) -> bool:
        """Say whether the log stands in test mode."""
        return is_test_origin(self.origin)


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """One entry with its place in the log and the leaf that stands there (导出条目)."""

    index: int
    leaf: bytes
    disclosed: Disclosed


@dataclass(frozen=True, slots=True)
class ExportedCheckpoint:
    """A checkpoint with every signature under it (导出树根)."""

    note: str


Line = Header | ExportedEntry | ExportedCheckpoint


def format_line(line: Line) -> bytes:
    """Return a line of an export with its newline."""
    return canonical(_fields(line)) + b"\n"


def parse_line(row: bytes) -> Line:
    """Return what a line of an export, given with its newline, says.

    Raises:
        ValueError: when it is none of the three kinds in its only proper form.
    """
    if not row.endswith(b"\n"):
        raise ValueError("the line is cut off")
    fields = parse_canonical(row[:-1])
    if not isinstance(fields, dict):
        raise ValueError("a line is an object")
    if "format" in fields:
        return _header(fields)
    if "checkpoint" in fields:
        return _checkpoint(fields)
    return _entry(fields)


def _fields(line: Line) -> dict[str, object]:
    if isinstance(line, Header):
        witnesses = [str(key) for key in line.witnesses]
        return {"format": FORMAT, "origin": line.origin, "log": str(line.log), "witnesses": witnesses}
    if isinstance(line, ExportedEntry):
        return {"index": line.index, "leaf": line.leaf.hex(), **disclosed_fields(line.disclosed)}
    return {"checkpoint": line.note}


def _header(fields: dict[str, object]) -> Header:
    match fields:
        case {"format": str(named), "origin": str(origin), "log": str(log), "witnesses": list(witnesses), **rest}:
            pass
        case _:
            raise ValueError("a header has format, origin, log and witnesses")
    if rest or named != FORMAT or not all(isinstance(text, str) for text in witnesses):
        raise ValueError(f"not a header of {FORMAT}")
    header = Header(origin, _key(log, Kind.LOG), tuple(_key(text, Kind.WITNESS) for text in witnesses))
    if header.log.name != origin:
        raise ValueError("the log's key carries the log's origin as its name")
    return header


def _entry(fields: dict[str, object]) -> ExportedEntry:
    index, leaf = fields.pop("index", None), fields.pop("leaf", None)
    if type(index) is not int or index < 0 or not isinstance(leaf, str):
        raise ValueError("an entry has index and leaf")
    raw = parse_hex(leaf)
    if len(raw) != LEAF_BYTES:
        raise ValueError(f"a leaf has {LEAF_BYTES} bytes")
    return ExportedEntry(index, raw, disclosed_of(fields))


def _checkpoint(fields: dict[str, object]) -> ExportedCheckpoint:
    note = fields.pop("checkpoint")
    if fields or not isinstance(note, str):
        raise ValueError("a checkpoint line holds a note")
    return ExportedCheckpoint(note)


def _key(text: str, kind: Kind) -> VerifierKey:
    key = parse_vkey(text)
    if key.kind is not kind or str(key) != text:
        raise ValueError(f"not a key of this kind: {key.name}")
    return key
