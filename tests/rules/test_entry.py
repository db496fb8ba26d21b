"""Entry of a project. NM-2018-67 二(四), BN-2023 二(三), BN-2023 二(四)6, BN-2023 三(五), GPL-18, GPLR-30."""

from decimal import Decimal
from typing import Any

import pytest

from mifeng.rules.entry import EntryFacts, check_entry
from mifeng.rules.errors import Unfair
from tests.rules.books import BOOK, beijing


def entry(**changes: Any) -> EntryFacts:
    """A project that may enter: an off-catalogue purchase by a social agency, two lots, evaluated remotely."""
    lawful: dict[str, Any] = {
        "has_supervisor": True,
        "in_catalogue": False,
        "agency_kind": "social",
        "agency_banned": False,
        "remote": True,
        "budget_yuan": Decimal("4800000.00"),
        "lot_budgets_yuan": (Decimal("3000000.00"), Decimal("1800000.00")),
    }
    return EntryFacts(**lawful | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"in_catalogue": True, "agency_kind": "central"},  # R010
        {"agency_kind": "central"},  # R011: off-catalogue, either kind of agency may be delegated
        {"remote": False, "traits": ("on-site-samples",)},  # not remote: nothing speaks against it
        {"traits": ("urgent",)},  # a word the rulebook does not list
    ],
)
def test_a_lawful_project_enters(changes: dict[str, Any]) -> None:
    check_entry(entry(**changes), BOOK)


@pytest.mark.parametrize(
    ("changes", "code", "source", "lifted_by"),
    [
        ({"has_supervisor": False}, "supervisor-missing", "NM-2018-67 二(四)", ("supervisor",)),  # R043
        ({"in_catalogue": True}, "catalogue-needs-central-agency", "BN-2023 二(三)", ("buyer",)),  # R010
        ({"agency_banned": True}, "agency-banned", "BN-2023 二(四)6", ("supervisor",)),  # R022
        ({"traits": ("e-mall",)}, "remote-unsuitable", "BN-2023 三(五)", ("agency",)),  # R035
        ({"budget_yuan": None}, "budget-missing", "GPLR-30", ("agency",)),
        ({"budget_yuan": Decimal(0)}, "budget-missing", "GPLR-30", ("agency",)),
        ({"lot_budgets_yuan": ()}, "budget-missing", "GPLR-30", ("agency",)),
        ({"lot_budgets_yuan": (Decimal(4800000), Decimal(0))}, "budget-missing", "GPLR-30", ("agency",)),
        ({"budget_yuan": Decimal("4800000.01")}, "budget-mismatch", "GPLR-30", ("agency",)),
    ],
)
def test_an_unlawful_entry_is_refused_with_its_clause(
    changes: dict[str, Any], code: str, source: str, lifted_by: tuple[str, ...]
) -> None:
    with pytest.raises(Unfair) as refusal:
        check_entry(entry(**changes), BOOK)

    [reason] = refusal.value.reasons
    assert (reason.code, reason.source, reason.lifted_by) == (code, source, lifted_by)


def test_a_ban_says_when_it_ends() -> None:
    until = beijing(12, 31)

    with pytest.raises(Unfair) as refusal:
        check_entry(entry(agency_banned=True, banned_until=until), BOOK)

    assert refusal.value.reasons[0].until == until


def test_remote_evaluation_is_refused_with_everything_that_speaks_against_it() -> None:
    """R035: the list stands in the rulebook and is open; each word found is named."""
    with pytest.raises(Unfair) as refusal:
        check_entry(entry(traits=("classified", "urgent", "long-evaluation")), BOOK)

    assert refusal.value.facts == {"traits": ("long-evaluation", "classified")}


def test_sums_that_differ_are_both_shown() -> None:
    with pytest.raises(Unfair) as refusal:
        check_entry(entry(lot_budgets_yuan=(Decimal("4799999.99"),)), BOOK)

    assert refusal.value.facts == {"budget_yuan": "4800000.00", "lots_yuan": "4799999.99"}


def test_all_reasons_come_at_once() -> None:
    worst = entry(
        has_supervisor=False, agency_banned=True, in_catalogue=True, traits=("classified",), budget_yuan=Decimal(1)
    )

    with pytest.raises(Unfair) as refusal:
        check_entry(worst, BOOK)

    assert refusal.value.codes == (
        "supervisor-missing",
        "agency-banned",
        "catalogue-needs-central-agency",
        "remote-unsuitable",
        "budget-mismatch",
    )
