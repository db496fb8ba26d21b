"""Members who have no word on the report (视为同意): the agency records that they are deemed to agree, in two steps."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.evaluation.actions import deem_agreed
from mifeng.evaluation.queries import progress, signing
from mifeng.evaluation.signing import Signing
from mifeng.rules.errors import Reason, Refusal, WrongState
from mifeng.rules.evaluation import check_moment, check_most
from mifeng.tenders.models import Lot
from mifeng.web.shell import words
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.reported import SILENT
from mifeng.web.shell.seats import label_titles
from mifeng.web.workspace.dossier import Dossier, lot_of, open_dossier
from mifeng.web.workspace.forms import SeatForm
from mifeng.web.workspace.frame import Decision, Fact, answered_before, decided, framed, lot_facts

SILENCE = "workspace/silence.html"


@methods("GET", "POST")
@only("agency")
def deem(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Record that a member who has neither signed nor dissented is deemed to agree (记录视为同意)."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    found, state = signing(by, lot.pk), progress(by, lot.pk).state
    if found is None or state != "revealed" or not found.waiting:
        facts = {"step": "deem_agreed", "state": state, "allowed": ("revealed",)}
        raise WrongState(Reason("wrong-state", facts, source="GPLR-41"))
    titles = label_titles([*found.waiting, *found.signed])
    blocked = obstacles(found, request.now)
    context = framed(dossier, "evaluation", lot=lot, signing=found, titles=titles, blocked=blocked)
    choices = [(seat, titles[seat]) for seat in found.waiting]
    if request.method != "POST":
        return render(request, SILENCE, {"form": SeatForm(seats=choices, whys=SILENT), **context})
    decision = Decision(
        word=_("视为同意"),
        template=SILENCE,
        make=lambda: SeatForm(request.POST, seats=choices, whys=SILENT),
        ask=lambda form: blocked,
        restate=lambda form: restated(dossier, lot, form, titles),
        act=lambda form, by: deem_agreed(
            lot.pk, form.cleaned_data["seat"], found.report_hash, form.cleaned_data["why"], by=by
        ),
    )
    return decided(request, decision, **context)


def obstacles(found: Signing, now: datetime) -> list[Reason]:
    """Return everything for which no agreement may be deemed now."""
    reasons: list[Reason] = []
    checks: list[Callable[[], None]] = [
        lambda: check_moment(found.until, now),
        lambda: check_most(len(found.signed), found.members),
    ]
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            reasons += refusal.reasons
    return reasons


def restated(dossier: Dossier, lot: Lot, form: SeatForm, titles: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the page says that asks for the word."""
    said = form.cleaned_data
    return {
        "title": _("记录视为同意"),
        "act": _("记录视为同意"),
        "consequence": _("报告上写明这个席位视为同意和事由，不能撤回；采购人和监督部门会收到通知，证据包可以核验。"),
        "source": "GPLR-41",
        "object": [
            *lot_facts(dossier, lot),
            Fact(_("席位"), titles[said["seat"]]),
            Fact(_("事由"), str(SILENT[said["why"]])),
            Fact(_("记录时间"), words.beijing(dossier.now, seconds=True)),
        ],
    }
