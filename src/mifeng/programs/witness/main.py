"""``mifeng witness``: make a witness's key, and serve it (见证人程序)."""

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

from mifeng.programs.witness.draw import DrawJudge
from mifeng.programs.witness.judge import Judge
from mifeng.programs.witness.keys import (
    MEMORY,
    VKEY,
    make_contributor,
    make_key,
    read_contributor,
    read_key,
    read_logs,
    read_witnesses,
)
from mifeng.programs.witness.memory import Memory
from mifeng.programs.witness.server import Server
from mifeng.rules.encoding import canonical

app = typer.Typer(help="见证人：记住每个日志已见到的长度，只为其延续签名。", no_args_is_help=True, add_completion=False)

Folder = Annotated[Path, typer.Option("--dir", help="见证人自己的文件夹，存放密钥与见证库。")]


def posix_now() -> int:
    """Return this machine's time in whole seconds since 1970-01-01 UTC: the witness's only clock."""
    return int(time.time())


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="签名行中的名称；省略时取自密钥。")] = "",
    organisation: Annotated[str, typer.Option(help="所属单位全称；给出后还生成专家抽取随机数贡献的密钥。")] = "",
) -> None:
    """生成密钥（已有则保留），并打印公钥；给出单位时再打印供密封规则引用的公开部分。"""
    try:
        key = make_key(folder, name)
        public = canonical(make_contributor(folder, key.name, organisation)).decode() if organisation else ""
    except (OSError, ValueError) as error:
        _fail(f"密钥无法生成：{error}")
    typer.echo(str(key))
    if public:
        typer.echo(public)


@app.command()
def serve(
    folder: Folder,
    log_vkey: Annotated[Path, typer.Option(help="受见证日志的公钥文件，每行一个。")],
    witness_vkey: Annotated[
        list[Path] | None, typer.Option(help="抽取凭证须经其见证的见证人公钥文件，每行一个；可重复，省略时为自己。")
    ] = None,
    listen: Annotated[str, typer.Option(help="监听地址，端口 0 为任选。")] = "127.0.0.1:0",
    address_file: Annotated[Path | None, typer.Option(help="启动后写入实际地址的文件。")] = None,
) -> None:
    """提供见证服务，有贡献密钥时也为专家抽取贡献随机数，直到收到停止信号。"""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="witness: %(message)s")
    try:
        key, logs, address = read_key(folder), read_logs(log_vkey), _address(listen)
        contributor, witnesses = read_contributor(folder), read_witnesses(witness_vkey or [folder / VKEY])
        memory = Memory(folder / MEMORY)
        known = [log for keys in logs.values() for log in keys]
        draws = DrawJudge(contributor, known, witnesses, memory, posix_now) if contributor else None
        server = Server(address, Judge(key, logs, memory, posix_now), memory, draws)
    except (OSError, ValueError, sqlite3.Error) as error:
        _fail(f"见证人无法启动：{error}")
    url = f"http://{_shown(server.server_address[0])}:{server.server_address[1]}"
    if address_file is not None:
        _publish(address_file, url)
    typer.echo(f"见证人 {key.name} 已就绪：{url}")
    _until_stopped(server)
    if address_file is not None:
        _withdraw(address_file, url)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program with these arguments; leaves by ``SystemExit``: 0 done, 1 failed, 2 wrongly called."""
    app(args=None if argv is None else list(argv), prog_name="mifeng witness")


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
    """Remove the address, unless another witness has put its own there meanwhile."""
    with contextlib.suppress(OSError):
        if path.read_text() == url + "\n":
            path.unlink()


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
