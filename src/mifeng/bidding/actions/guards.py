"""Who acts on a sealed bid, and on which package (投标办理依据), asked by every act of this context."""

from functools import lru_cache

from mifeng.bidding.models import Envelope, Opening
from mifeng.kernel.actors import Actor
from mifeng.rules.encoding import digest
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.seal.envelope import Seal, parse_seal
from mifeng.rules.seal.policy import Policy, parse_policy
from mifeng.tenders.models import Lot

HANDLE_DIGITS = 16


def bidder(submit_key: str) -> Actor:
    """Return the actor that a bid is to the ledger (投标人): a handle made from its own key, no account."""
    return Actor(role="bidder", handle=digest("BE1 handle", bytes.fromhex(submit_key)).hex()[:HANDLE_DIGITS])


def policy_of(lot: Lot) -> Policy:
    """Return the policy under which bids for a package are sealed."""
    return _policy(lot.policy)


def sealed_lot(lot_ref: str) -> Lot:
    """Return the package behind a reference.

    Raises:
        DoesNotExist: when none has it.
    """
    return Lot.objects.exclude(lot_ref="").get(lot_ref=lot_ref)


def seal_of(envelope: Envelope) -> Seal:
    """Return the header of a version as it was received."""
    return parse_seal(bytes(envelope.seal))


def check_opening(opening: Opening | None, step: str, *allowed: str) -> Opening:
    """Refuse an act that needs the opening at another step, also when it has not begun, and return it (开标环节).

    Raises:
        WrongState: ``wrong-state``.

    Source: our choice (ADR-6)
    """
    state = opening.state if opening else ""
    if opening is None or state not in allowed:
        facts = {"step": step, "state": state, "allowed": allowed}
        raise WrongState(Reason("wrong-state", facts, source="our choice (ADR-6)"))
    return opening


@lru_cache(maxsize=256)
def _policy(text: str) -> Policy:
    return parse_policy(text.encode())
