"""Technical scores are locked before a name is known, and all scores are shown in one act. LC-2018-80 三(六), R174."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mifeng.evaluation import blind, queries, tasks
from mifeng.evaluation.actions import lock_technical, reveal
from mifeng.evaluation.keyring import SHEET, seal
from mifeng.evaluation.models import Evaluation, NamedBid, Sheet
from mifeng.kernel import clock
from mifeng.kernel.models import Checkpoint, Entry
from mifeng.rules.blind import parse_mapping, score_commitment
from mifeng.rules.errors import NotEntitled, Tampered, WrongMoment, WrongState
from mifeng.rules.scoring import parse_sheet
from mifeng.tenders.models import Lot, Tender
from tests.actions import reviews
from tests.actions.evidence import changed, not_there, read_entry, refused, snapshot
from tests.actions.reviews import FIRMS, PRICES, SCORING, SEATS, Review
from tests.factories import City
from tests.rules import scores

STEP = "reviewing"
LATER = SCORING + timedelta(minutes=1)


def all_signed(review: Review, part: str) -> None:
    """Let every member score and sign a part."""
    for number in range(1, 6):
        reviews.score(review, number, part)
        reviews.sign(review, number, part)


def test_lock_waits_for_every_technical_sheet(review: Review) -> None:
    for number in range(1, 5):
        reviews.score(review, number, "technical")
        reviews.sign(review, number, "technical")
    with clock.frozen(LATER), refused(WrongState, "sheets-missing") as refusal:
        lock_technical(review.lot.pk)
    assert refusal.value.facts == {"missing": 1, "total": 5}

    reviews.score(review, 5, "technical")
    written = reviews.sign(review, 5, "technical")
    with clock.frozen(LATER):
        tasks.go_on(entry_id=written.id)

    assert review.state == "locked"
    read = read_entry(Entry.objects.get(type="lock_technical").pk)
    assert (
        read.moves
        == ["evaluation.evaluation lock_technical: reviewing → locked"]
        + ["evaluation.sheet give_sheet:  → writing"] * 5
    )
    assert [one["seat"] for one in read.facts("lock_technical")["sheets"]] == list(SEATS)


def test_job_that_comes_too_early_changes_nothing(review: Review) -> None:
    reviews.score(review, 2, "technical")
    written = reviews.sign(review, 2, "technical")
    before = snapshot()
    with clock.frozen(LATER):
        tasks.go_on(entry_id=written.id)

    assert changed(before) == {}


def test_without_business_items_all_is_shown_after_the_lock(city: City) -> None:
    whole = tuple(item for item in scores.items(t1={"max": Decimal(50)}) if item.part != "business")
    review = reviews.reach(city, "reviewing", template=scores.template(items=whole))
    all_signed(review, "technical")
    with clock.frozen(LATER):
        tasks.advance(review.lot.pk)
        tasks.advance(review.lot.pk)

    assert review.state == "revealed"
    assert Sheet.objects.filter(state="shown").count() == 5


def test_names_follow_with_the_lock_and_not_before(review: Review) -> None:
    by = review.member(2)
    assert blind.named_for(by, review.lot.pk) == ()
    with not_there(NamedBid):
        blind.named_file_for(by, review.lot.pk, f"{1:064x}", 1)

    reviews.locked(review)

    shown = blind.named_for(by, review.lot.pk)
    assert [one.code for one in shown] == [one.code for one in blind.pages_for(by, review.lot.pk)]
    first = next(one for one in shown if one.position == 1)
    assert (first.bidder, first.quote_yuan) == (FIRMS[0], Decimal(PRICES[0]))
    assert reviews.position_of(review, 2, first.code) == 1
    assert [(file.number, file.name) for file in first.files] == [(1, f"{FIRMS[0]}-business-1.pdf")]
    assert blind.named_file_for(by, review.lot.pk, first.bid_ref, 1).path.is_file()
    with not_there(NamedBid):
        blind.named_file_for(by, review.lot.pk, first.bid_ref, 2)


def test_secret_is_laid_open_to_the_supervisor_with_the_lock(review: Review) -> None:
    supervisor = review.city["supervisor"]
    with not_there(Evaluation):
        queries.code_map(supervisor, review.lot.pk)

    reviews.locked(review)

    mapping = parse_mapping(queries.code_map(supervisor, review.lot.pk))
    own = {line.code: line.position for line in mapping.issues[0].seats[1].lines}
    assert own == {one.code: one.position for one in blind.named_for(review.member(2), review.lot.pk)}
    for account in ("agency-a", "buyer", "host"):
        with not_there(Lot):
            queries.code_map(review.city[account], review.lot.pk)
    with not_there(Tender):
        queries.code_map(review.city["agency-b"], review.lot.pk)


def test_nothing_is_shown_before_every_sheet_is_signed(review: Review) -> None:
    reviews.locked(review)
    for number in range(1, 5):
        reviews.score(review, number, "business")
        reviews.sign(review, number, "business")
    with clock.frozen(LATER), refused(WrongState, "sheets-missing"):
        reveal(review.lot.pk)

    assert set(Sheet.objects.values_list("content", "salt")) == {("", "")}
    assert blind.sheets_for(review.member(2), review.lot.pk) == ()
    with not_there(Evaluation):
        queries.sheets(review.city["agency-a"], review.lot.pk)


def test_all_sheets_are_shown_in_one_entry(review: Review) -> None:
    reviews.locked(review)
    all_signed(review, "business")
    with clock.frozen(LATER):
        tasks.look_after(timestamp=0)

    assert review.state == "revealed"
    read = read_entry(Entry.objects.get(type="reveal").pk)
    assert (
        read.moves
        == ["evaluation.evaluation reveal: locked → revealed"] + ["evaluation.sheet show_sheet: signed → shown"] * 10
    )
    moves = [move["facts"] for move in read.body["moves"] if move["step"] == "show_sheet"]
    for facts in moves:
        committed = score_commitment(bytes.fromhex(facts["salt"]), facts["sheet"].encode()).hex()
        assert committed == facts["commitment"]
        assert parse_sheet(facts["sheet"].encode()).seat == facts["seat"]
        assert bytes.fromhex(facts["salt"]) == review.salts[facts["seat"], facts["part"]]
    assert {(facts["part"], facts["seat"]) for facts in moves} == set(
        (part, seat) for part in ("technical", "business") for seat in SEATS
    )


def test_shown_sheets_are_those_of_the_bids(review: Review) -> None:
    reviews.locked(review)
    reviews.revealed(review)

    sheets = queries.sheets(review.city["supervisor"], review.lot.pk)
    assert sheets == blind.sheets_for(review.member(1), review.lot.pk)
    for sheet in sheets:
        number = SEATS.index(sheet.seat) + 1
        for (bid, item), score in sheet.scores.items():
            assert score == Decimal(reviews.scores_of(int(bid, 16), number)[item])
    with not_there(Evaluation):
        queries.sheets(review.city["buyer"], review.lot.pk)


def test_sheet_put_in_place_of_the_signed_one_is_never_shown(review: Review) -> None:
    reviews.locked(review)
    all_signed(review, "business")
    row = Sheet.objects.get(member__seat="host/2", part="technical")
    other = Sheet.objects.get(member__seat="host/3", part="technical")
    sheet = blind.sheet_for(review.member(3), review.lot.pk, "technical").decode()
    row.sealed = seal(SHEET, str(row.pk), {"salt": (bytes([3]) * 32).hex(), "sheet": sheet})
    row.commitment = other.commitment
    row.save()

    with clock.frozen(LATER), pytest.raises(Tampered):
        reveal(review.lot.pk)

    assert review.state == "locked"


def test_no_post_but_the_clock_locks_or_shows(review: Review) -> None:
    for by in (review.member(2), review.city["agency-a"], review.city["supervisor"]):
        with clock.frozen(LATER):
            with refused(NotEntitled, "wrong-post"):
                lock_technical(review.lot.pk, by=by)
            with refused(NotEntitled, "wrong-post"):
                reveal(review.lot.pk, by=by)


def test_nothing_is_locked_while_no_witness_answers(review: Review) -> None:
    all_signed(review, "technical")
    silence()

    with clock.frozen(LATER), refused(WrongMoment, "no-witness"):
        lock_technical(review.lot.pk)


def test_nothing_is_shown_while_no_witness_answers(review: Review) -> None:
    reviews.locked(review)
    all_signed(review, "business")
    silence()

    with clock.frozen(LATER), refused(WrongMoment, "no-witness"):
        reveal(review.lot.pk)


def silence() -> None:
    """Leave a tree head that no witness has signed for minutes."""
    Checkpoint.objects.create(size=1, root=bytes(32), note="", at=SCORING - timedelta(minutes=5))


def test_lock_and_reveal_happen_once(review: Review) -> None:
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        reveal(review.lot.pk)
    reviews.locked(review)
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        lock_technical(review.lot.pk)
    reviews.revealed(review)
    with clock.frozen(LATER):
        with refused(WrongState, "wrong-state"):
            reveal(review.lot.pk)
        tasks.look_after(timestamp=0)

    assert Entry.objects.filter(type__in=("lock_technical", "reveal")).count() == 2
