"""A bundle with what is known from elsewhere (核验对象), and the lines of its log sorted by package, draw and review.

Every check reads from here.
"""

from dataclasses import dataclass, field
from functools import cached_property

from mifeng.programs.verify.bundle.judged import Judged, judged
from mifeng.programs.verify.bundle.subjects import LOT, NOTICES, OPENING, Drawing, Package, read_notice
from mifeng.rules.bundle.manifest import Lot
from mifeng.rules.bundle.reading import BidFile, Bundle, Line, Signed
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import Note, VerifierKey, parse_vkey, verify_cosignature
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.part import File, files_of, open_part, part_context
from mifeng.rules.seal.policy import policy_hash


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known from elsewhere (外部凭据): keys, and the fingerprints of what a bundle brings along itself."""

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    authorities: frozenset[str] = frozenset()
    rulebooks: frozenset[str] = frozenset()
    against: tuple[Note, ...] = ()


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
    def reviews(self) -> tuple[Judged, ...]:
        """Return the reviews that the bundle shows."""
        seeds = [one.logged_seed for one in self.draws]
        return tuple(judged(self.bundle, one, seeds) for one in self.packages if one.lot.is_reviewed)

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

    @cached_property
    def _opened(self) -> dict[tuple[str, str], tuple[File, ...] | None]:
        return {}

    def open(self, bid: BidFile, part: str) -> tuple[File, ...] | None:
        """Return the files of a part under the key that is shown; None when they are not shown or do not open."""
        place = (bid.folder, part)
        if place not in self._opened:
            self._opened[place] = self._open(bid, part)
        return self._opened[place]

    def _open(self, bid: BidFile, part: str) -> tuple[File, ...] | None:
        if bid.seal is None or part not in bid.record.keys or part not in bid.ciphertexts:
            return None
        context = part_context(bid.seal.core_hash, part)
        try:
            return files_of(open_part(bid.record.keys[part], context, [bid.ciphertexts[part]]))
        except Unopenable:
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
