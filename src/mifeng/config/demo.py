"""``mifeng demo``: play the main job on an instance of its own, and leave it running to be looked at (演示).

The instance stands in a data folder and on a port of its own, in test mode, because its clock is moved. The folder is
made anew each time; a folder that no demo made is never touched. The last line is ``verified``, or ``FAULT:`` and why.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from mifeng.config.env import Env
from mifeng.config.serve import readiness
from mifeng.sample.demo.browser import Unexpected
from mifeng.sample.demo.guide import places
from mifeng.sample.demo.stage import Stage
from mifeng.sample.demo.story import Look, play
from mifeng.sample.demo.timeline import Timeline

USAGE = "mifeng demo [数据文件夹] [端口]    (DEMO_EXIT=1: 演完即结束)"
FOLDER, PORT = "var/demo", "8010"
MARK = "made-by-mifeng-demo"
READY_SECONDS = 90.0
MIFENG = (sys.executable, "-m", "mifeng.cli")


def main(arguments: list[str], look: Look | None = None) -> int:
    """Set the instance up, start it, play the story; then wait for Ctrl-C, or end at once with ``DEMO_EXIT=1``.

    Args:
        arguments: data folder and port, or nothing.
        look: called behind each chapter of the story, for somebody who looks around meanwhile.

    Returns:
        0 when the evidence of the project was verified, 1 when it was not or the story could not be played.
    """
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
        print("FAULT: 演示城市没有建成", flush=True)
        return 1
    timeline.say("平台", "建立演示城市：密钥、数据库、单位与人员")
    stage = Stage(Env.read(variables).url, data, variables, timeline)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends the demo ends its platform
    with (data / "serve.log").open("ab") as log:
        server = subprocess.Popen([*MIFENG, "serve"], env=variables, stdout=log, stderr=log)  # noqa: S603 - our own program
    try:
        return _play(server, stage, look)
    except KeyboardInterrupt:
        return 0
    finally:
        stage.leave()
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        server.wait()


def _prepare(data: Path, variables: dict[str, str]) -> bool:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    (data / MARK).touch()
    made = subprocess.run([*MIFENG, "init", "--sample", "--test"], env=variables, check=False)  # noqa: S603 - our own program
    return made.returncode == 0


def _play(server: "subprocess.Popen[bytes]", stage: Stage, look: Look | None) -> int:
    if not _ready(server, Env.read(stage.variables)):
        print(f"FAULT: 平台没有就绪，见 {stage.data / 'serve.log'}", flush=True)
        return 1
    stage.timeline.say("平台", f"全部进程就绪：{stage.base}/")
    try:
        project = play(stage, look)
    except (Unexpected, httpx.HTTPError) as error:
        print(f"FAULT: {error}", flush=True)
        return 1
    stage.timeline.end()
    stays = os.environ.get("DEMO_EXIT", "") in ("", "0")
    if stays:
        print(f"\n平台仍在运行：{stage.base}/（Ctrl-C 结束）\n", flush=True)
        for what, address, who in places(project):
            print(f"  {what:　<8}{stage.base}{address}　{who}")
        subprocess.run([*MIFENG, "people"], env=stage.variables, check=False)  # noqa: S603 - our own program
    print("verified", flush=True)
    if stays:
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
