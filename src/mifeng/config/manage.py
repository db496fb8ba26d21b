"""Commands that need Django and the database (管理命令): migrations, Django's own commands, the test clock.

Each finds a running database, or starts the embedded one for its own length.
"""

import os
import re
import sys
from datetime import datetime, timedelta

import django as framework
from django.core.management import execute_from_command_line

from mifeng.config import postgres
from mifeng.config.env import env
from mifeng.kernel import clock as platform_clock

STEP = re.compile(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def prepare() -> None:
    """Load Django with the one settings file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    framework.setup()


def django(arguments: list[str]) -> int:
    """Run one of Django's own commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    try:
        with postgres.ensure(purpose="django"):
            execute_from_command_line(["mifeng django", *arguments])
    except postgres.PostgresError as error:
        print(f"mifeng: {error}", file=sys.stderr)
        return 1
    return 0


def migrate(arguments: list[str]) -> int:
    """Bring the database up to date."""
    return django(["migrate", "--no-input", *arguments])


def clock(arguments: list[str]) -> int:
    """Show the platform's time, or move it forward: ``+2d3h``, or to an instant ``2026-12-01T09:00:00+08:00``."""
    wanted = _moment(arguments)
    if arguments and wanted is None:
        print("mifeng clock [+1d2h3m4s | 2026-12-01T09:00:00+08:00]", file=sys.stderr)
        return 2
    prepare()
    from mifeng.kernel.instance import ModeDiffers, check_mode  # noqa: PLC0415 - models load after django.setup()

    try:
        with postgres.ensure(purpose="clock"):
            check_mode()
            at = platform_clock.now()
            if wanted is not None:
                at = platform_clock.move(wanted if isinstance(wanted, timedelta) else wanted - at)
    except (postgres.PostgresError, ModeDiffers, ValueError) as error:
        print(f"mifeng clock: {error}", file=sys.stderr)
        return 1
    print(at.isoformat())
    return 0


def _moment(arguments: list[str]) -> datetime | timedelta | None:
    """Return the step or the instant that was asked for; None when there is none that can be understood."""
    if len(arguments) != 1:
        return None
    if step := STEP.fullmatch(arguments[0]):
        days, hours, minutes, seconds = (int(part or 0) for part in step.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        instant = datetime.fromisoformat(arguments[0])
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def people(arguments: list[str]) -> int:
    """Show how to sign in as one person of each post of the sample municipality."""
    prepare()
    from mifeng.sample.municipality import sign_in_data  # noqa: PLC0415 - models load after django.setup()

    here = env()
    print(f"\n示范账号  {here.url}/")
    for title, account, password in sign_in_data(here.data / "keys" / "sample"):
        print(f"  {account:<16}{password:<16}{title}")
    return 0
