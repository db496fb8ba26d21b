"""What may be read under the library's key only (专家库密钥).

Two keys stand outside the database and its backups. ``library.key`` closes who the experts are, which of them stand in
a pool and who was seated; ``dispatch.key`` closes how an invited person is reached. Every sealed value is AES-256-GCM
under a key of its own purpose, with a fresh nonce, bound to the row it belongs to, so that no value can be moved to
another row or be taken for one of another kind.
"""

import os
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mifeng.rules.encoding import canonical, encode_tuple, mac, parse_canonical
from mifeng.rules.ledger import decode64

LIBRARY, DISPATCH = "library.key", "dispatch.key"
PERSONAL, POOL, ROSTER, CONTACT = "personal", "pool", "roster", "contact"
FILES = {PERSONAL: LIBRARY, POOL: LIBRARY, ROSTER: LIBRARY, CONTACT: DISPATCH}
NONCE_BYTES = 12
KEY_BYTES = 32


def seal(purpose: str, row: object, value: object) -> bytes:
    """Return a value closed for one purpose and one row (加密).

    Args:
        purpose: one of ``FILES``.
        row: id of the row in which the sealed bytes are kept.
        value: text, numbers, lists and objects.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key(purpose)).encrypt(nonce, canonical(value), _bound(purpose, row))


def unseal(purpose: str, row: object, sealed: bytes) -> object:
    """Return a sealed value (解密).

    Raises:
        InvalidTag: when it was sealed under another key, for another purpose or row, or has been changed.
    """
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return parse_canonical(AESGCM(_key(purpose)).decrypt(nonce, ciphertext, _bound(purpose, row)))


def number_mac(number: str) -> bytes:
    """Return the keyed hash by which one identity number is known to stand in the library once (证件号唯一)."""
    return mac(_derived(LIBRARY, "number"), "library number", number)


def person_key(expert: object) -> str:
    """Return the name under which a person stands in pool records (专家代号): the same in every draw, says nothing."""
    return mac(_derived(LIBRARY, "person"), "library person", str(expert)).hex()


def _bound(purpose: str, row: object) -> bytes:
    return encode_tuple("library sealed", purpose, str(row))


def _key(purpose: str) -> bytes:
    return _derived(FILES[purpose], purpose)


@cache
def _derived(file: str, purpose: str) -> bytes:
    """Return the key of one purpose, derived from a key file of the installation."""
    secret = decode64((Path(settings.ENV.data) / "keys" / file).read_text().strip())
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{file} holds {len(secret)} bytes, not {KEY_BYTES}")
    return HKDF(SHA256(), KEY_BYTES, None, encode_tuple("library key", purpose)).derive(secret)
