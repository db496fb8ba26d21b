"""A check-in inside a test (签到测试件): a session an hour ahead, its experts drawn, its bids open, cards of all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from mifeng.experts.pools import personal_of
from mifeng.gateways.reader import Card
from mifeng.gateways.reader.simulated import SimulatedReader
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.models import EntryBody
from mifeng.parties.models import SeatPass
from mifeng.parties.passes import LIKE, _hash, actor_of_pass, enter_seat
from mifeng.rules.errors import NotEntitled
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings import actions
from mifeng.sittings.kiosks import Standing, kiosk_of, standing
from mifeng.sittings.models import Arrival, CheckIn, Panel
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.reviews import OPENED, leave_opening, reach
from tests.factories import DUE, SESSION, City

AT = OPENED + timedelta(minutes=10)
BEGUN = SESSION[0] + timedelta(minutes=5)
FACE = "00112233445566ff"
DEPUTY = ("癸实子", "59280119800101001X")
READER = SimulatedReader()
COMPUTER = "c0c0c0c0c0c0c0c0"
HOST, GUEST, OTHER = "市中心", "杭锦后旗", "五原县"


@dataclass
class Door:
    """A project whose check-in is about to open, and everybody's cards (签到现场)."""

    city: City
    tender: Tender
    panel: Panel

    @property
    def session(self) -> UUID:
        """Return the id of the session."""
        return self.panel.session

    @property
    def checkin(self) -> CheckIn:
        """Return the check-in."""
        return CheckIn.objects.get(panel=self.panel)

    def cards(self, site: str) -> list[Card]:
        """Return the cards of the experts who have agreed to come to a site."""
        draw = draws.draw_at(self.panel, site, self.city)
        found = [draws.person(one) for one in draws.seated(draw)]
        return [Card(facts["number"], facts["name"], FACE) for facts in personal_of(found).values()]

    def kiosk(self, site: str) -> tuple[UUID, Actor]:
        """Open a kiosk at a site and return it."""
        token = actions.open_kiosk(by=self.city.officer(self.city.sites[site]))
        found = kiosk_of(token, clock.now())
        assert found is not None
        return found


def deputy() -> Card:
    """Return the card of the purchaser's representative."""
    return Card(DEPUTY[1], DEPUTY[0], FACE)


def drawn(city: City) -> Door:
    """Lead a project to the opening of its bids, its experts drawn, its representative authorised."""
    lot = reach(city, "published").lot
    panel = draws.assembled(city, lot.tender)
    draws.seeded(panel)
    draws.filled(panel)
    with clock.frozen(draws.ANSWERED):
        actions.complete_panel(panel.pk, by=CLOCK)
    leave_opening(lot)
    with clock.frozen(DUE - timedelta(days=1)):
        actions.authorise_representative(lot.tender_id, *DEPUTY, by=city["buyer"])
    return Door(city, lot.tender, Panel.objects.get(pk=panel.pk))


def opened(city: City) -> Door:
    """Lead a project to its open check-in."""
    door = drawn(city)
    with clock.frozen(AT):
        actions.open_checkin(door.session, by=CLOCK)
    return door


def come(door: Door, site: str, card: Card, step: str = "seated") -> tuple[Arrival, str]:
    """Let a person go as far as a state; return the arrival and the code of the seat, once there is one."""
    kiosk_id, kiosk = door.kiosk(site)
    _, arrival = actions.identify(kiosk_id, card, by=kiosk)
    code = ""
    if step != "identified":
        actions.match_face(arrival, FACE, READER, by=kiosk)
        person = standing(kiosk, arrival).actor
        if step in ("pledged", "seated"):
            actions.pledge(arrival, PLEDGES, by=person)
        if step == "seated":
            _, code = actions.take_seat(arrival, by=person)
    return Arrival.objects.get(pk=arrival), code


def enter(code: str, *, site: str = "", key: str = "", computer: str = COMPUTER) -> Actor:
    """Open a seat at a computer of its own site, or of another, and return who sits there."""
    actor = actor_of_pass(opened_seat(code, site=site, key=key, computer=computer))
    assert actor is not None
    return actor


def opened_seat(code: str, *, site: str = "", key: str = "", computer: str = COMPUTER) -> str:
    """Open a seat at a computer of its own site, or of another, and return the secret of its session."""
    typed = code.upper().translate(LIKE)
    given = SeatPass.objects.filter(code_hash=_hash("code", typed)).values_list("site", flat=True).first()
    return enter_seat(site or given or "", code, key, computer=computer, address="10.0.0.9")


def everybody(door: Door) -> list[Actor]:
    """Let everybody come and sit down, the representative first."""
    found = [enter(come(door, HOST, deputy())[1])]
    for site in (HOST, GUEST, OTHER):
        found += [enter(come(door, site, card)[1]) for card in door.cards(site)]
    return found


def everybody_else(door: Door, but: Card) -> None:
    """Let everybody but one expert come and sit down."""
    enter(come(door, HOST, deputy())[1])
    for site in (HOST, GUEST, OTHER):
        for card in door.cards(site):
            if card != but:
                enter(come(door, site, card)[1])


def person_of(door: Door, site: str, step: str, card: Card | None = None) -> tuple[Standing, Actor]:
    """Return somebody who has come as far as a step, and the kiosk."""
    arrival, _ = come(door, site, card or door.cards(site)[0], step)
    _, kiosk = door.kiosk(site)
    return standing(kiosk, arrival.pk), kiosk


def said(entry: int) -> str:
    """Return everything an entry says, as text."""
    return bytes(EntryBody.objects.get(pk=entry).content).decode()


@contextmanager
def turned_away(code: str) -> Iterator[None]:
    """Expect a refusal at the seat; unlike others it leaves a row, by which guessing is slowed down."""
    with pytest.raises(NotEntitled) as caught:
        yield
    assert caught.value.codes == (code,)
