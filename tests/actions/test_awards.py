"""From the signed report to the published result: every act, in its order and on its grounds. GPLR-43, GPLR-49.

MOF-87-68, MOF-87-69.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from mifeng.awards import queries
from mifeng.awards.actions import (
    announce,
    award,
    deem_awarded,
    explain_delay,
    hand_over,
    start_anew,
    take_next,
)
from mifeng.awards.models import Award, PassedOver, Publication
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Deadline
from mifeng.rules.award import parse_notice
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from tests.actions import awarding
from tests.actions.acts import elsewhere
from tests.actions.awarding import ANNOUNCED, AWARDED, HANDED, candidates, committee, first
from tests.actions.evidence import not_there, read_entry, refused
from tests.actions.reviews import FIRMS, Review

STEP = "revealed"
LATER = ANNOUNCED + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def concluded(reviewed: Review) -> None:
    """A report that every member has signed."""
    awarding.concluded(reviewed)


def found(review: Review) -> Award:
    """Return the award as the database has it."""
    return Award.objects.get(pk=review.lot.pk)


def test_a_report_is_handed_over(review: Review) -> None:
    written = awarding.handed(review)

    entry = read_entry(written.id)
    assert (entry.type, entry.stream, entry.moves) == (
        "hand_over", f"awards.award:{review.lot.pk}", ["awards.award hand_over:  → handed"]
    )  # fmt: skip
    assert entry.facts("hand_over")["report"] == review.row.report_hash
    assert entry.refs == (f"tenders.lot:{review.lot.pk}", f"tenders.tender:{review.lot.tender_id}")
    due = Deadline.objects.get(subject=f"awards.award:{review.lot.pk}")
    assert (due.step, due.source, due.started_by) == ("deem_awarded", "MOF-87-68", "hand_over")


def test_the_first_is_awarded(review: Review) -> None:
    awarding.handed(review)
    written = awarding.awarded(review)

    facts = read_entry(written.id).facts("award")
    assert facts == {
        "bid_ref": first(review), "rank": 1, "report": review.row.report_hash, "reason": "", "ground": "", "passed": []
    }  # fmt: skip
    assert not Deadline.objects.filter(subject=f"awards.award:{review.lot.pk}").exists()


def test_a_result_is_announced(review: Review) -> None:
    awarding.handed(review)
    awarding.awarded(review)
    written = awarding.announced(review)

    text = read_entry(written.id).facts("announce")["notice"]
    notice = parse_notice(text.encode())
    row = Publication.objects.get()
    assert (row.text, row.sha256, row.entry_id) == (text, hashlib.sha256(text.encode()).hexdigest(), written.id)
    assert (notice.bid_ref, notice.rank, notice.number, notice.deemed) == (first(review), 1, 1, False)
    assert notice.bidder in FIRMS
    assert notice.experts == committee()
    assert json.loads(text)["format"] == "mifeng-result/1"
