"""The vault (存证文件库): bytes named by their SHA-256, written once, never changed.

A file comes in before the act that speaks of it: it is hashed while it is read, checked once for what it is, synced
to disk, renamed into place read-only, and only then may an act name it. An upload that no act names is swept after a
day.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import filetype
import pikepdf
from django.conf import settings

from mifeng.kernel import clock
from mifeng.kernel.models import Blob
from mifeng.rules.errors import Reason, Unfair

MAX_BYTES = 100 * 2**20
ORPHAN_AGE = timedelta(hours=24)
ALLOWED = frozenset({"application/pdf"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the vault (入库文件): SHA-256 as 64 hex digits, size in bytes, media type found from its content."""

    sha256: str
    size: int
    media: str


def intake(chunks: Iterable[bytes], *, max_bytes: int = MAX_BYTES) -> Stored:
    """Take a file in (文件入库) and return its name; the bytes are on disk when this returns.

    Raises:
        Unfair: ``too-large``, ``file-type``, ``file-encrypted`` or ``file-active-content``; nothing is kept then.
    """
    root = _root()
    incoming = root / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as file:
        path = Path(file.name)
        try:
            size, sha256 = _copy(chunks, file.fileno(), max_bytes)
            media = check_content(path)
            path.chmod(0o440)
            target = _place(sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    _sync_folder(target.parent)
    Blob.objects.update_or_create(
        sha256=bytes.fromhex(sha256), defaults={"size": size, "media": media, "stored_at": clock.now()}
    )
    return Stored(sha256, size, media)


def check_content(path: Path) -> str:
    """Return the media type of a file by its bytes, or refuse it (文件安全检查).

    Raises:
        Unfair: ``file-type`` when it is no PDF, ``file-encrypted``, ``file-active-content`` for scripts, launch actions
            and attachments.

    Source: our choice (ADR-1)
    """
    guess = filetype.guess(str(path))
    media = guess.mime if guess else "unknown"
    if media not in ALLOWED:
        raise Unfair(Reason("file-type", {"media": media}))
    try:
        with pikepdf.open(path) as pdf:
            active = _active(pdf)
    except pikepdf.PasswordError:
        raise Unfair(Reason("file-encrypted")) from None
    except pikepdf.PdfError:
        raise Unfair(Reason("file-type", {"media": "damaged PDF"})) from None
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
    old = Blob.objects.filter(stored_at__lt=clock.now() - ORPHAN_AGE)
    gone = [blob for blob in old if bytes(blob.sha256).hex() not in named]
    for blob in gone:
        blob.delete()
        _place(bytes(blob.sha256).hex()).unlink(missing_ok=True)
    return len(gone)


def _active(pdf: pikepdf.Pdf) -> str:
    """Return the name of the first thing in a PDF that acts by itself, or nothing."""
    root = pdf.Root
    if "/OpenAction" in root and _is_action(root.OpenAction):
        return "OpenAction"
    names = root.get("/Names", pikepdf.Dictionary())
    for key in ("/JavaScript", "/EmbeddedFiles"):
        if key in names:
            return key[1:]
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/S") in ("/JavaScript", "/Launch"):
            return str(item.S)[1:]
    return ""


def _is_action(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary) and str(value.get("/S", "/GoTo")) != "/GoTo"


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
