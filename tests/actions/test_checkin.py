"""Check-in (签到): from the card to the open seat, and what stands in the way.

LY-2022-14 四(二), LY-2022-14 四(三), MOF-87-45, GPLR-9, LC-2018-80 三(六) (R143, R144, R145, R175).
"""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from mifeng.bidding.models import Opening
from mifeng.experts.models import Invitation
from mifeng.gateways.reader import Card
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.models import Entry
from mifeng.parties.models import SeatPass
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.sittings import actions, tasks
from mifeng.sittings.kiosks import kiosk_of, standing
from mifeng.sittings.models import Arrival, CheckIn, Kiosk, Representative
from mifeng.sittings.queries import arrivals, committee_names, seated
from tests.actions import arriving
from tests.actions.arriving import (
    AT,
    DEPUTY,
    FACE,
    GUEST,
    HOST,
    OTHER,
    READER,
    Door,
    come,
    deputy,
    enter,
    person_of,
    said,
)
from tests.actions.evidence import changed, refused, snapshot
from tests.factories import SESSION

# --- the whole way ----------------------------------------------------------------------------------------------------


def test_everybody_comes_and_the_committee_is_complete(door: Door) -> None:
    actors = arriving.everybody(door)

    found = seated(door.tender)
    seats = ["150800-A-01", "150800-A-03", "150800-A-04", "150821-01", "150826-01"]
    assert found.complete
    assert [one.seat for one in found.members] == seats
    assert [one.role for one in found.members] == ["buyer", "expert", "expert", "expert", "expert"]
    assert sorted(one.handle for one in found.members) == sorted(actor.handle for actor in actors)
    assert [(one.expected, one.arrived, one.seated) for one in arrivals(door.city["agency-a"], door.tender)] == [
        (3, 3, 3),
        (1, 1, 1),
        (1, 1, 1),
    ]


def test_a_committee_is_not_complete_while_a_seat_is_not_opened(door: Door) -> None:
    _, code = come(door, HOST, deputy())

    before = seated(door.tender)
    enter(code)

    assert (before.complete, before.members) == (False, ())
    assert [one.seat for one in seated(door.tender).members] == ["150800-A-01"]
    assert not seated(door.tender).complete


def test_names_are_opened_from_what_is_sealed(door: Door) -> None:
    card = door.cards(GUEST)[0]
    come(door, HOST, deputy())
    come(door, GUEST, card)

    found = [(one.seat, one.site_name, one.role, one.name) for one in committee_names(door.tender)]

    assert found == [("150800-A-01", HOST, "buyer", DEPUTY[0]), ("150826-01", GUEST, "expert", card.name)]


def test_no_entry_and_no_open_column_holds_a_person(door: Door) -> None:
    """Personal data only sealed (R093, PIPL)."""
    card, start = door.cards(GUEST)[0], Entry.objects.latest("pk").pk
    arrival, _ = come(door, GUEST, card)
    come(door, HOST, deputy())

    bodies = " ".join(said(pk) for pk in Entry.objects.filter(pk__gt=start).values_list("pk", flat=True))
    rows = str(list(Arrival.objects.values()) + list(Representative.objects.values()) + list(SeatPass.objects.values()))
    hidden = (card.name, card.number, DEPUTY[0], DEPUTY[1], FACE)
    assert [word for word in hidden if word in bodies or word in rows] == []
    assert [card.name.encode() in bytes(one.sealed) for one in Arrival.objects.all()] == [False, False]
    # Nor does an entry tie a handle of the seat to the person's place in the walk.
    leaves = Invitation.objects.values_list("leaf", flat=True)
    assert arrival.handle in bodies
    assert [leaf for leaf in leaves if leaf in bodies] == []


def test_nobody_learns_from_counts_which_site_it_is(door: Door) -> None:
    names = {account: [one.site_name for one in arrivals(door.city[account], door.tender)] for account in POSTS}

    assert names == {
        "agency-a": [HOST, OTHER, GUEST],
        "supervisor": [HOST, OTHER, GUEST],
        "buyer": ["", "", ""],
        "host": [HOST, "", ""],
        "guest-hangjin": [],
        "agency-b": [],
    }


POSTS = ("agency-a", "supervisor", "buyer", "host", "guest-hangjin", "agency-b")


# --- when it opens ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shut(door: Door) -> Door:
    """Return the same session before its check-in was opened."""
    CheckIn.objects.filter(panel=door.panel)._raw_delete("default")
    return door


@pytest.mark.parametrize("account", ["clock", "host"])
def test_check_in_is_opened_by_the_clock_or_the_host(shut: Door, account: str) -> None:
    by = CLOCK if account == "clock" else shut.city["host"]

    written = actions.open_checkin(shut.session, by=by)

    assert (shut.checkin.state, written.type) == ("open", "open_checkin")
    assert body_of(written.id)["moves"][0]["to"] == "open"


@pytest.mark.parametrize(
    ("account", "code"),
    [("agency-a", "wrong-post"), ("buyer", "wrong-post"), ("guest-hangjin", "wrong-post"), ("librarian", "wrong-post")],
)
def test_nobody_else_opens_a_check_in(shut: Door, account: str, code: str) -> None:
    with refused(NotEntitled, code):
        actions.open_checkin(shut.session, by=shut.city[account])


def test_the_host_of_another_territory_opens_nothing(shut: Door) -> None:
    with refused(NotEntitled, "not-your-project"):
        actions.open_checkin(shut.session, by=replace(shut.city["host"], site=str(uuid4())))


@pytest.mark.parametrize(
    ("at", "code"), [(SESSION[0] - timedelta(minutes=61), "checkin-early"), (SESSION[1], "checkin-over")]
)
def test_check_in_opens_in_its_window_only(shut: Door, at: object, code: str) -> None:
    with clock.frozen(at), refused(WrongMoment, code):  # type: ignore[arg-type]
        actions.open_checkin(shut.session, by=CLOCK)


def test_the_window_begins_to_the_second(shut: Door) -> None:
    with clock.frozen(SESSION[0] - timedelta(minutes=60)):
        actions.open_checkin(shut.session, by=CLOCK)

    assert shut.checkin.state == "open"


def test_check_in_waits_for_the_opening(shut: Door) -> None:
    Opening.objects.update(state="keying")  # tests may
    with refused(WrongState, "bids-unopened"):
        actions.open_checkin(shut.session, by=CLOCK)

    Opening.objects.update(state="failed")
    with refused(WrongState, "bids-unopened"):
        actions.open_checkin(shut.session, by=CLOCK)


def test_no_check_in_without_a_panel_and_none_twice(door: Door) -> None:
    with refused(WrongState, "panel-missing"):
        actions.open_checkin(uuid4(), by=CLOCK)
    with refused(WrongState, "wrong-state"):
        actions.open_checkin(door.session, by=CLOCK)


def test_the_platform_opens_and_closes_by_itself(shut: Door) -> None:
    tasks.open_doors(AT)
    first = shut.checkin.state
    tasks.open_doors(AT)
    with clock.frozen(SESSION[1]):
        tasks.open_doors(SESSION[1])

    assert (first, shut.checkin.state) == ("open", "ended")


def test_a_check_in_is_closed_by_the_clock_at_its_end(door: Door) -> None:
    with refused(NotEntitled, "wrong-post"):
        actions.close_checkin(door.checkin.pk, by=door.city["host"])
    with refused(WrongMoment, "too-early"):
        actions.close_checkin(door.checkin.pk, by=CLOCK)


# --- the card ---------------------------------------------------------------------------------------------------------


def strangers(door: Door) -> dict[str, Card]:
    """Return cards of people who are not expected at the guest site."""
    card = door.cards(GUEST)[0]
    return {
        "nobody": Card("592801197005050030", "壬虚甲", FACE),
        "another site": door.cards(OTHER)[0],
        "another name": replace(card, name="甲虚乙"),
        "the representative": deputy(),
        "a representative by another name": replace(deputy(), name="甲虚乙"),
    }


@pytest.mark.parametrize("who", ["nobody", "another site", "another name", "the representative"])
def test_every_stranger_gets_the_same_answer(door: Door, who: str) -> None:
    kiosk_id, kiosk = door.kiosk(GUEST)
    before = snapshot()

    with refused(NotEntitled, "not-expected") as caught:
        actions.identify(kiosk_id, strangers(door)[who], by=kiosk)

    [reason] = caught.value.reasons
    assert (dict(reason.facts), reason.until, reason.lifted_by) == ({}, None, ())
    assert changed(before) == {}


def test_a_representative_is_matched_by_name_too_and_at_the_host_only(door: Door) -> None:
    kiosk_id, kiosk = door.kiosk(HOST)

    with refused(NotEntitled, "not-expected"):
        actions.identify(kiosk_id, strangers(door)["a representative by another name"], by=kiosk)
    written, _ = actions.identify(kiosk_id, deputy(), by=kiosk)

    assert written.type == "identify"


def test_nobody_is_expected_before_check_in_opens(shut: Door) -> None:
    kiosk_id, kiosk = shut.kiosk(GUEST)

    with refused(NotEntitled, "not-expected"):
        actions.identify(kiosk_id, shut.cards(GUEST)[0], by=kiosk)


def test_a_kiosk_alone_identifies_and_only_while_it_is_open(door: Door) -> None:
    kiosk_id, kiosk = door.kiosk(GUEST)
    _, second = door.kiosk(GUEST)
    card = door.cards(GUEST)[0]

    for by in (door.city["guest-hangjin"], second):
        with refused(NotEntitled, "wrong-post"):
            actions.identify(kiosk_id, card, by=by)
    with clock.frozen(AT + timedelta(hours=17)), refused(NotEntitled, "kiosk-over"):
        actions.identify(kiosk_id, strangers(door)["nobody"], by=kiosk)
    actions.close_kiosk(kiosk_id, by=door.city["guest-hangjin"])
    with refused(NotEntitled, "kiosk-over"):
        actions.identify(kiosk_id, card, by=kiosk)


def test_who_comes_after_the_end_is_refused(door: Door) -> None:
    kiosk_id, kiosk = door.kiosk(GUEST)

    with clock.frozen(SESSION[1]), refused(WrongMoment, "checkin-over"):
        actions.identify(kiosk_id, door.cards(GUEST)[0], by=kiosk)


# --- the face ---------------------------------------------------------------------------------------------------------


def test_a_face_that_fails_twice_goes_to_the_officers(door: Door) -> None:
    person, kiosk = person_of(door, GUEST, "identified")

    actions.match_face(person.arrival, "0" * 16, READER, by=kiosk)
    first = standing(kiosk, person.arrival)
    actions.match_face(person.arrival, "0" * 16, READER, by=kiosk)

    assert (first.state, first.failed) == ("identified", 1)
    assert standing(kiosk, person.arrival).state == "doubted"
    assert Arrival.objects.get().reason == "mismatch"


def test_a_face_is_forgotten_once_it_was_compared(door: Door) -> None:
    arrival, _ = come(door, GUEST, door.cards(GUEST)[0], "identified")
    before = bytes(arrival.sealed)
    _, kiosk = door.kiosk(GUEST)

    actions.match_face(arrival.pk, FACE, READER, by=kiosk)

    opened = actions.arrivals.unseal("arrival", arrival.pk, bytes(Arrival.objects.get().sealed))
    assert opened["face"] == ""
    assert len(bytes(Arrival.objects.get().sealed)) == len(before)


def test_a_face_is_compared_by_a_kiosk_of_the_same_site(door: Door) -> None:
    person, _ = person_of(door, GUEST, "identified")
    _, elsewhere = door.kiosk(OTHER)

    with refused(NotEntitled, "wrong-post"):
        actions.match_face(person.arrival, FACE, READER, by=door.city["guest-hangjin"])
    with refused(NotEntitled, "not-your-site"):
        actions.match_face(person.arrival, FACE, READER, by=elsewhere)
    with refused(NotEntitled, "wrong-post"):
        actions.doubt_face(person.arrival, "declined", by=person.actor)


def test_a_verified_person_is_not_compared_again(door: Door) -> None:
    person, kiosk = person_of(door, GUEST, "verified")

    with refused(WrongState, "wrong-state"):
        actions.match_face(person.arrival, FACE, READER, by=kiosk)
    with refused(Unfair, "reason-required"):
        actions.doubt_face(person.arrival, "any other", by=kiosk)


def test_who_does_not_want_a_camera_is_checked_by_two_officers(door: Door) -> None:
    """Refusing a camera costs nobody the seat (PIPL, MOF-87-45)."""
    person, kiosk = person_of(door, GUEST, "identified")
    actions.doubt_face(person.arrival, "declined", by=kiosk)

    actions.vouch(person.arrival, by=door.city["guest-hangjin"])
    first = standing(kiosk, person.arrival).state
    with refused(NotEntitled, "same-officer"):
        actions.vouch(person.arrival, by=door.city["guest-hangjin"])
    written = actions.vouch(person.arrival, by=door.city["guest-hangjin-2"])

    assert (first, standing(kiosk, person.arrival).state) == ("vouched", "verified")
    [move] = body_of(written.id)["moves"]
    assert move["facts"] == {"reason": "declined", "first": door.city["guest-hangjin"].handle}


def test_officers_check_at_their_own_site_and_nobody_else_does(door: Door) -> None:
    person, kiosk = person_of(door, GUEST, "identified")

    with refused(WrongState, "wrong-state"):
        actions.vouch(person.arrival, by=door.city["guest-hangjin"])
    actions.doubt_face(person.arrival, "camera", by=kiosk)
    with refused(NotEntitled, "not-your-site"):
        actions.vouch(person.arrival, by=door.city["host"])
    with refused(NotEntitled, "wrong-post"):
        actions.vouch(person.arrival, by=door.city["agency-a"])


# --- kiosks -----------------------------------------------------------------------------------------------------------


def test_a_kiosk_is_known_by_its_secret_while_it_is_open(door: Door) -> None:
    token = actions.open_kiosk(by=door.city["guest-hangjin"])

    found = kiosk_of(token, AT)
    assert found is not None
    assert (found[1].role, found[1].site) == ("kiosk", str(door.city.sites[GUEST].pk))
    assert (kiosk_of("", AT), kiosk_of("another", AT)) == (None, None)
    assert kiosk_of(token, AT + timedelta(hours=16)) is None
    assert token not in str(list(Kiosk.objects.values()))


@pytest.mark.parametrize("account", ["agency-a", "buyer", "supervisor", "librarian"])
def test_only_officers_open_kiosks(door: Door, account: str) -> None:
    with refused(NotEntitled, "wrong-post"):
        actions.open_kiosk(by=door.city[account])


def test_a_kiosk_is_closed_once_and_by_its_own_site(door: Door) -> None:
    kiosk_id, _ = door.kiosk(GUEST)

    with refused(NotEntitled, "not-your-site"):
        actions.close_kiosk(kiosk_id, by=door.city["host"])
    actions.close_kiosk(kiosk_id, by=door.city["guest-hangjin"])
    with refused(WrongState, "wrong-state"):
        actions.close_kiosk(kiosk_id, by=door.city["guest-hangjin"])
