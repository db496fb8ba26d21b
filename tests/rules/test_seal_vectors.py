"""The published vectors of the sealed bid, read by the platform's code. Source: docs/spec/envelope.md."""

import base64
import hashlib
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mifeng.rules.curve import base_multiply_secret, decode_scalar, encode_point, encode_scalar
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered, Unfair
from mifeng.rules.seal import (
    Identity,
    Unopenable,
    acknowledgement,
    batch,
    check_envelope,
    check_policy,
    commitments,
    core_hash,
    countersignature,
    format_policy,
    format_recovery,
    key_commitment,
    lot_ref,
    matches_key,
    open_bid,
    open_part,
    open_share,
    open_slot,
    parse_policy,
    parse_recovery,
    parse_seal,
    part_context,
    part_key,
    policy_hash,
    private_key,
    read_header,
    recovery_key,
    share,
    sign_ed25519,
    submission,
    verify_ciphertexts,
    verify_ecdsa,
    verify_ed25519,
    verify_share,
)
from mifeng.rules.seal.core import core_fields
from mifeng.rules.seal.envelope import format_seal
from mifeng.rules.seal.identity import signed_by_bidder
from tests.rules.sealed import ENVELOPE, POLICY, POLICY_BYTES, SECRETS, TRUSTEE_KEYS, ciphertexts_of, patched, public
from tests.rules.vectors import named

TEXT = ENVELOPE["seal"].encode()
SEAL = parse_seal(TEXT)
CONTAINER = base64.b64decode(ENVELOPE["container"])
CHUNKED = ENVELOPE["chunked"]
S_B = bytes.fromhex(SECRETS["s_b"])


def field(cases: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return arguments for ``parametrize`` that show each case under one of its values."""
    return {"argvalues": cases, "ids": [case[key] for case in cases]}


def test_the_policy_and_the_reference_of_the_lot_are_the_published_ones() -> None:
    assert format_policy(POLICY) == POLICY_BYTES
    assert policy_hash(POLICY_BYTES).hex() == ENVELOPE["policy_hash"]
    assert lot_ref(ENVELOPE["lot"], bytes.fromhex(ENVELOPE["lot_salt"])) == POLICY.lot_ref
    check_policy(POLICY)


@pytest.mark.parametrize("case", **named(ENVELOPE["bad_policies"]))
def test_a_misshapen_policy_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_policy(patched(POLICY_BYTES, case))


@pytest.mark.parametrize("case", **field(ENVELOPE["unsound_policies"], "rule"))
def test_an_unsound_policy_is_refused(case: dict[str, Any]) -> None:
    policy = parse_policy(patched(POLICY_BYTES, case))

    with pytest.raises(Unfair) as refusal:
        check_policy(policy)
    assert [(reason.code, reason.facts["rule"]) for reason in refusal.value.reasons] == [
        ("policy-unsound", case["rule"])
    ]


def test_the_core_is_the_published_one() -> None:
    assert canonical(core_fields(SEAL.core)).decode() == ENVELOPE["core"]
    assert core_hash(SEAL.core).hex() == SEAL.core_hash.hex() == ENVELOPE["core_hash"]
    assert key_commitment(SEAL.bid_ref, S_B) == SEAL.sb_commit
    assert encode_point(base_multiply_secret(decode_scalar(bytes.fromhex(SECRETS["submit"])))) == SEAL.submit_key


def test_the_shares_and_points_are_the_published_ones() -> None:
    coefficients = [decode_scalar(bytes.fromhex(one)) for one in SECRETS["coefficients"]]

    assert commitments(coefficients) == SEAL.commitments
    for index, published in enumerate(ENVELOPE["shares"], 1):
        assert encode_scalar(share(coefficients, index)).hex() == published
        assert verify_share(index, share(coefficients, index), SEAL.commitments)


def test_the_stanzas_made_by_hand_open_with_the_library() -> None:
    for index, key in enumerate(TRUSTEE_KEYS, 1):
        assert encode_scalar(open_share(SEAL, index, key)).hex() == ENVELOPE["shares"][index - 1]
    for scalar in (bytes.fromhex(SECRETS["bidder"]), bytes.fromhex(ENVELOPE["recovery"]["scalar"])):
        assert open_slot(SEAL, private_key(scalar)) == S_B
    assert open_slot(SEAL, TRUSTEE_KEYS[0]) is None
    assert matches_key(SEAL, S_B)


def test_the_recovery_code_is_the_published_one() -> None:
    published = ENVELOPE["recovery"]
    code = bytes.fromhex(published["code"])

    assert format_recovery(code) == published["text"]
    assert parse_recovery(published["text"]) == code
    assert public(recovery_key(code)).hex() == published["point"]


def test_the_header_and_its_hash_are_the_published_ones() -> None:
    header, ciphertexts = read_header(CONTAINER)

    assert header == TEXT == format_seal(SEAL)
    assert SEAL.envelope_hash.hex() == ENVELOPE["envelope_hash"]
    assert [list(mark) for mark in SEAL.marks()] == ENVELOPE["marks"]
    assert SEAL.container_bytes == len(CONTAINER)
    verify_ciphertexts(SEAL, ciphertexts)
    check_envelope(SEAL, POLICY)


@pytest.mark.parametrize("case", **field(ENVELOPE["parts"], "id"))
def test_the_parts_made_by_hand_open_with_the_library(case: dict[str, Any]) -> None:
    a0 = decode_scalar(bytes.fromhex(SECRETS["coefficients"][0]))
    key, context = part_key(SEAL.core_hash, S_B, a0, case["id"]), part_context(SEAL.core_hash, case["id"])
    [ciphertext] = ciphertexts_of(SEAL, CONTAINER)[case["id"]]
    plaintext = b"".join(open_part(key, context, [ciphertext]))

    assert (key.hex(), context.hex()) == (case["key"], case["context"])
    assert ciphertext[:56].hex() == case["salt"] + case["commitment"]
    assert hashlib.sha256(plaintext).hexdigest() == case["plaintext_sha256"]
    assert len(plaintext) == case["padded_len"] == SEAL.part(case["id"]).padded_len
    assert plaintext[8 : 8 + len(case["index"].encode())].decode() == case["index"]


@pytest.mark.parametrize("case", **named(ENVELOPE["malformed"]))
def test_a_misshapen_header_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_seal(patched(TEXT, case))


@pytest.mark.parametrize("case", **field(ENVELOPE["other_policy"], "field"))
def test_an_envelope_of_another_policy_is_refused(case: dict[str, Any]) -> None:
    other = parse_seal(patched(TEXT, case))

    with pytest.raises(Unfair) as refusal:
        check_envelope(other, POLICY)
    code = "envelope-malformed" if case["field"] == "stanzas" else "envelope-policy"
    assert [(reason.code, reason.facts["field"]) for reason in refusal.value.reasons] == [(code, case["field"])]


@pytest.mark.parametrize("case", **named(ENVELOPE["bad_containers"]))
def test_a_container_that_is_not_whole_is_found(case: dict[str, Any]) -> None:
    container = patched(CONTAINER, case | {"insert": base64.b64decode(case["insert"])})

    with pytest.raises(Tampered if case["found"] == "tampered" else ValueError, match=r".+"):
        received(container)


def received(container: bytes) -> None:
    """Check a container as it is checked when it comes in."""
    header, ciphertexts = read_header(container)
    verify_ciphertexts(parse_seal(header), ciphertexts)


@pytest.mark.parametrize("case", **named(ENVELOPE["bad_shares"]))
def test_a_bad_share_is_found_by_its_trustee(case: dict[str, Any]) -> None:
    sealed = parse_seal(TEXT.replace(SEAL.stanza("trustee", 1).data.hex().encode(), case["stanza"].encode()))

    with pytest.raises(Tampered, match="share"):
        open_share(sealed, 1, TRUSTEE_KEYS[0])


@pytest.mark.parametrize("case", **named(ENVELOPE["attempts"]))
def test_an_attempt_to_open_ends_as_published(case: dict[str, Any]) -> None:
    seal = parse_seal(patched(TEXT, case)) if "at" in case else SEAL
    ciphertexts = ciphertexts_of(SEAL, CONTAINER)
    if "part" in case:
        ciphertexts[case["part"]] = [base64.b64decode(case["ciphertext"])]
    shares = {int(index): int.from_bytes(bytes.fromhex(value)) for index, value in case["shares"].items()}

    if case["fault"]:
        with pytest.raises(Unopenable) as failure:
            open_bid(seal, bytes.fromhex(case["s_b"]), shares, ciphertexts)
        assert (failure.value.fault, failure.value.reason) == (case["fault"], case["reason"])
    else:
        opened = open_bid(seal, bytes.fromhex(case["s_b"]), shares, ciphertexts)
        assert {name: [one.name for one in files] for name, files in opened.parts.items()} == {
            part["id"]: [one["name"] for one in part["files"]] for part in ENVELOPE["parts"]
        }
        assert opened.identity == Identity(
            "甲公司", base64.b64decode(ENVELOPE["certificate"]), "", "vector 1", opened.identity.tool_hash
        )


def test_what_the_certificate_signs_is_the_published_one() -> None:
    hashes = [part.ct_hash for part in SEAL.parts[:-1]]

    assert signed_by_bidder(SEAL.core_hash, hashes).hex() == ENVELOPE["signed"]


def pattern(length: int) -> bytes:
    """Return the plaintext that the vectors of chunked encryption stand for."""
    return bytes((place * 7 + 3) % 251 for place in range(length))


@pytest.mark.parametrize("case", **named(CHUNKED["messages"]))
@pytest.mark.parametrize("step", [7000, 16400, 100000])
def test_a_message_encrypted_by_hand_opens_with_the_library(case: dict[str, Any], step: int) -> None:
    ciphertext = base64.b64decode(case["ciphertext"])
    pieces = [ciphertext[start : start + step] for start in range(0, len(ciphertext), step)]
    plaintext = b"".join(open_part(bytes.fromhex(CHUNKED["key"]), bytes.fromhex(CHUNKED["context"]), pieces))

    assert plaintext == pattern(case["length"])
    assert hashlib.sha256(ciphertext).hexdigest() == case["sha256"]
    assert (
        AESGCM(bytes.fromhex(case["chunk_key"])).decrypt(
            bytes.fromhex(case["base_nonce"]), ciphertext[56:][:16400], b""
        )
        == plaintext[:16384]
    )


@pytest.mark.parametrize("case", **named(CHUNKED["refused"]))
@pytest.mark.parametrize("step", [50, 16400, 100000])
def test_chunks_swapped_cut_or_repeated_are_found(case: dict[str, Any], step: int) -> None:
    whole = base64.b64decode(CHUNKED["messages"][-1]["ciphertext"])
    changed = b"".join(whole[start:end] for start, end in case["pieces"])
    pieces = [changed[start : start + step] for start in range(0, len(changed), step)]

    with pytest.raises(Unopenable) as failure:
        open_part(bytes.fromhex(CHUNKED["key"]), bytes.fromhex(CHUNKED["context"]), pieces)
    assert failure.value.reason == case["reason"]


def test_a_last_chunk_that_is_full_is_found() -> None:
    case = CHUNKED["full_last_chunk"]

    with pytest.raises(Unopenable) as failure:
        open_part(
            bytes.fromhex(CHUNKED["key"]), bytes.fromhex(CHUNKED["context"]), [base64.b64decode(case["ciphertext"])]
        )
    assert failure.value.reason == case["reason"]


def test_a_ciphertext_with_two_prices_shows_one_only() -> None:
    case = ENVELOPE["two_prices"]
    chunk, context = base64.b64decode(case["chunk"]), bytes.fromhex(case["context"])
    keys = [bytes.fromhex(key) for key in case["keys"]]
    for place in (0, 1):
        seen = AESGCM(bytes.fromhex(case["chunk_keys"][place])).decrypt(
            bytes.fromhex(case["nonces"][place]), chunk, b""
        )
        at = case["shown"][place]["at"]
        assert seen[at : at + 16].decode() == case["shown"][place]["text"]

    for place in (0, 1):
        message = bytes.fromhex(case["salt"] + case["commitments"][place]) + chunk
        assert open_part(keys[place], context, [message])
        with pytest.raises(Unopenable, match="commitment"):
            open_part(keys[1 - place], context, [message])
        with pytest.raises(InvalidTag):
            Cobblestone256Decryptor(keys[1 - place], context).update(message)


def test_the_statements_and_signatures_are_the_published_ones() -> None:
    shown = ENVELOPE["statements"]
    leaf, nonce = bytes.fromhex(shown["leaf"]), bytes.fromhex(shown["nonce"])
    first = bytes.fromhex(ENVELOPE["shares"][0])
    trustee, seed = POLICY.trustees[0], bytes.fromhex(shown["trustee_seed"])
    hashed = SEAL.envelope_hash
    messages = {
        "ack": acknowledgement(SEAL.policy_hash, SEAL.bid_ref, 1, hashed, trustee.name, "ok"),
        "countersign": countersignature("close", SEAL.lot_ref, SEAL.policy_hash, leaf, trustee.name, "detail"),
        "batch": batch(
            SEAL.lot_ref, leaf, trustee.name, [(SEAL.bid_ref, first), (bytes.fromhex(shown["another_bid"]), first)]
        ),
    }
    submit = submission("submit", SEAL.lot_ref, SEAL.bid_ref, 1, hashed, nonce)

    for name, message in messages.items():
        assert message.hex() == shown[name]["message"]
        assert sign_ed25519(seed, message).hex() == shown[name]["signature"]
        verify_ed25519(trustee.verify, message, bytes.fromhex(shown[name]["signature"]))
    assert submit.hex() == shown["submit"]["message"]
    verify_ecdsa(SEAL.submit_key, submit, bytes.fromhex(shown["submit"]["signature"]))
