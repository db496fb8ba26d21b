"""The page on the draw says what the code does: its tables of codes and outcomes. Source: docs/spec/draw.md."""

import ast
import inspect
import re

from mifeng.programs.witness import draw as witness
from mifeng.rules.draw.verification import CODES
from mifeng.rules.draw.walk import EXPLAINED, FOLLOWS, Outcome
from tests.rules.vectors import SPEC

PAGE = (SPEC / "draw.md").read_text("utf-8")


def section(number: int) -> str:
    """Return one section of the page."""
    return PAGE.split(f"## {number} ")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Return the words in the first column of a section's tables, headings left out."""
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", text, re.M)
    return [word for row in rows for word in re.findall(r"`([a-z-]+)`", row)]


def test_the_table_of_faults_holds_every_code() -> None:
    assert sorted(first_cells(section(6).partition("D29")[2])) == sorted(CODES)


def test_the_table_of_refusals_holds_every_code_of_the_contributor() -> None:
    tree = ast.parse(inspect.getsource(witness))
    raised = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refused"
        if isinstance(call.args[0], ast.Constant)
    }

    assert set(first_cells(section(3))) == raised | {"contributors-few"}


def test_the_table_of_outcomes_says_what_may_follow() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]*) \| ", section(5), re.M))
    words = {None: "nothing", Outcome.INVITED: "invited", Outcome.ACCEPTED: "accepted"}

    assert set(rows) == {one.value for one in Outcome}
    for outcome in Outcome:
        before = {words[one] for one, after in FOLLOWS.items() if outcome in after}
        assert set(re.findall(r"nothing|invited|accepted", rows[outcome].replace("already-accepted", ""))) == before
    assert {one.value for one in EXPLAINED} == {"refused", "unreachable", "conflict"}
