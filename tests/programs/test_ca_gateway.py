"""The embedded authority issues what the rules believe, keeps its key to itself, and forgets no revocation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mifeng.gateways.ca import Ca, Subject
from mifeng.gateways.ca.folder import FolderCa, make_ca
from mifeng.rules.certificates import Unfit, Use, certificate_request, point_of, verify_certificate

START = datetime(2026, 11, 1, 9, 30, 0, 250_000, tzinfo=UTC)
LATER = START + timedelta(days=20)
SUPPLIER = Subject("临沂甲公司", "91371300MA3TC7QH2T")


@pytest.fixture
def ca(tmp_path: Path) -> FolderCa:
    """Return a new authority."""
    return make_ca(tmp_path / "ca", "示范认证机构", START)


def key() -> ec.EllipticCurvePrivateKey:
    """Return a supplier's new key."""
    return ec.generate_private_key(ec.SECP256R1())


def test_what_is_issued_is_believed(ca: FolderCa) -> None:
    authority: Ca = ca
    mine, other = key(), key()
    signing = authority.issue(certificate_request(mine), SUPPLIER, START)
    agreeing = authority.issue(certificate_request(other), SUPPLIER, START, Use.ENCRYPTION)
    holder = verify_certificate(signing, START, authority.root(), authority.crl(START))
    second = verify_certificate(agreeing, LATER, authority.root(), authority.crl(LATER))

    assert (holder.organisation, holder.credit_code) == (SUPPLIER.organisation, SUPPLIER.credit_code)
    assert (holder.key, holder.use) == (point_of(mine.public_key()), Use.SIGNING)
    assert (second.key, second.use) == (point_of(other.public_key()), Use.ENCRYPTION)
    assert holder.serial != second.serial


def test_a_revocation_holds_from_its_instant_on_and_is_not_forgotten(ca: FolderCa, tmp_path: Path) -> None:
    der, kept = (ca.issue(certificate_request(key()), SUPPLIER, START) for _ in range(2))
    ca.revoke(der, LATER)
    ca.revoke(der, LATER + timedelta(days=1))
    again = make_ca(tmp_path / "ca", "another name", LATER)
    crl = again.crl(LATER + timedelta(days=1))

    assert again.root() == ca.root()
    assert verify_certificate(der, START, ca.root(), crl)
    assert verify_certificate(kept, LATER, ca.root(), crl)
    assert verify_certificate(der, LATER - timedelta(days=1), ca.root(), ca.crl(LATER - timedelta(days=1)))
    with pytest.raises(Unfit) as unfit:
        verify_certificate(der, LATER, ca.root(), crl)
    assert unfit.value.fault == "revoked"


def test_an_old_list_covers_no_later_instant(ca: FolderCa) -> None:
    der = ca.issue(certificate_request(key()), SUPPLIER, START)

    with pytest.raises(Unfit) as unfit:
        verify_certificate(der, LATER, ca.root(), ca.crl(START))
    assert unfit.value.fault == "list"


def test_names_in_a_request_are_not_taken_over(ca: FolderCa) -> None:
    mine = key()
    named = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "临沂乙公司")])
    request = x509.CertificateSigningRequestBuilder().subject_name(named).sign(mine, hashes.SHA256())
    der = ca.issue(request.public_bytes(Encoding.DER), SUPPLIER, START)

    assert verify_certificate(der, START, ca.root(), ca.crl(START)).organisation == "临沂甲公司"


def test_a_request_that_proves_no_key_is_refused(ca: FolderCa) -> None:
    good = certificate_request(key())
    spoilt = good[:-1] + bytes([good[-1] ^ 1])
    nobody = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    others = [
        nobody.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256()).public_bytes(Encoding.DER),
        nobody.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.DER),
    ]

    for request in (b"", spoilt, *others):
        with pytest.raises(ValueError, match=r".+"):
            ca.issue(request, SUPPLIER, START)


@pytest.mark.parametrize(
    "subject",
    [
        Subject("", SUPPLIER.credit_code),
        Subject(" ", SUPPLIER.credit_code),
        Subject("甲" * 65, SUPPLIER.credit_code),
        Subject("甲\n", SUPPLIER.credit_code),
        Subject("甲", "91371300"),
    ],
)
def test_a_subject_out_of_shape_is_refused(ca: FolderCa, subject: Subject) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ca.issue(certificate_request(key()), subject, START)


def test_only_its_own_certificates_are_revoked(ca: FolderCa, tmp_path: Path) -> None:
    other = make_ca(tmp_path / "other", "示范认证机构", START)
    foreign = other.issue(certificate_request(key()), SUPPLIER, START)

    for der in (b"", foreign):
        with pytest.raises(ValueError, match=r".+"):
            ca.revoke(der, START)


def test_instants_have_a_zone(ca: FolderCa) -> None:
    with pytest.raises(ValueError, match="zone"):
        ca.crl(START.replace(tzinfo=None))


def test_no_certificate_outlives_its_root(ca: FolderCa) -> None:
    late = START + timedelta(days=7200)
    der = ca.issue(certificate_request(key()), SUPPLIER, late)
    root = x509.load_der_x509_certificate(ca.root())

    assert verify_certificate(der, late, ca.root(), ca.crl(late)).not_after == root.not_valid_after_utc


def test_the_folder_is_closed_to_others(ca: FolderCa, tmp_path: Path) -> None:
    ca.issue(certificate_request(key()), SUPPLIER, START)
    files = [path for path in (tmp_path / "ca").rglob("*") if path.is_file()]

    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ca", tmp_path / "ca" / "issued")} == {0o700}
    assert sorted(path.name for path in (tmp_path / "ca").iterdir()) == ["ca.der", "ca.key", "issued", "revoked"]


def test_a_key_that_does_not_belong_to_the_root_issues_nothing(ca: FolderCa, tmp_path: Path) -> None:
    make_ca(tmp_path / "other", "示范认证机构", START)
    (tmp_path / "ca" / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())

    with pytest.raises(ValueError, match="does not belong"):
        ca.crl(START)
    other = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "ca" / "ca.key").write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    with pytest.raises(ValueError, match="no key of an authority"):
        make_ca(tmp_path / "ca", "示范认证机构", START)


def test_an_authority_made_by_several_at_once_is_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make_ca(tmp_path / "ca", "示范认证机构", START), range(8)))

    assert len({ca.root() for ca in made}) == 1
    assert made[0].crl(START)
