"""A PDF without what says who made it (匿名副本): document information, XMP, ids, signatures, traces of programs.

The pages stay as they are. What their text or pictures show, and how long the document is, can still tell its author:
whoever writes the bid keeps that out.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf

TOOL = f"mifeng-bare/1 pikepdf/{pikepdf.__version__} qpdf/{pikepdf.__libqpdf_version__}"
TRAILER = ("/Info", "/ID")
# Of the whole document: portfolios, legal notes, certificates of signatures, who may do what.
CATALOG = ("/Collection", "/Legal", "/DSS", "/Perms", "/SpiderInfo", "/URI")
# In any object: XMP, private data of programs, dates, associated files.
ANYWHERE = ("/Metadata", "/PieceInfo", "/LastModified", "/CreatorInfo", "/AF")
# In a comment: its author, its dates, its name.
COMMENT = ("/T", "/CreationDate", "/M", "/NM", "/RC", "/Subj")
# In a signature: the certificate and everything said about the signer; the signature itself does not survive.
SIGNATURE = ("/Contents", "/Cert", "/ByteRange", "/Name", "/Location", "/Reason", "/ContactInfo", "/M", "/Prop_Build")
SIGNED = ("/Sig", "/DocTimeStamp")
FORM_FIELD = "/Widget"

_SOI, _SOS, _COMMENT = 0xD8, 0xDA, 0xFE
# A picture needs its first segment and the one that says how its colours are meant.
_KEPT_SEGMENTS = (0xE0, 0xE2, 0xEE)


@dataclass(frozen=True, slots=True)
class Bare:
    """A copy (匿名副本): its bytes and how many pages it has."""

    data: bytes
    pages: int


def bare_copy(path: Path) -> Bare:
    """Return a PDF without what says who made it; the same file always gives the same bytes.

    Raises:
        pikepdf.PdfError: when it cannot be read.
    """
    with pikepdf.open(path, attempt_recovery=False) as pdf:
        _drop(pdf.trailer, TRAILER)
        _drop(pdf.Root, CATALOG)
        for item in pdf.objects:
            _strip(item)
        out = io.BytesIO()
        pdf.save(out, static_id=True, fix_metadata_version=False)
        return Bare(out.getvalue(), len(pdf.pages))


def bare_picture(data: bytes) -> bytes:
    """Return a JPEG without its descriptions (EXIF 等), such as camera, author and place; anything else unchanged."""
    if data[:2] != bytes([0xFF, _SOI]):
        return data
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SOS:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        described = (0xE0 <= marker <= 0xEF and marker not in _KEPT_SEGMENTS) or marker == _COMMENT
        if not described:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _strip(item: object) -> None:
    """Take out of one object, and of all that is written inside it, what says who made it."""
    if isinstance(item, pikepdf.Stream) and item.get("/Filter") == pikepdf.Name.DCTDecode:
        raw = item.read_raw_bytes()
        plain = bare_picture(raw)
        if plain != raw:
            # Written in place, so that how the picture is to be decoded stays as it is said there.
            settings = item.get("/DecodeParms")
            item.write(plain, filter=pikepdf.Name.DCTDecode)
            if settings is not None:
                item["/DecodeParms"] = settings
    for table in _tables(item):
        _drop(table, ANYWHERE)
        if str(table.get("/Type")) in SIGNED or "/ByteRange" in table:
            _drop(table, SIGNATURE)
        elif "/Rect" in table and str(table.get("/Subtype")) != FORM_FIELD:
            _drop(table, COMMENT)


def _tables(item: object) -> Iterator[pikepdf.Dictionary]:
    waiting = [item]
    while waiting:
        at = waiting.pop()
        table = at.stream_dict if isinstance(at, pikepdf.Stream) else at
        if isinstance(table, pikepdf.Dictionary):
            yield table
            waiting += [value for value in dict(table.items()).values() if not _elsewhere(value)]
        elif isinstance(table, pikepdf.Array):
            waiting += [value for value in list(table) if not _elsewhere(value)]


def _elsewhere(value: object) -> bool:
    """Tell whether a value is an object of its own, which is looked at by itself."""
    return bool(getattr(value, "is_indirect", False))


def _drop(table: pikepdf.Object, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in table:
            del table[key]
