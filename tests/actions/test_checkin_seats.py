"""From the declaration to the open seat (签到至入席), kiosks, and the purchaser's representative.

LY-2022-14 四(二), LY-2022-14 四(三), MOF-87-45, GPLR-9, LC-2018-80 三(六) (R143, R144, R145, R175).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.experts.models import Invitation
from mifeng.kernel import clock
from mifeng.kernel.ledger.queries import body_of
from mifeng.parties.actions import sign_in
from mifeng.parties.models import SignInAttempt
from mifeng.rules.errors import NotEntitled, Refusal, Unfair, WrongMoment, WrongState
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings import actions
from mifeng.sittings.actions.arrivals import free_seat
from mifeng.sittings.kiosks import Standing, declared, room, standing
from mifeng.sittings.models import Arrival, Panel, Representative
from mifeng.venues.models import Seat
from tests.actions import arriving, draws
from tests.actions.arriving import (
    AT,
    BEGUN,
    COMPUTER,
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
    turned_away,
)
from tests.actions.evidence import changed, refused, snapshot
from tests.actions.reviews import FIRMS
from tests.factories import SESSION

# --- the declaration --------------------------------------------------------------------------------------------------


def test_the_declaration_is_about_the_parties_and_the_bidders(door: Door) -> None:
    person, kiosk = person_of(door, GUEST, "verified")

    found = declared(kiosk, person.arrival)

    assert (found.purchaser, found.agency) == ("市教育局", "甲诚招标代理有限公司")
    assert [(lot.number, lot.bidders) for lot in found.lots] == [(1, FIRMS)]
    assert door.tender.name not in str(found)


def test_names_of_bidders_are_shown_to_verified_persons_only(door: Door) -> None:
    person, kiosk = person_of(door, GUEST, "identified")

    with pytest.raises(ObjectDoesNotExist):
        declared(kiosk, person.arrival)
    with pytest.raises(ObjectDoesNotExist):
        standing(door.kiosk(OTHER)[1], person.arrival)


@pytest.mark.parametrize("missing", PLEDGES)
def test_a_declaration_is_made_whole_or_not_at_all(door: Door, missing: str) -> None:
    person, _ = person_of(door, GUEST, "verified")

    with refused(Unfair, "pledge-missing") as caught:
        actions.pledge(person.arrival, tuple(word for word in PLEDGES if word != missing), by=person.actor)

    assert caught.value.facts == {"missing": 1}


@pytest.mark.parametrize("act", [actions.pledge, actions.stand_aside, actions.take_seat, actions.renew_seat_code])
def test_what_is_declared_and_taken_is_the_persons_own(door: Door, act: Callable[..., object]) -> None:
    person, kiosk = person_of(door, GUEST, "verified")
    more: tuple[object, ...] = {actions.pledge: (PLEDGES,), actions.renew_seat_code: (FACE, READER)}.get(act, ())

    for by in (kiosk, door.city["guest-hangjin"], replace(person.actor, handle="0" * 16)):
        with refused(NotEntitled, "wrong-post"):
            act(person.arrival, *more, by=by)


def test_nobody_declares_before_they_are_known(door: Door) -> None:
    person, _ = person_of(door, GUEST, "identified")

    for act in (lambda: actions.pledge(person.arrival, PLEDGES, by=person.actor), lambda: step_aside(person)):
        with refused(WrongState, "wrong-state"):
            act()


def step_aside(person: Standing) -> object:
    """Let a person declare a tie."""
    return actions.stand_aside(person.arrival, by=person.actor)


# --- standing aside, and not coming -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["verified", "pledged"])
def test_an_expert_stands_aside_and_the_walk_goes_on_at_the_same_site(door: Door, step: str) -> None:
    """Whoever is tied to a bidder does not judge; the next of the same order comes (GPLR-9)."""
    person, _ = person_of(door, GUEST, step)
    draw = draws.draw_at(door.panel, GUEST, door.city)
    before = Invitation.objects.filter(draw=draw).count()

    written = actions.stand_aside(person.arrival, by=person.actor)
    draws.walk(door.panel, AT + timedelta(minutes=1))

    assert Arrival.objects.get().state == "aside"
    assert (written.subject, Panel.objects.get(pk=door.panel.pk).state) == (f"experts.draw:{draw.pk}", "assembling")
    rows = Invitation.objects.filter(draw=draw).order_by("place")
    assert [row.state for row in rows][before - 1 :] == ["conflicted", "invited"]
    assert rows[before - 1].reason == "declared"


def test_a_successor_comes_and_takes_the_seat(door: Door) -> None:
    person, _ = person_of(door, GUEST, "verified")
    step_aside(person)
    draws.walk(door.panel, AT)
    [waits] = draws.waiting(draws.draws_of(door.panel))
    draws.agree(waits, AT + timedelta(minutes=5))
    draws.walk(door.panel, AT + timedelta(minutes=5))

    arrival, _ = come(door, GUEST, door.cards(GUEST)[0])

    assert (arrival.label, arrival.state) == ("150826-01", "seated")


def test_who_stood_aside_is_a_stranger_afterwards(door: Door) -> None:
    card = door.cards(GUEST)[0]
    person, _ = person_of(door, GUEST, "verified", card)
    step_aside(person)
    kiosk_id, kiosk = door.kiosk(GUEST)

    with refused(NotEntitled, "not-expected"):
        actions.identify(kiosk_id, card, by=kiosk)


def test_a_representative_stands_aside_and_another_is_authorised(door: Door) -> None:
    person, _ = person_of(door, HOST, "verified", deputy())

    step_aside(person)

    assert Representative.objects.get().state == "aside"
    assert Panel.objects.get(pk=door.panel.pk).state == "assembled"
    kiosk_id, kiosk = door.kiosk(HOST)
    with refused(NotEntitled, "not-expected"):
        actions.identify(kiosk_id, deputy(), by=kiosk)
    actions.authorise_representative(door.tender.pk, "癸实丑", "592801198001010036", by=door.city["buyer"])


def test_who_does_not_come_is_counted_absent_and_the_walk_goes_on(door: Door) -> None:
    """A session that has begun waits for nobody: the same walk goes on into it (our choice (ADR-9))."""
    draw = draws.draw_at(door.panel, GUEST, door.city)
    come(door, GUEST, door.cards(GUEST)[0], "identified")

    with clock.frozen(BEGUN):
        written = actions.mark_absent(door.checkin.pk, by=door.city["guest-hangjin"])
    draws.walk(door.panel, BEGUN)

    assert Arrival.objects.get().state == "absent"
    assert written.subject == f"experts.draw:{draw.pk}"
    assert list(Invitation.objects.filter(draw=draw, state="absent").values_list("ended_at", flat=True)) == [BEGUN]
    [waits] = draws.waiting([draw])
    actions.answer_invitation(draws.token(waits), accept=True)


def test_who_is_known_by_then_is_not_absent(door: Door) -> None:
    come(door, HOST, door.cards(HOST)[0], "verified")

    with clock.frozen(BEGUN):
        written = actions.mark_absent(door.checkin.pk, by=door.city["host"])

    assert Arrival.objects.get().state == "verified"
    note = next(move for move in body_of(written.id)["moves"] if move["step"] == "mark_absent")
    assert note["facts"] == {"missing": 1}


def test_nobody_is_absent_before_the_session_begins_or_where_all_have_come(door: Door) -> None:
    with refused(WrongMoment, "too-early"):
        actions.mark_absent(door.checkin.pk, by=door.city["guest-hangjin"])
    come(door, GUEST, door.cards(GUEST)[0], "verified")
    with clock.frozen(BEGUN), refused(WrongState, "wrong-state"):
        actions.mark_absent(door.checkin.pk, by=door.city["guest-hangjin"])


def test_only_an_officer_of_a_site_of_the_session_counts_absent(door: Door) -> None:
    with clock.frozen(BEGUN):
        with refused(NotEntitled, "wrong-post"):
            actions.mark_absent(door.checkin.pk, by=door.city["agency-a"])
        with pytest.raises(ObjectDoesNotExist):
            actions.mark_absent(door.checkin.pk, by=door.city["guest-dengkou"])


# --- the seat ---------------------------------------------------------------------------------------------------------


def test_a_seat_is_given_after_the_declaration_only(door: Door) -> None:
    person, _ = person_of(door, GUEST, "verified")

    with refused(WrongState, "wrong-state"):
        actions.take_seat(person.arrival, by=person.actor)
    with refused(WrongState, "wrong-state"):
        actions.renew_seat_code(person.arrival, FACE, READER, by=person.actor)


def test_no_seat_is_given_after_the_end(door: Door) -> None:
    person, _ = person_of(door, GUEST, "pledged")

    with clock.frozen(SESSION[1]), refused(WrongMoment, "checkin-over"):
        actions.take_seat(person.arrival, by=person.actor)


def test_a_broken_seat_is_given_to_nobody(door: Door) -> None:
    Seat.objects.filter(site=door.city.sites[GUEST].pk).update(fault="显示器无信号")
    person, _ = person_of(door, GUEST, "pledged")

    with refused(WrongState, "seat-none"):
        actions.take_seat(person.arrival, by=person.actor)


def test_experts_get_different_seats_and_never_the_purchasers(door: Door) -> None:
    first, second = (come(door, HOST, card)[0] for card in door.cards(HOST))

    assert [first.label, second.label] == ["150800-A-03", "150800-A-04"]
    assert free_seat(door.checkin, Arrival(site=first.site, role="buyer")).label == "A-01"
    assert len(room(door.kiosk(HOST)[1])) == 10


def test_a_code_opens_its_seat_once(door: Door) -> None:
    arrival, code = come(door, GUEST, door.cards(GUEST)[0])

    actor = enter(f" {code[:4].lower()}-{code[4:]} ", site=str(arrival.site))

    assert (actor.role, actor.handle, actor.seat) == ("expert", arrival.handle, "150826-01")
    with turned_away("seat-code-wrong"):
        enter(code)


@pytest.mark.parametrize("wrong", ["", "0000000", "ZZZZZZZZ", "ZZZZZZZZZ"])
def test_any_wrong_code_gets_the_same_answer(door: Door, wrong: str) -> None:
    come(door, GUEST, door.cards(GUEST)[0])

    with turned_away("seat-code-wrong"):
        enter(wrong)


def test_a_code_is_worth_nothing_at_another_site_and_after_half_an_hour(door: Door) -> None:
    _, code = come(door, GUEST, door.cards(GUEST)[0])

    with turned_away("seat-code-wrong"):
        enter(code, site=str(door.city.sites[HOST].pk))
    with clock.frozen(AT + timedelta(minutes=30)), turned_away("seat-code-wrong"):
        enter(code)


def test_guessing_codes_is_slowed_down(door: Door) -> None:
    _, code = come(door, GUEST, door.cards(GUEST)[0])

    for number in range(10):
        with turned_away("seat-code-wrong"):
            enter(f"ZZZZZZ{number:02d}")

    with turned_away("too-many-attempts"):
        enter(code)
    assert enter(code, computer="another").seat == "150826-01"  # seats may share one address


def test_signing_in_slows_no_seat_down(door: Door) -> None:
    """What an account is called is typed by anybody: no such name stands for the place of a seat's computer."""
    _, code = come(door, GUEST, door.cards(GUEST)[0])
    for name in (f"seat {COMPUTER}", COMPUTER):
        failed = {"account": name, "address": "10.9.9.9", "at": clock.now(), "succeeded": False}
        SignInAttempt.objects.bulk_create(SignInAttempt(**failed) for _ in range(10))
    with refused(Unfair, "malformed"):
        sign_in(f"\x01{COMPUTER}", "anything", address="10.9.9.9")

    assert enter(code).seat == "150826-01"


def test_a_key_that_is_none_is_refused_and_uses_nothing_up(door: Door) -> None:
    _, code = come(door, GUEST, door.cards(GUEST)[0])

    for key in ("04", "zz", "05" + "11" * 64):
        with refused(Unfair, "malformed"):
            enter(code, key=key)

    assert enter(code).seat == "150826-01"


def test_a_seat_ends_twelve_hours_after_the_session(door: Door) -> None:
    arrival, code = come(door, GUEST, door.cards(GUEST)[0])
    token = arriving.opened_seat(code)
    person = standing(door.kiosk(GUEST)[1], arrival.pk)

    with clock.frozen(SESSION[1] + timedelta(hours=12) - timedelta(seconds=1)):
        before = arriving.actor_of_pass(token)
    with clock.frozen(SESSION[1] + timedelta(hours=12)):
        after = arriving.actor_of_pass(token)
        with refused(NotEntitled, "seat-pass-over"):
            actions.renew_seat_code(arrival.pk, FACE, READER, by=person.actor)

    assert (before is not None, after) == (True, None)


def test_a_refused_step_changes_nothing(door: Door) -> None:
    person, _ = person_of(door, GUEST, "identified")
    before = snapshot()
    tries: list[Callable[[], object]] = [
        lambda: actions.take_seat(person.arrival, by=person.actor),
        lambda: actions.stand_aside(person.arrival, by=person.actor),
        lambda: actions.vouch(person.arrival, by=door.city["guest-hangjin"]),
        lambda: actions.mark_absent(door.checkin.pk, by=door.city["guest-hangjin"]),
    ]

    for act in tries:
        with pytest.raises(Refusal):
            act()

    assert changed(before) == {}
