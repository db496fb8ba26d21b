"""The scoring template of a package (评分办法): a form until the notice fixes it, and from then on what was fixed."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from mifeng.evaluation.actions import set_template
from mifeng.evaluation.queries import code_commitment
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Refusal
from mifeng.rules.scoring import Template, check_template, preset
from mifeng.web.shell.forms import show_refusal
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.scoring import template_view
from mifeng.web.workspace.dossier import Dossier, lot_of, open_dossier
from mifeng.web.workspace.forms import ScoringForm
from mifeng.web.workspace.forms.scoring import FIRST_ROWS, MAX_ROWS, MORE_ROWS
from mifeng.web.workspace.frame import answered_before, framed

TEMPLATE = "workspace/scoring.html"


@methods("GET", "POST")
@only("agency", "buyer")
def scoring(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Show the scoring template of a package; its agency sets it until the notice (设定评分办法).

    ``more`` adds lines for factors and ``check`` adds the points up: no act yet.
    """
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    standing = dossier.templates.get(lot.pk)
    context = framed(
        dossier,
        "scoring",
        lot=lot,
        several=len(dossier.row.lots) > 1,
        view=template_view(standing) if standing else None,
        commitment=code_commitment(by, lot.pk),
        editable=dossier.is_agency and dossier.state in ("entered", "accepted"),
    )
    usual = preset(dossier.tender.category, rulebooks()[dossier.tender.rulebook])
    first: dict[str, Any] = {"standing": standing or usual, "kinds": [one.kind for one in usual.deductions]}
    if request.method != "POST":
        rows = max(FIRST_ROWS, len((standing or usual).scored))
        return render(request, TEMPLATE, {"form": ScoringForm(**first, rows=rows), **context})
    rows = _rows(request.POST.get("items", ""))
    if "more" in request.POST:
        more = ScoringForm.unfinished(request.POST, **first, rows=min(rows + MORE_ROWS, MAX_ROWS))
        return render(request, TEMPLATE, {"form": more, "added": True, **context})
    form = ScoringForm(request.POST, **first, rows=rows)
    if "check" in request.POST and form.is_valid():
        return _checked(request, form, dossier, context)

    def act(by: Actor) -> Written:
        return set_template(lot.pk, form.template(), by=by)

    return submitted(request, form, act, TEMPLATE, **context)


def _checked(request: Request, form: ScoringForm, dossier: Dossier, context: dict[str, object]) -> HttpResponse:
    """Answer with the sums and everything the law would refuse, before anything is set."""
    template: Template = form.template()
    try:
        check_template(template, rulebooks()[dossier.tender.rulebook])
    except Refusal as refusal:
        show_refusal(form, refusal)
        return render(request, TEMPLATE, {"form": form, "tried": template_view(template), **context})
    return render(request, TEMPLATE, {"form": form, "tried": template_view(template), "checked": True, **context})


def _rows(text: str) -> int:
    """Return how many lines for factors the page had; a text that is no number is the first page's."""
    return min(max(int(text), 1), MAX_ROWS) if text.isdecimal() and len(text) < 4 else FIRST_ROWS
