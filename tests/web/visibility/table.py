"""The table of who may know what (可见性矩阵), read from ``docs/visibility.toml`` and compared with what was read."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.web.visibility.cast import AT_SEATS, POSTS, STAGES
from tests.web.visibility.crawl import room_of
from tests.web.visibility.judgement import SITTING

TABLE = Path(__file__).resolve().parents[3] / "docs" / "visibility.toml"
PORTAL, DOOR = "portal", "door"

Pages = Mapping[str, str]
Readings = Mapping[tuple[str, str], Pages]  # (stage, post) → address → what came back
Marks = Mapping[str, Mapping[str, str]]  # stage → placeholder → text


@dataclass(frozen=True, order=True)
class Cell:
    """One cell of the table: one fact, one stage, one post, on the public pages or behind the door."""

    fact: str
    stage: str
    post: str
    place: str


@dataclass(frozen=True)
class Fact:
    """One fact of the table."""

    name: str
    what: str
    canary: tuple[str, ...]
    may: Mapping[str, frozenset[str]]
    public_from: str = ""
    own: str = ""
    spared: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    together: bool = False

    def expected(self) -> Iterator[tuple[Cell, bool]]:
        """Yield every cell of this fact with whether the mark has to be there.

        Who sits at a seat reads nothing outside the session, and no public page within it.
        """
        allowed: frozenset[str] = frozenset()
        public = False
        for stage in STAGES:
            allowed = self.may.get(stage, allowed)
            public = public or stage == self.public_from
            for post in POSTS:
                there = post not in SITTING or stage in AT_SEATS
                yield Cell(self.name, stage, post, DOOR), post in allowed and there
                yield Cell(self.name, stage, post, PORTAL), (public and post not in SITTING) or post == self.own

    def looks_at(self, address: str) -> bool:
        """Tell whether an address belongs to this row."""
        plain = address.removeprefix("POST ")
        if self.only and not any(fnmatch(plain, pattern) for pattern in self.only):
            return False
        return not any(fnmatch(plain, pattern) for pattern in self.spared)

    def marks(self, known: Mapping[str, str]) -> list[str]:
        """Return the texts to look for at one stage; a fact that is not there yet has none."""
        found = []
        for text in self.canary:
            filled = known.get(text[1:-1], "") if text.startswith("{") else text
            if not filled and self.together:
                return []
            found += [filled] if filled else []
        return found


def load(path: Path = TABLE) -> list[Fact]:
    """Return the facts of the table.

    Raises:
        ValueError: for a word that is no stage, no post or no key.
    """
    table = tomllib.loads(path.read_text("utf-8"))
    if tuple(table["stages"]) != STAGES or set(table["posts"]) != set(POSTS):
        raise ValueError("the table and the world differ in stages or posts")
    return [_fact(row) for row in table["fact"]]


def _fact(row: dict[str, object]) -> Fact:
    unknown = set(row) - {"name", "what", "canary", "public_from", "own", "may", "except", "only", "together"}
    may = {stage: frozenset(str(posts).split()) for stage, posts in dict(row.get("may", {})).items()}  # type: ignore[call-overload]
    words = {row.get("public_from", STAGES[0]), *may} - set(STAGES)
    posts = frozenset().union(*may.values()) - set(POSTS)
    if unknown or words or posts:
        raise ValueError(f"{row.get('name')}: unknown {sorted(map(str, unknown | words | posts))}")
    return Fact(
        name=str(row["name"]),
        what=str(row["what"]),
        canary=tuple(row["canary"]),  # type: ignore[arg-type]
        may=may,
        public_from=str(row.get("public_from", "")),
        own=str(row.get("own", "")),
        spared=tuple(row.get("except", ())),  # type: ignore[arg-type]
        only=tuple(row.get("only", ())),  # type: ignore[arg-type]
        together=bool(row.get("together")),
    )


def sightings(fact: Fact, readings: Readings, marks: Marks) -> dict[Cell, list[str]]:
    """Return for every cell of a fact the addresses at which its mark was seen."""
    found: dict[Cell, list[str]] = {cell: [] for cell, _ in fact.expected()}
    for (stage, post), pages in readings.items():
        wanted = fact.marks(marks[stage])
        for address, text in pages.items():
            held = (mark in text for mark in wanted)
            if wanted and (all(held) if fact.together else any(held)) and fact.looks_at(address):
                place = PORTAL if room_of(address) == PORTAL else DOOR
                found[Cell(fact.name, stage, post, place)].append(address)
    return found


def faults(expected: Mapping[Cell, bool], seen: Mapping[Cell, list[str]]) -> list[str]:
    """Return every cell in which what was seen is not what the table says."""
    return [
        f"{cell.fact} · {cell.stage} · {cell.post} · {cell.place}: "
        + ("not shown" if allowed else f"leaked at {', '.join(seen[cell][:3])}")
        for cell, allowed in sorted(expected.items())
        if allowed != bool(seen[cell])
    ]
