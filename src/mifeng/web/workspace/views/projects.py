"""The list of projects and the page of one (项目列表与项目页)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.awards.queries import clocks, stages
from mifeng.bidding.queries import opening_states
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.queries import Line, entry_by_leaf
from mifeng.parties.queries import roles
from mifeng.rules.calendar import end_of
from mifeng.tenders.queries import (
    Row,
    Standing,
    history_for,
    in_state,
    search,
    standings,
    tenders_for,
    with_lots,
)
from mifeng.web.shell import words
from mifeng.web.shell.acts import feed
from mifeng.web.shell.clocks import clock_row
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import Dossier, open_dossier
from mifeng.web.workspace.frame import framed
from mifeng.web.workspace.progress import ORDER, award_turn, evaluation_turn, next_turn, turn
from mifeng.web.workspace.sites import site_line

MAX_SEARCH = 80
FEED_ROWS = 20


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project of the list (项目行): how far it is, and what it waits for."""

    row: Row
    standing: Standing
    look: str
    turn: str


@methods("GET")
@only("agency", "buyer")
def index(request: Request) -> HttpResponse:
    """List the projects a post takes part in, newest first (项目列表)."""
    by = acting_post(request)
    wanted = request.GET.get("q", "").strip()[:MAX_SEARCH]
    state = request.GET.get("state", "")
    mine = tenders_for(by)
    rows = search(mine, wanted) if wanted else mine
    if state in ORDER:
        rows = in_state(rows, state)
    found = page(request, rows, ("-entered_at", "id"))
    known = standings(found.rows)
    listed = with_lots(found.rows)
    openings = opening_states([row.lots[0].pk for row in listed])
    awards = stages(row.lots[0].pk for row in listed)
    projects = [
        _project_row(by, row, known[row.tender.pk], openings.get(row.lots[0].pk, ""), awards.get(row.lots[0].pk, ""))
        for row in listed
    ]
    chosen = state if state in ORDER else ""
    context = {
        "page": found,
        "projects": projects,
        "q": wanted,
        "state": chosen,
        "states": [(word, words.state(word)) for word in ORDER],
        "filters": "，".join([*([f"“{wanted}”"] if wanted else []), *([words.state(chosen)] if chosen else [])]),
    }
    return render(request, "workspace/index.html", context)


@methods("GET")
@only("agency", "buyer")
def show(request: Request, pk: UUID) -> HttpResponse:
    """Show a project (项目页): what it waits for, its clocks, documents, seats, notices and its history."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    lines, older = _history(dossier, request.GET.get("before", ""))
    context = framed(
        dossier,
        clocks=[clock_row(clock, request.now) for clock in clocks(dossier.tender, dossier.row.lots, request.now)],
        award=award_turn(dossier),
        review=evaluation_turn(dossier),
        met=_met(dossier),
        sites=[site_line(ask) for ask in dossier.asks],
        entries=feed(lines, _who(lines)),
        older=older,
        answerable=dossier.is_buyer and dossier.document is not None and dossier.document.state == "drafted",
        only_seats=_only_seats(dossier),
        supply_ends_at=end_of(dossier.tender.supply_until) if dossier.tender.supply_until else None,
    )
    return render(request, "workspace/project.html", context)


def _project_row(by: Actor, row: Row, standing: Standing, opening: str, stage: str) -> ProjectRow:
    seats = standing.seats_confirmed, standing.seats_wanted
    waits = turn(by.role, stage) or next_turn(by.role, row.state, standing.document, seats, opening, stage)
    return ProjectRow(row, standing, *waits)


def _met(dossier: Dossier) -> list[str]:
    """Return in words what no longer stands in the way of the notice (已满足)."""
    if dossier.outlook is None:
        return []
    open_codes = {reason.code for reason in dossier.outlook.reasons}
    conditions = (
        (_("已受理进场"), {"wrong-state"}),
        (_("监管主体已写明"), {"supervisor-missing"}),
        (_("招标文件已经采购人确认"), {"document-missing", "document-unapproved"}),
        (_("评审席位已全部确认"), {"seats-missing", "seats-pending"}),
        (_("评审场次不早于最早的投标截止"), {"session-before-deadline", "seats-missing"}),
    )
    return [title for title, codes in conditions if not codes & open_codes]


def _only_seats(dossier: Dossier) -> bool:
    """Tell whether nothing but seats stands in the way, so that a recorded reason would do."""
    codes = {reason.code for reason in dossier.outlook.reasons} if dossier.outlook else set()
    return bool(codes) and codes <= {"seats-missing", "seats-pending"}


def _history(dossier: Dossier, before: str) -> tuple[list[Line], str]:
    """Return one page of the project's history and the leaf after which the next begins, empty on the last page."""
    last = entry_by_leaf(before) if before else None
    found = history_for(dossier.by, dossier.tender, before=last.pk if last else None, limit=FEED_ROWS + 1)
    lines = found[:FEED_ROWS]
    return lines, lines[-1].leaf if len(found) > FEED_ROWS else ""


def _who(lines: Sequence[Line]) -> dict[int, str]:
    """Return who did what each entry records: the role, never the person."""
    known = roles({line.actor for line in lines})
    return {line.id: words.role(known.get(line.actor, line.actor)) for line in lines}
