"""Whose turn it is (轮到谁): what waits for the reader is 待处理, what waits for somebody else 进行中."""

import pytest

from mifeng.venues.models import Site
from mifeng.web.workspace.progress import next_turn
from mifeng.web.workspace.sites import travel

NONE, SOME, ALL = (0, 0), (3, 5), (5, 5)


@pytest.mark.parametrize(
    ("state", "document", "seats", "agency", "buyer", "words"),
    [
        ("entered", "", NONE, "go", "go", "等主场受理"),
        ("accepted", "", NONE, "todo", "go", "等代理机构提交文件"),
        ("accepted", "returned", ALL, "todo", "go", "等代理机构提交文件"),
        ("accepted", "drafted", NONE, "go", "todo", "等采购人确认文件"),
        ("accepted", "approved", NONE, "todo", "go", "等代理机构预约席位"),
        ("accepted", "approved", SOME, "go", "go", "等场地确认席位"),
        ("accepted", "approved", ALL, "todo", "go", "等代理机构发布公告"),
        ("published", "issued", ALL, "go", "go", "等投标截止"),
        ("closed", "issued", ALL, "none", "none", "等开标"),
    ],
)
def test_turn_has_the_look_of_its_reader(
    state: str, document: str, seats: tuple[int, int], agency: str, buyer: str, words: str
) -> None:
    """Nobody has to telephone to learn who is next."""
    assert next_turn("agency", state, document, seats) == (agency, words)
    assert next_turn("buyer", state, document, seats) == (buyer, words)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, ""),
        (45, "，距市中心约45分钟车程"),
        (60, "，距市中心约1小时车程"),
        (65, "，距市中心约1小时5分钟车程"),
    ],
)
def test_travel_is_told_in_hours_and_minutes(minutes: int, words: str) -> None:
    """The city's own site is near itself."""
    assert travel(Site(travel_minutes=minutes)) == words
