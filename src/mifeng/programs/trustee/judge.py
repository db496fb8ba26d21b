"""What the trustee decides (受托判定): it signs a thing once, after it has remembered it, and refuses what differs.

200 with a signature · 409 refused, with a code that says why · 400 malformed. The same request again gets the same
answer. Nothing is believed but a receipt under the keys of the log and the witnesses that the policy names and that the
trustee itself was given.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from mifeng.programs.trustee.keys import Trust, TrusteeKey
from mifeng.programs.trustee.memory import Bid, Lot, Memory, Signed
from mifeng.programs.trustee.requests import (
    Withdrawal,
    parse_deadline,
    parse_receipt_alone,
    parse_stanza,
    parse_withdrawal,
)
from mifeng.rules.decisive import Closed, Keyed, Read, closed, keyed, published, verify_decisive
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Refusal, Tampered
from mifeng.rules.ledger import format_time, parse_receipt
from mifeng.rules.seal.envelope import Seal, check_envelope, parse_seal
from mifeng.rules.seal.opening import open_share
from mifeng.rules.seal.policy import STAGE, Policy, check_policy, parse_policy, policy_hash
from mifeng.rules.seal.statements import (
    Countersigned,
    Verdict,
    acknowledgement,
    batch,
    countersignature,
    submission,
    verify_ecdsa,
)

# What a witnessed entry, refused for one of these, proves against the platform.
EVIDENT = {"policy-other", "deadline-earlier", "second-list", "second-release", "list-outdated", "bid-unlisted"}

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back (答复): HTTP status and body in canonical JSON."""

    status: int
    body: bytes


class Refused(Exception):
    """The trustee does not sign this (拒签), with a code."""


def refused(status: int, code: str) -> Answer:
    """Return the answer that refuses."""
    return Answer(status, canonical({"refused": code}))


class Judge:
    """Decides requests (受托判定).

    Args:
        key: the trustee's keys.
        trust: whom it believes.
        memory: what was decided before.
        clock: returns seconds since 1970-01-01 UTC.
        test: let the time of a witnessed entry stand for the clock.
    """

    def __init__(
        self, key: TrusteeKey, trust: Trust, memory: Memory, clock: Callable[[], int], *, test: bool = False
    ) -> None:
        self._key = key
        self._trust = trust
        self._memory = memory
        self._clock = clock
        self._test = test
        self._me = key.trustee
        self._paths: dict[str, Callable[[bytes], dict[str, object]]] = {
            "/deadline": self._deadline,
            "/stanza": self._stanza,
            "/withdraw": self._withdraw,
            "/close": self._close,
            "/release": self._release,
        }

    @property
    def public(self) -> bytes:
        """Return the public part of the trustee's keys, in canonical JSON."""
        return canonical(self._key.public)

    def answers(self, path: str) -> bool:
        """Say whether anything is decided under this path."""
        return path in self._paths

    def answer(self, path: str, body: bytes) -> Answer:
        """Return the answer to the body of one request."""
        try:
            answer = Answer(200, canonical(self._paths[path](body)))
        except Refused as error:
            answer = refused(409, str(error))
        except Refusal as refusal:
            answer = refused(409, refusal.code)
        except ValueError as error:
            _log.info("%s malformed: %s", path, error)
            answer = refused(400, "malformed")
        _log.info("%s %d %s", path, answer.status, "" if answer.status == 200 else answer.body.decode())
        return answer

    # deadline --------------------------------------------------------------------------------------------------------

    def _deadline(self, body: bytes) -> dict[str, object]:
        request = parse_deadline(body)
        policy = parse_policy(request.policy)
        check_policy(policy)
        lot_ref = policy.lot_ref.hex()
        if not self._is_mine(policy):
            raise Refused("policy-other")
        read = self._verified(request.receipt, policy)
        named = _read(published, read.body).lots.get(lot_ref)
        if named is None:
            raise Refused("lot-unknown")
        leaf, due = read.proven.leaf.hex(), named[1]
        with self._memory.alone():
            code = self._deadline_fault(lot_ref, request.policy, named, leaf)
            if not code and not self._memory.accepted(lot_ref, leaf):
                self._memory.accept(lot_ref, request.policy, due, leaf)
            self._note(lot_ref, code, request.receipt)
        if code:
            raise Refused(code)
        return self._countersigned("deadline", lot_ref, request.policy, read.proven.leaf, due)

    def _is_mine(self, policy: Policy) -> bool:
        """Say whether a policy names this trustee, and a log and witnesses that it knows."""
        witnesses = {str(key) for key in self._trust.witnesses}
        return (
            self._me in policy.trustees
            and policy.log in {str(key) for key in self._trust.logs}
            and bool(policy.witnesses)
            and witnesses.issuperset(policy.witnesses)
        )

    def _deadline_fault(self, lot_ref: str, policy: bytes, named: tuple[str, datetime], leaf: str) -> str:
        lot = self._memory.lot(lot_ref)
        if named[0] != policy_hash(policy).hex() or (lot is not None and lot.policy != policy):
            return "policy-other"
        if lot is None or self._memory.accepted(lot_ref, leaf):
            return ""
        if lot.closed:
            return "lot-closed"
        return "deadline-earlier" if named[1] < lot.due else ""

    # bids ------------------------------------------------------------------------------------------------------------

    def _stanza(self, body: bytes) -> dict[str, object]:
        request = parse_stanza(body)
        seal = parse_seal(request.seal)
        version = seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash
        signed = Signed(submission("submit", *version, request.nonce), request.signature)
        _said_by(seal.submit_key, signed)
        lot = self._known(request.lot_ref)
        policy = parse_policy(lot.policy)
        if seal.lot_ref != policy.lot_ref or seal.policy_hash != policy_hash(lot.policy):
            raise Refused("policy-other")
        check_envelope(seal, policy)
        bid = Bid(seal.version, seal.envelope_hash.hex(), seal.submit_key, self._share(seal, policy))
        bid_ref = seal.bid_ref.hex()
        with self._memory.alone():
            known = self._memory.bids(request.lot_ref, bid_ref)
            code = self._stanza_fault(request.lot_ref, bid_ref, bid, known)
            if not code and bid not in known:
                self._memory.keep(request.lot_ref, bid_ref, bid, signed)
        if code:
            raise Refused(code)
        verdict: Verdict = "bad" if bid.share is None else "ok"
        statement = acknowledgement(
            seal.policy_hash, seal.bid_ref, seal.version, seal.envelope_hash, self._me.name, verdict
        )
        return {"verdict": verdict, "signature": self._sign(statement)}

    def _share(self, seal: Seal, policy: Policy) -> bytes | None:
        try:
            return open_share(seal, policy.index(self._me.name), self._key.hpke).to_bytes(32)
        except Tampered:
            return None

    def _stanza_fault(self, lot_ref: str, bid_ref: str, bid: Bid, known: Sequence[Bid]) -> str:
        if bid in known:
            return ""
        if known and known[0].submit_key != bid.submit_key:
            return "key-other"
        if self._lot(lot_ref).closed and self._memory.listed(lot_ref).get(bid_ref) != bid.envelope:
            return "lot-closed"
        latest = max([*(one.version for one in known), *self._memory.withdrawn(lot_ref, bid_ref)], default=0)
        return "version-outdated" if bid.version <= latest else ""

    def _withdraw(self, body: bytes) -> dict[str, object]:
        request = parse_withdrawal(body)
        with self._memory.alone():
            self._lot(request.lot_ref)
            known = self._memory.bids(request.lot_ref, request.bid_ref)
        if not known:
            raise Refused("bid-unknown")
        ids = [bytes.fromhex(text) for text in (request.lot_ref, request.bid_ref, request.envelope)]
        statement = submission("withdraw", ids[0], ids[1], request.version, ids[2], request.nonce)
        signed = Signed(statement, request.signature)
        _said_by(known[0].submit_key, signed)
        with self._memory.alone():
            code = self._withdrawal_fault(request)
            if not code:
                self._memory.withdraw(request.lot_ref, request.bid_ref, request.version, request.envelope, signed)
        if code:
            raise Refused(code)
        return {"signature": self._sign(statement)}

    def _withdrawal_fault(self, request: Withdrawal) -> str:
        known = self._memory.bids(request.lot_ref, request.bid_ref)
        withdrawn = self._memory.withdrawn(request.lot_ref, request.bid_ref)
        if request.version in withdrawn:
            return "" if withdrawn[request.version] == request.envelope else "version-outdated"
        if self._lot(request.lot_ref).closed:
            return "lot-closed"
        latest = known[0]
        fits = request.version > latest.version or (request.version, request.envelope) == (
            latest.version,
            latest.envelope,
        )
        return "" if fits else "version-outdated"

    # close and release -----------------------------------------------------------------------------------------------

    def _close(self, body: bytes) -> dict[str, object]:
        receipt = parse_receipt_alone(body)
        lot_ref = _read(closed, _laid_open(receipt)).lot_ref
        lot = self._known(lot_ref)
        read = self._verified(receipt, parse_policy(lot.policy))
        listed, leaf = closed(read.body), read.proven.leaf
        with self._memory.alone():
            code = self._closing_fault(listed, read)
            if not code and not self._lot(lot_ref).closed:
                self._memory.close_lot(lot_ref, leaf.hex(), listed.bids)
            self._note(lot_ref, code, receipt)
        if code:
            raise Refused(code)
        return self._countersigned("close", lot_ref, lot.policy, leaf, listed.due)

    def _closing_fault(self, listed: Closed, read: Read) -> str:
        lot, leaf = self._lot(listed.lot_ref), read.proven.leaf.hex()
        if lot.closed:
            return "" if lot.closed == leaf else "second-list"
        if listed.policy_hash != policy_hash(lot.policy).hex():
            return "policy-other"
        if listed.due != lot.due:
            return "deadline-earlier" if listed.due < lot.due else "deadline-unknown"
        if self._time(read) < lot.due:
            return "too-early"
        faults = [self._listing_fault(listed.lot_ref, bid_ref, envelope) for bid_ref, envelope in listed.bids]
        return max(faults, default="", key=("", "stanza-unknown", "list-outdated").index)

    def _listing_fault(self, lot_ref: str, bid_ref: str, envelope: str) -> str:
        """Compare one line of a list with what is known of its bid; a bid never seen is not held against the list."""
        known, withdrawn = self._memory.bids(lot_ref, bid_ref), self._memory.withdrawn(lot_ref, bid_ref)
        if not known:
            return ""
        same = [bid for bid in known if bid.envelope == envelope]
        if not same:
            # An earlier version that was never shown here, or a later one: once it is shown, its number tells.
            return "list-outdated" if envelope in withdrawn.values() else "stanza-unknown"
        current = same[0] == known[0] and same[0].version > max(withdrawn, default=0)
        return "" if current else "list-outdated"

    def _release(self, body: bytes) -> dict[str, object]:
        receipt = parse_receipt_alone(body)
        lot_ref = _read(keyed, _laid_open(receipt)).lot_ref
        lot = self._known(lot_ref)
        read = self._verified(receipt, parse_policy(lot.policy))
        wanted, leaf = keyed(read.body), read.proven.leaf
        shares: list[tuple[bytes, bytes]] = []
        with self._memory.alone():
            code = self._release_fault(wanted, read)
            if not code:
                self._memory.release(lot_ref, leaf.hex())
                shares = self._shares(wanted)
            self._note(lot_ref, code, receipt)
        if code:
            raise Refused(code)
        statement = batch(bytes.fromhex(lot_ref), leaf, self._me.name, shares)
        rows = [{"bid_ref": bid_ref.hex(), "share": share.hex()} for bid_ref, share in shares]
        return {"shares": rows, "signature": self._sign(statement)}

    def _release_fault(self, wanted: Keyed, read: Read) -> str:
        lot, leaf = self._lot(wanted.lot_ref), read.proven.leaf.hex()
        listed = self._memory.listed(wanted.lot_ref)
        if wanted.stage != STAGE:
            return "stage-other"
        if lot.released:
            return "" if lot.released == leaf else "second-release"
        if not lot.closed:
            return "too-early"
        if wanted.close_leaf != lot.closed:
            return "second-list"
        if not listed.keys() >= set(wanted.bids):
            return "bid-unlisted"
        window = timedelta(minutes=parse_policy(lot.policy).window_minutes)
        if len(wanted.bids) < len(listed) and self._time(read) < lot.due + window:
            return "too-early"
        return "" if all(self._memory.bids(wanted.lot_ref, bid_ref) for bid_ref in wanted.bids) else "stanza-unknown"

    def _shares(self, wanted: Keyed) -> list[tuple[bytes, bytes]]:
        """Return the shares of the bids whose keys are in, in that order; none of a bid whose stanza held none."""
        found = ((bid_ref, self._memory.bids(wanted.lot_ref, bid_ref)[0].share) for bid_ref in wanted.bids)
        return [(bytes.fromhex(bid_ref), share) for bid_ref, share in found if share is not None]

    # -----------------------------------------------------------------------------------------------------------------

    def _known(self, lot_ref: str) -> Lot:
        with self._memory.alone():
            return self._lot(lot_ref)

    def _lot(self, lot_ref: str) -> Lot:
        """Return a lot that is known; only inside the memory's lock."""
        lot = self._memory.lot(lot_ref)
        if lot is None:
            raise Refused("lot-unknown")
        return lot

    def _verified(self, receipt: str, policy: Policy) -> Read:
        """Return what a receipt proves under the policy's log and witnesses, all of whom must be trusted here still."""
        log = next((key for key in self._trust.logs if str(key) == policy.log), None)
        witnesses = [key for key in self._trust.witnesses if str(key) in policy.witnesses]
        if log is None or len(witnesses) != len(policy.witnesses):
            _log.warning("the log or a witness of the policy is no longer trusted here")
            raise Refused("receipt-invalid")
        try:
            return verify_decisive(receipt, log, witnesses)
        except (ValueError, Tampered) as error:
            _log.info("receipt invalid: %s", error)
            raise Refused("receipt-invalid") from error

    def _time(self, read: Read) -> datetime:
        """Return the earlier of the entry's own time and this machine's; in test mode the entry's alone."""
        if self._test:
            return read.proven.entry.at
        return min(read.proven.entry.at, datetime.fromtimestamp(self._clock(), UTC))

    def _note(self, lot_ref: str, code: str, receipt: str) -> None:
        """Keep a witnessed entry that was refused, where it proves something; only inside the memory's lock."""
        if code in EVIDENT:
            self._memory.keep_evidence(lot_ref, code, receipt, self._clock())

    def _countersigned(
        self, kind: Countersigned, lot_ref: str, policy: bytes, leaf: bytes, due: datetime
    ) -> dict[str, object]:
        hashed = policy_hash(policy)
        statement = countersignature(kind, bytes.fromhex(lot_ref), hashed, leaf, self._me.name, format_time(due))
        return {"countersignature": self._sign(statement)}

    def _sign(self, statement: bytes) -> str:
        return self._key.signing.sign(statement).hex()


def _said_by(submit_key: bytes, signed: Signed) -> None:
    """Make sure that a statement is the bidder's own."""
    try:
        verify_ecdsa(submit_key, signed.statement, signed.signature)
    except Tampered as error:
        raise Refused("signature-invalid") from error


def _read(reader: Callable[[bytes], T], body: bytes) -> T:
    """Return what a body says; one of another act or shape makes its receipt worthless."""
    try:
        return reader(body)
    except ValueError as error:
        raise Refused("receipt-invalid") from error


def _laid_open(receipt: str) -> bytes:
    """Return the body that a receipt lays open, before anything is verified."""
    try:
        disclosed = parse_receipt(receipt).disclosed
    except ValueError as error:
        raise Refused("receipt-invalid") from error
    if disclosed is None or disclosed.body is None:
        raise Refused("receipt-invalid")
    return disclosed.body
