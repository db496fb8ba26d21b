"""The envelope while it is closed, beside its vectors. Source: docs/spec/envelope.md §4."""

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered, Unfair
from mifeng.rules.seal import (
    MAGIC,
    PARTS,
    Sealed,
    check_envelope,
    parse_seal,
    part_pieces,
    read_header,
    verify_ciphertexts,
)
from mifeng.rules.seal.envelope import MAX_HEADER_BYTES
from mifeng.rules.seal.layout import bucket, ciphertext_length, hasher, padme
from tests.rules.sealed import ENVELOPE, POLICY, ciphertexts_of, fresh, sealed, secrets_of

TEXT = ENVELOPE["seal"].encode()
SEAL = parse_seal(TEXT)
CONTAINER = base64.b64decode(ENVELOPE["container"])


@pytest.mark.parametrize(
    ("length", "padded"),
    [(1, 1), (2, 2), (9, 10), (100, 104), (4096, 4096), (4097, 4352), (1000000, 1015808), (2**30 + 1, 2**30 + 2**25)],
)
def test_lengths_are_padded_to_few_buckets(length: int, padded: int) -> None:
    assert padme(length) == padded


@given(st.integers(1, 2**50))
def test_a_bucket_is_at_most_an_eighth_longer_and_its_own_bucket(length: int) -> None:
    assert length <= padme(length) <= length * 1.12
    assert padme(padme(length)) == padme(length)
    assert bucket(length) == padme(max(length, 4096))
    assert bucket(bucket(length)) == bucket(length)


@given(st.integers(0, 2**40))
def test_the_length_of_a_ciphertext_tells_that_of_its_plaintext(length: int) -> None:
    assert ciphertext_length(length) < ciphertext_length(length + 1)


@given(st.text("ab ", max_size=9), st.binary(max_size=99), st.integers(0, 99))
def test_a_long_hash_is_that_of_the_tuple(label: str, data: bytes, cut: int) -> None:
    found = hasher(label, len(data))
    found.update(data[:cut])
    found.update(data[cut:])

    tuple_bytes = b"\x02" + len(label).to_bytes(8) + label.encode() + len(data).to_bytes(8) + data
    assert found.digest() == hashlib.sha256(tuple_bytes).digest()


def test_what_is_read_is_written_again() -> None:
    assert SEAL.data == TEXT
    assert parse_seal(fresh().seal.data) == fresh().seal


@given(st.data())
def test_any_changed_byte_of_a_header_is_refused_or_another_envelope(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TEXT) - 1))
    changed = bytearray(TEXT)
    changed[place] ^= data.draw(st.integers(1, 255))

    try:
        other = parse_seal(bytes(changed))
    except ValueError:
        return
    assert other.envelope_hash != SEAL.envelope_hash
    assert other.data == bytes(changed)


@settings(max_examples=60)
@given(st.sampled_from([True, False, 0, 1, 2, -1, "", "1", "A", "00" * 32, [], {}, [[]], [{}]]), st.data())
def test_any_other_value_in_any_place_is_refused_or_another_envelope(value: object, data: st.DataObject) -> None:
    fields = json.loads(TEXT)
    place = fields
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value

    try:
        other = parse_seal(canonical(fields))
    except ValueError:
        return
    assert other.data == canonical(fields)


def test_a_header_longer_than_allowed_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        parse_seal(b" " * (MAX_HEADER_BYTES + 1))


def test_stanzas_and_parts_are_found_by_name() -> None:
    assert [SEAL.stanza("trustee", index) for index in (1, 2, 3)] == list(SEAL.stanzas[:3])
    assert SEAL.stanza("bidder", 4) == SEAL.stanzas[-1]
    assert SEAL.part("price") == SEAL.parts[1]
    assert (SEAL.n, SEAL.version, SEAL.prev) == (3, 1, b"")
    with pytest.raises(ValueError, match="no stanza 4 of a trustee"):
        SEAL.stanza("trustee", 4)
    with pytest.raises(ValueError, match="no part annex"):
        SEAL.part("annex")


def test_an_envelope_of_its_policy_is_taken() -> None:
    check_envelope(SEAL, POLICY)
    check_envelope(fresh().seal, POLICY)


def test_every_difference_from_the_policy_is_told() -> None:
    other = replace(POLICY, lot_ref=b"x" * 32, t=3, trustees=POLICY.trustees[:2], envelope_bytes=10)

    with pytest.raises(Unfair) as refusal:
        check_envelope(SEAL, other)

    assert [(reason.code, *reason.facts.values()) for reason in refusal.value.reasons] == [
        ("envelope-policy", "policy_hash"),
        ("envelope-policy", "lot_ref"),
        ("envelope-policy", "t"),
        ("envelope-malformed", "stanzas"),
        ("too-large", 10),
    ]


def test_an_envelope_as_large_as_allowed_is_taken() -> None:
    secrets = secrets_of("limit")
    size = len(fresh("limit").container)

    assert len(sealed(secrets, policy=replace(POLICY, envelope_bytes=size)).container) == size
    with pytest.raises(Unfair) as refusal:
        sealed(secrets, policy=replace(POLICY, envelope_bytes=size - 1))
    assert refusal.value.codes == ("too-large",)


@given(st.integers(1, 70000))
def test_a_container_is_read_in_pieces_of_any_size(size: int) -> None:
    pieces = [CONTAINER[start : start + size] for start in range(0, len(CONTAINER), size)]
    header, ciphertexts = read_header(iter(pieces))
    parts: dict[str, bytes] = {}
    for part, piece in part_pieces(SEAL, ciphertexts):
        parts[part.id] = parts.get(part.id, b"") + piece

    assert header == TEXT
    assert {name: [data] for name, data in parts.items()} == ciphertexts_of(SEAL, CONTAINER)
    assert tuple(parts) == PARTS


def test_a_container_in_memory_is_read_too() -> None:
    big = fresh()
    header, ciphertexts = read_header(big.container)

    assert header == big.seal.data
    verify_ciphertexts(big.seal, ciphertexts)


def test_nothing_but_a_header_is_no_bid() -> None:
    header, ciphertexts = read_header(MAGIC + len(TEXT).to_bytes(4) + TEXT)

    with pytest.raises(ValueError, match="cut off in part readout"):
        verify_ciphertexts(parse_seal(header), ciphertexts)


def test_the_ciphertexts_that_were_changed_are_named() -> None:
    changed = bytearray(CONTAINER)
    for part in (SEAL.part("price"), SEAL.part("technical")):
        changed[8 + len(TEXT) + part.offset] ^= 1
    _, ciphertexts = read_header(bytes(changed))

    with pytest.raises(Tampered, match="of price, technical is not"):
        verify_ciphertexts(SEAL, ciphertexts)


def test_bids_of_different_bidders_have_no_mark_in_common() -> None:
    one, other = fresh("one").seal.marks(), fresh("other").seal.marks()

    assert len(one) == len(set(one)) == 2 + 3 + 4 + 6
    assert all(len(value) == 64 for _, value in one)
    assert not set(one) & set(other)


@pytest.mark.parametrize("kind", ["sB_commit", "C_0", "stanza", "ct_hash"])
def test_what_is_copied_from_another_bid_is_seen(kind: str) -> None:
    victim, copier = fresh("victim"), fresh("copier")

    copied = parse_seal(copying(victim, copier, kind))

    common = set(victim.seal.marks()) & set(copied.marks())
    assert {found for found, _ in common} == {kind}
    assert copied.envelope_hash != copier.seal.envelope_hash


def copying(victim: Sealed, copier: Sealed, kind: str) -> bytes:
    """Return the copier's header with one thing taken from the victim's."""
    fields, theirs = json.loads(copier.seal.data), json.loads(victim.seal.data)
    if kind == "sB_commit":
        fields["core"]["sB_commit"] = theirs["core"]["sB_commit"]
    elif kind == "C_0":
        fields["core"]["stages"][0]["C"][0] = theirs["core"]["stages"][0]["C"][0]
    elif kind == "stanza":
        fields["stanzas"]["trustees"][1] = theirs["stanzas"]["trustees"][2]
    else:
        fields["parts"][3]["ct_hash"] = theirs["parts"][3]["ct_hash"]
    return canonical(fields)


def test_a_copied_envelope_has_every_mark_of_the_first() -> None:
    victim = fresh("victim").seal

    assert parse_seal(victim.data).marks() == victim.marks()


def test_a_later_version_has_no_mark_of_the_earlier_one() -> None:
    first_secrets, later = secrets_of("first"), secrets_of("later")
    first = sealed(first_secrets)
    again = replace(later, bid_ref=first_secrets.bid_ref, submit=first_secrets.submit)
    second = sealed(again, version=2, prev=first.envelope_hash)

    assert (second.bid_ref, second.seal.submit_key) == (first.bid_ref, first.seal.submit_key)
    assert (second.version, second.seal.prev) == (2, first.envelope_hash)
    assert not set(first.seal.marks()) & set(second.seal.marks())


def test_a_header_says_nothing_of_the_bidder() -> None:
    """Two bidders with other names, certificates' lengths, keys and files: the same keys, the same lengths."""
    one = fresh("one").seal
    other = sealed(secrets_of("other"), {"price": []}, slots=[POLICY.trustees[0].hpke] * 4).seal
    small = sealed(secrets_of("small"), {"readout": []}).seal

    assert shape(json.loads(other.data)) == shape(json.loads(small.data))
    assert [part.padded_len for part in small.parts] == [4096] * 6
    assert [part.padded_len for part in one.parts if part.id != "technical"] == [4096] * 5


def shape(value: object) -> object:
    """Return a value with every text replaced by its length, so that only the form is left."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return len(value) if isinstance(value, str) else value
