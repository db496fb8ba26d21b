"""From the close to the opening record (开标): bidders' keys first, trustees' shares last, everything opens at once.

MOF-87-39, MOF-87-41, GPL-36. Trustees and witness are the real ones, near at hand; every instant is fixed.
"""

import secrets
from datetime import timedelta
from decimal import Decimal

import pytest

from mifeng.bidding.actions import Result, close_keys, close_list, confirm_key, open_all, open_keys
from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Bid, OpenedFile, Opening, Release, Unsealed
from mifeng.bidding.queries import bid_status, hall, opened_bidders, opening_record, opening_states, too_few
from mifeng.config.reactions import DUE as WAKES
from mifeng.kernel import clock, deadlines
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Deadline
from mifeng.kernel.vault import path_of
from mifeng.rules.decisive import closed, keyed
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.rules.seal.envelope import MAGIC
from mifeng.rules.seal.part import files_of, open_part, part_context
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.models import Lot
from tests.actions.evidence import changed, read_entry, refused, snapshot
from tests.bids import Held, hand_in, handed_in, replacement, sealed_bid, take_back
from tests.factories import DUE, City
from tests.trusted import Trusted

SOON = DUE + timedelta(minutes=5)
WINDOW = timedelta(minutes=30)


def keys_in(lot: Lot, held: list[Held]) -> None:
    """Let these bidders confirm their keys."""
    for one in held:
        confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)


def test_four_bids_open_at_once(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 4)

    assert near.listed(lot) == "listed"
    with clock.frozen(SOON):
        assert near.advance(lot) == "keying"
        keys_in(lot, held)
        close_keys(lot.pk)
        assert near.advance(lot) == "public"

    shown = opening_record(lot.pk)
    prices = sorted(row.price_yuan for row in shown.rows if row.price_yuan)
    assert prices == [Decimal(text) for text in ("4688000.00", "4725000.00", "4790000.50", "4860000.00")]
    assert [(row.outcome, row.doubts, row.agrees) for row in shown.rows] == [("opened", (), True)] * 4
    assert dict(opened_bidders(lot.pk)) == {one.bidder.organisation.name: one.bidder.organisation.code for one in held}
    assert [row.bid_ref for row in shown.rows] == sorted(one.bid_ref for one in held)
    assert set(Bid.objects.values_list("state", flat=True)) == {"opened"}
    assert OpenedFile.objects.count() == 4 * 5
    assert hall(None, lot.pk) == shown
    check_entries(held)
    check_readout(held[0])


def check_entries(held: list[Held]) -> None:
    """The entries that trustees read say what they have to, and the opening's entry speaks of every bid."""
    opening = Opening.objects.get()
    listed = read_entry(opening.list_entry_id or 0)
    rows = closed(canonical(listed.body)).bids
    assert rows == tuple(sorted((one.bid_ref, one.envelope) for one in held))
    keys = keyed(canonical(read_entry(opening.keys_entry_id or 0).body))
    assert keys.bids == tuple(sorted(one.bid_ref for one in held))
    opened = read_entry(opening.opened_entry_id or 0)
    assert opened.moves == ["bidding.opening open_all: releasing → public"] + [
        "bidding.bid unseal: keyed → opened"
    ] * len(held)


def check_readout(held: Held) -> None:
    """With the published key anyone finds the published price in the ciphertext that the logged envelope names."""
    row = Unsealed.objects.get(bid__bid_ref=held.bid_ref)
    seal = held.sealed.seal
    part = seal.part("readout")
    start = len(MAGIC) + 4 + len(seal.data) + part.offset
    ciphertext = path_of(held.sha256).read_bytes()[start : start + part.ct_len]
    plain = open_part(bytes.fromhex(row.readout_key), part_context(seal.core_hash, "readout"), [ciphertext])
    assert f'"{row.price_yuan}"'.encode() in files_of(plain)[0].data


def test_fewer_than_three_at_the_deadline_open_nothing(city: City, near: Trusted, lot: Lot) -> None:
    """MOF-87-41: with fewer than three bidders nothing is opened; nobody is told how many there were."""
    held = handed_in(city, lot, 3)
    take_back(held[0])

    assert near.listed(lot) == "failed"

    shown = hall(city["agency-a"], lot.pk)
    assert (shown.state, shown.reason, shown.rows, too_few(lot.pk)) == ("failed", "bids-short", (), True)
    assert near.advance(lot) == "failed"
    status = bid_status(lot.lot_ref, held[1].bid_ref, held[1].submit_key)
    assert (status.opening, status.list_receipt) == ("failed", "")
    with clock.frozen(SOON), refused(WrongState, "wrong-state"):
        confirm_key(lot.pk, held[1].bid_ref, held[1].sealed.s_b)
    assert [one.asked.count("/close") + one.asked.count("/release") for one in near.trustees] == [0, 0, 0]
    assert set(Bid.objects.values_list("state", flat=True)) == {"received", "withdrawn"}


def test_list_holds_current_versions_only(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 4)
    second = replacement(held[0])
    hand_in(city, second)
    take_back(held[3])

    near.listed(lot)

    listed = {row["envelope"] for row in Opening.objects.get().list}
    assert listed == {second.envelope, held[1].envelope, held[2].envelope}


def test_list_is_written_once_and_not_before_the_close(city: City, near: Trusted, lot: Lot) -> None:
    handed_in(city, lot, 3)
    with clock.frozen(DUE):
        near.settle()
        with refused(WrongState, "wrong-state"):
            close_list(lot.pk)
        with refused(NotEntitled, "wrong-post"):
            close_list(lot.pk, by=city["agency-a"])
        close_bidding(lot.pk, by=CLOCK)
        close_list(lot.pk)
        with refused(WrongState, "wrong-state"):
            close_list(lot.pk)


def test_wrong_key_costs_nothing_and_the_right_one_is_taken_once(city: City, near: Trusted, lot: Lot) -> None:
    """Resolved within the window: the bid is intact, whatever was tried."""
    held = handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        with refused(WrongState, "wrong-state"):
            confirm_key(lot.pk, held[0].bid_ref, held[0].sealed.s_b)
        near.advance(lot)

        for wrong in (secrets.token_bytes(32), held[1].sealed.s_b, b""):
            with refused(Unfair, "key-mismatch"):
                confirm_key(lot.pk, held[0].bid_ref, wrong)
        first = confirm_key(lot.pk, held[0].bid_ref, held[0].sealed.s_b)
        before = snapshot()
        with pytest.raises(Repeated) as again:
            confirm_key(lot.pk, held[0].bid_ref, held[0].sealed.s_b)
        with refused(Unfair, "key-mismatch"):
            confirm_key(lot.pk, held[0].bid_ref, secrets.token_bytes(32))

    assert (again.value.entry, changed(before)) == (first.id, {})
    read = read_entry(first.id)
    assert read.moves == ["bidding.bid confirm_key: received → keyed"]
    assert held[0].sealed.s_b.hex() not in str(read.body)


def test_late_key_is_refused_and_its_bid_stays_sealed(city: City, near: Trusted, lot: Lot) -> None:
    """A bid without its key when the keys are closed is never opened, and that is its bidder's doing."""
    held = handed_in(city, lot, 4)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        keys_in(lot, held[:3])
        with refused(WrongMoment, "too-early"):
            close_keys(lot.pk)
        until = Opening.objects.get().key_until
    assert until == SOON + WINDOW

    with clock.frozen(until), refused(WrongMoment, "key-window-over"):
        confirm_key(lot.pk, held[3].bid_ref, held[3].sealed.s_b)
    with clock.frozen(until):
        near.settle()
        assert deadlines.wake(WAKES) == 1
        assert Opening.objects.get().state == "releasing"
        assert near.advance(lot) == "public"

    found = Unsealed.objects.get(bid__bid_ref=held[3].bid_ref)
    assert (found.fault, found.reason, found.bidder) == ("bidder", "key-absent", "")
    assert held[3].row.state == "unopened"
    status = bid_status(lot.lot_ref, held[3].bid_ref, held[3].submit_key)
    assert (status.state, status.fault, status.reason) == ("unopened", "bidder", "key-absent")


def test_window_closes_by_itself_once_all_keys_are_in(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        keys_in(lot, held)
        assert Deadline.objects.filter(step="close_keys", met_at=None).count() == 1
        close_keys(lot.pk)
        with refused(WrongState, "wrong-state"):
            close_keys(lot.pk)

    assert Deadline.objects.filter(step="close_keys").count() == 0
    assert Opening.objects.get().state == "releasing"


def test_without_any_key_nothing_is_opened(city: City, near: Trusted, lot: Lot) -> None:
    handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
    with clock.frozen(SOON + WINDOW):
        near.settle()
        close_keys(lot.pk)

    shown = opening_record(lot.pk)
    assert (shown.state, shown.reason) == ("unkeyed", "keys-missing")
    assert [row.outcome for row in shown.rows] == [""] * 3
    assert Release.objects.count() == 0


def test_two_opened_bids_are_too_few_and_say_so(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        keys_in(lot, held[:2])
    with clock.frozen(SOON + WINDOW):
        near.settle()
        close_keys(lot.pk)
        assert near.advance(lot) == "short"

    shown = opening_record(lot.pk)
    assert (shown.reason, sorted(row.outcome for row in shown.rows)) == (
        "opened-short",
        ["opened", "opened", "unopened"],
    )
    assert opening_states([lot.pk]) == {lot.pk: "short"}


def test_opening_waits_without_witness_and_without_trustees(city: City, near: Trusted, lot: Lot) -> None:
    """Acts go on, the opening waits, and says for whom."""
    held = handed_in(city, lot, 3)
    near.listed(lot)
    for one in near.trustees[1:]:
        one.away = True
    with clock.frozen(SOON):
        with pytest.raises(WrongMoment) as without:
            open_keys(lot.pk)
        with pytest.raises(NotYet):
            near.advance(lot)
        with pytest.raises(WrongMoment) as waiting:
            open_keys(lot.pk)
        near[2].away = False
        with pytest.raises(NotYet):
            near.advance(lot)

    assert (without.value.code, waiting.value.code) == ("no-witness", "no-trustees")
    assert waiting.value.facts == {"signed": 1, "needed": 2}
    with clock.frozen(SOON):
        keys_in(lot, held)
        close_keys(lot.pk)
        assert near.advance(lot) == "public"
    assert {row.trustee for row in Release.objects.all()} == {"trustee-1", "trustee-2"}


def test_result_about_other_bids_is_not_written(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    near.listed(lot)
    with clock.frozen(SOON):
        with refused(WrongState, "wrong-state"):
            open_all(lot.pk, Result({}))
        near.advance(lot)
        keys_in(lot, held)
        close_keys(lot.pk)
        before = snapshot()
        with pytest.raises(ValueError, match="every bid"):
            open_all(lot.pk, Result({}))
        with refused(NotEntitled, "wrong-post"):
            open_all(lot.pk, Result({}), by=city["agency-a"])

    assert changed(before) == {}


def test_words_that_differ_prevail_and_are_marked(city: City, near: Trusted, lot: Lot) -> None:
    """MOF-87-59: words over figures; both are shown as they were written."""
    held = [*handed_in(city, lot, 2), sealed_bid(city, lot, 3, price_words="肆佰柒拾万元整")]
    hand_in(city, held[2])
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        keys_in(lot, held)
        close_keys(lot.pk)
        near.advance(lot)

    row = next(one for one in opening_record(lot.pk).rows if one.bid_ref == held[2].bid_ref)
    assert (row.price_yuan, row.words_yuan, row.agrees) == (Decimal("4790000.50"), Decimal("4700000.00"), False)
    assert row.doubts == ("words-differ",)
