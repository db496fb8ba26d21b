"""What an act leaves behind (办理痕迹): every row before and after, the entry it wrote, the jobs it deferred."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakSet

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from mifeng.kernel.models import Entry, EntryBody, Pending, Reference, Stream
from mifeng.rules.errors import Refusal
from mifeng.rules.ledger import body_commitment, entry_leaf, parse_entry

STANDING = frozenset({"kernel_calendarday", "procrastinate_workers"})

Rows = dict[str, list[str]]
_PREPARED: WeakSet[psycopg.Connection] = WeakSet()


def snapshot() -> Rows:
    """Return every row of every table of the platform and its jobs, but for the framework's and the calendar's."""
    found: Rows = {}
    with connection.cursor() as cursor:
        if connection.connection not in _PREPARED:
            cursor.execute(sql.SQL("PREPARE every_row AS {}").format(_every_row()))
            _PREPARED.add(connection.connection)
        cursor.execute("EXECUTE every_row")
        for table, row in cursor:
            found.setdefault(table, []).append(row)
    return found


@cache
def _every_row() -> sql.Composed:
    """Return one statement over all tables; each connection plans it once, for refusals are looked at all the time."""
    names = [name for name in connection.introspection.table_names() if not name.startswith(("django_", "auth_"))]
    one = sql.SQL("SELECT {}, t::text FROM {} t")
    parts = [one.format(sql.Literal(name), sql.Identifier(name)) for name in names if name not in STANDING]
    return sql.SQL(" UNION ALL ").join(parts)


def changed(before: Rows) -> dict[str, tuple[int, int]]:
    """Return table → (rows that are gone or different, rows that are new or different) since a snapshot."""
    found, after = {}, snapshot()
    for table in sorted(before.keys() | after.keys()):
        then, now = Counter(before.get(table, ())), Counter(after.get(table, ()))
        if then != now:
            found[table] = ((then - now).total(), (now - then).total())
    return found


@contextmanager
def refused(kind: type[Refusal], *codes: str) -> "Iterator[pytest.ExceptionInfo[Refusal]]":
    """Expect a refusal of exactly this kind with exactly these codes in this order, and not one row touched by it."""
    before = snapshot()
    with pytest.raises(Refusal) as caught:
        yield caught
    assert (type(caught.value), caught.value.codes) == (kind, codes)
    assert changed(before) == {}


@contextmanager
def not_there(model: Any) -> Iterator[None]:
    """Expect that what was asked for does not exist, and not one row touched."""
    before = snapshot()
    with pytest.raises(model.DoesNotExist):
        yield
    assert changed(before) == {}


@dataclass(frozen=True)
class Read:
    """An entry as anybody reads it who holds its bytes (条目): checked against its leaf and its body's commitment."""

    id: int
    type: str
    stream: str
    prev: str
    actor: str
    at: Any
    refs: tuple[str, ...]
    body: dict[str, Any]

    @property
    def moves(self) -> list[str]:
        """Return what happened, one line for each move: subject, step and states."""
        return [_line(move) for move in self.body["moves"]]

    def facts(self, step: str) -> dict[str, Any]:
        """Return the facts of the first move of a step."""
        return next(move.get("facts", {}) for move in self.body["moves"] if move["step"] == step)


def _line(move: dict[str, Any]) -> str:
    states = f": {move['from']} → {move['to']}" if "to" in move else ""
    return f"{move['subject'].partition(':')[0]} {move['step']}{states}"


def read_entry(pk: int) -> Read:
    """Return an entry after checking it: its leaf, its commitment, the columns beside its bytes, its references."""
    row = Entry.objects.select_related("stream").get(pk=pk)
    body = EntryBody.objects.get(pk=pk)
    data = bytes(row.data)
    entry = parse_entry(data)
    content = json.loads(bytes(body.content))
    assert entry_leaf(bytes(row.salt), data) == bytes(row.leaf)
    assert body_commitment(bytes(body.salt), bytes(body.content)) == entry.body
    assert (entry.type, entry.stream, entry.actor, entry.at) == (row.type, row.subject, row.actor_handle, row.at)
    assert row.stream.name == row.subject
    assert list(Reference.objects.filter(entry=pk).order_by("pk").values_list("subject", flat=True)) == [*entry.refs]
    assert sorted({row.subject, *entry.refs}) == sorted({move["subject"] for move in content["moves"]} | {*entry.refs})
    return Read(pk, entry.type, entry.stream, entry.prev.hex(), entry.actor, entry.at, entry.refs, content)


def entries() -> list[int]:
    """Return the ids of all entries in the order in which they were written."""
    return list(Entry.objects.order_by("pk").values_list("pk", flat=True))


def head(subject: str) -> str:
    """Return the leaf of a stream's last entry in hexadecimal; empty when there is none."""
    found = Stream.objects.filter(name=subject).values_list("head", flat=True).first()
    return bytes(found).hex() if found else ""


def waits(pk: int) -> bool:
    """Tell whether an entry waits for its place in the log."""
    return Pending.objects.filter(pk=pk).exists()


def jobs() -> list[tuple[str, dict[str, Any]]]:
    """Return the jobs that wait, in the order of their deferral: name and arguments."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        return [(name, args if isinstance(args, dict) else json.loads(args)) for name, args in cursor.fetchall()]


def queries(read: Callable[[], object]) -> int:
    """Return how many statements a read takes."""
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)
