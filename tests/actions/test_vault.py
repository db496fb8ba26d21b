"""The vault (存证文件库): bytes under their own name, written once, on disk before anything may speak of them."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mifeng.evaluation.tasks import sweep_vault
from mifeng.kernel import clock, vault
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Blob, ClockOffset
from mifeng.kernel.vault import ORPHAN_AGE, Stored, holds, intake, path_of, sweep
from mifeng.rules.errors import Unfair
from mifeng.tenders.actions import draft_document
from tests.actions.evidence import refused
from tests.factories import START, City, accepted, pdf_bytes

NOW = START
OLD = NOW - ORPHAN_AGE - timedelta(seconds=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Give each test a vault of its own."""
    settings.VAULT = tmp_path / "vault"
    return tmp_path / "vault"


def files(folder: Path) -> list[str]:
    """Return every file of the vault by its path in it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def put(content: bytes = pdf_bytes(), *, at: Any = NOW) -> Stored:
    """Take a file in at an instant."""
    with clock.frozen(at):
        return intake([content])


def test_file_lies_under_its_own_hash_and_can_only_be_read(city: City, folder: Path) -> None:
    content = pdf_bytes()
    name = hashlib.sha256(content).hexdigest()

    stored = put(content)

    path = path_of(stored.sha256)
    assert stored == Stored(name, len(content), "application/pdf")
    assert files(folder) == [f"{name[:2]}/{name}"]
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    row = Blob.objects.get(sha256=bytes.fromhex(name))
    assert (row.size, row.media, row.stored_at) == (len(content), "application/pdf", NOW)


def test_file_is_on_disk_before_it_has_its_name(city: City, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Content, then name, then folder: after a crash there is the whole file or none."""
    order: list[str] = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append(_kind(fd)), sync(fd))[1])
    monkeypatch.setattr(Path, "rename", lambda path, target: (order.append("rename"), rename(path, target))[1])

    stored = put()
    put(pdf_bytes(2))

    assert order[:4] == ["file", "folder", "rename", "folder"]
    assert (folder / stored.sha256[:2] / stored.sha256).is_file()


def _kind(descriptor: int) -> str:
    return "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"


def test_same_content_twice_is_one_file(city: City, folder: Path) -> None:
    first = put(at=OLD)
    second = put(at=NOW)

    assert (first, len(files(folder))) == (second, 1)
    assert Blob.objects.get(sha256=bytes.fromhex(first.sha256)).stored_at == NOW


def test_file_in_pieces_is_hashed_as_a_whole(city: City) -> None:
    content = pdf_bytes()

    stored = intake(content[at : at + 7] for at in range(0, len(content), 7))

    assert stored.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("limit", "taken"), [(len(pdf_bytes()), True), (len(pdf_bytes()) - 1, False)])
def test_file_beyond_the_limit_is_refused_before_it_is_read_to_its_end(
    city: City, folder: Path, limit: int, taken: bool
) -> None:
    content = pdf_bytes()
    if taken:
        assert intake([content], max_bytes=limit).size == limit
        return

    with refused(Unfair, "too-large") as caught:
        intake(_endless(content), max_bytes=limit)

    assert dict(caught.value.facts) == {"limit": limit}
    assert files(folder) == []


def _endless(content: bytes) -> Iterator[bytes]:
    while True:
        yield content


def test_nothing_is_kept_of_a_refused_or_broken_upload(city: City, folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"%PDF-1.7"
        raise ConnectionResetError

    with refused(Unfair, "file-type"):
        intake([b"no PDF"])
    with pytest.raises(ConnectionResetError):
        intake(broken())

    assert files(folder) == []
    assert Blob.objects.count() == 0


def test_no_file_is_taken_in_within_an_act(city: City) -> None:
    """Bytes go to the vault before the act that names them, never inside its transaction."""
    with pytest.raises(RuntimeError, match="durable atomic block cannot be nested"), acting("test", by=CLOCK):
        intake([pdf_bytes()])


@pytest.mark.parametrize("name", ["ab" * 32, "00" * 32])
def test_file_that_is_not_there_is_not_found(city: City, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        path_of(name)


def test_vault_holds_what_is_on_disk_as_described(city: City) -> None:
    stored = put()
    found = [
        holds(stored),
        holds(replace(stored, size=1)),
        holds(replace(stored, media="text/plain")),
        holds(replace(stored, sha256="ab" * 32)),
    ]
    path_of(stored.sha256).unlink()

    assert (found, holds(stored)) == ([True, False, False, False], False)


def test_sweep_keeps_what_is_named_and_what_is_young(city: City, folder: Path) -> None:
    named, orphan, young = put(pdf_bytes(2), at=OLD), put(pdf_bytes(3), at=OLD), put(pdf_bytes(4), at=NOW)

    with clock.frozen(NOW):
        removed = sweep(frozenset({named.sha256}))

    assert removed == 1
    assert files(folder) == sorted(f"{one.sha256[:2]}/{one.sha256}" for one in (named, young))
    assert not Blob.objects.filter(sha256=bytes.fromhex(orphan.sha256)).exists()


def test_orphan_of_exactly_a_day_is_kept(city: City) -> None:
    put(at=NOW - ORPHAN_AGE)

    with clock.frozen(NOW):
        assert sweep(frozenset()) == 0


def test_sweep_leaves_a_file_that_came_in_again_meanwhile(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """An orphan found old, then uploaded anew before the sweep reaches it, is not an orphan any more."""
    stored = put(at=OLD)
    forget = vault._forget

    def forget_after_a_new_upload(sha256: str, before: Any) -> bool:
        put(at=NOW)
        return forget(sha256, before)

    monkeypatch.setattr(vault, "_forget", forget_after_a_new_upload)
    with clock.frozen(NOW):
        removed = sweep(frozenset())

    assert (removed, holds(stored)) == (0, True)


def age(path: Path) -> None:
    """Make a file two days old on disk."""
    then = clock.now().timestamp() - 2 * ORPHAN_AGE.total_seconds()
    os.utime(path, (then, then))


def test_sweep_removes_what_a_killed_process_left(city: City, folder: Path) -> None:
    """Bytes that never reached their place, and a file whose row was never written; strangers are left alone."""
    incoming = folder / "incoming"
    put()
    leftovers = [incoming / "tmpabc", folder / "cd" / ("cd" * 32), folder / "cd" / "readme", incoming / "tmpnew"]
    (folder / "cd").mkdir()
    for path in leftovers:
        path.write_bytes(b"left")
    for path in leftovers[:3]:
        age(path)
    kept = Blob.objects.values_list("sha256", flat=True)[0]
    age(path_of(bytes(kept).hex()))

    removed = sweep(frozenset({bytes(kept).hex()}))

    assert removed == 2
    assert files(folder) == sorted(["cd/readme", "incoming/tmpnew", f"{bytes(kept).hex()[:2]}/{bytes(kept).hex()}"])


def test_age_on_disk_is_real_age_even_when_the_test_clock_runs_ahead(city: City, folder: Path, settings: Any) -> None:
    settings.TEST_MODE = True
    stored = put(at=clock.now())
    fresh = folder / "incoming" / "tmpnew"
    fresh.write_bytes(b"still coming in")
    ClockOffset.objects.create(offset=timedelta(days=30))

    removed = sweep(frozenset({stored.sha256}))

    assert (removed, fresh.is_file(), holds(stored)) == (0, True, True)


def test_periodic_sweep_keeps_every_version_of_a_document(city: City, folder: Path) -> None:
    """A superseded version was named by an act and stays for as long as the records do."""
    tender = accepted(city)
    versions = [put(pdf_bytes(pages), at=OLD) for pages in (2, 3)]
    orphan = put(pdf_bytes(4), at=OLD)
    with clock.frozen(NOW):
        for stored in versions:
            draft_document(tender.pk, stored, name="招标文件.pdf", by=city["agency-a"])

        sweep_vault(timestamp=0)
        sweep_vault(timestamp=0)

    assert [holds(stored) for stored in (*versions, orphan)] == [True, True, False]
