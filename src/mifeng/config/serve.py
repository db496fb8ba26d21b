"""The supervisor (进程管理): ``mifeng serve`` runs all processes of the platform, and none outlives it.

They are PostgreSQL, witnesses, trustees, sequencer, worker and server. The supervisor holds the data folder alone,
stops what an earlier one may have left behind, starts its programs each in a group of its own, starts again what ends,
and on Ctrl-C or SIGTERM first tells the open push streams to end. It is one thread in one loop: the kernel ends the
programs when that thread ends, however it ends.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import psycopg

from mifeng.config import outside, postgres
from mifeng.config.env import Env, chinese
from mifeng.config.env import env as surroundings
from mifeng.config.processes import MARK, AlreadyHeld, adopt_orphans, end, holding, marked, spawn

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
SLOWEST_RESTART, STEADY_AFTER = 5.0, 10.0  # seconds
GRACE = 1.5  # seconds for the programs to end by themselves; with the end of PostgreSQL the stop stays under 3
SERVER_GRACE = 1  # seconds; what granian allows its worker
READY_WARNING = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running (常驻进程)."""

    name: str
    command: tuple[str, ...]


@dataclass(slots=True)
class Child:
    """A program, its present process, and when it may be started next."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


def programs(env: Env) -> tuple[Program, ...]:
    """Return what runs beside PostgreSQL, in the order of starting; what others run is not ours to start."""
    granian = (
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--host", env.host, "--port", str(env.port)),
        *("--http", "1", "--workers", "1", "--backlog", "2048", "--backpressure", "2048", "--no-ws"),
        *("--workers-kill-timeout", str(SERVER_GRACE), "--log-level", "warning", "mifeng.config.asgi:root"),
    )
    return (
        *(Program(name, command) for name, command in outside.commands(env).items()),
        Program("sequencer", (*outside.MIFENG, "sequencer")),
        Program("worker", (*outside.MIFENG, "worker")),
        Program("server", granian),
    )


@dataclass
class Supervisor:
    """Keeps the programs running until it is told to stop (进程管理器)."""

    env: Env
    programs: tuple[Program, ...]
    database: postgres.Postgres | None = None
    children: list[Child] = field(default_factory=list)
    guide: "subprocess.Popen[bytes] | None" = None
    announced: bool = False
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Start everything, keep it running, and end it in order when a signal asks for it."""
        self.children = [Child(program) for program in self.programs]
        for child in self.children:
            (self.env.folder("run") / f"{child.program.name}.pid").unlink(missing_ok=True)
        try:
            self.watch()
        finally:
            self.stop()

    def watch(self) -> None:
        """Go round until a signal asks to stop: collect what ended, start what is due, tell when all is ready."""
        while True:
            self.collect()
            self.start_due()
            if not self.announced:
                self.announce()
            got = signal.sigtimedwait(SIGNALS, self.pause())
            if got is not None and got.si_signo != signal.SIGCHLD:
                return

    def pause(self) -> float:
        """Return how many seconds nothing is to be done."""
        waiting = [child.due - time.monotonic() for child in self.children if child.process is None]
        return max(0.0, min([0.1 if not self.announced else 60.0, *waiting]))

    def start_due(self) -> None:
        """Start each program that does not run and whose waiting time is over; PostgreSQL comes first."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None and child.due <= now:
                child.process = spawn(
                    list(child.program.command),
                    signal.SIGKILL,
                    stdin=subprocess.DEVNULL,
                    env=self.surroundings(),
                )
                child.started = now
                (self.env.folder("run") / f"{child.program.name}.pid").write_text(f"{child.process.pid}\n")

    def surroundings(self) -> dict[str, str]:
        """Return the environment of what we start: ours, with the mark by which a later supervisor knows it."""
        return {**os.environ, MARK: str(self.env.data), "PYTHONUNBUFFERED": "1"}

    def collect(self) -> None:
        """Collect every process that ended, ours and those we inherited, and plan the next start of ours."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if self.database and self.database.process and ended.si_pid == self.database.pid:
                self.revive_database()
                continue
            child = next((one for one in self.children if one.process and one.process.pid == ended.si_pid), None)
            if child is None or child.process is None:
                os.waitpid(ended.si_pid, 0)
                continue
            # Before its leader is collected the group's number cannot be given away: end what it left behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(ended.si_pid, signal.SIGKILL)
            self.plan_restart(child, child.process.wait())

    def plan_restart(self, child: Child, code: int) -> None:
        """Set the next start of a program that ended: at once after a long life, later and later otherwise."""
        lived = time.monotonic() - child.started
        child.failures = 0 if lived > STEADY_AFTER else child.failures + 1
        delay = min(0.1 * 2**child.failures, SLOWEST_RESTART)
        child.process, child.due = None, time.monotonic() + delay
        name = child.program.name
        say(
            f"{name} 以 {code} 退出，运行了 {lived:.1f} 秒；{delay:.1f} 秒后重启",
            f"{name} ended with code {code} after {lived:.1f} s; again in {delay:.1f} s",
        )

    def revive_database(self) -> None:
        """Start PostgreSQL again; the programs find it by themselves or are started again in turn."""
        ended, self.database = self.database, None
        if ended is None or ended.process is None:
            return
        code = ended.process.wait()
        say(f"数据库以 {code} 退出，正在重启", f"postgres ended with code {code}; starting again")
        for _ in range(5):
            try:
                self.database = postgres.start(self.env)
            except postgres.PostgresError as error:
                say(str(error), str(error))
                time.sleep(0.5)
            else:
                return
        raise postgres.PostgresError("PostgreSQL does not start again")

    def announce(self) -> None:
        """Tell the person, and the service manager if there is one, once ``/readyz`` answers 200."""
        parts = readiness(self.env)
        waited = time.monotonic() - self.began
        if parts is None or not all(parts.values()):
            if waited > READY_WARNING:
                missing = "no answer" if parts is None else ", ".join(name for name, ok in parts.items() if not ok)
                say(f"{waited:.0f} 秒后仍未就绪：{missing}", f"not ready after {waited:.0f} s: {missing}")
                self.began = time.monotonic()
            return
        self.announced = True
        say(
            f"已就绪，用时 {waited:.1f} 秒：{self.env.url}/（Ctrl-C 结束）",
            f"ready after {waited:.1f} s: {self.env.url}/  (Ctrl-C ends it)",
        )
        if (self.env.data / "keys" / "sample").exists():
            self.guide = spawn([sys.executable, "-m", "mifeng.cli", "people"], signal.SIGKILL, env=self.surroundings())
        notify_manager("READY=1")

    def stop(self) -> None:
        """End everything: streams by notice, programs by SIGTERM, what lingers by SIGKILL, PostgreSQL last."""
        notify_manager("STOPPING=1")
        began = time.monotonic()
        if self.database:
            end_streams(self.database)
        running = [child for child in self.children if child.process]
        for child in running:
            signal_to(child, signal.SIGTERM)
        for child in running:
            self.await_end(child, began + GRACE)
        if self.database:
            postgres.stop(self.database)
        end(marked(self.env), signal.SIGKILL, 1)
        for child in self.children:
            (self.env.folder("run") / f"{child.program.name}.pid").unlink(missing_ok=True)
        took = time.monotonic() - began
        say(f"已结束，用时 {took:.1f} 秒", f"ended after {took:.1f} s")

    def await_end(self, child: Child, until: float) -> None:
        """Wait for a program to end by itself, then end what is left of its group."""
        if child.process is None:
            return
        try:
            child.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            name = child.program.name
            say(f"{name} 在 {GRACE} 秒内未结束，已强制终止", f"{name} did not end in {GRACE} s and is killed")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def signal_to(child: Child, signum: signal.Signals) -> None:
    """Send a program a signal if it still runs."""
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signum)


def end_streams(database: postgres.Postgres) -> None:
    """Tell every process that holds streams open to end them; a server that waits for them would take seconds."""
    options = "-c statement_timeout=500ms"
    with contextlib.suppress(psycopg.Error):
        connection = psycopg.connect(database.dsn, connect_timeout=1, options=options, autocommit=True)
        with connection:
            connection.execute("NOTIFY mifeng_stop")


def readiness(env: Env) -> dict[str, bool] | None:
    """Return what ``/readyz`` says, part by part; None when nobody answers."""
    host = "127.0.0.1" if env.host in {"", "0.0.0.0", "::"} else env.host  # noqa: S104 - compared, not bound
    address = f"http://{f'[{host}]' if ':' in host else host}:{env.port}/readyz"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=1) as answer:
            body = answer.read()
    except urllib.error.HTTPError as answer:
        body = answer.read()
    except OSError:
        return None
    with contextlib.suppress(ValueError, AttributeError):
        return {name: bool(ok) for name, ok in json.loads(body)["parts"].items()}
    return None


def port_is_free(env: Env) -> bool:
    """Say whether nobody listens on our port. The server itself shares ports silently, so it would not notice."""
    family = socket.AF_INET6 if ":" in env.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((env.host, env.port))
        except OSError:
            return False
    return True


def migrated() -> bool:
    """Say whether the database has every migration, asked in another process so that Django stays out of this one."""
    command = [sys.executable, "-m", "mifeng.cli", "django", "migrate", "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if answer.returncode and answer.stderr.strip():
        say(answer.stderr.strip(), answer.stderr.strip())
    return answer.returncode == 0


def notify_manager(state: str) -> None:
    """Tell systemd, where it started us, how we are."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def say(zh: str, en: str) -> None:
    """Write one line for the person at the terminal, in their language."""
    print(f"mifeng: {zh if chinese() else en}", flush=True)


def complain(zh: str, en: str) -> int:
    """Write why the platform does not start and return the exit code that says so."""
    print(f"mifeng: {zh if chinese() else en}", file=sys.stderr)
    return 1


def refused(env: Env) -> tuple[str, str] | None:
    """Return why the platform cannot start here, in both languages, or nothing."""
    if not env.database_url and not (env.data / "postgres").exists():
        return (
            f"{env.data} 中尚无平台：请先运行 mifeng init",
            f"nothing in {env.data} yet: run `mifeng init` first",
        )
    if not port_is_free(env):
        return (
            f"{env.host}:{env.port} 已被占用；请用 MIFENG_PORT 另选端口",
            f"somebody else listens on {env.host}:{env.port}; choose another MIFENG_PORT",
        )
    return None


def end_leftovers(env: Env) -> None:
    """End programs of this data folder that an earlier supervisor left; its PostgreSQL is the launcher's to stop."""
    database = postgres.processes(env)
    end([pid for pid in marked(env) if pid not in database], signal.SIGKILL, 5)


def main(arguments: list[str]) -> int:
    """Run ``mifeng serve``."""
    if arguments:
        print("usage: mifeng serve    (settings come from MIFENG_* variables, see mifeng.config.env)", file=sys.stderr)
        return 2
    env = surroundings()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        with holding(env, "serve", env.url):
            return serve(env)
    except AlreadyHeld as error:
        who = error.holder
        return complain(f"已在运行：{who.purpose}，进程 {who.pid}，{who.address}", str(error))
    except postgres.PostgresError as error:
        return complain(str(error), str(error))


def serve(env: Env) -> int:
    """Start what this data folder needs and stay until told to stop; the caller holds the folder."""
    adopt_orphans()
    end_leftovers(env)
    if reason := refused(env):
        return complain(*reason)
    supervisor = Supervisor(env, programs(env))
    if not env.database_url:
        supervisor.database = postgres.start(env)
    else:
        supervisor.database = postgres.Postgres(postgres.parameters(env))
    if not migrated():
        postgres.stop(supervisor.database)
        return complain(
            "数据库结构不是最新：请运行 mifeng migrate", "the database is not up to date: run `mifeng migrate`"
        )
    supervisor.run()
    return 0
