"""Beginnings of stories, kept (存留的起点): carried out once in a process, put back as the rows they left.

Hundreds of tests begin with the same lawful project. The platform's own acts make it the first time; every later test
gets the very rows that they wrote, ledger entries and jobs included, provided that nothing was written before them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from mifeng.tenders.models import Tender
from tests import ENTRIES

BY_TRIGGER = "procrastinate_events"  # written by the database itself for each job

_UNTOUCHED = "SELECT pg_current_xact_id_if_assigned() IS NULL AND max(id) = %s FROM kernel_entry"
_SINCE = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_TABLES = """
SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (i.indkey))
  FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> %s
 GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
SELECT quote_literal(quote_ident(sequencename)), quote_ident(sequencename), last_value
  FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL
"""

Build = Callable[..., Tender]


@dataclass(frozen=True)
class Beginning:
    """A project at a stage, and the statements that write everything its making wrote."""

    tender: UUID
    statements: str


_KEPT: dict[tuple[str, str], Beginning] = {}


def kept(build: Build) -> Build:
    """Let a function's work be done once, where it is called without changes before anything else was written."""

    @wraps(build)
    def once(city: Any, **changes: object) -> Tender:
        if changes or ENTRIES not in os.environ:  # outside a run of tests the platform's own acts do it each time
            return build(city, **changes)
        with connection.cursor() as cursor:
            if not _value(cursor, _UNTOUCHED, int(os.environ[ENTRIES])):
                return build(city)
            key = build.__name__, city["agency-a"].handle
            if key in _KEPT:
                cursor.execute(_KEPT[key].statements)
            else:
                since = _value(cursor, _SINCE)
                _KEPT[key] = Beginning(build(city).pk, _written(cursor, since))
        return Tender.objects.get(pk=_KEPT[key].tender)

    return once


def _value(cursor: CursorWrapper, query: str, *parameters: Any) -> Any:
    """Return the one value of a query."""
    cursor.execute(query, parameters)
    return cursor.fetchone()[0]


def _written(cursor: CursorWrapper, since: int) -> str:
    """Return the statements that write again what has been written since a transaction's number."""
    cursor.execute(_TABLES, [BY_TRIGGER])
    tables = cursor.fetchall()
    # One array of whole rows for each table, in the database's own words, so that every value comes back as it was.
    rows = " UNION ALL ".join(
        f"SELECT {number}, array_agg(t)::text FROM {name} t WHERE t.xmin::text::bigint >= {since}"  # noqa: S608 - its own
        for number, (name, _, _) in enumerate(tables)
    )
    cursor.execute(rows)
    statements = [_insert(cursor, tables[number], text) for number, text in cursor.fetchall() if text]
    cursor.execute(_SEQUENCES)
    statements += [
        f"SELECT setval({literal}, greatest({last}, (SELECT last_value FROM {name})))"  # noqa: S608 - its own
        for literal, name, last in cursor.fetchall()
    ]
    return ";".join(statements)


def _insert(cursor: CursorWrapper, described: tuple[str, str, str], rows: str) -> str:
    """Return the statement that writes rows of a table; a row that was there before is changed."""
    table, columns, key = described
    literal = _value(cursor, "SELECT quote_literal(%s)", rows)
    new = ", ".join(f"excluded.{column}" for column in columns.split(", "))
    source = f"SELECT {columns} FROM unnest({literal}::{table}[])"  # noqa: S608 - names and rows of this database
    return f"INSERT INTO {table} ({columns}) {source} ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW({new})"
