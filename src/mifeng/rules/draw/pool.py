"""The pool of a draw (抽取名单): who may be drawn, fixed before anybody can know who will be.

Every person of the library who belongs to a class asked for is one *leaf*: a salted hash of a record that says in which
cells of the draw, at which tier, and whether and why the person may not be drawn. A *cell* is what seats are drawn for,
usually a class; a *tier* is how near its members are, 1 the nearest. For each cell and tier two lists are fixed at
once, the eligible (E) and the excluded (X), so that nobody can be left out or let in later without a trace. One root, a
tree as in RFC 6962, commits to all of it; it is logged and witnessed before any contribution to the seed exists.

The salt of a leaf is made from a key of this draw alone. Whoever is told one salt can test one leaf and no other.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from mifeng.rules.encoding import canonical, digest, encode_tuple, mac
from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.ledger import Frontier
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, text_of

HASH_BYTES = 32
ELIGIBLE, EXCLUDED = "E", "X"
# What stands before the salt in the tuple of a leaf: the salt and the empty length that follow it are cut off.
_LEAF_HEAD = encode_tuple("RD1 leaf", bytes(HASH_BYTES), b"")[: -HASH_BYTES - 8]
# Cells with fewer people than this are published without the name of their class.
NAMED_CELL_MIN = 10


@dataclass(frozen=True, slots=True)
class Record:
    """What a leaf commits to (专家记录): one person in one draw.

    Args:
        handle: of the draw, 32 bytes.
        person: the person's key, 32 bytes that say nothing to whoever does not hold the library's own secret.
        tiers: for each cell the person belongs to, the tier, from 1.
        exclusion: why the person may not be drawn; empty for an eligible one.

    Raises:
        ValueError: when a field is misshapen.
    """

    handle: bytes
    person: bytes
    tiers: Mapping[str, int]
    exclusion: str = ""

    def __post_init__(self) -> None:
        if len(self.handle) != HASH_BYTES or len(self.person) != HASH_BYTES:
            raise ValueError(f"handle and person have {HASH_BYTES} bytes")
        if not self.tiers or any(not _is_cell(cell) or tier < 1 for cell, tier in self.tiers.items()):
            raise ValueError("a person belongs to cells, each named in ASCII, at a tier from 1")


@dataclass(frozen=True, slots=True)
class Tier:
    """The two lists of one tier of a cell (层级名单): leaves in ascending order.

    Raises:
        ValueError: when a leaf is misshapen, stands twice, or a list is not in order.
    """

    tier: int
    eligible: tuple[bytes, ...]
    excluded: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        for leaves in (self.eligible, self.excluded):
            if list(leaves) != sorted(set(leaves)) or any(len(leaf) != HASH_BYTES for leaf in leaves):
                raise ValueError("a list holds different leaves of 32 bytes in ascending order")


@dataclass(frozen=True, slots=True)
class Cell:
    """What seats are drawn for (抽取单元).

    Args:
        name: ASCII label of the cell within the draw.
        seats: how many seats are drawn from it, from 1.
        tiers: its lists, nearest first.

    Raises:
        ValueError: when a field is misshapen, tiers are not in order, or a leaf stands in two lists.
    """

    name: str
    seats: int
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        numbers = [one.tier for one in self.tiers]
        if not _is_cell(self.name) or self.seats < 1:
            raise ValueError("a cell has an ASCII name, and seats")
        if numbers != sorted(set(numbers)) or any(number < 1 for number in numbers):
            raise ValueError("tiers count from 1 and stand in ascending order")
        leaves = [leaf for one in self.tiers for leaf in (*one.eligible, *one.excluded)]
        if len(set(leaves)) != len(leaves):
            raise ValueError(f"a leaf stands in two lists of cell {self.name}")

    @property
    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Yield tier and leaf of everybody who may be drawn."""
        return ((one.tier, leaf) for one in self.tiers for leaf in one.eligible)

    @property
    def size(self) -> "CellSize":
        """Return how many stand in the cell."""
        counts = tuple((one.tier, len(one.eligible), len(one.excluded)) for one in self.tiers)
        return CellSize(self.name, self.seats, counts)


@dataclass(frozen=True, slots=True)
class CellSize:
    """How many stand in a cell (单元人数): for each tier its number, the eligible and the excluded."""

    name: str
    seats: int
    tiers: tuple[tuple[int, int, int], ...]

    @property
    def eligible(self) -> int:
        """Return how many may be drawn, all tiers together."""
        return sum(eligible for _, eligible, _ in self.tiers)

    @property
    def may_be_named(self) -> bool:
        """Say whether so many stand in the cell that its class may be published."""
        return sum(eligible + excluded for _, eligible, excluded in self.tiers) >= NAMED_CELL_MIN


def draw_handle(lot: str, site: str, salt: bytes) -> bytes:
    """Return the handle of a draw (抽取编号): H("RD1 handle"; lot, site, r), 32 bytes.

    Args:
        lot: what is drawn for.
        site: where the seats are.
        salt: 32 random bytes, disclosed with the award.

    Raises:
        ValueError: when the salt does not have 32 bytes.
    """
    if len(salt) != HASH_BYTES:
        raise ValueError(f"the salt of a handle has {HASH_BYTES} bytes")
    return digest("RD1 handle", lot, site, salt)


def leaf_salt(key: bytes, handle: bytes, person: bytes) -> bytes:
    """Return the salt of one leaf: MAC(K_pool, "RD1 salt"; handle, person), 32 bytes; the key is fresh per draw."""
    return mac(key, "RD1 salt", handle, person)


def record_bytes(record: Record) -> bytes:
    """Return the canonical bytes of a record: {"cells": {cell: tier}, "excl", "handle", "person"}."""
    head = _record_head(tuple(sorted(record.tiers.items())), record.exclusion, record.handle)
    return b'%s,"person":"%s"}' % (head, record.person.hex().encode())


def leaf(salt: bytes, record: Record) -> bytes:
    """Return the leaf of a person: H("RD1 leaf"; salt, canonical record), 32 bytes.

    Raises:
        ValueError: when the salt does not have 32 bytes.
    """
    if len(salt) != HASH_BYTES:
        raise ValueError(f"the salt of a leaf has {HASH_BYTES} bytes")
    return digest("RD1 leaf", salt, record_bytes(record))


def leaves(key: bytes, records: Iterable[Record]) -> list[bytes]:
    """Return the leaf of each record, salted under the key of the draw, in the order given.

    Raises:
        ValueError: when a person is recorded twice.
    """
    found, persons = [], set()
    for record in records:
        # As ``leaf(leaf_salt(…), …)``; what stands before the values is not encoded anew for every person.
        salt = hmac.digest(key, _salt_head(record.handle) + record.person, "sha256")
        data = record_bytes(record)
        found.append(hashlib.sha256(_LEAF_HEAD + salt + len(data).to_bytes(8) + data).digest())
        persons.add(record.person)
    if len(persons) != len(found):
        raise ValueError("a person is recorded twice in one draw")
    return found


def cells(seats: Sequence[tuple[str, int]], pairs: Iterable[tuple[bytes, Record]]) -> tuple[Cell, ...]:
    """Return the cells of a draw with everybody in the lists (冻结名单), whatever the order of the records.

    Args:
        seats: name and seats of each cell, in the order in which the cells are drawn.
        pairs: leaf and record of each person.

    Raises:
        ValueError: when a record names a cell that is not drawn.
    """
    lists: dict[tuple[str, int], tuple[list[bytes], list[bytes]]] = {}
    for one, record in pairs:
        for place in record.tiers.items():
            lists.setdefault(place, ([], []))[1 if record.exclusion else 0].append(one)
    if unknown := {cell for cell, _ in lists} - {name for name, _ in seats}:
        raise ValueError(f"not a cell of this draw: {', '.join(sorted(unknown))}")
    return tuple(
        Cell(
            name,
            number,
            tuple(
                Tier(tier, tuple(sorted(eligible)), tuple(sorted(excluded)))
                for (cell, tier), (eligible, excluded) in sorted(lists.items(), key=lambda one: one[0])
                if cell == name
            ),
        )
        for name, number in seats
    )


def pool_root(drawn: Iterable[Cell]) -> bytes:
    """Return the root that commits to a pool: RFC 6962 over tuple(cell, tier, "E" | "X", leaf).

    The rows stand in this order: cells as drawn, tiers ascending, E before X, leaves ascending.
    """
    tree = Frontier()
    for cell in drawn:
        for one in cell.tiers:
            for side, listed in ((ELIGIBLE, one.eligible), (EXCLUDED, one.excluded)):
                # What stands before the leaf is the same for a whole list.
                head = b"\x00" + encode_tuple(cell.name, one.tier, side, bytes(HASH_BYTES))[:-HASH_BYTES]
                tree.extend(hashlib.sha256(head + row).digest() for row in listed)
    return tree.root()


def pool_facts(handle: bytes, drawn: Sequence[Cell]) -> dict[str, object]:
    """Return the facts with which a pool is logged (名单入账): handle, root, sizes, and the cells in their order."""
    sizes = [cell.size for cell in drawn]
    return {
        "handle": handle.hex(),
        "root": pool_root(drawn).hex(),
        "sizes": {size.name: size.eligible for size in sizes},
        "cells": [
            {
                "cell": size.name,
                "seats": size.seats,
                "tiers": [{"tier": tier, "eligible": few, "excluded": out} for tier, few, out in size.tiers],
            }
            for size in sizes
        ],
    }


def parse_sizes(value: object) -> tuple[CellSize, ...]:
    """Return the sizes of the cells from the fact ``cells`` of a logged pool.

    Raises:
        ValueError: when it is misshapen.
    """
    found = []
    for one in list_of(value, "cells"):
        fields = object_of(one, {"cell", "seats", "tiers"}, "a cell")
        tiers = [
            object_of(tier, {"tier", "eligible", "excluded"}, "a tier") for tier in list_of(fields["tiers"], "tiers")
        ]
        counts = tuple(
            (number_of(tier["tier"], "tier"), _count(tier["eligible"]), _count(tier["excluded"])) for tier in tiers
        )
        found.append(CellSize(text_of(fields["cell"], "cell"), number_of(fields["seats"], "seats"), counts))
    return tuple(found)


def parse_record(value: object) -> Record:
    """Return the record of a value of canonical JSON.

    Raises:
        ValueError: when it is misshapen.
    """
    fields = object_of(value, {"cells", "excl", "handle", "person"}, "a record")
    named = fields["cells"]
    if not isinstance(named, dict) or not isinstance(exclusion := fields["excl"], str):
        raise ValueError("a record has cells, and excl is text")
    return Record(
        handle=hex_of(fields["handle"], HASH_BYTES, "handle"),
        person=hex_of(fields["person"], HASH_BYTES, "person"),
        tiers={cell: number_of(tier, "tier") for cell, tier in named.items()},
        exclusion=exclusion,
    )


def check_pool(sizes: Iterable[CellSize], ratio_min: Fraction | int) -> None:
    """Refuse a pool in which too few stand for the seats of a cell (可抽人数下限), naming each such cell.

    Args:
        sizes: of all cells of the draw.
        ratio_min: eligible people per seat, at least; a value of the rulebook.

    Raises:
        Unfair: ``pool-small``, with the facts cell, seats, eligible and needed.

    Source: BN-2023R 四3, our choice (ADR-4)
    """
    reasons = []
    for size in sizes:
        needed = -(-ratio_min * size.seats // 1)
        if size.eligible < needed:
            facts = {"cell": size.name, "seats": size.seats, "eligible": size.eligible, "needed": int(needed)}
            reasons.append(Reason("pool-small", facts, lifted_by=("agency",)))
    refuse_if_any(Unfair, reasons)


@lru_cache(maxsize=16)
def _salt_head(handle: bytes) -> bytes:
    """Return what stands before the person's key in the tuple of a salt."""
    return encode_tuple("RD1 salt", handle, bytes(HASH_BYTES))[:-HASH_BYTES]


@lru_cache(maxsize=1024)
def _record_head(tiers: tuple[tuple[str, int], ...], exclusion: str, handle: bytes) -> bytes:
    """Return a record's canonical bytes up to its last key; in a large pool few of them differ."""
    return canonical({"cells": dict(tiers), "excl": exclusion, "handle": handle.hex()})[:-1]


def _is_cell(name: str) -> bool:
    return bool(name) and name.isascii()


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("so many is a number of 0 or more")
    return value
