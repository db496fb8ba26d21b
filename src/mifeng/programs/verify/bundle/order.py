"""T1 to T4: did things happen in their order (次序). Places in the log show it; clocks only where the law names one."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import DECISIONS, PARTS, Judged, fixing
from mifeng.programs.verify.bundle.subjects import Drawing, Package, instant
from mifeng.rules.bundle.reading import Line
from mifeng.rules.ledger import format_time

# How long after the deadline a checkpoint over a bid may be witnessed, in seconds.
WITNESSED_WITHIN = 60
WALKED = ("invite", "answer_invitation", "lapse_invitation", "seal_roster")


def opening(case: Case) -> Iterator[Found]:
    """T1: notice, bids, close, list, keys, shares, opening, each behind the one before it in the log."""
    for package in case.packages:
        listed = {bid.published.envelope for bid in package.bids}
        received = [line for envelope in sorted(listed) for line in case.receipts(envelope)]
        keys = [line for line in case.bundle.of_type("confirm_key") if _of(line, "confirm_key", listed)]
        yield from _behind(package, package.notices, package.closing)
        yield from _behind(package, package.notices[:1], received)
        yield from _behind(package, received, package.of_type("close_list"))
        yield from _behind(package, package.closing, package.of_type("close_list"))
        yield from _behind(package, package.of_type("close_list"), keys)
        yield from _behind(package, [*keys, *package.of_type("close_list")], package.of_type("close_keys"))
        yield from _behind(package, package.of_type("close_keys"), package.of_type("record_releases"))
        yield from _behind(package, package.of_type("record_releases", "close_keys"), package.of_type("open_all"))


def in_time(case: Case) -> Iterator[Found]:
    """T2: every listed bid came before the deadline that trustees signed, and was witnessed a minute after at most."""
    for package in case.packages:
        due = package.due
        signed = [one for one in case.bundle.countersigned if one.lot_ref == package.lot.lot_ref]
        last = {line.leaf for line in (*package.notices[-1:], *package.of_type("close_list"))}
        for one in signed if due else ():
            yield SEEN
            if one.leaf in last and instant(one.due) != due:
                yield Fault("deadline-other", package.path, one.due, format_time(due) if due else "")
        for bid in package.bids:
            for line in case.receipts(bid.published.envelope):
                if due is None or line.entry is None:
                    yield UNSEEN
                    continue
                yield SEEN
                if line.entry.at >= due:
                    yield Fault("bid-late", bid.folder, format_time(due), format_time(line.entry.at))
                if not case.is_test and not _witnessed(case, line, due.timestamp() + WITNESSED_WITHIN):
                    yield Fault("bid-witnessed-late", bid.folder, format_time(due))


def drawing(case: Case) -> Iterator[Found]:
    """T3: notice, pool, contributions, seed, invitations, each behind the one before it in the log."""
    for one in case.draws:
        listing = [line for package in case.packages for line in package.notices if _lists(line, one.handle)]
        pools, given = one.pools, one.of_type("record_contributions")
        yield from _behind(one, listing[:1], pools)
        yield from _behind(one, pools, given)
        yield from _behind(one, given, one.of_type("fix_seed"))
        yield from _behind(one, one.of_type("fix_seed"), one.of_type(*WALKED))


def codes(case: Case) -> Iterator[Found]:
    """T4: the secret of the codes was fixed before anybody could choose it, and all scores before any was shown."""
    given = [line for one in case.draws for line in one.of_type("record_contributions")]
    for package in case.packages:
        fixed = fixing(case.bundle, package)
        yield from _behind(package, package.notices[:1], fixed)
        yield from _behind(package, fixed, given)
        yield from _behind(package, fixed, package.of_type("open_all"))
    seeds = [line for one in case.draws for line in one.of_type("fix_seed")]
    for review in case.reviews:
        yield from _reviewed(review, seeds)


def _reviewed(review: Judged, seeds: Sequence[Line]) -> Iterator[Found]:
    """Compare the places of the steps of a review: no step of one row stands before one of the row above it."""
    signed = {part: [one.line for one in review.signed if one.part == part] for part in PARTS}
    concluded = review.of_type("conclude_evaluation")
    rows = [
        review.package.of_type("open_all"),
        review.of_type("begin_review"),
        review.of_type("review_qualification"),
        review.of_type("start_evaluation"),
        review.of_type("record_copies", "seat_members", "elect_chair"),
        review.of_type("issue_codes"),
        signed["technical"],
        review.of_type("lock_technical"),
        signed["business"],
        review.of_type("reveal"),
        concluded[-1:],
        review.of_type("hand_over"),
        review.of_type(*DECISIONS)[:1],
        review.of_type("announce")[:1],
    ]
    yield from _behind(review.package, seeds, review.of_type("issue_codes"))
    yield from _behind(review.package, review.of_type("reveal"), review.of_type("correct_scores", "sign_report"))
    held = review.of_type("grant_deduction", "reject_bid")
    shown = review.of_type("lock_technical", "reveal")
    yield from _behind(review.package, [*held, *shown], review.of_type("declare_unable"))
    held += review.of_type("withdraw_opinion")
    yield from _behind(review.package, review.of_type("lock_technical"), held)
    yield from _behind(review.package, [*held, *review.of_type("correct_scores")], concluded[-1:])
    yield from _behind(review.package, review.of_type("sign_report", "deem_agreed"), review.of_type("hand_over"))
    for before, after in pairwise([row for row in rows if row]):
        yield from _behind(review.package, before, after)


def _behind(subject: Package | Drawing, before: Sequence[Line], after: Sequence[Line]) -> Iterator[Found]:
    """Compare the last place of what comes before with the first place of what comes after."""
    if not before or not after:
        return
    yield SEEN
    last = max(before, key=lambda line: line.row.index)
    first = min(after, key=lambda line: line.row.index)
    if last.row.index >= first.row.index:
        path = f"{subject.path} {first.type}"
        yield Fault("order-wrong", path, f"{last.type} #{last.row.index}", f"{first.type} #{first.row.index}")


def _of(line: Line, step: str, envelopes: set[str]) -> bool:
    return (line.facts(step) or {}).get("envelope") in envelopes


def _lists(line: Line, handle: str) -> bool:
    rows = [move.facts.get("draw_handles") for move in line.moves]
    return any(isinstance(row, list) and handle in row for row in rows)


def _witnessed(case: Case, line: Line, until: float) -> bool:
    heads = [head for head in case.bundle.heads if head.checkpoint.size > line.row.index]
    return any((seen := case.seen_at(head)) is not None and seen <= until for head in heads)
