"""Pages of the public record: the list, one project, its documents, the sites, the rules."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mifeng.awards.queries import PublicResult, public_clocks, public_results
from mifeng.bidding.queries import OVER, opening_states
from mifeng.evaluation.queries import fixed_templates
from mifeng.kernel.law import rulebooks
from mifeng.kernel.vault import path_of
from mifeng.rules.procedure import PROCEDURES
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import Row, issued_document, issued_documents, notices, published, with_lots
from mifeng.tenders.record import notices_of, numbered, public_history, public_tender
from mifeng.venues.queries import seat_counts
from mifeng.venues.queries import sites as all_sites
from mifeng.web.portal import listing
from mifeng.web.portal.constants import rulebook_rows
from mifeng.web.portal.forms import FilterForm
from mifeng.web.portal.versions import Version, validated
from mifeng.web.shell import words
from mifeng.web.shell.acts import feed
from mifeng.web.shell.clocks import clock_row
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import SIZES, page
from mifeng.web.shell.posts import methods
from mifeng.web.shell.regions import region_title
from mifeng.web.shell.scoring import template_view

KEYS = ("-issued_on", "-entered_at", "id")
FOR_GOOD = "public, max-age=86400, immutable"


@methods("GET")
def index(request: Request) -> HttpResponse:
    """Show the public list of notices (采购公告); a whole project number goes straight to the project."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        nothing = page(request, published().none(), KEYS)
        context = {"page": nothing, "form": form, "filters": listing.Filters(), "sizes": SIZES}
        return render(request, "portal/index.html", context, status=422)
    filters = listing.filters_of(form.cleaned_data, request.GET.get("size", ""))
    jump = numbered(filters.q) if filters.q else None
    if jump is not None:
        return redirect("portal:project", jump.pk)
    found = page(request, filters.apply(request.now), KEYS)
    rows = with_lots(found.rows)
    context = {
        "page": found,
        "rows": listing.notice_rows(rows, notices_of(found.rows), request.now),
        "filters": filters,
        "chips": listing.chips(filters),
        "regions": listing.region_choices(filters, request.now),
        "sizes": [(size, size == found.size, filters.query(size=size)) for size in SIZES],
    }
    if not rows:
        context["help"] = listing.most_helpful(filters, request.now)
    return render(request, "portal/index.html", context)


@methods("GET")
def project(request: Request, tender: str) -> HttpResponse:
    """Show one project of the public record with its notices, documents, clocks and public ledger entries."""
    [row] = with_lots([public_tender(tender)])
    found = notices(row.tender)
    openings = opening_states([lot.pk for lot in row.lots])
    results = public_results(row.lots)
    context = {
        "tender": row.tender,
        "lots": row.lots,
        "state": row.state,
        "due_at": row.bids_due_at,
        "region": region_title(row.tender.region),
        "method": PROCEDURES[listing.METHOD].term,
        "notices": found,
        "documents": issued_documents(row.tender),
        "methods": [(lot, template_view(template)) for lot, template in fixed_templates(row.lots)],
        "clocks": [clock_row(clock, request.now) for clock in public_clocks(row.tender, row.lots, request.now)],
        "feed": feed(public_history(row.tender)),
        "steps": _steps(row, len(found) > 1, results, opened=_opened(openings)),
        "results": results,
        "opened": _opened(openings),
        "over": [lot for lot in row.lots if openings.get(lot.pk) in OVER],
    }
    return render(request, "portal/project.html", context)


@methods("GET")
def document(request: Request, document: str) -> HttpResponseBase:
    """Hand out an issued document (招标文件); its name in the cache is its SHA-256."""
    found = issued_document(document)

    def content() -> FileResponse:
        file = path_of(found.sha256).open("rb")
        return FileResponse(file, as_attachment=True, filename=found.name, content_type="application/pdf")

    return validated(request, Version(found.sha256, found.issued_at or found.drafted_at, FOR_GOOD), content)


@methods("GET")
def sites(request: Request) -> HttpResponse:
    """Show the directory of seats that sites share (工位共享目录)."""
    counts = seat_counts()
    rows = [
        {
            "name": site.name,
            "region": region_title(site.region),
            "phone": site.phone,
            "travel_minutes": site.travel_minutes,
            "seats": counts.get(str(site.pk), (0, 0))[0],
            "ready": counts.get(str(site.pk), (0, 0))[1],
        }
        for site in all_sites()
    ]
    return render(request, "portal/sites.html", {"rows": rows, "seats": sum(int(str(row["seats"])) for row in rows)})


@methods("GET")
def rules(request: Request) -> HttpResponse:
    """Show the rulebooks in force with every number, its clause, and which still wait to be read (待核)."""
    books = [{"book": book, "rows": rulebook_rows(book)} for _name, book in sorted(rulebooks().items())]
    return render(request, "portal/rules.html", {"books": books})


def _opened(openings: Mapping[UUID, str]) -> bool:
    return bool(openings) and set(openings.values()) <= {"public", "short"}


def _steps(row: Row, corrected: bool, results: Sequence[PublicResult], *, opened: bool) -> list[dict[str, Any]]:
    """Return the course of a project as the public sees it (项目进程)."""
    tender: Tender = row.tender
    closed, known = row.state == "closed", len(results) == len(row.lots)
    due = words.beijing(row.bids_due_at)[5:] if row.bids_due_at else ""
    steps = [
        {"title": _("公告"), "when": tender.issued_on.strftime("%m-%d") if tender.issued_on else "", "state": "done"},
        {"title": _("投标"), "when": _("至%(due)s") % {"due": due}, "state": "done" if closed else "now"},
        {"title": _("开标"), "state": "done" if opened else "now" if closed else "idle"},
        {"title": _("评审"), "state": "done" if known else "now" if opened else "idle"},
        {"title": _("结果"), "when": _day(results) if known else "", "state": "done" if known else "idle"},
        *({"title": title, "state": "idle"} for title in (_("合同"), _("验收"))),
    ]
    if corrected and tender.last_clarified_at:
        day = words.beijing(tender.last_clarified_at)[5:10]
        steps.insert(1, {"title": _("更正"), "when": day, "state": "done"})
    return steps


def _day(results: Sequence[PublicResult]) -> str:
    shown = [one.published_at for one in results if one.published_at]
    return words.beijing(max(shown))[5:10] if shown else ""
