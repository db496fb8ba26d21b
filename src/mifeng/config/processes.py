"""What launcher and supervisor share: dying with one's parent, the lock on the data folder, a look into ``/proc``.

Minimal systems have neither ``ps`` nor ``pkill``; everything here reads ``/proc`` and ends processes by their id,
never by name.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mifeng.config.env import Env

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
MARK = "MIFENG_CHILD_OF"  # in the environment of every child: the data folder it belongs to

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signum: signal.Signals) -> None:
    """Ask the kernel to send us a signal when the thread that started us ends.

    The request is lost when a process changes its user or forks, so it is made last, and again in a worker of a server.
    """
    if _libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_server() -> None:
    """Bind a worker of the server to the server's main process, where a supervisor started both."""
    if MARK in os.environ:
        die_with_parent(signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent ends, so that they can be waited for."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def spawn(command: list[str], on_parent_death: signal.Signals, **options: Any) -> "subprocess.Popen[bytes]":
    """Start a process of its own group that does not outlive us; to be called from the main thread.

    The kernel watches the thread that forks, not the process.
    """
    parent = os.getpid()

    def prepare() -> None:
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        die_with_parent(on_parent_death)
        if os.getppid() != parent:  # the parent ended before the request was made
            os._exit(1)

    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside other threads; between fork and exec stand only four system calls.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(command, preexec_fn=prepare, **options)  # noqa: S603 - our own programs


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the data folder (占用者)."""

    pid: int
    purpose: str
    address: str


class AlreadyHeld(Exception):
    """The data folder is in use by another process."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"already running: {holder.purpose}, pid {holder.pid}, {holder.address or '-'}")
        self.holder = holder


@contextmanager
def holding(env: Env, purpose: str, address: str = "") -> Iterator[None]:
    """Hold the data folder alone. The kernel lets go when the process ends, however it ends.

    Raises:
        AlreadyHeld: with the process that holds it.
    """
    path = env.folder("run") / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyHeld(_holder(path)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "purpose": purpose, "address": address}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(path: Path) -> Holder:
    """Read who holds the lock; the holder writes it a moment after taking it."""
    for _ in range(20):
        with contextlib.suppress(ValueError, KeyError):
            note = json.loads(path.read_text())
            return Holder(note["pid"], note["purpose"], note["address"])
        time.sleep(0.05)
    return Holder(0, "unknown", "")


def processes() -> Iterator[int]:
    """Yield the ids of all processes."""
    for name in os.listdir("/proc"):
        if name.isdecimal():
            yield int(name)


def alive(pid: int) -> bool:
    """Say whether a process exists and still runs; one that only waits to be collected does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is this folder."""
    try:
        wanted = folder.stat()
    except FileNotFoundError:
        return []
    found = []
    for pid in processes():
        with contextlib.suppress(OSError):
            here = os.stat(f"/proc/{pid}/cwd")
            if (here.st_dev, here.st_ino) == (wanted.st_dev, wanted.st_ino) and alive(pid):
                found.append(pid)
    return found


def marked(env: Env) -> list[int]:
    """Return the processes that a supervisor of this data folder started, whether it still lives or not."""
    mark = f"{MARK}={env.data}".encode()
    found = []
    for pid in processes():
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and alive(pid):
                found.append(pid)
    return [pid for pid in found if pid != os.getpid()]


def end(pids: list[int], signum: signal.Signals, within: float) -> list[int]:
    """Send a signal to processes and wait for them; return those still alive after ``within`` seconds."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)
    until = time.monotonic() + within
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.02)
    return left
