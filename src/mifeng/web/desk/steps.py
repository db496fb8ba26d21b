"""Where a desk stands (评审环节): four steps, what is to be done now, and whose turn it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.evaluation.blind import Desk, Reported

Words = Mapping[str, str | Promise]
PARTS: Words = MappingProxyType({"technical": gettext_lazy("技术"), "business": gettext_lazy("商务")})
STEPS: Sequence[str | Promise] = (
    gettext_lazy("推选组长"),
    gettext_lazy("技术评审"),
    gettext_lazy("商务评审"),
    gettext_lazy("汇总与报告"),
)
# state of the evaluation → step, from 1; nothing to be done before the first
PLACES: Mapping[str, int] = MappingProxyType(
    {"qualifying": 1, "qualified": 1, "chaired": 2, "reviewing": 2, "locked": 3, "revealed": 4, "concluded": 4}
)
SCORED: Mapping[str, str] = MappingProxyType({"reviewing": "technical", "locked": "business"})


@dataclass(frozen=True, slots=True)
class Place:
    """What a seat is at (当前环节).

    Args:
        page: which page: ``wait``, ``chair``, ``score``, ``settle``, ``over`` or ``void``.
        title: of the step.
        number: of the step, from 1 to 4; 0 before the first.
        part: that is scored, or was last; empty where none is.
        signed: the seat's sheet of that part is signed.
    """

    page: str
    title: str
    number: int
    part: str = ""
    signed: bool = False

    @property
    def steps(self) -> int:
        """Return how many steps there are."""
        return len(STEPS)


def place_of(desk: Desk) -> Place:
    """Return what a seat is at."""
    number = PLACES.get(desk.state, 0)
    title = str(STEPS[number - 1]) if number else _("评审")
    if desk.state in ("void", "stopped"):
        return Place("void", _("废标") if desk.state == "void" else _("停止评标"), 4)
    if desk.state == "qualified":
        return Place("chair", title, number)
    if desk.state in SCORED:
        part = SCORED[desk.state]
        given = desk.sheets.get(part, "")
        shown = part if given else "technical"
        return Place("score", title, number, shown, signed=given != "writing")
    if desk.state == "revealed":
        return Place("settle", title, number)
    if desk.state == "concluded":
        return Place("over", _("评审完成"), number)
    return Place("wait", title, number)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A seat as the strip shows it (同席): its label and place, whether it is one's own, and how far it is."""

    seat: str
    title: str
    own: bool
    chair: bool
    role: str
    look: str
    word: str


def neighbours(desk: Desk, titles: Mapping[str, str], report: Reported | None = None) -> list[Neighbour]:
    """Return the seats of the committee with how far each is; never what any of them gave.

    Args:
        desk: as the seat knows it.
        titles: label → place in words.
        report: that stands.
    """
    found = []
    for one in desk.peers:
        look, word = _standing(desk, one.seat, one.sheets, report)
        found.append(
            Neighbour(one.seat, titles[one.seat], one.seat == desk.seat, one.seat == desk.chair, one.role, look, word)
        )
    return sorted(found, key=lambda one: not one.own)


def _standing(desk: Desk, seat: str, sheets: Mapping[str, str], report: Reported | None) -> tuple[str, str]:
    if report and seat in report.deemed:
        return "done", _("视为同意")
    if desk.state in ("revealed", "concluded"):
        return ("done", _("已签署")) if report and seat in report.signed else ("go", _("未签署"))
    part = SCORED.get(desk.state, "")
    if part and sheets.get(part, "") == "writing":
        return "go", _("评审中")
    if part and sheets.get(part):
        return "done", _("已签名")
    return "none", _("已就座")
