"""The walk of a draw (邀请与补抽): in order, never more asked than seats are open, nobody passed over unrecorded."""

from datetime import timedelta

import pytest

from mifeng.experts.actions import (
    answer_invitation,
    invite_next,
    lapse_invitation,
    record_dispatch,
    seal_roster,
)
from mifeng.experts.keyring import ROSTER, unseal
from mifeng.experts.models import Draw, Expert, Invitation, Personal, Roster, WalkLine
from mifeng.experts.pools import open_pool, personal_of
from mifeng.experts.queries import Invited, invitation
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.rules.draw.lots import order
from mifeng.rules.errors import NotEntitled, Tampered, Unfair, WrongMoment, WrongState
from mifeng.sittings.models import Panel
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import (
    ANSWERED,
    INVITED,
    SEEDED,
    agree,
    assembled,
    decline,
    draw_at,
    draws_of,
    person,
    token,
    waiting,
    walk,
)
from tests.actions.evidence import changed, read_entry, refused, snapshot

STAGES = ("published",)
SENT = INVITED + timedelta(seconds=2)


@pytest.fixture
def draw(stages: Stages, panel: Panel) -> Draw:
    """Return the draw of the host site: two seats."""
    return draw_at(panel, "市中心", stages.city)


def in_order(draw: Draw) -> list[str]:
    """Return the leaves of a draw in the order that its seed gives."""
    [cell] = open_pool(draw).cells
    return [leaf.hex() for leaf in order(cell.rows, bytes.fromhex(draw.seed))]


def invited(draw: Draw) -> list[str]:
    """Return the leaves walked so far, by place."""
    return list(Invitation.objects.filter(draw=draw).order_by("place").values_list("leaf", flat=True))


def lines(draw: Draw) -> list[tuple[str, str]]:
    """Return outcome and detail of every line of a walk."""
    return list(WalkLine.objects.filter(draw=draw).order_by("number").values_list("outcome", "detail"))


def test_first_of_the_order_are_invited_and_no_more_than_seats(draw: Draw) -> None:
    """As many experts as seats (R131, R141), from the top of the order."""
    with clock.frozen(INVITED):
        written = invite_next(draw.pk, by=CLOCK)

    read = read_entry(written.id)
    assert invited(draw) == in_order(draw)[:2]
    assert read.stream == f"experts.draw:{draw.pk}"
    assert read.moves == [
        "experts.draw walk: seeded → walking",
        "experts.invitation invite:  → invited",
        "experts.invitation invite:  → invited",
    ]
    assert [line["leaf"] for line in read.facts("walk")["lines"]] == invited(draw)
    with clock.frozen(INVITED), refused(WrongState, "wrong-state"):
        invite_next(draw.pk, by=CLOCK)


def test_refusal_lets_the_next_one_in_and_the_roster_is_sealed_when_all_seats_are_held(
    panel: Panel, draw: Draw
) -> None:
    """A supplementary draw is the same walk going on; names stay closed (R094)."""
    walk(panel)
    first, second = waiting([draw])

    refusing = decline(first, "distance")
    agreeing = agree(second)
    walk(panel, ANSWERED)
    [third] = waiting([draw])
    agree(third)
    [sealed] = [one for one in walk(panel, ANSWERED) if one.type == "seal_roster"]

    draw.refresh_from_db()
    assert invited(draw) == in_order(draw)[:3]
    assert lines(draw) == [
        ("invited", ""),
        ("invited", ""),
        ("refused", "distance"),
        ("accepted", ""),
        ("invited", ""),
        ("accepted", ""),
    ]
    assert read_entry(refusing.id).actor == first.leaf[:16]
    assert read_entry(refusing.id).body["role"] == "expert"
    assert read_entry(agreeing.id).moves == ["experts.draw answer", "experts.invitation agree: invited → agreed"]
    assert draw.state == "rostered"
    assert read_entry(sealed.id).facts("seal_roster") == {"handle": draw.handle, "seats": [1, 2]}
    rows = unseal(ROSTER, draw.pk, bytes(Roster.objects.get(pk=draw.pk).sealed))
    assert rows == [
        {"number": 1, "leaf": second.leaf, "expert": person(second)},
        {"number": 2, "leaf": third.leaf, "expert": person(third)},
    ]


def test_roster_is_not_sealed_while_a_seat_is_open(panel: Panel, draw: Draw) -> None:
    walk(panel)
    agree(waiting([draw])[0])

    with refused(WrongState, "wrong-state"):
        seal_roster(draw.pk, by=CLOCK)


def test_nobody_answers_twice_or_for_another(panel: Panel, draw: Draw, stages: Stages) -> None:
    walk(panel)
    first, second = waiting([draw])
    agree(first)

    with refused(WrongState, "wrong-state"):
        answer_invitation(token(first), accept=False, reason="illness")
    for by in (stages.city["agency-a"], stages.city["librarian"], CLOCK):
        with refused(NotEntitled, "wrong-post"):
            answer_invitation(token(second), accept=True, by=by)
    with pytest.raises(Invitation.DoesNotExist):
        answer_invitation("guessed", accept=True)


def test_answer_sent_twice_is_one_answer(panel: Panel, draw: Draw) -> None:
    walk(panel)
    first = waiting([draw])[0]
    shown = invitation(token(first))
    assert isinstance(shown, Invited)
    by = shown.actor.with_key("form-1", b"accept")

    written = answer_invitation(token(first), accept=True, by=by)
    with pytest.raises(Repeated) as again:
        answer_invitation(token(first), accept=True, by=by)

    assert again.value.entry == written.id


@pytest.mark.parametrize("reason", ["", "有事", "busy "])
def test_refusal_has_a_known_reason(panel: Panel, draw: Draw, reason: str) -> None:
    walk(panel)

    with refused(Unfair, "reason-required"):
        answer_invitation(token(waiting([draw])[0]), accept=False, reason=reason)


def test_silence_is_recorded_after_the_hour_and_the_next_is_invited(panel: Panel, draw: Draw) -> None:
    walk(panel)
    first, _ = waiting([draw])
    with clock.frozen(SENT):
        record_dispatch(first.pk, "ab" * 32, by=CLOCK)
    hour = SENT + timedelta(hours=1)

    with clock.frozen(hour - timedelta(microseconds=1)), refused(WrongMoment, "too-early"):
        lapse_invitation(first.pk, by=CLOCK)
    with clock.frozen(hour), refused(WrongMoment, "invitation-over"):
        answer_invitation(token(first), accept=True)
    with clock.frozen(hour):
        written = lapse_invitation(first.pk, by=CLOCK)
    walk(panel, hour)

    assert read_entry(written.id).moves[1] == "experts.invitation lapse: invited → unreachable"
    assert lines(draw)[2:] == [("unreachable", "no-answer"), ("invited", "")]
    assert invited(draw) == in_order(draw)[:3]


def test_time_to_answer_runs_from_the_dispatch_and_ends_with_the_start(panel: Panel, draw: Draw) -> None:
    walk(panel)
    first, second = waiting([draw])

    with clock.frozen(SENT):
        written = record_dispatch(first.pk, "ab" * 32, by=CLOCK)
    with clock.frozen(draw.starts_at - timedelta(minutes=5)):
        record_dispatch(second.pk, "cd" * 32, by=CLOCK)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.sent_at, first.answer_by) == (SENT, SENT + timedelta(hours=1))
    assert second.answer_by == draw.starts_at
    assert read_entry(written.id).facts("dispatch")["sha256"] == "ab" * 32
    with refused(WrongState, "wrong-state"):
        record_dispatch(first.pk, "ab" * 32, by=CLOCK)


def test_looking_at_an_invitation_changes_nothing_and_tells_no_project(panel: Panel, draw: Draw) -> None:
    """A scanner that opens every link accepts nothing."""
    walk(panel)
    first, second = waiting([draw])
    agree(second)

    shown = invitation(token(first))

    assert shown is not None
    assert (shown.code_name, shown.place, shown.starts_at) == (draw.code_name, "市中心", draw.starts_at)
    assert shown.actor.handle == first.leaf[:16]
    assert invitation(token(second)) is None
    assert invitation("guessed") is None
    assert Invitation.objects.get(pk=first.pk).state == "invited"


def test_pool_at_its_end_leaves_the_draw_exhausted(stages: Stages) -> None:
    here = Expert.objects.filter(region="150821", specialities__0__startswith="A")
    known = personal_of(str(row.pk) for row in here)
    keep = [row.pk for row in here.order_by("pk") if row.trained and draws.is_free(known[str(row.pk)])][:4]
    here.exclude(pk__in=keep).update(region="150899")
    panel = assembled(stages.city, stages["published"])
    draws.seeded(panel)
    draw = draw_at(panel, "五原县", stages.city)

    walk(panel)
    while found := waiting([draw]):
        decline(found[0])
        last = walk(panel, ANSWERED)

    draw.refresh_from_db()
    assert draw.state == "exhausted"
    assert len(invited(draw)) == draw.eligible
    assert read_entry(last[-1].id).moves == ["experts.draw exhaust: walking → exhausted"]


@pytest.fixture
def crowded(stages: Stages) -> tuple[Draw, Draw]:
    """Return the draws of the host and of a guest with their seeds, both from one pool of six persons."""
    draws.leave_few(6)
    found = assembled(stages.city, stages["published"])
    draws.seeded(found)
    return draw_at(found, "市中心", stages.city), draw_at(found, "五原县", stages.city)


def refusing(draw: Draw) -> None:
    """Let everybody decline who is asked for one draw, as long as somebody is."""
    with clock.frozen(INVITED):
        draws.tried(invite_next, draw)
    while found := waiting([draw]):
        decline(found[0])
        with clock.frozen(ANSWERED):
            draws.tried(invite_next, draw)


def test_whoever_sits_elsewhere_in_the_session_is_passed_over(crowded: tuple[Draw, Draw]) -> None:
    """A person of two pools sits once; the walk that comes later says where."""
    host, guest = crowded
    with clock.frozen(INVITED):
        invite_next(host.pk, by=CLOCK)
    for one in waiting([host]):
        agree(one)
    seated = {person(one) for one in Invitation.objects.filter(draw=host, state="agreed")}

    refusing(guest)

    guest.refresh_from_db()
    passed = Invitation.objects.filter(draw=guest, state="passed")
    behind = {open_pool(guest).person(bytes.fromhex(one.leaf)) for one in passed}
    assert (guest.state, behind) == ("exhausted", seated)
    assert {one.reason for one in passed} == {"seated"}
    assert [detail for outcome, detail in lines(guest) if outcome == "already-accepted"] == [host.handle] * 2
    assert invited(guest) == in_order(guest)


def test_whoever_sits_in_another_session_at_that_time_is_passed_over_as_busy(crowded: tuple[Draw, Draw]) -> None:
    host, guest = crowded
    with clock.frozen(INVITED):
        invite_next(host.pk, by=CLOCK)
    for one in waiting([host]):
        agree(one)
    Draw.objects.filter(pk=host.pk).update(code_name="Z-99Z")

    refusing(guest)

    assert [detail for outcome, detail in lines(guest) if outcome == "conflict"] == ["busy"] * 2
    assert {one.reason for one in Invitation.objects.filter(draw=guest, state="passed")} == {"busy"}


def test_person_still_asked_elsewhere_holds_the_walk_up(crowded: tuple[Draw, Draw]) -> None:
    """Nobody is asked for two seats at once, and nobody is skipped for being asked."""
    host, guest = crowded
    with clock.frozen(INVITED):
        invite_next(host.pk, by=CLOCK)
    asked = {person(one) for one in waiting([host])}

    refusing(guest)

    guest.refresh_from_db()
    walked = [open_pool(guest).person(bytes.fromhex(leaf)) for leaf in invited(guest)]
    held_up = open_pool(guest).person(bytes.fromhex(in_order(guest)[len(walked)]))
    assert not asked & set(walked)
    assert held_up in asked
    assert guest.state in ("seeded", "walking")

    refusing(host)
    refusing(guest)
    assert invited(guest) == in_order(guest)


def test_invitation_after_the_session_has_begun_is_refused(draw: Draw) -> None:
    with clock.frozen(draw.starts_at), refused(WrongMoment, "session-begun"):
        invite_next(draw.pk, by=CLOCK)


@pytest.mark.parametrize("account", ["agency-a", "host", "librarian", "supervisor"])
def test_walk_is_the_platform_s_alone(stages: Stages, panel: Panel, draw: Draw, account: str) -> None:
    by = stages.city[account]
    with clock.frozen(SEEDED), refused(NotEntitled, "wrong-post"):
        invite_next(draw.pk, by=by)
    walk(panel)
    first, _ = waiting([draw])

    with refused(NotEntitled, "wrong-post"):
        record_dispatch(first.pk, "ab" * 32, by=by)
    with refused(NotEntitled, "wrong-post"):
        lapse_invitation(first.pk, by=by)
    with refused(NotEntitled, "wrong-post"):
        seal_roster(draw.pk, by=by)


def test_forged_line_stops_the_walk(panel: Panel, draw: Draw) -> None:
    """Rows are replayed against the seed before anybody else is invited."""
    walk(panel)
    decline(waiting([draw])[0])
    late = in_order(draw)[9]
    WalkLine.objects.filter(draw=draw, number=1).update(leaf=late)

    before = snapshot()
    with clock.frozen(ANSWERED), pytest.raises(Tampered, match="walk-order"):
        invite_next(draw.pk, by=CLOCK)
    assert changed(before) == {}


def test_everybody_invited_stands_in_the_library(panel: Panel, draw: Draw) -> None:
    walk(panel)

    assert all(Personal.objects.filter(pk=person(one)).exists() for one in waiting(draws_of(panel)))
