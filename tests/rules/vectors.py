"""The published vectors of ``docs/spec``, as tests read them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[2] / "docs" / "spec"


@cache
def vectors(name: str) -> dict[str, Any]:
    """Return one file of vectors."""
    return json.loads((SPEC / "vectors" / f"{name}.json").read_text("utf-8"))


def named(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return arguments for ``parametrize`` that show each case under its name."""
    return {"argvalues": cases, "ids": [case["name"] for case in cases]}
