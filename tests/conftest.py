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
