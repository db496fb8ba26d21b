"""The rulebook and the calendar that tests of rules decide by."""

from datetime import date, datetime, time, timedelta
from importlib.resources import files

from mifeng.rules.calendar import WorkCalendar, at_beijing
from mifeng.rules.rulebook import parse_rulebook

_BOOKS = files("mifeng.rules").joinpath("rulebooks")
BOOK_TEXT = _BOOKS.joinpath("procurement-2015.toml").read_text("utf-8")
BOOK = parse_rulebook(BOOK_TEXT)
BOOK_2026 = parse_rulebook(_BOOKS.joinpath("procurement-2026.toml").read_text("utf-8"))


def _days(first: date, last: date) -> set[date]:
    return {first + timedelta(n) for n in range((last - first).days + 1)}


# The autumn of 2026 as the State Council published it; 2027 is not yet published.
CALENDAR = WorkCalendar(
    name="国务院办公厅节假日安排",
    years=frozenset({2026}),
    off=frozenset(_days(date(2026, 9, 25), date(2026, 9, 27)) | _days(date(2026, 10, 1), date(2026, 10, 7))),
    extra=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)


def beijing(month: int, day: int, hour: int = 9, minute: int = 30, *, year: int = 2026) -> datetime:
    """Return an instant given as Beijing date and wall clock."""
    return at_beijing(date(year, month, day), time(hour, minute))
