"""The file of a bundle (证据包文件): a tar archive in its only proper form, so that equal content is equal bytes.

Plain ustar: whoever has ``tar`` can look inside. Nothing in it depends on when, where or by whom it was written: no
times, no owners, names in order, the manifest first, two empty blocks at the end. A reader writes each header again and
must find the same bytes, so nothing can be hidden beside the files.
"""

import re
from collections.abc import Iterable, Iterator

BLOCK = 512
MANIFEST = "manifest.json"
MAX_NAME = 100
MAX_FILE_BYTES = 2**31

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*", re.ASCII)


def pack(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of the archive of some files, given in their order.

    Raises:
        ValueError: for a name that is not allowed, two of one name, or an order other than manifest first, then sorted.
    """
    before = ""
    for name, data in files:
        before = _next(before, name)
        yield header(name, len(data))
        yield data
        yield bytes(-len(data) % BLOCK)
    yield bytes(2 * BLOCK)


def unpack(source: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file of an archive, given in pieces of any length.

    Raises:
        ValueError: when it is not in the form that ``pack`` writes.
    """
    reader, before = _Reader(source), ""
    while any(block := reader.take(BLOCK)):
        name, size = block[:MAX_NAME].rstrip(b"\0").decode("ascii", "replace"), _octal(block[124:135])
        if size > MAX_FILE_BYTES or block != header(name, size):
            raise ValueError(f"the header of {name!r} is in another form")
        before = _next(before, name)
        data = reader.take(size)
        if any(reader.take(-size % BLOCK)):
            raise ValueError(f"something stands behind {name}")
        yield name, data
    if any(reader.take(BLOCK)) or not reader.at_end:
        raise ValueError("something stands behind the last file")


def header(name: str, size: int) -> bytes:
    """Return the 512 bytes that stand before a file.

    Raises:
        ValueError: for a name that is not allowed.
    """
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"not a name in a bundle: {name[:MAX_NAME]!r}")
    block = bytearray(BLOCK)
    for place, field in (
        (0, name.encode("ascii")),
        (100, b"0000644\0" + b"0000000\0" * 2),
        (124, b"%011o\0" % size + b"%011o\0" % 0 + b" " * 8 + b"0"),
        (257, b"ustar\00000"),
    ):
        block[place : place + len(field)] = field
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


class _Reader:
    """Bytes that come in pieces, taken in whatever length is asked for."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._pieces = iter(source)
        self._rest = b""

    def take(self, length: int) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: when there are fewer.
        """
        taken, left = [self._rest], length - len(self._rest)
        while left > 0:
            piece = next(self._pieces, None)
            if piece is None:
                raise ValueError("the archive is cut off")
            taken.append(piece)
            left -= len(piece)
        whole = b"".join(taken)
        self._rest = whole[length:]
        return whole[:length]

    @property
    def at_end(self) -> bool:
        """Say whether nothing is left."""
        return not self._rest and not any(self._pieces)


def _next(before: str, name: str) -> str:
    if (not before) != (name == MANIFEST) or (before not in ("", MANIFEST) and name <= before):
        raise ValueError("the manifest comes first, then the files in the order of their names, each once")
    return name


def _octal(digits: bytes) -> int:
    text = digits.decode("ascii", "replace")
    return int(text, 8) if re.fullmatch(r"[0-7]{11}", text) else MAX_FILE_BYTES + 1
