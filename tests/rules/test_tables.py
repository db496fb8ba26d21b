"""State tables and methods as data. GPL-35, GPLR-31, BN-2023 二(一), LY-2022-14 四(一), GPL-26."""

from collections.abc import Mapping

import pytest

from mifeng.rules import session, tender
from mifeng.rules.errors import NotEntitled, WrongState
from mifeng.rules.lifecycle import Lifecycle, check_step, reachable, states, step
from mifeng.rules.procedure import PROCEDURES
from tests.rules.books import BOOK

TABLES: Mapping[str, Lifecycle] = {
    "lot": tender.LOT,
    "document": tender.DOCUMENT,
    "session": session.SESSION,
    "request": session.REQUEST,
    "booking": session.BOOKING,
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_state_can_be_reached(name: str) -> None:
    assert reachable(TABLES[name]) == states(TABLES[name])


def test_a_state_behind_no_step_is_not_reachable() -> None:
    island = {"make": step("", "made", "agency", "GPL-35"), "end": step("lost", "ended", "agency", "GPL-35")}

    assert states(island) - reachable(island) == {"lost", "ended"}


@pytest.mark.parametrize(
    ("table", "path"),
    [
        (
            "lot",
            [("enter", "agency"), ("accept", "host"), ("publish", "agency"), ("clarify", "agency"), ("close", "clock")],
        ),
        ("document", [("draft", "agency"), ("approve", "buyer"), ("issue", "agency")]),
        ("document", [("draft", "agency"), ("return", "buyer"), ("supersede", "agency")]),
        (
            "session",
            [("plan", "agency"), ("fix", "guest"), ("reopen", "clock"), ("fix", "host"), ("release", "agency")],
        ),
        ("request", [("request", "agency"), ("confirm", "guest"), ("release", "agency")]),
        ("request", [("request", "agency"), ("lapse", "clock"), ("release", "agency")]),
        ("booking", [("hold", "agency"), ("confirm", "host"), ("release", "clock")]),
    ],
)
def test_a_matter_travels_its_whole_way(table: str, path: list[tuple[str, str]]) -> None:
    state: str | None = None
    for name, role in path:
        state = check_step(TABLES[table], name, state=state, role=role).target

    assert state in states(TABLES[table])


@pytest.mark.parametrize(
    ("table", "name", "state", "role"),
    [
        (tender.LOT, "close", "published", "agency"),  # nobody closes but the platform, at the deadline
        (tender.DOCUMENT, "approve", "drafted", "agency"),  # an agency cannot approve its own document
        (session.REQUEST, "confirm", "requested", "agency"),  # R139: each venue confirms for itself
        (session.REQUEST, "lapse", "requested", "guest"),
    ],
)
def test_the_wrong_post_is_told_who_may(table: Lifecycle, name: str, state: str, role: str) -> None:
    with pytest.raises(NotEntitled) as refusal:
        check_step(table, name, state=state, role=role)

    assert refusal.value.code == "wrong-post"
    assert refusal.value.reasons[0].lifted_by == tuple(sorted(table[name].by))


@pytest.mark.parametrize(
    ("table", "name", "state", "role", "allowed"),
    [
        (tender.LOT, "publish", "entered", "agency", ("accepted",)),
        (tender.LOT, "publish", "closed", "agency", ("accepted",)),
        (tender.LOT, "clarify", "closed", "agency", ("published",)),
        (tender.LOT, "enter", "entered", "agency", ()),
        (tender.LOT, "publish", None, "agency", ("accepted",)),
        (tender.DOCUMENT, "issue", "returned", "agency", ("approved",)),
    ],
)
def test_the_wrong_moment_is_told_the_states_that_would_do(
    table: Lifecycle, name: str, state: str | None, role: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(WrongState) as refusal:
        check_step(table, name, state=state, role=role)

    assert refusal.value.facts == {"step": name, "state": state or "", "allowed": allowed}
    assert refusal.value.source == table[name].source


def test_a_word_that_no_table_has_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        check_step(tender.LOT, "cancel", state="published", role="agency")


@pytest.mark.parametrize("key", sorted(PROCEDURES))
def test_methods_point_at_constants_of_the_rulebook(key: str) -> None:
    method = PROCEDURES[key]

    named = [name for name in (method.period, method.suppliers, method.group) if name]
    assert all(BOOK.int(name) > 0 for name in named)
    assert BOOK.constants.keys() >= set(named)


@pytest.mark.parametrize(
    ("key", "days", "suppliers", "group"),
    [
        ("open-tender", 20, 3, 5),
        ("invited-tender", 20, 3, 5),
        ("negotiation", 3, 3, 3),
        ("consultation", 10, 3, 3),
        ("inquiry", 3, 3, 3),
    ],
)
def test_numbers_of_each_method(key: str, days: int, suppliers: int, group: int) -> None:
    method = PROCEDURES[key]

    assert (BOOK.int(method.period), BOOK.int(method.suppliers), BOOK.int(method.group)) == (days, suppliers, group)


def test_a_single_source_needs_no_number_of_suppliers() -> None:
    assert (PROCEDURES["single-source"].period, PROCEDURES["single-source"].suppliers) == ("", "")
