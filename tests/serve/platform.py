"""A whole platform under its supervisor (整套平台), started and ended as a person at a terminal does."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mifeng.config.env import Env
from mifeng.config.processes import alive, marked

REPOSITORY = Path(__file__).resolve().parents[2]
OUTSIDE = ("witness", "witness-2", "witness-3", "trustee-1", "trustee-2", "trustee-3")
PROGRAMS = (*OUTSIDE, "sequencer", "worker", "server")
READY_SECONDS = 120.0


class Platform:
    """One data folder with its own port, and the supervisor that runs on it."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIFENG_", "DATABASE_URL"))}
        self.variables = kept | {
            "MIFENG_DATA": str(data),
            "MIFENG_PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "tests.serve.open_gate",
            "PYTHONPATH": str(REPOSITORY),
            "LC_ALL": "C.UTF-8",
        }
        self.env = Env.read(self.variables)
        self.log = data.with_suffix(".log")
        self.supervisor: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the platform to its end."""
        line = [sys.executable, "-m", "mifeng.cli", *arguments]
        return subprocess.run(line, env=self.variables, capture_output=True, text=True, check=False, timeout=120)

    def start(self) -> None:
        """Start the supervisor and wait until every part is ready."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            line = [sys.executable, "-m", "mifeng.cli", "serve"]
            self.supervisor = subprocess.Popen(
                line, env=self.variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.until(self.ready, "the platform is ready")
        self.until(lambda: "ready after" in self.log.read_text(), "the supervisor says so")

    def interrupt(self) -> float:
        """Press Ctrl-C and return how many seconds it took until the supervisor ended."""
        assert self.supervisor is not None
        began = time.monotonic()
        os.killpg(self.supervisor.pid, signal.SIGINT)
        self.supervisor.wait(60)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the supervisor, and nothing else."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()

    def pid(self, name: str) -> int:
        """Return the process of a program, or of PostgreSQL."""
        if name == "postgres":
            return int((self.env.data / "postgres" / "postmaster.pid").read_text().split()[0])
        return int((self.env.data / "run" / f"{name}.pid").read_text())

    def left(self) -> list[int]:
        """Return the processes that anyone started for this platform and that still live."""
        return marked(self.env)

    def parts(self) -> dict[str, bool]:
        """Return what ``/readyz`` says, part by part; nothing when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return dict(json.loads(connection.getresponse().read())["parts"])
        except (OSError, ValueError, http.client.HTTPException):
            return {}
        finally:
            connection.close()

    def ready(self) -> bool:
        """Say whether every part is ready."""
        parts = self.parts()
        return bool(parts) and all(parts.values())

    def until(self, holds: Callable[[], bool], what: str, within: float = READY_SECONDS) -> None:
        """Wait until something holds while the supervisor lives."""
        end = time.monotonic() + within
        while not holds():
            lives = self.supervisor is not None and alive(self.supervisor.pid)
            if not lives or time.monotonic() > end:
                raise AssertionError(f"waiting until {what}: {self.parts()}\n{self.log.read_text()}")
            time.sleep(0.1)
