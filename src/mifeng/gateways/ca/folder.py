"""The embedded authority (内置认证机构): key, root and what was issued and revoked, as files of one folder.

It makes the sample and a small installation work without a contract with anybody. Whoever can read the folder can issue
certificates in any name; a production platform names a licensed authority instead.
"""

import os
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from mifeng.gateways.ca import Subject
from mifeng.rules.certificates import Use, is_credit_code, point_of

KEY, ROOT, ISSUED, REVOKED = "ca.key", "ca.der", "issued", "revoked"
ROOT_DAYS, CERTIFICATE_DAYS, LIST_DAYS = 7300, 730, 7
MAX_NAME = 64


class FolderCa:
    """An authority whose key lies in a folder (内置认证机构).

    Args:
        folder: made by ``make_ca``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def root(self) -> bytes:
        """Return the authority's own certificate."""
        return (self._folder / ROOT).read_bytes()

    def issue(self, request: bytes, subject: Subject, at: datetime, use: Use = Use.SIGNING) -> bytes:
        """Return a certificate for the key of a request; see ``Ca.issue``."""
        public = _requested(request)
        name = _name(subject)
        root, key = self._authority()
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_second(at))
            .not_valid_after(min(_second(at) + timedelta(days=CERTIFICATE_DAYS), root.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=use is Use.SIGNING, key_agreement=use is Use.ENCRYPTION), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        certificate = builder.sign(key, hashes.SHA256())
        der = certificate.public_bytes(Encoding.DER)
        _write(self._folder / ISSUED / f"{certificate.serial_number:x}", der)
        return der

    def revoke(self, certificate: bytes, at: datetime) -> None:
        """Revoke a certificate of this authority from an instant on; revoking again changes nothing."""
        root, _ = self._authority()
        parsed = x509.load_der_x509_certificate(certificate)
        try:
            parsed.verify_directly_issued_by(root)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise ValueError("not a certificate of this authority") from error
        _write(self._folder / REVOKED / f"{parsed.serial_number:x}", _second(at).isoformat().encode())

    def crl(self, at: datetime) -> bytes:
        """Return the list of the certificates revoked until an instant, valid for seven days from then on."""
        root, key = self._authority()
        now = _second(at)
        number = int(now.timestamp())
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(root.subject)
            .last_update(now)
            .next_update(now + timedelta(days=LIST_DAYS))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        for path in sorted((self._folder / REVOKED).glob("[0-9a-f]*")):
            revoked_at = datetime.fromisoformat(path.read_text())
            if revoked_at <= now:
                row = x509.RevokedCertificateBuilder().serial_number(int(path.name, 16)).revocation_date(revoked_at)
                builder = builder.add_revoked_certificate(row.build())
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        root = x509.load_der_x509_certificate(self.root())
        key = load_pem_private_key((self._folder / KEY).read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
            raise ValueError(f"{KEY} does not belong to {ROOT} in {self._folder}")
        return root, key


def make_ca(folder: Path, name: str, at: datetime) -> FolderCa:
    """Make the files that are missing and return the authority; a key that is there stays.

    Args:
        folder: made, closed to others, when absent.
        name: name of the authority, used when its root is made.
        at: start of the root's validity, aware.
    """
    for path in (folder, folder / ISSUED, folder / REVOKED):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).exists():
        made = ec.generate_private_key(ec.SECP256R1())
        _write(folder / KEY, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key((folder / KEY).read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"no key of an authority in {folder}")
    if not (folder / ROOT).exists():
        _write(folder / ROOT, _root(key, name, _second(at)))
    return FolderCa(folder)


def _root(key: ec.EllipticCurvePrivateKey, name: str, at: datetime) -> bytes:
    called = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=ROOT_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _requested(request: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of a request that is signed by its private half."""
    parsed = x509.load_der_x509_csr(request)
    public = parsed.public_key()
    point_of(public)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not parsed.is_signature_valid:
        raise ValueError("the request is not signed by its own key")
    return public


def _name(subject: Subject) -> x509.Name:
    organisation = unicodedata.normalize("NFC", subject.organisation)
    if not organisation.strip() or len(organisation) > MAX_NAME or any(sign < " " for sign in organisation):
        raise ValueError(f"an organisation has a name of at most {MAX_NAME} characters")
    if not is_credit_code(subject.credit_code):
        raise ValueError("a credit code has 18 characters")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, subject.credit_code),
        ]
    )


def _usage(
    *, digital_signature: bool = False, key_agreement: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=key_agreement,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _second(at: datetime) -> datetime:
    """Return an instant in UTC as certificates write it, in whole seconds."""
    if at.tzinfo is None:
        raise ValueError("an instant without zone")
    return at.astimezone(UTC).replace(microsecond=0)


def _write(path: Path, data: bytes) -> None:
    """Write a closed file whole or not at all, on disk when this returns; the first to write it wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
