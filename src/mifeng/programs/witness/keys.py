"""The witness's key files (见证密钥).

``witness.key`` (seed, base64, closed to others) and ``witness.vkey`` (public) sign what it has seen; ``vrf.key``
(secret, hexadecimal, closed to others) makes its contributions to draws. ``witness.pub`` is public: canonical JSON of
``name``, ``organisation``, ``vrf`` (point) and ``verify`` (Ed25519 key), as a policy names a contributor.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mifeng.programs.witness.draw import ContributorKey
from mifeng.rules import vrf
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import Kind, SigningKey, VerifierKey, decode64, encode64, parse_hex, parse_vkey
from mifeng.rules.seal.policy import Contributor
from mifeng.rules.seal.shapes import hex_of, object_of, point_of, text_of

KEY, VKEY, MEMORY = "witness.key", "witness.vkey", "witness.sqlite"
VRF, PUB = "vrf.key", "witness.pub"
KEY_BYTES = 32


def make_key(folder: Path, name: str) -> VerifierKey:
    """Make the key files that are missing and return the public key; a key that is there stays.

    Args:
        folder: the witness's folder; made, closed to others, when absent.
        name: name in signature lines; empty for one derived from the key.

    Raises:
        ValueError: when a file is misshapen, or the key there has another name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).exists():
        _write(folder / KEY, encode64(Ed25519PrivateKey.generate().private_bytes_raw()) + "\n", 0o600)
    seed = decode64((folder / KEY).read_text().removesuffix("\n"))
    if (folder / VKEY).exists():
        key = read_key(folder)
        if name and name != key.name:
            raise ValueError(f"the key in {folder} is named {key.name}")
        return key.verifier
    public = SigningKey("witness", Kind.WITNESS, seed).verifier.public
    key = SigningKey(name or f"witness.mifeng.localhost/{public[:4].hex()}", Kind.WITNESS, seed)
    _write(folder / VKEY, f"{key.verifier}\n", 0o644)
    return key.verifier


def make_contributor(folder: Path, name: str, organisation: str) -> dict[str, str]:
    """Make the key of contributions and the public file where they are missing; return what a policy says (抽取贡献方).

    Args:
        folder: the witness's folder, whose witness key is made as well where there is none.
        name: name of the contributor within a policy.
        organisation: the body that runs it.

    Raises:
        ValueError: when a file is misshapen, or the one there has another name or body.
    """
    verify = make_key(folder, "").public
    if not (folder / VRF).exists():
        scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        _write(folder / VRF, f"{scalar.to_bytes(32).hex()}\n", 0o600)
    public = {
        "name": name,
        "organisation": organisation,
        "vrf": vrf.public_key(read_vrf(folder)).hex(),
        "verify": verify.hex(),
    }
    if not (folder / PUB).exists():
        _write(folder / PUB, canonical(public).decode(), 0o644)
    if (folder / PUB).read_bytes() != canonical(public):
        raise ValueError(f"{PUB} in {folder} speaks of another contributor")
    return public


def read_vrf(folder: Path) -> bytes:
    """Return the secret of a folder's contributions, 32 bytes.

    Raises:
        FileNotFoundError: when there is none yet.
        ValueError: when it is misshapen.
    """
    return parse_hex((folder / VRF).read_text().removesuffix("\n"))


def read_contributor(folder: Path) -> ContributorKey | None:
    """Return a folder's keys as a contributor; None for a witness that contributes to no draw.

    Raises:
        ValueError: when a file is misshapen, or the two halves do not belong together.
    """
    if not (folder / PUB).exists():
        return None
    fields = object_of(
        parse_canonical((folder / PUB).read_bytes()), {"name", "organisation", "vrf", "verify"}, "a contributor"
    )
    named = Contributor(
        text_of(fields["name"], "name"),
        text_of(fields["organisation"], "organisation"),
        point_of(fields["vrf"], "vrf"),
        hex_of(fields["verify"], KEY_BYTES, "verify"),
    )
    key = ContributorKey(named, read_key(folder), read_vrf(folder))
    if (named.vrf, named.verify) != (vrf.public_key(key.secret), key.signing.verifier.public):
        raise ValueError(f"{PUB} does not belong to the keys in {folder}")
    return key


def read_key(folder: Path) -> SigningKey:
    """Return the signing key of a folder.

    Raises:
        FileNotFoundError: when there is none yet.
        ValueError: when its two halves do not belong together.
    """
    seed = decode64((folder / KEY).read_text().removesuffix("\n"))
    named = parse_vkey((folder / VKEY).read_text())
    key = SigningKey(named.name, Kind.WITNESS, seed)
    if key.verifier != named:
        raise ValueError(f"{VKEY} does not belong to {KEY} in {folder}")
    return key


def read_logs(path: Path) -> Mapping[str, list[VerifierKey]]:
    """Return the keys of the logs to be witnessed, by origin: one verifier key per line of the file.

    Raises:
        ValueError: when a line is no key of a log, or there is none.
    """
    logs: dict[str, list[VerifierKey]] = {}
    for line in path.read_text().splitlines():
        if line.strip():
            key = parse_vkey(line)
            if key.kind is not Kind.LOG:
                raise ValueError(f"{key.name} is not a key of a log")
            logs.setdefault(key.name, []).append(key)
    if not logs:
        raise ValueError(f"no log in {path}")
    return logs


def read_witnesses(paths: Sequence[Path]) -> list[VerifierKey]:
    """Return the keys of witnesses: one verifier key per line of each file.

    Raises:
        ValueError: when a line is no key of a witness.
    """
    keys = [parse_vkey(line) for path in paths for line in path.read_text().splitlines() if line.strip()]
    for key in keys:
        if key.kind is not Kind.WITNESS:
            raise ValueError(f"{key.name} is not a key of a witness")
    return keys


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all, on disk when this returns, and never over another."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
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
