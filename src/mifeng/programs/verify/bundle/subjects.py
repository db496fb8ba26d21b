"""What a bundle is about (核验事项): each package and each draw with the lines of the log that speak of it.

Nothing is taken for true: where two lines claim to be the same act, both are here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mifeng.rules.bundle.manifest import Lot
from mifeng.rules.bundle.reading import BidFile, Line, Sealing
from mifeng.rules.bundle.records import DrawRecord, OpeningRecord
from mifeng.rules.decisive import Closed, Keyed, Published, closed, keyed, published
from mifeng.rules.draw.disclosure import Disclosure
from mifeng.rules.ledger import parse_time

T = TypeVar("T")
NOTICES = ("publish_notice", "clarify")
TENDER, LOT, OPENING, BID = "tenders.tender:", "tenders.lot:", "bidding.opening:", "bidding.bid:"


@dataclass(frozen=True, slots=True)
class Package:
    """One package with the lines of the log that speak of it (采购包)."""

    lot: Lot
    sealing: Sealing | None
    record: OpeningRecord | None
    bids: tuple[BidFile, ...]
    notices: tuple[Line, ...]
    closing: tuple[Line, ...]
    opening: tuple[Line, ...]

    def of_type(self, *types: str) -> list[Line]:
        """Return the lines of its opening that are of some types."""
        return [line for line in self.opening if line.type in types]

    @property
    def path(self) -> str:
        """Return how faults name it."""
        return f"lot {self.lot.number}"

    @property
    def chains(self) -> frozenset[str]:
        """Return the chains of its own; one, where it closed once."""
        return frozenset(line.row.stream for line in self.closing)

    @property
    def listed(self) -> Closed | None:
        """Return the list with which it closed; None when it is not shown."""
        return next((found for line in self.of_type("close_list") if (found := read_list(line))), None)

    @property
    def keyed(self) -> Keyed | None:
        """Return the list of confirmed keys; None when it is not shown."""
        return next((found for line in self.of_type("close_keys") if (found := read_keys(line))), None)

    @property
    def due(self) -> datetime | None:
        """Return the deadline that the list stands on; None when it is not shown."""
        return self.listed.due if self.listed else None


@dataclass(frozen=True, slots=True)
class Drawing:
    """One draw with the lines of the log that speak of it (抽取)."""

    handle: str
    sealing: Sealing | None
    record: DrawRecord | None
    disclosure: Disclosure | None
    pools: tuple[Line, ...]
    stream: tuple[Line, ...]

    def of_type(self, *types: str) -> list[Line]:
        """Return the lines of its chain that are of some types."""
        return [line for line in self.stream if line.type in types]

    @property
    def path(self) -> str:
        """Return how faults name it."""
        return f"draw {self.handle[:16]}"

    @property
    def logged_seed(self) -> str:
        """Return the seed that the log names; empty when there is none."""
        return next((str(facts["seed"]) for line in self.stream if (facts := line.facts("fix_seed"))), "")

    @property
    def given(self) -> list[dict[str, object]]:
        """Return the contributions that the log names, in its order."""
        found: list[dict[str, object]] = []
        for line in self.stream:
            rows = (line.facts("contribute") or {}).get("contributions", [])
            found += [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return found


def read_notice(line: Line) -> Published | None:
    """Return what a notice lays down; None when its body is not shown, or misshapen."""
    return _read(line, published)


def read_list(line: Line) -> Closed | None:
    """Return the list of bids of an entry; None when its body is not shown, lists none to open, or is misshapen."""
    return _read(line, closed)


def read_keys(line: Line) -> Keyed | None:
    """Return the list of keys of an entry, an empty one too; None when its body is not shown, or misshapen."""
    facts = line.facts("lapse_keys")
    if facts is not None:
        return Keyed(str(facts.get("lot_ref")), str(facts.get("close")), ())
    return _read(line, keyed)


def instant(text: object) -> datetime | None:
    """Return the instant of a text; None when it names none."""
    try:
        return parse_time(str(text))
    except ValueError:
        return None


def _read(line: Line, parse: Callable[[bytes], T]) -> T | None:
    body = line.row.disclosed.body if line.row.disclosed else None
    try:
        return parse(body) if body is not None else None
    except ValueError:
        return None
