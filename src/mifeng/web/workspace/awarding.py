"""What can be done about an award, by whom and when (定标办理): one line of a table for each act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.awards import actions
from mifeng.awards.queries import Outcome
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.evaluation import AWARD
from mifeng.rules.lifecycle import check_step
from mifeng.web.shell import texts, words
from mifeng.web.workspace.forms import RoomForm
from mifeng.web.workspace.forms.awards import DecideForm, GroundForm, PlainForm, ReasonForm
from mifeng.web.workspace.frame import Fact

Text = str | Promise
Make = Callable[[Outcome, QueryDict | None], RoomForm]


@dataclass(frozen=True, slots=True)
class Doing:
    """One act on an award as its page offers it (办理事项).

    Args:
        step: of the table ``AWARD``; ``explain_delay`` stands outside it and goes with ``handed``.
        roles: who may do it.
        title: of the form and of the page that asks for the word.
        lead: what it does, beside the title.
        word: what has to be typed.
        consequence: what cannot be taken back.
        source: clause.
        make: makes the form from what was sent.
        act: carries it out.
    """

    step: str
    roles: tuple[str, ...]
    title: Text
    lead: Text
    word: Text
    consequence: Text
    source: str
    make: Make
    act: Callable[[UUID, RoomForm, Actor], Written]


def _plain(_found: Outcome, data: QueryDict | None) -> RoomForm:
    return PlainForm(data)


def _ground(_found: Outcome, data: QueryDict | None) -> RoomForm:
    return GroundForm(data)


def _sent(form: RoomForm, *names: str) -> Mapping[str, Any]:
    return {name: form.cleaned_data[name] for name in names}


DOINGS: Mapping[str, Doing] = MappingProxyType(
    {
        "hand-over": Doing(
            "hand_over",
            ("agency",),
            gettext_lazy("送交评审报告"),
            gettext_lazy("评审结束后2个工作日内送采购人"),
            gettext_lazy("送交"),
            gettext_lazy(
                "采购人随即收到报告，5个工作日内确定中标人；到期没有确定、也没有说明正当理由的，视同确定第一名。"
            ),
            "GPLR-43",
            _plain,
            lambda lot, form, by: actions.hand_over(lot, by=by),
        ),
        "decide": Doing(
            "award",
            ("buyer",),
            gettext_lazy("确定中标人"),
            gettext_lazy("按评审报告的排序"),
            gettext_lazy("确定"),
            gettext_lazy("决定记入台账，代理机构随即公告结果、发出中标通知。"),
            "GPLR-43",
            lambda found, data: DecideForm(data, candidates=found.candidates),
            lambda lot, form, by: actions.award(
                lot, form.cleaned_data["bid"], **_sent(form, "reason", "ground"), by=by
            ),
        ),
        "delay": Doing(
            "explain_delay",
            ("buyer",),
            gettext_lazy("说明不能按时确定的理由"),
            gettext_lazy("有正当理由的，到期不视同确定第一名"),
            gettext_lazy("说明"),
            gettext_lazy("到期不再自动视同确定第一名；理由记入台账，监督部门随即知道。是否正当由监督部门判断。"),
            "MOF-87-68",
            lambda found, data: ReasonForm(data),
            lambda lot, form, by: actions.explain_delay(lot, **_sent(form, "reason"), by=by),
        ),
        "announce": Doing(
            "announce",
            ("agency", "buyer"),
            gettext_lazy("公告中标结果"),
            gettext_lazy("同时发出中标通知，告知每个投标人本单位的结果"),
            gettext_lazy("公告"),
            gettext_lazy("结果和评审成员名单随即公开，公告期1个工作日，期满起算质疑期；发布后不能改。"),
            "GPLR-43",
            _plain,
            lambda lot, form, by: actions.announce(lot, by=by),
        ),
        "next": Doing(
            "take_next",
            ("buyer",),
            gettext_lazy("递补下一候选人"),
            gettext_lazy("中标人不能再作为中标人时"),
            gettext_lazy("递补"),
            gettext_lazy("原中标人不再是中标人，按排序递补下一候选人，须重新公告。"),
            "GPLR-49",
            _ground,
            lambda lot, form, by: actions.take_next(lot, **_sent(form, "ground", "reason"), by=by),
        ),
        "anew": Doing(
            "start_anew",
            ("buyer",),
            gettext_lazy("重新开展采购"),
            gettext_lazy("没有候选人可以中标，或者依法不递补时"),
            gettext_lazy("重新采购"),
            gettext_lazy("本包的定标到此为止，不能恢复；要采购，另行立项进场。"),
            "GPLR-49",
            _ground,
            lambda lot, form, by: actions.start_anew(lot, **_sent(form, "ground", "reason"), by=by),
        ),
    }
)


def obstacles(doing: Doing, found: Outcome, role: str) -> list[Reason]:
    """Return every reason for which an act would be refused at this step of the award; the rule is the act's."""
    if doing.step not in AWARD:
        facts = {"step": doing.step, "state": found.state, "allowed": ("handed",)}
        return [] if found.state == "handed" else [Reason("wrong-state", facts)]
    try:
        check_step(AWARD, doing.step, state=found.state or None, role=role)
    except Refusal as refusal:
        return list(refusal.reasons)
    return []


def open_doings(found: Outcome, role: str) -> list[str]:
    """Return what a post can do now, the ordinary act first."""
    return [
        name
        for name, doing in DOINGS.items()
        if role in doing.roles and not obstacles(doing, found, role) and not (name == "delay" and found.delay_reason)
    ]


def restated(doing: Doing, found: Outcome, form: RoomForm, lot: str) -> Mapping[str, Any]:
    """Return what the page says that asks for the word."""
    chosen = form.cleaned_data.get("bid") or found.winner
    bidder = next((one.bidder for one in found.candidates if one.judged.bid_ref == chosen), "")
    ground = form.cleaned_data.get("ground", "")
    rows = [Fact(_("采购包"), lot), Fact(_("评审报告"), words.shorthash(found.report))]
    if bidder:
        rows.append(Fact(_("中标人") if doing.step in ("award", "announce") else _("原中标人"), bidder))
    if ground:
        rows.append(Fact(_("法定情形"), str(texts.GROUND_TITLES[ground])))
    if reason := form.cleaned_data.get("reason", ""):
        rows.append(Fact(_("说明"), reason))
    return {
        "title": doing.title,
        "act": doing.title,
        "consequence": doing.consequence,
        "source": doing.source,
        "object": rows,
    }
