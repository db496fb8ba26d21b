"""Is it alive, is it ready (健康检查): what the supervisor, a load balancer and an operator ask.

``/healthz`` says that this process answers. ``/readyz`` says, part by part, whether an act would go its whole way: the
database is there and up to date and of the mode this server was started in, worker and sequencer live, the witness can
be reached, and so can enough trustees and all who contribute to a draw. It names no facts beyond that.
"""

import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mifeng.config.env import Env, env
from mifeng.kernel.ledger.sequencer import LEADER
from mifeng.kernel.outside import Party, is_named, outside

WORKER_SILENT = 30  # seconds without a heartbeat; one is sent every ten

WORKER = "SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s))"
# The sequencer holds this lock as long as its one connection lasts; a 64-bit key stands in two halves here.
SEQUENCER = """
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND classid = %s AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""
MODE = "SELECT test_mode FROM kernel_instance"


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Answer: this process takes requests."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when every part is ready, else 503; the parts by name in both cases."""
    parts = {name: _holds(check) for name, check in PARTS.items()}
    ok = all(parts.values())
    answer = JsonResponse({"status": "ready" if ok else "waiting", "parts": parts}, status=200 if ok else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each early question as an error
    return answer


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, OSError, ValueError):
        return False


def database_answers() -> bool:
    """Ask the database for anything at all."""
    return _one("SELECT true")


def is_migrated() -> bool:
    """Say whether every migration has been applied; asked until it is so."""
    if not _known_migrated.cache_info().currsize:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _known_migrated()
    return True


@cache
def _known_migrated() -> bool:
    return True


def mode_agrees() -> bool:
    """Say whether the database was set up in the mode that this server was started in."""
    with connection.cursor() as cursor:
        cursor.execute(MODE)
        row = cursor.fetchone()
    return row is not None and bool(row[0]) == env().test_mode


def worker_lives() -> bool:
    """Say whether a worker has given a sign of life."""
    return _one(WORKER, WORKER_SILENT)


def sequencer_lives() -> bool:
    """Say whether a sequencer leads."""
    return _one(SEQUENCER, LEADER >> 32, LEADER & 0xFFFFFFFF)


def witness_answers() -> bool:
    """Say whether the witness can be reached."""
    return _healthy(witness_address(env()))


def trustees_answer() -> bool:
    """Say whether enough trustees can be reached to open a bid; where none are named yet, nothing is sealed either."""
    if not is_named():
        return True
    named = outside()
    return sum(_reached(one) for one in named.trustees) >= named.threshold


def contributors_answer() -> bool:
    """Say whether everybody can be reached whose contribution a draw needs."""
    return not is_named() or all(_reached(one) for one in outside().contributors)


def _reached(party: Party) -> bool:
    try:
        return _healthy(party.url())
    except (OSError, ValueError):
        return False


def _healthy(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/healthz", timeout=1) as answer:
        return bool(answer.status == 200)


def witness_address(surroundings: Env) -> str:
    """Return where the witness is: outside, or where our own wrote down that it is."""
    if surroundings.witness_url:
        return surroundings.witness_url
    return (surroundings.data / "run" / "witness.address").read_text().strip()


def _one(query: str, *values: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return bool(row and row[0])


PARTS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "migrations": is_migrated,
    "mode": mode_agrees,
    "worker": worker_lives,
    "sequencer": sequencer_lives,
    "witness": witness_answers,
    "trustees": trustees_answer,
    "contributors": contributors_answer,
}
