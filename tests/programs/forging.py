"""A bundle in the hands of a forger who holds every key of the sample city (造假): platform, log, witness, trustees.

Whatever is changed, the forger makes all else fit again: leaves, chains, roots, proofs, checkpoints, signatures of the
log, the witness and the trustees, the manifest. What a check then finds, it finds by what it looks at itself.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from mifeng.kernel.ledger.sequencer import log_key
from mifeng.programs.trustee.keys import read_key as trustee_key
from mifeng.programs.verify.bundle.case import Trust
from mifeng.programs.witness.keys import read_key as witness_key
from mifeng.rules.bundle import Bundle, format_manifest, layout, parse_manifest, read_bundle
from mifeng.rules.bundle.forms import format_entries, format_heads
from mifeng.rules.bundle.manifest import Filed, Manifest
from mifeng.rules.bundle.reading import Line
from mifeng.rules.bundle.records import Head, Row
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    add_signatures,
    body_commitment,
    consistency_proof,
    cosign,
    entry_leaf,
    format_checkpoint,
    inclusion_proof,
    leaf_hash,
    root_of,
    sign_note,
    verify_cosignature,
)
from mifeng.rules.seal.policy import Policy, policy_hash
from mifeng.rules.seal.statements import acknowledgement, batch, countersignature, sign_ecdsa, submission
from tests.bundles import Files


@dataclass
class Forged:
    """A row of the log that may be changed (条目); of one that is closed there is its leaf alone, and no field."""

    index: int
    stream: str
    leaf: str
    fields: dict[str, Any]
    salt: bytes
    body: dict[str, Any] | None
    body_salt: bytes

    def facts(self, step: str) -> dict[str, Any]:
        """Return the facts of the first move of a step, to be changed."""
        assert self.body is not None
        return next(move["facts"] for move in self.body["moves"] if move["step"] == step)


@dataclass
class Forge:
    """A bundle that is changed and made to fit again (造假).

    Args:
        files: of a real bundle, the manifest first.
        submit: for each bid_ref the secret number of its submit key.
        origin: what the checkpoints say whose log it is; the log's own name where it is empty.
    """

    files: Files
    submit: dict[str, int] = field(default_factory=dict)
    origin: str = ""

    def __post_init__(self) -> None:
        self.files = dict(self.files)
        real = read_bundle(self.files.items())
        self.manifest: Manifest = parse_manifest(self.files.pop(layout.MANIFEST))
        self.policy: Policy = real.policies[1].policy
        self.rows = [_forged(line) for line in real.lines]
        witness = witness_key(_data() / "witness")
        self.heads = [(one.checkpoint.size, verify_cosignature(one.note, witness.verifier)) for one in real.heads]

    def position(self, number: int = 1) -> int:
        """Return the place on the list of one of the bids that were opened in their first version."""
        bids = [one["position"] for one in self.json("opening/1.json")["bids"] if one["outcome"] == "opened"]
        first = [one for one in bids if json.loads(self.files[f"bids/1/{one}/seal.json"])["core"]["version"] == 1]
        return int(first[number - 1])

    def bid(self, file: str, number: int = 1) -> str:
        """Return the path of a file of one of the bids that were opened."""
        return f"bids/1/{self.position(number)}/{file}"

    def json(self, path: str) -> Any:
        """Return what a file says, to be changed and put back."""
        return json.loads(self.files[path])

    def put(self, path: str, value: object) -> None:
        """Put a file back in its form."""
        self.files[path] = canonical(value)

    def edit(self, path: str, change: Callable[[Any], object]) -> None:
        """Change what a file says."""
        value = self.json(path)
        change(value)
        self.put(path, value)

    def row(self, kind: str, number: int = 0) -> Forged:
        """Return one of the entries of a type."""
        return [row for row in self.rows if row.fields.get("type") == kind][number]

    def swap(self, old: str, new: str) -> None:
        """Write one value for another wherever it stands, in the log too."""
        for path, data in self.files.items():
            if path.endswith(".json"):
                self.files[path] = data.replace(old.encode(), new.encode())
        for row in self.rows:
            if row.body is not None:
                row.body = json.loads(json.dumps(row.body).replace(old, new))

    def reorder(self, moved: Forged, behind: Forged) -> None:
        """Put an entry behind another one; the places in the log stay the same."""
        places = [row.index for row in self.rows]
        self.rows.remove(moved)
        self.rows.insert(self.rows.index(behind) + 1, moved)
        for row, index in zip(self.rows, places, strict=True):
            row.index = index

    def relog(self) -> None:
        """Make leaves, chains, signatures, roots, proofs and checkpoints fit what the entries say now."""
        fresh: dict[str, str] = {}
        last: dict[str, str] = {}
        for row in self.rows:
            old = row.leaf
            if not row.fields:
                last[row.stream] = old
                continue
            if row.body is not None:
                row.body = json.loads(_mapped(json.dumps(row.body, ensure_ascii=False), fresh))
                if row.fields["type"] == "record_releases":
                    self._release(row)
                row.fields["body"] = body_commitment(row.body_salt, canonical(row.body)).hex()
            row.fields["prev"] = last.get(row.stream, row.fields["prev"] if row.stream.startswith("tenders") else "")
            row.leaf = entry_leaf(row.salt, canonical(row.fields)).hex()
            last[row.stream] = row.leaf
            if row.leaf != old:
                fresh[old] = row.leaf
        for path, data in self.files.items():
            if path.endswith(".json"):
                self.files[path] = _mapped(data.decode(), fresh).encode()
        self.edit(layout.REDACTIONS, lambda value: [_after(one, last) for one in value["redactions"]])
        self.edit(layout.COUNTERSIGNATURES, lambda value: [self._sign(one) for one in value["countersignatures"]])
        self._write_log()

    def resign(self, position: int) -> None:
        """Sign anew what belongs to a listed bid: its submissions, and what trustees say of it."""
        record = self.json("opening/1.json")["bids"][position - 1]
        bid_ref, envelope = bytes.fromhex(record["bid_ref"]), bytes.fromhex(record["envelope"])
        lot_ref, hashed = self.policy.lot_ref, policy_hash(self.files["policy/lot-1.json"])
        version = json.loads(self.files[f"bids/1/{position}/seal.json"])["core"]["version"]

        def sign(value: Any) -> None:
            for one in value["submitted"]:
                named = (one["version"], bytes.fromhex(one["envelope"]), bytes.fromhex(one["nonce"]))
                message = submission("submit", lot_ref, bid_ref, *named)
                one["signature"] = sign_ecdsa(self.submit[record["bid_ref"]], message).hex()
            for one in value["acks"]:
                message = acknowledgement(hashed, bid_ref, version, envelope, one["trustee"], one["verdict"])
                one["signature"] = self._trustee(one["trustee"], message)

        self.edit(f"bids/1/{position}/record.json", sign)

    def bundle(self) -> Bundle:
        """Return the bundle as it stands now, under a manifest that fits its files."""
        rows = tuple(Filed(path, _sha256(data), len(data)) for path, data in sorted(self.files.items()))
        head = self.manifest
        manifest = Manifest(head.cut, head.stage, head.project, head.lots, head.draws, head.checks, rows)
        return read_bundle([(layout.MANIFEST, format_manifest(manifest)), *sorted(self.files.items())])

    def _release(self, row: Forged) -> None:
        """Let the trustees sign their shares anew, as far as the cut holds them."""
        if "opening/1-releases.json" not in self.files:
            return
        leaf = bytes.fromhex(self.row("close_keys").leaf)
        value = self.json("opening/1-releases.json")
        for one in value["releases"]:
            shares = [(bytes.fromhex(each["bid_ref"]), bytes.fromhex(each["share"])) for each in one["shares"]]
            message = batch(self.policy.lot_ref, leaf, one["trustee"], shares)
            one["signature"] = self._trustee(one["trustee"], message)
            logged = row.facts("release_shares")["batches"]
            for each in logged if isinstance(logged, list) else ():
                if isinstance(each, dict) and each["trustee"] == one["trustee"]:
                    each["signature"] = one["signature"]
        self.put("opening/1-releases.json", value)

    def _sign(self, one: dict[str, str]) -> None:
        hashed = policy_hash(self.files["policy/lot-1.json"])
        kind = "deadline" if one["kind"] == "deadline" else "close"
        named = (bytes.fromhex(one["lot_ref"]), hashed, bytes.fromhex(one["leaf"]))
        one["signature"] = self._trustee(one["trustee"], countersignature(kind, *named, one["trustee"], one["due"]))

    def _trustee(self, name: str, message: bytes) -> str:
        return trustee_key(_data() / name).signing.sign(message).hex()

    def _write_log(self) -> None:
        size = max(size for size, _ in self.heads)
        tree = [leaf_hash(index.to_bytes(32)) for index in range(size)]
        for row in self.rows:
            tree[row.index] = leaf_hash(bytes.fromhex(row.leaf))
        rows = tuple(
            Row(
                row.index,
                row.stream,
                bytes.fromhex(row.leaf),
                tuple(inclusion_proof(row.index, tree)),
                _disclosed(row),
            )
            for row in self.rows
        )
        self.files[layout.ENTRIES] = format_entries(rows)
        heads, before = [], 0
        for length, at in self.heads:
            heads.append(Head(signed(tree[:length], at, self.origin), tuple(consistency_proof(before, tree[:length]))))
            before = length
        self.files[layout.CHECKPOINTS] = format_heads(tuple(heads))


def signed(tree: list[bytes], at: int, origin: str = "") -> str:
    """Return the checkpoint over a tree, signed by the log and cosigned by the witness at a time."""
    key, witness = log_key(), witness_key(_data() / "witness")
    note = sign_note(format_checkpoint(Checkpoint(origin or key.name, len(tree), root_of(tree))), key)
    return add_signatures(note, [cosign(note.partition("\n\n")[0] + "\n", witness, at)])


def trust() -> Trust:
    """Return what a verifier of the sample city knows from elsewhere."""
    return Trust(log=log_key().verifier, witnesses=(witness_key(_data() / "witness").verifier,))


def _forged(line: Line) -> Forged:
    row = line.row
    if row.disclosed is None:
        return Forged(row.index, row.stream, row.leaf.hex(), {}, b"", None, b"")
    body = json.loads(row.disclosed.body) if row.disclosed.body is not None else None
    fields = json.loads(row.disclosed.data)
    body_salt = row.disclosed.body_salt or b""
    return Forged(row.index, row.stream, row.leaf.hex(), fields, row.disclosed.salt, body, body_salt)


def _disclosed(row: Forged) -> Disclosed | None:
    if not row.fields:
        return None
    if row.body is None:
        return Disclosed(canonical(row.fields), row.salt)
    return Disclosed(canonical(row.fields), row.salt, canonical(row.body), row.body_salt)


def _after(redaction: dict[str, Any], last: dict[str, str]) -> None:
    """Let the redaction of what follows a chain name its last entry."""
    if redaction["kind"] == "after":
        redaction["commitment"] = last[redaction["of"]]


def _mapped(text: str, fresh: dict[str, str]) -> str:
    for old, new in fresh.items():
        text = text.replace(old, new)
    return text


def _data() -> Path:
    return Path(settings.ENV.data)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
