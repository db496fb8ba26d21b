"""Reads of the ledger (台账查询): what happened to a matter, and how far an entry is proven."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from mifeng.kernel.models import Cosignature, Entry, EntryBody, Leaf, Reference

WITNESS_GRACE = timedelta(seconds=60)
_SILENT = """
SELECT EXISTS (
    SELECT 1 FROM kernel_checkpoint c WHERE c.at < %(before)s
    AND NOT EXISTS (SELECT 1 FROM kernel_cosignature s WHERE s.checkpoint_id >= c.size)
) OR EXISTS (SELECT 1 FROM kernel_checkpoint) AND EXISTS (
    SELECT 1 FROM kernel_pending p JOIN kernel_entry e ON e.id = p.entry_id WHERE e.at < %(before)s
)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page shows it (台账行): ``index`` is its place in the log, None while it waits for one."""

    id: int
    index: int | None
    at: datetime
    type: str
    actor: str
    leaf: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an entry is proven (见证情况): its place, and the first tree head above it that witnesses have signed.

    Before it has a place, ``index`` is None; before a witness has signed, ``witnesses`` is empty.
    """

    index: int | None
    size: int = 0
    root: str = ""
    witnesses: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The latest tree head that witnesses have signed (已见证树根), the line at the foot of every page."""

    size: int
    root: str
    witnesses: int
    at: datetime


def head() -> Head | None:
    """Return the latest cosigned checkpoint; None before the first."""
    row = Cosignature.objects.order_by("-checkpoint").select_related("checkpoint").first()
    if row is None:
        return None
    witnesses = Cosignature.objects.filter(checkpoint=row.checkpoint_id).count()
    return Head(row.checkpoint.size, bytes(row.checkpoint.root).hex(), witnesses, row.checkpoint.at)


def history(
    subjects: Iterable[str], *, before: int | None = None, limit: int = 50, types: Collection[str] = ()
) -> list[Line]:
    """Return the entries that speak of any of the subjects, newest first, keyset-paged by entry id.

    Args:
        subjects: ledger names ``app.model:id``.
        before: only entries with a smaller id.
        limit: most entries returned.
        types: only acts of these words; empty for all.
    """
    wanted = list(subjects)
    ids = Reference.objects.filter(subject__in=wanted).values("entry")
    rows = Entry.objects.filter(Q(subject__in=wanted) | Q(pk__in=ids))
    if types:
        rows = rows.filter(type__in=types)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    entries = list(rows.order_by("-pk").only("id", "at", "type", "actor_handle", "leaf")[:limit])
    places = dict(Leaf.objects.filter(entry__in=[entry.pk for entry in entries]).values_list("entry", "index"))
    return [
        Line(entry.pk, places.get(entry.pk), entry.at, entry.type, entry.actor_handle, bytes(entry.leaf).hex())
        for entry in entries
    ]


def entry_by_leaf(leaf_hex: str) -> Entry | None:
    """Return the entry with this leaf, the name a receipt gives it; None when the text names none."""
    try:
        leaf = bytes.fromhex(leaf_hex)
    except ValueError:
        return None
    return Entry.objects.filter(leaf=leaf).first()


def entry_by_prefix(low: bytes, high: bytes) -> Entry | None:
    """Return the entry whose leaf lies between two bounds, both included; for the short number of a receipt."""
    return Entry.objects.filter(leaf__gte=low, leaf__lte=high).order_by("leaf").first()


def standing(entry_id: int) -> Standing:
    """Return how far an entry is proven."""
    index = Leaf.objects.filter(entry=entry_id).values_list("index", flat=True).first()
    if index is None:
        return Standing(None)
    signed = Cosignature.objects.filter(checkpoint__gt=index).select_related("checkpoint").order_by("checkpoint", "pk")
    rows = list(signed[:20])
    if not rows:
        return Standing(index)
    first = rows[0].checkpoint
    same = [row for row in rows if row.checkpoint_id == first.pk]
    return Standing(
        index, first.size, bytes(first.root).hex(), tuple(row.witness for row in same), max(row.at for row in same)
    )


def leaf_of(entry_id: int) -> str:
    """Return the leaf of an entry as 64 hex digits."""
    return bytes(Entry.objects.values_list("leaf", flat=True).get(pk=entry_id)).hex()


def body_of(entry_id: int) -> dict[str, Any]:
    """Return what an entry commits to; empty after erasure."""
    row = EntryBody.objects.filter(pk=entry_id).first()
    return json.loads(bytes(row.content)) if row else {}


def subjects_of(entry_id: int, label: str) -> list[str]:
    """Return the ids of all subjects of one kind (``app.model``) that an entry speaks of."""
    own = Entry.objects.filter(pk=entry_id).values_list("subject", flat=True)
    refs = Reference.objects.filter(entry=entry_id).values_list("subject", flat=True)
    return sorted({text.partition(":")[2] for text in (*own, *refs) if text.startswith(f"{label}:")})


def witnessed(entry_id: int) -> bool:
    """Tell whether an entry is under a checkpoint that a witness has signed (已见证)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM kernel_leaf l, kernel_cosignature c"
            ' WHERE l.entry_id = %s AND c.checkpoint_id > l."index")',
            [entry_id],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def witness_silent(at: datetime) -> bool:
    """Tell whether witnesses have stopped answering (见证中断): what was written a minute ago is still not cosigned.

    Before the first tree head there is no log yet that a witness could have signed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {"before": at - WITNESS_GRACE})
        row = cursor.fetchone()
    return bool(row and row[0])
