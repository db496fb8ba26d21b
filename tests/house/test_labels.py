"""Every label under which something is hashed stands in the specification's table. Source: docs/spec/encoding.md."""

import ast
import re

from tests.house.tree import called_name, modules
from tests.rules.vectors import SPEC

ENCODING = SPEC / "encoding.md"


def test_the_table_of_labels_holds_every_label_in_use() -> None:
    table = re.findall(r"^\| `([^`]+)` \|", ENCODING.read_text("utf-8"), re.M)
    used = {(module.layer == "rules", label) for module in modules() for label in labels(module.tree)}
    by_outsiders = {label for in_rules, label in used if in_rules}

    assert len(table) == len(set(table))
    assert by_outsiders - set(table) == set()
    assert set(table) - {label for _, label in used} == set()


def labels(tree: ast.AST) -> set[str]:
    """Return the labels that a module writes out where it hashes; each is written where it is used, never built."""
    place = {"_salted": 0, "digest": 0, "encode_tuple": 0, "hasher": 0, "mac": 1}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called_name(node) in place]
    first = [call.args[place[called_name(call)]] for call in calls if len(call.args) > place[called_name(call)]]
    return {word.value for word in first if isinstance(word, ast.Constant) and isinstance(word.value, str)}


def test_labels_are_found_where_they_are_used() -> None:
    planted = 'digest("a", x)\nmac(key, "b", x)\nencode_tuple("c")\nencode_tuple(*x)\n_salted("d", "no", x)\ndigest(e)'

    assert labels(ast.parse(planted)) == {"a", "b", "c", "d"}
