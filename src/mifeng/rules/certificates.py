"""Certificates of suppliers (数字证书): who stands behind a public key, said by an authority both sides trust.

The profile is small, so that two readers cannot read one certificate in two ways: ECDSA on P-256 with SHA-256
throughout, one authority without intermediates, the organisation and its unified social credit code in the subject. A
certificate is believed for an instant: the authority's list of revoked certificates must cover that instant, and what
was revoked later still stands for it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from mifeng.rules.errors import Tampered

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_KNOWN = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }
)
# What the library raises beside ValueError for a certificate that somebody made up.
_MISSHAPEN = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)


class Use(StrEnum):
    """What a certified key is for (证书用途): one key never does both."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is (证书持有人): what a verified certificate says.

    Args:
        organisation: full name of the organisation.
        credit_code: its unified social credit code, 18 characters.
        use: what the key is for.
        key: the public point, uncompressed, 65 bytes.
        serial: number of the certificate with its authority.
        not_before: start of validity, aware.
        not_after: end of validity, aware.
    """

    organisation: str
    credit_code: str
    use: Use
    key: bytes
    serial: int
    not_before: datetime
    not_after: datetime


class Unfit(Tampered):
    """A certificate that does not stand at the instant asked about (证书无效).

    ``fault`` is one of root, issuer, not-yet, expired, revoked, list.
    """

    def __init__(self, fault: str, text: str) -> None:
        self.fault = fault
        super().__init__(text)


def verify_certificate(der: bytes, at: datetime, root: bytes, crl: bytes) -> Holder:
    """Make sure that a certificate stands at an instant, and return whose it is (核验证书).

    Args:
        der: the certificate.
        at: the instant, aware: when the signature was made, or when the key was used.
        root: the authority's own certificate, known from elsewhere.
        crl: its list of revoked certificates, in force at that instant or issued later.

    Raises:
        Unfit: when a signature does not hold, or the certificate is not valid or is revoked at that instant.
        ValueError: when something is misshapen, departs from the profile, or the instant has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant without zone")
    authority = _authority(root, at)
    try:
        certificate = x509.load_der_x509_certificate(der)
        holder = _holder(certificate)
    except _MISSHAPEN as error:
        raise ValueError("the certificate departs from the profile") from error
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise Unfit("issuer", "the certificate is not issued by this authority") from error
    _within(holder.not_before, holder.not_after, at)
    revoked_at = _revocation(authority, crl, at, holder.serial)
    if revoked_at is not None and revoked_at <= at:
        raise Unfit("revoked", f"the certificate was revoked at {revoked_at.isoformat()}")
    return holder


def is_credit_code(code: str) -> bool:
    """Say whether a text has the shape of a unified social credit code (统一社会信用代码)."""
    return _CREDIT_CODE.fullmatch(code) is not None


def certificate_request(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the request for a certificate (证书申请): the public key, signed by its own private half; names nobody."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def point_of(key: object) -> bytes:
    """Return the 65 bytes of a public key on P-256.

    Raises:
        ValueError: for any other key.
    """
    return _on_p256(key).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _on_p256(key: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a key on P-256")
    return key


def _authority(root: bytes, at: datetime) -> x509.Certificate:
    authority = x509.load_der_x509_certificate(root)
    _on_p256(authority.public_key())
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    try:
        authority.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise Unfit("root", "the authority's certificate is not its own") from error
    if not constraints.ca or not authority.not_valid_before_utc <= at <= authority.not_valid_after_utc:
        raise Unfit("root", "the authority may not issue at this instant")
    return authority


def _holder(certificate: x509.Certificate) -> Holder:
    extensions = {one.oid: one for one in certificate.extensions}
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256 or extensions.keys() != _KNOWN:
        raise ValueError("the certificate departs from the profile")
    if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise ValueError("an authority's certificate is nobody's")
    code = _named(certificate.subject, NameOID.SERIAL_NUMBER)
    if not is_credit_code(code):
        raise ValueError("the subject carries no credit code")
    return Holder(
        organisation=_named(certificate.subject, NameOID.ORGANIZATION_NAME),
        credit_code=code,
        use=_use(certificate.extensions.get_extension_for_class(x509.KeyUsage).value),
        key=point_of(certificate.public_key()),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _named(subject: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = subject.get_attributes_for_oid(oid)
    if len(found) != 1 or not isinstance(found[0].value, str) or not found[0].value:
        raise ValueError("the subject names one organisation and its credit code")
    return found[0].value


def _use(usage: x509.KeyUsage) -> Use:
    others = usage.key_cert_sign or usage.crl_sign or usage.key_encipherment or usage.data_encipherment
    if others or usage.content_commitment or usage.digital_signature == usage.key_agreement:
        raise ValueError("a key signs, or agrees on keys, and does nothing else")
    return Use.SIGNING if usage.digital_signature else Use.ENCRYPTION


def _within(not_before: datetime, not_after: datetime, at: datetime) -> None:
    if at < not_before:
        raise Unfit("not-yet", f"the certificate is valid from {not_before.isoformat()}")
    if at > not_after:
        raise Unfit("expired", f"the certificate was valid until {not_after.isoformat()}")


def _revocation(authority: x509.Certificate, crl: bytes, at: datetime, serial: int) -> datetime | None:
    """Return when a certificate was revoked; None when it was not, by a list that covers the instant."""
    revoked = x509.load_der_x509_crl(crl)
    if revoked.issuer != authority.subject or not revoked.is_signature_valid(_on_p256(authority.public_key())):
        raise Unfit("list", "the list of revoked certificates is not by this authority")
    if revoked.next_update_utc is None or revoked.next_update_utc < at.astimezone(UTC):
        raise Unfit("list", "the list of revoked certificates does not cover this instant")
    row = revoked.get_revoked_certificate_by_serial_number(serial)
    return None if row is None else row.revocation_date_utc
