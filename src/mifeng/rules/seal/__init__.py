"""The sealed bid (密封, 投标文件加密): the envelope BE1, suite I1, mode A, one stage.

A bid is sealed on the bidder's own machine so that nobody can read it before the opening, and so that its bidder can no
longer change what it says. To open it, two things must come together: the bidder's own key ``s_B`` and the shares of t
of n trustees, who release them only after the deadline and after the bidders' keys are closed.

* the **policy** says who the trustees are (``policy``);
* a number ``a0`` is **shared** among them, each share verifiable against public points (``sharing``);
* the **envelope** carries those points, a commitment to ``s_B``, the wrapped shares and the encrypted parts; its hash
  is what receipts and lists name (``envelope``);
* **sealing** makes one, **opening** reads one and says whose fault it is when that fails (``sealing``, ``opening``);
* **statements** are what bidder and trustees sign about it (``statements``).

For a logged envelope there is at most one content: ``sB_commit`` fixes ``s_B``, ``C_0`` fixes ``a0``, both fix the key
of every part, and every part commits to its key. ``docs/spec/envelope.md`` numbers what a reader must check.
"""

from mifeng.rules.seal.core import Core, core_hash, key_commitment
from mifeng.rules.seal.envelope import (
    MAGIC,
    SLOTS,
    Part,
    Seal,
    Stanza,
    check_envelope,
    parse_seal,
    part_pieces,
    read_header,
    verify_ciphertexts,
)
from mifeng.rules.seal.faults import Course, Unopenable, computed_fault
from mifeng.rules.seal.identity import Identity, identity_of
from mifeng.rules.seal.opening import Opened, fitting_shares, matches_key, open_bid, open_share, open_slot, open_with
from mifeng.rules.seal.part import MAX_FILES, File, files_of, open_part, part_context, part_key
from mifeng.rules.seal.policy import (
    PARTS,
    Contributor,
    Policy,
    Trustee,
    check_policy,
    format_policy,
    lot_ref,
    parse_policy,
    policy_hash,
)
from mifeng.rules.seal.sealing import Sealed, Secrets, draw_secrets, seal_bid
from mifeng.rules.seal.sharing import combine, commitments, share, verify_share
from mifeng.rules.seal.statements import (
    acknowledgement,
    batch,
    countersignature,
    sign_ecdsa,
    sign_ed25519,
    submission,
    verify_ecdsa,
    verify_ed25519,
)
from mifeng.rules.seal.wrap import format_recovery, parse_recovery, private_key, recovery_key

__all__ = [
    "MAGIC",
    "MAX_FILES",
    "PARTS",
    "SLOTS",
    "Contributor",
    "Core",
    "Course",
    "File",
    "Identity",
    "Opened",
    "Part",
    "Policy",
    "Seal",
    "Sealed",
    "Secrets",
    "Stanza",
    "Trustee",
    "Unopenable",
    "acknowledgement",
    "batch",
    "check_envelope",
    "check_policy",
    "combine",
    "commitments",
    "computed_fault",
    "core_hash",
    "countersignature",
    "draw_secrets",
    "files_of",
    "fitting_shares",
    "format_policy",
    "format_recovery",
    "identity_of",
    "key_commitment",
    "lot_ref",
    "matches_key",
    "open_bid",
    "open_part",
    "open_share",
    "open_slot",
    "open_with",
    "parse_policy",
    "parse_recovery",
    "parse_seal",
    "part_context",
    "part_key",
    "part_pieces",
    "policy_hash",
    "private_key",
    "read_header",
    "recovery_key",
    "seal_bid",
    "share",
    "sign_ecdsa",
    "sign_ed25519",
    "submission",
    "verify_ciphertexts",
    "verify_ecdsa",
    "verify_ed25519",
    "verify_share",
]
