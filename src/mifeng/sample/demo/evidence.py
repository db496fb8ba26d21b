"""The evidence (证据包): exported in both cuts, and judged by the verifier in a process of its own."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mifeng.sample.demo.browser import Page, Unexpected
from mifeng.sample.demo.entry import Project
from mifeng.sample.demo.stage import Stage

CUTS = {"public": "公开件", "supervisor": "监督件"}
NUMBER = re.compile(r"\bZFCG-[0-9]{4}-[0-9]+\b")
WAITS = "待见证"


class Fault(Unexpected):
    """The verifier found something wrong (核验不通过); the text names the checks that failed."""


def verify(stage: Stage, project: Project) -> None:
    """Export the bundle for everybody and that for the supervisor, and let the program check both.

    Raises:
        Fault: when a check fails.
    """
    number = _number(stage, project)
    with ThreadPoolExecutor(len(CUTS)) as pool:
        checked = dict(zip(CUTS, pool.map(lambda cut: _checked(stage, number, cut), CUTS), strict=True))
    failed = [f"{CUTS[cut]} {name}" for cut, (_, names) in checked.items() for name in names]
    if failed:
        raise Fault("、".join(failed))
    for cut, (passed, _) in checked.items():
        who = "任何人" if cut == "public" else "监督岗"
        stage.timeline.say(who, f"{CUTS[cut]} {_file(stage, cut).name}：独立程序核验 {passed} 项，没有一项不符")


def _checked(stage: Stage, number: str, cut: str) -> tuple[int, list[str]]:
    """Return how many checks a bundle passes, and the names of those that it fails."""
    file = _file(stage, cut)
    file.unlink(missing_ok=True)

    def export() -> Page | None:
        code, said = stage.ask("export", "bundle", number, str(file), "--cut", cut)
        if code and WAITS not in said:
            raise Unexpected(f"mifeng export bundle: {code} {said[-600:]}")
        return Page("", said) if not code else None

    stage.until(export, "全部条目已见证")
    code, said = stage.ask(
        *("verify", "bundle", str(file), "--json"),
        *("--log-vkey", str(stage.data / "keys" / "log.vkey")),
        *("--witness-vkey", str(stage.data / "witness" / "witness.vkey")),
    )
    checks = json.loads(said)["checks"]
    failed = [str(one["id"]) for one in checks if one["outcome"] == "fail"]
    if bool(code) != bool(failed):
        raise Unexpected(f"mifeng verify bundle: {code} {said[-600:]}")
    return sum(one["outcome"] == "pass" for one in checks), failed


def _file(stage: Stage, cut: str) -> Path:
    return stage.data / f"{cut}.evb"


def _number(stage: Stage, project: Project) -> str:
    page = stage.person("").open(f"/projects/{project.pk}")
    found = NUMBER.search(page.text)
    if not found:
        raise Unexpected(f"项目页没有项目编号：{page.text[:300]}")
    return found.group()
