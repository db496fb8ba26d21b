"""The evaluation of a package (评审): who is qualified, how far the committee is in numbers, and in the end its report.

Nobody here learns a score before all are shown, or which code stands for whom; the desk is a room of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.bidding.models import OpenedFile
from mifeng.evaluation.actions import review_qualification, start_evaluation
from mifeng.evaluation.models import Evaluation
from mifeng.evaluation.queries import (
    Examined,
    Progress,
    Result,
    code_commitment,
    doubts,
    examined,
    key_changes,
    paper_for,
    progress,
    qualification_files,
    result,
    seats,
    signing,
)
from mifeng.kernel import reads, vault
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.evaluation import EVALUATION as EVALUATION_TABLE
from mifeng.sittings.queries import arrivals
from mifeng.tenders.models import Lot
from mifeng.web.shell.evaluated import (
    doubt_lines,
    evaluation_steps,
    rekeyed_lines,
    signing_view,
    stopped_line,
    unable_lines,
    void_text,
    word_lines,
)
from mifeng.web.shell.http import Request
from mifeng.web.shell.paper import report_answer
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.reported import ReportView, report_view
from mifeng.web.workspace.dossier import Dossier, lot_of, open_dossier
from mifeng.web.workspace.forms import QualificationForm, RoomForm
from mifeng.web.workspace.frame import Decision, Fact, answered_before, decided, framed, lot_facts

EVALUATION, REVIEW, START = "workspace/evaluation.html", "workspace/review.html", "workspace/start.html"


@methods("GET")
@only("agency", "buyer")
def show(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Show how far the evaluation of a package is (评审进度), what waits for the reader, and the report at the end."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    lot = lot_of(dossier, lot_id)
    found = progress(by, lot.pk)
    concluded = result(by, lot.pk) if found.state == "concluded" else None
    context = framed(
        dossier,
        "qualify" if found.state in ("", "qualifying") else "evaluation",
        **_about(dossier, lot, found),
        commitment=code_commitment(by, lot.pk),
        bids=_bids(by, lot, found),
        unready=_unready(found),
        arrivals=arrivals(by, dossier.tender),
        doubts=doubt_lines(doubts(by, lot.pk)) if dossier.is_agency and found.doubtful else (),
        signing=signing_view(signing(by, lot.pk)) if dossier.is_agency else None,
        unable=unable_lines(seats(by, lot.pk)) if dossier.is_agency else (),
        rekeyed=rekeyed_lines(key_changes(by, lot.pk)) if dossier.is_agency else (),
        words=word_lines(concluded.signatures) if concluded else (),
        result=concluded,
        report=_report(dossier, lot, concluded) if concluded else None,
    )
    return render(request, EVALUATION, context)


@methods("GET", "POST")
@only("agency", "buyer")
def review(request: Request, pk: UUID, lot_id: UUID, bid_id: UUID) -> HttpResponse:
    """Say whether one bidder is qualified (资格审查), anew as often as needed until the evaluation starts."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    found = progress(by, lot.pk)
    bid = _bid(by, lot, bid_id)
    files = qualification_files(by, lot.pk).get(bid_id, [])
    context = framed(dossier, "qualify", **_about(dossier, lot, found), bid=bid, files=files)
    if request.method != "POST":
        initial = {"passed": {True: "yes", False: "no", None: ""}[bid.passed], "reasons": bid.reasons}
        return render(request, REVIEW, {"form": QualificationForm(initial=initial), **context})
    form = QualificationForm(request.POST)

    def act(by: Actor) -> Written:
        said = form.cleaned_data
        return review_qualification(bid_id, said["passed"], "" if said["passed"] else said["reasons"], by=by)

    return submitted(request, form, act, REVIEW, **context)


@methods("GET")
@only("agency", "buyer")
def qualification_file(request: Request, pk: UUID, lot_id: UUID, bid_id: UUID, number: int) -> HttpResponseBase:
    """Hand out one file that shows whether a bidder is qualified (资格证明文件); the look is noted."""
    by = acting_post(request)
    lot = lot_of(open_dossier(by, pk, request.now), lot_id)
    for file in qualification_files(by, lot.pk).get(bid_id, []):
        if file.position == number:
            reads.note("qualification", by, f"tenders.lot:{lot.pk}", sha256=file.sha256)
            headers = {"Cache-Control": "no-store"}
            opened = vault.path_of(file.sha256).open("rb")
            return FileResponse(opened, as_attachment=True, filename=file.name, headers=headers)
    raise OpenedFile.DoesNotExist


@methods("GET")
@only("agency", "buyer")
def report(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Hand out the signed report as PDF (评审报告文件)."""
    by = acting_post(request)
    return report_answer(paper_for(by, lot_of(open_dossier(by, pk, request.now), lot_id).pk))


@methods("GET", "POST")
@only("agency", "buyer")
def start(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Close the qualification review (结束资格审查): a page that restates who is in, then the act."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    if done := answered_before(request):
        return done
    lot = lot_of(dossier, lot_id)
    found = progress(by, lot.pk)
    if found.state != "qualifying":
        facts = {"step": "qualify", "state": found.state, "allowed": ("qualifying",)}
        raise WrongState(Reason("wrong-state", facts))
    bids = _bids(by, lot, found)
    context = framed(dossier, "qualify", **_about(dossier, lot, found), bids=bids, unready=_unready(found))
    if request.method != "POST":
        return render(request, START, {"form": RoomForm(), **context})
    decision = Decision(
        word=_("完成"),
        template=START,
        make=lambda: RoomForm(request.POST),
        ask=lambda form: _unready(found),
        restate=lambda form: _restated(dossier, lot, bids),
        act=lambda form, by: start_evaluation(lot.pk, by=by),
    )
    return decided(request, decision, **context)


def _report(dossier: Dossier, lot: Lot, concluded: Result) -> ReportView:
    items = {item.id: item.name for item in dossier.templates[lot.pk].items}
    return report_view(concluded.text, concluded.bidders, items)


def _about(dossier: Dossier, lot: Lot, found: Progress) -> dict[str, Any]:
    template = dossier.templates.get(lot.pk)
    business = template is None or bool(template.part("business"))
    return {
        "lot": lot,
        "several": len(dossier.row.lots) > 1,
        "progress": found,
        "steps": evaluation_steps(found, business),
        "void": void_text(found),
        "stopped": stopped_line(found, sited=dossier.is_agency),
        "stoppable": found.state in EVALUATION_TABLE["stop_evaluation"].sources,
        "announced": dossier.stages.get(lot.pk) == "announced",
    }


def _bids(by: Actor, lot: Lot, found: Progress) -> list[Examined]:
    return examined(by, lot.pk) if found.state else []


def _bid(by: Actor, lot: Lot, bid_id: UUID) -> Examined:
    for bid in examined(by, lot.pk):
        if bid.bid_id == bid_id:
            return bid
    raise Evaluation.DoesNotExist


def _unready(found: Progress) -> list[Reason]:
    missing = found.bids - found.reviewed
    if found.state != "qualifying" or not missing:
        return []
    return [Reason("review-missing", {"missing": missing}, lifted_by=("agency", "buyer"))]


def _restated(dossier: Dossier, lot: Lot, bids: Sequence[Examined]) -> Mapping[str, Any]:
    named = {
        word: _("、").join(bid.bidder for bid in bids if bid.passed is word) or _("没有") for word in (True, False)
    }
    return {
        "title": _("结束资格审查"),
        "act": _("结束审查，进入评审"),
        "consequence": _("审查结论从此固定。合格的进入评审，不足法定家数的依法废标。"),
        "source": "MOF-87-44",
        "object": [
            *lot_facts(dossier, lot),
            Fact(_("合格"), named[True]),
            Fact(_("不合格"), named[False]),
        ],
    }
