"""``python -m tests.bench [PART …]``: take the figures, print them, write ``build/bench.json``.

Parts: ``queries tree draw seal receipts push pages autosave acts receive sequencing bundle``; all without an
argument. What one leaves behind weighs on no other.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import draw, seal, stand, tree
from tests.bench.figures import Figure, read, table, write

RESULT = Path("build", "bench.json")
APART = "MIFENG_BENCH_APART"


def acts() -> Iterator[Figure]:
    """Take the figures of acts with PostgreSQL alone."""
    with stand.database():
        from tests.bench import acts as part  # noqa: PLC0415 - models load once Django is set up

        yield from part.measure(stand.city())


def sequencing() -> Iterator[Figure]:
    """Take the figure of the sequencer with PostgreSQL alone."""
    with stand.database():
        from tests.bench import sequencing as part  # noqa: PLC0415 - as above

        yield from part.measure()


def receipts() -> Iterator[Figure]:
    """Take the figures of receipts while the whole platform runs."""
    with stand.platform():
        from tests.bench import receipts as part  # noqa: PLC0415 - as above

        yield from part.measure(stand.city())


def receive() -> Iterator[Figure]:
    """Take the figures of bids handed in with PostgreSQL alone."""
    with stand.database():
        from tests.bench import receive as part  # noqa: PLC0415 - as above

        yield from part.measure(stand.city())


def push() -> Iterator[Figure]:
    """Take the figures of live push while the whole platform runs."""
    with stand.platform():
        from tests.bench import push as part  # noqa: PLC0415 - as above

        yield from part.measure(stand.city())


def pages() -> Iterator[Figure]:
    """Take the figures of pages while the whole platform runs."""
    with stand.database():
        from tests.bench import pages as part  # noqa: PLC0415 - as above

        made = part.prepared(stand.city())
    with stand.platform():
        yield from part.measure(made)


def queries() -> Iterator[Figure]:
    """Take the figures of queries per page with PostgreSQL alone."""
    with stand.database():
        from tests.bench import queries as part  # noqa: PLC0415 - as above

        yield from part.measure(stand.city())


def autosave() -> Iterator[Figure]:
    """Take the figures of scores that desks save while the whole platform runs."""
    with stand.database():
        from tests.bench import autosave as part  # noqa: PLC0415 - as above

        made = part.prepared(stand.city())
    with stand.platform():
        yield from part.measure(made)


def bundle() -> Iterator[Figure]:
    """Take the figures of a project's evidence with PostgreSQL alone."""
    with stand.database():
        from tests.bench import bundle as part  # noqa: PLC0415 - as above

        yield from part.measure(stand.city())


PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "queries": queries,
    "tree": tree.measure,
    "draw": draw.measure,
    "seal": seal.measure,
    "receipts": receipts,
    "push": push,
    "pages": pages,
    "autosave": autosave,
    "acts": acts,
    "receive": receive,
    "sequencing": sequencing,
    "bundle": bundle,
}


def main(wanted: list[str]) -> int:
    """Take the figures of the parts wanted, each in a process and on a stand of its own; 1 when one misses its bar."""
    names = wanted or list(PARTS)
    if not set(names) <= PARTS.keys():
        print(__doc__, file=sys.stderr)
        return 2
    figures = taken(names[0]) if len(names) == 1 else [figure for name in names for figure in apart(name)]
    if len(names) > 1 or not os.environ.get(APART):
        print(table(figures))
    write(figures, RESULT)
    return 0 if all(figure.met for figure in figures) else 1


def taken(name: str) -> list[Figure]:
    """Take the figures of one part in this process."""
    print(f"… {name}", file=sys.stderr)
    stand.prepare()
    try:
        return list(PARTS[name]())
    finally:
        stand.remove()


def apart(name: str) -> list[Figure]:
    """Take the figures of one part in a process of its own, which leaves them in the file."""
    RESULT.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "tests.bench", name], env={**os.environ, APART: "1"}, check=False)
    return read(RESULT)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
