"""The policy of a lot, beside its vectors. Source: docs/spec/envelope.md §2."""

from dataclasses import replace

import pytest

from mifeng.rules.errors import Unfair
from mifeng.rules.seal import Policy, Trustee, check_policy, format_policy, lot_ref, parse_policy, policy_hash
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, point_of, text_of
from tests.rules.sealed import POLICY, POLICY_BYTES


def many(count: int) -> tuple[Trustee, ...]:
    """Return so many trustees, all with one key."""
    one = POLICY.trustees[0]
    return tuple(replace(one, name=f"t{index}", organisation=f"o{index}") for index in range(count))


def broken(policy: Policy) -> list[object]:
    """Return the rules that a policy breaks."""
    with pytest.raises(Unfair) as refusal:
        check_policy(policy)
    assert set(refusal.value.codes) == {"policy-unsound"}
    return [reason.facts["rule"] for reason in refusal.value.reasons]


def test_a_policy_that_a_reader_would_refuse_is_not_written() -> None:
    with pytest.raises(ValueError, match="window_minutes"):
        format_policy(replace(POLICY, window_minutes=0))
    with pytest.raises(ValueError, match="curve"):
        format_policy(replace(POLICY, trustees=(replace(POLICY.trustees[0], hpke=b"\x04" + b"\x01" * 64),)))


def test_every_value_of_a_policy_stands_under_its_hash() -> None:
    others = [
        replace(POLICY, lot_ref=b"x" * 32),
        replace(POLICY, t=3),
        replace(POLICY, trustees=POLICY.trustees[:2]),
        replace(POLICY, trustees=POLICY.trustees[::-1]),
        replace(POLICY, contributors=()),
        replace(POLICY, witnesses=()),
        replace(POLICY, envelope_bytes=1),
        replace(POLICY, window_minutes=1),
        replace(POLICY, demo=True),
        replace(POLICY, suite="S1"),
        replace(POLICY, mode="T"),
    ]
    hashes = {policy_hash(format_policy(one)) for one in [POLICY, *others]}

    assert len(hashes) == len(others) + 1
    assert [parse_policy(format_policy(one)) for one in others] == others


@pytest.mark.parametrize(
    ("t", "n", "sound"),
    [(2, 3, True), (2, 4, True), (3, 5, True), (3, 4, False), (1, 3, False), (2, 2, False), (128, 255, True)],
)
def test_the_threshold_is_at_least_two_and_at_most_half_and_one(t: int, n: int, sound: bool) -> None:
    assert ("threshold" not in broken(replace(POLICY, t=t, trustees=many(n)))) == sound


def test_a_share_has_one_byte_of_index() -> None:
    assert "trustees" in broken(replace(POLICY, t=2, trustees=many(256)))


def test_only_the_sample_city_may_have_two_trustees_of_one_body() -> None:
    one, two, three = POLICY.trustees
    together = replace(POLICY, trustees=(one, replace(two, organisation=one.organisation), three))

    assert broken(together) == ["organisations"]
    check_policy(replace(together, demo=True))


def test_every_broken_rule_is_told() -> None:
    one = POLICY.trustees[0]

    assert broken(replace(POLICY, suite="S1", mode="T", t=1, trustees=(one, one, one))) == [
        "suite",
        "mode",
        "threshold",
        "organisations",
        "names",
        "keys",
    ]


def test_trustees_are_counted_from_one() -> None:
    assert [POLICY.index(one.name) for one in POLICY.trustees] == [1, 2, 3]
    with pytest.raises(KeyError):
        POLICY.index("stranger")


def test_a_lot_is_not_told_by_its_reference() -> None:
    assert lot_ref("lot", b"a" * 32) != lot_ref("lot", b"b" * 32)
    with pytest.raises(ValueError, match="salt"):
        lot_ref("lot", b"short")


def test_shapes_are_taken_exactly() -> None:
    assert object_of({"a": 1}, {"a"}, "x") == {"a": 1}
    assert (list_of([1], "x"), text_of("a", "x"), number_of(1, "x")) == ([1], "a", 1)
    assert hex_of("0a", 1, "x") == b"\x0a"
    assert point_of(POLICY.trustees[0].hpke.hex(), "x") == POLICY.trustees[0].hpke
    for wrong in ({"a": 1, "b": 2}, {}, [], "a", None):
        with pytest.raises(ValueError, match="other keys"):
            object_of(wrong, {"a"}, "x")
    for wrong in ({}, "a", None, ()):
        with pytest.raises(ValueError, match="list"):
            list_of(wrong, "x")
    for wrong in ("", 1, None, []):
        with pytest.raises(ValueError, match="text"):
            text_of(wrong, "x")
    for wrong in (0, -1, True, "1", None):
        with pytest.raises(ValueError, match="number"):
            number_of(wrong, "x")
    for wrong in ("0A", "0", "0a0a", "0g", " 0", 10, None, b"0a"):
        with pytest.raises(ValueError, match="hexadecimal"):
            hex_of(wrong, 1, "x")


def test_the_bytes_of_a_policy_are_canonical() -> None:
    assert format_policy(parse_policy(POLICY_BYTES)) == POLICY_BYTES
