"""L1 to L5: do the entries stand in the log as they are shown, and is the log the one that was witnessed (日志)."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import pairwise

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import Judged
from mifeng.programs.verify.bundle.subjects import NOTICES, TENDER, Package, read_notice
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.reading import Line
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    format_time,
    is_ahead,
    is_behind,
    leaf_hash,
    parse_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from mifeng.rules.scoring import format_template, template_hash
from mifeng.rules.seal.policy import lot_ref, policy_hash

KINDS = {"deadline": NOTICES, "close": ("close_list",)}


def entries(case: Case) -> Iterator[Found]:
    """L1: each entry laid open is the one its leaf commits to, and its body the one it commits to."""
    for line in case.bundle.lines:
        disclosed = line.row.disclosed
        if disclosed is None:
            yield UNSEEN
            continue
        yield SEEN
        if disclosed.leaf != line.row.leaf:
            yield Fault("leaf-wrong", _named(line), line.leaf, disclosed.leaf.hex())
        if line.fault:
            yield Fault("entry-wrong", _named(line), actual=line.fault)
        if line.entry is not None and disclosed.body_commit not in (None, line.entry.body):
            commit = disclosed.body_commit
            yield Fault("body-wrong", _named(line), line.entry.body.hex(), commit.hex() if commit else "")


def included(case: Case) -> Iterator[Found]:
    """L2: each leaf stands at its place under the last checkpoint."""
    last = case.bundle.last
    for line in case.bundle.lines if last else ():
        yield SEEN
        row = line.row
        if last is None or row.index >= last.checkpoint.size:
            yield Fault("entry-uncovered", _named(line))
            continue
        try:
            verify_inclusion(row.index, last.checkpoint.size, leaf_hash(row.leaf), row.proof, last.checkpoint.root)
        except Tampered as error:
            yield Fault("inclusion-wrong", _named(line), actual=str(error))


def consistent(case: Case) -> Iterator[Found]:
    """L3: each checkpoint continues the one before it, and those that somebody kept from earlier."""
    size, root = 0, b""
    for head in case.bundle.heads:
        yield SEEN
        found = head.checkpoint
        try:
            verify_consistency(size, found.size, root or hashlib.sha256(b"").digest(), found.root, head.proof)
        except Tampered as error:
            yield Fault("log-forked", f"checkpoint {found.size}", actual=str(error))
        size, root = found.size, found.root
    roots = {head.checkpoint.size: head.checkpoint.root for head in case.bundle.heads}
    for note in case.trust.against:
        kept = parse_checkpoint(note.text)
        yield SEEN if kept.size in roots else UNSEEN
        if roots.get(kept.size, kept.root) != kept.root:
            yield Fault("against-forked", f"checkpoint {kept.size}", kept.root.hex(), roots[kept.size].hex())


def referred(case: Case) -> Iterator[Found]:
    """L4: what stands beside the log is what its entries name, and the entries that are named are there."""
    for one in case.bundle.countersigned:
        yield SEEN
        line = case.bundle.line(one.leaf)
        if line is None or line.type not in KINDS[one.kind]:
            yield Fault("leaf-unknown", layout.COUNTERSIGNATURES, actual=one.leaf)
    for package in case.packages:
        yield from _package(case, package)
    for drawing in case.draws:
        for leaf in (drawing.record.pool_leaf, drawing.record.seed_leaf) if drawing.record else ():
            yield SEEN
            if leaf and case.bundle.line(leaf) is None:
                yield Fault("leaf-unknown", drawing.path, actual=leaf)
    yield from _notices(case)
    yield from _documents(case)
    yield from _rulebook(case)
    for review in case.reviews:
        yield from _review(review)


def timed(case: Case) -> Iterator[Found]:
    """L5: no entry is older than its chain allows, later than witnesses saw it, or older than a log without it."""
    for stream in sorted({line.row.stream for line in case.bundle.lines}):
        lines = [line for line in case.bundle.stream(stream) if line.entry]
        for before, after in pairwise(lines):
            yield SEEN
            if before.entry and after.entry and after.entry.at < before.entry.at:
                yield Fault("time-backwards", _named(after), format_time(before.entry.at), format_time(after.entry.at))
    if case.is_test:
        return
    heads = [(head.checkpoint.size, seen) for head in case.bundle.heads if (seen := case.seen_at(head)) is not None]
    for line in case.bundle.lines:
        if line.entry is None:
            yield UNSEEN
            continue
        yield SEEN
        above = [seen for size, seen in heads if size > line.row.index]
        below = [seen for size, seen in heads if size <= line.row.index]
        if above and is_ahead(line.entry.at, min(above)):
            yield Fault("time-ahead", _named(line), str(min(above)), format_time(line.entry.at))
        if below and is_behind(line.entry.at, max(below)):
            yield Fault("time-behind", _named(line), str(max(below)), format_time(line.entry.at))


def _named(line: Line) -> str:
    return f"{line.type or 'entry'} #{line.row.index}"


def _package(case: Case, package: Package) -> Iterator[Found]:
    for line in package.notices:
        found = read_notice(line)
        named = found.lots.get(package.lot.lot_ref) if found else None
        yield UNSEEN if found is None else SEEN
        if package.sealing is not None and named is not None and named[0] != policy_hash(package.sealing.data).hex():
            path = layout.policy_path(package.lot.number)
            yield Fault("policy-other", path, named[0], policy_hash(package.sealing.data).hex())
    for line in package.closing:
        yield SEEN
        salt = str((line.facts("close") or {}).get("lot_ref_salt", ""))
        if not _refers(line.row.stream.partition(":")[2], salt, package.lot.lot_ref):
            yield Fault("lot-ref-wrong", package.path, package.lot.lot_ref, salt)
    for keys, line in zip([package.keyed], package.of_type("close_list"), strict=False):
        yield UNSEEN if keys is None else SEEN
        if keys is not None and keys.close_leaf != line.leaf:
            yield Fault("leaf-unknown", f"{package.path} close_keys", line.leaf, keys.close_leaf)


def _refers(lot: str, salt: str, wanted: str) -> bool:
    try:
        return lot_ref(lot, bytes.fromhex(salt)).hex() == wanted
    except ValueError:
        return False


def _notices(case: Case) -> Iterator[Found]:
    if layout.NOTICES not in case.bundle.files or layout.NOTICES in case.bundle.broken:
        return
    lines = [line for line in case.bundle.of_type(*NOTICES) if line.row.stream.startswith(TENDER)]
    if len(lines) != len(case.bundle.notices):
        yield Fault("notice-count", layout.NOTICES, str(len(lines)), str(len(case.bundle.notices)))
    for line, shown in zip(lines, case.bundle.notices, strict=False):
        facts: Mapping[str, object] | None = line.facts("notice")
        yield UNSEEN if facts is None else SEEN
        hashed = digest("notice", canonical(shown)).hex()
        if facts is not None and facts.get("notice_sha256") != hashed:
            yield Fault("notice-other", f"{layout.NOTICES} {_named(line)}", str(facts.get("notice_sha256")), hashed)


def _documents(case: Case) -> Iterator[Found]:
    lines = case.bundle.of_type(*NOTICES)
    issued = {str(move.facts.get("sha256")) for line in lines for move in line.moves if move.step == "issue"}
    closed = any(not line.moves for line in lines)
    for one in case.bundle.documents:
        if one.path not in case.bundle.files:
            continue
        hashed = hashlib.sha256(case.bundle.files[one.path]).hexdigest()
        if hashed not in issued and closed:
            yield UNSEEN
            continue
        yield SEEN
        if hashed not in issued:
            yield Fault("document-other", one.path, "、".join(sorted(issued)), hashed)


def _review(review: Judged) -> Iterator[Found]:
    """Compare template and report with what the entries name, from the notice to the result."""
    if review.template is not None:
        hashed = template_hash(format_template(review.template)).hex()
        named = [(line.facts("commit_codes") or {}).get("template") for line in review.committed]
        named += [facts.get("template_hash") for facts in review.facts("begin_review")]
        for one in named:
            yield SEEN
            if one != hashed:
                yield Fault("template-other", layout.template_path(review.package.lot.number), str(one), hashed)
    for facts in review.facts("conclude_evaluation"):
        yield SEEN
        content = digest("EV1 report", str(facts.get("content")).encode()).hex()
        if facts.get("report") != content:
            yield Fault("report-other", f"{review.path} conclude_evaluation", str(facts.get("report")), content)
    last = review.report[0] if review.report else ""
    if review.record is not None:
        yield SEEN if last else UNSEEN
        if last not in ("", review.record.report):
            yield Fault("report-other", layout.result_path(review.package.lot.number), last, review.record.report)
        for move in (move for line in review.award for move in line.moves if "report" in move.facts):
            yield SEEN
            if move.facts["report"] != review.record.report:
                named_report = str(move.facts["report"])
                yield Fault("report-other", f"{review.path} {move.step}", review.record.report, named_report)


def _rulebook(case: Case) -> Iterator[Found]:
    text, book = case.bundle.files.get(layout.RULEBOOK, b""), case.bundle.rulebook
    if case.trust.rulebooks:
        yield SEEN
        if hashlib.sha256(text).hexdigest() not in case.trust.rulebooks:
            yield Fault("rulebook-other", layout.RULEBOOK, actual=hashlib.sha256(text).hexdigest())
    for line in case.bundle.of_type("enter_tender"):
        named = (line.facts("enter") or {}).get("rulebook")
        yield UNSEEN if named is None else SEEN
        if named is not None and (book is None or book.name != named):
            yield Fault("rulebook-other", layout.RULEBOOK, str(named), book.name if book else "")
