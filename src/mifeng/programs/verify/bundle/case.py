"""A bundle with what is known from elsewhere (核验对象), and the lines of its log sorted by package and draw.

Every check reads from here. Nothing is taken for true: where two lines claim to be the same act, both are here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from mifeng.rules.bundle.manifest import Lot
from mifeng.rules.bundle.reading import BidFile, Bundle, Line, Sealing, Signed
from mifeng.rules.bundle.records import DrawRecord, OpeningRecord
from mifeng.rules.decisive import Closed, Keyed, Published, closed, keyed, published
from mifeng.rules.draw.disclosure import Disclosure
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import Note, VerifierKey, parse_time, parse_vkey, verify_cosignature
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.part import File, files_of, open_part, part_context
from mifeng.rules.seal.policy import policy_hash

T = TypeVar("T")
NOTICES = ("publish_notice", "clarify")
TENDER, LOT, OPENING, BID = "tenders.tender:", "tenders.lot:", "bidding.opening:", "bidding.bid:"


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known from elsewhere (外部凭据): keys, and the fingerprints of what a bundle brings along itself."""

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    authorities: frozenset[str] = frozenset()
    rulebooks: frozenset[str] = frozenset()
    against: tuple[Note, ...] = ()


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


@dataclass(frozen=True)
class Case:
    """A bundle and what is known from elsewhere (核验对象)."""

    bundle: Bundle
    trust: Trust = field(default_factory=Trust)

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """Return the packages of the project."""
        return tuple(_package(self.bundle, lot) for lot in self.bundle.manifest.lots)

    @cached_property
    def draws(self) -> tuple[Drawing, ...]:
        """Return the draws of the project."""
        return tuple(_drawing(self.bundle, handle) for handle in self.bundle.manifest.draws)

    @cached_property
    def log_key(self) -> VerifierKey | None:
        """Return the key of the log: known from elsewhere, else the one that the policy names."""
        named = (parse_vkey(one.policy.log) for one in self.bundle.policies.values())
        return self.trust.log or next(named, None)

    @cached_property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """Return the keys of the witnesses: known from elsewhere, else those that the policies name."""
        named = [parse_vkey(text) for one in self.bundle.policies.values() for text in one.policy.witnesses]
        return self.trust.witnesses or tuple(dict.fromkeys(named))

    @cached_property
    def is_test(self) -> bool:
        """Say whether the log stands in test mode, so that its times mean nothing beside those of witnesses."""
        return any(head.checkpoint.is_test for head in self.bundle.heads)

    def seen_at(self, head: Signed) -> int | None:
        """Return when witnesses saw a checkpoint, in seconds since 1970; None when no signature of theirs holds."""
        times = []
        for key in self.witness_keys:
            try:
                times.append(verify_cosignature(head.note, key))
            except Tampered:
                continue
        return min(times, default=None)

    def receipts(self, envelope: str) -> list[Line]:
        """Return the entries that say a version of a bid was received, by its envelope hash."""
        lines = self.bundle.of_type("receive_bid")
        steps = ("receive", "replace")
        return [line for line in lines if any((line.facts(step) or {}).get("envelope") == envelope for step in steps)]

    def open(self, bid: BidFile, part: str) -> tuple[File, ...] | None:
        """Return the files of a part under the key that is shown; None when they are not shown or do not open."""
        if bid.seal is None or part not in bid.record.keys or part not in bid.ciphertexts:
            return None
        context = part_context(bid.seal.core_hash, part)
        try:
            return files_of(open_part(bid.record.keys[part], context, [bid.ciphertexts[part]]))
        except Unopenable:
            return None


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


def _package(bundle: Bundle, lot: Lot) -> Package:
    closing = [line for line in bundle.of_type("close_bidding") if _names(line, "close", "lot_ref", lot.lot_ref)]
    ids = {line.row.stream.removeprefix(LOT) for line in closing}
    first = [line for line in bundle.of_type("publish_notice") if _publishes(line, lot.lot_ref)]
    streams = {line.row.stream for line in first}
    later = [line for line in bundle.of_type(*NOTICES) if line.row.stream in streams]
    return Package(
        lot=lot,
        sealing=bundle.policies.get(lot.number),
        record=bundle.openings.get(lot.number),
        bids=tuple(bid for bid in bundle.bids if bid.lot == lot),
        notices=tuple(later),
        closing=tuple(closing),
        opening=tuple(line for line in bundle.lines if line.row.stream in {f"{OPENING}{pk}" for pk in ids}),
    )


def _drawing(bundle: Bundle, handle: str) -> Drawing:
    pools = [line for line in bundle.of_type("commit_pool") if _names(line, "commit", "handle", handle)]
    streams = {line.row.stream for line in pools}
    record, policies = bundle.draws.get(handle), list(bundle.policies.values())
    # A draw names the policy of one of the packages; where it names none of them, that is for D1 to find.
    named = [one for one in policies if record is not None and policy_hash(one.data).hex() == record.policy_hash]
    return Drawing(
        handle=handle,
        sealing=next(iter(named or policies), None),
        record=record,
        disclosure=bundle.disclosures.get(handle),
        pools=tuple(pools),
        stream=tuple(line for line in bundle.lines if line.row.stream in streams),
    )


def _publishes(line: Line, lot_ref: str) -> bool:
    found = read_notice(line)
    return found is not None and lot_ref in found.lots


def _names(line: Line, step: str, key: str, value: str) -> bool:
    return (line.facts(step) or {}).get(key) == value
