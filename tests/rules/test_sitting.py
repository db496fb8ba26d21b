"""Check-in as rules (签到). LY-2022-14 四(三), MOF-87-45, GPLR-9, LC-2018-80 三(六) (R145, R175)."""

from datetime import UTC, datetime, timedelta

import pytest

from mifeng.rules.blind import is_seat
from mifeng.rules.errors import Unfair, WrongMoment
from mifeng.rules.lifecycle import check_step
from mifeng.rules.sitting import (
    ARRIVAL,
    PLEDGES,
    VOUCH_REASONS,
    check_begun,
    check_pledges,
    check_vouch_reason,
    check_window,
    opens_at,
    read_label,
    seat_label,
)

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=6)


@pytest.mark.parametrize("at", [opens_at(START), START, END - timedelta(microseconds=1)])
def test_check_in_is_open_from_an_hour_before_to_the_end(at: datetime) -> None:
    check_window(START, END, at)


@pytest.mark.parametrize(
    ("at", "code", "until"),
    [(START - timedelta(minutes=60, microseconds=1), "checkin-early", opens_at(START)), (END, "checkin-over", None)],
)
def test_outside_its_window_nobody_checks_in(at: datetime, code: str, until: datetime | None) -> None:
    with pytest.raises(WrongMoment) as caught:
        check_window(START, END, at)

    assert (caught.value.code, caught.value.reasons[0].until) == (code, until)


def test_nobody_is_absent_before_the_session_begins() -> None:
    check_begun(START, START)

    with pytest.raises(WrongMoment) as caught:
        check_begun(START, START - timedelta(microseconds=1))

    assert (caught.value.code, caught.value.reasons[0].until) == ("too-early", START)


def test_everything_is_declared() -> None:
    check_pledges(PLEDGES)

    with pytest.raises(Unfair) as caught:
        check_pledges(PLEDGES[1:3])

    assert (caught.value.code, caught.value.facts) == ("pledge-missing", {"missing": 2})


@pytest.mark.parametrize("word", ["", "other", "DECLINED"])
def test_officers_check_for_a_known_reason(word: str) -> None:
    for known in VOUCH_REASONS:
        check_vouch_reason(known)

    with pytest.raises(Unfair) as caught:
        check_vouch_reason(word)

    assert caught.value.code == "reason-required"


@pytest.mark.parametrize(
    ("number", "turn", "label"),
    [("03", 1, "150826-03"), ("A-07", 1, "150826-A-07"), ("03", 2, "150826-03/2"), ("甲03", 1, "150826-1f2e3d4c")],
)
def test_a_label_says_the_place_and_is_one_that_codes_know(number: str, turn: int, label: str) -> None:
    made = seat_label("150826", number, turn, otherwise="1f2e3d4c")

    assert made == label
    assert is_seat(made)
    assert read_label(made) == ("150826", made.partition("-")[2].partition("/")[0], turn)


@pytest.mark.parametrize(
    ("region", "number", "turn", "otherwise"),
    [("15082", "03", 1, "x"), ("150826", "03", 0, "x"), ("150826", "甲03", 1, "甲"), ("150826", "", 1, "")],
)
def test_what_makes_no_label_is_a_programming_error(region: str, number: str, turn: int, otherwise: str) -> None:
    with pytest.raises(ValueError, match="no label"):
        seat_label(region, number, turn, otherwise=otherwise)


@pytest.mark.parametrize("text", ["", "host/1", "150826", "150826-03/", "15082x-03"])
def test_another_text_is_no_label(text: str) -> None:
    assert read_label(text) == ("", "", 1)


@pytest.mark.parametrize(
    "path",
    [
        ("match_face", "pledge", "take_seat"),
        ("doubt", "vouch", "vouch_again", "pledge", "take_seat"),
        ("fail_face", "doubt", "vouch", "vouch_again", "stand_aside"),
        ("match_face", "stand_aside"),
        ("miss",),
        ("doubt", "vouch", "miss"),
    ],
)
def test_a_person_goes_a_lawful_way(path: tuple[str, ...]) -> None:
    state = check_step(ARRIVAL, "identify", state=None, role="kiosk").target
    for name in path:
        state = check_step(ARRIVAL, name, state=state, role=min(ARRIVAL[name].by)).target

    assert state in {"seated", "aside", "absent"}
