"""Write one entry (写入台账): two statements, the last thing an act does.

The first statement takes the lock of the stream and returns its head; the second inserts entry, body, references and
the pending row and moves the head. Nothing is locked afterwards, so two acts can never wait for each other here.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import body_commitment, entry_leaf

_LOCK_STREAM = """
INSERT INTO kernel_stream (name) VALUES (%s)
ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING id, head
"""

_WRITE_ENTRY = """
WITH entry AS (
    INSERT INTO kernel_entry (stream_id, type, subject, actor_handle, at, leaf, data, salt)
    VALUES (%(stream)s, %(type)s, %(subject)s, %(actor)s, %(at)s, %(leaf)s, %(data)s, %(salt)s)
    RETURNING id
), body AS (
    INSERT INTO kernel_entrybody (entry_id, salt, content) SELECT id, %(body_salt)s, %(content)s FROM entry
), refs AS (
    INSERT INTO kernel_reference (entry_id, subject) SELECT id, unnest(%(refs)s::text[]) FROM entry
), waiting AS (
    INSERT INTO kernel_pending (entry_id) SELECT id FROM entry
), head AS (
    UPDATE kernel_stream SET head = %(leaf)s WHERE id = %(stream)s
)
SELECT id FROM entry
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an act hands to the ledger (条目草稿).

    Args:
        type: the step word of the outer act.
        stream: subject whose chain the entry joins, ``app.model:id``.
        actor_handle: opaque handle of the acting post.
        at: the act's legal time, aware.
        body: what happened, as canonical JSON values.
        refs: the other subjects the act touched.
    """

    type: str
    stream: str
    actor_handle: str
    at: datetime
    body: object
    refs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as the act gives it back (条目): ``leaf`` is its 32-byte commitment, what a receipt names."""

    id: int
    leaf: bytes
    at: datetime
    type: str
    subject: str


def timestamp(at: datetime) -> str:
    """Return an instant as the ledger writes it: UTC, microseconds, ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def append(draft: Draft) -> Written:
    """Append one entry to its stream inside the caller's transaction; called by the door alone."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_STREAM, [draft.stream])
        stream, head = cursor.fetchone()
        content = canonical(draft.body)
        body_salt, salt = secrets.token_bytes(32), secrets.token_bytes(32)
        data = canonical(
            {
                "v": 1,
                "type": draft.type,
                "stream": draft.stream,
                "prev": bytes(head).hex() if head else "",
                "actor": draft.actor_handle,
                "t": timestamp(draft.at),
                "body": body_commitment(body_salt, content).hex(),
                "refs": list(draft.refs),
            }
        )
        leaf = entry_leaf(salt, data)
        cursor.execute(
            _WRITE_ENTRY,
            {
                "stream": stream,
                "type": draft.type,
                "subject": draft.stream,
                "actor": draft.actor_handle,
                "at": draft.at,
                "leaf": leaf,
                "data": data,
                "salt": salt,
                "body_salt": body_salt,
                "content": content,
                "refs": list(draft.refs),
            },
        )
        (entry,) = cursor.fetchone()
    return Written(entry, leaf, draft.at, draft.type, draft.stream)
