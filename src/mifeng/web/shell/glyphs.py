"""Which characters a font can show (字形覆盖), read from its character map, so that no character is lost on paper.

Only what is needed is read: the first font of a collection, and its map of segments (``cmap``, format 12).
"""

import struct
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

FORMAT, COLLECTION = 12, b"ttcf"


class Glyphs:
    """The characters of a font (字形)."""

    def __init__(self, segments: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _end in segments]
        self._ends = [end for _start, end in segments]

    def __contains__(self, character: str) -> bool:
        place = bisect_right(self._starts, ord(character)) - 1
        return place >= 0 and ord(character) <= self._ends[place]

    def spelled(self, text: str) -> str:
        """Return a text in which a character without a glyph is written by its code point: ``〔U+1823〕``."""
        return "".join(one if one in self or one == "\n" else f"〔U+{ord(one):04X}〕" for one in text)


@lru_cache(maxsize=4)
def glyphs_of(path: Path) -> Glyphs:
    """Return the characters that a font can show.

    Raises:
        ValueError: when it has no map of the needed form.
    """
    data = path.read_bytes()
    font = struct.unpack_from(">I", data, 12)[0] if data[:4] == COLLECTION else 0
    [tables] = struct.unpack_from(">H", data, font + 4)
    for number in range(tables):
        tag, _sum, offset, _length = struct.unpack_from(">4sIII", data, font + 12 + 16 * number)
        if tag == b"cmap":
            return Glyphs(_segments(data, offset))
    raise ValueError("a font without a character map")


def _segments(data: bytes, table: int) -> list[tuple[int, int]]:
    """Return first and last character of each run, in order."""
    [count] = struct.unpack_from(">H", data, table + 2)
    for number in range(count):
        [offset] = struct.unpack_from(">I", data, table + 8 + 8 * number)
        start = table + offset
        [form] = struct.unpack_from(">H", data, start)
        if form == FORMAT:
            [groups] = struct.unpack_from(">I", data, start + 12)
            rows = struct.iter_unpack(">III", data[start + 16 : start + 16 + 12 * groups])
            return sorted((first, last) for first, last, glyph in rows if glyph or last > first)
    raise ValueError("a font without a map of all characters")
