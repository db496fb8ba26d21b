"""The reception (递交窗口): the only place that knows which supplier stands behind a key, and nobody else can read it.

A signed-in supplier asks for a *ticket*: the organisation and the package, enciphered under the reception's own key, so
that giving one out leaves no trace at all. The bidder's program hands it in with the key it made for this package, and
the two are written into one append-only file beside the database, each record enciphered and of one length. From then
on signatures of that key do everything. Database, backups and logs without ``keys/reception.key`` link no bid to an
account.
"""

import base64
import fcntl
import os
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from mifeng.bidding.models import Bid
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.rules.encoding import canonical, mac, parse_canonical
from mifeng.rules.errors import NotEntitled, Reason, Tampered, Unfair, WrongMoment
from mifeng.rules.ledger import decode64
from mifeng.rules.reception import binding
from mifeng.rules.seal.statements import verify_ecdsa
from mifeng.tenders.models import Lot

KEY_FILE, FOLDER, FILE = "reception.key", "reception", "bindings"
TICKET_LIFE = timedelta(hours=24)
NONCE_LIFE = timedelta(minutes=10)
AEAD_NONCE, TAG, TIME_BYTES, MAC_BYTES = 12, 16, 8, 32
RECORD = 512
_PLAIN = RECORD - AEAD_NONCE - TAG


def issue_ticket(by: Actor, lot_id: UUID) -> str:
    """Return a ticket with which a supplier's program registers its key for a package (递交凭条); nothing is written.

    Raises:
        NotEntitled: ``wrong-post`` for anybody but a supplier.
        WrongMoment: ``deadline-passed``.
        DoesNotExist: before the notice.
    """
    if by.role != "bidder" or not by.organisation:
        raise NotEntitled(Reason("wrong-post", {"step": "receive", "role": by.role}, lifted_by=("bidder",)))
    lot = Lot.objects.exclude(lot_ref="").get(pk=lot_id)
    check_receiving(lot, clock.now())
    said = {"organisation": by.organisation, "lot_ref": lot.lot_ref, "until": _seconds(clock.now() + TICKET_LIFE)}
    return base64.urlsafe_b64encode(_enciphered("ticket", canonical(said))).decode()


def bind(lot_ref: str, ticket: str, submit_key: str, signature: bytes) -> None:
    """Tie a key to the supplier of a ticket for one package (递交密钥登记); on disk when this returns.

    A supplier may register another key as long as no bid of its own lies here under the first; the last one counts.

    Args:
        lot_ref: the package.
        ticket: from :func:`issue_ticket`.
        submit_key: the public point, 65 bytes in hexadecimal.
        signature: by that key over ``rules.reception.binding``.

    Raises:
        NotEntitled: ``ticket-invalid``, also for another package; ``signature-invalid``.
        WrongMoment: ``ticket-expired``, ``deadline-passed``.
        Unfair: ``malformed``; ``key-bound``, when a bid already lies here under another key of this supplier, or the
            key is another supplier's.
    """
    lot = Lot.objects.exclude(lot_ref="").get(lot_ref=lot_ref)
    check_receiving(lot, clock.now())
    organisation = _organisation_of(lot_ref, ticket)
    try:
        message = binding(bytes.fromhex(lot_ref), ticket, bytes.fromhex(submit_key))
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "submit_key"})) from None
    check_signature(submit_key, message, signature)
    register = _register()
    with register.alone():
        holder, known = register.holder(lot_ref, submit_key), register.key(lot_ref, organisation)
        if known == submit_key and holder == organisation:
            return
        if holder or (known and Bid.objects.filter(lot_ref=lot_ref, submit_key=known).exists()):
            raise Unfair(Reason("key-bound"))
        register.append({"lot_ref": lot_ref, "submit_key": submit_key, "organisation": organisation})


def bound(lot_ref: str, submit_key: str) -> str | None:
    """Return the id of the supplier behind a key, None for an unknown or replaced key; for the reception alone."""
    register = _register()
    register.read()
    organisation = register.holder(lot_ref, submit_key)
    return organisation if organisation and register.key(lot_ref, organisation) == submit_key else None


def new_nonce(lot_ref: str, submit_key: str) -> str:
    """Return a number for one request (一次性随机数), good for ten minutes; nothing is kept of it."""
    at = _seconds(clock.now()).to_bytes(TIME_BYTES)
    return (at + _nonce_mac(lot_ref, submit_key, at)).hex()


def check_nonce(lot_ref: str, submit_key: str, nonce: str) -> None:
    """Refuse a request whose number was not given out to this key for this package, or too long ago (一次性随机数).

    Raises:
        WrongMoment: ``nonce-expired``.

    Source: our choice (ADR-6)
    """
    try:
        data = bytes.fromhex(nonce)
    except ValueError:
        data = b""
    at, tag = data[:TIME_BYTES], data[TIME_BYTES:]
    age = _seconds(clock.now()) - int.from_bytes(at)
    genuine = secrets.compare_digest(tag, _nonce_mac(lot_ref, submit_key, at))
    if not genuine or not 0 <= age <= NONCE_LIFE.total_seconds():
        raise WrongMoment(Reason("nonce-expired"))


def check_signature(submit_key: str, message: bytes, signature: bytes) -> None:
    """Refuse a request that is not signed by the key of its bid (递交密钥签名).

    Raises:
        NotEntitled: ``signature-invalid``.
        Unfair: ``malformed``, when the key is none.

    Source: our choice (ADR-6)
    """
    try:
        verify_ecdsa(bytes.fromhex(submit_key), message, signature)
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "submit_key"})) from None
    except Tampered:
        raise NotEntitled(Reason("signature-invalid")) from None


def check_receiving(lot: Lot, at: datetime) -> None:
    """Refuse what comes at or after the deadline, or before the notice (投标截止).

    Raises:
        WrongMoment: ``deadline-passed``.

    Source: MOF-87-33
    """
    if lot.bids_due_at is None or at >= lot.bids_due_at or lot.state != "published":
        raise WrongMoment(Reason("deadline-passed", source="MOF-87-33"))


@dataclass
class _Register:
    """The file of bindings (登记簿) as this process has read it so far; another process may append at any time."""

    path: Path
    offset: int = 0
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def alone(self) -> "_Alone":
        """Hold the file alone, with all that stands in it read."""
        return _Alone(self)

    def holder(self, lot_ref: str, submit_key: str) -> str:
        """Return whose key this is for a package; empty when nobody's."""
        return self.holders.get((lot_ref, submit_key), "")

    def key(self, lot_ref: str, organisation: str) -> str:
        """Return the key a supplier registered last for a package; empty when none."""
        return self.keys.get((lot_ref, organisation), "")

    def read(self) -> None:
        """Read what was appended since; a torn record at the end was never acknowledged and is left."""
        with self.lock:
            if not self.path.exists():
                return
            with self.path.open("rb") as file:
                file.seek(self.offset)
                fresh = file.read()
            for start in range(0, len(fresh) - RECORD + 1, RECORD):
                self._take(_deciphered("binding", fresh[start : start + RECORD]).rstrip(b"\0"))
                self.offset += RECORD

    def append(self, row: dict[str, str]) -> None:
        """Write one record behind the last whole one and have it on disk; only inside ``alone``."""
        record = _enciphered("binding", canonical(row).ljust(_PLAIN, b"\0"))
        with self.path.open("r+b") as file:
            file.truncate(self.offset)
            file.seek(self.offset)
            file.write(record)
            file.flush()
            os.fsync(file.fileno())

    def _take(self, plain: bytes) -> None:
        row = parse_canonical(plain)
        if not isinstance(row, dict):
            raise Tampered("a binding is an object")
        self.holders[row["lot_ref"], row["submit_key"]] = row["organisation"]
        self.keys[row["lot_ref"], row["organisation"]] = row["submit_key"]


class _Alone:
    """Holds the register against other threads and processes (独占登记簿)."""

    def __init__(self, register: _Register) -> None:
        self.register = register

    def __enter__(self) -> None:
        self.register.lock.acquire()
        try:
            self.register.path.parent.mkdir(mode=0o700, exist_ok=True)
            self.held = os.open(self.register.path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self.held, fcntl.LOCK_EX)
            self.register.read()
        except BaseException:
            self.register.lock.release()
            raise

    def __exit__(self, *error: object) -> None:
        os.close(self.held)
        self.register.lock.release()


@cache
def _register_at(path: Path) -> _Register:
    return _Register(path)


def _register() -> _Register:
    return _register_at(Path(settings.ENV.data) / FOLDER / FILE)


def _organisation_of(lot_ref: str, ticket: str) -> str:
    try:
        said = parse_canonical(_deciphered("ticket", base64.urlsafe_b64decode(ticket.encode("ascii"))))
    except (ValueError, Tampered):
        raise NotEntitled(Reason("ticket-invalid")) from None
    if not isinstance(said, dict) or said["lot_ref"] != lot_ref:
        raise NotEntitled(Reason("ticket-invalid"))
    if said["until"] < _seconds(clock.now()):
        raise WrongMoment(Reason("ticket-expired"))
    return str(said["organisation"])


def _nonce_mac(lot_ref: str, submit_key: str, at: bytes) -> bytes:
    return mac(_key(), "reception nonce", lot_ref, submit_key, at)


def _enciphered(purpose: str, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(AEAD_NONCE)
    return nonce + AESGCM(mac(_key(), "reception key", purpose)).encrypt(nonce, plain, b"")


def _deciphered(purpose: str, data: bytes) -> bytes:
    try:
        return AESGCM(mac(_key(), "reception key", purpose)).decrypt(data[:AEAD_NONCE], data[AEAD_NONCE:], b"")
    except InvalidTag as error:
        raise Tampered(f"a {purpose} that the reception did not write") from error


def _key() -> bytes:
    """Return the reception's own key; it lies in a file of its own and goes into no backup of the database."""
    return decode64((Path(settings.ENV.data) / "keys" / KEY_FILE).read_text().strip())


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
