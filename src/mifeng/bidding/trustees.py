"""The trustees of a package (开标受托人): reached where ``keys/outside.json`` says, believed under their own keys."""

from collections.abc import Callable
from functools import lru_cache

from mifeng.gateways.trustee import Trustee
from mifeng.gateways.trustee.http import HttpTrustee
from mifeng.kernel.outside import outside
from mifeng.rules.errors import WrongState
from mifeng.rules.seal.policy import Policy
from mifeng.rules.seal.policy import Trustee as Named

Reach = Callable[[Policy], list[Trustee]]


def reach(policy: Policy) -> list[Trustee]:
    """Return the way to each trustee that a policy names, in its order."""
    return [_way(named) for named in policy.trustees]


@lru_cache(maxsize=256)
def _way(named: Named) -> Trustee:
    return HttpTrustee(lambda: _address(named), lambda: named)


def _address(named: Named) -> str:
    """Return where a trustee is reached now.

    Raises:
        OSError: when nobody says so, or not yet.
    """
    try:
        parties = outside().trustees
    except WrongState as error:
        raise FileNotFoundError("no parties outside are named") from error
    for party in parties:
        if party.keys.get("verify") == named.verify.hex():
            return party.url()
    raise FileNotFoundError(f"nobody says where {named.name} is reached")
