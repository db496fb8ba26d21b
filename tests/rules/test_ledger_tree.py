"""The tree over the log and its tiles. Source: docs/spec/log.md §3, §4; RFC 6962; C2SP tlog-tiles."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    EMPTY_ROOT,
    Frontier,
    TileTree,
    consistency_proof,
    edge_places,
    grow,
    inclusion_proof,
    leaf_hash,
    node_hash,
    proves_consistency,
    root_by_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.rules.vectors import named, vectors

TREE = vectors("tree")
LEAVES = [bytes.fromhex(text) for text in TREE["leaves"]]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [bytes.fromhex(text) for text in TREE["roots"]]
TILES = TREE["tiles"]

# The heads that implementations of RFC 6962 have published for these eight inputs since Certificate Transparency began.
PUBLISHED = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962 §2.1 defines it, by recursion."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:half]) + naive_root(hashes[half:])).digest()


def hashes_of(count: int) -> list[bytes]:
    """Return the hashes of this many different leaves."""
    return [leaf_hash(number.to_bytes(32)) for number in range(count)]


def test_roots_are_the_published_ones() -> None:
    assert [root_of(HASHES[:size]).hex() for size in range(9)] == PUBLISHED
    assert TREE["roots"] == PUBLISHED
    assert [hashed.hex() for hashed in HASHES] == TREE["leaf_hashes"]
    assert EMPTY_ROOT.hex() == PUBLISHED[0]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    left, right = HASHES[0], HASHES[1]

    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) != node_hash(right, left)


@given(st.integers(0, 150))
def test_the_root_is_the_one_that_the_recursion_gives(size: int) -> None:
    hashes = hashes_of(size)
    frontier = Frontier(hashes)

    assert frontier.size == size
    assert frontier.root() == root_of(hashes) == naive_root(hashes)


def test_a_hash_of_another_length_is_not_appended() -> None:
    frontier = Frontier()
    with pytest.raises(ValueError, match="32 bytes"):
        frontier.append(b"short")

    assert (frontier.size, frontier.root()) == (0, EMPTY_ROOT)


def test_inclusion_proofs_are_the_published_ones() -> None:
    for case in TREE["inclusion"]:
        index, size = case["index"], case["size"]
        proof = inclusion_proof(index, HASHES[:size])

        assert [step.hex() for step in proof] == case["proof"]
        verify_inclusion(index, size, HASHES[index], proof, ROOTS[size])


def test_consistency_proofs_are_the_published_ones() -> None:
    for case in TREE["consistency"]:
        old_size, size = case["old_size"], case["size"]
        proof = consistency_proof(old_size, HASHES[:size])

        assert [step.hex() for step in proof] == case["proof"]
        verify_consistency(old_size, size, ROOTS[old_size], ROOTS[size], proof)


@pytest.mark.parametrize("case", **named(TREE["refused_inclusion"]))
def test_an_inclusion_proof_that_does_not_fit_is_refused(case: dict[str, Any]) -> None:
    proof = [bytes.fromhex(step) for step in case["proof"]]
    hashed, root = bytes.fromhex(case["leaf_hash"]), bytes.fromhex(case["root"])

    with pytest.raises(Tampered):
        verify_inclusion(case["index"], case["size"], hashed, proof, root)


@pytest.mark.parametrize("case", **named(TREE["refused_consistency"]))
def test_a_consistency_proof_that_does_not_fit_is_refused(case: dict[str, Any]) -> None:
    proof = [bytes.fromhex(step) for step in case["proof"]]
    old_root, root = bytes.fromhex(case["old_root"]), bytes.fromhex(case["root"])

    with pytest.raises(Tampered):
        verify_consistency(case["old_size"], case["size"], old_root, root, proof)


def test_a_misshapen_leaf_hash_leads_nowhere() -> None:
    assert root_by_inclusion(0, 1, b"short", []) is None


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (9, 8)])
def test_a_place_outside_the_tree_is_no_question(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        verify_inclusion(index, size, HASHES[0], [], ROOTS[1])
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, hashes_of(size))


@pytest.mark.parametrize(("old_size", "size"), [(2, 1), (-1, 1)])
def test_a_tree_that_shrinks_is_no_question(old_size: int, size: int) -> None:
    with pytest.raises(ValueError, match="does not continue"):
        proves_consistency(old_size, size, ROOTS[1], ROOTS[1], [])
    with pytest.raises(ValueError, match="does not continue"):
        consistency_proof(old_size, hashes_of(size))


def test_every_tree_continues_the_empty_one() -> None:
    assert proves_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [])
    assert proves_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not proves_consistency(0, 0, EMPTY_ROOT, ROOTS[1], [])
    assert not proves_consistency(0, 5, ROOTS[1], ROOTS[5], [])


@given(st.integers(1, 70), st.data())
def test_every_proof_verifies_and_no_changed_one_does(size: int, data: st.DataObject) -> None:
    hashes = hashes_of(size)
    root, index, old_size = root_of(hashes), data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    inclusion, consistency = inclusion_proof(index, hashes), consistency_proof(old_size, hashes)
    old_root = root_of(hashes[:old_size])

    verify_inclusion(index, size, hashes[index], inclusion, root)
    verify_consistency(old_size, size, old_root, root, consistency)
    for proof, check in (
        (inclusion, lambda steps: root_by_inclusion(index, size, hashes[index], steps) == root),
        (consistency, lambda steps: proves_consistency(old_size, size, old_root, root, steps)),
    ):
        for place in range(len(proof)):
            changed = [*proof]
            changed[place] = bytes([changed[place][0] ^ 1]) + changed[place][1:]
            assert not check(changed)
            assert not check(proof[:place] + proof[place + 1 :])
        assert not check([*proof, root])


@given(st.lists(st.integers(0, 300), max_size=4))
def test_tiles_grown_in_any_batches_give_the_same_tree(batches: list[int]) -> None:
    size, tiles = 0, {}
    hashes = hashes_of(sum(batches))
    for batch in batches:
        edge = {place: tiles[place] for place in edge_places(size)}
        tiles |= grow(size, edge, hashes[size : size + batch])
        size += batch
    tree = TileTree(lambda level, index: tiles[level, index])

    assert tiles == grow(0, {}, hashes)
    assert tree.root(size) == root_of(hashes)


@given(st.integers(1, 600), st.data())
def test_tiles_answer_for_every_size_the_log_ever_had(total: int, data: st.DataObject) -> None:
    hashes = hashes_of(total)
    tiles = grow(0, {}, hashes)
    tree = TileTree(lambda level, index: tiles[level, index], kept=data.draw(st.integers(1, 8)))
    for size in data.draw(st.lists(st.integers(1, total), min_size=1, max_size=4)):
        index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))

        assert tree.root(size) == root_of(hashes[:size])
        assert tree.leaf(index) == hashes[index]
        assert tree.inclusion_proof(index, size) == inclusion_proof(index, hashes[:size])
        assert tree.consistency_proof(old_size, size) == consistency_proof(old_size, hashes[:size])


def test_tiles_of_a_large_log_are_the_published_ones() -> None:
    size = TILES["size"]
    tiles = grow(0, {}, hashes_of(size))
    tree = TileTree(lambda level, index: tiles[level, index], kept=2)

    assert tree.root(size).hex() == TILES["root"]
    for case in TILES["tiles"]:
        level, index = map(int, case["tile"].split("/"))
        assert len(tiles[level, index]) == 32 * case["width"]
        assert hashlib.sha256(tiles[level, index]).hexdigest() == case["sha256"]
    for case in TILES["inclusion"]:
        assert [step.hex() for step in tree.inclusion_proof(case["index"], size)] == case["proof"]
    for case in TILES["consistency"]:
        assert [step.hex() for step in tree.consistency_proof(case["old_size"], size)] == case["proof"]
    assert edge_places(size) == [(0, 273), (1, 1), (2, 0)]


def test_a_tile_is_read_once_and_again_only_when_more_of_it_is_needed() -> None:
    hashes = hashes_of(300)
    tiles = grow(0, {}, hashes[:100])
    asked: list[tuple[int, int]] = []

    def fetch(level: int, index: int) -> bytes:
        asked.append((level, index))
        return tiles[level, index]

    tree = TileTree(fetch)
    tree.root(100)
    tree.inclusion_proof(5, 90)
    assert asked == [(0, 0)]

    tiles |= grow(100, tiles, hashes[100:])
    tree.root(100)
    assert asked == [(0, 0)]
    assert tree.root(256) == root_of(hashes[:256])
    assert asked == [(0, 0), (1, 0)]
    assert tree.leaf(200) == hashes[200]
    assert asked == [(0, 0), (1, 0), (0, 0)]


@pytest.mark.parametrize("tile", [b"", b"\x00" * 32, b"\x00" * 31, b"\x00" * 33, b"\x00" * 32 * 257])
def test_a_tile_that_holds_too_little_or_is_misshapen_is_found(tile: bytes) -> None:
    with pytest.raises(Tampered):
        TileTree(lambda _level, _index: tile).root(2)


def test_a_log_does_not_grow_on_an_edge_of_another_size() -> None:
    tiles = grow(0, {}, hashes_of(10))

    with pytest.raises(Tampered):
        grow(11, tiles, hashes_of(1))
    with pytest.raises(Tampered):
        grow(10, {}, hashes_of(1))
    assert grow(10, tiles, []) == {}


def test_an_empty_run_of_leaves_has_no_hash() -> None:
    with pytest.raises(ValueError, match="no leaves"):
        TileTree(lambda _level, _index: b"").hash_of(3, 3)
    assert TileTree(lambda _level, _index: b"").root(0) == EMPTY_ROOT
