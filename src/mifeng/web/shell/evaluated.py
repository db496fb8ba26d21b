"""How far an evaluation is, step by step (评审进程): counts, never scores, and whose turn it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from mifeng.evaluation.papers import Endorsement
from mifeng.evaluation.queries import Doubt, Progress
from mifeng.evaluation.signing import KeyChanged, Signing
from mifeng.rules.errors import Reason
from mifeng.web.shell import words
from mifeng.web.shell.reported import GONE, SILENT
from mifeng.web.shell.seats import label_titles

ORDER = ("", "qualifying", "qualified", "chaired", "reviewing", "locked", "revealed", "concluded")


@dataclass(frozen=True, slots=True)
class EvaluationStep:
    """One step (评审步骤); ``look`` is done, go, todo, none or stop."""

    title: str
    look: str
    word: str
    count: str = ""
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SigningRow:
    """One seat and its word on the report (签署行); ``look`` is done or go."""

    title: str
    look: str
    word: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SigningView:
    """Whose word on the report there is (签署进度).

    Args:
        rows: by seat, those who are waited for last.
        until: until when at least members may dissent.
        waiting: how many have no word.
    """

    rows: tuple[SigningRow, ...]
    until: datetime
    waiting: int


def signing_view(found: Signing | None) -> SigningView | None:
    """Return whose word on a report there is in words; None where no report stands."""
    if found is None:
        return None
    titles = label_titles([*found.signed, *(seat for seat, _why in found.deemed), *found.waiting])
    rows = [
        *(SigningRow(titles[seat], "done", _("已签署")) for seat in found.signed),
        *(SigningRow(titles[seat], "done", _("视为同意"), str(SILENT[why])) for seat, why in found.deemed),
        *(SigningRow(titles[seat], "go", _("未签署")) for seat in found.waiting),
    ]
    return SigningView(tuple(rows), found.until, len(found.waiting))


def word_lines(signatures: Iterable[Endorsement]) -> list[tuple[str, str]]:
    """Return each seat of a signed report with what is to be said of it: a dissent, or that agreement is deemed."""
    return [(one.seat, _word(one)) for one in signatures]


def rekeyed_lines(found: Iterable[KeyChanged]) -> list[tuple[str, str, datetime]]:
    """Return which seats sign with another key since, with how the person was known, and the time."""
    rows = list(found)
    titles = label_titles(one.seat for one in rows) if rows else {}
    known = {"face": _("人脸核对后重新入席"), "officers": _("两名场地人员核对后重新入席")}
    return [(titles[one.seat], known[one.checked], one.at) for one in rows]


def evaluation_steps(progress: Progress, business: bool = True) -> list[EvaluationStep]:
    """Return the steps of an evaluation in order.

    Args:
        progress: in numbers.
        business: the template has items of the business part, so that a second sheet follows the lock.
    """
    if progress.state in ("void", "stopped"):
        return _ended(progress)
    at = ORDER.index(progress.state)
    seated = _("%(number)d人") % {"number": progress.members} if progress.members else ""
    # With the lock every technical sheet is signed: what is counted after it are the business sheets.
    before = progress.members if at > ORDER.index("reviewing") else 0
    counts = {"signed": progress.signed - before, "sheets": progress.sheets - before}
    sheets = _("%(signed)d/%(sheets)d已签名") % counts
    report = _("%(signed)d/%(members)d已签名") % {"signed": progress.signatures, "members": progress.members}
    silent = _("%(number)d席视为同意") % {"number": progress.deemed} if progress.deemed else ""
    copies = _("%(number)d份技术文件不能展示") % {"number": progress.doubtful} if progress.doubtful else ""
    reviewed = _("%(reviewed)d/%(bids)d已审查") % {"reviewed": progress.reviewed, "bids": progress.bids} if at else ""
    passed = _("%(number)d家合格") % {"number": progress.qualified} if at > 1 else ""
    rows = [
        (1, _("资格审查"), reviewed, passed, None),
        (2, _("评审委员会就位并推选组长"), seated, _("组长已推选") if progress.has_chair else "", None),
        (3, _("匿名副本与暗标编码"), "", copies, None),
        (4, _("技术部分评分"), sheets if at == 4 else "", _("暗标，各席位次序不同"), progress.locked_at),
        (5, _("商务部分评分"), sheets if at == 5 else "", "", progress.revealed_at),
        (6, _("评审报告"), report if at == 6 else "", silent or _("全体签名后结束"), progress.concluded_at),
    ]
    return [
        EvaluationStep(title, *_look(number, at), count, note, when if number < at else None)
        for number, title, count, note, when in rows
        if business or number != 5
    ]


def doubt_lines(found: Iterable[Doubt]) -> list[tuple[Doubt, str]]:
    """Return the files that no desk is shown, each with the reason in words."""
    return [(one, words.reason_text(Reason(one.fault))) for one in found]


def void_text(progress: Progress) -> str:
    """Return in words why a tender is void or its evaluation was stopped; empty while neither is so."""
    return words.reason_text(Reason(progress.reason)) if progress.reason else ""


def unable_lines(seats: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the seats whose members have declared to be unable to go on, with the reason in words.

    Args:
        seats: label → word of the reason, empty where nothing was declared.
    """
    titles = label_titles(seats) if any(seats.values()) else {}
    return [(titles[seat], str(GONE[why])) for seat, why in seats.items() if why]


def stopped_line(progress: Progress, *, sited: bool) -> tuple[str, str, datetime] | None:
    """Return which seat's member could not go on, why, and when the evaluation was stopped; None while it was not.

    Args:
        progress: of the evaluation.
        sited: the reader may know which sites there are, as the label of a seat tells.
    """
    if progress.stopped is None:
        return None
    at, seat, why = progress.stopped
    return label_titles([seat])[seat] if sited else _("一名委员"), str(GONE[why]), at


def _word(one: Endorsement) -> str:
    if one.deemed:
        return _("视为同意：%(why)s") % {"why": SILENT[one.deemed]}
    return "" if one.agrees else _("有异议：%(dissent)s") % {"dissent": one.dissent}


def _ended(progress: Progress) -> list[EvaluationStep]:
    reviewed = _("%(reviewed)d/%(bids)d已审查") % {"reviewed": progress.reviewed, "bids": progress.bids}
    passed = _("%(number)d家合格") % {"number": progress.qualified}
    return [
        EvaluationStep(_("资格审查"), "done", words.state("qualified"), reviewed, passed),
        EvaluationStep(_("评审"), "stop", words.state(progress.state), "", void_text(progress)),
    ]


def _look(number: int, at: int) -> tuple[str, str]:
    if number < at:
        return "done", _("已完成")
    if number == at:
        return ("todo", _("待处理")) if number == 1 else ("go", _("进行中"))
    return "none", _("未开始")
