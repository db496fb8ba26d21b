"""The source tree as house tests see it: parsed files, never imported ones, except where a test says so."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "mifeng"

# Contexts from the top of the house to its bottom; a name without a folder is a room not yet furnished.
LAYERS = (
    "oversight",
    "disputes",
    "awards",
    "evaluation",
    "sittings",
    "bidding",
    "experts",
    "tenders",
    "emall",
    "venues",
    "parties",
    "kernel",
)
BLIND_SIBLINGS = ({"bidding", "experts"}, {"tenders", "emall"})


@dataclass(frozen=True)
class Module:
    """One parsed source file."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        """Return the folder right below the package, or the module's own name for ``cli``."""
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def is_migration(self) -> bool:
        """Tell whether the file is a migration."""
        return ".migrations." in self.name


def parse(name: str, text: str, path: Path = PACKAGE) -> Module:
    """Return a module from its text; used for planted code."""
    return Module(name, path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(parse(name, path.read_text("utf-8"), path))
    return tuple(found)


@cache
def test_modules() -> tuple[Module, ...]:
    """Return every module under ``tests``."""
    return tuple(
        parse(".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text("utf-8"), path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
    )


test_modules.__test__ = False  # type: ignore[attr-defined]


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def contexts() -> list[str]:
    """Return the contexts that exist, top first."""
    return [name for name in LAYERS if (PACKAGE / name / "__init__.py").is_file()]


def called_name(call: ast.Call) -> str:
    """Return the last word of what is called: ``filter`` for ``Lot.objects.filter(...)``."""
    target = call.func
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def spot(module: Module, node: ast.AST) -> str:
    """Return ``module:line`` of a finding."""
    return f"{module.name}:{getattr(node, 'lineno', 0)}"
