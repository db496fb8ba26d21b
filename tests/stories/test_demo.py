"""The demo is a story too (演示): it is played as a stranger would start it, and every post looks around meanwhile.

Opened without meeting, drawn per site, checked in at kiosks, scored blind, everything on record (R071, R087, R094,
R131, R141, R145). One expert sits before Chromium: scores are saved by the page, sheet and report signed by the key
that the page made.
"""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mifeng.config import demo
from mifeng.sample.demo.arrival import cards
from mifeng.sample.demo.story import Scene
from tests.stories.committee import Kiosk, Member
from tests.stories.people import Person

NAME = "中小学课桌椅采购"
PRICES = ("4,599,000.00", "4,420,000.00", "4,588,000.00", "4,715,500.00")
TOLD = (
    "进场登记",
    "受理进场",
    "确认招标文件",
    "设定评分办法",
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
    "授权一名采购人代表",
    "自动截止",
    "密钥窗口打开",
    "先拿错密钥",
    "全部打开",
    "开标记录公开可查",
    "资格审查",
    "开放签到",
    "不在名单",
    "两次人脸不符",
    "五席入席",
    "推选组长",
    "五个席位五个编码",
    "超出分值的一格被退回",
    "两个分数都显示",
    "台账只有承诺值",
    "技术分锁定",
    "同一步公开",
    "改正以前不能形成报告",
    "依法改正自己的客观分",
    "签署评审报告",
    "送交评审报告",
    "确定中标人",
    "公告中标结果",
    "只看到本单位的得分与排序",
    "公开件",
    "监督件",
    "演示完成",
    "verified",
)


@dataclass
class Show:
    """Who looks around between the chapters (观众): the eight posts, each at a window of its own."""

    browser: Browser
    data: Path
    base: str
    people: dict[str, Person] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def passwords(self) -> dict[str, str]:
        """Return the sample accounts' passwords."""
        return dict(json.loads((self.data / "keys" / "sample").read_text()))

    def post(self, account: str) -> Person:
        """Return the window of a post, signed in; the empty account is the public."""
        if account not in self.people:
            person = Person(self, self.browser, account)
            self.people[account] = person.sign_in() if account else person
        return self.people[account]

    def look(self, chapter: str, scene: Scene) -> None:
        """Look around behind a chapter."""
        if turn := LOOKS.get(chapter):
            turn(self, scene)
        self.seen.append(chapter)

    def draw(self, scene: Scene) -> None:
        """The agency sees the draw in numbers; a supplier its own bid; nobody else anything of it."""
        project = scene.project.page
        self.post("agency-a").open(f"{project}/draw").open(f"{scene.project.package}/scoring")
        self.post("buyer").open(f"{project}/representative")
        self.post("librarian").open("/library/").open("/library/draws")
        self.post("bidder-2").open("/supplier/?all=1").press(NAME)
        self.post("").open("/").press(NAME)

    def open(self, scene: Scene) -> None:
        """What was read out is the same for everybody; a guest site still sees no project (R087)."""
        hall = self.post("agency-a").open("/hall/").press(NAME).page.url.removeprefix(self.base)
        for account in ("agency-a", "buyer", "host", "supervisor", "bidder-1"):
            text = self.post(account).open("/hall/").open(hall).text
            assert [price for price in PRICES if price not in text] == []
        text = self.post("").open(f"{hall}/record").text
        assert [price for price in PRICES if price not in text] == []
        assert NAME not in self.post("guest-hangjin").open("/site/").text

    def examine(self, scene: Scene) -> None:
        """A computer at the host's door becomes a kiosk; what it asks and says is for who stands before it."""
        self.post("agency-a").open(f"{scene.project.package}/evaluation")
        host = self.post("host").open("/site/gate")
        if host.page.get_by_role("button", name="开放签到").count():
            host.press("开放签到")
        kiosk = Kiosk(self, self.browser, "host-2")
        kiosk.begin()
        kiosk.check_in(cards(scene.stage)["representatives"][-1], scene.deputy)
        assert "签到机" in host.open("/site/door").text
        guest = self.post("guest-hangjin").open("/site/door").open("/site/gate")
        assert NAME not in guest.text
        self.member = Member(self, self.browser)
        scene.sit = self.member.sit

    def arrive(self, scene: Scene) -> None:
        """The last expert opens the seat in the browser; then the committee is complete."""
        self.member.enter(scene.seats[-1])

    def elect(self, scene: Scene) -> None:
        """The expert scores in the browser; nothing on the desk names a bidder or a price."""
        self.member.score("technical")
        assert [word for word in (*PRICES, "家具有限公司") if word in self.member.open("/desk/").text] == []

    def review(self, scene: Scene) -> None:
        """Once the technical scores are locked the expert sees names, and the supervisor which code is whose."""
        self.member.score("business")
        self.member.open(f"/desk/{scene.project.lot}/bids")
        self.post("supervisor").open(f"/cockpit/{scene.project.pk}").open(
            f"/cockpit/{scene.project.pk}/lots/{scene.project.lot}"
        )

    def weigh(self, scene: Scene) -> None:
        """All scores lie open to the committee, and to nobody of the project before the report."""
        self.member.open(f"/desk/{scene.project.lot}")

    def award(self, scene: Scene) -> None:
        """Every post finds what it may know of the result, and no more."""
        pk, lot = scene.project.pk, f"lots/{scene.project.lot}"
        public = self.post("").open(f"/projects/{pk}").open(f"/projects/{pk}/{lot}/result")
        assert public.page.locator("[data-role]").count() == 5
        public.open(f"/projects/{pk}/verification").open(f"/projects/{pk}/draw")
        for account in ("agency-a", "buyer"):
            person = self.post(account).open(scene.project.page)
            person.open(f"{scene.project.package}/evaluation").open(f"{scene.project.package}/award")
            person.open("/account/inbox")
        for account in ("bidder-1", "bidder-4"):
            own = self.post(account).open(f"/supplier/{pk}/{lot}/result").page
            assert own.locator("[data-outcome]").count() == 1
        self.post("supervisor").open(f"/cockpit/{pk}").open(f"/cockpit/{pk}/{lot}")
        self.post("host").open("/site/gate")
        assert NAME not in self.post("guest-hangjin").open("/site/gate").open("/site/").text
        self.member.open(f"/desk/{scene.project.lot}").open(f"/desk/{scene.project.lot}/report")


LOOKS: dict[str, Callable[[Show, Scene], None]] = {
    "draw": Show.draw,
    "open": Show.open,
    "examine": Show.examine,
    "arrive": Show.arrive,
    "elect": Show.elect,
    "review": Show.review,
    "weigh": Show.weigh,
    "award": Show.award,
}


def test_demo_is_played_to_the_end_while_every_post_looks_on(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo ends verified; its pages are sound for the eight posts, desk and kiosk included."""
    monkeypatch.setenv("DEMO_EXIT", "1")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    data, port = tmp_path / "var", free_port()
    show = Show(browser, data, f"http://127.0.0.1:{port}")

    code = demo.main([str(data), str(port)], look=show.look)

    told = capsys.readouterr().out
    print(told)
    places = [told.find(words) for words in TOLD]
    assert [words for words, place in zip(TOLD, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert (code, told.splitlines()[-1]) == (0, "verified")
    assert set(LOOKS) <= set(show.seen)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
