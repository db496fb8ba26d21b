"""``mifeng verify``: check an exported log, a receipt, or an evidence bundle (核验程序).

Exit 0 without fault, 1 with a fault, 2 wrongly called.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

from mifeng.programs.verify.audit import Audit
from mifeng.programs.verify.bundle.command import print_report, report_of, trust_of
from mifeng.programs.verify.chains import moment
from mifeng.programs.verify.checkpoints import Trust
from mifeng.programs.verify.faults import UNCHECKED, Fault
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    MAX_LINE_BYTES,
    Kind,
    Note,
    Proven,
    VerifierKey,
    format_time,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_receipt,
)

FAULTY, MISUSED = 1, 2

app = typer.Typer(help="核验导出的日志、回执或证据包，不依赖平台。", no_args_is_help=True, add_completion=False)

File = Annotated[str, typer.Argument(metavar="FILE", help="文件；- 为标准输入。")]
Witnesses = Annotated[list[Path] | None, typer.Option("--witness-vkey", help="见证人公钥文件，可重复。")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]


@app.command("log")
def verify_log(
    file: File,
    log_vkey: Annotated[Path | None, typer.Option(help="日志公钥文件。")] = None,
    witness_vkey: Witnesses = None,
    against: Annotated[list[Path] | None, typer.Option(help="此前保存的树根文件，可重复。")] = None,
    as_json: AsJson = False,
) -> None:
    """核验导出的日志：逐条核对叶值、次序、时间、树根与签名，列出全部不符之处。"""
    try:
        trust = Trust(
            log=_key(log_vkey, Kind.LOG) if log_vkey else None,
            witnesses=tuple(_key(path, Kind.WITNESS) for path in witness_vkey or ()),
            against=tuple(_note(path) for path in against or ()),
        )
        audit = Audit(trust)
        with _opened(file) as stream:
            faults = audit.faults(iter(lambda: stream.readline(MAX_LINE_BYTES), b""))
            (_print_json if as_json else _print_text)(faults, audit)
    except (OSError, ValueError) as error:
        _misused(error)
    raise typer.Exit(FAULTY if audit.found else 0)


@app.command("receipt")
def verify_one(
    file: File,
    log_vkey: Annotated[Path, typer.Option(help="日志公钥文件。")],
    witness_vkey: Witnesses = None,
    as_json: AsJson = False,
) -> None:
    """核验回执：条目确在日志之中，并由所给的见证人见证。"""
    try:
        log = _key(log_vkey, Kind.LOG)
        witnesses = [_key(path, Kind.WITNESS) for path in witness_vkey or ()]
        with _opened(file) as stream:
            content = stream.read(MAX_LINE_BYTES)
    except (OSError, ValueError) as error:
        _misused(error)
    try:
        proven = verify_receipt(content.decode(), log, witnesses)
    except (Tampered, ValueError) as error:
        code = "receipt-wrong" if isinstance(error, Tampered) else "receipt-malformed"
        said = "回执与日志不符" if isinstance(error, Tampered) else "这不是有效的回执"
        _say({"ok": False, "code": code, "found": str(error)}, f"{said}：{error}。[{code}]", as_json)
        raise typer.Exit(FAULTY) from None
    _say({"ok": True, **_proven_fields(proven)}, _proven_text(proven), as_json)


@app.command("bundle")
def verify_bundle(
    file: File,
    log_vkey: Annotated[Path | None, typer.Option(help="日志公钥文件。")] = None,
    witness_vkey: Witnesses = None,
    trust: Annotated[Path | None, typer.Option(help="信任文件：公钥、认证机构与规则包的指纹。")] = None,
    against: Annotated[list[Path] | None, typer.Option(help="此前保存的树根文件，可重复。")] = None,
    as_json: AsJson = False,
) -> None:
    """核验证据包：齐全、真实、日志、次序、投标、抽取、例外，逐项给出结论；只看文件与所给的公钥。"""
    try:
        known = trust_of(log_vkey, witness_vkey or (), trust, against or ())
        with _opened(file) as stream:
            report = report_of(stream, known)
    except (OSError, ValueError) as error:
        _misused(error)
    print_report(report, as_json=as_json)
    raise typer.Exit(0 if report.ok else FAULTY)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program with these arguments; leaves by ``SystemExit``."""
    app(args=None if argv is None else list(argv), prog_name="mifeng verify")


def _print_text(faults: Iterator[Fault], audit: Audit) -> None:
    for fault in faults:
        typer.echo(f"{fault.text}[{fault.code}]")
    summary = audit.summary
    counted = f"共 {summary['entries']} 条、{summary['streams']} 条链、{summary['checkpoints']} 个树根"
    typer.echo(f"核验完毕：{counted}；" + (f"发现 {audit.found} 处不符。" if audit.found else "未发现不符之处。"))
    if names := audit.witnesses:
        typer.echo(f"末个树根由 {'、'.join(names)} 见证。")
    for code in audit.unchecked:
        typer.echo(f"提示：{UNCHECKED[code]}[{code}]")


def _print_json(faults: Iterator[Fault], audit: Audit) -> None:
    """Print one JSON document without ever holding all faults."""
    sys.stdout.write('{"faults": [')
    for number, fault in enumerate(faults):
        sys.stdout.write((",\n" if number else "\n") + json.dumps(fault.fields(), ensure_ascii=False))
    sys.stdout.write(f'],\n"summary": {json.dumps(audit.summary, ensure_ascii=False)}}}\n')


def _proven_text(proven: Proven) -> str:
    entry = proven.entry
    seen = "".join(f"{name} 于 {moment(at)} 见证。" for name, at in proven.seen.items())
    return (
        f"回执有效：{proven.checkpoint.origin} 的第 {proven.index} 条（{entry.stream}，{entry.type}），"
        f"时间 {format_time(entry.at)}，叶值 {proven.leaf.hex()}，为长度 {proven.checkpoint.size} 的树根所覆盖。"
    ) + (seen or f"提示：{UNCHECKED['witnesses']}[witnesses]")


def _proven_fields(proven: Proven) -> dict[str, object]:
    entry = proven.entry
    return {
        "origin": proven.checkpoint.origin,
        "index": proven.index,
        "leaf": proven.leaf.hex(),
        "type": entry.type,
        "stream": entry.stream,
        "actor": entry.actor,
        "t": format_time(entry.at),
        "refs": list(entry.refs),
        "size": proven.checkpoint.size,
        "root": proven.checkpoint.root.hex(),
        "seen": {name: moment(at) for name, at in proven.seen.items()},
        "unchecked": [] if proven.seen else ["witnesses"],
    }


def _say(fields: dict[str, object], text: str, as_json: bool) -> None:
    typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else text)


def _key(path: Path, kind: Kind) -> VerifierKey:
    key = parse_vkey(path.read_text())
    if key.kind is not kind:
        raise ValueError(f"{path}: 公钥种类不对")
    return key


def _note(path: Path) -> Note:
    note = parse_note(path.read_text())
    parse_checkpoint(note.text)
    return note


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
    else:
        with Path(file).open("rb") as stream:
            yield stream


def _misused(error: Exception) -> NoReturn:
    typer.echo(f"无法核验：{error}", err=True)
    raise typer.Exit(MISUSED) from None


if __name__ == "__main__":
    main()
