"""One part of a bid, open and closed (投标文件分部).

Open, a part is the length of its index, the index, the files in that order, and zero bytes up to the bucket. Closed, it
is one message of C2SP chunked-encryption, Cobblestone-256: a salt, a commitment to the key, then chunks of 16 KiB, the
last one shorter. The commitment is what a plain AEAD lacks: with AES-GCM alone one ciphertext can show two prices under
two keys.

The key of a part needs both secrets, the bidder's ``s_B`` and the trustees' ``a0``, and is bound to the core; nothing
of a part is given out before its last chunk is authenticated.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mifeng.rules.curve import encode_scalar
from mifeng.rules.encoding import canonical, digest, encode_tuple, parse_canonical
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.layout import PREFIX_BYTES, bucket, hasher
from mifeng.rules.seal.policy import MODE, REF_BYTES, STAGE
from mifeng.rules.seal.shapes import hex_of, list_of, object_of, text_of

KEY_BYTES = 32
LENGTH_BYTES = 8
MAX_NAME_BYTES = 255
MAX_FILES = 1_000  # of a part: whoever opens a bid makes a row for each

_MEDIA = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*", re.ASCII)
# Separators of paths, control characters, and those that turn the direction in which a name is read.
_FORBIDDEN = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STEP = 65536


@dataclass(frozen=True, slots=True)
class File:
    """One file of a part (文件): its name, its media type and its bytes."""

    name: str
    media: str
    data: bytes = field(repr=False)


def file_hash(data: bytes) -> bytes:
    """Return the hash of a file as an index names it: H("BE1 file"; bytes)."""
    found = hasher("BE1 file", len(data))
    found.update(data)
    return found.digest()


def index_of(files: Sequence[File]) -> bytes:
    """Return the index of a part's files in canonical JSON.

    Raises:
        ValueError: when a name or a media type is not allowed, or two files have one name.
    """
    rows = [
        {"name": one.name, "media": one.media, "size": len(one.data), "hash": file_hash(one.data).hex()}
        for one in files
    ]
    _check_names([(one.name, one.media) for one in files])
    return canonical(rows)


def part_length(index: bytes, files: Sequence[File]) -> int:
    """Return how long a part is once padded to its bucket, in bytes."""
    return bucket(LENGTH_BYTES + len(index) + sum(len(one.data) for one in files))


def part_key(core_hash: bytes, s_b: bytes, a0: int, part_id: str, stage: str = STAGE, mode: str = MODE) -> bytes:
    """Return the key of a part: HKDF with both secrets as key material, the core as salt, mode, stage and part as info.

    Raises:
        ValueError: when a secret is misshapen.
    """
    if len(s_b) != KEY_BYTES:
        raise ValueError(f"a bidder's key has {KEY_BYTES} bytes")
    info = encode_tuple("BE1 part", mode, stage, part_id)
    return HKDF(hashes.SHA256(), length=KEY_BYTES, salt=core_hash, info=info).derive(s_b + encode_scalar(a0))


def part_context(core_hash: bytes, part_id: str) -> bytes:
    """Return what the encryption of a part is bound to: H("BE1 ctx"; coreHash, part)."""
    return digest("BE1 ctx", core_hash, part_id)


def encrypt_part(key: bytes, context: bytes, index: bytes, files: Sequence[File]) -> Iterator[bytes]:
    """Yield the ciphertext of a part, piece by piece.

    Args:
        key: of the part.
        context: of the part.
        index: of its files, as ``index_of`` gives it.
        files: in the order of the index.
    """
    encryptor = Cobblestone256Encryptor(key, context)
    yield from map(encryptor.update, _plaintext(index, files))
    yield encryptor.finalize()


def open_part(key: bytes, context: bytes, ciphertext: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the plaintext of a part in pieces, once its last chunk is authenticated; ``files_of`` takes it apart.

    Args:
        key: of the part.
        context: of the part.
        ciphertext: in pieces of any length.

    Raises:
        Unopenable: ``commitment`` when the key or the context is another one, ``chunk`` when a chunk does not hold.
            It is the bidder's only if the bytes are those that the header names.
    """
    decryptor = Cobblestone256Decryptor(key, context)
    prefix, opened, reason = bytearray(), [], "commitment"
    try:
        for piece in ciphertext:
            rest = memoryview(piece)
            if len(prefix) < PREFIX_BYTES:
                taken = rest[: PREFIX_BYTES - len(prefix)]
                prefix += taken
                rest = rest[len(taken) :]
                if len(prefix) == PREFIX_BYTES:
                    decryptor.update(prefix)
                    reason = "chunk"
            opened += [decryptor.update(step) for step in _steps(rest)]
        opened.append(decryptor.finalize())
    except InvalidTag as error:
        raise Unopenable("bidder", reason) from error
    return tuple(opened)


def files_of(plaintext: Iterable[bytes]) -> tuple[File, ...]:
    """Return the files of an opened part, given in pieces, everything made sure of.

    Raises:
        Unopenable: through the bidder; ``index`` when the index is not canonical or promises more than there is,
            ``padding`` when another byte than zero stands behind the files or the bucket is another one, ``file`` when
            a file has another hash.
    """
    plain = _Plaintext(plaintext)
    try:
        rows = _rows(plain.take(int.from_bytes(plain.take(LENGTH_BYTES))))
        contents = [plain.take(size) for _, _, size, _ in rows]
    except ValueError as error:
        raise Unopenable("bidder", "index") from error
    if plain.length != bucket(plain.place) or not plain.ends_in_zeros():
        raise Unopenable("bidder", "padding")
    if any(file_hash(data) != row[3] for row, data in zip(rows, contents, strict=True)):
        raise Unopenable("bidder", "file")
    return tuple(File(row[0], row[1], data) for row, data in zip(rows, contents, strict=True))


class _Plaintext:
    """The plaintext of a part, read from its beginning; it stays in the pieces in which it was decrypted."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = [memoryview(piece) for piece in pieces][::-1]
        self.length = sum(map(len, self._pieces))
        self.place = 0

    def take(self, length: int) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: when there are fewer.
        """
        if length > self.length - self.place:
            raise ValueError("more is promised than there is")
        self.place += length
        taken = []
        while length:
            piece = self._pieces.pop()
            taken.append(piece[:length])
            if len(piece) > length:
                self._pieces.append(piece[length:])
            length -= len(taken[-1])
        return b"".join(taken)

    def ends_in_zeros(self) -> bool:
        """Say whether nothing but zero bytes is left."""
        return all(piece == bytes(len(piece)) for piece in self._pieces)


def _steps(data: bytes | memoryview) -> Iterator[memoryview]:
    view = memoryview(data)
    return (view[start : start + _STEP] for start in range(0, len(view), _STEP))


def _plaintext(index: bytes, files: Sequence[File]) -> Iterator[bytes | memoryview]:
    yield len(index).to_bytes(LENGTH_BYTES) + index
    for one in files:
        yield from _steps(one.data)
    left = part_length(index, files) - LENGTH_BYTES - len(index) - sum(len(one.data) for one in files)
    for start in range(0, left, _STEP):
        yield bytes(min(_STEP, left - start))


def _rows(index: bytes) -> list[tuple[str, str, int, bytes]]:
    rows = []
    for one in list_of(parse_canonical(index), "an index"):
        fields = object_of(one, {"name", "media", "size", "hash"}, "a file")
        size = fields["size"]
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError("size is a number of bytes")
        name, media = text_of(fields["name"], "name"), text_of(fields["media"], "media")
        rows.append((name, media, size, hex_of(fields["hash"], REF_BYTES, "hash")))
    _check_names([(name, media) for name, media, _, _ in rows])
    return rows


def _check_names(names: Sequence[tuple[str, str]]) -> None:
    """Refuse names that no two systems would store alike.

    Source: our choice (ADR-6)
    """
    for name, media in names:
        if name in ("", ".", "..") or _FORBIDDEN.search(name) or unicodedata.normalize("NFC", name) != name:
            raise ValueError(f"not a name for a file: {name!r}")
        if len(name.encode()) > MAX_NAME_BYTES or not _MEDIA.fullmatch(media):
            raise ValueError(f"name or media type of a file too long or misshapen: {name!r} {media!r}")
    if len(names) > MAX_FILES:
        raise ValueError(f"a part holds at most {MAX_FILES} files")
    if len({name for name, _ in names}) != len(names):
        raise ValueError("two files of one name")
