"""The test clock moves only forward, only in test mode, and only when it is told a moment that exists."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from mifeng.config.manage import clock
from mifeng.kernel import clock as platform_clock


@pytest.fixture
def moving(committing: object, settings: Settings) -> None:
    """Make the platform of this test one whose clock may be moved."""
    settings.TEST_MODE = True
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_instance SET test_mode = true")
        cursor.execute("""INSERT INTO kernel_clockoffset ("offset") VALUES (interval '0')""")


@pytest.mark.usefixtures("committing")
def test_a_real_platform_keeps_real_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert clock(["+1d"]) == 1
    assert "not in test mode" in capsys.readouterr().err
    assert platform_clock.offset() == timedelta(0)


@pytest.mark.usefixtures("moving")
def test_a_step_moves_the_clock_by_its_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert clock(["+1d2h3m4s"]) == 0

    assert platform_clock.offset() == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert abs(datetime.fromisoformat(capsys.readouterr().out.strip()) - platform_clock.now()) < timedelta(seconds=5)


@pytest.mark.usefixtures("moving")
def test_an_instant_is_reached_and_the_past_is_not() -> None:
    wanted = platform_clock.now().replace(microsecond=0) + timedelta(days=30)

    assert clock([wanted.isoformat()]) == 0
    assert clock([(wanted - timedelta(days=1)).isoformat()]) == 1

    assert timedelta(0) <= platform_clock.now() - wanted < timedelta(seconds=5)


@pytest.mark.usefixtures("committing")
def test_a_setting_that_differs_from_the_database_moves_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.TEST_MODE = True

    assert clock(["+1d"]) == 1
    assert "test_mode=False" in capsys.readouterr().err


@pytest.mark.usefixtures("moving")
@pytest.mark.parametrize("words", [["tomorrow"], ["2026-12-01T09:00:00"], ["-1d"], ["+1d", "+1d"], ["+1w"]])
def test_a_moment_that_cannot_be_understood_moves_nothing(words: list[str]) -> None:
    assert clock(words) == 2
    assert platform_clock.offset() == timedelta(0)


@pytest.mark.usefixtures("moving")
def test_without_a_moment_the_time_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert clock([]) == 0
    shown = datetime.fromisoformat(capsys.readouterr().out.strip())
    assert abs(shown - platform_clock.now()) < timedelta(seconds=5)
    assert shown.tzinfo == UTC
