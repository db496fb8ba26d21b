"""The way through the rooms (导航): what each post finds in the bar, and what the public finds under the masthead."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.inbox import unread
from mifeng.web.shell.posts import HOMES, SEAT_HOME

PUBLIC = "portal"


@dataclass(frozen=True, slots=True)
class Item:
    """One word of the navigation (导航项)."""

    title: str
    url: str
    current: bool


def navigation(request: HttpRequest) -> list[Item]:
    """Return the navigation of a page: the portal's own on public pages, else that of the reader's post."""
    match = request.resolver_match
    here = match.view_name if match else ""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None and actor.seat:
        return _desk(here)
    if actor is None or here.startswith(f"{PUBLIC}:"):
        return [*_items(_public(), here), *_way_in(actor)]
    return [*_items(_work(actor.role), here), *_inbox(actor, here), Item(_("公开公告"), reverse("portal:index"), False)]


def _public() -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (_("采购公告"), "portal:index", ("portal:index", "portal:project")),
        (_("工位共享目录"), "portal:sites", ("portal:sites",)),
        (_("现行规则"), "portal:rules", ("portal:rules",)),
        (_("核验"), "portal:verify", ("portal:verify",)),
    ]


def _work(role: str) -> list[tuple[str, str, tuple[str, ...]]]:
    hall = (_("开标"), "hall:index", ("hall:",))
    if role in ("host", "guest"):
        asks = ("site:index", "site:request", "site:project")
        return [
            (_("席位请求"), "site:index", asks),
            (_("占用表"), "site:board", ("site:board",)),
            (_("席位检测"), "site:seats", ("site:seats",)),
            (_("签到"), "site:door", ("site:door", "site:gate")),
            *([hall] if role == "host" else []),
        ]
    if role == "supervisor":
        return [(_("监督"), "cockpit:index", ("cockpit:",)), hall]
    if role == "librarian":
        return [
            (_("专家库"), "library:index", ("library:index", "library:expert", "library:personal")),
            (_("专家入库"), "library:new", ("library:new",)),
            (_("抽取进度"), "library:draws", ("library:draws",)),
        ]
    if role == "bidder":
        return [(_("招标项目"), "supplier:index", ("supplier:",)), hall]
    entry = [(_("进场登记"), "workspace:new", ("workspace:new",))] if role == "agency" else []
    return [(_("项目"), "workspace:index", ("workspace:",)), *entry, hall]


def _desk(here: str) -> list[Item]:
    """Return all that somebody at a seat finds: the desk, where the platform has one."""
    try:
        return _items([(_("评审席"), SEAT_HOME, ("desk:",))], here)
    except NoReverseMatch:
        return []


def _items(rows: list[tuple[str, str, tuple[str, ...]]], here: str) -> list[Item]:
    taken = {name for _title, name, _names in rows}
    return [
        Item(title, reverse(name), here == name or (here not in taken and here.startswith(names)))
        for title, name, names in rows
    ]


def _inbox(actor: Actor, here: str) -> list[Item]:
    waiting = unread(actor)
    title = _("收件箱%(number)d") % {"number": waiting} if waiting else _("收件箱")
    return [Item(title, reverse("account:inbox"), here == "account:inbox")]


def _way_in(actor: Actor | None) -> list[Item]:
    return [Item(_("办理"), reverse(HOMES[actor.role]), False)] if actor and actor.role in HOMES else []
