"""Reads about panels and draws (评审委员会查询): numbers for those who take part, hashes for everybody, no names."""

from collections.abc import Sequence
from dataclasses import dataclass

from mifeng.experts import queries as experts
from mifeng.experts.queries import PublicDraw, Standing
from mifeng.kernel.actors import Actor
from mifeng.sittings.models import Panel, PanelSite
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import tenders_for
from mifeng.venues.queries import site

# Posts that may know which site stands behind which numbers; the host learns its own session's seats in total.
BY_SITE = ("agency", "supervisor")


@dataclass(frozen=True, slots=True)
class SiteDraw:
    """One site's draw as a page of those who take part shows it (场地抽取进度).

    Args:
        site: name of the site; empty for posts that may not know which site it is.
        buyer_seats: seats of the purchaser's representative there.
        standing: the draw in numbers.
        excluded: how many were kept out for each reason; for the supervisor, else empty.
    """

    site: str
    buyer_seats: int
    standing: Standing
    excluded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Draws:
    """The panel of a project with its draws (评审委员会进度)."""

    panel: Panel
    sites: tuple[SiteDraw, ...]

    @property
    def seats(self) -> int:
        """Return the expert seats of all sites."""
        return sum(one.standing.seats for one in self.sites)

    @property
    def filled(self) -> int:
        """Return how many of them are taken."""
        return sum(one.standing.filled for one in self.sites)


def draws_for(by: Actor, tender: Tender) -> Draws | None:
    """Return the panel of a project in numbers, to posts that take part in it; None before it is asked for."""
    panel = Panel.objects.filter(tender__in=tenders_for(by).filter(pk=tender.pk)).first()
    if panel is None:
        return None
    rows = {row.draw_id: row for row in PanelSite.objects.filter(panel=panel)}
    named = by.role in BY_SITE
    found = [
        SiteDraw(
            site=site(one.site).name if named else "",
            buyer_seats=rows[one.draw].buyer_seats,
            standing=one,
            excluded=experts.exclusions(one.draw) if by.role == "supervisor" else {},
        )
        for one in experts.standings(rows)
    ]
    return Draws(panel, tuple(sorted(found, key=lambda one: (-one.buyer_seats, one.site))))


def draw_public(tender: Tender) -> Sequence[PublicDraw]:
    """Return what everybody may know of a project's draws, by handle; empty before the panel is asked for."""
    return experts.published(PanelSite.objects.filter(panel__tender=tender).values_list("draw", flat=True))
