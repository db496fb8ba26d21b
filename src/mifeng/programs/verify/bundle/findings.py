"""What a check finds (核验结论): what it looked at, what it could not see, and everything that does not fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

PASS, FAIL, NOT_APPLICABLE, WITHHELD = "pass", "fail", "not applicable", "withheld"
# What a manifest says of a check before anybody runs it.
DECLARED = {PASS: "open", FAIL: "open", WITHHELD: "withheld", NOT_APPLICABLE: "none"}


class Look(Enum):
    """One thing that a check came to (所见): it could be compared, or the cut does not show it."""

    SEEN = "seen"
    UNSEEN = "unseen"


SEEN, UNSEEN = Look.SEEN, Look.UNSEEN


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit (不符).

    Args:
        code: key of ``texts.TEXTS``.
        path: the file, the stream, the bid or the draw it is about.
        expected: what should stand there.
        actual: what stands there.
    """

    code: str
    path: str = ""
    expected: str = ""
    actual: str = ""


Found = Look | Fault


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check (核验结论)."""

    id: str
    faults: tuple[Fault, ...]
    seen: int
    unseen: int

    @property
    def outcome(self) -> str:
        """Return pass, fail, withheld or not applicable: nothing that was seen is never a pass."""
        if self.faults:
            return FAIL
        if self.seen:
            return PASS
        return WITHHELD if self.unseen else NOT_APPLICABLE


def finding(check: str, found: Iterable[Found]) -> Finding:
    """Return what a check has found, once it is through."""
    rows = list(found)
    faults = tuple(row for row in rows if isinstance(row, Fault))
    return Finding(check, faults, rows.count(SEEN), rows.count(UNSEEN))
