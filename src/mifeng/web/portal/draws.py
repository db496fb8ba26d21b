"""The public page of a project's draws (抽取公开): numbers and hashes before any name, and how anybody checks them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mifeng.sittings.queries import PublicDraw, draw_public
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import with_lots
from mifeng.tenders.record import public_tender
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import methods

FORMAT = "mifeng-draw-public/1"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Given:
    """One contribution to a seed (种子贡献): whose, and the proof that anybody can verify under its published key."""

    organisation: str
    proof: str


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One draw as the public sees it (抽取公开行)."""

    draw: PublicDraw
    given: tuple[Given, ...]
    pool_url: str
    seed_url: str

    @property
    def pool(self) -> int:
        """Return how many persons of the class the list holds, those that may not be drawn included."""
        return self.draw.eligible + self.draw.excluded


@methods("GET")
def draw(request: Request, tender: str) -> HttpResponse:
    """Show what everybody may know of the draws of a project (专家抽取)."""
    found = public_tender(tender)
    draws = draw_public(found)
    named = _organisations(found)
    rows = [_row(one, named) for one in draws]
    context = {"tender": found, "rows": rows, "handles": _handles(found), "contributors": list(named.values())}
    return render(request, "portal/draw.html", context)


@methods("GET")
def draw_file(request: Request, tender: str) -> HttpResponse:
    """Hand the same facts out as a file, for programs (抽取公开文件)."""
    found = public_tender(tender)
    content = {
        "format": FORMAT,
        "tender": found.number,
        "policy_hash": _policy_hash(found),
        "handles": _handles(found),
        "draws": [asdict(one) for one in draw_public(found)],
    }
    name = f"{found.number}-draw.json"
    return HttpResponse(
        json.dumps(content, ensure_ascii=False, indent=1),
        content_type=JSON,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _row(one: PublicDraw, named: dict[str, str]) -> DrawnRow:
    return DrawnRow(
        draw=one,
        given=tuple(Given(named.get(name, name), proof) for name, proof in one.contributions),
        pool_url=_verify(one.pool_leaf),
        seed_url=_verify(one.seed_leaf),
    )


def _verify(leaf: str) -> str:
    return f"{reverse('portal:verify')}?leaf={leaf}" if leaf else ""


def _handles(tender: Tender) -> Sequence[str]:
    """Return the handles that the notice lists, in its order; which site each is for stays unsaid."""
    return sorted(row["handle"] for row in tender.draw_handles)


def _organisations(tender: Tender) -> dict[str, str]:
    """Return name → organisation of those who contribute, in the order of the sealing policy."""
    [row] = with_lots([tender])
    policy = json.loads(row.lots[0].policy or "{}")
    return {one["name"]: one["organisation"] for one in policy.get("contributors", ())}


def _policy_hash(tender: Tender) -> str:
    [row] = with_lots([tender])
    return row.lots[0].policy_hash
