"""``mifeng demo``: play the main job on an instance of its own, and leave it running to be looked at (演示).

The instance stands in a data folder and on a port of its own, in test mode, because its clock is moved. The folder is
made anew each time; a folder that no demo made is never touched.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from mifeng.config.env import Env
from mifeng.config.serve import readiness
from mifeng.sample.demo.browser import Unexpected
from mifeng.sample.demo.stage import Stage
from mifeng.sample.demo.story import play
from mifeng.sample.demo.timeline import Timeline

USAGE = "mifeng demo [数据文件夹] [端口]    (DEMO_EXIT=1: 演完即结束)"
FOLDER, PORT = "var/demo", "8010"
MARK = "made-by-mifeng-demo"
READY_SECONDS = 90.0
MIFENG = (sys.executable, "-m", "mifeng.cli")


def main(arguments: list[str]) -> int:
    """Set the instance up, start it, play the story; then wait for Ctrl-C, or end at once with ``DEMO_EXIT=1``."""
    if len(arguments) > 2 or any(one.startswith("-") for one in arguments):
        print(USAGE, file=sys.stderr)
        return 2
    folder, port = (arguments + [FOLDER, PORT][len(arguments) :])[:2]
    data = Path(folder).absolute()
    if data.exists() and not (data / MARK).exists():
        print(f"mifeng demo: {data} 不是演示建立的文件夹，不动它", file=sys.stderr)
        return 1
    variables = _variables(data, port)
    timeline = Timeline()
    if not _prepare(data, variables):
        return 1
    timeline.say("平台", "建立演示城市：密钥、数据库、单位与人员")
    with (data / "serve.log").open("ab") as log:
        server = subprocess.Popen([*MIFENG, "serve"], env=variables, stdout=log, stderr=log)  # noqa: S603 - our own program
    try:
        return _play(server, Env.read(variables), variables, timeline)
    except KeyboardInterrupt:
        return 0
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        server.wait()


def _prepare(data: Path, variables: dict[str, str]) -> bool:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    (data / MARK).touch()
    made = subprocess.run([*MIFENG, "init", "--sample", "--test"], env=variables, check=False)  # noqa: S603 - our own program
    return made.returncode == 0


def _play(server: "subprocess.Popen[bytes]", env: Env, variables: dict[str, str], timeline: Timeline) -> int:
    if not _ready(server, env):
        print(f"mifeng demo: 平台没有就绪，见 {env.data / 'serve.log'}", file=sys.stderr)
        return 1
    timeline.say("平台", f"全部进程就绪：{env.url}/")
    try:
        play(Stage(env.url, env.data, variables, timeline))
    except Unexpected as error:
        print(f"FAULT: {error}", file=sys.stderr)
        return 1
    timeline.end()
    if os.environ.get("DEMO_EXIT", "") not in ("", "0"):
        return 0
    print(f"\n平台仍在运行：{env.url}/（Ctrl-C 结束）")
    subprocess.run([*MIFENG, "people"], env=variables, check=False)  # noqa: S603 - our own program
    server.wait()
    return 0


def _ready(server: "subprocess.Popen[bytes]", env: Env) -> bool:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        parts = readiness(env)
        if parts and all(parts.values()):
            return True
        time.sleep(0.2)
    return False


def _variables(data: Path, port: str) -> dict[str, str]:
    """Return the surroundings of the demo's own instance; nothing of the one beside it is taken over."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIFENG_", "DATABASE_URL"))}
    return kept | {"MIFENG_DATA": str(data), "MIFENG_PORT": port, "MIFENG_TEST_MODE": "1", "PYTHONUNBUFFERED": "1"}
