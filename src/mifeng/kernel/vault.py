"""The vault (存证文件库): bytes named by their SHA-256, written once, never changed.

A file comes in before the act that speaks of it: it is hashed while it is read, checked once for what it is, synced
to disk, renamed into place read-only, and only then may an act name it. An upload that no act names is swept after a
day.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import filetype
import pikepdf
from django.conf import settings
from django.db import connection, transaction

from mifeng.kernel import clock
from mifeng.kernel.acting import advisory_key
from mifeng.kernel.models import Blob
from mifeng.rules.errors import Reason, Unfair

MAX_BYTES = 100 * 2**20
ORPHAN_AGE = timedelta(hours=24)
ALLOWED = frozenset({"application/pdf"})
INCOMING = "incoming"
# What makes a page do something, or hides a second file in the first, wherever in the file it stands.
ACTIVE_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EF": "EmbeddedFiles",
    "/EmbeddedFiles": "EmbeddedFiles",
    "/XFA": "XFA",
}
ACTIVE_WORDS = frozenset(
    f"/{word}"
    for word in (
        "JavaScript",
        "Launch",
        "SubmitForm",
        "ImportData",
        "Rendition",
        "RichMediaExecute",
        "RichMedia",
        "FileAttachment",
        "Movie",
        "Sound",
        "Screen",
    )
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the vault (入库文件): SHA-256 as 64 hex digits, size in bytes, media type found from its content."""

    sha256: str
    size: int
    media: str


def intake(chunks: Iterable[bytes], *, max_bytes: int = MAX_BYTES) -> Stored:
    """Take a file in (文件入库) and return its name; the bytes are on disk when this returns.

    Never called inside an act: what an act names must be there before it.

    Raises:
        Unfair: ``too-large``, ``file-type``, ``file-encrypted`` or ``file-active-content``; nothing is kept then.
    """
    incoming = _root() / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as file:
        path = Path(file.name)
        try:
            size, sha256 = _copy(chunks, file.fileno(), max_bytes)
            stored = Stored(sha256, size, check_content(path))
            path.chmod(0o440)
            _keep(path, stored)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return stored


def adopt(path: Path, stored: Stored) -> None:
    """Move in a file that lies, checked and synced, on the vault's own disk (移入文件).

    The caller has made sure of the hash and of what the file is; one content always has the same media type.
    """
    _root().mkdir(parents=True, exist_ok=True)
    path.chmod(0o440)
    _keep(path, stored)


def holds(stored: Stored) -> bool:
    """Tell whether the vault holds a file, as large and of the type that is said (在库核对)."""
    row = Blob.objects.filter(sha256=bytes.fromhex(stored.sha256), size=stored.size, media=stored.media)
    return row.exists() and _place(stored.sha256).is_file()


def renew(stored: Stored) -> bool:
    """Tell whether the vault holds a file, and if so keep it from the sweep for a day more (续存).

    An act that names a file which came in long ago has this day to be written; a sweep that looked before sees it.
    """
    with _alone(stored.sha256):
        row = Blob.objects.filter(sha256=bytes.fromhex(stored.sha256), size=stored.size, media=stored.media)
        return bool(row.update(stored_at=clock.now())) and _place(stored.sha256).is_file()


def recorded(sha256: str) -> bool:
    """Tell whether a file has its row; one that was moved in by a process killed right then has none (已登记)."""
    return Blob.objects.filter(sha256=bytes.fromhex(sha256)).exists()


def check_content(path: Path) -> str:
    """Return the media type of a file by its bytes, or refuse it (文件安全检查).

    Raises:
        Unfair: ``file-type`` when it is no PDF or a damaged one, ``file-encrypted``, ``file-active-content`` for
            scripts, actions that run by themselves or send data, forms with code, and attachments.

    Source: our choice (ADR-1)
    """
    guess = filetype.guess(str(path))
    media = guess.mime if guess else "unknown"
    if media not in ALLOWED:
        raise Unfair(Reason("file-type", {"media": media}))
    try:
        # Without recovery: what can only be read after repair is not the file that somebody signed or approved.
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            encrypted, active = pdf.is_encrypted, _active(pdf)
    except pikepdf.PasswordError:
        raise Unfair(Reason("file-encrypted")) from None
    except (pikepdf.PdfError, ValueError, RuntimeError):
        # Also a name that is no UTF-8, or a value that the library cannot hold: bytes from outside are never a failure.
        raise Unfair(Reason("file-type", {"media": "damaged PDF"})) from None
    if encrypted:
        raise Unfair(Reason("file-encrypted"))
    if active:
        raise Unfair(Reason("file-active-content", {"found": active}))
    return media


def path_of(sha256: str) -> Path:
    """Return where a stored file lies.

    Raises:
        FileNotFoundError: when the vault does not hold it.
    """
    path = _place(sha256)
    if not path.is_file():
        raise FileNotFoundError(sha256)
    return path


def sweep(named: frozenset[str]) -> int:
    """Remove files that no act names and that are older than a day (清理无主文件); return how many.

    Args:
        named: SHA-256 hex names that business rows speak of.
    """
    before = clock.now() - ORPHAN_AGE
    old = Blob.objects.filter(stored_at__lt=before).values_list("sha256", flat=True)
    unnamed = [sha256 for sha256 in (bytes(name).hex() for name in old) if sha256 not in named]
    return sum(_forget(sha256, before) for sha256 in unnamed) + _sweep_leftovers()


def _keep(path: Path, stored: Stored) -> None:
    """Move a checked file to its place and write its row, under its lock, so that no sweep takes it away again."""
    target = _place(stored.sha256)
    with _alone(stored.sha256):
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(target.parent.parent)
        path.rename(target)
        _sync_folder(target.parent)
        facts = {"size": stored.size, "media": stored.media, "stored_at": clock.now()}
        Blob.objects.update_or_create(sha256=bytes.fromhex(stored.sha256), defaults=facts)


def _forget(sha256: str, before: datetime) -> bool:
    """Remove a file that came in before an instant, unless it has come in again since."""
    with _alone(sha256):
        found = Blob.objects.filter(sha256=bytes.fromhex(sha256), stored_at__lt=before)
        if not found.exists():
            return False
        _place(sha256).unlink(missing_ok=True)
        found.delete()
    return True


def _sweep_leftovers() -> int:
    """Remove what a killed process left behind: bytes that never reached their place or never got their row."""
    before = (clock.now() - clock.offset() - ORPHAN_AGE).timestamp()
    removed = 0
    for path in [path for path in _root().glob("*/*") if path.stat().st_mtime < before]:
        if path.parent.name == INCOMING:
            path.unlink(missing_ok=True)
            removed += 1
        elif path == _place(path.name):
            with _alone(path.name):
                if not Blob.objects.filter(sha256=bytes.fromhex(path.name)).exists():
                    path.unlink(missing_ok=True)
                    removed += 1
    return removed


@contextmanager
def _alone(sha256: str) -> Iterator[None]:
    """Keep all others from one file of the vault for the length of a short transaction of its own."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [advisory_key(f"vault:{sha256}")])
        yield


def _active(pdf: pikepdf.Pdf) -> str:
    """Return the name of the first thing in a PDF that acts by itself or brings another file along, or nothing."""
    action = pdf.Root.get("/OpenAction")
    if isinstance(action, pikepdf.Dictionary) and action.get("/S", "/GoTo") != "/GoTo":
        return "OpenAction"
    return next((found for item in pdf.objects for found in _acts(item)), "")


def _acts(item: object) -> Iterator[str]:
    """Yield what acts in one object and in all that is written inside it; what it points to is an object of its own."""
    waiting = [item]
    while waiting:
        at = waiting.pop()
        table = at.stream_dict if isinstance(at, pikepdf.Stream) else at
        if isinstance(table, pikepdf.Dictionary):
            pairs = dict(table.items())
            yield from (ACTIVE_KEYS[key] for key in ACTIVE_KEYS if key in pairs)
            yield from (str(pairs[key])[1:] for key in ("/S", "/Subtype") if str(pairs.get(key)) in ACTIVE_WORDS)
            waiting += [value for value in pairs.values() if not getattr(value, "is_indirect", False)]
        elif isinstance(table, pikepdf.Array):
            waiting += [value for value in list(table) if not getattr(value, "is_indirect", False)]


def _copy(chunks: Iterable[bytes], descriptor: int, max_bytes: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise Unfair(Reason("too-large", {"limit": max_bytes}))
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)
    return size, digest.hexdigest()


def _root() -> Path:
    return Path(settings.VAULT)


def _place(sha256: str) -> Path:
    return _root() / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
