"""The tender document between agency and purchaser (招标文件)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.vault import Stored
from mifeng.rules.errors import Unfair, WrongState
from mifeng.tenders.actions import approve_document, draft_document, publish_notice, return_document
from mifeng.tenders.models import Document, Tender
from tests.actions.acts import SOON, document_of, kept
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import fresh, pdf_bytes, publishing, stored

STAGES = ("accepted", "drafted", "documented", "fixed", "published")


def versions(tender: Tender) -> list[tuple[int, str]]:
    """Return number and state of every version of a project's document."""
    return list(Document.objects.filter(tender=tender).order_by("version").values_list("version", "state"))


def draft(stages: Stages, tender: Tender, *, file: Stored | None = None, name: str = "招标文件.pdf") -> None:
    """Hand in a version."""
    with clock.frozen(SOON):
        draft_document(tender.pk, file or kept(), name=name, by=stages.actor("agency-a"))


def test_drafted_document_is_named_by_its_content(stages: Stages) -> None:
    """The ledger commits to the document's SHA-256, and the row to its size and the moment (R071, GPLR-32)."""
    tender = stages["accepted"]
    file = stored(pdf_bytes(3))

    with clock.frozen(SOON):
        written = draft_document(tender.pk, file, name="  招标文件 第一稿.pdf ", by=stages.actor("agency-a"))

    row = Document.objects.get(tender=tender)
    assert (row.version, row.state, row.name) == (1, "drafted", "招标文件 第一稿.pdf")
    assert (row.sha256, row.size, row.drafted_at, row.issued_at) == (file.sha256, file.size, SOON, None)
    assert read_entry(written.id).facts("draft")["sha256"] == file.sha256
    assert fresh(tender).version == tender.version + 1


@pytest.mark.parametrize(
    ("stage", "before", "after"),
    [
        ("drafted", "drafted", "superseded"),
        ("documented", "approved", "superseded"),
        ("published", "issued", "issued"),
    ],
)
def test_new_version_supersedes_what_was_not_issued(stages: Stages, stage: str, before: str, after: str) -> None:
    """An issued document is never taken back; its successor waits for a clarification (GPLR-31)."""
    tender = stages[stage]
    assert versions(tender) == [(1, before)]

    draft(stages, tender)

    assert versions(tender) == [(1, after), (2, "drafted")]


def test_purchaser_approves_and_the_approval_names_the_file(stages: Stages) -> None:
    """The purchaser answers for the document: it approves one content and no other (GPLR-15)."""
    tender = stages["drafted"]

    with clock.frozen(SOON):
        written = approve_document(document_of(tender), by=stages.actor("buyer"))

    facts = read_entry(written.id).body["moves"][1]["facts"]
    assert versions(tender) == [(1, "approved")]
    assert facts == {"sha256": kept().sha256, "version": 1, "remark": ""}


def test_returned_document_keeps_the_remark_and_the_next_version_starts_afresh(stages: Stages) -> None:
    tender = stages["drafted"]

    with clock.frozen(SOON):
        return_document(document_of(tender), remark=" 第三章缺评分细则 ", by=stages.actor("buyer"))
    draft(stages, tender)

    rows = list(Document.objects.filter(tender=tender).order_by("version").values_list("state", "remark"))
    assert rows == [("superseded", "第三章缺评分细则"), ("drafted", "")]


@pytest.mark.parametrize("answer", ["approve", "return"])
def test_superseded_version_can_neither_be_approved_nor_returned(stages: Stages, answer: str) -> None:
    """Nobody approves a version that is not the one on the table (GPLR-15)."""
    tender = stages["drafted"]
    old = document_of(tender)
    draft(stages, tender)

    with clock.frozen(SOON), refused(WrongState, "wrong-state") as caught:
        if answer == "approve":
            approve_document(old, by=stages.actor("buyer"))
        else:
            return_document(old, remark="缺页", by=stages.actor("buyer"))

    assert caught.value.source == "GPLR-15"
    assert caught.value.facts["state"] == "superseded"


def test_returned_version_cannot_be_approved_afterwards(stages: Stages) -> None:
    document = document_of(stages["drafted"])
    with clock.frozen(SOON):
        return_document(document, remark="缺页", by=stages.actor("buyer"))

    with clock.frozen(SOON), refused(WrongState, "wrong-state"):
        approve_document(document, by=stages.actor("buyer"))


FILES = [
    (replace(kept(), sha256="ab" * 32), "never stored"),
    (replace(kept(), size=1), "another size"),
    (replace(kept(), media="text/html"), "another type"),
]


@pytest.mark.parametrize(("file", "why"), FILES, ids=[why for _, why in FILES])
def test_file_that_the_vault_does_not_hold_is_refused(stages: Stages, file: Stored, why: str) -> None:
    """An act names no file whose bytes are not on disk as it says."""
    with clock.frozen(SOON), refused(Unfair, "malformed") as caught:
        draft_document(stages["accepted"].pk, file, name="招标文件.pdf", by=stages.actor("agency-a"))

    assert dict(caught.value.facts) == {"field": "file"}


@pytest.mark.parametrize(
    ("name", "code"), [("", "malformed"), ("  ", "malformed"), ("招标\0文件", "malformed"), ("文" * 201, "too-large")]
)
def test_name_that_cannot_be_kept_is_refused(stages: Stages, name: str, code: str) -> None:
    with clock.frozen(SOON), refused(Unfair, code):
        draft_document(stages["accepted"].pk, kept(), name=name, by=stages.actor("agency-a"))


@pytest.mark.parametrize(
    ("remark", "code"), [("", "malformed"), ("\n", "malformed"), ("缺\x1b页", "malformed"), ("缺" * 1001, "too-large")]
)
def test_remark_that_cannot_be_kept_is_refused(stages: Stages, remark: str, code: str) -> None:
    with clock.frozen(SOON), refused(Unfair, code) as caught:
        return_document(document_of(stages["drafted"]), remark=remark, by=stages.actor("buyer"))

    assert caught.value.facts["field"] == "remark"


def test_notice_issues_the_approved_version_and_dates_it(stages: Stages) -> None:
    """The documents are issued with the notice, at its instant (GPLR-31)."""
    tender = stages["fixed"]

    with clock.frozen(SOON):
        publish_notice(tender.pk, publishing(tender), by=stages.actor("agency-a"))

    row = Document.objects.get(tender=tender)
    assert (row.state, row.issued_at) == ("issued", SOON)


def test_notice_waits_for_a_version_that_the_purchaser_has_not_approved(stages: Stages) -> None:
    """An approved version that was superseded by a draft does not count (GPLR-15, GPLR-31)."""
    tender = stages["fixed"]
    draft(stages, tender)
    tender = fresh(tender)

    with clock.frozen(SOON + timedelta(minutes=1)), refused(Unfair, "document-unapproved") as caught:
        publish_notice(tender.pk, publishing(tender), by=stages.actor("agency-a"))

    [reason] = caught.value.reasons
    assert (reason.source, reason.lifted_by, dict(reason.facts)) == ("GPLR-15", ("buyer",), {"document": "drafted"})
