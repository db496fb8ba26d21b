"""Staging (分段上传): the bytes of a sealed bid come in early, piece by piece, and are checked before anybody submits.

A staged file is named by its package and its hash and knows neither a bid nor a sender. A piece is on disk when it is
acknowledged, so an upload goes on where it stood, after a lost connection as after a killed server. ``finish`` checks
the whole file once, outside any act, and moves it into the vault; the small act that follows names it.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from mifeng.kernel import clock, vault
from mifeng.kernel.vault import ORPHAN_AGE
from mifeng.rules.errors import Reason, Tampered, Unfair, WrongState
from mifeng.rules.seal.envelope import Seal, check_envelope, parse_seal, read_header, verify_ciphertexts
from mifeng.rules.seal.policy import Policy, parse_policy
from mifeng.tenders.models import Lot

FOLDER = "staging"
MEDIA = "application/vnd.mifeng.be1"
OPAQUE = "application/octet-stream"
MAX_PIECE = 8 * 2**20
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Staged:
    """A checked sealed bid in the vault (已核密封件): its header, its hash and size."""

    seal: Seal
    sha256: str
    size: int


def offset(lot_ref: str, sha256: str) -> int:
    """Return how many bytes of a file have come in and are kept (续传位置)."""
    path = _place(lot_ref, sha256)
    return path.stat().st_size if path.is_file() else _kept(sha256)


def append(lot_ref: str, sha256: str, at: int, piece: bytes, total: int) -> int:
    """Take one piece in (接收分段) and return where the next one starts; the piece is on disk then.

    Args:
        lot_ref: the package.
        sha256: hash of the whole file, 64 hex digits.
        at: where the sender believes the piece belongs.
        piece: the bytes, at most ``MAX_PIECE``.
        total: length of the whole file.

    Raises:
        Unfair: ``too-large``, ``malformed``.
        WrongState: ``offset-other``, with fact ``offset``: where the next piece starts.
    """
    lot = Lot.objects.exclude(lot_ref="").get(lot_ref=lot_ref)
    limit = parse_policy(lot.policy.encode()).envelope_bytes
    if total > limit or len(piece) > MAX_PIECE or at + len(piece) > total:
        raise Unfair(Reason("too-large", {"limit": limit}))
    path = _place(lot_ref, sha256)
    if not path.is_file() and _kept(sha256) == total:
        raise WrongState(Reason("offset-other", {"offset": total}))
    with _alone(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if at != size:
            raise WrongState(Reason("offset-other", {"offset": size}))
        _write(descriptor, piece)
    return at + len(piece)


def finish(lot_ref: str, sha256: str) -> Staged:
    """Check a whole staged file and put it into the vault (密封件核验); again, it is found there.

    Raises:
        Unfair: ``envelope-malformed``, ``envelope-policy``, ``too-large``; ``upload-incomplete``, when the bytes are
            not all here or are not those of the hash.
    """
    lot = Lot.objects.exclude(lot_ref="").get(lot_ref=lot_ref)
    policy = parse_policy(lot.policy.encode())
    path = _place(lot_ref, sha256)
    if not path.is_file() or _kept(sha256):
        return _stored(sha256, policy)
    with _alone(path):
        size = path.stat().st_size
        if not size and _kept(sha256):
            path.unlink()
            return _stored(sha256, policy)
        return _adopted(path, sha256, policy)


def keep(data: bytes) -> vault.Stored:
    """Put bytes into the vault that are kept as they are and shown to nobody (原样入库)."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = _root() / f"kept-{sha256}"
    with _alone(path) as descriptor:
        os.ftruncate(descriptor, 0)
        _write(descriptor, data)
        stored = vault.Stored(sha256, len(data), OPAQUE)
        vault.adopt(path, stored)
    return stored


def opened_container(path: Path) -> tuple[Seal, Iterator[bytes]]:
    """Return the header of a sealed bid on disk and what follows it, piece by piece.

    Raises:
        ValueError: when it is none.
    """
    header, ciphertexts = read_header(_chunks(path))
    return parse_seal(header), ciphertexts


def sweep() -> int:
    """Remove what was staged more than a day ago and never submitted (清理残留分段); return how many."""
    before = (clock.now() - clock.offset() - ORPHAN_AGE).timestamp()
    old = [path for path in _root().glob("*") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _checked(path: Path) -> Seal:
    try:
        seal, ciphertexts = opened_container(path)
        verify_ciphertexts(seal, ciphertexts)
    except (ValueError, Tampered) as error:
        raise Unfair(Reason("envelope-malformed", {"fault": str(error)[:200]})) from error
    return seal


def _adopted(path: Path, sha256: str, policy: Policy) -> Staged:
    """Check a whole file and have it in the vault with its row."""
    size = path.stat().st_size
    if size > policy.envelope_bytes:
        raise Unfair(Reason("too-large", {"limit": policy.envelope_bytes}))
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise Unfair(Reason("upload-incomplete", {"offset": size}))
    seal = _checked(path)
    check_envelope(seal, policy)
    vault.adopt(path, vault.Stored(sha256, size, MEDIA))
    return Staged(seal, sha256, size)


def _stored(sha256: str, policy: Policy) -> Staged:
    """Return what the vault already holds: the answer to an earlier ``finish`` may have been lost, or its last step."""
    try:
        path = vault.path_of(sha256)
    except (FileNotFoundError, ValueError):
        raise Unfair(Reason("upload-incomplete", {"offset": 0})) from None
    if not vault.recorded(sha256):
        return _adopted(path, sha256, policy)
    stored = vault.Stored(sha256, path.stat().st_size, MEDIA)
    if not vault.renew(stored):
        raise Unfair(Reason("upload-incomplete", {"offset": 0}))
    return Staged(opened_container(path)[0], sha256, stored.size)


def _kept(sha256: str) -> int:
    """Return the size of a file that the vault already holds; nothing when it does not."""
    try:
        return vault.path_of(sha256).stat().st_size
    except FileNotFoundError:
        return 0


def _write(descriptor: int, data: bytes) -> None:
    """Write all of some bytes and have them on disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """Hold one staged file against a second sender of the same bytes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _locked(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    """Open and lock a staged file; who waited for one that went into the vault meanwhile must not write there."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _root() -> Path:
    return Path(settings.ENV.data) / FOLDER


def _place(lot_ref: str, sha256: str) -> Path:
    """Return where the staged bytes lie; names are checked, since they come from outside.

    Raises:
        Unfair: ``malformed``.
    """
    for name in (lot_ref, sha256):
        if len(name) != 64 or set(name) - set("0123456789abcdef"):
            raise Unfair(Reason("malformed", {"field": "sha256"}))
    return _root() / f"{lot_ref}-{sha256}"
