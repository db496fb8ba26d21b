"""What every page of a project has around its task (页面框架): head, timeline, task list; and acts in two steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import check_repeated
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import Reason, Refusal, Unfair, WrongState
from mifeng.tenders.models import Lot
from mifeng.web.shell.errors import refused
from mifeng.web.shell.forms import show_refusal
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import misshapen, perform
from mifeng.web.workspace.dossier import Dossier
from mifeng.web.workspace.forms import RoomForm
from mifeng.web.workspace.progress import task_list, timeline

F = TypeVar("F", bound=RoomForm)
MOVED_ON = {"stale-version", "wrong-state"}
CONFIRM = "workspace/confirm.html"


class NewForm(Exception):
    """The form's key has not been used (新表单)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what an act is about (办理事项)."""

    label: str
    value: str


def lot_facts(dossier: Dossier, lot: Lot) -> list[Fact]:
    """Return which project and package an act is about."""
    package = _("第%(number)d包　%(name)s") % {"number": lot.number, "name": lot.name}
    return [Fact(_("项目"), dossier.tender.name), Fact(_("采购包"), package)]


@dataclass(frozen=True, slots=True)
class Decision(Generic[F]):
    """An act that cannot be taken back (两步办理): the form, then a page that restates it and asks for one word.

    Args:
        word: what has to be typed.
        template: page of the form.
        make: makes the form from what was sent.
        ask: every reason for which the act would be refused now.
        restate: title, act, consequence, source and object of the second page.
        act: the act.
    """

    word: str
    template: str
    make: Callable[[], F]
    ask: Callable[[F], Sequence[Reason]]
    restate: Callable[[F], Mapping[str, Any]]
    act: Callable[[F, Actor], Written]


def framed(dossier: Dossier, current: str = "", **context: Any) -> dict[str, Any]:
    """Return the context of a page of a project."""
    return {
        "dossier": dossier,
        "tender": dossier.tender,
        "topic": f"tenders.tender:{dossier.tender.pk}",
        "stages": timeline(dossier.row, dossier.session_starts_at, dossier.now, dossier.opening, dossier.stage),
        "tasks": task_list(dossier, current),
        **context,
    }


def decided(request: Request, decision: Decision[F], **context: Any) -> HttpResponse:
    """Answer a form of a decision: the form again, the page that asks for the word, or the receipt.

    Whatever is refused comes back in the form with everything typed still there.
    """
    form = decision.make()
    if not form.is_valid():
        return misshapen(request, form, decision.template, **context)
    if "edit" in request.POST:
        return render(request, decision.template, {"form": form, **context})
    try:
        if "word" not in request.POST:
            _refuse(decision.ask(form))
        sent = "word" in request.POST
        asking = decision.make() if sent else type(form).unfinished(request.POST)
        asking.ask_word(decision.word)
        if sent and asking.is_valid():
            return perform(request, lambda by: decision.act(form, by))
    except Refusal as refusal:
        show_refusal(form, refusal)
        return refused(request, refusal, decision.template, form=form, **context)
    restated = {**context, **decision.restate(form)}
    if sent:
        return misshapen(request, asking, CONFIRM, **restated)
    return render(request, CONFIRM, {"form": asking, **restated})


def answered_before(request: Request) -> HttpResponse | None:
    """Return the way to the receipt of a form that was carried out before, None for a new one.

    For pages that close behind their own act: a form sent twice finds them closed and must still find its receipt.
    """

    def look(by: Actor) -> Written:
        check_repeated(by)
        raise NewForm

    try:
        return perform(request, look) if request.method == "POST" else None
    except NewForm:
        return None


def _refuse(reasons: Sequence[Reason]) -> None:
    """Refuse what an act would refuse, before the person is asked to confirm it."""
    if reasons:
        kind = WrongState if MOVED_ON & {reason.code for reason in reasons} else Unfair
        raise kind(*reasons)


def stale(dossier: Dossier, version: int) -> list[Reason]:
    """Return the reason that a page has been overtaken, if it has."""
    current = dossier.tender.version
    return [] if version == current else [Reason("stale-version", {"seen": version, "current": current})]
