"""Asking everybody who counts for a seed (征集种子贡献): all contributors of the policy, none left out, none preferred.

A contributor is shown the notice that lists the draw's handle and the pool, both with their proof in the log. It
answers once per handle; asked again, it gives the same answer, so asking may be repeated at will.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress

from mifeng.experts.actions import record_contributions
from mifeng.experts.actions.draws import missing
from mifeng.experts.models import Draw
from mifeng.gateways.witness import Contributed, Contributor
from mifeng.kernel.acting import subject_of
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.proofs import receipt_of
from mifeng.kernel.models import Entry, EntryBody
from mifeng.rules.decisive import published
from mifeng.rules.errors import WrongState
from mifeng.tenders.models import Lot, Tender

log = logging.getLogger(__name__)


class NotYet(Exception):
    """The proofs are not there yet, or a contributor has not answered; the job that asks runs again."""


def notices_of(tender: Tender) -> list[int]:
    """Return the ids of the entries of a project's notices, newest first."""
    rows = Entry.objects.filter(subject=subject_of(tender), type__in=("publish_notice", "clarify"))
    return list(rows.order_by("-pk").values_list("pk", flat=True))


def policy_of(tender: Tender) -> bytes:
    """Return the sealing policy that names the contributors of a project: that of its first package."""
    return Lot.objects.filter(tender=tender).order_by("number")[0].policy.encode()


def ask(draw: Draw, notices: Sequence[int], policy: bytes, contributors: Sequence[Contributor]) -> None:
    """Ask those who have not contributed yet and record what they give (征集种子贡献).

    Args:
        draw: with its pool.
        notices: ids of the entries of the project's notices, newest first.
        policy: the sealing policy that names the contributors, canonical JSON.
        contributors: the way to each of them.

    Raises:
        NotYet: while a proof or a contribution is missing.
    """
    pool_entry = _pool(draw)
    notice, pool = _listing(draw, notices, pool_entry), receipt_of(pool_entry, body=True)
    if notice is None or pool is None:
        raise NotYet("the notice or the pool is not witnessed yet")
    wanted, given = missing(draw), []
    for contributor in contributors:
        name = contributor.key().name
        if name not in wanted:
            continue
        outcome = contributor.contribute(policy, notice, pool, bytes.fromhex(draw.handle))
        if isinstance(outcome, Contributed):
            given.append(outcome.contribution)
        else:
            log.warning("draw %s: %s has not contributed: %s", draw.pk, name, outcome.detail)
    if given:
        # Another run may have recorded the same meanwhile.
        with suppress(WrongState):
            record_contributions(draw.pk, given, by=CLOCK)
    if len(given) < len(wanted):
        raise NotYet(f"{len(wanted) - len(given)} contributors of {draw.pk} have not answered")


def _listing(draw: Draw, notices: Sequence[int], before: int) -> str | None:
    """Return the receipt of the newest notice before the pool that lists the handle; None while there is none."""
    for entry in notices:
        body = EntryBody.objects.filter(pk=entry).first() if entry < before else None
        if body is not None and draw.handle in published(bytes(body.content)).handles:
            return receipt_of(entry, body=True)
    return None


def _pool(draw: Draw) -> int:
    if draw.pool_entry_id is None:
        raise NotYet(f"{draw.pk} has no pool")
    return draw.pool_entry_id
