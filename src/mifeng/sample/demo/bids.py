"""The bidders (投标人): four suppliers seal on their own machines, hand in, and confirm their keys at the opening."""

import json
import re
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mifeng.sample.demo.browser import Page, Unexpected
from mifeng.sample.demo.entry import NAME, Project
from mifeng.sample.demo.pages import paper
from mifeng.sample.demo.stage import Stage

TICKET = re.compile(r"--ticket\s+(\S+)")
POLICY = re.compile(r"/reception/([0-9a-f]{64})/policy")
CODE = re.compile(r"--code\s+(\S+)")
SUPPLIER = re.compile(r'--supplier\s+"([^"]+)"')
HASH = re.compile(r"--policy-hash\s+([0-9a-f]{64})")
AT_ONCE = 4  # suppliers
MISTAKEN = "bidder-3"
WAITS_FOR_KEY = "等待交密钥"
SOLUTION = (
    "本章说明生产组织：原材料进厂检验、下料、成型、喷涂、装配、成品检验六道工序，各设质量控制点。",
    "本章说明运输与安装：按学校分批配送，到场后两日内完成安装、调试与现场清理。",
    "本章说明售后服务：质保期内接到通知后四小时响应，二十四小时内到场处理。",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier of the story offers (报价): price in yuan, days to deliver, pages of its technical part.

    Of the 20 technical parameters asked for it meets ``met``; ``done`` contracts like this one it has fulfilled.
    """

    account: str
    price: str
    days: int
    pages: int
    met: int
    done: int


OFFERS = (
    Offer("bidder-1", "4650000.00", 45, 60, 20, 5),
    Offer("bidder-2", "4420000.00", 60, 200, 16, 3),
    Offer("bidder-3", "4588000.00", 50, 120, 18, 4),
    Offer("bidder-4", "4715500.00", 40, 90, 18, 2),
)


@dataclass(frozen=True, slots=True)
class Bidder:
    """One supplier with its bid folder (投标人)."""

    offer: Offer
    name: str
    folder: Path


def hand_in(stage: Stage, project: Project) -> list[Bidder]:
    """Let four suppliers seal and hand in; the first replaces its bid once."""
    shutil.rmtree(stage.data / "bids", ignore_errors=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bidders = list(pool.map(lambda offer: _bid(stage, project, offer), OFFERS))
    stage.timeline.say("投标人", "四家各自在本机密封并递交；平台只见密文，不知是谁的")
    _fill(bidders[0], "4599000.00")
    stage.run("bid", "seal", "--dir", str(bidders[0].folder))
    stage.run("bid", "submit", "--dir", str(bidders[0].folder))
    stage.timeline.say("投标人", f"{bidders[0].name} 在截止前换成第 2 版（再降价），旧版作废")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda bidder: _await_openable(stage, bidder), bidders))
    stage.timeline.say("受托人", "三家受托人都验过各自的份额并签字：四份投标到时都能打开")
    return bidders


def _bid(stage: Stage, project: Project, offer: Offer) -> Bidder:
    supplier = stage.person(offer.account)
    page = supplier.open(f"/supplier/{project.pk}")
    text = _whole(page)
    name, code = _one(SUPPLIER, text), _one(CODE, text)
    folder = stage.data / "bids" / offer.account
    own = stage.data / "suppliers" / offer.account
    stage.run(
        *("bid", "make", "--dir", str(folder), "--supplier", name, "--code", code),
        *("--certificate", str(own / "signing.pem"), "--key", str(own / "signing.key")),
        *("--encryption-certificate", str(own / "encryption.pem")),
        *("--from", f"{stage.base}/reception/{_reference(page)}/policy", "--policy-hash", _one(HASH, text)),
    )
    bidder = Bidder(offer, name, folder)
    _fill(bidder, offer.price)
    _write_parts(bidder)
    stage.run("bid", "seal", "--dir", str(folder))
    ticket = supplier.send(page.form("ticket"))
    stage.run(
        *("bid", "submit", "--dir", str(folder), "--server", stage.base),
        *("--ticket", _one(TICKET, _whole(ticket))),
    )
    return bidder


def confirm_keys(stage: Stage, project: Project, bidders: list[Bidder]) -> None:
    """Let every bidder hand its key in; one of them takes a wrong one first."""
    stage.until(lambda: _keying(stage, project), "密钥窗口打开")
    stage.timeline.say("受托人", "三家受托人副署投标清单；密钥窗口打开")
    wrong = stage.data / "bids" / "wrong.key"
    wrong.write_text(secrets.token_hex(32))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda bidder: _confirm(stage, bidder, wrong), bidders))


def _confirm(stage: Stage, bidder: Bidder, wrong: Path) -> None:
    if bidder.offer.account == MISTAKEN:
        confirm = ("bid", "confirm-key", "--dir", str(bidder.folder))
        stage.run(*confirm, "--key", str(wrong), "--send-unchecked", fails="密钥")
        stage.timeline.say("投标人", f"{bidder.name} 先拿错密钥：与投标时的承诺不符，投标文件完好，可再试")
    stage.run("bid", "confirm-key", "--dir", str(bidder.folder))
    stage.timeline.say("投标人", f"{bidder.name} 密钥已确认")


def _fill(bidder: Bidder, price: str) -> None:
    path = bidder.folder / "bid.json"
    filled = json.loads(path.read_text())
    filled |= {"price": price, "delivery": f"合同签订后 {bidder.offer.days} 日内", "quality": "合格，质保五年"}
    path.write_text(json.dumps(filled, ensure_ascii=False, indent=2))


def _write_parts(bidder: Bidder) -> None:
    met = f"技术参数共20项，满足{bidder.offer.met}项，逐项响应见后。"
    done = f"近三年同类业绩{bidder.offer.done}项，合同见后。"
    made: dict[str, Callable[[], bytes]] = {
        "technical/技术方案.pdf": lambda: paper(f"{NAME}　技术方案", (met, *SOLUTION), bidder.offer.pages),
        "business/商务响应.pdf": lambda: paper(f"{NAME}　商务响应", (done, *SOLUTION), 60),
        "qualification/资格证明.pdf": lambda: paper(f"{bidder.name}　资格证明", SOLUTION, 60),
        "price/报价明细.pdf": lambda: paper(f"{bidder.name}　报价明细", SOLUTION, 60),
    }
    for name, content in made.items():
        path = bidder.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())


def _await_openable(stage: Stage, bidder: Bidder) -> None:
    def look() -> Page | None:
        said = stage.run("bid", "status", "--dir", str(bidder.folder))
        return Page("", said) if "可开启" in said and "未" not in said.partition("可开启")[0][-6:] else None

    stage.until(look, f"{bidder.name} 的可开启确认")


def _keying(stage: Stage, project: Project) -> Page | None:
    page = stage.person("agency-a").open(hall_address(stage, project))
    return page if WAITS_FOR_KEY in page.text else None


def hall_address(stage: Stage, project: Project) -> str:
    """Return the address of the project's opening."""
    return stage.person("agency-a").open("/hall/").link(NAME)


def _reference(page: Page) -> str:
    for _shown, address in page.links:
        if found := POLICY.search(address):
            return found.group(1)
    raise Unexpected(f"{page.url}: 没有密封规则的下载地址")


def _one(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if not found:
        raise Unexpected(f"页面上没有 {pattern.pattern}")
    return found.group(1)


def _whole(page: Page) -> str:
    return " ".join(page.text.split())
