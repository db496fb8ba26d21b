"""Bytes that are hashed. Source: docs/spec/encoding.md."""

import hashlib
import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.encoding import canonical, digest, encode_tuple, mac, parse_canonical
from tests.rules.vectors import named, vectors

ENCODING = vectors("encoding")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ITEMS = st.one_of(st.binary(max_size=20), TEXTS, st.integers(min_value=0))
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=4),
    ),
    max_leaves=12,
)


def item(shown: dict[str, Any]) -> bytes | str | int:
    """Return the item that a vector shows."""
    return bytes.fromhex(shown["hex"]) if "hex" in shown else shown.get("text", shown.get("integer", ""))


@pytest.mark.parametrize("case", **named(ENCODING["tuples"]))
def test_tuples_and_labelled_hashes_are_the_published_ones(case: dict[str, Any]) -> None:
    items = [item(shown) for shown in case["items"]]

    assert encode_tuple(*items).hex() == case["tuple"]
    assert digest(case["label"], *items).hex() == case["digest"]


@pytest.mark.parametrize("case", **named(ENCODING["macs"]))
def test_keyed_hashes_are_the_published_ones(case: dict[str, Any]) -> None:
    assert mac(bytes.fromhex(case["key"]), case["label"], *map(item, case["items"])).hex() == case["mac"]


@given(st.lists(ITEMS, max_size=6))
def test_a_tuple_can_be_taken_apart_in_one_way(items: list[bytes | str | int]) -> None:
    data = encode_tuple(*items)
    count, rest, found = data[0], data[1:], []
    for _ in range(count):
        length = int.from_bytes(rest[:8])
        found.append(rest[8 : 8 + length])
        rest = rest[8 + length :]

    assert rest == b""
    assert [one if isinstance(one, bytes) else str(one) for one in items] == [
        raw if isinstance(one, bytes) else raw.decode() if isinstance(one, int) else one
        for one, raw in zip(items, found, strict=True)
    ]
    assert all(
        raw == unicodedata.normalize("NFC", one).encode()
        for one, raw in zip(items, found, strict=True)
        if isinstance(one, str)
    )


@pytest.mark.parametrize("wrong", [-1, True, False, "\ud800"])
def test_what_is_no_item_is_refused(wrong: bytes | str | int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode_tuple(wrong)


def test_more_than_255_items_are_refused() -> None:
    assert encode_tuple(*[b""] * 255)[0] == 255
    with pytest.raises(ValueError, match="range"):
        encode_tuple(*[b""] * 256)


def test_the_label_separates_hashes() -> None:
    assert digest("leaf", b"x") != digest("body", b"x")
    assert (
        digest("a", b"x").hex()
        == hashlib.sha256(bytes.fromhex("02" + "00" * 7 + "0161" + "00" * 7 + "0178")).hexdigest()
    )


@pytest.mark.parametrize("case", **named(ENCODING["canonical"]))
def test_canonical_json_is_the_published_one(case: dict[str, Any]) -> None:
    data = case["canonical"].encode()

    assert canonical(case["value"]) == data
    assert hashlib.sha256(data).hexdigest() == case["sha256"]
    assert canonical(parse_canonical(data)) == data


@pytest.mark.parametrize("case", **named(ENCODING["refused"]))
def test_any_other_form_is_refused_by_a_reader(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_canonical(case["text"].encode("utf-8", "surrogatepass"))


def test_text_nested_too_deeply_is_refused_by_a_reader() -> None:
    deep = ENCODING["nested_too_deeply"]

    with pytest.raises(ValueError, match="nested too deeply"):
        parse_canonical((deep["text"] * deep["times"]).encode())


@pytest.mark.parametrize("wrong", [1.0, None, 2**53, -(2**53), b"x", {1: "x"}, {"名": 1}, "\ud800", [{"a": 1.5}], {2}])
def test_a_writer_refuses_what_has_no_canonical_form(wrong: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical(wrong)


@given(VALUES)
def test_canonical_json_is_that_of_a_library_of_the_standard(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(json.loads(canonical(value)))


def test_every_character_is_written_as_by_a_library_of_the_standard() -> None:
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    text = unicodedata.normalize("NFC", every)

    assert canonical(text) == rfc8785.dumps(text)


@given(VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    data = canonical(value)

    assert canonical(parse_canonical(data)) == data
    assert parse_canonical(data) == json.loads(data)


@given(VALUES, st.data())
def test_any_changed_byte_is_refused_or_says_something_else(value: object, data: st.DataObject) -> None:
    before = canonical(value)
    place = data.draw(st.integers(0, len(before) - 1))
    after = bytearray(before)
    after[place] ^= data.draw(st.integers(1, 255))

    try:
        read = parse_canonical(bytes(after))
    except ValueError:
        return
    assert canonical(read) != before
