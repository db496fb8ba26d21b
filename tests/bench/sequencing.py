"""Sequencing of a backlog (积压排序): entries get their places, tiles and a signed checkpoint, durably."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psycopg

from mifeng.kernel import clock
from mifeng.kernel.ledger import sequencer
from tests.bench.figures import Figure, at_least

BATCH = 50_000
BATCHES = 7
LIMIT = 40_000.0
# The sequencer reads ids and leaves alone, so the rest of an entry only has to have its ordinary size.
ENTRIES = """
WITH stream AS (
    INSERT INTO kernel_stream (name) SELECT 'bench.stream:' || n FROM generate_series(1, 1000) n RETURNING id, name
), numbered AS (
    SELECT id, name, row_number() OVER () AS n FROM stream
), entry AS (
    INSERT INTO kernel_entry (stream_id, type, subject, actor_handle, at, leaf, data, salt)
    SELECT s.id, 'bench', s.name, '0123456789abcdef', now(), sha256(convert_to(g::text, 'UTF8')),
        convert_to(repeat('x', 400), 'UTF8'), sha256(convert_to('salt' || g, 'UTF8'))
    FROM generate_series(1, %s) g JOIN numbered s ON s.n = g %% 1000 + 1
    RETURNING id
)
INSERT INTO kernel_pending (entry_id) SELECT id FROM entry
"""


def measure() -> Iterator[Figure]:
    """Yield two rows: by the clock on the wall, and by the work of one core in sequencer and PostgreSQL together."""
    with sequencer.connect() as connection:
        key = sequencer.log_key()
        while sequencer.sequence_once(connection, key, clock.now()):
            pass
        connection.execute(ENTRIES, [BATCHES * BATCH])
        connection.execute("ANALYZE")
        walls, cores = [], []
        for _ in range(BATCHES):
            wall, core = time.perf_counter(), worked(connection)
            done = sequencer.sequence_once(connection, key, clock.now(), limit=BATCH)
            if done != BATCH:
                raise AssertionError(f"{done} of {BATCH} entries sequenced")
            walls.append(BATCH / (time.perf_counter() - wall))
            cores.append(BATCH / (worked(connection) - core))
    yield at_least("sequencing of a backlog, median batch", median(walls), "entries/s", LIMIT)
    yield at_least("sequencing of a backlog, on one core", median(cores), "entries/s", LIMIT)


def worked(connection: psycopg.Connection) -> float:
    """Return how many seconds of a core this process and its PostgreSQL process have used so far."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
