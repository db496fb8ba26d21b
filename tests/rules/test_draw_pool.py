"""The pool of a draw. Source: docs/spec/draw.md §1, §2; LY-2022-14 四(二), BN-2023R 四3."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.decisive import pooled
from mifeng.rules.draw.pool import (
    Cell,
    CellSize,
    Record,
    Tier,
    cells,
    check_pool,
    draw_handle,
    leaf,
    leaf_salt,
    leaves,
    parse_record,
    parse_sizes,
    pool_facts,
    pool_root,
    record_bytes,
)
from mifeng.rules.encoding import canonical, digest, encode_tuple, parse_canonical
from mifeng.rules.errors import Unfair
from mifeng.rules.ledger import leaf_hash, root_of
from tests.rules.draws import SHOWN, leaf_of, records

KEY, HANDLE = bytes.fromhex(SHOWN["pool_key"]), bytes.fromhex(SHOWN["handle"])
SEATS = [(one["cell"], one["seats"]) for one in SHOWN["seats"]]
PERSON = bytes(32)
HASHES = st.binary(min_size=32, max_size=32)
RECORDS = st.builds(
    Record,
    HASHES,
    HASHES,
    st.dictionaries(st.text(st.characters(codec="ascii"), min_size=1, max_size=6), st.integers(1, 9), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


def pool() -> tuple[Cell, ...]:
    """Return the cells of the published draw."""
    return cells(SEATS, zip(leaves(KEY, records()), records(), strict=True))


def test_the_handle_is_the_published_one() -> None:
    salt = bytes.fromhex(SHOWN["handle_salt"])

    assert draw_handle(SHOWN["lot"], SHOWN["site"], salt) == HANDLE
    assert draw_handle(SHOWN["lot"], "dengkou", salt) != HANDLE
    with pytest.raises(ValueError, match="32 bytes"):
        draw_handle(SHOWN["lot"], SHOWN["site"], salt[1:])


@pytest.mark.parametrize("shown", SHOWN["people"], ids=lambda one: one["name"])
def test_every_leaf_is_the_published_one(shown: dict[str, Any]) -> None:
    record = parse_record(parse_canonical(shown["record"].encode()))
    salt = leaf_salt(KEY, HANDLE, record.person)

    assert record_bytes(record) == shown["record"].encode()
    assert salt.hex() == shown["salt"]
    assert leaf(salt, record).hex() == shown["leaf"]


def test_lists_root_and_facts_are_the_published_ones() -> None:
    rows = [bytes.fromhex(one["row"]) for one in SHOWN["rows"]]
    facts = SHOWN["pool_body"]["moves"][0]["facts"]

    assert pool_root(pool()).hex() == SHOWN["root"] == root_of(map(leaf_hash, rows)).hex()
    assert pool_facts(HANDLE, pool()) == facts
    assert parse_sizes(facts["cells"]) == tuple(cell.size for cell in pool())
    read = pooled(canonical(SHOWN["pool_body"]))
    assert (read.handle, read.root, dict(read.cells)) == (HANDLE.hex(), SHOWN["root"], {"A08": 7, "C04": 4})


def test_rows_are_tuples_of_cell_tier_side_and_leaf() -> None:
    for shown in SHOWN["rows"]:
        row = encode_tuple(shown["cell"], shown["tier"], shown["side"], bytes.fromhex(shown["leaf"]))
        assert row.hex() == shown["row"]


@given(st.permutations(range(len(SHOWN["people"]))))
def test_the_pool_does_not_depend_on_the_order_of_the_library(places: list[int]) -> None:
    known = records()
    shuffled = [known[place] for place in places]

    assert cells(SEATS, zip(leaves(KEY, shuffled), shuffled, strict=True)) == pool()


@given(RECORDS)
def test_a_record_has_one_form_and_is_read_again(record: Record) -> None:
    fields = {
        "cells": dict(record.tiers),
        "excl": record.exclusion,
        "handle": record.handle.hex(),
        "person": record.person.hex(),
    }

    assert record_bytes(record) == canonical(fields)
    assert record_bytes(parse_record(parse_canonical(record_bytes(record)))) == record_bytes(record)


@given(st.lists(RECORDS, max_size=5, unique_by=lambda record: record.person), HASHES)
def test_the_leaves_of_many_are_the_leaf_of_each(many: list[Record], key: bytes) -> None:
    assert leaves(key, many) == [leaf(leaf_salt(key, one.handle, one.person), one) for one in many]


def test_one_salt_tests_one_leaf() -> None:
    """Two people of one draw, and one person of two draws, have salts that say nothing of each other."""
    one, other = bytes(32), b"\1" * 32
    salts = {
        leaf_salt(key, handle, person) for key in (one, other) for handle in (one, other) for person in (one, other)
    }

    assert len(salts) == 8
    record = records()[0]
    assert leaf(bytes(32), record) == digest("RD1 leaf", bytes(32), record_bytes(record))
    with pytest.raises(ValueError, match="32 bytes"):
        leaf(b"short", record)


def test_a_person_is_recorded_once_in_a_draw() -> None:
    twice = Record(HANDLE, records()[0].person, {"C04": 2})

    with pytest.raises(ValueError, match="twice"):
        leaves(KEY, [*records(), twice])


@pytest.mark.parametrize(
    "fields",
    [
        (b"", PERSON, {"A": 1}),
        (HANDLE, b"", {"A": 1}),
        (HANDLE, PERSON, {}),
        (HANDLE, PERSON, {"": 1}),
        (HANDLE, PERSON, {"货物": 1}),
        (HANDLE, PERSON, {"A": 0}),
    ],
)
def test_a_misshapen_record_is_refused(fields: tuple[bytes, bytes, dict[str, int]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Record(*fields)


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: Tier(1, (b, a)),
        lambda a, b: Tier(1, (a, a)),
        lambda a, b: Tier(1, (a,), (b[1:],)),
        lambda a, b: Cell("", 1, ()),
        lambda a, b: Cell("A", 0, ()),
        lambda a, b: Cell("A", 1, (Tier(0, (a,)),)),
        lambda a, b: Cell("A", 1, (Tier(2, (a,)), Tier(1, (b,)))),
        lambda a, b: Cell("A", 1, (Tier(1, (a,)), Tier(2, (a,)))),
        lambda a, b: Cell("A", 1, (Tier(1, (a,), (a,)),)),
    ],
)
def test_lists_that_are_not_in_their_one_form_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        make(bytes(32), b"\1" * 32)


def test_a_record_of_a_cell_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="A08"):
        cells([("C04", 1)], zip(leaves(KEY, records()), records(), strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [{"cell": "A"}],
        [{"cell": "A", "seats": 0, "tiers": []}],
        [{"cell": "A", "seats": 1, "tiers": [{"tier": 1, "eligible": -1, "excluded": 0}]}],
        [{"cell": "A", "seats": 1, "tiers": [{"tier": 1, "eligible": True, "excluded": 0}]}],
        [{"cell": "A", "seats": 1, "tiers": [{"tier": 1, "eligible": 1, "excluded": "0"}]}],
        [{"cell": "A", "seats": 1, "tiers": [{"tier": 0, "eligible": 1, "excluded": 0}]}],
    ],
)
def test_misshapen_sizes_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_sizes(wrong)


def test_a_pool_large_enough_for_its_seats_passes() -> None:
    """R097: draws come from large classes, and widen when the pool is small."""
    check_pool([cell.size for cell in pool()], 3)
    check_pool([], 3)
    check_pool([CellSize("A", 2, ((1, 2, 0), (2, 3, 9)))], Fraction(5, 2))


def test_a_pool_too_small_for_its_seats_is_refused_with_every_cell() -> None:
    sizes = [CellSize("A", 2, ((1, 2, 0), (2, 3, 9))), CellSize("B", 1, ()), CellSize("C", 1, ((1, 9, 0),))]

    with pytest.raises(Unfair) as refusal:
        check_pool(sizes, Fraction(8, 3))

    assert refusal.value.codes == ("pool-small", "pool-small")
    assert [dict(one.facts) for one in refusal.value.reasons] == [
        {"cell": "A", "seats": 2, "eligible": 5, "needed": 6},
        {"cell": "B", "seats": 1, "eligible": 0, "needed": 3},
    ]


@pytest.mark.parametrize(("eligible", "excluded", "named"), [(9, 0, False), (9, 1, True), (10, 0, True), (0, 9, False)])
def test_the_class_of_a_small_cell_is_not_named(eligible: int, excluded: int, named: bool) -> None:
    assert CellSize("A", 1, ((1, eligible, excluded),)).may_be_named is named


def test_somebody_of_two_cells_has_one_leaf() -> None:
    first, second = pool()

    assert leaf_of("p0") in first.tiers[0].eligible
    assert leaf_of("p0") in second.tiers[0].eligible
    assert leaf_of("p4") in first.tiers[0].excluded
