"""Each lie is found, by one check, and by its name. Source: docs/spec/bundle.md §7."""

import pytest

from mifeng.programs.verify.bundle.report import CHECKS, verify
from tests.programs.bent import BENT
from tests.programs.conftest import Evidence
from tests.programs.forging import Forge, trust
from tests.programs.mutants import ANNOUNCED, JUDGED, MUTANTS, PROMISED, PUBLIC, SUPERVISOR


@pytest.mark.parametrize("cut", [PUBLIC, SUPERVISOR, ANNOUNCED, JUDGED])
def test_a_forger_who_changes_nothing_is_not_found(evidence: Evidence, cut: str) -> None:
    """Putting the whole log together anew, under the real keys, gives a bundle without a fault."""
    forge = Forge(evidence.cuts[cut], evidence.submit)
    forge.resign(1)
    forge.relog()

    report = verify(forge.bundle(), trust())

    assert [fault for one in report.findings for fault in one.faults] == []


@pytest.mark.parametrize("name", [*MUTANTS, *BENT])
def test_a_lie_is_found_by_its_own_check_alone(evidence: Evidence, name: str) -> None:
    """Everything else is made to fit; only the check that is named stands against it."""
    mutant = (MUTANTS | BENT)[name]
    forge = Forge(evidence.cuts[mutant.cut], evidence.submit)
    mutant.forge(forge)

    report = verify(forge.bundle(), trust())

    failed = {one.id: {fault.code for fault in one.faults} for one in report.findings if one.faults}
    assert failed.keys() == {mutant.check}, failed
    assert mutant.code in failed[mutant.check]


def test_every_check_has_a_lie_that_only_it_finds() -> None:
    assert {mutant.check for mutant in MUTANTS.values()} == set(CHECKS)


def test_no_two_lies_have_one_name() -> None:
    assert MUTANTS.keys() & BENT.keys() == set()


def test_the_nine_lies_that_everybody_asks_for_are_told() -> None:
    assert len(PROMISED) == 9
    assert set(PROMISED.values()) <= set(MUTANTS)
