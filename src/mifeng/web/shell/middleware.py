"""What every request passes through (请求通道): content policy, the actor, refusals turned into pages."""

from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse

from mifeng.kernel import clock
from mifeng.parties.queries import actor_of
from mifeng.rules.errors import Refusal
from mifeng.web.shell.errors import not_found, refused
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import check_room
from mifeng.web.shell.seats import COMPUTER_COOKIE, seated

Handler = Callable[[Request], HttpResponse]
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"


class ContentPolicy:
    """Allow nothing but the platform's own files: no inline script or style, no other origin."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: Request) -> HttpResponse:
        response = self.handler(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if getattr(request, "actor", None) is not None:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Acting:
    """Fix the actor and the time of the request, once; keep a seat's session to the desk."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: Request) -> HttpResponse:
        request.now = clock.now()
        request.actor, request.post = None, None
        person, seat = request.session.get("person"), request.session.get("seat")
        if seat:
            request.actor = seated(request.session, request.COOKIES.get(COMPUTER_COOKIE, ""))
        elif person:
            request.actor, request.post = actor_of(person) or (None, None)
        if (seat or person) and request.actor is None:
            request.session.flush()
        return self.handler(request)

    def process_view(self, request: Request, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Answer a seat that enters another room before that room is asked anything."""
        match = request.resolver_match
        try:
            check_room(request, match.view_name if match else "")
        except Refusal as refusal:
            return refused(request, refusal)
        return None


class Refusals:
    """Turn a refusal into a page that says every reason, and what may not be seen into a page that says nothing."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: Request) -> HttpResponse:
        return self.handler(request)

    def process_exception(self, request: Request, error: Exception) -> HttpResponse | None:
        """Map what a view raised; anything unknown stays an error."""
        if isinstance(error, Refusal):
            return refused(request, error)
        if isinstance(error, ObjectDoesNotExist | Http404):
            return not_found(request)
        return None
