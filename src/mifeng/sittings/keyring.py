"""What may be read under the key of the check-in only (签到密钥): who has come, and whom the purchaser authorised.

``keys/checkin.key`` stands outside the database and its backups. Every sealed value is AES-256-GCM under a key of its
own purpose, with a fresh nonce, bound to the row it belongs to, and filled up to whole blocks, so that the length of a
name does not show.
"""

import os
from functools import cache
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mifeng.rules.encoding import canonical, encode_tuple, mac, parse_canonical
from mifeng.rules.ledger import decode64

FILE = "checkin.key"
ARRIVAL, REPRESENTATIVE = "arrival", "representative"
NONCE_BYTES = 12
KEY_BYTES = 32
LENGTH_BYTES = 4
BLOCK = 512


def seal(purpose: str, row: object, facts: dict[str, str]) -> bytes:
    """Return facts about a person closed for one purpose and one row (加密).

    Args:
        purpose: ``ARRIVAL`` or ``REPRESENTATIVE``.
        row: id of the row in which the sealed bytes are kept.
        facts: what is closed.
    """
    nonce, data = os.urandom(NONCE_BYTES), canonical(facts)
    plain = len(data).to_bytes(LENGTH_BYTES) + data
    filled = plain + bytes(-len(plain) % BLOCK)
    return nonce + AESGCM(_derived(purpose)).encrypt(nonce, filled, _bound(purpose, row))


def unseal(purpose: str, row: object, sealed: bytes) -> dict[str, str]:
    """Return sealed facts about a person (解密).

    Raises:
        InvalidTag: when they were sealed under another key, for another purpose or row, or have been changed.
    """
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    filled = AESGCM(_derived(purpose)).decrypt(nonce, ciphertext, _bound(purpose, row))
    end = LENGTH_BYTES + int.from_bytes(filled[:LENGTH_BYTES])
    return cast("dict[str, str]", parse_canonical(filled[LENGTH_BYTES:end]))


def number_mac(tender: object, number: str) -> str:
    """Return the keyed hash by which an authorised identity number is known in one project (证件号比对)."""
    return mac(_derived("number"), "checkin number", str(tender), number).hex()


def person_mac(checkin: object, person: str) -> str:
    """Return the keyed hash by which a person is known again in one check-in; says nothing anywhere else."""
    return mac(_derived("person"), "checkin person", str(checkin), person).hex()


def _bound(purpose: str, row: object) -> bytes:
    return encode_tuple("checkin sealed", purpose, str(row))


@cache
def _derived(purpose: str) -> bytes:
    secret = decode64((Path(settings.ENV.data) / "keys" / FILE).read_text().strip())
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{FILE} holds {len(secret)} bytes, not {KEY_BYTES}")
    return HKDF(SHA256(), KEY_BYTES, None, encode_tuple("checkin key", purpose)).derive(secret)
