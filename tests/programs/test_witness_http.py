"""The witness on the wire: misshapen, oversized, slow and many requests, and its end. Source: docs/spec/log.md §6."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mifeng.programs.witness.keys import make_key
from mifeng.rules.ledger import (
    consistency_proof,
    format_submission,
    sign_note,
)
from tests.programs.witnesses import LOG, MAIN, Running, ask, connected, note, read_all


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
        assert running.stop() == 0


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a running witness that has seen a log of five, for questions that leave it as it is."""
    folder = tmp_path_factory.mktemp("settled")
    make_key(folder, "witness.example/notary")
    (folder / "logs").write_text(f"{LOG.verifier}\n")
    running = Running(folder)
    running.start()
    running.verified(running.submit(0, 5), 5)
    yield running
    assert running.stop() == 0


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
def test_what_is_misshapen_is_refused(settled: Running, body: bytes | str) -> None:
    status, said = settled.post(body)

    assert (status, said.startswith("malformed: ")) == (400, True)
    settled.verified(settled.submit(5, 5), 5)


def test_other_addresses_do_not_exist(settled: Running) -> None:
    assert settled.get("/") == (404, "not found\n")
    assert settled.get("/add-checkpoint")[0] == 404
    assert settled.post(b"x", "/healthz")[0] == 404
    assert ask(urllib.request.Request(settled.url + "/healthz", method="DELETE"))[0] == 501  # noqa: S310


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
def test_requests_out_of_bounds_are_refused(settled: Running, head: bytes, status: bytes) -> None:
    with connected(settled) as connection:
        connection.sendall(head)
        answer = read_all(connection)

    assert status in answer.split(b"\n")[0]
    assert settled.healthy()


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
