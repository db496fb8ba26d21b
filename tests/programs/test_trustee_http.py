"""The trustee's HTTP side: what is out of bounds, slow or many; its end. Source: our choice (ADR-6)."""

import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs.trustees import Keeper, Running, trustee_folder
from tests.programs.witnesses import ask, connected, read_all


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a running trustee, for questions that leave it as it is."""
    running = served(tmp_path_factory.mktemp("settled"))
    yield running
    assert running.stop() == 0


@pytest.fixture
def trustee(tmp_path: Path) -> Iterator[Running]:
    """Return a running trustee."""
    running = served(tmp_path)
    yield running
    if running.process and running.process.poll() is None:
        assert running.stop() == 0


def served(folder: Path) -> Running:
    """Start the first of three trustees."""
    running = Running(trustee_folder(Keeper(folder).folder / "trustee-1"))
    running.start()
    return running


def test_other_addresses_do_not_exist(settled: Running) -> None:
    missing = (404, {"refused": "not-found"})

    assert settled.get("/") == missing
    assert settled.get("/close") == missing
    assert settled.post("/healthz", b"x") == missing
    assert settled.post("/close/", b"x") == missing
    assert ask(urllib.request.Request(settled.url + "/key", method="DELETE")) == (501, '{"refused":"http-501"}')  # noqa: S310


def test_what_is_misshapen_is_refused(settled: Running) -> None:
    assert settled.post("/close", b"x") == (400, {"refused": "malformed"})
    assert settled.post("/release", b"") == (400, {"refused": "malformed"})


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /close HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
        (b"POST /close HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /close HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n", b"413"),
        (b"POST /close HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (b"POST /close HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
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


def test_a_request_that_never_ends_does_not_hold_the_trustee(trustee: Running) -> None:
    waiting = [connected(trustee) for _ in range(70)]
    for connection in waiting[:60]:
        connection.sendall(b"POST /close HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")

    # Beyond the limit a connection is closed at once, and what is under way ends at its deadline.
    assert sum(read_all(connection) == b"" for connection in waiting[-3:]) == 3
    for connection in waiting:
        connection.close()
    for _ in range(100):
        if trustee.healthy():
            break
        time.sleep(0.05)
    assert trustee.post("/close", b"x")[0] == 400


def test_several_requests_go_through_one_connection(settled: Running) -> None:
    with connected(settled) as connection:
        for _ in range(2):
            connection.sendall(b"POST /close HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
            answer = b""
            while not answer.endswith(b'{"refused":"malformed"}'):
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_also_with_open_connections(trustee: Running, signum: int) -> None:
    with connected(trustee), connected(trustee) as second:
        second.sendall(b"POST /close HTTP/1.1\r\n")
        began = time.monotonic()
        code = trustee.stop(signum)

    assert code == 0
    assert time.monotonic() - began < 3
    assert not trustee.address_file.exists()


def test_an_address_of_another_trustee_is_left_alone(trustee: Running) -> None:
    trustee.address_file.write_text("http://127.0.0.1:1\n")

    assert trustee.stop() == 0
    assert trustee.address_file.read_text() == "http://127.0.0.1:1\n"
