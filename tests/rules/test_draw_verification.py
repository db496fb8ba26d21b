"""What an outsider finds in a draw. Source: docs/spec/draw.md §6; GPLR-39, LY-2022-14 四(二), BN-2023R 四3."""

from dataclasses import replace
from typing import Any

import pytest

from mifeng.rules.draw.disclosure import format_disclosure, parse_disclosure
from mifeng.rules.draw.verification import CODES, Fault, verify_draw, verify_together
from mifeng.rules.draw.walk import Outcome
from tests.rules.draws import SOUND, VECTORS, codes_of, disclosure_of, grounds_of, leaf_of
from tests.rules.vectors import named


@pytest.mark.parametrize("case", **named(VECTORS["cases"]))
def test_every_published_case_is_judged_as_published(case: dict[str, Any]) -> None:
    assert sorted(codes_of(case)) == sorted(case["codes"])


def test_every_code_of_one_draw_has_a_case() -> None:
    shown = {code for case in VECTORS["cases"] for code in case["codes"]}

    assert shown == CODES - {"handle-twice", "elsewhere-unknown"}


@pytest.mark.parametrize("case", **named(VECTORS["malformed"]))
def test_a_misshapen_disclosure_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        disclosure_of(case)


def test_what_is_written_is_read_again() -> None:
    data = SOUND["disclosure"].encode()

    assert format_disclosure(parse_disclosure(data)) == data


def test_a_fault_says_where_and_what() -> None:
    case = next(one for one in VECTORS["cases"] if one["name"] == "a rank skipped")
    order = VECTORS["draw"]["orders"]["A08"]

    [fault] = verify_draw(disclosure_of(case), grounds_of(case))

    assert fault.place == "1"
    assert fault.expected == f"invited {leaf_of(order[0]).hex()}"
    assert fault.found == f"invited {leaf_of(order[1]).hex()} (walk-order)"


def test_a_walk_that_goes_on_after_its_end_is_found() -> None:
    sound = disclosure_of({})
    again = replace(sound, walk=(*sound.walk, replace(sound.walk[0], hour=sound.walk[-1].hour)))

    assert [(one.code, one.place, one.expected) for one in verify_draw(again, grounds_of({}))] == [
        ("walk-wrong", str(len(again.walk)), "")
    ]


def test_a_walk_under_way_is_without_fault() -> None:
    sound = disclosure_of({})

    for length in range(0, len(sound.walk), 4):
        codes = {one.code for one in verify_draw(replace(sound, walk=sound.walk[:length], seats=()), grounds_of({}))}
        assert codes <= {"seat-missing"}


def test_draws_of_one_project_are_held_against_each_other() -> None:
    """R141: one draw per site; one person has one seat."""
    sound = disclosure_of({})
    other = disclosure_of({"changes": [[["site"], "dengkou"], [["handle"], "ab" * 32]]})
    passed = replace(sound.walk[0].event, outcome=Outcome.ALREADY_ACCEPTED, detail="cd" * 32)
    astray = replace(other, walk=(replace(sound.walk[0], event=passed),), openings=())
    known = replace(passed, detail=sound.handle.hex())

    assert verify_together([sound]) == []
    assert verify_together([sound, replace(other, seats=())]) == []
    assert verify_together([sound, replace(astray, walk=(replace(sound.walk[0], event=known),))]) == []
    assert verify_together([sound, astray]) == [Fault("elsewhere-unknown", passed.leaf.hex(), found="cd" * 32)]
    assert [one.code for one in verify_together([sound, sound])] == ["handle-twice"]
    assert verify_together([sound, other]) == [
        Fault("person-twice", one.record.person.hex(), sound.handle.hex(), other.handle.hex()) for one in sound.openings
    ]
