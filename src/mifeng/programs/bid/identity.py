"""Who bids, and with which keys (投标人身份): certificate, private key, the submit key of this bid, the recovery code.

The certificate's key signs inside the envelope, where nobody reads it before the opening. What signs outside is the
*submit key* (递交密钥), made for this one bid, so that no two bids of one supplier look alike. The *recovery code*
(恢复码) opens the bid when the folder is lost; it is shown once and kept nowhere.
"""

import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key
from cryptography.x509.oid import NameOID

from mifeng.programs.bid.texts import Failed
from mifeng.rules.certificates import point_of
from mifeng.rules.seal.wrap import CODE_BYTES, parse_recovery, recovery_key

PASSWORD = "MIFENG_KEY_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate as the bid carries it (数字证书): DER, holder, credit code, end of validity."""

    der: bytes
    organisation: str
    credit_code: str
    until: datetime


def read_certificate(path: Path) -> Holder:
    """Return the certificate in a file, PEM or DER.

    Raises:
        Failed: ``certificate-unreadable``.
    """
    try:
        data = path.read_bytes()
        pem = b"-----BEGIN" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        point_of(certificate.public_key())
        organisation, code = (_named(certificate, oid) for oid in (NameOID.ORGANIZATION_NAME, NameOID.SERIAL_NUMBER))
    except (OSError, ValueError) as error:
        raise Failed("certificate-unreadable", error=f"{path}: {error}") from error
    return Holder(certificate.public_bytes(Encoding.DER), organisation, code, certificate.not_valid_after_utc)


def matching(holder: Holder, name: str, code: str) -> Holder:
    """Return the certificate once it names the bidder as given.

    Raises:
        Failed: ``certificate-other``.
    """
    given = (unicodedata.normalize("NFC", name), code.upper())
    if (holder.organisation, holder.credit_code) != given:
        found = f"{holder.organisation} {holder.credit_code}"
        raise Failed("certificate-other", holder=found, given=" ".join(given))
    return holder


def read_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the private key in a file, PEM or DER; the password of an enciphered one comes from the surroundings.

    Raises:
        Failed: ``certificate-unreadable``.
    """
    password = os.environ.get(PASSWORD, "").encode() or None
    try:
        data = path.read_bytes()
        key = load_pem_private_key(data, password) if b"-----BEGIN" in data else load_der_private_key(data, password)
        point_of(key.public_key())
    except (OSError, ValueError, TypeError) as error:
        raise Failed("certificate-unreadable", error=f"{path}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Failed("certificate-unreadable", error=path)
    return key


def signer(path: Path, holder: Holder, at: datetime) -> Callable[[bytes], bytes]:
    """Return what signs with the private key of a certificate that is valid.

    Raises:
        Failed: ``key-other``, ``certificate-expired``.
    """
    key = read_private_key(path)
    if point_of(key.public_key()) != public_point(holder):
        raise Failed("key-other", file=path)
    if holder.until <= at:
        raise Failed("certificate-expired", until=holder.until.strftime("%Y-%m-%d"))
    return lambda message: key.sign(message, ec.ECDSA(hashes.SHA256()))


def public_point(holder: Holder) -> bytes:
    """Return the public key of a certificate: 65 bytes."""
    return point_of(x509.load_der_x509_certificate(holder.der).public_key())


def now() -> datetime:
    """Return this machine's time: the tool's only clock, which decides nothing but whether a certificate has ended."""
    return datetime.now(UTC)  # noqa: TID251 - a program away from the server has this machine's clock and no other


def new_code() -> bytes:
    """Return a fresh recovery code: 128 bits."""
    return secrets.token_bytes(CODE_BYTES)


def read_code(text: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key of the recovery code that somebody typed.

    Raises:
        Failed: ``code-unclear``, also for a typing error.
    """
    try:
        return recovery_key(parse_recovery(text))
    except ValueError as error:
        raise Failed("code-unclear", error=error) from None


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    if len(found) != 1 or not isinstance(found[0].value, str):
        raise ValueError("the subject names one organisation and its credit code")
    return found[0].value
