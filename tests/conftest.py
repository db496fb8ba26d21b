"""Fixtures that every folder of tests shares (测试设施)."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from mifeng.parties.models import Post
from mifeng.parties.queries import as_actor
from mifeng.venues.models import Site
from tests.databases import TEMPLATE, own_database
from tests.factories import City

# The files that take longest, the longest first: begun last, one of them would keep one of two workers alone.
LONG = (
    "stories/test_demo.py",
    "prove/test_shaken_story.py",
    "stories/test_posts.py",
    "prove/test_kills.py",
    "web/test_visibility.py",
    "races/test_storm.py",
    "programs/test_verify_bundle.py",
    "actions/test_bidding_trustees.py",
    "actions/test_bidding_hostile.py",
    "actions/test_evaluation_whole.py",
    "web/test_evidence_packages.py",
    "programs/test_verify_bundle_mutants.py",
    "actions/test_bidding_opening.py",
    "actions/test_bid_secrecy.py",
    "web/test_evidence.py",
    "programs/test_trustee.py",
    "programs/test_witness.py",
    "programs/test_bid_kill.py",
    "races/test_seats.py",
    "web/test_reception.py",
    "web/test_library.py",
    "web/test_hall_opening.py",
    "actions/test_draw_walk.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; within a file nothing changes its place."""
    here = Path(__file__).parent
    places = {here / name: place for place, name in enumerate(LONG)}
    if gone := [path.name for path in places if not path.is_file()]:
        raise pytest.UsageError(f"LONG names files that are not there: {gone}")
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Make the test database a copy of the prepared one, under a name of this process."""
    options = settings.DATABASES["default"]
    worker = secrets.token_hex(4)
    options["TEST"] = {**options.get("TEST", {}), "TEMPLATE": TEMPLATE, "NAME": f"test_{worker}"}


@pytest.fixture
def city(db: None) -> City:
    """Return the sample municipality: its posts as actors, its sites, its organisations."""
    return read_city()


@pytest.fixture
def committing(django_db_blocker: pytest.FixtureRequest) -> Iterator[City]:
    """Give a test that really commits, with several connections, a database of its own, and the city in it."""
    with own_database(django_db_blocker):
        yield read_city()


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    """Return the sample accounts' passwords."""
    return json.loads(Path(settings.ENV.data, "keys", "sample").read_text())


def read_city() -> City:
    """Return the sample municipality as it stands in the current database."""
    posts = Post.objects.select_related("person", "organisation")
    return City(
        actors={post.person.account: as_actor(post) for post in posts},
        sites={site.name: site for site in Site.objects.all()},
        organisations={post.organisation.name: post.organisation for post in posts},
    )
