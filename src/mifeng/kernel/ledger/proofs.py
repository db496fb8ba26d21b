"""Receipts and exports from the stored log (回执与导出): what an outsider needs, made from tiles and cosigned notes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from mifeng.kernel.models import Checkpoint, Cosignature, Entry, EntryBody, Leaf, Tile
from mifeng.rules.ledger import (
    Disclosed,
    ExportedCheckpoint,
    ExportedEntry,
    Header,
    TileTree,
    format_line,
    format_receipt,
    parse_vkey,
)

CHUNK = 2_000


def receipt_of(entry_id: int, *, body: bool = False) -> str | None:
    """Return the receipt of an entry (回执): proof, entry and cosigned checkpoint; None until it is witnessed.

    Args:
        entry_id: the entry.
        body: lay open what the entry commits to as well, for those who have to act on it.
    """
    leaf = Leaf.objects.filter(entry=entry_id).first()
    if leaf is None:
        return None
    covering = Cosignature.objects.filter(checkpoint__gt=leaf.index).order_by("checkpoint").first()
    if covering is None:
        return None
    size = covering.checkpoint_id
    proof = TileTree(tile).inclusion_proof(leaf.index, size)
    bodies = EntryBody.objects.in_bulk([entry_id]) if body else {}
    return format_receipt(leaf.index, proof, note_of(size), _disclosed(Entry.objects.get(pk=entry_id), bodies))


def note_of(size: int) -> str:
    """Return a checkpoint's signed note with every cosignature under it."""
    note = Checkpoint.objects.values_list("note", flat=True).get(size=size)
    blocks = Cosignature.objects.filter(checkpoint=size).order_by("witness").values_list("line", flat=True)
    return _with_signatures(note, blocks)


def tile(level: int, index: int) -> bytes:
    """Return the bytes of a stored tile; empty when there is none."""
    row = Tile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    return bytes(row) if row is not None else b""


def export_log(*, bodies: bool = True) -> Iterator[bytes]:
    """Return the log as the lines of an export (台账导出), each checkpoint right behind the last entry it covers.

    It ends with the last checkpoint that a witness cosigned, so that what is written meanwhile does not make it look
    unfinished; without any witness it ends with the last checkpoint.

    Args:
        bodies: with what each entry commits to; without, the export is fit for outsiders.
    """
    data = Path(settings.ENV.data)
    log = parse_vkey((data / "keys" / "log.vkey").read_text())
    witness = parse_vkey((data / "witness" / "witness.vkey").read_text())
    yield format_line(Header(log.name, log, (witness,)))
    cosigned = Cosignature.objects.aggregate(last=Max("checkpoint"))["last"]
    end = cosigned or Checkpoint.objects.aggregate(last=Max("size"))["last"] or 0
    for start in range(0, end, CHUNK):
        yield from _export_part(start, min(start + CHUNK, end), bodies=bodies)


def _export_part(start: int, end: int, *, bodies: bool) -> Iterator[bytes]:
    """Return the lines of the entries from ``start`` up to, not including, ``end``, with the checkpoints over them."""
    rows = Leaf.objects.filter(index__gte=start, index__lt=end).order_by("index").select_related("entry")
    known = EntryBody.objects.in_bulk([row.entry_id for row in rows]) if bodies else {}
    notes = dict(Checkpoint.objects.filter(size__gt=start, size__lte=end).values_list("size", "note"))
    blocks: dict[int, list[str]] = {}
    signed = Cosignature.objects.filter(checkpoint__gt=start, checkpoint__lte=end).order_by("witness")
    for size, block in signed.values_list("checkpoint", "line"):
        blocks.setdefault(size, []).append(block)
    for row in rows:
        yield format_line(ExportedEntry(row.index, bytes(row.entry.leaf), _disclosed(row.entry, known)))
        size = row.index + 1
        if size in notes:
            yield format_line(ExportedCheckpoint(_with_signatures(notes[size], blocks.get(size, ()))))


def _with_signatures(note: str, blocks: Iterable[str]) -> str:
    """Return a note with signature lines as they are stored; what is wrong with them is for a verifier to say."""
    return note + "".join(f"{block}\n" for block in blocks)


def _disclosed(entry: Entry, bodies: dict[int, EntryBody]) -> Disclosed:
    body = bodies.get(entry.pk)
    return Disclosed(
        data=bytes(entry.data),
        salt=bytes(entry.salt),
        body=bytes(body.content) if body else None,
        body_salt=bytes(body.salt) if body else None,
    )
