"""What bidder and trustees sign, beside its vectors. Source: docs/spec/envelope.md §8."""

from itertools import combinations
from typing import Any

import pytest

from mifeng.rules.curve import ORDER, base_multiply_secret, encode_point
from mifeng.rules.errors import Tampered
from mifeng.rules.seal.statements import (
    acknowledgement,
    batch,
    countersignature,
    sign_ecdsa,
    sign_ed25519,
    submission,
    verify_ecdsa,
    verify_ed25519,
)
from tests.rules.sealed import ENVELOPE, POLICY

A, B, C, D = (letter * 32 for letter in (b"a", b"b", b"c", b"d"))
MAKERS: list[tuple[Any, tuple[Any, ...], list[tuple[Any, ...]]]] = [
    (
        submission,
        ("submit", A, B, 1, C, b"n"),
        [
            ("withdraw", A, B, 1, C, b"n"),
            ("status", A, B, 1, C, b"n"),
            ("submit", D, B, 1, C, b"n"),
            ("submit", A, D, 1, C, b"n"),
            ("submit", A, B, 2, C, b"n"),
            ("submit", A, B, 1, D, b"n"),
            ("submit", A, B, 1, C, b"m"),
        ],
    ),
    (
        acknowledgement,
        (A, B, 1, C, "t", "ok"),
        [
            (D, B, 1, C, "t", "ok"),
            (A, D, 1, C, "t", "ok"),
            (A, B, 2, C, "t", "ok"),
            (A, B, 1, D, "t", "ok"),
            (A, B, 1, C, "u", "ok"),
            (A, B, 1, C, "t", "bad"),
        ],
    ),
    (
        countersignature,
        ("close", A, B, C, "t", "d"),
        [
            ("deadline", A, B, C, "t", "d"),
            ("release", A, B, C, "t", "d"),
            ("close", D, B, C, "t", "d"),
            ("close", A, D, C, "t", "d"),
            ("close", A, B, D, "t", "d"),
            ("close", A, B, C, "u", "d"),
            ("close", A, B, C, "t", "e"),
        ],
    ),
    (
        batch,
        (A, B, "t", [(C, D)]),
        [
            (D, B, "t", [(C, D)]),
            (A, D, "t", [(C, D)]),
            (A, B, "u", [(C, D)]),
            (A, B, "t", []),
            (A, B, "t", [(D, C)]),
            (A, B, "t", [(C, D), (C, D)]),
        ],
    ),
]


@pytest.mark.parametrize(("maker", "fields", "others"), MAKERS, ids=[maker.__name__ for maker, _, _ in MAKERS])
def test_every_field_of_a_statement_is_signed(maker: Any, fields: Any, others: list[Any]) -> None:
    messages = [maker(*one) for one in (fields, *others)]

    assert all(one != other for one, other in combinations(messages, 2))


def test_no_statement_fits_another_purpose() -> None:
    messages = [maker(*fields) for maker, fields, _ in MAKERS]

    assert all(one != other for one, other in combinations(messages, 2))
    assert len({message[:20] for message in messages}) == len(messages)


@pytest.mark.parametrize(
    ("maker", "fields"),
    [
        (submission, ("revoke", A, B, 1, C, b"n")),
        (submission, ("submit", A[:-1], B, 1, C, b"n")),
        (submission, ("submit", A, b"", 1, C, b"n")),
        (submission, ("submit", A, B, 0, C, b"n")),
        (submission, ("submit", A, B, 1, C, b"")),
        (submission, ("submit", A, B, 1, C, b"n" * 65)),
        (acknowledgement, (A, B, 1, C, "t", "perhaps")),
        (acknowledgement, (A, B, 0, C, "t", "ok")),
        (acknowledgement, (A, B, 1, b"", "t", "ok")),
        (countersignature, ("open", A, B, C, "t", "d")),
        (countersignature, ("close", A, B, b"c", "t", "d")),
        (batch, (A, b"", "t", [])),
        (batch, (A, B, "t", [(C, b"short")])),
    ],
)
def test_a_misshapen_statement_is_not_made(maker: Any, fields: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        maker(*fields)


def test_a_batch_holds_any_number_of_shares() -> None:
    rows = [(number.to_bytes(32), C) for number in range(600)]

    assert batch(A, B, "t", iter(rows)) == batch(A, B, "t", rows)
    assert len(batch(A, B, "t", rows)) > 600 * 64


def test_a_submit_key_signs() -> None:
    public, message = encode_point(base_multiply_secret(77)), b"message"
    signature = sign_ecdsa(77, message)

    verify_ecdsa(public, message, signature)
    for wrong in (signature[:-1], b"", signature + b"\x00"):
        with pytest.raises(Tampered):
            verify_ecdsa(public, message, wrong)
    with pytest.raises(Tampered):
        verify_ecdsa(public, b"another", signature)
    with pytest.raises(Tampered):
        verify_ecdsa(encode_point(base_multiply_secret(78)), message, signature)
    with pytest.raises(ValueError, match="point"):
        verify_ecdsa(b"\x00", message, signature)
    with pytest.raises(ValueError, match="scalar"):
        sign_ecdsa(ORDER, message)


def test_a_trustee_signs() -> None:
    seed = bytes.fromhex(ENVELOPE["statements"]["trustee_seed"])
    public = POLICY.trustees[0].verify
    signature = sign_ed25519(seed, b"message")

    verify_ed25519(public, b"message", signature)
    for message, wrong in ((b"another", signature), (b"message", signature[:-1]), (b"message", bytes(64))):
        with pytest.raises(Tampered):
            verify_ed25519(public, message, wrong)
    with pytest.raises(Tampered):
        verify_ed25519(POLICY.trustees[1].verify, b"message", signature)
    with pytest.raises(ValueError, match="32"):
        verify_ed25519(public[:-1], b"message", signature)
