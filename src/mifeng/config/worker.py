"""The worker (后台): carries out jobs and wakes what is due.

Two loops in one process. Jobs are procrastinate's; those left over by a killed worker are taken up again by a
periodic task, since nothing else restarts them. Deadlines are rows of our own: looked at once a
second, which is also how soon a moved test clock is noticed.

When the database goes away, so does the process, and the supervisor starts another: parts of procrastinate keep broken
connections for good (the heartbeat, the look at periodic tasks) while others go on, and half a worker looks alive.
"""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

import django
import psycopg
from django.db import OperationalError, close_old_connections
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from psycopg.conninfo import make_conninfo

from mifeng.config.env import env
from mifeng.config.postgres import parameters

LOOK_EVERY = 1.0
STALLED_AFTER = 30.0

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run jobs and deadlines until SIGTERM or SIGINT (后台进程)."""
    if arguments:
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    django.setup()
    # Models can be imported only now.
    from mifeng.kernel.instance import check_mode  # noqa: PLC0415

    check_mode()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # A handler interrupts the thread that may hold the event's own lock; another thread sets it.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    deadlines = threading.Thread(target=wake_until, args=(stop,), name="deadlines")
    deadlines.start()
    try:
        asyncio.run(run_jobs(stop))
    except (psycopg.OperationalError, ConnectorException) as error:
        log.warning("the database went away: %s", type(error).__name__)
        return 1
    finally:
        stop.set()
        deadlines.join()
    return 0


def wake_until(stop: threading.Event) -> None:
    """Carry out what is due until told to stop; a database that is away is waited for.

    Anything else that goes wrong ends the whole worker, which is started again: one that only does jobs looks alive
    while no deadline is met any more.
    """
    # Models can be imported only after django.setup(), which main() calls first.
    from mifeng.config.reactions import DUE  # noqa: PLC0415
    from mifeng.kernel.deadlines import wake  # noqa: PLC0415

    try:
        while not stop.is_set():
            try:
                close_old_connections()
                tried = wake(DUE)
            except OperationalError as error:
                log.warning("database away: %s", type(error).__name__)
                tried = 0
            if not tried:
                stop.wait(LOOK_EVERY)
    except Exception:
        log.exception("deadlines are no longer looked at")
    finally:
        stop.set()


async def run_jobs(stop: threading.Event) -> None:
    """Run procrastinate's worker until told to stop, for as long as one connection of our own lasts.

    Raises:
        psycopg.OperationalError: when that connection ends.
    """
    from mifeng.config.reactions import app  # noqa: PLC0415 - as above

    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    jobs: App = app.with_connector(connector)
    lifeline = await psycopg.AsyncConnection.connect(make_conninfo("", **parameters(env())), autocommit=True)
    async with lifeline, jobs.open_async():
        worker = asyncio.create_task(
            jobs.run_worker_async(
                concurrency=2,
                install_signal_handlers=False,
                fetch_job_polling_interval=LOOK_EVERY,
                stalled_worker_timeout=STALLED_AFTER,
                shutdown_graceful_timeout=3,
            )
        )
        try:
            await _until(stop, worker, lifeline)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


async def _until(stop: threading.Event, worker: "asyncio.Task[None]", lifeline: "psycopg.AsyncConnection[Any]") -> None:
    loop = asyncio.get_running_loop()
    look_at = loop.time()
    while not stop.is_set() and not worker.done():
        if loop.time() >= look_at:
            await lifeline.execute("SELECT 1")
            look_at = loop.time() + LOOK_EVERY
        await asyncio.sleep(0.1)
    if worker.done():
        await worker
