"""What an outsider holds of the log: receipts and exports, and what they bring to light. Source: docs/spec/log.md."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql

from mifeng.kernel import clock
from mifeng.kernel.ledger.proofs import export_log, note_of, receipt_of
from mifeng.kernel.models import Checkpoint, Entry, Leaf
from mifeng.programs.verify.audit import Audit
from mifeng.programs.verify.checkpoints import Trust
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import parse_note, verify_receipt
from tests.actions.ledgers import Platform, administrator
from tests.factories import City


@pytest.fixture
def platform(city: City, tmp_path: Path) -> Iterator[Platform]:
    """Return a platform whose log is empty but for what the city's own making left waiting."""
    platform = Platform(city, tmp_path)
    yield platform
    platform.close()


def test_a_receipt_proves_its_entry_and_stays_the_same(platform: Platform) -> None:
    (entry,) = platform.act()
    assert receipt_of(entry) is None
    platform.sequence()
    assert receipt_of(entry) is None
    platform.asking.ask_when_due()
    receipt = receipt_of(entry)
    assert receipt is not None

    proven = verify_receipt(receipt, platform.key.verifier, [platform.witness.key()])
    row = Entry.objects.get(pk=entry)
    assert (proven.leaf, proven.entry.at, proven.entry.type) == (bytes(row.leaf), row.at, row.type)
    assert proven.checkpoint.size == Checkpoint.objects.get().size
    platform.act(4)
    platform.settle()
    assert receipt_of(entry) == receipt


def test_every_receipt_of_a_growing_log_verifies(platform: Platform) -> None:
    entries: list[int] = []
    for count in (1, 4, 3):
        entries += platform.act(count)
        platform.settle()
        platform.act(1)
        platform.sequence()
    platform.settle()

    for entry in Entry.objects.values_list("pk", flat=True):
        receipt = receipt_of(entry)
        assert receipt is not None
        verify_receipt(receipt, platform.key.verifier, [platform.witness.key()])


def test_an_export_is_without_fault_also_while_entries_wait(platform: Platform) -> None:
    platform.act(3)
    platform.settle()
    platform.act(2)
    platform.sequence()
    platform.act(1)
    lines = list(export_log())

    assert [(fault.code, fault.index) for fault in Audit(platform.trust()).faults(lines)] == []
    assert len(lines) == 1 + Checkpoint.objects.order_by("size")[0].size + 1
    platform.settle()
    assert platform.faults() == []
    assert len(list(export_log(bodies=False))) == len(list(export_log()))
    assert b'"body"' not in b"".join(export_log(bodies=False))


def test_an_export_without_witness_ends_with_the_last_checkpoint(platform: Platform) -> None:
    assert len(list(export_log())) == 1
    platform.sequence()

    assert platform.faults() == [("cosignature-missing", Entry.objects.count())]
    assert note_of(Entry.objects.count()) == Checkpoint.objects.get().note


def test_an_export_goes_over_its_chunks_without_a_seam(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.act(7)
    while platform.sequence(limit=4):
        platform.asking.ask_when_due()
    whole = list(export_log())
    for chunk in (1, 2, 3, 5):
        monkeypatch.setattr("mifeng.kernel.ledger.proofs.CHUNK", chunk)
        assert list(export_log()) == whole


CHANGE_BODY = "UPDATE kernel_entrybody SET content = '{}' WHERE entry_id = %(entry)s"
CHANGE_DATA = """
UPDATE kernel_entry SET data = convert_to(replace(convert_from(data, 'UTF8'), '"actor":"', '"actor":"x'), 'UTF8')
WHERE id = %(entry)s
"""
SWAP = """
UPDATE kernel_leaf SET "index" = -1 WHERE "index" = %(index)s;
UPDATE kernel_leaf SET "index" = %(index)s WHERE "index" = %(index)s + 3;
UPDATE kernel_leaf SET "index" = %(index)s + 3 WHERE "index" = -1
"""


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        (CHANGE_BODY, {"body-wrong"}),
        (CHANGE_DATA, {"leaf-wrong"}),
        ("UPDATE kernel_entry SET salt = sha256(salt) WHERE id = %(entry)s", {"leaf-wrong"}),
        (
            "UPDATE kernel_entry SET leaf = sha256(leaf) WHERE id = %(entry)s",
            {"leaf-wrong", "root-wrong", "prev-wrong"},
        ),
        ('DELETE FROM kernel_leaf WHERE "index" = %(index)s', {"index-wrong", "root-wrong", "prev-wrong"}),
        (SWAP, {"prev-later", "prev-wrong", "root-wrong", "time-backwards"}),
        ("UPDATE kernel_cosignature SET line = replace(line, 'A', 'B')", None),
    ],
    ids=[
        "body changed",
        "entry changed",
        "salt changed",
        "leaf changed",
        "place removed",
        "places swapped",
        "cosignature changed",
    ],
)
def test_what_a_database_administrator_changes_is_found(
    platform: Platform, statement: str, wanted: set[str] | None
) -> None:
    platform.settle()
    entry, *_ = platform.act(9)
    platform.settle()
    index = Leaf.objects.get(entry=entry).index
    with administrator() as owner:
        for step in statement.split(";"):
            owner.execute(step, {"entry": entry, "index": index})

    found = platform.faults()
    assert found
    if wanted is not None:
        assert {code for code, _ in found} == wanted
        assert min(place for _, place in found if place is not None) >= index


def test_a_fork_is_found_by_who_kept_a_checkpoint(platform: Platform) -> None:
    platform.act(3)
    platform.settle()
    kept = parse_note(note_of(Entry.objects.count()))
    with administrator() as owner:
        for table in ("kernel_cosignature", "kernel_checkpoint", "kernel_leaf", "kernel_tile"):
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        owner.execute("INSERT INTO kernel_pending SELECT id FROM kernel_entry ORDER BY id OFFSET 1")
    platform.sequence()
    faults = list(Audit(Trust(platform.key.verifier, (), (kept,))).faults(export_log()))

    assert "against-longer" in {fault.code for fault in faults}
    with pytest.raises(Tampered):
        platform.asking.ask_when_due()


def test_entries_stand_between_the_times_their_witness_saw(platform: Platform) -> None:
    platform.act(2)
    platform.settle()
    with clock.frozen(clock.now() - timedelta(minutes=2)):
        platform.act(1)
    platform.settle()

    assert {code for code, _ in platform.faults()} == {"time-behind", "time-backwards"}
