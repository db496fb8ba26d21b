"""``mifeng export``: the log, or the evidence of a project, as a file that ``mifeng verify`` reads anywhere (导出)."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from mifeng.config import postgres
from mifeng.config.manage import prepare

USAGE = """mifeng export log [--public] [FILE]
mifeng export bundle 项目编号 FILE [--cut public|supervisor]"""
CUTS = ("public", "supervisor")


def main(arguments: list[str]) -> int:
    """Write the log, ``--public`` without what entries commit to, or the evidence bundle of a project."""
    match arguments:
        case ["log", *rest]:
            files = [one for one in rest if one != "--public"]
            if len(files) < 2 and not any(one.startswith("-") for one in files):
                return _log(files, bodies="--public" not in rest)
        case ["bundle", number, file, *options]:
            cut = _cut(options)
            if cut and not number.startswith("-"):
                return _bundle(number, Path(file), cut)
    print(USAGE, file=sys.stderr)
    return 2


def _cut(options: list[str]) -> str:
    """Return the cut that is asked for; empty when the options say something else."""
    match options:
        case []:
            return CUTS[0]
        case ["--cut", cut] if cut in CUTS:
            return cut
    return ""


def _log(files: list[str], *, bodies: bool) -> int:
    prepare()
    from mifeng.kernel.ledger.proofs import export_log  # noqa: PLC0415 - models load only after prepare()

    with postgres.ensure(purpose="export"):
        lines: Iterator[bytes] = export_log(bodies=bodies)
        if files:
            with Path(files[0]).open("wb") as file:
                file.writelines(lines)
        else:
            sys.stdout.buffer.writelines(lines)
    return 0


def _bundle(number: str, file: Path, cut: str) -> int:
    prepare()
    from mifeng.oversight.bundle import NotReady, TooEarly, evidence  # noqa: PLC0415 - as above
    from mifeng.tenders.record import numbered  # noqa: PLC0415 - as above

    with postgres.ensure(purpose="export"):
        tender = numbered(number)
        if tender is None:
            print(f"mifeng export: 没有已公告的项目 {number}", file=sys.stderr)
            return 1
        try:
            found = evidence(tender, cut)
        except TooEarly:
            print(f"mifeng export: {number} 的开标还没有结束", file=sys.stderr)
            return 1
        except NotReady as error:
            print(f"mifeng export: 有条目待见证，请稍后再试（{error}）", file=sys.stderr)
            return 1
        shutil.copyfile(found.path, file)
    print(f"{file}  {found.size} 字节  sha256 {found.sha256}")
    return 0
