"""The tree over the log (日志树), as in RFC 6962.

A binary tree of SHA-256 hashes stands over all leaves. Its root commits to every leaf and to their order. Two short
lists of hashes prove everything an outsider asks: an *inclusion proof*, that a leaf stands at its index; a
*consistency proof*, that a longer tree only added leaves behind a shorter one. Leaves and inner nodes are hashed with
different first bytes, so that no node can pass for a leaf.

Proofs are made in two steps. ``inclusion_spans`` and ``consistency_spans`` say which runs of leaves a proof needs the
hash of; where these hashes come from (a list in memory, tiles in a database) is the caller's matter.
"""

import hashlib
from collections.abc import Iterable, Sequence

from mifeng.rules.errors import Tampered

HASH_BYTES = 32
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

Span = tuple[int, int]

_sha256 = hashlib.sha256


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash under which a leaf stands in the tree: SHA-256 of 0x00 and the leaf."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and both children."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree (树的右缘).

    It keeps one hash for each complete subtree that still waits for its right neighbour, at most 63 in all. That is
    enough to append and to state the root, so a log of any length is read once, in little memory.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        self.extend(hashes)

    def append(self, hashed: bytes) -> None:
        """Add the hash of one leaf on the right.

        Raises:
            ValueError: when the hash does not have 32 bytes.
        """
        if len(hashed) != HASH_BYTES:
            raise ValueError(f"a hash has {HASH_BYTES} bytes, not {len(hashed)}")
        peaks = self._peaks
        rest = self.size
        while rest & 1:
            hashed = _sha256(b"\x01" + peaks.pop() + hashed).digest()
            rest >>= 1
        peaks.append(hashed)
        self.size += 1

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Add the hashes of leaves on the right, in order."""
        for hashed in hashes:
            self.append(hashed)

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over leaf hashes."""
    return Frontier(hashes).root()


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return the runs of leaves whose hashes prove that a leaf stands at an index, its sibling first.

    Raises:
        ValueError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    low, high = 0, size
    spans: list[Span] = []
    while high - low > 1:
        middle = _middle(low, high)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    spans.reverse()
    return spans


def consistency_spans(old_size: int, size: int) -> list[Span]:
    """Return the runs of leaves whose hashes prove that a tree of ``size`` leaves continues one of ``old_size``.

    Raises:
        ValueError: unless 0 <= old_size <= size.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} does not continue one of {old_size}")
    if old_size == 0:
        return []
    low, high = 0, size
    spans: list[Span] = []
    while old_size != high:
        middle = _middle(low, high)
        if old_size <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    if low:
        spans.append((low, high))
    spans.reverse()
    return spans


def inclusion_proof(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Return the proof that a leaf stands at an index of the tree over all these leaf hashes."""
    return [root_of(hashes[low:high]) for low, high in inclusion_spans(index, len(hashes))]


def consistency_proof(old_size: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Return the proof that the tree over all these leaf hashes continues the tree over the first ``old_size``."""
    return [root_of(hashes[low:high]) for low, high in consistency_spans(old_size, len(hashes))]


def root_by_inclusion(index: int, size: int, hashed: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the root to which an inclusion proof leads from a leaf hash; None when its length or a hash is misshapen.

    Raises:
        ValueError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    if len(hashed) != HASH_BYTES or any(len(step) != HASH_BYTES for step in proof):
        return None
    place, last, root = index, size - 1, hashed
    for step in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = _sha256(b"\x01" + step + root).digest()
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            root = _sha256(b"\x01" + root + step).digest()
        place >>= 1
        last >>= 1
    return root if last == 0 else None


def verify_inclusion(index: int, size: int, hashed: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Make sure that a leaf hash stands at an index of the tree with this root (包含证明).

    Raises:
        Tampered: when the proof does not lead to the root.
        ValueError: unless 0 <= index < size.
    """
    if root_by_inclusion(index, size, hashed, proof) != root:
        raise Tampered(f"leaf {index} is not proven to stand in the tree of {size}")


def proves_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the tree with ``root`` continues the tree with ``old_root``.

    Every tree continues the empty one, by an empty proof.

    Raises:
        ValueError: unless 0 <= old_size <= size.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} does not continue one of {old_size}")
    if any(len(step) != HASH_BYTES for step in proof):
        return False
    if old_size in (0, size):
        return not proof and old_root == (EMPTY_ROOT if old_size == 0 else root) and (size > 0 or root == EMPTY_ROOT)
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    return _continues(old_size, size, old_root, root, path)


def _continues(old_size: int, size: int, old_root: bytes, root: bytes, path: list[bytes]) -> bool:
    place, last = old_size - 1, size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    if not path:
        return False
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old = node_hash(step, old)
            new = node_hash(step, new)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            new = node_hash(new, step)
        place >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == root


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Make sure that the tree with ``root`` continues the tree with ``old_root`` (一致性证明).

    Raises:
        Tampered: when it is not proven.
        ValueError: unless 0 <= old_size <= size.
    """
    if not proves_consistency(old_size, size, old_root, root, proof):
        raise Tampered(f"the tree of {size} is not proven to continue the tree of {old_size}")


def _middle(low: int, high: int) -> int:
    """Return where a run of at least two leaves splits: behind the largest power of two below its length."""
    return low + (1 << ((high - low - 1).bit_length() - 1))
