"""The computers at the seats (席位机): an officer says once of each that it stands at a seat of the own site."""

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect

from mifeng.venues.computers import LIFE, close_seat_computer, open_seat_computer
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import perform
from mifeng.web.shell.posts import SEAT_ENTRY, acting_post, methods, only
from mifeng.web.shell.seats import COMPUTER_COOKIE
from mifeng.web.site.forms import chosen

OFFICERS = ("host", "guest")
# A seat that was opened on the last day is served to its end; the platform itself knows when the life is over.
COOKIE_AGE = int(LIFE.total_seconds()) + 3 * 24 * 3600


@methods("POST")
@only(*OFFICERS)
def open_here(request: Request) -> HttpResponse:
    """Make this computer one of the seats of the officer's own site (设为席位机); the officer is signed out here."""
    token = open_seat_computer(request.COOKIES.get(COMPUTER_COOKIE, ""), by=acting_post(request))
    request.session.flush()
    rotate_token(request)
    response = redirect(SEAT_ENTRY)
    response.status_code = 303
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COMPUTER_COOKIE, token, max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=settings.ENV.secure
    )
    return response


@methods("POST")
@only(*OFFICERS)
def close(request: Request) -> HttpResponse:
    """End a computer of the seats at the own site (停用席位机)."""
    pk = chosen(request)
    return perform(request, lambda by: close_seat_computer(pk, by=by))
