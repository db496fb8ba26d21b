"""What the witness contributes to draws of experts (抽取随机数贡献): one value per handle, for ever.

200 with proof and signature · 409 refused, with a code that says why · 400 malformed. It believes no word of the
platform, only two receipts under the keys of the log and the witnesses it was given: of the notice that lists the
handle, and of the pool. What it computed for a handle it has remembered before it answers; a second pool for that
handle, or another policy, is refused and kept, since whoever may ask twice may choose.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mifeng.programs.witness.judge import Answer
from mifeng.programs.witness.memory import Drawn, Memory
from mifeng.rules import vrf
from mifeng.rules.decisive import Read, pooled, published, verify_decisive
from mifeng.rules.draw.lots import alpha, check_contributors, contribution_message
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Refusal, Tampered
from mifeng.rules.ledger import SigningKey, VerifierKey, decode64
from mifeng.rules.seal.policy import Contributor, Policy, parse_policy, policy_hash
from mifeng.rules.seal.shapes import hex_of, object_of, text_of

HASH_BYTES = 32
JSON = "application/json"

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class ContributorKey:
    """The witness's keys as a contributor (贡献方密钥): how a policy names it, what it signs with, its VRF secret.

    It never shows itself in a message.
    """

    named: Contributor
    signing: SigningKey
    secret: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a contributor (贡献请求).

    Args:
        policy: canonical bytes of the policy that names the contributors.
        notice: receipt of the notice, or the clarification, that lists the handle.
        pool: receipt of the pool.
        handle: of the draw, hexadecimal.
    """

    policy: bytes
    notice: str
    pool: str
    handle: str


class Refused(Exception):
    """The witness does not contribute to this (拒绝贡献), with a code."""


def parse_request(body: bytes) -> Request:
    """Return what a request asks.

    Raises:
        ValueError: when it is misshapen.
    """
    fields = object_of(parse_canonical(body), {"policy", "notice", "pool", "handle"}, "a request")
    handle = hex_of(fields["handle"], HASH_BYTES, "handle").hex()
    policy = decode64(text_of(fields["policy"], "policy"))
    return Request(policy, text_of(fields["notice"], "notice"), text_of(fields["pool"], "pool"), handle)


class DrawJudge:
    """Decides requests for a contribution (贡献判定).

    Args:
        key: the witness's keys as a contributor.
        logs: keys of the logs it believes.
        witnesses: keys of the witnesses it believes, its own among them where it is one.
        memory: what was contributed before.
        clock: returns seconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        key: ContributorKey,
        logs: Sequence[VerifierKey],
        witnesses: Sequence[VerifierKey],
        memory: Memory,
        clock: Callable[[], int],
    ) -> None:
        self._key = key
        self._logs = {str(log): log for log in logs}
        self._witnesses = {str(witness): witness for witness in witnesses}
        self._memory = memory
        self._clock = clock

    def answer(self, body: bytes) -> Answer:
        """Return the answer to the body of one ``contribute`` request."""
        try:
            drawn = self._contribute(parse_request(body))
        except Refused as error:
            return _answer(409, {"refused": str(error)})
        except Refusal as refusal:
            return _answer(409, {"refused": refusal.code})
        except ValueError as error:
            _log.info("malformed: %s", error)
            return _answer(400, {"refused": "malformed"})
        return _answer(200, {"pi": drawn.pi.hex(), "signature": drawn.signature.hex()})

    def _contribute(self, request: Request) -> Drawn:
        policy = parse_policy(request.policy)
        check_contributors(policy)
        if not self._is_mine(policy):
            raise Refused("policy-other")
        pool_leaf = self._grounds(request, policy)
        hashed = policy_hash(request.policy)
        with self._memory.alone():
            known = self._memory.drawn(request.handle)
            fits = known is None or (known.policy, known.pool_leaf) == (request.policy, pool_leaf)
            if known is None:
                known = self._evaluated(request, hashed, pool_leaf)
                self._memory.remember_draw(request.handle, known, self._clock())
            elif not fits:
                self._memory.keep_second_pool(request.handle, request.policy, request.pool, self._clock())
        if not fits:
            raise Refused("second-pool")
        return known

    def _is_mine(self, policy: Policy) -> bool:
        """Say whether a policy names this contributor, and a log and witnesses that it was given."""
        return (
            self._key.named in policy.contributors
            and policy.log in self._logs
            and bool(policy.witnesses)
            and self._witnesses.keys() >= set(policy.witnesses)
        )

    def _grounds(self, request: Request, policy: Policy) -> bytes:
        """Return the leaf of the pool once both receipts show that it is the pool of a handle listed before."""
        notice, pool = self._verified(request.notice, policy), self._verified(request.pool, policy)
        listed, fixed = _read(published, notice), _read(pooled, pool)
        if request.handle not in listed.handles:
            raise Refused("handle-unlisted")
        named, _ = listed.lots.get(policy.lot_ref.hex(), ("", None))
        if named != policy_hash(request.policy).hex():
            raise Refused("policy-other")
        if fixed.handle != request.handle:
            raise Refused("pool-other")
        if pool.proven.index <= notice.proven.index:
            raise Refused("pool-early")
        return pool.proven.leaf

    def _verified(self, receipt: str, policy: Policy) -> Read:
        witnesses = [self._witnesses[text] for text in policy.witnesses]
        try:
            return verify_decisive(receipt, self._logs[policy.log], witnesses)
        except (ValueError, Tampered) as error:
            _log.info("receipt invalid: %s", error)
            raise Refused("receipt-invalid") from error

    def _evaluated(self, request: Request, hashed: bytes, pool_leaf: bytes) -> Drawn:
        handle = bytes.fromhex(request.handle)
        pi = vrf.prove(self._key.secret, alpha(handle, hashed, pool_leaf))
        message = contribution_message(handle, hashed, pool_leaf, self._key.named.name, pi)
        return Drawn(request.policy, request.pool, pool_leaf, pi, self._key.signing.sign(message))


def _read(reader: Callable[[bytes], T], entry: Read) -> T:
    """Return what the body of an entry says; one of another act or shape makes its receipt worthless."""
    try:
        return reader(entry.body)
    except ValueError as error:
        raise Refused("receipt-invalid") from error


def _answer(status: int, fields: dict[str, str]) -> Answer:
    _log.info("contribute %d %s", status, fields.get("refused", ""))
    return Answer(status, canonical(fields).decode(), JSON)
