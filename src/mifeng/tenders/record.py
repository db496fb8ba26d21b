"""The public record of projects (公开记录): what anybody may read once a notice has been published.

Every query here starts from projects with a notice; a project before its notice, its drafts, sites and seats cannot be
reached from here by any filter, order or count.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from mifeng.kernel.ledger.queries import Line, history
from mifeng.tenders.models import Lot, Notice, Tender
from mifeng.tenders.queries import published, subjects

# Acts of a project that are part of the public record; everything else in its history is for those who take part in it.
PUBLIC_ACTS = ("publish_notice", "clarify", "close_bidding", "open_all", "announce")


def public_tender(pk: UUID | str) -> Tender:
    """Return one project of the public record.

    Raises:
        DoesNotExist: when there is none, or no notice has been published.
    """
    return published().get(pk=pk)


def numbered(number: str) -> Tender | None:
    """Return the project of the public record that bears exactly this number."""
    return published().filter(number__iexact=number).first()


def narrowed(
    rows: QuerySet[Tender], *, regions: Sequence[str] = (), open_at: datetime | None = None
) -> QuerySet[Tender]:
    """Narrow a list to regions, and to projects for which bids may still be handed in at an instant."""
    if regions:
        rows = rows.filter(region__in=regions)
    if open_at is not None:
        rows = rows.filter(pk__in=Lot.objects.filter(state="published", bids_due_at__gt=open_at).values("tender"))
    return rows


def region_counts(rows: QuerySet[Tender]) -> dict[str, int]:
    """Return region → number of projects of a list."""
    counted = rows.order_by().values("region").annotate(number=Count("pk")).order_by("region")
    return {row["region"]: row["number"] for row in counted}


def notices_of(tenders: Iterable[Tender]) -> dict[UUID, list[Notice]]:
    """Return the notices of some projects, oldest first, without their texts."""
    found: dict[UUID, list[Notice]] = {}
    rows = Notice.objects.filter(tender__in=list(tenders)).defer("text").order_by("published_at", "id")
    for notice in rows:
        found.setdefault(notice.tender_id, []).append(notice)
    return found


def public_history(tender: Tender, *, limit: int = 50) -> list[Line]:
    """Return the public acts of a project, newest first."""
    return history(subjects(tender), limit=limit, types=PUBLIC_ACTS)
