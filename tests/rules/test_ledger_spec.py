"""The specification says what tests hold: numbers, names, labels, codes, the worked example, the vectors."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mifeng.programs.verify.faults import TEXTS
from mifeng.rules.ledger import EMPTY_ROOT, leaf_hash, node_hash
from tests.rules.vectors import SPEC, vectors

ROOT = Path(__file__).parents[2]
PAGES = {"encoding": "E", "log": "L", "trustee": "T", "draw": "D", "envelope": "B", "blind": "K", "bundle": "V"}
RULE = re.compile(r"^- \*\*([A-Z]\d+)\*\* (.*?)(?=^- \*\*|^\s*$)", re.M | re.S)
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def page(name: str) -> str:
    """Return the text of a page of the specification."""
    return (SPEC / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_rules_are_numbered_in_order_and_say_must(name: str) -> None:
    rules = RULE.findall(page(name))

    assert [number for number, _ in rules] == [f"{PAGES[name]}{count}" for count in range(1, len(rules) + 1)]
    assert [number for number, text in rules if "MUST" not in text and "exist" not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_rule_names_a_test_that_exists(name: str) -> None:
    tests = {
        (path.name, function)
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.M)
    }
    for number, text in RULE.findall(page(name)):
        named = set(TEST.findall(text))

        assert named, f"{number} names no test"
        assert named <= tests, f"{number} names {named - tests}"


def test_the_table_of_codes_holds_every_code_of_the_verifier() -> None:
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", page("log").split("## 8")[1], re.M)
    codes = {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}

    assert codes == set(TEXTS)


@pytest.mark.parametrize("name", PAGES)
def test_every_value_of_the_worked_example_stands_in_the_vectors(name: str) -> None:
    example = page(name).split("Worked example")[1]
    known = "".join(path.read_text() for path in sorted((SPEC / "vectors").glob("*.json")))
    values = re.findall(r"\b[0-9a-f]{40,}\b|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{60,}=*", example)

    assert len(values) > 3
    assert [value for value in values if value not in known] == []


def test_the_worked_example_can_be_followed_step_by_step() -> None:
    found = re.findall(r"^    (?:leaf|hash) (\d) +([0-9a-f]{64})$", page("log"), re.M)
    leaves, hashes = [bytes.fromhex(value) for _, value in found[:4]], [bytes.fromhex(value) for _, value in found[4:]]
    log = vectors("log")

    assert [leaf.hex() for leaf in leaves] == [entry["leaf"] for entry in log["entries"][:4]]
    assert hashes == [leaf_hash(leaf) for leaf in leaves]
    low, high = node_hash(*hashes[:2]), node_hash(*hashes[2:])
    assert f"node 0–1      {low.hex()}" in page("log")
    assert f"root of 4     {node_hash(low, high).hex()}" in page("log")
    assert log["roots"][4] == node_hash(low, high).hex()
    assert log["roots"][0] == EMPTY_ROOT.hex()
    assert base64.b64encode(node_hash(low, high)).decode() in log["receipt"]["text"]


@pytest.mark.prove
def test_the_vectors_are_what_a_second_reading_of_the_specification_yields() -> None:
    done = subprocess.run(
        [sys.executable, SPEC / "vectors" / "generate", "--check"], capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
    for path in (SPEC / "vectors" / "generate").glob("*.py"):
        assert "import mifeng" not in path.read_text("utf-8")
        assert "from mifeng" not in path.read_text("utf-8")
