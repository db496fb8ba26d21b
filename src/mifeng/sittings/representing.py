"""The purchaser's representative as the purchaser reads of it (采购人代表查询): masked, and for nobody else."""

from dataclasses import dataclass
from datetime import datetime

from mifeng.kernel.actors import Actor
from mifeng.sittings.keyring import REPRESENTATIVE, unseal
from mifeng.sittings.models import Arrival, CheckIn, Representative
from mifeng.sittings.people import person_of_representative
from mifeng.tenders.models import Tender

SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Authorised:
    """Whom the purchaser has authorised (已授权代表).

    Args:
        name: the first sign, the others covered.
        number: the last four digits.
        authorised_at: when.
        arrived: has checked in, so that nobody else can be sent.
    """

    name: str
    number: str
    authorised_at: datetime
    arrived: bool


def representative_for(by: Actor, tender: Tender) -> Authorised | None:
    """Return whom a project's purchaser has authorised, masked, to the purchaser; None for every other post."""
    if by.role != "buyer" or by.seat or str(tender.purchaser_id) != by.organisation:
        return None
    row = Representative.objects.filter(tender=tender, state="authorised").first()
    if row is None:
        return None
    facts = unseal(REPRESENTATIVE, row.pk, bytes(row.sealed))
    checkin = CheckIn.objects.filter(panel__tender=tender).first()
    who = person_of_representative(checkin, row.pk) if checkin else ""
    arrived = bool(checkin) and Arrival.objects.filter(checkin=checkin, who=who).exists()
    covered = facts["name"][0] + "＊" * (len(facts["name"]) - 1)  # noqa: RUF001 - as a Chinese page covers a name
    return Authorised(covered, facts["number"][-SHOWN_DIGITS:], row.authorised_at, arrived)
