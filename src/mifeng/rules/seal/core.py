"""The core of an envelope (核心): what is fixed before anything is encrypted, and what everything else is bound to."""

from dataclasses import dataclass

from mifeng.rules.encoding import canonical, digest
from mifeng.rules.seal.layout import bucket
from mifeng.rules.seal.policy import PARTS, REF_BYTES, STAGE
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, point_of, text_of
from mifeng.rules.seal.sharing import MAX_SHARES

VERSION = 1

_KEYS = frozenset(
    {"v", "suite", "mode", "policy_hash", "lot_ref", "bid_ref", "version", "prev", "submit_key", "sB_commit"}
    | {"stages", "parts"}
)


@dataclass(frozen=True, slots=True)
class Core:
    """What is fixed before anything is encrypted (核心).

    Args:
        policy_hash: of the policy it is sealed under.
        lot_ref: of the lot.
        bid_ref: random, kept over the versions of a bid.
        version: 1 for the first.
        prev: envelope hash of the version replaced; empty for the first.
        submit_key: public point that signs for this bid, fresh for the lot.
        sb_commit: commitment to the bidder's key.
        commitments: the public points C_0 … C_(t-1) of the sharing.
        padded: length of each part's plaintext, in the order of the parts, in bytes.
        suite: of the policy.
        mode: of the policy.
    """

    policy_hash: bytes
    lot_ref: bytes
    bid_ref: bytes
    version: int
    prev: bytes
    submit_key: bytes
    sb_commit: bytes
    commitments: tuple[bytes, ...]
    padded: tuple[int, ...]
    suite: str
    mode: str


def key_commitment(bid_ref: bytes, s_b: bytes) -> bytes:
    """Return the commitment to the bidder's key: H("BE1 sB"; bid_ref, s_B)."""
    return digest("BE1 sB", bid_ref, s_b)


def core_hash(core: Core) -> bytes:
    """Return the hash of a core: H("BE1 core"; JCS(core)), which every key and every stanza is bound to."""
    return digest("BE1 core", canonical(core_fields(core)))


def core_fields(core: Core) -> dict[str, object]:
    return {
        "v": VERSION,
        "suite": core.suite,
        "mode": core.mode,
        "policy_hash": core.policy_hash.hex(),
        "lot_ref": core.lot_ref.hex(),
        "bid_ref": core.bid_ref.hex(),
        "version": core.version,
        "prev": core.prev.hex(),
        "submit_key": core.submit_key.hex(),
        "sB_commit": core.sb_commit.hex(),
        "stages": [{"id": STAGE, "C": [point.hex() for point in core.commitments]}],
        "parts": [
            {"id": name, "stage": STAGE, "padded_len": length} for name, length in zip(PARTS, core.padded, strict=True)
        ],
    }


def core_of(value: object) -> Core:
    fields = object_of(value, _KEYS, "a core")
    if number_of(fields["v"], "v") != VERSION:
        raise ValueError(f"not an envelope of version {VERSION}")
    version, prev = number_of(fields["version"], "version"), fields["prev"]
    if (version == 1) != (prev == ""):
        raise ValueError("every version but the first names the one it replaces")
    return Core(
        policy_hash=hex_of(fields["policy_hash"], REF_BYTES, "policy_hash"),
        lot_ref=hex_of(fields["lot_ref"], REF_BYTES, "lot_ref"),
        bid_ref=hex_of(fields["bid_ref"], REF_BYTES, "bid_ref"),
        version=version,
        prev=b"" if prev == "" else hex_of(prev, REF_BYTES, "prev"),
        submit_key=point_of(fields["submit_key"], "submit_key"),
        sb_commit=hex_of(fields["sB_commit"], REF_BYTES, "sB_commit"),
        commitments=_commitments(fields["stages"]),
        padded=_padded(fields["parts"]),
        suite=text_of(fields["suite"], "suite"),
        mode=text_of(fields["mode"], "mode"),
    )


def _commitments(value: object) -> tuple[bytes, ...]:
    stages = [object_of(one, {"id", "C"}, "a stage") for one in list_of(value, "stages")]
    if [stage["id"] for stage in stages] != [STAGE]:
        raise ValueError("an envelope has one stage")
    points = tuple(point_of(point, "C") for point in list_of(stages[0]["C"], "C"))
    if not 2 <= len(points) <= MAX_SHARES:
        raise ValueError("a sharing has a threshold of 2 or more")
    return points


def _padded(value: object) -> tuple[int, ...]:
    parts = [object_of(one, {"id", "stage", "padded_len"}, "a part") for one in list_of(value, "parts")]
    if [(part["id"], part["stage"]) for part in parts] != [(name, STAGE) for name in PARTS]:
        raise ValueError("an envelope has all parts, in order")
    lengths = tuple(number_of(part["padded_len"], "padded_len") for part in parts)
    if any(bucket(length) != length for length in lengths):
        raise ValueError("a part is padded to its bucket")
    return lengths
