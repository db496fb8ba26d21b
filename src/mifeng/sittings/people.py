"""Whom a check-in expects (签到名单): opened while a card lies on the reader, and kept by nobody.

A person is an expert who has agreed to come to a seat of the same site, or the representative whom the purchaser has
authorised, at the host's site. Everybody else is a stranger, and of a stranger nothing is said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from mifeng.experts import attendance
from mifeng.gateways.reader import Card
from mifeng.sittings.keyring import REPRESENTATIVE, number_mac, person_mac, unseal
from mifeng.sittings.models import CheckIn, PanelSite, Representative


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody who is expected here (预期到场人员).

    Args:
        checkin: which check-in.
        role: ``expert`` or ``buyer``.
        who: keyed hash by which the same person is known again in it.
        facts: what is kept closed: ``name`` and ``face``; ``expert`` and ``invitation``, or ``representative``.
    """

    checkin: CheckIn
    role: str
    who: str
    facts: dict[str, str]


def expected(site: UUID, card: Card) -> Expected | None:
    """Return whom a card belongs to, among those expected at a site by an open check-in; None for a stranger."""
    checkins = list(CheckIn.objects.filter(state="open").select_related("panel__tender").order_by("pk"))
    return _expert(checkins, site, card) or _representative(checkins, site, card)


def person_of_representative(checkin: CheckIn, pk: UUID) -> str:
    """Return under which hash a representative is known in a check-in."""
    return person_mac(checkin.pk, f"representative {pk}")


def _expert(checkins: Iterable[CheckIn], site: UUID, card: Card) -> Expected | None:
    expert = attendance.known(card.number, card.name)
    by_panel = {checkin.panel_id: checkin for checkin in checkins}
    rows = PanelSite.objects.filter(panel__in=by_panel, site=site).values_list("draw", "panel")
    panels = dict(rows)
    for one in attendance.attendees(panels) if expert else ():
        if one.expert == expert:
            checkin = by_panel[panels[one.draw]]
            facts = {"name": card.name, "face": card.face, "expert": expert, "invitation": str(one.invitation)}
            return Expected(checkin, "expert", person_mac(checkin.pk, f"expert {expert}"), facts)
    return None


def _representative(checkins: Iterable[CheckIn], site: UUID, card: Card) -> Expected | None:
    for checkin in checkins:
        tender = checkin.panel.tender
        if tender.host_site != site:
            continue
        row = Representative.objects.filter(
            tender=tender, state="authorised", number_mac=number_mac(tender.pk, card.number)
        ).first()
        if row and unseal(REPRESENTATIVE, row.pk, bytes(row.sealed))["name"] == card.name:
            facts = {"name": card.name, "face": card.face, "representative": str(row.pk)}
            return Expected(checkin, "buyer", person_of_representative(checkin, row.pk), facts)
    return None
