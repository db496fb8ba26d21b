"""The table of working days (工作日历): seeded from a package, extended by importing the next notice."""

from importlib.metadata import version

from chinese_calendar.constants import holidays, workdays

from mifeng.kernel.models import CalendarDay

SOURCE = f"chinesecalendar {version('chinesecalendar')}"


def seed_calendar() -> int:
    """Fill the table with the days that are not what their weekday says (日历初始化); return how many were added."""
    rows = [
        *(CalendarDay(day=day, working=False, name=str(name), source=SOURCE) for day, name in holidays.items()),
        *(CalendarDay(day=day, working=True, name=str(name), source=SOURCE) for day, name in workdays.items()),
    ]
    known = set(CalendarDay.objects.values_list("day", flat=True))
    fresh = [row for row in rows if row.day not in known]
    CalendarDay.objects.bulk_create(fresh)
    return len(fresh)
