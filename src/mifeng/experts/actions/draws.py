"""A draw from its request to its seed (抽取): asked for, its pool fixed, its seed contributed to, or aborted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from mifeng.experts import pools
from mifeng.experts.models import Contribution, Draw, Roster
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules import avoidance
from mifeng.rules import expert as table
from mifeng.rules.avoidance import Firm
from mifeng.rules.deadlines import DueStep
from mifeng.rules.draw import lots
from mifeng.rules.draw.pool import CellSize, check_pool, pool_facts
from mifeng.rules.errors import Reason, Unfair, WrongMoment, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.seal.policy import Contributor

CHOICE = "our choice (ADR-4)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the library is asked for (抽取申请): it names no project.

    Args:
        handle: as the notice lists it, 64 hexadecimal digits.
        policy_hash: of the policy that names the contributors.
        contributors: whose contributions make the seed, in policy order.
        rulebook: name of the rulebook the project is bound to.
        site: where the seats are.
        near: region of the county whose experts come first; empty for the city's own site.
        code_name: of the session.
        speciality: class to draw from, of level one or two.
        seats: experts wanted.
        starts_at: start of the session.
        ends_at: its end.
    """

    handle: str
    policy_hash: str
    contributors: tuple[Contributor, ...]
    rulebook: str
    site: UUID
    near: str
    code_name: str
    speciality: str
    seats: int
    starts_at: datetime
    ends_at: datetime


def request_draw(act: Act, asked: Asked) -> Draw:
    """Ask the library for the experts of one site (申请抽取), within an act of the agency.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``class-small``, ``malformed``.

    Source: LY-2022-14 四(二) (R141)
    """
    table.check_class(asked.speciality)
    return act.create(
        Draw,
        table.DRAW,
        "request_draw",
        handle=asked.handle,
        policy_hash=asked.policy_hash,
        contributors=[
            {"name": one.name, "organisation": one.organisation, "vrf": one.vrf.hex(), "verify": one.verify.hex()}
            for one in asked.contributors
        ],
        rulebook=asked.rulebook,
        site=asked.site,
        near=asked.near,
        code_name=asked.code_name,
        speciality=asked.speciality,
        seats=asked.seats,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        asked_at=act.at,
    )


def ask_wider(act: Act, draw: Draw, speciality: str) -> None:
    """Ask again, for another class, where too few could be drawn (扩大抽取范围), within an act of the agency.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``class-small``, ``malformed``.
        WrongState: ``wrong-state``.

    Source: BN-2023R 四3 (R097)
    """
    table.check_class(speciality)
    check_step(table.DRAW, "ask_wider", state=draw.state, role=act.by.role)
    draw.speciality, draw.asked_at = speciality, act.at
    act.move(draw, table.DRAW, "ask_wider", speciality=speciality)


def commit_pool(draw_id: UUID, parties: Sequence[Firm], *, by: Actor) -> Written:
    """Fix who may be drawn and who may not, before anybody can know the seed (冻结抽取名单).

    A pool that is too small beside its seats is not fixed: the draw waits for its agency to ask wider, and the entry
    says how many there were.

    Args:
        draw_id: the draw.
        parties: organisations whose people, and those related to them, stand aside.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``session-begun``.
        WrongState: ``wrong-state``.

    Source: GPLR-39, BN-2023R 四3, GPLR-9 (R097, R142, R167)
    """
    with acting("commit_pool", by=by) as act:
        draw = lock_draw(act, draw_id)
        check_step(table.DRAW, "commit", state=draw.state, role=by.role)
        check_before_session(draw, act.at)
        frozen, drawn_class = pools.gather(draw, parties)
        reasons = [why for _, why in frozen.persons]
        draw.drawn_class, draw.tier, draw.cell = drawn_class, frozen.tier, frozen.cell
        draw.eligible, draw.excluded = reasons.count(""), dict(avoidance.totals(reasons))
        rulebook = rulebooks()[draw.rulebook]
        size = CellSize(frozen.cell, draw.seats, ((frozen.tier, draw.eligible, len(reasons) - draw.eligible),))
        try:
            check_pool([size], avoidance.ratio_min(rulebook))
        except Unfair as refusal:
            act.move(draw, table.DRAW, "refuse_pool", **refusal.facts)
        else:
            _fix(act, draw, frozen, rulebook.int("contribution_hours"))
    return act.entry


def record_contributions(draw_id: UUID, given: Iterable[lots.Contribution], *, by: Actor) -> Written:
    """Record what contributors gave to a seed (记录种子贡献): each once, and only what verifies under its own key.

    Raises:
        NotEntitled: ``wrong-post``.
        Tampered: when a contribution does not fit; it is never recorded.
        WrongState: ``wrong-state``, also when nothing new came.

    Source: our choice (ADR-4)
    """
    with acting("record_contributions", by=by) as act:
        draw = act.lock(Draw, draw_id)
        check_step(table.DRAW, "fix_seed", state=draw.state, role=by.role)
        known = set(Contribution.objects.filter(draw=draw).values_list("name", flat=True))
        fresh = {one.name: one for one in given if one.name not in known}
        if not fresh:
            raise WrongState(Reason("wrong-state", {"step": "fix_seed", "state": draw.state, "allowed": ()}))
        for one in fresh.values():
            lots.verify_contribution(contributor(draw, one.name), *stem(draw), one)
        Contribution.objects.bulk_create(
            Contribution(draw=draw, name=one.name, proof=one.pi.hex(), signature=one.signature.hex(), given_at=act.at)
            for one in fresh.values()
        )
        proofs = [{"name": one.name, "pi": one.pi.hex(), "signature": one.signature.hex()} for one in fresh.values()]
        act.note(draw, "contribute", handle=draw.handle, contributions=proofs)
    return act.entry


def fix_seed(draw_id: UUID, *, by: Actor) -> Written:
    """Fix the seed once all contributions are there (确定抽取种子); all of them count.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``, also while a contribution is missing.

    Source: GPLR-39
    """
    with acting("fix_seed", by=by) as act:
        draw = act.lock(Draw, draw_id)
        check_step(table.DRAW, "fix_seed", state=draw.state, role=by.role)
        if missing(draw):
            facts = {"step": "fix_seed", "state": draw.state, "allowed": ()}
            raise WrongState(Reason("wrong-state", facts, source=CHOICE))
        handle, policy_hash, leaf = stem(draw)
        betas = [
            lots.verify_contribution(contributor(draw, one.name), handle, policy_hash, leaf, one)
            for one in contributions(draw)
        ]
        draw.seed = lots.seed(lots.alpha(handle, policy_hash, leaf), betas).hex()
        act.move(draw, table.DRAW, "fix_seed", handle=draw.handle, seed=draw.seed)
        act.due(draw, ())
        act.once_written(lambda entry: Draw.objects.filter(pk=draw.pk).update(seed_entry=entry.id))
    return act.entry


def abort_draw(draw_id: UUID, *, by: Actor) -> Written:
    """Abort a draw to whose seed somebody has not contributed in time (抽取中止), and say who was silent.

    Leaving a contributor out would be choosing the seed.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``too-early``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-4)
    """
    with acting("abort_draw", by=by) as act:
        draw = act.lock(Draw, draw_id)
        check_step(table.DRAW, "abort", state=draw.state, role=by.role)
        act.meet(draw, "abort")
        draw.silent = missing(draw)
        act.move(draw, table.DRAW, "abort", handle=draw.handle, silent=draw.silent)
    return act.entry


def move_draws(act: Act, draw_ids: Iterable[UUID], during: tuple[datetime, datetime]) -> None:
    """Let the draws of a session follow it to another time (随场次改期), within an act of the clock.

    Whoever has been invited or has agreed is told by a message of the new time.

    Args:
        act: the open act.
        draw_ids: the draws of one session.
        during: its new start and end.

    Source: GPLR-31
    """
    for draw in act.lock_all(Draw, draw_ids):
        draw.starts_at, draw.ends_at = during
        act.note(draw, "move", handle=draw.handle, starts_at=during[0], ends_at=during[1])


def check_before_session(draw: Draw, at: datetime) -> None:
    """Refuse a step of a draw after its session has begun (场次开始).

    Raises:
        WrongMoment: ``session-begun``.

    Source: our choice (ADR-4)
    """
    if at >= draw.starts_at:
        raise WrongMoment(Reason("session-begun", {"starts_at": draw.starts_at}))


def check_walkable(draw: Draw, at: datetime) -> None:
    """Refuse to invite once the session has begun (场次开始), but for a seat that was taken and became free again.

    Raises:
        WrongMoment: ``session-begun``.

    Source: our choice (ADR-4), our choice (ADR-9)
    """
    if at >= walked_until(draw, at):
        raise WrongMoment(Reason("session-begun", {"starts_at": draw.starts_at}))


def walked_until(draw: Draw, at: datetime) -> datetime:
    """Return when the walk of a draw ends (邀请截止): with the start of its session.

    Where all seats were taken before and one of them became free, it goes on into the session.
    """
    if at >= draw.starts_at and Roster.objects.filter(pk=draw.pk).exists():
        return draw.ends_at
    return draw.starts_at


def lock_draw(act: Act, draw_id: UUID) -> Draw:
    """Take a draw alone, with every draw whose session touches its time, and return it.

    Whether somebody holds a seat elsewhere is then the same from the look to the entry.
    """
    locked = act.lock_all(Draw, pools.overlapping(Draw.objects.get(pk=draw_id)))
    return next(one for one in locked if one.pk == draw_id)


def stem(draw: Draw) -> tuple[bytes, bytes, bytes]:
    """Return what a contribution is for: handle, policy hash, leaf of the pool's entry."""
    leaf = bytes(draw.pool_entry.leaf) if draw.pool_entry else b""
    return bytes.fromhex(draw.handle), bytes.fromhex(draw.policy_hash), leaf


def contributor(draw: Draw, name: str) -> Contributor:
    """Return a contributor of a draw with its keys.

    Raises:
        WrongState: ``wrong-state`` for a name that the policy lacks.
    """
    for one in draw.contributors:
        if one["name"] == name:
            return Contributor(name, one["organisation"], bytes.fromhex(one["vrf"]), bytes.fromhex(one["verify"]))
    raise WrongState(Reason("wrong-state", {"step": "contribute", "state": draw.state, "allowed": ()}, source=CHOICE))


def contributions(draw: Draw) -> list[lots.Contribution]:
    """Return what has been given to the seed of a draw, in policy order."""
    rows = {row.name: row for row in Contribution.objects.filter(draw=draw)}
    named = [rows[one["name"]] for one in draw.contributors if one["name"] in rows]
    return [lots.Contribution(row.name, bytes.fromhex(row.proof), bytes.fromhex(row.signature)) for row in named]


def missing(draw: Draw) -> list[str]:
    """Return the names of the contributors who have not contributed, in policy order."""
    given = {one.name for one in contributions(draw)}
    return [cast("str", one["name"]) for one in draw.contributors if one["name"] not in given]


def _fix(act: Act, draw: Draw, frozen: pools.Frozen, hours: int) -> None:
    pools.close_pool(draw, frozen)
    facts = pool_facts(frozen.handle, frozen.cells)
    draw.root = cast("str", facts["root"])
    draw.contribute_by = act.at + timedelta(hours=hours)
    act.move(draw, table.DRAW, "commit", **facts)
    act.due(draw, [DueStep("abort", draw.contribute_by, CHOICE, "", False, "commit")])
    act.once_written(lambda entry: Draw.objects.filter(pk=draw.pk).update(pool_entry=entry.id))
