"""The qualification review (资格审查): the agency looks at each bidder's papers, then the committee may begin."""

from concurrent.futures import ThreadPoolExecutor

from mifeng.sample.demo.browser import Page, Person
from mifeng.sample.demo.entry import Project
from mifeng.sample.demo.stage import Stage

AT_ONCE = 2


def examine(stage: Stage, project: Project) -> None:
    """Let the agency review every bidder and close the review."""
    agency = stage.person("agency-a")
    page = stage.until(lambda: _begun(agency, project), "资格审查开始")
    bids = [address for _shown, address in page.links if "/bids/" in address]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda address: _look_at(agency, address), bids))
    agency.confirm(agency.send(agency.open(f"{project.package}/evaluation/start").form(holds="_key")))
    stage.timeline.say("代理机构", f"资格审查：{len(bids)} 家逐家看过资格证明，全部合格；结束审查")


def _look_at(agency: Person, address: str) -> None:
    page = agency.open(address)
    for _shown, file in page.links:
        if "/files/" in file:
            agency.fetch(file)
    agency.send(page.form(holds="passed"), passed="yes")


def _begun(agency: Person, project: Project) -> Page | None:
    page = agency.open(f"{project.package}/evaluation")
    return page if any("/bids/" in address for _shown, address in page.links) else None
