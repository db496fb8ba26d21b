"""The walk of a draw (邀请与补抽): invited in order, answered, passed over for a recorded reason, seated, sealed."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from mifeng.experts import pools
from mifeng.experts.actions.draws import CHOICE, check_walkable, lock_draw, walked_until
from mifeng.experts.keyring import CONTACT, ROSTER, seal
from mifeng.experts.models import Contact, Draw, Invitation, Roster
from mifeng.experts.walk import Walking
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules import expert as table
from mifeng.rules.avoidance import Candidate, Firm, conflict
from mifeng.rules.deadlines import DueStep
from mifeng.rules.draw.walk import Outcome
from mifeng.rules.errors import NotEntitled, Reason, WrongMoment, WrongState
from mifeng.rules.lifecycle import check_step

TOKEN_BYTES = 32
HANDLE_LETTERS = 16
WALKED = ("walking", "exhausted", "rostered")
SEATED_ELSEWHERE, BUSY, NO_ANSWER = "seated", "busy", "no-answer"


def invite_next(draw_id: UUID, *, firms: Sequence[Firm] = (), by: Actor) -> Written:
    """Invite the next of the order, never more than seats are open (按次序邀请).

    Whoever has accepted another seat for that time, or is tied to a bidder that is known by now, is passed over with a
    line of the walk; whoever still has to answer for another seat holds the walk up. A walk at its end with open seats
    is exhausted.

    Args:
        draw_id: a draw with its seed.
        firms: the bidders once they are known; nobody before.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``session-begun``; not for a seat that became free at the door.
        WrongState: ``wrong-state``, also when nothing is to be recorded now.

    Source: GPLR-39, LY-2022-14 四(二), GPLR-9 (R131)
    """
    with acting("invite", by=by) as act:
        draw = lock_draw(act, draw_id)
        check_step(table.DRAW, "walk", state=draw.state, role=by.role)
        check_walkable(draw, act.at)
        walking = _walking(draw)
        lines = _go_on(act, walking, firms)
        if not lines and not walking.walk.is_exhausted:
            raise WrongState(_nothing_due("walk", draw))
        step = "exhaust" if walking.walk.is_exhausted else "walk"
        act.move(draw, table.DRAW, step, handle=draw.handle, lines=[line for line, _ in lines])
        start = Invitation.objects.filter(draw=draw).count()
        for place, (line, person) in enumerate(lines, start=start + 1):
            _enter(act, draw, place, line, person)
    return act.entry


def answer_invitation(token: str, *, accept: bool, reason: str = "", by: Actor | None = None) -> Written:
    """Accept or decline an invitation (答复邀请); who answers is whoever holds the link.

    Args:
        token: the secret of the link.
        accept: comes to the session.
        reason: a word of ``rules.expert.DECLINE_REASONS`` when not.
        by: the actor of ``queries.invitation`` with an idempotency key; else made from the link.

    Raises:
        ObjectDoesNotExist: for an unknown link.
        NotEntitled: ``wrong-post``.
        Unfair: ``reason-required``.
        WrongMoment: ``invitation-over``.
        WrongState: ``wrong-state``, when it has been answered or has ended otherwise.

    Source: LY-2022-14 四(二) (R143)
    """
    if not accept:
        table.check_decline_reason(reason)
    found = by_token(token)
    actor = expert_actor(found) if by is None else by
    with acting("answer_invitation", by=actor) as act:
        draw, invitation = act.lock(Draw, found.draw_id), act.lock(Invitation, found.pk)
        check_invited(invitation, actor)
        step = "agree" if accept else "decline"
        check_step(table.INVITATION, step, state=invitation.state, role=actor.role)
        if invitation.answer_by is not None and act.at >= invitation.answer_by:
            raise WrongMoment(Reason("invitation-over", {"answer_by": invitation.answer_by}))
        outcome = Outcome.ACCEPTED if accept else Outcome.REFUSED
        _end(act, _walking(draw), [(invitation, step, outcome, "" if accept else reason)])
    return act.entry


def lapse_invitation(invitation_id: UUID, *, by: Actor) -> Written:
    """Record that an expert did not answer in time (无应答), with the moment of the dispatch as evidence.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``too-early``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-4)
    """
    found = Invitation.objects.get(pk=invitation_id)
    with acting("lapse_invitation", by=by) as act:
        draw, invitation = act.lock(Draw, found.draw_id), act.lock(Invitation, found.pk)
        check_step(table.INVITATION, "lapse", state=invitation.state, role=by.role)
        act.meet(invitation, "lapse")
        _end(act, _walking(draw), [(invitation, "lapse", Outcome.UNREACHABLE, NO_ANSWER)])
    return act.entry


def record_dispatch(invitation_id: UUID, sha256: str, *, by: Actor) -> Written:
    """Record that a message has been handed to the gateway (记录短信交发); the time to answer runs from here.

    Args:
        invitation_id: the invitation.
        sha256: hash of what the gateway keeps, hexadecimal.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``, when it has been sent or has ended.

    Source: our choice (ADR-4)
    """
    found = Invitation.objects.select_related("draw").get(pk=invitation_id)
    hours = rulebooks()[found.draw.rulebook].int("invitation_hours")
    with acting("record_dispatch", by=by) as act:
        draw, invitation = act.lock(Draw, found.draw_id), act.lock(Invitation, found.pk)
        check_step(table.INVITATION, "lapse", state=invitation.state, role=by.role)
        if invitation.sent_at is not None:
            raise WrongState(_nothing_due("dispatch", draw))
        invitation.sent_at = act.at
        invitation.answer_by = min(act.at + timedelta(hours=hours), walked_until(draw, act.at))
        act.note(invitation, "dispatch", sha256=sha256, answer_by=invitation.answer_by)
        act.due(invitation, [DueStep("lapse", invitation.answer_by, CHOICE, "", False, "dispatch")])
    return act.entry


def seal_roster(draw_id: UUID, *, by: Actor) -> Written:
    """Close the list of those who are seated (密封专家名单), once every seat is held; seats are numbered by rank.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``, also while a seat is open.

    Source: BN-2023R 四1 (R093, R094)
    """
    with acting("seal_roster", by=by) as act:
        draw = act.lock(Draw, draw_id)
        check_step(table.DRAW, "seal_roster", state=draw.state, role=by.role)
        walking = _walking(draw)
        if not walking.walk.is_complete:
            raise WrongState(_nothing_due("seal_roster", draw))
        held = [seat for seat in walking.walk.seats if seat.holds]
        rows = [
            {"number": seat.number, "leaf": seat.leaf.hex(), "expert": walking.frozen.person(seat.leaf)}
            for seat in held
        ]
        Roster.objects.update_or_create(draw=draw, defaults={"sealed": seal(ROSTER, draw.pk, rows)})
        act.move(draw, table.DRAW, "seal_roster", handle=draw.handle, seats=[seat.number for seat in held])
    return act.entry


def mark_conflicts(act: Act, draw_ids: Iterable[UUID], firms: Sequence[Firm]) -> int:
    """Let those stand aside who are tied to a bidder (开标后回避), within an act of the clock; return how many do.

    Their seats are filled by the same walk going on. Draws that nobody has been invited to yet are left alone: an
    invitation after the opening asks for itself.

    Args:
        act: the open act.
        draw_ids: the draws of one session.
        firms: the bidders, known since the opening.

    Raises:
        NotEntitled: ``wrong-post``.

    Source: GPLR-9
    """
    wanted = {str(pk) for pk in draw_ids}
    first = Draw.objects.filter(pk__in=wanted).first()
    locked = act.lock_all(Draw, pools.overlapping(first)) if first else []
    draws = [one for one in locked if str(one.pk) in wanted and one.state in WALKED]
    tied = _tied(act, draws, firms)
    for draw in draws:
        own = [(one, "conflict", Outcome.CONFLICT, why) for one, why in tied if one.draw_id == draw.pk]
        if own:
            act.move(draw, table.DRAW, "supplement", handle=draw.handle, places=len(own))
            _end(act, _walking(draw), own)
    return len(tied)


def stand_aside(act: Act, invitation_id: UUID, why: str) -> None:
    """Let a seated expert stand aside at the door (签到时回避), within the expert's own act; the walk goes on.

    Args:
        act: the open act.
        invitation_id: of an expert who has agreed.
        why: a word for the reason.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: GPLR-9
    """
    found = Invitation.objects.get(pk=invitation_id)
    draw, invitation = lock_draw(act, found.draw_id), act.lock(Invitation, found.pk)
    act.move(draw, table.DRAW, "supplement", handle=draw.handle, places=1)
    _end(act, _walking(draw), [(invitation, "conflict", Outcome.CONFLICT, why)])


def miss_expected(act: Act, draw_id: UUID, present: Collection[UUID]) -> int:
    """Count everybody absent who has agreed and is not here (未到), within an officer's act; return how many.

    Args:
        act: the open act.
        draw_id: the draw of the officer's site.
        present: invitations of those who are here.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-9)
    """
    draw = lock_draw(act, draw_id)
    held = Invitation.objects.filter(draw=draw, state=pools.SEATED).exclude(pk__in=present)
    missing = sorted(act.lock_all(Invitation, held.values_list("pk", flat=True)), key=lambda one: one.place)
    if missing:
        act.move(draw, table.DRAW, "supplement", handle=draw.handle, places=len(missing))
        _end(act, _walking(draw), [(one, "miss", Outcome.FAILED_CHECK_IN, "") for one in missing])
    return len(missing)


def check_invited(invitation: Invitation, by: Actor) -> None:
    """Refuse everybody but the person a link was sent to (受邀人).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: BN-2023R 四1 (R094)
    """
    if (by.role, by.handle) != ("expert", invitation.leaf[:HANDLE_LETTERS]):
        raise NotEntitled(Reason("wrong-post", {"step": "agree", "role": by.role}, lifted_by=("expert",)))


def by_token(token: str) -> Invitation:
    """Return the invitation behind a link.

    Raises:
        DoesNotExist: when there is none.
    """
    return Invitation.objects.get(pk__in=Contact.objects.filter(token_hash=_hash(token)).values("invitation"))


def expert_actor(invitation: Invitation) -> Actor:
    """Return whoever holds the link of an invitation: an opaque name of this one draw."""
    return Actor(role="expert", handle=invitation.leaf[:HANDLE_LETTERS])


def _go_on(act: Act, walking: Walking, firms: Sequence[Firm]) -> list[tuple[dict[str, object], str]]:
    """Write every line of the walk that is due now; return each with the person it is about."""
    taken = pools.occupied(walking.draw)
    lines = []
    while due := walking.due:
        leaf = due[0].leaf
        person = walking.frozen.person(leaf)
        held, other = taken.get(person, ("", walking.draw))
        if held == pools.ASKED:
            break
        why = "" if held or not firms else conflict(_candidate(person), firms)
        if held and other.code_name == walking.draw.code_name:
            line = walking.record(act, leaf, Outcome.ALREADY_ACCEPTED, other.handle)
        elif held or why:
            line = walking.record(act, leaf, Outcome.CONFLICT, why or BUSY)
        else:
            line = walking.record(act, leaf, Outcome.INVITED)
        lines.append((line, person))
    return lines


def _enter(act: Act, draw: Draw, place: int, line: Mapping[str, object], person: str) -> None:
    """Give a line of the walk its invitation, or the row that says why nobody was invited there."""
    fields = {"draw": draw, "place": place, "leaf": line["leaf"]}
    if line["outcome"] != Outcome.INVITED:
        why = SEATED_ELSEWHERE if line["outcome"] == Outcome.ALREADY_ACCEPTED else line["detail"]
        act.create(Invitation, table.INVITATION, "pass_over", **fields, reason=why)
        return
    invitation = act.create(Invitation, table.INVITATION, "invite", **fields)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    facts = {"expert": person, "phone": pools.personal_of([person])[person]["phone"], "token": token}
    sealed = seal(CONTACT, invitation.pk, facts)
    Contact.objects.create(invitation=invitation, token_hash=_hash(token), sealed=sealed)


def _end(act: Act, walking: Walking, ended: Sequence[tuple[Invitation, str, Outcome, str]]) -> None:
    """Record how invitations came out: a line of the walk each, then the step each takes."""
    lines = [walking.record(act, bytes.fromhex(one.leaf), outcome, why) for one, _, outcome, why in ended]
    act.note(walking.draw, "answer", handle=walking.draw.handle, lines=lines)
    for invitation, step, _, why in ended:
        invitation.reason, invitation.ended_at = why, act.at
        act.move(invitation, table.INVITATION, step)
        act.due(invitation, ())


def _candidate(person: str) -> Candidate:
    facts = pools.personal_of([person])[person]
    return Candidate(Firm(facts["employer_code"], facts["employer"]), tuple(facts["relations"]))


def _tied(act: Act, draws: Sequence[Draw], firms: Sequence[Firm]) -> list[tuple[Invitation, str]]:
    """Return the invitations of some draws whose persons are tied to one of some firms, locked, in their order."""
    held = Invitation.objects.filter(draw__in=draws, state__in=(pools.SEATED, pools.ASKED))
    contacts = {row.pk: pools.open_contact(row)["expert"] for row in Contact.objects.filter(invitation__in=held)}
    found = {pk: why for pk, person in contacts.items() if (why := conflict(_candidate(person), firms))}
    locked = act.lock_all(Invitation, found)
    return [(row, found[row.pk]) for row in sorted(locked, key=lambda one: (one.draw_id, one.place))]


def _walking(draw: Draw) -> Walking:
    return Walking(draw, pools.open_pool(draw))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _nothing_due(step: str, draw: Draw) -> Reason:
    return Reason("wrong-state", {"step": step, "state": draw.state, "allowed": ()}, source=CHOICE)
