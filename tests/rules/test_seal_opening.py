"""Opening a bid, and through whom it does not open. Source: docs/spec/envelope.md §7."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.seal import (
    PARTS,
    Course,
    File,
    Identity,
    Seal,
    Unopenable,
    computed_fault,
    files_of,
    fitting_shares,
    identity_of,
    open_bid,
    open_part,
    open_share,
    open_with,
    part_context,
    part_key,
    private_key,
)
from mifeng.rules.seal.identity import identity_files, sign_identity
from mifeng.rules.seal.layout import bucket
from tests.rules.sealed import (
    CERTIFICATE,
    IDENTITY,
    TRUSTEE_KEYS,
    ciphertexts_of,
    fresh,
    secrets_of,
    shares_of,
    sign,
    with_ciphertext,
)

BID, SECRETS = fresh(), secrets_of("a bid")
SEAL, S_B, A0 = BID.seal, BID.s_b, SECRETS.coefficients[0]
CIPHERTEXTS = ciphertexts_of(SEAL, BID.container)
SHARES = shares_of(SECRETS)
OTHERS = [part.ct_hash for part in SEAL.parts[:-1]]


def fault(seal: Seal = SEAL, s_b: bytes = S_B, **changes: Any) -> tuple[str, str]:
    """Return through whom and at what a bid does not open."""
    with pytest.raises(Unopenable) as failure:
        open_bid(seal, s_b, changes.get("shares", SHARES), CIPHERTEXTS | changes.get("ciphertexts", {}))
    assert failure.value.reason in str(failure.value)
    return failure.value.fault, failure.value.reason


def test_each_trustee_reads_its_own_share_and_no_other() -> None:
    for index, key in enumerate(TRUSTEE_KEYS, 1):
        assert open_share(SEAL, index, key) == SHARES[index]
        with pytest.raises(Tampered, match="does not open"):
            open_share(SEAL, index % 3 + 1, key)
    with pytest.raises(ValueError, match="no stanza"):
        open_share(SEAL, 4, TRUSTEE_KEYS[0])


def test_any_two_shares_open_and_wrong_ones_are_passed_over() -> None:
    for pair in ((1, 2), (1, 3), (2, 3)):
        opened = open_bid(SEAL, S_B, {index: SHARES[index] for index in pair}, CIPHERTEXTS)
        assert opened.a0 == A0
    wrong = {0: 5, 1: SHARES[2], 2: SHARES[2], 3: SHARES[3], 4: 5, 300: 5}
    assert fitting_shares(SEAL, wrong) == {2: SHARES[2], 3: SHARES[3]}
    assert open_bid(SEAL, S_B, wrong, CIPHERTEXTS).identity == IDENTITY


def test_ciphertexts_come_in_pieces_of_any_size() -> None:
    for size in (1000, 16400, 65536):
        pieces = {name: cut(data[0], size) for name, data in CIPHERTEXTS.items()}
        assert open_bid(SEAL, S_B, SHARES, pieces).identity == IDENTITY


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Yield some bytes piece by piece."""
    return (data[start : start + size] for start in range(0, len(data), size))


def test_both_secrets_from_the_record_open_too() -> None:
    assert open_with(SEAL, S_B, A0, CIPHERTEXTS).parts == open_bid(SEAL, S_B, SHARES, CIPHERTEXTS).parts
    with pytest.raises(Tampered, match="s_B"):
        open_with(SEAL, b"x" * 32, A0, CIPHERTEXTS)
    with pytest.raises(Tampered, match="a0"):
        open_with(SEAL, S_B, A0 + 1, CIPHERTEXTS)


@pytest.mark.parametrize("change", [{"suite": "S1"}, {"suite": "I0"}, {"mode": "T"}])
def test_another_suite_or_mode_is_not_opened_as_this_one(change: dict[str, str]) -> None:
    other = replace(SEAL, core=replace(SEAL.core, **change))

    with pytest.raises(ValueError, match="suite I1 and mode A"):
        open_bid(other, S_B, SHARES, CIPHERTEXTS)
    with pytest.raises(Tampered, match="does not open"):
        open_share(other, 1, TRUSTEE_KEYS[0])


def test_bytes_that_are_gone_or_changed_are_the_platform_s_fault() -> None:
    price = CIPHERTEXTS["price"][0]
    changed = [
        [],
        [price[:-1]],
        [price + b"\x00"],
        [price[:40], price[41:]],
        [bytes([price[0] ^ 1]) + price[1:]],
        [price[:60], bytes([price[60] ^ 1]), price[61:]],
        CIPHERTEXTS["business"],
    ]

    assert {fault(ciphertexts={"price": pieces}) for pieces in changed} == {("platform", "bytes")}
    without = {name: data for name, data in CIPHERTEXTS.items() if name != "technical"}
    with pytest.raises(Unopenable, match="platform"):
        open_bid(SEAL, S_B, SHARES, without)


def test_whose_fault_it_is_does_not_depend_on_where_decryption_stops() -> None:
    """A wrong commitment stops it at once; only the hash over all the rest says whose bytes these are."""
    [price] = CIPHERTEXTS["price"]
    spoilt = price[:24] + bytes(32) + price[56:]
    logged = with_ciphertext(SEAL, "price", spoilt)

    assert fault(logged, ciphertexts={"price": cut(spoilt, 100)}) == ("bidder", "commitment")
    assert fault(SEAL, ciphertexts={"price": cut(spoilt, 100)}) == ("platform", "bytes")


def closed(part_id: str, plaintext: bytes) -> bytes:
    """Return a plaintext encrypted as the bidder would, whatever stands in it."""
    key = part_key(SEAL.core_hash, S_B, A0, part_id)
    encryptor = Cobblestone256Encryptor(key, part_context(SEAL.core_hash, part_id))
    return encryptor.update(plaintext) + encryptor.finalize()


def made(part_id: str, plaintext: bytes) -> tuple[str, str]:
    """Return what comes of a part that the bidder made of this plaintext, logged with its right hash."""
    ciphertext = closed(part_id, plaintext)
    return fault(with_ciphertext(SEAL, part_id, ciphertext), ciphertexts={part_id: [ciphertext]})


def plain(rows: object, files: bytes = b"", length: int = 4096) -> bytes:
    """Return a plaintext with this index, these bytes of files, and zeros up to a length."""
    index = rows if isinstance(rows, bytes) else canonical(rows)
    data = len(index).to_bytes(8) + index + files
    return data + bytes(length - len(data))


FILE_HASH = "d1a9cb0b0e4ff1a1c0a7ce3d4bd0a3ec0d0b5fae2dd3aeb1cb5a4d6b6b0e6b5e"


def row(**changes: object) -> dict[str, object]:
    """Return one line of an index."""
    return {"name": "a", "media": "text/plain", "size": 0, "hash": FILE_HASH} | changes


@pytest.mark.parametrize(
    "rows",
    [
        b"",
        b"{}",
        b"[ ]",
        b'[{"hash":"00","hash":"00"}]',
        canonical([row()]).replace(b'"media"', b'"media":"x/y","media"'),
        canonical([row()]) + b"\n",
        [row(size=-1)],
        [row(size=True)],
        [row(size="0")],
        [row(size=4096)],
        [row(size=2**52)],
        [row(hash="00")],
        [row(hash=FILE_HASH.upper())],
        [row(name="")],
        [row(name=".")],
        [row(name="a/b")],
        [row(name="a\\b")],
        [row(name="a\x7f")],
        [row(name="长" * 86)],
        canonical([row(name="x")]).replace(b'"x"', '"e\u0301"'.encode()),
        [row(media="text")],
        [row(), row()],
        [{"name": "a"}],
        [row(note="x")],
        ["a"],
    ],
    ids=str,
)
def test_an_index_that_is_not_one_is_the_bidder_s_fault(rows: object) -> None:
    assert made("price", plain(rows)) == ("bidder", "index")


def test_an_index_longer_than_the_part_is_the_bidder_s_fault() -> None:
    assert made("price", (4089).to_bytes(8) + bytes(4088)) == ("bidder", "index")
    assert made("price", b"\xff" * 4096) == ("bidder", "index")


@pytest.mark.parametrize("place", [-1, -2000, 10])
def test_padding_that_is_not_zero_is_the_bidder_s_fault(place: int) -> None:
    spoilt = bytearray(plain([]))
    spoilt[place] = 1

    assert made("price", bytes(spoilt)) == ("bidder", "padding")


def test_padding_to_another_bucket_is_the_bidder_s_fault() -> None:
    """A technical part for which one bucket less would do: more zeros than needed could carry a mark."""
    length = SEAL.part("technical").padded_len

    assert bucket(4097) < length
    assert made("technical", plain([], length=length)) == ("bidder", "padding")


def test_a_file_that_is_not_the_one_indexed_is_the_bidder_s_fault() -> None:
    assert made("price", plain([row(size=3)], b"abc")) == ("bidder", "file")
    assert made("price", plain([row()])) == ("bidder", "file")


@pytest.mark.parametrize(
    "order",
    [[1, 0, 2], [0, 0, 2], [0, 1, 1], [0, 1], [0, 2], []],
    ids=["swapped", "first twice", "second twice", "cut off", "left out", "none"],
)
def test_chunks_in_another_order_are_found_in_an_envelope(order: Sequence[int]) -> None:
    [whole] = CIPHERTEXTS["technical"]
    chunks = [whole[56:16456], whole[16456:32856], whole[32856:]]
    changed = whole[:56] + b"".join(chunks[number] for number in order)
    padded = changed + bytes(len(whole) - len(changed)) if len(changed) < len(whole) else changed[: len(whole)]

    assert fault(with_ciphertext(SEAL, "technical", padded), ciphertexts={"technical": [padded]}) == ("bidder", "chunk")


def test_no_part_is_given_out_when_a_later_one_does_not_open() -> None:
    spoilt = CIPHERTEXTS["identity"][0][:-1] + bytes([CIPHERTEXTS["identity"][0][-1] ^ 1])
    seal = with_ciphertext(SEAL, "identity", spoilt)
    reached: list[str] = []

    def watched(name: str, data: bytes) -> Iterator[bytes]:
        reached.append(name)
        yield data

    readers = {name: watched(name, data[0]) for name, data in CIPHERTEXTS.items()} | {"identity": [spoilt]}
    with pytest.raises(Unopenable, match="chunk: through the bidder"):
        open_bid(seal, S_B, SHARES, readers)
    assert reached == list(PARTS[:-1])


def test_a_part_opens_alone_with_its_own_key() -> None:
    """What anyone does who checks the published price against the sealed bid."""
    key, context = part_key(SEAL.core_hash, S_B, A0, "readout"), part_context(SEAL.core_hash, "readout")
    [one] = files_of(open_part(key, context, CIPHERTEXTS["readout"]))

    assert one.data == b'{"price_yuan":"1280000.00"}'
    with pytest.raises(Unopenable, match="commitment"):
        open_part(key, part_context(SEAL.core_hash, "price"), CIPHERTEXTS["readout"])
    with pytest.raises(Unopenable, match="commitment"):
        open_part(key, context, CIPHERTEXTS["price"])


def test_the_key_of_a_part_is_bound_to_everything() -> None:
    keys = {
        part_key(SEAL.core_hash, S_B, A0, "price"),
        part_key(b"c" * 32, S_B, A0, "price"),
        part_key(SEAL.core_hash, b"s" * 32, A0, "price"),
        part_key(SEAL.core_hash, S_B, A0 + 1, "price"),
        part_key(SEAL.core_hash, S_B, A0, "readout"),
        part_key(SEAL.core_hash, S_B, A0, "price", stage="2"),
        part_key(SEAL.core_hash, S_B, A0, "price", mode="T"),
    }

    assert len(keys) == 7
    with pytest.raises(ValueError, match="32 bytes"):
        part_key(SEAL.core_hash, b"short", A0, "price")
    with pytest.raises(ValueError, match="scalar"):
        part_key(SEAL.core_hash, S_B, 0, "price")


def certified(key: Any, algorithm: Any) -> bytes:
    """Return a certificate of a key, by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    since = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, since, since + datetime.timedelta(999))
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def identified(files: Sequence[File]) -> str:
    """Return at what an identity fails."""
    with pytest.raises(Unopenable) as failure:
        identity_of(files, SEAL.core_hash, OTHERS)
    assert failure.value.fault == "bidder"
    return failure.value.reason


SIGNATURE = sign_identity(sign, SEAL.core_hash, OTHERS)


@pytest.mark.parametrize("identity", [IDENTITY, Identity("甲公司", CERTIFICATE)])
def test_an_identity_is_read_as_it_is_written(identity: Identity) -> None:
    assert identity_of(identity_files(identity, SIGNATURE), SEAL.core_hash, OTHERS) == identity


def test_a_signature_over_anything_else_is_the_bidder_s_fault() -> None:
    for signature in (
        bytes(64),
        SIGNATURE[32:] + SIGNATURE[:32],
        sign_identity(sign, b"c" * 32, OTHERS),
        sign_identity(sign, SEAL.core_hash, OTHERS[::-1]),
        sign_identity(sign, SEAL.core_hash, OTHERS[:-1]),
    ):
        assert identified(identity_files(IDENTITY, signature)) == "identity"


@pytest.mark.parametrize(
    "certificate",
    [
        b"not DER",
        certified(private_key(b"k" * 32), hashes.SHA256()),
        certified(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256()),
        certified(Ed25519PrivateKey.from_private_bytes(b"k" * 32), None),
    ],
    ids=["no certificate", "another key", "another curve", "another algorithm"],
)
def test_a_certificate_that_did_not_sign_is_the_bidder_s_fault(certificate: bytes) -> None:
    assert identified(identity_files(replace(IDENTITY, certificate=certificate), SIGNATURE)) == "identity"


def test_an_identity_of_another_form_is_the_bidder_s_fault() -> None:
    identity, certificate = identity_files(IDENTITY, SIGNATURE)
    fields: dict[str, object] = {
        "name": "甲公司",
        "guarantee": "",
        "tool": "",
        "tool_hash": "",
        "signature": SIGNATURE.hex(),
    }
    forms = [
        fields | {"name": ""},
        fields | {"name": 1},
        fields | {"telephone": "1"},
        fields | {"tool_hash": "00"},
        fields | {"signature": SIGNATURE.hex().upper()},
        {},
        [],
    ]

    assert identity_of([replace(identity, data=canonical(fields)), certificate], SEAL.core_hash, OTHERS)
    for form in forms:
        assert identified([replace(identity, data=canonical(form)), certificate]) == "identity"
    for files in ([], [identity], [certificate, identity], [identity, certificate, certificate]):
        assert identified(files) == "identity"
    assert identified([replace(identity, media="text/plain"), certificate]) == "identity"


FINE = Course(True, False, True, 2, 3, {1: "ok", 2: "ok", 3: "ok"}, {1: True, 2: True, 3: True})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, None),
        ({"acks": {}}, None),
        ({"acks": {1: "bad", 2: "bad", 3: "bad"}}, None),
        ({"shares": {1: True, 2: True}}, None),
        ({"shares": {1: True, 2: False, 3: True}}, None),
        ({"outage": True}, None),
        ({"key_matched": False}, ("bidder", "key")),
        ({"key_matched": False, "shares": {}, "bytes_kept": False}, ("bidder", "key")),
        ({"key_matched": False, "outage": True}, ("platform", "outage")),
        ({"bytes_kept": False}, ("platform", "bytes")),
        ({"bytes_kept": False, "content": "chunk"}, ("platform", "bytes")),
        ({"shares": {1: True}}, ("trustee", "share")),
        ({"shares": {1: True, 2: False, 3: False}}, ("trustee", "share")),
        ({"shares": {1: True}, "acks": {1: "ok", 2: "ok", 3: "bad"}}, ("trustee", "share")),
        ({"shares": {1: True}, "acks": {1: "ok", 3: "bad"}}, ("trustee", "share")),
        ({"shares": {1: True}, "acks": {1: "ok", 2: "bad", 3: "bad"}}, ("bidder", "stanza")),
        ({"shares": {1: True, 2: False}, "acks": {2: "bad", 3: "bad"}}, ("bidder", "stanza")),
        ({"shares": {}, "acks": {1: "bad", 2: "bad", 3: "bad"}}, ("bidder", "stanza")),
        ({"shares": {}, "acks": {}}, ("trustee", "share")),
        ({"content": "commitment"}, ("bidder", "commitment")),
        ({"content": "padding"}, ("bidder", "padding")),
    ],
)
def test_the_fault_is_computed_from_what_is_logged(changes: dict[str, Any], found: tuple[str, str] | None) -> None:
    computed = computed_fault(replace(FINE, **changes))

    assert (computed and (computed.fault, computed.reason)) == found
