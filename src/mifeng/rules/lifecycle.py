"""What is legal, as data (状态表).

A *lifecycle* is a table: step word → from which states, to which state, by whom, under which clause. The tables are
printed into the documentation, checked for unreachable states, and asked by the one door through which every act goes.
Nothing else decides whether a step may be taken, so a lawyer can read the whole of it on a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mifeng.rules.errors import NotEntitled, Reason, WrongState


@dataclass(frozen=True, slots=True)
class Step:
    """Allow one step of a matter (办理环节).

    Args:
        sources: states from which the step may be taken; empty for the step that creates the matter.
        target: state after it.
        by: roles that may take it; ``clock`` is the platform at a due time.
        source: clause id, or ``our choice (ADR-n)``.
    """

    sources: frozenset[str]
    target: str
    by: frozenset[str]
    source: str


Lifecycle = Mapping[str, Step]


def step(sources: str, target: str, by: str, source: str) -> Step:
    """Write one row of a table; ``sources`` and ``by`` are words separated by spaces."""
    return Step(frozenset(sources.split()), target, frozenset(by.split()), source)


def check_step(lifecycle: Lifecycle, name: str, *, state: str | None, role: str) -> Step:
    """Refuse a step that the table does not allow now or to this role (环节与岗位).

    Args:
        lifecycle: the table of the matter.
        name: step word; a word that the table lacks is a programming error (``KeyError``).
        state: the state the matter stands in; None when the step creates it.
        role: role of the acting post.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``, with the state and the states that would allow it.

    Source: our choice (ADR-1)
    """
    row = lifecycle[name]
    if role not in row.by:
        raise NotEntitled(Reason("wrong-post", {"step": name, "role": role}, lifted_by=tuple(sorted(row.by))))
    if (state is None and row.sources) or (state is not None and state not in row.sources):
        facts = {"step": name, "state": state or "", "allowed": tuple(sorted(row.sources))}
        raise WrongState(Reason("wrong-state", facts, source=row.source))
    return row


def states(lifecycle: Lifecycle) -> frozenset[str]:
    """Return every state the table names."""
    return frozenset(row.target for row in lifecycle.values()).union(*(row.sources for row in lifecycle.values()))


def reachable(lifecycle: Lifecycle) -> frozenset[str]:
    """Return the states that can be reached from the creating steps."""
    found = {row.target for row in lifecycle.values() if not row.sources}
    while True:
        more = {row.target for row in lifecycle.values() if row.sources & found} - found
        if not more:
            return frozenset(found)
        found |= more
