"""The bidder's tool killed at every step (断电): the same command, given again, finishes what was begun.

A run is ended by SIGKILL right before and right after each time it puts a file in its place, and while it waits for an
answer.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mifeng.rules.seal.envelope import parse_seal, read_header
from mifeng.rules.seal.opening import matches_key
from mifeng.rules.seal.policy import format_policy
from tests.programs.alone import SERVER_ONLY, surroundings
from tests.programs.bidding import Supplier, serving, supplier
from tests.programs.office import TICKET, Office, policy

pytestmark = pytest.mark.prove

_KILLED_AT = """
import os, pathlib, signal, sys
for name in {absent!r}:
    sys.modules[name] = None
moved, place = pathlib.Path.replace, iter(range(1000))
def replace(self, target):
    number = next(place)
    if number == {at} and {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    found = moved(self, target)
    if number == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
pathlib.Path.replace = replace
from mifeng.programs.bid.main import main
main(sys.argv[1:])
"""


def run_until(at: int, before: bool, *args: object) -> int:
    """Run the tool and kill it at the n-th file it puts in place; return how it ended, 0 when it got through."""
    script = _KILLED_AT.format(absent=SERVER_ONLY, at=at, before=before)
    line = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(line, capture_output=True, timeout=60, env=surroundings(), check=False).returncode


def whole(ours: Supplier) -> None:
    """Make sure that every version the folder names has its sealed file and its key."""
    for version in ours.state["versions"]:
        header, _ = read_header((ours.folder / f"bid-v{version['number']}.be1").read_bytes())
        key = (ours.folder / "keys" / f"v{version['number']}-{version['envelope'][:16]}.key").read_text()
        assert parse_seal(header).envelope_hash.hex() == version["envelope"]
        assert matches_key(parse_seal(header), bytes.fromhex(key))


@pytest.mark.parametrize("before", [True, False])
def test_making_that_was_killed_is_done_again(tmp_path: Path, before: bool) -> None:
    killed, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        home = tmp_path / str(killed)
        home.mkdir()
        ours = supplier(home)
        (home / "policy.json").write_bytes(format_policy(policy()))
        ended = run_until(killed, before, *ours.made("--policy", home / "policy.json"))
        if not (ours.folder / "state.json").exists():
            assert ours.make(policy()) == 0
        ours.fill()
        assert ours.run("seal") == 0
        whole(ours)
        killed += 1

    assert (killed, ended) == (7, 0)


@pytest.mark.parametrize("before", [True, False])
def test_sealing_that_was_killed_leaves_no_version_without_its_key(tmp_path: Path, before: bool) -> None:
    ours = supplier(tmp_path)
    ours.make(policy())
    ours.fill()
    killed, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        ended = run_until(killed, before, "seal", "--dir", ours.folder)
        whole_or_changed(ours)
        killed += 1

    assert (killed, ended) == (5, 0)
    whole(ours)


def whole_or_changed(ours: Supplier) -> None:
    """After a kill the sealed file may be newer than the memory: it is refused, sealed again, and nothing is lost."""
    office = Office(policy())
    with serving(office) as url:
        if ours.submit(url) == 1:
            assert office.bids == {}
            assert ours.run("seal") == 0
    whole(ours)
    state = ours.folder / "state.json"
    state.write_text(state.read_text().replace('"submitted"', '"sealed"').replace('"bound": true', '"bound": false'))


@pytest.mark.parametrize("verb", ["bind", "upload", "submit", "after submit", "status"])
def test_submission_that_was_killed_goes_on_and_counts_once(tmp_path: Path, verb: str) -> None:
    ours, office = supplier(tmp_path), Office(policy())
    ours.make(policy())
    ours.fill(technical=bytes(200_000))
    ours.run("seal")
    office.still = {verb}
    with serving(office) as url:
        args = ["submit", "--dir", ours.folder, "--server", url, "--ticket", TICKET, "--wait", "0"]
        line = [sys.executable, "-m", "mifeng.programs.bid.main", *map(str, args)]
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=surroundings())
        assert office.at_rest.wait(30)
        process.kill()
        process.wait()
        office.still = set()
        assert ours.submit(url) == 0

    [lying] = office.bids.values()
    assert lying.seal.envelope_hash.hex() == ours.latest["envelope"]
    assert ours.latest["step"] == "submitted"


def test_submission_killed_at_each_note_it_takes_goes_on(tmp_path: Path) -> None:
    killed, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        home = tmp_path / str(killed)
        home.mkdir()
        ours, office = supplier(home), Office(policy())
        ours.make(policy())
        ours.fill()
        ours.run("seal")
        with serving(office) as url:
            options = ["--server", url, "--ticket", TICKET, "--wait", "0"]
            ended = run_until(killed, True, "submit", "--dir", ours.folder, *options)
            assert ours.submit(url) == 0
        assert (ours.latest["step"], len(office.bids)) == ("submitted", 1)
        assert (ours.folder / "receipts" / "R1-v1.proof").is_file()
        killed += 1

    assert (killed > 4, ended) == (True, 0)
