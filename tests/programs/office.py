"""A reception for the tests of the bidder's tool: the other end of the wire, with a log, witnesses and trustees' keys.

It believes nothing that is not signed and can be told to drop a connection, to lose an answer or to stand still, which
a platform does at the worst moment.
"""

import hashlib
import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.rules.certificates import point_of
from mifeng.rules.encoding import canonical, encode_tuple
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    Kind,
    SigningKey,
    add_signatures,
    body_commitment,
    cosign,
    format_checkpoint,
    format_entry,
    format_receipt,
    inclusion_proof,
    leaf_hash,
    root_of,
    sign_note,
)
from mifeng.rules.seal.envelope import Seal, parse_seal, read_header
from mifeng.rules.seal.opening import matches_key
from mifeng.rules.seal.policy import Contributor, Policy, Trustee, format_policy, policy_hash
from mifeng.rules.seal.statements import acknowledgement, sign_ed25519, submission, verify_ecdsa

TICKET = "dGlja2V0"
AT = datetime(2026, 11, 19, 8, 42, 7, 123456, tzinfo=UTC)
LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
WITNESS = SigningKey("witness.example/notary", Kind.WITNESS, b"w" * 32)
STRANGER = SigningKey("witness.example/notary", Kind.WITNESS, b"s" * 32)


def seed(name: str) -> bytes:
    """Return the seed of a trustee's signing key."""
    return hashlib.sha256(name.encode()).digest()


def trustee(name: str, organisation: str) -> Trustee:
    """Return a trustee with keys of its own."""
    private = ec.derive_private_key(int.from_bytes(seed(name + " hpke")) >> 1, ec.SECP256R1())
    verify = SigningKey(name, Kind.LOG, seed(name)).verifier.public
    return Trustee(name, organisation, point_of(private.public_key()), verify)


def policy(**changes: Any) -> Policy:
    """Return a sound policy of three trustees, two of whom suffice."""
    trustees = (trustee("notary", "市公证处"), trustee("ca", "数字证书机构"), trustee("guest", "五原县中心"))
    contributor = Contributor("w", "磴口县中心", trustees[0].hpke, trustees[0].verify)
    fields: dict[str, Any] = {
        "lot_ref": hashlib.sha256(b"lot").digest(),
        "t": 2,
        "trustees": trustees,
        "contributors": (contributor,),
        "log": str(LOG.verifier),
        "witnesses": (str(WITNESS.verifier),),
        "envelope_bytes": 64 * 2**20,
        "window_minutes": 30,
    }
    return Policy(**fields | changes)


def receipt(step: str, moves: list[dict[str, object]], *, log: SigningKey = LOG, witness: SigningKey = WITNESS) -> str:
    """Return the receipt of an entry with its body, in a log of three."""
    body = canonical({"step": step, "role": "bidder", "moves": moves})
    salt = secrets.token_bytes(32)
    entry = Entry(step, "bidding.bid:1", b"", "0123456789abcdef", AT, body_commitment(salt, body))
    disclosed = Disclosed(format_entry(entry), secrets.token_bytes(32), body, salt)
    leaves = [leaf_hash(b"a" * 32), leaf_hash(disclosed.leaf), leaf_hash(b"c" * 32)]
    text = format_checkpoint(Checkpoint(log.name, 3, root_of(leaves)))
    note = add_signatures(sign_note(text, log), [cosign(text, witness, int(AT.timestamp()) + 1)])
    return format_receipt(1, inclusion_proof(1, leaves), note, disclosed)


@dataclass
class Lying:
    """A bid as it lies at the reception (已收投标)."""

    seal: Seal
    word: str = "received"


@dataclass
class Office:
    """The reception for one package.

    Args:
        policy: of the package.
        silent: verbs that are carried out while the answer is lost.
        still: verbs that are not answered at all until the test ends.
        drop_at: bytes of an upload after which the connection is dropped, once.
        quorum: trustees that have acknowledged.
        shown: a policy that is shown in place of the true one.
    """

    policy: Policy
    bound: set[str] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)
    staged: dict[str, bytearray] = field(default_factory=dict)
    bids: dict[str, Lying] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    silent: set[str] = field(default_factory=set)
    still: set[str] = field(default_factory=set)
    drop_at: int = 0
    received: int = 0
    quorum: tuple[str, ...] = ("notary", "guest")
    shown: Policy | None = None
    opening: dict[str, object] = field(default_factory=dict)
    wrong: dict[str, object] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    at_rest: threading.Event = field(default_factory=threading.Event)

    @property
    def ref(self) -> str:
        return self.policy.lot_ref.hex()

    def answer(self, verb: str, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        """Return status and body for one signed request."""
        self.calls[verb] += 1
        try:
            return {"bind": self.bind, "nonce": self.nonce, "submit": self.submit, "withdraw": self.withdraw,
                    "status": self.status, "key": self.key}[verb](sent)  # fmt: skip
        except Tampered:
            return problem(403, "signature-invalid", "签名不对")

    def bind(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        key = bytes.fromhex(sent["submit_key"])
        message = encode_tuple("BE1 bind", self.policy.lot_ref, sent["ticket"], key)
        verify_ecdsa(key, message, bytes.fromhex(sent["signature"]))
        if sent["ticket"] != TICKET:
            return problem(403, "ticket-invalid", "递交码无效")
        self.bound.add(sent["submit_key"])
        return 201, {}

    def nonce(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        given = secrets.token_hex(20)
        self.nonces.add(given)
        return 200, {"nonce": given}

    def submit(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        container = bytes(self.staged.get(sent["sha256"], b""))
        if hashlib.sha256(container).hexdigest() != sent["sha256"]:
            return problem(422, "upload-incomplete", "文件没有传完")
        seal = parse_seal(read_header(container)[0])
        if seal.submit_key.hex() not in self.bound:
            return problem(403, "not-bound", "递交密钥没有登记")
        self.verify("submit", seal.submit_key, sent)
        lying = self.bids.get(sent["bid_ref"])
        if lying and lying.seal.envelope_hash == seal.envelope_hash:
            return 202, {"leaf": "ab" * 32}
        if seal.prev != (lying.seal.envelope_hash if lying else b""):
            return problem(409, "stale-version", "版本不衔接")
        self.bids[sent["bid_ref"]] = Lying(seal)
        return 202, {"leaf": "ab" * 32}

    def withdraw(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        lying = self.bids[sent["bid_ref"]]
        self.verify("withdraw", lying.seal.submit_key, sent)
        lying.word = "withdrawn"
        return 202, {"leaf": "cd" * 32}

    def status(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        self.verify("status", bytes.fromhex(sent["submit_key"]), sent)
        lying = self.bids.get(sent["bid_ref"])
        if lying is None:
            return 200, {"state": "", "version": 0, "envelope": "", "receipt": "", "acks": [], "opening": self.opening}
        return 200, {
            "state": lying.word,
            "version": lying.seal.version,
            "envelope": lying.seal.envelope_hash.hex(),
            "receipt": self.first_receipt(lying.seal),
            "acks": [self.ack(name, lying.seal) for name in self.quorum],
            "openable": True,
            "opening": self.opening,
        } | self.wrong

    def key(self, sent: dict[str, Any]) -> tuple[int, dict[str, object]]:
        if not matches_key(self.bids[sent["bid_ref"]].seal, bytes.fromhex(sent["s_b"])):
            return problem(422, "key-mismatch", "密钥与承诺不符")
        self.keys[sent["bid_ref"]] = bytes.fromhex(sent["s_b"])
        return 202, {"leaf": "ef" * 32}

    def verify(self, verb: Any, public: bytes, sent: dict[str, Any]) -> None:
        if sent["nonce"] not in self.nonces:
            raise Tampered("a number that was not given out")
        self.nonces.discard(sent["nonce"])
        parts = (bytes.fromhex(sent["bid_ref"]), sent["version"], bytes.fromhex(sent["envelope"]))
        message = submission(verb, self.policy.lot_ref, *parts, bytes.fromhex(sent["nonce"]))
        verify_ecdsa(public, message, bytes.fromhex(sent["signature"]))

    def first_receipt(self, seal: Seal, **changes: Any) -> str:
        """Return R1 of a version."""
        facts = {"bid_ref": seal.bid_ref.hex(), "version": seal.version, "envelope": seal.envelope_hash.hex()}
        move = {"step": "receive", "subject": "bidding.bid:1", "from": "", "to": "received", "facts": facts | changes}
        return receipt("receive_bid", [move])

    def ack(self, name: str, seal: Seal, verdict: Any = "ok", *, signer: str = "") -> dict[str, object]:
        """Return what a trustee says about its share."""
        parts = (policy_hash(format_policy(self.policy)), seal.bid_ref, seal.version, seal.envelope_hash)
        signature = sign_ed25519(seed(signer or name), acknowledgement(*parts, name, verdict))
        return {"trustee": name, "verdict": verdict, "signature": signature.hex()}

    def close(self, bids: list[dict[str, str]], **changes: Any) -> None:
        """Write the list of bids at the deadline and begin to take keys."""
        facts: dict[str, Any] = {
            "lot_ref": self.ref,
            "policy_hash": policy_hash(format_policy(self.policy)).hex(),
            "due": "2026-11-20T01:30:00.000000Z",
            "list": bids,
        }
        move = {"step": "list", "subject": "bidding.opening:1", "from": "", "to": "listed", "facts": facts | changes}
        text = receipt("close_list", [move])
        self.opening = {"state": "keying", "close": text, "key_until": "2026-11-20T02:00:00.000000Z"}

    def listed(self) -> list[dict[str, str]]:
        """Return the rows of the list for what lies here."""
        return [{"bid_ref": ref, "envelope": one.seal.envelope_hash.hex()} for ref, one in self.bids.items()]


class Server(ThreadingHTTPServer):
    """Serves an office until the test ends."""

    daemon_threads = True

    def __init__(self, office: Office) -> None:
        self.office = office
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about connections that break, which is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection to the office."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        office = self.server.office
        if self.path != f"/reception/{office.ref}/policy":
            self.send(404, {"code": "not-found", "title": "没有这个采购包", "status": 404, "reasons": []})
        else:
            self.send(200, format_policy(office.shown or office.policy))

    def do_HEAD(self) -> None:
        staged = self.server.office.staged.get(self.path.rpartition("/")[2], b"")
        self.send(204, b"", {"Upload-Offset": str(len(staged))})

    def do_PUT(self) -> None:
        office, sha256 = self.server.office, self.path.rpartition("/")[2]
        self.stand_still("upload")
        staged, length = office.staged.setdefault(sha256, bytearray()), int(self.headers["Content-Length"])
        if int(self.headers["Upload-Offset"]) != len(staged):
            self.rfile.read(length)
            self.send(409, {"code": "offset-other"}, {"Upload-Offset": str(len(staged))})
            return
        taken = length
        if office.drop_at and len(staged) + length > office.drop_at:
            taken, office.drop_at = office.drop_at - len(staged), 0
        staged += self.rfile.read(taken)
        office.received += taken
        if taken < length:
            self.close_connection = True
            self.connection.close()
        else:
            self.send(204, b"", {"Upload-Offset": str(len(staged))})

    def do_POST(self) -> None:
        verb = self.path.rpartition("/")[2]
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.stand_still(verb)
        status, fields = self.server.office.answer(verb, sent)
        if verb in self.server.office.silent:
            self.server.office.silent.discard(verb)
            self.close_connection = True
            self.connection.close()
        elif f"after {verb}" in self.server.office.still:
            self.stand_still(f"after {verb}")
        else:
            self.send(status, fields)

    def stand_still(self, verb: str) -> None:
        if verb in self.server.office.still:
            self.server.office.at_rest.set()
            self.server.office.ended.wait(30)

    def send(self, status: int, content: bytes | dict[str, object], headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def problem(status: int, code: str, text: str) -> tuple[int, dict[str, object]]:
    """Return a refusal as the platform writes it."""
    reason = {"code": code, "text": text, "source": "our choice (ADR-6)"}
    return status, {
        "title": "现在不能办理",
        "status": status,
        "code": code,
        "source": reason["source"],
        "reasons": [reason],
    }
