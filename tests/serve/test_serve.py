"""The supervisor: one per data folder, what ends is started again, and nothing is left behind."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mifeng.config import postgres
from mifeng.config.processes import alive
from tests.serve.platform import PROGRAMS, Platform

LONGEST_STOP = 3.0  # seconds

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Return a platform that has been set up."""
    with tempfile.TemporaryDirectory() as folder:
        made = Platform(Path(folder) / "var")
        done = made.command("init", "--sample")
        assert done.returncode == 0, done.stderr
        yield made
        if made.supervisor is not None and made.supervisor.poll() is None:
            made.interrupt()


@pytest.fixture
def ended(platform: Platform) -> Platform:
    """Return the platform with nothing running."""
    if platform.supervisor is not None and platform.supervisor.poll() is None:
        platform.interrupt()
    return platform


@pytest.fixture
def running(platform: Platform) -> Platform:
    """Return the platform running, started for this test or left so by another."""
    if platform.supervisor is None or platform.supervisor.poll() is not None:
        platform.start()
    return platform


def open_streams(platform: Platform, count: int) -> list[socket.socket]:
    """Open push streams and return them once each has been answered."""
    streams = []
    for number in range(count):
        link = socket.create_connection(("127.0.0.1", platform.port), timeout=10)
        link.sendall(f"GET /live?topic=a:{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert link.recv(4096).startswith(b"HTTP/1.1 200")
        streams.append(link)
    return streams


def is_over(link: socket.socket) -> bool:
    """Say whether a stream came to its orderly end: its last chunk is the empty one."""
    text = b""
    with link:
        while piece := link.recv(4096):
            text += piece
    return text.endswith(b"0\r\n\r\n")


def test_ctrl_c_ends_everything_in_three_seconds_with_open_streams(running: Platform) -> None:
    streams = open_streams(running, 20)

    seconds = running.interrupt()
    over = [is_over(link) for link in streams]

    assert running.supervisor is not None
    assert running.supervisor.returncode == 0
    assert over == [True] * 20
    assert running.left() == []
    assert seconds <= LONGEST_STOP, running.log.read_text()


def test_a_second_start_is_refused_and_says_who_runs(running: Platform) -> None:
    assert running.supervisor is not None

    second = running.command("serve")

    assert second.returncode == 1
    assert f"already running: serve, pid {running.supervisor.pid}, http://127.0.0.1:{running.port}" in second.stderr
    assert running.ready()


def test_commands_find_the_database_of_a_running_platform(running: Platform) -> None:
    before = running.pid("postgres")

    checked = running.command("django", "migrate", "--check")

    assert (checked.returncode, running.pid("postgres")) == (0, before)


def test_everything_is_found_again_after_the_supervisor_was_killed(running: Platform) -> None:
    with psycopg.connect(postgres.Postgres(postgres.parameters(running.env)).dsn) as connection:
        entries = connection.execute("SELECT count(*) FROM kernel_entry").fetchone()
    had = running.left()

    running.kill()
    until = time.monotonic() + 10
    while running.left() and time.monotonic() < until:
        time.sleep(0.05)
    orphans = running.left()
    running.start()

    with psycopg.connect(postgres.Postgres(postgres.parameters(running.env)).dsn) as connection:
        again = connection.execute("SELECT count(*) FROM kernel_entry").fetchone()
    assert len(had) >= len(PROGRAMS) + 1
    assert orphans == []
    assert again == entries


def test_a_start_right_after_the_kill_does_not_stumble_over_what_still_ends(running: Platform) -> None:
    old = running.left()

    running.kill()
    running.start()

    assert [pid for pid in old if alive(pid)] == []
    assert running.interrupt() <= LONGEST_STOP
    assert running.left() == []


@pytest.mark.parametrize("name", [*PROGRAMS, "postgres"])
def test_a_program_that_is_killed_runs_again(running: Platform, name: str) -> None:
    killed = running.pid(name)

    os.kill(killed, signal.SIGKILL)
    running.until(lambda: not alive(killed), f"{name} is gone")
    running.until(lambda: running.pid(name) != killed and running.ready(), f"{name} runs again")

    assert alive(running.pid(name))


def test_no_worker_of_a_killed_server_goes_on_serving(running: Platform) -> None:
    main = running.pid("server")
    workers = [pid for pid in running.left() if parent(pid) == main]

    os.kill(main, signal.SIGKILL)
    running.until(lambda: running.pid("server") != main and running.ready(), "the server runs again")

    assert len(workers) == 1
    assert not alive(workers[0])
    running.interrupt()


def parent(pid: int) -> int:
    """Return the parent of a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_a_port_in_use_is_named(ended: Platform) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", ended.port))
        other.listen()

        refused = ended.command("serve")

    assert refused.returncode == 1
    assert f"somebody else listens on 127.0.0.1:{ended.port}" in refused.stderr
    assert ended.left() == []


def test_an_empty_folder_is_not_served(tmp_path: Path) -> None:
    refused = Platform(tmp_path / "var").command("serve")

    assert refused.returncode == 1
    assert "run `mifeng init` first" in refused.stderr


def test_a_database_that_lacks_a_migration_is_not_served(ended: Platform) -> None:
    with postgres.running(ended.env) as server, psycopg.connect(server.dsn) as connection:
        row = connection.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'sessions')"
            " RETURNING app, name, applied"
        ).fetchone()

    refused = ended.command("serve")

    with postgres.running(ended.env) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert refused.returncode == 1
    assert "run `mifeng migrate`" in refused.stderr
    assert ended.left() == []


def test_the_service_manager_is_told(ended: Platform) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{folder}/notify")
        manager.settimeout(60)
        ended.variables["NOTIFY_SOCKET"] = f"{folder}/notify"
        try:
            ended.start()
            told = [manager.recv(100)]
            ended.interrupt()
            told.append(manager.recv(100))
        finally:
            del ended.variables["NOTIFY_SOCKET"]

    assert told == [b"READY=1", b"STOPPING=1"]


def test_a_terminal_that_closes_ends_the_platform_in_order(running: Platform) -> None:
    assert running.supervisor is not None

    running.supervisor.send_signal(signal.SIGHUP)

    assert running.supervisor.wait(10) == 0
    assert running.left() == []
