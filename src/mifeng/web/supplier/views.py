"""Pages of the supplier's room: projects that take bids, one of them with the steps of handing in, a ticket.

Which bid is whose cannot be told from anything these pages read: the platform does not know it before the opening.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from mifeng.awards.queries import own_results
from mifeng.bidding.reception import TICKET_LIFE, issue_ticket
from mifeng.kernel import reads
from mifeng.parties.models import Organisation
from mifeng.rules.errors import Reason, Refusal, Unfair, WrongMoment
from mifeng.tenders.models import Lot, Tender
from mifeng.tenders.queries import issued_documents, notices, published, search, with_lots
from mifeng.tenders.record import narrowed, public_tender
from mifeng.web.shell.errors import NOBODY
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.supplier.outcomes import own_view
from mifeng.web.supplier.rows import lot_card, project_rows, submit_command

INDEX, PROJECT, TICKET = "supplier/index.html", "supplier/project.html", "supplier/ticket.html"
ORDER = ("-issued_on", "-entered_at", "id")
MAX_WORDS = 80


@methods("GET")
@only("bidder")
def index(request: Request) -> HttpResponse:
    """List the published projects: those that still take bids, or all of them (招标项目)."""
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:MAX_WORDS]
    every = request.GET.get("all") == "1"
    rows = narrowed(search(published(), words), open_at=None if every else request.now)
    found = page(request, rows.order_by(*ORDER), ORDER)
    context = {"page": found, "rows": project_rows(with_lots(found.rows), request.now), "q": words, "every": every}
    return render(request, INDEX, context)


@methods("GET")
@only("bidder")
def project(request: Request, tender: UUID) -> HttpResponse:
    """Show one project with everything needed to bid: documents, policy, steps (招标项目)."""
    return render(request, PROJECT, _context(request, public_tender(tender)))


@methods("POST")
@only("bidder")
def ticket(request: Request, tender: UUID) -> HttpResponse:
    """Give out a ticket and show it once (取得递交码); that it was given out is written down nowhere."""
    by = acting_post(request)
    context = _context(request, public_tender(tender))
    lot = next((one for one in context["lots"] if str(one.pk) == request.POST.get("lot", "")), None)
    if lot is None:
        raise Unfair(Reason("malformed", {"field": "lot"}))
    try:
        given = issue_ticket(by, lot.pk)
    except Refusal as refusal:
        return _turned_down(request, refusal, context)
    until = min(request.now + TICKET_LIFE, lot.bids_due_at)
    command = submit_command(lot, given, alone=len(context["lots"]) == 1)
    shown = {**context, "lot": lot, "ticket": given, "until": until, "command": command}
    return render(request, TICKET, shown)


def _turned_down(request: Request, refusal: Refusal, context: dict[str, Any]) -> HttpResponse:
    """Show the project again with why there is no ticket; the note of a late one names no supplier."""
    if isinstance(refusal, WrongMoment):
        reads.note("refused", NOBODY, request.path, codes=list(refusal.codes))
    response = render(request, PROJECT, {"refusal": refusal, **context}, status=refusal.status)
    response["X-Reason"] = " ".join(refusal.codes)
    return response


def _context(request: Request, tender: Tender) -> dict[str, Any]:
    [row] = with_lots([tender])
    return {
        "tender": tender,
        "lots": row.lots,
        "state": row.state,
        "due_at": row.bids_due_at,
        "cards": _cards(request, row.lots),
        "documents": issued_documents(tender),
        "notices": notices(tender),
        "results": [own_view(one) for one in own_results(acting_post(request), row.lots)],
    }


def _cards(request: Request, lots: tuple[Lot, ...]) -> list[Any]:
    own: Organisation = request.post.organisation  # type: ignore[union-attr]
    cards = (lot_card(lot, own, request.now, alone=len(lots) == 1) for lot in lots)
    return [card for card in cards if card]
