"""Decisive entries (决定性条目): the acts that outside parties read before they sign.

Trustees and witnesses believe no page and no message of the platform, only its log: an entry laid open with its body in
a receipt, under the keys of the log and of the witnesses. Each function here reads one kind of body and says what it
decides. A body is ``{"step", "role", "moves": [{"step", "subject", "from", "to", "facts"}…]}`` in canonical form; facts
that are not named here are passed over, those that are named have exactly one shape.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from mifeng.rules.encoding import parse_canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import Proven, VerifierKey, parse_receipt, parse_time, verify_receipt

_BODY = frozenset({"step", "role", "moves"})
_MOVES = tuple(
    frozenset({"step", "subject", *moved, *facts}) for moved in ((), ("from", "to")) for facts in ((), ("facts",))
)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a body (办理内容): what happened to one subject, and the facts named for it."""

    step: str
    subject: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Read:
    """A decisive entry as its receipt proves it (已证条目): the proof, and the body the entry commits to."""

    proven: Proven
    body: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """What a notice or a clarification lays down (公告所定).

    Args:
        lots: for each lot_ref its policy hash, both in hexadecimal, and the instant T at which its bids are due.
        handles: the draw handles named for its sites, in hexadecimal.
    """

    lots: Mapping[str, tuple[str, datetime]]
    handles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Closed:
    """The list of bids with which a lot closed (截止清单): pairs of bid_ref and envelope hash, in its order."""

    lot_ref: str
    policy_hash: str
    due: datetime
    bids: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Keyed:
    """The bids whose bidders handed in a matching key (密钥已确认清单), under the leaf of the close list.

    ``stage`` is 1 unless the entry names another.
    """

    lot_ref: str
    close_leaf: str
    bids: tuple[str, ...]
    stage: str = "1"


@dataclass(frozen=True, slots=True)
class Pooled:
    """The pool from which a draw is made (抽取名单): its handle, its root, how many stand in each cell."""

    handle: str
    root: str
    cells: Mapping[str, int]


def verify_decisive(text: str, log: VerifierKey, witnesses: Sequence[VerifierKey] = ()) -> Read:
    """Make sure that a receipt proves an entry together with its body (核验决定性条目).

    Args:
        text: the receipt.
        log: the log's key, known from elsewhere.
        witnesses: the witnesses that must all have seen it.

    Raises:
        Tampered: when the proof, a signature or the time does not fit, or the entry names another step than its body.
        ValueError: when the text is no receipt, or its body is not laid open or misshapen.
    """
    disclosed = parse_receipt(text).disclosed
    if disclosed is None or disclosed.body is None:
        raise ValueError("the receipt does not lay the body of its entry open")
    proven = verify_receipt(text, log, witnesses)
    step, _ = moves_of(disclosed.body)
    if step != proven.entry.type:
        raise Tampered(f"the entry is a {proven.entry.type}, its body a {step}")
    return Read(proven, disclosed.body)


def moves_of(body: bytes) -> tuple[str, tuple[Move, ...]]:
    """Return the step of an act and its moves.

    Raises:
        ValueError: when the bytes are not the canonical body of an act.
    """
    fields = _object(parse_canonical(body), "a body")
    if fields.keys() != _BODY or not isinstance(fields["moves"], list) or not fields["moves"]:
        raise ValueError("a body has a step, a role and moves")
    _text(fields, "role")
    return _text(fields, "step"), tuple(_move(line) for line in fields["moves"])


def published(body: bytes) -> Published:
    """Return what a notice or a clarification says about sealed lots and draws.

    Lots whose move names neither lot_ref nor policy_hash are not sealed and are passed over.

    Raises:
        ValueError: when the body is misshapen, of another act, or names a lot or a handle twice.
    """
    lots: dict[str, tuple[str, datetime]] = {}
    handles: list[str] = []
    for move in _acted(body, "publish_notice", "clarify"):
        kind = move.subject.partition(":")[0]
        if kind == "tenders.lot" and move.step in {"publish", "clarify"}:
            if move.facts.keys() & {"lot_ref", "policy_hash"}:
                lot_ref = _hex(move.facts, "lot_ref")
                if lot_ref in lots:
                    raise ValueError(f"lot {lot_ref} is named twice")
                lots[lot_ref] = _hex(move.facts, "policy_hash"), _instant(move.facts, "bids_due_at")
        elif kind == "tenders.tender" and move.step in {"publish_notice", "clarify"} and "draw_handles" in move.facts:
            handles.extend(_hexes(move.facts, "draw_handles"))
    if len(set(handles)) != len(handles):
        raise ValueError("a draw handle is named twice")
    return Published(lots, frozenset(handles))


def closed(body: bytes) -> Closed:
    """Return the list with which a lot closed.

    Raises:
        ValueError: when the body is misshapen, of another act, or lists a bid or an envelope twice.
    """
    facts = _only(body, "close_list", "list").facts
    rows = [_object(row, "a row of the list") for row in _list(facts, "list")]
    if any(row.keys() != {"bid_ref", "envelope"} for row in rows):
        raise ValueError("a row of the list has bid_ref and envelope")
    bids = tuple((_hex(row, "bid_ref"), _hex(row, "envelope")) for row in rows)
    if any(len(set(column)) != len(bids) for column in zip(*bids, strict=True)):
        raise ValueError("a bid or an envelope is listed twice")
    return Closed(_hex(facts, "lot_ref"), _hex(facts, "policy_hash"), _instant(facts, "due"), bids)


def keyed(body: bytes) -> Keyed:
    """Return the bids whose keys were in when the key window closed.

    Raises:
        ValueError: when the body is misshapen, of another act, or lists a bid twice.
    """
    facts = _only(body, "close_keys", "close_keys").facts
    bids = _hexes(facts, "keyed")
    if len(set(bids)) != len(bids):
        raise ValueError("a bid is listed twice")
    stage = _text(facts, "stage") if "stage" in facts else "1"
    return Keyed(_hex(facts, "lot_ref"), _hex(facts, "close"), bids, stage)


def pooled(body: bytes) -> Pooled:
    """Return the pool that was fixed for a draw.

    Raises:
        ValueError: when the body is misshapen or of another act.
    """
    facts = _only(body, "commit_pool", "commit").facts
    sizes = _object(facts.get("sizes"), "sizes")
    cells = {cell: size for cell, size in sizes.items() if isinstance(size, int) and not isinstance(size, bool)}
    if len(cells) != len(sizes) or any(not cell or size < 0 for cell, size in cells.items()):
        raise ValueError("sizes says for each cell how many stand in it")
    return Pooled(_hex(facts, "handle"), _hex(facts, "root"), cells)


def _acted(body: bytes, *steps: str) -> tuple[Move, ...]:
    """Return the moves of an act that is one of these."""
    step, moves = moves_of(body)
    if step not in steps:
        raise ValueError(f"a {step!r} is not one of {', '.join(steps)}")
    return moves


def _only(body: bytes, act: str, step: str) -> Move:
    """Return the one move of an act that takes this step; the act may say more about other subjects."""
    found = [move for move in _acted(body, act) if move.step == step]
    if len(found) != 1:
        raise ValueError(f"{act} has one {step}, not {len(found)}")
    return found[0]


def _move(line: object) -> Move:
    fields = _object(line, "a move")
    if fields.keys() not in _MOVES:
        raise ValueError("a move has step and subject, from with to, and facts")
    if "from" in fields and not (isinstance(fields["from"], str) and isinstance(fields["to"], str)):
        raise ValueError("a move goes from a state to a state")
    return Move(_text(fields, "step"), _text(fields, "subject"), _object(fields.get("facts", {}), "facts"))


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is an object")
    return cast("dict[str, object]", value)


def _list(fields: Mapping[str, object], key: str) -> list[object]:
    value = fields.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} is a list")
    return value


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is text")
    return value


def _hex(fields: Mapping[str, object], key: str) -> str:
    return _hash(fields.get(key), key)


def _hexes(fields: Mapping[str, object], key: str) -> tuple[str, ...]:
    return tuple(_hash(value, key) for value in _list(fields, key))


def _hash(value: object, key: str) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{key} is 32 bytes in hexadecimal")
    return value


def _instant(fields: Mapping[str, object], key: str) -> datetime:
    return parse_time(_text(fields, key))
