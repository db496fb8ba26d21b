"""The evidence of a project for everybody (证据包): the file, and how anybody checks it without the platform."""

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.oversight.bundle import Evidence, NotReady, TooEarly, evidence
from mifeng.programs.verify.bundle.texts import OUTCOMES, STAGES
from mifeng.tenders.models import Tender
from mifeng.tenders.record import public_tender
from mifeng.web.portal.versions import Version, validated
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import methods

MEDIA = "application/vnd.mifeng.evb"
RETRY_SECONDS = 5


@methods("GET")
def file(request: Request, tender: str) -> HttpResponseBase:
    """Hand out the public bundle of a project whose bids are open; before that there is none."""
    found = public_tender(tender)
    try:
        made = _evidence(found)
    except NotReady:
        return HttpResponse(
            _("有条目待见证，请稍后再取。"), status=503, content_type="text/plain; charset=utf-8",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )  # fmt: skip
    version = Version(made.sha256, made.at, "no-cache")
    name = f"{found.number}.evb"
    return validated(
        request,
        version,
        lambda: FileResponse(made.path.open("rb"), as_attachment=True, filename=name, content_type=MEDIA),
    )


@methods("GET")
def page(request: Request, tender: str) -> HttpResponse:
    """Show what the bundle of a project proves, what the platform's own check of it says, and how to check it."""
    found = public_tender(tender)
    try:
        made = _evidence(found)
    except NotReady:
        return render(request, "portal/evidence.html", {"tender": found, "made": None})
    checks = [{**one, "word": OUTCOMES[one["outcome"]]} for one in made.result["checks"]]
    context = {
        "tender": found,
        "made": made,
        "checks": checks,
        "passed": sum(one["outcome"] == "pass" for one in checks),
        "failed": [one for one in checks if one["outcome"] == "fail"],
        "withheld": sum(one["outcome"] == "withheld" for one in checks),
        "demo": "demo" in made.result["unchecked"],
        "stage": STAGES[made.result["bundle"]["stage"]],
        "announced": made.result["bundle"]["stage"] == "announced",
    }
    return render(request, "portal/evidence.html", context)


def _evidence(tender: Tender) -> Evidence:
    """Return the public bundle; a project without one does not exist here."""
    try:
        return evidence(tender)
    except TooEarly as error:
        raise Tender.DoesNotExist from error
