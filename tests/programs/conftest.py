"""Fixtures of the programs' tests (程序测试设施): one real project from notice to result, and its evidence."""

import fcntl
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mifeng.evaluation.models import Sheet
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.oversight.bundle import evidence as kept_evidence
from mifeng.oversight.tasks import make_evidence
from tests import judged
from tests.bundles import Files, Story, own_city, told
from tests.web.rooms import client_of

CUTS = ("public", "supervisor")


@dataclass
class Evidence:
    """The bundles of one project (证据包), and what only its bidders and members know.

    ``public`` and ``supervisor`` are those of its opening, ``announced`` and ``judged`` those after its result;
    ``moments`` holds both cuts at every moment after the opening.
    """

    cuts: dict[str, Files]
    submit: dict[str, int]
    moments: dict[tuple[str, str], Files] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)
    page: str = ""
    offered: str = ""
    kept: list[Path] = field(default_factory=list)

    def keep(self, moment: str, story: Story) -> None:
        """Keep both cuts as they stand now."""
        self.moments |= {(moment, cut): story.files(cut) for cut in CUTS}


@pytest.fixture(scope="session")
def evidence(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return the evidence of one project; whichever process of a run needs it first makes it for all."""
    shared = settings.ENV.data / "evidence-for-tests"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            found = _led(django_db_blocker, tmp_path_factory.mktemp("near"))
            shared.write_bytes(pickle.dumps(found))
    return pickle.loads(shared.read_bytes())  # noqa: S301 - this run's own file


def _led(blocker: Any, folder: Path) -> Evidence:
    """Lead one project to its result, in a database that is dropped again, and keep its bundles."""
    with own_city(blocker) as city, clock.frozen(judged.WHOLE):
        story = told(city, folder, bids=6, keyed=(1, 2, 3, 4))
        submit = {one.bid_ref: one.secrets.submit for one in story.held}
        found = Evidence({cut: story.files(cut) for cut in CUTS}, submit)
        review = judged.review_of(story)
        judged.seats_taken(review)
        judged.settle(folder, judged.minutes(30))
        found.keep("reviewing", story)
        judged.shown(review, folder)
        judged.reported(review, folder)
        found.keep("evaluated", story)
        judged.awarded(review)
        judged.settle(folder, judged.minutes(215))
        found.keep("awarded", story)
        judged.announced(review, folder)
        found.keep("announced", story)
        found.cuts |= {"announced": found.moments["announced", "public"]}
        found.cuts |= {"judged": found.moments["announced", "supervisor"]}
        found.sheets = list(Sheet.objects.values_list("content", flat=True))
        _handed_out(found, story)
    return found


def _handed_out(found: Evidence, story: Story) -> None:
    """Keep what pages say of the evidence, and the files that lie there."""
    make_evidence(entry_id=Entry.objects.get(type="announce").pk)
    found.page = Client().get(f"/projects/{story.tender.pk}/verification").content.decode()
    answer = client_of("supervisor").get(f"/cockpit/{story.tender.pk}/evidence")
    found.offered = answer.headers["Content-Disposition"]
    answer.close()
    path = kept_evidence(story.tender).path
    found.kept = [path, *path.parent.glob(f"{story.tender.pk}-public-*.evb")]
