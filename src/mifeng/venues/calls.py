"""Calls at a site (呼叫场地人员): somebody at a kiosk or at a seat asks for an officer, and an officer answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.rules.session import CALL
from mifeng.venues.guards import OFFICERS, check_officer
from mifeng.venues.models import Call

CALLERS = ("kiosk", "expert", "buyer")


@dataclass(frozen=True, slots=True)
class Calling:
    """A call at the own site (呼叫): from a seat by its label, or from a kiosk."""

    id: UUID
    place: str
    called_at: datetime


def calls_at(by: Actor) -> list[Calling]:
    """Return who calls at an officer's own site, first come first; none for other posts."""
    if by.role not in OFFICERS or not by.site:
        return []
    rows = Call.objects.filter(site_id=by.site, state="calling").order_by("called_at", "pk")
    return [Calling(row.pk, row.place, row.called_at) for row in rows]


def is_calling(by: Actor) -> bool:
    """Tell whether somebody has called and nobody has answered yet."""
    return Call.objects.filter(caller=by.handle, state="calling").exists()


def site_of_call(call_id: UUID | str) -> str:
    """Return at which site a call was made, as text.

    Raises:
        DoesNotExist: when there is no such call.
    """
    return str(Call.objects.values_list("site", flat=True).get(pk=call_id))


def call_officer(*, by: Actor) -> Written | None:
    """Ask for an officer of the site (呼叫场地人员), from a kiosk or from a seat; None when one has been asked for.

    Raises:
        NotEntitled: ``wrong-post``.

    Source: our choice (ADR-9)
    """
    check_caller(by)
    if is_calling(by):
        return None
    with acting("call_officer", by=by) as act:
        fields = {"site_id": UUID(by.site), "place": by.seat, "caller": by.handle, "called_at": act.at}
        act.create(Call, CALL, "call_officer", **fields)
    return act.entry


def answer_call(call_id: UUID, *, by: Actor) -> Written:
    """Answer a call at an officer's own site (应答呼叫).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-9)
    """
    with acting("answer_call", by=by) as act:
        call = act.lock(Call, call_id)
        check_officer(call.site_id, by, step="answer_call")
        act.move(call, CALL, "answer_call")
    return act.entry


def check_caller(by: Actor) -> None:
    """Refuse everybody but a kiosk and a seat (呼叫权限).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: our choice (ADR-9)
    """
    at_seat = by.role in CALLERS and (by.role == "kiosk" or bool(by.seat))
    if not at_seat:
        raise NotEntitled(Reason("wrong-post", {"step": "call_officer", "role": by.role}, lifted_by=CALLERS))
