"""What a project's evidence holds of its draws (抽取证据): plain values, for contexts that may not ask experts."""

from dataclasses import dataclass

from mifeng.experts import queries as experts
from mifeng.experts.actions.draws import contributions
from mifeng.experts.models import Draw
from mifeng.rules.bundle.records import DrawRecord
from mifeng.rules.draw.disclosure import Disclosure
from mifeng.sittings.models import Panel, PanelSite
from mifeng.tenders.models import Tender


@dataclass(frozen=True, slots=True)
class DrawEvidence:
    """One draw whose pool is fixed (抽取证据).

    Args:
        subject: its name in the ledger.
        pool_entry: id of the entry that fixed its pool.
        record: what everybody may know of it.
        disclosure: lists, walk and seats, once there is a seed; for those who may know of them before the award.
    """

    subject: str
    pool_entry: int
    record: DrawRecord
    disclosure: Disclosure | None


def draw_evidence(tender: Tender, *, whole: bool) -> list[DrawEvidence]:
    """Return the draws of a project whose pool is fixed, by handle.

    Args:
        tender: the project.
        whole: with their disclosures.
    """
    salts = {row["handle"]: row["salt"] for row in tender.draw_handles}
    drawn = PanelSite.objects.filter(panel__tender=tender).values("draw")
    rows = Draw.objects.filter(pk__in=drawn, pool_entry__isnull=False).order_by("handle")
    public = {one.handle: one for one in experts.published(rows.values_list("pk", flat=True))}
    return [
        DrawEvidence(
            subject=f"experts.draw:{row.pk}",
            pool_entry=row.pool_entry_id or 0,
            record=_record(row, public[row.handle]),
            disclosure=experts.disclosure(row.pk, lot=str(tender.pk), salt=salts[row.handle])
            if whole and row.seed
            else None,
        )
        for row in rows
    ]


def panel_subjects(tender: Tender) -> list[str]:
    """Return the names of a project's panel in the ledger; none before it is asked for."""
    return [f"sittings.panel:{pk}" for pk in Panel.objects.filter(tender=tender).values_list("pk", flat=True)]


def _record(row: Draw, public: experts.PublicDraw) -> DrawRecord:
    return DrawRecord(
        handle=row.handle,
        policy_hash=row.policy_hash,
        pool_leaf=public.pool_leaf,
        seed_leaf=public.seed_leaf,
        seed=public.seed,
        seats=public.seats,
        filled=public.filled,
        contributions=tuple(contributions(row)),
        walk=tuple(bytes.fromhex(leaf) for leaf in public.walk),
    )
