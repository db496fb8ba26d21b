"""The award of a package (定标): what the report says, whose turn it is, and every act from there to the notice."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.awards.queries import Outcome, result_for
from mifeng.rules.errors import Reason
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.awarding import DOINGS, Doing, obstacles, open_doings, restated
from mifeng.web.workspace.dossier import Dossier, lot_of, open_dossier
from mifeng.web.workspace.forms import RoomForm
from mifeng.web.workspace.frame import Decision, answered_before, decided, framed

TEMPLATE = "workspace/award.html"


@methods("GET")
@only("agency", "buyer")
def award(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Show the award of a package (定标), with the act that is next where it is this post's."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    lot = lot_of(dossier, lot_id)
    found = result_for(by, lot.pk)
    usual = next(iter(open_doings(found, by.role)), "")
    doing = DOINGS[usual] if usual in ("hand-over", "decide", "announce") else None
    form = doing.make(found, None) if doing else None
    return render(request, TEMPLATE, _context(dossier, lot, found, usual if doing else "", form=form))


@methods("GET", "POST")
@only("agency", "buyer")
def carry_out(request: Request, pk: UUID, lot_id: UUID, name: str) -> HttpResponse:
    """Carry out one act on an award, in two steps (办理定标)."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    found = result_for(by, lot.pk)
    doing = DOINGS.get(name)
    if doing is None or by.role not in doing.roles:
        raise Http404
    context = _context(dossier, lot, found, name)
    blocked = obstacles(doing, found, by.role)
    if request.method != "POST":
        return render(request, TEMPLATE, {**context, "form": doing.make(found, None), "blocked": blocked})

    def ask(_form: RoomForm) -> list[Reason]:
        return blocked

    decision = Decision(
        word=str(doing.word),
        template=TEMPLATE,
        make=lambda: doing.make(found, request.POST),
        ask=ask,
        restate=lambda form: restated(doing, found, form, lot.name),
        act=lambda form, by: doing.act(lot.pk, form, by),
    )
    return decided(request, decision, **context)


def _context(dossier: Dossier, lot: Any, found: Outcome, name: str, **more: Any) -> Mapping[str, Any]:
    doing: Doing | None = DOINGS.get(name)
    place = [dossier.tender.pk, lot.pk]
    others = [
        (one, DOINGS[one], reverse("workspace:award-act", args=[*place, one]))
        for one in open_doings(found, dossier.by.role)
        if one != name
    ]
    return framed(
        dossier,
        "award",
        lot=lot,
        several=len(dossier.row.lots) > 1,
        found=found,
        doing=doing,
        action=reverse("workspace:award-act", args=[*place, name]) if name else "",
        others=others,
        **more,
    )
