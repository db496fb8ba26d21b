"""The one door (办理): its order of locks, its one time, its one entry, and what it refuses to be used for."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction

from mifeng.kernel import clock
from mifeng.kernel.acting import Act, _plain, _rank, acting, advisory_key, subject_of
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Instance
from mifeng.parties.models import Organisation
from mifeng.rules import session as session_table
from mifeng.rules import tender as tender_table
from mifeng.rules.errors import NotEntitled, Reason, WrongState
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.venues.models import Booking, Seat, Session, Site, SiteRequest
from tests.actions.acts import SOON
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, entries, read_entry, refused, snapshot
from tests.factories import lot_of, requests, session_of

STAGES = ("accepted", "planned")
Body = Callable[[Act], Any]
AGENCY = Actor(role="agency", handle="0123456789abcdef")


def held_locks() -> set[tuple[int, bool]]:
    """Return the advisory locks of this connection: key and whether it is taken alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ((classid::bigint << 32) | objid::bigint), mode = 'ExclusiveLock' FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return {(key, bool(alone)) for key, alone in cursor.fetchall()}


def key_of(matter: object) -> int:
    """Return the lock key of a matter."""
    return advisory_key(subject_of(matter))  # type: ignore[arg-type]


def test_order_of_locks_follows_the_order_of_contexts_and_models() -> None:
    """Upper contexts before lower ones, then the order of the models file: nobody can wait in a circle."""
    ordered = [Tender, Lot, Document, Site, Session, SiteRequest, Seat, Booking, Organisation, Instance]

    ranks = [_rank(model) for model in ordered]

    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def within(*steps: Body) -> Written:
    """Open the door and carry out some steps, one after the other."""
    with acting("test", by=AGENCY) as act:
        for step in steps:
            step(act)
    return act.entry


def seen(look: Body) -> Any:
    """Return what can be seen from within an act, which then comes to nothing."""
    found = []
    with suppress(NotEntitled), acting("test", by=AGENCY) as act:
        found.append(look(act))
        raise NotEntitled(Reason("wrong-post"))
    return found[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [(Lot, Tender), (Organisation, Lot), (Seat, Session), (Booking, Tender), (Organisation, Seat)],
)
def test_lock_against_the_order_is_a_programming_error(stages: Stages, first: type, second: type) -> None:
    lower, upper = first.objects.first(), second.objects.first()  # type: ignore[attr-defined]
    before = snapshot()

    with pytest.raises(RuntimeError, match="must be locked before"):
        within(lambda act: act.lock(first, lower.pk), lambda act: act.lock(second, upper.pk))

    assert changed(before) == {}


def test_lower_id_after_a_higher_one_is_a_programming_error(stages: Stages) -> None:
    low, high = sorted(Seat.objects.all(), key=lambda seat: str(seat.pk))[:2]

    with pytest.raises(RuntimeError, match="must be locked before"):
        within(lambda act: act.lock(Seat, high.pk), lambda act: act.lock(Seat, low.pk))


def test_several_matters_of_a_kind_are_taken_by_ascending_id_whatever_was_asked(stages: Stages) -> None:
    ids = [str(seat.pk) for seat in Seat.objects.order_by("-pk")]

    rows, locks = seen(lambda act: (act.lock_all(Seat, [*ids, ids[0]]), held_locks()))

    assert [str(row.pk) for row in rows] == sorted(ids)
    assert {(key_of(row), True) for row in rows} <= locks


def test_row_locked_before_comes_back_as_the_same_object(stages: Stages) -> None:
    pk = stages["accepted"].pk

    first, again, at, later = seen(
        lambda act: (act.lock(Tender, pk), act.lock(Tender, str(pk)), act.at, act.lock_all(Tender, [pk])[0])
    )

    assert first is again is later
    assert at.tzinfo is not None


@pytest.mark.parametrize("take", ["lock", "share"])
def test_lock_after_the_time_was_read_is_a_programming_error(stages: Stages, take: str) -> None:
    """The legal time is read under the lock; a later lock would let time run backwards along a chain."""
    pk = stages["accepted"].pk

    with pytest.raises(RuntimeError, match="time run backwards"):
        within(lambda act: act.at, lambda act: getattr(act, take)(Tender, pk))


def test_time_of_an_act_is_read_once(stages: Stages) -> None:
    def read(act: Act) -> tuple[datetime, datetime]:
        with clock.frozen(SOON):
            first = act.at
        with clock.frozen(SOON + timedelta(hours=1)):
            return first, act.at

    assert seen(read) == (SOON, SOON)


def test_shared_matter_is_locked_shared_and_cannot_be_changed(stages: Stages) -> None:
    purchaser = stages.city.organisations["市教育局"]
    before = snapshot()

    locks = seen(lambda act: (act.share(Organisation, purchaser.pk), held_locks())[1])
    with pytest.raises(RuntimeError, match="is not locked by this act"):
        within(lambda act: act.note(act.share(Organisation, purchaser.pk), "look"))

    assert {alone for key, alone in locks if key == key_of(purchaser)} == {False}
    assert changed(before) == {}


def test_shared_matter_cannot_be_taken_alone_afterwards(stages: Stages) -> None:
    """Two sharers who both want it alone would wait for each other for ever."""
    pk = stages["accepted"].pk

    with pytest.raises(RuntimeError, match="cannot be taken alone"):
        within(lambda act: act.share(Tender, pk), lambda act: act.lock(Tender, pk))


def test_matter_that_is_only_named_cannot_be_changed(stages: Stages) -> None:
    tender = stages["accepted"]
    lot = lot_of(tender)

    with pytest.raises(RuntimeError, match="is not locked by this act"):
        within(
            lambda act: act.note(act.lock(Lot, lot.pk), "look"),
            lambda act: act.refer(subject_of(tender)),
            lambda act: act.note(tender, "look"),
        )


def test_matter_made_by_the_act_may_be_changed_by_it(stages: Stages) -> None:
    with acting("test", by=AGENCY) as act:
        fields = {"purpose": "test", "code_name": "T-01T", "starts_at": SOON, "ends_at": SOON, "planned_by": "x"}
        made = act.create(Session, session_table.SESSION, "plan", **fields)
        act.move(made, session_table.SESSION, "release", reason="test")
        same = act.lock(Session, made.pk)

    assert same is made
    assert read_entry(act.entry.id).moves == [
        "venues.session plan:  → requested",
        "venues.session release: requested → released",
    ]


@pytest.mark.parametrize("take", ["lock", "share"])
def test_matter_that_does_not_exist_is_not_found(stages: Stages, take: str) -> None:
    with pytest.raises(ObjectDoesNotExist):
        within(lambda act: getattr(act, take)(Tender, uuid4()))


def test_act_that_changes_nothing_is_not_an_act(stages: Stages) -> None:
    pk, before = stages["accepted"].pk, snapshot()

    with pytest.raises(RuntimeError, match="changes nothing"):
        within(lambda act: act.lock(Tender, pk))

    assert changed(before) == {}


def test_entry_is_not_there_before_the_act_is_left(stages: Stages) -> None:
    with pytest.raises(RuntimeError, match="written when the act is left"):
        within(lambda act: act.entry)


def test_act_within_an_act_joins_it(stages: Stages) -> None:
    """Still one time and one entry, under the word of the outer act, in the chain of its first matter."""
    tender, before = stages["accepted"], entries()

    with acting("outer", by=AGENCY) as outer:
        lot = outer.lock(Lot, lot_of(tender).pk)
        outer.note(lot, "first")
        with acting("inner", by=CLOCK) as inner:
            session = inner.lock(Session, session_of(stages["planned"]).pk)
            inner.note(session, "second")

    assert inner is outer
    assert entries() == [*before, outer.entry.id]
    read = read_entry(outer.entry.id)
    assert (read.type, read.actor, read.stream) == ("outer", AGENCY.handle, subject_of(lot))
    assert (read.moves, read.refs) == (["tenders.lot first", "venues.session second"], (subject_of(session),))


def test_refusal_within_takes_everything_back(stages: Stages) -> None:
    lot, before = lot_of(stages["accepted"]), snapshot()

    def inner(act: Act) -> None:
        act.note(act.lock(Lot, lot.pk), "first")
        with acting("inner", by=AGENCY):
            raise NotEntitled(Reason("wrong-post"))

    with pytest.raises(NotEntitled):
        within(inner)

    assert changed(before) == {}


def test_door_is_free_again_after_a_refusal(stages: Stages) -> None:
    with pytest.raises(NotEntitled), acting("refused", by=AGENCY):
        raise NotEntitled(Reason("wrong-post"))

    with acting("next", by=AGENCY) as act:
        act.note(act.lock(Lot, lot_of(stages["accepted"]).pk), "look")

    assert read_entry(act.entry.id).type == "next"


@pytest.mark.parametrize(
    ("role", "kind", "code"), [("buyer", NotEntitled, "wrong-post"), ("clock", WrongState, "wrong-state")]
)
def test_step_that_the_table_forbids_is_refused(stages: Stages, role: str, kind: type, code: str) -> None:
    by = Actor(role=role, handle=role)

    with refused(kind, code), acting("close_bidding", by=by) as act:
        lot = act.lock(Lot, lot_of(stages["accepted"]).pk)
        act.move(lot, tender_table.LOT, "close")


def test_step_that_creates_is_refused_to_the_wrong_post(stages: Stages) -> None:
    with refused(NotEntitled, "wrong-post"), acting("plan", by=CLOCK) as act:
        act.create(Session, session_table.SESSION, "plan", purpose="test")


def test_step_word_that_no_table_knows_is_a_programming_error(stages: Stages) -> None:
    lot = lot_of(stages["accepted"])

    with pytest.raises(KeyError):
        within(lambda act: act.move(act.lock(Lot, lot.pk), tender_table.LOT, "vanish"))


def book_twice(stages: Stages) -> None:
    """Book a held seat a second time, past all checks."""
    request = requests(stages["planned"])[0]
    held = Booking.objects.filter(request=request)[0]
    with acting("plan_seats", by=AGENCY) as act:
        act.create(
            Booking,
            session_table.BOOKING,
            "hold",
            request=request,
            seat=held.seat,
            during=(held.during.lower, held.during.upper),
        )


def plan_twice(stages: Stages) -> None:
    """Open a second session for one project, past all checks."""
    old = session_of(stages["planned"])
    with acting("plan_seats", by=AGENCY) as act:
        act.create(
            Session,
            session_table.SESSION,
            "plan",
            purpose=old.purpose,
            code_name="Z-99Z",
            starts_at=old.starts_at,
            ends_at=old.ends_at,
            planned_by="x",
        )


def draft_twice(stages: Stages) -> None:
    """Hand in two versions of one number, past all checks."""
    with acting("draft_document", by=AGENCY) as act:
        row = {"tender": stages["accepted"], "version": 1, "name": "x", "sha256": "", "size": 0, "drafted_at": SOON}
        act.create_all(Document, tender_table.DOCUMENT, "draft", [row, row])


@pytest.mark.parametrize(
    ("act", "code"), [(book_twice, "seat-taken"), (plan_twice, "session-exists"), (draft_twice, "stale-version")]
)
def test_constraint_of_the_database_becomes_a_refusal(stages: Stages, act: object, code: str) -> None:
    """The backstop holds whatever the code does, and says the same as the check would (hard case: the last seats)."""
    with refused(WrongState, code) as caught:
        act(stages)  # type: ignore[operator]

    assert caught.value.source == "our choice (ADR-1)"
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_unknown_constraint_stays_an_error(stages: Stages) -> None:
    taken = session_of(stages["planned"]).code_name
    fields = {"purpose": "other", "code_name": taken, "starts_at": SOON, "ends_at": SOON, "planned_by": "x"}
    before = snapshot()

    with pytest.raises(IntegrityError):
        within(lambda act: act.create(Session, session_table.SESSION, "plan", **fields))

    assert changed(before) == {}


def test_rows_that_point_to_their_entry_are_written_with_it(stages: Stages) -> None:
    given: list[int] = []
    lot = lot_of(stages["accepted"])

    written = within(
        lambda act: act.note(act.lock(Lot, lot.pk), "look"),
        lambda act: act.once_written(lambda entry: given.append(entry.id)),
    )

    assert given == [written.id]


def test_act_names_each_further_subject_once(stages: Stages) -> None:
    with acting("test", by=AGENCY) as act:
        act.note(act.lock(Lot, lot_of(stages["accepted"]).pk), "look")
        act.refer("a:1", "b:2")
        act.refer("b:2", "c:3")

    assert read_entry(act.entry.id).refs == ("a:1", "b:2", "c:3")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (SOON, "2026-03-02T02:00:00.000000Z"),
        (date(2026, 3, 2), "2026-03-02"),
        (Decimal("4800000.00"), "4800000.00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ((SOON, [date(2026, 3, 2), 7]), ["2026-03-02T02:00:00.000000Z", ["2026-03-02", 7]]),
        (Tender(pk=UUID(int=8)), "00000000-0000-0000-0000-000000000008"),
        ("text", "text"),
        (True, True),
    ],
)
def test_facts_are_kept_as_text_that_has_one_form(value: object, kept: object) -> None:
    assert _plain(value) == kept


def test_act_cannot_be_wrapped_in_a_transaction_of_a_caller(stages: Stages) -> None:
    """The outermost act is durable: when it returns, it is committed."""
    lot = lot_of(stages["accepted"])

    with pytest.raises(RuntimeError, match="durable atomic block cannot be nested"), transaction.atomic():
        within(lambda act: act.note(act.lock(Lot, lot.pk), "look"))
