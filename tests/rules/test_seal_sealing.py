"""Sealing a bid and its keys. Source: docs/spec/envelope.md §5, §6."""

from contextlib import suppress
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.rules.curve import ORDER
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Unfair
from mifeng.rules.seal import (
    MAX_FILES,
    PARTS,
    File,
    Identity,
    Unopenable,
    draw_secrets,
    files_of,
    format_recovery,
    key_commitment,
    matches_key,
    open_bid,
    open_slot,
    parse_recovery,
    private_key,
    recovery_key,
    seal_bid,
)
from mifeng.rules.seal.identity import identity_files
from mifeng.rules.seal.layout import bucket
from mifeng.rules.seal.part import file_hash, index_of
from mifeng.rules.seal.wrap import unwrap
from tests.rules.sealed import (
    CONTENT,
    IDENTITY,
    POLICY,
    POLICY_BYTES,
    ciphertexts_of,
    fresh,
    public,
    randomness,
    sealed,
    secrets_of,
    shares_of,
    sign,
)

KEYS = [private_key(bytes([number]) * 32) for number in range(1, 6)]
FILES = st.lists(
    st.builds(File, st.text("abc方案. ", min_size=1, max_size=9), st.just("text/plain"), st.binary(max_size=60)),
    max_size=3,
    unique_by=lambda one: one.name,
).filter(lambda files: not {"", ".", ".."} & {one.name for one in files})


def test_what_is_sealed_is_opened() -> None:
    bid, secrets = fresh(), secrets_of("a bid")
    opened = open_bid(bid.seal, bid.s_b, shares_of(secrets), ciphertexts_of(bid.seal, bid.container))

    assert tuple(opened.parts) == PARTS
    assert {name: list(files) for name, files in opened.parts.items() if files and name != "identity"} == CONTENT
    assert opened.identity == IDENTITY
    assert opened.a0 == secrets.coefficients[0]
    assert (bid.s_b, bid.bid_ref, bid.version) == (secrets.s_b, secrets.bid_ref, 1)
    assert bid.envelope_hash == bid.seal.envelope_hash


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from(PARTS[:-1]), FILES))
def test_any_files_come_out_as_they_went_in(content: dict[str, list[File]]) -> None:
    secrets = secrets_of("any files")
    bid = sealed(secrets, content | {"price": content.get("price", [])})
    opened = open_bid(bid.seal, bid.s_b, shares_of(secrets), ciphertexts_of(bid.seal, bid.container))

    assert {name: opened.parts[name] for name in content} == {name: tuple(files) for name, files in content.items()}


def test_a_large_part_is_encrypted_in_chunks() -> None:
    data = bytes(range(256)) * 1000
    bid = sealed(secrets_of("large"), {"technical": [File("a", "text/plain", data), File("b", "text/plain", data)]})
    part = bid.seal.part("technical")
    opened = open_bid(bid.seal, bid.s_b, shares_of(secrets_of("large")), ciphertexts_of(bid.seal, bid.container))

    assert part.ct_len == 56 + part.padded_len + 16 * (part.padded_len // 16384 + 1)
    assert [one.data for one in opened.parts["technical"]] == [data, data]


def test_the_secrets_decide_the_core_and_the_library_the_rest() -> None:
    one, other = sealed(secrets_of("twice")), sealed(secrets_of("twice"))

    assert one.seal.core_hash == other.seal.core_hash
    assert not {mark for mark in one.seal.marks() if mark[0] in ("stanza", "ct_hash")} & set(other.seal.marks())


def test_secrets_are_drawn_until_they_are_scalars() -> None:
    drawn = [bytes(32), ORDER.to_bytes(32), b"\xff" * 32, (7).to_bytes(32)]
    rest = randomness("rest")
    secrets = draw_secrets(POLICY, lambda length: drawn.pop(0) if drawn else rest(length), bid_ref=b"b" * 32, submit=9)

    assert secrets.s_b == bytes(32)
    assert secrets.coefficients[0] == 7
    assert (secrets.bid_ref, secrets.submit) == (b"b" * 32, 9)
    assert len(secrets.coefficients) == POLICY.t
    assert len({scalar for scalar, _ in secrets.noise}) == 4


def test_two_bids_share_no_secret() -> None:
    one, other = secrets_of("one"), secrets_of("other")

    assert one.s_b != other.s_b
    assert one.submit_key != other.submit_key
    assert not set(one.coefficients) & set(other.coefficients)


def test_secrets_never_show_themselves() -> None:
    bid, secrets = fresh(), secrets_of("a bid")
    shown = repr(bid) + repr(secrets) + repr(CONTENT["price"])

    assert bid.s_b.hex() not in shown
    assert repr(bid.s_b) not in shown
    assert str(secrets.coefficients[0]) not in shown
    assert "1280000" not in shown


@pytest.mark.parametrize("used", range(5))
def test_the_key_of_the_bidder_opens_with_each_of_its_keys_and_no_other(used: int) -> None:
    bid = sealed(secrets_of("slots"), slots=[public(key) for key in KEYS[:used]])

    assert [open_slot(bid.seal, key) for key in KEYS] == [bid.s_b] * used + [None] * (5 - used)


def test_an_unused_slot_looks_like_a_used_one() -> None:
    """What stands in an unused slot is wrapped like the rest; only its throw-away key, which nobody keeps, opens it."""
    secrets = secrets_of("noise")
    bid = sealed(secrets, slots=[public(KEYS[0])])
    slots = [bid.seal.stanza("bidder", index) for index in (1, 2, 3, 4)]

    assert {len(slot.data) for slot in slots} == {113}
    throw_away, noise = secrets.noise[1]
    key = ec.derive_private_key(throw_away, ec.SECP256R1())
    assert unwrap(slots[1].data, key, bid.seal.core_hash, "bidder", 2) == noise
    assert not matches_key(bid.seal, noise)
    assert open_slot(bid.seal, key) is None


def test_a_slot_that_leads_to_another_key_is_passed_over() -> None:
    secrets = secrets_of("elsewhere")
    bid = sealed(replace(secrets, noise=((5, b"x" * 32), *secrets.noise[1:])), slots=[])

    assert unwrap(bid.seal.stanza("bidder", 1).data, private_key((5).to_bytes(32)), bid.seal.core_hash, "bidder", 1)
    assert open_slot(bid.seal, private_key((5).to_bytes(32))) is None


def test_a_commitment_to_a_key_is_bound_to_its_bid() -> None:
    bid = fresh()

    assert matches_key(bid.seal, bid.s_b)
    assert not matches_key(bid.seal, b"x" * 32)
    assert not matches_key(bid.seal, b"")
    assert key_commitment(b"b" * 32, bid.s_b) != bid.seal.sb_commit


@given(st.binary(min_size=16, max_size=16))
def test_a_recovery_code_is_read_as_it_is_written(code: bytes) -> None:
    text = format_recovery(code)

    assert parse_recovery(text) == code
    assert parse_recovery(text.lower().replace("-", " ")) == code
    assert parse_recovery(text.replace("0", "O").replace("1", "l")) == code


@given(st.binary(min_size=16, max_size=16), st.integers(0, 27), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_mistyped_recovery_code_is_refused_nearly_always(code: bytes, place: int, symbol: str) -> None:
    """Twelve check bits: of 4,096 mistyped codes one passes, and then opens nothing."""
    text = format_recovery(code).replace("-", "")
    typed = text[:place] + symbol + text[place + 1 :]
    passes = False

    with suppress(ValueError):
        passes = parse_recovery(typed) == code
    assert passes == (typed == text)


def test_a_code_of_another_length_or_alphabet_is_refused() -> None:
    text = format_recovery(b"c" * 16)

    for wrong in ("", text[:-1], text + "0", text.replace(text[0], "U"), "é" + text[1:]):
        with pytest.raises(ValueError, match="symbols"):
            parse_recovery(wrong)
    with pytest.raises(ValueError, match="mistyped"):
        parse_recovery(text[:-1] + ("0" if text[-1] != "0" else "1"))
    for wrong_code in (b"", b"c" * 15, b"c" * 17):
        with pytest.raises(ValueError, match="16 bytes"):
            format_recovery(wrong_code)
        with pytest.raises(ValueError, match="16 bytes"):
            recovery_key(wrong_code)


def test_a_recovery_code_opens_a_bid() -> None:
    code = b"sixteen bytes ok"
    bid = sealed(secrets_of("recovery"), slots=[public(recovery_key(code))])

    assert open_slot(bid.seal, recovery_key(parse_recovery(format_recovery(code)))) == bid.s_b
    assert open_slot(bid.seal, recovery_key(b"another 16 bytes")) is None


@pytest.mark.parametrize(
    "content",
    [
        {"identity": []},
        {"annex": []},
        {"price": [File("", "text/plain", b"")]},
        {"price": [File("..", "text/plain", b"")]},
        {"price": [File("a/b", "text/plain", b"")]},
        {"price": [File("a\\b", "text/plain", b"")]},
        {"price": [File("a\x00b", "text/plain", b"")]},
        {"price": [File("a\u202eb", "text/plain", b"")]},
        {"price": [File("e\u0301", "text/plain", b"")]},
        {"price": [File("长" * 86, "text/plain", b"")]},
        {"price": [File("a", "text", b"")]},
        {"price": [File("a", "Text/Plain", b"")]},
        {"price": [File("a", "text/plain", b""), File("a", "text/plain", b"x")]},
    ],
)
def test_what_no_reader_would_take_is_not_sealed(content: dict[str, list[File]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sealed(secrets_of("wrong"), content)


def test_a_part_holds_a_thousand_files_and_no_more() -> None:
    """Neither is one more sealed, nor is it read where another program sealed it."""
    files = [File(f"{number:04}", "text/plain", b"") for number in range(MAX_FILES + 1)]
    index = canonical(
        [{"name": one.name, "media": one.media, "size": 0, "hash": file_hash(b"").hex()} for one in files]
    )
    held = len(index).to_bytes(8) + index

    with pytest.raises(ValueError, match="at most 1000 files"):
        index_of(files)
    with pytest.raises(Unopenable) as fault:
        files_of([held + bytes(bucket(len(held)) - len(held))])
    assert (fault.value.fault, fault.value.reason) == ("bidder", "index")
    assert len(index_of(files[1:])) < len(index)


def test_a_bid_is_sealed_under_a_sound_policy_only() -> None:
    with pytest.raises(Unfair) as refusal:
        sealed(secrets_of("weak"), policy=replace(POLICY, t=1))
    assert refusal.value.codes == ("policy-unsound",)
    with pytest.raises(ValueError, match="another policy"):
        seal_bid(
            replace(POLICY, window_minutes=31),
            POLICY_BYTES,
            CONTENT,
            secrets=secrets_of("wrong"),
            identity=IDENTITY,
            signer=sign,
        )


def test_slots_are_points_and_at_most_four() -> None:
    with pytest.raises(ValueError, match="4 slots"):
        sealed(secrets_of("wrong"), slots=[public(KEYS[0])] * 5)
    with pytest.raises(ValueError, match=r".+"):
        sealed(secrets_of("wrong"), slots=[b"\x04" + bytes(64)])


@pytest.mark.parametrize(("version", "prev"), [(1, b"p" * 32), (2, b""), (0, b""), (2, b"p" * 31)])
def test_versions_name_the_one_before(version: int, prev: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sealed(secrets_of("wrong"), version=version, prev=prev)


def test_an_identity_has_a_name_and_a_whole_signature() -> None:
    with pytest.raises(ValueError, match="name"):
        sealed(secrets_of("wrong"), identity=Identity("", b"der"))
    with pytest.raises(ValueError, match="64 bytes"):
        identity_files(IDENTITY, b"short")
    with pytest.raises(ValueError, match=r".+"):
        sealed(secrets_of("wrong"), signer=lambda message: b"not DER")


def test_a_bid_is_not_sealed_that_its_certificate_did_not_sign() -> None:
    other = private_key(b"k" * 32)

    with pytest.raises(ValueError, match="would not be read"):
        sealed(secrets_of("wrong"), signer=lambda message: other.sign(message, ec.ECDSA(hashes.SHA256())))
    with pytest.raises(ValueError, match="would not be read"):
        sealed(secrets_of("wrong"), identity=replace(IDENTITY, certificate=b"not DER"))
    with pytest.raises(ValueError, match="would not be read"):
        sealed(secrets_of("wrong"), identity=replace(IDENTITY, tool_hash=b"short"))
