"""The bidder's key at the opening (投标人密钥): from the folder, from a file, or out of the sealed file's own slots.

A key is held against the commitment in the sealed file before it is sent, so that a wrong one is told here and costs
nothing.
"""

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.programs.bid.folder import Folder, Version
from mifeng.programs.bid.identity import read_code, read_private_key
from mifeng.programs.bid.sealing import key_name
from mifeng.programs.bid.texts import Failed
from mifeng.rules.seal.envelope import Seal, parse_seal, read_header
from mifeng.rules.seal.opening import matches_key, open_slot

_HEX_KEY = re.compile(rb"\s*([0-9a-fA-F]{64})\s*")
READ_BYTES = 65536


def bidder_key(folder: Folder, version: Version, path: Path | None = None, code: str = "") -> bytes:
    """Return the bidder's key s_B of a version.

    Args:
        folder: the bid folder.
        version: the version that stands.
        path: a file with the key itself, or with a private key that opens a slot of the sealed file; None for the
            folder's own.
        code: recovery code as typed; empty for none.

    Raises:
        Failed: ``key-missing``, ``key-unreadable``, ``code-unclear``; ``key-unfit``, when a private key opens no slot.
    """
    if code:
        return _from_slot(folder, version, read_code(code))
    if path is None:
        return folder.secret(key_name(version))
    try:
        found = _HEX_KEY.fullmatch(path.read_bytes())
    except OSError as error:
        raise Failed("file-unreadable", file=path, error=error) from error
    return bytes.fromhex(found[1].decode()) if found else _from_slot(folder, version, read_private_key(path))


def check_fits(folder: Folder, version: Version, s_b: bytes) -> None:
    """Refuse a key that is not the one the sealed file commits to (密钥核对).

    Raises:
        Failed: ``key-unfit``, ``container-changed``.

    Source: our choice (ADR-6)
    """
    if not matches_key(_seal(folder, version), s_b):
        raise Failed("key-unfit")


def _from_slot(folder: Folder, version: Version, private: ec.EllipticCurvePrivateKey) -> bytes:
    s_b = open_slot(_seal(folder, version), private)
    if s_b is None:
        raise Failed("key-unfit")
    return s_b


def _seal(folder: Folder, version: Version) -> Seal:
    path = folder.container(version.number)
    try:
        with path.open("rb") as file:
            header, _ = read_header(iter(lambda: file.read(READ_BYTES), b""))
            seal = parse_seal(header)
    except (OSError, ValueError):
        raise Failed("container-changed", file=path) from None
    if seal.envelope_hash.hex() != version.envelope:
        raise Failed("container-changed", file=path)
    return seal
