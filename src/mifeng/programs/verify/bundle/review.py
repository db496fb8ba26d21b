"""R1 to R6: were codes nobody's choice, scores fixed before they were shown, and the committee lawful (评审)."""

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import PARTS, Committed, Judged, rows_of
from mifeng.rules.blind import Fault as Odd
from mifeng.rules.blind import Grounds, Named, open_commitment, verify_mapping
from mifeng.rules.bundle.reading import BidFile, Line
from mifeng.rules.errors import Tampered, Unfair
from mifeng.rules.evaluation import SILENT, dissent_until, is_most
from mifeng.rules.ledger import format_time
from mifeng.rules.rulebook import Rulebook
from mifeng.rules.scoring import check_consistency, check_correction, check_sheet, corrected, parse_sheet
from mifeng.rules.seats import check_committee

# What is wrong with a code itself; everything else is wrong with how codes were given out.
COMPUTED = frozenset({"lot-other", "commitment-wrong", "code-wrong", "order-wrong"})


def mapping(case: Case) -> Iterator[Found]:
    """R1: codes and orders are those that the committed secret and the seeds of the draws give."""
    for review in case.reviews:
        yield from _shown(review)
        if review.codes is None:
            continue
        logged = [str(one.get("seed")) for row in review.facts("issue_codes")[:1] for one in rows_of(row.get("seeds"))]
        seeds = [one.hex() for one in review.seeds]
        if logged != seeds:
            yield Fault("seeds-other", review.path, _short(seeds), _short(logged))
        for odd in _odd(review):
            if odd.code in COMPUTED:
                yield Fault("code-wrong", f"{review.path} {odd.code} {odd.place}".strip(), odd.expected, odd.found)


def issues(case: Case) -> Iterator[Found]:
    """R2: codes of a package all differ, each seat got them once and for every bid under review, as the log says."""
    for review in case.reviews:
        yield from _shown(review)
        if review.codes is None:
            continue
        for odd in _odd(review):
            if odd.code not in COMPUTED:
                yield Fault("issue-wrong", f"{review.path} {odd.code} {odd.place}".strip(), odd.expected, odd.found)
        given = [one.seat for issue in review.codes.issues for one in issue.seats]
        logged = [seat for row in review.facts("issue_codes") for seat in _texts(row.get("seats"))]
        seated = sorted(seat for seat, _, _ in review.members)
        if not given == logged == seated:
            yield Fault("issue-wrong", f"{review.path} seats", " ".join(seated), " ".join(given))


def copies(case: Case) -> Iterator[Found]:
    """R3: what desks were shown was made from the technical files that were opened, from all of them."""
    for review in case.reviews:
        for line in review.of_type("record_copies"):
            facts = line.facts("record_copies")
            files = {place: found for place, found in _technical(case, review).items() if place in review.bids}
            if facts is None or len(files) < len(review.bids):
                yield UNSEEN
                continue
            yield SEEN
            rows = rows_of(facts.get("files"))
            wanted = [(place, n, one) for place, found in sorted(files.items()) for n, one in enumerate(found, 1)]
            said = [(one.get("position"), one.get("number"), one.get("before")) for one in rows]
            if sorted(said, key=str) != sorted(wanted, key=str):
                yield Fault("copy-other", review.path, _files(wanted), _files(said))
            for one in rows:
                if bool(one.get("after")) == bool(one.get("fault")) or not one.get("tool"):
                    yield Fault("copy-missing", f"{review.path} {one.get('position')}-{one.get('number')}")


def commitments(case: Case) -> Iterator[Found]:
    """R4: every seat committed to each of its sheets once, and the sheets laid open are those."""
    for review in case.reviews:
        if not review.of_type("reveal"):
            continue
        yield SEEN
        parts = [part for part in PARTS if review.template and review.template.part(part)]
        wanted = sorted((seat, part) for seat, _, _ in review.members for part in parts)
        signed = sorted((one.seat, one.part) for one in review.signed)
        if wanted != signed:
            yield Fault("sheet-missing", review.path, _pairs(wanted), _pairs(signed))
        # A sheet that was given out and is not shown could be the one that was signed first.
        given = sorted(move.subject for line in review.lines for move in line.moves if move.step == "give_sheet")
        chains = sorted(one.line.row.stream for one in review.signed)
        if given != chains:
            yield Fault("sheet-missing", f"{review.path} give_sheet", str(len(given)), str(len(chains)))
        yield from _locked(review)
        if not review.is_open("reveal"):
            yield UNSEEN
            continue
        if sorted((one.seat, one.part) for one in review.shown) != signed:
            yield Fault("sheet-missing", f"{review.path} reveal", _pairs(signed), str(len(review.shown)))
        for one in review.signed:
            yield SEEN
            fault = _opened(review, one)
            if fault:
                yield Fault("sheet-other", f"{review.path} {one.seat} {one.part}", actual=fault)


def sheets(case: Case) -> Iterator[Found]:
    """R5: every sheet is whole and in bounds, each correction one of the four lawful ones, objective scores agree."""
    for review in case.reviews:
        if not review.of_type("reveal"):
            continue
        first, template = review.first_sheets, review.template
        if first is None or template is None:
            yield UNSEEN
            continue
        for one in review.shown:
            yield SEEN
            codes, path = review.codes_of(one.seat), f"{review.path} {one.seat} {one.part}"
            try:
                check_sheet(parse_sheet(one.text.encode()), template, codes.codes if codes else ())
            except Unfair as refusal:
                yield from (Fault("score-unlawful", path, actual=code) for code in dict.fromkeys(refusal.codes))
        yield from _corrections(review)
        for part in PARTS:
            try:
                check_consistency([one for one in review.valid_sheets or () if one.part == part], template)
            except Unfair as refusal:
                yield Fault("score-unlawful", f"{review.path} {part}", actual=refusal.code)


def committee(case: Case) -> Iterator[Found]:
    """R6: as many members as the law wants, drawn or of the purchaser, an elected chair, and all signed the report."""
    book = case.bundle.rulebook
    entered = [line.facts("enter") or {} for line in case.bundle.of_type("enter_tender")]
    complex_matter = any(facts.get("complex") is True for facts in entered)
    filled = sum(one.record.filled for one in case.draws if one.record)
    for review in case.reviews:
        if not review.members:
            continue
        yield SEEN
        roles = [role for _, role, _ in review.members]
        buyers, experts = roles.count("buyer"), roles.count("expert")
        seats = [seat for seat, _, _ in review.members]
        if buyers + experts != len(roles) or len(set(seats)) != len(seats) or experts > filled:
            yield Fault("committee-wrong", review.path, f"expert ≤ {filled}", " ".join(roles))
        if book is not None:
            # Where the budget is not shown, what the least committee needs is asked at least.
            try:
                check_committee(buyers, experts, review.budget_yuan or Decimal(), complex_matter, book)
            except Unfair as refusal:
                yield from (Fault("committee-wrong", review.path, actual=code) for code in refusal.codes)
        yield from _chair(review)
        yield from _signed(review)
        yield from _deemed(review, book)


def _shown(review: Judged) -> Iterator[Found]:
    """Say whether there are codes, and whether the cut shows them."""
    if review.codes is not None:
        yield SEEN
    elif review.of_type("issue_codes"):
        yield UNSEEN


def _odd(review: Judged) -> list[Odd]:
    """Return everything about codes and orders that does not fit."""
    if review.codes is None:
        return []
    committed = next((str(line.facts("commit_codes")["commitment"]) for line in review.committed), "")  # type: ignore[index]
    lot_ref = bytes.fromhex(review.package.lot.lot_ref)
    return verify_mapping(review.codes, Grounds(lot_ref, bytes.fromhex(committed), review.seeds, review.positions))


def _technical(case: Case, review: Judged) -> dict[int, list[str]]:
    """Return the hashes of the technical files of each bid: from the part itself, else from what the log has of it."""
    found = {}
    for bid in review.package.bids:
        files = case.open(bid, "technical")
        hashes = [hashlib.sha256(one.data).hexdigest() for one in files] if files is not None else _logged(review, bid)
        if hashes is not None:
            found[bid.published.position] = hashes
    return found


def _logged(review: Judged, bid: BidFile) -> list[str] | None:
    for line in review.package.of_type("open_all"):
        for move in line.moves:
            if move.step == "unseal" and move.facts.get("bid_ref") == bid.published.bid_ref:
                rows = rows_of(move.facts.get("files"))
                return [str(one.get("sha256")) for one in rows if one.get("part") == "technical"]
    return None


def _locked(review: Judged) -> Iterator[Found]:
    """Compare the commitments that the lock names with those that were signed."""
    signed = sorted((one.seat, one.commitment) for one in review.signed if one.part == "technical")
    for facts in review.facts("lock_technical"):
        said = sorted((str(one.get("seat")), str(one.get("commitment"))) for one in rows_of(facts.get("sheets")))
        if said != signed:
            yield Fault("sheet-missing", f"{review.path} lock_technical", _pairs(signed), _pairs(said))


def _opened(review: Judged, one: Committed) -> str:
    """Return what is wrong with a sheet laid open; nothing when it is the one that was committed to."""
    codes = review.codes_of(one.seat)
    template = next((str(line.facts("commit_codes")["template"]) for line in review.committed), "")  # type: ignore[index]
    lot_ref = bytes.fromhex(review.package.lot.lot_ref)
    own = frozenset(codes.codes if codes else ())
    wanted = Named(lot_ref, one.round, one.seat, one.part, bytes.fromhex(template), own)
    for shown in review.shown:
        if (shown.seat, shown.part) == (one.seat, one.part):
            try:
                commitment, salt = bytes.fromhex(one.commitment), bytes.fromhex(shown.salt)
                open_commitment(commitment, salt, shown.text.encode(), wanted)
            except (Tampered, ValueError) as error:
                return str(error)
    return ""


def _corrections(review: Judged) -> Iterator[Found]:
    """Look at each correction as the sheets stood then, and at how many members had found a score abnormal by then."""
    template, standing = review.template, review.first_sheets
    if template is None or standing is None:
        return
    lines = [line for line in review.lines for move in line.moves if move.step == "correct_scores"]
    for one, line in zip(review.corrections, lines, strict=True):
        yield SEEN
        path = f"{review.path} {one.seat} {one.item} correct_scores"
        held = _found_before(review, line, (one.seat, one.bid, one.item)) if one.kind == "abnormal" else 0
        if one.agreed != held:
            yield Fault("correction-wrong", path, str(held), str(one.agreed))
        try:
            check_correction(one, standing, template, members=len(review.members))
        except Unfair as refusal:
            yield Fault("correction-wrong", path, actual=refusal.code)
        standing = corrected(standing, one)


def _found_before(review: Judged, until: Line, place: tuple[str, str, str]) -> int:
    """Return how many members had found a score abnormal before an entry."""
    held = review.held("find_abnormal", "seat", "bid_ref", "item", until=until.row.index)
    return sum(one[:-1] == place for one in held)


def _chair(review: Judged) -> Iterator[Found]:
    """Look for the majority that elected the chair, who is an expert."""
    if not review.of_type("issue_codes"):
        return
    seated = max((one.row.index for one in review.of_type("seat_members")), default=0)
    later = [line for line in review.of_type("elect_chair") if line.row.index > seated]
    if not review.is_open("elect_chair"):
        yield UNSEEN
        if 2 * len(later) <= len(review.members):
            yield Fault("chair-wrong", review.path, str(len(review.members)), str(len(later)))
        return
    roles = {seat: role for seat, role, _ in review.members}
    votes = {move.facts.get("voter"): move.facts.get("seat") for line in later for move in line.moves}
    chair = next((facts.get("seat") for facts in reversed(review.facts("elect_chair"))), None)
    held = sum(seat == chair for voter, seat in votes.items() if voter in roles)
    if roles.get(str(chair)) != "expert" or 2 * held <= len(review.members):
        yield Fault("chair-wrong", review.path, str(len(review.members)), f"{chair} {held}")


def _signed(review: Judged) -> Iterator[Found]:
    """Look for a word of each member on the report that stands, once: a signature, or an agreement that is deemed."""
    if review.record is None:
        return
    if len(review.endorsed) != len(review.members):
        yield Fault("report-unsigned", review.path, str(len(review.members)), str(len(review.endorsed)))
        return
    if not review.is_open("sign_report", "deem_agreed"):
        yield UNSEEN
        return
    said = sorted(
        str(one.get("seat"))
        for one in (*review.facts("sign_report"), *review.facts("deem_agreed"))
        if one.get("report") == review.record.report
    )
    seats = sorted(seat for seat, _, _ in review.members)
    if said != seats:
        yield Fault("report-unsigned", review.path, " ".join(seats), " ".join(said))


def _deemed(review: Judged, book: Rulebook | None) -> Iterator[Found]:
    """Look whether there was time to dissent, and most had signed, before a member was deemed to agree."""
    concluded = review.of_type("conclude_evaluation")
    for line in review.lines:
        # An act of another name may hold such a move, too.
        said = [move.facts for move in line.moves if move.step == "deem_agreed"]
        if line.type != "deem_agreed" and not said:
            continue
        yield SEEN
        path = f"{review.path} deem_agreed"
        before = [one for one in concluded if one.row.index < line.row.index]
        at, reported = (one.entry.at if one and one.entry else None for one in (line, before[-1] if before else None))
        if at is None or reported is None:
            yield Fault("agreement-wrong", path)
        elif book is not None and at < dissent_until(reported, book):
            yield Fault("agreement-wrong", path, format_time(dissent_until(reported, book)), format_time(at))
        signed = _signers(review, before[-1], line) if before else 0
        if not is_most(signed, len(review.members)):
            yield Fault("agreement-wrong", path, str(len(review.members)), str(signed))
        for why in (one.get("why") for one in said):
            if why not in SILENT:
                yield Fault("agreement-wrong", path, " ".join(SILENT), str(why))


def _signers(review: Judged, reported: Line, until: Line) -> int:
    """Return how many members had signed a report before an entry; of acts that are not laid open each counts."""
    lines = [one for one in review.of_type("sign_report") if reported.row.index < one.row.index < until.row.index]
    report = (reported.facts("conclude_evaluation") or {}).get("report")
    if report is None or not all(one.moves for one in lines):
        return len(lines)
    said = [one.facts("sign_report") or {} for one in lines]
    return len({one.get("seat") for one in said if one.get("report") == report} & {one[0] for one in review.members})


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _short(values: Sequence[str]) -> str:
    return " ".join(one[:16] for one in values)


def _pairs(values: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{first} {second[:16]}" for first, second in values)


def _files(values: Sequence[tuple[object, object, object]]) -> str:
    return " ".join(f"{place}-{number} {str(sha256)[:16]}" for place, number, sha256 in values)
