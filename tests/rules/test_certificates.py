"""Certificates are believed for an instant, under one authority and its list; every departure has its fault."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mifeng.rules.certificates import (
    Unfit,
    Use,
    certificate_request,
    is_credit_code,
    point_of,
    verify_certificate,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
NOON = START + timedelta(days=10, hours=12)
CA_KEY, KEY, STRANGER = (ec.derive_private_key(number, ec.SECP256R1()) for number in (101, 102, 103))
CODE = "91371300MA3TC7QH2T"
SUBJECT = ((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "临沂甲公司"), (NameOID.SERIAL_NUMBER, CODE))
CA_SUBJECT = ((NameOID.ORGANIZATION_NAME, "示范认证机构"),)


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """Return a distinguished name."""
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def usage(**uses: bool) -> x509.KeyUsage:
    """Return a key usage with these bits."""
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    bits += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**dict.fromkeys(bits, False) | uses)


def certificate(**changes: Any) -> bytes:
    """Return a supplier's certificate, changed in one place or more."""
    given = {
        "subject": SUBJECT,
        "issuer": CA_SUBJECT,
        "key": KEY,
        "signer": CA_KEY,
        "hash": hashes.SHA256(),
        "serial": 77,
        "ca": False,
        "usage": usage(digital_signature=True),
        "until": START + timedelta(days=365),
        "more": [],
    } | changes
    public = given["key"].public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(*given["subject"]))
        .issuer_name(name(*given["issuer"]))
        .public_key(public)
        .serial_number(given["serial"])
        .not_valid_before(START)
        .not_valid_after(given["until"])
        .add_extension(x509.BasicConstraints(given["ca"], None), critical=True)
        .add_extension(given["usage"], critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(CA_KEY.public_key()), critical=False)
    )
    for extension in given["more"]:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(given["signer"], given["hash"]).public_bytes(Encoding.DER)


def authority(**changes: Any) -> bytes:
    """Return the authority's own certificate."""
    own = {"subject": CA_SUBJECT, "key": CA_KEY, "ca": True, "usage": usage(key_cert_sign=True, crl_sign=True)}
    return certificate(**own | changes)


def second_version(der: bytes) -> bytes:
    """Return a certificate that says it is of version 2."""
    return der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1)


def twice_extended(**changes: Any) -> bytes:
    """Return a certificate with one extension twice, as no library writes it."""
    oids = [x509.ObjectIdentifier(f"2.5.29.{number}") for number in (97, 98)]
    der = certificate(**changes, more=[x509.UnrecognizedExtension(oid, b"\x05\x00") for oid in oids])
    return der.replace(b"\x06\x03\x55\x1d\x62", b"\x06\x03\x55\x1d\x61", 1)


def revocations(
    *rows: tuple[int, datetime],
    signer: ec.EllipticCurvePrivateKey = CA_KEY,
    issuer: tuple[tuple[x509.ObjectIdentifier, str], ...] = CA_SUBJECT,
    days: int = 30,
) -> bytes:
    """Return a list of revoked certificates."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(name(*issuer))
    builder = builder.last_update(START).next_update(START + timedelta(days=days))
    for serial, at in rows:
        row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(row)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


ROOT, LIST = authority(), revocations((78, START))


def test_a_certificate_says_whose_key_it_is() -> None:
    holder = verify_certificate(certificate(), NOON, ROOT, LIST)

    assert (holder.organisation, holder.credit_code, holder.use) == ("临沂甲公司", CODE, Use.SIGNING)
    assert (holder.key, holder.serial) == (point_of(KEY.public_key()), 77)
    assert (holder.not_before, holder.not_after) == (START, START + timedelta(days=365))


def test_a_key_for_encryption_is_told_from_one_for_signing() -> None:
    agreeing = certificate(usage=usage(key_agreement=True))

    assert verify_certificate(agreeing, NOON, ROOT, LIST).use is Use.ENCRYPTION


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (START - timedelta(seconds=1), "root"),
        (START, ""),
        (START + timedelta(days=20), ""),
        (START + timedelta(days=20, seconds=1), "expired"),
    ],
)
def test_a_certificate_stands_from_its_first_to_its_last_second(at: datetime, fault: str) -> None:
    der = certificate(until=START + timedelta(days=20))
    beijing = at.astimezone(timezone(timedelta(hours=8)))

    if fault:
        with pytest.raises(Unfit) as unfit:
            verify_certificate(der, beijing, ROOT, LIST)
        assert unfit.value.fault == fault
    else:
        assert verify_certificate(der, beijing, ROOT, LIST).serial == 77


def test_a_certificate_does_not_stand_before_its_first_second() -> None:
    early = x509.load_der_x509_certificate(authority())
    root = (
        x509.CertificateBuilder()
        .subject_name(early.subject)
        .issuer_name(early.subject)
        .public_key(CA_KEY.public_key())
        .serial_number(1)
        .not_valid_before(START - timedelta(days=1))
        .not_valid_after(START + timedelta(days=100))
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .sign(CA_KEY, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )

    with pytest.raises(Unfit) as unfit:
        verify_certificate(certificate(), START - timedelta(seconds=1), root, LIST)
    assert unfit.value.fault == "not-yet"


def test_what_was_revoked_later_still_stood_before() -> None:
    revoked = revocations((77, NOON))

    assert verify_certificate(certificate(), NOON - timedelta(seconds=1), ROOT, revoked).serial == 77
    with pytest.raises(Unfit) as unfit:
        verify_certificate(certificate(), NOON, ROOT, revoked)
    assert unfit.value.fault == "revoked"


@pytest.mark.parametrize(
    ("der", "root", "crl", "fault"),
    [
        (certificate(signer=STRANGER), ROOT, LIST, "issuer"),
        (certificate(issuer=((NameOID.ORGANIZATION_NAME, "another"),)), ROOT, LIST, "issuer"),
        (certificate(), authority(signer=STRANGER), LIST, "root"),
        (certificate(), authority(issuer=((NameOID.ORGANIZATION_NAME, "above"),)), LIST, "root"),
        (certificate(), authority(ca=False), LIST, "root"),
        (certificate(), authority(until=NOON - timedelta(days=1)), LIST, "root"),
        (certificate(), ROOT, revocations(signer=STRANGER), "list"),
        (certificate(), ROOT, revocations(issuer=((NameOID.ORGANIZATION_NAME, "another"),)), "list"),
        (certificate(), ROOT, revocations(days=10), "list"),
    ],
)
def test_what_is_not_by_the_authority_is_refused(der: bytes, root: bytes, crl: bytes, fault: str) -> None:
    with pytest.raises(Unfit) as unfit:
        verify_certificate(der, NOON, root, crl)

    assert unfit.value.fault == fault


@pytest.mark.parametrize(
    "changes",
    [
        {"hash": hashes.SHA384()},
        {"ca": True},
        {"more": [x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])]},
        {"key": ec.derive_private_key(5, ec.SECP384R1())},
        {"key": ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)},
        {"usage": usage()},
        {"usage": usage(digital_signature=True, key_agreement=True)},
        {"usage": usage(digital_signature=True, key_cert_sign=True)},
        {"usage": usage(digital_signature=True, content_commitment=True)},
        {"subject": SUBJECT[:2]},
        {"subject": SUBJECT[:1] + SUBJECT[2:]},
        {"subject": (*SUBJECT, (NameOID.ORGANIZATION_NAME, "another"))},
        {"subject": (*SUBJECT[:2], (NameOID.SERIAL_NUMBER, "91371300MA3TC7QH2"))},
    ],
)
def test_a_certificate_outside_the_profile_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        verify_certificate(certificate(**changes), NOON, ROOT, LIST)


@pytest.mark.parametrize(
    ("der", "root", "crl"),
    [
        (b"", ROOT, LIST),
        (certificate() + b"\0", ROOT, LIST),
        (certificate()[:-1], ROOT, LIST),
        (certificate(), b"root", LIST),
        (certificate(), ROOT, b"list"),
        (certificate(), authority(key=ec.derive_private_key(5, ec.SECP384R1())), LIST),
        (second_version(certificate()), ROOT, LIST),
        (twice_extended(), ROOT, LIST),
    ],
)
def test_what_is_misshapen_is_refused(der: bytes, root: bytes, crl: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        verify_certificate(der, NOON, root, crl)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        verify_certificate(certificate(), NOON.replace(tzinfo=None), ROOT, LIST)


@pytest.mark.parametrize(
    ("code", "shaped"),
    [(CODE, True), (CODE.lower(), False), (CODE + "0", False), (CODE[:-1] + "O", False), (CODE + "\n", False)],
)
def test_credit_codes_have_one_shape(code: str, shaped: bool) -> None:
    assert is_credit_code(code) is shaped


def test_a_request_is_signed_by_its_own_key_and_names_nobody() -> None:
    request = x509.load_der_x509_csr(certificate_request(KEY))

    assert request.is_signature_valid
    assert list(request.subject) == []
    assert request.public_key() == KEY.public_key()
