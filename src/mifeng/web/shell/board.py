"""The seat board of one day (席位占用表): rows are seats, columns are half-hours, a booking spans its columns.

Whoever sees the board decides which sessions are its own; of all others it shows the code name and nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.utils.translation import gettext as _

from mifeng.rules.calendar import at_beijing, end_of
from mifeng.venues.models import Booking, Seat
from mifeng.web.shell import words

HALF_HOUR = timedelta(minutes=30)
FIRST, LAST = 8, 18
LOOKS = {"confirmed": ("ok", "check"), "held": ("wait", "clock")}


@dataclass(frozen=True, slots=True)
class Hour:
    """One half-hour column (半小时列): whether it begins a full hour, and what stands above it."""

    label: str
    full: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell (单元格): a free half-hour, or a stretch that is taken."""

    span: int
    hour: bool
    kind: str = "free"
    word: str = ""
    code: str = ""
    icon: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One seat (席位行)."""

    name: str
    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SiteRows:
    """One site with its seats (场地行组)."""

    name: str
    meta: str
    seats: tuple[SeatRow, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The whole board (占用表)."""

    caption: str
    hours: tuple[Hour, ...]
    sites: tuple[SiteRows, ...]
    note: str = ""

    @property
    def columns(self) -> int:
        """Return the number of columns, the seat's name included."""
        return len(self.hours) + 1


def day_of(day: date) -> tuple[datetime, datetime]:
    """Return the first and the last instant of a Beijing day."""
    return at_beijing(day, time()), end_of(day)


def day_board(
    rows: Sequence[tuple[Seat, list[Booking]]], day: date, *, own: Callable[[Booking], bool], note: str = ""
) -> Board:
    """Return the board of one Beijing day; early and late sessions widen it.

    Args:
        rows: seats in order of their sites, each with its bookings that touch the day.
        day: the Beijing day.
        own: whether a booking is the reader's own.
        note: a sentence below the board.
    """
    slots = _slots([booking for _seat, bookings in rows for booking in bookings], day)
    sites = tuple(
        SiteRows(site.name, _counted(seats), tuple(_row(seat, bookings, slots, own) for seat, bookings in seats))
        for site, seats in ((site, list(found)) for site, found in groupby(rows, key=lambda row: row[0].site))
    )
    hours = tuple(Hour(words.beijing(slot)[11:13], slot.minute == 0) for slot in slots)
    caption = _("%(day)s%(weekday)s席位占用") % {"day": day.isoformat(), "weekday": words.weekday(day)}
    return Board(caption, hours, sites, note)


def _slots(bookings: Iterable[Booking], day: date) -> list[datetime]:
    begins, ends = day_of(day)
    first, last = begins + FIRST * timedelta(hours=1), begins + LAST * timedelta(hours=1)
    for booking in bookings:
        first = min(first, max(booking.during.lower, begins))
        last = max(last, min(booking.during.upper, ends))
    start = begins + (first - begins) // timedelta(hours=1) * timedelta(hours=1)
    return [start + n * HALF_HOUR for n in range(-(-(last - start) // HALF_HOUR))]


def _counted(seats: Sequence[tuple[Seat, list[Booking]]]) -> str:
    ready = sum(not seat.fault for seat, _bookings in seats)
    areas = "、".join(sorted({seat.area for seat, _bookings in seats}))
    return _("%(areas)s　%(seats)d席，%(ready)d席就绪") % {"areas": areas, "seats": len(seats), "ready": ready}


def _row(seat: Seat, bookings: Sequence[Booking], slots: Sequence[datetime], own: Callable[[Booking], bool]) -> SeatRow:
    cells: list[Cell] = []
    at = 0
    for booking in bookings:
        start = max(_place(booking.during.lower, slots), at)
        end = max(-(-(min(booking.during.upper, slots[-1] + HALF_HOUR) - slots[0]) // HALF_HOUR), start + 1)
        cells += _gap(seat, slots, at, start)
        cells.append(_taken(booking, end - start, slots[start], own(booking)))
        at = end
    return SeatRow(seat.label, Seat.Kind(seat.kind).label, (*cells, *_gap(seat, slots, at, len(slots))))


def _place(at: datetime, slots: Sequence[datetime]) -> int:
    return min(max((at - slots[0]) // HALF_HOUR, 0), len(slots) - 1)


def _gap(seat: Seat, slots: Sequence[datetime], first: int, end: int) -> list[Cell]:
    """Return the half-hours that nobody holds: free ones one by one, those of an unready seat as one bar."""
    if first >= end:
        return []
    if seat.fault:
        word = _("设备未就绪：%(fault)s") % {"fault": seat.fault}
        return [Cell(end - first, slots[first].minute == 0, "bad", word, icon="warn", reason="seat-unready")]
    return [Cell(1, slot.minute == 0) for slot in slots[first:end]]


def _taken(booking: Booking, span: int, at: datetime, own: bool) -> Cell:
    code = booking.request.session.code_name
    if not own:
        return Cell(span, at.minute == 0, "other", code)
    kind, icon = LOOKS[booking.state]
    word = _("已确认") if kind == "ok" else _("待场地确认")
    return Cell(span, at.minute == 0, kind, word, code, icon)
