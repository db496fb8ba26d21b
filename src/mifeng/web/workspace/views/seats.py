"""The seats of a project (评审席位): ask for them, see who has answered, ask another site."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from mifeng.kernel.law import rulebooks
from mifeng.rules.calendar import at_beijing, legal_date
from mifeng.rules.errors import Reason, WrongState
from mifeng.tenders.actions import plan_seats, release_seats, replan_seats
from mifeng.tenders.actions.seats import OPEN
from mifeng.venues.models import Site
from mifeng.venues.queries import Ask, sites
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import Dossier, open_dossier
from mifeng.web.workspace.forms import ReleaseForm, ReplanForm, SeatPlanForm
from mifeng.web.workspace.frame import answered_before, framed
from mifeng.web.workspace.sites import counted, members_min, offers, seat_board, shown_day, site_line

PLAN, REPLAN, RELEASE = "workspace/seats.html", "workspace/replan.html", "workspace/release.html"
ONE_DAY = timedelta(days=1)
STARTS, ENDS = time(10), time(17)


@methods("GET", "POST")
@only("agency")
def plan(request: Request, pk: UUID) -> HttpResponse:
    """Show the board of one day; ask for seats while there is no plan, else show who has answered (评审席位).

    ``look`` shows another day with everything typed kept; it asks for nothing.
    """
    dossier = open_dossier(acting_post(request), pk, request.now)
    places = sites()
    usual = _usual_day(dossier)
    host = next(site for site in places if site.pk == dossier.tender.host_site)
    choices: dict[str, Any] = {"host": host, "guests": [site for site in places if site.pk != host.pk]}
    initial = {"day": usual, "starts": STARTS, "ends": ENDS, "host_experts": 2}
    sent = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and "look" not in sent:
        form = SeatPlanForm(sent, **choices)
        context = _page(dossier, form, places, usual, request)
        return submitted(request, form, lambda by: plan_seats(pk, form.planned(), by=by), PLAN, **context)
    typed = sent.copy()
    if sent.get("look"):
        typed["day"] = sent["look"]
    form = SeatPlanForm.unfinished(typed, initial=initial, **choices)
    return render(request, PLAN, {"form": form, **_page(dossier, form, places, usual, request)})


@methods("GET", "POST")
@only("agency")
def replan(request: Request, pk: UUID, request_id: UUID) -> HttpResponse:
    """Ask another guest site, or the same site again, in the place of one that failed (重选场地)."""
    dossier = open_dossier(acting_post(request), pk, request.now)
    if done := answered_before(request):
        return done
    ask = next((ask for ask in dossier.asks if ask.request.pk == request_id), None)
    if ask is None:
        raise Http404
    candidates = _candidates(dossier, ask)
    choices = offers(candidates, (ask.starts_at, ask.ends_at))
    board = seat_board(dossier, legal_date(ask.starts_at), candidates)
    context = framed(dossier, "seats", line=site_line(ask), board=board)
    if request.method != "POST":
        return render(request, REPLAN, {"form": ReplanForm(sites=choices), **context})
    form = ReplanForm(request.POST, sites=choices)
    return submitted(
        request, form, lambda by: replan_seats(pk, request_id, form.cleaned_data["site"], by=by), REPLAN, **context
    )


@methods("GET", "POST")
@only("agency")
def release(request: Request, pk: UUID) -> HttpResponse:
    """Give all seats back before the notice (退订评审席): a page that restates them, the reason, the act."""
    dossier = open_dossier(acting_post(request), pk, request.now)
    if done := answered_before(request):
        return done
    if dossier.state != "accepted":
        raise WrongState(Reason("wrong-state", {"step": "release", "state": dossier.state, "allowed": ("accepted",)}))
    if not dossier.asks:
        raise WrongState(Reason("seats-missing", lifted_by=("agency",)))
    context = framed(dossier, "seats", lines=[site_line(ask) for ask in dossier.asks])
    if request.method != "POST":
        return render(request, RELEASE, {"form": ReleaseForm(), **context})
    form = ReleaseForm(request.POST)
    return submitted(
        request, form, lambda by: release_seats(pk, reason=form.cleaned_data["reason"], by=by), RELEASE, **context
    )


def _page(
    dossier: Dossier, form: SeatPlanForm, places: Sequence[Site], usual: date, request: Request
) -> dict[str, Any]:
    """Return what the page shows beside the form: the board of a day, the sites' answers, what else is free."""
    day = shown_day(form["day"].value(), usual, request.now)
    planned = {ask.request.site_id for ask in dossier.asks}
    whole = not planned or "all" in request.GET
    shown = [site for site in places if whole or site.pk in planned]
    lines = [site_line(ask) for ask in dossier.asks]
    context = framed(
        dossier,
        "seats",
        board=seat_board(dossier, day, shown),
        day=day,
        before=day - ONE_DAY,
        after=day + ONE_DAY,
        whole=whole,
        lines=lines,
        options=[],
        blocked=_blocked(dossier),
    )
    if not lines:
        form.explain(counted(places, _during(form, day)))
        context["members_min"] = members_min(dossier)
        context["reply_hours"] = rulebooks()[dossier.tender.rulebook].int("site_reply_hours")
    return context


def _during(form: SeatPlanForm, day: date) -> tuple[datetime, datetime]:
    """Return the stretch for which free seats are counted: as typed, the usual hours while that is no stretch."""
    starts, ends = (_clock(form[name].value()) for name in ("starts", "ends"))
    if starts is None or ends is None or ends <= starts:
        starts, ends = STARTS, ENDS
    return at_beijing(day, starts), at_beijing(day, ends)


def _clock(value: object) -> time | None:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        return None


def _usual_day(dossier: Dossier) -> date:
    """Return the day the page opens with: of the session, else of the deadline, else the earliest lawful deadline."""
    at = dossier.session_starts_at or dossier.row.bids_due_at
    if at is None and dossier.outlook is not None:
        at = dossier.outlook.bids_due_at
    return legal_date(at or dossier.now)


def _blocked(dossier: Dossier) -> list[Reason]:
    """Return why no seats can be asked for at this stage, if so."""
    if dossier.state in OPEN:
        return []
    lifters = ("host",) if dossier.state == "entered" else ()
    facts = {"step": "plan", "state": dossier.state, "allowed": OPEN}
    return [Reason("wrong-state", facts, lifted_by=lifters, source="LY-2022-14 四(一)")]


def _candidates(dossier: Dossier, ask: Ask) -> list[Site]:
    """Return the sites that may be asked instead, nearest first; the host follows from the territory."""
    taken = {one.request.site_id for one in dossier.asks} - {ask.request.site_id}
    if ask.request.role == "host":
        return [site for site in sites() if site.pk == dossier.tender.host_site]
    return [site for site in sites() if site.pk not in taken and site.pk != dossier.tender.host_site]
