"""A member who cannot go on says so at the desk (申报不能继续评审): a tie that shows late, health, another cause.

From then on the seat signs nothing, and nobody decides or shows anything, so that nothing rests on what that member
held before; the agency ends the evaluation. Nothing here has a way to bids or suppliers, since the desk calls it.
"""

from uuid import UUID

from mifeng.evaluation.actions.guards import check_member, check_stage
from mifeng.evaluation.models import Evaluation, Member
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.evaluation import check_gone

SCORING = ("chaired", "reviewing", "locked")


def declare_unable(lot_id: UUID, why: str, *, by: Actor) -> Written:
    """Declare at the desk that one cannot go on (申报回避或不能继续), once, before the scores are shown.

    Args:
        lot_id: the package.
        why: a word of ``rules.evaluation.GONE``.
        by: the member; agency and supervisor are told.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``reason-required``.
        WrongState: ``wrong-state``; ``member-unable``, when it has been declared.

    Source: GPLR-9, MOF-87-49
    """
    check_gone(why)
    with acting("declare_unable", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "declare_unable", *SCORING)
        member = check_able(check_member(lot_id, by))
        act.note(evaluation, "declare_unable", seat=member.seat, why=why)
        Member.objects.filter(pk=member.pk).update(unable=why)
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{evaluation.lot.tender_id}")
    return act.entry


def check_able(member: Member) -> Member:
    """Refuse whoever has declared to be unable to go on, and return the member (不能继续评审的成员).

    Raises:
        WrongState: ``member-unable``.

    Source: GPLR-9
    """
    if member.unable:
        raise WrongState(Reason("member-unable", lifted_by=("agency",)))
    return member


def check_all_able(evaluation: Evaluation) -> None:
    """Refuse to go on with what a member gave or held who has declared to be unable to go on (不能继续评审的成员).

    Raises:
        WrongState: ``member-unable``.

    Source: MOF-87-49
    """
    if Member.objects.filter(evaluation=evaluation).exclude(unable="").exists():
        raise WrongState(Reason("member-unable", lifted_by=("agency",)))
