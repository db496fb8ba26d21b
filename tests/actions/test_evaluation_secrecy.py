"""What nobody learns before the technical scores are locked (暗标与评分保密): LC-2018-80 三(六), R174.

With data that could leak: every file names its bidder, every row that could tell is there.
"""

from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mifeng.bidding.models import OpenedFile
from mifeng.evaluation import blind, queries
from mifeng.evaluation.actions import Entered, save_cells
from mifeng.evaluation.codes import codes_of, issues_of, secret_of
from mifeng.evaluation.models import Cell, Sheet
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot, Tender
from tests.actions import reviews
from tests.actions.evidence import read_entry, snapshot
from tests.actions.reviews import FIRMS, PRICES, SCORING, SEATS, Review

STEP = "reviewing"
PARTIES = ("agency-a", "buyer", "supervisor")


@pytest.fixture
def scored(review: Review) -> Review:
    """Everybody has scored and signed the technical part; nothing is locked yet."""
    for number in range(1, 6):
        reviews.score(review, number, "technical")
        reviews.sign(review, number, "technical")
    return review


def spread(value: Any) -> str:
    """Return everything a value holds, as text; of a path the bytes behind it."""
    if isinstance(value, Path):
        return value.read_bytes().decode("latin-1")
    if is_dataclass(value):
        return " ".join(spread(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, list | tuple):
        return " ".join(spread(one) for one in value)
    if isinstance(value, dict):
        return " ".join(spread(one) for pair in value.items() for one in pair)
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def seen_by(review: Review, number: int) -> str:
    """Return everything that a seat can read of its evaluation, the bytes of all files among it."""
    by, lot = review.member(number), review.lot.pk
    found = [blind.desk_for(by, lot), blind.desks_of(by), blind.named_for(by, lot), blind.sheets_for(by, lot)]
    found += [blind.report_for(by, lot), blind.saved_for(by, lot, "technical"), blind.sheet_for(by, lot, "technical")]
    bids = blind.pages_for(by, lot)
    found += [bids, [blind.file_for(by, lot, bid.code, file.number) for bid in bids for file in bid.files]]
    return spread(found)


def forms(words: tuple[str, ...]) -> list[str]:
    """Return texts as they could stand in a page, a PDF or a byte string."""
    found = []
    for word in words:
        wide = word.encode("utf-16-be")
        found += [word, word.encode().decode("latin-1"), wide.decode("latin-1"), wide.hex(), wide.hex().upper()]
    return found


def test_desk_learns_no_name_price_or_original(scored: Review) -> None:
    originals = tuple(OpenedFile.objects.values_list("sha256", flat=True)) + tuple(
        OpenedFile.objects.values_list("name", flat=True)
    )
    refs = tuple(row.bid.bid_ref for row in scored.bids)
    amounts = tuple(f"{Decimal(price):,}" for price in PRICES)
    for number in range(1, 6):
        seen = seen_by(scored, number)
        assert [word for word in forms((*FIRMS, *PRICES, *amounts, *refs, *originals)) if word in seen] == []


def test_seat_learns_nothing_of_another_seat(scored: Review) -> None:
    for number, seat in enumerate(SEATS, 1):
        seen = seen_by(scored, number)
        for other in SEATS:
            if other != seat:
                assert [code for code in codes_of(scored.row, other).codes if code in seen] == []
        others = [row.commitment for row in Sheet.objects.exclude(member__seat=seat)]
        assert [one for one in others if one in seen] == []


def test_parties_learn_counts_and_no_score(scored: Review) -> None:
    codes = [code for issue in issues_of(scored.row) for code in issue.codes]
    for account in PARTIES:
        by = scored.city[account]
        seen = spread([queries.progress(by, scored.lot.pk), queries.examined(by, scored.lot.pk)])
        assert queries.progress(by, scored.lot.pk).signed == 5
        assert [code for code in codes if code in seen] == []
        assert "host/2" not in seen
        for read in (queries.sheets, queries.result, queries.code_map):
            with pytest.raises((Lot.DoesNotExist, Tender.DoesNotExist, scored.row.DoesNotExist)):
                read(by, scored.lot.pk)


def test_database_holds_no_score_no_secret_and_no_link(scored: Review) -> None:
    """A copy of the database without the desk's key tells nobody what was scored, or whose file a code is."""
    [issue] = issues_of(scored.row)
    secret, rows = secret_of(scored.row), snapshot()
    everything = [(table, row) for table, found in rows.items() for row in found]

    assert [table for table, row in everything if secret.hex() in row] == []
    for seat in issue.seats:
        for line in seat.lines:
            holding = {table for table, row in everything if line.code in row}
            assert holding <= {"evaluation_cell", "kernel_entrybody"}
    bodies = [read_entry(pk) for pk in Entry.objects.filter(type="save_cells").values_list("pk", flat=True)]
    assert all(set(cell) == {"code", "item", "version", "sha256"} for one in bodies for cell in _cells(one))
    for row in scored.bids:
        with_ref = {table for table, text in everything if row.bid.bid_ref in text}
        assert "evaluation_cell" not in with_ref
        assert "evaluation_namedbid" not in with_ref


def _cells(read: Any) -> list[dict[str, Any]]:
    return read.facts("save_cells")["cells"]


def test_same_score_twice_looks_different_in_the_database(review: Review) -> None:
    """Who can read rows cannot tell equal scores, nor short from long ones: each is closed alone and filled up."""
    first, second = (bid.code for bid in blind.pages_for(review.member(2), review.lot.pk)[:2])
    with clock.frozen(SCORING + timedelta(seconds=1)):
        cells = [
            Entered(first, "t1", Decimal(20)),
            Entered(second, "t1", Decimal(20)),
            Entered(second, "t2", Decimal(5)),
        ]
        written = save_cells(review.lot.pk, "technical", cells, by=review.member(2))

    one, other, _ = read_entry(written.id).facts("save_cells")["cells"]
    assert one["sha256"] != other["sha256"]
    assert len({len(bytes(cell.sealed)) for cell in Cell.objects.all()}) == 1
