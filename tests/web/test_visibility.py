"""Who may know what (可见性矩阵): every post reads every address at every stage, and docs/visibility.toml is compared.

The table holds in both directions: what a post may know it finds, and what it may not know is on no page, in no header,
download, inbox line, receipt, search, count, error page or topic that it can reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mifeng.kernel.ledger.queries import history
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import subjects
from mifeng.venues.queries import session_of
from tests.databases import own_database
from tests.web.visibility.cast import AT_SEATS, POSTS, STAGES
from tests.web.visibility.crawl import Route, read_all, routes, values
from tests.web.visibility.judgement import SITTING
from tests.web.visibility.steps import stages
from tests.web.visibility.table import DOOR, PORTAL, Cell, Fact, faults, load, sightings
from tests.web.visibility.world import World, build
from tests.web.witnessed import witness_log

FACTS = load()
# The stage with most secrets: here nothing is left out; at the others, what cannot change is not read again.
WHOLE = {post: "fixed" for post in POSTS} | {post: AT_SEATS[0] for post in SITTING}


@dataclass
class Reading:
    """What was read: the world at its last stage, and for every cell of the table where its mark was seen."""

    world: World
    seen: dict[str, dict[Cell, list[str]]]
    pages: int


@pytest.fixture(scope="module")
def own(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Give the module a database of its own, in which things are really committed."""
    with own_database(django_db_blocker):
        yield


@pytest.fixture(scope="module")
def reading(own: None, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Lead one world through all stages and let every post read it at each of them."""
    world = build()
    memory = tmp_path_factory.mktemp("witness")
    seen: dict[str, dict[Cell, list[str]]] = {fact.name: {} for fact in FACTS}
    tried: set[str] = set()
    pages = 0
    for stage in stages(world):
        witness_log(memory)
        marks = {stage: world.marks()}
        new = [leaf for leaf in world.leaves() if leaf not in tried]
        read = {(stage, post): read_all(world, post, new=new, whole=stage == WHOLE[post]) for post in POSTS}
        for fact in FACTS:
            found = sightings(fact, read, marks)
            seen[fact.name] |= {cell: places for cell, places in found.items() if cell.stage == stage}
        tried |= set(new)
        pages += sum(map(len, read.values()))
    return Reading(world, seen, pages)


@pytest.mark.prove
def test_every_cell_of_the_table_holds_in_both_directions(reading: Reading) -> None:
    """A mark is seen exactly where the table allows it (R071, R076, NM-2018-67 五(十四))."""
    found = [line for fact in FACTS for line in faults(dict(fact.expected()), reading.seen[fact.name])]

    assert found == []
    assert reading.pages > 2_500


@pytest.mark.prove
def test_every_cell_that_is_flipped_fails(reading: Reading) -> None:
    """Each cell of the table is turned around in its turn, and each time the comparison finds exactly that cell."""
    cells = 0
    for fact in FACTS:
        expected = dict(fact.expected())
        for cell, allowed in expected.items():
            # The other cells of the row hold, as the test above has shown; they are not compared again.
            found = faults({cell: not allowed}, reading.seen[fact.name])
            assert [line.partition(":")[0] for line in found] == [
                f"{cell.fact} · {cell.stage} · {cell.post} · {cell.place}"
            ]
            cells += 1

    assert cells == len(FACTS) * len(STAGES) * len(POSTS) * 2


@pytest.mark.prove
def test_every_fact_has_a_mark_and_is_seen_where_anybody_may_know_it(reading: Reading) -> None:
    """A row whose mark never occurs would prove nothing; rows that nobody may see name what the world really holds."""
    silent = [fact.name for fact in FACTS if not any(reading.seen[fact.name].values())]

    assert silent == [fact.name for fact in FACTS if not fact.may and not fact.public_from]
    assert [fact.name for fact in FACTS if not fact.marks(reading.world.marks())] == []


def faulty(reading: Reading, post: str) -> set[str]:
    """Read the last stage again as one post, and return the facts that are no longer as the table says."""
    stage = STAGES[-1]
    read = {(stage, post): read_all(reading.world, post, new=[], whole=False)}
    found = set()
    for fact in FACTS:
        seen = sightings(fact, read, {stage: reading.world.marks()})
        expected = {cell: allowed for cell, allowed in fact.expected() if (cell.stage, cell.post) == (stage, post)}
        leaks = [cell for cell, allowed in expected.items() if seen[cell] and not allowed]
        found |= {fact.name} if leaks else set()
    return found


@pytest.mark.prove
def test_leak_of_a_session_to_the_purchaser_would_be_found(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the purchaser let near the session, the reading would tell."""
    monkeypatch.setattr(
        "mifeng.tenders.queries.session_for", lambda by, tender: session_of(f"tenders.tender:{tender.pk}")
    )

    assert {"session-code", "site-one", "site-three"} <= faulty(reading, "buyer")


@pytest.mark.prove
def test_leak_of_an_unpublished_project_to_the_public_would_be_found(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the public record to hold projects before their notice, the reading would tell."""
    monkeypatch.setattr(
        "mifeng.web.portal.views.public_tender", lambda pk: Tender.objects.select_related("purchaser").get(pk=pk)
    )

    assert {"other-project"} <= faulty(reading, "public")


@pytest.mark.prove
def test_leak_of_a_public_act_to_a_guest_would_be_found(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a site shown every entry that speaks of its request, it could find the notice in the public record."""
    monkeypatch.setattr("mifeng.web.site.views.history", lambda wanted, types: history(wanted))

    assert {"clarification-place", "clarification-leaf"} <= faulty(reading, "guest-one")
    assert "tenders.tender" in subjects(reading.world.tender)[0]


@pytest.mark.prove
def test_every_route_of_the_platform_is_read(reading: Reading) -> None:
    """A new address with a parameter that the reading does not know fails here first."""
    named = routes()

    assert {len(values(reading.world, route, name)) > 0 for route in named for name in route.parameters} == {True}
    spaces = {"portal", "account", "workspace", "site", "cockpit", "supplier", "reception", "hall", "library"}
    assert {route.name.partition(":")[0] for route in named} == spaces | {"invitation", "desk"}
    with pytest.raises(KeyError):
        values(reading.world, Route("portal:bid", ("bid",)), "bid")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"name": "a", "what": "a", "canary": ["a"], "may": {"opened": "agency"}}, "opened"),
        ({"name": "a", "what": "a", "canary": ["a"], "may": {"entered": "agent"}}, "agent"),
        ({"name": "a", "what": "a", "canary": ["a"], "public_from": "later"}, "later"),
        ({"name": "a", "what": "a", "canary": ["a"], "forever": True}, "forever"),
    ],
)
def test_word_that_the_table_cannot_mean_is_refused(tmp_path: Path, row: dict[str, object], problem: str) -> None:
    """A misspelt stage or post would quietly allow or forbid nothing."""
    lines = [f"stages = {list(STAGES)}", f"posts = {list(POSTS)}", "[[fact]]"]
    lines += [
        f"{key} = {str(value).lower() if isinstance(value, bool) else _toml(value)}" for key, value in row.items()
    ]
    table = tmp_path / "visibility.toml"
    table.write_text("\n".join(lines))

    with pytest.raises(ValueError, match=problem):
        load(table)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = '{word}'" for key, word in value.items()) + "}"
    return repr(value)


def test_fact_without_a_stage_is_allowed_to_nobody() -> None:
    """The default is silence."""
    fact = Fact("a", "a", ("a",), {})

    assert {allowed for _, allowed in fact.expected()} == {False}
    assert {cell.place for cell, _ in fact.expected()} == {DOOR, PORTAL}
