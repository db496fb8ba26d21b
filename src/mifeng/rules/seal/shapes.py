"""Shapes of values (值形) that come out of canonical JSON: each reader takes exactly what is written, or refuses."""

import re
from collections.abc import Iterable

from mifeng.rules.curve import POINT_BYTES, decode_point

_HEX = re.compile(r"[0-9a-f]*", re.ASCII)


def object_of(value: object, keys: Iterable[str], what: str) -> dict[str, object]:
    """Return a value of canonical JSON that is an object with exactly these keys.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, dict) or value.keys() != set(keys):
        raise ValueError(f"{what} has other keys")
    return value


def list_of(value: object, what: str) -> list[object]:
    """Return a value of canonical JSON that is an array.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, list):
        raise ValueError(f"{what} is a list")
    return value


def text_of(value: object, what: str) -> str:
    """Return a value of canonical JSON that is text, not empty.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} is text")
    return value


def number_of(value: object, what: str) -> int:
    """Return a value of canonical JSON that is an integer of 1 or more.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{what} is a number of 1 or more")
    return value


def hex_of(value: object, length: int, what: str) -> bytes:
    """Return the bytes of a value of canonical JSON that is lower-case hexadecimal of a given length.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str) or len(value) != 2 * length or not _HEX.fullmatch(value):
        raise ValueError(f"{what} is {length} bytes in hexadecimal")
    return bytes.fromhex(value)


def point_of(value: object, what: str) -> bytes:
    """Return the 65 bytes of a value of canonical JSON that is a point in hexadecimal.

    Raises:
        ValueError: for anything else.
    """
    data = hex_of(value, POINT_BYTES, what)
    decode_point(data)
    return data
