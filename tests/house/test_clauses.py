"""Every rule has its clause, every clause its own words, every choice its decision record."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mifeng.config.law import (
    CLAUSE_ID,
    REQUIREMENT_ID,
    citations,
    cited,
    main,
    read_law,
    rulebooks,
    source_files,
    totals,
)
from mifeng.rules.errors import Reason
from mifeng.rules.lifecycle import Lifecycle
from mifeng.rules.reasons import CONSTRAINT_REASONS, REASONS
from mifeng.web.shell.texts import LAWS, REASON_TEXTS
from tests.house.test_names import GLOSSARY, lifecycles
from tests.house.tree import ROOT, Module, functions, modules, parse, spot, test_modules

# Codes that stand beside a date and never refuse.
MARKS = {"calendar-unpublished"}
LAW = read_law(ROOT / "docs" / "law")
CHOICE = re.compile(r"our choice \(ADR-(\d+)\)")
SOURCE_LINE = re.compile(r"^\s*Source: (.+)$", re.MULTILINE)
TRAILING_REQUIREMENTS = re.compile(r" \((?:R\d{3},? ?)+\)$")


def source_faults(source: str) -> list[str]:
    """Return the parts of a ``Source`` that are neither a clause of ``docs/law`` nor a choice with its record."""
    parts = TRAILING_REQUIREMENTS.sub("", source.strip()).rstrip(".").split(", ")
    return [part for part in parts if not (part in LAW.clauses or part in LAW.requirements or chosen(part))]


def chosen(part: str) -> bool:
    """Tell whether a source is a choice of ours whose decision record exists."""
    match = CHOICE.fullmatch(part)
    return match is not None and bool(list((ROOT / "docs" / "adr").glob(f"{int(match.group(1)):04d}-*.md")))


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("GPL-35", []),
        ("LY-2022-14 四(一), MOF-87-47", []),
        ("NM-2018-67 二(四) (R045, R048)", []),
        ("our choice (ADR-1)", []),
        ("our choice (ADR-99)", ["our choice (ADR-99)"]),
        ("GPL-999", ["GPL-999"]),
        ("GPL-35, common sense", ["common sense"]),
    ],
)
def test_sources_are_told_from_guesses(source: str, faults: list[str]) -> None:
    assert source_faults(source) == faults


def check_faults(module: Module) -> Iterator[str]:
    """Yield each ``check_…`` without a ``Source`` and each ``Source`` that is none."""
    for node in functions(module):
        words = ast.get_docstring(node) or ""
        sources = SOURCE_LINE.findall(words)
        if node.name.startswith("check_") and len(sources) != 1:
            yield f"{spot(module, node)} {node.name} needs one Source"
        for source in sources:
            yield from (f"{spot(module, node)} {node.name}: {fault}" for fault in source_faults(source))


@pytest.mark.parametrize(
    "planted",
    [
        "def check_seat(): pass",
        "def check_seat():\n    '''Refuse.'''",
        "def check_seat():\n    '''Refuse.\n\n    Source: a hunch\n    '''",
        "def enter():\n    '''Enter.\n\n    Source: a hunch\n    '''",
    ],
)
def test_a_check_without_its_clause_would_be_found(planted: str) -> None:
    assert len(list(check_faults(parse("mifeng.planted", planted)))) == 1


def test_every_check_cites_a_clause_or_a_decision() -> None:
    assert [fault for module in modules() for fault in check_faults(module)] == []


@pytest.mark.parametrize("code", sorted(REASONS))
def test_a_reason_code_has_a_text_and_a_source(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert source_faults(REASONS[code]) == []
    assert str(REASON_TEXTS[code].says)


def test_no_text_is_left_without_its_code() -> None:
    assert set(REASON_TEXTS) == set(REASONS)


def test_every_known_code_is_used() -> None:
    used = set(CONSTRAINT_REASONS.values())
    for module in modules():
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Constant)
                and node.value in REASONS
                and not module.name.endswith((".texts", ".reasons"))
            ):
                used.add(node.value)

    assert set(REASONS) - used == set(MARKS)


def test_an_unknown_code_cannot_be_used() -> None:
    with pytest.raises(KeyError):
        Reason("because")


@pytest.mark.parametrize("name", sorted(lifecycles()))
def test_every_step_of_a_table_has_its_clause(name: str) -> None:
    table: Lifecycle = lifecycles()[name]

    assert {step: source_faults(row.source) for step, row in table.items() if source_faults(row.source)} == {}


@pytest.mark.parametrize("book", rulebooks(ROOT), ids=lambda book: book.name)
def test_every_constant_has_its_clause_and_claims_no_more_than_was_read(book) -> None:
    at_hand = {clause: source.at_hand for source in LAW.sources for clause in source.clauses}

    for constant in book.constants.values():
        assert source_faults(constant.source) == []
        if constant.standing == "choice":
            assert chosen(constant.source)
        else:
            assert constant.confirmed == at_hand[constant.source]


def test_pages_mark_the_sources_that_were_not_read() -> None:
    """What a page shows as 待核 is what docs/law says was not at hand, for each clause that code can show."""
    shown = citations([path for path in source_files(ROOT) if path.suffix == ".py"], ROOT / "src")

    for source in LAW.sources:
        for clause in set(source.clauses) & set(shown):
            named = max((key for key in LAWS if clause.startswith(key)), key=len, default="")
            assert named, f"no title for {clause}"
            assert LAWS[named].read == source.at_hand, clause


def test_every_decision_that_is_cited_is_on_record() -> None:
    cited_choices = {match for module in modules() for match in CHOICE.findall(module.text)}

    assert [number for number in sorted(cited_choices) if not chosen(f"our choice (ADR-{number})")] == []


def test_every_clause_that_is_cited_is_stated() -> None:
    known = {*LAW.clauses, *LAW.requirements}
    found = {
        f"{module.name}: {one}"
        for module in (*modules(), *test_modules())
        if module.name != "tests.house.test_clauses"
        for one in cited(module.text)
        if one not in known and one not in LAWS
    }

    assert found == set()


@pytest.mark.parametrize("name", sorted(GLOSSARY))
def test_a_term_of_the_glossary_has_its_clause(name: str) -> None:
    assert source_faults(GLOSSARY[name]["clause"]) == []


def test_the_190_requirements_stand_once_and_for_ever() -> None:
    assert list(LAW.requirements) == [f"R{number:03d}" for number in range(1, 191)]
    assert all(row.text.endswith(".") for row in LAW.requirements.values())


def test_ids_are_read_whole() -> None:
    # Written with another sign, so that these samples do not count as tests of their clauses.
    text = "GPL~35, GPL~355, LY~2022~14 四(一) (X), BN~2023 二(四)6(1); BN~2023R 四1 MOF~2014~214~10 "
    text += "NM~2018~67 四(十一)"
    ids = "GPL~35|GPL~355|LY~2022~14 四(一)|BN~2023 二(四)6(1)|BN~2023R 四1|MOF~2014~214~10|NM~2018~67 四(十一)"

    assert [one.group() for one in CLAUSE_ID.finditer(text.replace("~", "-"))] == ids.replace("~", "-").split("|")
    assert not REQUIREMENT_ID.search("RUF001 R12 R1234")


def planted_tree(root: Path) -> Path:
    """A tree with one clause and two requirements, of which one is tested."""
    for folder in ("docs/law", "src/mifeng/rules/rulebooks", "tests"):
        (root / folder).mkdir(parents=True)
    (root / "docs/law/GPL.toml").write_text(
        'id = "GPL"\ntitle = "法"\nat_hand = true\n[clauses]\nGPL-1 = "One."\n', "utf-8"
    )
    (root / "docs/law/requirements.toml").write_text(
        f'{"R"}001 = {{ clause = "GPL-1", text = "A." }}\n{"R"}002 = {{ clause = "GPL-1", text = "B." }}\n', "utf-8"
    )
    (root / "src/mifeng/rules/planted.py").write_text('def check():\n    """Source: GPL-1"""\n', "utf-8")
    (root / "tests/test_planted.py").write_text(f'def test_one():\n    """{"R"}002"""\n', "utf-8")
    return root


def test_the_matrix_names_rule_and_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = planted_tree(tmp_path)

    assert main(["--root", str(root)]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "GPL  法",
        "  GPL-1  One.",
        "      rule   mifeng/rules/planted.py::check",
        "      tests  —",
        "",
        f"  {'R'}001  GPL-1  A.",
        "      rule   —",
        "      tests  —",
        f"  {'R'}002  GPL-1  B.",
        "      rule   —",
        "      tests  tests/test_planted.py::test_one",
        "",
        "requirements: 1/2 with tests · clauses: 0/1 · constants: 0 confirmed, 0 unconfirmed",
    ]


def test_only_what_has_no_test_is_listed_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--root", str(planted_tree(tmp_path)), "--missing"])

    out = capsys.readouterr().out
    assert f"{'R'}001" in out
    assert f"{'R'}002" not in out


def test_without_a_source_tree_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path)]) == 2
    assert "no docs/law here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("GPL.toml", "GPL-1", '"law one"'),
        ("requirements.toml", '"GPL-1"', '"GPL~2"'.replace("~", "-")),
        ("GPL.toml", 'id = "GPL"', 'id = "GPL"'),
    ],
)
def test_faulty_law_is_not_read(tmp_path: Path, file: str, before: str, after: str) -> None:
    path = planted_tree(tmp_path) / "docs" / "law" / file
    if before == after:
        path.with_name("TWICE.toml").write_text(path.read_text("utf-8"), "utf-8")
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")

    with pytest.raises(ValueError, match="docs/law"):
        read_law(path.parent)


def test_the_tree_s_own_totals_come_last() -> None:
    tests = citations([ROOT / "tests/rules/test_seats.py"], ROOT)

    line = totals(LAW, tests, rulebooks(ROOT))

    assert re.fullmatch(
        r"requirements: \d+/190 with tests · clauses: \d+/\d+ · constants: \d+ confirmed, \d+ unconfirmed", line
    )
