"""Reads of oversight (监督查询)."""

from uuid import UUID

from mifeng.kernel.actors import Actor
from mifeng.oversight.models import Finding


def findings_for(by: Actor, tender_id: UUID | str) -> list[Finding]:
    """Return a supervisor's own authority's findings on a project, newest first; empty for everybody else."""
    if by.role != "supervisor":
        return []
    found = Finding.objects.filter(subject=f"tenders.tender:{tender_id}", organisation=by.organisation)
    return list(found.order_by("-made_at")[:200])
