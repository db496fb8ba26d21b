"""Check-in (签到): from the card to the open seat, and what stands in the way. LY-2022-14 四(二), LY-2022-14 四(三)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import TestCase

from mifeng.kernel import clock
from mifeng.sittings.queries import seated
from tests.actions import arriving
from tests.actions.arriving import AT, Door
from tests.conftest import read_city


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Door]:
    """Lead a project to its open check-in, once for the file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield arriving.opened(read_city())
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def door(opened: Door, db: None) -> Iterator[Door]:
    """Return the check-in of the file at an instant of it; what the test does is undone after it."""
    with clock.frozen(AT):
        yield replace(opened)


def test_everybody_comes_and_the_committee_is_complete(door: Door) -> None:
    actors = arriving.everybody(door)

    found = seated(door.tender)
    assert found.complete
    assert [one.seat for one in found.members] == [
        "150800-A-01",
        "150800-A-03",
        "150800-A-04",
        "150821-01",
        "150826-01",
    ]
    assert sorted(one.handle for one in found.members) == sorted(actor.handle for actor in actors)
