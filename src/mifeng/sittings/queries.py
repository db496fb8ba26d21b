"""Reads about panels and draws (评审委员会查询): numbers for those who take part, hashes for everybody, no names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from mifeng.experts import queries as experts
from mifeng.experts.queries import PublicDraw
from mifeng.experts.queries import Standing as SiteStanding
from mifeng.kernel.acting import subject_of
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.expert import check_class
from mifeng.rules.sitting import WIDEST
from mifeng.sittings.guards import check_first, check_listed, check_published, check_session
from mifeng.sittings.models import Panel, PanelSite
from mifeng.sittings.seating import (
    BY_SITE,
    CommitteeName,
    Reopened,
    SeatedMember,
    Seating,
    SiteArrivals,
    arrivals,
    committee_names,
    reopened,
    seated,
    seats_entered,
)
from mifeng.tenders.actions.guards import check_own
from mifeng.tenders.models import Lot, Tender
from mifeng.tenders.queries import tenders_for
from mifeng.venues.queries import asks_of, session_of

__all__ = [
    "BY_SITE",
    "CommitteeName",
    "PublicDraw",
    "Reopened",
    "SeatedMember",
    "Seating",
    "SiteArrivals",
    "SiteStanding",
    "arrivals",
    "committee_names",
    "draw_obstacles",
    "draw_public",
    "draws_for",
    "panel_for",
    "reopened",
    "seated",
    "seats_entered",
]


def panel_for(by: Actor, tender: Tender) -> Panel | None:
    """Return the panel of a project to posts that take part in it; None before it is asked for."""
    return Panel.objects.filter(tender__in=tenders_for(by).filter(pk=tender.pk)).first()


def draws_for(by: Actor, tender: Tender) -> tuple[SiteStanding, ...]:
    """Return the draws of a project in numbers, to posts that take part in it; empty before they are asked for.

    Agency and supervisor learn which site each is for, the supervisor also how many each reason kept out.
    """
    panel = panel_for(by, tender)
    if panel is None:
        return ()
    buyers = dict(PanelSite.objects.filter(panel=panel).values_list("draw", "buyer_seats"))
    found = sorted(experts.standings(buyers), key=lambda one: -buyers[one.draw])
    if by.role == "supervisor":
        return tuple(found)
    return tuple(replace(one, reasons={}, site=one.site if by.role in BY_SITE else None) for one in found)


def draw_obstacles(by: Actor, tender: Tender, at: datetime, *, speciality: str = "") -> list[Reason]:
    """Return everything that stands in the way of drawing the experts of a project now (抽取条件)."""
    session = session_of(subject_of(tender))
    asks = [ask for ask in asks_of(session) if ask.request.expert_seats] if session else []
    return [
        *_reasons(lambda: check_own(tender, by, role="agency")),
        *_reasons(lambda: check_first(tender)),
        *_reasons(lambda: check_published(Lot.objects.filter(tender=tender))),
        *_reasons(lambda: check_session(session, at)),
        *(_reasons(lambda: check_listed(tender, asks)) if tender.draw_handles else ()),
        *_reasons(lambda: check_class(speciality or WIDEST.get(tender.category, ""))),
    ]


def draw_public(tender: Tender) -> Sequence[PublicDraw]:
    """Return what everybody may know of a project's draws, by handle; empty before the panel is asked for."""
    return experts.published(PanelSite.objects.filter(panel__tender=tender).values_list("draw", flat=True))


def _reasons(check: Callable[[], object]) -> tuple[Reason, ...]:
    try:
        check()
    except Refusal as refusal:
        return refusal.reasons
    return ()
