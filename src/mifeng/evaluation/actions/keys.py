"""Another key for a seat (席位密钥更换): the computer was changed, or its browser; what was signed before stays valid.

Whoever sits there was known anew, by face or by two officers, before the code was given that opened the seat again. The
entry names both acts by their leaves, so that nobody can give a seat a key without leaving them.
"""

from uuid import UUID

from mifeng.evaluation.actions.guards import check_clock, check_stage
from mifeng.evaluation.models import Evaluation, KeyChange, Member
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import NotEntitled, Reason, WrongState
from mifeng.sittings.queries import Reopened

SIGNING = ("chaired", "reviewing", "locked", "revealed")


def change_seat_key(lot_id: UUID, reopened: Reopened, *, by: Actor = CLOCK) -> Written:
    """Let a seat sign with the key that its new client brought (更换席位密钥), from this entry on.

    Args:
        lot_id: the package.
        reopened: how the seat was opened again, as the sitting tells it.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock; ``not-a-member`` for a seat of somebody else.
        WrongState: ``wrong-state``; ``seat-unrenewed``, when no new code was given before, or no key came with it.
        Repeated: when the seat has this key.

    Source: our choice (ADR-9)
    """
    check_clock("change_seat_key", by)
    with acting("change_seat_key", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "change_seat_key", *SIGNING)
        member = check_reopened(evaluation, reopened)
        facts = {"before": member.key, "after": reopened.key, "checked": reopened.checked}
        said = {"officers": list(reopened.officers), "renewed": reopened.renewed, "entered": reopened.entered}
        act.note(evaluation, "change_seat_key", seat=member.seat, opened_by=member.handle, **facts, **said)
        Member.objects.filter(pk=member.pk).update(key=reopened.key)
        row = KeyChange.objects.create(evaluation=evaluation, seat=member.seat, at=act.at, **facts)
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{evaluation.lot.tender_id}")
        act.once_written(lambda entry: KeyChange.objects.filter(pk=row.pk).update(entry=entry.id))
    return act.entry


def check_reopened(evaluation: Evaluation, reopened: Reopened) -> Member:
    """Refuse a key that came without a new code, or to a seat of somebody else, and return the member (重新入席).

    Raises:
        NotEntitled: ``not-a-member``.
        WrongState: ``seat-unrenewed``.
        Repeated: when the seat has this key.

    Source: our choice (ADR-9)
    """
    member = Member.objects.filter(evaluation=evaluation, seat=reopened.seat, handle=reopened.handle).first()
    if member is None:
        raise NotEntitled(Reason("not-a-member"))
    if not reopened.key or not reopened.renewed:
        raise WrongState(Reason("seat-unrenewed", lifted_by=("host", "guest")))
    if member.key == reopened.key:
        last = KeyChange.objects.filter(evaluation=evaluation, seat=member.seat).order_by("-pk").first()
        if last is not None and last.entry_id:
            raise Repeated(last.entry_id)
        raise WrongState(Reason("seat-unrenewed", lifted_by=("host", "guest")))
    return member
