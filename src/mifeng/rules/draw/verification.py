"""Whether a draw was fair, as an outsider sees it (核验抽取).

Needed are the disclosure, the policy, and two receipts verified beforehand: of the notice and of the pool. From them
everything is computed anew: the handle, the root, the value of every contribution, the seed, all ranks, the legality
of every step of the walk, the seats. Nothing rests on the platform's word, and every fault is reported, not only the
first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mifeng.rules.decisive import Read, moves_of, pooled, published
from mifeng.rules.draw.disclosure import Disclosure, Opening
from mifeng.rules.draw.lots import alpha, check_contributors, order, seed, verify_contribution
from mifeng.rules.draw.pool import CellSize, check_pool, draw_handle, parse_sizes, pool_root
from mifeng.rules.draw.walk import Line, Outcome, Walk
from mifeng.rules.errors import Refusal, Tampered, Unfair
from mifeng.rules.seal.policy import Policy, parse_policy, policy_hash

CODES = frozenset(
    {"handle-wrong", "handle-unlisted", "handle-twice", "policy-other", "contributors-few"}
    | {"pool-early", "pool-other", "pool-small", "root-wrong", "sizes-wrong"}
    | {"contribution-missing", "contribution-unknown", "contribution-wrong", "seed-wrong"}
    | {"walk-wrong", "hour-backwards", "seat-missing", "seat-wrong"}
    | {"opening-wrong", "person-twice", "elsewhere-unknown"}
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a verifier holds beside the disclosure (核验依据).

    Args:
        policy: canonical bytes of the policy of the lot.
        notice: the entry of the notice, or of the clarification that took its place.
        pool: the entry of the pool.
        ratio_min: eligible people per seat, at least; a value of the rulebook the project is bound to.
    """

    policy: bytes
    notice: Read
    pool: Read
    ratio_min: Fraction | int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit (不符).

    Args:
        code: one of ``CODES``.
        place: what it is about: a name, a cell, a number of the walk or of a seat, a leaf.
        expected: what should stand there.
        found: what stands there.
    """

    code: str
    place: str = ""
    expected: str = ""
    found: str = ""


def verify_draw(disclosure: Disclosure, grounds: Grounds) -> list[Fault]:
    """Return everything about a draw that does not fit (核验抽取); nothing when it was fair.

    Raises:
        ValueError: when the policy or the body of an entry is misshapen.
    """
    policy = parse_policy(grounds.policy)
    return [
        *_handle(disclosure, grounds, policy),
        *_pool(disclosure, grounds),
        *_seed(disclosure, grounds, policy),
        *_walk(disclosure),
        *_openings(disclosure),
    ]


def verify_together(disclosures: Sequence[Disclosure]) -> list[Fault]:
    """Return what does not fit between the draws of one project (多场地核验): somebody seated twice, or passed over as
    seated in a draw that is not there. Whoever is seated is known only where the records are laid open.
    """
    handles = [one.handle for one in disclosures]
    faults = [Fault("handle-twice", one.hex()) for one in sorted(set(handles)) if handles.count(one) > 1]
    seated: dict[bytes, bytes] = {}
    for one in disclosures:
        for step in one.walk:
            elsewhere = step.event.detail if step.event.outcome is Outcome.ALREADY_ACCEPTED else ""
            if elsewhere and elsewhere not in {handle.hex() for handle in handles}:
                faults.append(Fault("elsewhere-unknown", step.event.leaf.hex(), found=elsewhere))
        holding = {seat.leaf for seat in one.seats}
        for opening in one.openings:
            person = opening.record.person
            if opening.leaf in holding and seated.setdefault(person, one.handle) != one.handle:
                faults.append(Fault("person-twice", person.hex(), seated[person].hex(), one.handle.hex()))
    return faults


def _handle(disclosure: Disclosure, grounds: Grounds, policy: Policy) -> Iterator[Fault]:
    made = draw_handle(disclosure.lot, disclosure.site, disclosure.salt)
    if made != disclosure.handle:
        yield Fault("handle-wrong", expected=made.hex(), found=disclosure.handle.hex())
    notice = published(grounds.notice.body)
    if disclosure.handle.hex() not in notice.handles:
        yield Fault("handle-unlisted", found=disclosure.handle.hex())
    hashed = policy_hash(grounds.policy).hex()
    named, _ = notice.lots.get(policy.lot_ref.hex(), ("", None))
    if named != hashed:
        yield Fault("policy-other", policy.lot_ref.hex(), named, hashed)
    try:
        check_contributors(policy)
    except Unfair as refusal:
        yield Fault("contributors-few", "", str(refusal.facts["needed"]), str(refusal.facts["contributors"]))


def _pool(disclosure: Disclosure, grounds: Grounds) -> Iterator[Fault]:
    if grounds.pool.proven.index <= grounds.notice.proven.index:
        yield Fault("pool-early", "", str(grounds.notice.proven.index), str(grounds.pool.proven.index))
    logged, root = pooled(grounds.pool.body), pool_root(disclosure.cells).hex()
    if logged.handle != disclosure.handle.hex():
        yield Fault("pool-other", "", disclosure.handle.hex(), logged.handle)
    if logged.root != root:
        yield Fault("root-wrong", "", logged.root, root)
    sizes = tuple(cell.size for cell in disclosure.cells)
    known = _logged_sizes(grounds.pool.body)
    if sizes != known or {size.name: size.eligible for size in sizes} != logged.cells:
        yield Fault("sizes-wrong", "", _shown(known), _shown(sizes))
    try:
        check_pool(sizes, grounds.ratio_min)
    except Unfair as refusal:
        for reason in refusal.reasons:
            facts = reason.facts
            yield Fault("pool-small", str(facts["cell"]), str(facts["needed"]), str(facts["eligible"]))


def _seed(disclosure: Disclosure, grounds: Grounds, policy: Policy) -> Iterator[Fault]:
    given = {one.name: one for one in reversed(disclosure.contributions)}
    names = [one.name for one in policy.contributors]
    for place, one in enumerate(disclosure.contributions):
        if one.name not in names or given[one.name] is not disclosure.contributions[place]:
            yield Fault("contribution-unknown", one.name)
    hashed, leaf = policy_hash(grounds.policy), grounds.pool.proven.leaf
    betas = []
    for contributor in policy.contributors:
        if contributor.name not in given:
            yield Fault("contribution-missing", contributor.name)
            continue
        try:
            betas.append(verify_contribution(contributor, disclosure.handle, hashed, leaf, given[contributor.name]))
        except Tampered as error:
            yield Fault("contribution-wrong", contributor.name, found=str(error))
    if betas and len(betas) == len(names):
        made = seed(alpha(disclosure.handle, hashed, leaf), betas)
        if made != disclosure.seed:
            yield Fault("seed-wrong", "", made.hex(), disclosure.seed.hex())


def _walk(disclosure: Disclosure) -> Iterator[Fault]:
    """Replay the walk along the order of the seed disclosed; after a step that is not lawful nothing means anything."""
    walk = Walk(tuple(Line(one.name, one.seats, order(one.rows, disclosure.seed)) for one in disclosure.cells))
    hour = ""
    for number, step in enumerate(disclosure.walk, 1):
        if step.hour < hour:
            yield Fault("hour-backwards", str(number), hour, step.hour)
        hour = max(hour, step.hour)
        try:
            walk = walk.take(step.event, handle=disclosure.handle)
        except Refusal as refusal:
            due = next(iter(walk.due()), None)
            expected = f"{due.outcome} {due.leaf.hex()}" if due else ""
            found = f"{step.event.outcome} {step.event.leaf.hex()} ({refusal.code})"
            yield Fault("walk-wrong", str(number), expected, found)
            return
    lawful = {(seat.cell, seat.number): seat.leaf.hex() for seat in walk.seats if seat.holds}
    claimed = [((seat.cell, seat.number), seat.leaf.hex()) for seat in disclosure.seats]
    for place, leaf in claimed:
        if lawful.get(place) != leaf:
            yield Fault("seat-wrong", _seat(place), lawful.get(place, ""), leaf)
    for place in lawful.keys() - dict(claimed).keys():
        yield Fault("seat-missing", _seat(place), lawful[place])
    for place in sorted({place for place, _ in claimed}):
        if sum(one == place for one, _ in claimed) > 1:
            yield Fault("seat-wrong", _seat(place), lawful.get(place, ""), "twice")


def _openings(disclosure: Disclosure) -> Iterator[Fault]:
    persons: set[bytes] = set()
    for opening in disclosure.openings:
        if not _is_listed(opening, disclosure):
            yield Fault("opening-wrong", opening.leaf.hex())
        if opening.record.person in persons:
            yield Fault("person-twice", opening.record.person.hex())
        persons.add(opening.record.person)


def _is_listed(opening: Opening, disclosure: Disclosure) -> bool:
    """Say whether a record is of this draw, and its leaf stands exactly where the record says: nowhere else."""
    record, leaf = opening.record, opening.leaf
    places: dict[str, int] = {}
    for cell in disclosure.cells:
        for one in cell.tiers:
            if leaf in (one.excluded if record.exclusion else one.eligible):
                places[cell.name] = one.tier
            elif leaf in (one.eligible if record.exclusion else one.excluded):
                return False
    return record.handle == disclosure.handle and places == dict(record.tiers)


def _logged_sizes(body: bytes) -> tuple[CellSize, ...]:
    """Return the cells that the entry of a pool names."""
    facts: Mapping[str, object] = next(move.facts for move in moves_of(body)[1] if move.step == "commit")
    return parse_sizes(facts.get("cells"))


def _shown(sizes: Sequence[CellSize]) -> str:
    return " ".join(
        f"{one.name}:{one.seats}:{','.join('/'.join(map(str, tier)) for tier in one.tiers)}" for one in sizes
    )


def _seat(place: tuple[str, int]) -> str:
    return f"{place[0]} {place[1]}"
