"""The tree of the log (台账树): leaves appended, inclusion proofs made and verified, per second on one core.

Leaves are appended as the sequencer does it, in batches of tiles, and proofs are read from those tiles for places
spread over the whole log.
"""

import hashlib
import time
from collections.abc import Callable, Iterator

from mifeng.rules.ledger import TileTree, edge_places, grow, leaf_hash, verify_inclusion
from tests.bench.figures import Figure, at_least

LEAVES = 200_000
BATCH = 1_000
PROOFS = 20_000
STRIDE = 9_973  # a prime: the places asked for jump through the whole log
APPENDS, PROVES, VERIFIES = 150_000.0, 15_000.0, 15_000.0


def measure() -> Iterator[Figure]:
    """Yield one row per kind of work."""
    leaves = [hashlib.sha256(number.to_bytes(8)).digest() for number in range(LEAVES)]
    tiles: dict[tuple[int, int], bytes] = {}

    def append() -> None:
        for start in range(0, LEAVES, BATCH):
            edge = {place: tiles[place] for place in edge_places(start)}
            tiles.update(grow(start, edge, [leaf_hash(leaf) for leaf in leaves[start : start + BATCH]]))

    yield at_least("tree: leaves appended", LEAVES / seconds(append), "1/s", APPENDS)
    tree = TileTree(lambda level, index: tiles[level, index])
    root = tree.root(LEAVES)
    places = [number * STRIDE % LEAVES for number in range(PROOFS)]
    proofs: list[list[bytes]] = []

    def prove() -> None:
        proofs.extend(tree.inclusion_proof(place, LEAVES) for place in places)

    def verify() -> None:
        for place, proof in zip(places, proofs, strict=True):
            verify_inclusion(place, LEAVES, leaf_hash(leaves[place]), proof, root)

    yield at_least("tree: inclusion proofs made", PROOFS / seconds(prove), "1/s", PROVES)
    yield at_least("tree: inclusion proofs verified", PROOFS / seconds(verify), "1/s", VERIFIES)


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds of this process's time some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
