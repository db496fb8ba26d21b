"""A seat whose key is lost goes on with another, on record. GPLR-41; our choice (ADR-9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mifeng.config.reactions import REACTIONS
from mifeng.evaluation import blind, queries, tasks
from mifeng.evaluation.actions import Endorsed, change_seat_key, conclude_evaluation, sign_report
from mifeng.evaluation.models import KeyChange, Member
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.inbox import lines
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.sittings.queries import Reopened
from tests.actions.evidence import read_entry, refused
from tests.actions.reviews import SCORING, SEATS, Review
from tests.judged import public_key

STEP = "revealed"
LATER = SCORING + timedelta(minutes=10)
OLD, NEW = 4711, 815


def reopened(review: Review, number: int = 3, **changes: object) -> Reopened:
    """Return how the seat of a member was opened again."""
    officers = ("0a" * 8, "0b" * 8)
    handle = review.member(number).handle
    given = Reopened(SEATS[number - 1], handle, public_key(NEW), "officers", officers, "a1" * 32, "b2" * 32)
    return replace(given, **changes)  # type: ignore[arg-type]


def sign(review: Review, secret: int) -> None:
    """Let the third member sign the report with a key."""
    message = bytes.fromhex(review.row.report_hash)
    word = Endorsed(review.row.report_hash, signature=sign_ecdsa(secret, message))
    sign_report(review.lot.pk, word, by=review.member(3))


def test_what_is_signed_later_needs_the_new_key(review: Review) -> None:
    """The entry says both keys, who opened the seat again and who let the person in; all who watch learn of it."""
    Member.objects.filter(seat=SEATS[2]).update(key=public_key(OLD))
    with clock.frozen(LATER):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        with refused(Unfair, "signature-invalid"):
            sign(review, NEW)
        written = change_seat_key(review.lot.pk, reopened(review))
        with refused(Unfair, "signature-invalid"):
            sign(review, OLD)
        sign(review, NEW)
        tasks.tell_seat(entry_id=written.id)

    entry = read_entry(written.id)
    assert (entry.moves, entry.stream) == (
        ["evaluation.evaluation change_seat_key"],
        f"evaluation.evaluation:{review.lot.pk}",
    )
    assert entry.facts("change_seat_key") == {
        "seat": "host/3",
        "opened_by": review.member(3).handle,
        "before": public_key(OLD),
        "after": public_key(NEW),
        "checked": "officers",
        "officers": ["0a" * 8, "0b" * 8],
        "renewed": "a1" * 32,
        "entered": "b2" * 32,
    }
    desk = blind.desk_for(review.member(3), review.lot.pk)
    assert (desk.key, desk.rekeyed_at) == (public_key(NEW), LATER)
    assert blind.desk_for(review.member(4), review.lot.pk).rekeyed_at is None
    for account in ("agency-a", "supervisor"):
        [seen] = queries.key_changes(review.city[account], review.lot.pk)
        assert (seen.seat, seen.at, seen.checked) == ("host/3", LATER, "officers")
        assert [one.kind for one in lines(review.city[account])] == ["seat-rekeyed"]
    assert REACTIONS["change_seat_key"] == (tasks.tell_seat,)


def test_a_seat_without_a_key_may_get_one(review: Review) -> None:
    with clock.frozen(LATER):
        change_seat_key(review.lot.pk, reopened(review, checked="face", officers=()))

    assert Member.objects.get(seat=SEATS[2]).key == public_key(NEW)
    assert KeyChange.objects.get().before == ""


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"handle": "f" * 16}, NotEntitled, "not-a-member"),
        ({"seat": "host/9"}, NotEntitled, "not-a-member"),
        ({"key": ""}, WrongState, "seat-unrenewed"),
        ({"renewed": ""}, WrongState, "seat-unrenewed"),
    ],
)
def test_a_key_that_came_otherwise_is_refused(
    review: Review, changes: dict[str, object], kind: type, code: str
) -> None:
    with clock.frozen(LATER), refused(kind, code):
        change_seat_key(review.lot.pk, reopened(review, **changes))


def test_the_clock_alone_changes_a_key_and_once(review: Review) -> None:
    with clock.frozen(LATER):
        with refused(NotEntitled, "wrong-post"):
            change_seat_key(review.lot.pk, reopened(review), by=review.city["agency-a"])
        first = change_seat_key(review.lot.pk, reopened(review), by=CLOCK)
        with pytest.raises(Repeated) as again:
            change_seat_key(review.lot.pk, reopened(review))
    Member.objects.filter(seat=SEATS[3]).update(key=public_key(OLD))
    with clock.frozen(LATER), refused(WrongState, "seat-unrenewed"):
        change_seat_key(review.lot.pk, reopened(review, 4, key=public_key(OLD)))

    assert again.value.entry == first.id


def test_nothing_changes_once_the_evaluation_is_over(review: Review) -> None:
    type(review.row).objects.filter(pk=review.lot.pk).update(state="concluded")

    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        change_seat_key(review.lot.pk, reopened(review))
