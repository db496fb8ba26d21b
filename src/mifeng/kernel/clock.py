"""The one clock (统一时钟).

Nothing else in the platform asks for the time. In test mode, which is a fact of the database, an offset kept in one
row is added; it is moved by ``mifeng clock`` and by nothing else. Worker, sequencer, push and sign-in read the same
clock, so a story of thirty days can be played in a minute and still be one consistent history.

A test that needs an exact instant sets it here with :func:`frozen`, which is the seam; no code sleeps to reach a
moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

NO_OFFSET = timedelta(0)
_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """Return the platform's time, aware, in UTC."""
    fixed = _frozen.get()
    if fixed is not None:
        return fixed
    return datetime.now(UTC) + offset()  # noqa: TID251 - this is the clock


def offset() -> timedelta:
    """Return how far the test clock stands ahead of real time; always zero outside test mode."""
    if not settings.TEST_MODE:
        return NO_OFFSET
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce((SELECT o.offset FROM kernel_clockoffset o LIMIT 1), interval '0')")
        row = cursor.fetchone()
    return row[0] if row else NO_OFFSET


def move(by: timedelta) -> datetime:
    """Move the test clock forward and wake all who wait for a moment; return the new time.

    Raises:
        ValueError: outside test mode, or backwards, since entries of a stream may not run backwards.
    """
    if by < NO_OFFSET:
        raise ValueError("the test clock only moves forward")
    with connection.cursor() as cursor:
        cursor.execute("SELECT test_mode FROM kernel_instance")
        row = cursor.fetchone()
        if not row or not row[0]:
            raise ValueError("this platform is not in test mode")
        seconds = by.total_seconds()
        cursor.execute('UPDATE kernel_clockoffset SET "offset" = "offset" + make_interval(secs => %s)', [seconds])
        cursor.execute("SELECT pg_notify('mifeng_clock', '')")
    return now()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock at one instant in this thread of control: the seam for tests."""
    token = _frozen.set(at)
    try:
        yield
    finally:
        _frozen.reset(token)
