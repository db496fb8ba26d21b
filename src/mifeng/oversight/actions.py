"""Acts of oversight (监督办理): a supervisor's own findings and nothing else."""

from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.oversight.models import Finding
from mifeng.rules.errors import NotEntitled, Reason, Unfair
from mifeng.tenders.queries import tender_for

MAX_TEXT = 4_000


def record_finding(tender_id: UUID, *, kind: str, text: str, by: Actor) -> Written:
    """Record what a supervisor found in a project under its supervision (监督记录).

    Args:
        tender_id: a project that names the supervisor's authority as its own.
        kind: ``observation`` or ``irregularity``.
        text: what was seen, 1 to 4,000 characters.
        by: a supervisor.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``reason-required`` for an empty text, ``too-large``, ``malformed``, also for another kind.

    Source: NM-2018-67 二(四) (R045, R048)
    """
    if by.role != "supervisor":
        raise NotEntitled(Reason("wrong-post", {"step": "record_finding", "role": by.role}, lifted_by=("supervisor",)))
    tender = tender_for(by, tender_id)
    words = check_wording(text, field="text", limit=MAX_TEXT, empty="reason-required")
    if kind not in Finding.Kind.values:
        raise Unfair(Reason("malformed", {"field": "kind"}))
    subject = f"{tender._meta.label_lower}:{tender.pk}"
    with acting("record_finding", by=by) as act:
        finding = Finding(
            subject=subject,
            kind=kind,
            text=words,
            organisation=UUID(by.organisation),
            made_by=by.handle,
            made_at=act.at,
        )
        # The entry does not refer to the project: those who follow it would learn that a finding was made.
        act.add(finding, "record", kind=kind, text=words, about=subject)
    return act.entry
