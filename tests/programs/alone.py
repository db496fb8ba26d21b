"""Programs that run away from the server, started as others would: in a process of their own, without the platform."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What `pip install mifeng` does not bring along: a program that asks for any of it would not start at another body.
SERVER_ONLY = ("django", "psycopg", "procrastinate", "granian", "httpx", "a2wsgi")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_START = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
from mifeng.programs.{program}.main import main
main(sys.argv[1:])
"""


def command(program: str, *args: object) -> list[str]:
    """Return the command line of a program where the server's libraries are not installed."""
    return [sys.executable, "-c", _START.format(absent=SERVER_ONLY, program=program), *map(str, args)]


def run(program: str, *args: object, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run a program to its end; return exit code, standard output, standard error."""
    done = subprocess.run(command(program, *args), input=stdin, capture_output=True, timeout=60, env=surroundings())
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def start(program: str, *args: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program that goes on running."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command(program, *args), env=surroundings(), **(pipes | options))


def called(program: Callable[[list[str]], object], *args: object) -> int:
    """Call a program's entry function in this process; return its exit code."""
    try:
        program(list(map(str, args)))
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("a program ends by SystemExit")


def surroundings() -> dict[str, str]:
    """Return an environment that carries nothing of the platform."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT or key.startswith("COVERAGE_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONUTF8": "1"}
