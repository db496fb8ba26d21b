"""A small bundle made by hand (手工证据包): every kind of file in it, none of it verified."""

import json
from datetime import UTC, datetime
from typing import Any

from mifeng.rules.bundle import Lot, Manifest, format_manifest, format_redactions, layout
from mifeng.rules.bundle.forms import (
    format_bid,
    format_countersigned,
    format_documents,
    format_draw,
    format_entries,
    format_heads,
    format_opening,
    format_releases,
)
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
    ResultRecord,
    Row,
    Scored,
    Submitted,
)
from mifeng.rules.bundle.results import format_result
from mifeng.rules.draw.lots import Contribution
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    Kind,
    SigningKey,
    body_commitment,
    entry_leaf,
    format_checkpoint,
    format_entry,
    sign_note,
)
from tests.rules.sealed import POLICY, POLICY_BYTES, fresh
from tests.rules.vectors import vectors

LOG = SigningKey("log.example/linyi", Kind.LOG, b"l" * 32)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
HANDLE, OTHER = "aa" * 32, "bb" * 32
LOT = Lot(1, POLICY.lot_ref.hex(), "public")
SEAL = fresh().seal
BID_REF, ENVELOPE = SEAL.bid_ref.hex(), SEAL.envelope_hash.hex()


def row(index: int, kind: str, stream: str, moves: list[Any] | None = None, **changes: Any) -> Row:
    """Return a row of the log; without moves its body stays closed."""
    body = canonical({"step": kind, "role": "clock", "moves": moves or [{"step": kind, "subject": stream}]})
    commit = body_commitment(bytes(32), body)
    data = format_entry(Entry(kind, stream, changes.get("prev", b""), "clock", AT, commit))
    data = changes.get("data", data)
    shown = (changes.get("body", body), bytes(32)) if moves is not None else (None, None)
    disclosed = None if changes.get("closed") else Disclosed(data, bytes(32), *shown)
    return Row(index, stream, entry_leaf(bytes(32), data), (), disclosed)


def move(step: str, subject: str, **facts: Any) -> dict[str, Any]:
    """Return a move of a body."""
    return {"step": step, "subject": subject, "facts": facts}


def rows() -> tuple[Row, ...]:
    """Return a log with every kind of row."""
    draw = "experts.draw:1"
    batches = [{"trustee": "trustee-1", "signature": "11"}, {"trustee": "trustee-2", "signature": "22"}, "odd"]
    pool = move("commit", draw, handle=HANDLE, root="33" * 32)
    opening = "bidding.opening:1"
    codes = {"lot_ref": LOT.lot_ref, "commitment": "55" * 32}
    released = move("release_shares", opening, lot_ref="44", batches=batches)
    return (
        row(3, "publish_notice", "tenders.tender:1", [move("publish_notice", "tenders.tender:1")], prev=bytes(32)),
        row(4, "draft_document", "tenders.tender:1", closed=True),
        row(5, "clarify", "tenders.tender:1"),
        row(6, "commit_pool", draw, [pool]),
        row(7, "commit_pool", draw, [move("refuse_pool", draw)]),
        row(8, "record_releases", opening, [released]),
        row(9, "record_releases", opening, [move("other", opening)]),
        row(10, "commit_codes", "tenders.lot:1", [move("commit_codes", "tenders.lot:1", **codes)]),
        row(11, "commit_codes", "tenders.lot:1", [move("commit_codes", "tenders.lot:1")]),
    )


def head(size: int) -> Head:
    """Return a signed checkpoint."""
    return Head(sign_note(format_checkpoint(Checkpoint(LOG.name, size, bytes(32))), LOG))


def record() -> OpeningRecord:
    """Return the record of an opening: one bid opened, one not."""
    opened = Published(
        1, BID_REF, ENVELOPE, "opened", "甲公司", "9115", "1.00", "壹元整", "30天", "质保", ("words-differ",)
    )
    unread = Published(2, OTHER, OTHER, "unopened", fault="bidder", reason="key-absent")
    return OpeningRecord("public", "", (opened, unread))


def files(**changes: bytes | None) -> dict[str, bytes]:
    """Return the files of the bundle, some of them others or, where None is given, left out."""
    contribution = Contribution("witness-1", bytes(81), bytes(64))
    draw = DrawRecord(HANDLE, "cc" * 32, "dd" * 32, "", "", 2, 0, (contribution,), (bytes(32),))
    bid = BidRecord(
        (Submitted(1, ENVELOPE, b"n", b"s"),), (Acked("trustee-1", "ok", b"s"),), {layout.READ_OUT: bytes(32)}
    )
    notice = {key: "" for key in ("number", "title", "text", "due", "at")} | {"policies": [], "draw_handles": []}
    made: dict[str, bytes] = {
        layout.ENTRIES: format_entries(rows()),
        layout.CHECKPOINTS: format_heads((head(5), head(10))),
        layout.COUNTERSIGNATURES: format_countersigned(
            (Countersigned("close", LOT.lot_ref, "ee" * 32, "trustee-1", "2026", b"s"),)
        ),
        layout.NOTICES: canonical({"notices": [notice]}),
        layout.DOCUMENTS: format_documents((Document(1, "招标文件.pdf", layout.document_path(1)),)),
        layout.document_path(1): b"%PDF",
        layout.policy_path(1): POLICY_BYTES,
        layout.opening_path(1): format_opening(record()),
        layout.releases_path(1): format_releases((Released("trustee-1", ((BID_REF, bytes(32)),), b"\x11"),)),
        layout.header_path(1, 1): SEAL.data,
        layout.record_path(1, 1): format_bid(bid),
        layout.part_path(1, 1, layout.READ_OUT): b"ciphertext",
        layout.header_path(1, 2): b"{}",
        layout.draw_path(HANDLE): format_draw(draw),
        layout.result_path(1): format_result(result()),
        layout.REDACTIONS: format_redactions(()),
    }
    made = {path: data for path, data in made.items() if changes.get(path, b"") is not None}
    return made | {path: data for path, data in changes.items() if data is not None}


def manifest(**changes: Any) -> Manifest:
    """Return the manifest of the bundle; of its files it says nothing."""
    known: dict[str, Any] = {
        "cut": "public",
        "stage": "opened",
        "project": "ZFCG-1",
        "lots": (LOT,),
        "draws": (HANDLE,),
    }
    return Manifest(**(known | {"checks": {"C1": "open"}, "files": ()} | changes))


def whole(changed: dict[str, bytes | None] | None = None, **changes: Any) -> dict[str, bytes]:
    """Return the bundle with its manifest first."""
    return {layout.MANIFEST: format_manifest(manifest(**changes)), **files(**(changed or {}))}


def result() -> ResultRecord:
    """Return what a review came to: one bid ranked, one out."""
    ranked = Scored(
        1, BID_REF, valid=True, quote_yuan="1.00", granted=("small",), evaluated_yuan="0.85", technical="40", mean="60",
        price="30", total="90", rank=1, place=1, decided="first", low=("mean",),
    )  # fmt: skip
    return ResultRecord("66" * 32, (ranked, Scored(2, OTHER, valid=False, reasons=("rejected",))), (BID_REF,))


def disclosure() -> bytes:
    """Return a disclosure of a draw, the published one."""
    return str(vectors("draw")["sound"]["disclosure"]).encode()


def rulebook_text() -> bytes:
    """Return the smallest rulebook there is."""
    fields = {
        "value = 3": "", 'unit = "suppliers"': "", 'meaning = "m"': "", 'source = "GPL-36"': "", 'article = "a"': "",
        "effective_from = 2015-01-01": "", "confirmed = true": "",
    }  # fmt: skip
    head_lines = [
        'name = "n"',
        'title = "t"',
        'jurisdiction = "CN"',
        'regime = "procurement"',
        "effective_from = 2015-01-01",
    ]
    return "\n".join([*head_lines, "[constants.suppliers_min]", *fields]).encode()


def edited(data: bytes, *path: Any, value: Any) -> bytes:
    """Return canonical JSON with one place changed; ``...`` as the value takes the place out."""
    whole_value = json.loads(data)
    place = whole_value
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return canonical(whole_value)
