"""The draws of a project on a page (抽取进度): one for each site, in numbers and seats without a name."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from mifeng.sittings.queries import SiteStanding, draw_public
from mifeng.tenders.models import Lot
from mifeng.web.shell import words
from mifeng.web.workspace.dossier import Dossier

# Draws that wait for the agency.
STUCK = frozenset({"small", "aborted", "exhausted"})


@dataclass(frozen=True, slots=True)
class SeatCard:
    """One seat of a draw (席位): taken, asked for, or open; never whose."""

    number: int
    look: str
    word: str
    says: str
    more: str


@dataclass(frozen=True, slots=True)
class Contributor:
    """One body whose contribution makes the seed (种子贡献方), and whether it has given it."""

    organisation: str
    given: bool
    silent: bool


@dataclass(frozen=True, slots=True)
class DrawView:
    """The draw of one site as its agency sees it (场地抽取)."""

    standing: SiteStanding
    site: str
    role: str
    handle: str
    root: str
    seed: str
    contributors: tuple[Contributor, ...]
    seats: tuple[SeatCard, ...]
    ended: str
    used: int

    @property
    def pool(self) -> int:
        """Return how many persons of the class the list holds, those that may not be drawn included."""
        return self.standing.eligible + self.standing.excluded


def draw_views(draws: Sequence[SiteStanding], dossier: Dossier) -> list[DrawView]:
    """Return the draws of a project, host first, each with a card for every seat."""
    handles = {UUID(row["site"]): row["handle"] for row in dossier.tender.draw_handles}
    public = {draw.handle: draw for draw in draw_public(dossier.tender)}
    requests = {ask.request.site_id: ask.request for ask in dossier.asks}
    named = _organisations(dossier.row.lots)
    found = []
    for one in draws:
        request = requests.get(one.site) if one.site else None
        handle = handles.get(one.site, "") if one.site else ""
        known = public.get(handle)
        ended = [
            _("%(word)s%(number)d人") % {"word": words.state(word), "number": number}
            for word, number in one.ended.items()
        ]
        found.append(
            DrawView(
                standing=one,
                site=request.site.name if request else "",
                role=request.role if request else "",
                handle=handle,
                root=known.root if known else "",
                seed=known.seed if known else "",
                contributors=tuple(_contributors(one, named)),
                seats=tuple(_seats(one)),
                ended="，".join(ended),
                used=sum(one.ended.values()),
            )
        )
    return found


def is_small(draws: Sequence[SiteStanding]) -> bool:
    """Tell whether a draw waits for its agency to ask for a wider class."""
    return any(one.state == "small" for one in draws)


def is_stuck(draws: Sequence[SiteStanding]) -> bool:
    """Tell whether a draw will not go on by itself."""
    return any(one.state in STUCK for one in draws)


def is_complete(draws: Sequence[SiteStanding]) -> bool:
    """Tell whether every roster is sealed."""
    return bool(draws) and all(one.state == "rostered" for one in draws)


def _contributors(standing: SiteStanding, named: Mapping[str, str]) -> Iterable[Contributor]:
    known = [*standing.contributed, *standing.awaited, *standing.silent]
    for name in [*(name for name in named if name in known), *(name for name in known if name not in named)]:
        yield Contributor(named.get(name, name), name in standing.contributed, name in standing.silent)


def _organisations(lots: Sequence[Lot]) -> dict[str, str]:
    """Return name → organisation of the contributors, in the order of the sealing policy, which is public."""
    policy = json.loads(lots[0].policy) if lots and lots[0].policy else {}
    return {one["name"]: one["organisation"] for one in policy.get("contributors", ())}


def _seats(standing: SiteStanding) -> Iterable[SeatCard]:
    for number in range(1, standing.seats + 1):
        if number <= standing.filled:
            yield SeatCard(number, "done", _("已接受"), _("已抽中"), _("身份弥封，签到时才揭开"))
        elif number <= standing.filled + standing.pending:
            yield SeatCard(number, "go", _("待答复"), _("已抽中"), _("身份弥封，等本人答复"))
        else:
            yield SeatCard(number, "none", _("空缺"), _("空缺"), _("按同一次序递补，不重抽"))
