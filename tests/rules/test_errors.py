"""The refusal tree: every reason at once, each with a clause."""

from datetime import UTC, datetime

import pytest

from mifeng.rules.errors import (
    NotEntitled,
    Reason,
    Refusal,
    Tampered,
    Unfair,
    WrongMoment,
    WrongState,
    refuse_if_any,
)
from mifeng.rules.reasons import REASONS


def test_a_reason_takes_its_clause_from_the_list() -> None:
    assert Reason("bid-period-short").source == REASONS["bid-period-short"] == "GPL-35"


def test_a_rulebook_may_name_a_nearer_clause() -> None:
    assert Reason("bid-period-short", source="TBL-24").source == "TBL-24"


def test_a_code_without_a_clause_is_a_programming_error() -> None:
    with pytest.raises(KeyError, match="no-such-code"):
        Reason("no-such-code")


def test_a_refusal_speaks_with_its_first_reason_and_keeps_the_others() -> None:
    until = datetime(2026, 11, 20, tzinfo=UTC)
    refusal = Unfair(
        Reason("seats-pending", {"site": "五原县"}, until, ("guest",)), Reason("bid-period-short", {"days_given": 3})
    )

    assert (refusal.code, refusal.facts, refusal.source) == ("seats-pending", {"site": "五原县"}, "LY-2022-14 四(一)")
    assert refusal.codes == ("seats-pending", "bid-period-short")
    assert str(refusal) == "seats-pending, bid-period-short"


@pytest.mark.parametrize(
    ("kind", "status"), [(Refusal, 422), (Unfair, 422), (WrongState, 409), (WrongMoment, 403), (NotEntitled, 403)]
)
def test_each_kind_has_its_answer(kind: type[Refusal], status: int) -> None:
    assert kind(Reason("malformed")).status == status


def test_no_reason_no_refusal() -> None:
    refuse_if_any(Unfair, [])


def test_reasons_from_any_iterable_refuse() -> None:
    with pytest.raises(WrongMoment) as refusal:
        refuse_if_any(WrongMoment, (Reason(code) for code in ("deadline-passed", "too-early")))

    assert refusal.value.codes == ("deadline-passed", "too-early")


def test_facts_default_to_nothing_and_cannot_be_filled_in_later() -> None:
    facts = Reason("malformed").facts

    assert dict(facts) == {}
    with pytest.raises(TypeError):
        facts["name"] = "filled in"  # type: ignore[index]


def test_tampering_is_not_a_refusal() -> None:
    assert not issubclass(Tampered, Refusal)
