"""Fixtures of the programs' tests (程序测试设施): one real project with both cuts of its evidence, built once."""

from dataclasses import dataclass

import pytest

from tests.bundles import Files, own_city, told


@dataclass(frozen=True)
class Evidence:
    """The bundles of one project (证据包), and what only its bidders know."""

    cuts: dict[str, Files]
    submit: dict[str, int]


@pytest.fixture(scope="session")
def evidence(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Lead one project to its opening, in a database that is dropped again, and keep its bundles."""
    with own_city(django_db_blocker) as city:
        story = told(city, tmp_path_factory.mktemp("near"))
        submit = {one.bid_ref: one.secrets.submit for one in story.held}
        return Evidence({cut: story.files(cut) for cut in ("public", "supervisor")}, submit)
