"""Projects at the stages a file of tests asks for (各环节的项目), built once for the file, under every test of it.

A file names its stages in ``STAGES``. They are built in a transaction that is rolled back when the file is done, every
test in one of its own within it. Sessions lie on different days, so that no stage takes another's seats.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import TestCase

from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.tenders.models import Tender
from tests import factories
from tests.actions import arriving, reviews
from tests.actions.arriving import AT, Door
from tests.actions.reviews import Review
from tests.conftest import read_city
from tests.factories import City

WITH_SESSION = ("planned", "fixed", "published", "closed")


class Stages:
    """The sample city with one project at each stage asked for."""

    def __init__(self, city: City, names: tuple[str, ...]) -> None:
        self.city = city
        self.ids = {name: self._build(name).pk for name in names}

    def _build(self, name: str) -> Tender:
        build = getattr(factories, name)
        if name not in WITH_SESSION:
            return build(self.city)
        return build(self.city, later=timedelta(days=1 + WITH_SESSION.index(name)))

    def __getitem__(self, name: str) -> Tender:
        """Return the project at a stage as the database has it."""
        return Tender.objects.get(pk=self.ids[name])

    def actor(self, account: str) -> Actor:
        """Return the actor of an account."""
        return self.city[account]


@pytest.fixture(scope="module")
def built(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Stages]:
    """Build the stages of a file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield Stages(read_city(), tuple(getattr(request.module, "STAGES", ())))
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def stages(built: Stages, db: None) -> Stages:
    """Return the stages of the file; what the test does to them is undone after it."""
    return built


@pytest.fixture(scope="module")
def reviewed(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Review]:
    """Lead an evaluation to the step that a file names in ``STEP``."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield reviews.reach(read_city(), request.module.STEP)
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def review(reviewed: Review, db: None) -> Review:
    """Return the evaluation of the file; what the test does to it is undone after it."""
    return replace(reviewed, salts=dict(reviewed.salts))


@pytest.fixture(scope="module")
def at_the_door(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Door]:
    """Lead a project to its open check-in, once for the file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        atomics = TestCase._enter_atomics()
        try:
            yield arriving.opened(read_city())
        finally:
            TestCase._rollback_atomics(atomics)


@pytest.fixture
def door(at_the_door: Door, db: None) -> Iterator[Door]:
    """Return the check-in of the file at an instant of it; what the test does is undone after it."""
    with clock.frozen(AT):
        yield replace(at_the_door)
