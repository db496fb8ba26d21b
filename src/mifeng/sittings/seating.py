"""Who sits where in a project (评审席位就座): plain values for the evaluation and the award.

Between check-in and result notice a member is a seat, a role and an opaque handle. Names are opened once, by
``committee_names``, when the result is announced.
"""

from dataclasses import dataclass

from mifeng.kernel.actors import Actor
from mifeng.tenders.models import Tender


@dataclass(frozen=True, slots=True)
class SeatedMember:
    """Somebody at a seat (就座成员).

    Args:
        seat: label of the seat.
        role: ``expert`` or ``buyer``.
        handle: opaque, new for each check-in; the ledger knows it.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it has none.
        site: primary key of the site, as text.
    """

    seat: str
    role: str
    handle: str
    key: str
    site: str


@dataclass(frozen=True, slots=True)
class Seating:
    """The seats of a project that are taken (就座情况); ``complete`` when every seat of the plan has been opened."""

    complete: bool
    members: tuple[SeatedMember, ...]


@dataclass(frozen=True, slots=True)
class SiteArrivals:
    """How many have come to one site (到场情况); ``site_name`` is empty for posts that may not know which site it is.

    Args:
        site_name: of the site.
        role: ``host`` or ``guest``.
        expected: seats of the plan.
        arrived: of them, persons who have been identified.
        seated: of them, seats that have been opened.
    """

    site_name: str
    role: str
    expected: int
    arrived: int
    seated: int


@dataclass(frozen=True, slots=True)
class CommitteeName:
    """A member of the committee by name (评审委员会成员), as the result notice lists it."""

    seat: str
    site_name: str
    role: str
    name: str


def seated(tender: Tender) -> Seating:
    """Return who sits at the seats of a project; members by label."""
    return Seating(False, ())


def arrivals(by: Actor, tender: Tender) -> tuple[SiteArrivals, ...]:
    """Return how many have come to each site, to posts that take part in a project; the host's site first."""
    return ()


def committee_names(tender: Tender) -> tuple[CommitteeName, ...]:
    """Open the sealed names of a committee, by label; for callers that have made sure that the law publishes them."""
    return ()
