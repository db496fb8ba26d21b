"""Signed notes, cosignatures, checkpoints and what a witness is sent. Source: docs/spec/log.md §5, §6."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Checkpoint,
    Kind,
    SigningKey,
    VerifierKey,
    add_signatures,
    cosign,
    decode64,
    format_checkpoint,
    format_submission,
    parse_checkpoint,
    parse_note,
    parse_signature,
    parse_submission,
    parse_vkey,
    sign_note,
    verify_cosignature,
    verify_note,
)
from tests.rules.vectors import named, vectors

NOTE = vectors("note")
TEXT = NOTE["text"]
LOG = SigningKey("log.example/linyi", Kind.LOG, bytes.fromhex(NOTE["keys"]["log"]["seed"]))
WITNESS = SigningKey("witness.example/notary", Kind.WITNESS, bytes.fromhex(NOTE["keys"]["witness"]["seed"]))
HASH = st.binary(min_size=32, max_size=32)

# The example that the Go project publishes with its own implementation of signed notes (golang.org/x/mod/sumdb/note).
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_another_implementation_is_made_and_read() -> None:
    key = SigningKey("PeterNeumann", Kind.LOG, GO_SEED)
    note = parse_note(GO_NOTE)

    assert str(key.verifier) == GO_VKEY
    assert sign_note(note.text, key) == GO_NOTE
    verify_note(note, parse_vkey(GO_VKEY))


def test_keys_signatures_and_cosignatures_are_the_published_ones() -> None:
    signed = sign_note(TEXT, LOG)
    line = cosign(TEXT, WITNESS, NOTE["time"])

    assert str(LOG.verifier) == NOTE["keys"]["log"]["vkey"]
    assert LOG.verifier.key_id.hex() == NOTE["keys"]["log"]["key_id"]
    assert str(WITNESS.verifier) == NOTE["keys"]["witness"]["vkey"]
    assert signed == TEXT + "\n" + NOTE["log_line"]
    assert line + "\n" == NOTE["witness_line"]
    assert add_signatures(signed, [line]) == NOTE["note"]


def test_a_note_is_verified_by_both_keys() -> None:
    note = parse_note(NOTE["note"])

    assert str(note) == NOTE["note"]
    assert note.text == TEXT
    verify_note(note, LOG.verifier)
    assert verify_cosignature(note, WITNESS.verifier) == NOTE["time"]


def test_of_several_cosignatures_the_earliest_time_counts() -> None:
    signed = sign_note(TEXT, LOG)
    note = add_signatures(signed, [cosign(TEXT, WITNESS, at) for at in (300, 200, 400)])

    assert verify_cosignature(parse_note(note), WITNESS.verifier) == 200


@pytest.mark.parametrize("case", **named(NOTE["malformed"]))
def test_a_misshapen_note_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_note(case["note"])


@pytest.mark.parametrize("case", **named(NOTE["unsigned"]))
def test_a_note_that_the_log_did_not_sign_is_found(case: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        verify_note(parse_note(case["note"]), LOG.verifier)


@pytest.mark.parametrize("case", **named(NOTE["unseen"]))
def test_a_note_that_the_witness_did_not_see_is_found(case: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        verify_cosignature(parse_note(case["note"]), WITNESS.verifier)


@pytest.mark.parametrize("case", **named(NOTE["bad_vkeys"]))
def test_a_misshapen_key_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_vkey(case["vkey"])


def test_lines_of_unknown_keys_are_passed_over() -> None:
    stranger = SigningKey("witness.example/stranger", Kind.WITNESS, b"s" * 32)
    same_name = SigningKey(WITNESS.name, Kind.WITNESS, b"t" * 32)
    lines = [cosign(TEXT, stranger, 1), cosign(TEXT, same_name, 2), cosign(TEXT, WITNESS, 3)]
    note = parse_note(add_signatures(sign_note(TEXT, LOG), lines))

    verify_note(note, LOG.verifier)
    assert verify_cosignature(note, WITNESS.verifier) == 3


def test_a_key_is_asked_only_for_what_it_signs() -> None:
    note = parse_note(NOTE["note"])

    with pytest.raises(ValueError, match="kind"):
        verify_note(note, WITNESS.verifier)
    with pytest.raises(ValueError, match="kind"):
        verify_cosignature(note, LOG.verifier)
    with pytest.raises(ValueError, match="keys of the log"):
        sign_note(TEXT, WITNESS)
    with pytest.raises(ValueError, match="keys of the log"):
        sign_note(TEXT)
    with pytest.raises(ValueError, match="only a witness"):
        cosign(TEXT, LOG, 1)


@pytest.mark.parametrize("at", [-1, 2**63])
def test_a_time_out_of_range_is_not_cosigned(at: int) -> None:
    with pytest.raises(ValueError, match="not a time"):
        cosign(TEXT, WITNESS, at)


def test_a_cosignature_of_a_time_out_of_range_does_not_hold() -> None:
    at = 2**63
    value = at.to_bytes(8) + WITNESS.sign(f"cosignature/v1\ntime {at}\n{TEXT}".encode())
    line = f"— {WITNESS.name} {base64.b64encode(WITNESS.verifier.key_id + value).decode()}"
    note = parse_note(add_signatures(sign_note(TEXT, LOG), [line]))

    with pytest.raises(Tampered):
        verify_cosignature(note, WITNESS.verifier)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "half \ud800\n"])
def test_a_text_that_could_not_be_read_again_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sign_note(text, LOG)
    with pytest.raises(ValueError, match=r".+"):
        cosign(text, WITNESS, 1)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\u2028b", "a\nb", "a\x00b", "\ud800"])
def test_a_key_name_that_could_not_stand_in_a_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        VerifierKey(name, Kind.LOG, b"k" * 32)


def test_a_secret_key_does_not_show_itself() -> None:
    assert LOG.seed.hex() not in repr(LOG)
    assert repr(LOG.seed) not in repr(LOG)


@pytest.mark.parametrize("line", ["", "no dash here", "— onlyname", "— name !!!!", "— a+b AAAAAAAA", "— name AAAA"])
def test_a_misshapen_signature_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_signature(line)


@given(st.binary(max_size=50))
def test_base64_has_one_form(data: bytes) -> None:
    text = base64.b64encode(data).decode()

    assert decode64(text) == data
    for other in (
        text + "\n",
        " " + text,
        text.rstrip("=") if "=" in text else text + "=",
        text.replace("A", "ä") + "ä",
    ):
        with pytest.raises(ValueError, match=r".+"):
            decode64(other)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), st.integers(0, 2**63 - 1), HASH)
def test_a_checkpoint_reads_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)

    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@pytest.mark.parametrize("case", **named(NOTE["bad_checkpoints"]))
def test_a_misshapen_checkpoint_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_checkpoint(case["text"])


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, b"r" * 32), ("a\nb", 1, b"r" * 32), ("a", -1, b"r" * 32), ("a", 2**63, b"r" * 32), ("a", 1, b"r" * 31)],
)
def test_a_checkpoint_out_of_range_is_refused(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Checkpoint(origin, size, root)


def test_a_test_log_is_known_by_its_origin() -> None:
    assert Checkpoint("log.example/linyi/test", 0, b"r" * 32).is_test
    assert not Checkpoint("log.example/test/linyi", 0, b"r" * 32).is_test


@given(st.integers(0, 2**63 - 1), st.lists(HASH, max_size=63))
def test_a_submission_reads_as_it_was_written(old_size: int, proof: list[bytes]) -> None:
    submission = parse_submission(format_submission(old_size, proof, NOTE["note"]))

    assert (submission.old_size, list(submission.proof), submission.note) == (old_size, proof, NOTE["note"])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 5\n",
        "5\n\n" + NOTE["note"],
        "old -5\n\n" + NOTE["note"],
        "old 05\n\n" + NOTE["note"],
        "old 5\nAAAA\n\n" + NOTE["note"],
        "old 5\nnot base64\n\n" + NOTE["note"],
        format_submission(5, [b"h" * 32] * 64, NOTE["note"]),
    ],
)
def test_a_misshapen_submission_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_submission(body)


def verify_both(raw: bytes) -> None:
    """Verify the signature of the log and of the witness."""
    note = parse_note(raw.decode())
    verify_note(note, LOG.verifier)
    verify_cosignature(note, WITNESS.verifier)


@given(st.integers(0, len(NOTE["note"].encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_cosigned_note_is_found(place: int, change: int) -> None:
    raw = bytearray(NOTE["note"].encode())
    raw[place] ^= change

    with pytest.raises((ValueError, Tampered)):
        verify_both(raw)
