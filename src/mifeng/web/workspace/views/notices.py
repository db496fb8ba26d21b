"""Notice and clarification (发布公告与发出澄清): a form, a page that restates what will happen, the act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.kernel.law import calendar, rulebooks
from mifeng.rules.calendar import BEIJING, legal_date
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.notice import Clarification
from mifeng.tenders.actions import clarify, publish_notice
from mifeng.tenders.queries import clarification_reasons, earliest_deadline, publication_reasons
from mifeng.web.shell import words
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import Dossier, open_dossier
from mifeng.web.workspace.forms import ClarifyForm, PublishForm
from mifeng.web.workspace.frame import Decision, Fact, answered_before, decided, framed, stale

PUBLISH, CLARIFY = "workspace/publish.html", "workspace/clarify.html"


@methods("GET", "POST")
@only("agency")
def publish(request: Request, pk: UUID) -> HttpResponse:
    """Publish the notice (发布采购公告); the dates proposed are the earliest that the law allows."""
    dossier = open_dossier(acting_post(request), pk, request.now)
    if done := answered_before(request):
        return done
    outlook = dossier.outlook
    if outlook is None:
        facts = {"step": "publish", "state": dossier.state, "allowed": ("accepted",)}
        raise WrongState(Reason("wrong-state", facts))
    rulebook = rulebooks()[dossier.tender.rulebook]
    context = framed(
        dossier,
        "publish",
        outlook=outlook,
        supply_days=rulebook.int("supply_working_days"),
        bid_days=rulebook.int("bid_period_days"),
    )
    if request.method != "POST":
        due = outlook.bids_due_at.astimezone(BEIJING)
        proposed = {
            "text": proposed_text(dossier),
            "supply_until": outlook.supply_until,
            "due_on": due.date(),
            "due_time": due.time(),
        }
        return render(request, PUBLISH, {"form": PublishForm(initial=proposed), **context})

    def ask(form: PublishForm) -> list[Reason]:
        planned = form.publishing()
        dates = planned.supply_until, planned.bids_due_at
        departure = planned.departure_reason
        reasons = publication_reasons(dossier.by, dossier.row, dates, request.now, departure_reason=departure)
        return [*stale(dossier, planned.version), *reasons]

    decision = Decision(
        word=_("发布"),
        template=PUBLISH,
        make=lambda: PublishForm(request.POST),
        ask=ask,
        restate=lambda form: _publication(dossier, form),
        act=lambda form, by: publish_notice(pk, form.publishing(), by=by),
    )
    return decided(request, decision, **context)


@methods("GET", "POST")
@only("agency")
def issue_clarification(request: Request, pk: UUID) -> HttpResponse:
    """Issue a clarification (发出澄清) and show beforehand what moves with it."""
    dossier = open_dossier(acting_post(request), pk, request.now)
    if done := answered_before(request):
        return done
    due_at = dossier.row.bids_due_at
    if dossier.state != "published" or due_at is None:
        facts = {"step": "clarify", "state": dossier.state, "allowed": ("published",)}
        raise WrongState(Reason("wrong-state", facts))
    earliest = earliest_deadline(dossier.row, request.now)
    context = framed(dossier, "clarify", due_at=due_at, earliest=earliest, must_move=earliest != due_at)
    if request.method != "POST":
        initial = {"due_time": due_at.astimezone(BEIJING).time()}
        return render(request, CLARIFY, {"form": ClarifyForm(initial=initial), **context})

    def ask(form: ClarifyForm) -> list[Reason]:
        clarified = form.clarified()
        asked = Clarification(request.now, due_at, clarified.affects_bids, clarified.new_due_at, clarified.reason)
        return [*stale(dossier, clarified.version), *clarification_reasons(dossier.row, asked)]

    decision = Decision(
        word=_("发出"),
        template=CLARIFY,
        make=lambda: ClarifyForm(request.POST),
        ask=ask,
        restate=lambda form: _clarification(dossier, form, due_at),
        act=lambda form, by: clarify(pk, form.clarified(), by=by),
    )
    return decided(request, decision, **context)


def proposed_text(dossier: Dossier) -> str:
    """Return a first text of the notice, made of what is known, so that nothing is typed twice.

    Dates are left out: they stand beside the text as facts of the notice and would differ once they are changed.
    """
    tender = dossier.tender
    lots = "".join(
        _("\n　　第%(number)d包　%(name)s，预算%(budget)s元")
        % {"number": lot.number, "name": lot.name, "budget": words.yuan(lot.budget_yuan)}
        for lot in dossier.row.lots
    )
    return _(
        "%(agency)s受%(purchaser)s委托，对“%(name)s”（项目编号%(number)s）进行公开招标，欢迎合格的供应商投标。\n\n"
        "一、采购内容与预算\n　　预算%(budget)s元（%(capital)s）。%(lots)s\n\n"
        "二、招标文件\n　　在本平台下载，不收费用。\n\n"
        "三、投标与评审\n　　电子投标，截止时间见公告所列；评审采用远程异地方式。\n\n"
        "四、监管主体\n　　%(supervisor)s"
    ) % {
        "agency": tender.agency.name,
        "purchaser": tender.purchaser.name,
        "name": tender.name,
        "number": tender.number,
        "budget": words.yuan(tender.budget_yuan),
        "capital": words.capital(tender.budget_yuan),
        "lots": lots,
        "supervisor": tender.supervisor.name,
    }


def _publication(dossier: Dossier, form: PublishForm) -> Mapping[str, Any]:
    planned = form.publishing()
    today = legal_date(dossier.now)
    document, (confirmed, wanted) = dossier.document, dossier.seats
    supply_days = calendar().working_days_between(today, planned.supply_until)
    supply = {"day": planned.supply_until.isoformat(), "weekday": words.weekday(planned.supply_until), "n": supply_days}
    due = {**_when(planned.bids_due_at), "n": (legal_date(planned.bids_due_at) - today).days}
    version = {"version": document.version, "hash": words.shorthash(document.sha256)} if document else {}
    return {
        "title": _("发布采购公告"),
        "act": _("发布公告"),
        "consequence": _(
            "公告即时公开，招标文件同时发出，法定期限从今天起算。此后不能收回或修改，只能以更正公告澄清。"
        ),
        "source": "GPL-35",
        "object": [
            *_subject(dossier),
            Fact(_("招标文件提供至"), _("%(day)s %(weekday)s，%(n)d个工作日") % supply),
            Fact(_("投标截止"), _("%(when)s %(weekday)s，发出后%(n)d日") % due),
            Fact(_("招标文件"), _("第%(version)d版，指纹%(hash)s") % version if document else _("没有")),
            Fact(_("评分办法"), _scored(dossier)),
            Fact(_("评审席位"), _("%(c)d/%(w)d已确认") % {"c": confirmed, "w": wanted}),
            *([Fact(_("先行发布的理由"), planned.departure_reason)] if planned.departure_reason.strip() else []),
        ],
        "text": planned.text,
    }


def _clarification(dossier: Dossier, form: ClarifyForm, due_at: datetime) -> Mapping[str, Any]:
    planned = form.clarified()
    moves = planned.new_due_at is not None and planned.new_due_at != due_at
    effects = [Fact(_("投标截止"), _("不变，%(when)s %(weekday)s") % _when(due_at))]
    if planned.new_due_at and moves:
        effects = [
            Fact(_("投标截止，原定"), _("%(when)s %(weekday)s") % _when(due_at)),
            Fact(_("投标截止，改为"), _("%(when)s %(weekday)s") % _when(planned.new_due_at)),
        ]
        if dossier.session_starts_at:
            shifted = dossier.session_starts_at + (planned.new_due_at - due_at)
            effects.append(Fact(_("评审场次，改为"), _("%(when)s %(weekday)s") % _when(shifted)))
            sites = "、".join(ask.request.site.name for ask in dossier.asks)
            effects.append(Fact(_("重新请求确认"), sites))
    return {
        "title": _("发出澄清"),
        "act": _("发出澄清"),
        "consequence": _("更正公告即时公开，不能收回。") + (_("截止、场次和全部席位一并顺延。") if moves else ""),
        "source": "GPLR-31",
        "object": [
            *_subject(dossier),
            Fact(_("影响投标文件编制"), _("是") if planned.affects_bids else _("否")),
            *effects,
            *([Fact(_("理由"), planned.reason)] if planned.reason.strip() else []),
        ],
        "text": planned.text,
    }


def _scored(dossier: Dossier) -> str:
    """Return in words which packages can be evaluated under the documents."""
    lots, missing = len(dossier.row.lots), len(dossier.unscored)
    if not missing:
        return _("已设定，随公告固定")
    if missing == lots:
        return _("没有设定，公告后不能再补，不在平台上评审")
    return _("有%(number)d个包没有设定，公告后不能再补，不在平台上评审") % {"number": missing}


def _subject(dossier: Dossier) -> list[Fact]:
    tender = dossier.tender
    return [Fact(_("项目"), tender.name), Fact(_("编号"), tender.number), Fact(_("采购人"), tender.purchaser.name)]


def _when(at: datetime) -> dict[str, Any]:
    return {"when": words.beijing(at), "weekday": words.weekday(at)}
