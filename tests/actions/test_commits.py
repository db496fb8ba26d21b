"""Acts that really commit (提交): jobs exist exactly when their act does, keys are kept with it, periodic jobs run."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, connections
from procrastinate import App, JobContext
from procrastinate.jobs import Job
from procrastinate.tasks import Task

from mifeng.config.env import env
from mifeng.config.reactions import app
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Instance, Message, Noted, RequestKey
from mifeng.kernel.reads import note
from mifeng.kernel.tasks import digest, forget_finished, retry_stalled
from mifeng.rules.errors import WrongState
from mifeng.tenders.actions import accept_tender, enter_tender
from mifeng.tenders.models import Tender
from tests.factories import START, City, entered, entry


def elsewhere(statement: str) -> list[tuple[object, ...]]:
    """Ask another connection, which sees only what is committed."""
    with psycopg.connect(env().database_url, dbname=connection.settings_dict["NAME"]) as other:
        return other.execute(statement).fetchall()


def test_refused_act_leaves_no_job_and_a_committed_one_leaves_its_own(committing: City) -> None:
    """Jobs are deferred through the act's own connection: none without the act, none before its commit."""
    tender = entered(committing)
    before = elsewhere("SELECT count(*) FROM procrastinate_jobs")
    with clock.frozen(START):
        accept_tender(tender.pk, by=committing["host"])
    after = elsewhere("SELECT task_name, args->>'entry_id' FROM procrastinate_jobs ORDER BY id")

    with pytest.raises(WrongState):
        accept_tender(tender.pk, by=committing["host"])

    entries = [str(pk) for pk in Entry.objects.order_by("pk").values_list("pk", flat=True)]
    assert before == [(2,)]
    assert after[2:] == [("tenders.tell_agency", entries[-1])]
    assert elsewhere("SELECT task_name, args->>'entry_id' FROM procrastinate_jobs ORDER BY id") == after


def test_key_of_a_request_is_committed_with_its_entry(committing: City) -> None:
    by = committing["agency-a"].with_key("form-9", b"content")

    with clock.frozen(START):
        written = enter_tender(entry(committing), by=by)

    assert elsewhere("SELECT actor_handle, key, fingerprint, entry_id FROM kernel_requestkey") == [
        (by.handle, "form-9", b"content", written.id)
    ]
    assert (RequestKey.objects.count(), Tender.objects.count()) == (1, 1)


def test_act_without_a_key_keeps_none(committing: City) -> None:
    entered(committing)
    entered(committing)

    assert elsewhere("SELECT count(*) FROM kernel_requestkey") == [(0,)]
    assert elsewhere("SELECT count(*) FROM tenders_tender") == [(2,)]


def test_digest_covers_each_row_once_and_is_linked_in_its_own_act(committing: City) -> None:
    """Refusals and sensitive reads enter the ledger by one entry a minute (R071)."""
    with clock.frozen(START):
        note("refused", committing["buyer"], "/projects/1", codes=["wrong-post"])
        digest(timestamp=0)
        digest(timestamp=0)

    [(entry_id, kind, stream)] = elsewhere("SELECT id, type, subject FROM kernel_entry WHERE type = 'digest_noted'")
    assert (kind, stream) == ("digest_noted", f"kernel.instance:{Instance.objects.get().pk}")
    assert elsewhere("SELECT digest_entry_id FROM kernel_noted") == [(entry_id,)]
    assert Noted.objects.count() == 1


def run_jobs() -> None:
    """Run the real worker until no job is left."""

    async def until_idle() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
        jobs = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        async with jobs.open_async():
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
        await loop.run_in_executor(None, connections.close_all)  # the thread in which the jobs ran ends with the loop

    asyncio.run(until_idle())


def context(jobs: App) -> JobContext:
    """Return what the platform's own jobs get to know of the worker that runs them."""
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="kernel.test", task_kwargs={})
    return JobContext(app=jobs, job=job, start_timestamp=0.0, abort_reason=lambda: None)


def run_own(task: Task) -> None:
    """Run one of the platform's periodic jobs as the worker would."""

    async def once() -> None:
        jobs = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        async with jobs.open_async():
            await task.func(context(jobs), timestamp=0)

    asyncio.run(once())


def test_worker_carries_the_jobs_of_an_act_into_the_inboxes(committing: City) -> None:
    tender = entered(committing)

    run_jobs()

    assert elsewhere("SELECT DISTINCT status::text FROM procrastinate_jobs") == [("succeeded",)]
    told = set(Message.objects.values_list("recipient", "subject"))
    assert told == {
        (committing[name].handle, f"tenders.tender:{tender.pk}") for name in ("host", "host-2", "buyer", "supervisor")
    }


def test_job_of_a_killed_worker_is_taken_up_again(committing: City) -> None:
    """Nothing else restarts it: its worker's heartbeat has stopped, so it is queued once more."""
    entered(committing)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        [dead] = cursor.fetchone()
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
        [alive] = cursor.fetchone()
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        (lost,), (held,) = cursor.fetchall()
        update = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s"
        cursor.executemany(update, [(dead, lost), (alive, held)])

    run_own(retry_stalled)

    assert elsewhere("SELECT status::text FROM procrastinate_jobs ORDER BY id") == [("todo",), ("doing",)]


def test_finished_jobs_are_forgotten_after_a_day_and_failed_ones_kept(committing: City) -> None:
    """What a job did stands in the ledger; arguments of jobs are not kept for ever."""
    entered(committing)
    entered(committing)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        old, recent, failed, waiting = (row[0] for row in cursor.fetchall())
        for pk, end in ((old, "succeeded"), (recent, "succeeded"), (failed, "failed")):
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [pk])
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status WHERE id = %s", [end, pk]
            )
        cursor.execute(
            "UPDATE procrastinate_events SET at = at - interval '25 hours' WHERE job_id = ANY(%s)", [[old, failed]]
        )

    run_own(forget_finished)

    assert elsewhere("SELECT id FROM procrastinate_jobs ORDER BY id") == [(recent,), (failed,), (waiting,)]
