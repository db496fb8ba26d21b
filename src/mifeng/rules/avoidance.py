"""Who must stand aside (回避), and from which pool a draw is made (抽取范围).

Before the opening nobody knows the bidders, so a pool leaves out those whom the *parties* of a project exclude: the
purchaser's own people, the agency's, the supervisor's, the centre's. Bidders are checked against once they have been
opened. What an expert declares of employers within three years, offices, holdings and kin is one list of
organisations; why a relation stands there is nobody's business in a draw.

A pool must be large beside its seats. Near experts come first; where they are too few the draw goes one class up, then
to the city's library.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mifeng.rules.expert import level, parent
from mifeng.rules.rulebook import Rulebook

# Tiers, the nearest first: the library of the site's own county, the city's.
COUNTY, CITY = 1, 2
# From the weightiest: what makes a person unfit for any draw, then for this time, then for this project.
EXCLUSIONS = ("suspended", "untrained", "busy", "employed", "related")


@dataclass(frozen=True, slots=True)
class Firm:
    """An organisation to be kept apart from (回避单位): unified social credit code, and the name as it is written."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a draw must know of a person (候选专家).

    Args:
        employer: where the person works; the code is empty where it is not known.
        relations: codes of the organisations the person has declared.
        listed: stands in the library and is not suspended.
        trained: has been trained for duty.
        busy: has agreed to another session at that time.
    """

    employer: Firm
    relations: tuple[str, ...] = ()
    listed: bool = True
    trained: bool = True
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One place to draw from (抽取单元): a class of specialities, and the tier whose library is asked."""

    speciality: str
    tier: int


def exclusion(candidate: Candidate, parties: Iterable[Firm]) -> str:
    """Return why a person may not be drawn (回避事由), the weightiest reason as one of ``EXCLUSIONS``; empty if none.

    Source: GPLR-9, LC-2018-80 二(四) (R052, R168)
    """
    if not candidate.listed:
        return "suspended"
    if not candidate.trained:
        return "untrained"
    if candidate.busy:
        return "busy"
    return conflict(candidate, parties)


def conflict(candidate: Candidate, firms: Iterable[Firm]) -> str:
    """Return what ties a person to one of some firms (利害关系): ``employed``, ``related``; empty if nothing.

    Source: GPLR-9
    """
    known = tuple(firms)
    if any(_same(candidate.employer, firm) for firm in known):
        return "employed"
    return "related" if {firm.code for firm in known} & set(candidate.relations) else ""


def cells(speciality: str, *, near: bool) -> tuple[Cell, ...]:
    """Return where to draw from, best first (抽取次序): near experts of the class, of the class above, then the city's.

    Args:
        speciality: the class asked for, of level one or two.
        near: the site lies in a county with a library of its own.

    Source: LY-2022-14 四(二), BN-2023R 四3 (R097, R142)
    """
    classes = (speciality, parent(speciality)) if level(speciality) > 1 else (speciality,)
    tiers = (COUNTY, CITY) if near else (CITY,)
    return tuple(Cell(wanted, tier) for tier in tiers for wanted in classes)


def ratio_min(rulebook: Rulebook) -> Fraction:
    """Return how many persons must be eligible for each seat, at least (最低备选比例).

    Source: our choice (ADR-4)
    """
    return 1 / rulebook.share("pool_share_max")


def choose(sizes: Sequence[tuple[Cell, int]], seats: int, rulebook: Rulebook) -> Cell:
    """Return the first cell that is large enough for its seats (选定抽取单元), else the largest of all.

    Args:
        sizes: cells in their order, each with the number of those who may be drawn from it.
        seats: seats to be filled.
        rulebook: how large a pool must be beside its seats.
    """
    enough = (cell for cell, eligible in sizes if eligible >= ratio_min(rulebook) * seats)
    return next(enough, max(sizes, key=lambda one: one[1])[0])


def totals(reasons: Iterable[str]) -> Mapping[str, int]:
    """Return how often each reason kept somebody out (回避汇总), the weightiest first, without the empty one."""
    found = list(reasons)
    return {reason: found.count(reason) for reason in EXCLUSIONS if reason in found}


def _same(one: Firm, other: Firm) -> bool:
    if one.code and other.code:
        return one.code == other.code
    return bool(one.name) and _folded(one.name) == _folded(other.name)


def _folded(name: str) -> str:
    """Return a name without white space and in one width, so that the same firm is not two."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
