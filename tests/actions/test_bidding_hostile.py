"""A bidder whose bid cannot be kept as it is (恶意投标内容): it never holds up the opening of the others."""

import secrets
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.queries import HallRow, opening_record
from mifeng.kernel import clock
from mifeng.rules.encoding import canonical
from mifeng.rules.readout import FILE, MEDIA
from mifeng.rules.seal.identity import Identity
from mifeng.rules.seal.part import File
from mifeng.rules.seal.policy import parse_policy
from mifeng.rules.seal.sealing import draw_secrets, seal_bid
from mifeng.tenders.models import Lot
from tests.bids import Bidder, Held, bidder_of, hand_in, handed_in
from tests.factories import DUE, START, City
from tests.trusted import Trusted

SOON = DUE + timedelta(minutes=5)
HUGE = "100000000000000.00"
SAID = {"price_yuan": "4650000.00", "price_words": "肆佰陆拾伍万元整", "delivery": "30天", "quality": "合格"}
PDF = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /S /#ff#fe >>\nendobj\n"
)


def unnamed_pdf() -> bytes:
    """Return a sound PDF with a name in it that is no UTF-8."""
    places = "".join(f"{PDF.index(b'%d 0 obj' % number):010d} 00000 n \n" for number in (1, 2, 3))
    table = f"xref\n0 4\n0000000000 65535 f \n{places}trailer << /Size 4 /Root 1 0 R >>\nstartxref\n{len(PDF)}\n%%EOF\n"
    return PDF + table.encode()


def own_certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a certificate that a bidder made for itself, with one extension twice."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(DUE + timedelta(days=30))
    )
    for number in (97, 98):
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"2.5.29.{number}"), b"\x05\x00")
        builder = builder.add_extension(extension, critical=False)
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    return der.replace(b"\x06\x03\x55\x1d\x62", b"\x06\x03\x55\x1d\x61", 1)


def sealed(city: City, lot: Lot, said: dict[str, str], identity: Identity, technical: bytes) -> Held:
    """Return a bid of the fourth supplier with such content."""
    policy = parse_policy(lot.policy.encode())
    drawn, bidder = draw_secrets(policy, secrets.token_bytes), own_bidder(city)
    content = {
        "readout": [File(FILE, MEDIA, canonical(said))],
        "technical": [File("技术方案.pdf", "application/pdf", technical)],
    }
    made = seal_bid(policy, lot.policy.encode(), content, secrets=drawn, identity=identity, signer=bidder.sign)
    return Held(lot, bidder, drawn, made)


def own_bidder(city: City) -> Bidder:
    """Return the fourth supplier."""
    return bidder_of("bidder-4", city["bidder-4"].organisation)


def shown_with(city: City, near: Trusted, lot: Lot, hostile: Held) -> HallRow:
    """Open three sound bids and this one, and return how it is shown; the others are read out."""
    held = [*handed_in(city, lot, 3), hostile]
    hand_in(city, hostile)
    near.listed(lot)
    with clock.frozen(SOON):
        assert near.advance(lot) == "keying"
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        assert near.advance(lot) == "public"
    rows = {row.bid_ref: row for row in opening_record(lot.pk).rows}
    assert [(rows[one.bid_ref].outcome, rows[one.bid_ref].doubts) for one in held[:3]] == [("opened", ())] * 3
    return rows[hostile.bid_ref]


@pytest.mark.parametrize("changed", [{"price_yuan": HUGE}, {"price_words": "壹佰万亿元整"}])
def test_bid_with_an_amount_no_column_holds_is_opened_beside_the_others(
    city: City, near: Trusted, lot: Lot, changed: dict[str, str]
) -> None:
    own = own_bidder(city)
    identity = Identity(own.organisation.name, own.certificate)

    row = shown_with(city, near, lot, sealed(city, lot, SAID | changed, identity, unnamed_pdf()))

    figures = None if "price_yuan" in changed else Decimal(SAID["price_yuan"])
    doubt = "readout-unreadable" if figures is None else "words-differ"
    assert (row.outcome, row.price_yuan, row.words_yuan) == ("opened", figures, None)
    assert row.doubts == ("file-unsafe", doubt)


def test_bid_with_a_certificate_and_a_name_nobody_can_keep_is_opened_beside_the_others(
    city: City, near: Trusted, lot: Lot
) -> None:
    identity = Identity("甲\x00乙" + "丙" * 300, own_certificate(own_bidder(city).key))

    row = shown_with(city, near, lot, sealed(city, lot, SAID, identity, unnamed_pdf()))

    assert (row.outcome, row.bidder) == ("opened", "甲\N{REPLACEMENT CHARACTER}乙" + "丙" * 197)
    assert row.doubts == ("certificate-malformed", "file-unsafe")
