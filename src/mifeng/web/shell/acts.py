"""Acts as a person reads them (办理事项): the title of every step an entry of the ledger may have, and rows of a feed.

The ledger knows an act by its word (``publish_notice``); which acts a reader may know of is decided by the query that
returns them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mifeng.kernel.ledger.queries import Line

TITLES: Mapping[str, str | Promise] = MappingProxyType(
    {
        "enter_tender": _("进场登记"),
        "accept_tender": _("受理进场"),
        "draft_document": _("提交招标文件"),
        "approve_document": _("采购人确认招标文件"),
        "return_document": _("采购人退回招标文件"),
        "plan_seats": _("预约评审席位"),
        "replan_seats": _("重选场地"),
        "release_seats": _("退订评审席位"),
        "confirm_site": _("场地确认席位"),
        "refuse_site": _("场地退回席位请求"),
        "lapse_request": _("场地逾时未答复"),
        "record_readiness": _("记录席位检测"),
        "publish_notice": _("发布招标公告"),
        "clarify": _("发布更正公告"),
        "close_bidding": _("投标截止"),
        "record_finding": _("记录监督情况"),
        "register_organisation": _("主体登记"),
        "register_site": _("场地登记"),
        "appoint": _("设岗"),
        "digest_noted": _("查阅与拒绝摘要"),
    }
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One line of a feed (台账行): ``index`` is its place in the log, None while it waits for one."""

    at: datetime
    title: str
    detail: str
    index: int | None
    url: str


def title(act: str) -> str:
    """Return the title of an act."""
    return str(TITLES.get(act, act))


def feed(lines: Iterable[Line], details: Mapping[int, str] = MappingProxyType({})) -> list[FeedRow]:
    """Return ledger lines as rows of a feed, each with the address at which it can be verified.

    Args:
        lines: entries that the reader may know of.
        details: entry id → a few words beside the title.
    """
    return [FeedRow(line.at, title(line.type), details.get(line.id, ""), line.index, proof_url(line)) for line in lines]


def proof_url(line: Line) -> str:
    """Return where anybody can look a leaf up; the address says nothing but the leaf itself."""
    return reverse("portal:verify") + "?" + urlencode({"leaf": line.leaf})
