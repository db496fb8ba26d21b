"""From the open seat to the committee of an evaluation, and a call from a seat. MOF-87-45, MOF-87-47."""

from dataclasses import replace
from typing import Any

import pytest

from mifeng.config.reactions import REACTIONS
from mifeng.evaluation import tasks
from mifeng.evaluation.actions import elect_chair
from mifeng.evaluation.models import Evaluation, KeyChange, Member
from mifeng.gateways.reader import Card
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Message
from mifeng.parties.models import Post
from mifeng.rules.errors import NotEntitled, WrongState
from mifeng.rules.sitting import PLEDGES
from mifeng.sittings import actions
from mifeng.sittings.kiosks import standing
from mifeng.sittings.models import Arrival
from mifeng.sittings.queries import seated
from mifeng.tenders.models import Lot
from mifeng.venues.calls import answer_call, call_officer, calls_at, is_calling
from mifeng.venues.tasks import tell_called
from tests.actions import arriving
from tests.actions.arriving import AT, FACE, GUEST, HOST, OTHER, READER, Door, come, deputy, enter
from tests.actions.evidence import read_entry, refused
from tests.factories import lot_of
from tests.judged import public_key


def begun(door: Door, **changes: Any) -> Evaluation:
    """Leave behind the beginning of an evaluation of the door's project."""
    lot: Lot = lot_of(door.tender)
    fields = {"lot": lot, "lot_ref": lot.lot_ref, "template": "{}", "template_hash": "0" * 64, "state": "qualifying"}
    [row] = Evaluation.objects.bulk_create([Evaluation(**fields | changes)])
    return row


def test_the_last_seat_that_opens_seats_the_committee(door: Door) -> None:
    """Whoever sits where is known to the evaluation as soon as every seat of the plan is open."""
    evaluation = begun(door)

    arriving.everybody(door)
    entries = list(Entry.objects.filter(type="enter_seat").order_by("pk").values_list("pk", flat=True))
    counts = []
    for entry in entries:
        tasks.take_seats(entry_id=entry)
        counts.append(Member.objects.filter(evaluation=evaluation).count())

    assert (len(entries), set(counts)) == (5, {5})
    rows = Member.objects.order_by("seat").values_list("seat", "role", "handle", "key")
    assert list(rows) == [(one.seat, one.role, one.handle, one.key) for one in seated(door.tender).members]
    assert Entry.objects.filter(type="seat_members").count() == 1


def test_a_committee_with_an_empty_seat_is_not_seated(door: Door) -> None:
    begun(door)
    enter(come(door, HOST, deputy())[1])

    tasks.take_seats(entry_id=Entry.objects.get(type="enter_seat").pk)

    assert Member.objects.count() == 0


@pytest.mark.parametrize("state", ["qualified", "chaired"])
def test_a_review_that_ends_after_everybody_came_seats_them_too(door: Door, state: str) -> None:
    arriving.everybody(door)
    evaluation = begun(door, state=state)

    tasks.look_after(timestamp=0) if state == "qualified" else tasks.seat(evaluation.pk)

    assert Member.objects.count() == (5 if state == "qualified" else 0)


def test_a_member_votes_under_the_post_of_the_seat(door: Door) -> None:
    evaluation = begun(door)
    people = arriving.everybody(door)
    tasks.seat(evaluation.pk)
    Evaluation.objects.filter(pk=evaluation.pk).update(state="qualified")

    for one in people[:3]:
        elect_chair(evaluation.pk, "150826-01", by=one)

    assert Evaluation.objects.get(pk=evaluation.pk).chair == "150826-01"


@pytest.mark.parametrize("first", ["face", "officers"])
@pytest.mark.parametrize(("vouchers", "checked"), [(0, "face"), (1, "face"), (2, "officers")])
def test_a_seat_opened_again_with_a_new_code_signs_with_its_new_key(
    door: Door, first: str, vouchers: int, checked: str
) -> None:
    """The entry names the acts at the door by their leaves, and upon what the new code was given, not the first one."""
    evaluation, card = begun(door), door.cards(GUEST)[0]
    arrival, code = (come if first == "face" else vouched_for)(door, GUEST, card)
    arriving.everybody_else(door, card)
    seat = enter(code, key=public_key(1))
    tasks.seat(evaluation.pk)
    Evaluation.objects.update(state="revealed")
    tasks.look_after(timestamp=0)
    assert KeyChange.objects.count() == 0
    kiosk_id, kiosk = door.kiosk(GUEST)
    actions.identify(kiosk_id, card, by=kiosk)
    if vouchers:
        actions.doubt_face(arrival.pk, "declined", by=kiosk)
    for account in ("guest-hangjin-2", "guest-hangjin")[:vouchers]:
        actions.vouch(arrival.pk, by=door.city[account])
    seen = FACE if checked == "face" else ""
    enter(actions.renew_seat_code(arrival.pk, seen, READER, by=standing(kiosk, arrival.pk).actor)[1], key=public_key(2))
    entered = Entry.objects.filter(type="enter_seat").latest("pk")

    tasks.take_seats(entry_id=entered.pk)
    tasks.take_seats(entry_id=entered.pk)

    said = read_entry(Entry.objects.get(type="change_seat_key").pk).facts("change_seat_key")
    officers = [door.city[name].handle for name in ("guest-hangjin-2", "guest-hangjin")]
    renewed = Entry.objects.get(type="renew_seat_code")
    assert Member.objects.get(handle=seat.handle).key == public_key(2)
    assert (said["seat"], said["opened_by"], said["checked"]) == (seat.seat, seat.handle, checked)
    assert (said["before"], said["after"]) == (public_key(1), public_key(2))
    assert said["officers"] == (officers if checked == "officers" else [])
    assert (said["renewed"], said["entered"]) == (bytes(renewed.leaf).hex(), bytes(entered.leaf).hex())


def vouched_for(door: Door, site: str, card: Card) -> tuple[Arrival, str]:
    """Let a person come whom two officers check; return the arrival and the code of the seat."""
    arrival, _ = come(door, site, card, "identified")
    _, kiosk = door.kiosk(site)
    actions.doubt_face(arrival.pk, "declined", by=kiosk)
    for account in ("guest-hangjin", "guest-hangjin-2"):
        actions.vouch(arrival.pk, by=door.city[account])
    person = standing(kiosk, arrival.pk).actor
    actions.pledge(arrival.pk, PLEDGES, by=person)
    return arrival, actions.take_seat(arrival.pk, by=person)[1]


def test_the_steps_that_seat_people_are_in_the_table() -> None:
    assert tasks.take_seats in REACTIONS["enter_seat"]
    assert tasks.take_seats in REACTIONS["start_evaluation"]


# --- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_from_a_seat_reaches_both_officers_of_the_site_and_nobody_else(door: Door) -> None:
    expert = enter(come(door, GUEST, door.cards(GUEST)[0])[1])

    written = call_officer(by=expert)

    assert written is not None
    tell_called(entry_id=written.id)
    accounts = dict(Post.objects.values_list("handle", "person__account"))
    told = {accounts[one] for one in Message.objects.filter(entry=written.id).values_list("recipient", flat=True)}
    assert told == {"guest-hangjin", "guest-hangjin-2"}
    assert [one.place for one in calls_at(door.city["guest-hangjin"])] == ["150826-01"]
    assert [calls_at(door.city[name]) for name in ("guest-wuyuan", "host", "agency-a")] == [[], [], []]


def test_one_call_at_a_time_until_somebody_answers(door: Door) -> None:
    _, kiosk = door.kiosk(OTHER)
    call_officer(by=kiosk)

    again = call_officer(by=kiosk)
    [waiting] = calls_at(door.city["guest-wuyuan"])
    before = is_calling(kiosk)
    with refused(NotEntitled, "not-your-site"):
        answer_call(waiting.id, by=door.city["host"])
    answer_call(waiting.id, by=door.city["guest-wuyuan"])

    assert (again, before, is_calling(kiosk)) == (None, True, False)
    with refused(WrongState, "wrong-state"):
        answer_call(waiting.id, by=door.city["guest-wuyuan"])


def test_nobody_calls_but_from_a_seat_or_a_kiosk(door: Door) -> None:
    arrival, _ = come(door, GUEST, door.cards(GUEST)[0], "verified")
    _, kiosk = door.kiosk(GUEST)
    person = standing(kiosk, arrival.pk).actor

    for by in (door.city["agency-a"], door.city["buyer"], door.city["host"], person):
        with refused(NotEntitled, "wrong-post"):
            call_officer(by=by)


def test_a_refused_card_leaves_no_trace_of_the_person(door: Door) -> None:
    kiosk_id, kiosk = door.kiosk(GUEST)
    stranger = replace(door.cards(OTHER)[0])

    with clock.frozen(AT), refused(NotEntitled, "not-expected"):
        actions.identify(kiosk_id, stranger, by=kiosk)
