"""The demo is a story too (演示): it is played as a stranger would start it, then every post opens what it left behind.

Opened without meeting, drawn per site, nobody to be looked up, everything on record (R071, R087, R094, R131, R141).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.stories.people import Person

NAME = "中小学课桌椅采购"
PRICES = ("4,599,000.00", "4,420,000.00", "4,588,000.00", "4,715,500.00")
TOLD = (
    "进场登记",
    "受理进场",
    "确认招标文件",
    "预约评审席位",
    "全部确认",
    "发布招标公告",
    "四家各自在本机密封并递交",
    "换成第 2 版",
    "四份投标到时都能打开",
    "发起抽取",
    "种子产生",
    "因故谢绝",
    "名单密封",
    "自动截止",
    "密钥窗口打开",
    "先拿错密钥",
    "全部打开",
    "开标记录公开可查",
    "没有缺口，没有改动",
    "演示完成",
)
PATIENCE = 300.0


@dataclass
class Demo:
    """The instance that a played demo leaves running (演示现场)."""

    data: Path
    base: str
    told: list[str]

    def passwords(self) -> dict[str, str]:
        """Return the sample accounts' passwords."""
        return dict(json.loads((self.data / "keys" / "sample").read_text()))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Play the demo and keep its platform running for the tests of this file."""
    data = tmp_path_factory.mktemp("demo") / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    dropped = ("DEMO_EXIT", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    process = subprocess.Popen(
        [sys.executable, "-m", "mifeng.cli", "demo", str(data), port],
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Demo(data, f"http://127.0.0.1:{port}", _told(process))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def _told(process: "subprocess.Popen[str]") -> list[str]:
    """Return the lines of the demo up to the one that says it goes on running."""
    assert process.stdout is not None
    began, lines = time.monotonic(), []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if "平台仍在运行" in line:
            return lines
        if time.monotonic() - began > PATIENCE:
            break
    raise AssertionError("\n".join(lines))


def test_demo_tells_the_whole_course_in_order(demo: Demo) -> None:
    told = "\n".join(demo.told)
    places = [told.find(words) for words in TOLD]

    assert [words for words, place in zip(TOLD, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert "FAULT" not in told


def test_every_post_finds_sound_pages_of_what_was_played(demo: Demo, browser: Browser) -> None:
    """What was read out is the same for everybody, and a guest site still sees no project (R087)."""
    agency = Person(demo, browser, "agency-a").sign_in()
    agency.open("/workspace/").press(NAME)
    project = agency.page.url.removeprefix(demo.base)
    agency.open(f"{project}/draw").open("/hall/").press(NAME)
    hall = agency.page.url.removeprefix(demo.base)
    assert [price for price in PRICES if price not in agency.text] == []

    for account in ("buyer", "host", "supervisor", "bidder-1"):
        person = Person(demo, browser, account).sign_in()
        person.open("/hall/").open(hall).open("/account/inbox")
        assert [price for price in PRICES if price not in person.open(hall).text] == []
    bidder = Person(demo, browser, "bidder-2").sign_in()
    bidder.open("/supplier/?all=1").press(NAME)
    librarian = Person(demo, browser, "librarian").sign_in()
    librarian.open("/library/draws").open("/library/")
    guest = Person(demo, browser, "guest-hangjin").sign_in()
    assert NAME not in guest.open("/site/").text
    public = Person(demo, browser, "")
    public.open(f"{hall}/record")
    assert [price for price in PRICES if price not in public.text] == []
    public.open("/").press(NAME)
