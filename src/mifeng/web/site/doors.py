"""The door of a site (门禁): who is expected in seat numbers, who has to be checked by hand, who calls.

A gate list is there while a session is: from an hour before it to its end. Nothing here names a person or a project.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.sitting import check_begun
from mifeng.sittings import actions
from mifeng.sittings.gate import Gate, gates_at, kiosks_at
from mifeng.venues.calls import answer_call, calls_at
from mifeng.venues.computers import computers_at
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import perform
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.seats import label_titles
from mifeng.web.site.forms import OneForm, chosen

T = TypeVar("T")
OFFICERS = ("host", "guest")
GATE, ABSENT = "site/gate.html", "site/absent.html"


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call as a page shows it (呼叫行); ``place`` is empty for a kiosk."""

    id: UUID
    place: str
    called_at: datetime


@methods("GET")
@only(*OFFICERS)
def door(request: Request) -> HttpResponse:
    """Show who calls at the own site, which computers are kiosks and which stand at seats (呼叫、签到机、席位机)."""
    by = acting_post(request)
    context = {
        "calls": _calls(request),
        "kiosks": kiosks_at(by),
        "computers": computers_at(by, request.now),
        "live": bool(gates_at(by, request.now)),
    }
    return render(request, "site/door.html", context)


@methods("GET")
@only(*OFFICERS)
def gate(request: Request) -> HttpResponse:
    """Show the gate lists of the own site that are live now (门禁名单); outside their window there is none."""
    gates = _live(request)
    return render(request, GATE, {"gates": gates, "calls": _calls(request), "begun": _begun(request, gates)})


@methods("POST")
@only("host")
def open_checkin(request: Request) -> HttpResponse:
    """Open the check-in of a session (开放签到), where the platform has not done so yet."""
    found = _chosen(request, {one.session: one for one in _live(request)})
    return perform(request, lambda by: actions.open_checkin(found.session, by=by))


@methods("GET", "POST")
@only(*OFFICERS)
def absent(request: Request) -> HttpResponse:
    """Ask once more, then count absent who has not come (登记未到); the walk goes on at once."""
    gates = {one.checkin: one for one in _live(request) if one.checkin}
    if request.method == "GET":
        form = OneForm(request.GET)
        found = gates.get(form.cleaned_data["id"]) if form.is_valid() else None
        if found is None:
            raise Http404
        return render(request, ABSENT, {"gate": found, "reasons": _early(request, found)})
    found = _chosen(request, gates)
    checkin = found.checkin
    if checkin is None:
        raise Http404
    return perform(request, lambda by: actions.mark_absent(checkin, by=by))


@methods("POST")
@only(*OFFICERS)
def vouch(request: Request) -> HttpResponse:
    """State that card and person fit (人工核对), as one of two officers."""
    doubted = {one.arrival: one for gate in _live(request) for one in gate.doubted}
    found = _chosen(request, doubted)
    return perform(request, lambda by: actions.vouch(found.arrival, by=by))


@methods("POST")
@only(*OFFICERS)
def answer(request: Request) -> HttpResponse:
    """Answer a call at the own site (应答呼叫)."""
    pk = chosen(request)
    return perform(request, lambda by: answer_call(pk, by=by))


def _chosen(request: Request, rows: dict[UUID, T]) -> T:
    """Return the row that a form names; what is not at the own site now is not there."""
    pk = chosen(request)
    if pk not in rows:
        raise Http404
    return rows[pk]


def _live(request: Request) -> list[Gate]:
    gates = gates_at(acting_post(request), request.now)
    if not gates:
        raise Http404
    return gates


def _calls(request: Request) -> list[CallRow]:
    found = calls_at(acting_post(request))
    titles = label_titles([one.place for one in found if one.place])
    return [CallRow(one.id, titles.get(one.place, ""), one.called_at) for one in found]


def _begun(request: Request, gates: list[Gate]) -> set[UUID]:
    return {one.session for one in gates if not _early(request, one)}


def _early(request: Request, gate: Gate) -> tuple[Reason, ...]:
    try:
        check_begun(gate.starts_at, request.now)
    except Refusal as refusal:
        return refusal.reasons
    return ()
