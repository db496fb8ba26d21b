"""The page of scoring cases as a test reads it: cases, their tables under captions, the steps of the arithmetic."""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "scoring-cases.md"
MINUS = "\N{MINUS SIGN}"
CASE = re.compile(r"^## (\d+) (.+)$")
CAPTION = re.compile(r"^\*\*(.+)\*\* \(")
STEP = re.compile(r"    (?:[^:]+: )?(?P<left>[^=]+) = (?P<value>[\d.]+)(?P<more>…?)(?: → (?P<rounded>[\d.]+))?")

Row = dict[str, str]


@dataclass
class Step:
    """One line of arithmetic: what is computed, what comes out, whether its digits go on, and what it is rounded to."""

    text: str
    left: str
    value: str
    more: bool
    rounded: str


@dataclass
class Case:
    """One case of the page."""

    number: int
    title: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def rules(self) -> dict[str, str]:
        """Return what the case declares otherwise than usual."""
        return {row["rule"]: row["value"] for row in self.tables.get("Rules", [])}


def read_cases(text: str) -> list[Case]:
    """Return the cases of the page; a line that looks like a step or a table and is none is an error."""
    found: list[Case] = []
    caption, head = "", []
    for line in text.splitlines():
        if case := CASE.match(line):
            found.append(Case(int(case[1]), case[2]))
        elif mark := CAPTION.match(line):
            caption, head = mark[1], []
            found[-1].tables[caption] = []
        elif line.startswith("|") and not set(line) <= set("|-"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if head:
                found[-1].tables[caption].append(dict(zip(head, cells, strict=True)))
            else:
                head = cells
        elif line.startswith("    "):
            found[-1].steps.append(_step(line))
    return found


def _step(line: str) -> Step:
    match = STEP.fullmatch(line)
    assert match, f"not a step: {line}"
    return Step(line.strip(), match["left"], match["value"], bool(match["more"]), match["rounded"] or "")


def worked_out(left: str) -> Fraction:
    """Return the exact value of a line of arithmetic: plus, minus, ``×``, ``÷``, brackets."""
    plain = left.strip().replace(MINUS, "-").replace("×", "*").replace("÷", "/")
    return _value(ast.parse(plain, mode="eval").body, plain)


def _value(node: ast.expr, text: str) -> Fraction:
    if isinstance(node, ast.BinOp):
        one, other = _value(node.left, text), _value(node.right, text)
        if isinstance(node.op, ast.Add):
            return one + other
        if isinstance(node.op, ast.Sub):
            return one - other
        return one * other if isinstance(node.op, ast.Mult) else one / other
    return Fraction(ast.get_source_segment(text, node) or "")


def half_rounded(value: Fraction, places: int, mode: str) -> Decimal:
    """Round as a person does: look at what is left behind the last digit kept."""
    scaled = value * 10**places
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half-up" or whole % 2 == 1))
    return Decimal(whole + up) / 10**places


def mutants(case: Case, given: dict[str, set[str]]) -> Iterator[tuple[str, Case]]:
    """Yield a case once for each number and word it expects, with that one changed."""
    for caption, rows in case.tables.items():
        for number, row in enumerate(rows):
            for name in row.keys() - given[caption]:
                made = deepcopy(case)
                made.tables[caption][number][name] = changed(row[name])
                yield f"{caption} {row} {name}", made
    for number, step in enumerate(case.steps):
        for name in ("value", "rounded"):
            if getattr(step, name):
                made = deepcopy(case)
                setattr(made.steps[number], name, changed(getattr(step, name)))
                yield f"{step.text} {name}", made


def changed(text: str) -> str:
    """Return a text with its last digit changed, or another word."""
    return text[:-1] + str((int(text[-1]) + 1) % 10) if text[-1:].isdigit() else f"{text}x"
