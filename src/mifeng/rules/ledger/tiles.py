"""Tiles (树片): how the tree is stored, as in C2SP tlog-tiles with height 8.

A tile is a run of up to 256 hashes of 32 bytes. Tiles of level 0 hold leaf hashes; a hash at level *n* + 1 is the
root of one full tile of level *n*. A full tile never changes again, the last tile of each level grows. All other
nodes of the tree are recomputed from tiles, so any proof about any size the log ever had costs a handful of rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from mifeng.rules.errors import Tampered
from mifeng.rules.ledger.tree import HASH_BYTES, consistency_spans, inclusion_spans, node_hash, root_of

HEIGHT = 8
WIDTH = 1 << HEIGHT
KEPT_TILES = 1024

Place = tuple[int, int]
Fetch = Callable[[int, int], bytes]
Layers = list[list[bytes]]


def edge_places(size: int) -> list[Place]:
    """Return (level, index) of the tiles that are not yet full in a tree of this size: all that growing it needs."""
    places: list[Place] = []
    level, count = 0, size
    while count:
        if count % WIDTH:
            places.append((level, count // WIDTH))
        level, count = level + 1, count // WIDTH
    return places


def grow(size: int, edge: Mapping[Place, bytes], hashes: Sequence[bytes]) -> dict[Place, bytes]:
    """Return the tiles that are new or longer once leaf hashes are appended to a tree of ``size`` leaves.

    Args:
        size: leaves before.
        edge: the tiles of ``edge_places(size)``.
        hashes: hashes of the new leaves, in order.

    Raises:
        Tampered: when a tile of the edge is missing or has another length than the size demands.
    """
    grown: dict[Place, bytes] = {}
    level, count, fresh = 0, size, b"".join(hashes)
    while fresh:
        index, width = divmod(count, WIDTH)
        row = _edge_tile(edge, (level, index), width) + fresh
        above: list[bytes] = []
        for start in range(0, len(row), WIDTH * HASH_BYTES):
            tile = row[start : start + WIDTH * HASH_BYTES]
            grown[level, index] = tile
            if len(tile) == WIDTH * HASH_BYTES:
                above.append(_layers(_split(tile))[HEIGHT][0])
            index += 1
        level, count, fresh = level + 1, count // WIDTH, b"".join(above)
    return grown


class TileTree:
    """A tree read through its tiles (由树片读出的树).

    Args:
        fetch: returns the bytes of the tile at (level, index); it may hold more hashes than the size asked about needs.
        kept: tiles whose inner nodes are kept in memory, the first read first to go. A tile only grows, so what was
            read of it stays right; it is read again when more of it is needed.
    """

    def __init__(self, fetch: Fetch, kept: int = KEPT_TILES) -> None:
        self._fetch = fetch
        self._kept = kept
        self._read: dict[Place, Layers] = {}

    def root(self, size: int) -> bytes:
        """Return the root of the first ``size`` leaves."""
        return self.hash_of(0, size) if size else root_of(())

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the proof that a leaf stands at an index of the tree of ``size`` leaves."""
        return [self.hash_of(low, high) for low, high in inclusion_spans(index, size)]

    def consistency_proof(self, old_size: int, size: int) -> list[bytes]:
        """Return the proof that the tree of ``size`` leaves continues the tree of ``old_size``."""
        return [self.hash_of(low, high) for low, high in consistency_spans(old_size, size)]

    def leaf(self, index: int) -> bytes:
        """Return the hash of the leaf at an index."""
        return self.hash_of(index, index + 1)

    def hash_of(self, low: int, high: int) -> bytes:
        """Return the hash of the leaves from ``low`` up to, not including, ``high``.

        Raises:
            Tampered: when a tile holds fewer hashes than the log's size demands.
            ValueError: for an empty run.
        """
        if not 0 <= low < high:
            raise ValueError(f"no leaves from {low} to {high}")
        height = (high - low).bit_length() - 1
        complete = self._complete(low, height)
        rest = low + (1 << height)
        return complete if rest == high else node_hash(complete, self.hash_of(rest, high))

    def _complete(self, low: int, height: int) -> bytes:
        level, inner = divmod(height, HEIGHT)
        start = low >> (HEIGHT * level)
        index, first = start >> HEIGHT, start & (WIDTH - 1)
        layers = self._read.get((level, index))
        if layers is None or len(layers[0]) < first + (1 << inner):
            layers = self._tile(level, index, first + (1 << inner))
        return layers[inner][first >> inner]

    def _tile(self, level: int, index: int, needed: int) -> Layers:
        hashes = _split(self._fetch(level, index))
        if len(hashes) < needed:
            raise Tampered(f"tile {level}/{index} holds {len(hashes)} hashes, the log needs {needed}")
        if len(self._read) >= self._kept:
            self._read.pop(next(iter(self._read)))
        layers = self._read[level, index] = _layers(hashes)
        return layers


def _edge_tile(edge: Mapping[Place, bytes], place: Place, width: int) -> bytes:
    tile = edge.get(place, b"") if width else b""
    if len(tile) != width * HASH_BYTES:
        raise Tampered(f"tile {place[0]}/{place[1]} holds {len(tile)} bytes, the log's size demands {width} hashes")
    return tile


def _split(tile: bytes) -> list[bytes]:
    if len(tile) % HASH_BYTES or len(tile) > WIDTH * HASH_BYTES:
        raise Tampered(f"a tile of {len(tile)} bytes")
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def _layers(hashes: list[bytes]) -> Layers:
    """Return the hashes and, above them, every layer of complete nodes."""
    layers = [hashes]
    for _ in range(HEIGHT):
        layers.append(_pairs(layers[-1]))
    return layers


def _pairs(layer: Iterable[bytes]) -> list[bytes]:
    below = iter(layer)
    return [node_hash(left, right) for left, right in zip(below, below, strict=False)]
