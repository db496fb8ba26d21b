"""What may be read under the desk's key only (评审密钥): codes, cells and sheets while they have to stay closed.

``keys/desk.key`` stands outside the database and its backups. Every sealed value is AES-256-GCM under a key of its own
purpose, with a fresh nonce, bound to the row and the version it belongs to, so that no value can be moved or put back.
Values are filled up to whole blocks: one digit more or less in a score does not show in the length of its row.
"""

import os
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mifeng.rules.encoding import canonical, encode_tuple, parse_canonical
from mifeng.rules.ledger import decode64

FILE = "desk.key"
CODES, ISSUE, CELL, SHEET = "codes", "issue", "cell", "sheet"
NONCE_BYTES = 12
KEY_BYTES = 32
LENGTH_BYTES = 4
BLOCK = 256


def seal(purpose: str, row: str, value: object) -> bytes:
    """Return a value closed for one purpose and one row (加密).

    Args:
        purpose: ``CODES``, ``ISSUE``, ``CELL`` or ``SHEET``.
        row: name of the row, with its version where it has one.
        value: text, numbers, lists and objects.
    """
    nonce, data = os.urandom(NONCE_BYTES), canonical(value)
    plain = len(data).to_bytes(LENGTH_BYTES) + data
    filled = plain + bytes(-len(plain) % BLOCK)
    return nonce + AESGCM(_key(purpose)).encrypt(nonce, filled, _bound(purpose, row))


def unseal(purpose: str, row: str, sealed: bytes) -> object:
    """Return a sealed value (解密).

    Raises:
        InvalidTag: when it was sealed under another key, for another purpose or row, or has been changed.
    """
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    filled = AESGCM(_key(purpose)).decrypt(nonce, ciphertext, _bound(purpose, row))
    end = LENGTH_BYTES + int.from_bytes(filled[:LENGTH_BYTES])
    return parse_canonical(filled[LENGTH_BYTES:end])


def _bound(purpose: str, row: str) -> bytes:
    return encode_tuple("desk sealed", purpose, row)


@cache
def _key(purpose: str) -> bytes:
    secret = decode64((Path(settings.ENV.data) / "keys" / FILE).read_text().strip())
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{FILE} holds {len(secret)} bytes, not {KEY_BYTES}")
    return HKDF(SHA256(), KEY_BYTES, None, encode_tuple("desk key", purpose)).derive(secret)
