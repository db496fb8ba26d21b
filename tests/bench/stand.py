"""Where the figures are taken (测试台): a data folder of its own, PostgreSQL as durable as in service."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.db import connections

if TYPE_CHECKING:
    from tests.factories import City

FOLDER = Path("build", "bench").absolute()
READY_WITHIN = 90.0  # seconds


def prepare() -> None:
    """Make the data folder with the sample city and point this process at it, before Django is set up."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("DATABASE_URL", "MIFENG_TEST_MODE", "MIFENG_WITNESS_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "MIFENG_DATA": str(FOLDER),
        "MIFENG_PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "mifeng.config.settings",
    }
    subprocess.run([sys.executable, "-m", "mifeng.cli", "init", "--sample"], check=True)
    django.setup()


@contextmanager
def database() -> Iterator[None]:
    """Run PostgreSQL alone, with every write on disk before it is answered."""
    from mifeng.config import postgres  # noqa: PLC0415 - reads the surroundings that prepare() sets
    from mifeng.config.env import env  # noqa: PLC0415

    with postgres.running(env(), durable=True):
        try:
            yield
        finally:
            connections.close_all()


@contextmanager
def platform() -> Iterator[None]:
    """Run the whole platform under its supervisor, on a port of its own, until the end of the block."""
    command = [sys.executable, "-m", "mifeng.cli", "serve"]
    with (FOLDER / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + READY_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError("the platform did not get ready:\n" + (FOLDER / "serve.log").read_text()[-4000:])
            time.sleep(0.1)
        yield
    finally:
        connections.close_all()
        process.send_signal(signal.SIGINT)
        process.wait(30)


def ready() -> bool:
    """Say whether every part of the platform is ready."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{os.environ['MIFENG_PORT']}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def city() -> "City":
    """Return the sample municipality as it stands in the database."""
    from tests.conftest import read_city  # noqa: PLC0415 - models load once Django is set up

    return read_city()


def remove() -> None:
    """Remove the data folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
