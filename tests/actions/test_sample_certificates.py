"""Certificates of the sample suppliers (示范数字证书): each names its supplier and is believed under the root."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from mifeng.gateways.ca.folder import FolderCa
from mifeng.parties.models import Organisation
from mifeng.rules.certificates import Use, verify_certificate
from mifeng.sample.certificates import issue_all
from tests.factories import START, City


@pytest.mark.parametrize(("name", "use"), [("signing", Use.SIGNING), ("encryption", Use.ENCRYPTION)])
def test_every_supplier_has_a_certificate_of_each_use_in_its_own_name(
    city: City, tmp_path: Path, name: str, use: Use
) -> None:
    issue_all(tmp_path / "ca", tmp_path / "suppliers", START)

    ca, at = FolderCa(tmp_path / "ca"), START + timedelta(days=1)
    suppliers = Organisation.objects.filter(kind=Organisation.Kind.SUPPLIER)
    held = {}
    for folder in sorted((tmp_path / "suppliers").iterdir()):
        certificate = load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        holder = verify_certificate(certificate.public_bytes(Encoding.DER), at, ca.root(), ca.crl(at))
        key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        assert key.public_key() == certificate.public_key()
        assert (holder.use, stat.S_IMODE((folder / f"{name}.key").stat().st_mode)) == (use, 0o600)
        held[holder.credit_code] = holder.organisation
    assert held == dict(suppliers.values_list("code", "name"))
    assert len(held) == 6


def test_certificates_that_are_there_stay(city: City, tmp_path: Path) -> None:
    issue_all(tmp_path / "ca", tmp_path / "suppliers", START)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    issue_all(tmp_path / "ca", tmp_path / "suppliers", START + timedelta(days=3))

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
