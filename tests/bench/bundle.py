"""How long the evidence of a project takes (证据包): put together from the database, and checked by the program.

The project is whole, from its notice to the notice of its result: three draws, six bids of which one was replaced and
one taken back, four opened, scored by five members. The program is started anew each time, as an outsider does, so its
start counts.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from mifeng.config import postgres
from mifeng.config.env import env
from mifeng.kernel import clock
from mifeng.oversight.bundle import CUTS, files_of, matter_of
from mifeng.rules.bundle import pack
from tests import judged
from tests.bench.figures import Figure, at_most
from tests.bundles import told
from tests.factories import City

TURNS = 5
LIMIT = 5.0  # seconds, built and verified


def measure(city: City) -> Iterator[Figure]:
    """Yield one row per cut: built and verified together."""
    # The test's witness makes a connection of its own, to the database that the bench has started.
    os.environ["DATABASE_URL"] = postgres.Postgres(postgres.parameters(env())).dsn
    env.cache_clear()
    try:
        yield from taken(city)
    finally:
        del os.environ["DATABASE_URL"]
        env.cache_clear()


def taken(city: City) -> Iterator[Figure]:
    """Yield the rows of a project led to its result for them."""
    with tempfile.TemporaryDirectory() as name, clock.frozen(judged.WHOLE):
        folder = Path(name)
        story = told(city, folder, bids=6, keyed=(1, 2, 3, 4))
        review = judged.evaluated(story, folder)
        judged.awarded(review)
        judged.announced(review, folder)
        for cut in CUTS:
            file = folder / f"{cut}.evb"

            def build(wanted: str = cut, path: Path = file) -> None:
                path.write_bytes(b"".join(pack(files_of(matter_of(story.tender, wanted)))))

            built = seconds(build)
            verified = seconds(lambda path=file: verify(path))
            yield at_most(f"evidence: built, {cut} cut", built, "s", LIMIT)
            yield at_most(f"evidence: built and verified, {cut} cut", built + verified, "s", LIMIT)


def verify(file: Path) -> None:
    """Let the program check a bundle; it must be sound."""
    command = [sys.executable, "-m", "mifeng.cli", "verify", "bundle", str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[], object]) -> float:
    """Return the median of how long some work takes."""
    taken = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return median(taken)
