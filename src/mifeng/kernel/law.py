"""The law as the platform holds it (规则与日历): rulebooks from their files, the calendar from its table."""

from datetime import date
from functools import cache
from importlib.resources import files

from mifeng.kernel.models import CalendarDay
from mifeng.rules.calendar import WorkCalendar
from mifeng.rules.rulebook import Rulebook, parse_rulebook, rulebook_for


@cache
def rulebooks() -> dict[str, Rulebook]:
    """Return all rulebooks by name; each file of ``rules/rulebooks`` is one."""
    found = (
        parse_rulebook(path.read_text("utf-8"))
        for path in files("mifeng.rules").joinpath("rulebooks").iterdir()
        if path.name.endswith(".toml")
    )
    return {book.name: book for book in found}


def rulebook_on(jurisdiction: str, regime: str, on: date) -> Rulebook:
    """Return the rulebook to which a project entering on this date is bound."""
    return rulebook_for(tuple(rulebooks().values()), jurisdiction, regime, on)


def calendar() -> WorkCalendar:
    """Return the working calendar in force: published years, days off and make-up working days."""
    rows = list(CalendarDay.objects.order_by("day").values_list("day", "working"))
    return WorkCalendar(
        name="国务院办公厅节假日安排",
        years=frozenset(day.year for day, _ in rows),
        off=frozenset(day for day, working in rows if not working),
        extra=frozenset(day for day, working in rows if working),
    )
