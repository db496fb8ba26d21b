"""From a form to an act and back (提交办理).

A form carries a fresh key; the act is done once however often the form is sent. What was refused comes back with the
form as it was typed and every reason above it; what was done answers with a redirect to its receipt, held by the ASGI
root until the receipt can be proven.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render

from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.ledger.queries import leaf_of
from mifeng.rules.errors import NotEntitled, Reason, Refusal, Unfair
from mifeng.web.shell.errors import refused
from mifeng.web.shell.forms import shape_codes, show_refusal
from mifeng.web.shell.http import Request

KEY_FIELD = "_key"
UNHASHED = {"csrfmiddlewaretoken", KEY_FIELD}
MAX_KEY = 64


def new_key() -> str:
    """Return a fresh key for a form."""
    return secrets.token_urlsafe(18)


def keyed(request: Request) -> Actor:
    """Return the request's actor with the key and the fingerprint of what was sent.

    Raises:
        NotEntitled: ``wrong-post`` for the public.
        Unfair: ``malformed``, when the form carries no key or an overlong one.
    """
    if request.actor is None:
        raise NotEntitled(Reason("wrong-post", {"role": "public"}))
    key = request.POST.get(KEY_FIELD, "")
    if not key or len(key) > MAX_KEY:
        raise Unfair(Reason("malformed", {"field": KEY_FIELD}))
    digest = hashlib.sha256(request.path.encode())
    for name in sorted(set(request.POST) - UNHASHED):
        for value in request.POST.getlist(name):
            digest.update(f"{name}={len(value)}:{value};".encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            content = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            digest.update(f"{name}={file.name}:{content};".encode())
    return request.actor.with_key(key, digest.digest())


def perform(request: Request, act: Callable[[Actor], Written]) -> HttpResponse:
    """Carry out an act for a form and answer with the way to its receipt (回执)."""
    try:
        written = act(keyed(request))
        entry, leaf = written.id, written.leaf.hex()
    except Repeated as repeated:
        entry, leaf = repeated.entry, leaf_of(repeated.entry)
    response = redirect("account:receipt", leaf)
    response.status_code = 303
    response["X-Receipt"] = str(entry)
    return response


def misshapen(request: Request, form: Form, template: str, **context: Any) -> HttpResponse:
    """Answer a form that is wrong in shape: the form again, with everything typed still there."""
    response = render(request, template, {"form": form, **context}, status=422)
    response["X-Reason"] = shape_codes(form)
    return response


def submitted(
    request: Request, form: Form, act: Callable[[Actor], Written], template: str, **context: Any
) -> HttpResponse:
    """Answer a form that was sent: its receipt, or the form again with what is wrong with its shape or with the law."""
    if not form.is_valid():
        return misshapen(request, form, template, **context)
    try:
        return perform(request, act)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return refused(request, refusal, template, form=form, **context)
