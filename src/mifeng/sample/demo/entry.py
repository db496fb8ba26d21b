"""From entry to the notice (进场至公告): agency, purchaser, host and guests bring a project to its publication."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from mifeng.sample.demo.browser import Page, Person
from mifeng.sample.demo.pages import paper
from mifeng.sample.demo.stage import Stage
from mifeng.sample.demo.timeline import BEIJING

NAME = "中小学课桌椅采购"
BUDGET = "4800000.00"
HOST = "市中心"
GUESTS = {"guest-hangjin": "杭锦后旗", "guest-wuyuan": "五原县"}
PLACES = (HOST, *GUESTS.values())
OFFICERS = {HOST: "host", **{place: account for account, place in GUESTS.items()}}
DEMAND = (
    "采购课桌椅六千套，供城区十二所中小学使用；课桌高度可调，桌面板材甲醛释放量符合国家标准。",
    "投标人应说明生产组织、运输安排、安装调试、质量检验和售后服务，并提交样图与材料说明。",
    "交付期限自合同签订之日起计算，分批交付，每批到场后由采购人组织验收。",
)
ID = re.compile(r"/workspace/([0-9a-f-]{36})")
LOT = re.compile(r"/lots/([0-9a-f-]{36})/")


@dataclass(frozen=True, slots=True)
class Project:
    """The project that the story is about (演示项目): its id, that of its package, and when its bids are due."""

    pk: str
    lot: str
    due_at: datetime

    @property
    def page(self) -> str:
        """Return its address in the workspace."""
        return f"/workspace/{self.pk}"

    @property
    def package(self) -> str:
        """Return the address of its package there."""
        return f"{self.page}/lots/{self.lot}"


def bring_in(stage: Stage) -> Project:
    """Play the entry, the document, how bids will be scored, the seats and the notice."""
    agency = stage.person("agency-a")
    _enter(stage, agency)
    pk = _accept(stage, agency)
    _settle_document(stage, agency, pk)
    lot = _set_scoring(stage, agency, pk)
    _book_seats(stage, agency, pk)
    return _publish(stage, agency, pk, lot)


def _enter(stage: Stage, agency: Person) -> None:
    form = agency.open("/workspace/new").form(holds="budget_yuan")
    agency.send(
        form,
        name=NAME,
        category="goods",
        in_catalogue="no",
        purchaser=form.choice("purchaser", "市教育局"),
        supervisor=form.choice("supervisor", "市财政局"),
        budget_yuan=BUDGET,
    )
    stage.timeline.say("代理机构", f"进场登记：{NAME}，预算 480 万元，监管主体 市财政局政府采购监督科")


def _accept(stage: Stage, agency: Person) -> str:
    host = stage.person("host")
    address = host.open("/site/?view=projects").link(NAME)
    host.send(host.open(address).form(holds="_key"))
    stage.timeline.say("主场", "受理进场")
    found = ID.search(agency.open("/workspace/").link(NAME))
    return found.group(1) if found else ""


def _settle_document(stage: Stage, agency: Person, pk: str) -> None:
    upload = agency.open(f"/workspace/{pk}/document").form("", holds="_key")
    content = paper(f"{NAME}　招标文件", DEMAND, 40)
    agency.send(upload, file=("招标文件.pdf", content, "application/pdf"))
    buyer = stage.person("buyer")
    page = buyer.open(f"/workspace/{pk}")
    page = buyer.open(page.link("", part="/approve"))
    buyer.send(page.form("approve", holds="_key"))
    stage.timeline.say("采购人", "确认招标文件（40 页，存证文件库）")


def _set_scoring(stage: Stage, agency: Person, pk: str) -> str:
    address = agency.open(f"/workspace/{pk}").link("", part="/scoring")
    agency.send(agency.open(address).form(holds="price_points"))
    stage.timeline.say("代理机构", "设定评分办法：技术50分、商务20分、价格30分，随公告固定，此后不能改")
    found = LOT.search(address)
    return found.group(1) if found else ""


def _book_seats(stage: Stage, agency: Person, pk: str) -> None:
    form = agency.open(f"/workspace/{pk}/seats").form(holds="host_experts")
    form.fields |= {form.named(name): "1" for name in GUESTS.values()}
    agency.send(form, host_buyer="1", host_experts="2")
    stage.timeline.say("代理机构", "预约评审席位：主场 1+2，副场 杭锦后旗 1、五原县 1，共五人")
    accounts = ("host", *GUESTS)
    with ThreadPoolExecutor(len(accounts)) as pool:
        list(pool.map(lambda account: _confirm(stage.person(account)), accounts))
    stage.timeline.say("各场地", "全部确认；副场只见场次代号，不见项目")


def _confirm(officer: Person) -> None:
    page = officer.open(officer.open("/site/").link("", part="/site/requests/"))
    officer.send(next(form for form in page.forms if form.fields.get("answer") == "confirm"))


def _publish(stage: Stage, agency: Person, pk: str, lot: str) -> Project:
    form = agency.open(f"/workspace/{pk}/publish").form(holds="due_on")
    agency.confirm(agency.send(form, text="采购课桌椅一批，需求、评审办法与密封规则详见招标文件。"))
    due = datetime.fromisoformat(f"{form.fields['due_on']}T{form.fields['due_time']}").replace(tzinfo=BEIJING)
    stage.timeline.say("代理机构", f"发布招标公告，投标截止 {due:%Y-%m-%d %H:%M}；密封规则与抽取标识同时入台账")
    public = stage.person("")
    stage.until(lambda: _found(public.open("/"), NAME), "公告出现在门户")
    return Project(pk, lot, due)


def _found(page: Page, words: str) -> Page | None:
    return page if words in page.text else None
