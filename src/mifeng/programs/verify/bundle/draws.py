"""D1 to D7: was each draw the one that the notice listed, its seed nobody's choice, its walk without a gap (抽取)."""

from collections.abc import Iterator
from fractions import Fraction

from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.subjects import TENDER, Drawing, read_notice
from mifeng.rules import vrf
from mifeng.rules.avoidance import ratio_min
from mifeng.rules.draw.disclosure import Disclosure
from mifeng.rules.draw.lots import alpha, check_contributors, order, rank, seed
from mifeng.rules.draw.pool import CellSize, check_pool, draw_handle, parse_sizes, pool_root
from mifeng.rules.draw.walk import Line as Order
from mifeng.rules.draw.walk import Walk
from mifeng.rules.errors import Refusal, Tampered, Unfair
from mifeng.rules.seal.policy import policy_hash

SEAT = "seat"


def handles(case: Case) -> Iterator[Found]:
    """D1: each draw has a handle that the notice listed, made from its own project and site, under the policy."""
    shown, hidden = set(), False
    for line in (line for package in case.packages for line in package.notices):
        found = read_notice(line)
        shown |= set(found.handles) if found else set()
        hidden = hidden or found is None
    for drawing in case.draws:
        listed = drawing.handle in shown
        yield SEEN if listed or not hidden else UNSEEN
        if not listed and not hidden:
            yield Fault("handle-unlisted", drawing.path, actual=drawing.handle)
        record, disclosure = drawing.record, drawing.disclosure
        if record is not None and drawing.sealing is not None:
            yield SEEN
            hashed = policy_hash(drawing.sealing.data).hex()
            if (record.handle, record.policy_hash) != (drawing.handle, hashed):
                yield Fault("handle-other", drawing.path, hashed, record.policy_hash)
        if disclosure is None:
            yield UNSEEN
            continue
        yield SEEN
        made = draw_handle(disclosure.lot, disclosure.site, disclosure.salt).hex()
        tenders = {line.row.stream.removeprefix(TENDER) for package in case.packages for line in package.notices}
        if made != drawing.handle or disclosure.handle.hex() != drawing.handle or tenders != {disclosure.lot}:
            yield Fault("handle-other", drawing.path, drawing.handle, made)


def pools(case: Case) -> Iterator[Found]:
    """D2: the lists disclosed give the root and the sizes that were logged before there was a seed."""
    for drawing in case.draws:
        disclosure = drawing.disclosure
        yield UNSEEN if disclosure is None else SEEN
        for line in drawing.pools if disclosure else ():
            facts = line.facts("commit") or {}
            root = pool_root(disclosure.cells).hex() if disclosure else ""
            if facts.get("root") != root:
                yield Fault("root-wrong", drawing.path, str(facts.get("root")), root)
            sizes = [cell.size for cell in disclosure.cells] if disclosure else []
            if list(_sizes(facts.get("cells"))) != sizes:
                yield Fault("sizes-wrong", drawing.path, _shown(_sizes(facts.get("cells"))), _shown(sizes))


def contributions(case: Case) -> Iterator[Found]:
    """D3: every contributor of the policy gave one value, and each is the only one its key can give."""
    for drawing in case.draws:
        record = drawing.record
        if record is None or drawing.sealing is None or not record.seed:
            continue
        given = {one.name: one.pi for one in record.contributions}
        names = [one.name for one in drawing.sealing.policy.contributors]
        yield SEEN
        if [one.name for one in record.contributions] != names:
            yield Fault("contributors-other", drawing.path, "、".join(names), "、".join(given))
        logged = {str(row.get("name")): row.get("pi") for row in drawing.given}
        if logged != {name: pi.hex() for name, pi in given.items()}:
            yield Fault("contribution-unlogged", drawing.path, "、".join(sorted(logged)), "、".join(sorted(given)))
        if drawing.disclosure is not None and drawing.disclosure.contributions != record.contributions:
            yield Fault("contribution-unlogged", f"{drawing.path} disclosure")
        for one in drawing.sealing.policy.contributors:
            yield SEEN
            try:
                vrf.verify(one.vrf, _alpha(drawing), given.get(one.name, b""))
            except Tampered as error:
                yield Fault("contribution-wrong", drawing.path, one.name, str(error))


def seeds(case: Case) -> Iterator[Found]:
    """D4: the seed is the one that all contributions make."""
    for drawing in case.draws:
        record = drawing.record
        if record is None or not record.seed:
            continue
        yield SEEN
        made = _seed(drawing)
        said = {record.seed, drawing.logged_seed} | ({drawing.disclosure.seed.hex()} if drawing.disclosure else set())
        if said != {made}:
            yield Fault("seed-wrong", drawing.path, made, " ".join(sorted(said)))


def walks(case: Case) -> Iterator[Found]:
    """D5: whoever was invited was next in the order; nobody was passed over without a recorded outcome."""
    for drawing in case.draws:
        record = drawing.record
        if record is None or not drawing.logged_seed:
            continue
        if drawing.disclosure is None:
            yield from _ascending(drawing)
            continue
        yield SEEN
        logged = _logged(drawing)
        shown = [(one.event.leaf.hex(), one.event.outcome.value, one.event.detail) for one in drawing.disclosure.walk]
        if case.bundle.is_public:
            # What follows the seed in the chain of a draw names hours and hands; it is not in this cut.
            yield UNSEEN
        elif logged != shown:
            yield Fault("walk-unlogged", drawing.path, str(len(logged)), str(len(shown)))
        walked = list(dict.fromkeys(one.event.leaf for one in drawing.disclosure.walk))
        if walked != list(record.walk):
            yield Fault("walk-unlogged", f"{drawing.path} walk", str(len(record.walk)), str(len(walked)))
        if isinstance(walk := replayed(drawing, drawing.disclosure), Fault):
            yield walk


def seats(case: Case) -> Iterator[Found]:
    """D6: on each seat sits whoever accepted it in the walk, and nobody else."""
    for drawing in case.draws:
        disclosure = drawing.disclosure
        if disclosure is None or not drawing.logged_seed:
            if drawing.record is not None and drawing.record.seed:
                yield UNSEEN
            continue
        walk = replayed(drawing, disclosure)
        yield UNSEEN if isinstance(walk, Fault) else SEEN
        if isinstance(walk, Fault):
            continue
        lawful = [(one.cell, one.number, one.leaf.hex()) for one in walk.seats if one.holds]
        claimed = [(one.cell, one.number, one.leaf.hex()) for one in disclosure.seats]
        if lawful != claimed:
            yield Fault("seat-wrong", drawing.path, _joined(lawful), _joined(claimed))
        if drawing.record is not None and drawing.record.filled != len(lawful):
            yield Fault("seat-wrong", f"{drawing.path} filled", str(len(lawful)), str(drawing.record.filled))


def ranges(case: Case) -> Iterator[Found]:
    """D7: so many could be drawn as the ratio asks for, and so many contributed as make a seed nobody's choice."""
    for drawing in case.draws:
        if drawing.sealing is not None:
            yield SEEN
            try:
                check_contributors(drawing.sealing.policy)
            except Unfair as refusal:
                yield Fault("contributors-few", drawing.path, str(refusal.facts["needed"]))
        for line in drawing.pools if case.bundle.rulebook else ():
            yield SEEN
            ratio: Fraction = ratio_min(case.bundle.rulebook) if case.bundle.rulebook else Fraction(1)
            try:
                check_pool(_sizes((line.facts("commit") or {}).get("cells")), ratio)
            except Unfair as refusal:
                needed, eligible = refusal.facts["needed"], refusal.facts["eligible"]
                yield Fault("pool-small", drawing.path, str(needed), str(eligible))


def replayed(drawing: Drawing, disclosure: Disclosure) -> Walk | Fault:
    """Return the walk along the order of the logged seed, or the first step of it that is not lawful."""
    seeded = bytes.fromhex(drawing.logged_seed)
    walk = Walk(tuple(Order(one.name, one.seats, order(one.rows, seeded)) for one in disclosure.cells))
    for number, step in enumerate(disclosure.walk, 1):
        try:
            walk = walk.take(step.event, handle=disclosure.handle)
        except Refusal as refusal:
            due = next(iter(walk.due()), None)
            expected = f"{due.outcome} {due.leaf.hex()[:16]}" if due else ""
            found = f"{step.event.outcome} {step.event.leaf.hex()[:16]} ({refusal.code})"
            return Fault("walk-wrong", f"{drawing.path} {number}", expected, found)
    return walk


def _alpha(drawing: Drawing) -> bytes:
    hashed = policy_hash(drawing.sealing.data) if drawing.sealing else bytes(32)
    leaf = drawing.pools[0].row.leaf if drawing.pools else bytes(32)
    return alpha(bytes.fromhex(drawing.handle), hashed, leaf)


def _seed(drawing: Drawing) -> str:
    """Return the seed that the contributions make; whether each of them holds is another check's."""
    try:
        betas = [vrf.proof_to_hash(one.pi) for one in drawing.record.contributions] if drawing.record else []
        return seed(_alpha(drawing), betas).hex()
    except ValueError:
        return ""


def _ascending(drawing: Drawing) -> Iterator[Found]:
    """Compare the walk that everybody sees with the order, as far as that goes without the lists: by rank."""
    walk = drawing.record.walk if drawing.record else ()
    cells = [cell for line in drawing.pools for cell in _sizes((line.facts("commit") or {}).get("cells"))]
    if not walk or len(cells) != 1 or len(cells[0].tiers) != 1:
        yield UNSEEN
        return
    yield SEEN
    ranks = [rank(bytes.fromhex(drawing.logged_seed), leaf) for leaf in walk]
    if ranks != sorted(set(ranks)):
        place = next(number for number, one in enumerate(ranks[1:], 2) if one <= ranks[number - 2])
        yield Fault("walk-wrong", f"{drawing.path} {place}")


def _logged(drawing: Drawing) -> list[tuple[str, str, str]]:
    """Return the lines of a walk as the log has them."""
    rows = [
        row
        for line in drawing.stream
        for move in line.moves
        if isinstance(lines := move.facts.get("lines"), list)
        for row in lines
        if isinstance(row, dict)
    ]
    return [(str(row.get("leaf")), str(row.get("outcome")), str(row.get("detail"))) for row in rows]


def _sizes(cells: object) -> tuple[CellSize, ...]:
    try:
        return parse_sizes(cells)
    except ValueError:
        return ()


def _shown(sizes: object) -> str:
    rows = sizes if isinstance(sizes, list | tuple) else ()
    return " ".join(f"{one.name}:{one.eligible}/{one.seats}" for one in rows)


def _joined(seats: list[tuple[str, int, str]]) -> str:
    return " ".join(f"{cell} {number} {leaf[:16]}" for cell, number, leaf in seats)
