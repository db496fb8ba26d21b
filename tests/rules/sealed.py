"""Sealed bids as tests need them: the published one, and fresh ones whose every secret is known."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.rules.curve import ORDER, base_multiply_secret, encode_point
from mifeng.rules.seal import (
    File,
    Identity,
    Policy,
    Seal,
    Sealed,
    Secrets,
    draw_secrets,
    format_policy,
    parse_policy,
    parse_seal,
    private_key,
    seal_bid,
)
from mifeng.rules.seal.layout import hasher
from tests.rules.vectors import vectors

ENVELOPE = vectors("envelope")
SECRETS = ENVELOPE["secrets"]
POLICY_BYTES = ENVELOPE["policy"].encode()
POLICY = parse_policy(POLICY_BYTES)
TRUSTEE_KEYS = [private_key(bytes.fromhex(scalar)) for scalar in SECRETS["trustees"]]
CERTIFICATE = base64.b64decode(ENVELOPE["certificate"])
SIGNER = private_key(bytes.fromhex(SECRETS["certificate"]))
IDENTITY = Identity("甲公司", CERTIFICATE, "保函123", "mifeng bid 0.1", b"t" * 32)
CONTENT = {
    "readout": [File("readout.json", "application/json", b'{"price_yuan":"1280000.00"}')],
    "price": [File("price.txt", "text/plain", b"1280000.00")],
    "technical": [File("方案.pdf", "application/pdf", bytes(range(256)) * 160), File("b.txt", "text/plain", b"")],
}


def sign(message: bytes) -> bytes:
    """Sign as the bidder's certificate does."""
    return SIGNER.sign(message, ec.ECDSA(hashes.SHA256()))


def randomness(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that gives the same ones again for the same seed."""
    stream = hashlib.shake_256(seed.encode())
    given = 0

    def random(length: int) -> bytes:
        nonlocal given
        given += length
        return stream.digest(given)[-length:]

    return random


def secrets_of(seed: str, policy: Policy = POLICY) -> Secrets:
    """Return the secrets of a seed."""
    return draw_secrets(policy, randomness(seed))


@cache
def fresh(seed: str = "a bid") -> Sealed:
    """Return a bid sealed with the secrets of a seed."""
    return sealed(secrets_of(seed))


def sealed(secrets: Secrets, content: Mapping[str, Sequence[File]] | None = None, **changes: Any) -> Sealed:
    """Return a bid sealed under the published policy, or another one given as ``policy``."""
    policy = changes.pop("policy", POLICY)
    wanted: dict[str, Any] = {"identity": IDENTITY, "signer": sign} | changes
    return seal_bid(policy, format_policy(policy), content or CONTENT, secrets=secrets, **wanted)


def public(private: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the encoded point of a private key."""
    return encode_point(base_multiply_secret(private.private_numbers().private_value))


def shares_of(secrets: Secrets, n: int = 3) -> dict[int, int]:
    """Return the shares that trustees would release, straight from the polynomial."""
    order = len(secrets.coefficients)
    return {
        index: sum(secrets.coefficients[power] * index**power for power in range(order)) % ORDER
        for index in range(1, n + 1)
    }


def ciphertexts_of(seal: Seal, container: bytes) -> dict[str, list[bytes]]:
    """Return what follows the header of a container, by part."""
    begin = len(container) - sum(part.ct_len for part in seal.parts)
    return {part.id: [container[begin + part.offset :][: part.ct_len]] for part in seal.parts}


def with_ciphertext(seal: Seal, part_id: str, ciphertext: bytes) -> Seal:
    """Return a header that names another ciphertext of the same length for a part, with its right hash."""
    found = hasher("BE1 ct", len(ciphertext))
    found.update(ciphertext)
    parts = tuple(replace(one, ct_hash=found.digest()) if one.id == part_id else one for one in seal.parts)
    return parse_seal(replace(seal, parts=parts).data)


def patched(data: bytes, case: Mapping[str, Any]) -> bytes:
    """Return bytes with the change that a vector describes."""
    insert, end = case["insert"], case["at"] + case["remove"]
    return data[: case["at"]] + (insert.encode() if isinstance(insert, str) else insert) + data[end:]
