"""Specialities of three levels, and the reasons of acts about persons (专业层级、事由)."""

import pytest

from mifeng.rules.errors import Unfair
from mifeng.rules.expert import (
    DECLINE_REASONS,
    SUSPENSION_REASONS,
    check_class,
    check_decline_reason,
    check_suspension_reason,
    level,
    parent,
    within,
)


@pytest.mark.parametrize(("word", "number", "above"), [("A08", 1, ""), ("A0801", 2, "A08"), ("A080101", 3, "A0801")])
def test_speciality_says_its_level_and_its_parent(word: str, number: int, above: str) -> None:
    assert (level(word), parent(word)) == (number, above)
    assert within("A080101", word)
    assert not within("C040101", word)


@pytest.mark.parametrize("word", ["", "A", "A8", "a08", "D08", "A080", "A08010", "A08010101", "A\uff108"])
def test_what_is_no_speciality_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="not a speciality"):
        level(word)
    with pytest.raises(Unfair) as caught:
        check_class(word)
    assert caught.value.codes == ("malformed",)


def test_class_of_the_third_level_is_not_drawn_from() -> None:
    """Draws come from classes one and two, no longer from the small third class (R097, BN-2023R 四3)."""
    check_class("A08")
    check_class("A0801")
    with pytest.raises(Unfair) as caught:
        check_class("A080101")

    assert (caught.value.code, caught.value.source) == ("class-small", "BN-2023R 四3")


def test_reasons_are_words_of_a_list() -> None:
    """Words of one's own could name somebody in the ledger (R055)."""
    for word in DECLINE_REASONS:
        check_decline_reason(word)
    for word in SUSPENSION_REASONS:
        check_suspension_reason(word)
    for check in (check_decline_reason, check_suspension_reason):
        with pytest.raises(Unfair) as caught:
            check("甲虚子有事")
        assert caught.value.codes == ("reason-required",)
