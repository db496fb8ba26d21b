"""A whole platform for a story (整套平台): its own data folder and port, in test mode, ended with the story."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 90
STOP_SECONDS = 20


@dataclass(frozen=True)
class Stack:
    """A running platform in test mode."""

    data: Path
    base: str
    variables: dict[str, str]

    def mifeng(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the platform beside it and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "mifeng.cli", *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def password(self, account: str) -> str:
        """Return the password of a sample account."""
        return str(json.loads((self.data / "keys" / "sample").read_text())[account])


@contextmanager
def running(data: Path) -> Iterator[Stack]:
    """Set a platform up in a folder, run it for a block, and end it as Ctrl-C would."""
    port = _free_port()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MIFENG_")}
    variables.pop("DATABASE_URL", None)
    variables |= {"MIFENG_DATA": str(data), "MIFENG_PORT": str(port), "MIFENG_TEST_MODE": "1"}
    stack = Stack(data, f"http://127.0.0.1:{port}", variables)
    made = stack.mifeng("init", "--sample", "--test")
    assert made.returncode == 0, made.stderr
    with (data / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mifeng.cli", "serve"], env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _await_ready(stack, process)
            yield stack
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _await_ready(stack: Stack, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{stack.base}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError((stack.data / "serve.log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
