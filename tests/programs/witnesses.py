"""A witness in a process of its own, and what a log sends it."""

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from mifeng.rules.ledger import (
    Checkpoint,
    Kind,
    SigningKey,
    VerifierKey,
    add_signatures,
    consistency_proof,
    format_checkpoint,
    format_submission,
    leaf_hash,
    parse_note,
    parse_vkey,
    root_of,
    sign_note,
    verify_cosignature,
)
from tests.programs.alone import start

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
OTHER = SigningKey("log.example/other", Kind.LOG, b"o" * 32)
MAIN = [leaf_hash(number.to_bytes(32)) for number in range(64)]
FORK = MAIN[:3] + [leaf_hash(b"fork %d" % number) for number in range(61)]


class Running:
    """A witness in a process of its own."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.folder = folder
        self.options = options
        self.address_file = folder / "run" / "witness.address"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.address_file.read_text().strip()

    @property
    def key(self) -> VerifierKey:
        return parse_vkey((self.folder / "witness.vkey").read_text())

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = start(
            "witness",
            "serve",
            "--dir",
            self.folder,
            "--log-vkey",
            self.folder / "logs",
            "--address-file",
            self.address_file,
            *self.options,
        )
        for _ in range(200):
            if self.address_file.exists() and self.healthy():
                return
            assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else b""
            time.sleep(0.05)
        raise AssertionError("the witness does not answer")

    def healthy(self) -> bool:
        try:
            return self.get("/healthz") == (200, "ok\n")
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

    def get(self, path: str) -> tuple[int, str]:
        return ask(urllib.request.Request(self.url + path))  # noqa: S310 - an address of this test

    def post(self, body: bytes | str, path: str = "/add-checkpoint") -> tuple[int, str]:
        data = body.encode() if isinstance(body, str) else body
        return ask(urllib.request.Request(self.url + path, data=data, method="POST"))  # noqa: S310

    def submit(self, old_size: int, size: int, leaves: list[bytes] = MAIN, key: SigningKey = LOG) -> tuple[int, str]:
        """Submit the tree over the first leaves with a proof from the old size."""
        return self.post(
            format_submission(old_size, consistency_proof(min(old_size, size), leaves[:size]), note(size, leaves, key))
        )

    def verified(self, answer: tuple[int, str], size: int, leaves: list[bytes] = MAIN) -> int:
        """Make sure that an answer is a cosignature of this tree; return its time."""
        status, body = answer
        assert status == 200, answer
        cosigned = add_signatures(note(size, leaves), body.removesuffix("\n").split("\n"))
        return verify_cosignature(parse_note(cosigned), self.key)


def ask(request: urllib.request.Request) -> tuple[int, str]:
    """Return status and body of any answer."""
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def note(size: int, leaves: list[bytes] = MAIN, key: SigningKey = LOG) -> str:
    """Return the signed checkpoint of the tree over the first leaves."""
    return sign_note(format_checkpoint(Checkpoint(key.name, size, root_of(leaves[:size]))), key)


def connected(witness: Running) -> socket.socket:
    """Return an open connection to a witness."""
    host, port = witness.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer
