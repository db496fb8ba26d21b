"""``mifeng trustee``: make a trustee's keys, and serve it (开标受托人程序)."""

import contextlib
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from mifeng.programs.trustee.judge import Judge
from mifeng.programs.trustee.keys import MEMORY, PUB, make_key, read_key, read_trust
from mifeng.programs.trustee.memory import Memory
from mifeng.programs.trustee.server import Server

app = typer.Typer(
    help="开标受托人：保管每份投标的一个份额，截止并公布名单之后只释放一次。",
    no_args_is_help=True,
    add_completion=False,
)

Folder = Annotated[Path, typer.Option("--dir", help="受托人自己的文件夹，存放密钥与受托库。")]


def posix_now() -> int:
    """Return this machine's time in whole seconds since 1970-01-01 UTC: the trustee's only clock."""
    return int(time.time())


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="密封规则与签名中的名称。")],
    organisation: Annotated[str, typer.Option(help="所属单位全称。")],
) -> None:
    """生成密钥（已有则保留），并打印公开部分。"""
    try:
        make_key(folder, name, organisation)
        public = (folder / PUB).read_text("utf-8")
    except (OSError, ValueError) as error:
        _fail(f"密钥无法生成：{error}")
    typer.echo(public)


@app.command()
def serve(
    folder: Folder,
    log_vkey: Annotated[Path, typer.Option(help="所信任台账的公钥文件，每行一个。")],
    witness_vkey: Annotated[list[Path], typer.Option(help="所信任见证人的公钥文件，每行一个；可重复。")],
    listen: Annotated[str, typer.Option(help="监听地址，端口 0 为任选。")] = "127.0.0.1:0",
    address_file: Annotated[Path | None, typer.Option(help="启动后写入实际地址的文件。")] = None,
    test: Annotated[bool, typer.Option("--test", help="测试模式：以台账条目的时间为准，仅限测试台账。")] = False,
) -> None:
    """提供受托服务，直到收到停止信号。"""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="trustee: %(message)s")
    try:
        key, trust, address = read_key(folder), read_trust(log_vkey, witness_vkey, test=test), _address(listen)
        memory = Memory(folder / MEMORY)
        server = Server(address, Judge(key, trust, memory, posix_now, test=test), memory)
    except (OSError, ValueError, sqlite3.Error) as error:
        _fail(f"受托人无法启动：{error}")
    url = f"http://{_shown(server.server_address[0])}:{server.server_address[1]}"
    if address_file is not None:
        _publish(address_file, url)
    typer.echo(f"受托人 {key.name} 已就绪：{url}")
    _until_stopped(server)
    if address_file is not None:
        _withdraw(address_file, url)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program with these arguments; leaves by ``SystemExit``: 0 done, 1 failed, 2 wrongly called."""
    app(args=None if argv is None else list(argv), prog_name="mifeng trustee")


def _until_stopped(server: Server) -> None:
    """Serve until SIGTERM or SIGINT, then let answers under way finish."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        server.stopping = True
        # The signal arrives in the thread that serves, and shutdown() waits for that very thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.finish()


def _address(text: str) -> tuple[str, int]:
    host, gap, port = text.rpartition(":")
    if not gap or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"监听地址应为 主机:端口，而不是 {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _shown(host: object) -> str:
    return f"[{host}]" if ":" in str(host) else str(host)


def _publish(path: Path, url: str) -> None:
    """Write the address whole, so that nobody ever reads half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(url + "\n")
    draft.replace(path)


def _withdraw(path: Path, url: str) -> None:
    """Remove the address, unless another trustee has put its own there meanwhile."""
    with contextlib.suppress(OSError):
        if path.read_text() == url + "\n":
            path.unlink()


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
