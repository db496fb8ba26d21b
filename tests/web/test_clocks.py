"""Statutory clocks as rows of a page."""

from datetime import UTC, date, datetime

from mifeng.kernel.law import rulebooks
from mifeng.rules.calendar import WorkCalendar
from mifeng.rules.deadlines import TenderTimes, limit_clock, tender_clocks
from mifeng.web.shell import texts
from mifeng.web.shell.clocks import ClockRow, Ruler, clock_row

NOW = datetime(2026, 11, 19, 2, 5, 12, tzinfo=UTC)
BOOK = rulebooks()["procurement-2015"]
CALENDAR = WorkCalendar("test", frozenset(range(2004, 2027)), frozenset(), frozenset())
TIMES = TenderTimes(
    issued_on=date(2026, 10, 28),
    supply_until=date(2026, 11, 5),
    bids_due_at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
    last_clarified_at=datetime(2026, 11, 4, 2, 0, tzinfo=UTC),
)


def rows(times: TenderTimes, now: datetime = NOW) -> dict[str, ClockRow]:
    return {clock.key: clock_row(clock, now) for clock in tender_clocks(times, BOOK, CALENDAR, now)}


def test_every_clock_has_a_title_and_a_start() -> None:
    keys = set(rows(TIMES))

    assert keys == set(texts.CLOCK_TITLES) == set(texts.CLOCK_STARTS)


def test_a_period_long_enough_is_done_with_its_days() -> None:
    row = rows(TIMES)["bid-period"]

    assert (row.requirement, row.span, row.look, row.word) == ("≥ 20日", "10-28 → 11-20", "done", "23日")
    assert row.clause.short == "法35"
    assert row.ruler is not None
    assert (row.ruler.tone, row.ruler.notch) == ("ok", 89)
    assert row.ruler.label == "已过96%，法定界限在89%处"


def test_a_period_that_ends_at_midnight_ends_on_the_day_it_closes() -> None:
    row = rows(TIMES)["supply"]

    assert (row.span, row.word) == ("10-28 → 11-05", "6工作日")
    assert row.ruler == Ruler("ok", 100, 88)


def test_a_short_period_says_so() -> None:
    short = TenderTimes(issued_on=date(2026, 10, 28), bids_due_at=datetime(2026, 11, 16, 1, 30, tzinfo=UTC))
    row = rows(short)["bid-period"]

    assert (row.look, row.word) == ("bad", "只有19日")
    assert row.ruler is not None
    assert row.ruler.tone == "late"


def test_a_clock_not_started_is_idle_and_tells_what_starts_it() -> None:
    row = rows(TenderTimes())["contract"]

    assert (row.look, row.word, row.span, row.ruler) == ("none", "未开始", "中标通知发出起", Ruler("idle"))


def test_the_last_day_for_a_clarification_is_told_without_a_ruler() -> None:
    row = rows(TIMES)["clarification"]

    assert (row.requirement, row.span, row.note) == ("截止前≥ 15日", "11-05及以前", "末次澄清11-04")
    assert row.ruler is None


def test_an_unread_clause_is_marked() -> None:
    found = rows(TIMES)

    assert (found["notice"].pending, found["bid-period"].pending) == (True, False)


def test_a_limit_runs_down_and_turns_late() -> None:
    clock = limit_clock("enquiry", BOOK["enquiry_working_days"], date(2026, 11, 17), None, CALENDAR, NOW)
    late = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    overdue = limit_clock("enquiry", BOOK["enquiry_working_days"], date(2026, 11, 17), None, CALENDAR, late)

    running, over = clock_row(clock, NOW), clock_row(overdue, late)

    assert (running.span, running.look, running.word) == ("11-17 → 11-20", "todo", "剩1天13小时")
    assert (over.look, over.word, over.ruler) == ("late", "已逾期", Ruler("late", 100, 100))


def test_a_date_of_another_year_shows_its_year() -> None:
    times = TenderTimes(issued_on=date(2026, 12, 20), bids_due_at=datetime(2027, 1, 15, 1, 30, tzinfo=UTC))
    row = rows(times)["bid-period"]

    assert (row.span, row.provisional) == ("12-20 → 2027-01-15", True)
