"""A package with three trustees, a log that says what happens to it, bids that are really sealed for it."""

import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.gateways.ca import Subject
from mifeng.gateways.ca.folder import make_ca
from mifeng.programs.trustee.keys import Trust, TrusteeKey, make_key, read_key
from mifeng.rules.certificates import certificate_request
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    Kind,
    SigningKey,
    add_signatures,
    body_commitment,
    cosign,
    encode64,
    entry_leaf,
    format_checkpoint,
    format_entry,
    format_receipt,
    format_time,
    inclusion_proof,
    leaf_hash,
    parse_receipt,
    root_of,
    sign_note,
)
from mifeng.rules.seal.identity import Identity
from mifeng.rules.seal.part import File
from mifeng.rules.seal.policy import Policy, format_policy, policy_hash
from mifeng.rules.seal.sealing import Sealed, Secrets, draw_secrets, seal_bid
from mifeng.rules.seal.statements import sign_ecdsa, submission
from tests.programs.alone import start
from tests.programs.witnesses import ask

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
TEST_LOG = SigningKey("log.example/linyi/test", Kind.LOG, b"t" * 32)
NOTARY = SigningKey("witness.example/notary", Kind.WITNESS, b"n" * 32)
BUREAU = SigningKey("witness.example/bureau", Kind.WITNESS, b"b" * 32)
STRANGER = SigningKey("witness.example/stranger", Kind.WITNESS, b"s" * 32)
BODIES = {"trustee-1": "市公证处", "trustee-2": "数字证书服务机构", "trustee-3": "五原县公共资源交易中心"}
CERTIFICATE_KEY = ec.derive_private_key(7, ec.SECP256R1())
# Long past for every clock, so that a real trustee's own clock stands behind it too.
DUE = datetime(2026, 1, 22, 1, tzinfo=UTC)
WINDOW = timedelta(minutes=30)
LOT, OTHER_LOT = b"\x11" * 32, b"\x22" * 32


class Ledger:
    """A log under construction, every entry of which gets its receipt at once."""

    def __init__(self, key: SigningKey = LOG, witnesses: Sequence[SigningKey] = (NOTARY, BUREAU)) -> None:
        self.key = key
        self.witnesses = witnesses
        self.leaves: list[bytes] = []

    def receipt(self, step: str, moves: Sequence[Mapping[str, Any]], at: datetime) -> str:
        """Append an act and return its receipt."""
        body = canonical({"step": step, "role": "clock", "moves": list(moves)})
        salt = leaf_hash(b"salt %d" % len(self.leaves))
        data = format_entry(Entry(step, "tenders.lot:1", b"", "clock", at, body_commitment(salt, body)))
        self.leaves.append(leaf_hash(entry_leaf(salt, data)))
        size = len(self.leaves)
        text = format_checkpoint(Checkpoint(self.key.name, size, root_of(self.leaves)))
        lines = [cosign(text, witness, int(at.timestamp()) + 1) for witness in self.witnesses]
        note = add_signatures(sign_note(text, self.key), lines) if lines else sign_note(text, self.key)
        return format_receipt(size - 1, inclusion_proof(size - 1, self.leaves), note, Disclosed(data, salt, body, salt))


@dataclass
class Keeper:
    """The three trustees' keys, and the policy that names them."""

    folder: Path
    log: SigningKey = LOG
    witnesses: tuple[SigningKey, ...] = (NOTARY, BUREAU)

    def __post_init__(self) -> None:
        for name, organisation in BODIES.items():
            make_key(self.folder / name, name, organisation)

    def key(self, name: str = "trustee-1") -> TrusteeKey:
        """Return a trustee's keys."""
        return read_key(self.folder / name)

    @property
    def trust(self) -> Trust:
        """Return whom the trustees believe."""
        return Trust((self.log.verifier,), tuple(key.verifier for key in self.witnesses))

    def package(self, lot_ref: bytes = LOT, **changes: Any) -> "Package":
        """Return a package that is sealed for these trustees."""
        fields: dict[str, Any] = {
            "lot_ref": lot_ref,
            "t": 2,
            "trustees": tuple(self.key(name).trustee for name in BODIES),
            "contributors": (),
            "log": str(self.log.verifier),
            "witnesses": (str(NOTARY.verifier),),
            "envelope_bytes": 2**20,
            "window_minutes": int(WINDOW.total_seconds()) // 60,
        } | changes
        return Package(Policy(**fields), Ledger(self.log, self.witnesses), self.certificate)

    @cached_property
    def certificate(self) -> bytes:
        """Return the bidders' certificate, by an authority of this test."""
        ca = make_ca(self.folder / "ca", "示范认证机构", DUE - timedelta(days=90))
        subject = Subject("甲公司", "91371300MA3TC7QH2T")
        return ca.issue(certificate_request(CERTIFICATE_KEY), subject, DUE - timedelta(days=60))


@dataclass
class Package:
    """A package: its policy, the log that speaks of it, the bids handed in."""

    policy: Policy
    ledger: Ledger
    certificate: bytes

    @cached_property
    def data(self) -> bytes:
        """Return the canonical bytes of the policy."""
        return format_policy(self.policy)

    @property
    def hash(self) -> bytes:
        """Return the policy's hash."""
        return policy_hash(self.data)

    @property
    def ref(self) -> str:
        """Return the lot's reference."""
        return self.policy.lot_ref.hex()

    def notice(self, due: datetime = DUE, at: datetime = DUE - timedelta(days=20), **facts: Any) -> str:
        """Publish the package, or say its deadline anew; return the receipt."""
        named = {"lot_ref": self.ref, "policy_hash": self.hash.hex(), "bids_due_at": format_time(due)} | facts
        move = {"step": "publish", "subject": "tenders.lot:1", "from": "", "to": "published", "facts": named}
        return self.ledger.receipt("publish_notice", [move], at)

    def close(self, *bids: Sealed, due: datetime = DUE, at: datetime = DUE + timedelta(seconds=2), **facts: Any) -> str:
        """Close by a list; return the receipt."""
        rows = [{"bid_ref": bid.bid_ref.hex(), "envelope": bid.envelope_hash.hex()} for bid in bids]
        named = {"lot_ref": self.ref, "policy_hash": self.hash.hex(), "due": format_time(due), "list": rows} | facts
        return self.ledger.receipt("close_list", [{"step": "list", "subject": "bidding.o:1", "facts": named}], at)

    def keyed(self, close: str, *bids: Sealed, at: datetime = DUE + WINDOW, **facts: Any) -> str:
        """Close the bidders' keys under the receipt of a list; return the receipt."""
        refs = [bid.bid_ref.hex() for bid in bids]
        named = {"lot_ref": self.ref, "close": leaf_of(close).hex(), "keyed": refs} | facts
        return self.ledger.receipt("close_keys", [{"step": "close_keys", "subject": "bidding.o:1", "facts": named}], at)

    def bid(self, before: Sealed | None = None, made: Secrets | None = None) -> Sealed:
        """Return a sealed bid, or the next version of one."""
        fresh = made or draw_secrets(self.policy, secrets.token_bytes)
        SECRETS[fresh.bid_ref] = fresh
        SUBMIT[fresh.submit_key] = fresh.submit
        return seal_bid(
            self.policy,
            self.data,
            {"price": [File("price.txt", "text/plain", b"100.00")]},
            secrets=fresh,
            identity=Identity("甲公司", self.certificate),
            signer=lambda message: CERTIFICATE_KEY.sign(message, ec.ECDSA(hashes.SHA256())),
            version=before.version + 1 if before else 1,
            prev=before.envelope_hash if before else b"",
        )

    def newer(self, before: Sealed) -> Sealed:
        """Return the next version of a bid."""
        old = SECRETS[before.bid_ref]
        made = draw_secrets(self.policy, secrets.token_bytes, bid_ref=old.bid_ref, submit=old.submit)
        return self.bid(before, made)

    # what a trustee is asked -----------------------------------------------------------------------------------------

    def deadline_request(self, receipt: str) -> bytes:
        """Return the request for a countersignature of the deadline."""
        return canonical({"policy": encode64(self.data), "receipt": receipt})

    def stanza_request(self, bid: Sealed, **signed: Any) -> bytes:
        """Return the request to try a bid's stanza."""
        seal, nonce, signature = shown(bid, **signed)
        fields = {"lot_ref": self.ref, "seal": encode64(seal)}
        return canonical(fields | {"nonce": nonce.hex(), "signature": signature.hex()})

    def withdrawal_request(self, bid: Sealed, nonce: bytes = b"nonce", submit: int | None = None) -> bytes:
        """Return the request to note a withdrawal."""
        signed = submission("withdraw", bid.seal.lot_ref, bid.bid_ref, bid.version, bid.envelope_hash, nonce)
        signature = sign_ecdsa(submit or SECRETS[bid.bid_ref].submit, signed)
        fields = {"lot_ref": bid.seal.lot_ref, "bid_ref": bid.bid_ref, "envelope": bid.envelope_hash}
        fields |= {"nonce": nonce, "signature": signature}
        return canonical({key: value.hex() for key, value in fields.items()} | {"version": bid.version})


# What the bidders keep: bid_ref → the secrets of its latest version.
SECRETS: dict[bytes, Secrets] = {}
# The same by the public half: submit_key → its secret number.
SUBMIT: dict[bytes, int] = {}


def shown(bid: Sealed, nonce: bytes = b"nonce", submit: int | None = None) -> tuple[bytes, bytes, bytes]:
    """Return a version as its bidder handed it in: header, nonce, signature of the submit key or of another."""
    seal = bid.seal
    signed = submission("submit", seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash, nonce)
    return seal.data, nonce, sign_ecdsa(submit or SUBMIT[seal.submit_key], signed)


def receipt_request(receipt: str) -> bytes:
    """Return a request that holds a receipt alone."""
    return canonical({"receipt": receipt})


def leaf_of(receipt: str) -> bytes:
    """Return the leaf that a receipt proves."""
    disclosed = parse_receipt(receipt).disclosed
    assert disclosed is not None
    return disclosed.leaf


class Running:
    """A trustee in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.address_file = folder / "run" / "trustee.address"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.address_file.read_text().strip()

    def start(self) -> None:
        """Start it and wait until it answers."""
        files = ("--log-vkey", self.folder / "logs", "--witness-vkey", self.folder / "witnesses")
        self.process = start(
            "trustee", "serve", "--dir", self.folder, *files, "--address-file", self.address_file, *self.options
        )
        for _ in range(200):
            if self.address_file.exists() and self.healthy():
                return
            assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else b""
            time.sleep(0.05)
        raise AssertionError("the trustee does not answer")

    def healthy(self) -> bool:
        try:
            return self.get("/healthz") == (200, {"ok": True})
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.close()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ask it to end; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signum)
        self.process.wait(5)
        return self.close()

    def close(self) -> int:
        assert self.process is not None
        self.process.communicate(timeout=5)
        return self.process.returncode

    def get(self, path: str) -> tuple[int, Any]:
        status, body = ask(urllib.request.Request(self.url + path))  # noqa: S310 - an address of this test
        return status, parse_canonical(body.encode())

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        status, said = ask(urllib.request.Request(self.url + path, data=body, method="POST"))  # noqa: S310
        return status, parse_canonical(said.encode())


def trustee_folder(folder: Path, log: SigningKey = LOG) -> Path:
    """Return the folder of a trustee that knows one log and two witnesses."""
    (folder / "logs").write_text(f"{log.verifier}\n")
    (folder / "witnesses").write_text(f"{NOTARY.verifier}\n{BUREAU.verifier}\n")
    return folder
