"""The files of a bundle, one by one (证据包各文件): the one form that each has."""

from collections.abc import Mapping
from itertools import pairwise

from mifeng.rules.bundle.records import (
    Acked,
    BidRecord,
    Countersigned,
    Document,
    DrawRecord,
    Head,
    OpeningRecord,
    Published,
    Released,
    Row,
    Submitted,
)
from mifeng.rules.draw.disclosure import parse_contribution
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import parse_hex
from mifeng.rules.ledger.proof import disclosed_fields, disclosed_of
from mifeng.rules.seal.policy import PARTS
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, text_of

HASH_BYTES = 32
OUTCOMES = ("opened", "unopened", "")

_ENTRY = frozenset({"index", "stream", "leaf", "proof"})
_DISCLOSED = frozenset({"data", "salt", "body", "body_salt"})
_WORDS = ("bidder", "credit_code", "price_yuan", "price_words", "delivery", "quality", "fault", "reason")
_DRAW = ("handle", "policy_hash", "pool_leaf", "seed_leaf", "seed")


def format_entries(rows: tuple[Row, ...]) -> bytes:
    """Return the canonical bytes of ``log/entries.json``."""
    return canonical({"entries": [_row_fields(row) for row in rows]})


def parse_entries(data: bytes) -> tuple[Row, ...]:
    """Return the rows of the log.

    Raises:
        ValueError: when the bytes are misshapen, or the places do not ascend.
    """
    rows = tuple(_row(one) for one in _list(data, "entries"))
    if any(a.index >= b.index for a, b in pairwise(rows)):
        raise ValueError("entries stand in the order of the log, each once")
    return rows


def format_heads(heads: tuple[Head, ...]) -> bytes:
    """Return the canonical bytes of ``log/checkpoints.json``."""
    return canonical({"checkpoints": [{"note": one.note, "proof": _hexes(one.proof)} for one in heads]})


def parse_heads(data: bytes) -> tuple[Head, ...]:
    """Return the checkpoints.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    rows = [object_of(one, {"note", "proof"}, "a checkpoint") for one in _list(data, "checkpoints")]
    return tuple(Head(text_of(one["note"], "note"), _proof(one["proof"])) for one in rows)


def format_countersigned(signatures: tuple[Countersigned, ...]) -> bytes:
    """Return the canonical bytes of ``log/countersignatures.json``."""
    rows = [
        {
            "kind": one.kind,
            "lot_ref": one.lot_ref,
            "leaf": one.leaf,
            "trustee": one.trustee,
            "due": one.due,
            "signature": one.signature.hex(),
        }
        for one in signatures
    ]
    return canonical({"countersignatures": rows})


def parse_countersigned(data: bytes) -> tuple[Countersigned, ...]:
    """Return the countersignatures.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    keys = {"kind", "lot_ref", "leaf", "trustee", "due", "signature"}
    rows = [object_of(one, keys, "a countersignature") for one in _list(data, "countersignatures")]
    if any(one["kind"] not in ("deadline", "close") for one in rows):
        raise ValueError("a countersignature stands under a deadline or a close")
    return tuple(
        Countersigned(
            str(one["kind"]),
            _hash(one["lot_ref"]),
            _hash(one["leaf"]),
            text_of(one["trustee"], "trustee"),
            text_of(one["due"], "due"),
            _bytes(one["signature"]),
        )
        for one in rows
    )


def format_documents(documents: tuple[Document, ...]) -> bytes:
    """Return the canonical bytes of ``tender/documents.json``."""
    rows = [{"version": one.version, "name": one.name, "path": one.path} for one in documents]
    return canonical({"documents": rows})


def parse_documents(data: bytes) -> tuple[Document, ...]:
    """Return the documents.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    rows = [object_of(one, {"version", "name", "path"}, "a document") for one in _list(data, "documents")]
    return tuple(
        Document(number_of(one["version"], "version"), text_of(one["name"], "name"), text_of(one["path"], "path"))
        for one in rows
    )


def parse_notices(data: bytes) -> tuple[Mapping[str, object], ...]:
    """Return the notices as they were shown; their hash stands in the log.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    keys = {"number", "title", "text", "due", "at", "policies", "draw_handles"}
    return tuple(object_of(one, keys, "a notice") for one in _list(data, "notices"))


def format_bid(record: BidRecord) -> bytes:
    """Return the canonical bytes of a bid's ``record.json``."""
    return canonical(
        {
            "submitted": [
                {
                    "version": one.version,
                    "envelope": one.envelope,
                    "nonce": one.nonce.hex(),
                    "signature": one.signature.hex(),
                }
                for one in record.submitted
            ],
            "acks": [
                {"trustee": one.trustee, "verdict": one.verdict, "signature": one.signature.hex()}
                for one in record.acks
            ],
            "keys": {part: key.hex() for part, key in record.keys.items()},
        }
    )


def parse_bid(data: bytes) -> BidRecord:
    """Return what belongs to a bid.

    Raises:
        ValueError: when the bytes are misshapen, or a key is of no part.
    """
    fields = object_of(parse_canonical(data), {"submitted", "acks", "keys"}, "a bid's record")
    keys = fields["keys"]
    if not isinstance(keys, dict) or not keys.keys() <= set(PARTS):
        raise ValueError("keys are those of parts")
    submitted = [
        object_of(one, {"version", "envelope", "nonce", "signature"}, "a submission")
        for one in list_of(fields["submitted"], "submitted")
    ]
    acks = [object_of(one, {"trustee", "verdict", "signature"}, "an ack") for one in list_of(fields["acks"], "acks")]
    return BidRecord(
        submitted=tuple(
            Submitted(
                number_of(one["version"], "version"),
                _hash(one["envelope"]),
                _bytes(one["nonce"]),
                _bytes(one["signature"]),
            )
            for one in submitted
        ),
        acks=tuple(
            Acked(text_of(one["trustee"], "trustee"), text_of(one["verdict"], "verdict"), _bytes(one["signature"]))
            for one in acks
        ),
        keys={part: hex_of(key, HASH_BYTES, "a key") for part, key in keys.items()},
    )


def format_opening(record: OpeningRecord) -> bytes:
    """Return the canonical bytes of the record of an opening."""
    bids = [
        {
            "position": one.position,
            "bid_ref": one.bid_ref,
            "envelope": one.envelope,
            "outcome": one.outcome,
            **{key: getattr(one, key) for key in _WORDS},
            "doubts": list(one.doubts),
        }
        for one in record.bids
    ]
    return canonical({"ended": record.ended, "reason": record.reason, "bids": bids})


def parse_opening(data: bytes) -> OpeningRecord:
    """Return the record of an opening.

    Raises:
        ValueError: when the bytes are misshapen, or the positions do not count from 1.
    """
    fields = object_of(parse_canonical(data), {"ended", "reason", "bids"}, "a record")
    bids = tuple(_published(one) for one in list_of(fields["bids"], "bids"))
    if [one.position for one in bids] != list(range(1, len(bids) + 1)):
        raise ValueError("positions count from 1")
    return OpeningRecord(text_of(fields["ended"], "ended"), _text(fields["reason"]), bids)


def format_releases(releases: tuple[Released, ...]) -> bytes:
    """Return the canonical bytes of the releases of a package."""
    rows = [
        {
            "trustee": one.trustee,
            "shares": [{"bid_ref": bid_ref, "share": share.hex()} for bid_ref, share in one.shares],
            "signature": one.signature.hex(),
        }
        for one in releases
    ]
    return canonical({"releases": rows})


def parse_releases(data: bytes) -> tuple[Released, ...]:
    """Return the releases of a package.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    rows = [object_of(one, {"trustee", "shares", "signature"}, "a release") for one in _list(data, "releases")]
    return tuple(
        Released(
            text_of(one["trustee"], "trustee"),
            tuple(_share(share) for share in list_of(one["shares"], "shares")),
            _bytes(one["signature"]),
        )
        for one in rows
    )


def format_draw(record: DrawRecord) -> bytes:
    """Return the canonical bytes of what is public of a draw."""
    return canonical(
        {
            **{key: getattr(record, key) for key in _DRAW},
            "seats": record.seats,
            "filled": record.filled,
            "contributions": [
                {"name": one.name, "pi": one.pi.hex(), "signature": one.signature.hex()} for one in record.contributions
            ],
            "walk": _hexes(record.walk),
        }
    )


def parse_draw(data: bytes) -> DrawRecord:
    """Return what is public of a draw.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    keys = {*_DRAW, "seats", "filled", "contributions", "walk"}
    fields = object_of(parse_canonical(data), keys, "a draw")
    filled = fields["filled"]
    if not isinstance(filled, int) or isinstance(filled, bool) or filled < 0:
        raise ValueError("filled is a number of 0 or more")
    return DrawRecord(
        handle=_hash(fields["handle"]),
        policy_hash=_hash(fields["policy_hash"]),
        pool_leaf=_hash(fields["pool_leaf"]),
        seed_leaf=_hash(fields["seed_leaf"]) if fields["seed_leaf"] else "",
        seed=_hash(fields["seed"]) if fields["seed"] else "",
        seats=number_of(fields["seats"], "seats"),
        filled=filled,
        contributions=tuple(parse_contribution(one) for one in list_of(fields["contributions"], "contributions")),
        walk=_proof(fields["walk"]),
    )


def _row_fields(row: Row) -> dict[str, object]:
    fields: dict[str, object] = {
        "index": row.index,
        "stream": row.stream,
        "leaf": row.leaf.hex(),
        "proof": _hexes(row.proof),
    }
    return fields | (disclosed_fields(row.disclosed) if row.disclosed else {})


def _row(value: object) -> Row:
    if not isinstance(value, dict) or not _ENTRY <= value.keys() <= _ENTRY | _DISCLOSED:
        raise ValueError("an entry has index, stream, leaf and proof, and may be laid open")
    index, rest = value["index"], {key: value[key] for key in value.keys() - _ENTRY}
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise ValueError("index is a place in the log")
    return Row(
        index,
        text_of(value["stream"], "stream"),
        hex_of(value["leaf"], HASH_BYTES, "leaf"),
        _proof(value["proof"]),
        disclosed_of(rest) if rest else None,
    )


def _published(value: object) -> Published:
    keys = {"position", "bid_ref", "envelope", "outcome", "doubts", *_WORDS}
    fields = object_of(value, keys, "a bid of the record")
    if fields["outcome"] not in OUTCOMES:
        raise ValueError("a bid was opened, or not")
    return Published(
        number_of(fields["position"], "position"),
        _hash(fields["bid_ref"]),
        _hash(fields["envelope"]),
        str(fields["outcome"]),
        **{key: _text(fields[key]) for key in _WORDS},
        doubts=tuple(text_of(one, "a doubt") for one in list_of(fields["doubts"], "doubts")),
    )


def _share(value: object) -> tuple[str, bytes]:
    fields = object_of(value, {"bid_ref", "share"}, "a share")
    return _hash(fields["bid_ref"]), hex_of(fields["share"], HASH_BYTES, "share")


def _list(data: bytes, key: str) -> list[object]:
    return list_of(object_of(parse_canonical(data), {key}, "a file")[key], key)


def _proof(value: object) -> tuple[bytes, ...]:
    return tuple(hex_of(one, HASH_BYTES, "a hash") for one in list_of(value, "hashes"))


def _hexes(values: tuple[bytes, ...]) -> list[str]:
    return [value.hex() for value in values]


def _hash(value: object) -> str:
    return hex_of(value, HASH_BYTES, "a hash").hex()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is expected")
    return value


def _bytes(value: object) -> bytes:
    return parse_hex(_text(value))
