"""What a supplier is told with the result (结果告知): the winner the award, the others own score and rank."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from mifeng.awards.queries import own_results, public_clocks
from mifeng.tenders.queries import with_lots
from mifeng.tenders.record import public_tender
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.supplier.outcomes import own_view


@methods("GET")
@only("bidder")
def result(request: Request, tender: UUID, lot: UUID) -> HttpResponse:
    """Show a supplier its own result in a package (中标通知书或结果告知书), for screen and paper."""
    [row] = with_lots([public_tender(tender)])
    own = [one for one in own_results(acting_post(request), row.lots) if one.public.lot.pk == lot]
    if not own:
        raise Http404
    clocks = {one.key: one for one in public_clocks(row.tender, [own[0].public.lot], request.now)}
    context = {
        "tender": row.tender,
        "own": own_view(own[0]),
        "notice": own[0].public.notice,
        "public": own[0].public,
        "contract": clocks["contract"],
        "challenge": clocks["challenge"],
    }
    return render(request, "supplier/result.html", context)
