"""What every page shows (页面框架): the centre, the time, the ledger line, the post of the reader."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from mifeng.kernel.instance import centre_name
from mifeng.kernel.ledger.queries import head
from mifeng.web.shell.navigation import navigation
from mifeng.web.shell.perform import new_key
from mifeng.web.shell.seats import seat_title

SCALES = ("standard", "large")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the base templates need; few queries, for the ledger line and the inbox."""
    actor = getattr(request, "actor", None)
    scale = request.COOKIES.get("scale", "")
    return {
        "actor": actor,
        "post": getattr(request, "post", None),
        "seat_place": seat_title(actor) if actor and actor.seat else "",
        "now": getattr(request, "now", None),
        "scale": scale if scale in SCALES else "standard",
        "nav": navigation(request),
        "back_url": reverse("account:home" if actor else "portal:index"),
        "head": head(),
        "centre": centre_name(),
        "test_mode": settings.TEST_MODE,
        "form_key": new_key(),
    }
