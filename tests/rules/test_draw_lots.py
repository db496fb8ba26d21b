"""From the pool to the order. Source: docs/spec/draw.md §3, §4; GPLR-39."""

import itertools
import random as chance
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules import vrf
from mifeng.rules.draw.lots import (
    Contribution,
    alpha,
    check_contributors,
    contribution_message,
    order,
    rank,
    seed,
    verify_contribution,
)
from mifeng.rules.encoding import mac
from mifeng.rules.errors import Tampered, Unfair
from mifeng.rules.seal.policy import Contributor, Policy, parse_policy
from tests.rules.draws import SHOWN, SOUND, VECTORS, disclosure_of, leaf_of

HANDLE, POLICY_HASH, LEAF = (bytes.fromhex(SHOWN[key]) for key in ("handle", "policy_hash", "pool_leaf"))
SEED = bytes.fromhex(SHOWN["seed"])
POLICY = parse_policy(SOUND["policy"].encode())
GIVEN = disclosure_of({}).contributions
BETAS = [bytes.fromhex(one["beta"]) for one in SHOWN["contributions"]]
HASHES = st.binary(min_size=32, max_size=32)


def test_input_contributions_and_seed_are_the_published_ones() -> None:
    assert alpha(HANDLE, POLICY_HASH, LEAF).hex() == SHOWN["alpha"]
    for contributor, shown, given_one in zip(POLICY.contributors, SHOWN["contributions"], GIVEN, strict=True):
        message = contribution_message(HANDLE, POLICY_HASH, LEAF, shown["name"], bytes.fromhex(shown["pi"]))
        assert contributor.vrf.hex() == shown["public"]
        assert message.hex() == shown["message"]
        assert verify_contribution(contributor, HANDLE, POLICY_HASH, LEAF, given_one).hex() == shown["beta"]
    assert seed(bytes.fromhex(SHOWN["alpha"]), BETAS) == SEED


def test_ranks_and_orders_are_the_published_ones() -> None:
    assert {name: rank(SEED, leaf_of(name)).hex() for name in SHOWN["ranks"]} == SHOWN["ranks"]
    for cell in disclosure_of({}).cells:
        assert order(cell.rows, SEED) == tuple(map(leaf_of, SHOWN["orders"][cell.name]))


@given(HASHES, HASHES)
def test_a_rank_is_a_keyed_hash_of_the_leaf(key: bytes, leaf: bytes) -> None:
    assert rank(key, leaf) == mac(key, "RD1 rank", leaf)


@given(st.lists(st.tuples(st.integers(1, 3), HASHES), max_size=30, unique_by=lambda row: row[1]), HASHES, st.randoms())
def test_the_order_is_the_same_whatever_the_order_of_the_rows(
    rows: list[tuple[int, bytes]], key: bytes, random: chance.Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    tiers = dict((leaf, tier) for tier, leaf in rows)

    found = order(shuffled, key)

    assert found == order(rows, key)
    assert sorted(found) == sorted(tiers)
    assert [tiers[leaf] for leaf in found] == sorted(tiers.values())
    for _, group in itertools.groupby(found, key=tiers.__getitem__):
        ranks = [rank(key, leaf) for leaf in group]
        assert ranks == sorted(ranks)


def test_every_contribution_changes_the_seed() -> None:
    made = {seed(LEAF, betas) for count in range(1, 4) for betas in itertools.permutations(BETAS, count)}

    assert len(made) == 3 + 6 + 6
    with pytest.raises(ValueError, match="contributions"):
        seed(LEAF, [])


def test_another_proof_of_the_same_value_leaves_the_seed_as_it_is() -> None:
    """Several proofs hold for one value: who could pick among them picks nothing."""
    one = next(case for case in VECTORS["cases"] if case["name"] == "another proof of one value")
    other = disclosure_of(one).contributions[0]

    assert other.pi != GIVEN[0].pi
    assert verify_contribution(POLICY.contributors[0], HANDLE, POLICY_HASH, LEAF, other) == BETAS[0]
    assert vrf.proof_to_hash(other.pi) == vrf.proof_to_hash(GIVEN[0].pi)


@pytest.mark.parametrize("place", range(4))
def test_a_contribution_to_something_else_is_found(place: int) -> None:
    values = [HANDLE, POLICY_HASH, LEAF]
    given_one = GIVEN[0]
    if place < 3:
        values[place] = bytes(32)
    else:
        given_one = replace(given_one, name="witness-2")

    with pytest.raises(Tampered):
        verify_contribution(POLICY.contributors[0], *values, given_one)


def test_a_contribution_signed_by_another_is_found() -> None:
    forged = Contribution(GIVEN[0].name, GIVEN[0].pi, GIVEN[1].signature)

    with pytest.raises(Tampered, match="signature"):
        verify_contribution(POLICY.contributors[0], HANDLE, POLICY_HASH, LEAF, forged)


def test_values_of_another_length_are_refused() -> None:
    short = b"short"
    for use in (
        lambda: alpha(short, POLICY_HASH, LEAF),
        lambda: seed(short, BETAS),
        lambda: seed(LEAF, [short]),
        lambda: rank(short, LEAF),
        lambda: rank(SEED, short),
        lambda: contribution_message(HANDLE, short, LEAF, "w", GIVEN[0].pi),
        lambda: contribution_message(HANDLE, POLICY_HASH, LEAF, "w", short),
    ):
        with pytest.raises(ValueError, match="bytes"):
            use()


def named_bodies(*bodies: str, demo: bool = False) -> Policy:
    """Return the published policy with contributors of these bodies."""
    one = POLICY.contributors[0]
    return replace(POLICY, contributors=tuple(Contributor(b, b, one.vrf, one.verify) for b in bodies), demo=demo)


@pytest.mark.parametrize(
    ("bodies", "demo"), [(("a", "b", "c"), False), (("a", "b", "c", "d"), False), (("a", "a", "a"), True)]
)
def test_three_contributors_of_different_bodies_pass(bodies: tuple[str, ...], demo: bool) -> None:
    check_contributors(named_bodies(*bodies, demo=demo))


@pytest.mark.parametrize(
    ("bodies", "demo", "counted"),
    [
        ((), False, 0),
        (("a", "b"), False, 2),
        (("a", "b"), True, 2),
        (("a", "a", "a"), False, 1),
        (("a", "b", "c", "a"), False, 3),
    ],
)
def test_contributors_that_are_few_or_one_body_are_refused(bodies: tuple[str, ...], demo: bool, counted: int) -> None:
    with pytest.raises(Unfair) as refusal:
        check_contributors(named_bodies(*bodies, demo=demo))

    assert (refusal.value.code, dict(refusal.value.facts)) == (
        "contributors-few",
        {"contributors": counted, "needed": 3},
    )
