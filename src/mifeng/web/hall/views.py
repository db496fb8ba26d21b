"""Pages of the hall: the openings, one of them as it happens, its record.

Whoever takes part sees the same page, and nothing on it depends on which supplier looks: that is how a bidder can be in
the hall without telling the platform which bid is its own. Once an opening is over, its page belongs to the public
record.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.bidding.actions import confirm_key
from mifeng.bidding.queries import hall, opening_record, opening_states
from mifeng.kernel import reads
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.queries import entry_by_leaf, standing
from mifeng.rules.errors import NotEntitled, Reason, Refusal, WrongMoment
from mifeng.tenders.models import Lot, Tender
from mifeng.tenders.queries import published, tenders_for, with_lots
from mifeng.web.hall.forms import KeyForm
from mifeng.web.hall.scene import Scene, scene, step_look, step_of, step_title
from mifeng.web.shell.errors import NOBODY
from mifeng.web.shell.forms import show_refusal
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.perform import misshapen
from mifeng.web.shell.posts import acting_post, methods, only, to_sign_in
from mifeng.web.shell.receipts import number

INDEX, SHOW, RECORD = "hall/index.html", "hall/show.html", "hall/record.html"
PARTIES = ("agency", "buyer", "host", "supervisor", "bidder")
ORDER = ("-issued_on", "-entered_at", "id")


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """One opening in the list (开标行)."""

    tender: Tender
    lot: Lot
    look: str
    word: str


@methods("GET")
@only(*PARTIES)
def index(request: Request) -> HttpResponse:
    """List the openings that a post may see: of its own projects, and for a supplier all of the public record."""
    by = acting_post(request)
    rows = published() if by.role == "bidder" else tenders_for(by).filter(issued_on__isnull=False)
    found = page(request, rows.order_by(*ORDER), ORDER)
    listed = [(row.tender, lot) for row in with_lots(found.rows) for lot in row.lots]
    states = opening_states([lot.pk for _tender, lot in listed])
    openings = [_row(tender, lot, states.get(lot.pk, "")) for tender, lot in listed]
    return render(request, INDEX, {"page": found, "openings": openings})


@methods("GET", "POST")
def show(request: Request, lot: UUID) -> HttpResponse:
    """Show one opening as it stands (开标大厅), and take a bidder's key string (交密钥)."""
    seen = _seen(request, lot)
    if isinstance(seen, HttpResponse):
        return seen
    if request.method == "POST":
        return _take_key(request, seen)
    return render(request, SHOW, {"form": KeyForm(), **_context(request, seen)})


@methods("GET")
def record(request: Request, lot: UUID) -> HttpResponse:
    """Show the record of an opening that is over (开标记录), for paper as well; part of the public record."""
    seen = scene(opening_record(lot), request.now)
    entry = entry_by_leaf(seen.hall.leaf)
    context = {
        "scene": seen,
        "number": number(seen.hall.leaf) if entry else "",
        "standing": standing(entry.pk) if entry else None,
        "layout": "shell/work.html" if request.actor else "shell/public.html",
    }
    return render(request, RECORD, context)


def _row(tender: Tender, lot: Lot, state: str) -> OpeningRow:
    step = step_of(state, lot.state)
    return OpeningRow(tender, lot, step_look(step), step_title(step))


def _seen(request: Request, lot: UUID) -> Scene | HttpResponse:
    """Return the opening as this reader may see it, or the way to the sign-in page.

    Raises:
        NotEntitled: ``wrong-post``, for a post that takes no part, while the opening is not over.
        DoesNotExist: when this post may know of no such opening.
    """
    party = request.actor if request.actor and request.actor.role in PARTIES else None
    try:
        return scene(hall(party, lot), request.now)
    except ObjectDoesNotExist:
        if party is not None:
            raise
    if request.actor is None:
        return to_sign_in(request)
    raise NotEntitled(Reason("wrong-post", {"role": request.actor.role}, lifted_by=PARTIES))


def _context(request: Request, seen: Scene) -> dict[str, Any]:
    return {
        "scene": seen,
        "may_hand_in": request.actor is not None and request.actor.role == "bidder" and seen.step == "keying",
        "confirmed": request.GET.get("confirmed", ""),
        "topic": seen.topic if request.actor else "",
        "layout": "shell/work.html" if request.actor else "shell/public.html",
    }


def _take_key(request: Request, seen: Scene) -> HttpResponse:
    """Hand a key in for the bid it names.

    The bid acts for itself. The account that sent the form goes into no row, no entry and no note, so that up to the
    opening nothing kept here ties a supplier to an envelope.
    """
    if request.actor is None or request.actor.role != "bidder":
        raise NotEntitled(Reason("wrong-post", {"step": "confirm_key", "role": "public"}, lifted_by=("bidder",)))
    form = KeyForm(request.POST)
    context = _context(request, seen)
    if not form.is_valid():
        return misshapen(request, form, SHOW, **context)
    bid_ref, s_b = form.cleaned_data["key"]
    named = next((bid for bid in seen.bids if bid.bid_ref == bid_ref), None)
    if named is None:
        form.add_error("key", _("清单中没有这份投标。请核对是不是本包的开启串。"))
        return misshapen(request, form, SHOW, **context)
    try:
        entry = confirm_key(seen.hall.lot.pk, bid_ref, s_b).id
    except Repeated as repeated:
        entry = repeated.entry
    except Refusal as refusal:
        return _turned_down(request, form, refusal, {**context, "refused": named.position})
    response = redirect(f"{reverse('hall:show', args=[seen.hall.lot.pk])}?confirmed={named.position}")
    response.status_code = 303
    response["X-Receipt"] = str(entry)
    return response


def _turned_down(request: Request, form: KeyForm, refusal: Refusal, context: dict[str, Any]) -> HttpResponse:
    """Show the hall again with why the key was not taken; the note of a late one names nobody."""
    if isinstance(refusal, WrongMoment):
        reads.note("refused", NOBODY, request.path, codes=list(refusal.codes))
    show_refusal(form, refusal)
    response = render(request, SHOW, {"form": form, "refusal": refusal, **context}, status=refusal.status)
    response["X-Reason"] = " ".join(refusal.codes)
    return response
