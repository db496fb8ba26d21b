"""The trustee's key files (受托人密钥).

``trustee.key`` (closed to others) holds the seed of its Ed25519 key and its HPKE scalar; ``trustee.pub`` is public:
canonical JSON of ``name``, ``organisation``, ``hpke`` (point) and ``verify`` (Ed25519 key), as a policy names it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mifeng.rules.curve import decode_scalar, encode_scalar
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import parse_hex

KEY, PUB, MEMORY = "trustee.key", "trustee.pub", "trustee.sqlite"


@dataclass(frozen=True, slots=True)
class TrusteeKey:
    """A trustee's own keys (受托人密钥): the name it signs under, its body, its signing key and its HPKE key."""

    name: str
    organisation: str
    signing: Ed25519PrivateKey
    hpke: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> dict[str, str]:
        """Return what a policy says of this trustee."""
        point = self.hpke.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        verify = self.signing.public_key().public_bytes_raw()
        return {"name": self.name, "organisation": self.organisation, "hpke": point.hex(), "verify": verify.hex()}


def make_key(folder: Path, name: str, organisation: str) -> dict[str, str]:
    """Make the key files that are missing and return the public part; a key that is there stays.

    Raises:
        ValueError: when a file is misshapen, or the key there has another name or body.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).exists():
        hpke = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        fields = {"signing": Ed25519PrivateKey.generate().private_bytes_raw().hex(), "hpke": encode_scalar(hpke).hex()}
        _write(folder / KEY, canonical({"name": name, "organisation": organisation, **fields}), 0o600)
    key = read_key(folder)
    if (key.name, key.organisation) != (name, organisation):
        raise ValueError(f"the key in {folder} is that of {key.name}, {key.organisation}")
    if not (folder / PUB).exists():
        _write(folder / PUB, canonical(key.public), 0o644)
    return key.public


def read_key(folder: Path) -> TrusteeKey:
    """Return the keys of a folder.

    Raises:
        FileNotFoundError: when there are none yet.
        ValueError: when the file is misshapen.
    """
    fields = parse_canonical((folder / KEY).read_bytes())
    if not isinstance(fields, dict) or fields.keys() != {"name", "organisation", "signing", "hpke"}:
        raise ValueError(f"{KEY} is not a trustee's key")
    texts = cast("dict[str, str]", fields)
    scalar = decode_scalar(parse_hex(texts["hpke"]))
    return TrusteeKey(
        texts["name"],
        texts["organisation"],
        Ed25519PrivateKey.from_private_bytes(parse_hex(texts["signing"])),
        ec.derive_private_key(scalar, ec.SECP256R1()),
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, on disk when this returns, and never over another."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
