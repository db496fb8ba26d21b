"""The import contracts hold, name exactly the folders that exist, and each is seen to break on a planted violation."""

import ast
import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import LAYERS, PACKAGE, ROOT, modules

CONFIG = ROOT / ".importlinter"
ABOVE = ("cli", "config", "web", "sample")
BELOW = ("gateways", "programs", "rules")
ACTING = ("venues", "tenders", "emall", "bidding", "experts", "sittings", "evaluation", "awards")
IMPURE = ["django", "logging", "os", "pathlib", "psycopg", "random", "secrets", "socket", "subprocess", "time"]
DESK_MAY = (
    "mifeng.rules",
    "mifeng.kernel",
    "mifeng.evaluation.blind",
    "mifeng.evaluation.actions.judging",
    "mifeng.evaluation.actions.leaving",
    "mifeng.evaluation.actions.reporting",
    "mifeng.evaluation.actions.sheets",
    "mifeng.web.desk",
    "mifeng.web.shell",
)
# Of the evaluation: the folder of acts, some of which a desk calls; how a PDF is made bare, and the printed report.
FOR_DESKS = {"mifeng.evaluation.actions", "mifeng.evaluation.bare", "mifeng.evaluation.papers"}
RULES_MAY_USE = {"cryptography", "mifeng"}


def contract(name: str) -> configparser.SectionProxy:
    """Return one contract of the configuration."""
    parser = configparser.ConfigParser()
    parser.read(CONFIG, "utf-8")
    return parser[f"importlinter:contract:{name}"]


def words(name: str, key: str) -> list[str]:
    """Return a list of a contract, one word a line."""
    return contract(name)[key].split()


def packages(folder: Path) -> set[str]:
    """Return the packages and modules right below a folder."""
    found = {path.parent.name for path in folder.glob("*/__init__.py")}
    return found | {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}


def exists(module: str) -> bool:
    """Tell whether a dotted module of the package exists."""
    return any(one.name == module for one in modules())


def test_layers_name_every_folder_and_nothing_else() -> None:
    named = [word for word in words("layers", "layers") if word != "|"]
    plain = {word for word in named if not word.startswith("(")}
    optional = {word.strip("()") for word in named if word.startswith("(")}

    assert plain == packages(PACKAGE)
    assert plain | optional == {*ABOVE, *LAYERS, *BELOW}
    assert not optional & packages(PACKAGE)


def test_rooms_are_all_folders_of_web_but_the_shell() -> None:
    rooms = {f"mifeng.web.{name}" for name in packages(PACKAGE / "web") - {"shell"}}

    assert set(words("rooms", "modules")) == rooms


def test_watchers_are_kept_from_every_action_that_exists() -> None:
    assert words("watchers", "forbidden_modules") == sorted(
        f"mifeng.{name}.actions" for name in ACTING if exists(f"mifeng.{name}.actions")
    )
    assert words("watchers", "source_modules") == ["mifeng.oversight", "mifeng.web.cockpit"]


@pytest.mark.parametrize(("folder", "name"), [("web/desk", "desk"), ("experts", "experts")])
def test_a_secrecy_wall_stands_as_soon_as_its_room_does(folder: str, name: str) -> None:
    """暗标 and 专家保密: these two contracts cannot be written before their folders exist, and must be once they do."""
    parser = configparser.ConfigParser()
    parser.read(CONFIG, "utf-8")

    assert (PACKAGE / folder).is_dir() == parser.has_section(f"importlinter:contract:{name}")


def test_the_desk_imports_what_a_seat_may_know_and_nothing_else() -> None:
    """暗标: the contract forbids every context but the evaluation, and of that all but what is made for desks."""
    desk = [module for module in modules() if module.name.startswith("mifeng.web.desk")]
    found = {
        name
        for module in desk
        for node in ast.walk(module.tree)
        for name in _imported(node)
        if name.startswith("mifeng.")
    }

    assert {name for name in found if not name.startswith(DESK_MAY)} == set()
    contexts = packages(PACKAGE) - {"cli", "config", "evaluation", "kernel", "rules", "sample", "web"}
    forbidden = set(words("desk", "forbidden_modules"))
    assert {f"mifeng.{name}" for name in contexts} <= forbidden
    evaluation = {f"mifeng.evaluation.{name}" for name in packages(PACKAGE / "evaluation") - {"migrations", "apps"}}
    assert {name for name in evaluation if name not in DESK_MAY} - forbidden == FOR_DESKS


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_rules_are_kept_from_everything_impure() -> None:
    assert sorted(words("pure", "forbidden_modules")) == IMPURE


def test_rules_use_two_libraries_only() -> None:
    outside = set()
    for module in modules():
        if module.layer == "rules":
            for line in module.text.splitlines():
                first, _, rest = line.strip().partition(" ")
                if first in ("import", "from") and line == line.lstrip():
                    outside.add(rest.split(" ")[0].split(".")[0])

    assert {name for name in outside if name not in sys.stdlib_module_names} == RULES_MAY_USE


def lint(folder: Path) -> tuple[int, str]:
    """Run the import linter over the package below a folder; return its exit code and what it said."""
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache", "--config", folder / ".importlinter"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package's Python files with its contracts."""
    shutil.copy(CONFIG, tmp_path / ".importlinter")
    shutil.copytree(
        PACKAGE,
        tmp_path / "src" / "mifeng",
        ignore=lambda folder, names: [
            name for name in names if not (Path(folder) / name).is_dir() and not name.endswith(".py")
        ],
    )
    return tmp_path


def test_all_contracts_hold() -> None:
    code, said = lint(_here())

    assert "0 broken" in said
    assert code == 0


def _here() -> Path:
    return ROOT


PLANTS = {
    "1 dependencies point down": {
        "kernel/clock.py": "import mifeng.venues.models",
        "parties/models.py": "import mifeng.tenders.queries",
        "venues/models.py": "import mifeng.oversight.models",
        "tenders/models.py": "import mifeng.web.shell.texts",
        "web/shell/texts.py": "import mifeng.config.env",
        "gateways/__init__.py": "import mifeng.programs.verify",
        "programs/__init__.py": "import mifeng.kernel.clock",
        "unlisted/__init__.py": "",
    },
    "2 rules are pure": {
        "rules/money.py": "import os\nimport random\nimport secrets\nimport django",
        "rules/calendar.py": "import time\nimport pathlib\nimport psycopg",
        "rules/seats.py": "import socket\nimport subprocess\nimport logging",
    },
    "3 rooms are independent": {"web/workspace/urls.py": "import mifeng.web.portal.urls"},
    "4 the desk knows the evaluation alone": {
        "web/desk/steps.py": "import mifeng.evaluation.models\nimport mifeng.parties.passes",
        "web/desk/views/room.py": "import mifeng.kernel.models\nimport mifeng.bidding.queries",
    },
    "10 no path leads from the desk to bids": {"web/shell/scoring.py": "import mifeng.evaluation.queries"},
    "5 experts protected": {
        "web/portal/urls.py": "import mifeng.experts.queries",
        "oversight/queries.py": "import mifeng.experts.models",
    },
    "6 watchers never act": {
        "oversight/queries.py": "import mifeng.venues.actions",
        "web/cockpit/urls.py": "import mifeng.tenders.actions",
    },
    "7 programs are independent": {"programs/verify/__init__.py": "import mifeng.programs.witness"},
    "8 no cycles": {"kernel/clock.py": "import mifeng.kernel.acting"},
    "9 a desk has no way to bids": {
        "evaluation/blind.py": "import mifeng.bidding.queries",
        "evaluation/actions/sheets.py": "import mifeng.sittings.queries\nimport mifeng.parties.models",
    },
}


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_contract_breaks_on_a_planted_violation(copy: Path, name: str) -> None:
    for file, planted in PLANTS[name].items():
        path = copy / "src" / "mifeng" / file
        path.parent.mkdir(exist_ok=True)
        text = path.read_text("utf-8") if path.exists() else ""
        path.write_text(f"{text}\n{planted}\n", "utf-8")

    code, said = lint(copy)

    assert code == 1
    assert f"{name} BROKEN" in said
    for file, planted in PLANTS[name].items():
        module = f"mifeng.{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
        wanted = [line.removeprefix("import ") for line in planted.splitlines()] or [""]
        assert all(_named(said, module, target) for target in wanted), f"{module}: {planted}"


def _named(said: str, module: str, target: str) -> bool:
    """Tell whether the linter named the planted import (in full, or by last words in a circle) or the stray folder."""
    last = module.split(".")[-1]
    if not target:
        return last in said
    arrows = [line for line in said.splitlines() if "->" in line]
    circle = f".{last} -> .{target.split('.')[-1]} "
    named = target if target.startswith("mifeng.") else target.split(".")[0]
    return any(f"{module} -> {named}" in line or circle in line for line in arrows)


def test_every_contract_has_a_planted_violation() -> None:
    parser = configparser.ConfigParser()
    parser.read(CONFIG, "utf-8")
    names = {parser[section]["name"] for section in parser.sections() if ":contract:" in section}

    assert names == set(PLANTS)
