"""A card that is read again (再次刷证): compared again each time, whatever was said of its holder before.

LY-2022-14 四(三), MOF-87-45, LC-2018-80 三(六) (R145, R175).
"""

import pytest

from mifeng.parties.passes import actor_of_pass
from mifeng.rules.errors import NotEntitled, WrongState
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings import actions
from mifeng.sittings.gate import gates_at
from mifeng.sittings.kiosks import standing
from mifeng.sittings.models import Arrival
from mifeng.sittings.queries import seated
from tests.actions.arriving import AT, FACE, GUEST, READER, Door, come, enter, opened_seat, person_of
from tests.actions.evidence import refused

# --- before a seat is taken -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "state"),
    [("identified", "identified"), ("verified", "identified"), ("pledged", "identified"), ("seated", "seated")],
)
def test_a_card_that_is_read_again_is_compared_again(door: Door, step: str, state: str) -> None:
    """A card says nothing of who holds it: a finder does not go on in another's name (R145)."""
    before, _ = come(door, GUEST, door.cards(GUEST)[0], step)
    kiosk_id, kiosk = door.kiosk(GUEST)

    _, arrival = actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)

    found = standing(kiosk, arrival)
    assert (arrival, found.state, found.readings) == (before.pk, state, 2)
    assert Arrival.objects.count() == 1


@pytest.mark.parametrize("step", ["verified", "pledged"])
def test_a_finder_of_a_card_does_not_go_on(door: Door, step: str) -> None:
    before, _ = come(door, GUEST, door.cards(GUEST)[0], step)
    kiosk_id, kiosk = door.kiosk(GUEST)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)
    person = standing(kiosk, before.pk).actor

    for act in (actions.take_seat, actions.stand_aside, lambda pk, by: actions.pledge(pk, PLEDGES, by=by)):
        with refused(WrongState, "wrong-state"):
            act(before.pk, by=person)
    for _ in range(2):
        actions.match_face(before.pk, "0" * 16, READER, by=kiosk)

    assert standing(kiosk, before.pk).state == "doubted"


@pytest.mark.parametrize("by_officers", [False, True])
def test_what_was_declared_stays_declared(door: Door, by_officers: bool) -> None:
    before, _ = come(door, GUEST, door.cards(GUEST)[0], "pledged")
    kiosk_id, kiosk = door.kiosk(GUEST)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)

    if by_officers:
        actions.doubt_face(before.pk, "declined", by=kiosk)
        for account in ("guest-hangjin", "guest-hangjin-2"):
            actions.vouch(before.pk, by=door.city[account])
    else:
        actions.match_face(before.pk, FACE, READER, by=kiosk)

    assert standing(kiosk, before.pk).state == "pledged"
    actions.take_seat(before.pk, by=standing(kiosk, before.pk).actor)


def test_what_one_officer_said_is_said_of_one_reading(door: Door) -> None:
    before, kiosk = person_of(door, GUEST, "identified")
    actions.doubt_face(before.arrival, "declined", by=kiosk)
    actions.vouch(before.arrival, by=door.city["guest-hangjin"])

    kiosk_id, again = door.kiosk(GUEST)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=again)

    assert (standing(again, before.arrival).state, Arrival.objects.get().vouched_by) == ("doubted", "")


# --- a new code -------------------------------------------------------------------------------------------------------


def renewed(door: Door, arrival: Arrival) -> str:
    """Read the card of somebody who sits down again, compare the face and return the new code."""
    kiosk_id, kiosk = door.kiosk(GUEST)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)
    return actions.renew_seat_code(arrival.pk, FACE, READER, by=standing(kiosk, arrival.pk).actor)[1]


def test_a_new_code_ends_the_old_session_and_keeps_the_key(door: Door) -> None:
    arrival, code = come(door, GUEST, door.cards(GUEST)[0])
    key = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" + (
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    first = opened_seat(code, key=key)

    again = renewed(door, arrival)
    second = opened_seat(again)

    assert (actor_of_pass(first), actor_of_pass("")) == (None, None)
    actor = actor_of_pass(second)
    assert actor is not None
    assert actor.handle == arrival.handle
    assert [one.key for one in seated(door.tender).members] == [key]


def test_a_card_alone_takes_nobodys_seat(door: Door) -> None:
    """A code is given anew to the face on a card that was read again, once: not to a finder, nor to who comes next."""
    arrival, code = come(door, GUEST, door.cards(GUEST)[0])
    kiosk_id, kiosk = door.kiosk(GUEST)
    person = standing(kiosk, arrival.pk).actor
    with refused(NotEntitled, "face-other"):
        actions.renew_seat_code(arrival.pk, FACE, READER, by=person)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)
    for seen in ("", "0" * 16):
        with refused(NotEntitled, "face-other"):
            actions.renew_seat_code(arrival.pk, seen, READER, by=person)
    assert enter(code).seat == "150826-01"

    actions.renew_seat_code(arrival.pk, FACE, READER, by=person)
    with refused(NotEntitled, "face-other"):
        actions.renew_seat_code(arrival.pk, FACE, READER, by=person)


def test_a_card_alone_takes_no_seat_of_somebody_whom_officers_checked(door: Door) -> None:
    """Two officers check once more where the face is not compared, for the same reading and for one code."""
    person, kiosk = person_of(door, GUEST, "identified")
    officers = [door.city[account] for account in ("guest-hangjin", "guest-hangjin-2")]
    actions.doubt_face(person.arrival, "declined", by=kiosk)
    for officer in officers:
        actions.vouch(person.arrival, by=officer)
    actions.pledge(person.arrival, PLEDGES, by=person.actor)
    actions.take_seat(person.arrival, by=person.actor)
    with refused(NotEntitled, "face-other"):
        actions.doubt_face(person.arrival, "declined", by=kiosk)
    kiosk_id, again = door.kiosk(GUEST)
    actions.identify(kiosk_id, door.cards(GUEST)[0], by=again)
    with refused(NotEntitled, "face-other"):
        actions.renew_seat_code(person.arrival, "", READER, by=person.actor)
    actions.doubt_face(person.arrival, "declined", by=again)
    waits = [one.vouched for gate in gates_at(officers[0], AT) for one in gate.doubted]
    actions.vouch(person.arrival, by=officers[0])
    with refused(NotEntitled, "same-officer"):
        actions.vouch(person.arrival, by=officers[0])
    with refused(NotEntitled, "face-other"):
        actions.renew_seat_code(person.arrival, "", READER, by=person.actor)
    actions.vouch(person.arrival, by=officers[1])

    _, code = actions.renew_seat_code(person.arrival, "", READER, by=person.actor)

    assert (waits, [gate.doubted for gate in gates_at(officers[0], AT)]) == ([False], [()])
    assert enter(code).seat == "150826-01"
    with refused(NotEntitled, "face-other"):
        actions.renew_seat_code(person.arrival, "", READER, by=person.actor)
