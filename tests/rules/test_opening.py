"""The steps of a sealed bid and of its opening; what is signed at the reception. MOF-87-33, MOF-87-34, MOF-87-41."""

import pytest

from mifeng.rules.encoding import encode_tuple
from mifeng.rules.errors import NotEntitled, WrongState
from mifeng.rules.lifecycle import Lifecycle, check_step, reachable, states
from mifeng.rules.opening import BID, OPENING
from mifeng.rules.reception import binding, record_answer, upload

LOT, HASH, POINT = b"\x01" * 32, b"\x02" * 32, b"\x04" + b"\x03" * 64


@pytest.mark.parametrize("table", [BID, OPENING])
def test_every_state_can_be_reached(table: Lifecycle) -> None:
    assert reachable(table) == states(table)


@pytest.mark.parametrize(
    ("table", "path", "end"),
    [
        (BID, ["receive", "replace", "withdraw", "replace", "confirm_key", "unseal"], "opened"),
        (BID, ["receive", "leave_sealed"], "unopened"),
        (BID, ["receive", "confirm_key", "leave_sealed"], "unopened"),
        (OPENING, ["list", "open_keys", "close_keys", "open_all"], "public"),
        (OPENING, ["list", "open_keys", "close_keys", "open_short"], "short"),
        (OPENING, ["list", "open_keys", "lapse_keys"], "unkeyed"),
        (OPENING, ["fail"], "failed"),
    ],
)
def test_a_bid_and_its_opening_travel_their_whole_way(table: Lifecycle, path: list[str], end: str) -> None:
    state: str | None = None
    for name in path:
        [role] = table[name].by
        state = check_step(table, name, state=state, role=role).target

    assert state == end


@pytest.mark.parametrize(
    ("table", "name", "state"),
    [
        (BID, "withdraw", "withdrawn"),
        (BID, "confirm_key", "withdrawn"),
        (BID, "unseal", "received"),  # without a confirmed key nothing is ever opened
        (BID, "replace", "keyed"),
        (OPENING, "open_keys", "failed"),  # fewer than three: it ends here
        (OPENING, "close_keys", "listed"),
        (OPENING, "open_all", "keying"),  # no opening before the keys are closed
        (OPENING, "close_keys", "releasing"),  # no second closing of keys
        (OPENING, "list", "listed"),  # no second list
    ],
)
def test_a_step_out_of_order_is_refused(table: Lifecycle, name: str, state: str) -> None:
    [role] = table[name].by

    with pytest.raises(WrongState):
        check_step(table, name, state=state, role=role)


@pytest.mark.parametrize("name", sorted(OPENING))
@pytest.mark.parametrize("role", ["agency", "buyer", "host", "supervisor", "bidder"])
def test_only_the_clock_moves_an_opening(name: str, role: str) -> None:
    """Neither agency nor centre decides when or whether to open (MOF-87-39)."""
    with pytest.raises(NotEntitled):
        check_step(OPENING, name, state=next(iter(OPENING[name].sources), None), role=role)


def test_what_is_signed_at_the_reception_names_the_lot_and_its_purpose() -> None:
    assert binding(LOT, "ticket", POINT) == encode_tuple("BE1 bind", LOT, "ticket", POINT)
    assert upload(LOT, HASH, 7, b"n") == encode_tuple("BE1 upload", LOT, HASH, 7, b"n")
    said = record_answer(LOT, HASH, "objected", "读错", b"n")
    assert said == encode_tuple("BE1 record", LOT, HASH, "objected", "读错", b"n")


@pytest.mark.parametrize(("lot", "ticket", "key"), [(b"", "t", POINT), (LOT, "凭条", POINT), (LOT, "t", POINT[:33])])
def test_a_misshapen_binding_is_not_signed(lot: bytes, ticket: str, key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        binding(lot, ticket, key)


@pytest.mark.parametrize(
    ("lot", "sha256", "length", "nonce"),
    [(b"", HASH, 1, b"n"), (LOT, b"", 1, b"n"), (LOT, HASH, 0, b"n"), (LOT, HASH, 1, b"")],
)
def test_a_misshapen_upload_is_not_signed(lot: bytes, sha256: bytes, length: int, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        upload(lot, sha256, length, nonce)


@pytest.mark.parametrize(
    ("lot", "bid", "answer", "nonce"),
    [
        (b"", HASH, "confirmed", b"n"),
        (LOT, b"", "confirmed", b"n"),
        (LOT, HASH, "yes", b"n"),
        (LOT, HASH, "objected", b""),
    ],
)
def test_a_misshapen_answer_is_not_signed(lot: bytes, bid: bytes, answer: str, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        record_answer(lot, bid, answer, "", nonce)
