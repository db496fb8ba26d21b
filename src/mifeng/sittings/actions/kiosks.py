"""Kiosks and calls (签到机、呼叫): an officer opens a computer to the people at the door, and comes when called."""

import secrets
from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.models import new_handle
from mifeng.rules import sitting as table
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.sittings.kiosks import token_hash
from mifeng.sittings.models import Call, Kiosk
from mifeng.venues.guards import check_officer

TOKEN_BYTES = 32
CALLERS = ("kiosk", "expert", "buyer")


def open_kiosk(*, by: Actor) -> str:
    """Make a computer a kiosk of an officer's own site (开启签到机), and return the secret of its session.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but an officer.

    Source: our choice (ADR-9)
    """
    check_officer(by.site, by, step="open_kiosk")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with acting("open_kiosk", by=by) as act:
        fields = {"site": UUID(by.site), "opened_at": act.at, "handle": new_handle()}
        kiosk = act.create(Kiosk, table.KIOSK, "open_kiosk", **fields)
        kiosk.token_hash = token_hash(token)
        kiosk.save(update_fields=["token_hash"])
    return token


def close_kiosk(kiosk_id: UUID, *, by: Actor) -> Written:
    """End a kiosk of an officer's own site (停用签到机).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-9)
    """
    with acting("close_kiosk", by=by) as act:
        kiosk = act.lock(Kiosk, kiosk_id)
        check_officer(kiosk.site, by, step="close_kiosk")
        act.move(kiosk, table.KIOSK, "close_kiosk")
    return act.entry


def call_officer(*, by: Actor) -> Written | None:
    """Ask for an officer of the site (呼叫场地人员), from a kiosk or from a seat; None when one has been asked for.

    Raises:
        NotEntitled: ``wrong-post``.

    Source: our choice (ADR-9)
    """
    check_caller(by)
    if Call.objects.filter(caller=by.handle, state="calling").exists():
        return None
    with acting("call_officer", by=by) as act:
        fields = {"site": UUID(by.site), "place": by.seat, "caller": by.handle, "called_at": act.at}
        act.create(Call, table.CALL, "call_officer", **fields)
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
        check_officer(call.site, by, step="answer_call")
        act.move(call, table.CALL, "answer_call")
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
