"""The command line (命令行): one table from command to function, loaded when it is used.

``mifeng verify`` and the other stand-alone programs must start where neither Django nor a database is installed, so
this module imports none of the things it starts. A command takes its arguments as a list and returns 0 (done), 1 (a
problem was found, or the act was refused) or 2 (the command was not understood).
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from mifeng.config.env import Misunderstood, chinese


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives, and its one line in both languages."""

    target: str
    zh: str
    en: str


COMMANDS = {
    "init": Command(
        "mifeng.config.init:main", "建立平台：密钥、数据库、示范城市", "set up: keys, database, sample city"
    ),
    "serve": Command("mifeng.config.serve:main", "启动平台的全部进程", "run all processes of the platform"),
    "worker": Command("mifeng.config.worker:main", "任务与到期事项进程", "run jobs and deadlines"),
    "sequencer": Command("mifeng.kernel.ledger.sequencer:main", "台账排序与签名进程", "run the ledger's sequencer"),
    "witness": Command("mifeng.programs.witness.main:main", "独立见证程序", "the stand-alone witness"),
    "trustee": Command("mifeng.programs.trustee.main:main", "开标受托人程序", "the stand-alone trustee"),
    "verify": Command(
        "mifeng.programs.verify.main:main",
        "核验台账与证据包（无需平台）",
        "verify log and evidence, without the platform",
    ),
    "bid": Command(
        "mifeng.programs.bid.main:main", "投标工具：密封、递交、确认密钥（无需平台）", "seal a bid and hand it in"
    ),
    "demo": Command(
        "mifeng.config.demo:main", "演示：从进场到结果和核验", "play the main job on an instance of its own"
    ),
    "people": Command("mifeng.config.manage:people", "示范城市的登录账号", "sign-in data of the sample city"),
    "outbox": Command("mifeng.config.outbox:main", "示范城市的短信发件箱", "messages of the sample city"),
    "export": Command(
        "mifeng.config.export:main", "导出台账或证据包，供核验", "write log or evidence that verify reads"
    ),
    "clock": Command(
        "mifeng.config.manage:clock", "拨动测试时钟（仅测试模式）", "move the test clock (test mode only)"
    ),
    "law": Command("mifeng.config.law:main", "法规对照：条款、规则、测试", "clause, rule and tests"),
    "migrate": Command("mifeng.config.manage:migrate", "升级数据库结构", "bring the database up to date"),
    "django": Command("mifeng.config.manage:django", "Django 管理命令", "Django's own commands"),
}


def listing() -> str:
    """Return the commands, one line each."""
    zh = chinese()
    head = "弥封：用法 mifeng <命令> [参数]" if zh else "mifeng <command> [arguments]"
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.zh if zh else command.en}" for name, command in COMMANDS.items()]
    return "\n".join([head, "", *lines])


def load(target: str) -> Callable[[list[str]], int | None]:
    """Import the function of a command; ``module:function``."""
    module, _, function = target.partition(":")
    return cast("Callable[[list[str]], int | None]", getattr(importlib.import_module(module), function))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(listing())
        return 0
    if arguments[0] in {"-V", "--version"}:
        print("mifeng", importlib.metadata.version("mifeng"))
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"mifeng: {arguments[0]}?", listing(), sep="\n\n", file=sys.stderr)
        return 2
    try:
        return load(command.target)(arguments[1:]) or 0
    except Misunderstood as error:
        print(f"mifeng: {error}", file=sys.stderr)
        return 2


def main() -> None:
    """Run the command that was typed and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
