"""Size budget: functions of 50 lines, files of 400, classes two deep, no module in a circle of imports."""

import ast
from collections.abc import Iterator, Mapping

import pytest

from tests.house.tree import Module, functions, modules, parse, spot, test_modules

MAX_FUNCTION, MAX_FILE, MAX_DEPTH = 50, 400, 2
# Named exceptions, each with its reason.
LARGE_FUNCTIONS: Mapping[str, str] = {}
LARGE_FILES: Mapping[str, str] = {}


def large_functions(module: Module) -> Iterator[str]:
    """Yield functions longer than the budget, from ``def`` to their last line."""
    for node in functions(module):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MAX_FUNCTION:
            yield f"{spot(module, node)} {node.name} has {lines} lines"


def is_large(module: Module) -> bool:
    """Tell whether a file is longer than the budget."""
    return not module.is_migration and len(module.text.splitlines()) > MAX_FILE


def test_the_budget_is_enforced_to_the_line() -> None:
    def function(lines: int) -> Module:
        return parse("mifeng.planted", "def long():\n" + "    x = 1\n" * (lines - 1))

    assert list(large_functions(function(50))) == []
    assert len(list(large_functions(function(51)))) == 1
    assert not is_large(parse("mifeng.planted", "x = 1\n" * 400))
    assert is_large(parse("mifeng.planted", "x = 1\n" * 401))
    assert not is_large(parse("mifeng.tenders.migrations.0001", "x = 1\n" * 401))


def test_no_function_is_longer_than_fifty_lines() -> None:
    found = [line for module in (*modules(), *test_modules()) for line in large_functions(module)]

    assert [line for line in found if line.split(" ")[1] not in LARGE_FUNCTIONS] == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    found = [f"{one.name} {len(one.text.splitlines())}" for one in (*modules(), *test_modules()) if is_large(one)]

    assert [line for line in found if line.split(" ")[0] not in LARGE_FILES] == []


def class_depths(found: tuple[Module, ...]) -> dict[str, int]:
    """Return how many classes of the repository stand above each other in every class; 1 has no parent here."""
    parents = {
        f"{module.name}.{node.name}": [_base_name(base, module) for base in node.bases]
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }

    def depth(name: str) -> int:
        return 1 + max((depth(parent) for parent in parents[name] if parent in parents), default=0)

    return {name: depth(name) for name in parents}


def _base_name(base: ast.expr, module: Module) -> str:
    if isinstance(base, ast.Subscript):
        return _base_name(base.value, module)
    if not isinstance(base, ast.Name):
        return ""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == base.id:
                    return f"{node.module}.{alias.name}"
    return f"{module.name}.{base.id}"


def test_a_third_generation_would_be_found() -> None:
    low = parse("mifeng.low", "class A: pass\nclass B(A): pass")
    high = parse("mifeng.high", "from mifeng.low import B as Base\nclass C(Base): pass")

    assert class_depths((low, high)) == {"mifeng.low.A": 1, "mifeng.low.B": 2, "mifeng.high.C": 3}


def test_classes_are_at_most_two_deep() -> None:
    deep = {name: depth for name, depth in class_depths(modules()).items() if depth > MAX_DEPTH}

    assert deep == {}


def import_graph(found: tuple[Module, ...]) -> dict[str, set[str]]:
    """Return module → modules it imports, function bodies and type checking included."""
    names = {module.name for module in found}
    graph: dict[str, set[str]] = {}
    for module in found:
        wanted: set[str] = set()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                subs = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= (subs & names) or {node.module}
        graph[module.name] = (wanted & names) - {module.name}
    return graph


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the circles of a graph: sets of modules of which each reaches every other."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(graph[name])
        reach[start] = seen
    circles = {frozenset(b for b in reach[a] if a in reach[b]) for a in graph if a in reach[a]}
    return sorted(sorted(circle) for circle in circles)


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [["a", "b", "c"]]),
    ],
)
def test_circles_are_found(graph: dict[str, set[str]], found: list[list[str]]) -> None:
    assert cycles(graph) == found


def test_no_module_imports_itself_by_a_detour() -> None:
    assert cycles(import_graph(modules())) == []
