"""Codes and orders (暗标编码与错位): each seat sees each bid under a code of its own, in an order of its own.

Both follow from one key. Half of it, ``K_op``, is a secret of the desk service, committed to before the opening and
before the first contribution to a draw; the other half are the seeds of the draws of all sites, which nobody chooses.
So the service could not choose the key, and nobody else can compute it while scores are open.

Codes are issued in *issues* (批次): one when the review begins, one for each successor who takes a seat later, one for
each further round. What was issued never changes; a new issue only has to differ from all that was issued before.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from mifeng.rules.encoding import digest, mac

HASH_BYTES = 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
# 40 bits give eight characters of five bits each.
_CODE_BYTES = 5
_SEAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
_CODE = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One bid as one seat sees it (暗标): the code, and the place of the bid in the close list, from 1."""

    code: str
    position: int


@dataclass(frozen=True, slots=True)
class SeatCodes:
    """What one seat is shown (席位暗标次序): all bids under its own codes, in its own order."""

    seat: str
    lines: tuple[Line, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes in the order in which the seat sees them."""
        return tuple(line.code for line in self.lines)

    @property
    def positions(self) -> dict[str, int]:
        """Return the place in the close list behind each code."""
        return {line.code: line.position for line in self.lines}


@dataclass(frozen=True, slots=True)
class Issue:
    """Codes given out together (编码批次).

    Args:
        round: of the evaluation, from 1.
        counter: the smallest number for which all codes of the lot differ.
        seats: those who got codes, in the order given.
    """

    round: int
    counter: int
    seats: tuple[SeatCodes, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return all codes of the issue."""
        return tuple(code for seat in self.seats for code in seat.codes)


def commitment(lot_ref: bytes, k_op: bytes) -> bytes:
    """Return what is logged before the opening (编码密钥承诺): H("BK op"; lot_ref, K_op), 32 bytes.

    Raises:
        ValueError: when a value does not have 32 bytes.
    """
    _hashes(lot_ref, k_op)
    return digest("BK op", lot_ref, k_op)


def blind_key(k_op: bytes, seeds: Sequence[bytes]) -> bytes:
    """Return K_blind (编码密钥): MAC(K_op, "BK"; seeds of all sites), 32 bytes.

    Args:
        k_op: the desk service's secret, 32 bytes.
        seeds: of the draws, 32 bytes each, in the order in which the notice names their handles.

    Raises:
        ValueError: when a value does not have 32 bytes, or there is no seed.
    """
    _hashes(k_op, *seeds)
    if not seeds:
        raise ValueError("the key of the codes comes from the seeds of the draws")
    return mac(k_op, "BK", *seeds)


def code_of(key: bytes, lot_ref: bytes, round: int, seat: str, position: int, counter: int) -> str:
    """Return the code under which a seat sees a bid (暗标编码).

    Eight characters of Crockford's base 32 over MAC(K_blind, "code"; lot_ref, round, seat, position, counter).

    Raises:
        ValueError: when a value is misshapen.
    """
    _place(key, lot_ref, round, position)
    _label(seat)
    number = int.from_bytes(mac(key, "code", lot_ref, round, seat, position, counter)[:_CODE_BYTES])
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (CODE_LENGTH - 1), -1, -5))


def order_key(key: bytes, lot_ref: bytes, round: int, seat: str, position: int) -> bytes:
    """Return where a bid stands for a seat (错位次序): MAC(K_blind, "ord"; lot_ref, round, seat, position).

    Smaller comes first, read as big-endian numbers.

    Raises:
        ValueError: when a value is misshapen.
    """
    _place(key, lot_ref, round, position)
    _label(seat)
    return mac(key, "ord", lot_ref, round, seat, position)


def tie_lot(key: bytes, lot_ref: bytes, round: int, position: int) -> bytes:
    """Return the lot of a bid among equals (并列抽签): MAC(K_blind, "tie"; lot_ref, round, position).

    Smaller wins. It was fixed before the first score, and nobody chose it.

    Raises:
        ValueError: when a value is misshapen.
    """
    _place(key, lot_ref, round, position)
    return mac(key, "tie", lot_ref, round, position)


def issue_codes(
    key: bytes,
    lot_ref: bytes,
    round: int,
    seats: Sequence[str],
    positions: Collection[int],
    issued: Sequence[Issue] = (),
) -> Issue:
    """Return new codes and orders for some seats (发放编码), all different from one another and from those before.

    Args:
        key: K_blind.
        lot_ref: of the lot.
        round: of the evaluation, from 1.
        seats: labels of those who get codes now; a successor has a label of their own.
        positions: places of the bids under review in the close list, from 1.
        issued: everything issued in this lot before, in order.

    Raises:
        ValueError: when a value is misshapen, a seat or a position stands twice, or a seat has codes in this round.
    """
    before = {one.seat for issue in issued if issue.round == round for one in issue.seats}
    if not seats or len(set(seats)) != len(seats) or before & set(seats):
        raise ValueError("a seat gets codes once in a round")
    if not positions or len(set(positions)) != len(positions):
        raise ValueError("each bid under review stands once")
    taken = frozenset(code for issue in issued for code in issue.codes)
    counter = smallest_counter(key, lot_ref, round, seats, positions, taken)
    return Issue(
        round,
        counter,
        tuple(
            SeatCodes(
                seat,
                tuple(
                    Line(code_of(key, lot_ref, round, seat, position, counter), position)
                    for position in in_order(key, lot_ref, round, seat, positions)
                ),
            )
            for seat in seats
        ),
    )


def smallest_counter(
    key: bytes, lot_ref: bytes, round: int, seats: Sequence[str], positions: Collection[int], taken: Collection[str]
) -> int:
    """Return the smallest number for which the codes of an issue differ from each other and from those taken.

    Raises:
        ValueError: when a value is misshapen.
    """
    places = [(seat, position) for seat in seats for position in positions]

    def differ(counter: int) -> bool:
        codes = {code_of(key, lot_ref, round, seat, position, counter) for seat, position in places}
        return len(codes) == len(places) and codes.isdisjoint(taken)

    return next(filter(differ, count()))


def in_order(key: bytes, lot_ref: bytes, round: int, seat: str, positions: Iterable[int]) -> list[int]:
    """Return the bids under review in the order in which a seat sees them."""
    return sorted(positions, key=lambda position: (order_key(key, lot_ref, round, seat, position), position))


def is_code(text: str) -> bool:
    """Tell whether a text has the form of a code."""
    return _CODE.fullmatch(text) is not None


def is_seat(text: str) -> bool:
    """Tell whether a text has the form of a seat's label."""
    return _SEAT.fullmatch(text) is not None


def _place(key: bytes, lot_ref: bytes, round: int, position: int) -> None:
    _hashes(key, lot_ref)
    if round < 1 or position < 1:
        raise ValueError("rounds and positions count from 1")


def _label(seat: str) -> None:
    if not is_seat(seat):
        raise ValueError(f"not the label of a seat: {seat!r}")


def _hashes(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ValueError(f"references, secrets and seeds have {HASH_BYTES} bytes")
