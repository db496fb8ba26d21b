"""What every page of the desk has around it (席位框架), and how an act of a seat is answered."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.evaluation import blind
from mifeng.evaluation.blind import Desk
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.reasons import REASONS
from mifeng.web.desk.steps import Place, neighbours, place_of
from mifeng.web.shell import words
from mifeng.web.shell.errors import refused
from mifeng.web.shell.forms import show_refusal
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import misshapen, perform
from mifeng.web.shell.posts import acting_post
from mifeng.web.shell.reported import SILENT
from mifeng.web.shell.seats import label_titles


class Room:
    """A package as one seat stands before it (席位): who acts, what the desk knows, what is to be done now.

    Raises:
        DoesNotExist: for whoever has no seat in the evaluation.
    """

    def __init__(self, request: Request, lot: UUID) -> None:
        self.request, self.lot_id = request, lot
        self.by: Actor = acting_post(request)
        self.desk: Desk = blind.desk_for(self.by, lot)
        self.place: Place = place_of(self.desk)
        self.titles = label_titles(one.seat for one in self.desk.peers)

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what every page of the room shows."""
        report = blind.report_for(self.by, self.lot_id) if self.desk.state in ("revealed", "concluded") else None
        return {
            "desk": self.desk,
            "place": self.place,
            "report": report,
            "seats": neighbours(self.desk, self.titles, report),
            "own_silence": SILENT.get(report.deemed.get(self.desk.seat, ""), "") if report else "",
            "home": self.home,
            "several": len(blind.desks_of(self.by)) > 1,
            "why": words.reason_text(Reason(self.desk.reason)) if self.desk.reason in REASONS else "",
            "vote_title": self.titles.get(self.desk.vote, ""),
            "topic": f"evaluation.evaluation:{self.lot_id}",
            **more,
        }

    @property
    def home(self) -> str:
        """Return the address of the room."""
        return reverse("desk:show", args=[self.lot_id])

    def page(self, template: str, **more: Any) -> HttpResponse:
        """Answer with a page of the room."""
        return render(self.request, template, self.context(**more))

    def act(self, act: Callable[[Actor], Written], form: Form, template: str, **more: Any) -> HttpResponse:
        """Carry out an act for a form: its receipt, or the form again with what is wrong with it."""
        context = self.context(**more)
        if not form.is_valid():
            return misshapen(self.request, form, template, **context)
        try:
            return perform(self.request, act)
        except Refusal as refusal:
            show_refusal(form, refusal)
            return refused(self.request, refusal, template, form=form, **context)

    def do(self, act: Callable[[Actor], Written]) -> HttpResponse:
        """Carry out an act of one button: its receipt, or a page with every reason."""
        try:
            return perform(self.request, act)
        except Refusal as refusal:
            return refused(self.request, refusal, "desk/refused.html", **self.context())
