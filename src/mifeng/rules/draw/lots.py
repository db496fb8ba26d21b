"""From the pool to the order (抽取次序): the input, the seed, everybody's rank.

The input, *alpha*, contains the leaf of the pool's entry in the log, hence the pool and all that was logged before it.
Every contributor of the policy turns it into a value that only its own key can give and that even it cannot choose; all
of them together are the seed. So nobody can know the seed before the pool is fixed, and nobody can choose it unless all
contributors act together. A rank is a keyed hash of the leaf under the seed: uniform, and the same for everyone who
computes it.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mifeng.rules import vrf
from mifeng.rules.draw.pool import HASH_BYTES
from mifeng.rules.encoding import digest, encode_tuple
from mifeng.rules.errors import Reason, Tampered, Unfair
from mifeng.rules.seal.policy import Contributor, Policy
from mifeng.rules.seal.statements import verify_ed25519

CONTRIBUTORS_MIN = 3


@dataclass(frozen=True, slots=True)
class Contribution:
    """One contributor's share of the seed (随机数贡献).

    Args:
        name: the contributor's name in the policy.
        pi: its proof, 81 bytes.
        signature: its Ed25519 signature of ``contribution_message``, 64 bytes.
    """

    name: str
    pi: bytes
    signature: bytes


def alpha(handle: bytes, policy_hash: bytes, pool_leaf: bytes) -> bytes:
    """Return the input of all contributions: H("RD1 alpha"; handle, policy hash, leaf of the pool's entry).

    Raises:
        ValueError: when a value does not have 32 bytes.
    """
    _hashes(handle, policy_hash, pool_leaf)
    return digest("RD1 alpha", handle, policy_hash, pool_leaf)


def contribution_message(handle: bytes, policy_hash: bytes, pool_leaf: bytes, name: str, pi: bytes) -> bytes:
    """Return what a contributor signs, once per handle (贡献声明): that this pool is the one it gave this proof for.

    Raises:
        ValueError: when a value is misshapen.
    """
    _hashes(handle, policy_hash, pool_leaf)
    if len(pi) != vrf.PROOF_BYTES:
        raise ValueError(f"a proof has {vrf.PROOF_BYTES} bytes")
    return encode_tuple("RD1 contribution", handle, policy_hash, pool_leaf, name, pi)


def verify_contribution(
    contributor: Contributor, handle: bytes, policy_hash: bytes, pool_leaf: bytes, given: Contribution
) -> bytes:
    """Make sure that a contribution is the contributor's own to this draw (核验随机数贡献); return its value, beta.

    Raises:
        Tampered: when the name, the proof or the signature does not fit.
        ValueError: when a value or the contributor's key is misshapen.
    """
    if given.name != contributor.name:
        raise Tampered(f"a contribution of {given.name}, not of {contributor.name}")
    beta = vrf.verify(contributor.vrf, alpha(handle, policy_hash, pool_leaf), given.pi)
    message = contribution_message(handle, policy_hash, pool_leaf, given.name, given.pi)
    verify_ed25519(contributor.verify, message, given.signature)
    return beta


def seed(alpha: bytes, betas: Sequence[bytes]) -> bytes:
    """Return the seed: H("RD1 seed"; alpha, beta of every contributor in the order of the policy), 32 bytes.

    Raises:
        ValueError: when a value does not have 32 bytes, or there is no contribution.
    """
    _hashes(alpha, *betas)
    if not betas:
        raise ValueError("a seed comes from contributions")
    return digest("RD1 seed", alpha, *betas)


def rank(seed: bytes, leaf: bytes) -> bytes:
    """Return the rank of a leaf: MAC(seed, "RD1 rank"; leaf), 32 bytes, compared as big-endian numbers.

    Raises:
        ValueError: when a value does not have 32 bytes.
    """
    _hashes(seed, leaf)
    return hmac.digest(seed, _RANK + leaf, "sha256")


def order(rows: Iterable[tuple[int, bytes]], seed: bytes) -> tuple[bytes, ...]:
    """Return leaves in the order in which they are invited (邀请次序): by tier, rank, leaf.

    Args:
        rows: tier and leaf of everybody who may be drawn from one cell, in any order.
        seed: of the draw, 32 bytes.

    Raises:
        ValueError: when a value does not have 32 bytes.
    """
    return tuple(leaf for _, _, leaf in sorted((tier, rank(seed, leaf), leaf) for tier, leaf in rows))


def check_contributors(policy: Policy) -> None:
    """Refuse a policy whose contributors are too few, or not of different bodies (随机数贡献方).

    Raises:
        Unfair: ``contributors-few``, with the facts contributors and needed.

    Source: our choice (ADR-4)
    """
    bodies = {one.organisation for one in policy.contributors}
    counted = len(policy.contributors if policy.demo else bodies)
    if counted < CONTRIBUTORS_MIN or (not policy.demo and counted < len(policy.contributors)):
        raise Unfair(Reason("contributors-few", {"contributors": counted, "needed": CONTRIBUTORS_MIN}))


# What stands before the leaf in the tuple of a rank is the same for everybody.
_RANK = encode_tuple("RD1 rank", bytes(HASH_BYTES))[:-HASH_BYTES]


def _hashes(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ValueError(f"handles, hashes, leaves and values have {HASH_BYTES} bytes")
