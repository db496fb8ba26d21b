"""The result (结果): the report handed over, award in rank order, the notice, everybody's own rank."""

import re

from mifeng.sample.demo.browser import Unexpected
from mifeng.sample.demo.entry import Project
from mifeng.sample.demo.stage import Stage

COMMITTEE = 5
LOSER, OTHERS = "bidder-4", 3
RANK = re.compile(r"第(\d)名，共(\d)家")


def award(stage: Stage, project: Project) -> None:
    """Let agency and purchaser bring the signed report to its published result."""
    agency, buyer, address = stage.person("agency-a"), stage.person("buyer"), f"{project.package}/award"
    if not agency.fetch(f"{project.package}/evaluation/report").startswith(b"%PDF-"):
        raise Unexpected("评审报告不是 PDF")
    agency.confirm(agency.send(agency.open(address).form("/award/hand-over", holds="_key")))
    stage.timeline.say("代理机构", "送交评审报告（PDF，谁下载字节都一样）；采购人5个工作日内确定，逾期视同第一名")
    buyer.confirm(buyer.send(buyer.open(address).form("/award/decide", holds="bid")))
    stage.timeline.say("采购人", "按评审报告的排序确定中标人")
    agency.confirm(agency.send(agency.open(address).form("/award/announce", holds="_key")))
    _read_notice(stage, project)
    _read_own(stage, project)


def _read_notice(stage: Stage, project: Project) -> None:
    page = stage.person("").open(f"/projects/{project.pk}/lots/{project.lot}/result")
    members = page.words.count("评审专家") + page.words.count("采购人代表")
    winner = page.words[page.words.index("中标人") + 1]
    if members != COMMITTEE:
        raise Unexpected(f"结果公告的成员名单有 {members} 人")
    stage.timeline.say("代理机构", f"公告中标结果：{winner}；随附评审成员名单 {members} 人，全程到此才出现姓名")


def _read_own(stage: Stage, project: Project) -> None:
    page = stage.person(LOSER).open(f"/supplier/{project.pk}/lots/{project.lot}/result")
    found = [RANK.search(words) for words in page.words]
    ranks = [one.groups() for one in found if one]
    if len(ranks) != 1 or "结果告知书" not in page.text:
        raise Unexpected(f"{LOSER} 没有看到本单位的排序：{page.text[:400]}")
    rank, number = ranks[0]
    stage.timeline.say("投标人", f"未中标的一家只看到本单位的得分与排序：第 {rank} 名，共 {number} 家")
