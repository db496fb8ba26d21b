"""The whole way (全程): four bids really sealed, opened by trustees, scored blind by five members, one signed report.

Every act really commits here. R174, MOF-87-44, MOF-87-64, GPLR-41.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection, connections

from mifeng.bidding import dealings
from mifeng.bidding.models import Opening
from mifeng.config.env import env
from mifeng.evaluation import blind, queries, tasks
from mifeng.evaluation.actions import (
    Endorsed,
    Entered,
    conclude_evaluation,
    elect_chair,
    review_qualification,
    save_cells,
    seat_members,
    set_template,
    sign_report,
    sign_sheet,
    start_evaluation,
)
from mifeng.evaluation.models import Cell, CodeIssue, CodeKey, Qualification
from mifeng.kernel import clock
from mifeng.kernel.acting import acting
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Entry
from mifeng.rules.blind import Grounds, parse_mapping, verify_mapping
from mifeng.tenders.actions import publish_notice
from mifeng.tenders.models import Lot
from tests.actions import draws, reviews
from tests.actions.reviews import NOTICED, OPENED, SCORING, SEATED, SEATS, Review, seated
from tests.bids import PRICES, handed_in
from tests.factories import START, City, fixed, fresh, lot_of, publishing
from tests.rules.scores import TEMPLATE
from tests.trusted import Trusted, trusted
from tests.web.openings import keying, opened

LATER = SCORING + timedelta(minutes=20)


@pytest.fixture
def near(committing: City, tmp_path: Path) -> Iterator[Trusted]:
    """The trustees of the sample city, near at hand."""
    with trusted(tmp_path) as found:
        yield found


@pytest.fixture
def review(committing: City) -> Review:
    """A package whose blind review has begun."""
    return reviews.reach(committing, "reviewing")


def job(step: str) -> int:
    """Return the entry that a job of the platform is told of."""
    return Entry.objects.filter(type=step).latest("pk").pk


def announced(city: City, near: Trusted) -> Review:
    """Return a package with a template, its notice out and its secret committed to."""
    tender = fixed(city)
    with clock.frozen(NOTICED - timedelta(minutes=1)):
        set_template(lot_of(tender).pk, TEMPLATE, by=city["agency-a"])
    with clock.frozen(NOTICED):
        publish_notice(tender.pk, publishing(fresh(tender)), by=city["agency-a"])
        tasks.commit_codes(entry_id=job("publish_notice"))
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(job("publish_notice"), near.reach)
    return Review(city, Lot.objects.select_related("tender").get(pk=lot_of(tender).pk))


def seats_taken(review: Review) -> None:
    """Qualify all, prepare the copies, seat five members and elect the second chair, each job by hand."""
    lot, by = review.lot.pk, review.city["agency-a"]
    with clock.frozen(OPENED + timedelta(minutes=5)):
        for row in review.bids:
            review_qualification(row.bid_id, True, by=by)
        start_evaluation(lot, by=by)
        tasks.go_on(entry_id=job("start_evaluation"))
    with clock.frozen(SEATED):
        seat_members(lot, seated())
        for number in (3, 4, 5):
            elect_chair(lot, SEATS[1], by=review.member(number))
        tasks.go_on(entry_id=job("elect_chair"))


def all_score(review: Review, near: Trusted, part: str) -> None:
    """Let every member score and sign a part, and let the platform go on."""
    for number in range(1, 6):
        reviews.score(review, number, part)
        written = reviews.sign(review, number, part)
    with clock.frozen(SCORING + timedelta(minutes=2)):
        near.settle()
        tasks.go_on(entry_id=written.id)


def test_five_members_judge_four_sealed_bids(committing: City, near: Trusted) -> None:
    review = announced(committing, near)
    panel = draws.assembled(committing, review.lot.tender)
    draws.seeded(panel)
    held = handed_in(committing, review.lot, 4)
    near.listed(review.lot)
    with clock.frozen(OPENED - timedelta(minutes=10)):
        near.advance(review.lot)
    assert opened(near, review.lot, held) == "public"
    with clock.frozen(OPENED):
        tasks.begin_reviews(entry_id=job("open_all"))
    seats_taken(review)
    assert review.state == "reviewing"

    all_score(review, near, "technical")
    assert review.state == "locked"
    all_score(review, near, "business")
    assert review.state == "revealed"
    with clock.frozen(LATER):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in range(1, 6):
            sign_report(review.lot.pk, Endorsed(review.row.report_hash), by=review.member(number))

    check_result(review)
    check_order(review)
    check_mapping(review)


def check_result(review: Review) -> None:
    """The report ranks the bids as their scores say."""
    report = json.loads(queries.result(review.city["buyer"], review.lot.pk).text)
    refs = [row["bid_ref"] for row in Opening.objects.get().list]
    assert [one["bid_ref"] for one in report["bids"]] == refs
    assert sorted(one["quote_yuan"] for one in report["bids"] if one["valid"]) == sorted(PRICES[1:4])
    assert [one["reasons"] for one in report["bids"] if not one["valid"]] == [["price-above-ceiling"]]
    totals = {one["bid_ref"]: Decimal(one["total"]) for one in report["bids"] if one["valid"]}
    assert report["candidates"] == sorted(totals, key=lambda bid: -totals[bid])


def check_order(review: Review) -> None:
    """The secret was committed to before the first contribution and the opening, the scores before any was shown."""
    first = {step: Entry.objects.filter(type=step).earliest("pk").pk for step in ("record_contributions", "open_all")}
    committed = CodeKey.objects.get().entry_id or 0
    assert committed < first["record_contributions"] < first["open_all"]
    assert Entry.objects.filter(type="sign_sheet").latest("pk").pk < job("reveal")
    assert review.state == "concluded"


def check_mapping(review: Review) -> None:
    """From the entry, the draws and the disclosure anybody computes every code anew."""
    mapping = parse_mapping(queries.code_map(review.city["supervisor"], review.lot.pk))
    positions = frozenset(Qualification.objects.values_list("position", flat=True))
    seeds = tuple(bytes.fromhex(one["seed"]) for one in CodeIssue.objects.get().seeds)
    committed = bytes.fromhex(CodeKey.objects.get().commitment)
    grounds = Grounds(bytes.fromhex(review.lot.lot_ref), committed, seeds, positions)
    assert len(seeds) == 3
    assert verify_mapping(mapping, grounds) == []


def test_short_opening_is_never_evaluated(committing: City, near: Trusted) -> None:
    """Where too few bids opened there is no review to begin, and the minute's look does not begin one."""
    lot, held = keying(committing, near, 3)
    opened(near, lot, held[:2], at_window_end=True)
    with clock.frozen(LATER):
        tasks.begin_reviews(entry_id=job("open_all"))
        tasks.look_after(timestamp=0)

    assert not Entry.objects.filter(type="begin_review").exists()


def entered(review: Review, score: str, version: int = 0) -> Entered:
    """Return a score of the first bid that the second member sees."""
    return Entered(blind.pages_for(review.member(2), review.lot.pk)[0].code, "t1", Decimal(score), version=version)


def save(review: Review, cell: Entered) -> Written:
    """Save one cell of the second member."""
    with clock.frozen(SCORING):
        return save_cells(review.lot.pk, "technical", [cell], by=review.member(2))


def test_acknowledged_cell_survives_whatever_comes_next(review: Review) -> None:
    """When the call returns, cell and entry are in the database for everybody; the next save may fail as it likes."""
    written = save(review, entered(review, "20"))
    with psycopg.connect(_address()) as other:
        row = other.execute("SELECT version, entry_id FROM evaluation_cell").fetchone()
        pending = other.execute("SELECT count(*) FROM kernel_pending WHERE entry_id = %s", [written.id]).fetchone()
    assert (row, pending) == ((1, written.id), (1,))

    cut = entered(review, "21", version=1)
    with pytest.raises(OperationalError):
        save_into_a_cut(review, cut)
    connections.close_all()

    saved = blind.saved_for(review.member(2), review.lot.pk, "technical")
    assert [(one.score, one.version) for one in saved] == [(Decimal(20), 1)]
    again = save(review, cut)
    assert Cell.objects.get().entry_id == again.id
    with pytest.raises(Repeated):
        save(review, cut)


def save_into_a_cut(review: Review, cell: Entered) -> None:
    """Save a cell in an act whose database is gone before it commits."""
    with acting("save_cells", by=review.member(2)):
        with suppress(RuntimeError):  # what is called within an act has no entry of its own yet
            save(review, cell)
        with psycopg.connect(_address(), autocommit=True) as other:
            pid = connection.connection.info.backend_pid  # type: ignore[union-attr]
            other.execute("SELECT pg_terminate_backend(%s)", [pid])


def _address() -> str:
    return psycopg.conninfo.make_conninfo(env().database_url, dbname=connection.settings_dict["NAME"])


def test_signature_that_was_acknowledged_is_not_asked_for_again(review: Review) -> None:
    reviews.score(review, 2, "technical")
    reviews.sign(review, 2, "technical")
    connections.close_all()

    assert blind.desk_for(review.member(2), review.lot.pk).sheets == {"technical": "signed"}
    with pytest.raises(Repeated), clock.frozen(LATER):
        sign_sheet(review.lot.pk, reviews.signed(review, 2, "technical"), by=review.member(2))
