"""Entry of a project (进场登记)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from mifeng.kernel.law import rulebook_on
from mifeng.parties.queries import purchasers, supervisors
from mifeng.rules.calendar import legal_date
from mifeng.tenders.actions import enter_tender
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.forms import EntryForm
from mifeng.web.workspace.forms.entry import FIRST_ROWS, MAX_ROWS, MORE_ROWS

TEMPLATE = "workspace/new.html"


@methods("GET", "POST")
@only("agency")
def new(request: Request) -> HttpResponse:
    """Enter a project (进场登记). ``more`` adds lines for packages, ``check`` shows amounts in capitals: no act yet."""
    choices = _choices(request)
    if request.method != "POST":
        return render(request, TEMPLATE, {"form": EntryForm(**choices)})
    rows = _rows(request.POST.get("lots", ""))
    if "more" in request.POST:
        form = EntryForm.unfinished(request.POST, rows=min(rows + MORE_ROWS, MAX_ROWS), **choices)
        return render(request, TEMPLATE, {"form": form, "added": True})
    form = EntryForm(request.POST, rows=rows, **choices)
    if "check" in request.POST and form.is_valid():
        return render(request, TEMPLATE, {"form": form, "checked": True})
    return submitted(request, form, lambda by: enter_tender(form.entry(), by=by), TEMPLATE)


def _choices(request: Request) -> dict[str, Any]:
    by = acting_post(request)
    rulebook = rulebook_on(by.region, "procurement", legal_date(request.now))
    return {
        "purchasers": purchasers(by),
        "supervisors": supervisors(),
        "traits": rulebook.words("remote_unsuitable"),
    }


def _rows(text: str) -> int:
    """Return how many lines for packages the page had; a text that is no number is the first page's."""
    return min(max(int(text), 1), MAX_ROWS) if text.isdecimal() and len(text) < 4 else FIRST_ROWS
