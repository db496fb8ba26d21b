"""Refusals and sensitive reads (拒绝与敏感查阅).

A refusal for reasons of time or entitlement, and a look at a fact that few may see, leave a row at once; once a
minute the worker writes one digest over the new rows into the ledger. So a page stays cheap and yet nobody looks
unseen.
"""

import hashlib

from mifeng.kernel import clock
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import timestamp
from mifeng.kernel.models import Instance, Noted
from mifeng.rules.encoding import canonical

BATCH = 10_000


def note(kind: str, by: Actor, subject: str, **facts: str | list[str]) -> None:
    """Keep one row about a refusal or a read; written outside any act, after a refused one was rolled back."""
    Noted.objects.create(at=clock.now(), kind=kind, actor_handle=by.handle, subject=subject, facts=facts)


def digest_noted() -> int:
    """Write one ledger entry over all rows not yet covered and link them to it; return how many rows it covers."""
    if not Noted.objects.filter(digest_entry=None).exists():
        return 0
    with acting("digest_noted", by=CLOCK) as act:
        instance = act.lock(Instance, Instance.objects.get().pk)
        rows = list(Noted.objects.filter(digest_entry=None).order_by("id")[:BATCH])
        chain = hashlib.sha256()
        for row in rows:
            chain.update(canonical([timestamp(row.at), row.kind, row.actor_handle, row.subject, row.facts]))
        act.note(instance, "digest_noted", rows=len(rows), sha256=chain.hexdigest())
        # In the same transaction: rows digested but not linked would be covered twice, and the first digest by nothing.
        covered = Noted.objects.filter(pk__in=[row.pk for row in rows])
        act.once_written(lambda entry: covered.update(digest_entry=entry.id))
    return len(rows)
