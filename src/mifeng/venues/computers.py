"""Computers at the seats of a site (席位机): an officer says once which they are, and seats are opened on them alone.

A computer is known by a secret of its browser that is nobody's session: it outlives whoever signs in or out there. It
ends when an officer of the site ends it, or after its life; a seat that was opened before stays open as its pass does.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from mifeng.kernel import clock
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.models import new_handle
from mifeng.parties.passes import enter_seat
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.rules.session import SEAT_COMPUTER
from mifeng.venues.guards import OFFICERS, check_officer
from mifeng.venues.models import SeatComputer

LIFE = timedelta(days=90)
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Computer:
    """A computer at the seats of a site (席位机).

    Args:
        id: of its row.
        handle: under which the ledger knows it.
        opened_at: when an officer said so.
        until: when its life ends.
        over: whether that has come.
    """

    id: UUID
    handle: str
    opened_at: datetime
    until: datetime
    over: bool

    @property
    def mark(self) -> str:
        """Return the four signs by which an officer finds the same computer in the list and in the room (核对号)."""
        return self.handle[:4].upper()


def open_seat_computer(held: str = "", *, by: Actor) -> str:
    """Make a computer one of the seats' computers of an officer's own site (设为席位机), and return its secret.

    What it was before at this site ends with it, so that a computer stands in the list once.

    Args:
        held: secret that the browser has been given before; empty where it has none.
        by: an officer.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but an officer.

    Source: our choice (ADR-9)
    """
    check_officer(by.site, by, step="open_seat_computer")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with acting("open_seat_computer", by=by) as act:
        rows = SeatComputer.objects.filter(token_hash=token_hash(held), site=UUID(by.site), state="open")
        known = rows if held else ()
        before = act.lock_all(SeatComputer, [row.pk for row in known])
        fields = {"site_id": UUID(by.site), "opened_at": act.at, "until": act.at + LIFE, "handle": new_handle()}
        row = act.create(SeatComputer, SEAT_COMPUTER, "open_seat_computer", **fields)
        row.token_hash = token_hash(token)
        row.save(update_fields=["token_hash"])
        for one in before:
            if one.state == "open":
                act.move(one, SEAT_COMPUTER, "close_seat_computer")
    return token


def close_seat_computer(computer_id: UUID, *, by: Actor) -> Written:
    """End a computer of the seats at an officer's own site (停用席位机); no seat is served there any more.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-9)
    """
    with acting("close_seat_computer", by=by) as act:
        row = act.lock(SeatComputer, computer_id)
        check_officer(row.site_id, by, step="close_seat_computer")
        act.move(row, SEAT_COMPUTER, "close_seat_computer")
    return act.entry


def take_place(token: str, code: str, key: str = "", *, address: str) -> tuple[str, str]:
    """Open a seat with its code on a computer of its site (入席); return the secret of its session and the handle.

    Args:
        token: secret of the computer's browser; empty where it has none.
        code: as typed.
        key: public key of the seat's own client; empty where it has none.
        address: the client's address.

    Raises:
        NotEntitled: ``not-a-seat-computer``, and all reasons of ``parties.passes.enter_seat``.
        Unfair: ``malformed`` for a key that is none.

    Source: our choice (ADR-9)
    """
    row = _row(token)
    if row is None or row.state != "open" or clock.now() >= row.until:
        raise NotEntitled(Reason("not-a-seat-computer", lifted_by=OFFICERS))
    return enter_seat(str(row.site_id), code, key, computer=row.handle, address=address), row.handle


def serves(handle: str, site: str, token: str | None = None) -> bool:
    """Tell whether a computer still serves a seat of a site that was opened there (席位机有效).

    Its life is not asked for: an evaluation must not be cut off by it.

    Args:
        handle: of the computer at which the seat was opened.
        site: primary key of the site of the seat, as text.
        token: secret of the browser that asks; None where no browser is asked.
    """
    if not handle:
        return False
    row = SeatComputer.objects.filter(handle=handle, site=UUID(site), state="open").first()
    return row is not None and (token is None or constant_time_compare(row.token_hash, token_hash(token)))


def computer_of(token: str, at: datetime) -> Computer | None:
    """Return the computer behind a browser's secret; None when seats are not opened there now."""
    row = _row(token)
    return _known(row, at) if row is not None and row.state == "open" and at < row.until else None


def computers_at(by: Actor, at: datetime) -> list[Computer]:
    """Return the computers of an officer's own site that nobody has ended, newest first; none for other posts."""
    if by.role not in OFFICERS or not by.site:
        return []
    rows = SeatComputer.objects.filter(site=UUID(by.site), state="open").order_by("-opened_at", "pk")
    return [_known(row, at) for row in rows]


def token_hash(token: str) -> str:
    """Return what is kept of the secret of a computer's browser."""
    return salted_hmac("mifeng seat computer", token, algorithm="sha256").hexdigest()


def _row(token: str) -> SeatComputer | None:
    return SeatComputer.objects.filter(token_hash=token_hash(token)).first() if token else None


def _known(row: SeatComputer, at: datetime) -> Computer:
    return Computer(row.pk, row.handle, row.opened_at, row.until, at >= row.until)
