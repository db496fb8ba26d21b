"""The tender document on its pages (招标文件): handed in, looked at, approved or returned, read again."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from mifeng.kernel import clock
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.models import Blob
from mifeng.tenders.actions import draft_document
from mifeng.tenders.models import Document, Tender
from tests.factories import DUE, START, City, accepted, documented, entered, fresh, pdf_bytes, published, stored
from tests.web.rooms import AT, ask, client_of, codes, read, send, shown_codes, text_of

NAME = "招标文件 第一册.pdf"


def upload(tender: Tender, content: bytes, *, account: str = "agency-a", **options: Any) -> HttpResponse:
    """Send a file as the browser does."""
    return send(account, f"/workspace/{tender.pk}/document", {"file": SimpleUploadedFile(NAME, content)}, **options)


def drafted(city: City) -> tuple[Tender, Document]:
    """Return a project whose document waits for the purchaser."""
    tender = accepted(city)
    with clock.frozen(START):
        draft_document(tender.pk, stored(), name=NAME, by=city["agency-a"])
    return fresh(tender), Document.objects.get(tender=tender)


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    """Return a PDF as bytes."""
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def with_script() -> bytes:
    """Return a PDF that runs a script when it is opened."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    return saved(pdf)


def locked() -> bytes:
    """Return a PDF that asks for a password."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    return saved(pdf, encryption=pikepdf.Encryption(user="open", owner="own"))


def test_document_is_handed_in_and_shown_with_its_fingerprint(city: City) -> None:
    """The bytes lie in the vault before the act names them (GPLR-32)."""
    tender = accepted(city)

    answer = upload(tender, pdf_bytes())

    document = Document.objects.get(tender=tender)
    page = read("agency-a", f"/workspace/{tender.pk}")
    assert answer.status_code == 303
    assert body_of(int(answer["X-Receipt"]))["moves"][0]["facts"]["sha256"] == document.sha256
    assert (document.version, document.name, document.size, document.state) == (1, NAME, len(pdf_bytes()), "drafted")
    assert [one in page for one in (NAME, document.sha256, "待采购人确认", "等采购人确认")] == [True] * 4
    assert f"/workspace/{tender.pk}/document/{document.pk}/approve" not in page


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "file-type"),
        (b"%PDF-1.7 cut off", "file-type"),
        (b"plain text", "file-type"),
        (with_script(), "file-active-content"),
        (locked(), "file-encrypted"),
    ],
)
def test_file_that_may_not_come_in_is_refused_with_its_form(city: City, content: bytes, code: str) -> None:
    """The code stands beside the field; neither the vault nor the project keeps anything."""
    tender = accepted(city)

    answer = upload(tender, content)

    page = text_of(answer)
    assert (answer.status_code, codes(answer), shown_codes(page)) == (422, [code], {code})
    assert 'href="#id_file"' in page
    assert 'enctype="multipart/form-data"' in page
    assert (Document.objects.exists(), Blob.objects.exists()) == (False, False)


def test_oversized_file_is_refused_before_its_end_is_read(city: City, settings: Any) -> None:
    """The limit follows the greatest body that the server takes."""
    settings.ENV = replace(settings.ENV, body_mib=2)
    tender = accepted(city)

    answer = upload(tender, pdf_bytes() + bytes(2**20))

    page = text_of(answer)
    assert (answer.status_code, codes(answer)) == (422, ["too-large"])
    assert "上限1.0 MB" in page
    assert not Document.objects.exists()
    assert not [path for path in Path(settings.VAULT, "incoming").iterdir()]
    assert "不超过1.0 MB" in read("agency-a", f"/workspace/{tender.pk}/document")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "招标文件：没有选择"),
        ({"file": SimpleUploadedFile("空.pdf", b"")}, "招标文件：这个文件是空的"),
        ({"file": "not a file"}, "招标文件：没有选择"),
        ({"file": SimpleUploadedFile("名" * 201 + ".pdf", pdf_bytes())}, "招标文件："),
    ],
)
def test_missing_empty_or_overlong_upload_is_a_matter_of_shape(city: City, data: dict[str, Any], says: str) -> None:
    """Nothing is taken in for a form that cannot be right."""
    tender = accepted(city)

    answer = send("agency-a", f"/workspace/{tender.pk}/document", data)

    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Document.objects.exists()


def test_second_version_supersedes_the_first(city: City) -> None:
    """The page says so before it happens."""
    tender, first = drafted(city)

    before = read("agency-a", f"/workspace/{tender.pk}/document")
    answer = upload(tender, pdf_bytes(2))

    first.refresh_from_db()
    assert "提交后，第1版作废，采购人要重新确认。" in before
    assert answer.status_code == 303
    assert first.state == "superseded"
    assert Document.objects.get(version=2).state == "drafted"


def test_upload_sent_twice_is_one_version(city: City) -> None:
    """A browser that repeats a form repeats nothing else (ADR-2)."""
    tender = accepted(city)

    first, again = upload(tender, pdf_bytes()), upload(tender, pdf_bytes())
    other = upload(tender, pdf_bytes(2))

    assert first["Location"] == again["Location"]
    assert codes(other) == ["idempotency-mismatch"]
    assert Document.objects.count() == 1


def test_upload_after_the_deadline_is_refused(city: City) -> None:
    """Once bids are due nobody touches the document (GPLR-31)."""
    tender = published(city)

    answer = upload(tender, pdf_bytes(), at=DUE)

    assert (answer.status_code, codes(answer)) == (403, ["deadline-passed"])
    assert Document.objects.filter(tender=tender).count() == 1


def test_upload_for_another_agencys_project_is_not_there(city: City) -> None:
    """The project answers like one that never was, and nothing is taken in."""
    tender = accepted(city)

    answer = upload(tender, pdf_bytes(), account="agency-b")

    assert answer.status_code == 404
    assert not Blob.objects.exists()


def test_document_is_downloaded_by_those_who_may_read_it(city: City) -> None:
    """Agency and purchaser get the bytes under their name; their browsers may keep them by fingerprint."""
    tender, document = drafted(city)
    path = f"/workspace/{tender.pk}/document/{document.pk}"

    answers = [ask(account, path) for account in ("agency-a", "buyer")]

    for answer in answers:
        assert b"".join(answer.streaming_content) == pdf_bytes()  # type: ignore[attr-defined]
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(NAME)}"
        assert answer["ETag"] == f'"{document.sha256}"'
    with clock.frozen(AT):
        unchanged = client_of("buyer").get(path, headers={"If-None-Match": f'"{document.sha256}"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_document_of_another_project_or_party_is_not_there(city: City) -> None:
    """An address made of two projects leads nowhere."""
    tender, document = drafted(city)
    other = documented(city)

    answers = [
        ask("agency-a", f"/workspace/{other.pk}/document/{document.pk}"),
        ask("agency-a", f"/workspace/{tender.pk}/document/{uuid4()}"),
        ask("agency-b", f"/workspace/{tender.pk}/document/{document.pk}"),
        ask("buyer-2", f"/workspace/{tender.pk}/document/{document.pk}"),
        ask("buyer-2", f"/workspace/{tender.pk}/document/{document.pk}/approve"),
        send("buyer", f"/workspace/{other.pk}/document/{document.pk}/approve"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert Document.objects.get(pk=document.pk).state == "drafted"
    assert ask("guest-wuyuan", f"/workspace/{tender.pk}/document/{document.pk}").status_code == 403


def test_purchaser_approves_a_version_it_has_seen_restated(city: City) -> None:
    """The page before the act names file, version, fingerprint, consequence and clause (U6, GPLR-15)."""
    tender, document = drafted(city)
    path = f"/workspace/{tender.pk}/document/{document.pk}/approve"

    home = read("buyer", f"/workspace/{tender.pk}")
    page = read("buyer", path)
    answer = send("buyer", path)

    document.refresh_from_db()
    spaced = " ".join(document.sha256[n : n + 4] for n in range(0, 64, 4))
    assert (path in home, "招标文件等您确认" in home) == (True, True)
    assert [one in page for one in (NAME, "第1版", spaced, "后果", "政府采购法实施条例第十五条")] == [True] * 5
    assert (answer.status_code, document.state) == (303, "approved")
    assert body_of(int(answer["X-Receipt"]))["step"] == "approve_document"


def test_purchaser_returns_a_version_with_a_remark(city: City) -> None:
    """The agency reads the remark on the project's page (GPLR-15)."""
    tender, document = drafted(city)
    path = f"/workspace/{tender.pk}/document/{document.pk}/return"

    empty = send("buyer", path, {"remark": "  "})
    overlong = send("buyer", path, {"remark": "长" * 1001})
    answer = send("buyer", path, {"remark": "第三章\r\n尺寸不一致"})

    document.refresh_from_db()
    page = read("agency-a", f"/workspace/{tender.pk}")
    assert [one.status_code for one in (empty, overlong, answer)] == [422, 422, 303]
    assert "退回意见：没有填写" in text_of(empty)
    assert (document.state, document.remark) == ("returned", "第三章\n尺寸不一致")
    assert ("尺寸不一致" in page, "采购人已退回，等代理机构修改" in page) == (True, True)


@pytest.mark.parametrize("step", ["approve", "return"])
def test_answer_in_the_wrong_state_is_refused_with_its_reason(city: City, step: str) -> None:
    """A version that has been approved is not answered again."""
    tender = documented(city)
    document = Document.objects.get(tender=tender)

    answer = send("buyer", f"/workspace/{tender.pk}/document/{document.pk}/{step}", {"remark": "再想想"})

    page = text_of(answer)
    assert (answer.status_code, codes(answer), shown_codes(page)) == (409, ["wrong-state"], {"wrong-state"})
    assert Document.objects.get(tender=tender).state == "approved"


@pytest.mark.parametrize("step", ["approve", "return"])
def test_agency_may_not_answer_its_own_document(city: City, step: str) -> None:
    """The four-eyes rule is the law's: the purchaser confirms (GPLR-15)."""
    tender, document = drafted(city)

    answer = send("agency-a", f"/workspace/{tender.pk}/document/{document.pk}/{step}", {"remark": "可以"})

    assert (answer.status_code, codes(answer)) == (403, ["wrong-post"])
    assert Document.objects.get(pk=document.pk).state == "drafted"


def test_document_may_be_handed_in_before_acceptance(city: City) -> None:
    """Preparing does not wait for the host."""
    tender = entered(city)

    assert upload(tender, pdf_bytes()).status_code == 303
