"""``mifeng verify`` as a person calls it: exit codes, sentences, JSON, memory. Source: docs/spec/log.md §8, §9."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from mifeng.programs.verify.faults import UNCHECKED
from mifeng.programs.verify.main import main
from tests.programs.alone import called, run, surroundings
from tests.programs.logs import Log
from tests.rules.vectors import vectors

pytestmark = pytest.mark.prove

LOG = vectors("log")
EXPORT: list[str] = LOG["export"]
WHOLE = "".join(f"{line}\n" for line in EXPORT).encode()
START = 1_800_000_000


def rows(lines: Iterable[int | str]) -> bytes:
    """Return an export: a number stands for the published line."""
    return "".join(f"{EXPORT[line - 1] if isinstance(line, int) else line}\n" for line in lines).encode()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with the published export and keys."""
    (tmp_path / "log").write_bytes(WHOLE)
    (tmp_path / "log.vkey").write_text(LOG["log"] + "\n")
    (tmp_path / "witness.vkey").write_text(LOG["witness"] + "\n")
    (tmp_path / "kept").write_text(LOG["against"][0]["note"])
    (tmp_path / "forked").write_text(LOG["against"][1]["note"])
    return tmp_path


def options(files: Path, kept: str = "kept") -> list[object]:
    """Return options that name all that is known from elsewhere."""
    keys = ["--log-vkey", files / "log.vkey", "--witness-vkey", files / "witness.vkey"]
    return [*keys, "--against", files / kept]


def test_the_program_ends_with_0_where_nothing_is_wrong(files: Path) -> None:
    code, said, _ = run("verify", "log", files / "log", *options(files))

    assert code == 0
    assert "共 6 条、2 条链、4 个树根；未发现不符之处。" in said
    assert "witness.example/notary" in said
    assert run("verify", "log", "-", stdin=WHOLE)[0] == 0


def test_the_program_prints_every_fault_and_ends_with_1(files: Path) -> None:
    case = next(case for case in LOG["mutants"] if case["name"] == "entry removed")
    code, said, _ = run("verify", "log", "-", *options(files)[:4], stdin=rows(case["lines"]))
    lines = said.splitlines()

    assert code == 1
    assert len(lines) == len(case["faults"]) + 2
    assert lines[0].startswith("条目序号不连续：此处应为第 2 条，实为第 3 条")
    assert lines[0].endswith("[index-wrong]")
    assert f"发现 {len(case['faults'])} 处不符。" in said


def test_the_program_speaks_json(files: Path) -> None:
    case = LOG["mutants"][0]
    code, said, _ = run("verify", "log", "-", "--json", *options(files, "forked"), stdin=rows(case["lines"]))
    shown = json.loads(said)

    assert code == 1
    assert [fault["code"] for fault in shown["faults"]] == ["leaf-wrong", "against-forked", "time-ahead"]
    assert shown["faults"][0]["index"] == 3
    assert shown["summary"]["faults"] == 3
    assert shown["summary"]["ok"] is False
    code, said, _ = run("verify", "log", files / "log", "--json")
    assert (code, json.loads(said)["faults"]) == (0, [])


def test_the_program_says_what_it_could_not_check(files: Path) -> None:
    said = run("verify", "log", files / "log")[1]

    assert UNCHECKED["log-key"] in said
    assert "[witness-keys]" in said


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["log"],
        ["log", "absent"],
        ["log", "log", "--log-vkey", "absent"],
        ["log", "log", "--log-vkey", "witness.vkey"],
        ["log", "log", "--witness-vkey", "log.vkey"],
        ["log", "log", "--against", "log.vkey"],
        ["log", "log", "--unknown"],
        ["receipt", "log"],
        ["receipt", "absent", "--log-vkey", "log.vkey"],
        ["receipt", "log", "--log-vkey", "log"],
    ],
)
def test_the_program_ends_with_2_where_it_is_called_wrongly(files: Path, args: list[str]) -> None:
    named_files = {"log", "absent", "log.vkey", "witness.vkey"}
    given = [str(files / arg) if place > 0 and arg in named_files else arg for place, arg in enumerate(args)]

    assert called(main, *given) == 2


def test_a_receipt_is_verified(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = files / "receipt"
    receipt.write_text(LOG["receipt"]["text"])
    keys = ["--log-vkey", files / "log.vkey", "--witness-vkey", files / "witness.vkey"]

    assert called(main, "receipt", receipt, *keys) == 0
    said = capsys.readouterr().out
    assert said.startswith("回执有效：log.example/linyi 的第 3 条（tender:1，publish）")
    assert "witness.example/notary 于 2027-01-15T08:01:51.000000Z 见证。" in said

    assert called(main, "receipt", receipt, *keys[:2]) == 0
    assert UNCHECKED["witnesses"] in capsys.readouterr().out

    assert called(main, "receipt", receipt, "--json", *keys[:2]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["ok"], shown["leaf"], shown["unchecked"]) == (True, LOG["receipt"]["leaf"], ["witnesses"])


@pytest.mark.parametrize(("kind", "code"), [("refused", "receipt-wrong"), ("malformed", "receipt-malformed")])
def test_a_receipt_that_does_not_hold_ends_with_1(
    files: Path, kind: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = files / "receipt"
    receipt.write_text(LOG["receipt"][kind][0]["text"])
    args = ["receipt", receipt, "--log-vkey", files / "log.vkey"]

    assert called(main, *args) == 1
    assert capsys.readouterr().out.rstrip().endswith(f"。[{code}]")
    assert called(main, *args, "--json") == 1
    assert json.loads(capsys.readouterr().out)["code"] == code


def test_a_long_log_is_read_in_little_memory(tmp_path: Path) -> None:
    script = (
        "import re, pathlib\n"
        "from mifeng.programs.verify.audit import Audit\n"
        "from mifeng.programs.verify.checkpoints import Trust\n"
        "with open({path!r}, 'rb') as file:\n"
        "    assert list(Audit(Trust()).faults(file)) == []\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])\n"
    )
    used = []
    for count in (100, 3000):
        log = Log()
        for number in range(count):
            log.entry(f"tender:{number % 50}", START + number // 100)
            if number % 100 == 99:
                log.checkpoint(START + number // 100)
        (tmp_path / str(count)).write_bytes(b"".join(log.lines))
        used.append(measure(script.format(path=str(tmp_path / str(count)))))

    assert (tmp_path / "3000").stat().st_size > 1_500_000
    assert used[1] - used[0] < 1000


def measure(script: str) -> int:
    """Run a script that prints a number, in a process of its own; return the number."""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, env=surroundings(), timeout=120
    )
    return int(done.stdout)
