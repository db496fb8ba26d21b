"""What is disclosed of the codes (编码公开), and whether it is what the commitment and the draws yield.

Once the technical scores are locked, ``K_op`` is laid open with every issue of codes. From the commitment in the log
and the seeds of the draws anyone then computes all codes and orders anew: the link between a code and a bid is the one
that was fixed before the opening, and was not chosen by anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mifeng.rules.blind.codes import (
    HASH_BYTES,
    Issue,
    Line,
    SeatCodes,
    blind_key,
    code_of,
    commitment,
    in_order,
    is_code,
    is_seat,
    smallest_counter,
)
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of

FORMAT = "mifeng-blind/1"
CODES = frozenset(
    {"lot-other", "commitment-wrong", "round-wrong", "seat-twice", "positions-wrong", "counter-wrong"}
    | {"code-wrong", "order-wrong"}
)


@dataclass(frozen=True, slots=True)
class CodeMap:
    """The link between codes and bids, laid open (编码对照).

    Args:
        lot_ref: of the lot.
        k_op: the desk service's secret, 32 bytes.
        issues: everything issued in the lot, in order.
    """

    lot_ref: bytes
    k_op: bytes
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is known from the log (核验依据).

    Args:
        lot_ref: of the lot.
        committed: the commitment to ``K_op``, 32 bytes.
        seeds: of the draws, in the order in which the notice names their handles.
        positions: places in the close list of the bids that were to be reviewed.
    """

    lot_ref: bytes
    committed: bytes
    seeds: tuple[bytes, ...]
    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit (不符之处): its code, where, what should stand there and what does."""

    code: str
    place: str = ""
    expected: str = ""
    found: str = ""


def format_mapping(mapping: CodeMap) -> bytes:
    """Return the canonical bytes of a mapping."""
    return canonical(
        {
            "format": FORMAT,
            "lot_ref": mapping.lot_ref.hex(),
            "k_op": mapping.k_op.hex(),
            "issues": [
                {
                    "round": issue.round,
                    "counter": issue.counter,
                    "seats": [
                        {
                            "seat": one.seat,
                            "codes": [{"code": line.code, "position": line.position} for line in one.lines],
                        }
                        for one in issue.seats
                    ],
                }
                for issue in mapping.issues
            ],
        }
    )


def parse_mapping(data: bytes) -> CodeMap:
    """Return the mapping of canonical bytes; nothing is verified.

    Raises:
        ValueError: when the bytes are not canonical or misshapen.
    """
    fields = object_of(parse_canonical(data), {"format", "lot_ref", "k_op", "issues"}, "a mapping")
    if fields["format"] != FORMAT:
        raise ValueError(f"not in the format {FORMAT}")
    return CodeMap(
        hex_of(fields["lot_ref"], HASH_BYTES, "lot_ref"),
        hex_of(fields["k_op"], HASH_BYTES, "k_op"),
        tuple(_issue(one) for one in list_of(fields["issues"], "issues")),
    )


def verify_mapping(mapping: CodeMap, grounds: Grounds) -> list[Fault]:
    """Return everything about codes and orders that does not fit (核验编码对照); nothing when nobody chose them.

    Raises:
        ValueError: when there is no seed, or a value does not have 32 bytes.
    """
    found = []
    if mapping.lot_ref != grounds.lot_ref:
        found.append(Fault("lot-other", "", grounds.lot_ref.hex(), mapping.lot_ref.hex()))
    computed = commitment(mapping.lot_ref, mapping.k_op)
    if computed != grounds.committed:
        found.append(Fault("commitment-wrong", "", grounds.committed.hex(), computed.hex()))
    key = blind_key(mapping.k_op, grounds.seeds)
    for number, issue in enumerate(mapping.issues):
        found += _issue_faults(key, mapping, grounds, number, issue)
    return found


def _issue_faults(key: bytes, mapping: CodeMap, grounds: Grounds, number: int, issue: Issue) -> Iterator[Fault]:
    place, before = f"issue {number + 1}", mapping.issues[:number]
    rounds = [before[-1].round, before[-1].round + 1] if before else [1]
    if issue.round not in rounds:
        yield Fault("round-wrong", place, _numbers(rounds), str(issue.round))
    labels = [one.seat for one in issue.seats]
    held = {one.seat for earlier in before if earlier.round == issue.round for one in earlier.seats}
    for seat in sorted(label for label in set(labels) if labels.count(label) > 1 or label in held):
        yield Fault("seat-twice", f"{place} {seat}")
    taken = {code for earlier in before for code in earlier.codes}
    lot_ref, bids = mapping.lot_ref, sorted(grounds.positions)
    counter = smallest_counter(key, lot_ref, issue.round, sorted(set(labels)), bids, taken)
    if issue.counter != counter:
        yield Fault("counter-wrong", place, str(counter), str(issue.counter))
    for one in issue.seats:
        yield from _seat_faults(key, mapping.lot_ref, bids, issue, one, f"{place} {one.seat}")


def _seat_faults(
    key: bytes, lot_ref: bytes, bids: list[int], issue: Issue, one: SeatCodes, place: str
) -> Iterator[Fault]:
    shown = [line.position for line in one.lines]
    if sorted(shown) != bids:
        yield Fault("positions-wrong", place, _numbers(bids), _numbers(sorted(shown)))
    ordered = in_order(key, lot_ref, issue.round, one.seat, shown)
    if shown != ordered:
        yield Fault("order-wrong", place, _numbers(ordered), _numbers(shown))
    for line in one.lines:
        code = code_of(key, lot_ref, issue.round, one.seat, line.position, issue.counter)
        if line.code != code:
            yield Fault("code-wrong", f"{place} {line.position}", code, line.code)


def _issue(value: object) -> Issue:
    fields = object_of(value, {"round", "counter", "seats"}, "an issue")
    counter = fields["counter"]
    if not isinstance(counter, int) or isinstance(counter, bool) or counter < 0:
        raise ValueError("counter is a number of 0 or more")
    seats = tuple(_seat(one) for one in list_of(fields["seats"], "seats"))
    return Issue(number_of(fields["round"], "round"), counter, seats)


def _seat(value: object) -> SeatCodes:
    fields = object_of(value, {"seat", "codes"}, "a seat")
    seat = fields["seat"]
    if not isinstance(seat, str) or not is_seat(seat):
        raise ValueError("seat is a label")
    return SeatCodes(seat, tuple(_line(one) for one in list_of(fields["codes"], "codes")))


def _line(value: object) -> Line:
    fields = object_of(value, {"code", "position"}, "a line")
    code = fields["code"]
    if not isinstance(code, str) or not is_code(code):
        raise ValueError("code is eight characters of Crockford's base 32")
    return Line(code, number_of(fields["position"], "position"))


def _numbers(numbers: list[int]) -> str:
    return " ".join(str(one) for one in numbers)
