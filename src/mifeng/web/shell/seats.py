"""Seats (评审席位): how a seat's computer is opened, and how a person reads the label of a seat.

A label says the place and never the person: the region of the site, a stroke, the number of the seat on its door; a
second person at the same place in one session gets the same label with a further number.
"""

from collections.abc import Iterable, Mapping

from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.passes import enter_seat
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.rules.sitting import read_label
from mifeng.venues.calls import call_officer as call
from mifeng.venues.queries import site_names
from mifeng.web.shell.http import Request

NOWHERE = "0.0.0.0"  # noqa: S104 - stands for an address the server did not tell; nothing listens on it


def enter(request: Request, code: str, *, key: str = "", site: str = "") -> None:
    """Open the seat of a code for this browser (入席); what the browser was before is over.

    Args:
        request: of the seat's computer.
        code: as typed.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it has none.
        site: primary key of the site the computer stands at; empty where it does not know.

    Raises:
        NotEntitled: ``too-many-attempts``, ``seat-code-wrong``.
        Unfair: ``malformed`` for a key that is none.
    """
    token = enter_seat(site, code, key, address=request.META.get("REMOTE_ADDR") or NOWHERE)
    # A key that was known before must not be worth anything afterwards.
    request.session.clear()
    request.session.cycle_key()
    request.session["seat"] = token
    rotate_token(request)


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
