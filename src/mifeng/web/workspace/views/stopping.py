"""An evaluation that cannot go on (停止评标): which member has to leave, and why; in two steps."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.evaluation.actions import stop_evaluation
from mifeng.evaluation.queries import progress, seats
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.evaluation import EVALUATION
from mifeng.tenders.models import Lot
from mifeng.web.shell.evaluated import unable_lines
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.reported import GONE
from mifeng.web.shell.seats import label_titles
from mifeng.web.workspace.dossier import Dossier, lot_of, open_dossier
from mifeng.web.workspace.forms import SeatForm
from mifeng.web.workspace.frame import Decision, Fact, answered_before, decided, framed, lot_facts

STOP = "workspace/stop.html"


@methods("GET", "POST")
@only("agency")
def stop(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """End an evaluation whose member has to leave (停止评标，封存)."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    state, sources = progress(by, lot.pk).state, EVALUATION["stop_evaluation"].sources
    if state not in sources:
        facts = {"step": "stop_evaluation", "state": state, "allowed": tuple(sorted(sources))}
        raise WrongState(Reason("wrong-state", facts, source="MOF-87-49"))
    known = seats(by, lot.pk)
    titles = label_titles(known)
    choices = list(titles.items())
    context = framed(dossier, "evaluation", lot=lot, unable=unable_lines(known))
    if request.method != "POST":
        said = next(({"seat": seat, "why": why} for seat, why in known.items() if why), {})
        return render(request, STOP, {"form": SeatForm(initial=said, seats=choices, whys=GONE), **context})
    decision = Decision(
        word=_("停止评标"),
        template=STOP,
        make=lambda: SeatForm(request.POST, seats=choices, whys=GONE),
        ask=lambda form: (),
        restate=lambda form: restated(dossier, lot, form, titles),
        act=lambda form, by: stop_evaluation(lot.pk, form.cleaned_data["seat"], form.cleaned_data["why"], by=by),
    )
    return decided(request, decision, **context)


def restated(dossier: Dossier, lot: Lot, form: SeatForm, titles: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the page says that asks for the word."""
    said = form.cleaned_data
    return {
        "title": _("停止评标"),
        "act": _("停止评标，封存资料"),
        "consequence": _(
            "评审到此为止，已发出的评分表全部作废，评分、编码对照和签名原样封存，任何岗位都看不到，不能撤回。"
        ),
        "source": "MOF-87-49",
        "object": [
            *lot_facts(dossier, lot),
            Fact(_("席位"), titles[said["seat"]]),
            Fact(_("事由"), str(GONE[said["why"]])),
            Fact(_("监督部门"), _("同时收到通知")),
        ],
    }
