"""Fixtures of the programs' tests (程序测试设施): one real project with both cuts of its evidence, built once."""

from dataclasses import dataclass

import pytest

from tests import judged
from tests.bundles import Files, own_city, told


@dataclass(frozen=True)
class Evidence:
    """The bundles of one project (证据包), and what only its bidders know.

    ``public`` and ``supervisor`` are those of its opening, ``announced`` and ``judged`` those after its result.
    """

    cuts: dict[str, Files]
    submit: dict[str, int]


@pytest.fixture(scope="session")
def evidence(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Lead one project to its result, in a database that is dropped again, and keep its bundles."""
    folder = tmp_path_factory.mktemp("near")
    with own_city(django_db_blocker) as city:
        story = told(city, folder, bids=6, keyed=(1, 2, 3, 4))
        submit = {one.bid_ref: one.secrets.submit for one in story.held}
        cuts = {cut: story.files(cut) for cut in ("public", "supervisor")}
        review = judged.evaluated(story, folder)
        judged.awarded(review)
        judged.announced(review, folder)
        return Evidence(cuts | {"announced": story.files(), "judged": story.files("supervisor")}, submit)
