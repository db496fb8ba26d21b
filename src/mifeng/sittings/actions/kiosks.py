"""Kiosks (签到机): an officer opens a computer to the people at the door."""

import secrets
from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.models import new_handle
from mifeng.rules import sitting as table
from mifeng.sittings.kiosks import token_hash
from mifeng.sittings.models import Kiosk
from mifeng.venues.guards import check_officer

TOKEN_BYTES = 32


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
