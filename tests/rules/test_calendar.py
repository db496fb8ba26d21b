"""Working days and the Beijing day. Source: MOF-87-85, GPLR-31."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.calendar import Due, WorkCalendar, end_of, legal_date
from tests.rules.books import CALENDAR, beijing

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
EVERY_DAY = st.sets(DAYS, max_size=20)


def calendars() -> st.SearchStrategy[WorkCalendar]:
    """Any calendar that knows 2026: some days off, some worked although they are weekend days."""
    return st.builds(
        lambda off, extra: WorkCalendar("任意", frozenset({2026}), frozenset(off), frozenset(extra)),
        EVERY_DAY,
        EVERY_DAY,
    )


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 9, 24), True),  # an ordinary Thursday
        (date(2026, 9, 26), False),  # Saturday inside a holiday
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 11), False),  # an ordinary Sunday
        (date(2026, 9, 20), True),  # a Sunday made up for
        (date(2026, 10, 10), True),  # a Saturday made up for
        (date(2027, 2, 8), True),  # a Monday of a year not yet published
        (date(2027, 2, 7), False),  # a Sunday of that year
    ],
)
def test_a_day_is_worked_as_the_state_council_says(day: date, working: bool) -> None:
    assert CALENDAR.is_working(day) == working


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 11, 2), 0, date(2026, 11, 2)),
        (date(2026, 11, 2), 1, date(2026, 11, 3)),  # the first day is not counted
        (date(2026, 11, 6), 1, date(2026, 11, 9)),  # over a weekend
        (date(2026, 9, 24), 5, date(2026, 10, 9)),  # Mid-Autumn and National Day lie between
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # a made-up Saturday counts
    ],
)
def test_working_days_are_counted_over_holidays_and_made_up_days(start: date, count: int, due: date) -> None:
    assert CALENDAR.add_working_days(start, count) == Due(due, provisional=False)


def test_a_count_into_an_unpublished_year_is_provisional() -> None:
    assert CALENDAR.add_working_days(date(2026, 12, 30), 2) == Due(date(2027, 1, 1), provisional=True)
    assert CALENDAR.add_working_days(date(2026, 12, 30), 1) == Due(date(2026, 12, 31), provisional=False)


def test_a_count_that_starts_in_an_unpublished_year_is_provisional() -> None:
    assert CALENDAR.add_working_days(date(2025, 12, 30), 2) == Due(date(2026, 1, 1), provisional=True)


def test_days_cannot_be_counted_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2026, 11, 2), -1)


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 10, 28), 20, date(2026, 11, 17)),
        (date(2026, 9, 18), 15, date(2026, 10, 8)),  # 3 October is a holiday: the period runs on
        (date(2026, 10, 3), 7, date(2026, 10, 10)),  # ends on a made-up Saturday, which is worked
    ],
)
def test_a_period_of_days_that_ends_on_a_day_off_runs_on(start: date, count: int, due: date) -> None:
    assert CALENDAR.add_days(start, count) == Due(due, provisional=False)


def test_a_period_rolled_into_an_unpublished_year_is_provisional() -> None:
    calendar = WorkCalendar("年末休", frozenset({2026}), frozenset({date(2026, 12, 31)}), frozenset())

    assert calendar.roll(date(2026, 12, 31)) == Due(date(2027, 1, 1), provisional=True)


def test_working_days_between_leaves_the_first_day_out() -> None:
    assert CALENDAR.working_days_between(date(2026, 10, 28), date(2026, 11, 4)) == 5
    assert CALENDAR.working_days_between(date(2026, 11, 4), date(2026, 11, 4)) == 0
    assert CALENDAR.working_days_between(date(2026, 11, 4), date(2026, 10, 28)) == 0


@given(calendar=calendars(), start=DAYS, count=st.integers(0, 60))
def test_counting_and_measuring_agree(calendar: WorkCalendar, start: date, count: int) -> None:
    due = calendar.add_working_days(start, count)

    assert calendar.working_days_between(start, due.day) == count


@given(calendar=calendars(), start=DAYS, first=st.integers(0, 30), second=st.integers(0, 30))
def test_counting_in_two_parts_ends_on_the_same_day(
    calendar: WorkCalendar, start: date, first: int, second: int
) -> None:
    halfway = calendar.add_working_days(start, first)

    assert calendar.add_working_days(halfway.day, second).day == calendar.add_working_days(start, first + second).day


@given(calendar=calendars(), start=DAYS)
def test_rolling_finds_the_nearest_working_day(calendar: WorkCalendar, start: date) -> None:
    rolled = calendar.roll(start).day

    assert calendar.is_working(rolled)
    assert not any(calendar.is_working(start + timedelta(n)) for n in range((rolled - start).days))


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, 59, 999999, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 20, 23, 0, tzinfo=timezone(timedelta(hours=-5))), date(2026, 11, 21)),
    ],
)
def test_the_legal_day_is_beijing_s(at: datetime, day: date) -> None:
    assert legal_date(at) == day


def test_an_instant_without_a_zone_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        legal_date(datetime(2026, 11, 20, 9, 30))  # noqa: DTZ001 - the missing zone is what is refused


@given(day=st.dates(date(2015, 1, 1), date(2100, 1, 1)))
def test_a_day_ends_where_the_next_begins(day: date) -> None:
    assert legal_date(end_of(day)) == day + timedelta(1)
    assert legal_date(end_of(day) - timedelta(microseconds=1)) == day


def test_beijing_wall_clock_is_eight_hours_ahead() -> None:
    assert beijing(11, 20, 9, 30) == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
