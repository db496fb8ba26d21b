"""Alive and ready: each part is told by name, and each can fail alone."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from django.db import connection
from django.test import Client, override_settings

from mifeng.config import health, outside
from mifeng.config.asgi import conninfo
from mifeng.config.env import Env
from mifeng.config.init import make_parties
from mifeng.kernel.ledger.sequencer import LEADER

PARTS = ["database", "migrations", "mode", "worker", "sequencer", "witness", "trustees", "contributors"]
READY_ALONE = {"database": True, "migrations": True, "mode": True}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Env:
    """Return surroundings whose own witness has not written its address yet."""
    env = Env.read({"MIFENG_DATA": str(tmp_path)})
    monkeypatch.setattr(health, "env", lambda: env)
    return env


@pytest.fixture
def witness(here: Env) -> Iterator[str]:
    """Run something that answers ``/healthz`` as a witness does, at the address it wrote down."""

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Well)
    Thread(target=server.serve_forever, args=(0.01,)).start()
    address = f"http://127.0.0.1:{server.server_port}"
    (here.folder("run") / "witness.address").write_text(f"{address}\n")
    yield address
    server.shutdown()
    server.server_close()


def ask() -> tuple[int, dict[str, bool]]:
    """Ask whether the platform is ready."""
    answer = Client().get("/readyz")
    assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    return answer.status_code, answer.json()["parts"]


def heartbeat(seconds_ago: int) -> None:
    """Leave a worker's sign of life."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


@pytest.mark.django_db
def test_a_process_that_answers_is_alive() -> None:
    answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.fixture
def parties(here: Env) -> Iterator[Path]:
    """Return the file that names three trustees, two of them needed, and three contributors; nobody answers yet."""
    with override_settings(ENV=here):
        path = here.folder("keys") / "outside.json"
        path.write_text(json.dumps(make_parties(here)))
        yield path


def reach(here: Env, address: str, *names: str) -> None:
    """Let some parties outside be reached at an address."""
    for name in names:
        (here.folder("run") / f"{name}.address").write_text(f"{address}\n")


@pytest.mark.usefixtures("committing", "here", "parties")
def test_a_server_alone_is_not_ready() -> None:
    absent = ("worker", "sequencer", "witness", "trustees", "contributors")
    assert ask() == (503, READY_ALONE | dict.fromkeys(absent, False))


@pytest.mark.usefixtures("parties")
def test_as_many_trustees_as_a_bid_needs_must_answer(here: Env, witness: str) -> None:
    reach(here, witness, "trustee-1")
    one = health.trustees_answer()
    reach(here, witness, "trustee-3")
    (here.folder("run") / "trustee-2.address").write_text("http://127.0.0.1:1\n")

    assert (one, health.trustees_answer()) == (False, True)


@pytest.mark.usefixtures("parties")
def test_everybody_who_contributes_to_a_draw_must_answer(here: Env, witness: str) -> None:
    reach(here, witness, "witness", "witness-2")
    two = health.contributors_answer()
    reach(here, witness, "witness-3")

    assert (two, health.contributors_answer()) == (False, True)


def test_nobody_is_missed_where_nobody_is_named(here: Env) -> None:
    with override_settings(ENV=here):
        assert (health.trustees_answer(), health.contributors_answer()) == (True, True)


@pytest.mark.usefixtures("committing", "parties")
def test_all_parts_together_are_ready(here: Env, witness: str) -> None:
    reach(here, witness, *outside.TRUSTEES, *outside.WITNESSES)
    heartbeat(5)
    with psycopg.connect(conninfo()) as leader:
        leader.execute("SELECT pg_advisory_lock(%s)", [LEADER])

        assert ask() == (200, dict.fromkeys(PARTS, True))


@pytest.mark.usefixtures("committing", "here")
def test_a_worker_that_fell_silent_is_missed() -> None:
    heartbeat(health.WORKER_SILENT + 1)

    assert not health.worker_lives()


@pytest.mark.usefixtures("committing", "here")
@pytest.mark.parametrize("key", [LEADER + 1, LEADER + 2**32])
def test_another_lock_is_not_the_sequencer(key: int) -> None:
    with psycopg.connect(conninfo()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [key])

        assert not health.sequencer_lives()


@pytest.mark.usefixtures("committing", "here")
def test_the_mode_of_another_database_is_noticed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_instance SET test_mode = NOT test_mode")

    assert not health.mode_agrees()


@pytest.mark.usefixtures("committing", "here")
def test_a_missing_migration_is_noticed() -> None:
    health._known_migrated.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    assert not health.is_migrated()


@pytest.mark.usefixtures("committing", "here")
def test_a_database_that_is_away_is_a_part_that_fails() -> None:
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "nowhere"
    try:
        status, parts = ask()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before

    assert status == 503
    assert not any(parts[name] for name in ("database", "mode", "worker", "sequencer", "witness"))


def test_an_outside_witness_is_where_the_surroundings_say(here: Env, witness: str) -> None:
    away = Env.read({"MIFENG_DATA": str(here.data), "MIFENG_WITNESS_URL": "https://witness.example.cn/"})

    assert health.witness_address(away) == "https://witness.example.cn"
    assert health.witness_address(here) == witness
