"""From the library to the seat (专家库、抽取、邀请).

Three tables. An *expert* (专家) stands in the library and can be drawn while enrolled there. A *draw* (抽取) is asked
for once per site: its pool is fixed and witnessed, its seed comes from the contributions of all witnesses, its
invitations walk the order that follows from the seed, and when every seat has been agreed to, its roster is sealed. A
new draw after an aborted one has its reason and a handle of its own. An *invitation* (邀请) is one place of that walk
and keeps how it came out; a person who is passed over has a place in the walk too.
"""

import re
from types import MappingProxyType

from mifeng.rules.errors import Reason, Unfair
from mifeng.rules.lifecycle import Lifecycle, step

EXPERT: Lifecycle = MappingProxyType(
    {
        "enrol": step("", "enrolled", "librarian", "NM-2018-67 二(五)"),
        "suspend": step("enrolled", "suspended", "librarian", "NM-2018-67 二(五)"),
        "restore": step("suspended", "enrolled", "librarian", "NM-2018-67 二(五)"),
    }
)

DRAW: Lifecycle = MappingProxyType(
    {
        "request_draw": step("", "asked", "agency", "LY-2022-14 四(二)"),
        "commit": step("asked", "pooled", "clock", "GPLR-39"),
        "refuse_pool": step("asked", "small", "clock", "our choice (ADR-4)"),
        "ask_wider": step("small", "asked", "agency", "BN-2023R 四3"),
        "fix_seed": step("pooled", "seeded", "clock", "GPLR-39"),
        "abort": step("pooled", "aborted", "clock", "our choice (ADR-4)"),
        "reset": step("aborted", "asked", "agency", "our choice (ADR-4)"),
        "walk": step("seeded walking", "walking", "clock", "GPLR-39"),
        "exhaust": step("seeded walking", "exhausted", "clock", "our choice (ADR-4)"),
        "seal_roster": step("walking", "rostered", "clock", "BN-2023R 四1"),
        "supplement": step("rostered walking exhausted", "walking", "clock expert host guest", "GPLR-9"),
    }
)

INVITATION: Lifecycle = MappingProxyType(
    {
        "invite": step("", "invited", "clock", "LY-2022-14 四(二)"),
        "pass_over": step("", "passed", "clock", "our choice (ADR-4)"),
        "agree": step("invited", "agreed", "expert", "LY-2022-14 四(二)"),
        "decline": step("invited", "declined", "expert", "LY-2022-14 四(二)"),
        "lapse": step("invited", "unreachable", "clock", "our choice (ADR-4)"),
        "conflict": step("invited agreed", "conflicted", "clock expert", "GPLR-9"),
        "miss": step("agreed", "absent", "host guest", "our choice (ADR-9)"),
    }
)

# What may be given as the reason of an act about a person: words, since free text could name somebody in the ledger.
DECLINE_REASONS = ("busy", "illness", "distance", "conflict", "other")
SUSPENSION_REASONS = ("left", "unfit", "misconduct", "own-wish")
CLASS_WORD = re.compile(r"[A-C][0-9]{2}(?:[0-9]{2}){0,2}", re.ASCII)
LEVELS = {3: 1, 5: 2, 7: 3}
SMALL_CLASS = 3


def level(speciality: str) -> int:
    """Return the level of a speciality (专业层级): 1 for the widest class.

    Raises:
        ValueError: when the text names none.
    """
    if not CLASS_WORD.fullmatch(speciality):
        raise ValueError(f"not a speciality: {speciality!r}")
    return LEVELS[len(speciality)]


def parent(speciality: str) -> str:
    """Return the class one level up (上一层专业); empty for the widest."""
    return speciality[:-2] if level(speciality) > 1 else ""


def within(speciality: str, wanted: str) -> bool:
    """Tell whether a speciality lies in a class, or is that class (所属专业)."""
    return speciality.startswith(wanted)


def check_class(speciality: str) -> None:
    """Refuse a draw from a class of the third level, whose few members everybody knows (从一类二类抽取).

    Raises:
        Unfair: ``malformed``, ``class-small``.

    Source: BN-2023R 四3 (R097)
    """
    if not CLASS_WORD.fullmatch(speciality):
        raise Unfair(Reason("malformed", {"field": "speciality"}))
    if level(speciality) >= SMALL_CLASS:
        raise Unfair(Reason("class-small", {"speciality": speciality}, lifted_by=("agency",)))


def check_decline_reason(word: str) -> None:
    """Refuse a refusal without one of the known reasons (拒绝事由).

    Raises:
        Unfair: ``reason-required``.

    Source: our choice (ADR-4)
    """
    if word not in DECLINE_REASONS:
        raise Unfair(Reason("reason-required"))


def check_suspension_reason(word: str) -> None:
    """Refuse a suspension without one of the known reasons (停止抽取事由).

    Raises:
        Unfair: ``reason-required``.

    Source: NM-2018-67 二(五) (R055)
    """
    if word not in SUSPENSION_REASONS:
        raise Unfair(Reason("reason-required"))
