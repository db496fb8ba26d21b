"""Who acts on an evaluation, and at which step (评标办理依据), asked by every act of this context.

Nothing here has a way to bids or suppliers: the acts of a desk ask it too.
"""

from uuid import UUID

from mifeng.evaluation.models import Evaluation, Member, Opinion
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import NotEntitled, Reason, Tampered, Unfair, WrongState
from mifeng.rules.seal.statements import verify_ecdsa


def check_clock(step: str, by: Actor) -> None:
    """Refuse everybody but the platform at a due moment (平台自动办理).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: our choice (ADR-5)
    """
    if by.role != "clock":
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=("clock",)))


def check_stage(evaluation: Evaluation | None, step: str, *allowed: str) -> Evaluation:
    """Refuse an act that belongs to another step of the evaluation, also before it has begun, and return it (评审环节).

    Raises:
        WrongState: ``wrong-state``.

    Source: our choice (ADR-5)
    """
    state = evaluation.state if evaluation else ""
    if evaluation is None or state not in allowed:
        raise WrongState(Reason("wrong-state", {"step": step, "state": state, "allowed": allowed}))
    return evaluation


def check_member(lot_id: UUID, by: Actor) -> Member:
    """Refuse whoever has no seat in this evaluation, and return the member (评审成员).

    Raises:
        NotEntitled: ``not-a-member``.

    Source: MOF-87-45
    """
    found = Member.objects.filter(evaluation=lot_id, handle=by.handle, role=by.role).first()
    if found is None:
        raise NotEntitled(Reason("not-a-member"))
    return found


def check_chair(evaluation: Evaluation, by: Actor) -> Member:
    """Refuse whoever does not chair the committee, and return the chair (评审组长).

    Raises:
        NotEntitled: ``not-a-member``, ``not-the-chair``.

    Source: MOF-87-45
    """
    member = check_member(evaluation.pk, by)
    if member.seat != evaluation.chair:
        raise NotEntitled(Reason("not-the-chair"))
    return member


def check_signature(member: Member, message: bytes, signature: bytes) -> None:
    """Refuse what the seat's own client has not signed, where the seat has a key (席位签名).

    Raises:
        Unfair: ``signature-invalid``.

    Source: our choice (ADR-5)
    """
    if not member.key:
        return
    try:
        verify_ecdsa(bytes.fromhex(member.key), message, signature)
    except Tampered:
        raise Unfair(Reason("signature-invalid")) from None


def is_carried(evaluation: Evaluation, kind: str, about: str, said: str | None = None) -> bool:
    """Tell whether more than half of the members hold an opinion (过半数)."""
    held = Opinion.objects.filter(evaluation=evaluation, kind=kind, about=about)
    if said is not None:
        held = held.filter(said=said)
    return 2 * held.count() > Member.objects.filter(evaluation=evaluation).count()
