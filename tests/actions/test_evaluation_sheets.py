"""Sheets are saved cell by cell, signed once, and closed to everybody until all are shown.

MOF-87-55, MOF-87-64, GPLR-41. Nothing that was acknowledged is lost, and a retry changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mifeng.evaluation import blind
from mifeng.evaluation.actions import Entered, Signed, save_cells, sign_sheet
from mifeng.evaluation.models import Cell, Member, Sheet
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.rules.blind import score_commitment
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.rules.scoring import format_sheet, parse_sheet
from tests.actions import reviews
from tests.actions.evidence import changed, entries, jobs, read_entry, refused, snapshot
from tests.actions.reviews import SCORING, SEATS, Review

STEP = "reviewing"
LATER = SCORING + timedelta(minutes=1)
STRANGER = Actor(role="expert", handle="f" * 16)
SALT = bytes(range(32))


@pytest.fixture
def codes(review: Review) -> list[str]:
    """The codes of the second member."""
    return [bid.code for bid in blind.pages_for(review.member(2), review.lot.pk)]


def save(review: Review, *entered: Entered, number: int = 2, part: str = "technical") -> int:
    """Save cells of a member and return the entry."""
    with clock.frozen(SCORING):
        return save_cells(review.lot.pk, part, entered, by=review.member(number)).id


def values(review: Review, number: int = 2) -> list[tuple[str, str, int]]:
    """Return item, score and version of what a member has saved of the first bid it sees."""
    first = blind.pages_for(review.member(number), review.lot.pk)[0].code
    saved = blind.saved_for(review.member(number), review.lot.pk, "technical")
    return [(one.item, str(one.score), one.version) for one in saved if one.code == first]


def test_cell_is_saved_with_its_version_and_its_remark(review: Review, codes: Sequence[str]) -> None:
    save(review, Entered(codes[0], "t1", Decimal("27.5")))
    save(review, Entered(codes[0], "t1", Decimal(30), " 第12页，两条产线互为备份 ", version=1))

    [cell] = blind.saved_for(review.member(2), review.lot.pk, "technical")
    assert (cell.code, cell.item, cell.score, cell.remark, cell.version) == (
        codes[0],
        "t1",
        Decimal(30),
        "第12页，两条产线互为备份",
        2,
    )
    assert blind.saved_for(review.member(3), review.lot.pk, "technical") == ()


def test_entry_of_a_save_names_hashes_and_never_a_score(review: Review, codes: Sequence[str]) -> None:
    entry = save(review, Entered(codes[0], "t1", Decimal("13.5")), Entered(codes[1], "t2", Decimal(15)))

    read = read_entry(entry)
    assert read.moves == ["evaluation.sheet save_cells: writing → writing"]
    assert read.refs == ()
    cells = read.facts("save_cells")["cells"]
    assert [(one["code"], one["item"], one["version"]) for one in cells] == [(codes[0], "t1", 1), (codes[1], "t2", 1)]
    assert set(Cell.objects.values_list("entry", flat=True)) == {entry}
    rows = str(snapshot())
    assert not re.search(r"(?<![\d:])13\.5(?!\d)", rows)  # an instant may hold the same digits
    assert b"13.5" not in b"".join(bytes(cell.sealed) for cell in Cell.objects.all())


def test_save_from_an_overtaken_page_shows_both_values(review: Review, codes: Sequence[str]) -> None:
    """Two windows of one seat: the second learns what stands there and loses nothing."""
    save(review, Entered(codes[0], "t1", Decimal(20)))
    save(review, Entered(codes[0], "t1", Decimal(21), version=1))

    with clock.frozen(SCORING), refused(WrongState, "stale-version") as refusal:
        stale = Entered(codes[0], "t1", Decimal(19), version=1)
        fresh = Entered(codes[0], "t2", Decimal(15))
        save_cells(review.lot.pk, "technical", [stale, fresh], by=review.member(2))

    assert refusal.value.facts == {
        "code": codes[0],
        "item": "t1",
        "seen": 1,
        "current": 2,
        "yours": "19",
        "stands": "21",
    }
    assert values(review) == [("t1", "21", 2)]
    with clock.frozen(SCORING), refused(WrongState, "stale-version"):
        save_cells(review.lot.pk, "technical", [Entered(codes[0], "t1", Decimal(-1), version=1)], by=review.member(2))


def test_retry_of_a_save_whose_answer_was_lost_changes_nothing(review: Review, codes: Sequence[str]) -> None:
    cells = (Entered(codes[0], "t1", Decimal(20), "好"), Entered(codes[0], "t2", Decimal(15)))
    first = save(review, *cells)
    before = snapshot()

    with pytest.raises(Repeated) as again:
        save(review, *cells)

    assert again.value.entry == first
    assert changed(before) == {}
    with clock.frozen(SCORING), refused(WrongState, "stale-version"):
        save_cells(review.lot.pk, "technical", [replace(cells[0], remark="差")], by=review.member(2))


def test_what_stands_there_already_is_not_saved_anew(review: Review, codes: Sequence[str]) -> None:
    """A form that is sent again, with one more score in it, overtakes nothing but its own values."""
    save(review, Entered(codes[0], "t1", Decimal(20), "好"))
    save(review, Entered(codes[0], "t1", Decimal(21), version=1))
    entry = save(review, Entered(codes[0], "t1", Decimal("21.0")), Entered(codes[0], "t2", Decimal(15)))

    assert [one["item"] for one in read_entry(entry).facts("save_cells")["cells"]] == ["t2"]
    assert values(review) == [("t1", "21", 2), ("t2", "15", 1)]


def test_a_score_is_emptied_again_like_it_was_saved(review: Review, codes: Sequence[str]) -> None:
    """What an expert takes back stands in the ledger as a version of the cell, and is missing from the sheet."""
    save(review, Entered(codes[0], "t1", Decimal(20), "好"))
    empty = Entered(codes[0], "t1", None, "理由随分数一起收回", version=1)
    entry = save(review, empty)
    before = snapshot()
    with pytest.raises(Repeated):
        save(review, empty)

    [cell] = read_entry(entry).facts("save_cells")["cells"]
    [saved] = blind.saved_for(review.member(2), review.lot.pk, "technical")
    assert (cell["item"], cell["version"], changed(before)) == ("t1", 2, {})
    assert (saved.score, saved.remark, saved.version) == (None, "", 2)
    assert parse_sheet(blind.sheet_for(review.member(2), review.lot.pk, "technical")).cells == ()
    with clock.frozen(SCORING), refused(WrongState, "stale-version"):
        save_cells(review.lot.pk, "technical", [Entered(codes[0], "t1", Decimal(22), version=1)], by=review.member(2))
    save(review, Entered(codes[0], "t1", Decimal(22), version=2))
    assert values(review) == [("t1", "22", 3)]


def test_a_sheet_with_an_emptied_cell_cannot_be_signed(review: Review, codes: Sequence[str]) -> None:
    reviews.score(review, 2, "technical")
    [first, *_rest] = blind.saved_for(review.member(2), review.lot.pk, "technical")
    save(review, Entered(first.code, first.item, None, version=first.version))

    with clock.frozen(SCORING), refused(Unfair, "cells-missing"):
        sheet = blind.sheet_for(review.member(2), review.lot.pk, "technical")
        sign_sheet(review.lot.pk, Signed("technical", sheet, SALT), by=review.member(2))


def test_nothing_is_emptied_that_is_no_cell_of_the_part(review: Review, codes: Sequence[str]) -> None:
    for item in ("b1", "p"):
        with clock.frozen(SCORING), refused(Unfair, "item-unknown"):
            save_cells(review.lot.pk, "technical", [Entered(codes[0], item, None)], by=review.member(2))


def test_key_of_a_request_makes_it_one(review: Review, codes: Sequence[str]) -> None:
    by = review.member(2).with_key("once", b"same")
    with clock.frozen(SCORING):
        first = save_cells(review.lot.pk, "technical", [Entered(codes[0], "t1", Decimal(20))], by=by)
        with pytest.raises(Repeated) as again:
            save_cells(review.lot.pk, "technical", [Entered(codes[0], "t1", Decimal(20))], by=by)

    assert again.value.entry == first.id
    assert values(review) == [("t1", "20", 1)]


@pytest.mark.parametrize(
    ("item", "score", "code"),
    [
        ("t1", "30.5", "score-range"),
        ("t1", "-0.5", "score-range"),
        ("t1", "20.3", "score-step"),
        ("t1", "30", "remark-missing"),
        ("b1", "2", "item-unknown"),
        ("p", "30", "item-unknown"),
    ],
)
def test_score_that_the_template_does_not_allow_is_refused(
    review: Review, codes: Sequence[str], item: str, score: str, code: str
) -> None:
    with clock.frozen(SCORING), refused(Unfair, code):
        save_cells(review.lot.pk, "technical", [Entered(codes[0], item, Decimal(score))], by=review.member(2))


def test_every_wrong_cell_is_named_and_none_is_saved(review: Review, codes: Sequence[str]) -> None:
    other = blind.pages_for(review.member(3), review.lot.pk)[0].code
    cells = [
        Entered(codes[0], "t1", Decimal(20)),
        Entered(other, "t1", Decimal(20)),
        Entered(codes[1], "t2", Decimal(3)),
    ]
    with clock.frozen(SCORING), refused(Unfair, "code-unknown", "score-step"):
        save_cells(review.lot.pk, "technical", cells, by=review.member(2))


def test_cells_that_cannot_be_right_are_refused(review: Review, codes: Sequence[str]) -> None:
    one = Entered(codes[0], "t1", Decimal(20))
    for cells in ([], [one, replace(one, version=1)], [one] * 501, [replace(one, score=Decimal("NaN"))]):
        with clock.frozen(SCORING), refused(Unfair, "malformed"):
            save_cells(review.lot.pk, "technical", cells, by=review.member(2))
    with clock.frozen(SCORING), refused(Unfair, "too-large"):
        save_cells(review.lot.pk, "technical", [replace(one, remark="长" * 501)], by=review.member(2))
    with clock.frozen(SCORING), refused(Unfair, "malformed"):
        save_cells(review.lot.pk, "price", [one], by=review.member(2))


def test_only_the_seat_writes_its_sheet_and_only_its_part(review: Review, codes: Sequence[str]) -> None:
    one = Entered(codes[0], "t1", Decimal(20))
    for by in (STRANGER, review.city["agency-a"], replace(review.member(2), role="clock")):
        with clock.frozen(SCORING), refused(NotEntitled, "not-a-member"):
            save_cells(review.lot.pk, "technical", [one], by=by)
    with clock.frozen(SCORING), refused(Unfair, "code-unknown"):
        save_cells(review.lot.pk, "technical", [one], by=review.member(3))
    with clock.frozen(SCORING), refused(WrongState, "wrong-state"):
        save_cells(review.lot.pk, "business", [one], by=review.member(2))


def test_signature_logs_a_commitment_and_closes_the_sheet(review: Review) -> None:
    reviews.score(review, 2, "technical")
    written = reviews.sign(review, 2, "technical")

    row = Sheet.objects.get(member__seat="host/2")
    sheet = blind.sheet_for(review.member(2), review.lot.pk, "technical")
    committed = score_commitment(bytes([2]) * 32, sheet).hex()
    assert (row.state, row.commitment, row.content, row.salt) == ("signed", committed, "", "")
    read = read_entry(written.id)
    assert read.facts("sign_sheet") == {
        "round": 1,
        "seat": "host/2",
        "part": "technical",
        "commitment": committed,
        "signature": "",
    }
    assert read.refs == (f"evaluation.evaluation:{review.lot.pk}",)
    assert jobs()[-1] == ("evaluation.go_on", {"entry_id": written.id})
    assert sheet not in bytes(row.sealed or b"")
    cell = parse_sheet(sheet).cells[0]
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        change = Entered(cell.code, cell.item, cell.score, version=1)
        save_cells(review.lot.pk, "technical", [change], by=review.member(2))
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        sign_sheet(review.lot.pk, Signed("technical", sheet, SALT), by=review.member(2))


def test_sheet_is_signed_whole(review: Review, codes: Sequence[str]) -> None:
    save(review, Entered(codes[0], "t1", Decimal(20)))

    with clock.frozen(LATER), refused(Unfair, "cells-missing") as refusal:
        sign_sheet(review.lot.pk, reviews.signed(review, 2, "technical"), by=review.member(2))

    assert refusal.value.facts == {"missing": 7, "total": 8}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lot_ref": bytes(32)}, "lot"),
        ({"round": 2}, "round"),
        ({"seat": "host/3"}, "seat"),
        ({"part": "business"}, "part"),
        ({"template": bytes(32)}, "template"),
        ({"cells": ()}, "cells"),
    ],
)
def test_sheet_that_names_something_else_is_refused(review: Review, change: dict[str, object], field: str) -> None:
    """A commitment copied from another seat, lot or round cannot be signed as one's own."""
    reviews.score(review, 2, "technical")
    own = parse_sheet(blind.sheet_for(review.member(2), review.lot.pk, "technical"))
    other = format_sheet(replace(own, **change))  # type: ignore[arg-type]

    with clock.frozen(LATER), refused(Unfair, "sheet-other") as refusal:
        sign_sheet(review.lot.pk, Signed("technical", other, SALT), by=review.member(2))

    assert refusal.value.facts == {"field": field}


def test_sheet_that_differs_from_what_was_saved_is_refused(review: Review) -> None:
    """What was acknowledged is what is signed."""
    reviews.score(review, 2, "technical")
    own = parse_sheet(blind.sheet_for(review.member(2), review.lot.pk, "technical"))
    cells = (replace(own.cells[0], remark="另一个理由"), *own.cells[1:])

    with clock.frozen(LATER), refused(Unfair, "sheet-other"):
        other = format_sheet(replace(own, cells=cells))
        sign_sheet(review.lot.pk, Signed("technical", other, SALT), by=review.member(2))


def test_bytes_that_are_no_sheet_are_refused(review: Review) -> None:
    reviews.score(review, 2, "technical")
    sheet = blind.sheet_for(review.member(2), review.lot.pk, "technical")
    for wrong in (Signed("technical", b"{}", SALT), Signed("technical", sheet, SALT[:31]), Signed("x", sheet, SALT)):
        with clock.frozen(LATER), refused(Unfair, "malformed"):
            sign_sheet(review.lot.pk, wrong, by=review.member(2))


def test_seat_with_a_key_signs_with_it(review: Review) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    Member.objects.filter(seat="host/2").update(key=point.hex())
    reviews.score(review, 2, "technical")
    signed = reviews.signed(review, 2, "technical")
    committed = score_commitment(signed.salt, signed.sheet)
    for wrong in (b"", key.sign(b"something else", ec.ECDSA(hashes.SHA256()))):
        with clock.frozen(LATER), refused(Unfair, "signature-invalid"):
            sign_sheet(review.lot.pk, replace(signed, signature=wrong), by=review.member(2))

    signature = key.sign(committed, ec.ECDSA(hashes.SHA256()))
    with clock.frozen(LATER):
        sign_sheet(review.lot.pk, replace(signed, signature=signature), by=review.member(2))

    assert Sheet.objects.get(member__seat="host/2").signature == signature.hex()
    assert blind.desk_for(review.member(2), review.lot.pk).signs


def test_seats_write_side_by_side(review: Review) -> None:
    """Each sheet is a chain of its own: one seat's saves never wait for another's."""
    before = len(entries())
    for number in range(1, 6):
        reviews.score(review, number, "technical")

    assert len(entries()) == before + 5
    assert len({read_entry(pk).stream for pk in entries()[-5:]}) == 5
    assert [row.member.seat for row in Sheet.objects.order_by("member__seat")] == list(SEATS)
