"""One writer of state, one caller of the ledger, no objects in pages, foreign keys that point down."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import BLIND_SIBLINGS, LAYERS, Module, called_name, contexts, modules, parse, spot

THE_DOOR = "mifeng.kernel.acting"
# Calls in which state= only asks or says; every other call that takes it could write one.
READS = {"filter", "exclude", "get", "Q", "When", "check_step", "SiteAnswer", "Standing", "PublicDraw", "narrowed"}
# No database below these layers: their value types may carry a state to be shown.
WITHOUT_ROWS = {"rules", "programs"}
SQL_STATE = re.compile(
    r"\b(?:update\s+\S+\s+set|do\s+update\s+set)\b[^;]*\bstate\s*=|\binsert\s+into\b[^;)]*\bstate\b", re.I
)
LEDGER_TABLES = {"Entry", "EntryBody", "Reference", "Pending", "Stream", "Leaf", "Tile", "Checkpoint", "Cosignature"}
WRITES = {
    "create",
    "save",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "aupdate",
    "acreate",
    "adelete",
}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404"}
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}


def state_writes(module: Module) -> Iterator[str]:
    """Yield every place that could set a ``state`` column."""
    for node in ast.walk(module.tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.AsyncFor):
            targets = [node.target]
        names = [inner for target in targets for inner in ast.walk(target)]
        if any(isinstance(inner, ast.Attribute) and inner.attr == "state" for inner in names):
            yield f"{spot(module, node)} assigns .state"
        if isinstance(node, ast.Call):
            yield from _state_calls(module, node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_STATE.search(node.value):
            yield f"{spot(module, node)} writes state in SQL"


def _state_calls(module: Module, call: ast.Call) -> Iterator[str]:
    name = called_name(call)
    if name not in READS and any(word.arg == "state" for word in call.keywords):
        yield f"{spot(module, call)} {name}(state=…)"
    if name == "setattr" and not (
        len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and call.args[1].value != "state"
    ):
        yield f"{spot(module, call)} setattr that could name state"
    if name in WRITES:
        inside = [inner for part in (*call.args, *call.keywords) for inner in ast.walk(part)]
        if any(isinstance(inner, ast.Constant) and inner.value == "state" for inner in inside):
            yield f"{spot(module, call)} {name}(… 'state' …)"


@pytest.mark.parametrize(
    "planted",
    [
        "lot.state = 'closed'",
        "lot.state: str = 'closed'",
        "lot.state += 'd'",
        "lot.title, lot.state = 'a', 'closed'",
        "for lot.state in ('a', 'b'): pass",
        "setattr(lot, 'state', 'closed')",
        "setattr(lot, name, 'closed')",
        "Lot.objects.filter(pk=1).update(state='closed')",
        "Lot.objects.create(title='a', state='closed')",
        "Lot(state='closed')",
        "Lot.objects.bulk_update(lots, ['state'])",
        "Lot.objects.update_or_create(pk=1, defaults={'state': 'closed'})",
        "replace(lot, state='closed')",
        "cursor.execute('UPDATE tenders_lot SET title = 1, state = %s')",
        "cursor.execute('insert into tenders_lot (id, state) values (1, 2)')",
    ],
)
def test_a_second_writer_of_state_would_be_found(planted: str) -> None:
    assert len(list(state_writes(parse("mifeng.planted", planted)))) == 1


@pytest.mark.parametrize(
    "harmless",
    ["Lot.objects.filter(state='closed')", "setattr(lot, 'title', 'a')", "lot.stated = 1", "print(lot.state)"],
)
def test_reading_state_is_allowed(harmless: str) -> None:
    assert list(state_writes(parse("mifeng.planted", harmless))) == []


def test_only_the_door_writes_state() -> None:
    writers = [one for one in modules() if not one.is_migration and one.layer not in WITHOUT_ROWS]
    found = [line for module in writers for line in state_writes(module)]

    assert [line for line in found if not line.startswith(f"{THE_DOOR}:")] == []
    assert len(found) == 2  # create_all and move


def ledger_callers(module: Module) -> Iterator[str]:
    """Yield every import of the ledger's ``append`` and every write to a ledger table through the ORM."""
    homes = {"mifeng.kernel.ledger", "mifeng.kernel.ledger.append"}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            if node.module in homes and any(alias.name in ("append", "*") for alias in node.names):
                yield f"{spot(module, node)} imports append"
        elif isinstance(node, ast.Import) and any(one.name == "mifeng.kernel.ledger.append" for one in node.names):
            yield f"{spot(module, node)} imports append"
        elif isinstance(node, ast.Call) and called_name(node) in WRITES:
            inside = {inner.id for inner in ast.walk(node.func) if isinstance(inner, ast.Name)}
            if inside & LEDGER_TABLES:
                yield f"{spot(module, node)} writes {sorted(inside & LEDGER_TABLES)}"


@pytest.mark.parametrize(
    "planted",
    [
        "from mifeng.kernel.ledger.append import Written, append",
        "from mifeng.kernel.ledger.append import *",
        "from mifeng.kernel.ledger import append",
        "import mifeng.kernel.ledger.append",
        "Entry.objects.create(type='enter')",
        "Pending.objects.all().delete()",
    ],
)
def test_a_second_caller_of_the_ledger_would_be_found(planted: str) -> None:
    assert len(list(ledger_callers(parse("mifeng.planted", planted)))) == 1


def test_only_the_door_appends_to_the_ledger() -> None:
    found = [line for module in modules() if not module.is_migration for line in ledger_callers(module)]

    assert [line.split(":")[0] for line in found] == [THE_DOOR]


def page_reads(module: Module) -> Iterator[str]:
    """Yield every use of a manager or of a shortcut that fetches an object without an Actor."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            yield f"{spot(module, node)} .{node.attr}"
        if isinstance(node, ast.Name | ast.alias):
            name = node.id if isinstance(node, ast.Name) else node.name
            if name in SHORTCUTS:
                yield f"{spot(module, node)} {name}"


@pytest.mark.parametrize(
    "planted",
    ["Lot.objects.get(pk=1)", "Lot._default_manager.all()", "from django.shortcuts import get_object_or_404"],
)
def test_an_object_fetched_in_a_page_would_be_found(planted: str) -> None:
    assert len(list(page_reads(parse("mifeng.web.portal.views", planted)))) == 1


def test_pages_reach_objects_only_through_queries() -> None:
    assert [line for module in modules() if module.layer == "web" for line in page_reads(module)] == []


def relations(module: Module) -> Iterator[tuple[ast.Call, str, bool]]:
    """Yield each relation of a models file: the call, the layer it points to, and whether it has no reverse name."""
    origin = {
        alias.asname or alias.name: node.module.split(".")[1]
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mifeng.")
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and called_name(node) in RELATIONS and node.args:
            silent = any(
                word.arg == "related_name" and isinstance(word.value, ast.Constant) and word.value.value == "+"
                for word in node.keywords
            )
            yield node, _pointed_layer(node.args[0], module, origin), silent


def _pointed_layer(target: ast.expr, module: Module, origin: dict[str, str]) -> str:
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        return target.value.split(".")[0] if "." in target.value else module.layer
    if isinstance(target, ast.Attribute) and target.attr == "AUTH_USER_MODEL":
        return "parties"
    if isinstance(target, ast.Name):
        return origin.get(target.id, module.layer)
    return "?"


def relation_faults(module: Module) -> Iterator[str]:
    """Yield each relation that points up, to a blind sibling or to nowhere known, or that has a reverse name."""
    for call, layer, silent in relations(module):
        if not silent:
            yield f"{spot(module, call)} needs related_name='+'"
        blind = any(module.layer != layer and {module.layer, layer} <= pair for pair in BLIND_SIBLINGS)
        if layer not in LAYERS or LAYERS.index(layer) < LAYERS.index(module.layer) or blind:
            yield f"{spot(module, call)} points to {layer}"


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("venues", "models.ForeignKey('tenders.Lot', models.PROTECT, related_name='+')"),
        ("venues", "models.ForeignKey('kernel.Entry', models.PROTECT)"),
        ("venues", "models.ForeignKey('Site', models.PROTECT, related_name='seats')"),
        ("bidding", "models.OneToOneField('experts.Expert', models.PROTECT, related_name='+')"),
        ("parties", "from mifeng.venues.models import Site\nmodels.ForeignKey(Site, models.PROTECT, related_name='+')"),
        ("kernel", "models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name='+')"),
        ("tenders", "models.ForeignKey('auth.User', models.PROTECT, related_name='+')"),
        ("tenders", "models.ForeignKey(choose(), models.PROTECT, related_name='+')"),
    ],
)
def test_a_relation_that_points_up_or_back_would_be_found(name: str, planted: str) -> None:
    assert len(list(relation_faults(parse(f"mifeng.{name}.models", planted)))) == 1


def test_relations_point_to_their_own_or_a_lower_context_without_a_reverse() -> None:
    models = [module for module in modules() if module.name.endswith(".models")]
    found = [fault for module in models for fault in relation_faults(module)]

    assert found == []
    assert {module.layer for module in models} >= set(contexts())
