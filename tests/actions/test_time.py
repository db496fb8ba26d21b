"""The one clock and the platform's own moments (统一时钟、测试模式、到期事项)."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from mifeng.kernel import clock, deadlines
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.instance import ModeDiffers, centre_name, check_mode, establish
from mifeng.kernel.models import ClockOffset, Deadline, Instance
from mifeng.rules.deadlines import DueStep
from mifeng.rules.errors import Reason, WrongMoment
from tests.actions.evidence import changed, snapshot
from tests.factories import DUE, START, City

HOUR = timedelta(hours=1)


def in_test_mode(settings: Any) -> None:
    """Make the database and the server agree that this is a test platform."""
    settings.TEST_MODE = True
    Instance.objects.update(test_mode=True)
    ClockOffset.objects.create(offset=timedelta(0))


def test_clock_gives_real_time_in_utc(city: City) -> None:
    before = datetime.now(UTC)  # noqa: TID251 - what the clock is compared with

    at = clock.now()

    assert before <= at <= before + timedelta(seconds=5)
    assert at.tzinfo is UTC


def test_frozen_clock_stands_still_and_runs_on_afterwards(city: City) -> None:
    with clock.frozen(START):
        with clock.frozen(START + HOUR):
            inner = clock.now()
        outer = [clock.now(), clock.now()]

    assert (inner, outer) == (START + HOUR, [START, START])
    assert clock.now() > START


def test_offset_of_the_database_counts_in_test_mode_only(city: City, settings: Any) -> None:
    """A row in the offset table moves no real platform's clock."""
    ClockOffset.objects.create(offset=timedelta(days=30))
    settings.TEST_MODE = False
    real = clock.offset()
    settings.TEST_MODE = True

    assert (real, clock.offset()) == (timedelta(0), timedelta(days=30))


def test_offset_is_nought_where_no_row_says_otherwise(city: City, settings: Any) -> None:
    settings.TEST_MODE = True

    assert clock.offset() == timedelta(0)


def test_test_clock_moves_forward_and_adds_up(city: City, settings: Any) -> None:
    in_test_mode(settings)
    before = clock.now()

    clock.move(timedelta(days=2))
    at = clock.move(HOUR)

    assert clock.offset() == timedelta(days=2, hours=1)
    assert timedelta(0) <= at - before - timedelta(days=2, hours=1) < timedelta(seconds=5)


def test_test_clock_never_moves_back(city: City, settings: Any) -> None:
    """Entries of a chain may not run backwards."""
    in_test_mode(settings)
    before = snapshot()

    with pytest.raises(ValueError, match="only moves forward"):
        clock.move(timedelta(microseconds=-1))

    assert changed(before) == {}


@pytest.mark.parametrize("offset_row", [False, True])
def test_clock_of_a_real_platform_cannot_be_moved(city: City, settings: Any, offset_row: bool) -> None:
    """Test mode is a fact of the database, not of the environment."""
    settings.TEST_MODE = True
    if offset_row:
        ClockOffset.objects.create(offset=timedelta(0))
    before = snapshot()

    with pytest.raises(ValueError, match="not in test mode"):
        clock.move(HOUR)

    assert changed(before) == {}


@pytest.mark.parametrize(("database", "server"), [(False, True), (True, False)])
def test_server_whose_mode_differs_does_not_start(city: City, settings: Any, database: bool, server: bool) -> None:
    Instance.objects.update(test_mode=database)
    settings.TEST_MODE = server

    with pytest.raises(ModeDiffers, match=f"test_mode={database}, MIFENG_TEST_MODE={server}"):
        check_mode()


@pytest.mark.parametrize("mode", [False, True])
def test_server_whose_mode_agrees_starts(city: City, settings: Any, mode: bool) -> None:
    Instance.objects.update(test_mode=mode)
    settings.TEST_MODE = mode

    assert check_mode().test_mode is mode


@pytest.mark.parametrize(("test_mode", "origin"), [(False, "example/log"), (True, "example/log/test")])
def test_installation_is_established_once(city: City, test_mode: bool, origin: str) -> None:
    """The mode stands in the origin of every checkpoint, and no second start changes it."""
    Instance.objects.all().delete()

    with clock.frozen(START):
        first = establish(origin="example/log", centre="交易中心", test_mode=test_mode)
    second = establish(origin="other", centre="另一个", test_mode=not test_mode)

    assert (first.origin, first.centre, first.test_mode, first.created_at) == (origin, "交易中心", test_mode, START)
    assert (second.pk, second.origin, second.test_mode) == (first.pk, origin, test_mode)
    assert ClockOffset.objects.count() == test_mode


def test_centre_is_known_by_its_name(city: City) -> None:
    assert centre_name() == "巴彦淖尔市公共资源交易中心"


def due(step: str = "close", at: datetime = START, subject: str = "test.matter:1") -> Deadline:
    """Leave an open deadline."""
    return Deadline.objects.create(subject=subject, step=step, at=at, source="GPL-35", calendar="", started_by="test")


Wakes = list[str]


def waking(calls: Wakes, *, failing: Exception | None = None) -> Mapping[tuple[str, str], Callable[..., object]]:
    """Return a table in which every step of a test matter notes its call, or fails."""

    def act(pk: str, *, by: Actor) -> None:
        assert by is CLOCK
        calls.append(pk)
        if failing is not None and pk == "1":
            raise failing

    return {("test.matter", "close"): act}


def wake(at: datetime, actions: Mapping[tuple[str, str], Callable[..., object]], *, limit: int = 20) -> int:
    """Wake what is due at an instant."""
    with clock.frozen(at):
        return deadlines.wake(actions, limit=limit)


def test_nothing_is_woken_early(city: City) -> None:
    calls: Wakes = []
    due(at=START)

    tried = [wake(START - timedelta(microseconds=1), waking(calls)), wake(START, waking(calls))]

    assert (tried, calls) == ([0, 1], ["1"])


def test_earlier_moments_are_woken_first(city: City) -> None:
    calls: Wakes = []
    for number in (3, 1, 2):
        due(at=START + number * HOUR, subject=f"test.matter:{number}")

    tried = wake(START + 9 * HOUR, waking(calls), limit=2)

    assert (tried, calls) == (2, ["1", "2"])


@pytest.mark.parametrize(
    "failing", [WrongMoment(Reason("no-witness")), RuntimeError("broken")], ids=["refusal", "error"]
)
def test_failing_moment_does_not_block_those_behind_it(
    city: City, failing: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    calls: Wakes = []
    due(subject="test.matter:1")
    due(subject="test.matter:2", at=START + HOUR)

    with caplog.at_level(logging.INFO, "mifeng.kernel.deadlines"):
        tried = wake(START + HOUR, waking(calls, failing=failing), limit=1)
        tried += wake(START + HOUR, waking(calls, failing=failing), limit=1)

    assert (tried, calls) == (2, ["1", "2"])
    assert [record.levelno for record in caplog.records] == [
        logging.INFO if isinstance(failing, WrongMoment) else logging.ERROR
    ]


def test_moment_that_no_table_knows_is_logged_and_blocks_nobody(city: City, caplog: pytest.LogCaptureFixture) -> None:
    calls: Wakes = []
    due(step="vanish")
    due(subject="test.matter:2")

    tried = wake(START, waking(calls))

    assert (tried, calls) == (2, ["2"])
    assert "deadline vanish of test.matter:1 failed" in caplog.text


def test_failed_moment_is_tried_again_after_a_growing_wait(city: City) -> None:
    """One second, then twice as long each time, up to five minutes."""
    row, at, waits = due(), START, []

    for _ in range(12):
        wake(at, waking([], failing=RuntimeError("broken")))
        row.refresh_from_db()
        waits.append((row.next_try_at - at).total_seconds())
        at = row.next_try_at

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert row.tries == 12
    assert wake(at - timedelta(microseconds=1), waking([])) == 0


@pytest.mark.parametrize("tries", [43, 44, 63, 1_100, 100_000])
def test_moment_that_has_failed_for_hours_stops_nobody(city: City, tries: int) -> None:
    """An interval that doubled for ever would overflow and with it stop every claim of the platform."""
    calls: Wakes = []
    Deadline.objects.filter(pk=due().pk).update(tries=tries)
    due(subject="test.matter:2")

    tried = wake(START, waking(calls, failing=RuntimeError("broken")))

    row = Deadline.objects.get(subject="test.matter:1")
    assert (tried, calls) == (2, ["1", "2"])
    assert (row.tries, row.next_try_at) == (tries + 1, START + timedelta(minutes=5))


def test_claim_alone_meets_nothing(city: City) -> None:
    """A moment is met by the act it asks for; a worker that dies in between leaves it open."""
    row = due()

    wake(START, waking([]))

    row.refresh_from_db()
    assert (row.met_at, row.tries) == (None, 1)


def step(name: str, at: datetime, *, provisional: bool = False) -> DueStep:
    """Return a due step as rules compute it."""
    return DueStep(name, at, "GPL-35", "工作日历", provisional, "publish")


def test_deadlines_of_a_matter_are_replaced_as_a_whole(city: City) -> None:
    deadlines.replace("test.matter:1", [step("close", DUE), step("remind", START)])
    deadlines.replace("test.matter:2", [step("close", DUE)])

    deadlines.replace("test.matter:1", [step("close", DUE + HOUR, provisional=True)])

    rows = Deadline.objects.order_by("subject").values_list(
        "subject", "step", "at", "provisional", "calendar", "source"
    )
    assert list(rows) == [
        ("test.matter:1", "close", DUE + HOUR, True, "工作日历", "GPL-35"),
        ("test.matter:2", "close", DUE, False, "工作日历", "GPL-35"),
    ]


def test_deadline_that_was_met_stays_when_others_are_replaced(city: City) -> None:
    deadlines.replace("test.matter:1", [step("close", START)])
    deadlines.meet("test.matter:1", "close", START)

    deadlines.replace("test.matter:1", ())

    assert list(Deadline.objects.values_list("step", "met_at")) == [("close", START)]


def test_deadline_is_met_once_and_only_when_due(city: City) -> None:
    deadlines.replace("test.matter:1", [step("close", DUE)])

    with pytest.raises(WrongMoment) as early:
        deadlines.meet("test.matter:1", "close", DUE - HOUR)
    deadlines.meet("test.matter:1", "close", DUE)
    with pytest.raises(WrongMoment) as again:
        deadlines.meet("test.matter:1", "close", DUE)

    assert [error.value.reasons[0].until for error in (early, again)] == [DUE, None]
    assert [error.value.codes for error in (early, again)] == [("too-early",)] * 2


def test_one_open_deadline_for_a_step_of_a_matter(city: City) -> None:
    due()

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'deadline_once'")
        [definition] = cursor.fetchone()

    assert "UNIQUE" in definition
    assert "met_at IS NULL" in definition
