"""A whole platform (整套平台) on a data folder and a port of its own; its programs can be killed one by one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

READY_SECONDS = 90.0
VICTIMS = ("server", "worker", "sequencer", "witness")


@dataclass
class Stack:
    """One platform on a data folder and a port of its own."""

    data: Path
    test_mode: bool = False
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    variables: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIFENG_")}
        kept.pop("DATABASE_URL", None)
        self.variables = kept | {
            "MIFENG_DATA": str(self.data),
            "MIFENG_PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "mifeng.config.settings",
        }
        if self.test_mode:
            self.variables["MIFENG_TEST_MODE"] = "1"
        made = self.mifeng("init", "--sample", *(["--test"] if self.test_mode else []))
        assert made.returncode == 0, made.stderr

    @property
    def base(self) -> str:
        """Return the address of the platform."""
        return f"http://127.0.0.1:{self.port}"

    def mifeng(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the platform beside it and return what it printed."""
        command = [sys.executable, "-m", "mifeng.cli", *arguments]
        return subprocess.run(
            command, env=self.variables, capture_output=True, text=True, check=False, timeout=120, cwd=self.data
        )

    def start(self) -> None:
        """Start the supervisor and wait until every part is ready."""
        with (self.data / "serve.log").open("ab") as log:
            command = [sys.executable, "-m", "mifeng.cli", "serve"]
            self.process = subprocess.Popen(
                command, env=self.variables, stdout=log, stderr=log, start_new_session=True, cwd=self.data
            )
        self.until(self.ready, "the platform is ready")

    def stop(self) -> None:
        """End the platform as Ctrl-C would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def pid(self, name: str) -> int:
        """Return the process of a program; 0 while it does not run."""
        path = self.data / ("postgres/postmaster.pid" if name == "postgres" else f"run/{name}.pid")
        try:
            found = int(path.read_text().split()[0])
            os.kill(found, 0)
        except (OSError, ValueError, IndexError):
            return 0
        return found

    def kill(self, name: str) -> None:
        """Kill a program without warning, as soon as it runs."""
        self.until(lambda: self.pid(name), f"{name} runs")
        os.kill(self.pid(name), signal.SIGKILL)

    def ready(self) -> bool:
        """Say whether every part is ready; keep what the platform itself says about that."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.base}/readyz", timeout=5) as answer:
                self.said = answer.read().decode()
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            self.said = error.read().decode()
        except OSError as error:
            self.said = str(error)
        return False

    def until(self, condition: Callable[[], object], what: str, *, within: float = READY_SECONDS) -> None:
        """Wait until a condition holds; fail with the supervisor's log when it does not in time."""
        limit = time.monotonic() + within
        while not condition():
            if time.monotonic() > limit:
                log = (self.data / "serve.log").read_text()[-6000:]
                raise AssertionError(f"not in {within:.0f} s: {what}; /readyz: {self.said}\n{log}")
            time.sleep(0.05)

    def connect(self) -> psycopg.Connection:
        """Return a connection to the platform's database."""
        asked = "from mifeng.config import postgres, env; print(postgres.Postgres(postgres.parameters(env.env())).dsn)"
        command = [sys.executable, "-c", asked]
        dsn = subprocess.run(command, env=self.variables, capture_output=True, text=True, check=True).stdout.strip()
        return psycopg.connect(dsn, autocommit=True)

    def passwords(self) -> dict[str, str]:
        """Return the sample accounts' passwords."""
        return dict(json.loads((self.data / "keys" / "sample").read_text()))
