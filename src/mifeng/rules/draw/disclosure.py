"""What is published of a draw with the award (抽取公开): lists, contributions, walk, and the openings of the selected.

Until then only the root, the sizes, the contributions, the seed and the opaque leaves of those walked are known
outside. A disclosure names nobody; a record is laid open only for those selected whose names the law publishes. Why
somebody stands in a list of the excluded it does not say.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mifeng.rules.draw.lots import Contribution
from mifeng.rules.draw.pool import HASH_BYTES, Cell, Record, Tier, leaf, parse_record, record_bytes
from mifeng.rules.draw.walk import Event, Outcome
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, text_of
from mifeng.rules.vrf import PROOF_BYTES

FORMAT = "mifeng-draw/1"
SIGNATURE_BYTES = 64

_KEYS = frozenset(
    {"format", "lot", "site", "salt", "handle", "cells", "contributions", "seed", "walk", "seats", "openings"}
)
_HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\dZ", re.ASCII)
_LISTS = re.compile(r"(?:[0-9a-f]{64})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the walk as it is published (邀请记录): an outcome, and its time to the hour, UTC."""

    event: Event
    hour: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One selected person (入选专家): cell, number of the seat, leaf."""

    cell: str
    number: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """The record behind a leaf, laid open with its salt (公开的专家记录)."""

    record: Record
    salt: bytes

    @property
    def leaf(self) -> bytes:
        """Return the leaf it opens."""
        return leaf(self.salt, self.record)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything that is published of one draw (抽取公开).

    Args:
        lot: what was drawn for.
        site: where the seats were.
        salt: r of the handle, 32 bytes.
        handle: of the draw, 32 bytes.
        cells: with all lists, in the order drawn.
        contributions: in the order of the policy.
        seed: 32 bytes.
        walk: every outcome in the order of the log.
        seats: who holds a seat.
        openings: of those whose record is published.
    """

    lot: str
    site: str
    salt: bytes
    handle: bytes
    cells: tuple[Cell, ...]
    contributions: tuple[Contribution, ...]
    seed: bytes
    walk: tuple[Step, ...]
    seats: tuple[Chosen, ...]
    openings: tuple[Opening, ...] = ()


def format_disclosure(disclosure: Disclosure) -> bytes:
    """Return the canonical bytes of a disclosure."""
    return canonical(
        {
            "format": FORMAT,
            "lot": disclosure.lot,
            "site": disclosure.site,
            "salt": disclosure.salt.hex(),
            "handle": disclosure.handle.hex(),
            "cells": [_cell_fields(cell) for cell in disclosure.cells],
            "contributions": [
                {"name": one.name, "pi": one.pi.hex(), "signature": one.signature.hex()}
                for one in disclosure.contributions
            ],
            "seed": disclosure.seed.hex(),
            "walk": [
                {
                    "cell": step.event.cell,
                    "leaf": step.event.leaf.hex(),
                    "outcome": step.event.outcome.value,
                    "detail": step.event.detail,
                    "hour": step.hour,
                }
                for step in disclosure.walk
            ],
            "seats": [{"cell": one.cell, "number": one.number, "leaf": one.leaf.hex()} for one in disclosure.seats],
            "openings": [
                {"record": parse_canonical(record_bytes(one.record)), "salt": one.salt.hex()}
                for one in disclosure.openings
            ],
        }
    )


def parse_disclosure(data: bytes) -> Disclosure:
    """Return the disclosure of canonical bytes; nothing is verified.

    Raises:
        ValueError: when the bytes are not canonical or misshapen.
    """
    fields = object_of(parse_canonical(data), _KEYS, "a disclosure")
    if fields["format"] != FORMAT:
        raise ValueError(f"not in the format {FORMAT}")
    return Disclosure(
        lot=text_of(fields["lot"], "lot"),
        site=text_of(fields["site"], "site"),
        salt=_hash(fields, "salt"),
        handle=_hash(fields, "handle"),
        cells=tuple(_cell(one) for one in list_of(fields["cells"], "cells")),
        contributions=tuple(parse_contribution(one) for one in list_of(fields["contributions"], "contributions")),
        seed=_hash(fields, "seed"),
        walk=tuple(_step(one) for one in list_of(fields["walk"], "walk")),
        seats=tuple(_chosen(one) for one in list_of(fields["seats"], "seats")),
        openings=tuple(_opening(one) for one in list_of(fields["openings"], "openings")),
    )


def parse_contribution(value: object) -> Contribution:
    """Return the contribution of a value of canonical JSON.

    Raises:
        ValueError: when it is misshapen.
    """
    fields = object_of(value, {"name", "pi", "signature"}, "a contribution")
    pi = hex_of(fields["pi"], PROOF_BYTES, "pi")
    return Contribution(text_of(fields["name"], "name"), pi, hex_of(fields["signature"], SIGNATURE_BYTES, "signature"))


def _cell_fields(cell: Cell) -> dict[str, object]:
    tiers = [
        {"tier": one.tier, "eligible": _joined(one.eligible), "excluded": _joined(one.excluded)} for one in cell.tiers
    ]
    return {"cell": cell.name, "seats": cell.seats, "tiers": tiers}


def _cell(value: object) -> Cell:
    fields = object_of(value, {"cell", "seats", "tiers"}, "a cell")
    tiers = []
    for one in list_of(fields["tiers"], "tiers"):
        tier = object_of(one, {"tier", "eligible", "excluded"}, "a tier")
        tiers.append(Tier(number_of(tier["tier"], "tier"), _leaves(tier["eligible"]), _leaves(tier["excluded"])))
    return Cell(text_of(fields["cell"], "cell"), number_of(fields["seats"], "seats"), tuple(tiers))


def _joined(leaves: Iterable[bytes]) -> str:
    """Return a list of leaves as one text: a large pool is read faster so, and every leaf has the same length."""
    return b"".join(leaves).hex()


def _leaves(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, str) or not _LISTS.fullmatch(value):
        raise ValueError("a list of leaves is hexadecimal, 32 bytes each")
    data = bytes.fromhex(value)
    return tuple(data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES))


def _step(value: object) -> Step:
    fields = object_of(value, {"cell", "leaf", "outcome", "detail", "hour"}, "a step")
    detail, hour = fields["detail"], fields["hour"]
    if not isinstance(detail, str) or not isinstance(hour, str) or not _HOUR.fullmatch(hour):
        raise ValueError("a step has a detail, and an hour such as 2026-11-22T08Z")
    outcome = Outcome(text_of(fields["outcome"], "outcome"))
    return Step(Event(text_of(fields["cell"], "cell"), _hash(fields, "leaf"), outcome, detail), hour)


def _chosen(value: object) -> Chosen:
    fields = object_of(value, {"cell", "number", "leaf"}, "a seat")
    return Chosen(text_of(fields["cell"], "cell"), number_of(fields["number"], "number"), _hash(fields, "leaf"))


def _opening(value: object) -> Opening:
    fields = object_of(value, {"record", "salt"}, "an opening")
    return Opening(parse_record(fields["record"]), _hash(fields, "salt"))


def _hash(fields: Mapping[str, object], key: str) -> bytes:
    return hex_of(fields[key], HASH_BYTES, key)
