"""The way in (入席): the seat's computer takes the code that the kiosk gave."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from mifeng.rules.errors import Refusal
from mifeng.web.desk.forms import EntryForm
from mifeng.web.shell.errors import refused
from mifeng.web.shell.forms import show_refusal
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import misshapen
from mifeng.web.shell.posts import methods
from mifeng.web.shell.seats import computer_here
from mifeng.web.shell.seats import enter as open_seat

ENTER = "desk/enter.html"


@methods("GET", "POST")
def enter(request: Request) -> HttpResponse:
    """Open a seat with its code; a script adds the public key of a pair that never leaves this computer."""
    if request.method != "POST":
        return redirect("desk:index") if request.actor and request.actor.seat else _form(request)
    form = EntryForm(request.POST)
    if not form.is_valid():
        return misshapen(request, form, ENTER, computer=computer_here(request))
    try:
        open_seat(request, form.cleaned_data["code"], key=form.cleaned_data["key"])
    except Refusal as refusal:
        show_refusal(form, refusal)
        return refused(request, refusal, ENTER, form=form, computer=computer_here(request))
    response = redirect("desk:index")
    response.status_code = 303
    return response


def _form(request: Request) -> HttpResponse:
    return render(request, ENTER, {"form": EntryForm(), "computer": computer_here(request)})
