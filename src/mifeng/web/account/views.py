"""Pages of the account room: signing in and out, receipts, the inbox, scale and language."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from mifeng.kernel.actors import Actor
from mifeng.kernel.inbox import lines, mark_all_read, mark_read
from mifeng.kernel.ledger.proofs import receipt_of as proof_of
from mifeng.kernel.ledger.queries import entry_by_leaf
from mifeng.kernel.models import Entry
from mifeng.parties.actions import sign_in as check_sign_in
from mifeng.parties.queries import shares_organisation
from mifeng.rules.errors import Reason, Refusal, Unfair
from mifeng.web.account.facts import matter_of
from mifeng.web.account.forms import ReadForm, SignInForm
from mifeng.web.account.lines import inbox_lines
from mifeng.web.shell.context import SCALES
from mifeng.web.shell.errors import refused
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.perform import misshapen
from mifeng.web.shell.posts import ALL, SEAT, acting_post, home_of, methods, only
from mifeng.web.shell.receipts import number, receipt_of

SIGN_IN = "shell/sign_in.html"
YEAR = 365 * 24 * 3600
NOWHERE = "0.0.0.0"  # noqa: S104 - stands for an address the server did not tell; nothing listens on it


@methods("GET", "POST")
def sign_in(request: Request) -> HttpResponse:
    """Sign a person in by account and password (登录)."""
    if request.method == "POST":
        return _sign_in(request)
    if request.actor is not None:
        return redirect("account:home")
    return render(request, SIGN_IN, {"form": SignInForm(initial={"next": request.GET.get("next", "")})})


def _sign_in(request: Request) -> HttpResponse:
    form = SignInForm(request.POST)
    if not form.is_valid():
        return misshapen(request, form, SIGN_IN)
    given = form.cleaned_data
    try:
        post = check_sign_in(given["account"], given["password"], address=request.META.get("REMOTE_ADDR") or NOWHERE)
    except Refusal as refusal:
        return refused(request, refusal, SIGN_IN, form=form)
    # A key that was known before the sign-in must not be worth anything after it.
    request.session.clear()
    request.session.cycle_key()
    request.session["person"] = str(post.person_id)
    rotate_token(request)
    return _see(local(request, given["next"], "/account/home"))


@methods("POST")
def sign_out(request: Request) -> HttpResponse:
    """End the session (退出); nothing of it is left on the server."""
    request.session.flush()
    return _see("/")


@methods("GET")
@only(*ALL, SEAT)
def home(request: Request) -> HttpResponse:
    """Go to the room of one's post."""
    return redirect(home_of(acting_post(request)))


@methods("POST")
def scale(request: Request) -> HttpResponse:
    """Keep the size of type (标准, 大字) and go back."""
    chosen = request.POST.get("scale", "")
    if chosen not in SCALES:
        raise Unfair(Reason("malformed", {"field": "scale"}))
    response = _see(local(request, request.POST.get("next", "")))
    response.set_cookie("scale", chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.ENV.secure)
    return response


@methods("POST")
def language(request: Request) -> HttpResponse:
    """Keep the language and go back."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Unfair(Reason("malformed", {"field": "language"}))
    response = _see(local(request, request.POST.get("next", "")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.ENV.secure
    )
    return response


@methods("GET", "POST")
@only(*ALL)
def inbox(request: Request) -> HttpResponse:
    """Show the inbox of one's post (收件箱), or mark lines of it read."""
    by = acting_post(request)
    if request.method == "POST":
        return _mark_read(request, by)
    found = page(request, lines(by), ("-at", "pk"))
    context = {"page": found, "lines": inbox_lines(by, found.rows)}
    return render(request, "account/inbox.html", context)


def _mark_read(request: Request, by: Actor) -> HttpResponse:
    form = ReadForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {}
    if given.get("message"):
        mark_read(by, str(given["message"]))
    elif given.get("seen_at"):
        mark_all_read(by, given["seen_at"])
    else:
        raise Unfair(Reason("malformed", {"field": "message"}))
    return _see(request.get_full_path())


@methods("GET")
@only(*ALL, SEAT)
def receipt(request: Request, leaf: str) -> HttpResponse:
    """Show the receipt of an act of one's own post or organisation (回执)."""
    by = acting_post(request)
    entry = _own_entry(by, leaf)
    matter = matter_of(by, entry)
    context = {"receipt": receipt_of(entry, matter.facts), "back_url": matter.url}
    return render(request, "shell/receipt.html", context)


@methods("GET")
@only(*ALL, SEAT)
def receipt_proof(request: Request, leaf: str) -> HttpResponse:
    """Hand out a receipt as a file that can be checked without the platform (证明文件)."""
    entry = _own_entry(acting_post(request), leaf)
    text = proof_of(entry.pk)
    if text is None:
        raise Http404
    disposition = f'attachment; filename="{number(leaf)}.proof"'
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition})


def _own_entry(by: Actor, leaf: str) -> Entry:
    entry = entry_by_leaf(leaf)
    if entry is None or not _is_own(by, entry.actor_handle):
        raise Http404
    return entry


def _is_own(by: Actor, handle: str) -> bool:
    return handle == by.handle if by.seat else shares_organisation(by, handle)


def local(request: Request, address: str, otherwise: str = "/") -> str:
    """Return an address of this platform to go to, never one of another."""
    fits = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if fits else otherwise


def _see(address: str) -> HttpResponse:
    response = redirect(address)
    response.status_code = 303
    return response
