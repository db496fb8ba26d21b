"""The ledger (台账, 全程留痕): everything that is written down cannot be changed without being found.

Four things stand on one another, each of them checkable by an outsider with a few keys and no word of the platform:

* an **entry** says who did what when, behind which entry of its stream; 32 opaque bytes, its leaf, commit to it
  (``entry``);
* the **tree** over all leaves has a root that commits to every leaf and to their order (``tree``, ``tiles``);
* a **checkpoint** is that root, signed by the log and cosigned by witnesses who remember what they saw, so the log
  can be neither rewritten nor shown in two versions (``checkpoint``, ``note``);
* a **receipt** proves one entry, an **export** the whole log (``proof``, ``export``).

The formats are public ones: RFC 6962 for the tree, C2SP tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature,
tlog-witness and tlog-proof; ``docs/spec/log.md`` numbers what a reader must check.
"""

from mifeng.rules.ledger.checkpoint import (
    Checkpoint,
    Submission,
    format_checkpoint,
    format_submission,
    parse_checkpoint,
    parse_submission,
)
from mifeng.rules.ledger.entry import (
    Disclosed,
    Entry,
    body_commitment,
    entry_leaf,
    format_entry,
    format_time,
    parse_entry,
    parse_time,
)
from mifeng.rules.ledger.export import (
    MAX_LINE_BYTES,
    ExportedCheckpoint,
    ExportedEntry,
    Header,
    Line,
    format_line,
    parse_line,
)
from mifeng.rules.ledger.note import (
    Kind,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    add_signatures,
    cosign,
    decode64,
    encode64,
    parse_note,
    parse_signature,
    parse_vkey,
    sign_note,
    verify_cosignature,
    verify_note,
)
from mifeng.rules.ledger.proof import (
    Proven,
    Receipt,
    format_proof,
    format_receipt,
    is_ahead,
    is_behind,
    parse_hex,
    parse_receipt,
    verify_receipt,
)
from mifeng.rules.ledger.tiles import TileTree, edge_places, grow
from mifeng.rules.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    proves_consistency,
    root_by_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "MAX_LINE_BYTES",
    "Checkpoint",
    "Disclosed",
    "Entry",
    "ExportedCheckpoint",
    "ExportedEntry",
    "Frontier",
    "Header",
    "Kind",
    "Line",
    "Note",
    "Proven",
    "Receipt",
    "Signature",
    "SigningKey",
    "Submission",
    "TileTree",
    "VerifierKey",
    "add_signatures",
    "body_commitment",
    "consistency_proof",
    "cosign",
    "decode64",
    "edge_places",
    "encode64",
    "entry_leaf",
    "format_checkpoint",
    "format_entry",
    "format_line",
    "format_proof",
    "format_receipt",
    "format_submission",
    "format_time",
    "grow",
    "inclusion_proof",
    "is_ahead",
    "is_behind",
    "leaf_hash",
    "node_hash",
    "parse_checkpoint",
    "parse_entry",
    "parse_hex",
    "parse_line",
    "parse_note",
    "parse_receipt",
    "parse_signature",
    "parse_submission",
    "parse_time",
    "parse_vkey",
    "proves_consistency",
    "root_by_inclusion",
    "root_of",
    "sign_note",
    "verify_consistency",
    "verify_cosignature",
    "verify_inclusion",
    "verify_note",
    "verify_receipt",
]
