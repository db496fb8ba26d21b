"""The platform's own jobs (平台自身任务), woken by the minute."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from mifeng.kernel.reads import digest_noted

STALLED_AFTER = 30
# A job that fails because the database went away is done again, after 2, 4, 8 … seconds and for about half an hour.
AGAIN = RetryStrategy(max_attempts=10, exponential_wait=2)

T = TypeVar("T")
log = logging.getLogger(__name__)


def each(things: Iterable[T], work: Callable[[T], object]) -> None:
    """Do a work for one thing after another (逐项处理); one that fails does not stand in the way of those behind it.

    Raises:
        Exception: the first failure, once everything has had its turn, so that the job counts as failed.
    """
    failures: list[Exception] = []
    for thing in things:
        try:
            work(thing)
        except Exception as failure:
            log.exception("failed for %s", thing)
            failures.append(failure)
    if failures:
        raise failures[0]


@app.periodic(cron="* * * * *")
@app.task(name="kernel.digest_noted")
def digest(timestamp: int) -> None:
    """Put the minute's refusals and sensitive reads into the ledger by one digest (拒绝与查阅摘要)."""
    digest_noted()


@app.periodic(cron="* * * * *")
@app.task(name="kernel.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Take up again the jobs of a worker that was killed (接管中断任务)."""
    for job in await context.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 * * * *")
@app.task(name="kernel.forget_finished", pass_context=True)
async def forget_finished(context: JobContext, timestamp: int) -> None:
    """Delete finished jobs after a day; what they did stands in the ledger (清理已完成任务)."""
    await context.app.job_manager.delete_old_jobs(nb_hours=24)
