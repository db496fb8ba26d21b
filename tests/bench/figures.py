"""One figure per row (数据行), measured beside its peer or its limit in the same run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

HEADINGS = ("figure", "value", "unit", "beside", "ratio", "bar", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of ``build/bench.json``.

    Args:
        name: what was measured.
        value: the figure itself.
        unit: its unit.
        peer: the peer's figure, or the limit, in the same unit.
        ratio: value ÷ peer, or the median of the ratios of alternating runs.
        bar: what the ratio must reach (``>=``) or may not pass (``<=``), in words of the plan.
        met: whether it does.
    """

    name: str
    value: float
    unit: str
    peer: float
    ratio: float
    bar: str
    met: bool


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """Return the row of a figure that must reach a limit."""
    return Figure(name, _round(value), unit, limit, _round(value / limit), ">= 1", value >= limit)


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """Return the row of a figure that may not pass a limit."""
    return Figure(name, _round(value), unit, limit, _round(value / limit), "<= 1", value <= limit)


def compared(name: str, value: float, unit: str, peer: float, *, ratio: float, bar: float) -> Figure:
    """Return the row of a figure and its peer, measured by turns; ``ratio`` is the median of the turns' ratios."""
    return Figure(name, _round(value), unit, _round(peer), _round(ratio), f">= {bar:g}", ratio >= bar)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of at least two values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], ensure_ascii=False, indent=2) + "\n")


def read(path: Path) -> list[Figure]:
    """Return the rows of a file."""
    return [Figure(**row) for row in json.loads(path.read_text())]


def table(figures: Sequence[Figure]) -> str:
    """Return the rows for a reader."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    met = "yes" if figure.met else "NO"
    return (figure.name, f"{figure.value:,g}", figure.unit, f"{figure.peer:,g}", f"{figure.ratio:g}", figure.bar, met)


def _round(value: float) -> float:
    return float(f"{value:.4g}")
