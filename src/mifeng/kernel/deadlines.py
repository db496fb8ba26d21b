"""Moments at which the platform must act (到期事项).

Rules compute a deadline, the act that starts it stores it as a row, one worker wakes it, and the action it asks for
checks it again under the lock of its subject and marks it met in the same act: exactly once in effect, never early.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.models import Deadline
from mifeng.rules.errors import Reason, Refusal, WrongMoment

if TYPE_CHECKING:
    from mifeng.rules.deadlines import DueStep

log = logging.getLogger(__name__)
WakeAction = Callable[..., object]

# Claiming a row only shares out work: it pushes the next try into the future in a short transaction of its own and
# lets go. A row that stayed locked while its action runs would deadlock with an act that holds the subject and
# replaces the row.
_CLAIM = """
WITH claimed AS (
    UPDATE kernel_deadline SET tries = tries + 1,
        next_try_at = %(now)s + least(interval '1 second' * 2 ^ least(tries, 9), interval '5 minutes')
    WHERE id IN (
        SELECT id FROM kernel_deadline
        WHERE met_at IS NULL AND at <= %(now)s AND (next_try_at IS NULL OR next_try_at <= %(now)s)
        ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING at, subject, step
)
SELECT subject, step FROM claimed ORDER BY at, subject
"""


def replace(subject: str, rows: Iterable["DueStep"]) -> None:
    """Replace the open deadlines of a subject, inside the act that changes their grounds."""
    Deadline.objects.filter(subject=subject, met_at=None).delete()
    Deadline.objects.bulk_create(
        Deadline(
            subject=subject,
            step=row.step,
            at=row.at,
            source=row.source,
            calendar=row.calendar,
            provisional=row.provisional,
            started_by=row.started_by,
        )
        for row in rows
    )


def meet(subject: str, step: str, at: datetime) -> None:
    """Mark the open deadline met at an instant.

    Raises:
        WrongMoment: ``too-early``, when it is not due yet or no longer open.
    """
    met = Deadline.objects.filter(subject=subject, step=step, met_at=None, at__lte=at).update(met_at=at)
    if not met:
        open_row = Deadline.objects.filter(subject=subject, step=step, met_at=None).first()
        raise WrongMoment(Reason("too-early", {"step": step}, until=open_row.at if open_row else None))


def wake(actions: Mapping[tuple[str, str], WakeAction], *, limit: int = 20, by: Actor = CLOCK) -> int:
    """Carry out what is due (到期办理); return how many rows were tried.

    Args:
        actions: (model label, step) → action taking the subject's id and ``by``.
        limit: rows claimed at once.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": clock.now(), "limit": limit})
        claimed: list[tuple[str, str]] = cursor.fetchall()
    for subject, step in claimed:
        label, _, pk = subject.partition(":")
        try:
            actions[label, step](pk, by=by)
        except Refusal as refusal:
            log.info("deadline %s of %s not carried out: %s", step, subject, refusal)
        except Exception:
            log.exception("deadline %s of %s failed", step, subject)
    return len(claimed)
