"""After the lock (锁定之后): bids under their names, what members hold of them, corrections, the report."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from mifeng.evaluation import blind
from mifeng.evaluation.actions.judging import (
    HELD,
    correct_scores,
    find_abnormal,
    grant_deduction,
    reject_bid,
    withdraw_opinion,
)
from mifeng.evaluation.actions.reporting import conclude_evaluation, sign_report
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Unfair
from mifeng.web.desk.forms import CorrectionForm, EndorseForm, ReasonForm
from mifeng.web.desk.frame import Room
from mifeng.web.desk.tally import BidTable, all_places, bid_tables, changes, own_places
from mifeng.web.shell.http import Request
from mifeng.web.shell.paper import report_answer
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.reported import report_view
from mifeng.web.shell.scoring import deduction_title, per_cent

BIDS, SETTLE, REPORT = "desk/bids.html", "desk/settle.html", "desk/report.html"


@methods("GET")
@only("seat")
def bids(request: Request, lot: UUID) -> HttpResponse:
    """Show the bids under their names, with what members hold of each (报价与认定)."""
    room = Room(request, lot)
    return _bids(room) if room.desk.state in ("locked", "revealed", "concluded") else redirect(room.home)


@methods("POST")
@only("seat")
def reject(request: Request, lot: UUID, bid: str) -> HttpResponse:
    """Hold that a bid is no valid bid (认定无效投标)."""
    room = Room(request, lot)
    form = ReasonForm(request.POST)

    def act(by: Actor) -> Written:
        return reject_bid(lot, bid, form.cleaned_data["reason"], by=by)

    return room.act(act, form, BIDS, rejecting=bid, **_lines(room))


@methods("POST")
@only("seat")
def grant(request: Request, lot: UUID, bid: str, deduction: str) -> HttpResponse:
    """Hold that a bid is due a deduction (价格扣除)."""
    return Room(request, lot).do(lambda by: grant_deduction(lot, bid, deduction, by=by))


@methods("POST")
@only("seat")
def abnormal(request: Request, lot: UUID) -> HttpResponse:
    """Hold that a score is abnormally high or low (认定畸高畸低)."""
    words = request.POST.get("place", "").split(" ")
    if len(words) != 3:
        raise Unfair(Reason("malformed", {"field": "place"}))
    seat, bid, item = words
    return Room(request, lot).do(lambda by: find_abnormal(lot, (seat, bid, item), by=by))


@methods("POST")
@only("seat")
def withdraw(request: Request, lot: UUID) -> HttpResponse:
    """Take back what the seat held (撤回认定)."""
    kind, words = request.POST.get("kind", ""), request.POST.get("place", "").split(" ")
    if kind not in HELD or len(words) != len(HELD[kind][1]):
        raise Unfair(Reason("malformed", {"field": "place"}))
    return Room(request, lot).do(lambda by: withdraw_opinion(lot, kind, words, by=by))


@methods("POST")
@only("seat")
def correct(request: Request, lot: UUID) -> HttpResponse:
    """Correct one of the seat's own scores (修改评分)."""
    room = Room(request, lot)
    tables = _tables(room)
    form = _correction(room, tables, request.POST)

    def act(by: Actor) -> Written:
        given = form.cleaned_data
        bid, _blank, item = given["place"].partition(" ")
        before = next(
            cell.score
            for sheet in blind.sheets_for(by, lot)
            if sheet.seat == room.desk.seat
            for cell in sheet.cells
            if (cell.code, cell.item) == (bid, item)
        )
        return correct_scores(lot, form.correction(room.desk.seat, before), by=by)

    return room.act(act, form, SETTLE, **_settling(room, tables))


@methods("POST")
@only("seat")
def conclude(request: Request, lot: UUID) -> HttpResponse:
    """Put the report together (汇总形成报告), as the chair."""
    return Room(request, lot).do(lambda by: conclude_evaluation(lot, by=by))


@methods("GET", "POST")
@only("seat")
def report(request: Request, lot: UUID) -> HttpResponse:
    """Show the report (评审报告) and sign it."""
    room = Room(request, lot)
    found = blind.report_for(room.by, lot)
    if found is None:
        return redirect(room.home)
    names = {item.id: item.name for item in room.desk.template.scored}
    bidders = {one.bid_ref: one.bidder for one in blind.named_for(room.by, lot)}
    context = {"view": report_view(found.text, bidders, names)}
    if request.method != "POST":
        return room.page(REPORT, form=EndorseForm(initial={"report": found.report_hash}), **context)
    form = EndorseForm(request.POST)
    return room.act(lambda by: sign_report(lot, form.endorsed(), by=by), form, REPORT, **context)


@methods("GET")
@only("seat")
def paper(request: Request, lot: UUID) -> HttpResponse:
    """Hand out the signed report as PDF (评审报告文件)."""
    return report_answer(blind.paper_for(acting_post(request), lot))


def settled(room: Room) -> HttpResponse:
    """Show all scores, what members differ on, and what may still be done (汇总)."""
    tables = _tables(room)
    return room.page(SETTLE, form=_correction(room, tables), **_settling(room, tables))


def _bids(room: Room) -> HttpResponse:
    return room.page(BIDS, form=ReasonForm(), **_lines(room))


def _lines(room: Room) -> dict[str, Any]:
    rejected = blind.opinions_for(room.by, room.lot_id, "reject")
    granted = blind.opinions_for(room.by, room.lot_id, "grant")
    lines = [
        {
            "bid": one,
            "reject": rejected.get(one.bid_ref),
            "grants": [
                (
                    deduction.id,
                    f"{deduction_title(deduction.kind)}{per_cent(deduction.rate)}",
                    granted.get(f"{one.bid_ref} {deduction.id}"),
                )
                for deduction in room.desk.template.deductions
            ],
        }
        for one in blind.named_for(room.by, room.lot_id)
    ]
    open_still = room.desk.state in ("locked", "revealed") and not blind.report_for(room.by, room.lot_id)
    return {"lines": lines, "open_still": open_still}


def _tables(room: Room) -> list[BidTable]:
    named = blind.named_for(room.by, room.lot_id)
    sheets = blind.sheets_for(room.by, room.lot_id)
    held = blind.opinions_for(room.by, room.lot_id, "abnormal")
    return bid_tables(room.desk, named, sheets, held, room.titles)


def _settling(room: Room, tables: list[BidTable]) -> dict[str, Any]:
    names = {item.id: item.name for item in room.desk.template.scored}
    subjective = {item.id for item in room.desk.template.scored if item.kind == "subjective"}
    doubted = [one for one in all_places(tables, names) if one[0].rpartition(" ")[2] in subjective]
    return {
        "tables": tables,
        "items": room.desk.template.scored,
        "changes": _changes(room),
        "doubted": doubted,
        "differing": sorted({name for table in tables for name in table.differing}),
    }


def _changes(room: Room) -> list[Any]:
    named = blind.named_for(room.by, room.lot_id)
    return list(changes(room.desk, named, blind.changes_for(room.by, room.lot_id), room.titles))


def _correction(room: Room, tables: list[BidTable], data: Any = None) -> CorrectionForm:
    form = CorrectionForm(data)
    names = {item.id: item.name for item in room.desk.template.scored}
    place = form.fields["place"]
    if isinstance(place, forms.ChoiceField):
        place.choices = [("", _("请选择")), *own_places(tables, names)]
    return form
