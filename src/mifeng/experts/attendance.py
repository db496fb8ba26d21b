"""Who is expected at a door (到场核对): asked by the sitting while a card lies on the reader, and kept by nobody.

A card is looked up by the keyed hash of its number; the name on it has to be the one the library knows. What comes out
are ids; who stands behind them is opened by ``names`` alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from mifeng.experts.keyring import number_mac
from mifeng.experts.models import Contact, Invitation, Personal
from mifeng.experts.pools import SEATED, open_contact, personal_of


@dataclass(frozen=True, slots=True)
class Attendee:
    """An expert who has agreed to come (已接受邀请的专家): the invitation, its draw, the id of the expert."""

    invitation: UUID
    draw: UUID
    expert: str


def attendees(draws: Iterable[UUID]) -> list[Attendee]:
    """Return who has agreed to come to the seats of some draws and holds one."""
    held = Invitation.objects.filter(draw__in=list(draws), state=SEATED)
    rows = Contact.objects.filter(invitation__in=held).select_related("invitation").order_by("invitation")
    return [Attendee(row.pk, row.invitation.draw_id, open_contact(row)["expert"]) for row in rows]


def known(number: str, name: str) -> str:
    """Return the id of the expert with this identity number and name; empty for anybody else."""
    row = Personal.objects.filter(number_mac=number_mac(number)).first()
    if row is None:
        return ""
    facts = personal_of([str(row.pk)])[str(row.pk)]
    return str(row.pk) if facts["name"] == name else ""


def names(experts: Iterable[str]) -> dict[str, str]:
    """Return id → name of some experts, for callers that have made sure that the law publishes them."""
    return {pk: str(facts["name"]) for pk, facts in personal_of(experts).items()}
