"""Seats (评审席位): how a seat's computer is opened, and how a person reads the label of a seat.

A label says the place and never the person: the region of the site, a stroke, the number of the seat on its door; a
second person at the same place in one session gets the same label with a further number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.passes import actor_of_pass
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.rules.sitting import read_label
from mifeng.venues.calls import call_officer as call
from mifeng.venues.computers import Computer, computer_of, serves, take_place
from mifeng.venues.queries import site_names
from mifeng.web.shell.http import Request

# What a browser keeps that is a computer of a site's seats; it outlives every session there.
COMPUTER_COOKIE = "seat-computer"
# What the session of a seat holds: the secret of its pass, the handle of the computer at which it was opened.
SEAT, COMPUTER = "seat", "computer"
SESSION_AGE = 72 * 3600  # longer than any pass, which alone says when a seat is over
NOWHERE = "0.0.0.0"  # noqa: S104 - stands for an address the server did not tell; nothing listens on it


def enter(request: Request, code: str, *, key: str = "") -> None:
    """Open the seat of a code for this browser (入席); what the browser was before is over.

    Args:
        request: of the seat's computer, which an officer has made one of a site.
        code: as typed.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it has none.

    Raises:
        NotEntitled: ``not-a-seat-computer``, ``too-many-attempts``, ``seat-code-wrong``.
        Unfair: ``malformed`` for a key that is none.
    """
    held = request.COOKIES.get(COMPUTER_COOKIE, "")
    token, computer = take_place(held, code, key, address=request.META.get("REMOTE_ADDR") or NOWHERE)
    # A key that was known before must not be worth anything afterwards.
    request.session.clear()
    request.session.cycle_key()
    request.session.set_expiry(SESSION_AGE)
    request.session[SEAT], request.session[COMPUTER] = token, computer
    rotate_token(request)


def seated(session: Mapping[str, Any], token: str | None = None) -> Actor | None:
    """Return who sits at the seat of a session; None when the pass is over, or the computer serves that site no more.

    Args:
        session: of a seat.
        token: what the browser's cookie holds; None where no browser is asked, as by the push stream.
    """
    actor = actor_of_pass(session[SEAT])
    at_place = actor is not None and serves(session.get(COMPUTER, ""), actor.site, token)
    return actor if at_place else None


def computer_here(request: Request) -> Computer | None:
    """Return which computer of a site's seats this browser is (本席位机); None when it is none."""
    return computer_of(request.COOKIES.get(COMPUTER_COOKIE, ""), request.now)


def call_officer(request: Request) -> Written | None:
    """Ask for an officer of the site from a seat (呼叫场地人员); None when one has been asked for already.

    Raises:
        NotEntitled: ``wrong-post`` for everybody who sits at no seat.
    """
    if request.actor is None:
        raise NotEntitled(Reason("wrong-post", {"role": "public"}))
    return call(by=request.actor)


def seat_title(by: Actor) -> str:
    """Return the place of whoever sits at a seat as a page names it: ``杭锦后旗 03号席``."""
    return label_title(by.seat)


def label_title(label: str) -> str:
    """Return the place a label names as a page writes it; the label itself where it names no known place."""
    return label_titles([label])[label]


def label_titles(labels: Iterable[str]) -> dict[str, str]:
    """Return the places that labels name, by label; one query for all of them."""
    names = site_names()
    return {label: _title(label, names) for label in labels}


def _title(label: str, names: Mapping[str, str]) -> str:
    mark, number, turn = read_label(label)
    name = names.get(mark)
    if name is None:
        return label
    place = _("%(site)s %(number)s号席") % {"site": name, "number": number}
    return place if turn == 1 else _("%(place)s（第%(turn)d任）") % {"place": place, "turn": turn}
