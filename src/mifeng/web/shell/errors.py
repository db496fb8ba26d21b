"""Pages for what did not happen (未办理): refused, not there, not understood, failed."""

import logging
import secrets
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.template.loader import render_to_string

from mifeng.kernel import reads
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import NotEntitled, Reason, Refusal, Unfair, WrongMoment

log = logging.getLogger(__name__)
NOBODY = Actor(role="public", handle="public")
OVERSIZED = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def refused(
    request: HttpRequest, refusal: Refusal, template: str = "shell/refusal.html", **context: Any
) -> HttpResponse:
    """Answer a refusal: every reason with its clause, until when, and who can lift it.

    Refusals of time and of entitlement are kept for the minute's digest: they are themselves facts of the procedure.
    """
    if isinstance(refusal, WrongMoment | NotEntitled):
        actor = getattr(request, "actor", None) or NOBODY
        reads.note("refused", actor, request.path, codes=list(refusal.codes))
    response = render(request, template, {"refusal": refusal, **context}, status=refusal.status)
    response["X-Reason"] = " ".join(refusal.codes)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer that there is nothing here for this post; whether it exists is itself a fact."""
    return render(request, "shell/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a failure with a number that stands in the log as well."""
    reference = secrets.token_hex(4).upper()
    log.error("page failed, reference %s, path %s", reference, request.path)
    # Rendered without the request: what every page shows may be the very thing that failed.
    return HttpResponse(render_to_string("shell/500.html", {"reference": reference}), status=500)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a form that was not read to its end: refused with its reason; anything stranger gets a bare page."""
    if isinstance(exception, OVERSIZED):
        return refused(request, Unfair(Reason("too-large")))
    if isinstance(exception, MultiPartParserError):
        return refused(request, Unfair(Reason("malformed")))
    # Rendered without the request: a host that is not ours cannot even be asked for.
    return HttpResponse(render_to_string("400.html"), status=400)


def unread(status: int, reason: Reason) -> bytes:
    """Return the page for a body that was never handed to a view: its reason, without anything about the reader."""
    return render_to_string("shell/unread.html", {"status": status, "reasons": [reason]}).encode()


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not fit: usually a page that was left open too long."""
    return refused(request, Unfair(Reason("malformed", {"field": "csrf"})))
