"""The witness as a program of its own never cosigns two histories. Source: docs/spec/log.md §6; C2SP tlog-witness."""

import re
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from mifeng.programs.witness.keys import make_key
from mifeng.rules.ledger import (
    Checkpoint,
    Kind,
    SigningKey,
    consistency_proof,
    format_checkpoint,
    format_submission,
    leaf_hash,
    parse_vkey,
    root_of,
    sign_note,
)
from tests.programs.alone import run
from tests.programs.witnesses import FORK, LOG, MAIN, OTHER, Running, note

pytestmark = pytest.mark.prove


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a witness's folder with its key and the key of one log."""
    make_key(tmp_path, "witness.example/notary")
    (tmp_path / "logs").write_text(f"{LOG.verifier}\n")
    return tmp_path


@pytest.fixture
def witness(folder: Path) -> Iterator[Running]:
    """Return a running witness."""
    running = Running(folder)
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        assert running.stop() == 0


def test_the_key_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code, said, _ = run("witness", "init", "--dir", folder)
    again = run("witness", "init", "--dir", folder)
    key = parse_vkey(said)

    assert code == 0
    assert again[:2] == (0, said)
    assert key.kind is Kind.WITNESS
    assert re.fullmatch(r"witness\.mifeng\.localhost/[0-9a-f]{8}", key.name)
    assert (folder / "witness.vkey").read_text() == said
    assert (folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["witness.key", "witness.vkey"]


def test_a_key_is_not_renamed(folder: Path) -> None:
    code, said, told = run("witness", "init", "--dir", folder, "--name", "witness.example/other")

    assert (code, said) == (1, "")
    assert "witness.example/notary" in told
    assert run("witness", "init", "--dir", folder, "--name", "a b")[0] == 1


def test_a_lost_public_key_is_made_again(folder: Path) -> None:
    before = (folder / "witness.vkey").read_text()
    (folder / "witness.vkey").unlink()

    assert run("witness", "init", "--dir", folder, "--name", "witness.example/notary")[:2] == (0, before)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("logs", ""),
        ("logs", "nonsense\n"),
        ("logs", f"{SigningKey('w', Kind.WITNESS, b'w' * 32).verifier}\n"),
        ("witness.vkey", f"{SigningKey('w', Kind.WITNESS, b'w' * 32).verifier}\n"),
        ("witness.key", "AAAA\n"),
        ("witness.sqlite", "not a database, and long enough to be taken for one by its length alone" * 20),
    ],
)
def test_a_witness_that_cannot_be_trusted_does_not_start(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    code, said, told = run("witness", "serve", "--dir", folder, "--log-vkey", folder / "logs")

    assert (code, said) == (1, "")
    assert told.startswith("见证人无法启动：")
    assert "Traceback" not in told


@pytest.mark.parametrize("listen", ["", "127.0.0.1", ":0", "127.0.0.1:x", "127.0.0.1:65536", "192.0.2.1:1"])
def test_an_address_that_cannot_be_served_is_refused(folder: Path, listen: str) -> None:
    code, _, told = run("witness", "serve", "--dir", folder, "--log-vkey", folder / "logs", "--listen", listen)

    assert (code, "Traceback" in told) == (1, False)


def test_what_continues_is_cosigned(witness: Running) -> None:
    before = int(time.time())
    first = witness.verified(witness.submit(0, 5), 5)
    second = witness.verified(witness.submit(5, 12), 12)
    again = witness.verified(witness.submit(12, 12), 12)

    assert before <= first <= second <= again <= int(time.time())


def test_an_empty_log_is_cosigned(witness: Running) -> None:
    witness.verified(witness.submit(0, 0), 0)

    assert witness.submit(0, 0, key=OTHER) == (404, "unknown log\n")
    assert witness.post(
        format_submission(0, [], sign_note(format_checkpoint(Checkpoint(LOG.name, 0, b"r" * 32)), LOG))
    ) == (
        409,
        "0\n",
    )


def test_the_size_is_told_to_who_does_not_know_it(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    request = urllib.request.Request(  # noqa: S310
        witness.url + "/add-checkpoint", data=format_submission(0, [], note(9)).encode(), method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)  # noqa: S310

    with refused.value as answer:
        assert (answer.code, answer.read()) == (409, b"5\n")
        assert answer.headers["Content-Type"] == "text/x.tlog.size"
    assert witness.submit(7, 9) == (409, "5\n")


def test_a_smaller_size_is_refused_for_ever(witness: Running) -> None:
    witness.verified(witness.submit(0, 9), 9)

    for old_size in (0, 3, 4):
        assert witness.submit(old_size, 4) == (409, "9\n")
    assert witness.submit(9, 4)[0] == 400
    witness.kill()
    witness.start()
    assert witness.submit(0, 4) == (409, "9\n")
    witness.verified(witness.submit(9, 10), 10)


def test_another_history_is_refused_for_ever_and_kept_as_evidence(witness: Running) -> None:
    witness.verified(witness.submit(0, 9), 9)

    assert witness.submit(9, 9, FORK) == (409, "9\n")
    assert witness.submit(9, 12, FORK)[0] == 422
    witness.kill()
    witness.start()
    assert witness.submit(9, 12, FORK)[0] == 422
    assert witness.submit(9, 9, FORK) == (409, "9\n")
    witness.verified(witness.submit(9, 12), 12)
    with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
        kept = memory.execute("SELECT origin, size, cosigned, refused FROM fork").fetchall()
    memory.close()
    assert kept == [(LOG.name, 9, note(9), note(9, FORK))]


def test_a_proof_that_shows_nothing_is_refused(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    good = consistency_proof(5, MAIN[:9])

    for proof in ([], good[:-1], [*good, good[0]], list(reversed(good))):
        assert witness.post(format_submission(5, proof, note(9))) == (422, "not shown to continue what was seen\n")
    assert witness.post(format_submission(5, good, note(5)))[0] == 422
    witness.verified(witness.post(format_submission(5, good, note(9))), 9)


def test_only_known_logs_are_cosigned(witness: Running) -> None:
    forger = SigningKey(LOG.name, Kind.LOG, b"f" * 32)
    text = format_checkpoint(Checkpoint(LOG.name, 5, root_of(MAIN[:5])))

    assert witness.submit(0, 5, key=OTHER) == (404, "unknown log\n")
    assert witness.submit(0, 5, key=forger) == (403, "not signed by a key of this log\n")
    assert witness.post(format_submission(0, [], sign_note(text, OTHER)))[0] == 403
    spoilt = note(5).replace("\n5\n", "\n6\n")
    assert witness.post(format_submission(0, [], spoilt))[0] == 403
    witness.verified(witness.post(format_submission(0, [], sign_note(text, OTHER, LOG, forger))), 5)


def test_several_logs_and_keys_are_kept_apart(folder: Path) -> None:
    successor = SigningKey(LOG.name, Kind.LOG, b"n" * 32)
    (folder / "logs").write_text(f"{LOG.verifier}\n\n{OTHER.verifier}\n{successor.verifier}\n")
    witness = Running(folder)
    witness.start()

    witness.verified(witness.submit(0, 5), 5)
    assert witness.submit(0, 7, FORK, OTHER)[0] == 200
    assert witness.submit(5, 9, key=successor)[0] == 200
    assert witness.submit(0, 9, FORK, OTHER) == (409, "7\n")
    witness.kill()


def test_of_several_histories_at_the_same_moment_exactly_one_is_cosigned(witness: Running) -> None:
    leaves: list[bytes] = []
    for number in range(8):
        size = len(leaves) + 4
        trees = [[*leaves, *(leaf_hash(b"%d %d %d" % (number, side, leaf)) for leaf in range(4))] for side in range(4)]
        gate = threading.Barrier(len(trees))

        def send(tree: list[bytes], gate: threading.Barrier = gate, size: int = size) -> tuple[int, str]:
            gate.wait()
            return witness.submit(size - 4, size, tree)

        with ThreadPoolExecutor(len(trees)) as pool:
            answers = list(pool.map(send, trees))

        statuses = [status for status, _ in answers]
        assert sorted(statuses) == [200, 409, 409, 409]
        leaves = trees[statuses.index(200)]
        witness.verified(answers[statuses.index(200)], size, leaves)
        witness.verified(witness.submit(size, size, leaves), size, leaves)


def test_killed_at_any_moment_it_has_remembered_what_it_cosigned(witness: Running) -> None:
    cosigned = 0
    for number in range(1, 13):
        stop = threading.Event()
        given: list[int] = []

        def keep_asking(stop: threading.Event = stop, given: list[int] = given, size: int = cosigned) -> None:
            while not stop.is_set() and size < 60:
                try:
                    status, said = witness.submit(size, size + 1)
                except (OSError, HTTPException):
                    return
                if status == 409:
                    size = int(said)
                else:
                    size += 1
                    given.append(size)

        asking = threading.Thread(target=keep_asking)
        asking.start()
        time.sleep(0.002 * number)
        witness.kill()
        stop.set()
        asking.join()
        witness.start()
        last = max([cosigned, *given])
        with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
            row = memory.execute("SELECT size, root FROM seen").fetchone()
        memory.close()
        size, root = row or (0, root_of([]))

        # It may have remembered one more than it could still answer, never one less.
        assert last <= size <= last + 1
        assert root == root_of(MAIN[:size])
        cosigned = size


def test_what_is_cosigned_is_on_disk_before_it_is_signed(witness: Running) -> None:
    witness.verified(witness.submit(0, 5), 5)
    with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
        mode = memory.execute("PRAGMA journal_mode").fetchone()
        memory.execute("BEGIN EXCLUSIVE")
        status, _ = witness.submit(5, 9)
        memory.execute("ROLLBACK")
    memory.close()

    # While another holds the file nothing can be remembered, so nothing is signed.
    assert (mode, status) == (("wal",), 503)
    witness.verified(witness.submit(5, 9), 9)


def test_time_never_runs_backwards(folder: Path) -> None:
    witness = Running(folder)
    witness.start()
    witness.verified(witness.submit(0, 5), 5)
    later = int(time.time()) + 5000
    with sqlite3.connect(folder / "witness.sqlite") as memory:
        memory.execute("UPDATE seen SET at = ?", [later])
    memory.close()

    assert witness.verified(witness.submit(5, 9), 9) == later
    witness.kill()
