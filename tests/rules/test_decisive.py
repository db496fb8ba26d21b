"""Bodies of decisive entries have exactly one shape, and are believed only under their receipts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.decisive import (
    Closed,
    Keyed,
    Pooled,
    Published,
    closed,
    keyed,
    moves_of,
    pooled,
    published,
    verify_decisive,
)
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    Kind,
    SigningKey,
    add_signatures,
    body_commitment,
    cosign,
    format_checkpoint,
    format_entry,
    format_receipt,
    leaf_hash,
    sign_note,
)

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
NOTARY = SigningKey("witness.example/notary", Kind.WITNESS, b"n" * 32)
STRANGER = SigningKey("witness.example/other", Kind.WITNESS, b"s" * 32)
LOT, POLICY, LEAF = "a1" * 32, "b2" * 32, "c3" * 32
BIDS = [("01" * 32, "11" * 32), ("02" * 32, "22" * 32)]
DUE = "2026-11-22T01:00:00.000000Z"
AT_DUE = datetime(2026, 11, 22, 1, tzinfo=UTC)
NOW = int(AT_DUE.timestamp()) + 5
SEALED = {"lot_ref": LOT, "policy_hash": POLICY, "bids_due_at": DUE}
LISTED = [{"bid_ref": bid_ref, "envelope": envelope} for bid_ref, envelope in BIDS]
CLOSED = {"lot_ref": LOT, "policy_hash": POLICY, "due": DUE, "list": LISTED}
KEYED = {"lot_ref": LOT, "close": LEAF, "keyed": [BIDS[1][0]]}
POOLED = {"handle": LOT, "root": LEAF, "sizes": {"371300/A08": 12, "371321/A08": 0}}


def move(step: str, subject: str, facts: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """Return one line of a body."""
    return {"step": step, "subject": subject, **more} | ({} if facts is None else {"facts": facts})


def body(step: str, *moves: object) -> bytes:
    """Return the body of an act."""
    return canonical({"step": step, "role": "agency", "moves": list(moves)})


def lot(step: str, facts: dict[str, Any], number: int = 1) -> dict[str, Any]:
    """Return a step of a lot as the platform writes it."""
    return move(step, f"tenders.lot:{number}", facts, **{"from": "preparing", "to": "published"})


def closing(**changes: object) -> bytes:
    """Return a close list with changed facts."""
    return body("close_list", move("list", "bidding.box:1", CLOSED | changes))


def receipt(disclosed: Disclosed, *witnesses: SigningKey) -> str:
    """Return the receipt of an entry that stands alone in its log."""
    text = format_checkpoint(Checkpoint(LOG.name, 1, leaf_hash(disclosed.leaf)))
    note = add_signatures(sign_note(text, LOG), [cosign(text, witness, NOW) for witness in witnesses])
    return format_receipt(0, [], note, disclosed)


def entry(step: str, content: bytes) -> bytes:
    """Return an entry of a step that commits to a body."""
    return format_entry(Entry(step, "tenders.lot:1", b"", "clock", AT_DUE, body_commitment(b"b" * 32, content)))


def test_a_notice_names_sealed_lots_and_handles() -> None:
    handles = {"draw_handles": ["d1" * 32, "d2" * 32], "bids_due_at": DUE}
    other = {"lot_ref": LEAF, "policy_hash": POLICY, "bids_due_at": "2026-11-22T01:00:00.000001Z"}
    content = body(
        "publish_notice",
        move("publish_notice", "tenders.tender:1", handles),
        lot("publish", SEALED),
        lot("publish", other, 2),
        lot("publish", {"bids_due_at": DUE}, 3),
        lot("accept", SEALED, 4),
        move("notice", "tenders.notice:1", {"notice_sha256": LEAF}),
        move("issue", "tenders.document:1"),
    )

    assert published(content) == Published(
        {LOT: (POLICY, AT_DUE), LEAF: (POLICY, AT_DUE.replace(microsecond=1))}, frozenset(handles["draw_handles"])
    )


def test_a_clarification_says_the_deadline_anew() -> None:
    content = body("clarify", move("clarify", "tenders.tender:1", {"reason": ""}), lot("clarify", SEALED))

    assert published(content) == Published({LOT: (POLICY, AT_DUE)}, frozenset())


@pytest.mark.parametrize(
    "content",
    [
        body("close_bidding", lot("publish", SEALED)),
        body("clarify", lot("clarify", {"lot_ref": LOT, "bids_due_at": DUE})),
        body("clarify", lot("clarify", {"policy_hash": POLICY, "bids_due_at": DUE})),
        body("clarify", lot("clarify", {"lot_ref": LOT, "policy_hash": POLICY})),
        body("clarify", lot("clarify", SEALED | {"lot_ref": LOT.upper()})),
        body("clarify", lot("clarify", SEALED | {"policy_hash": POLICY[2:]})),
        body("clarify", lot("clarify", SEALED | {"bids_due_at": "2026-11-22T01:00:00Z"})),
        body("clarify", lot("clarify", SEALED | {"bids_due_at": "2026-13-22T01:00:00.000000Z"})),
        body("clarify", lot("clarify", SEALED), lot("clarify", SEALED, 2)),
        body("clarify", move("clarify", "tenders.tender:1", {"draw_handles": LOT})),
        body("clarify", move("clarify", "tenders.tender:1", {"draw_handles": [1]})),
        body("clarify", move("clarify", "tenders.tender:1", {"draw_handles": [LOT, LOT]})),
    ],
)
def test_a_misshapen_notice_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        published(content)


def test_a_close_list_is_read_in_its_order() -> None:
    backwards = list(reversed(LISTED))

    assert closed(closing()) == Closed(LOT, POLICY, AT_DUE, tuple(BIDS))
    assert closed(closing(list=backwards, count=2)).bids == tuple(reversed(BIDS))
    assert closed(closing(list=[])).bids == ()


@pytest.mark.parametrize(
    "content",
    [
        body("close_keys", move("list", "bidding.box:1", CLOSED)),
        body("close_list", move("close", "bidding.box:1", CLOSED)),
        body("close_list", move("list", "bidding.box:1")),
        body("close_list", move("list", "bidding.box:1", CLOSED), move("list", "bidding.box:2", CLOSED)),
        closing(lot_ref=""),
        closing(policy_hash=True),
        closing(due=7),
        closing(due=""),
        closing(list={}),
        closing(list=["x"]),
        closing(list=[LISTED[0] | {"supplier": "x"}]),
        closing(list=[{"bid_ref": LOT}]),
        closing(list=[LISTED[0] | {"envelope": "g" * 64}]),
        closing(list=[LISTED[0], LISTED[1] | {"bid_ref": LISTED[0]["bid_ref"]}]),
        closing(list=[LISTED[0], LISTED[1] | {"envelope": LISTED[0]["envelope"]}]),
    ],
)
def test_a_misshapen_close_list_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        closed(content)


def test_the_keyed_bids_are_read_with_the_leaf_of_their_list() -> None:
    content = body("close_keys", move("close_keys", "bidding.box:1", KEYED), move("lapse", "bidding.bid:1"))

    assert keyed(content) == Keyed(LOT, LEAF, (BIDS[1][0],))
    assert keyed(body("close_keys", move("close_keys", "bidding.box:1", KEYED | {"stage": "2"}))).stage == "2"


@pytest.mark.parametrize("changes", [{"keyed": ""}, {"keyed": [LOT, LOT]}, {"keyed": [{}]}, {"close": LEAF + "00"}])
def test_misshapen_keyed_bids_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        keyed(body("close_keys", move("close_keys", "bidding.box:1", KEYED | changes)))


def test_a_pool_is_read_with_its_sizes() -> None:
    content = body("commit_pool", move("commit", "experts.draw:1", POOLED))

    assert pooled(content) == Pooled(LOT, LEAF, {"371300/A08": 12, "371321/A08": 0})


@pytest.mark.parametrize(
    "changes",
    [{"sizes": []}, {"sizes": {"A": -1}}, {"sizes": {"": 1}}, {"sizes": {"A": True}}, {"sizes": {"A": "1"}}],
)
def test_a_misshapen_pool_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        pooled(body("commit_pool", move("commit", "experts.draw:1", POOLED | changes)))


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"step": "close_list", "role": "clock"},
        {"step": "close_list", "role": "clock", "moves": []},
        {"step": "close_list", "role": "clock", "moves": {}},
        {"step": "close_list", "role": "", "moves": [move("list", "x:1")]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "x:1")], "more": ""},
        {"step": 1, "role": "clock", "moves": [move("list", "x:1")]},
        {"step": "close_list", "role": "clock", "moves": ["list"]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "")]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "x:1", more="")]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "x:1", **{"from": ""})]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "x:1") | {"from": "", "to": 1}]},
        {"step": "close_list", "role": "clock", "moves": [move("list", "x:1") | {"facts": []}]},
    ],
)
def test_what_is_no_body_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moves_of(canonical(value))


@given(st.integers(0, len(closing()) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_says_something_else(place: int, change: int) -> None:
    raw = bytearray(closing())
    raw[place] ^= change

    try:
        read = closed(bytes(raw))
    except ValueError:
        return
    # The post that acted and the subject are no part of what is decided.
    assert read != closed(closing()) or place > closing().index(b'"subject"')


@pytest.mark.parametrize("read", [published, closed, keyed, pooled])
def test_bytes_that_are_not_canonical_are_refused(read: Callable[[bytes], object]) -> None:
    for content in (b"", b"\xff", b"{}", closing() + b"\n", closing().replace(b'"step":"close_list"', b'"step": ""')):
        with pytest.raises(ValueError, match=r".+"):
            read(content)


def test_a_receipt_proves_entry_and_body_together() -> None:
    disclosed = Disclosed(entry("close_list", closing()), b"e" * 32, closing(), b"b" * 32)
    read = verify_decisive(receipt(disclosed, NOTARY), LOG.verifier, [NOTARY.verifier])

    assert read.body == closing()
    assert (read.proven.entry.at, read.proven.leaf) == (AT_DUE, disclosed.leaf)


def test_a_receipt_without_its_body_or_without_an_entry_is_refused() -> None:
    disclosed = Disclosed(entry("close_list", closing()), b"e" * 32)
    whole = receipt(disclosed, NOTARY)
    bare = "\n".join(line for line in whole.split("\n") if not line.startswith("extra "))

    for text in (whole, bare):
        with pytest.raises(ValueError, match="lay the body"):
            verify_decisive(text, LOG.verifier, [NOTARY.verifier])


def test_a_receipt_is_refused_when_anything_does_not_fit() -> None:
    good = Disclosed(entry("close_list", closing()), b"e" * 32, closing(), b"b" * 32)
    other_body = Disclosed(good.data, good.salt, closing(list=[]), b"b" * 32)
    other_step = Disclosed(entry("close_keys", closing()), b"e" * 32, closing(), b"b" * 32)

    for disclosed, witnesses in ((other_body, [NOTARY]), (other_step, [NOTARY]), (good, []), (good, [STRANGER])):
        with pytest.raises(Tampered):
            verify_decisive(receipt(disclosed, *witnesses), LOG.verifier, [NOTARY.verifier])
