"""Verifiable random values. Source: RFC 9381, 5.4.1.1, 5.5 and appendix B.1; RFC 6979, 3.2; docs/spec/draw.md §3."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.rules import vrf
from mifeng.rules.curve import FIELD, GENERATOR, ORDER, Point, base_multiply_secret, decode_point, multiply
from mifeng.rules.errors import Tampered
from tests.rules.vectors import named, vectors

DRAW = vectors("draw")
# Examples 10, 11 and 12 of RFC 9381, copied from its appendix: key, public key, alpha, H, k, U, V, pi, beta.
EXAMPLES = [
    (
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        b"sample",
        "0272a877532e9ac193aff4401234266f59900a4a9e3fc3cfc6a4b7e467a15d06d4",
        "0d90591273453d2dc67312d39914e3a93e194ab47a58cd598886897076986f77",
        "02bb6a034f67643c6183c10f8b41dc4babf88bff154b674e377d90bde009c21672",
        "02893ebee7af9a0faa6da810da8a91f9d50e1dc071240c9706726820ff919e8394",
        "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4"
        "a53f0a46f018bc2c56e58d383f2305e0"
        "975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f",
        "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e",
    ),
    (
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
        b"test",
        "02173119b4fff5e6f8afed4868a29fe8920f1b54c2cf89cc7b301d0d473de6b974",
        "5852353a868bdce26938cde1826723e58bf8cb06dd2fed475213ea6f3b12e961",
        "022779a2cafcb65414c4a04a4b4d2adf4c50395f57995e89e6de823250d91bc48e",
        "033b4a14731672e82339f03b45ff6b5b13dee7ada38c9bf1d6f8f61e2ce5921119",
        "034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56"
        "c19e067b15a8a8174905b13617804534"
        "214f935b94c2287f797e393eb0816969d864f37625b443f30f1a5a33f2b3c854",
        "a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d",
    ),
    (
        "2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
        "03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
        b"Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005",
        "0258055c26c4b01d01c00fb57567955f7d39cd6f6e85fd37c58f696cc6b7aa761d",
        "5689e2e08e1110b4dda293ac21667eac6db5de4a46a519c73d533f69be2f4da3",
        "020f465cd0ec74d2e23af0abde4c07e866ae4e5138bded5dd1196b8843f380db84",
        "036cb6f811428fc4904370b86c488f60c280fa5b496d2f34ff8772f60ed24b2d1d",
        "03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667"
        "d091c00b0f5c3619d10ecea44363b5a5"
        "99cadc5b2957e223fec62e81f7b4825fc799a771a3d7334b9186bdbee87316b1",
        "90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19",
    ),
]
SECRET, ALPHA = bytes.fromhex(EXAMPLES[0][0]), b"sample"
PUBLIC, PI = vrf.public_key(SECRET), bytes.fromhex(EXAMPLES[0][7])
BETA = bytes.fromhex(EXAMPLES[0][8])
SCALARS = st.integers(1, ORDER - 1)


@pytest.mark.parametrize(("secret", "public", "alpha", "h", "k", "u", "v", "pi", "beta"), EXAMPLES)
def test_the_examples_of_the_standard_come_out_to_the_bit(
    secret: str, public: str, alpha: bytes, h: str, k: str, u: str, v: str, pi: str, beta: str
) -> None:
    key = bytes.fromhex(secret)
    base = vrf._to_curve(vrf._expanded(bytes.fromhex(public)), alpha)
    nonce = next(vrf._nonces(key, vrf._compressed(base)))

    assert vrf._compressed(decode_point(vrf.public_key(key))).hex() == public
    assert (vrf._compressed(base).hex(), nonce.to_bytes(32).hex()) == (h, k)
    assert vrf._compressed(base_multiply_secret(nonce)).hex() == u
    assert vrf._compressed(vrf._secret_multiple(nonce, base_multiply_secret(nonce), base)).hex() == v
    assert vrf.prove(key, alpha).hex() == pi
    assert vrf.verify(bytes.fromhex(public), alpha, bytes.fromhex(pi)).hex() == beta
    assert vrf.verify(vrf.public_key(key), alpha, bytes.fromhex(pi)).hex() == beta
    assert vrf.proof_to_hash(bytes.fromhex(pi)).hex() == beta


@pytest.mark.parametrize("case", **named(DRAW["vrf"]["proofs"]))
def test_proofs_are_the_published_ones(case: dict[str, str]) -> None:
    secret, alpha = bytes.fromhex(case["secret"]), bytes.fromhex(case["alpha"])

    assert vrf.public_key(secret).hex() == case["public"]
    assert vrf.prove(secret, alpha).hex() == case["pi"]
    assert vrf.verify(vrf.public_key(secret), alpha, bytes.fromhex(case["pi"])).hex() == case["beta"]


@pytest.mark.parametrize("case", **named(DRAW["vrf"]["refused"]))
def test_a_proof_that_does_not_hold_is_refused(case: dict[str, str]) -> None:
    public, alpha, pi = (bytes.fromhex(case[key]) for key in ("public", "alpha", "pi"))

    with pytest.raises(Tampered):
        vrf.verify(public, alpha, pi)


@pytest.mark.parametrize("case", **named(DRAW["vrf"]["accepted"]))
def test_other_proofs_of_the_same_value_hold(case: dict[str, str]) -> None:
    public, alpha, pi = (bytes.fromhex(case[key]) for key in ("public", "alpha", "pi"))

    assert vrf.verify(public, alpha, pi).hex() == case["beta"]


@settings(max_examples=12)
@given(SCALARS, st.binary(max_size=40))
def test_a_value_is_proven_by_its_key_alone(scalar: int, alpha: bytes) -> None:
    secret = scalar.to_bytes(32)
    pi = vrf.prove(secret, alpha)

    assert pi == vrf.prove(secret, alpha)
    assert len(pi) == vrf.PROOF_BYTES
    assert vrf.verify(vrf.public_key(secret), alpha, pi) == vrf.proof_to_hash(pi)
    with pytest.raises(Tampered, match="does not hold"):
        vrf.verify(PUBLIC, alpha, pi) if scalar.to_bytes(32) != SECRET else vrf.verify(PUBLIC, alpha + b"x", pi)


@settings(max_examples=15)
@given(SCALARS, st.integers(1, ORDER - 2))
def test_the_library_s_secret_multiple_is_the_point_of_the_arithmetic(scalar: int, other: int) -> None:
    base = base_multiply_secret(other)

    assert vrf._secret_multiple(scalar, base_multiply_secret(scalar), base) == multiply(scalar, base)


def test_every_changed_byte_of_a_proof_is_found() -> None:
    for place in range(len(PI)):
        changed = bytearray(PI)
        changed[place] ^= 1

        with pytest.raises(Tampered):
            vrf.verify(PUBLIC, ALPHA, bytes(changed))


def test_a_point_without_y_or_beyond_the_field_is_none() -> None:
    sound = PI[1:33]
    beyond = (FIELD + 5).to_bytes(32)

    assert vrf._point_at(sound) is not None
    assert vrf._point_at(beyond) is None
    assert {vrf._point_at(number.to_bytes(32)) is None for number in range(8)} == {True, False}


@pytest.mark.parametrize("public", [b"", PUBLIC[:-1], b"\x00", b"\x05" + PI[1:33], b"\x04" + bytes(64)])
def test_a_public_key_that_is_no_point_is_refused(public: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        vrf.verify(public, ALPHA, PI)


@pytest.mark.parametrize("secret", [b"", SECRET[1:], bytes(32), ORDER.to_bytes(32)])
def test_a_secret_that_is_no_scalar_is_refused(secret: bytes) -> None:
    for use in (vrf.public_key, lambda key: vrf.prove(key, ALPHA)):
        with pytest.raises(ValueError, match="scalar"):
            use(secret)


@pytest.mark.parametrize("pi", [b"", PI[:-1], PI + b"\0", PI[:49] + ORDER.to_bytes(32)])
def test_a_misshapen_proof_has_no_value(pi: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        vrf.proof_to_hash(pi)
    with pytest.raises(Tampered, match="not a proof"):
        vrf.verify(PUBLIC, ALPHA, pi)


def test_a_nonce_out_of_range_is_passed_over() -> None:
    """One nonce in 2**32 is: so the step behind it is taken by asking for a second one."""
    first, second = (lambda drawn: (next(drawn), next(drawn)))(vrf._nonces(SECRET, b"message"))

    assert first != second
    assert [list(vrf._in_range(number.to_bytes(32))) for number in (0, 1, ORDER - 1, ORDER)] == [
        [],
        [1],
        [ORDER - 1],
        [],
    ]
    assert DRAW["vrf"]["nonces"] == [number.to_bytes(32).hex() for number in (first, second)]


def test_the_opposite_of_the_generator_is_never_multiplied() -> None:
    opposite = Point(GENERATOR.x, FIELD - GENERATOR.y)

    assert vrf._secret_multiple(5, multiply(5, GENERATOR), GENERATOR) == multiply(5, GENERATOR)
    assert vrf._secret_multiple(ORDER - 5, multiply(ORDER - 5, GENERATOR), GENERATOR) == multiply(ORDER - 5, GENERATOR)
    with pytest.raises(ValueError, match="opposite"):
        vrf._secret_multiple(5, multiply(5, GENERATOR), opposite)
