"""Prove ``make run`` in a minimal Debian (最小系统验证): once as root, once as an ordinary user, from a clean clone.

A base system made by debootstrap holds git, make, ca-certificates and python3 with venv, nothing else. Each run happens
in a copy of it, in a mount and process namespace of its own, so that nothing leaks and nothing is left. The pip
configuration, the certificates and the proxies of this machine are carried in for the run and written nowhere else.

Measured and noted in ``build/fresh.json``: seconds until ``/readyz`` answers 200, with an empty package cache and warm,
and seconds from Ctrl-C to the end. Asserted: it becomes ready, shows sign-in data, ends, and leaves no process behind.
"""

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BASE = Path("/var/cache/mifeng-fresh")
PACKAGES = "git,make,ca-certificates,python3,python3-venv"
CARRIED = re.compile(
    r"PIP_.*|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE", re.IGNORECASE
)
PIP_FILES = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
NODES = ("null", "zero", "full", "random", "urandom", "tty")
PEOPLE = {"root": "/root", "builder": "/home/builder"}
LONGEST_START, LONGEST_STOP = 900, 30  # seconds


def main() -> int:
    """Prepare the base on this machine, then prove each person's run in a namespace."""
    if os.geteuid() != 0:
        print("make fresh: root is needed (debootstrap, chroot)", file=sys.stderr)
        return 2
    base = base_system()
    changes = output("git", "-C", str(REPOSITORY), "status", "--porcelain")
    if changes:
        print(f"note: HEAD is proven, without {len(changes.splitlines())} uncommitted changes", file=sys.stderr)
    work = Path(tempfile.mkdtemp(prefix="mifeng-fresh-", dir="/var/tmp"))
    try:
        run("git", "-C", str(REPOSITORY), "bundle", "create", "--quiet", str(work / "head.bundle"), "HEAD")
        root = work / "root"
        run("cp", "-a", "--reflink=auto", str(base), str(root))
        shutil.copy(work / "head.bundle", root / "head.bundle")
        shutil.copy(__file__, root / "fresh.py")
        (root / "head.bundle").chmod(0o644)
        figures = {person: prove(root, person) for person in PEOPLE}
    finally:
        shutil.rmtree(work)
    note(figures)
    return 0


def note(figures: dict[str, dict[str, float]]) -> None:
    """Write the figures down and print them."""
    target = REPOSITORY / "build" / "fresh.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    for person, row in figures.items():
        print(f"fresh: {person:<8}" + "  ".join(f"{name} {seconds:.1f} s" for name, seconds in row.items()))


def base_system() -> Path:
    """Return the base system, made once and kept; removing the folder has it made anew."""
    uri, suite, keyring = mirror()
    base = BASE / suite
    if base.exists():
        return base
    if shutil.which("debootstrap") is None:
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-q", "-y", "--no-install-recommends", "debootstrap")
    (BASE / "packages").mkdir(parents=True, exist_ok=True)
    fresh = BASE / f"{suite}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    options = [f"--cache-dir={BASE / 'packages'}", "--variant=minbase", f"--include={PACKAGES}"]
    run("debootstrap", *options, *([f"--keyring={keyring}"] if keyring else []), suite, str(fresh), uri)
    run("chroot", str(fresh), "apt-get", "clean")
    run("chroot", str(fresh), "useradd", "--create-home", "--shell", "/bin/sh", "builder")
    fresh.rename(base)
    return base


def mirror() -> tuple[str, str, str]:
    """Return address, suite and keyring of this machine's first package source."""
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else []:
            found = re.match(r"deb\s+(\[.*?\]\s+)?(https?:\S+)\s+(\w+)\s+.*\bmain\b", line)
            if found:
                return found[2], found[3], ""
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for block in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^(\w[\w-]*):\s*(.*)$", block, re.MULTILINE))
            suites = [one for one in fields.get("Suites", "").split() if one.isalnum()]
            if suites and "main" in fields.get("Components", "").split():
                keyring = fields.get("Signed-By", "")
                return fields["URIs"].split()[0], suites[0], keyring if keyring.startswith("/") else ""
    raise SystemExit("make fresh: no package source with the component main in /etc/apt")


def prove(root: Path, person: str) -> dict[str, float]:
    """Run one person's proof in namespaces of its own and return its figures."""
    print(f"fresh: make run as {person} …", flush=True)
    carried = {name: value for name, value in os.environ.items() if CARRIED.fullmatch(name)}
    pip = pip_configuration(root)
    script = ["set -e", "mount --make-rprivate /", *mounts(root, [*carried.values(), *pip])]
    settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **carried}
    inner = ["env", "-i", *(f"{name}={value}" for name, value in settings.items())]
    inner += ["chroot", str(root), "python3", "/fresh.py", "--inside", person]
    script.append(f"exec {shlex.join(inner)}")
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", "\n".join(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        answer = ""
        for line in process.stdout or []:
            print(line, end="", flush=True)
            answer = line
    if process.returncode:
        raise SystemExit(f"make fresh: failed as {person}")
    return dict(json.loads(answer))


def mounts(root: Path, values: list[str]) -> list[str]:
    """Return the commands that furnish the copy: processes, devices, names, certificates, and what pip reads."""
    place = shlex.quote(str(root))
    shared = f"{place}/dev/shm"  # noqa: S108 - PostgreSQL's shared memory, in the copy
    lines = [
        f"mount -t proc proc {place}/proc",
        f"mount -t tmpfs -o mode=755 tmpfs {place}/dev",
        f"mkdir {shared}",
        f"mount -t tmpfs -o mode=1777 tmpfs {shared}",
        f"ln -s /proc/self/fd {place}/dev/fd",
    ]
    for node in NODES:
        lines += [f"touch {place}/dev/{node}", f"mount --bind /dev/{node} {place}/dev/{node}"]
    readable = {"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs"}
    for value in values:
        readable |= {local_path(word) for word in value.split()} - {""}
    inner = {path for path in readable if any(path.startswith(f"{other}/") for other in readable)}
    for path in sorted(readable - inner):
        here, there = shlex.quote(path), shlex.quote(f"{root}{path}")
        if Path(path).is_dir():
            lines.append(f"mkdir -p {there}")
        else:
            lines += [f"mkdir -p {shlex.quote(str(Path(f'{root}{path}').parent))}", f"touch {there}"]
        lines += [f"mount --bind {here} {there}", f"mount -o remount,bind,ro {there}"]
    return lines


def local_path(word: str) -> str:
    """Return the folder or file of this machine that a word of pip's configuration means, if it means one."""
    path = Path(word.removeprefix("file://"))
    if not path.is_absolute() or not path.exists() or path == Path("/"):
        return ""
    # An index keeps its files beside its list of names.
    return str(path.parent if path.name == "simple" else path)


def pip_configuration(root: Path) -> list[str]:
    """Merge this machine's pip configuration into one file of the copy and return its values."""
    merged = configparser.RawConfigParser()
    merged.read([Path(name).expanduser() for name in (*PIP_FILES, os.environ.get("PIP_CONFIG_FILE", "")) if name])
    with (root / "etc" / "pip.conf").open("w") as file:
        merged.write(file)
    return [value for section in merged.sections() for _, value in merged.items(section)]


# From here on: inside the namespace, as its first process.


def inside(person: str) -> int:
    """Clone, run with empty caches, end, run again, end; print the figures as one line."""
    home = PEOPLE[person]
    settings = {**os.environ, "HOME": home, "USER": person, "MIFENG_PORT": str(free_port())}
    settings.pop("PIP_CONFIG_FILE", None)
    clone = f"{home}/mifeng"
    identity = {} if person == "root" else {"user": person, "group": person, "extra_groups": []}
    subprocess.run(
        ["git", "-c", "advice.detachedHead=false", "clone", "--quiet", "/head.bundle", clone],
        env=settings,
        check=True,
        cwd=home,
        **identity,
    )
    figures: dict[str, float] = {}
    for name in ("cold", "warm"):
        figures[name], figures[f"stop after {name}"] = one_run(clone, settings, identity)
    left = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=clone,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
        **identity,
    ).stdout
    if left:
        raise SystemExit(f"files that git does not know: {left}")
    print(json.dumps(figures))
    return 0


def one_run(clone: str, settings: dict[str, str], identity: dict[str, object]) -> tuple[float, float]:
    """Start ``make run``, wait for readiness and sign-in data, press Ctrl-C; return both times in seconds."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=settings, stdout=log, stderr=log, start_new_session=True, **identity
        )
        try:
            await_ready(process, int(settings["MIFENG_PORT"]))
            ready = time.monotonic() - began
            await_text(process, log, "supervisor")
            pressed = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            process.wait(LONGEST_STOP)
            left = others()
            stopped = time.monotonic() - pressed
        except (subprocess.TimeoutExpired, TimeoutError) as error:
            log.seek(0)
            raise SystemExit(f"{error}\n{log.read()}") from None
    if left:
        raise SystemExit(f"left behind after Ctrl-C: {left}")
    return round(ready, 1), round(stopped, 1)


def await_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until ``/readyz`` answers 200."""
    address = f"http://127.0.0.1:{port}/readyz"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until and process.poll() is None:
        try:
            with opener.open(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"not ready after {LONGEST_START} s, or ended: {process.poll()}")


def await_text(process: "subprocess.Popen[bytes]", log: "tempfile._TemporaryFileWrapper[str]", text: str) -> None:
    """Wait until the terminal shows a text."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        log.seek(0)
        if text in log.read():
            return
        time.sleep(0.1)
    raise TimeoutError(f"{text!r} was not shown")


def others() -> list[str]:
    """Collect what ended and return the processes of this namespace that still live, but for ourselves."""
    until = time.monotonic() + 2
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass
        found = []
        for name in os.listdir("/proc"):
            if name.isdecimal() and int(name) != os.getpid():
                try:
                    found.append(Path(f"/proc/{name}/cmdline").read_text().replace("\0", " "))
                except OSError:
                    continue
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def free_port() -> int:
    """Return 8000, or another port where this machine uses that one."""
    for port in (8000, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no free port")


def run(*command: str) -> None:
    """Run a command of this machine, showing what it says."""
    subprocess.run(command, check=True)


def output(*command: str) -> str:
    """Return what a command of this machine says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(inside(sys.argv[2]) if sys.argv[1:2] == ["--inside"] else main())
