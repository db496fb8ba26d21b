"""The whole way from notice to opening by the deferred jobs alone (后台推进): each run twice."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from procrastinate.jobs import Job

from mifeng.bidding import tasks
from mifeng.bidding.actions import confirm_key
from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Acknowledgement, Countersignature, Opening
from mifeng.bidding.queries import uncountersigned
from mifeng.bidding.tasks import PATIENT, QUICK, QUICK_TRIES, SLOW, TRIES, look_after
from mifeng.config.reactions import DUE as WAKES
from mifeng.config.reactions import REACTIONS, app
from mifeng.kernel import clock, deadlines
from mifeng.kernel.models import Entry
from mifeng.rules.errors import Reason, WrongMoment
from mifeng.tenders.models import Lot
from tests.actions.conftest import Stages
from tests.bids import DAY_BEFORE, handed_in, take_back
from tests.factories import DUE, START, City, lot_of
from tests.trusted import Trusted, trusted

STAGES = ("published",)
SOON = DUE + timedelta(minutes=2)
OURS = {task.name for many in REACTIONS.values() for task in many if task.name.startswith("bidding.")}


@pytest.fixture
def lot(stages: Stages) -> Lot:
    """A published package that the trustees have not heard of yet."""
    return lot_of(stages["published"])


@pytest.fixture
def near(lot: Lot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trusted]:
    """The trustees of the sample city, near at hand, where the jobs look for them."""
    with trusted(tmp_path) as found:
        monkeypatch.setattr(tasks, "reach", found.reach)
        yield found


def work(near: Trusted, *, times: int = 2) -> list[str]:
    """Carry out the jobs that wait, as a worker that is killed after each would: every one so many times.

    What comes too early waits, as it does in the worker, until the log has been witnessed.
    """
    done: list[str] = []
    while waiting := _take():
        for name, args in waiting:
            for _ in range(times):
                near.settle()
                try:
                    app.tasks[name](**args)
                except NotYet:
                    near.settle()
                    app.tasks[name](**args)
            done.append(name.partition(".")[2])
    return done


def _take() -> list[tuple[str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        rows = [row for row in cursor.fetchall() if row[1] in OURS]
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
    return [(name, args if isinstance(args, dict) else json.loads(args)) for _, name, args in rows]


def test_jobs_alone_bring_bids_to_their_opening(city: City, near: Trusted, lot: Lot) -> None:
    """Whatever runs twice adds nothing: one list, one window, one release of each trustee, one opening."""
    with clock.frozen(START + timedelta(hours=1)):
        assert work(near) == ["countersign_deadline"]
    held = handed_in(city, lot, 4)
    take_back(held[3])
    with clock.frozen(DAY_BEFORE):
        assert work(near) == ["deal_stanzas"] * 4 + ["pass_on_withdrawal"]
    with clock.frozen(DUE):
        near.settle()
        assert deadlines.wake(WAKES) == 1
        assert work(near) == ["list_bids", "go_on"]
    with clock.frozen(SOON):
        for one in held[:3]:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        assert work(near) == ["close_keys_early"] * 3 + ["go_on"]

    assert Opening.objects.get().state == "public"
    assert Acknowledgement.objects.count() == 12
    assert Countersignature.objects.count() == 6
    for step in ("close_list", "open_keys", "close_keys", "record_releases", "open_all"):
        assert Entry.objects.filter(type=step).count() == 1
    assert [one.asked.count("/release") for one in near.trustees] == [1, 1, 1]


def test_what_hangs_is_taken_up_once_a_minute(city: City, near: Trusted, lot: Lot) -> None:
    """Every job may be lost: what is unfinished is found by its rows."""
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        tasks.countersign_deadline(entry_id=Entry.objects.get(type="publish_notice").pk)
    held = handed_in(city, lot, 3)
    with clock.frozen(DAY_BEFORE):
        look_after(timestamp=0)
    assert Acknowledgement.objects.count() == 9

    with clock.frozen(DUE):
        near.settle()
        deadlines.wake(WAKES)
        look_after(timestamp=0)
    with clock.frozen(SOON):
        near.settle()
        look_after(timestamp=0)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        for _ in range(2):
            near.settle()
            look_after(timestamp=0)

    assert Opening.objects.get().state == "public"
    _take()


def test_trustee_that_was_away_for_days_hears_of_the_deadline(city: City, near: Trusted, lot: Lot) -> None:
    """The job of a notice is given up after hours; a trustee that comes back later is still asked, before and after."""
    near[2].away = near[3].away = True
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        look_after(timestamp=0)
    assert Countersignature.objects.filter(kind="deadline").count() == 1

    near[2].away = False
    with clock.frozen(DAY_BEFORE):
        look_after(timestamp=0)
    assert Countersignature.objects.filter(kind="deadline").count() == 2

    handed_in(city, lot, 3)
    assert near.listed(lot) == "listed"
    near[3].away = False
    with clock.frozen(SOON):
        near.settle()
        look_after(timestamp=0)
    assert [one.asked.count("/deadline") for one in near.trustees] == [1, 1, 1]
    assert (uncountersigned(), Opening.objects.get().state) == ([], "keying")
    _take()


def test_look_goes_on_when_nobody_answers(city: City, near: Trusted, lot: Lot) -> None:
    handed_in(city, lot, 3)
    for one in near.trustees:
        one.away = True

    with clock.frozen(DAY_BEFORE):
        look_after(timestamp=0)

    assert Acknowledgement.objects.count() == 0


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (NotYet("soon"), 0, QUICK),
        (NotYet("soon"), QUICK_TRIES, SLOW),
        (WrongMoment(Reason("no-witness")), 3, QUICK),
        (OSError("disk"), 2, 8),
        (OSError("disk"), 10, None),
    ],
)
def test_what_has_to_wait_comes_again_soon(error: Exception, attempts: int, seconds: int | None) -> None:
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts)

    decision = PATIENT.get_retry_decision(exception=error, job=job)

    if seconds is None:
        assert decision is None
    else:
        assert decision is not None
        assert decision.retry_at is not None
        left = (decision.retry_at - clock.now()).total_seconds()
        assert seconds - 2 < left <= seconds
    assert TRIES > QUICK_TRIES


def test_job_about_nothing_of_ours_does_nothing(city: City, near: Trusted, lot: Lot) -> None:
    entry = Entry.objects.order_by("pk")[0]

    tasks.list_bids(entry_id=entry.pk)
    tasks.go_on(entry_id=entry.pk)

    assert Opening.objects.count() == 0
    assert uuid4() not in Opening.objects.values_list("pk", flat=True)
