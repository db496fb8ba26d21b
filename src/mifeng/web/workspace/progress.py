"""How far a project is and whose turn it is (进程与任务): the timeline on top, the task list in statutory order.

The look of a task is the reader's: what waits for the reader is 待处理, what waits for somebody else is 进行中, and the
line below says for whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.rules.calendar import end_of, legal_date
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import Row
from mifeng.web.shell import words
from mifeng.web.workspace.dossier import AFTER, Dossier
from mifeng.web.workspace.drawn import is_complete, is_stuck

ORDER = ("entered", "accepted", "published", "closed")
EVALUATED = ("", "qualifying", "qualified", "chaired", "reviewing", "locked", "revealed")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the timeline (阶段); ``state`` is done, now or idle."""

    title: str
    state: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of the list (任务)."""

    title: str
    look: str
    note: str = ""
    url: str = ""
    word: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks of one phase (任务组)."""

    title: str
    tasks: Sequence[Task]


@dataclass(frozen=True, slots=True)
class TaskList:
    """The whole list with its count (任务清单)."""

    groups: Sequence[Group]

    @property
    def total(self) -> int:
        """Return the number of tasks."""
        return sum(len(group.tasks) for group in self.groups)

    @property
    def done(self) -> int:
        """Return how many are done."""
        return sum(task.look == "done" for group in self.groups for task in group.tasks)


def timeline(
    row: Row, session_starts_at: datetime | None, now: datetime, opening: str = "", stage: str = ""
) -> list[Stage]:
    """Return the stages of a project from its entry to its archive (项目进程)."""
    reached = ORDER.index(row.state)
    issued_on, due_at = row.tender.issued_on, row.bids_due_at
    due = _("至%(when)s") % {"when": words.beijing(due_at)[5:]} if due_at else ""
    session = words.beijing(session_starts_at)[5:10] if session_starts_at else ""
    first = [
        (_("进场"), words.beijing(row.tender.entered_at)[5:10]),
        (_("受理"), ""),
        (_("准备"), ""),
        (_("公告"), issued_on.strftime("%m-%d") if issued_on else ""),
        (_("投标"), due),
        (_("开标"), words.beijing(due_at)[5:10] if due_at else ""),
        (_("评审"), session),
    ]
    # entered waits for acceptance, accepted is prepared, published takes bids, closed waits for or has had the opening
    at = 6 if opening == "public" else (1, 2, 4, 5)[reached]
    at = {"concluded": 7, "handed": 7, "awarded": 7, "announced": 8, "restarted": 7}.get(stage, at)
    stages = [*first, *((title, "") for title in (_("结果"), _("合同"), _("验收"), _("归档")))]
    return [
        Stage(title, "done" if n < at else "now" if n == at else "idle", when) for n, (title, when) in enumerate(stages)
    ]


def task_list(dossier: Dossier, current: str = "") -> TaskList:
    """Return the tasks of a project as the reader's post sees them.

    Args:
        dossier: the project.
        current: key of the task whose page is shown; empty on the project's own page.
    """
    pk = dossier.tender.pk
    page = reverse("workspace:project", args=[pk])
    rows = {
        "entry": Task(_("进场登记"), "done", url=f"{page}#facts"),
        "accept": _acceptance(dossier),
        "document": _document(dossier, page),
        "scoring": _scoring(dossier),
        "seats": _seats(dossier, page),
        "publish": _publication(dossier, page),
        "supply": _supply(dossier, page),
        "clarify": _clarification(dossier, page),
        "close": _close(dossier),
        "draw": _draw(dossier),
        "opening": _opening(dossier),
        "qualify": _qualification(dossier),
        "evaluation": _evaluation(dossier),
        "hand-over": _hand_over(dossier),
        "award": _award(dossier),
    }
    shown = {
        key: Task(task.title, task.look, task.note, task.url, task.word, key == current) for key, task in rows.items()
    }
    return TaskList(
        (
            Group(_("准备"), [shown[key] for key in ("entry", "accept", "document", "scoring", "seats")]),
            Group(_("公开"), [shown[key] for key in ("publish", "supply", "clarify", "close")]),
            Group(_("开评标"), [shown[key] for key in ("draw", "opening", "qualify", "evaluation")]),
            Group(_("结果与履约"), [shown["hand-over"], shown["award"], Task(_("合同与验收"), "none")]),
        )
    )


def turn(role: str, stage: str) -> tuple[str, str] | None:
    """Return look and words for what a project waits for once its report is signed; None before (轮到谁)."""
    mine = {"concluded": "agency", "handed": "buyer", "awarded": "agency"}.get(stage) == role
    found = {
        "concluded": ("todo" if mine else "go", _("等代理机构送交报告")),
        "handed": ("todo" if mine else "go", _("等采购人确定中标人")),
        "awarded": ("todo" if mine else "go", _("等代理机构公告结果")),
        "announced": ("done", _("结果已公告")),
        "restarted": ("stop", _("重新开展采购")),
    }
    return found.get(stage)


def next_turn(
    role: str, state: str, document: str, seats: tuple[int, int], opening: str = "", stage: str = ""
) -> tuple[str, str]:
    """Return the look and the words for what a project waits for, as one line of a list (轮到谁).

    Args:
        role: of the reader.
        state: of the project.
        document: state of the tender document.
        seats: confirmed and wanted.
        opening: state of the opening of the first package.
        stage: state of its evaluation; empty before the review.
    """
    mine, theirs = "todo", "go"
    confirmed, wanted = seats
    if state == "entered":
        return theirs, _("等主场受理")
    if state == "published":
        return theirs, _("等投标截止")
    if state == "closed":
        return _evaluated(role, stage) if stage else _after_close(opening)
    if document in ("", "returned", "superseded"):
        return (mine if role == "agency" else theirs), _("等代理机构提交文件")
    if document == "drafted":
        return (mine if role == "buyer" else theirs), _("等采购人确认文件")
    if not wanted:
        return (mine if role == "agency" else theirs), _("等代理机构预约席位")
    if confirmed < wanted:
        return theirs, _("等场地确认席位")
    return (mine if role == "agency" else theirs), _("等代理机构发布公告")


def _evaluated(role: str, stage: str) -> tuple[str, str]:
    """Return how far the evaluation is, in one line, and whether it is the reader's turn."""
    words_of = {
        "qualifying": ("todo" if role in ("agency", "buyer") else "go", _("等资格审查")),
        "qualified": ("go", _("等评审委员会就位")),
        "chaired": ("go", _("等发放暗标编码")),
        "reviewing": ("go", _("技术部分评审中")),
        "locked": ("go", _("商务部分评审中")),
        "revealed": ("go", _("等签署评审报告")),
        "void": ("stop", _("已废标")),
        "stopped": ("stop", _("评标已停止")),
    }
    return words_of.get(stage, ("go", words.state(stage)))


def _after_close(opening: str) -> tuple[str, str]:
    """Return how far the opening is, in one line."""
    words_of = {
        "": ("none", _("等开标")),
        "listed": ("go", _("开标中，等受托人副署")),
        "keying": ("go", _("开标中，等投标人交密钥")),
        "releasing": ("go", _("开标中，等受托人放行")),
        "public": ("done", _("已开标")),
        "failed": ("stop", _("不足法定家数，不开标")),
        "unkeyed": ("stop", _("没有密钥，不开启")),
        "short": ("stop", _("开启不足法定家数")),
    }
    return words_of[opening]


def _draw(dossier: Dossier) -> Task:
    title, draws = _("抽取专家"), dossier.draws
    url = reverse("workspace:draw", args=[dossier.tender.pk]) if dossier.is_agency else ""
    if dossier.state not in ("published", "closed"):
        return Task(title, "none", _("公告后抽取"), url if dossier.state == "accepted" else "")
    if not draws:
        return Task(title, "todo" if dossier.is_agency else "go", _("等代理机构发起"), url)
    filled, seats = sum(one.filled for one in draws), sum(one.seats for one in draws)
    counts = _("%(filled)d/%(seats)d席已接受") % {"filled": filled, "seats": seats}
    if is_complete(draws):
        return Task(title, "done", counts, url)
    if is_stuck(draws):
        return Task(
            title, "todo" if dossier.is_agency else "go", _("%(counts)s，有一处要处理") % {"counts": counts}, url
        )
    return Task(title, "go", counts, url)


def _opening(dossier: Dossier) -> Task:
    title = _("开标")
    if dossier.state not in ("published", "closed"):
        return Task(title, "none")
    url = reverse("hall:show", args=[dossier.row.lots[0].pk])
    if dossier.state == "published":
        return Task(title, "none", _("截止后自动开始"), url)
    look, note = _after_close(dossier.opening)
    return Task(title, look, note, url)


def _hand_over(dossier: Dossier) -> Task:
    title = _("评审报告送达")
    if dossier.stage not in AFTER:
        return Task(title, "none")
    url = _award_page(dossier)
    if dossier.stage == "concluded":
        return Task(title, "todo" if dossier.is_agency else "go", _("等代理机构送交"), url)
    return Task(title, "done", url=url)


def _award(dossier: Dossier) -> Task:
    title = _("确认与结果公告")
    waits = turn(dossier.by.role, dossier.stage)
    if waits is None or dossier.stage == "concluded":
        return Task(title, "none")
    return Task(title, waits[0], waits[1], _award_page(dossier))


def award_turn(dossier: Dossier) -> Task | None:
    """Return what the award of a project waits for, with where to go on; None before its report is signed."""
    waits = turn(dossier.by.role, dossier.stage)
    return Task(_("定标与结果"), *waits, _award_page(dossier)) if waits else None


def _award_page(dossier: Dossier) -> str:
    """Return the page of the package that is not as far as the others."""
    lot = next(lot for lot in dossier.row.lots if dossier.stages.get(lot.pk) == dossier.stage)
    return reverse("workspace:award", args=[dossier.tender.pk, lot.pk])


def _qualification(dossier: Dossier) -> Task:
    """Return the task of the first package that still waits for its review, or that has just been opened."""
    title, lot = _("资格审查"), _first(dossier, ("", "qualifying"))
    stage = dossier.stages.get(lot.pk, "")
    url = reverse("workspace:evaluation", args=[dossier.tender.pk, lot.pk])
    if stage == "qualifying":
        return Task(title, "todo", _("由代理机构或采购人审查"), f"{url}#qualification")
    if stage:
        return Task(title, "done", "", f"{url}#qualification")
    if dossier.opening == "public" and dossier.templates:
        return Task(title, "go", _("马上开始"), url)
    return Task(title, "none", _("没有评分办法，不在平台上评审") if dossier.opening == "public" else "")


def _evaluation(dossier: Dossier) -> Task:
    """Return the task of the package whose evaluation is least far."""
    title, lot = _("评审"), _first(dossier, EVALUATED)
    stage = dossier.stages.get(lot.pk, "")
    if stage in ("", "qualifying"):
        return Task(title, "none")
    url = reverse("workspace:evaluation", args=[dossier.tender.pk, lot.pk])
    if stage in EVALUATED:
        return Task(title, *_evaluated(dossier.by.role, stage), url)
    ended = stage in ("void", "stopped")
    return Task(title, "stop" if ended else "done", words.state(stage) if ended else "", url)


def evaluation_turn(dossier: Dossier) -> Task | None:
    """Return what the evaluation of a project waits for, with where to go on; None before and after it."""
    stage = dossier.stages.get(_first(dossier, EVALUATED).pk, "")
    if stage not in EVALUATED[1:]:
        return None
    task = _qualification(dossier) if stage == "qualifying" else _evaluation(dossier)
    return Task(task.title, *_evaluated(dossier.by.role, stage), task.url)


def _first(dossier: Dossier, stages: Sequence[str]) -> Lot:
    """Return the first package that is at one of some stages, or else the first of all."""
    lots = dossier.row.lots
    return next((lot for lot in lots if dossier.stages.get(lot.pk, "") in stages), lots[0])


def _acceptance(dossier: Dossier) -> Task:
    if dossier.state == "entered":
        return Task(_("进场受理"), "go", _("等主场场地岗受理"))
    return Task(_("进场受理"), "done")


def _document(dossier: Dossier, page: str) -> Task:
    document, mine = dossier.document, dossier.is_agency
    url = f"{page}#documents"
    if document is None:
        return Task(_("招标文件"), "todo" if mine else "go", _("等代理机构提交"), url)
    title = _("招标文件 第%(version)d版") % {"version": document.version}
    if document.state == "drafted":
        return Task(title, "todo" if dossier.is_buyer else "go", _("等采购人确认"), url)
    if document.state == "returned":
        return Task(title, "todo" if mine else "go", _("采购人已退回，等代理机构修改"), url)
    return Task(title, "done", _("采购人已确认") if document.state == "approved" else _("已发出"), url)


def _scoring(dossier: Dossier) -> Task:
    title, lots, open_lots = _("评分办法"), dossier.row.lots, dossier.unscored
    url = reverse("workspace:scoring", args=[dossier.tender.pk, (open_lots or lots)[0].pk])
    if not open_lots:
        return Task(title, "done", _("随公告固定") if dossier.outlook else _("已随公告固定"), url)
    if dossier.outlook is None:
        return Task(title, "none", _("公告时没有设定"), url)
    note = _("公告前设定") if len(lots) == 1 else _("还有%(number)d个包没有设定") % {"number": len(open_lots)}
    return Task(title, "todo" if dossier.is_agency else "go", note, url)


def _seats(dossier: Dossier, page: str) -> Task:
    confirmed, wanted = dossier.seats
    title = _("评审席位")
    url = reverse("workspace:seats", args=[dossier.tender.pk]) if dossier.is_agency else f"{page}#seats"
    if dossier.state == "entered":
        return Task(title, "none", _("受理后预约"))
    if not wanted:
        return Task(title, "todo" if dossier.is_agency else "go", _("等代理机构预约"), url)
    counts = _("%(confirmed)d/%(wanted)d已确认") % {"confirmed": confirmed, "wanted": wanted}
    if dossier.seats_fixed:
        return Task(title, "done", counts, url)
    if dossier.failed:
        return Task(title, "todo", _("%(counts)s，有场地要重选") % {"counts": counts}, url)
    return Task(title, "go", _("%(counts)s，等场地确认") % {"counts": counts}, url)


def _publication(dossier: Dossier, page: str) -> Task:
    title = _("采购公告")
    outlook = dossier.outlook
    if outlook is None:
        issued_on = dossier.tender.issued_on
        return Task(title, "done", issued_on.isoformat() if issued_on else "", f"{page}#notices")
    if outlook.reasons:
        note = _("%(number)d项原因未解除") % {"number": len(outlook.reasons)}
        return Task(title, "none", note, f"{page}#publish")
    if not dossier.is_agency:
        return Task(title, "go", _("等代理机构发布"), f"{page}#publish")
    return Task(title, "todo", _("可以发布"), reverse("workspace:publish", args=[dossier.tender.pk]))


def _supply(dossier: Dossier, page: str) -> Task:
    until = dossier.tender.supply_until
    if until is None:
        return Task(_("文件提供"), "none")
    over = dossier.now >= end_of(until)
    return Task(_("文件提供"), "done" if over else "go", _("至%(day)s") % {"day": until.isoformat()}, f"{page}#clocks")


def _clarification(dossier: Dossier, page: str) -> Task:
    title = _("答疑与澄清")
    issued = sum(notice.kind == "clarification" for notice in dossier.notices)
    note = _("已发出%(number)d次") % {"number": issued} if issued else ""
    if dossier.state == "published":
        own = dossier.is_agency
        return Task(title, "go", note, reverse("workspace:clarify", args=[dossier.tender.pk]) if own else "")
    return Task(title, "done" if dossier.state == "closed" else "none", note, f"{page}#notices" if issued else "")


def _close(dossier: Dossier) -> Task:
    due_at = dossier.row.bids_due_at
    if due_at is None:
        return Task(_("投标截止"), "none")
    today = legal_date(due_at) == legal_date(dossier.now)
    when = words.beijing(due_at)[11:] if today else words.beijing(due_at)
    if dossier.state == "closed":
        return Task(_("投标截止"), "done", when)
    return Task(_("投标截止"), "go", _("今天%(when)s") % {"when": when} if today else when)
