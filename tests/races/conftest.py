"""A published package that many want something of (竞态前情): prepared once for a file, copied for every test of it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connections

from mifeng.tenders.models import Lot
from tests.conftest import read_city
from tests.databases import own_database
from tests.factories import City, lot_of, published


@pytest.fixture(scope="module")
def prepared(django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[str, UUID]]:
    """Publish a package in a database that nobody works in; return its name and the package's id."""
    with own_database(django_db_blocker) as name:
        lot = lot_of(published(read_city()))
        connections.close_all()
        yield name, lot.pk


@pytest.fixture
def city(prepared: tuple[str, UUID], django_db_blocker: pytest.FixtureRequest) -> Iterator[City]:
    """Give a test that really commits a database of its own, with the city and its published package in it."""
    with own_database(django_db_blocker, prepared[0]):
        yield read_city()


@pytest.fixture
def lot(city: City, prepared: tuple[str, UUID]) -> Lot:
    """Return the published package."""
    return Lot.objects.select_related("tender").get(pk=prepared[1])
