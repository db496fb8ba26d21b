"""A draw inside a test (抽取): each job of the platform by hand, each contribution by its contributor's own keys."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from mifeng.experts.actions import (
    answer_invitation,
    commit_pool,
    fix_seed,
    invite_next,
    record_contributions,
    seal_roster,
)
from mifeng.experts.actions.draws import stem
from mifeng.experts.models import Contact, Draw, Expert, Invitation
from mifeng.experts.pools import open_contact, personal_of
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.append import Written
from mifeng.programs.witness.keys import read_key, read_vrf
from mifeng.rules import vrf
from mifeng.rules.draw.lots import Contribution, alpha, contribution_message
from mifeng.rules.errors import WrongState
from mifeng.sittings.actions import assemble_panel
from mifeng.sittings.models import Panel, PanelSite
from mifeng.sittings.parties import bidders, parties
from mifeng.tenders.models import Tender
from tests.factories import START, City

ASKED = START + timedelta(days=1)
POOLED = ASKED + timedelta(seconds=5)
GIVEN = ASKED + timedelta(seconds=20)
SEEDED = ASKED + timedelta(seconds=25)
INVITED = ASKED + timedelta(seconds=30)
ANSWERED = ASKED + timedelta(minutes=5)


def assembled(city: City, tender: Tender, *, speciality: str = "") -> Panel:
    """Ask for the experts of a published project."""
    with clock.frozen(ASKED):
        assemble_panel(tender.pk, speciality=speciality, by=city["agency-a"])
    return Panel.objects.get(tender=tender)


def leave_few(number: int) -> None:
    """Leave so many experts of furniture who may be drawn, all in the city's library and tied to nobody."""
    able = Expert.objects.filter(specialities__0__startswith="A")
    known = personal_of(str(row.pk) for row in able)
    free = [row.pk for row in able.filter(tier="city", trained=True).order_by("pk") if is_free(known[str(row.pk)])]
    able.exclude(pk__in=free[:number]).update(trained=False)
    Expert.objects.filter(tier="county").update(region="150899")


def is_free(facts: dict[str, Any]) -> bool:
    """Tell whether an expert is tied to no organisation of the city."""
    return not facts["relations"] and not facts["employer_code"]


def draw_at(panel: Panel, site: str, city: City) -> Draw:
    """Return the draw of one site of a panel."""
    return Draw.objects.get(pk=PanelSite.objects.get(panel=panel, site=city.sites[site].pk).draw_id)


def draws_of(panel: Panel) -> list[Draw]:
    """Return the draws of a panel, by id."""
    return list(Draw.objects.filter(pk__in=PanelSite.objects.filter(panel=panel).values("draw")).order_by("pk"))


def pooled(panel: Panel) -> None:
    """Fix the pools of all sites."""
    with clock.frozen(POOLED):
        for draw in draws_of(panel):
            commit_pool(draw.pk, parties(panel.tender), by=CLOCK)


def contribution(draw: Draw, name: str) -> Contribution:
    """Return what a contributor of the sample city gives to a draw, under its own key files."""
    folder = Path(settings.ENV.data) / name
    handle, policy_hash, leaf = stem(draw)
    pi = vrf.prove(read_vrf(folder), alpha(handle, policy_hash, leaf))
    message = contribution_message(handle, policy_hash, leaf, name, pi)
    return Contribution(name, pi, read_key(folder).sign(message))


def contributed(panel: Panel) -> None:
    """Let everybody contribute to every seed."""
    with clock.frozen(GIVEN):
        for draw in draws_of(panel):
            names = [one["name"] for one in draw.contributors]
            record_contributions(draw.pk, [contribution(draw, name) for name in names], by=CLOCK)


def seeded(panel: Panel) -> None:
    """Fix pools and seeds of all sites."""
    pooled(panel)
    contributed(panel)
    with clock.frozen(SEEDED):
        for draw in draws_of(panel):
            fix_seed(draw.pk, by=CLOCK)


def walk(panel: Panel, at: datetime = INVITED) -> list[Written]:
    """Go on with every walk of a panel as far as it goes now."""
    done = []
    with clock.frozen(at):
        for draw in draws_of(panel):
            for act in (partial(invite_next, firms=bidders(panel.tender_id)), seal_roster):
                found = tried(act, draw)
                done += [found] if found else []
    return done


def tried(act: Callable[..., Written], draw: Draw) -> Written | None:
    """Carry out a step of a walk; None when it is not due."""
    try:
        return act(draw.pk, by=CLOCK)
    except WrongState:
        return None


def waiting(draws: Iterable[Draw]) -> list[Invitation]:
    """Return the invitations that wait for an answer, in the order of the walk."""
    return list(Invitation.objects.filter(draw__in=list(draws), state="invited").order_by("draw", "place"))


def seated(draw: Draw) -> list[Invitation]:
    """Return the invitations that were agreed to, in the order of the walk."""
    return list(Invitation.objects.filter(draw=draw, state="agreed").order_by("place"))


def token(invitation: Invitation) -> str:
    """Return the secret in the link of an invitation."""
    return open_contact(Contact.objects.get(pk=invitation.pk))["token"]


def person(invitation: Invitation) -> str:
    """Return who is invited, as the id of an expert."""
    return open_contact(Contact.objects.get(pk=invitation.pk))["expert"]


def agree(invitation: Invitation, at: datetime = ANSWERED) -> Written:
    """Accept an invitation through its link."""
    with clock.frozen(at):
        return answer_invitation(token(invitation), accept=True)


def decline(invitation: Invitation, reason: str = "illness", at: datetime = ANSWERED) -> Written:
    """Decline an invitation through its link."""
    with clock.frozen(at):
        return answer_invitation(token(invitation), accept=False, reason=reason)


def filled(panel: Panel, at: datetime = ANSWERED) -> None:
    """Let everybody agree until every roster is sealed."""
    walk(panel)
    while found := waiting(draws_of(panel)):
        for invitation in found:
            agree(invitation, at)
        walk(panel, at)
