"""The way to a witness: its four answers, told apart whatever the other side does. Source: docs/spec/log.md §6."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mifeng.gateways.witness import Conflict, Cosigned, Outcome, Refused, Unreachable, Witness
from mifeng.gateways.witness.http import HttpWitness, embedded_witness, remote_witness
from mifeng.programs.witness.judge import Judge
from mifeng.programs.witness.keys import make_key, read_key
from mifeng.programs.witness.memory import Memory
from mifeng.programs.witness.server import Server
from mifeng.rules.ledger import (
    Checkpoint,
    Kind,
    SigningKey,
    add_signatures,
    consistency_proof,
    cosign,
    format_checkpoint,
    leaf_hash,
    parse_note,
    root_of,
    sign_note,
    verify_cosignature,
)

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
NOTARY = SigningKey("witness.example/notary", Kind.WITNESS, b"n" * 32)
LEAVES = [leaf_hash(number.to_bytes(32)) for number in range(20)]
NOW = 1_800_000_000


def note(size: int, key: SigningKey = LOG) -> str:
    """Return the signed checkpoint of the tree over the first leaves."""
    return sign_note(format_checkpoint(Checkpoint(key.name, size, root_of(LEAVES[:size]))), key)


@dataclass
class Peer:
    """A witness of the real program, in this process so that its clock can be set."""

    folder: Path
    address_file: Path

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve it and publish its address."""
        memory = Memory(self.folder / "witness.sqlite")
        judge = Judge(read_key(self.folder), {LOG.name: [LOG.verifier]}, memory, lambda: NOW)
        server = Server(("127.0.0.1", 0), judge, memory)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        self.address_file.write_text(url + "\n")
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()
            server.finish()


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    """Return a witness that does not run yet."""
    make_key(tmp_path, NOTARY.name)
    return Peer(tmp_path, tmp_path / "witness.address")


@pytest.fixture
def gateway(peer: Peer) -> Iterator[HttpWitness]:
    """Return the embedded gateway to that witness."""
    gateway = embedded_witness(peer.address_file, peer.folder / "witness.vkey")
    yield gateway
    gateway.close()


def test_a_cosignature_is_fetched_and_believed(peer: Peer, gateway: HttpWitness) -> None:
    with peer.serving():
        outcome = gateway.cosign(0, [], note(5))
        again = gateway.cosign(5, consistency_proof(5, LEAVES[:9]), note(9))

    assert isinstance(outcome, Cosigned)
    assert (outcome.at, len(outcome.lines)) == (NOW, 1)
    assert verify_cosignature(parse_note(add_signatures(note(5), outcome.lines)), gateway.key()) == NOW
    assert isinstance(again, Cosigned)


def test_the_gateway_is_a_witness_to_the_log(gateway: HttpWitness) -> None:
    witness: Witness = gateway

    assert witness.key().name == NOTARY.name


def test_another_size_is_told(peer: Peer, gateway: HttpWitness) -> None:
    with peer.serving():
        gateway.cosign(0, [], note(5))

        assert gateway.cosign(0, [], note(9)) == Conflict(5)
        assert gateway.cosign(9, [], note(9)) == Conflict(5)


def test_a_refusal_is_told(peer: Peer, gateway: HttpWitness) -> None:
    stranger = SigningKey("log.example/other", Kind.LOG, b"o" * 32)
    with peer.serving():
        gateway.cosign(0, [], note(5))

        assert gateway.cosign(0, [], note(5, stranger)) == Refused(404, "unknown log")
        assert gateway.cosign(5, [], note(9)) == Refused(422, "not shown to continue what was seen")


def test_the_address_is_read_anew_at_each_call(peer: Peer, gateway: HttpWitness) -> None:
    assert isinstance(gateway.cosign(0, [], note(5)), Unreachable)
    with peer.serving() as first:
        assert isinstance(gateway.cosign(0, [], note(5)), Cosigned)
    assert isinstance(gateway.cosign(5, [], note(5)), Unreachable)
    with peer.serving() as second:
        assert isinstance(gateway.cosign(5, [], note(5)), Cosigned)
        assert first != second


def test_a_witness_without_key_or_address_is_not_asked(tmp_path: Path) -> None:
    for gateway in (
        embedded_witness(tmp_path / "absent", tmp_path / "absent.vkey"),
        remote_witness("http://127.0.0.1:1", tmp_path / "absent.vkey"),
    ):
        assert isinstance(gateway.cosign(0, [], note(5)), Unreachable)
        gateway.close()


@pytest.mark.parametrize("address", ["", "nonsense", "http://", "ftp://127.0.0.1", "http://127.0.0.1:1", "http://[::1"])
def test_an_address_that_leads_nowhere_is_unreachable(address: str) -> None:
    gateway = HttpWitness(lambda: address, lambda: NOTARY.verifier)

    assert isinstance(gateway.cosign(0, [], note(5)), Unreachable)
    gateway.close()


def answered(status: int, body: Callable[[], bytes]) -> Outcome:
    """Return what the gateway makes of a witness that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        gateway = HttpWitness(lambda: f"http://127.0.0.1:{server.server_address[1]}", lambda: NOTARY.verifier)
        outcome = gateway.cosign(0, [], note(5))
        gateway.close()
        server.shutdown()
        thread.join()
    return outcome


TEXT = format_checkpoint(Checkpoint(LOG.name, 5, root_of(LEAVES[:5])))
STRANGER = SigningKey(NOTARY.name, Kind.WITNESS, b"s" * 32)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"nonsense\n",
        b"\xff",
        cosign(TEXT, STRANGER, NOW).encode() + b"\n",
        cosign(TEXT.replace("\n5\n", "\n6\n"), NOTARY, NOW).encode() + b"\n",
        note(5).split("\n\n")[1].encode(),
    ],
)
def test_a_cosignature_that_does_not_hold_is_never_believed(body: bytes) -> None:
    assert isinstance(answered(200, lambda: body), Refused | Unreachable)


def test_a_cosignature_among_others_is_picked_out() -> None:
    mine, other = cosign(TEXT, NOTARY, NOW), cosign(TEXT, STRANGER, NOW)

    assert answered(200, lambda: f"{other}\n{mine}\n".encode()) == Cosigned((mine,), NOW)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (409, b"7\n", Conflict(7)),
        (409, b"0\n", Conflict(0)),
        (409, b"many\n", Refused(409, "many")),
        (409, b"\xd9\xa3\n", Refused(409, "\u0663")),
        (409, b"9" * 30, Refused(409, "9" * 30)),
        (302, b"", Refused(302, "")),
        (500, b"oh", Unreachable("status 500")),
        (503, b"", Unreachable("status 503")),
    ],
)
def test_answers_are_told_apart(status: int, body: bytes, outcome: Outcome) -> None:
    assert answered(status, lambda: body) == outcome


def test_an_endless_answer_is_cut_off() -> None:
    assert isinstance(answered(200, lambda: b"x" * 1_000_000), Unreachable)


@pytest.mark.prove
def test_a_witness_that_is_silent_is_left_after_a_few_seconds() -> None:
    gate = threading.Event()

    def wait() -> bytes:
        gate.wait(6)
        return b""

    began = time.monotonic()
    thread = threading.Timer(3.5, gate.set)
    thread.start()
    outcome = answered(200, wait)
    thread.join()

    assert isinstance(outcome, Unreachable)
    assert 2 < time.monotonic() - began < 5
