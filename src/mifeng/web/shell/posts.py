"""Who may open a page, and by which method (准入).

A room belongs to certain posts. The public is asked to sign in; a post that enters the room of another is refused with
the reason, before anything is looked up, so that the refusal tells nothing about what the room holds.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from mifeng.kernel.actors import Actor
from mifeng.rules.errors import NotEntitled, Reason
from mifeng.web.shell.http import Request

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]
ALL = ("agency", "buyer", "host", "guest", "supervisor", "bidder", "librarian")
HOMES = {
    "agency": "workspace:index",
    "buyer": "workspace:index",
    "host": "site:index",
    "guest": "site:index",
    "supervisor": "cockpit:index",
    "bidder": "supplier:index",
    "librarian": "library:index",
}
# A temporary post at a seat: of whatever role, it opens the desk and no other room.
SEAT, DESK = "seat", "desk"
SEAT_HOME = f"{DESK}:index"
# Whoever sits there has a code and no account: without a session it is the code that is asked for.
SEAT_ENTRY = f"{DESK}:enter"
# What a seat may open besides: the receipts of its own acts, the size of type, the way out.
SEAT_MAY = (
    "account:home",
    "account:receipt",
    "account:receipt-proof",
    "account:scale",
    "account:language",
    "account:sign-out",
)


def methods(*allowed: str) -> Callable[[View[P]], View[P]]:
    """Answer the methods of a page; ``GET`` brings ``HEAD``, ``OPTIONS`` names them, any other is answered 405."""
    known = [*allowed, *(["HEAD"] if "GET" in allowed else []), "OPTIONS"]

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return HttpResponse(status=204, headers={"Allow": ", ".join(known)})
            if request.method not in known:
                return HttpResponseNotAllowed(known)
            return view(request, *args, **kwargs)

        return answer

    return decorate


def only(*roles: str) -> Callable[[View[P]], View[P]]:
    """Admit some posts to a page: the public goes to sign in, another post is refused with ``wrong-post``.

    To a page of seats alone the way in is the code of a seat.

    ``seat`` admits exactly those who hold a temporary post at a seat, and no other word does.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.actor is None:
                return redirect(SEAT_ENTRY) if roles == (SEAT,) else to_sign_in(request)
            if kind_of(request.actor) not in roles:
                raise NotEntitled(Reason("wrong-post", {"role": request.actor.role}, lifted_by=roles))
            return view(request, *args, **kwargs)

        return answer

    return decorate


def kind_of(actor: Actor) -> str:
    """Return the word under which a page admits a post: ``seat`` for a temporary post, else its role."""
    return SEAT if actor.seat else actor.role


def check_room(request: Request, view: str) -> None:
    """Refuse a temporary post every room but the desk, whatever the page itself would ask (席位岗准入).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: LC-2018-80 三(六) (R175)
    """
    actor = request.actor
    if actor is not None and actor.seat and not view.startswith(f"{DESK}:") and view not in SEAT_MAY:
        raise NotEntitled(Reason("wrong-post", {"role": actor.role}))


def home_of(actor: Actor) -> str:
    """Return the address of the room of a post."""
    return reverse(SEAT_HOME if actor.seat else HOMES[actor.role])


def acting_post(request: Request) -> Actor:
    """Return the actor of a request that ``only`` has let through."""
    if request.actor is None:
        raise RuntimeError("a page that acts for a post must be behind `only`")
    return request.actor


def to_sign_in(request: Request) -> HttpResponse:
    """Send the public to the sign-in page, and back here afterwards when this was a page to look at."""
    address = reverse("account:sign-in")
    if request.method in ("GET", "HEAD"):
        address += "?" + urlencode({"next": request.get_full_path()})
    return redirect(address)
