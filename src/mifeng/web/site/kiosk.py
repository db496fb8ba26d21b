"""The kiosk (自助签到): one step per screen, for the person in front of it and for nobody else.

An officer turns a computer into a kiosk; from then on no officer is signed in there, and the browser knows one secret.
Who stands before it is forgotten after two minutes without a touch. A stranger learns that nothing was found, and not
what was looked for.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render

from mifeng.gateways.reader.simulated import SimulatedReader
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Reason, Refusal, Unfair
from mifeng.rules.sitting import read_label
from mifeng.sittings.actions import (
    close_kiosk,
    doubt_face,
    identify,
    match_face,
    open_kiosk,
    pledge,
    renew_seat_code,
    stand_aside,
    take_seat,
)
from mifeng.sittings.kiosks import Standing, declared, kiosk_of, room, standing
from mifeng.venues.calls import call_officer, is_calling
from mifeng.venues.queries import site
from mifeng.web.shell.errors import refused
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import perform
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.receipts import number
from mifeng.web.site.forms import CardForm, FaceForm, PledgeForm, chosen

PAGE = "site/kiosk.html"
OFFICERS = ("host", "guest")
IDLE = timedelta(seconds=120)
READER = SimulatedReader()
STEPS = ("card", "face", "pledge", "seat")
# What a person sees at each state of the way.
SCREENS = MappingProxyType(
    {
        "identified": "face",
        "doubted": "officers",
        "vouched": "officers",
        "verified": "pledge",
        "pledged": "pledged",
        "seated": "seat",
        "aside": "aside",
    }
)
WAITING = ("asked", "once")  # for officers, who check for a new code of a seat
BAR = MappingProxyType({"card": 1, "face": 2, "officers": 2, "pledge": 3, "aside": 3, "pledged": 4, "seat": 4})


@methods("GET")
def show(request: Request) -> HttpResponse:
    """Show the step at which the person before the kiosk is; to an officer, how a computer becomes one."""
    found = _kiosk(request)
    if found is not None:
        return _screen(request, found[1], _person(request, found[1]))
    if request.actor is not None and request.actor.role in OFFICERS and not request.actor.seat:
        return redirect("site:door")
    raise Http404


@methods("POST")
@only(*OFFICERS)
def open_here(request: Request) -> HttpResponse:
    """Turn this computer into a kiosk of the officer's own site (开启签到机); the officer is signed out here."""
    token = open_kiosk(by=acting_post(request))
    request.session.clear()
    request.session.cycle_key()
    request.session["kiosk"] = token
    rotate_token(request)
    return _see()


@methods("POST")
@only(*OFFICERS)
def close(request: Request) -> HttpResponse:
    """End a kiosk of the own site (停用签到机)."""
    pk = chosen(request)
    return perform(request, lambda by: close_kiosk(pk, by=by))


@methods("POST")
def take(request: Request, step: str) -> HttpResponse:
    """Take one step at a kiosk; whatever is refused comes back on the same screen with its reason."""
    found, act = _kiosk(request), _ACTS.get(step)
    if found is None or act is None:
        raise Http404
    kiosk_id, kiosk = found
    person = None if step == "card" else _person(request, kiosk)
    if step != "card" and person is None:
        return _see()
    try:
        return act(request, kiosk_id, kiosk, person)
    except Refusal as refusal:
        # What was done before the refusal stands: whoever has declared everything is not asked to declare it again.
        context = _context(request, kiosk, standing(kiosk, person.arrival) if person else None)
        return _private(refused(request, refusal, PAGE, **context))


@methods("POST")
def call(request: Request) -> HttpResponse:
    """Ask for an officer of the site (呼叫场地人员)."""
    found = _kiosk(request)
    if found is None:
        raise Http404
    call_officer(by=found[1])
    return _see()


@methods("POST")
def done(request: Request) -> HttpResponse:
    """Forget who stood here, for the next one."""
    if _kiosk(request) is None:
        raise Http404
    _forget(request)
    return _see()


def _card(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    _forget(request)
    form = CardForm(request.POST)
    card = READER.read(form.cleaned_data["card"]) if form.is_valid() else None
    if card is None:
        raise Unfair(Reason("malformed", {"field": "card"}))
    _, arrival = identify(kiosk_id, card, by=kiosk)
    request.session["arrival"] = str(arrival)
    request.session["readings"] = standing(kiosk, arrival).readings
    request.session["touched"] = request.now.isoformat()
    return _see()


def _face(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    form = FaceForm(request.POST)
    if not form.is_valid():
        raise Unfair(Reason("malformed", {"field": "seen"}))
    match_face(_known(person).arrival, form.cleaned_data["seen"], READER, by=kiosk)
    return _see()


def _manual(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    doubt_face(_known(person).arrival, "declined", by=kiosk)
    return _see()


def _pledge(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    form = PledgeForm(request.POST)
    if not form.is_valid():
        raise Unfair(Reason("malformed", {"field": "said"}))
    known = _known(person)
    pledge(known.arrival, tuple(form.cleaned_data["said"]), by=known.actor)
    return _seat(request, kiosk_id, kiosk, standing(kiosk, known.arrival))


def _aside(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    if "sure" not in request.POST:
        return _screen(request, kiosk, person, asking=True)
    known = _known(person)
    stand_aside(known.arrival, by=known.actor)
    return _see()


def _seat(request: Request, kiosk_id: UUID, kiosk: Actor, person: Standing | None) -> HttpResponse:
    """Give the seat and show its code, once: it is kept nowhere, so it stands in this answer and in no other."""
    known = _known(person)
    if known.label:
        form = FaceForm(request.POST)
        seen = form.cleaned_data["seen"] if form.is_valid() else ""
        written, code = renew_seat_code(known.arrival, seen, READER, by=known.actor)
    else:
        written, code = take_seat(known.arrival, by=known.actor)
    shown = standing(kiosk, known.arrival)
    return _screen(request, kiosk, shown, code=f"{code[:4]} {code[4:]}", receipt=number(written.leaf.hex()))


_ACTS: dict[str, Callable[[Request, UUID, Actor, Standing | None], HttpResponse]] = {
    "card": _card,
    "face": _face,
    "manual": _manual,
    "pledge": _pledge,
    "aside": _aside,
    "seat": _seat,
}


def _kiosk(request: Request) -> tuple[UUID, Actor] | None:
    return kiosk_of(cast("str", request.session.get("kiosk", "")), request.now)


def _person(request: Request, kiosk: Actor) -> Standing | None:
    """Return where the person before the kiosk stands; nobody after two minutes without a touch."""
    arrival, touched = request.session.get("arrival"), request.session.get("touched")
    if not arrival or not touched:
        return None
    if request.now - datetime.fromisoformat(touched) > IDLE:
        _forget(request)
        return None
    try:
        found = standing(kiosk, arrival)
    except ObjectDoesNotExist:
        _forget(request)
        return None
    if found.readings != request.session.get("readings"):
        _forget(request)  # the card has been read elsewhere since: who stands there is compared there
        return None
    request.session["touched"] = request.now.isoformat()
    return found


def _forget(request: Request) -> None:
    for name in ("arrival", "touched", "readings"):
        request.session.pop(name, None)


def _known(person: Standing | None) -> Standing:
    if person is None:
        raise Http404
    return person


def _screen(request: Request, kiosk: Actor, person: Standing | None, **more: Any) -> HttpResponse:
    return _private(render(request, PAGE, _context(request, kiosk, person) | more))


def _screen_of(person: Standing | None) -> str:
    if person is not None and person.recheck in WAITING:
        return "officers"
    return SCREENS.get(person.state, "card") if person else "card"


def _context(request: Request, kiosk: Actor, person: Standing | None) -> dict[str, Any]:
    screen = _screen_of(person)
    context: dict[str, Any] = {
        "screen": screen,
        "at": BAR[screen],
        "steps": STEPS,
        "person": person,
        "place": site(kiosk.site),
        "calling": is_calling(kiosk),
        "scale": request.COOKIES.get("scale") or "large",
        "idle": int(IDLE.total_seconds()),
        "nav": [],
    }
    if screen == "card":
        context["form"] = CardForm()
    elif screen == "face":
        context["form"] = FaceForm()
    elif screen == "pledge" and person:
        context |= {"declared": declared(kiosk, person.arrival), "form": PledgeForm(request.POST or None)}
    elif screen == "seat" and person:
        context |= {"number": read_label(person.label)[1], "seats": room(kiosk), "form": FaceForm()}
    return context


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


def _see() -> HttpResponse:
    response = redirect("site:kiosk")
    response.status_code = 303
    return _private(response)
