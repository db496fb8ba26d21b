"""C1 to C4: is everything there that has to be, and nothing left out without saying so (齐全)."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import DECLARED, SEEN, UNSEEN, Fault, Finding, Found
from mifeng.programs.verify.bundle.judged import AWARD, DECISIONS, EVALUATION, SHEET, Judged
from mifeng.programs.verify.bundle.subjects import LOT, TENDER, Drawing, Package, read_notice
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.manifest import stage_of
from mifeng.rules.bundle.reading import Bundle, Line
from mifeng.rules.bundle.redaction import GROUNDS, Withheld
from mifeng.rules.bundle.withholding import withheld

RELEASED, LISTED = ("short", "public"), ("unkeyed", "short", "public")
# Of a review everybody gets the entries of these without what they say: members' words, votes and scores.
CONFIDENTIAL = frozenset(
    {"review_qualification", "record_copies", "elect_chair", "reject_bid", "grant_deduction", "find_abnormal"}
    | {"withdraw_opinion", "correct_scores", "conclude_evaluation", "sign_report", "deem_agreed", "reveal"}
    | {"declare_unable", "stop_evaluation"}
)


def files(case: Case) -> Iterator[Found]:
    """C1: the files are those of the manifest, in their form, and all that the state of the project asks for."""
    bundle = case.bundle
    listed = {row.path: row for row in bundle.manifest.files}
    required = set(_required(bundle))
    for path in sorted(listed.keys() | required):
        yield SEEN
        data, row = bundle.files.get(path), listed.get(path)
        if data is None:
            yield Fault("file-missing", path)
        elif row is not None and (row.size, row.sha256) != (len(data), hashlib.sha256(data).digest()):
            yield Fault("file-changed", path, row.sha256.hex(), hashlib.sha256(data).hexdigest())
    known = required | set(_allowed(bundle))
    for path in sorted(bundle.files.keys() - (listed.keys() & known)):
        yield Fault("file-unlisted", path)
    for path, why in sorted(bundle.broken.items()):
        yield Fault("file-malformed", path, actual=why)
    yield from _states(bundle)
    yield from _reached(case)


def declared(checks: Mapping[str, str], findings: Sequence[Finding]) -> Iterator[Found]:
    """C1, once all others are through: what the manifest says of each check is how it came out."""
    for one in findings:
        said = checks.get(one.id)
        if said is not None and said != DECLARED[one.outcome]:
            yield Fault("check-other", one.id, said, DECLARED[one.outcome])


def chains(case: Case) -> Iterator[Found]:
    """C2: each entry names the one before it in its chain; only the public record begins with a notice."""
    for stream in sorted({line.row.stream for line in case.bundle.lines}):
        before: Line | None = None
        for line in case.bundle.stream(stream):
            yield from _link(case.bundle, stream, before, line)
            before = line


def decisive(case: Case) -> Iterator[Found]:
    """C3: each act that decides something is there once, laid open, and countersigned by enough trustees."""
    for package in case.packages:
        yield from _package(case, package)
        if package.lot.is_reviewed:
            yield from _review(next(one for one in case.reviews if one.package == package))
    for drawing in case.draws:
        yield from _drawing(drawing)


def redactions(case: Case) -> Iterator[Found]:
    """C4: what is not shown is listed, with its commitment, a reason and the clauses of that reason."""
    wanted, listed = withheld(case.bundle), [one.withheld for one in case.bundle.redactions]
    for one in sorted(wanted - set(listed)):
        yield Fault("redaction-missing", f"{one.kind} {one.of}", one.commitment)
    # What is withheld of a bid whose header cannot be read, nobody can compute.
    unread = tuple(bid.folder for bid in case.bundle.bids if bid.seal is None)
    for one in sorted(set(listed) - wanted):
        if one.of.startswith(unread):
            continue
        yield Fault("redaction-idle", f"{one.kind} {one.of}", actual=one.commitment)
    if len(set(listed)) != len(listed):
        yield Fault("redaction-twice", layout.REDACTIONS)
    for row in case.bundle.redactions:
        yield SEEN
        if not _may_be_withheld(case.bundle, row.withheld):
            yield Fault("redaction-unlawful", f"{row.withheld.kind} {row.withheld.of}")
        if not row.basis or not set(row.basis) <= set(GROUNDS.get(row.why, ())):
            path = f"{row.withheld.kind} {row.withheld.of}"
            yield Fault("redaction-baseless", path, "、".join(GROUNDS.get(row.why, ())), "、".join(row.basis))


def _may_be_withheld(bundle: Bundle, one: Withheld) -> bool:
    """Say whether a cut may leave this out: nothing that could hide a withdrawal, a second pool or another deadline."""
    line = bundle.line(one.of)
    if one.kind == "entry":
        return bundle.is_public and line is not None and _is_closed(bundle, line)
    if one.kind == "body":
        return line is not None and (_is_linking(bundle, line) or (bundle.is_public and line.type in _hidden(bundle)))
    if one.kind == "before":
        return bundle.is_public and one.of.startswith(TENDER)
    if one.kind == "lists":
        # A draw that has no seed yet has no disclosure in any cut.
        return not layout.discloses(bundle.manifest) or not bundle.draws[one.of].seed
    if one.kind == "codes":
        scored = {lot.lot_ref for lot in bundle.manifest.lots if lot.is_scored}
        return one.of not in scored
    return one.kind in ("part", "key") or bundle.is_public


def _is_closed(bundle: Bundle, line: Line) -> bool:
    """Say whether everybody need not see this entry: of the project, of a package before its notice, where another
    secret of the codes could hide, and what a seat saved before it signed.
    """
    stream, index = line.row.stream, line.row.index
    before = "publish_notice" if stream.startswith(LOT) else "sign_sheet"
    until = [one.row.index for one in bundle.of_type(before) if before == "publish_notice" or one.row.stream == stream]
    return stream.startswith(TENDER) or (stream.startswith((LOT, SHEET)) and index < max(until, default=0))


def _is_linking(bundle: Bundle, line: Line) -> bool:
    """Say whether an entry says which file lay in which bid while nobody may read that."""
    reviewed = {lot.lot_ref for lot in bundle.manifest.lots if lot.is_reviewed}
    sealed = {
        str(facts.get("lot_ref"))
        for one in bundle.stream(line.row.stream)
        if (facts := one.facts("close_keys")) is not None
    }
    return line.type == "open_all" and (bundle.is_public or not sealed & reviewed)


def _hidden(bundle: Bundle) -> frozenset[str]:
    failed = any(lot.state == "failed" for lot in bundle.manifest.lots)
    return CONFIDENTIAL | ({"clarify", "close_list"} if failed else {"clarify"})


def _required(bundle: Bundle) -> Iterator[str]:
    yield from layout.required_always(bundle.manifest)
    for lot in bundle.manifest.lots:
        yield from layout.required(bundle.manifest, lot, bundle.openings.get(lot.number))
    for handle in bundle.manifest.draws:
        record = bundle.draws.get(handle)
        yield from layout.required_draw(bundle.manifest, handle, seeded=bool(record and record.seed))
    yield from (one.path for one in bundle.documents)


def _allowed(bundle: Bundle) -> Iterator[str]:
    """Yield what may stand in a bundle beside what must."""
    for bid in bundle.bids:
        for part in layout.shown_parts(bundle.manifest.cut, bid.lot):
            yield layout.part_path(bid.lot.number, bid.published.position, part)
    yield from (layout.codes_path(lot.number) for lot in bundle.manifest.lots if lot.state == "void")


def _states(bundle: Bundle) -> Iterator[Found]:
    for lot in bundle.manifest.lots:
        record, sealing = bundle.openings.get(lot.number), bundle.policies.get(lot.number)
        if record is not None and record.ended != lot.ended:
            yield Fault("state-other", layout.opening_path(lot.number), lot.ended, record.ended)
        if sealing is not None and sealing.policy.lot_ref.hex() != lot.lot_ref:
            yield Fault("lot-other", layout.policy_path(lot.number), lot.lot_ref, sealing.policy.lot_ref.hex())
    if bundle.manifest.stage != stage_of(bundle.manifest.lots):
        yield Fault("state-other", layout.MANIFEST, bundle.manifest.stage, stage_of(bundle.manifest.lots))
    numbers = {str(one["number"]) for one in bundle.notices}
    if numbers - {bundle.manifest.project}:
        yield Fault("project-other", layout.MANIFEST, "、".join(sorted(numbers)), bundle.manifest.project)
    pools = (line.facts("commit") or {} for line in bundle.of_type("commit_pool"))
    fixed = {str(facts["handle"]) for facts in pools if "handle" in facts}
    if fixed != set(bundle.manifest.draws):
        yield Fault("draw-other", layout.MANIFEST, _short(fixed), _short(bundle.manifest.draws))


def _reached(case: Case) -> Iterator[Found]:
    """Compare the packages of the manifest with those of the notice, and their states with what their chains show."""
    bundle = case.bundle
    for line in bundle.of_type("publish_notice"):
        found, said = read_notice(line), {lot.lot_ref for lot in bundle.manifest.lots}
        if found is not None and set(found.lots) != said:
            yield Fault("lot-other", layout.MANIFEST, _short(found.lots), _short(said))
    for review in case.reviews:
        state = review.package.lot.state
        if state != review.reached:
            yield Fault("state-other", f"{layout.MANIFEST} {review.path}", state, review.reached)
        if bundle.is_public and state in ("evaluated", "awarded"):
            yield Fault("state-other", f"{layout.MANIFEST} {review.path}", state, "announced")
    chains = {one.row.stream for package in case.packages for one in package.closing if not package.lot.is_reviewed}
    ids = {stream.removeprefix(LOT) for stream in chains}
    kinds = (EVALUATION, AWARD)
    for stream in sorted({line.row.stream for line in bundle.lines if line.row.stream.startswith(kinds)}):
        if stream.partition(":")[2] in ids:
            yield Fault("state-other", f"{layout.MANIFEST} {stream}", "public", "evaluated")


def _short(handles: Iterable[str]) -> str:
    return " ".join(sorted(handle[:16] for handle in handles))


def _link(bundle: Bundle, stream: str, before: Line | None, line: Line) -> Iterator[Found]:
    if line.entry is None:
        yield UNSEEN
        return
    yield SEEN
    if line.entry.stream != stream:
        yield Fault("stream-other", line.leaf, stream, line.entry.stream)
    if before is None:
        begins = bundle.is_public and stream.startswith(TENDER) and line.type == "publish_notice"
        if line.entry.prev and not begins:
            yield Fault("chain-begins-late", stream, "", line.entry.prev.hex())
    elif line.entry.prev != before.row.leaf:
        yield Fault("chain-broken", stream, before.leaf, line.entry.prev.hex())


def _package(case: Case, package: Package) -> Iterator[Found]:
    state = package.lot.ended
    wanted = {
        "publish_notice": (1, [line for line in package.notices if line.type == "publish_notice"]),
        "close_bidding": (1, package.closing),
        "close_list": (1, package.of_type("close_list")),
        "close_keys": (int(state in LISTED), package.of_type("close_keys")),
        "open_all": (int(state in RELEASED), package.of_type("open_all")),
    }
    for name, (number, found) in wanted.items():
        yield SEEN
        if len(found) != number:
            yield Fault("decisive-count", f"{package.path} {name}", str(number), str(len(found)))
    if state in LISTED and (package.listed is None or package.keyed is None):
        yield Fault("decisive-closed", package.path)
    yield from _countersigned(case, package, "deadline", package.notices[-1:])
    if state in LISTED:
        yield from _countersigned(case, package, "close", package.of_type("close_list"))


def _review(review: Judged) -> Iterator[Found]:
    """Count the acts that decide a review: once each, and as many as the state of its package asks for."""
    state = review.package.lot.state
    scored, awarded, announced = state != "void", state in ("awarded", "announced"), state == "announced"
    once = {"commit_codes": 1, "begin_review": 1, "start_evaluation": 1}
    once |= {step: int(scored) for step in ("issue_codes", "lock_technical", "reveal") if scored}
    once |= {"hand_over": 1} if awarded else {}
    for step, number in once.items():
        yield SEEN
        found = len(review.committed if step == "commit_codes" else review.of_type(step))
        if found != number:
            yield Fault("decisive-count", f"{review.path} {step}", str(number), str(found))
    needed = {"conclude_evaluation": scored, "award": awarded, "announce": announced}
    for step, wanted in needed.items():
        found = len(review.of_type(*DECISIONS) if step == "award" else review.of_type(step))
        if wanted and not found:
            yield Fault("decisive-count", f"{review.path} {step}", "≥ 1", "0")


def _countersigned(case: Case, package: Package, kind: str, lines: Sequence[Line]) -> Iterator[Found]:
    if package.sealing is None:
        return
    names = {one.name for one in package.sealing.policy.trustees}
    for line in lines:
        yield SEEN
        signed = {
            one.trustee
            for one in case.bundle.countersigned
            if (one.kind, one.lot_ref, one.leaf) == (kind, package.lot.lot_ref, line.leaf) and one.trustee in names
        }
        if len(signed) < package.sealing.policy.t:
            path = f"{package.path} {kind}"
            yield Fault("countersignature-missing", path, str(package.sealing.policy.t), str(len(signed)))


def _drawing(drawing: Drawing) -> Iterator[Found]:
    yield SEEN
    if len(drawing.pools) != 1:
        yield Fault("decisive-count", f"{drawing.path} commit_pool", "1", str(len(drawing.pools)))
    seeds = drawing.of_type("fix_seed")
    wanted = int(bool(drawing.record and drawing.record.seed))
    if len(seeds) != wanted:
        yield Fault("decisive-count", f"{drawing.path} fix_seed", str(wanted), str(len(seeds)))
