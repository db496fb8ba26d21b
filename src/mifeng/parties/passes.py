"""Temporary posts at seats (席位岗): given at check-in, entered at the seat with a code of one use, over by themselves.

A pass carries a role, a place and a fresh handle, and nothing about a person. Whoever sits there may open the desk and
no other room.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.crypto import salted_hmac

from mifeng.kernel import clock, reads
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.parties.actions import PLACE, check_attempts
from mifeng.parties.models import SeatPass, SignInAttempt
from mifeng.rules.curve import decode_point
from mifeng.rules.errors import NotEntitled, Reason, Unfair

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": "", "\u3000": ""})
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=30)
TOKEN_BYTES = 32
TRIES_PER_PLACE = 10
ROLES = ("expert", "buyer")


@dataclass(frozen=True, slots=True)
class Place:
    """Where and for how long somebody sits (席位岗所在).

    Args:
        role: ``expert`` or ``buyer``.
        site: primary key of the site, as text.
        seat: label of the seat, which says the place and never the person.
        until: when the pass is over.
    """

    role: str
    site: str
    seat: str
    until: datetime


def issue_pass(act: Act, place: Place, *, handle: str) -> tuple[SeatPass, str]:
    """Give somebody a temporary post at a seat within an act (发放席位岗), and return it with its code.

    Args:
        act: the open act.
        place: where and for how long.
        handle: opaque name under which the ledger knows the post, new for each check-in.

    Raises:
        ValueError: for a role that no seat has.
    """
    if place.role not in ROLES:
        raise ValueError(f"no seat is given to {place.role!r}")
    code = _new_code()
    given = SeatPass(
        handle=handle,
        role=place.role,
        site=place.site,
        seat=place.seat,
        code_hash=_hash("code", code),
        code_until=act.at + CODE_LIFE,
        starts_at=act.at,
        until=place.until,
    )
    act.add(given, "issue_pass", seat=place.seat, role=place.role, handle=given.handle, until=place.until)
    return given, code


def renew_code(act: Act, pass_id: UUID) -> str:
    """Return a new code of a pass within an act (补发席位码); the old code and the seat's session are over.

    Raises:
        NotEntitled: ``seat-pass-over``.
    """
    held = act.lock(SeatPass, pass_id)
    check_pass(held, act.at)
    code = _new_code()
    held.code_hash, held.token_hash, held.code_until = _hash("code", code), "", act.at + CODE_LIFE
    act.note(held, "renew_code", seat=held.seat)
    return code


def end_pass(act: Act, pass_id: UUID) -> None:
    """End a temporary post within an act (收回席位岗): its code and its session are worth nothing from now on."""
    held = act.lock(SeatPass, pass_id)
    held.ended, held.code_hash, held.token_hash = True, "", ""
    act.note(held, "end_pass", seat=held.seat)


def enter_seat(site: str, code: str, key: str = "", *, computer: str, address: str) -> str:
    """Open a seat with its code (入席) and return the secret of the seat's session.

    The code is used up. A pass that comes again with a new code keeps the key of its client unless it brings another.
    Guessing is slowed down for each computer of a site: all of them may come from one address.

    Args:
        site: primary key of the site the computer stands at; a code of another site is wrong here.
        code: eight characters as typed.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it has none.
        computer: handle of the seat's computer.
        address: the client's address, kept with the attempt.

    Raises:
        NotEntitled: ``too-many-attempts``, ``seat-code-wrong`` whatever is wrong with it.
        Unfair: ``malformed`` for a key that is none.
    """
    check_key(key)
    at, account = clock.now(), f"{PLACE}{computer}"
    check_attempts(account, tries=TRIES_PER_PLACE)
    typed = code.upper().translate(LIKE)
    found = SeatPass.objects.filter(code_hash=_hash("code", typed), code_until__gt=at, until__gt=at, ended=False)
    held = found.filter(site=site).first() if len(typed) == CODE_LENGTH else None
    SignInAttempt.objects.create(account=account, address=address, at=at, succeeded=held is not None)
    if held is None:
        raise NotEntitled(Reason("seat-code-wrong"))
    actor, token = as_seat(held), secrets.token_urlsafe(TOKEN_BYTES)
    with acting("enter_seat", by=actor) as act:
        own = act.lock(SeatPass, held.pk)
        if own.code_hash != held.code_hash:
            raise NotEntitled(Reason("seat-code-wrong"))
        check_pass(own, act.at)
        own.code_hash, own.token_hash, own.entered_at = "", _hash("token", token), act.at
        own.key = key or own.key
        act.note(own, "enter_seat", seat=own.seat, key=own.key, computer=computer)
    reads.note("signed-in", actor, f"parties.seatpass:{held.pk}")
    return token


def actor_of_pass(token: str) -> Actor | None:
    """Return who sits at a seat, by the secret of its session; None when the pass is over or the secret is unknown."""
    at = clock.now()
    rows = SeatPass.objects.filter(token_hash=_hash("token", token), starts_at__lte=at, until__gt=at, ended=False)
    held = rows.first() if token else None
    return as_seat(held) if held else None


def as_seat(held: SeatPass) -> Actor:
    """Return the actor that a temporary post is."""
    return Actor(role=held.role, handle=held.handle, site=held.site, post=str(held.pk), seat=held.seat)


def check_pass(held: SeatPass, at: datetime) -> None:
    """Refuse a temporary post that is over (席位岗期限).

    Raises:
        NotEntitled: ``seat-pass-over``.

    Source: our choice (ADR-9)
    """
    if held.ended or at >= held.until:
        raise NotEntitled(Reason("seat-pass-over"))


def check_key(key: str) -> None:
    """Refuse a key that is no point of the curve (席位公钥); none is fine.

    Raises:
        Unfair: ``malformed``.

    Source: our choice (ADR-9)
    """
    try:
        if key:
            decode_point(bytes.fromhex(key))
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "key"})) from None


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _hash(purpose: str, secret: str) -> str:
    """Return what is kept of a secret: forty bits can be guessed from a plain hash, not from a keyed one."""
    return salted_hmac(f"mifeng seat {purpose}", secret, algorithm="sha256").hexdigest()
