"""Pages of the library's keeper: experts without their names, one of them, the draws as counts.

Nothing here shows who anybody is, until the keeper asks for one person and says why; that leaves a note for the
minute's digest, and the answer is never kept by a browser. Which draw a person stands in is shown to nobody.
"""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.experts.actions import add_expert, restore_expert, suspend_expert
from mifeng.experts.models import Expert
from mifeng.experts.queries import Standing, draw_counts, expert_for, experts, narrowed, personal_for
from mifeng.kernel import reads
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.ledger.queries import history
from mifeng.web.library.forms import ExpertForm, FilterForm, ReadForm, RestoreForm, SuspendForm
from mifeng.web.library.words import TIERS
from mifeng.web.shell.acts import feed
from mifeng.web.shell.forms import shape_codes
from mifeng.web.shell.http import Request
from mifeng.web.shell.paging import page
from mifeng.web.shell.perform import submitted
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.regions import region_title

INDEX, NEW, SHOW, DRAWS = "library/index.html", "library/new.html", "library/expert.html", "library/draws.html"
ORDER = ("-enrolled_at", "id")
SHORT = 8
EXPERT_ACTS = ("add_experts", "suspend_expert", "restore_expert")


@dataclass(frozen=True, slots=True)
class ExpertRow:
    """One expert in the list (专家行), without anything personal."""

    expert: Expert
    handle: str
    url: str
    region: str
    tier: str


@dataclass(frozen=True, slots=True)
class DrawCount:
    """One draw under way (抽取行): the number under which the library was asked, and counts."""

    request: str
    standing: Standing
    vacant: int


@methods("GET")
@only("librarian")
def index(request: Request) -> HttpResponse:
    """List the experts by class, library and state (专家库); names are neither shown nor searched."""
    by = acting_post(request)
    form = FilterForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = narrowed(
        experts(by),
        speciality=given.get("speciality", "").strip().upper(),
        tier=given.get("tier", ""),
        state=given.get("state", ""),
    )
    found = page(request, rows.order_by(*ORDER), ORDER)
    context = {
        "page": found,
        "rows": [_row(expert) for expert in found.rows],
        "filters": any(given.values()),
        "given": given,
        "tiers": TIERS,
    }
    return render(request, INDEX, context, status=200 if form.is_valid() else 422)


@methods("GET", "POST")
@only("librarian")
def new(request: Request) -> HttpResponse:
    """Enter one person into the library (专家入库)."""
    if request.method != "POST":
        return render(request, NEW, {"form": ExpertForm()})
    form = ExpertForm(request.POST)
    return submitted(request, form, lambda by: add_expert(form.expert(), by=by), NEW)


@methods("GET", "POST")
@only("librarian")
def show(request: Request, expert: UUID) -> HttpResponse:
    """Show one expert without personal data; suspend or restore the person (停止、恢复抽取)."""
    found = expert_for(acting_post(request), expert)
    if request.method != "POST":
        return render(request, SHOW, _context(found))
    context = _context(found)
    if "restore" in request.POST:
        return submitted(request, RestoreForm(request.POST), lambda by: restore_expert(expert, by=by), SHOW, **context)
    form = SuspendForm(request.POST)

    def act(by: Actor) -> Written:
        return suspend_expert(expert, reason=form.cleaned_data["reason"], by=by)

    return submitted(request, form, act, SHOW, **{**context, "suspend_form": form})


@methods("POST")
@only("librarian")
def personal(request: Request, expert: UUID) -> HttpResponse:
    """Show who one expert is, for a reason that is kept (查看个人信息)."""
    by = acting_post(request)
    found = expert_for(by, expert)
    form = ReadForm(request.POST)
    context = _context(found)
    if not form.is_valid():
        answer = render(request, SHOW, {**context, "read_form": form}, status=422)
        answer["X-Reason"] = shape_codes(form)
        return answer
    known = personal_for(by, expert)
    # Noted before it is shown: a look that could not be noted does not happen.
    reads.note("unmasked", by, f"experts.expert:{expert}", reason=form.cleaned_data["reason"])
    return render(request, SHOW, {**context, "personal": known})


@methods("GET")
@only("librarian")
def draws(request: Request) -> HttpResponse:
    """Show the draws under way as counts (抽取进度): which person stands in which is nobody's to see."""
    return render(request, DRAWS, {"draws": [_count(one) for one in draw_counts(acting_post(request))]})


def _count(standing: Standing) -> DrawCount:
    return DrawCount(
        request=str(standing.draw)[:SHORT].upper(),
        standing=standing,
        vacant=standing.seats - standing.filled - standing.pending,
    )


def _row(expert: Expert) -> ExpertRow:
    return ExpertRow(
        expert=expert,
        handle=str(expert.pk)[:SHORT].upper(),
        url=reverse("library:expert", args=[expert.pk]),
        region=region_title(expert.region),
        tier=str(dict(TIERS)[expert.tier]),
    )


def _context(expert: Expert) -> dict[str, object]:
    return {
        "row": _row(expert),
        "suspend_form": SuspendForm(),
        "read_form": ReadForm(),
        "entries": feed(history([f"experts.expert:{expert.pk}"], types=EXPERT_ACTS)),
    }
