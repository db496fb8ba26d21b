"""One request, one act (幂等).

A form or an API call carries a key. The first time, the act is done and the key is kept with its entry in the same
transaction; every further time the same actor gets the entry of the first. A key that comes back with other content
is refused.
"""

import hashlib

from django.db import connection

from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Reason, Unfair


class Repeated(Exception):
    """The request was carried out before; ``entry`` is its ledger entry. Not an error: answer with its receipt."""

    def __init__(self, entry: int) -> None:
        super().__init__(entry)
        self.entry = entry


def check_repeated(by: Actor) -> None:
    """Raise :class:`Repeated` when this actor's key was used before; hold the key against a twin request until commit.

    Raises:
        Unfair: ``idempotency-mismatch``.

    Source: our choice (ADR-2)
    """
    if not by.key:
        return
    lock = hashlib.sha256(f"key:{by.handle}:{by.key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(lock, signed=True)])
        cursor.execute(
            "SELECT entry_id, fingerprint FROM kernel_requestkey WHERE actor_handle = %s AND key = %s",
            [by.handle, by.key],
        )
        row = cursor.fetchone()
    if row is None:
        return
    if bytes(row[1]) != by.fingerprint:
        raise Unfair(Reason("idempotency-mismatch"))
    raise Repeated(row[0])


def remember(by: Actor, entry: int) -> None:
    """Keep the key of a request with the entry of its act."""
    if not by.key:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_requestkey (actor_handle, key, fingerprint, entry_id) VALUES (%s, %s, %s, %s)",
            [by.handle, by.key, by.fingerprint, entry],
        )
