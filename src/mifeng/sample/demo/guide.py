"""Where to look when the demo is over (看什么): what there is to see, where, and who may."""

from collections.abc import Iterator

from mifeng.sample.demo.entry import Project


def places(project: Project) -> Iterator[tuple[str, str, str]]:
    """Yield what to look at, its address, and the accounts that may."""
    lot = f"lots/{project.lot}"
    yield "公告与结果", f"/projects/{project.pk}", "人人可看，不用登录"
    yield "中标公告", f"/projects/{project.pk}/{lot}/result", "人人可看"
    yield "核验证据", f"/projects/{project.pk}/verification", "人人可看，可下载公开件"
    yield "抽取复核", f"/projects/{project.pk}/draw", "人人可看"
    yield "项目全程", project.page, "agency-a、buyer"
    yield "评审与报告", f"{project.package}/evaluation", "agency-a、buyer"
    yield "定标", f"{project.package}/award", "agency-a、buyer"
    yield "开标大厅", "/hall/", "agency-a、buyer、host、supervisor、投标人"
    yield "监督", f"/cockpit/{project.pk}", "supervisor"
    yield "本单位结果", f"/supplier/{project.pk}/{lot}/result", "bidder-1 至 bidder-4"
    yield "场地与签到", "/site/door", "host、guest-hangjin、guest-wuyuan"
    yield "评审席位", "/desk/enter", "席位码在签到机上领取，只能用一次"
    yield "专家库", "/library/draws", "librarian"
