"""Whose fault it is that a bid does not open (责任认定): computed from what is logged, not argued about.

Four things can go wrong, looked at in the order in which they happen: the bidder's key is not there when the keys are
closed; the bytes that were receipted cannot be produced; too few trustees release a share that fits; the content does
not open although keys, bytes and shares are right. Each has one answer, the same for everybody who reads the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Blamed = Literal["bidder", "trustee", "platform"]


class Unopenable(Exception):
    """A bid, or a part of it, that does not open (无法开启): ``fault`` says through whom, ``reason`` at what.

    Reasons, by whom: of the bidder ``key``, ``stanza``, ``commitment``, ``chunk``, ``index``, ``file``, ``padding``,
    ``identity``; of the trustees ``share``; of the platform ``outage`` and ``bytes``.
    """

    def __init__(self, fault: Blamed, reason: str) -> None:
        self.fault = fault
        self.reason = reason
        super().__init__(f"{reason}: through the {fault}")


@dataclass(frozen=True, slots=True)
class Course:
    """What is logged about the opening of one bid (开启经过).

    Args:
        key_matched: the list of closed keys holds the bid's matching key.
        outage: a logged outage of the platform covers the window for keys.
        bytes_kept: the receipted bytes were produced; every ciphertext has the hash its header names.
        t: how many shares are needed.
        n: how many trustees there are.
        acks: what each trustee, by index, signed before the deadline: ``ok`` or ``bad``.
        shares: for each trustee, by index, that released a share, whether it fits the public points.
        content: why the content did not open, a reason of ``Unopenable``; empty when it did.
    """

    key_matched: bool
    outage: bool
    bytes_kept: bool
    t: int
    n: int
    acks: Mapping[int, str]
    shares: Mapping[int, bool]
    content: str = ""


def computed_fault(course: Course) -> Unopenable | None:
    """Return why a bid did not open and through whom; None when it did.

    A trustee that signed ``bad`` owes no share. As long as the others are enough, what is missing is missing through
    the trustees; once more than n - t signed ``bad`` and released nothing that fits, through the bidder who wrapped
    what they received.
    """
    if not course.key_matched:
        return Unopenable("platform", "outage") if course.outage else Unopenable("bidder", "key")
    if not course.bytes_kept:
        return Unopenable("platform", "bytes")
    fitting = {index for index, fits in course.shares.items() if fits}
    if len(fitting) < course.t:
        refused = {index for index, verdict in course.acks.items() if verdict == "bad"} - fitting
        if len(refused) > course.n - course.t:
            return Unopenable("bidder", "stanza")
        return Unopenable("trustee", "share")
    return Unopenable("bidder", course.content) if course.content else None
