"""Five posts bring one project from its entry to the close (主线), in the browser, as new users would.

Agency, purchaser, host officer, guest officers and supervisor each sign in and do their part; the public reads along.
Every page touched is sound: nothing foreign is loaded, nothing overflows at 1366 and 360 px, axe finds nothing.
"""

from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser

from tests.stack import Stack
from tests.stories.people import Person

NAME = "中小学课桌椅采购"


def test_five_posts_bring_a_project_to_its_close(
    stack: Stack, browser: Browser, tender_pdf: Path, tmp_path: Path
) -> None:
    """From entry to the close (R003, R008, R043, R045, R071, R088; LY-2022-14 四(一), GPL-35, GPLR-31)."""
    people = {
        account: Person(stack, browser, account).sign_in()
        for account in ("agency-a", "buyer", "host", "guest-hangjin", "guest-wuyuan", "guest-dengkou", "supervisor")
    }
    public = Person(stack, browser, "public")

    enter(people["agency-a"])
    accept(people["host"])
    project = settle_the_document(people["agency-a"], people["buyer"], tender_pdf)
    plan_the_seats(people["agency-a"], project)
    answer_for_the_sites(people, project)
    due_on = publish(people["agency-a"], project)
    read_as_the_public(public, tmp_path)
    clarify(people["agency-a"], project, due_on + timedelta(days=7))
    watch(people["supervisor"])
    close(stack, people, project, public)
    prove(stack, people["agency-a"], tmp_path)


def enter(agency: Person) -> None:
    """Enter the project; a missing supervising authority is refused and everything typed stays."""
    agency.open("/workspace/new")
    page = agency.page
    page.get_by_label("项目名称").fill(NAME)
    page.get_by_label("货物").check()
    page.get_by_label("否", exact=True).check()
    page.get_by_label("采购人", exact=True).select_option(label="市教育局")
    page.get_by_label("项目预算（元）").fill("4800000.00")
    agency.press("提交登记")
    assert agency.page.locator("[data-reason=supervisor-missing]").count() > 0
    assert page.get_by_label("项目名称").input_value() == NAME

    page.get_by_label("监管主体").select_option(label="市财政局政府采购监督科")
    agency.press("提交登记")
    assert agency.receipt() == "进场登记"


def accept(host: Person) -> None:
    """The host centre accepts the project."""
    host.open("/site/?view=projects").press(NAME)
    host.press("受理")
    assert host.receipt() == "受理进场"


def settle_the_document(agency: Person, buyer: Person, tender_pdf: Path) -> str:
    """The agency hands the document in, the purchaser approves it; return the project's address."""
    agency.open("/workspace/").press(NAME)
    project = agency.page.url.removeprefix(agency.place.base)
    agency.open(f"{project}/document")
    agency.page.locator("input[type=file]").set_input_files(tender_pdf)
    agency.press("提交，送采购人确认")
    assert agency.receipt() == "提交招标文件"

    buyer.open(project)
    buyer.press("确认")
    buyer.press("确认这一版")
    assert buyer.receipt() == "采购人确认招标文件"
    return project


def plan_the_seats(agency: Person, project: str) -> None:
    """An even committee is refused; host 1 + 2 and two guests of one are asked."""
    page = agency.open(f"{project}/seats").page
    page.get_by_label("杭锦后旗").fill("1")
    agency.press("提交预约")
    assert "committee-size" in agency.reasons()

    page.get_by_label("五原县").fill("1")
    agency.press("提交预约")
    assert agency.receipt() == "预约评审席位"

    agency.open(project)
    assert agency.reasons() == ["seats-pending", "seats-pending", "seats-pending"]


def answer_for_the_sites(people: dict[str, Person], project: str) -> None:
    """A guest sees a code name and no project; one refuses and is replaced; the plan is fixed."""
    for account in ("guest-hangjin", "guest-wuyuan"):
        guest = people[account].open("/site/")
        assert NAME not in guest.text
        guest.page.locator("main a[href*='/site/requests/']").first.click()
        guest.look()
        assert all(word not in guest.text for word in (NAME, "市教育局", "甲诚"))
    people["guest-hangjin"].press("确认席位")
    assert people["guest-hangjin"].receipt() == "场地确认席位"
    refusing = people["guest-wuyuan"]
    refusing.page.get_by_label("退回理由").fill("当日设备检修")
    refusing.press("退回请求")
    assert refusing.receipt() == "场地退回席位请求"

    agency = people["agency-a"].open(f"{project}/seats")
    assert "当日设备检修" in agency.text
    agency.press("重选")
    agency.page.get_by_label("磴口县").check()
    agency.page.locator("main form button[type=submit]").last.click()
    assert agency.look().receipt() == "重选场地"

    for account in ("guest-dengkou", "host"):
        officer = people[account].open("/site/")
        officer.page.locator("main a[href*='/site/requests/']").first.click()
        officer.look().press("确认席位")
        assert officer.receipt() == "场地确认席位"


def publish(agency: Person, project: str) -> date:
    """Too short a period is refused with the clause; the lawful notice is confirmed by a typed word; return its day."""
    page = agency.open(f"{project}/publish").page
    lawful = page.get_by_label("投标截止日期").input_value()
    page.get_by_label("公告正文").fill("采购课桌椅一批，详见招标文件。")
    page.get_by_label("投标截止日期").fill(page.locator("time").first.get_attribute("datetime")[:10])
    agency.press("核对并继续")
    assert "政府采购法第三十五条" in agency.text
    assert page.locator("[data-reason=bid-period-short]").count() > 0

    page.get_by_label("投标截止日期").fill(lawful)
    agency.press("核对并继续")
    agency.confirm()
    assert agency.receipt() == "发布招标公告"
    return date.fromisoformat(lawful)


def read_as_the_public(public: Person, folder: Path) -> None:
    """Anybody finds the notice and downloads the document, and learns nothing of the sites."""
    public.open("/?q=课桌椅").press(NAME)
    assert "采购课桌椅一批" in public.text
    assert all(word not in public.text for word in ("杭锦后旗", "磴口县", "当日设备检修"))
    kept = public.download("下载", folder)
    assert kept.read_bytes()[:5] == b"%PDF-"
    public.open("/sites").open("/rules").open("/verify")


def clarify(agency: Person, project: str, due_on: date) -> None:
    """A clarification that may affect bids moves the deadline and asks every site again."""
    page = agency.open(f"{project}/clarify").page
    page.get_by_label("澄清内容").fill("课桌高度调整为七十五厘米。")
    page.get_by_label("是", exact=True).check()
    page.get_by_label("新的投标截止日期").fill(due_on.isoformat())
    page.get_by_label("理由").fill("影响投标文件编制")
    agency.press("核对并继续")
    agency.confirm()
    assert agency.receipt() == "发布更正公告"


def watch(supervisor: Person) -> None:
    """The supervisor reads everything and writes a finding."""
    supervisor.open("/cockpit/").press(NAME)
    supervisor.page.get_by_label("记录内容").fill("公告与澄清已查阅，未见异常。")
    supervisor.press("写入监督记录")
    assert supervisor.receipt() == "记录监督情况"


def close(stack: Stack, people: dict[str, Person], project: str, public: Person) -> None:
    """The clock passes the deadline; the platform closes by itself, and no clarification is taken any more."""
    moved = stack.mifeng("clock", "+60d")
    assert moved.returncode == 0, moved.stderr
    agency = people["agency-a"].await_words(project, "已截止")
    assert "投标截止" in agency.page.locator(".feed").first.inner_text()
    agency.open(f"{project}/clarify")
    assert {"wrong-state", "deadline-passed"} & set(agency.reasons())
    for account in ("buyer", "host", "supervisor"):
        people[account].open({"buyer": project, "host": "/site/", "supervisor": "/cockpit/"}[account])
    public.open("/")
    for person in people.values():
        person.open("/account/inbox")


def prove(stack: Stack, agency: Person, folder: Path) -> None:
    """A receipt and the whole log verify without the platform."""
    keys = [
        *("--log-vkey", str(stack.data / "keys" / "log.vkey")),
        *("--witness-vkey", str(stack.data / "witness" / "witness.vkey")),
    ]
    exported = folder / "log.jsonl"
    assert stack.mifeng("export", "log", str(exported)).returncode == 0
    verified = stack.mifeng("verify", "log", str(exported), *keys)
    assert verified.returncode == 0, verified.stdout
