"""Scores (评分): saved cell by cell or row by row, signed once.

A script saves a cell as soon as it is left, and is answered in JSON; without one a row is a form, and comes back as it
was typed when something in it was refused.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from mifeng.evaluation import blind
from mifeng.evaluation.actions.sheets import Signed, save_cells, sign_sheet
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Refusal, Unfair
from mifeng.web.desk.forms import SheetForm
from mifeng.web.desk.frame import Room
from mifeng.web.desk.grid import Layout, Typed, changed, entered, grid_of, reasons_of, typed_cells
from mifeng.web.desk.steps import PARTS
from mifeng.web.desk.views.room import SCORE, scoring
from mifeng.web.shell import words
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only

SIGN = "desk/sign.html"
SALT_BYTES = 32


@methods("POST")
@only("seat")
def cells(request: Request, lot: UUID, part: str) -> HttpResponse:
    """Save cells of one bid (保存评分); on disk and in the ledger when this answers."""
    by = acting_post(request)
    code, found = typed_cells(request.POST)
    if not request.headers.get("Accept", "").startswith("application/json"):
        return _row(request, lot, part, code, found)
    try:
        at = save_cells(lot, part, entered(code, found), by=by).at
        saved = {item: one.version + 1 for item, one in found.items()}
    except Repeated:
        at = clock.now()
        saved = {one.item: one.version for one in blind.saved_for(by, lot, part) if one.code == code}
    except Refusal as refusal:
        return _problem(refusal)
    if len(found) > 1:  # some of them may have stood there already
        saved = {one.item: one.version for one in blind.saved_for(by, lot, part) if one.code == code}
    return JsonResponse({"saved": {item: saved[item] for item in found}, "at": words.beijing(at, seconds=True)[11:]})


@methods("GET")
@only("seat")
def sheet(request: Request, lot: UUID, part: str) -> HttpResponse:
    """Return the bytes of the seat's own sheet, for its client to compare and sign."""
    _scored(part)
    return HttpResponse(blind.sheet_for(acting_post(request), lot, part), content_type="application/json")


@methods("GET", "POST")
@only("seat")
def sign(request: Request, lot: UUID, part: str) -> HttpResponse:
    """Sign the seat's own sheet (评分签名): all of it once more, the word, and what the seat's client signs."""
    _scored(part)
    room = Room(request, lot)
    content = blind.sheet_for(room.by, lot, part)
    seen = hashlib.sha256(content).hexdigest()
    if request.method != "POST":
        if room.desk.sheets.get(part) != "writing":
            return redirect(room.home)
        return room.page(SIGN, form=SheetForm(initial={"seen": seen}), **_sheet(room, part))
    form = SheetForm(request.POST)

    def act(by: Actor) -> Written:
        given = form.cleaned_data
        if given["seen"] != seen:
            raise Unfair(Reason("sheet-other", {"field": "cells"}))
        salt = bytes.fromhex(given["salt"]) or os.urandom(SALT_BYTES)
        return sign_sheet(lot, Signed(part, content, salt, bytes.fromhex(given["signature"])), by=by)

    return room.act(act, form, SIGN, **_sheet(room, part))


def _scored(part: str) -> None:
    if part not in PARTS:
        raise Http404


def _sheet(room: Room, part: str) -> dict[str, Any]:
    codes = [bid.code for bid in blind.pages_for(room.by, room.lot_id)]
    named = {bid.code: bid.bidder for bid in blind.named_for(room.by, room.lot_id)}
    return {"grid": grid_of(room.by, room.lot_id, room.desk, part, Layout(codes, named)), "part": part}


def _row(request: Request, lot: UUID, part: str, code: str, found: Mapping[str, Typed]) -> HttpResponse:
    """Save what was changed of a row, and go back to the page; or show it again as it was typed."""
    _scored(part)
    room = Room(request, lot)
    saved = {(one.code, one.item): one for one in blind.saved_for(room.by, lot, part)}
    fresh = changed(found, code, saved)
    try:
        if fresh:
            save_cells(lot, part, entered(code, fresh), by=room.by)
    except Repeated:
        pass
    except Refusal as refusal:
        return _row_again(room, code, found, refusal)
    address = f"{reverse('desk:show', args=[lot])}?{request.GET.urlencode()}"
    response = redirect(f"{address}#row-{code}")
    response.status_code = 303
    return response


def _row_again(room: Room, code: str, found: Mapping[str, Typed], refusal: Refusal) -> HttpResponse:
    about = reasons_of(refusal.reasons, room.desk.template)
    if room.place.page != "score" or room.place.signed or about.get(""):
        context = {"refusal": refusal, **room.context()}
        response = render(room.request, "desk/refused.html", context, status=refusal.status)
    else:
        # What stood beside the refused cell was not saved either; all of the row comes back as it was typed.
        kept = {
            (code, item): Typed(one.score, one.remark, one.version, about.get(item, ())) for item, one in found.items()
        }
        context = room.context(**scoring(room, kept), refused=code, refusal=refusal)
        response = render(room.request, SCORE, context, status=refusal.status)
    response["X-Reason"] = " ".join(refusal.codes)
    return response


def _problem(refusal: Refusal) -> HttpResponse:
    """Answer a script: every reason with its code, its words and, for an overtaken cell, both values."""
    found = [
        {
            "code": one.code,
            "text": words.reason_text(one),
            "more": words.reason_more(one),
            **{name: one.facts[name] for name in ("stands", "current") if name in one.facts},
        }
        for one in refusal.reasons
    ]
    response = JsonResponse({"reasons": found}, status=refusal.status)
    response["X-Reason"] = " ".join(refusal.codes)
    return response
