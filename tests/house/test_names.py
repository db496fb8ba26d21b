"""Words: glossary, lifecycle tables, reactions, texts. What one file names, another must know."""

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

import mifeng.rules
from mifeng.cli import COMMANDS
from mifeng.config import law
from mifeng.rules.deadlines import TenderTimes, tender_clocks
from mifeng.rules.lifecycle import Lifecycle, Step, reachable, states
from tests.house.tree import PACKAGE, ROOT, Module, called_name, contexts, functions, modules
from tests.rules.books import BOOK, CALENDAR, beijing

ROLES = {"agency", "buyer", "host", "guest", "supervisor", "clock", "bidder", "expert", "librarian", "kiosk"}
GLOSSARY = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text("utf-8"))["terms"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def lifecycles() -> dict[str, Lifecycle]:
    """Return every state table of ``rules``, found by what it is and not by a list that could be forgotten."""
    found = {}
    for info in pkgutil.walk_packages(mifeng.rules.__path__, "mifeng.rules."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, Mapping) and value and all(isinstance(row, Step) for row in value.values()):
                found[f"{info.name}.{name}"] = value
    return found


@pytest.mark.parametrize("name", sorted(lifecycles()))
def test_every_state_of_every_table_can_be_reached(name: str) -> None:
    table = lifecycles()[name]

    assert reachable(table) == states(table)
    assert {role for row in table.values() for role in row.by} <= ROLES
    assert all(row.by for row in table.values())


def test_the_printed_tables_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert law.main(["--tables"]) == 0

    assert capsys.readouterr().out == (ROOT / "docs" / "tables.md").read_text("utf-8")
    assert sorted(map(id, law.TABLES.values())) == sorted(map(id, lifecycles().values()))


@pytest.mark.parametrize("name", sorted(GLOSSARY))
def test_a_term_of_the_glossary_is_whole_and_its_code_exists(name: str) -> None:
    term = GLOSSARY[name]

    assert sorted(term) == ["chinese", "clause", "code", "meaning"]
    assert CHINESE.search(term["chinese"])
    assert term["meaning"].endswith(".")
    assert resolve(term["code"]), term["code"]


def resolve(dotted: str) -> bool:
    """Tell whether a dotted name below the package exists in the source text, without importing it."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(["mifeng", *parts[:length]])
        for module in modules():
            if module.name == name:
                rest = parts[length:]
                return not rest or (len(rest) == 1 and rest[0] in top_level_names(module.tree))
    return False


def top_level_names(tree: ast.Module) -> set[str]:
    """Return the functions, classes and constants a module defines."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_names_that_do_not_exist_do_not_resolve() -> None:
    assert resolve("rules.tender.LOT")
    assert resolve("rules")
    assert not resolve("rules.tender.PARCEL")
    assert not resolve("nowhere.at_all")


@pytest.mark.parametrize("name", contexts())
def test_a_context_s_docstring_uses_a_term_of_the_glossary(name: str) -> None:
    [package] = [module for module in modules() if module.name == f"mifeng.{name}"]
    words = ast.get_docstring(package.tree) or ""

    assert any(term["chinese"] in words for term in GLOSSARY.values()), words


def test_every_reaction_names_tasks_of_a_context_and_a_step_of_an_action() -> None:
    reactions = importlib.import_module("mifeng.config.reactions")
    steps = acted_steps()

    assert set(reactions.REACTIONS) <= steps
    for tasks in reactions.REACTIONS.values():
        assert tasks
        assert all(resolve_task(task) for task in tasks)
    tables = lifecycles().values()
    for (label, step), action in reactions.DUE.items():
        assert label.split(".")[0] in contexts()
        assert any(step in table and table[step].by == {"clock"} for table in tables)
        assert resolve(f"{action.__module__}.{action.__name__}".removeprefix("mifeng."))


def resolve_task(task: Any) -> bool:
    """Tell whether a job is a function of a context's ``tasks`` module."""
    function = task.func
    return function.__module__.endswith(".tasks") and resolve(f"{function.__module__}.{function.__name__}"[7:])


def acted_steps() -> set[str]:
    """Return every step word with which an act is opened, also where a shared helper is handed the word."""
    found: set[str] = set()
    for module in modules():
        for function in functions(module):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and called_name(call) == "acting" and call.args:
                    found |= _words(call.args[0], function, module)
    return found


def _words(word: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> set[str]:
    if isinstance(word, ast.Constant):
        return {word.value}
    names = [argument.arg for argument in function.args.args]
    if not isinstance(word, ast.Name) or word.id not in names:
        return set()
    place = names.index(word.id)
    calls = [
        node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and called_name(node) == function.name
    ]
    return {call.args[place].value for call in calls if isinstance(call.args[place], ast.Constant)}


def test_the_setting_names_the_table_of_reactions() -> None:
    settings = importlib.import_module("mifeng.config.settings")

    assert resolve(settings.REACTIONS.removeprefix("mifeng."))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_leads_to_a_function(name: str) -> None:
    assert resolve(COMMANDS[name].target.replace(":", ".").removeprefix("mifeng."))


def test_every_state_has_a_word_on_the_page() -> None:
    texts = importlib.import_module("mifeng.web.shell.texts")
    named = {state for table in lifecycles().values() for state in states(table)}

    assert named - set(texts.STATE_WORDS) == set()


def test_every_step_of_a_table_has_a_title_on_the_page() -> None:
    texts = importlib.import_module("mifeng.web.shell.texts")
    named = {step for table in lifecycles().values() for step in table}

    assert named - set(texts.STEP_TITLES) == set()


def test_every_clock_has_a_title_on_the_page() -> None:
    texts = importlib.import_module("mifeng.web.shell.texts")
    keys = {clock.key for clock in tender_clocks(TenderTimes(), BOOK, CALENDAR, beijing(11, 2))}

    assert keys - set(texts.CLOCK_TITLES) == set()


def test_file_names_are_english_nouns_without_capitals() -> None:
    odd = [path.name for path in PACKAGE.rglob("*.py") if not re.fullmatch(r"[a-z0-9_]+\.py", path.name)]

    assert odd == []
