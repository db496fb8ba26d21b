"""The rows of the ledger (台账): a chain per matter, what reads find in it, and guards that refuse every change."""

import json
from datetime import timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from psycopg import sql

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger import queries
from mifeng.kernel.ledger.append import Draft, append, timestamp
from mifeng.kernel.models import Checkpoint, Cosignature, Entry, EntryBody, Instance, Leaf, Pending, Reference, Stream
from mifeng.rules.ledger import parse_entry
from tests.actions.evidence import changed, read_entry, snapshot, waits
from tests.actions.evidence import queries as statements
from tests.factories import START, City

AGENCY = Actor(role="agency", handle="0123456789abcdef")
MINUTE = timedelta(minutes=1)


def write(stream: str = "test.matter:1", *refs: str, type: str = "test", minutes: int = 0) -> int:
    """Append an entry as the door would, and return its id."""
    body = {"step": type, "role": "agency", "moves": [{"step": type, "subject": stream}]}
    return append(Draft(type, stream, AGENCY.handle, START + minutes * MINUTE, body, refs)).id


def leaf(pk: int) -> str:
    """Return the leaf of an entry in hexadecimal."""
    return bytes(Entry.objects.get(pk=pk).leaf).hex()


def test_entries_of_a_stream_form_a_chain(city: City) -> None:
    """Each entry names the leaf before it; the stream's head is the last (R071, NM-2018-67 四(十一))."""
    first, other, second, third = write(), write("test.matter:2"), write(), write()

    assert [read_entry(pk).prev for pk in (first, other, second, third)] == ["", "", leaf(first), leaf(second)]
    heads = {row.name: bytes(row.head).hex() for row in Stream.objects.filter(name__startswith="test.")}
    assert heads == {"test.matter:1": leaf(third), "test.matter:2": leaf(other)}


def test_entry_waits_for_its_place_and_keeps_its_body_apart(city: City) -> None:
    """The body can be erased while the proof stands (PIPL-47)."""
    pk = write("test.matter:1", "test.matter:2")
    row, body = Entry.objects.get(pk=pk), EntryBody.objects.get(pk=pk)

    assert waits(pk)
    assert list(Reference.objects.filter(entry=pk).values_list("subject", flat=True)) == ["test.matter:2"]
    assert parse_entry(bytes(row.data)).refs == ("test.matter:2",)
    assert (len(bytes(row.leaf)), len(bytes(row.salt)), len(bytes(body.salt))) == (32, 32, 32)
    assert b"moves" not in bytes(row.data)
    assert queries.body_of(pk) == json.loads(bytes(body.content))
    body.delete()
    assert (queries.body_of(pk), leaf(pk)) == ({}, bytes(row.leaf).hex())


def test_same_act_twice_has_two_leaves(city: City) -> None:
    """Fresh salts: nobody can tell from the leaves that the same was done again."""
    first, second = write("test.matter:1"), write("test.matter:2")

    assert leaf(first) != leaf(second)
    assert Entry.objects.get(pk=first).salt != Entry.objects.get(pk=second).salt


def test_entry_takes_two_statements(city: City) -> None:
    assert statements(write) == 2


def test_instant_is_written_in_utc_with_microseconds() -> None:
    assert timestamp(START.astimezone(ZoneInfo("Asia/Shanghai"))) == "2026-03-02T01:00:00.000000Z"


REFUSES = (ProgrammingError, InternalError)
GUARDED = {
    "kernel_entry": "type",
    "kernel_reference": "subject",
    "kernel_leaf": "entry_id",
    "kernel_checkpoint": "note",
    "kernel_cosignature": "line",
}


def fill() -> None:
    """Leave one row in every table of the log."""
    pk = write("test.matter:1", "test.matter:2")
    Leaf.objects.create(index=0, entry_id=pk)
    head = Checkpoint.objects.create(size=1, root=b"\0" * 32, note="note", at=START)
    Cosignature.objects.create(checkpoint=head, witness="w", line="line", at=START)
    connection.check_constraints()  # else TRUNCATE stops at the checks that are still to come, before any guard


STATEMENTS = {
    "UPDATE": sql.SQL("UPDATE {} SET {} = NULL"),
    "DELETE": sql.SQL("DELETE FROM {}"),
    "TRUNCATE": sql.SQL("TRUNCATE {} CASCADE"),
}


@pytest.mark.parametrize("table", sorted(GUARDED))
@pytest.mark.parametrize("verb", sorted(STATEMENTS))
def test_database_itself_refuses_to_change_the_ledger(city: City, table: str, verb: str) -> None:
    """Entries, places, tree heads and cosignatures are inserted once and never touched again (R071)."""
    fill()
    before = snapshot()

    with pytest.raises(REFUSES, match=f"{verb} on kernel_.* refused"), transaction.atomic():
        connection.cursor().execute(STATEMENTS[verb].format(sql.Identifier(table), sql.Identifier(GUARDED[table])))

    assert changed(before) == {}


def test_guards_stand_on_exactly_the_tables_of_the_log(city: City) -> None:
    """What grows or can be erased is left out: streams, bodies, pending rows, tiles."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
            " AND tgrelid::regclass::text LIKE 'kernel_%'"
        )
        found = sorted(cursor.fetchall())

    assert found == [(table, name) for table in sorted(GUARDED) for name in ("never_emptied", "written_once")]


def test_migration_of_the_guards_can_be_taken_back_and_done_again(city: City) -> None:
    """Additive and reversible: a tested migration, not a statement somebody once typed."""
    guards = import_module("mifeng.kernel.migrations.0002_guards")
    with connection.cursor() as cursor:
        cursor.execute(guards.no_guards())
        fill()
        cursor.execute("UPDATE kernel_reference SET subject = 'forged'")
        cursor.execute(guards.GUARD + guards.guards())

    with pytest.raises(REFUSES, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_reference SET subject = 'forged again'")


def test_history_finds_what_speaks_of_a_matter_newest_first(city: City) -> None:
    """A matter's page lists its own entries and those that name it (R071)."""
    own, other, naming = write(), write("test.matter:2"), write("test.matter:3", "test.matter:1")
    last = write("test.matter:1", minutes=5)

    lines = queries.history(["test.matter:1"])

    assert [line.id for line in lines] == [last, naming, own]
    assert other not in [line.id for line in lines]
    assert (lines[0].at, lines[0].type, lines[0].actor, lines[0].leaf) == (
        START + 5 * MINUTE,
        "test",
        AGENCY.handle,
        leaf(last),
    )
    assert [line.index for line in lines] == [None, None, None]


def test_history_is_paged_by_entry_and_narrowed_by_act(city: City) -> None:
    ids = [write(type="even" if number % 2 else "odd") for number in range(6)]

    first = queries.history(["test.matter:1"], limit=2)
    second = queries.history(["test.matter:1"], before=first[-1].id, limit=2)
    even = queries.history(["test.matter:1"], types={"even"})

    assert [line.id for line in (*first, *second)] == ids[:1:-1]
    assert [line.id for line in even] == [ids[5], ids[3], ids[1]]
    assert queries.history([]) == []


def test_history_takes_two_statements_however_long(city: City) -> None:
    write()
    one = statements(lambda: queries.history(["test.matter:1"]))
    for _ in range(4):
        write()

    assert (one, statements(lambda: queries.history(["test.matter:1"]))) == (2, 2)


def test_subjects_are_found_by_kind(city: City) -> None:
    pk = write("test.matter:1", "test.matter:3", "test.matter:2", "test.matterhorn:9", "other.matter:4")

    assert queries.subjects_of(pk, "test.matter") == ["1", "2", "3"]
    assert queries.subjects_of(pk, "nothing.here") == []


def test_receipt_names_its_entry_by_the_leaf(city: City) -> None:
    pk = write()

    found = queries.entry_by_leaf(leaf(pk))

    assert found is not None
    assert found.pk == pk
    assert queries.leaf_of(pk) == leaf(pk)
    assert [queries.entry_by_leaf(text) for text in ("", "00", "no leaf", "f" * 64, "\0")] == [None] * 5


def test_receipt_s_number_finds_its_entry_between_two_bounds(city: City) -> None:
    pk = write()
    start = bytes.fromhex(leaf(pk))[:8]

    found = queries.entry_by_prefix(start + bytes(24), start + b"\xff" * 24)

    assert found is not None
    assert found.pk == pk
    assert queries.entry_by_prefix(bytes(32), bytes(31) + b"\x01") is None


def checkpoint(size: int, *witnesses: str) -> None:
    """Leave a signed tree head, cosigned by some witnesses."""
    row = Checkpoint.objects.create(size=size, root=bytes([size]) * 32, note=f"head {size}", at=START + size * MINUTE)
    for number, name in enumerate(witnesses):
        at = START + size * MINUTE + timedelta(seconds=number)
        Cosignature.objects.create(checkpoint=row, witness=name, line=f"— {name}", at=at)


def test_entry_is_witnessed_by_the_first_cosigned_head_above_it(city: City) -> None:
    """A receipt says who has signed a tree that holds the entry, and nothing before that."""
    pks = [write() for _ in range(3)]
    unplaced = queries.standing(pks[2])
    for index, pk in enumerate(pks):
        Leaf.objects.create(index=index, entry_id=pk)
    unsigned = queries.standing(pks[0])
    checkpoint(1, "archive")
    checkpoint(2)
    checkpoint(3, "archive", "notary")

    assert (unplaced.index, unsigned.index, unsigned.witnesses) == (None, 0, ())
    found = [queries.standing(pk) for pk in pks]
    assert [(one.index, one.size, one.witnesses) for one in found] == [
        (0, 1, ("archive",)),
        (1, 3, ("archive", "notary")),
        (2, 3, ("archive", "notary")),
    ]
    assert found[2].root == "03" * 32
    assert found[2].at == START + 3 * MINUTE + timedelta(seconds=1)
    assert [queries.witnessed(pk) for pk in pks] == [True, True, True]


def test_entry_below_no_cosigned_head_is_not_witnessed(city: City) -> None:
    pk = write()
    waiting = queries.witnessed(pk)
    Leaf.objects.create(index=0, entry_id=pk)
    checkpoint(1)

    assert (waiting, queries.witnessed(pk)) == (False, False)


def test_foot_of_every_page_shows_the_latest_cosigned_head(city: City) -> None:
    assert queries.head() is None

    checkpoint(1, "archive")
    checkpoint(5, "archive", "notary")
    checkpoint(9)

    head = queries.head()
    assert head is not None
    assert (head.size, head.root, head.witnesses, head.at) == (5, "05" * 32, 2, START + 5 * MINUTE)


def test_pending_row_is_left_to_the_sequencer(city: City) -> None:
    """The door writes no place in the log; it only says that one is wanted."""
    instance = Instance.objects.get()

    with acting("test", by=AGENCY) as act:
        act.note(act.lock(Instance, instance.pk), "look")

    assert Pending.objects.filter(pk=act.entry.id).count() == 1
    assert Leaf.objects.filter(entry=act.entry.id).count() == 0
