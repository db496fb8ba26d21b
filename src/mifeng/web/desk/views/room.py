"""The room itself (评审席): what is to be done now, and the vote for a chair."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mifeng.evaluation import blind
from mifeng.evaluation.actions.judging import elect_chair
from mifeng.evaluation.actions.leaving import SCORING, declare_unable
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.web.desk.forms import UnableForm, VoteForm
from mifeng.web.desk.frame import Room
from mifeng.web.desk.grid import CellPlace, Layout, Typed, grid_of
from mifeng.web.desk.reading import Shelf
from mifeng.web.desk.views.settling import settled
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.scoring import template_view
from mifeng.web.shell.seats import call_officer

WAIT, CHAIR, SCORE = "desk/wait.html", "desk/chair.html", "desk/score.html"
UNABLE = "desk/unable.html"


@methods("GET")
@only("seat")
def index(request: Request) -> HttpResponse:
    """Go to the package under evaluation; with several of them let the seat choose, with none let it wait."""
    by = acting_post(request)
    lots = blind.desks_of(by)
    if len(lots) == 1:
        return redirect("desk:show", lots[0])
    desks = sorted((blind.desk_for(by, lot) for lot in lots), key=lambda desk: desk.package)
    return render(request, "desk/index.html", {"desks": desks})


@methods("GET")
@only("seat")
def show(request: Request, lot: UUID) -> HttpResponse:
    """Show what the seat is at."""
    room = Room(request, lot)
    match room.place.page:
        case "chair":
            return room.page(CHAIR, form=_votes(room))
        case "score":
            return room.page(SCORE, **scoring(room))
        case "settle" | "over":
            return settled(room)
        case _:
            return room.page(WAIT)


@methods("POST")
@only("seat")
def vote(request: Request, lot: UUID) -> HttpResponse:
    """Vote for a chair (推选组长)."""
    room = Room(request, lot)
    form = _votes(room, request.POST)

    def act(by: Actor) -> Written:
        return elect_chair(lot, form.cleaned_data["seat"], by=by)

    return room.act(act, form, CHAIR)


@methods("GET", "POST")
@only("seat")
def unable(request: Request, lot: UUID) -> HttpResponse:
    """Declare that one cannot go on (申报回避或不能继续)."""
    room = Room(request, lot)
    if request.method != "POST":
        open_still = room.desk.state in SCORING and not room.desk.unable
        return room.page(UNABLE, form=UnableForm()) if open_still else redirect(room.home)
    form = UnableForm(request.POST)
    return room.act(lambda by: declare_unable(lot, form.cleaned_data["why"], by=by), form, UNABLE)


@methods("POST")
@only("seat")
def call(request: Request) -> HttpResponse:
    """Call an officer of the site (呼叫场地人员), and go back to where the seat was."""
    call_officer(request)
    home, sent = reverse("desk:index"), request.POST.get("next", "")
    path, _mark, query = sent.partition("?")
    address = path if path.startswith(home) and url_has_allowed_host_and_scheme(path, None) else home
    params = QueryDict(query, mutable=True)
    params["called"] = "1"
    response = redirect(f"{address}?{params.urlencode()}")
    response.status_code = 303
    return response


def scoring(room: Room, typed: Mapping[CellPlace, Typed] | None = None) -> dict[str, Any]:
    """Return what the page of scores shows: files on one side, the sheet on the other."""
    shelf = Shelf(room.by, room.lot_id, room.request.GET)
    layout = Layout(
        [bid.code for bid in shelf.bids],
        {code: bid.bidder for code, bid in shelf.named.items()},
        {code: shelf.way_to(code) for code in shelf.codes},
        shelf.reading,
        typed or {},
    )
    grid = grid_of(room.by, room.lot_id, room.desk, room.place.part, layout)
    waiting = [one for one in room.desk.peers if one.sheets.get(room.place.part) == "writing"]
    return {
        "shelf": shelf,
        "grid": grid,
        "criteria": template_view(room.desk.template),
        "waiting": len(waiting),
        "asking": [row for row in grid.rows if row.code == room.request.GET.get("notes", "")],
    }


def _votes(room: Room, data: Any = None) -> VoteForm:
    form = VoteForm(data, initial={"seat": room.desk.vote})
    votes = {one.seat: one.votes for one in room.desk.peers}
    choices = []
    for seat in room.desk.candidates:
        title = room.titles[seat] + (_("（您）") if seat == room.desk.seat else "")
        given = _("　已有%(number)d票") % {"number": votes[seat]} if votes[seat] else ""
        choices.append((seat, title + given))
    form.fields["seat"].choices = choices  # type: ignore[attr-defined]
    return form
