"""A database for the tests (测试数据库): embedded, thrown away, filled once with the sample municipality.

Loaded as a plugin before Django's settings are read (``-p tests.embedded``). The database ``mifeng`` is a template:
every process of a run, and every test that commits, works on a copy of it, which PostgreSQL makes in milliseconds.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from tests import ENTRIES

READY = "MIFENG_TESTS_READY"
MEMORY = "/dev/shm"  # noqa: S108 - the machine's own memory, where each run makes folders under names of its own
NEEDED = 4 * 2**30


def in_memory() -> None:
    """Keep what tests write in memory, where there is room: they sync and copy files by the thousand.

    What outlives a killed process is the same there; only a machine that loses its power would forget it.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > NEEDED:
        tempfile.tempdir = os.environ["TMPDIR"] = MEMORY


def prepare() -> None:
    """Start PostgreSQL in a folder of its own and build the sample city in it; workers of a run inherit it."""
    in_memory()
    folder = Path(tempfile.mkdtemp(prefix="mifeng-tests-"))
    folder.chmod(0o755)
    os.environ |= {"MIFENG_DATA": str(folder), READY: "1"}
    os.environ.pop("MIFENG_TEST_MODE", None)
    from mifeng.config import postgres  # noqa: PLC0415 - only the process that starts the database needs it
    from mifeng.config.env import env  # noqa: PLC0415

    server = postgres.start(env(), durable=False)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(postgres.stop, server)
    os.environ["DATABASE_URL"] = server.dsn
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-m", "mifeng.cli", "init", "--sample"], check=True, env=surroundings)
    env.cache_clear()
    with psycopg.connect(server.dsn) as own:
        [[last]] = own.execute("SELECT max(id) FROM kernel_entry").fetchall()
    os.environ[ENTRIES] = str(last)


if READY not in os.environ:
    prepare()
