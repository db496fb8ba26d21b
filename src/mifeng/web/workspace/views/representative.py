"""The purchaser authorises its representative on the committee (采购人授权函)."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.sittings.actions import authorise_representative
from mifeng.sittings.representing import representative_for
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.workspace.dossier import open_dossier
from mifeng.web.workspace.forms.representative import RepresentativeForm
from mifeng.web.workspace.frame import framed

PAGE = "workspace/representative.html"


@methods("GET", "POST")
@only("buyer")
def representative(request: Request, pk: UUID) -> HttpResponse:
    """Show whom the own purchaser has authorised, covered, and take another authorisation (授权采购人代表)."""
    by = acting_post(request)
    dossier = open_dossier(by, pk, request.now)
    form = RepresentativeForm(request.POST or None)
    context = framed(dossier, authorised=representative_for(by, dossier.tender))

    def act(actor: Actor) -> Written:
        return authorise_representative(pk, form.cleaned_data["name"], form.cleaned_data["number"], by=actor)

    if request.method == "POST":
        return submitted(request, form, act, PAGE, **context)
    return render(request, PAGE, {"form": form, **context})
