"""The draw of a project's experts (抽取专家): asked for once for all sites, then watched in numbers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason
from mifeng.rules.sitting import WIDEST
from mifeng.sittings.actions import assemble_panel, widen_panel
from mifeng.sittings.queries import draw_obstacles
from mifeng.tenders.models import Tender
from mifeng.web.shell import words
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import Dossier, open_dossier
from mifeng.web.workspace.drawn import draw_views, is_small
from mifeng.web.workspace.forms import DrawForm, WidenForm
from mifeng.web.workspace.frame import Decision, Fact, answered_before, decided, framed

DRAW = "workspace/draw.html"


@methods("GET", "POST")
@only("agency")
def draw(request: Request, pk: UUID) -> HttpResponse:
    """Ask for the experts of all sites, then show how far each draw is (抽取专家); names are shown to nobody."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    found = dossier.draws
    context = framed(
        dossier,
        "draw",
        draws=draw_views(found, dossier),
        small=is_small(found),
        blocked=[] if found else draw_obstacles(by, dossier.tender, request.now),
        usual=WIDEST.get(dossier.tender.category, ""),
    )
    if request.method != "POST":
        return render(request, DRAW, {"form": WidenForm() if found else DrawForm(), **context})
    if found:
        return _widen(request, dossier.tender, context)

    def ask(form: DrawForm) -> list[Reason]:
        return draw_obstacles(by, dossier.tender, request.now, speciality=form.cleaned_data["speciality"])

    decision = Decision(
        word=_("抽取"),
        template=DRAW,
        make=lambda: DrawForm(request.POST),
        ask=ask,
        restate=lambda form: _restated(dossier, form),
        act=lambda form, by: assemble_panel(pk, speciality=form.cleaned_data["speciality"], by=by),
    )
    return decided(request, decision, **context)


def _widen(request: Request, tender: Tender, context: Mapping[str, Any]) -> HttpResponse:
    form = WidenForm(request.POST)

    def act(by: Actor) -> Written:
        return widen_panel(tender.pk, speciality=form.cleaned_data["speciality"], by=by)

    return submitted(request, form, act, DRAW, **context)


def _restated(dossier: Dossier, form: DrawForm) -> Mapping[str, Any]:
    wanted = form.cleaned_data["speciality"] or WIDEST.get(dossier.tender.category, "")
    seats = [
        Fact(ask.request.site.name, _("专家%(number)d席") % {"number": ask.request.expert_seats})
        for ask in dossier.asks
        if ask.request.expert_seats
    ]
    start = dossier.session_starts_at
    return {
        "title": _("抽取专家"),
        "act": _("发起抽取"),
        "consequence": _("各场地的名单随即冻结并见证，三方种子齐后按次序邀请。此后不能重抽，只能按同一次序递补。"),
        "source": "LY-2022-14 四(二)",
        "object": [
            Fact(_("项目"), dossier.tender.name),
            Fact(_("场次"), f"{dossier.code_name}　{words.beijing(start)}" if start else dossier.code_name),
            Fact(_("专业"), wanted),
            *seats,
        ],
    }
