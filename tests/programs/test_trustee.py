"""The trustee as a program of its own, without the platform: keys, start, restart, kill. Source: our choice (ADR-6)."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from mifeng.rules.encoding import canonical, parse_canonical
from tests.programs.alone import run
from tests.programs.trustees import (
    BODIES,
    DUE,
    LOG,
    NOTARY,
    TEST_LOG,
    Keeper,
    Package,
    Running,
    leaf_of,
    receipt_request,
    trustee_folder,
)

pytestmark = pytest.mark.prove

NAMED = ("--name", "trustee-1", "--organisation", BODIES["trustee-1"])


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """Return three trustees' keys; the first one's folder is ready to be served."""
    keeper = Keeper(tmp_path)
    trustee_folder(tmp_path / "trustee-1")
    return keeper


@pytest.fixture
def trustee(keeper: Keeper) -> Iterator[Running]:
    """Return a running trustee."""
    running = Running(keeper.folder / "trustee-1")
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        assert running.stop() == 0


def opened(trustee: Running, package: Package) -> None:
    """Make a package known to a trustee."""
    assert trustee.post("/deadline", package.deadline_request(package.notice()))[0] == 200


def test_the_keys_are_made_once_without_the_platform(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code, said, _ = run("trustee", "init", "--dir", folder, *NAMED)
    again = run("trustee", "init", "--dir", folder, *NAMED)
    public = parse_canonical(said.removesuffix("\n").encode())

    assert code == 0
    assert again[:2] == (0, said)
    assert isinstance(public, dict)
    assert sorted(public) == ["hpke", "name", "organisation", "verify"]
    assert (public["name"], public["organisation"]) == ("trustee-1", BODIES["trustee-1"])
    assert (folder / "trustee.pub").read_bytes() == canonical(public)
    assert (folder / "trustee.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["trustee.key", "trustee.pub"]


def test_a_key_is_not_renamed_and_a_lost_public_file_is_made_again(keeper: Keeper) -> None:
    folder = keeper.folder / "trustee-1"
    before = (folder / "trustee.pub").read_bytes()
    (folder / "trustee.pub").unlink()

    for other in (("--name", "trustee-9", *NAMED[2:]), (*NAMED[:3], "another body")):
        code, said, told = run("trustee", "init", "--dir", folder, *other)
        assert (code, said, "Traceback" in told) == (1, "", False)
    assert run("trustee", "init", "--dir", folder, *NAMED)[0] == 0
    assert (folder / "trustee.pub").read_bytes() == before
    assert run("trustee", "init", "--dir", keeper.folder / "x", "--name", " ", "--organisation", "a\nb")[0] == 1
    assert run("trustee", "init", "--dir", keeper.folder / "x")[0] == 2


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("logs", ""),
        ("logs", "nonsense\n"),
        ("logs", f"{NOTARY.verifier}\n"),
        ("witnesses", ""),
        ("witnesses", f"{LOG.verifier}\n"),
        ("trustee.key", "{}"),
        ("trustee.key", "nonsense"),
        ("trustee.sqlite", "not a database, and long enough to be taken for one by its length alone" * 20),
    ],
)
def test_a_trustee_that_cannot_be_trusted_does_not_start(keeper: Keeper, file: str, text: str) -> None:
    folder = keeper.folder / "trustee-1"
    (folder / file).write_text(text)
    files = ("--log-vkey", folder / "logs", "--witness-vkey", folder / "witnesses")
    code, said, told = run("trustee", "serve", "--dir", folder, *files)

    assert (code, said) == (1, "")
    assert told.startswith("受托人无法启动：")
    assert "Traceback" not in told


@pytest.mark.parametrize("listen", ["", "127.0.0.1", ":0", "127.0.0.1:x", "127.0.0.1:65536", "192.0.2.1:1"])
def test_an_address_that_cannot_be_served_is_refused(keeper: Keeper, listen: str) -> None:
    folder = keeper.folder / "trustee-1"
    files = ("--log-vkey", folder / "logs", "--witness-vkey", folder / "witnesses")
    code, _, told = run("trustee", "serve", "--dir", folder, *files, "--listen", listen)

    assert (code, "Traceback" in told) == (1, False)


def test_a_real_log_is_never_served_in_test_mode(keeper: Keeper) -> None:
    folder = keeper.folder / "trustee-1"
    (folder / "both").write_text(f"{TEST_LOG.verifier}\n{LOG.verifier}\n")
    for logs in ("logs", "both"):
        files = ("--log-vkey", folder / logs, "--witness-vkey", folder / "witnesses")
        code, _, told = run("trustee", "serve", "--dir", folder, *files, "--test")

        assert code == 1
        assert LOG.name in told


@pytest.mark.parametrize(("options", "status"), [(("--test",), 200), ((), 409)])
def test_only_in_test_mode_a_test_log_goes_by_its_own_time(tmp_path: Path, options, status: int) -> None:
    far = DUE.replace(year=2999)
    keeper = Keeper(tmp_path, TEST_LOG)
    running = Running(trustee_folder(tmp_path / "trustee-1", TEST_LOG), *options)
    running.start()
    package = keeper.package()
    running.post("/deadline", package.deadline_request(package.notice(far, at=far.replace(year=2998))))

    assert running.post("/close", receipt_request(package.close(due=far, at=far)))[0] == status
    assert running.stop() == 0


def test_the_public_keys_are_told(trustee: Running) -> None:
    assert trustee.get("/key") == (200, json.loads((trustee.folder / "trustee.pub").read_text()))
    assert trustee.get("/trustee.key")[0] == 404


def test_a_whole_opening_outlives_kills(trustee: Running, keeper: Keeper) -> None:
    package = keeper.package()
    opened(trustee, package)
    bids = [package.bid(), package.bid()]
    gone = package.bid()
    for bid in (*bids, gone):
        assert trustee.post("/stanza", package.stanza_request(bid))[0] == 200
    trustee.kill()
    trustee.start()
    assert trustee.post("/withdraw", package.withdrawal_request(gone))[0] == 200
    trustee.kill()
    trustee.start()
    assert trustee.post("/close", receipt_request(package.close(*bids, gone))) == (409, {"refused": "list-outdated"})
    close = package.close(*bids)
    closed = trustee.post("/close", receipt_request(close))
    trustee.kill()
    trustee.start()
    assert trustee.post("/close", receipt_request(close)) == closed
    assert trustee.post("/close", receipt_request(package.close(bids[0]))) == (409, {"refused": "second-list"})
    keyed = package.keyed(close, *bids)
    status, released = trustee.post("/release", receipt_request(keyed))
    trustee.kill()
    trustee.start()

    assert (closed[0], status) == (200, 200)
    assert [row["bid_ref"] for row in released["shares"]] == [bid.bid_ref.hex() for bid in bids]
    assert trustee.post("/release", receipt_request(keyed)) == (200, released)
    other = package.keyed(close, bids[0])
    assert trustee.post("/release", receipt_request(other)) == (409, {"refused": "second-release"})


def test_of_several_lists_at_the_same_moment_exactly_one_is_countersigned(trustee: Running, keeper: Keeper) -> None:
    for number in range(4):
        package = keeper.package(bytes([number]) * 32)
        opened(trustee, package)
        lists = [receipt_request(package.close(*([package.bid()] * (side > 0)))) for side in range(4)]
        gate = threading.Barrier(len(lists))

        def send(body: bytes, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return trustee.post("/close", body)[0]

        with ThreadPoolExecutor(len(lists)) as pool:
            assert sorted(pool.map(send, lists)) == [200, 409, 409, 409]


def test_killed_at_any_moment_it_has_remembered_what_it_signed(trustee: Running, keeper: Keeper) -> None:
    for number in range(1, 6):
        package = keeper.package(bytes([number]) * 32)
        opened(trustee, package)
        receipts = [package.close(*([package.bid()] * (side > 0))) for side in range(6)]
        given: list[str] = []

        def keep_asking(receipts: list[str] = receipts, given: list[str] = given) -> None:
            for receipt in receipts:
                try:
                    if trustee.post("/close", receipt_request(receipt))[0] == 200:
                        given.append(leaf_of(receipt).hex())
                except (OSError, HTTPException):
                    return

        asking = threading.Thread(target=keep_asking)
        asking.start()
        time.sleep(0.004 * number)
        trustee.kill()
        asking.join()
        trustee.start()
        statuses = [trustee.post("/close", receipt_request(receipt))[0] for receipt in receipts]

        # It may have remembered the one list it could not answer for any more, never signed one and forgotten it.
        assert statuses.count(200) == 1
        assert given in ([], [leaf_of(receipts[statuses.index(200)]).hex()])


def test_what_is_signed_is_on_disk_before(trustee: Running, keeper: Keeper) -> None:
    package = keeper.package()
    opened(trustee, package)
    close = receipt_request(package.close())
    with sqlite3.connect(trustee.folder / "trustee.sqlite") as memory:
        memory.execute("BEGIN EXCLUSIVE")
        held = trustee.post("/close", close)
        memory.execute("ROLLBACK")
    memory.close()

    # While another holds the file nothing can be remembered, so nothing is signed.
    assert held == (503, {"refused": "memory"})
    assert trustee.post("/close", close)[0] == 200


def test_neither_share_nor_key_stands_in_what_it_says_of_itself(trustee: Running, keeper: Keeper) -> None:
    package = keeper.package()
    opened(trustee, package)
    bid = package.bid()
    trustee.post("/stanza", package.stanza_request(bid))
    assert trustee.process is not None
    trustee.process.terminate()
    said = b"".join(trustee.process.communicate(timeout=5))
    with sqlite3.connect(trustee.folder / "trustee.sqlite") as memory:
        (share,) = memory.execute("SELECT share FROM bid").fetchone()
    memory.close()

    key = json.loads((trustee.folder / "trustee.key").read_text())
    for secret in (share.hex(), key["signing"], key["hpke"]):
        assert secret.encode() not in said
    assert key["signing"] not in repr(keeper.key())
