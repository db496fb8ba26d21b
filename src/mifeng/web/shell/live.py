"""Who may follow what (实时关注准入): the gate of the push stream, asked once when a page begins to follow.

A topic is a ledger subject. Those who take part in a project may follow it, whoever may be in the hall follows the
package and its opening, a seat the evaluation it sits in, an officer what a session asks of the own site, and nobody
anything else; what may not be followed is answered like what does not exist. No entry about a bid speaks of its package
before the list of bids, so that nobody learns from a topic that, or how often, bids came.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ObjectDoesNotExist

from mifeng.bidding.queries import hall
from mifeng.evaluation.blind import desk_for
from mifeng.kernel.actors import Actor
from mifeng.parties.queries import actor_of
from mifeng.tenders.queries import tender_for
from mifeng.venues.queries import ask_for
from mifeng.web.shell.seats import seated

GATES: Mapping[str, Callable[[Actor, UUID], object]] = MappingProxyType(
    {
        "tenders.tender": tender_for,
        "venues.siterequest": ask_for,
        "tenders.lot": hall,
        "bidding.opening": hall,
        "evaluation.evaluation": desk_for,
    }
)
# What a seat may follow at all, whatever its role might do elsewhere.
OF_SEATS = frozenset({"evaluation.evaluation"})


def allowed(session_key: str, topic: str) -> bool:
    """Tell whether the person of a session may follow a topic; the public may follow nothing."""
    label, _colon, pk = topic.partition(":")
    gate = GATES.get(label)
    actor = _actor(session_key) if gate else None
    if gate is None or actor is None or (actor.seat and label not in OF_SEATS):
        return False
    try:
        gate(actor, UUID(pk))
    except (ObjectDoesNotExist, ValueError):
        return False
    return True


def _actor(session_key: str) -> Actor | None:
    if not session_key:
        return None
    session = SessionStore(session_key)
    if session.get("seat"):
        return seated(session)
    person = session.get("person")
    found = actor_of(person) if person else None
    return found[0] if found else None
