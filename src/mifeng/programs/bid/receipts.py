"""What the platform and the trustees have signed about a bid (回执), believed only under the keys of the policy.

R1 (已递交) is an entry of the ledger, proven to stand there and seen by the witnesses: it alone decides whether a bid
came in time. R2 (可开启) are the trustees' own signatures that their shares are good. The list of bids at the deadline
is believed in the same way as R1 before the bidder's key is handed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mifeng.rules.decisive import Read, closed, moves_of, verify_decisive
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import parse_vkey
from mifeng.rules.seal.policy import Policy
from mifeng.rules.seal.statements import acknowledgement, verify_ed25519


@dataclass(frozen=True, slots=True)
class Handed:
    """One version as it was handed in (已递交版本): its references and hash, 32 bytes each."""

    policy_hash: bytes
    bid_ref: bytes
    version: int
    envelope: bytes


def proven(text: str, policy: Policy) -> Read:
    """Return what a receipt of the platform proves, under the keys of log and witnesses that the policy names.

    Raises:
        Tampered: when it does not hold.
        ValueError: when it is no receipt, or does not lay its entry open.
    """
    return verify_decisive(text, parse_vkey(policy.log), [parse_vkey(one) for one in policy.witnesses])


def submission_receipt(text: str, policy: Policy, handed: Handed) -> Read:
    """Return what R1 proves (已递交), once it speaks of this very version.

    Raises:
        Tampered: when it does not hold, or is about something else.
        ValueError: when it is no receipt.
    """
    read = proven(text, policy)
    wanted = {"bid_ref": handed.bid_ref.hex(), "version": handed.version, "envelope": handed.envelope.hex()}
    _, moves = moves_of(read.body)
    if not any(wanted.items() <= move.facts.items() for move in moves):
        raise Tampered("the receipt is not about this version of this bid")
    return read


def verdicts(rows: Iterable[object], policy: Policy, handed: Handed) -> Mapping[str, str]:
    """Return each trustee's verdict on a version, ``ok`` or ``bad``; what its own key has not signed is dropped."""
    keys = {one.name: one.verify for one in policy.trustees}
    found: dict[str, str] = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        trustee, verdict = str(row.get("trustee", "")), row.get("verdict")
        if trustee not in keys or verdict not in ("ok", "bad"):
            continue
        message = acknowledgement(handed.policy_hash, handed.bid_ref, handed.version, handed.envelope, trustee, verdict)
        try:
            verify_ed25519(keys[trustee], message, bytes.fromhex(str(row.get("signature", ""))))
        except (Tampered, ValueError):
            continue
        found[trustee] = verdict
    return found


def openable(found: Mapping[str, str], policy: Policy) -> bool:
    """Say whether enough trustees have found their share good (可开启)."""
    return sum(verdict == "ok" for verdict in found.values()) >= policy.t


def is_listed(text: str, policy: Policy, handed: Handed) -> bool:
    """Say whether the list of bids at the deadline holds this version of the bid.

    Raises:
        Tampered: when the receipt of the list does not hold, or it is of another package.
        ValueError: when it is no receipt of a list.
    """
    listed = closed(proven(text, policy).body)
    if (listed.lot_ref, listed.policy_hash) != (policy.lot_ref.hex(), handed.policy_hash.hex()):
        raise Tampered("the list is of another package")
    return (handed.bid_ref.hex(), handed.envelope.hex()) in listed.bids
