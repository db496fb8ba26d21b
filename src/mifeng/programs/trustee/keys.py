"""The trustee's key files (受托人密钥).

``trustee.key`` (closed to others) holds the seed of its Ed25519 key and its HPKE scalar; ``trustee.pub`` is public:
canonical JSON of ``name``, ``organisation``, ``hpke`` (point) and ``verify`` (Ed25519 key), as a policy names it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mifeng.rules.certificates import point_of
from mifeng.rules.curve import decode_scalar, encode_scalar
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import Kind, VerifierKey, parse_vkey
from mifeng.rules.ledger.checkpoint import is_test_origin
from mifeng.rules.seal.policy import Trustee
from mifeng.rules.seal.shapes import hex_of, object_of, text_of

KEY, PUB, MEMORY = "trustee.key", "trustee.pub", "trustee.sqlite"
SEED_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class TrusteeKey:
    """A trustee's own keys (受托人密钥): the name it signs under, its body, its signing key and its HPKE key.

    It never shows itself in a message.
    """

    name: str
    organisation: str
    signing: Ed25519PrivateKey
    hpke: ec.EllipticCurvePrivateKey

    @property
    def trustee(self) -> Trustee:
        """Return how a policy names this trustee."""
        verify = self.signing.public_key().public_bytes_raw()
        return Trustee(self.name, self.organisation, point_of(self.hpke.public_key()), verify)

    @property
    def public(self) -> dict[str, str]:
        """Return what a policy says of this trustee, as JSON has it."""
        me = self.trustee
        return {"name": me.name, "organisation": me.organisation, "hpke": me.hpke.hex(), "verify": me.verify.hex()}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the trustee believes (信任名单): keys of logs and of witnesses that it was given by other ways."""

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...]


def make_key(folder: Path, name: str, organisation: str) -> dict[str, str]:
    """Make the key files that are missing and return the public part; a key that is there stays.

    Raises:
        ValueError: when a name is empty, a file is misshapen, or the key there has another name or body.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).exists():
        hpke = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        fields = {"signing": Ed25519PrivateKey.generate().private_bytes_raw().hex(), "hpke": encode_scalar(hpke).hex()}
        named = {"name": _word(name), "organisation": _word(organisation)}
        _write(folder / KEY, canonical(named | fields), 0o600)
    key = read_key(folder)
    if canonical([key.name, key.organisation]) != canonical([name, organisation]):
        raise ValueError(f"the key in {folder} is that of {key.name}, {key.organisation}")
    if not (folder / PUB).exists():
        _write(folder / PUB, canonical(key.public), 0o644)
    if (folder / PUB).read_bytes() != canonical(key.public):
        raise ValueError(f"{PUB} does not belong to {KEY} in {folder}")
    return key.public


def read_key(folder: Path) -> TrusteeKey:
    """Return the keys of a folder.

    Raises:
        FileNotFoundError: when there are none yet.
        ValueError: when the file is misshapen.
    """
    fields = object_of(
        parse_canonical((folder / KEY).read_bytes()), {"name", "organisation", "signing", "hpke"}, "a trustee's key"
    )
    return TrusteeKey(
        text_of(fields["name"], "name"),
        text_of(fields["organisation"], "organisation"),
        Ed25519PrivateKey.from_private_bytes(hex_of(fields["signing"], SEED_BYTES, "signing")),
        ec.derive_private_key(decode_scalar(hex_of(fields["hpke"], SEED_BYTES, "hpke")), ec.SECP256R1()),
    )


def read_trust(logs: Path, witnesses: Sequence[Path], *, test: bool) -> Trust:
    """Return whom the trustee believes: the verifier keys of the files, one per line.

    Args:
        logs: keys of logs.
        witnesses: files with keys of witnesses.
        test: every log must be a test log, so that no real lot ever opens by another time than the trustee's own.

    Raises:
        ValueError: when a line is no key of its kind, there is none, or a log is none of a test.
    """
    trust = Trust(_keys([logs], Kind.LOG), _keys(witnesses, Kind.WITNESS))
    real = [key.name for key in trust.logs if not is_test_origin(key.name)]
    if test and real:
        raise ValueError(f"{', '.join(real)} is no test log")
    return trust


def _keys(paths: Sequence[Path], kind: Kind) -> tuple[VerifierKey, ...]:
    keys = [parse_vkey(line) for path in paths for line in path.read_text().splitlines() if line.strip()]
    if not keys or any(key.kind is not kind for key in keys):
        raise ValueError(f"not keys of a {kind.name.lower()}: {', '.join(map(str, paths))}")
    return tuple(keys)


def _word(text: str) -> str:
    if not text.strip() or any(sign < " " for sign in text):
        raise ValueError("a trustee has a name and a body, each in one line")
    return text


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
