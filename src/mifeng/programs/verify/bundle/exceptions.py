"""X1 to X3: what did not go as usual, and whether what followed is what the record yields (例外)."""

from collections.abc import Iterable, Iterator, Mapping

from mifeng.programs.verify.bundle.bids import shares_of
from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import Judged, rows_of
from mifeng.programs.verify.bundle.subjects import Package
from mifeng.rules.award import GROUNDS
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.reading import BidFile
from mifeng.rules.procedure import PROCEDURES
from mifeng.rules.seal.faults import Course, computed_fault
from mifeng.rules.seal.opening import fitting_shares

METHOD = "open-tender"
# What the record shows for what went wrong inside an envelope.
REASONS = {"key": "key-absent", "bytes": "bytes-missing", "share": "share-missing", "stanza": "stanza-bad"}
CONTENT = "content-broken"
OPENED = ("short", "public")
ENDED = {"failed": "bids-short", "unkeyed": "keys-missing", "short": "opened-short", "public": ""}


def unopened(case: Case) -> Iterator[Found]:
    """X1: a bid stayed sealed for the reason that the log yields, and none was opened without its bidder's key."""
    for package in case.packages:
        keyed = package.keyed
        for bid in package.bids:
            if keyed is None:
                yield UNSEEN
                continue
            had_key = bid.published.bid_ref in keyed.bids
            if bid.published.outcome == "opened":
                yield SEEN
                if not had_key:
                    yield Fault("opened-unkeyed", bid.folder)
            elif bid.published.outcome == "unopened":
                yield from _fault(case, package, bid, had_key=had_key)
            elif package.lot.ended in OPENED:
                yield Fault("outcome-missing", bid.folder)


def consequences(case: Case) -> Iterator[Found]:
    """X2: with too few bids nothing was opened, with too few opened nothing is evaluated, as the law has it."""
    book = case.bundle.rulebook
    for package in case.packages:
        record = package.record
        if record is None or book is None:
            continue
        needed, state = book.int(PROCEDURES[METHOD].suppliers), package.lot.ended
        hidden = state == "failed" and not package.listed and not _failed(package)
        yield UNSEEN if hidden else SEEN
        if not hidden:
            wanted = _state(package, needed)
            if wanted != state:
                yield Fault("state-unlawful", package.path, wanted, state)
        if record.reason != ENDED[state]:
            path = layout.opening_path(package.lot.number)
            yield Fault("reason-other", path, ENDED[state], record.reason)


def overrides(case: Case) -> Iterator[Found]:
    """X3: a tender is void with too few bidders and only then; who passes a candidate over has a lawful ground."""
    book = case.bundle.rulebook
    for review in case.reviews:
        if book is not None:
            yield from _void(review, book.int(PROCEDURES[METHOD].suppliers))
        yield from _qualified(review)
        for line in review.award:
            for move in line.moves:
                if move.step in ("award", "take_next", "start_anew"):
                    yield SEEN
                    yield from _grounded(review, move.step, move.facts)


def _void(review: Judged, needed: int) -> Iterator[Found]:
    """Compare the end of a review with the numbers of bidders that were qualified, and that were left."""
    state, qualified = review.package.lot.state, len(review.positions)
    if review.of_type("start_evaluation"):
        yield SEEN
        if bool(review.facts("fail_qualified")) != (qualified < needed):
            yield Fault("void-unlawful", f"{review.path} start_evaluation", str(needed), str(qualified))
    if state == "void" and qualified >= needed:
        ended = review.facts("fail_valid")
        yield SEEN if ended else UNSEEN
        for facts in ended:
            out = rows_of(facts.get("invalid")) or [{"bid_ref": bid} for bid in review.rejected]
            if qualified - len(out) >= needed:
                yield Fault("void-unlawful", review.path, f"< {needed}", str(qualified - len(out)))
    if review.record is not None:
        valid = sum(one.valid for one in review.record.bids)
        if valid < needed:
            yield Fault("void-unlawful", review.path, str(needed), str(valid))


def _qualified(review: Judged) -> Iterator[Found]:
    """Compare who was qualified with what was said of each bid that was opened."""
    lines = review.of_type("review_qualification")
    if not review.of_type("start_evaluation"):
        return
    opened = {one.published.position for one in review.package.bids if one.published.outcome == "opened"}
    said = {facts.get("position"): facts.get("passed") for facts in review.facts("review_qualification")}
    if review.is_open("review_qualification"):
        yield SEEN
        passed = {position for position, word in said.items() if word is True}
        if said.keys() != opened or passed != review.positions:
            yield Fault("qualified-other", review.path, _numbers(passed), _numbers(review.positions))
        return
    yield UNSEEN
    if len(lines) < len(opened) or not review.positions <= opened:
        yield Fault("qualified-other", review.path, _numbers(opened), _numbers(review.positions))


def _numbers(values: Iterable[object]) -> str:
    return " ".join(sorted(map(str, values)))


def _grounded(review: Judged, step: str, facts: Mapping[str, object]) -> Iterator[Found]:
    """Look for the lawful ground and the words of whoever passes a candidate over, or gives the award up."""
    passes = bool(facts.get("passed")) or step != "award"
    ground, reason = str(facts.get("ground")), str(facts.get("reason", "")).strip()
    if passes and (ground not in GROUNDS or not reason):
        yield Fault("ground-missing", f"{review.path} {step}", "、".join(GROUNDS), ground)


def _fault(case: Case, package: Package, bid: BidFile, *, had_key: bool) -> Iterator[Found]:
    published = (bid.published.fault, bid.published.reason)
    if not had_key:
        yield SEEN
        if published != ("bidder", "key-absent"):
            yield Fault("fault-other", bid.folder, "bidder key-absent", " ".join(published))
        return
    if package.lot.number not in case.bundle.releases or bid.seal is None or package.sealing is None:
        yield UNSEEN
        return
    policy, released = package.sealing.policy, shares_of(case, package, bid.published.bid_ref)
    index = {one.name: number for number, one in enumerate(policy.trustees, 1)}
    course = Course(
        key_matched=True,
        outage=False,
        bytes_kept=True,
        t=policy.t,
        n=policy.n,
        acks={index[ack.trustee]: ack.verdict for ack in bid.record.acks if ack.trustee in index},
        shares={number: bool(fitting_shares(bid.seal, {number: share})) for number, share in released.items()},
    )
    found = computed_fault(course)
    yield SEEN
    # With shares enough, what is wrong lies in the bytes or in what is sealed; neither is shown here.
    wanted = [(found.fault, REASONS[found.reason])] if found else [("bidder", CONTENT), ("platform", "bytes-missing")]
    if published not in wanted:
        yield Fault("fault-other", bid.folder, " ".join(wanted[0]), " ".join(published))


def _failed(package: Package) -> list[object] | None:
    """Return the list of a package that was not opened for want of bids; None when it is not shown."""
    for line in package.of_type("close_list"):
        rows = (line.facts("fail") or {}).get("list")
        if isinstance(rows, list):
            return rows
    return None


def _state(package: Package, needed: int) -> str:
    """Return how the opening has to end, by what the record shows."""
    failed = _failed(package)
    listed = len(failed) if failed is not None else len(package.listed.bids) if package.listed else 0
    if listed < needed:
        return "failed"
    if package.keyed is not None and not package.keyed.bids:
        return "unkeyed"
    opened = sum(bid.published.outcome == "opened" for bid in package.bids)
    return "short" if opened < needed else "public"
