"""Scores while programs die (受扰评分): no score is lost that was acknowledged, and the story ends verified.

Server, worker and database die at moments drawn while members save and sign. A member who had no answer looks at the
sheet and types again what is not there; before a member signs, the sheet must hold exactly what was acknowledged.
"""

import psycopg
import pytest

from tests.prove.conftest import Told
from tests.prove.shaken import CELLS, SCORING, SIGNATURES, Tireless
from tests.prove.test_kills import one

BIDS, ITEMS, MEMBERS = 4, 5, 5

pytestmark = pytest.mark.prove


def test_no_acknowledged_score_is_lost(told: Told) -> None:
    """Every member signed a sheet that held each acknowledged score, and nothing besides."""
    members = [seat.browser for seat in told.scene.seats]

    assert len(told.scored) >= len(SCORING)
    for member in members:
        assert isinstance(member, Tireless)
        assert member.compared == len(member.saved) == BIDS * ITEMS


def test_story_ends_verified(told: Told) -> None:
    """Everything happened once: each sheet signed and shown, one report, one award; both cuts were verified."""
    with told.stack.connect() as database:
        assert one(database, "SELECT count(*) FROM evaluation_member") == MEMBERS
        assert entries(database, "save_cells") == CELLS
        assert entries(database, "sign_sheet") == SIGNATURES
        kinds = ("reveal", "conclude_evaluation", "hand_over", "award", "announce")
        assert {kind: entries(database, kind) for kind in kinds} == dict.fromkeys(kinds, 1)
    told_of = [arguments[:2] for arguments, said in told.stage.told if '"ok": true' in said]
    assert told_of == [("verify", "bundle")] * 2


def entries(database: psycopg.Connection, kind: str) -> int:
    """Return how many entries of a kind stand in the ledger."""
    return one(database, f"SELECT count(*) FROM kernel_entry WHERE type = '{kind}'")  # noqa: S608 - our own words
