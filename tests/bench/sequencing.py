"""Sequencing of a backlog (积压排序): entries get their places, tiles and a signed checkpoint, durably."""

import time
from collections.abc import Iterator

import psycopg

from mifeng.kernel import clock
from mifeng.kernel.ledger import sequencer
from mifeng.rules.ledger import SigningKey
from tests.bench.figures import Figure, at_least

BACKLOG = 300_000
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
    """Yield the one row."""
    with sequencer.connect() as connection:
        key = sequencer.log_key()
        drain(connection, key)
        connection.execute(ENTRIES, [BACKLOG])
        connection.execute("ANALYZE")
        begun = time.perf_counter()
        done = drain(connection, key)
        took = time.perf_counter() - begun
    if done != BACKLOG:
        raise AssertionError(f"{done} of {BACKLOG} entries sequenced")
    yield at_least("sequencing of a backlog", BACKLOG / took, "entries/s", LIMIT)


def drain(connection: psycopg.Connection, key: SigningKey) -> int:
    """Sequence until nothing waits; return how many entries were sequenced."""
    total = 0
    while done := sequencer.sequence_once(connection, key, clock.now()):
        total += done
    return total
