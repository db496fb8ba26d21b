"""The people behind a draw (抽取名单): who stands in its pool, which leaf is whose, who holds a seat elsewhere.

Everything here is computed from closed columns while an act or a job runs, and kept nowhere else. Outside this module
and the keyring a draw is hashes.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from mifeng.experts.keyring import CONTACT, PERSONAL, POOL, person_key, seal, unseal
from mifeng.experts.models import Contact, Draw, Expert, Invitation, Personal, Pool
from mifeng.kernel.law import rulebooks
from mifeng.rules import avoidance, expert
from mifeng.rules.avoidance import CITY, Candidate, Firm
from mifeng.rules.draw import pool as rules
from mifeng.rules.draw.pool import Cell, Record

KEY_BYTES = 32
TIERS = {Expert.Tier.COUNTY: avoidance.COUNTY, Expert.Tier.CITY: avoidance.CITY}
SEATED, ASKED = "agreed", "invited"


@dataclass(frozen=True)
class Frozen:
    """A pool as it was fixed (冻结名单).

    Args:
        handle: of the draw, 32 bytes.
        key: from which the salts of its leaves are made, 32 bytes.
        cell: label of its one cell.
        tier: the tier drawn from.
        seats: to be filled.
        persons: every person of the class, with the reason that keeps them out, or none.
    """

    handle: bytes
    key: bytes
    cell: str
    tier: int
    seats: int
    persons: tuple[tuple[str, str], ...]

    @cached_property
    def records(self) -> list[Record]:
        """Return the record of every person, in the order of ``persons``."""
        tiers = {self.cell: self.tier}
        return [Record(self.handle, bytes.fromhex(person_key(pk)), tiers, why) for pk, why in self.persons]

    @cached_property
    def leaves(self) -> list[bytes]:
        """Return the leaf of every person, in the order of ``persons``."""
        return rules.leaves(self.key, self.records)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Return the lists that the root commits to."""
        pairs = zip(self.leaves, self.records, strict=True)
        return rules.cells([(self.cell, self.seats)], pairs)

    def person(self, leaf: bytes) -> str:
        """Return who stands behind a leaf, as the id of an expert."""
        return self._behind[leaf]

    @cached_property
    def _behind(self) -> dict[bytes, str]:
        return {leaf: pk for leaf, (pk, _) in zip(self.leaves, self.persons, strict=True)}


def gather(draw: Draw, parties: Sequence[Firm]) -> tuple[Frozen, str]:
    """Return the pool of a draw from the library as it stands (生成抽取名单), and the class it is drawn from.

    Near experts of the class asked for come first; where too few of them may be drawn, the class above and then the
    city's library take their place.

    Args:
        draw: what is asked for.
        parties: organisations whose people, and those related to them, stand aside.
    """
    rulebook = rulebooks()[draw.rulebook]
    found = _members(draw)
    personal = _personal(member for members in found.values() for member in members)
    taken = {person for person, (held, _) in occupied(draw).items() if held == SEATED}
    why = {str(row.pk): _exclusion(row, personal[str(row.pk)], taken, parties) for row in _each(found.values())}
    sizes = [(cell, sum(not why[str(row.pk)] for row in members)) for cell, members in found.items()]
    chosen = avoidance.choose(sizes, draw.seats, rulebook)
    persons = tuple((str(row.pk), why[str(row.pk)]) for row in found[chosen])
    named = len(persons) >= rules.NAMED_CELL_MIN
    frozen = Frozen(
        handle=bytes.fromhex(draw.handle),
        key=secrets.token_bytes(KEY_BYTES),
        cell=chosen.speciality if named else "cell-1",
        tier=chosen.tier,
        seats=draw.seats,
        persons=persons,
    )
    return frozen, chosen.speciality


def close_pool(draw: Draw, frozen: Frozen) -> None:
    """Keep a pool, closed, beside its draw."""
    rows = [f"{pk} {why}" for pk, why in frozen.persons]
    sealed = seal(POOL, draw.pk, {"key": frozen.key.hex(), "rows": rows})
    Pool.objects.create(draw=draw, sealed=sealed)


def open_pool(draw: Draw) -> Frozen:
    """Return the pool of a draw as it was fixed."""
    fields = cast("dict[str, Any]", unseal(POOL, draw.pk, bytes(Pool.objects.get(pk=draw.pk).sealed)))
    pairs = (row.partition(" ") for row in fields["rows"])
    return Frozen(
        handle=bytes.fromhex(draw.handle),
        key=bytes.fromhex(fields["key"]),
        cell=draw.cell,
        tier=draw.tier,
        seats=draw.seats,
        persons=tuple((pk, why) for pk, _, why in pairs),
    )


def overlapping(draw: Draw) -> list[Any]:
    """Return the ids of all draws whose sessions touch this one's time, its own included."""
    rows = Draw.objects.filter(starts_at__lt=draw.ends_at, ends_at__gt=draw.starts_at)
    return list(rows.values_list("pk", flat=True))


def occupied(draw: Draw) -> dict[str, tuple[str, Draw]]:
    """Return who holds a seat or an invitation of another draw at that time: expert → state, draw (同时段占用)."""
    held = Invitation.objects.filter(draw__in=overlapping(draw), state__in=(SEATED, ASKED)).exclude(draw=draw)
    found: dict[str, tuple[str, Draw]] = {}
    for contact in Contact.objects.filter(invitation__in=held).select_related("invitation__draw"):
        one = contact.invitation
        person = open_contact(contact)["expert"]
        if found.get(person, ("", draw))[0] != SEATED:
            found[person] = (one.state, one.draw)
    return found


def open_contact(contact: Contact) -> dict[str, str]:
    """Return who is invited and how to reach them: ``expert``, ``phone``, ``token``."""
    return cast("dict[str, str]", unseal(CONTACT, contact.pk, bytes(contact.sealed)))


def personal_of(people: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what the library knows of some experts, by id."""
    rows = Personal.objects.filter(pk__in=list(people))
    return {str(row.pk): cast("dict[str, Any]", unseal(PERSONAL, row.pk, bytes(row.sealed))) for row in rows}


def candidate(row: Expert, facts: Mapping[str, Any], *, busy: bool) -> Candidate:
    """Return an expert as the rules of avoidance read one."""
    return Candidate(
        employer=Firm(facts["employer_code"], facts["employer"]),
        relations=tuple(facts["relations"]),
        listed=row.state == "enrolled",
        trained=row.trained,
        busy=busy,
    )


def _members(draw: Draw) -> dict[avoidance.Cell, list[Expert]]:
    """Return everybody of each cell that may be drawn from, best cell first."""
    places = avoidance.cells(draw.speciality, near=bool(draw.near))
    widest = min((place.speciality for place in places), key=len)
    rows = [row for row in Expert.objects.order_by("pk") if any(expert.within(s, widest) for s in row.specialities)]
    return {
        place: [
            row
            for row in rows
            if TIERS[Expert.Tier(row.tier)] == place.tier
            and (place.tier == CITY or row.region == draw.near)
            and any(expert.within(one, place.speciality) for one in row.specialities)
        ]
        for place in places
    }


def _personal(rows: Iterable[Expert]) -> dict[str, dict[str, Any]]:
    return personal_of({str(row.pk) for row in rows})


def _each(groups: Iterable[Sequence[Expert]]) -> Iterable[Expert]:
    return {row.pk: row for group in groups for row in group}.values()


def _exclusion(row: Expert, facts: Mapping[str, Any], taken: set[str], parties: Sequence[Firm]) -> str:
    return avoidance.exclusion(candidate(row, facts, busy=str(row.pk) in taken), parties)
