"""Results for everybody (中标结果公告): the notice of a package, for screen and paper, and its text as logged."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from mifeng.awards.queries import PublicResult, public_clocks, public_results
from mifeng.kernel.ledger.queries import entry_by_leaf, leaf_of
from mifeng.rules.award import ResultNotice
from mifeng.rules.errors import Reason
from mifeng.tenders.models import Document, Tender
from mifeng.tenders.queries import issued_documents, with_lots
from mifeng.tenders.record import public_tender
from mifeng.web.portal.versions import Version, validated
from mifeng.web.shell import texts
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import methods
from mifeng.web.shell.receipts import receipt_of
from mifeng.web.shell.seats import label_titles


@methods("GET")
def result(request: Request, tender: str, lot: UUID) -> HttpResponse:
    """Show the result of a package (中标结果公告), or why its tender is void (废标公告)."""
    found = _found(tender, lot)
    tender_row, notice = found.lot.tender, found.notice
    [challenge] = [one for one in public_clocks(tender_row, [found.lot], request.now) if one.key == "challenge"]
    entry = entry_by_leaf(leaf_of(found.entry)) if found.entry else None
    void = Reason(found.void) if found.void else None
    sat = notice.experts if notice else ()
    places = label_titles(one.seat for one in sat)
    context = {
        "tender": tender_row,
        "lot": found.lot,
        "found": found,
        "notice": notice,
        "members": [(one, places[one.seat]) for one in sat],
        "amount": found.amount,
        "documents": _documents(tender_row, notice),
        "void": void,
        "ground": texts.GROUND_TITLES.get(found.restarted, ""),
        "challenge": challenge,
        "receipt": receipt_of(entry) if entry else None,
    }
    return render(request, "portal/result.html", context)


@methods("GET")
def file(request: Request, tender: str, lot: UUID) -> HttpResponseBase:
    """Hand out the text of a notice exactly as the ledger holds it (公告原文)."""
    found = _found(tender, lot)
    if found.notice is None or found.published_at is None:
        raise Http404
    name = f"{found.lot.tender.number}-{found.lot.number}-result-{found.notice.number}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    version = Version(found.sha256, found.published_at, "no-cache")
    return validated(
        request, version, lambda: HttpResponse(found.text, content_type="application/json", headers=headers)
    )


def _found(tender: str, lot: UUID) -> PublicResult:
    """Return the published result of a package of a public project.

    Raises:
        Http404: while nothing is published.
    """
    [row] = with_lots([public_tender(tender)])
    results = [one for one in public_results(row.lots) if one.lot.pk == lot]
    if not results:
        raise Http404
    # The project was read with its organisations; the package need not read it again.
    results[0].lot.tender = row.tender
    return results[0]


def _documents(tender: Tender, notice: ResultNotice | None) -> list[Document]:
    """Return the documents that a notice names, which are those of its day."""
    named = {one.sha256 for one in notice.documents} if notice else set()
    return [one for one in issued_documents(tender) if one.sha256 in named]
