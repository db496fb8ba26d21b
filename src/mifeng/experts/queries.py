"""Reads about experts and draws (专家查询). Counts and opaque hashes for everybody who may ask; names for nobody.

Between the freezing of a pool and the end of its session nobody looks up an expert, not even the library's keeper.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from mifeng.experts.actions.draws import contributions, missing
from mifeng.experts.actions.walks import by_token, expert_actor
from mifeng.experts.models import Draw, Expert, Invitation, WalkLine
from mifeng.experts.pools import ASKED, SEATED, open_pool, personal_of
from mifeng.experts.walk import Walking, events
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.queries import leaf_of
from mifeng.rules.draw.disclosure import Chosen, Disclosure, Step
from mifeng.rules.draw.walk import Seat
from mifeng.rules.errors import Reason, WrongMoment
from mifeng.venues.queries import site

UNDER_WAY = ("pooled", "seeded", "walking", "exhausted", "rostered")
ENDED = ("declined", "unreachable", "conflicted", "passed", "absent")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one draw is, in numbers (抽取进度).

    Args:
        draw: id of the draw.
        code_name: of the session.
        site: id of its site; None for posts that may not know which site it is.
        state: of the draw.
        seats: wanted.
        filled: agreed to.
        pending: invitations that wait for an answer.
        ended: how many invitations ended otherwise, by state: ``declined``, ``unreachable``, ``conflicted``,
            ``passed``, ``absent``.
        eligible: persons who may be drawn; 0 before the pool is fixed.
        excluded: persons of the class who may not.
        contributed: names of those who contributed to the seed.
        awaited: names of those who have not.
        contribute_by: until when.
        silent: those through whom the draw was aborted.
        reasons: how many were kept out for each reason, for the supervisor; else empty.
    """

    draw: UUID
    code_name: str
    site: UUID | None
    state: str
    seats: int
    filled: int
    pending: int
    ended: dict[str, int]
    eligible: int
    excluded: int
    contributed: tuple[str, ...]
    awaited: tuple[str, ...]
    contribute_by: datetime | None
    silent: tuple[str, ...]
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublicDraw:
    """What everybody may know of a draw before the award (抽取公开信息): numbers and hashes, not even its site.

    Args:
        handle: as the notice lists it.
        state: of the draw.
        root: of the pool, empty before it is fixed.
        speciality: class drawn from; empty for a pool so small that the class would name people.
        eligible: persons who may be drawn.
        excluded: persons who may not, the reasons together.
        contributions: name and proof of each contribution.
        seed: empty before it is fixed.
        seats: wanted.
        filled: agreed to.
        walk: opaque leaf of each person walked; how each came out is published with the award.
        pool_leaf: leaf of the ledger entry that fixed the pool; empty before.
        seed_leaf: leaf of the ledger entry that fixed the seed; empty before.
    """

    handle: str
    state: str
    root: str
    speciality: str
    eligible: int
    excluded: int
    contributions: tuple[tuple[str, str], ...]
    seed: str
    seats: int
    filled: int
    walk: tuple[str, ...]
    pool_leaf: str
    seed_leaf: str


@dataclass(frozen=True, slots=True)
class Invited:
    """What the holder of a link sees (邀请内容): when, where, a code name; never what for.

    Args:
        actor: whoever holds the link, an opaque name of this one draw.
        code_name: of the session.
        place: name of the site.
        phone: of the site.
        starts_at: start of the session.
        ends_at: its end.
        answer_by: until when an answer is heard; None before the message was sent.
    """

    actor: Actor
    code_name: str
    place: str
    phone: str
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime | None


def invitation(token: str) -> Invited | None:
    """Return what the holder of a link may see; looking changes nothing.

    None for a link that was never given, has been answered, has ended otherwise or is out of time: which of these it is
    would tell a stranger something.
    """
    try:
        found = by_token(token)
    except Invitation.DoesNotExist:
        return None
    over = found.answer_by is not None and clock.now() >= found.answer_by
    if found.state != ASKED or over:
        return None
    draw = found.draw
    place = site(draw.site)
    return Invited(
        actor=expert_actor(found),
        code_name=draw.code_name,
        place=place.name,
        phone=place.phone,
        starts_at=draw.starts_at,
        ends_at=draw.ends_at,
        answer_by=found.answer_by,
    )


def standings(draws: Iterable[UUID]) -> list[Standing]:
    """Return how far some draws are, reasons and all; callers take out what their reader may not know."""
    rows = list(Draw.objects.filter(pk__in=list(draws)).order_by("starts_at", "code_name", "handle"))
    counted: dict[UUID, Counter[str]] = {row.pk: Counter() for row in rows}
    for draw, state in Invitation.objects.filter(draw__in=rows).values_list("draw", "state"):
        counted[draw][state] += 1
    return [_standing(row, counted[row.pk]) for row in rows]


def published(draws: Iterable[UUID]) -> list[PublicDraw]:
    """Return what everybody may know of some draws, by handle."""
    return [_published(row) for row in Draw.objects.filter(pk__in=list(draws)).order_by("handle")]


def disclosure(draw_id: UUID, *, lot: str, salt: str) -> Disclosure:
    """Return everything that is published of a draw with the award; no record is opened by it.

    For callers who have made sure that the award is public.

    Args:
        draw_id: a draw whose roster is sealed.
        lot: what was drawn for, as its handle was made.
        salt: of its handle.
    """
    draw = Draw.objects.get(pk=draw_id)
    rows = WalkLine.objects.filter(draw=draw).order_by("number")
    walking = Walking(draw, open_pool(draw))
    return Disclosure(
        lot=lot,
        site=str(draw.site),
        salt=bytes.fromhex(salt),
        handle=bytes.fromhex(draw.handle),
        cells=walking.frozen.cells,
        contributions=tuple(contributions(draw)),
        seed=bytes.fromhex(draw.seed),
        walk=tuple(Step(event, f"{row.at:%Y-%m-%dT%HZ}") for event, row in zip(events(draw), rows, strict=True)),
        seats=tuple(_chosen(seat) for seat in walking.walk.seats if seat.holds),
    )


def experts(by: Actor) -> QuerySet[Expert]:
    """Return the experts of the library without anything that tells who they are, for its keeper."""
    return Expert.objects.all() if by.role == "librarian" else Expert.objects.none()


def expert_for(by: Actor, pk: UUID) -> Expert:
    """Return one expert without anything that tells who it is.

    Raises:
        DoesNotExist: for every other post, and when there is none.
    """
    return experts(by).get(pk=pk)


def narrowed(rows: QuerySet[Expert], *, speciality: str = "", tier: str = "", state: str = "") -> QuerySet[Expert]:
    """Narrow a list to a class of any level, a tier, a state."""
    if speciality:
        rows = rows.annotate(words=Cast("specialities", TextField())).filter(words__contains=f'"{speciality}')
    if tier:
        rows = rows.filter(tier=tier)
    return rows.filter(state=state) if state else rows


def personal_for(by: Actor, pk: UUID) -> dict[str, Any]:
    """Return who an expert is, to the library's keeper; the page that shows it has noted the look before.

    Returns:
        ``name``, ``phone``, ``number``, ``employer``, ``employer_code``, ``relations``.

    Raises:
        DoesNotExist: for every other post, and when there is no such expert.
        WrongMoment: ``library-closed``, from the freezing of any pool to the end of its session.
    """
    expert = expert_for(by, pk)
    check_open(clock.now())
    return personal_of([str(expert.pk)])[str(expert.pk)]


def draw_counts(by: Actor) -> list[Standing]:
    """Return how far the draws are whose sessions have not ended, as counts, for the library's keeper."""
    if by.role != "librarian":
        return []
    rows = Draw.objects.filter(ends_at__gt=clock.now()).order_by("starts_at", "code_name", "pk")
    return [replace(one, reasons={}) for one in standings(rows.values_list("pk", flat=True))]


def check_open(at: datetime) -> None:
    """Refuse to look up experts while anybody may stand in a pool or on a roster (抽取至评审期间不得查询).

    Raises:
        WrongMoment: ``library-closed``, until the last such session ends.

    Source: BN-2023R 四1 (R094)
    """
    last = Draw.objects.filter(state__in=UNDER_WAY, ends_at__gt=at).order_by("-ends_at").first()
    if last is not None:
        raise WrongMoment(Reason("library-closed", until=last.ends_at))


def _standing(draw: Draw, counted: "Counter[str]") -> Standing:
    return Standing(
        draw=draw.pk,
        code_name=draw.code_name,
        site=draw.site,
        state=draw.state,
        seats=draw.seats,
        filled=counted[SEATED],
        pending=counted[ASKED],
        ended={state: counted[state] for state in ENDED if counted[state]},
        eligible=draw.eligible,
        excluded=sum(draw.excluded.values()),
        contributed=tuple(one.name for one in contributions(draw)),
        awaited=tuple(missing(draw)) if draw.state == "pooled" else (),
        contribute_by=draw.contribute_by,
        silent=tuple(draw.silent),
        reasons=dict(draw.excluded),
    )


def _published(draw: Draw) -> PublicDraw:
    seated = Invitation.objects.filter(draw=draw, state=SEATED).count()
    walked = WalkLine.objects.filter(draw=draw).order_by("number").values_list("leaf", flat=True)
    return PublicDraw(
        handle=draw.handle,
        state=draw.state,
        root=draw.root,
        speciality=draw.cell if draw.cell == draw.drawn_class else "",
        eligible=draw.eligible if draw.root else 0,
        excluded=sum(draw.excluded.values()) if draw.root else 0,
        contributions=tuple((one.name, one.pi.hex()) for one in contributions(draw)),
        seed=draw.seed,
        seats=draw.seats,
        filled=seated,
        walk=tuple(dict.fromkeys(walked)),
        pool_leaf=leaf_of(draw.pool_entry_id) if draw.pool_entry_id else "",
        seed_leaf=leaf_of(draw.seed_entry_id) if draw.seed_entry_id else "",
    )


def _chosen(seat: Seat) -> Chosen:
    return Chosen(seat.cell, seat.number, seat.leaf)
