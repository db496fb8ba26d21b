"""Attacks on the sealed bid, each built as far as it goes, and where it ends. Source: docs/spec/envelope.md §9."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mifeng.rules.curve import ORDER, base_multiply_secret, encode_point, encode_scalar
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.seal import (
    Seal,
    Stanza,
    Unopenable,
    matches_key,
    open_bid,
    open_part,
    open_share,
    open_slot,
    open_with,
    parse_seal,
    part_context,
    part_key,
    private_key,
)
from mifeng.rules.seal.wrap import unwrap, wrap
from tests.rules.sealed import (
    ENVELOPE,
    POLICY,
    SECRETS,
    TRUSTEE_KEYS,
    ciphertexts_of,
    fresh,
    public,
    sealed,
    secrets_of,
    shares_of,
    with_ciphertext,
)

OWN = private_key(b"o" * 32)
KNOWN = secrets_of("attacked")
BID = sealed(KNOWN, slots=[public(OWN)])
SEAL, S_B, A0 = BID.seal, BID.s_b, KNOWN.coefficients[0]
CIPHERTEXTS = ciphertexts_of(SEAL, BID.container)
SHARES = shares_of(KNOWN)
BYTES = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(1, ORDER - 1)


def reason(seal: Seal, s_b: bytes, shares: dict[int, int], price: bytes | None = None) -> tuple[str, str]:
    """Return through whom and at what an opening ends."""
    ciphertexts = CIPHERTEXTS if price is None else CIPHERTEXTS | {"price": [price]}
    with pytest.raises(Unopenable) as failure:
        open_bid(seal, s_b, shares, ciphertexts)
    return failure.value.fault, failure.value.reason


def opens(key: bytes, part_id: str, core_hash: bytes = SEAL.core_hash) -> bool:
    """Say whether a key opens a part; if not, the commitment says so before anything is decrypted."""
    decryptor = Cobblestone256Decryptor(key, part_context(core_hash, part_id))
    try:
        decryptor.update(CIPHERTEXTS[part_id][0][:56])
    except InvalidTag:
        return False
    return True


# A ciphertext with two prices.

TWO = ENVELOPE["two_prices"]
CHUNK = base64.b64decode(TWO["chunk"])
PUBLISHED = parse_seal(ENVELOPE["seal"].encode())


def test_plain_aes_gcm_shows_two_prices() -> None:
    """The attack itself: one ciphertext, one tag, valid under two keys, another price under each."""
    prices = []
    for place, shown in enumerate(TWO["shown"]):
        plain = AESGCM(bytes.fromhex(TWO["chunk_keys"][place]))
        text = plain.decrypt(bytes.fromhex(TWO["nonces"][place]), CHUNK, b"")
        prices.append(text[shown["at"] :][:16])

    assert prices == [b"price  990000.00", b"price 1990000.00"]


@pytest.mark.parametrize("place", [0, 1])
def test_an_envelope_with_two_prices_has_one_key(place: int) -> None:
    """The same chunk in a part: the commitment names one key, and only one s_B leads to a key at all."""
    ciphertext = bytes.fromhex(TWO["salt"] + TWO["commitments"][place]) + CHUNK
    seal = with_ciphertext(PUBLISHED, "price", ciphertext)
    published = ciphertexts_of(PUBLISHED, base64.b64decode(ENVELOPE["container"])) | {"price": [ciphertext]}
    shares = {index: int.from_bytes(bytes.fromhex(one)) for index, one in enumerate(ENVELOPE["shares"], 1)}
    keys = [bytes.fromhex(key) for key in TWO["keys"]]

    assert len(b"".join(open_part(keys[place], bytes.fromhex(TWO["context"]), [ciphertext]))) == 4096
    with pytest.raises(Unopenable, match="commitment"):
        open_part(keys[1 - place], bytes.fromhex(TWO["context"]), [ciphertext])
    with pytest.raises(InvalidTag):
        Cobblestone256Decryptor(keys[1 - place], bytes.fromhex(TWO["context"])).update(ciphertext)
    with pytest.raises(Unopenable, match="through the bidder") as failure:
        open_bid(seal, bytes.fromhex(SECRETS["s_b"]), shares, published)
    assert failure.value.reason == ("index" if place == 0 else "commitment")


# A second key, a second number, another stanza.


@given(BYTES)
def test_no_second_key_of_the_bidder_opens_anything(s_b: bytes) -> None:
    assume(s_b != S_B)

    assert not matches_key(SEAL, s_b)
    assert reason(SEAL, s_b, SHARES) == ("bidder", "key")
    with pytest.raises(Tampered, match="s_B"):
        open_with(SEAL, s_b, A0, CIPHERTEXTS)
    assert not any(opens(part_key(SEAL.core_hash, s_b, A0, part.id), part.id) for part in SEAL.parts)


@given(NUMBERS)
def test_no_second_number_of_the_trustees_opens_anything(a0: int) -> None:
    assume(a0 != A0)

    with pytest.raises(Tampered, match="a0"):
        open_with(SEAL, S_B, a0, CIPHERTEXTS)
    assert not any(opens(part_key(SEAL.core_hash, S_B, a0, part.id), part.id) for part in SEAL.parts)


@settings(max_examples=30)
@given(st.integers(1, 4), BYTES, NUMBERS)
def test_no_other_stanza_of_the_bidder_leads_to_other_content(index: int, secret: bytes, scalar: int) -> None:
    """Whatever is wrapped into a slot: what comes out is s_B or nothing, and the envelope is another one."""
    key = private_key(encode_scalar(scalar))
    changed = with_stanza(SEAL, Stanza("bidder", index, wrap(secret, public(key), SEAL.core_hash, "bidder", index)))

    assert unwrap(changed.stanza("bidder", index).data, key, SEAL.core_hash, "bidder", index) == secret
    assert open_slot(changed, key) == (S_B if secret == S_B else None)
    assert changed.envelope_hash != SEAL.envelope_hash
    assert changed.core_hash == SEAL.core_hash


@settings(max_examples=30)
@given(st.integers(1, 3), BYTES)
def test_no_other_stanza_of_a_trustee_leads_to_another_share(index: int, secret: bytes) -> None:
    assume(secret != encode_scalar(SHARES[index]))
    wrapped = wrap(secret, POLICY.trustees[index - 1].hpke, SEAL.core_hash, "trustee", index)
    changed = with_stanza(SEAL, Stanza("trustee", index, wrapped))

    with pytest.raises(Tampered, match="share"):
        open_share(changed, index, TRUSTEE_KEYS[index - 1])
    assert changed.envelope_hash != SEAL.envelope_hash


def test_a_share_wrapped_anew_is_the_same_share_in_another_envelope() -> None:
    wrapped = wrap(encode_scalar(SHARES[1]), POLICY.trustees[0].hpke, SEAL.core_hash, "trustee", 1)
    changed = with_stanza(SEAL, Stanza("trustee", 1, wrapped))

    assert open_share(changed, 1, TRUSTEE_KEYS[0]) == SHARES[1]
    assert changed.envelope_hash != SEAL.envelope_hash
    assert open_bid(changed, S_B, SHARES, CIPHERTEXTS) == open_bid(SEAL, S_B, SHARES, CIPHERTEXTS)


def with_stanza(seal: Seal, stanza: Stanza) -> Seal:
    """Return a header with one stanza exchanged."""
    stanzas = tuple(stanza if (one.role, one.index) == (stanza.role, stanza.index) else one for one in seal.stanzas)
    return parse_seal(replace(seal, stanzas=stanzas).data)


# Fewer hands than needed.


@settings(max_examples=40)
@given(st.integers(1, 3), st.dictionaries(st.integers(1, 255), NUMBERS, max_size=3), NUMBERS)
def test_every_key_but_a_second_trustee_opens_nothing(one: int, guessed: dict[int, int], a0: int) -> None:
    """Platform, all bidders' keys and one trustee together: s_B, one right share, and any numbers at all beside it."""
    assume(a0 != A0 and all(SHARES.get(index) != value for index, value in guessed.items()))
    shares = guessed | {one: SHARES[one]}

    assert reason(SEAL, S_B, shares) == ("trustee", "share")
    assert not any(opens(part_key(SEAL.core_hash, S_B, guess, "price"), "price") for guess in (a0, SHARES[one]))
    held = [OWN, TRUSTEE_KEYS[one - 1]]
    for index in {1, 2, 3} - {one}:
        for key in held:
            with pytest.raises(Tampered):
                open_share(SEAL, index, key)


@given(BYTES)
def test_all_trustees_without_the_bidder_open_nothing(s_b: bytes) -> None:
    """Every share, every trustee's key and a0 itself, and any guess at s_B."""
    assume(s_b != S_B)

    assert {index: open_share(SEAL, index, key) for index, key in enumerate(TRUSTEE_KEYS, 1)} == SHARES
    assert [open_slot(SEAL, key) for key in TRUSTEE_KEYS] == [None] * 3
    assert reason(SEAL, s_b, SHARES) == ("bidder", "key")
    assert not opens(part_key(SEAL.core_hash, s_b, A0, "price"), "price")
    assert opens(part_key(SEAL.core_hash, S_B, A0, "price"), "price")


# What is copied from somebody else's bid.

VICTIM_SECRETS = secrets_of("victim")
VICTIM = fresh("victim")


def test_a_copied_envelope_cannot_be_made_another_bidder_s() -> None:
    """A copier puts its own bid_ref and submit_key into a copied header: no key, stanza or share fits any more."""
    fields = json.loads(VICTIM.seal.data)
    fields["core"]["bid_ref"] = KNOWN.bid_ref.hex()
    fields["core"]["submit_key"] = KNOWN.submit_key.hex()
    copied = parse_seal(canonical(fields))
    theirs = ciphertexts_of(VICTIM.seal, VICTIM.container)
    a0, shares = VICTIM_SECRETS.coefficients[0], shares_of(VICTIM_SECRETS)

    assert set(copied.marks()) == set(VICTIM.seal.marks())
    assert not matches_key(copied, VICTIM.s_b)
    for index, key in enumerate(TRUSTEE_KEYS, 1):
        with pytest.raises(Tampered, match="does not open"):
            open_share(copied, index, key)
    with pytest.raises(Unopenable, match="key: through the bidder"):
        open_bid(copied, VICTIM.s_b, shares, theirs)
    key = part_key(copied.core_hash, VICTIM.s_b, a0, "price")
    with pytest.raises(Unopenable, match="commitment"):
        open_part(key, part_context(copied.core_hash, "price"), theirs["price"])


def test_copied_points_give_the_copier_no_share() -> None:
    """C copied from a victim: the copier does not know a0, so whatever it wraps does not fit."""
    changed = replace(SEAL, core=replace(SEAL.core, commitments=VICTIM.seal.commitments))
    wrapped = wrap(encode_scalar(SHARES[1]), POLICY.trustees[0].hpke, changed.core_hash, "trustee", 1)

    with pytest.raises(Tampered, match="does not fit the public points"):
        open_share(with_stanza(changed, Stanza("trustee", 1, wrapped)), 1, TRUSTEE_KEYS[0])


def test_a_copied_stanza_opens_in_no_other_envelope_or_place() -> None:
    theirs, second, third = VICTIM.seal.stanza("trustee", 1), SEAL.stanza("trustee", 2), SEAL.stanza("trustee", 3)
    turned = (SEAL.stanzas[0], replace(third, index=2), replace(second, index=3), *SEAL.stanzas[3:])

    with pytest.raises(Tampered, match="does not open"):
        open_share(with_stanza(SEAL, theirs), 1, TRUSTEE_KEYS[0])
    with pytest.raises(Tampered, match="does not open"):
        open_share(parse_seal(replace(SEAL, stanzas=turned).data), 2, TRUSTEE_KEYS[1])
    with pytest.raises(ValueError, match="occurs twice"):
        with_stanza(SEAL, replace(second, index=3))
    assert unwrap(SEAL.stanza("bidder", 1).data, OWN, SEAL.core_hash, "bidder", 1) == S_B
    assert unwrap(SEAL.stanza("bidder", 1).data, OWN, SEAL.core_hash, "bidder", 2) is None
    assert unwrap(SEAL.stanza("bidder", 1).data, OWN, VICTIM.seal.core_hash, "bidder", 1) is None


def test_a_copied_ciphertext_does_not_open_in_another_envelope() -> None:
    [price] = ciphertexts_of(VICTIM.seal, VICTIM.container)["price"]

    assert reason(with_ciphertext(SEAL, "price", price), S_B, SHARES, price) == ("bidder", "commitment")


def test_the_same_key_under_another_context_does_not_open() -> None:
    """The key of the price, used for the part beside it or for nothing at all."""
    key = part_key(SEAL.core_hash, S_B, A0, "price")
    for context in (part_context(SEAL.core_hash, "business"), part_context(b"c" * 32, "price"), b""):
        encryptor = Cobblestone256Encryptor(key, context)
        ciphertext = encryptor.update(bytes(4096)) + encryptor.finalize()
        seal = with_ciphertext(SEAL, "price", ciphertext)

        assert b"".join(open_part(key, context, [ciphertext])) == bytes(4096)
        assert reason(seal, S_B, SHARES, ciphertext) == ("bidder", "commitment")


# Points and shares that are none.


def sharing(coefficients: Sequence[int]) -> Seal:
    """Return the attacked header with the points of these coefficients instead."""
    points = tuple(encode_point(base_multiply_secret(one % ORDER)) for one in coefficients)
    return replace(SEAL, core=replace(SEAL.core, commitments=points))


def test_points_of_one_degree_more_need_one_share_more() -> None:
    """t + 1 points, taken as they are: two shares that fit are not enough, and the header is refused before."""
    coefficients = (*KNOWN.coefficients, 99)
    shares = {index: (SHARES[index] + 99 * index**2) % ORDER for index in (1, 2)}

    assert reason(sharing(coefficients), S_B, shares) == ("trustee", "share")
    with pytest.raises(Tampered):
        open_share(sharing(coefficients), 1, TRUSTEE_KEYS[0])


def test_a_share_off_by_one_is_the_trustee_s_fault() -> None:
    assert reason(SEAL, S_B, {1: SHARES[1], 2: SHARES[2] + 1}) == ("trustee", "share")
    assert reason(SEAL, S_B, {1: SHARES[1], 2: SHARES[2] - 1}) == ("trustee", "share")


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 5, 2**256 - 1])
def test_a_share_out_of_range_is_the_trustee_s_fault(value: int) -> None:
    assert reason(SEAL, S_B, {1: SHARES[1], 2: value}) == ("trustee", "share")


def test_a_share_by_another_name_of_the_same_number_does_not_count_twice() -> None:
    assert reason(SEAL, S_B, {1: SHARES[1], 1 + ORDER: SHARES[1]}) == ("trustee", "share")
