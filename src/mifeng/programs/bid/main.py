"""``mifeng bid``: make, seal, hand in, ask, take back, confirm the key (投标工具).

Exit 0 done, 1 not done, 2 wrongly called.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mifeng.programs.bid.folder import BID, KEYS, Folder, State, Version
from mifeng.programs.bid.keys import bidder_key, check_fits
from mifeng.programs.bid.making import Bidder, make_folder, policy_source
from mifeng.programs.bid.reception import address
from mifeng.programs.bid.sealing import content_of, seal_version
from mifeng.programs.bid.sending import Desk, Standing, opened
from mifeng.programs.bid.texts import Failed, grouped, said, size, word
from mifeng.rules.calendar import BEIJING
from mifeng.rules.ledger import parse_time
from mifeng.rules.money import yuan_text

WITHDRAW = "撤回"

app = typer.Typer(
    help="投标工具：在自己的机器上制作、密封、递交投标，开标时确认密钥。 Seal and hand in a bid.",
    no_args_is_help=True,
    add_completion=False,
)

Dir = Annotated[Path, typer.Option("--dir", help="投标文件夹。 The bid folder.")]
Server = Annotated[str, typer.Option("--server", help="平台地址，记住后不用再给。 Address of the platform.")]
Patience = Annotated[float, typer.Option(help="平台不答复时继续尝试的秒数。 Seconds to go on trying.")]
Wait = Annotated[float, typer.Option(help="等候回执的秒数。 Seconds to wait for the receipt.")]


@app.command()
def make(
    folder: Dir,
    supplier: Annotated[str, typer.Option(help="投标人全称，与证书一致。 Full name, as in the certificate.")],
    code: Annotated[str, typer.Option(help="统一社会信用代码。 Unified social credit code.")],
    certificate: Annotated[Path, typer.Option(help="签名证书，PEM 或 DER。 Certificate that signs.")],
    key: Annotated[Path, typer.Option(help="该证书的私钥；设有密码时用环境变量 MIFENG_KEY_PASSWORD。 Its key.")],
    policy: Annotated[Path | None, typer.Option(help="密封规则文件。 The policy.")] = None,
    from_url: Annotated[str, typer.Option("--from", help="密封规则的下载地址。 Where the policy is to be had.")] = "",
    policy_hash: Annotated[str, typer.Option(help="公告上的密封规则指纹，用来核对。 Its hash in the notice.")] = "",
    encryption_certificate: Annotated[
        list[Path] | None, typer.Option(help="加密证书，开标时可用其私钥取回密钥，最多 3 张。 May open the bid, too.")
    ] = None,
    patience: Patience = 60.0,
) -> None:
    """建立投标文件夹。 Make a bid folder."""
    with failing():
        source = policy_source(policy, from_url, patience, policy_hash)
        bidder = Bidder(supplier, code, certificate, key, tuple(encryption_certificate or ()))
        made = make_folder(Folder(folder), source, bidder, _say_once)
        typer.echo(
            said(
                "made",
                folder=folder,
                supplier=made.holder.organisation,
                code=made.holder.credit_code,
                until=beijing(made.holder.until)[:10],
                submit_key=made.submit_key.hex()[:16] + "…",
            )
        )
        typer.echo(said("policy-shown", hash=grouped(made.policy_hash.hex())))
        if source.policy.demo:
            typer.echo(said("demo-keys"))
        typer.echo(said("made-next", bid=folder / BID, folder=folder))


@app.command()
def seal(
    folder: Dir,
    price_words: Annotated[str, typer.Option(help="报价大写，代替 bid.json 里的。 The price in words.")] = "",
    accept_words: Annotated[bool, typer.Option(help="大写与小写不一致也照样密封。 Though words differ.")] = False,
) -> None:
    """密封成新的一版，并试开一次。 Seal a version and open it on trial."""
    with failing(), Folder(folder).alone():
        content = content_of(Folder(folder), price_words, accept_words=accept_words)
        readout = content.readout
        typer.echo(said("reading", count=content.count, size=size(content.size)))
        for part, files in content.parts.items():
            typer.echo(said("part", part=part, files="、".join(one.name for one in files) or "—"))
        typer.echo(
            said(
                "read-out",
                price=yuan_text(readout.price_yuan),
                words=readout.price_words,
                delivery=readout.delivery,
                quality=readout.quality,
            )
        )
        version = seal_version(Folder(folder), content, lambda step: typer.echo(said(step)))
        typer.echo(
            said(
                "sealed",
                number=version.number,
                file=Folder(folder).container(version.number),
                size=size(version.size),
                envelope=grouped(version.envelope),
                keys=folder / KEYS,
            )
        )
        typer.echo(said("sealed-next", folder=folder))


@app.command()
def submit(
    folder: Dir,
    ticket: Annotated[str, typer.Option(help="递交码，第一次递交时在项目页取得。 Needed the first time.")] = "",
    server: Server = "",
    patience: Patience = 60.0,
    wait: Wait = 15.0,
) -> None:
    """递交最近密封的一版；中断后重做即续传。 Hand in the version sealed last."""
    with failing(), opened(folder, _server(server), patience) as desk:
        version = desk.latest()
        if version.step == "sent":
            desk.ask()
            version = desk.latest()
        if version.step == "withdrawn":
            raise Failed("withdrawn-before", number=version.number)
        if version.step == "submitted":
            typer.echo(said("submitted-before", number=version.number))
        else:
            desk.check_platform()
            if desk.bind(ticket):
                typer.echo(said("bound"))
            desk.upload(version, Bar())
            version = desk.submit(version)
            typer.echo(said("submitted", number=version.number, envelope=grouped(version.envelope)))
        _show_receipts(desk, version, _until_receipt(desk, version, wait))


@app.command()
def withdraw(
    folder: Dir,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问。 Do not ask.")] = False,
    server: Server = "",
    patience: Patience = 60.0,
) -> None:
    """撤回正在生效的一版（截止前）。 Take the standing version back."""
    with failing(), opened(folder, _server(server), patience) as desk:
        desk.ask()
        version = _standing(desk.state)
        if not yes and typer.prompt(said("withdraw-ask", number=version.number)).strip() != WITHDRAW:
            raise Failed("not-confirmed")
        desk.withdraw(version)
        typer.echo(said("withdrawn", number=version.number))


@app.command()
def status(folder: Dir, server: Server = "", patience: Patience = 60.0) -> None:
    """查询递交情况，核验并保存回执。 Ask how the bid stands; verify and keep receipts."""
    with failing(), opened(folder, _server(server), patience) as desk:
        standing = desk.ask()
        for version in desk.state.versions:
            shown = standing.state if version.envelope == standing.envelope else _past(version, desk)
            envelope = version.envelope[:16] + "…"
            typer.echo(said("state", number=version.number, state=word(shown), envelope=envelope))
        if not standing.found:
            typer.echo(said("state-none"))
        elif standing.version_here:
            _show_receipts(desk, standing.version_here, standing)
        opening = standing.opening
        if opening.get("state"):
            typer.echo(said("opening-state", state=word(str(opening["state"]))))
        if opening.get("key_until"):
            typer.echo(said("key-until", at=beijing(parse_time(str(opening["key_until"])))))


@app.command("confirm-key")
def confirm_key(
    folder: Dir,
    key: Annotated[
        Path | None, typer.Option(help="另一把密钥：64 位十六进制，或加密证书的私钥。 Another key, or a private key.")
    ] = None,
    recovery_code: Annotated[bool, typer.Option("--recovery-code", help="用恢复码，随后输入。 By the code.")] = False,
    send_unchecked: Annotated[
        bool, typer.Option("--send-unchecked", help="本机不先核对，交给平台核对。 Let the platform check it.")
    ] = False,
    print_only: Annotated[
        bool, typer.Option("--print", help="不联网，只显示开启串，粘贴到开标大厅。 Show the key string, send nothing.")
    ] = False,
    server: Server = "",
    patience: Patience = 60.0,
) -> None:
    """开标时确认密钥；不对可以换一把再试。 Hand in the bidder's key at the opening."""
    with failing():
        code = typer.prompt(said("code-asked"), hide_input=True) if recovery_code else ""
        if print_only:
            _print_key(Folder(folder), key, code)
            return
        with opened(folder, _server(server), patience) as desk:
            standing = desk.ask()
            version = _standing(desk.state)
            s_b = bidder_key(desk.folder, version, key, code)
            desk.check_listed(standing, version)
            if not send_unchecked:
                check_fits(desk.folder, version, s_b)
            desk.confirm_key(s_b)
            typer.echo(said("key-confirmed"))


@app.command("answer-record")
def answer_record(
    folder: Dir,
    object_: Annotated[str, typer.Option("--object", help="提出异议，写明内容；不写即为确认。 Object, in words.")] = "",
    server: Server = "",
    patience: Patience = 60.0,
) -> None:
    """对开标记录确认无误，或者提出异议。 Confirm the opening record, or object to it."""
    with failing(), opened(folder, _server(server), patience) as desk:
        desk.answer_record(object_.strip())
        typer.echo(said("record-objected" if object_.strip() else "record-confirmed"))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program with these arguments; leaves by ``SystemExit``: 0 done, 1 not done, 2 wrongly called."""
    app(args=None if argv is None else list(argv), prog_name="mifeng bid")


class Bar:
    """Shows how far an upload is (进度): on a terminal in one line, else a line at every tenth."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // total if total else 100
        step = 1 if sys.stderr.isatty() else 10
        if percent // step == self._shown:
            return
        self._shown = percent // step
        text = said("uploading", percent=percent, done=size(done), size=size(total))
        ending = "\r" if sys.stderr.isatty() and done < total else "\n"
        print(text, end=ending, file=sys.stderr, flush=True)


@contextmanager
def failing() -> Iterator[None]:
    """Turn what did not go into its sentence and exit code 1."""
    try:
        yield
    except Failed as failed:
        typer.echo(str(failed), err=True)
        raise typer.Exit(1) from None


def beijing(at: datetime) -> str:
    """Return an instant in Beijing time, to the second."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _say_once(code: str) -> None:
    typer.echo(said("recovery", code=code))


def _server(text: str) -> str:
    return address(text) if text else ""


def _standing(state: State) -> Version:
    """Return the version that lies with the platform, as far as the folder knows.

    Raises:
        Failed: ``not-standing``.
    """
    if state.standing is None:
        raise Failed("not-standing")
    return state.standing


def _print_key(folder: Folder, key: Path | None, code: str) -> None:
    with folder.alone():
        state = folder.state()
        version = _standing(state)
        s_b = bidder_key(folder, version, key, code)
        check_fits(folder, version, s_b)
        typer.echo(said("key-string", envelope=grouped(version.envelope), bid_ref=state.bid_ref, s_b=s_b.hex()))


def _past(version: Version, desk: Desk) -> str:
    later = any(one.number > version.number and one.step == "submitted" for one in desk.state.versions)
    return "replaced" if later and version.step == "submitted" else version.step


def _until_receipt(
    desk: Desk, version: Version, wait: float, pause: Callable[[float], None] = time.sleep
) -> Standing | None:
    """Ask for the receipt until it is there or the wait is over; None when the platform stops answering meanwhile."""
    ends = time.monotonic() + wait
    while True:
        try:
            standing = desk.ask()
        except Failed as failed:
            if failed.code != "unanswered":
                raise
            return None
        if standing.receipt or time.monotonic() >= ends:
            return standing
        pause(1.0)


def _show_receipts(desk: Desk, version: Version, standing: Standing | None) -> None:
    if standing is None or standing.receipt is None:
        typer.echo(said("receipt-pending"))
    else:
        typer.echo(said("receipt-good", at=beijing(standing.at) if standing.at else "—", file=standing.receipt))
    trustees = standing.trustees if standing else {}
    for trustee, verdict in trustees.items():
        if verdict == "bad":
            typer.echo(said("verdict-bad", trustee=trustee))
    good = sum(verdict == "ok" for verdict in trustees.values())
    code = "openable" if standing and standing.openable else "openable-pending"
    typer.echo(said(code, good=good, needed=desk.policy.t))


if __name__ == "__main__":
    main()
