"""Statutory clocks and due steps. GPL-35, GPLR-31, GPLR-43, GPLR-52, GPL-46, GPL-52, MOF-87-16, MOF-87-85."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.calendar import BEIJING, end_of, legal_date
from mifeng.rules.deadlines import (
    Clock,
    DueStep,
    TenderTimes,
    earliest_deadline_after_clarification,
    limit_clock,
    period_end,
    tender_clocks,
    tender_deadlines,
)
from tests.rules.books import BOOK, CALENDAR, beijing

ISSUED = date(2026, 10, 28)
LAWFUL = TenderTimes(issued_on=ISSUED, supply_until=date(2026, 11, 4), bids_due_at=beijing(11, 20))
NOW = beijing(11, 2)


def clock(key: str, facts: TenderTimes, now: datetime = NOW) -> Clock:
    [found] = [one for one in tender_clocks(facts, BOOK, CALENDAR, now) if one.key == key]
    return found


def test_every_clock_is_shown_from_the_first_day() -> None:
    clocks = tender_clocks(TenderTimes(), BOOK, CALENDAR, NOW)

    assert [one.key for one in clocks] == [
        "supply",
        "bid-period",
        "clarification",
        "notice",
        "enquiry",
        "report",
        "award",
        "award-notice",
        "result-notice",
        "contract",
        "challenge",
    ]
    assert {one.state for one in clocks} == {"idle"}
    assert {one.starts_on for one in clocks} == {None}
    assert not any(one.provisional for one in clocks)


@pytest.mark.parametrize(
    ("key", "operator", "count", "unit", "source", "confirmed"),
    [
        ("supply", ">=", 5, "working-days", "GPLR-31", True),
        ("bid-period", ">=", 20, "days", "GPL-35", True),
        ("clarification", ">=", 15, "days", "GPLR-31", True),
        ("notice", "<=", 5, "working-days", "MOF-87-16", False),
        ("enquiry", "<=", 3, "working-days", "GPLR-52", True),
        ("report", "<=", 2, "working-days", "GPLR-43", True),
        ("award", "<=", 5, "working-days", "GPLR-43", True),
        ("award-notice", "<=", 2, "working-days", "GPLR-43", True),
        ("result-notice", "<=", 1, "working-days", "MOF-87-69", False),
        ("contract", "<=", 30, "days", "GPL-46", True),
        ("challenge", "<=", 7, "working-days", "GPL-52", True),
    ],
)
def test_each_clock_names_its_clause(
    key: str, operator: str, count: int, unit: str, source: str, confirmed: bool
) -> None:
    one = clock(key, TenderTimes())

    assert one.requirement == {"op": operator, "count": count, "unit": unit}
    assert (one.source, one.confirmed) == (source, confirmed)


@pytest.mark.parametrize(
    ("until", "state", "given"),
    [
        (None, "running", None),
        (date(2026, 11, 3), "short", 4),
        (date(2026, 11, 4), "met", 5),
        (date(2026, 11, 5), "met", 6),
    ],
)
def test_supply_of_documents_lasts_five_working_days(until: date | None, state: str, given: int | None) -> None:
    one = clock("supply", replace(LAWFUL, supply_until=until))

    assert (one.state, one.given, one.minimum_on) == (state, given, date(2026, 11, 4))


@pytest.mark.parametrize(
    ("due_at", "state", "given"),
    [
        (None, "running", None),
        (beijing(11, 16, 23, 59), "short", 19),
        (beijing(11, 17, 0, 1), "met", 20),
        (beijing(11, 20), "met", 23),
    ],
)
def test_bids_are_due_twenty_days_after_the_first_issue(due_at: datetime | None, state: str, given: int | None) -> None:
    one = clock("bid-period", replace(LAWFUL, bids_due_at=due_at))

    assert (one.state, one.given, one.minimum_on) == (state, given, date(2026, 11, 17))
    assert one.ends_at == due_at


def test_a_clock_without_its_start_keeps_the_end_that_was_chosen() -> None:
    one = clock("bid-period", TenderTimes(bids_due_at=beijing(11, 20)))

    assert (one.state, one.ends_at) == ("idle", beijing(11, 20))


@pytest.mark.parametrize(
    ("changes", "state", "given"),
    [
        ({"issued_on": None}, "idle", None),
        ({}, "running", None),
        ({"closed_at": beijing(11, 20)}, "met", None),
        ({"last_clarified_at": beijing(11, 4, 18)}, "met", 16),
        ({"last_clarified_at": beijing(11, 5, 23, 59)}, "met", 15),
        ({"last_clarified_at": beijing(11, 6, 0, 0)}, "short", 14),
    ],
)
def test_clarifications_leave_fifteen_days(changes: dict[str, object], state: str, given: int | None) -> None:
    one = clock("clarification", replace(LAWFUL, **changes))  # type: ignore[arg-type]

    assert (one.state, one.given, one.minimum_on) == (state, given, date(2026, 11, 5))


def test_the_last_day_for_clarifications_respects_holidays() -> None:
    """A period of 15 days that would end inside National Day runs on, so a start on 22 September would be too late."""
    one = clock("clarification", TenderTimes(bids_due_at=beijing(10, 7), issued_on=date(2026, 9, 1)))

    assert one.minimum_on == date(2026, 9, 15)


@pytest.mark.parametrize(
    ("now", "state"), [(beijing(11, 4, 23, 59), "running"), (beijing(11, 5, 0, 0), "met"), (beijing(12, 1), "met")]
)
def test_the_notice_stands_five_working_days_and_ends_by_itself(now: datetime, state: str) -> None:
    one = clock("notice", LAWFUL, now)

    assert (one.state, one.limit_on, one.ends_at) == (state, date(2026, 11, 4), end_of(date(2026, 11, 4)))


@pytest.mark.parametrize(
    ("done_at", "now", "state", "given"),
    [
        (None, beijing(11, 4, 23, 59), "running", None),
        (None, beijing(11, 5, 0, 0), "overdue", None),
        (beijing(11, 4, 12), beijing(12, 1), "met", 2),
        (beijing(11, 5, 0, 0), beijing(12, 1), "overdue", 3),
    ],
)
def test_the_report_goes_to_the_purchaser_in_two_working_days(
    done_at: datetime | None, now: datetime, state: str, given: int | None
) -> None:
    one = limit_clock("report", BOOK["report_working_days"], date(2026, 11, 2), done_at, CALENDAR, now)

    assert (one.state, one.given, one.limit_on) == (state, given, date(2026, 11, 4))


def test_a_contract_over_the_new_year_is_provisional() -> None:
    one = limit_clock("contract", BOOK["contract_days"], date(2026, 12, 10), None, CALENDAR, NOW)

    assert (one.limit_on, one.provisional) == (date(2027, 1, 11), True)


@pytest.mark.parametrize("name", ["expert_share", "large_budget_yuan", "site_reply_hours"])
def test_what_is_no_period_of_days_has_no_last_day(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        period_end(ISSUED, BOOK[name], CALENDAR)


def test_the_platform_closes_at_the_deadline() -> None:
    assert tender_deadlines(beijing(11, 20), CALENDAR) == (
        DueStep("close", beijing(11, 20), "GPL-35", CALENDAR.name, False, "publish"),
    )


def test_a_deadline_in_an_unpublished_year_is_provisional() -> None:
    [step] = tender_deadlines(beijing(1, 5, year=2027), CALENDAR, started_by="clarify")

    assert (step.provisional, step.started_by) == (True, "clarify")


@pytest.mark.parametrize(
    ("clarified_at", "due_at", "earliest"),
    [
        (beijing(11, 5, 23, 59), beijing(11, 20), beijing(11, 20)),  # fifteen days are left: nothing moves
        (beijing(11, 6, 0, 0), beijing(11, 20), beijing(11, 23)),  # 21 November is a Saturday
        (beijing(9, 18), beijing(9, 28), beijing(10, 8)),  # over National Day
        (beijing(9, 25, 16), beijing(9, 28, 14, 0), beijing(10, 10, 14, 0)),  # to a Saturday that is worked
    ],
)
def test_a_late_clarification_moves_the_deadline_to_a_lawful_working_day(
    clarified_at: datetime, due_at: datetime, earliest: datetime
) -> None:
    assert earliest_deadline_after_clarification(clarified_at, due_at, BOOK, CALENDAR) == earliest


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)).map(lambda at: at.replace(tzinfo=BEIJING))  # noqa: DTZ001 - Hypothesis wants bounds without a zone


@given(clarified_at=INSTANTS, left=st.timedeltas(timedelta(0), timedelta(30)))
def test_the_deadline_never_moves_forward_and_always_leaves_the_days(clarified_at: datetime, left: timedelta) -> None:
    due_at = clarified_at + left

    earliest = earliest_deadline_after_clarification(clarified_at, due_at, BOOK, CALENDAR)

    assert earliest >= due_at
    assert (legal_date(earliest) - legal_date(clarified_at)).days >= 15
    assert earliest_deadline_after_clarification(clarified_at, earliest, BOOK, CALENDAR) == earliest
