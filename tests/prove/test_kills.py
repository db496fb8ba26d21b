"""Kills while acts run (强制终止): whatever dies and whenever, the log is whole and every receipt holds."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mifeng.rules.ledger import parse_vkey, verify_receipt
from tests.prove.visitor import Visitor
from tests.stack import VICTIMS, Stack

KILLS = 20
OFFICERS = ("host", "guest-hangjin", "guest-wuyuan", "guest-dengkou")
STALLED_SECONDS = 150.0  # a killed worker's jobs are taken up again by a look every minute

pytestmark = pytest.mark.prove


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Run a platform for the proof."""
    stack = Stack(tmp_path)
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


def test_kills_leave_a_whole_log(stack: Stack, tmp_path: Path) -> None:
    """After kills of every program while six clients act: no gap, no order broken, no act lost or doubled."""
    visitors = [Visitor(stack, account) for account in OFFICERS]
    neighbours = [neighbour(stack, f"near-{number}", tmp_path) for number in range(2)]
    for visitor in visitors:
        visitor.start()

    files = [tmp_path / f"near-{number}.jsonl" for number in range(2)]
    stack.until(lambda: all(visitor.acknowledged for visitor in visitors), "every visitor has acted")
    stack.until(lambda: all(path.exists() and path.stat().st_size for path in files), "every neighbour has acted")

    kill_at_random(stack)

    for visitor in visitors:
        visitor.stopping.set()
    for process in neighbours:
        process.terminate()
    assert [process.wait(90) for process in neighbours] == [0, 0]
    for visitor in visitors:
        visitor.join(90)
    assert [(visitor.is_alive(), visitor.failure) for visitor in visitors] == [(False, None)] * len(visitors)
    acknowledged = {key: done for visitor in visitors for key, done in visitor.acknowledged.items()}
    for path in files:
        acknowledged |= {
            row["key"]: (row["entry"], row["leaf"]) for row in map(json.loads, path.read_text().splitlines())
        }
    with stack.connect() as database:
        settle(stack, database)
        check_log(database)
        check_acts(database, acknowledged)
        check_jobs(stack, database)
    early = sum(len(visitor.receipts) for visitor in visitors)
    for visitor in visitors:
        assert all(visitor.fetch(key) for key in visitor.acknowledged.keys() - visitor.receipts.keys())
    receipts = [receipt for visitor in visitors for receipt in visitor.receipts.values()]
    check_receipts(stack, receipts)
    check_export(stack)
    tries = sum(visitor.tries for visitor in visitors)
    print(f"{len(acknowledged)} acts, {len(receipts)} receipts ({early} between the kills), {tries} requests")


def neighbour(stack: Stack, name: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a program that acts beside the server."""
    command = [sys.executable, "-m", "tests.prove.neighbour", name, str(folder / f"{name}.jsonl")]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, env=stack.variables, stdout=log, stderr=log)


def kill_at_random(stack: Stack) -> None:
    """Kill the programs at moments drawn from a seed; PostgreSQL once, in the middle."""
    seed = int(os.environ.get("MIFENG_SEED", "0")) or random.randrange(10**6)  # noqa: S311 - moments, no secrets
    drawn = random.Random(seed)  # noqa: S311 - as above
    number = max(len(VICTIMS) + 1, round(KILLS * float(os.environ.get("MIFENG_PROVE", "1"))))
    victims = [VICTIMS[place % len(VICTIMS)] for place in range(number - 1)]
    drawn.shuffle(victims)
    victims.insert(len(victims) // 2, "postgres")
    print(f"MIFENG_SEED={seed}: {' '.join(victims)}")
    for victim in victims:
        time.sleep(drawn.uniform(0.2, 6.0))
        stack.kill(victim)
    stack.until(stack.ready, "the platform is ready again after the last kill")


def settle(stack: Stack, database: psycopg.Connection) -> None:
    """Wait until no entry waits for its place and the newest checkpoint is cosigned."""
    waiting = (
        "SELECT EXISTS (SELECT FROM kernel_pending) OR NOT EXISTS (SELECT FROM kernel_cosignature"
        " WHERE checkpoint_id = (SELECT max(size) FROM kernel_checkpoint))"
    )
    stack.until(lambda: not one(database, waiting), "every entry has its place and is witnessed")


def check_log(database: psycopg.Connection) -> None:
    """Compare entries, leaves, order and root, the tree computed here anew from the definition."""
    rows = database.execute(
        'SELECT l."index", e.leaf, e.data FROM kernel_leaf l'
        ' JOIN kernel_entry e ON e.id = l.entry_id ORDER BY l."index"'
    ).fetchall()
    assert one(database, "SELECT count(*) FROM kernel_entry") == len(rows)
    assert [index for index, _, _ in rows] == list(range(len(rows)))

    heads: dict[str, str] = {}
    for _, leaf, data in rows:
        entry = json.loads(data)
        assert entry["prev"] == heads.get(entry["stream"], "")
        heads[entry["stream"]] = leaf.hex()

    for size, root in database.execute(
        "SELECT size, root FROM kernel_checkpoint ORDER BY size DESC LIMIT 5"
    ).fetchall():
        assert tree_hash([bytes(leaf) for _, leaf, _ in rows[:size]]) == bytes(root)
    assert one(database, "SELECT max(size) FROM kernel_checkpoint") == len(rows)


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return the root over leaves as RFC 6962 defines it, sharing nothing with the platform's own code."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def check_acts(database: psycopg.Connection, acknowledged: dict[str, tuple[int, str]]) -> None:
    """Compare what clients were told with what stands: every act once, as they know it, and no act besides."""
    kept = dict(database.execute("SELECT key, entry_id FROM kernel_requestkey").fetchall())
    leaves = dict(database.execute("SELECT id, encode(leaf, 'hex') FROM kernel_entry").fetchall())
    assert kept == {key: entry for key, (entry, _) in acknowledged.items()}
    assert {key: leaves[entry] for key, entry in kept.items()} == {key: leaf for key, (_, leaf) in acknowledged.items()}
    acts = "SELECT count(*) FROM kernel_entry WHERE type IN ('record_readiness', 'enter_tender', 'accept_tender')"
    assert one(database, acts) == len(acknowledged)
    assert len(acknowledged) > 10 * len(OFFICERS)


def check_jobs(stack: Stack, database: psycopg.Connection) -> None:
    """Wait for the jobs, those of killed workers included; each host officer is told once of every project."""
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name LIKE 'tenders.%'"
    stack.until(lambda: not one(database, waiting), "all jobs are done", within=STALLED_SECONDS)
    assert (
        one(database, "SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing', 'succeeded')") == 0
    )
    entered = one(database, "SELECT count(*) FROM kernel_entry WHERE type = 'enter_tender'")
    officers = one(database, "SELECT count(*) FROM parties_post WHERE role = 'host'")
    told = (
        "SELECT count(*), count(DISTINCT (entry_id, recipient)) FROM kernel_message m"
        " JOIN parties_post p ON p.handle = m.recipient WHERE p.role = 'host' AND m.kind = 'enter_tender'"
    )
    assert database.execute(told).fetchone() == (entered * officers, entered * officers)


def check_receipts(stack: Stack, receipts: list[str]) -> None:
    """Verify every receipt that was handed out with the two public keys alone."""
    log = parse_vkey((stack.data / "keys" / "log.vkey").read_text().strip())
    witness = parse_vkey((stack.data / "witness" / "witness.vkey").read_text().strip())
    assert receipts
    for receipt in receipts:
        assert set(verify_receipt(receipt, log, [witness]).seen) == {witness.name}


def check_export(stack: Stack) -> None:
    """Let the verifier read the exported log."""
    exported = stack.mifeng("export", "log", "log.jsonl")
    assert exported.returncode == 0, exported.stderr
    keys = ["--log-vkey", "keys/log.vkey", "--witness-vkey", "witness/witness.vkey"]
    verified = stack.mifeng("verify", "log", "log.jsonl", *keys)
    assert verified.returncode == 0, verified.stdout


def one(database: psycopg.Connection, query: str) -> int:
    """Return the one value of a query."""
    row = database.execute(query).fetchone()
    assert row is not None
    return int(row[0])
