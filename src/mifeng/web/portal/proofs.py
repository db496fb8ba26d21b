"""Pages by which anybody checks the platform (核验): the signed tree root, the public keys, the place of an entry."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from mifeng.kernel.ledger.proofs import note_of
from mifeng.kernel.ledger.queries import Standing, head, standing
from mifeng.web.portal.forms import LookUpForm
from mifeng.web.portal.versions import Version, validated
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import methods
from mifeng.web.shell.receipts import looked_up, number

TEXT = "text/plain; charset=utf-8"
KEYS = (("log", "keys", "log.vkey"), ("witness", "witness", "witness.vkey"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a leaf (核验结果): its place and who has signed above it, never what it was about."""

    leaf: str
    number: str
    standing: Standing

    @property
    def state(self) -> str:
        """Return ``witnessed``, ``placed`` or ``received``."""
        if self.standing.witnesses:
            return "witnessed"
        return "received" if self.standing.index is None else "placed"


@methods("GET")
def verify(request: Request) -> HttpResponse:
    """Show how the platform is checked, and look an entry up by its leaf or by the number of its receipt."""
    form = LookUpForm(request.GET if request.GET.get("leaf") else None)
    asked = form.cleaned_data["leaf"] if form.is_bound and form.is_valid() else ""
    entry = looked_up(asked) if asked else None
    context = {
        "form": form,
        "asked": asked,
        "verdict": _verdict(bytes(entry.leaf).hex(), entry.pk) if entry else None,
        "keys": _keys(),
        "note": _note(),
    }
    return render(request, "portal/verify.html", context, status=422 if form.is_bound and form.errors else 200)


@methods("GET")
def checkpoint(request: Request) -> HttpResponseBase:
    """Give the latest witnessed checkpoint as a signed note (签名树根), for programs."""
    latest = head()
    if latest is None:
        return HttpResponse("no witnessed checkpoint yet\n", status=404, content_type=TEXT)
    text = note_of(latest.size)
    version = Version(hashlib.sha256(text.encode()).hexdigest(), latest.at, "no-cache")
    return validated(request, version, lambda: HttpResponse(text, content_type=TEXT))


def _verdict(leaf: str, entry_id: int) -> Verdict:
    return Verdict(leaf, number(leaf), standing(entry_id))


def _note() -> str:
    latest = head()
    return note_of(latest.size) if latest else ""


def _keys() -> list[dict[str, str]]:
    """Return the public keys that this installation hands out; an outside witness publishes its own."""
    folder = Path(settings.ENV.data)
    found = [(kind, folder.joinpath(*path)) for kind, *path in KEYS]
    return [{"kind": kind, "text": path.read_text().strip()} for kind, path in found if path.is_file()]
