"""The contributors to a seed (抽取贡献方): reached where ``keys/outside.json`` says, believed under their own keys."""

from functools import lru_cache

from mifeng.gateways.witness import Contributor
from mifeng.gateways.witness.contribution import HttpContributor
from mifeng.kernel.outside import outside
from mifeng.rules.errors import WrongState
from mifeng.rules.seal.policy import Contributor as Named
from mifeng.rules.seal.policy import parse_policy


def reach(policy: bytes) -> list[Contributor]:
    """Return the way to each contributor that a policy names, in its order."""
    return [_way(named) for named in parse_policy(policy).contributors]


@lru_cache(maxsize=64)
def _way(named: Named) -> Contributor:
    return HttpContributor(lambda: _address(named), lambda: named)


def _address(named: Named) -> str:
    """Return where a contributor is reached now.

    Raises:
        OSError: when nobody says so, or not yet.
    """
    try:
        parties = outside().contributors
    except WrongState as error:
        raise FileNotFoundError("no parties outside are named") from error
    for party in parties:
        if party.keys.get("verify") == named.verify.hex():
            return party.url()
    raise FileNotFoundError(f"nobody says where {named.name} is reached")
