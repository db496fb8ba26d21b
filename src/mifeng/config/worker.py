"""The worker (后台): carries out jobs and wakes what is due.

Two loops in one process. Jobs are procrastinate's; those left over by a killed worker are taken up again by a
periodic task, since nothing else restarts them. Deadlines are rows of our own: looked at when the next is due, and
never less than once a second, which is also how soon a moved test clock is noticed.
"""

import asyncio
import logging
import os
import signal
import threading

import django
from django.db import OperationalError, close_old_connections
from procrastinate import App

LOOK_EVERY = 1.0
STALLED_AFTER = 30.0

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run jobs and deadlines until SIGTERM or SIGINT (后台进程)."""
    if arguments:
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    django.setup()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    deadlines = threading.Thread(target=wake_until, args=(stop,), name="deadlines")
    deadlines.start()
    try:
        asyncio.run(run_jobs(stop))
    finally:
        stop.set()
        deadlines.join()
    return 0


def wake_until(stop: threading.Event) -> None:
    """Carry out what is due until told to stop; a database that is away is waited for."""
    # Models can be imported only after django.setup(), which main() calls first.
    from mifeng.config.reactions import DUE  # noqa: PLC0415
    from mifeng.kernel.deadlines import wake  # noqa: PLC0415

    while not stop.is_set():
        try:
            close_old_connections()
            tried = wake(DUE)
        except OperationalError as error:
            log.warning("database away: %s", type(error).__name__)
            tried = 0
        if not tried:
            stop.wait(LOOK_EVERY)


async def run_jobs(stop: threading.Event) -> None:
    """Run procrastinate's worker until told to stop; start it again when the database was away."""
    from mifeng.config.reactions import app  # noqa: PLC0415 - as above

    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    jobs: App = app.with_connector(connector)
    while not stop.is_set():
        try:
            async with jobs.open_async():
                await _until(stop, jobs)
        except OSError as error:
            log.warning("jobs interrupted: %s", type(error).__name__)
        except Exception:
            log.exception("jobs interrupted")
        if not stop.is_set():
            await asyncio.sleep(LOOK_EVERY)


async def _until(stop: threading.Event, jobs: App) -> None:
    worker = asyncio.create_task(
        jobs.run_worker_async(
            concurrency=2,
            install_signal_handlers=False,
            fetch_job_polling_interval=LOOK_EVERY,
            stalled_worker_timeout=STALLED_AFTER,
            shutdown_graceful_timeout=3,
        )
    )
    while not stop.is_set() and not worker.done():
        await asyncio.sleep(0.1)
    if worker.done():
        await worker
    else:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
