"""``mifeng export log``: the log as a file that ``mifeng verify log`` reads anywhere (台账导出)."""

import sys
from pathlib import Path

from mifeng.config import postgres
from mifeng.config.manage import prepare

USAGE = "mifeng export log [--public] [FILE]"


def main(arguments: list[str]) -> int:
    """Write the log to a file, or to standard output; ``--public`` leaves out what entries commit to."""
    rest = [one for one in arguments if one != "--public"]
    if not rest or rest[0] != "log" or len(rest) > 2:
        print(USAGE, file=sys.stderr)
        return 2
    prepare()
    from mifeng.kernel.ledger.proofs import export_log  # noqa: PLC0415 - models load only after prepare()

    with postgres.ensure(purpose="export"):
        lines = export_log(bodies="--public" not in arguments)
        if len(rest) == 2:
            with Path(rest[1]).open("wb") as file:
                file.writelines(lines)
        else:
            sys.stdout.buffer.writelines(lines)
    return 0
