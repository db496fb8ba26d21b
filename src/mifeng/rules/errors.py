"""The refusal tree (不予受理).

A refusal is an ordinary, lawful answer: an act was asked for and the law, the state of the matter or the moment does
not allow it. It always says *why* in full, so one refusal carries every reason that stands in the way, not merely the
first::

    Exception
    ├── Refusal                  a lawful "no"; nothing was written
    │   ├── WrongMoment          too early or too late            HTTP 403
    │   ├── NotEntitled          this post may not do this        HTTP 403
    │   ├── WrongState           the matter is at another step    HTTP 409
    │   └── Unfair               the content breaks a rule        HTTP 422
    └── Tampered                 evidence does not fit; never caught, never turned into a page of advice

A reason has a stable code (`seats-pending`), the facts that explain it, the clause it rests on, the moment at which it
ends by itself (if it does) and the posts that can lift it. The text a person reads is looked up by the code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from mifeng.rules.reasons import REASONS

Facts = Mapping[str, object]


def _no_facts() -> Facts:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reason:
    """Say one thing that stands in the way (阻止原因).

    Args:
        code: stable kebab-case code, a key of ``REASONS``.
        facts: what explains it; plain values, shown to the person refused, so never more than that person may know.
        until: the instant at which it ends by itself, aware; None when only an act can end it.
        lifted_by: the posts that can lift it, as role words.
        source: the clause; taken from ``REASONS`` unless the rulebook names a nearer one.
    """

    code: str
    facts: Facts = field(default_factory=_no_facts)
    until: datetime | None = None
    lifted_by: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise KeyError(f"reason {self.code!r} has no clause in rules/reasons.py")
        if not self.source:
            object.__setattr__(self, "source", REASONS[self.code])


class Refusal(Exception):
    """Refuse an act (不予受理) and say every reason."""

    status: ClassVar[int] = 422

    def __init__(self, first: Reason, *more: Reason) -> None:
        self.reasons = (first, *more)
        super().__init__(", ".join(reason.code for reason in self.reasons))

    @property
    def code(self) -> str:
        """Return the code of the first, weightiest reason."""
        return self.reasons[0].code

    @property
    def codes(self) -> tuple[str, ...]:
        """Return all codes in order of weight."""
        return tuple(reason.code for reason in self.reasons)

    @property
    def facts(self) -> Facts:
        """Return the facts of the first reason."""
        return self.reasons[0].facts

    @property
    def source(self) -> str:
        """Return the clause of the first reason."""
        return self.reasons[0].source


class WrongMoment(Refusal):
    """The act came too early or too late (时间不符)."""

    status = 403


class NotEntitled(Refusal):
    """The post may not do this act (无权办理)."""

    status = 403


class WrongState(Refusal):
    """The matter stands at a step that does not allow the act (环节不符)."""

    status = 409


class Unfair(Refusal):
    """The content of the act breaks a rule (内容违规)."""

    status = 422


class Tampered(Exception):
    """Evidence does not fit together (证据不符). Not a refusal; nothing catches it."""


def refuse_if_any(kind: type[Refusal], reasons: Iterable[Reason]) -> None:
    """Raise one refusal of the given kind carrying all reasons; do nothing when there are none."""
    found = tuple(reasons)
    if found:
        raise kind(*found)
