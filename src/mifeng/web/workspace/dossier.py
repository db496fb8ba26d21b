"""Everything one page of a project shows (项目卷宗), read once, as the reader's post may know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mifeng.awards.queries import stages
from mifeng.bidding.queries import opening_states
from mifeng.evaluation.queries import templates_for
from mifeng.kernel.actors import Actor
from mifeng.rules.scoring import Template
from mifeng.sittings.queries import SiteStanding, draws_for
from mifeng.tenders.models import Document, Lot, Notice, Tender
from mifeng.tenders.queries import (
    Outlook,
    Row,
    asks_for,
    documents_for,
    notices,
    publication_outlook,
    seats_ready,
    tender_for,
    with_lots,
)
from mifeng.venues.queries import Ask

FAILED = ("refused", "lapsed", "displaced")
AFTER = ("concluded", "handed", "awarded", "announced", "restarted")  # what follows an evaluation, in order


@dataclass(frozen=True, slots=True)
class Dossier:
    """A project as one post sees it now (项目卷宗).

    Args:
        by: the reader.
        now: the time of the request.
        row: the project with its packages.
        documents: versions of the tender document, newest first.
        asks: what its session asks of the sites; empty for a post that may not know them.
        seats: seats confirmed and wanted; counts that every party may see.
        notices: published notices, newest first.
        outlook: what stands in the way of the notice; None once it is out.
        draws: the draws of its experts in numbers; none before they are asked for.
        opening: state of the opening of its first package; empty before the list of bids.
        templates: scoring templates by package; none for a package whose documents have none.
        stages: state of the award by package, of the evaluation before that; none before the review begins.
    """

    by: Actor
    now: datetime
    row: Row
    documents: tuple[Document, ...]
    asks: tuple[Ask, ...]
    seats: tuple[int, int]
    notices: tuple[Notice, ...]
    outlook: Outlook | None
    draws: tuple[SiteStanding, ...]
    opening: str
    templates: Mapping[UUID, Template]
    stages: Mapping[UUID, str]

    @property
    def tender(self) -> Tender:
        """Return the project."""
        return self.row.tender

    @property
    def state(self) -> str:
        """Return the state of the project."""
        return self.row.state

    @property
    def document(self) -> Document | None:
        """Return the current version of the tender document."""
        return self.documents[0] if self.documents else None

    @property
    def code_name(self) -> str:
        """Return the code name of the session, empty for those who may not know it."""
        return self.asks[0].code_name if self.asks else ""

    @property
    def session_starts_at(self) -> datetime | None:
        """Return when the session starts, None for those who may not know it."""
        return self.asks[0].starts_at if self.asks else None

    @property
    def stage(self) -> str:
        """Return how far the least advanced package is from its review to its result; empty before the review."""
        found = [self.stages.get(lot.pk, "") for lot in self.row.lots]
        going = [one for one in found if one not in ("void", "stopped")] or found
        return min(going, key=lambda one: AFTER.index(one) if one in AFTER else -1)

    @property
    def unscored(self) -> tuple[Lot, ...]:
        """Return the packages whose documents have no scoring template."""
        return tuple(lot for lot in self.row.lots if lot.pk not in self.templates)

    @property
    def failed(self) -> tuple[Ask, ...]:
        """Return the sites that refused, did not answer in time or lost their seats when the session moved."""
        return tuple(ask for ask in self.asks if ask.request.state in FAILED)

    @property
    def seats_fixed(self) -> bool:
        """Tell whether every seat is confirmed."""
        confirmed, wanted = self.seats
        return wanted > 0 and confirmed == wanted

    @property
    def is_agency(self) -> bool:
        """Tell whether the reader is the agency, to whom most acts belong."""
        return self.by.role == "agency"

    @property
    def is_buyer(self) -> bool:
        """Tell whether the reader is the purchaser."""
        return self.by.role == "buyer"


def open_dossier(by: Actor, pk: UUID, now: datetime) -> Dossier:
    """Return a project as a post sees it.

    Raises:
        DoesNotExist: when there is none that this post may know of.
    """
    tender = tender_for(by, pk)
    [row] = with_lots([tender])
    return Dossier(
        by=by,
        now=now,
        row=row,
        documents=tuple(documents_for(by, tender)),
        asks=tuple(asks_for(by, tender)),
        seats=seats_ready(tender),
        notices=tuple(notices(tender)),
        outlook=publication_outlook(by, row, now) if row.state in ("entered", "accepted") else None,
        draws=draws_for(by, tender) if row.state in ("published", "closed") else (),
        opening=opening_states([row.lots[0].pk]).get(row.lots[0].pk, "") if row.state == "closed" else "",
        templates=templates_for(by, pk),
        stages=stages(lot.pk for lot in row.lots) if row.state == "closed" else {},
    )


def lot_of(dossier: Dossier, lot_id: UUID) -> Lot:
    """Return a package of the project.

    Raises:
        DoesNotExist: when it is none of its packages.
    """
    for lot in dossier.row.lots:
        if lot.pk == lot_id:
            return lot
    raise Lot.DoesNotExist
