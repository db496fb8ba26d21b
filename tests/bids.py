"""Sealed bids for tests (密封投标): really sealed for the sample city's trustees, handed in through the reception.

Each bidder has a certificate of the sample's own authority, a submit key, and content in which a canary could leak.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from mifeng.bidding import reception, staging
from mifeng.bidding.actions import Submission, Withdrawal, receive_bid, withdraw_bid
from mifeng.bidding.models import Bid
from mifeng.gateways.ca import Subject
from mifeng.gateways.ca.folder import FolderCa
from mifeng.kernel import clock
from mifeng.kernel.ledger.append import Written
from mifeng.parties.models import Organisation, Post
from mifeng.rules.certificates import certificate_request
from mifeng.rules.curve import base_multiply_secret, encode_point
from mifeng.rules.readout import FILE, MEDIA, Readout, format_readout, in_words
from mifeng.rules.reception import binding
from mifeng.rules.seal.envelope import MAGIC, Part, Seal, Stanza
from mifeng.rules.seal.identity import Identity
from mifeng.rules.seal.layout import hasher
from mifeng.rules.seal.part import File
from mifeng.rules.seal.policy import parse_policy
from mifeng.rules.seal.sealing import Sealed, Secrets, draw_secrets, seal_bid
from mifeng.rules.seal.statements import Verb, sign_ecdsa, submission
from mifeng.tenders.models import Lot
from tests.factories import DUE, START, City, pdf_bytes

PRICES = ("4860000.00", "4725000.00", "4790000.50", "4688000.00", "4700000.00", "4711000.00")
DAY_BEFORE = DUE.replace(day=DUE.day - 1)


@dataclass(frozen=True)
class Bidder:
    """One supplier at its own desk (投标人): its organisation, certificate and signing key."""

    account: str
    organisation: Organisation
    key: ec.EllipticCurvePrivateKey
    certificate: bytes

    def sign(self, message: bytes) -> bytes:
        """Sign with the certificate's key."""
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True)
class Held:
    """A sealed bid with what its bidder keeps (投标): secrets and the container."""

    lot: Lot
    bidder: Bidder
    secrets: Secrets
    sealed: Sealed

    @property
    def lot_ref(self) -> str:
        """Return the package's reference."""
        return self.lot.lot_ref

    @property
    def bid_ref(self) -> str:
        """Return the bid's reference."""
        return self.sealed.bid_ref.hex()

    @property
    def submit_key(self) -> str:
        """Return the public half of the submit key."""
        return self.secrets.submit_key.hex()

    @property
    def envelope(self) -> str:
        """Return the envelope hash."""
        return self.sealed.envelope_hash.hex()

    @property
    def sha256(self) -> str:
        """Return the hash of the whole container."""
        return hashlib.sha256(self.sealed.container).hexdigest()

    @property
    def row(self) -> Bid:
        """Return the bid as the platform has it."""
        return Bid.objects.get(lot_ref=self.lot_ref, bid_ref=self.bid_ref)

    def signed(self, verb: Verb) -> tuple[bytes, bytes]:
        """Return a fresh number of the reception and the submit key's signature for a request."""
        nonce = bytes.fromhex(reception.new_nonce(self.lot_ref, self.submit_key))
        seal = self.sealed.seal
        message = submission(verb, seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash, nonce)
        return nonce, sign_ecdsa(self.secrets.submit, message)


@cache
def bidder_of(account: str, organisation_id: str) -> Bidder:
    """Return a supplier with a certificate that is valid from the story's first day."""
    organisation = Organisation.objects.get(pk=organisation_id)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Subject(organisation.name, organisation.code)
    certificate = FolderCa(Path(settings.ENV.data) / "ca").issue(certificate_request(key), subject, START)
    return Bidder(account, organisation, key, certificate)


def sealed_bid(
    city: City,
    lot: Lot,
    number: int = 1,
    *,
    fresh: Secrets | None = None,
    bidder: Bidder | None = None,
    **changes: object,
) -> Held:
    """Seal a bid of supplier ``number`` for a package.

    Args:
        city: the sample city.
        lot: a published package.
        number: which of the sample suppliers, from 1.
        fresh: the secrets; drawn where none are given.
        bidder: who signs it; that supplier where nobody is given.
        changes: ``price_yuan``, ``price_words``, ``delivery``, ``quality`` of what is read out.
    """
    account = f"bidder-{number}"
    signer = bidder or bidder_of(account, city[account].organisation)
    drawn = fresh or draw_secrets(parse_policy(lot.policy.encode()), secrets.token_bytes)
    return _sealed(lot, signer, drawn, number, changes)


def replacement(held: Held, number: int = 1, **changes: object) -> Held:
    """Seal the next version of a bid."""
    policy = parse_policy(held.lot.policy.encode())
    kept = {"bid_ref": held.secrets.bid_ref, "submit": held.secrets.submit}
    fresh = draw_secrets(policy, secrets.token_bytes, **kept)  # type: ignore[arg-type]
    seal = held.sealed.seal
    return _sealed(held.lot, held.bidder, fresh, number, changes, version=seal.version + 1, prev=seal.envelope_hash)


def bind(city: City, held: Held, account: str = "") -> None:
    """Register the key of a bid for its supplier, or for another account."""
    actor = city[account or held.bidder.account]
    ticket = reception.issue_ticket(actor, held.lot.pk)
    message = binding(bytes.fromhex(held.lot_ref), ticket, bytes.fromhex(held.submit_key))
    reception.bind(held.lot_ref, ticket, held.submit_key, sign_ecdsa(held.secrets.submit, message))


def stage(held: Held) -> staging.Staged:
    """Upload the whole file and have it checked."""
    container = held.sealed.container
    if staging.offset(held.lot_ref, held.sha256) < len(container):
        staging.append(held.lot_ref, held.sha256, 0, container, len(container))
    return staging.finish(held.lot_ref, held.sha256)


def submission_of(held: Held) -> Submission:
    """Return the signed request that hands a staged bid in."""
    staged = stage(held)
    nonce, signature = held.signed("submit")
    return Submission(staged.seal, staged.sha256, staged.size, nonce, signature)


def hand_in(city: City, held: Held, *, at: datetime = DAY_BEFORE) -> Written:
    """Bind, upload and hand in."""
    with clock.frozen(at):
        bind(city, held)
        return receive_bid(held.lot.pk, submission_of(held))


def withdrawal_of(held: Held) -> Withdrawal:
    """Return the signed request that takes a bid back."""
    nonce, signature = held.signed("withdraw")
    return Withdrawal(held.bid_ref, held.sealed.version, held.envelope, nonce, signature)


def take_back(held: Held, *, at: datetime = DAY_BEFORE) -> Written:
    """Take a bid back."""
    with clock.frozen(at):
        return withdraw_bid(held.lot.pk, withdrawal_of(held))


def handed_in(city: City, lot: Lot, count: int) -> list[Held]:
    """Return bids of the first suppliers of the city, handed in the day before the deadline."""
    held = [sealed_bid(city, lot, number) for number in range(1, count + 1)]
    for one in held:
        hand_in(city, one)
    return held


def readout_of(number: int, **changes: object) -> Readout:
    """Return what supplier ``number`` has read out."""
    price = Decimal(PRICES[number - 1])
    said = Readout(price, in_words(price), f"{30 + number}天", f"质保{number}年")
    return replace(said, **changes)  # type: ignore[arg-type]


def _sealed(
    lot: Lot,
    bidder: Bidder,
    fresh: Secrets,
    number: int,
    changes: dict[str, object],
    *,
    version: int = 1,
    prev: bytes = b"",
) -> Held:
    data = lot.policy.encode()
    said = format_readout(readout_of(number, **changes))
    sealed = seal_bid(
        parse_policy(data),
        data,
        {
            "readout": [File(FILE, MEDIA, said)],
            "technical": [File("技术方案.pdf", "application/pdf", pdf_bytes(2))],
            "business": [File("商务.txt", "text/plain", f"{bidder.organisation.name}承诺".encode())],
        },
        secrets=fresh,
        identity=Identity(bidder.organisation.name, bidder.certificate, tool="tests"),
        signer=bidder.sign,
        version=version,
        prev=prev,
    )
    return Held(lot, bidder, fresh, sealed)


def forged(held: Held, *, number: int = 2, keep: str) -> Held:
    """Return what a copier could hand in under its own key: one thing of somebody else's envelope, all else its own.

    Args:
        held: the envelope that is copied from.
        number: which of the sample suppliers copies.
        keep: ``stanza``, ``ct_hash`` or ``sB_commit``.
    """
    seal = held.sealed.seal
    fresh = draw_secrets(parse_policy(held.lot.policy.encode()), secrets.token_bytes)
    points = tuple(encode_point(base_multiply_secret(value)) for value in fresh.coefficients)
    core = replace(
        seal.core,
        bid_ref=fresh.bid_ref,
        submit_key=fresh.submit_key,
        sb_commit=seal.core.sb_commit if keep == "sB_commit" else secrets.token_bytes(32),
        commitments=points,
    )
    other = [Stanza(one.role, one.index, points[0] + secrets.token_bytes(48)) for one in seal.stanzas]
    stanzas = seal.stanzas[:1] + tuple(other[1:]) if keep == "stanza" else tuple(other)
    ciphertexts = held.sealed.container[-sum(part.ct_len for part in seal.parts) :]
    parts = seal.parts
    if keep != "ct_hash":
        ciphertexts = secrets.token_bytes(len(ciphertexts))
        parts = tuple(replace(part, ct_hash=_hashed(part, ciphertexts)) for part in seal.parts)
    made = Seal(core, stanzas, parts)
    container = MAGIC + len(made.data).to_bytes(4) + made.data + ciphertexts
    account = f"bidder-{number}"
    organisation = Post.objects.get(person__account=account).organisation_id
    return Held(held.lot, bidder_of(account, str(organisation)), fresh, Sealed(container, fresh.s_b, made))


def _hashed(part: Part, ciphertexts: bytes) -> bytes:
    found = hasher("BE1 ct", part.ct_len)
    found.update(ciphertexts[part.offset : part.offset + part.ct_len])
    return found.digest()
