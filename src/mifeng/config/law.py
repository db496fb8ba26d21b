"""Clause → rule → tests (法规对照): what the law asks, where the code answers, which tests prove it.

``mifeng law`` reads three places and compares the ids it finds: ``docs/law`` (every clause and requirement in our own
words), ``src`` (``Source:`` lines, state tables, reason codes, rulebooks) and ``tests``. Only an id that stands in a
file under ``tests`` counts as tested. The last line is one line of totals, made to be read by a machine and by a tired
person alike.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mifeng.rules import evaluation, expert, opening, session, sitting, tender
from mifeng.rules.lifecycle import Lifecycle
from mifeng.rules.rulebook import Constant, Rulebook, parse_rulebook

CLAUSE_ID = re.compile(
    r"(?<![\w-])(?:(?:GPLR?|TBLR?|PIPL|ESL)-\d+|(?:MOF|SCO)-\d+(?:-\d+)*"
    r"|(?:BN-2023R?|NM-2018-67|LY-2022-14|LC-2018-80) "
    r"(?:序\d|末|页眉|各条|[一二三四五六七八九十]+(?:\([一二三四五六七八九十]+\))?\d?(?:\(\d\))?))(?![\d(])"
)
REQUIREMENT_ID = re.compile(r"\bR\d{3}\b")
HEADER = re.compile(r"\[constants\.(\w+)\]")
SHOWN = 3
TABLES: Mapping[str, Lifecycle] = {
    "采购包 lot": tender.LOT,
    "招标文件 document": tender.DOCUMENT,
    "评审场次 session": session.SESSION,
    "场地请求 request": session.REQUEST,
    "席位预约 booking": session.BOOKING,
    "呼叫 call": session.CALL,
    "席位机 seatcomputer": session.SEAT_COMPUTER,
    "投标 bid": opening.BID,
    "开标 opening": opening.OPENING,
    "评审专家 expert": expert.EXPERT,
    "抽取 draw": expert.DRAW,
    "邀请 invitation": expert.INVITATION,
    "评审委员会 panel": sitting.PANEL,
    "签到 checkin": sitting.CHECKIN,
    "采购人代表 representative": sitting.REPRESENTATIVE,
    "到场 arrival": sitting.ARRIVAL,
    "签到机 kiosk": sitting.KIOSK,
    "评审 evaluation": evaluation.EVALUATION,
    "评分表 sheet": evaluation.SHEET,
    "定标 award": evaluation.AWARD,
}

Places = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Source:
    """A law, regulation or notice (法源) and its clauses in our own words."""

    id: str
    title: str
    at_hand: bool
    clauses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of the 190 requirements of the notices (验收要求): the clause it comes from and what it asks."""

    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class Law:
    """Everything under ``docs/law``."""

    sources: tuple[Source, ...]
    requirements: Mapping[str, Requirement]

    @property
    def clauses(self) -> dict[str, str]:
        """Return every clause id with its text."""
        return {clause: text for source in self.sources for clause, text in source.clauses.items()}


def read_law(folder: Path) -> Law:
    """Return the clauses and requirements of ``docs/law``.

    Raises:
        ValueError: a clause id that does not fit its form, stands twice, or a requirement whose clause does not exist.
    """
    sources = []
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text("utf-8"))
        if path.stem == "requirements":
            requirements = {name: Requirement(row["clause"], row["text"]) for name, row in table.items()}
        else:
            sources.append(Source(table["id"], table["title"], table["at_hand"], table["clauses"]))
    law = Law(tuple(sources), requirements)
    odd = [clause for clause in law.clauses if not CLAUSE_ID.fullmatch(clause)]
    astray = [name for name, row in requirements.items() if row.clause not in law.clauses]
    if odd or astray or sum(len(source.clauses) for source in sources) != len(law.clauses):
        raise ValueError(f"docs/law: ids of another form or twice {odd}, requirements without a clause {astray}")
    return law


def cited(text: str) -> list[str]:
    """Return the clause and requirement ids in a text, in order."""
    found = [*CLAUSE_ID.finditer(text), *REQUIREMENT_ID.finditer(text)]
    return [match.group() for match in sorted(found, key=lambda match: match.start())]


def citations(files: Iterable[Path], root: Path) -> dict[str, list[str]]:
    """Return every id cited in some files with the places where it stands, innermost function or table first named."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in files:
        text = path.read_text("utf-8")
        name_at = _toml_names(text) if path.suffix == ".toml" else _python_names(text)
        for number, line in enumerate(text.splitlines(), 1):
            for one in cited(line):
                place = f"{path.relative_to(root).as_posix()}{name_at(number)}"
                if place not in places[one]:
                    places[one].append(place)
    return dict(places)


def source_files(root: Path) -> list[Path]:
    """Return the files in which rules cite the law."""
    package = root / "src" / "mifeng"
    return sorted([*package.rglob("*.py"), *(package / "rules" / "rulebooks").glob("*.toml")])


def files_of_tests(root: Path) -> list[Path]:
    """Return the files under ``tests``."""
    return sorted((root / "tests").rglob("*.py"))


def rulebooks(root: Path) -> list[Rulebook]:
    """Return the rulebooks of the source tree."""
    folder = root / "src" / "mifeng" / "rules" / "rulebooks"
    return [parse_rulebook(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]


def report(law: Law, rules: Places, tests: Places, *, missing: bool) -> Iterator[str]:
    """Yield clause → rule → tests for all clauses and requirements, or only for those without tests."""
    for source in law.sources:
        yield f"{source.id}  {source.title}{'' if source.at_hand else '  待核'}"
        for clause, text in source.clauses.items():
            if not (missing and clause in tests):
                yield from _entry(clause, text, rules, tests)
        yield ""
    for name, row in law.requirements.items():
        if not (missing and name in tests):
            yield from _entry(f"{name}  {row.clause}", row.text, rules, tests, key=name)
    yield ""


def unconfirmed(books: Iterable[Rulebook]) -> Iterator[str]:
    """Yield the constants whose number nobody has checked against the text (待核)."""
    for book in books:
        for one in book.unconfirmed():
            yield f"待核  {book.name}.{one.name} = {one.value}  {one.source}  {one.article}"


def totals(law: Law, tests: Places, books: Iterable[Rulebook]) -> str:
    """Return the one line of totals."""
    law_constants: list[Constant] = [
        one for book in books for one in book.constants.values() if one.standing != "choice"
    ]
    confirmed = sum(one.confirmed for one in law_constants)
    clauses = law.clauses
    return (
        f"requirements: {len(law.requirements.keys() & tests.keys())}/{len(law.requirements)} with tests"
        f" · clauses: {len(clauses.keys() & tests.keys())}/{len(clauses)}"
        f" · constants: {confirmed} confirmed, {len(law_constants) - confirmed} unconfirmed"
    )


def tables() -> Iterator[str]:
    """Yield the state tables as a page of documentation (状态表)."""
    yield "# State tables\n"
    yield "Printed by `mifeng law --tables`; a house test compares this page with the code. A step from no state"
    yield "creates the matter.\n"
    for title, table in TABLES.items():
        yield f"## {title}\n"
        yield "| step | from | to | by | clause |"
        yield "|---|---|---|---|---|"
        for name, row in table.items():
            sources, by = ", ".join(sorted(row.sources)) or "—", ", ".join(sorted(row.by))
            yield f"| {name} | {sources} | {row.target} | {by} | {row.source} |"
        yield ""


def main(arguments: list[str]) -> int:
    """Print the matrix of the law; return 2 where no source tree is found."""
    parser = argparse.ArgumentParser(prog="mifeng law", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, help="source tree; the current folder or the one around this file")
    parser.add_argument("--missing", action="store_true", help="only what has no test yet")
    parser.add_argument("--tables", action="store_true", help="print the state tables instead")
    chosen = parser.parse_args(arguments)
    if chosen.tables:
        print("\n".join(tables()))
        return 0
    root = chosen.root or _root()
    if root is None or not (root / "docs" / "law").is_dir():
        print("mifeng law: no docs/law here; run it in a source tree or give --root", file=sys.stderr)
        return 2
    law, books = read_law(root / "docs" / "law"), rulebooks(root)
    rules, tests = citations(source_files(root), root / "src"), citations(files_of_tests(root), root)
    for line in (*report(law, rules, tests, missing=chosen.missing), *unconfirmed(books), totals(law, tests, books)):
        print(line)
    return 0


def _root() -> Path | None:
    around = (Path.cwd(), Path(__file__).resolve().parents[3])
    return next((root for root in around if (root / "docs" / "law").is_dir()), None)


def _entry(title: str, text: str, rules: Places, tests: Places, *, key: str = "") -> Iterator[str]:
    yield f"  {title}  {text}"
    for label, places in (("rule ", rules.get(key or title, [])), ("tests", tests.get(key or title, []))):
        more = f" (+{len(places) - SHOWN})" if len(places) > SHOWN else ""
        yield f"      {label}  {' · '.join(places[:SHOWN]) or '—'}{more}"


class _Names:
    """Where a line of a file belongs: the innermost span that holds it."""

    def __init__(self, spans: list[tuple[int, int, str]]) -> None:
        self.spans = sorted(spans, key=lambda span: span[1] - span[0])

    def __call__(self, line: int) -> str:
        return next((f"::{name}" for first, last, name in self.spans if first <= line <= last), "")


def _python_names(text: str) -> _Names:
    spans = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            spans.append((first, node.end_lineno or first, node.name))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                spans.append((node.lineno, node.end_lineno or node.lineno, target.id))
    return _Names(spans)


def _toml_names(text: str) -> _Names:
    lines = text.splitlines()
    heads = [(number, match.group(1)) for number, line in enumerate(lines, 1) if (match := HEADER.match(line))]
    ends = [number for number, _ in heads[1:]] + [len(lines) + 1]
    return _Names([(number, end - 1, name) for (number, name), end in zip(heads, ends, strict=True)])
