"""The owner of the database as the attacker (改库): what is changed is found, and the place is named.

The log is real: acts through the door, the platform's own sequencer, the witness's own judgement. Then its rows are
changed behind the triggers, as the owner of the database can; the strongest attacker here also holds the log's signing
key and rewrites every hash after the change. Only what a witness signed, and the checkpoints that others keep, are out
of reach.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from mifeng.kernel import clock
from mifeng.kernel.ledger.proofs import export_log, note_of
from mifeng.kernel.ledger.sequencer import log_key
from mifeng.kernel.models import Checkpoint, Entry, Leaf
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import Checkpoint as Head
from mifeng.rules.ledger import (
    ExportedCheckpoint,
    entry_leaf,
    format_checkpoint,
    format_line,
    leaf_hash,
    root_of,
    sign_note,
)
from mifeng.venues.actions import record_readiness
from mifeng.venues.models import Seat
from tests.factories import City, entered
from tests.programs.alone import run
from tests.web.witnessed import witness_log

GUARDED = ("kernel_entry", "kernel_leaf", "kernel_checkpoint", "kernel_cosignature")
Owner = Callable[..., None]

pytestmark = pytest.mark.prove


@pytest.fixture
def log(committing: City, tmp_path: Path) -> City:
    """Fill a log with the entry of projects and the tests of a seat, witnessed in three steps."""
    readiness(committing, times=2)
    witness_log(tmp_path)
    entered(committing, at=clock.now())
    readiness(committing, times=3)
    witness_log(tmp_path)
    readiness(committing, times=2)
    entered(committing, at=clock.now())
    witness_log(tmp_path)
    return committing


@pytest.fixture
def owner(log: City) -> Iterator[Owner]:
    """Return a way to change rows of the log as the owner of the database, its triggers out of the way."""

    def execute(statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    for table in GUARDED:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    return execute


def readiness(city: City, *, times: int) -> None:
    """Test one seat several times."""
    for _ in range(times):
        record_readiness(seat().pk, fault="", by=city.officer(seat().site))


def seat() -> Seat:
    """Return the seat whose stream is attacked."""
    return Seat.objects.select_related("site").order_by("pk")[0]


def places() -> list[int]:
    """Return the places in the log of the entries of the attacked stream."""
    entries = Entry.objects.filter(subject=f"venues.seat:{seat().pk}", type="record_readiness")
    return list(Leaf.objects.filter(entry__in=entries.values("pk")).order_by("index").values_list("index", flat=True))


def entry_at(index: int) -> Entry:
    """Return the entry at a place of the log."""
    return Leaf.objects.select_related("entry").get(index=index).entry


def verify(folder: Path, *arguments: object) -> tuple[int, list[tuple[str, int | None]]]:
    """Export the log as it stands now and let the stand-alone verifier read it; return exit code, codes and places."""
    (folder / "log.jsonl").write_bytes(b"".join(export_log()))
    return read(folder, *arguments)


def read(folder: Path, *arguments: object) -> tuple[int, list[tuple[str, int | None]]]:
    """Let the stand-alone verifier read the exported log, with the keys known from elsewhere."""
    data = Path(settings.ENV.data)
    keys = ("--log-vkey", data / "keys" / "log.vkey", "--witness-vkey", data / "witness" / "witness.vkey")
    code, out, _ = run("verify", "log", folder / "log.jsonl", *keys, "--json", *arguments)
    return code, [(fault["code"], fault.get("index")) for fault in json.loads(out)["faults"]]


def rewrite(owner: Owner) -> None:
    """Give every entry, checkpoint and signature of the log the value that fits the rows as they stand now."""
    heads: dict[str, bytes] = {}
    leaves: list[bytes] = []
    for row in Leaf.objects.select_related("entry").order_by("index"):
        fields = json.loads(bytes(row.entry.data))
        fields["prev"] = heads.get(fields["stream"], b"").hex()
        data = canonical(fields)
        leaf = entry_leaf(bytes(row.entry.salt), data)
        owner("UPDATE kernel_entry SET data = %s, leaf = %s WHERE id = %s", data, leaf, row.entry_id)
        heads[fields["stream"]] = leaf
        leaves.append(leaf_hash(leaf))
    key = log_key()
    for size in Checkpoint.objects.values_list("size", flat=True):
        root = root_of(leaves[:size])
        note = sign_note(format_checkpoint(Head(key.name, size, root)), key)
        owner("UPDATE kernel_checkpoint SET root = %s, note = %s WHERE size = %s", root, note, size)


def change(owner: Owner, index: int, **fields: str) -> None:
    """Change what an entry says."""
    entry = entry_at(index)
    data = canonical(json.loads(bytes(entry.data)) | fields)
    owner("UPDATE kernel_entry SET data = %s WHERE id = %s", data, entry.pk)


def test_honest_log_is_without_fault(log: City, tmp_path: Path) -> None:
    """The log that the attacks begin from is sound, and its export ends with a cosigned checkpoint."""
    assert verify(tmp_path) == (0, [])
    assert len(places()) == 7


def test_triggers_refuse_the_change_first(log: City) -> None:
    """Whoever does not own the tables is stopped by the database itself."""
    with pytest.raises(Exception, match="written once"), connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_entry SET actor_handle = 'x' WHERE id = %s", [entry_at(places()[3]).pk])


def test_changed_entry_is_found(owner: Owner, tmp_path: Path) -> None:
    """An entry that says something else no longer fits its leaf."""
    index = places()[3]
    change(owner, index, actor="0000000000000000")

    assert verify(tmp_path) == (1, [("leaf-wrong", index)])


def test_changed_body_is_found(owner: Owner, tmp_path: Path) -> None:
    """What an entry commits to cannot be exchanged either."""
    index = places()[3]
    owner("UPDATE kernel_entrybody SET content = %s WHERE entry_id = %s", canonical({}), entry_at(index).pk)

    assert verify(tmp_path) == (1, [("body-wrong", index)])


def test_changed_entry_with_its_leaf_is_found(owner: Owner, tmp_path: Path) -> None:
    """With the leaf made to fit, the next entry of the stream and every later root speak against it."""
    index, following = places()[3:5]
    change(owner, index, actor="0000000000000000")
    entry = entry_at(index)
    leaf = entry_leaf(bytes(entry.salt), bytes(entry.data))
    owner("UPDATE kernel_entry SET leaf = %s WHERE id = %s", leaf, entry.pk)

    code, faults = verify(tmp_path)

    sizes = [size for size in Checkpoint.objects.order_by("size").values_list("size", flat=True) if size > index]
    assert code == 1
    assert sorted(faults) == sorted([("prev-wrong", following), *(("root-wrong", size) for size in sizes)])


def test_deleted_entry_is_found(owner: Owner, tmp_path: Path) -> None:
    """An entry taken out leaves a gap; its successor names it as its prev."""
    index, following = places()[3:5]
    owner('DELETE FROM kernel_leaf WHERE "index" = %s', index)

    code, faults = verify(tmp_path)

    assert code == 1
    assert {("index-wrong", index + 1), ("prev-wrong", following)} <= set(faults)


def test_deleted_entry_is_found_when_the_gap_is_closed(owner: Owner, tmp_path: Path) -> None:
    """With all places behind it moved up, the stream still names what is missing, and the roots do not fit."""
    index, following = places()[3:5]
    owner('DELETE FROM kernel_leaf WHERE "index" = %s', index)
    for place in range(index + 1, Entry.objects.count()):
        owner('UPDATE kernel_leaf SET "index" = %s WHERE "index" = %s', place - 1, place)

    code, faults = verify(tmp_path)

    assert code == 1
    assert ("prev-wrong", following - 1) in faults
    assert any(fault[0] == "root-wrong" for fault in faults)


def test_reordered_entries_are_found(owner: Owner, tmp_path: Path) -> None:
    """Two entries of one stream that have changed places are named."""
    first, second = places()[3:5]
    for old, new in ((first, -1), (second, first), (-1, second)):
        owner('UPDATE kernel_leaf SET "index" = %s WHERE "index" = %s', new, old)

    code, faults = verify(tmp_path)

    assert code == 1
    assert ("prev-later", first) in faults
    assert ("time-backwards", second) in faults
    assert any(fault[0] == "root-wrong" for fault in faults)


def test_back_dated_entry_is_found(log: City, tmp_path: Path) -> None:
    """An act with a time before one at which witnesses had seen the log without it is named, properly signed or not."""
    other = Seat.objects.select_related("site").order_by("pk")[1]
    with clock.frozen(clock.now() - timedelta(hours=1)):
        written = record_readiness(other.pk, fault="", by=log.officer(other.site))
    witness_log(tmp_path)

    assert verify(tmp_path) == (1, [("time-behind", Leaf.objects.get(entry=written.id).index)])


def test_back_dated_entry_of_a_stream_is_found(log: City, owner: Owner, tmp_path: Path) -> None:
    """A time changed behind its stream's earlier one is named, though every hash and signature was made anew."""
    before, index = places()[3:5]
    earlier = entry_at(before).at - timedelta(seconds=1)
    change(owner, index, t=earlier.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    rewrite(owner)

    code, faults = verify(tmp_path)

    assert code == 1
    assert ("time-backwards", index) in faults


def test_rewritten_history_is_found_by_the_witness(owner: Owner, tmp_path: Path) -> None:
    """Whoever holds database and log key can make the whole log fit again, but not what the witness signed."""
    index = places()[3]
    change(owner, index, actor="0000000000000000")
    rewrite(owner)

    code, faults = verify(tmp_path)

    forged = [size for size in Checkpoint.objects.order_by("size").values_list("size", flat=True) if size > index]
    assert code == 1
    assert {("cosignature-wrong", size) for size in forged} <= set(faults)
    assert ("cosignature-missing", forged[-1]) in faults
    assert not any(size < index for _, size in faults if size is not None)


def test_rewritten_history_is_found_by_a_kept_checkpoint(owner: Owner, tmp_path: Path) -> None:
    """A forked log does not continue the checkpoint that somebody kept, and its size says from where."""
    index = places()[3]
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    kept = [tmp_path / f"{size}.note" for size in sizes]
    for path, size in zip(kept, sizes, strict=True):
        path.write_text(note_of(size))
    change(owner, index, actor="0000000000000000")
    rewrite(owner)

    code, faults = verify(tmp_path, *(part for path in kept for part in ("--against", path)))

    assert code == 1
    assert [size for code, size in faults if code == "against-forked"] == [size for size in sizes if size > index]


def test_forked_checkpoint_is_found(log: City, tmp_path: Path) -> None:
    """Two signed checkpoints of one size with different roots are a fork, whoever signed them."""
    size = Checkpoint.objects.order_by("-size")[0].size
    key = log_key()
    forked = sign_note(format_checkpoint(Head(key.name, size, bytes(32))), key)
    (tmp_path / "log.jsonl").write_bytes(b"".join(export_log()) + format_line(ExportedCheckpoint(forked)))

    code, faults = read(tmp_path)

    assert code == 1
    assert ("checkpoint-forked", size) in faults
