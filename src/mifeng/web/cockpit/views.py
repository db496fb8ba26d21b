"""Pages of the cockpit: the projects under a supervisor's authority, and one of them in full."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.awards.queries import clocks, stages
from mifeng.kernel import reads
from mifeng.oversight.actions import record_finding
from mifeng.oversight.bundle import is_over
from mifeng.oversight.models import Finding
from mifeng.oversight.queries import findings_for
from mifeng.sittings.queries import SiteStanding, draws_for
from mifeng.tenders.queries import (
    Row,
    Standing,
    asks_for,
    history_for,
    notices,
    search,
    seats_ready,
    standings,
    tender_for,
    tenders_for,
    with_lots,
)
from mifeng.venues.queries import Ask
from mifeng.web.cockpit.forms import FindingForm
from mifeng.web.shell.acts import feed
from mifeng.web.shell.clocks import clock_row
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only

INDEX, PROJECT = "cockpit/index.html", "cockpit/project.html"
ORDER = ("-entered_at", "id")


@dataclass(frozen=True, slots=True)
class Watched:
    """A project in the list (监督项目行)."""

    row: Row
    url: str
    standing: Standing
    stage: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The draw of one site in numbers (场地抽取); what kept persons out of it is told with the award, never who."""

    site: str
    standing: SiteStanding


@methods("GET")
@only("supervisor")
def index(request: Request) -> HttpResponse:
    """List the projects under the supervisor's authority (监督项目)."""
    by = acting_post(request)
    words = request.GET.get("q", "").strip()[:100]
    shown = page(request, search(tenders_for(by), words), ORDER)
    known, listed = standings(shown.rows), with_lots(shown.rows)
    further = stages(row.lots[0].pk for row in listed)
    rows = [
        Watched(
            row,
            reverse("cockpit:project", args=[row.tender.pk]),
            known[row.tender.pk],
            further.get(row.lots[0].pk, row.state),
        )
        for row in listed
    ]
    return render(request, INDEX, {"page": shown, "rows": rows, "q": words})


@methods("GET", "POST")
@only("supervisor")
def project(request: Request, pk: UUID) -> HttpResponse:
    """Show one project with its clocks, sites, history and the authority's own findings; take a new finding."""
    by = acting_post(request)
    tender = tender_for(by, pk)
    [row] = with_lots([tender])
    asks = asks_for(by, tender)
    form = FindingForm(request.POST or None)
    further = stages(lot.pk for lot in row.lots)
    context = {
        "row": row,
        "lots": [(lot, further.get(lot.pk, lot.state)) for lot in row.lots],
        "tender": tender,
        "clocks": [clock_row(clock, request.now) for clock in clocks(tender, row.lots, request.now)],
        "asks": asks,
        "seats": seats_ready(tender),
        "draws": [_drawn(one, asks) for one in draws_for(by, tender)],
        "notices": notices(tender),
        "entries": feed(history_for(by, tender)),
        "findings": findings_for(by, pk),
        "irregularity": Finding.Kind.IRREGULARITY,
        "topic": f"tenders.tender:{pk}",
        "over": is_over(tender),
    }
    if request.method == "POST":
        return submitted(
            request,
            form,
            lambda actor: record_finding(
                pk, kind=form.cleaned_data["kind"], text=form.cleaned_data["text"].replace("\r\n", "\n"), by=actor
            ),
            PROJECT,
            **context,
        )
    reads.note("supervised", by, f"tenders.tender:{pk}")
    return render(request, PROJECT, {"form": form, **context})


def _drawn(standing: SiteStanding, asks: Iterable[Ask]) -> Drawn:
    return Drawn(next((ask.request.site.name for ask in asks if ask.request.site_id == standing.site), ""), standing)
