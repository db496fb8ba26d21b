"""Pages of a site's officers: requests for seats, readiness, the board; the host also accepts projects.

Whoever works at a guest site knows a session by its code name, its time and the site's own seats. Nothing here names a
project to a guest, and instants that also stand on public pages are shown to the minute only, so that they fit no
notice.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.ledger.queries import history
from mifeng.rules.calendar import legal_date
from mifeng.rules.errors import Reason, Refusal
from mifeng.tenders.actions import accept_tender
from mifeng.tenders.queries import asks_for, in_state, tender_for, tenders_for, with_lots
from mifeng.venues.actions import confirm_site, record_readiness, refuse_site
from mifeng.venues.guards import check_in_time
from mifeng.venues.queries import Ask, ask_for, asks_at, seats_at, with_seats
from mifeng.venues.queries import board as booked
from mifeng.web.shell.acts import feed
from mifeng.web.shell.board import day_board, day_of
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.site.forms import REFUSE, AnswerForm, ReadinessForm

REQUEST, SEATS, PROJECT = "site/request.html", "site/seats.html", "site/project.html"
OFFICERS = ("host", "guest")
# What a site did itself. An act that also stands in the public record would tell which project a session serves.
SITE_ACTS = ("plan_seats", "replan_seats", "release_seats", "confirm_site", "refuse_site", "lapse_request")
LAST_DAY = date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class AskRow:
    """One request in the list (席位请求行)."""

    ask: Ask
    url: str
    reply_by: datetime
    mine: bool


@methods("GET")
@only(*OFFICERS)
def index(request: Request) -> HttpResponse:
    """List what sessions ask of the own site; the host also sees the projects of its territory."""
    by = acting_post(request)
    waiting = in_state(tenders_for(by), "entered").count() if by.role == "host" else 0
    if by.role == "host" and request.GET.get("view") == "projects":
        shown = page(request, tenders_for(by), ("-entered_at", "id"))
        context = {"page": shown, "projects": with_lots(shown.rows), "waiting": waiting}
        return render(request, "site/projects.html", context)
    found = page(request, asks_at(by), ("-asked_at", "pk"))
    rows = [_row(ask, request.now) for ask in with_seats(found.rows)]
    return render(request, "site/index.html", {"page": found, "rows": rows, "waiting": waiting})


@methods("GET", "POST")
@only(*OFFICERS)
def asked(request: Request, request_id: UUID) -> HttpResponse:
    """Show one request to the own site by its code name, and take the answer (场地确认、退回)."""
    ask = ask_for(acting_post(request), request_id)
    form = AnswerForm(request.POST or None)
    reasons = _obstacles(ask, request.now)
    context = {
        "ask": ask,
        "asked_at": to_minute(ask.request.asked_at),
        "reply_by": to_minute(ask.request.reply_by),
        "wanted": ask.request.buyer_seats + ask.request.expert_seats,
        "overdue": [reason for reason in reasons if reason.code == "reply-overdue"],
        "obstacles": reasons,
        "entries": feed(history([f"venues.siterequest:{request_id}"], types=SITE_ACTS)),
        "topic": f"venues.siterequest:{request_id}",
    }
    if request.method == "POST":
        return submitted(request, form, lambda actor: _answer(form, request_id, actor), REQUEST, **context)
    return render(request, REQUEST, {"form": form, **context})


@methods("GET", "POST")
@only("host")
def project(request: Request, tender: UUID) -> HttpResponse:
    """Show one project of the host's territory, and accept it (进场受理)."""
    by = acting_post(request)
    [row] = with_lots([tender_for(by, tender)])
    context = {
        "tender": row.tender,
        "lots": row.lots,
        "state": row.state,
        "due_at": row.bids_due_at,
        "asks": [_row(ask, request.now) for ask in asks_for(by, row.tender)],
        "topic": f"tenders.tender:{tender}",
    }
    if request.method == "POST":
        return submitted(request, Form(request.POST), lambda actor: accept_tender(tender, by=actor), PROJECT, **context)
    return render(request, PROJECT, context)


@methods("GET", "POST")
@only(*OFFICERS)
def seats(request: Request) -> HttpResponse:
    """Show the readiness of the own site's seats, and record a test (席位检测)."""
    own = seats_at(acting_post(request))
    chosen = request.GET.get("seat", "")
    form = ReadinessForm(own, request.POST or None, initial={"seat": chosen})
    context = {"seats": own, "ready": sum(not seat.fault for seat in own)}
    if request.method == "POST":
        return submitted(request, form, lambda actor: _record(form, actor), SEATS, **context)
    return render(request, SEATS, {"form": form, **context})


@methods("GET")
@only(*OFFICERS)
def board(request: Request) -> HttpResponse:
    """Show who holds the own site's seats on one day, by code name (席位占用表)."""
    by = acting_post(request)
    today = legal_date(request.now)
    day = _day(request.GET.get("day", ""), today)
    shown = day_board(booked([by.site], day_of(day)), day, own=lambda booking: True)
    step = timedelta(days=1)
    context = {"board": shown, "day": day, "today": today, "before": day - step, "after": day + step}
    return render(request, "site/board.html", context)


def to_minute(at: datetime) -> datetime:
    """Return an instant cut to the minute, as a site may know it."""
    return at.replace(second=0, microsecond=0)


def _row(ask: Ask, now: datetime) -> AskRow:
    url = reverse("site:request", args=[ask.request.pk])
    return AskRow(ask, url, to_minute(ask.request.reply_by), ask.pending and now < ask.request.reply_by)


def _obstacles(ask: Ask, now: datetime) -> list[Reason]:
    """Return every reason for which the request cannot be confirmed now; the act asks the same again."""
    if not ask.pending:
        return []
    found = [
        Reason("seat-unready", {"seat": seat.label, "fault": seat.fault}, lifted_by=(ask.request.role,))
        for seat in ask.seats
        if seat.fault
    ]
    try:
        check_in_time(ask.request, now)
    except Refusal as refusal:
        found = [*refusal.reasons, *found]
    return found


def _answer(form: AnswerForm, request_id: UUID, by: Actor) -> Written:
    if form.cleaned_data["answer"] == REFUSE:
        return refuse_site(request_id, reason=form.cleaned_data["reason"], by=by)
    return confirm_site(request_id, by=by)


def _record(form: ReadinessForm, by: Actor) -> Written:
    return record_readiness(UUID(form.cleaned_data["seat"]), fault=form.cleaned_data["fault"], by=by)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        raise Http404 from None
    if not date(2000, 1, 1) <= day <= LAST_DAY:
        raise Http404
    return day
