"""An invited expert's own page (专家答复): when, where, which seat, yes or no. Whoever holds the link needs no account.

Looking changes nothing, however often a link is opened and by whatever program; an answer is a form. A link that was
used, has run out or never existed is answered in one way, so that nobody can find out by trying. The page names no
project, no purchaser and no bidder: nothing here knows them.
"""

from django.http import HttpResponse
from django.shortcuts import render

from mifeng.experts.actions import answer_invitation
from mifeng.experts.queries import Invited, invitation
from mifeng.rules.errors import Refusal
from mifeng.web.library.forms import ACCEPT, AnswerForm
from mifeng.web.shell.http import Request
from mifeng.web.shell.perform import misshapen
from mifeng.web.shell.posts import methods

LETTER, OVER = "library/letter.html", "library/letter_over.html"


@methods("GET", "POST")
def answer(request: Request, token: str) -> HttpResponse:
    """Show an invitation (邀请), and take the answer to it."""
    found = invitation(token)
    if found is None:
        return _private(render(request, OVER, status=404))
    if request.method != "POST":
        return _private(render(request, LETTER, {"invited": found, "form": AnswerForm()}))
    return _private(_answered(request, token, found))


def _answered(request: Request, token: str, found: Invited) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return misshapen(request, form, LETTER, invited=found)
    given = form.cleaned_data
    accepted = given["answer"] == ACCEPT
    try:
        answer_invitation(token, accept=accepted, reason="" if accepted else given["reason"], by=found.actor)
    except Refusal:
        # Answered from elsewhere or out of time between the look and the answer: the one page for all of that. Its
        # reasons are not noted, since the address of this page is the secret itself.
        return render(request, OVER, status=404)
    return render(request, LETTER, {"invited": found, "answered": given["answer"]})


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of every store and out of every index."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
