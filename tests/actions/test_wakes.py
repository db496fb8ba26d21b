"""The worker at the moments of the platform (到期办理): once each, however often it looks; never when they moved."""

from datetime import datetime, timedelta

import pytest

from mifeng.config.reactions import DUE as ON_DUE
from mifeng.kernel import clock, deadlines
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Deadline
from mifeng.rules.deadlines import DueStep
from mifeng.rules.errors import WrongMoment
from mifeng.tenders.models import Lot
from tests.actions.acts import REPLY_BY
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, entries, snapshot
from tests.factories import DUE, lot_of, requests

STAGES = ("planned", "published")
HOUR = timedelta(hours=1)


def wake(at: datetime) -> int:
    """Wake what is due at an instant."""
    with clock.frozen(at):
        return deadlines.wake(ON_DUE)


@pytest.mark.parametrize(
    ("stage", "at", "state"), [("published", DUE, "closed"), ("planned", REPLY_BY, "lapsed")], ids=["close", "lapse"]
)
def test_worker_carries_out_each_moment_exactly_once(stages: Stages, stage: str, at: datetime, state: str) -> None:
    """However often the worker looks, each act happens once (GPL-35)."""
    tender, before = stages[stage], len(entries())
    Deadline.objects.exclude(subject__in=_subjects(stages, stage)).delete()

    tried = [wake(at - timedelta(seconds=1)), wake(at), wake(at), wake(at + 9 * HOUR)]

    rows = [lot_of(tender)] if stage == "published" else requests(tender)
    assert tried == [0, len(rows), 0, 0]
    assert {row.state for row in rows} == {state}
    assert len(entries()) == before + len(rows)
    assert set(Deadline.objects.values_list("met_at", flat=True)) == {at}


def _subjects(stages: Stages, stage: str) -> list[str]:
    lot, asked = lot_of(stages[stage]), requests(stages[stage])
    return [f"tenders.lot:{lot.pk}", *(f"venues.siterequest:{row.pk}" for row in asked)]


def test_replaced_deadline_woken_by_a_slow_worker_does_nothing(stages: Stages) -> None:
    """A worker that claimed the old moment finds it moved, and the matter untouched."""
    lot = lot_of(stages["published"])
    with clock.frozen(DUE):
        deadlines.replace(f"tenders.lot:{lot.pk}", [DueStep("close", DUE + HOUR, "GPL-35", "", False, "clarify")])
        before = snapshot()

        with pytest.raises(WrongMoment):
            ON_DUE["tenders.lot", "close"](str(lot.pk), by=CLOCK)

    assert changed(before) == {}
    assert Lot.objects.get(pk=lot.pk).state == "published"
