"""The opening (开标): the close at the instant, everything open at once, the record."""

from datetime import timedelta

from mifeng.sample.demo.bids import hall_address
from mifeng.sample.demo.browser import Page, Unexpected
from mifeng.sample.demo.entry import Project
from mifeng.sample.demo.stage import Stage


def close_bidding(stage: Stage, project: Project) -> None:
    """Let the deadline pass; the platform closes by itself and lists the bids."""
    stage.move_clock(project.due_at + timedelta(seconds=1))
    stage.timeline.say("平台", "到投标截止时间：自动截止，列出投标清单（只有指纹），入台账并经见证")


def show_opening(stage: Stage, project: Project) -> None:
    """Wait until all bids are open, and read the record."""
    address = hall_address(stage, project)
    public = stage.person("")

    def look() -> Page | None:
        page = stage.person("agency-a").open(address)
        return page if "4,588,000.00" in page.text else None

    stage.until(look, "全部开启")
    stage.timeline.say("受托人", "密钥收齐即关闭，受托人各放出份额；四份投标在同一步全部打开")
    record = public.open(f"{address}/record")
    for price in ("4,599,000.00", "4,420,000.00", "4,588,000.00", "4,715,500.00"):
        if price not in record.text:
            raise Unexpected(f"开标记录里没有 {price}")
    stage.timeline.say("各方", "唱标：459.90 万、442.00 万、458.80 万、471.55 万；开标记录公开可查")
