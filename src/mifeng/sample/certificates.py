"""Certificates of the sample suppliers (示范数字证书): each has one to sign with and one to open with.

Real suppliers bring theirs from a licensed authority, and keys never leave the token they are made in. Here they lie in
``<data>/suppliers/<account>/``, which stands for the supplier's own machine.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate

from mifeng.gateways.ca import Ca, Subject
from mifeng.gateways.ca.folder import make_ca
from mifeng.parties.models import Organisation, Post
from mifeng.rules.certificates import Use, certificate_request

CA_NAME = "弥封示范认证中心"
ROOT_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
FILES = {Use.SIGNING: "signing", Use.ENCRYPTION: "encryption"}


def issue_all(folder: Path, suppliers: Path, at: datetime) -> None:
    """Make the authority and issue the certificates that are missing (签发示范证书).

    Args:
        folder: the authority's folder.
        suppliers: folder that holds one folder for each supplier's account.
        at: start of validity, aware.
    """
    ca = make_ca(folder, CA_NAME, ROOT_SINCE)
    posts = Post.objects.filter(role=Post.Role.BIDDER, organisation__kind=Organisation.Kind.SUPPLIER)
    for post in posts.select_related("person", "organisation").order_by("person__account"):
        own = suppliers / post.person.account
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        for use, name in FILES.items():
            if not (own / f"{name}.pem").exists():
                _issue(ca, own, name, Subject(post.organisation.name, post.organisation.code), at, use)


def _issue(ca: Ca, folder: Path, name: str, subject: Subject, at: datetime, use: Use) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = load_der_x509_certificate(ca.issue(certificate_request(key), subject, at, use))
    _write(folder / f"{name}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(folder / f"{name}.pem", certificate.public_bytes(Encoding.PEM), 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
