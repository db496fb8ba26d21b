"""One encoding for all that is hashed (编码).

Everything the platform commits to is reduced to bytes in one of two ways, both injective:

* ``tuple``: one count byte, then for each item its length as eight bytes, big-endian, and the item. Text is UTF-8 in
  normal form C, integers are decimal ASCII without leading zeros.
* ``canonical``: JSON in the form of RFC 8785, restricted to text, booleans, integers below 2**53, arrays and objects
  with ASCII keys. Money is text. Floats and null do not exist here, so no two readers can disagree on a number.

``H(label; x1…xk)`` is SHA-256 over the tuple of the label and the items, ``MAC(K, label; x1…xk)`` HMAC-SHA-256 over the
same: a hash made for one purpose never fits another.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping

Item = bytes | str | int
SAFE_INTEGER = 2**53
# For the values allowed here JSON as Python writes it is RFC 8785: keys are ASCII, so that every order is the same, and
# numbers are integers. The tests compare it with a library of that standard, which takes three times as long.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def octets(item: Item) -> bytes:
    """Return the bytes of one tuple item.

    Raises:
        ValueError: for a negative integer or a boolean.
    """
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return unicodedata.normalize("NFC", item).encode()
    if isinstance(item, bool) or item < 0:
        raise ValueError(f"not an item: {item!r}")
    return str(item).encode("ascii")


def encode_tuple(*items: Item) -> bytes:
    """Return the injective encoding of up to 255 items: count byte, then length (8 bytes) and bytes of each."""
    parts = [octets(item) for item in items]
    return bytes([len(parts)]) + b"".join(len(part).to_bytes(8) + part for part in parts)


def digest(label: str, *items: Item) -> bytes:
    """Return H(label; items): 32 bytes, SHA-256 over the tuple of label and items."""
    return hashlib.sha256(encode_tuple(label, *items)).digest()


def mac(key: bytes, label: str, *items: Item) -> bytes:
    """Return MAC(key, label; items): 32 bytes, HMAC-SHA-256 over the tuple of label and items."""
    return hmac.digest(key, encode_tuple(label, *items), "sha256")


def canonical(value: object) -> bytes:
    """Return the canonical JSON bytes of a value (RFC 8785), text in normal form C.

    Raises:
        ValueError: for a float, None, an integer of 2**53 or more, a key that is not ASCII text, or any other type.
    """
    return _JSON.encode(_plain(value)).encode()


def parse_canonical(data: bytes) -> object:
    """Return the value of canonical JSON bytes; a reader re-serialises and must find the same bytes.

    Raises:
        ValueError: when the bytes are not canonical, hold a duplicate key or nest too deeply.
    """
    try:
        value: object = json.loads(data, object_pairs_hook=_unique_keys)
        again = canonical(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if again != data:
        raise ValueError("not canonical JSON")
    return value


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= SAFE_INTEGER:
            raise ValueError(f"integer out of range: {value}")
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise ValueError(f"no canonical form: {type(value).__name__}")


def _key(key: object) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise ValueError(f"key is not ASCII text: {key!r}")
    return key
