"""Statutory clocks as rows of a page (法定时钟的显示).

``rules.deadlines`` computes the clocks; here each becomes one row with a ruler: its length is the period, the fill is
the time passed, the notch is the legal minimum or limit.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from mifeng.rules.calendar import end_of, legal_date
from mifeng.rules.deadlines import Clock, Requirement, last_day
from mifeng.web.shell import texts, words

LOOKS = {"met": "done", "running": "todo", "idle": "none", "short": "bad", "overdue": "late"}
TONES = {"met": "ok", "running": "go", "idle": "idle", "short": "late", "overdue": "late"}


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measure one period in per cent of its length (标尺): how much has passed, and where the legal bound lies."""

    tone: str
    fill: int = 0
    notch: int | None = None

    @property
    def label(self) -> str:
        """Say the ruler in words, for those who do not see it."""
        if self.tone == "idle":
            return _("未开始")
        passed = _("已过%(fill)d%%") % {"fill": self.fill}
        return passed if self.notch is None else passed + _("，法定界限在%(notch)d%%处") % {"notch": self.notch}


@dataclass(frozen=True, slots=True)
class ClockRow:
    """Show one clock (时钟行)."""

    key: str
    title: str
    requirement: str
    span: str
    ruler: Ruler | None
    note: str
    look: str
    word: str
    clause: words.Clause
    article: str
    pending: bool
    provisional: bool


def clock_row(clock: Clock, now: datetime) -> ClockRow:
    """Return the row of one clock as it stands at ``now``."""
    clarification = clock.key == "clarification"
    return ClockRow(
        key=clock.key,
        title=str(texts.CLOCK_TITLES.get(clock.key, clock.key)),
        requirement=(_("截止前") if clarification else "") + _required(clock.requirement),
        span=_clarification_span(clock) if clarification else _span(clock, now),
        ruler=None if clarification and clock.minimum_on else _ruler(clock, now),
        note=_clarification_note(clock, now) if clarification else "",
        look=LOOKS[clock.state],
        word=_word(clock, now),
        clause=words.clause(clock.source),
        article=clock.article,
        pending=not clock.confirmed,
        provisional=clock.provisional,
    )


def _required(requirement: Requirement) -> str:
    sign = "≥" if requirement["op"] == ">=" else "≤"
    return f"{sign} {_count(requirement['count'], requirement['unit'])}"


def _count(count: int, unit: str) -> str:
    text = _("%(count)d工作日") if unit == "working-days" else _("%(count)d日")
    return text % {"count": count}


def _span(clock: Clock, now: datetime) -> str:
    if clock.starts_on is None:
        return str(texts.CLOCK_STARTS.get(clock.key, ""))
    last = _last_on(clock)
    return f"{_day(clock.starts_on, now)} → {_day(last, now) if last else _('未定')}"


def _last_on(clock: Clock) -> date | None:
    """Return the day a period ends on: as chosen or done; else its limit. 24:00 belongs to the day that it closes."""
    if clock.ends_at and not clock.limit_on:
        return last_day(clock.ends_at)
    return clock.limit_on or clock.minimum_on


def _clarification_span(clock: Clock) -> str:
    if clock.minimum_on is None:
        return str(texts.CLOCK_STARTS[clock.key])
    return _("%(day)s及以前") % {"day": clock.minimum_on.strftime("%m-%d")}


def _clarification_note(clock: Clock, now: datetime) -> str:
    if clock.starts_on:
        return _("末次澄清%(day)s") % {"day": _day(clock.starts_on, now)}
    return _("尚无影响投标的澄清") if clock.minimum_on else ""


def _day(day: date, now: datetime) -> str:
    return day.strftime("%m-%d" if day.year == legal_date(now).year else "%Y-%m-%d")


def _ruler(clock: Clock, now: datetime) -> Ruler:
    tone = TONES[clock.state]
    bound = clock.minimum_on or clock.limit_on
    if clock.starts_on is None or bound is None:
        return Ruler("idle")
    start = end_of(clock.starts_on)
    notch_at = end_of(bound)
    # A minimum is measured to its chosen end; a limit to its bound, or beyond it when somebody was late.
    last = max(clock.ends_at or notch_at, notch_at) if clock.minimum_on else notch_at
    reached = clock.ends_at if clock.limit_on and clock.ends_at and clock.ends_at < now else now
    return Ruler(tone, _per_cent(reached - start, last - start), _per_cent(notch_at - start, last - start))


def _per_cent(part: timedelta, whole: timedelta) -> int:
    return 100 if whole <= timedelta(0) else min(max(round(100 * (part / whole)), 0), 100)


def _word(clock: Clock, now: datetime) -> str:
    if clock.state == "idle":
        return _("未开始")
    if clock.state == "overdue":
        return _("已逾期")
    if clock.state == "running" and clock.limit_on:
        return words.remaining(end_of(clock.limit_on), now)
    if clock.given is None:
        return _("已满足") if clock.state == "met" else _("进行中")
    given = _count(clock.given, clock.requirement["unit"])
    return _("只有%(given)s") % {"given": given} if clock.state == "short" else given
