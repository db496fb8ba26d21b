"""Statutory clocks (法定期限).

A *clock* shows one period of the law for one tender: what is required, when it starts, the earliest or latest day that
satisfies it, and how it stands now. It is computed for a page and never stored. A *due step* is the opposite: a row
that the worker wakes at its instant, computed here and stored by the act that starts it.

Two kinds of period. A *minimum* (``>=``) protects bidders: the period may not be shorter, so it is met or short as soon
as its end is chosen. A *limit* (``<=``) binds somebody to act in time: it runs, is met, or is overdue. A clock whose
start has not happened is idle and is shown all the same, so that nobody learns of a period on its last day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypedDict

from mifeng.rules.calendar import BEIJING, ONE_DAY, Due, WorkCalendar, at_beijing, end_of, legal_date
from mifeng.rules.rulebook import Constant, Rulebook


class Requirement(TypedDict):
    """Say what a clock requires (期限要求): ``op`` is ``>=`` or ``<=``, ``unit`` is ``working-days`` or ``days``."""

    op: str
    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Show one period of the law for one tender (法定时钟).

    Args:
        key: stable word for pages and tests.
        source: clause id.
        article: the clause as a Chinese reader cites it.
        confirmed: the number was checked against the text; otherwise the page says 待核.
        requirement: operator, count and unit.
        starts_on: Beijing day from which it is counted, that day left out; None while idle.
        minimum_on: first Beijing day that satisfies a minimum; for the clarification clock the last day on which a
            clarification leaves the deadline where it is.
        limit_on: last Beijing day that satisfies a limit.
        ends_at: the instant chosen or reached, None while open.
        given: days or working days from start to end, None while open.
        state: ``met``, ``running``, ``idle``, ``short`` or ``overdue``.
        provisional: a year that is not yet published was touched.
    """

    key: str
    source: str
    article: str
    confirmed: bool
    requirement: Requirement
    starts_on: date | None = None
    minimum_on: date | None = None
    limit_on: date | None = None
    ends_at: datetime | None = None
    given: int | None = None
    state: str = "idle"
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class DueStep:
    """Name one step that the platform itself takes at an instant (到期事项).

    Args:
        step: step word of a lifecycle table.
        at: the instant, aware.
        source: clause id, or ``our choice (ADR-n)``.
        calendar: name of the working calendar used.
        provisional: to be computed again when the calendar of its year is published.
        started_by: step word of the act that started it.
    """

    step: str
    at: datetime
    source: str
    calendar: str
    provisional: bool
    started_by: str


@dataclass(frozen=True, slots=True)
class TenderTimes:
    """Hold what has been fixed so far for one lot (采购包时间).

    Args:
        issued_on: Beijing day on which the tender documents were first issued.
        supply_until: last Beijing day on which they are supplied.
        bids_due_at: deadline for bids.
        last_clarified_at: last clarification that may affect bids.
        closed_at: when bidding was closed.
    """

    issued_on: date | None = None
    supply_until: date | None = None
    bids_due_at: datetime | None = None
    last_clarified_at: datetime | None = None
    closed_at: datetime | None = None


# Clocks of later stages, shown idle from the first day: key and constant.
LATER = (
    ("enquiry", "enquiry_working_days"),
    ("report", "report_working_days"),
    ("award", "award_working_days"),
    ("award-notice", "award_notice_working_days"),
    ("result-notice", "result_notice_working_days"),
    ("contract", "contract_days"),
    ("challenge", "challenge_working_days"),
)


def period_end(start: date, constant: Constant, calendar: WorkCalendar) -> Due:
    """Return the last day of a period of the rulebook that starts on ``start`` (期限届满日).

    Raises:
        TypeError: the constant is no whole number of days.
    """
    count = constant.value
    if not isinstance(count, int) or constant.unit not in ("days", "working-days"):
        raise TypeError(f"{constant.name} is not a period of days")
    count_days = calendar.add_working_days if constant.unit == "working-days" else calendar.add_days
    return count_days(start, count)


def tender_clocks(facts: TenderTimes, rulebook: Rulebook, calendar: WorkCalendar, now: datetime) -> tuple[Clock, ...]:
    """Return every clock of one lot in the order of the procedure, those not yet started included (法定时钟).

    Args:
        facts: what has been fixed so far.
        rulebook: the rulebook that binds the project.
        calendar: working days.
        now: the instant for which limits are shown.
    """
    supply_end = end_of(facts.supply_until) if facts.supply_until else None
    return (
        _minimum("supply", rulebook["supply_working_days"], facts.issued_on, supply_end, calendar),
        _minimum("bid-period", rulebook["bid_period_days"], facts.issued_on, facts.bids_due_at, calendar),
        _clarification(facts, rulebook["clarification_days"], calendar),
        limit_clock("notice", rulebook["notice_working_days"], facts.issued_on, None, calendar, now, lapses=True),
        *(limit_clock(key, rulebook[name], None, None, calendar, now) for key, name in LATER),
    )


def limit_clock(
    key: str,
    constant: Constant,
    started_on: date | None,
    done_at: datetime | None,
    calendar: WorkCalendar,
    now: datetime,
    *,
    lapses: bool = False,
) -> Clock:
    """Return the clock of a period within which something is to be done (办理期限).

    Args:
        key: stable word.
        constant: the period.
        started_on: Beijing day that starts it, None while idle.
        done_at: when it was done, None while open.
        calendar: working days.
        now: the instant for which the state is shown.
        lapses: the period ends by itself, as a notice period does; its end is no default.
    """
    requirement = _requirement("<=", constant)
    if started_on is None:
        return Clock(key, constant.source, constant.article, constant.confirmed, requirement)
    due = period_end(started_on, constant, calendar)
    seen = done_at or now
    late = seen >= end_of(due.day)
    ends_at = end_of(due.day) if lapses else done_at
    after, before = ("met" if lapses else "overdue"), ("met" if done_at else "running")
    return Clock(
        key,
        constant.source,
        constant.article,
        constant.confirmed,
        requirement,
        starts_on=started_on,
        limit_on=due.day,
        ends_at=ends_at,
        given=_given(started_on, legal_date(done_at), constant, calendar) if done_at else None,
        state=after if late else before,
        provisional=due.provisional,
    )


def tender_deadlines(
    bids_due_at: datetime, calendar: WorkCalendar, *, started_by: str = "publish"
) -> tuple[DueStep, ...]:
    """Return the steps that the platform takes by itself for a published lot (到期事项): the close at the deadline."""
    day = legal_date(bids_due_at)
    return (DueStep("close", bids_due_at, "GPL-35", calendar.name, calendar.is_provisional(day, day), started_by),)


def last_day(ends_at: datetime) -> date:
    """Return the last Beijing day of a period that ends at an instant; 24:00 belongs to the day that it closes."""
    return legal_date(ends_at - timedelta(microseconds=1))


def earliest_deadline_after_clarification(
    clarified_at: datetime, due_at: datetime, rulebook: Rulebook, calendar: WorkCalendar
) -> datetime:
    """Return the earliest deadline for bids after a clarification that may affect them (顺延后的最早截止时间).

    The deadline stays when enough days are left; otherwise it moves to the first lawful working day, at the same time
    of day.
    """
    earliest = period_end(legal_date(clarified_at), rulebook["clarification_days"], calendar).day
    if last_day(due_at) >= earliest:
        return due_at
    clock = due_at.astimezone(BEIJING).time()
    return at_beijing(earliest, clock) if clock > time() else end_of(earliest)


def _minimum(
    key: str, constant: Constant, started_on: date | None, ends_at: datetime | None, calendar: WorkCalendar
) -> Clock:
    requirement = _requirement(">=", constant)
    if started_on is None:
        return Clock(key, constant.source, constant.article, constant.confirmed, requirement, ends_at=ends_at)
    due = period_end(started_on, constant, calendar)
    last = last_day(ends_at) if ends_at else None
    state = "running" if last is None else "met" if last >= due.day else "short"
    return Clock(
        key,
        constant.source,
        constant.article,
        constant.confirmed,
        requirement,
        starts_on=started_on,
        minimum_on=due.day,
        ends_at=ends_at,
        given=None if last is None else _given(started_on, last, constant, calendar),
        state=state,
        provisional=due.provisional,
    )


def _clarification(facts: TenderTimes, constant: Constant, calendar: WorkCalendar) -> Clock:
    requirement = _requirement(">=", constant)
    if facts.bids_due_at is None:
        return Clock("clarification", constant.source, constant.article, constant.confirmed, requirement)
    due_on = last_day(facts.bids_due_at)
    last_on = _last_start(due_on, constant, calendar)
    if facts.last_clarified_at is None:
        started_on, given = None, None
        state = "met" if facts.closed_at else "running" if facts.issued_on else "idle"
    else:
        started_on = legal_date(facts.last_clarified_at)
        given = _given(started_on, due_on, constant, calendar)
        state = "met" if started_on <= last_on else "short"
    return Clock(
        "clarification",
        constant.source,
        constant.article,
        constant.confirmed,
        requirement,
        starts_on=started_on,
        minimum_on=last_on,
        ends_at=facts.bids_due_at,
        given=given,
        state=state,
        provisional=calendar.is_provisional(last_on, due_on),
    )


def _last_start(due_on: date, constant: Constant, calendar: WorkCalendar) -> date:
    """Return the latest day on which the period may start and still be over on ``due_on``."""
    start = due_on
    while period_end(start, constant, calendar).day > due_on:
        start -= ONE_DAY
    return start


def _given(first: date, last: date, constant: Constant, calendar: WorkCalendar) -> int:
    return calendar.working_days_between(first, last) if constant.unit == "working-days" else (last - first).days


def _requirement(op: str, constant: Constant) -> Requirement:
    return {"op": op, "count": int(constant.value), "unit": constant.unit}
