"""The command line: one table, loaded on use, so that the stand-alone programs need neither Django nor a database."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mifeng.cli import COMMANDS, run

REPOSITORY = Path(__file__).resolve().parents[2]
WITHOUT_SERVER = """
import sys
for name in ("django", "psycopg", "procrastinate", "granian", "httpx"):
    sys.modules[name] = None
from mifeng.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_every_command_is_listed_with_one_line_in_the_language_of_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    shown = {}
    for language in ("zh_CN.UTF-8", "en_GB.UTF-8"):
        monkeypatch.setenv("LANG", language)
        assert run([]) == 0
        lines = capsys.readouterr().out.splitlines()[2:]
        shown[language] = dict(line.split(maxsplit=1) for line in lines)

    assert shown["zh_CN.UTF-8"] == {name: command.zh for name, command in COMMANDS.items()}
    assert shown["en_GB.UTF-8"] == {name: command.en for name, command in COMMANDS.items()}


def test_an_unknown_command_is_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conquer"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("mifeng: conquer?")


@pytest.mark.parametrize("name", ["serve", "worker", "sequencer"])
def test_a_command_refuses_arguments_that_it_does_not_know(name: str) -> None:
    assert run([name, "--fast"]) == 2


@pytest.mark.parametrize("name", ["witness", "verify"])
def test_a_stand_alone_program_starts_without_anything_of_the_server(name: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_SERVER, name, "--help"], capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stderr
    assert f"mifeng {name}" in answer.stdout


def test_a_variable_that_cannot_be_understood_is_named() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "mifeng.cli", "serve"],
        env={"PATH": os.environ["PATH"], "MIFENG_PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 2
    assert answer.stderr.startswith("mifeng: MIFENG_PORT")


def test_what_serves_is_pinned_alike_for_developers() -> None:
    pins = {
        name: set(re.findall(r"^([a-z0-9-]+==\S+)", (REPOSITORY / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("server.txt", "dev.txt")
    }

    assert pins["server.txt"]
    assert pins["server.txt"] <= pins["dev.txt"]


def test_a_renewed_environment_is_left_alone() -> None:
    again = subprocess.run(
        ["scripts/environment", "server"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_make_alone_lists_the_targets_that_exist() -> None:
    listed = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert phony is not None
    assert re.findall(r"^  make (\w+)", listed, re.MULTILINE) == phony[1].split()
