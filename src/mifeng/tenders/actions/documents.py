"""The tender document between agency and purchaser (招标文件): drafted, approved or returned, superseded."""

from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.vault import Stored, holds
from mifeng.kernel.wording import check_wording
from mifeng.rules import tender as table
from mifeng.rules.errors import Reason, Unfair
from mifeng.tenders.actions.guards import check_agency, check_before_deadline, check_own, lock_tender
from mifeng.tenders.models import Document

MAX_NAME = 200
MAX_REMARK = 1_000
OPEN = ("drafted", "approved", "returned")


def draft_document(tender_id: UUID, stored: Stored, *, name: str, by: Actor) -> Written:
    """Hand in a version of the tender document (上传招标文件); an earlier version not yet issued is superseded.

    Args:
        tender_id: the agency's own project, before its deadline.
        stored: the file, already in the vault.
        name: file name as it is shown.
        by: the agency.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, also for a file that the vault does not hold, ``too-large``.
        WrongMoment: ``deadline-passed``.

    Source: GPLR-32
    """
    title = check_wording(name, field="name", limit=MAX_NAME, empty="malformed")
    if not holds(stored):
        raise Unfair(Reason("malformed", {"field": "file"}))
    with acting("draft_document", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        versions = act.lock_all(Document, Document.objects.filter(tender=tender).values_list("pk", flat=True))
        check_agency(act, tender.agency_id)
        check_before_deadline(lots, act.at)
        tender.version += 1
        act.note(tender, "document", sha256=stored.sha256, size=stored.size, version=tender.version)
        for old in versions:
            if old.state in OPEN:
                act.move(old, table.DOCUMENT, "supersede", version=old.version)
        act.create(
            Document,
            table.DOCUMENT,
            "draft",
            tender=tender,
            version=max((old.version for old in versions), default=0) + 1,
            name=title,
            sha256=stored.sha256,
            size=stored.size,
            drafted_at=act.at,
        )
    return act.entry


def approve_document(document_id: UUID, *, by: Actor) -> Written:
    """Approve the tender document (采购人确认招标文件).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        WrongMoment: ``deadline-passed``.
        WrongState: ``wrong-state``.

    Source: GPLR-15
    """
    return _answer("approve_document", document_id, "approve", "", by)


def return_document(document_id: UUID, *, remark: str, by: Actor) -> Written:
    """Return the tender document to the agency with a remark (采购人退回招标文件).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, also for an empty remark, ``too-large``.
        WrongMoment: ``deadline-passed``.
        WrongState: ``wrong-state``.

    Source: GPLR-15
    """
    words = check_wording(remark, field="remark", limit=MAX_REMARK, empty="malformed")
    return _answer("return_document", document_id, "return", words, by)


def _answer(act_name: str, document_id: UUID, step: str, remark: str, by: Actor) -> Written:
    tender_id = Document.objects.values_list("tender", flat=True).get(pk=document_id)
    with acting(act_name, by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="buyer")
        document = act.lock(Document, document_id)
        check_before_deadline(lots, act.at)
        tender.version += 1
        act.note(tender, step, version=tender.version)
        document.remark = remark
        act.move(document, table.DOCUMENT, step, sha256=document.sha256, version=document.version, remark=remark)
    return act.entry
