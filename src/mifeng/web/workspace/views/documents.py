"""The tender document (招标文件): upload, download, approve, return."""

from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _

from mifeng.kernel import vault
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.tenders.actions import approve_document, draft_document, return_document
from mifeng.tenders.models import Document
from mifeng.tenders.queries import document_for
from mifeng.web.shell import words
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import open_dossier
from mifeng.web.workspace.forms import ReturnForm, RoomForm, UploadForm
from mifeng.web.workspace.frame import Fact, framed

FORM_SHARE = 2**20  # bytes of a request's body that are not the file


@methods("GET", "POST")
@only("agency")
def upload(request: Request, pk: UUID) -> HttpResponse:
    """Hand in a version of the tender document (上传招标文件); the file is in the vault before the act speaks of it."""
    dossier = open_dossier(acting_post(request), pk, request.now)
    limit = min(vault.MAX_BYTES, settings.ENV.body_mib * 2**20 - FORM_SHARE)
    context = framed(dossier, "document")
    if request.method != "POST":
        return render(request, "workspace/upload.html", {"form": UploadForm(max_bytes=limit), **context})
    form = UploadForm(request.POST, request.FILES, max_bytes=limit)

    def act(by: Actor) -> Written:
        file = form.cleaned_data["file"]
        stored = vault.intake(file.chunks(), max_bytes=limit)
        return draft_document(pk, stored, name=file.name, by=by)

    return submitted(request, form, act, "workspace/upload.html", **context)


@methods("GET")
@only("agency", "buyer")
def download(request: Request, pk: UUID, document: UUID) -> HttpResponse | FileResponse:
    """Give a version of the tender document that the post may read (下载招标文件)."""
    found = _document(acting_post(request), pk, document)
    etag = f'"{found.sha256}"'
    unchanged = get_conditional_response(request, etag=etag)
    if isinstance(unchanged, HttpResponseNotModified):
        return unchanged
    response = FileResponse(
        vault.path_of(found.sha256).open("rb"),
        as_attachment=True,
        filename=found.name,
        content_type="application/pdf",
    )
    response["ETag"] = etag
    return response


@methods("GET", "POST")
@only("buyer")
def approve(request: Request, pk: UUID, document: UUID) -> HttpResponse:
    """Approve the tender document (采购人确认招标文件): a page that restates it, then the act."""
    return _answer(request, pk, document, "approve")


@methods("GET", "POST")
@only("buyer")
def send_back(request: Request, pk: UUID, document: UUID) -> HttpResponse:
    """Return the tender document to the agency with a remark (采购人退回招标文件)."""
    return _answer(request, pk, document, "return")


def _answer(request: Request, pk: UUID, document: UUID, step: str) -> HttpResponse:
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    found = _document(by, pk, document)
    returning = step == "return"
    context = framed(
        dossier,
        "document",
        document=found,
        returning=returning,
        object=[
            Fact(_("文件"), found.name),
            Fact(
                _("版本"), _("第%(version)d版，%(size)s") % {"version": found.version, "size": words.size(found.size)}
            ),
            Fact(_("提交时间"), words.beijing(found.drafted_at, seconds=True)),
            Fact(_("文件指纹"), words.groups(found.sha256)),
        ],
    )
    template = "workspace/answer.html"
    make = ReturnForm if returning else RoomForm
    if request.method != "POST":
        return render(request, template, {"form": make(), **context})
    form = make(request.POST)

    def act(by: Actor) -> Written:
        if returning:
            return return_document(found.pk, remark=form.cleaned_data["remark"], by=by)
        return approve_document(found.pk, by=by)

    return submitted(request, form, act, template, **context)


def _document(by: Actor, pk: UUID, document: UUID) -> Document:
    """Return a version of this project's document that the post may read.

    Raises:
        DoesNotExist: when there is none, or it belongs to another project.
    """
    found = document_for(by, document)
    if found.tender_id != pk:
        raise Document.DoesNotExist
    return found
