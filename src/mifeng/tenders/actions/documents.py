"""The tender document between agency and purchaser (招标文件): drafted, approved or returned, superseded."""

from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.vault import Stored
from mifeng.rules import tender as table
from mifeng.rules.errors import Reason, WrongState
from mifeng.tenders.actions.guards import check_own, check_text, lock_tender
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
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``.
        WrongState: ``wrong-state`` after the deadline.

    Source: GPLR-32
    """
    title = check_text(name, field="name", limit=MAX_NAME)
    with acting("draft_document", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        versions = act.lock_all(Document, Document.objects.filter(tender=tender).values_list("pk", flat=True))
        check_own(tender, by, role="agency")
        if any(lot.state == "closed" for lot in lots):
            raise WrongState(Reason("wrong-state", {"step": "draft", "state": "closed"}))
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
        tender.version += 1
        act.note(tender, "document", sha256=stored.sha256, size=stored.size, version=tender.version)
    return act.entry


def approve_document(document_id: UUID, *, by: Actor) -> Written:
    """Approve the tender document (采购人确认招标文件).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        WrongState: ``wrong-state``.

    Source: GPLR-15
    """
    return _answer("approve_document", document_id, "approve", "", by)


def return_document(document_id: UUID, *, remark: str, by: Actor) -> Written:
    """Return the tender document to the agency with a remark (采购人退回招标文件).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed`` for an empty remark, ``too-large``.
        WrongState: ``wrong-state``.

    Source: GPLR-15
    """
    return _answer("return_document", document_id, "return", check_text(remark, field="remark", limit=MAX_REMARK), by)


def _answer(act_name: str, document_id: UUID, step: str, remark: str, by: Actor) -> Written:
    tender_id = Document.objects.values_list("tender", flat=True).get(pk=document_id)
    with acting(act_name, by=by) as act:
        tender, _ = lock_tender(act, tender_id)
        document = act.lock(Document, document_id)
        check_own(tender, by, role="buyer")
        document.remark = remark
        act.move(document, table.DOCUMENT, step, sha256=document.sha256, version=document.version, remark=remark)
        tender.version += 1
        act.note(tender, step, version=tender.version)
    return act.entry
