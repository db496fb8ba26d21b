"""Working days and the Beijing day (工作日历, 法律日).

Law counts in days of Beijing. Instants are kept in UTC; ``legal_date`` and ``end_of`` are the only two bridges between
them.

Periods are counted the way Order 87 art. 85 counts them: the day on which a period starts is left out, and a period
whose last day is a day off runs on to the next working day. A *working day* is a weekday that is not a holiday, or a
weekend day that the State Council made up for (调休). The State Council publishes one year at a time. A count that
touches a year not yet published takes weekdays for working days and says so: its result is *provisional* and is
computed again when the year comes out.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Due:
    """Hold the last day of a period (期限届满日).

    Args:
        day: Beijing day.
        provisional: a year that is not yet published was touched.
    """

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Hold the published working days (工作日历).

    Args:
        name: name printed beside every date that was computed with it.
        years: years that the State Council has published.
        off: holidays; those that fall on a weekday matter, the others do no harm.
        extra: weekend days that are worked.
    """

    name: str
    years: frozenset[int]
    off: frozenset[date]
    extra: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Tell whether a day is a working day; in an unpublished year every weekday is taken for one."""
        if day in self.extra:
            return True
        return day.weekday() < SATURDAY and day not in self.off

    def add_working_days(self, day: date, count: int) -> Due:
        """Return the last day of a period of working days that starts on ``day``; the first day is not counted.

        Raises:
            ValueError: for a negative count.
        """
        if count < 0:
            raise ValueError(f"negative count of working days: {count}")
        at, left = day, count
        while left:
            at += ONE_DAY
            left -= self.is_working(at)
        return Due(at, self.is_provisional(day, at))

    def add_days(self, day: date, count: int) -> Due:
        """Return the last day of a period of calendar days that starts on ``day``, moved on when it is a day off."""
        due = self.roll(day + count * ONE_DAY)
        return Due(due.day, self.is_provisional(day, due.day))

    def roll(self, day: date) -> Due:
        """Return the first working day on or after ``day``."""
        at = day
        while not self.is_working(at):
            at += ONE_DAY
        return Due(at, self.is_provisional(day, at))

    def working_days_between(self, first: date, last: date) -> int:
        """Return the working days after ``first`` up to and including ``last``; 0 when ``last`` is not later."""
        return sum(self.is_working(first + n * ONE_DAY) for n in range(1, (last - first).days + 1))

    def is_provisional(self, first: date, last: date) -> bool:
        """Tell whether a count between two days touches a year that is not yet published."""
        return any(year not in self.years for year in range(first.year, last.year + 1))


def legal_date(at: datetime) -> date:
    """Return the Beijing day of an instant (法律日).

    Raises:
        ValueError: for an instant without a time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(BEIJING).date()


def end_of(day: date) -> datetime:
    """Return the instant at which a Beijing day is over (24:00), in UTC."""
    return datetime.combine(day + ONE_DAY, time(), tzinfo=BEIJING).astimezone(UTC)


def at_beijing(day: date, clock: time) -> datetime:
    """Return the instant of a Beijing day and wall-clock time, in UTC."""
    return datetime.combine(day, clock, tzinfo=BEIJING).astimezone(UTC)
