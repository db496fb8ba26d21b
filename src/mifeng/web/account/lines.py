"""Lines of the inbox as a person reads them (收件箱): the text is made when shown, from what the reader may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Message
from mifeng.venues.models import SiteRequest
from mifeng.venues.queries import asks_at
from mifeng.web.shell import acts, words

ROOMS = {
    "agency": "workspace:project",
    "buyer": "workspace:project",
    "host": "site:project",
    "supervisor": "cockpit:project",
    "bidder": "supplier:project",
}
TEXTS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "enter_tender": _("项目已进场登记"),
        "accept_tender": _("主场已受理进场"),
        "draft_document": _("代理机构提交了招标文件"),
        "approve_document": _("采购人已确认招标文件"),
        "return_document": _("采购人退回了招标文件"),
        "confirm_site": _("一处场地已确认席位"),
        "refuse_site": _("一处场地退回了席位请求"),
        "lapse_request": _("一处场地逾时未答复"),
        "publish_notice": _("招标公告已发布"),
        "clarify": _("更正公告已发布"),
        "close_bidding": _("投标已截止"),
        "draw-small": _("一处可抽的专家太少，名单没有封存"),
        "draw-aborted": _("一处抽取中止：种子没有到齐"),
        "draw-exhausted": _("一处抽取名单已用尽，席位还有空缺"),
        "panel-complete": _("专家席位已满，名单已密封"),
        "panel-resumed": _("有专家须回避或未到，正在递补"),
        "report-signed": _("评审报告已由全体成员签署"),
        "report-settled": _("评审报告签署完毕，有成员视为同意"),
        "member-unable": _("一名评审委员申报应当回避或不能继续评审"),
        "evaluation-stopped": _("一名评审委员不能继续，评标已停止，资料封存"),
        "agreement-deemed": _("有评审成员逾时未签署报告，记为视为同意"),
        "seat-rekeyed": _("一个评审席位经身份核对重新入席，更换了签名密钥"),
        "evaluation-void": _("废标：合格的投标人不足法定家数"),
        "hand_over": _("代理机构送交了评审报告"),
        "award": _("采购人已确定中标人"),
        "deem_awarded": _("逾期未确定，视同确定第一候选人"),
        "announce": _("中标结果已公告"),
        "own-result": _("结果已公告，本单位的结果可以查看"),
        "start_anew": _("采购人决定重新开展采购"),
        "purchase-anew": _("采购人决定重新开展采购"),
        "officer-called": _("本场地有人呼叫场地人员"),
        "seats-asked": _("有场次请求本场地的席位"),
        "seats-released": _("有场次不再占用本场地的席位"),
    }
)
# What a line asks of a post, where it asks for anything.
ASKS: Mapping[tuple[str, str], str | Promise] = MappingProxyType(
    {
        ("enter_tender", "host"): _("请受理"),
        ("draft_document", "buyer"): _("请确认或退回"),
        ("return_document", "agency"): _("请修改后重新提交"),
        ("refuse_site", "agency"): _("请重选场地"),
        ("lapse_request", "agency"): _("请重选场地"),
        ("draw-small", "agency"): _("请扩大抽取范围"),
        ("report-signed", "agency"): _("请送交采购人"),
        ("report-settled", "agency"): _("请送交采购人"),
        ("member-unable", "agency"): _("请在评审页面办理"),
        ("hand_over", "buyer"): _("请确定中标人"),
        ("award", "agency"): _("请公告结果"),
        ("deem_awarded", "agency"): _("请公告结果"),
        ("take_next", "agency"): _("请公告结果"),
        ("officer-called", "host"): _("请到场并应答"),
        ("officer-called", "guest"): _("请到场并应答"),
        ("seats-asked", "host"): _("请确认或退回"),
        ("seats-asked", "guest"): _("请确认或退回"),
    }
)


@dataclass(frozen=True, slots=True)
class InboxLine:
    """One line (收件箱行)."""

    id: UUID
    at: datetime
    text: str
    ask: str
    detail: str
    url: str
    unread: bool


def inbox_lines(by: Actor, messages: Sequence[Message]) -> list[InboxLine]:
    """Return messages as lines; what they speak of is asked anew, so that none says more than its reader may know."""
    requests = _requests(by, messages)
    return [
        InboxLine(
            id=message.pk,
            # To the minute: the second of a job would tell a site which public notice asked it again.
            at=message.at.replace(second=0, microsecond=0),
            text=str(TEXTS.get(message.kind) or acts.title(message.kind)),
            ask=str(ASKS.get((message.kind, by.role), "")),
            detail=_detail(message, requests),
            url=_url(by, message, requests),
            unread=message.read_at is None,
        )
        for message in messages
    ]


def _requests(by: Actor, messages: Sequence[Message]) -> dict[str, SiteRequest]:
    wanted = {_key(message) for message in messages if message.subject.startswith("venues.siterequest:")}
    return {str(row.pk): row for row in asks_at(by).filter(pk__in=wanted)} if wanted else {}


def _detail(message: Message, requests: Mapping[str, SiteRequest]) -> str:
    request = requests.get(_key(message))
    if request:
        return f"{request.session.code_name}　{words.beijing(request.session.starts_at)}"
    return "　".join(str(message.facts[name]) for name in ("name", "number") if name in message.facts)


def _url(by: Actor, message: Message, requests: Mapping[str, SiteRequest]) -> str:
    if _key(message) in requests:
        return reverse("site:request", args=[_key(message)])
    if message.subject.startswith("venues.call:"):
        return reverse("site:door")
    if message.subject.startswith("tenders.tender:") and by.role in ROOMS:
        return reverse(ROOMS[by.role], args=[_key(message)])
    return ""


def _key(message: Message) -> str:
    return message.subject.partition(":")[2]
