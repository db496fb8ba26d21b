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

READY = "MIFENG_TESTS_READY"


def prepare() -> None:
    """Start PostgreSQL in a folder of its own and build the sample city in it; workers of a run inherit it."""
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


if READY not in os.environ:
    prepare()
