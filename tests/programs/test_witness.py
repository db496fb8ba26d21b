"""The witness as a program of its own never cosigns two histories. Source: docs/spec/log.md §6; C2SP tlog-witness."""

import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from mifeng.programs.witness.keys import make_key
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
from tests.programs.alone import run, start

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
OTHER = SigningKey("log.example/other", Kind.LOG, b"o" * 32)
MAIN = [leaf_hash(number.to_bytes(32)) for number in range(64)]
FORK = MAIN[:3] + [leaf_hash(b"fork %d" % number) for number in range(61)]


class Running:
    """A witness in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a witness's folder with its key and the key of one log."""
    make_key(tmp_path, "witness.example/notary")
    (tmp_path / "logs").write_text(f"{LOG.verifier}\n")
    return tmp_path


@pytest.fixture
def witness(folder: Path) -> Iterator[Running]:
    """Return a running witness."""
    running = Running(folder)
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        running.kill()


def test_the_key_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code, said, _ = run("witness", "init", "--dir", folder)
    again = run("witness", "init", "--dir", folder)
    key = parse_vkey(said)

    assert code == 0
    assert again[:2] == (0, said)
    assert key.kind is Kind.WITNESS
    assert re.fullmatch(r"witness\.mifeng\.localhost/[0-9a-f]{8}", key.name)
    assert (folder / "witness.vkey").read_text() == said
    assert (folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["witness.key", "witness.vkey"]


def test_a_key_is_not_renamed(folder: Path) -> None:
    code, said, told = run("witness", "init", "--dir", folder, "--name", "witness.example/other")

    assert (code, said) == (1, "")
    assert "witness.example/notary" in told
    assert run("witness", "init", "--dir", folder, "--name", "a b")[0] == 1


def test_a_lost_public_key_is_made_again(folder: Path) -> None:
    before = (folder / "witness.vkey").read_text()
    (folder / "witness.vkey").unlink()

    assert run("witness", "init", "--dir", folder, "--name", "witness.example/notary")[:2] == (0, before)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("logs", ""),
        ("logs", "nonsense\n"),
        ("logs", f"{SigningKey('w', Kind.WITNESS, b'w' * 32).verifier}\n"),
        ("witness.vkey", f"{SigningKey('w', Kind.WITNESS, b'w' * 32).verifier}\n"),
        ("witness.key", "AAAA\n"),
        ("witness.sqlite", "not a database, and long enough to be taken for one by its length alone" * 20),
    ],
)
def test_a_witness_that_cannot_be_trusted_does_not_start(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    code, said, told = run("witness", "serve", "--dir", folder, "--log-vkey", folder / "logs")

    assert (code, said) == (1, "")
    assert told.startswith("见证人无法启动：")
    assert "Traceback" not in told


@pytest.mark.parametrize("listen", ["", "127.0.0.1", ":0", "127.0.0.1:x", "127.0.0.1:65536", "192.0.2.1:1"])
def test_an_address_that_cannot_be_served_is_refused(folder: Path, listen: str) -> None:
    code, _, told = run("witness", "serve", "--dir", folder, "--log-vkey", folder / "logs", "--listen", listen)

    assert (code, "Traceback" in told) == (1, False)


def test_what_continues_is_cosigned(witness: Running) -> None:
    before = int(time.time())
    first = witness.verified(witness.submit(0, 5), 5)
    second = witness.verified(witness.submit(5, 12), 12)
    again = witness.verified(witness.submit(12, 12), 12)

    assert before <= first <= second <= again <= int(time.time())


def test_an_empty_log_is_cosigned(witness: Running) -> None:
    witness.verified(witness.submit(0, 0), 0)

    assert witness.submit(0, 0, key=OTHER) == (404, "unknown log\n")
    assert witness.post(
        format_submission(0, [], sign_note(format_checkpoint(Checkpoint(LOG.name, 0, b"r" * 32)), LOG))
    ) == (
        409,
        "0\n",
    )


def test_the_size_is_told_to_who_does_not_know_it(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    request = urllib.request.Request(  # noqa: S310
        witness.url + "/add-checkpoint", data=format_submission(0, [], note(9)).encode(), method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)  # noqa: S310

    with refused.value as answer:
        assert (answer.code, answer.read()) == (409, b"5\n")
        assert answer.headers["Content-Type"] == "text/x.tlog.size"
    assert witness.submit(7, 9) == (409, "5\n")


def test_a_smaller_size_is_refused_for_ever(witness: Running) -> None:
    witness.verified(witness.submit(0, 9), 9)

    for old_size in (0, 3, 4):
        assert witness.submit(old_size, 4) == (409, "9\n")
    assert witness.submit(9, 4)[0] == 400
    witness.kill()
    witness.start()
    assert witness.submit(0, 4) == (409, "9\n")
    witness.verified(witness.submit(9, 10), 10)


def test_another_history_is_refused_for_ever_and_kept_as_evidence(witness: Running) -> None:
    witness.verified(witness.submit(0, 9), 9)

    assert witness.submit(9, 9, FORK) == (409, "9\n")
    assert witness.submit(9, 12, FORK)[0] == 422
    witness.kill()
    witness.start()
    assert witness.submit(9, 12, FORK)[0] == 422
    assert witness.submit(9, 9, FORK) == (409, "9\n")
    witness.verified(witness.submit(9, 12), 12)
    with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
        kept = memory.execute("SELECT origin, size, cosigned, refused FROM fork").fetchall()
    memory.close()
    assert kept == [(LOG.name, 9, note(9), note(9, FORK))]


def test_a_proof_that_shows_nothing_is_refused(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    good = consistency_proof(5, MAIN[:9])

    for proof in ([], good[:-1], [*good, good[0]], list(reversed(good))):
        assert witness.post(format_submission(5, proof, note(9))) == (422, "not shown to continue what was seen\n")
    assert witness.post(format_submission(5, good, note(5)))[0] == 422
    witness.verified(witness.post(format_submission(5, good, note(9))), 9)


def test_only_known_logs_are_cosigned(witness: Running) -> None:
    forger = SigningKey(LOG.name, Kind.LOG, b"f" * 32)
    text = format_checkpoint(Checkpoint(LOG.name, 5, root_of(MAIN[:5])))

    assert witness.submit(0, 5, key=OTHER) == (404, "unknown log\n")
    assert witness.submit(0, 5, key=forger) == (403, "not signed by a key of this log\n")
    assert witness.post(format_submission(0, [], sign_note(text, OTHER)))[0] == 403
    spoilt = note(5).replace("\n5\n", "\n6\n")
    assert witness.post(format_submission(0, [], spoilt))[0] == 403
    witness.verified(witness.post(format_submission(0, [], sign_note(text, OTHER, LOG, forger))), 5)


def test_several_logs_and_keys_are_kept_apart(folder: Path) -> None:
    successor = SigningKey(LOG.name, Kind.LOG, b"n" * 32)
    (folder / "logs").write_text(f"{LOG.verifier}\n\n{OTHER.verifier}\n{successor.verifier}\n")
    witness = Running(folder)
    witness.start()

    witness.verified(witness.submit(0, 5), 5)
    assert witness.submit(0, 7, FORK, OTHER)[0] == 200
    assert witness.submit(5, 9, key=successor)[0] == 200
    assert witness.submit(0, 9, FORK, OTHER) == (409, "7\n")
    witness.kill()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0\n",
        "old x\n\n" + note(5),
        "old 0\n\n" + note(5)[:-1],
        "old 0\n\nlog.example/linyi\n5\nAAAA\n\n— log.example/linyi AAAAAAAA\n",
        "old 0\n\n" + sign_note("log.example/linyi\n5\n" + "A" * 43 + "=\nextension\n", LOG),
        format_submission(0, [b"h" * 32] * 64, note(5)),
        b"\xff\xfe",
        "old 6\n\n" + note(5),
    ],
)
def test_what_is_misshapen_is_refused(witness: Running, body: bytes | str) -> None:
    status, said = witness.post(body)

    assert (status, said.startswith("malformed: ")) == (400, True)
    witness.verified(witness.submit(0, 5), 5)


def test_other_addresses_do_not_exist(witness: Running) -> None:
    assert witness.get("/") == (404, "not found\n")
    assert witness.get("/add-checkpoint")[0] == 404
    assert witness.post(b"x", "/healthz")[0] == 404
    assert ask(urllib.request.Request(witness.url + "/healthz", method="DELETE"))[0] == 501  # noqa: S310


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", b"413"),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
    ],
)
def test_requests_out_of_bounds_are_refused(witness: Running, head: bytes, status: bytes) -> None:
    with connected(witness) as connection:
        connection.sendall(head)
        answer = read_all(connection)

    assert status in answer.split(b"\n")[0]
    assert witness.healthy()


def test_a_request_that_never_ends_does_not_hold_the_witness(witness: Running) -> None:
    waiting = [connected(witness) for _ in range(70)]
    for connection in waiting[:60]:
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold")

    # Beyond the limit a connection is closed at once, and what is under way ends at its deadline.
    assert sum(read_all(connection) == b"" for connection in waiting[-3:]) == 3
    for connection in waiting:
        connection.close()
    for _ in range(100):
        if witness.healthy():
            break
        time.sleep(0.05)
    witness.verified(witness.submit(0, 5), 5)


def test_several_requests_go_through_one_connection(witness: Running) -> None:
    with connected(witness) as connection:
        for old_size, size in ((0, 5), (5, 9)):
            body = format_submission(old_size, consistency_proof(old_size, MAIN[:size]), note(size)).encode()
            connection.sendall(
                b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(b"=\n"):
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")


def test_of_several_histories_at_the_same_moment_exactly_one_is_cosigned(witness: Running) -> None:
    leaves: list[bytes] = []
    for number in range(8):
        size = len(leaves) + 4
        trees = [[*leaves, *(leaf_hash(b"%d %d %d" % (number, side, leaf)) for leaf in range(4))] for side in range(4)]
        gate = threading.Barrier(len(trees))

        def send(tree: list[bytes], gate: threading.Barrier = gate, size: int = size) -> tuple[int, str]:
            gate.wait()
            return witness.submit(size - 4, size, tree)

        with ThreadPoolExecutor(len(trees)) as pool:
            answers = list(pool.map(send, trees))

        statuses = [status for status, _ in answers]
        assert sorted(statuses) == [200, 409, 409, 409]
        leaves = trees[statuses.index(200)]
        witness.verified(answers[statuses.index(200)], size, leaves)
        witness.verified(witness.submit(size, size, leaves), size, leaves)


def test_killed_at_any_moment_it_has_remembered_what_it_cosigned(witness: Running) -> None:
    cosigned = 0
    for number in range(1, 13):
        stop = threading.Event()
        given: list[int] = []

        def keep_asking(stop: threading.Event = stop, given: list[int] = given, size: int = cosigned) -> None:
            while not stop.is_set() and size < 60:
                try:
                    status, said = witness.submit(size, size + 1)
                except (OSError, HTTPException):
                    return
                if status == 409:
                    size = int(said)
                else:
                    size += 1
                    given.append(size)

        asking = threading.Thread(target=keep_asking)
        asking.start()
        time.sleep(0.002 * number)
        witness.kill()
        stop.set()
        asking.join()
        witness.start()
        last = max([cosigned, *given])
        with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
            row = memory.execute("SELECT size, root FROM seen").fetchone()
        memory.close()
        size, root = row or (0, root_of([]))

        # It may have remembered one more than it could still answer, never one less.
        assert last <= size <= last + 1
        assert root == root_of(MAIN[:size])
        cosigned = size


def test_what_is_cosigned_is_on_disk_before_it_is_signed(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
        mode = memory.execute("PRAGMA journal_mode").fetchone()
        memory.execute("BEGIN EXCLUSIVE")
        status, _ = witness.submit(5, 9)
        memory.execute("ROLLBACK")
    memory.close()

    # While another holds the file nothing can be remembered, so nothing is signed.
    assert (mode, status) == (("wal",), 503)
    witness.verified(witness.submit(5, 9), 9)


def test_time_never_runs_backwards(folder: Path) -> None:
    witness = Running(folder)
    witness.start()
    witness.verified(witness.submit(0, 5), 5)
    later = int(time.time()) + 5000
    with sqlite3.connect(folder / "witness.sqlite") as memory:
        memory.execute("UPDATE seen SET at = ?", [later])
    memory.close()

    assert witness.verified(witness.submit(5, 9), 9) == later
    witness.kill()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_also_with_open_connections(witness: Running, signum: int) -> None:
    with connected(witness), connected(witness) as second:
        second.sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
        began = time.monotonic()
        code = witness.stop(signum)

    assert code == 0
    assert time.monotonic() - began < 3
    assert not witness.address_file.exists()


def test_an_address_of_another_witness_is_left_alone(witness: Running) -> None:
    witness.address_file.write_text("http://127.0.0.1:1\n")

    assert witness.stop() == 0
    assert witness.address_file.read_text() == "http://127.0.0.1:1\n"


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
