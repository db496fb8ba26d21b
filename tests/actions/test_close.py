"""The close at T (投标截止), and what a supervisor records (监督记录)."""

from datetime import timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Checkpoint, Cosignature, Deadline, Entry, Pending
from mifeng.oversight.actions import record_finding
from mifeng.oversight.models import Finding
from mifeng.rules.errors import Unfair, WrongMoment
from mifeng.tenders.actions import close_bidding
from tests.actions.acts import SOON
from tests.actions.conftest import Stages
from tests.actions.evidence import read_entry, refused
from tests.factories import DUE, lot_of

STAGES = ("entered", "published", "closed")


def head(size: int, *, ago: timedelta, cosigned: bool) -> None:
    """Write a tree head as the sequencer would have left it some time before the deadline."""
    at = DUE - ago
    row = Checkpoint.objects.create(size=size, root=bytes([size]) * 32, note=f"head {size}", at=at)
    if cosigned:
        Cosignature.objects.create(checkpoint=row, witness="witness", line="— witness", at=at)


def test_closed_package_says_when(stages: Stages) -> None:
    """Bidding closes at the instant that was published, by the platform itself (GPL-35)."""
    lot = lot_of(stages["published"])

    with clock.frozen(DUE):
        written = close_bidding(lot.pk, by=CLOCK)

    lot = lot_of(stages["published"])
    assert (lot.state, lot.closed_at, lot.bids_due_at) == ("closed", DUE, DUE)
    assert Deadline.objects.get(subject=f"tenders.lot:{lot.pk}").met_at == DUE
    assert read_entry(written.id).facts("close") == {
        "bids_due_at": "2026-03-26T01:30:00.000000Z",
        "lot_ref": lot.lot_ref,
        "lot_ref_salt": lot.lot_ref_salt,
    }


def test_close_that_comes_late_still_says_when_bids_were_due(stages: Stages) -> None:
    """A worker that was away closes later; in time is still what came before the deadline (GPL-35)."""
    lot = lot_of(stages["published"])

    with clock.frozen(DUE + timedelta(hours=3)):
        close_bidding(lot.pk, by=CLOCK)

    lot = lot_of(stages["published"])
    assert (lot.closed_at, lot.bids_due_at) == (DUE + timedelta(hours=3), DUE)


SILENT = [
    pytest.param([(1, timedelta(minutes=2), False)], id="never cosigned"),
    pytest.param([(1, timedelta(hours=1), True), (2, timedelta(seconds=61), False)], id="not any more"),
]
ANSWERING = [
    pytest.param([], id="no log yet"),
    pytest.param([(1, timedelta(hours=1), True)], id="all cosigned"),
    pytest.param([(1, timedelta(hours=1), True), (2, timedelta(seconds=59), False)], id="within the minute"),
    pytest.param([(1, timedelta(hours=1), False), (2, timedelta(minutes=50), True)], id="covered by a later one"),
]


@pytest.mark.parametrize("heads", SILENT)
def test_close_waits_while_no_witness_signs(stages: Stages, heads: list[tuple[int, timedelta, bool]]) -> None:
    """Nobody outside signs the log: the decisive step waits, the deadline stays what it is (our choice (ADR-2))."""
    Pending.objects.all().delete()
    for size, ago, cosigned in heads:
        head(size, ago=ago, cosigned=cosigned)

    with clock.frozen(DUE), refused(WrongMoment, "no-witness") as caught:
        close_bidding(lot_of(stages["published"]).pk, by=CLOCK)

    assert caught.value.source == "our choice (ADR-2)"


@pytest.mark.parametrize("heads", ANSWERING)
def test_close_happens_while_witnesses_answer(stages: Stages, heads: list[tuple[int, timedelta, bool]]) -> None:
    if heads:
        Pending.objects.all().delete()
    for size, ago, cosigned in heads:
        head(size, ago=ago, cosigned=cosigned)

    with clock.frozen(DUE):
        close_bidding(lot_of(stages["published"]).pk, by=CLOCK)

    assert lot_of(stages["published"]).state == "closed"


def test_close_waits_while_entries_wait_for_their_place(stages: Stages) -> None:
    """A log that has stopped taking entries has no witness for them either (our choice (ADR-2))."""
    head(1, ago=timedelta(hours=1), cosigned=True)
    oldest = Entry.objects.filter(pk__in=Pending.objects.values("pk")).order_by("at")[0].at
    assert oldest < DUE - timedelta(minutes=1)

    with clock.frozen(DUE), refused(WrongMoment, "no-witness"):
        close_bidding(lot_of(stages["published"]).pk, by=CLOCK)


@pytest.mark.parametrize("kind", ["observation", "irregularity"])
def test_finding_is_kept_with_its_author_and_time(stages: Stages, kind: str) -> None:
    """A supervisor records what it sees in any project of its own, at any stage (R045, NM-2018-67 二(四))."""
    tender, by = stages["entered"], stages.actor("supervisor")

    with clock.frozen(SOON):
        written = record_finding(tender.pk, kind=kind, text="  场地未封闭 ", by=by)

    finding = Finding.objects.get(pk=written.subject.partition(":")[2])
    assert (finding.kind, finding.text, finding.subject) == (kind, "场地未封闭", f"tenders.tender:{tender.pk}")
    assert (str(finding.organisation), finding.made_by, finding.made_at) == (by.organisation, by.handle, SOON)


def test_finding_changes_nothing_in_the_project_and_is_not_in_its_history(stages: Stages) -> None:
    """Watchers never act, and the watched do not learn that a finding was made (R076)."""
    tender = stages["published"]
    before = (tender.version, lot_of(tender).state)

    with clock.frozen(SOON):
        written = record_finding(tender.pk, kind="observation", text="无异常", by=stages.actor("supervisor"))

    tender = stages["published"]
    assert (tender.version, lot_of(tender).state) == before
    assert (read_entry(written.id).refs, read_entry(written.id).facts("record")["about"]) == (
        (),
        f"tenders.tender:{tender.pk}",
    )


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("observation", " \n", "reason-required"),
        ("observation", "记" * 4_001, "too-large"),
        ("observation", "记\0录", "malformed"),
        ("verdict", "记录", "malformed"),
        ("", "记录", "malformed"),
    ],
)
def test_finding_that_cannot_be_kept_is_refused(stages: Stages, kind: str, text: str, code: str) -> None:
    with clock.frozen(SOON), refused(Unfair, code):
        record_finding(stages["entered"].pk, kind=kind, text=text, by=stages.actor("supervisor"))
