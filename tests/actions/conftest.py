"""Projects at the stages a file of tests asks for (各环节的项目), built once for the file, under every test of it.

A file names its stages in ``STAGES``. They are built in a transaction that is rolled back when the file is done, every
test in one of its own within it. Sessions lie on different days, so that no stage takes another's seats.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Lot, Tender
from tests import factories
from tests.actions import arriving, draws, reviews
from tests.actions.arriving import AT, Door
from tests.actions.reviews import Review
from tests.conftest import read_city
from tests.databases import rolled_back
from tests.factories import City
from tests.trusted import Trusted, announced, trusted

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
    with rolled_back(django_db_blocker):
        yield Stages(read_city(), tuple(getattr(request.module, "STAGES", ())))


@pytest.fixture
def stages(built: Stages, db: None) -> Stages:
    """Return the stages of the file; what the test does to them is undone after it."""
    return built


@pytest.fixture(scope="module")
def seeded(built: Stages) -> Panel:
    """Bring the draws of one more project of the file to their seeds, its session on a day of its own."""
    tender = factories.published(built.city, later=timedelta(days=2 + len(WITH_SESSION)))
    found = draws.assembled(built.city, tender)
    draws.seeded(found)
    return found


@pytest.fixture
def panel(seeded: Panel, stages: Stages) -> Panel:
    """Return a panel whose draws have their seeds; what the test does to them is undone after it."""
    return Panel.objects.select_related("tender").get(pk=seeded.pk)


@pytest.fixture(scope="module")
def reviewed(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Review]:
    """Lead an evaluation to the step that a file names in ``STEP``."""
    with rolled_back(django_db_blocker):
        yield reviews.reach(read_city(), request.module.STEP)


@pytest.fixture
def review(reviewed: Review, db: None) -> Review:
    """Return the evaluation of the file; what the test does to it is undone after it."""
    return replace(reviewed, salts=dict(reviewed.salts))


@pytest.fixture(scope="module")
def at_the_door(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Door]:
    """Lead a project to its open check-in, once for the file."""
    with rolled_back(django_db_blocker):
        yield arriving.opened(read_city())


@pytest.fixture
def door(at_the_door: Door, db: None) -> Iterator[Door]:
    """Return the check-in of the file at an instant of it; what the test does is undone after it."""
    with clock.frozen(AT):
        yield replace(at_the_door)


@dataclass(frozen=True)
class Announcement:
    """A published package whose deadline the trustees have countersigned, and what they remember of it (已公告项目)."""

    lot: Lot
    memories: Path
    asked: tuple[tuple[str, ...], ...]


@pytest.fixture(scope="module")
def announcement(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Announcement]:
    """Publish a package and have the trustees told of it, once for the file."""
    memories = tmp_path_factory.mktemp("memories")
    with rolled_back(django_db_blocker):
        with trusted(memories) as near:
            lot = announced(read_city(), near)
            asked = tuple(tuple(one.asked) for one in near.trustees)
        yield Announcement(lot, memories, asked)


@pytest.fixture
def near(announcement: Announcement, db: None, tmp_path: Path) -> Iterator[Trusted]:
    """The trustees of the sample city, near at hand; what they learn in the test nobody remembers after it."""
    shutil.copytree(announcement.memories, tmp_path, dirs_exist_ok=True)
    with trusted(tmp_path) as found:
        yield found


@pytest.fixture
def lot(announcement: Announcement, near: Trusted) -> Lot:
    """The published package of the file; what the trustees have been asked about it counts."""
    for one, asked in zip(near.trustees, announcement.asked, strict=True):
        one.asked.extend(asked)
    return Lot.objects.get(pk=announcement.lot.pk)
