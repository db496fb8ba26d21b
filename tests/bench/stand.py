"""Where the figures are taken (测试台): a data folder of its own with the sample city, PostgreSQL as durable as in service."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from tests.factories import City

FOLDER = Path("build", "bench").absolute()


def prepare() -> None:
    """Make the data folder with the sample city and point this process at it, before Django is set up."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("DATABASE_URL", "MIFENG_TEST_MODE", "MIFENG_WITNESS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"MIFENG_DATA": str(FOLDER), "DJANGO_SETTINGS_MODULE": "mifeng.config.settings"}
    subprocess.run([sys.executable, "-m", "mifeng.cli", "init", "--sample"], check=True)  # noqa: S603 - our own program
    django.setup()


@contextmanager
def database() -> Iterator[None]:
    """Run PostgreSQL alone, with every write on disk before it is answered."""
    from mifeng.config import postgres  # noqa: PLC0415 - reads the surroundings that prepare() sets
    from mifeng.config.env import env  # noqa: PLC0415

    with postgres.running(env(), durable=True):
        yield


def city() -> "City":
    """Return the sample municipality as it stands in the database."""
    from tests.conftest import read_city  # noqa: PLC0415 - models load once Django is set up

    return read_city()


def remove() -> None:
    """Remove the data folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
