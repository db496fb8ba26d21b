"""The inbox of a post (收件箱): one line per event that a post should see, written by reactions.

A line names its recipient by the post's handle and its kind by a word; the text is made when it is shown, so that it
never holds more than its reader may know. Writing twice changes nothing: recipient, entry and kind are unique together.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Message


def tell(recipients: Iterable[str], kind: str, *, subject: str, entry: int, **facts: str) -> None:
    """Put one line into several inboxes; repeated calls for the same entry add nothing."""
    at = clock.now()
    Message.objects.bulk_create(
        (
            Message(recipient=handle, kind=kind, subject=subject, entry_id=entry, facts=facts, at=at)
            for handle in recipients
        ),
        ignore_conflicts=True,
    )


def mark_read(by: Actor, message_id: str) -> datetime:
    """Mark a line of one's own inbox read and return when."""
    at = clock.now()
    Message.objects.filter(recipient=by.handle, pk=message_id, read_at=None).update(read_at=at)
    return at


def lines(by: Actor) -> QuerySet[Message]:
    """Return the lines of one's own inbox, newest first."""
    return Message.objects.filter(recipient=by.handle).order_by("-at", "pk")


def unread(by: Actor) -> int:
    """Return how many lines of one's own inbox have not been marked read."""
    return Message.objects.filter(recipient=by.handle, read_at=None).count()


def mark_all_read(by: Actor, seen_at: datetime) -> datetime:
    """Mark every line that was there when the person looked as read and return when; later lines stay unread."""
    at = clock.now()
    Message.objects.filter(recipient=by.handle, at__lte=seen_at, read_at=None).update(read_at=at)
    return at
