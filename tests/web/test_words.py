"""Values as a person reads them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mifeng.rules.errors import Reason
from mifeng.web.shell import words

NOW = datetime(2026, 11, 19, 2, 5, 12, tzinfo=UTC)


def test_instants_are_shown_in_beijing_time() -> None:
    assert words.beijing(NOW) == "2026-11-19 10:05"
    assert words.beijing(NOW, seconds=True) == "2026-11-19 10:05:12"
    assert words.weekday(NOW) == "周四"
    assert words.weekday(date(2026, 11, 22)) == "周日"


def test_the_weekday_is_that_of_beijing_when_utc_is_still_yesterday() -> None:
    assert words.weekday(datetime(2026, 11, 19, 17, 0, tzinfo=UTC)) == "周五"


def test_an_instant_without_time_zone_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        words.beijing(datetime(2026, 11, 19, 10, 5))  # noqa: DTZ001 - the very thing that must not pass


@pytest.mark.parametrize(
    ("left", "short", "full"),
    [
        (timedelta(days=1, hours=23, minutes=24, seconds=48), "剩1天23小时", "剩1天23小时24分48秒"),
        (timedelta(hours=5, minutes=54), "剩5小时54分", "剩5小时54分00秒"),
        (timedelta(minutes=14, seconds=8), "剩14分08秒", "剩14分08秒"),
        (timedelta(seconds=8.9), "剩8秒", "剩8秒"),
        (timedelta(0), "已到时", "已到时"),
        (timedelta(seconds=-1), "已到时", "已到时"),
    ],
)
def test_time_left_is_told_in_words(left: timedelta, short: str, full: str) -> None:
    assert words.remaining(NOW + left, NOW) == short
    assert words.remaining(NOW + left, NOW, full=True) == full


@pytest.mark.parametrize(
    ("amount", "yuan", "wan", "capital"),
    [
        ("4860000", "4,860,000.00", "486.00", "肆佰捌拾陆万元整"),
        ("13126000.00", "13,126,000.00", "1,312.60", "壹仟叁佰壹拾贰万陆仟元整"),
        ("584000.55", "584,000.55", "58.400055", "伍拾捌万肆仟元伍角伍分"),
        ("0.05", "0.05", "0.000005", "伍分"),
    ],
)
def test_money_is_never_rounded(amount: str, yuan: str, wan: str, capital: str) -> None:
    found = (words.yuan(Decimal(amount)), words.wan(Decimal(amount)), words.capital(Decimal(amount)))

    assert found == (yuan, wan, capital)


@pytest.mark.parametrize(
    ("source", "title", "short", "pending"),
    [
        ("GPL-35", "政府采购法第三十五条", "法35", False),
        ("GPLR-31", "政府采购法实施条例第三十一条", "条例31", False),
        ("MOF-87-47", "财政部令第87号第四十七条", "87号令47", True),
        ("LY-2022-14 四(一)", "临财采〔2022〕14号四（一）", "异地评审通知四（一）", False),
        ("our choice (ADR-1)", "平台规则（ADR-1）", "平台规则（ADR-1）", False),
        ("XYZ-1", "XYZ-1", "XYZ-1", True),
    ],
)
def test_a_clause_is_cited_in_full_and_in_short(source: str, title: str, short: str, pending: bool) -> None:
    assert words.clause(source) == words.Clause(title, short, pending)


def test_a_reason_names_its_facts_only_when_all_are_known() -> None:
    known = Reason("committee-size", {"members": 4, "members_min": 5})

    assert words.reason_text(known) == "评审委员会人数应为单数，且不少于法定人数"
    assert words.reason_more(known) == "现为4人，至少5人"
    assert words.reason_more(Reason("committee-size", {"members": 4})) == ""
    assert words.reason_more(Reason("budget-missing")) == ""


def test_facts_are_told_in_words_and_beijing_time() -> None:
    late = Reason("deadline-earlier", {"bids_due_at": "2026-11-20T09:30+08:00", "new_due_at": NOW})
    unfit = Reason("remote-unsuitable", {"traits": ("on-site-samples", "classified")})
    state = Reason("wrong-state", {"step": "publish", "state": "entered", "allowed": ("accepted",)})
    money = Reason("budget-mismatch", {"budget_yuan": "4800000.00", "lots_yuan": "4700000.00"})

    assert [words.reason_more(one) for one in (late, unfit, state, money)] == [
        "原定2026-11-20 09:30 周五，改为2026-11-19 10:05 周四",
        "申报的情形：需现场查看样品、涉密项目",
        "现在：待受理。可以办理的环节：已受理",
        "项目预算4,800,000.00元，各包合计4,700,000.00元",
    ]


@pytest.mark.parametrize(("limit", "shown"), [(4000, "上限4,000"), (100 * 2**20, "上限100.0 MB")])
def test_a_large_limit_is_told_in_megabytes(limit: int, shown: str) -> None:
    assert words.reason_more(Reason("too-large", {"limit": limit})) == shown


@pytest.mark.parametrize(
    ("reason", "who"),
    [
        (Reason("seats-pending", lifted_by=("host", "guest")), "主场场地岗、副场场地岗"),
        (Reason("too-many-attempts", until=NOW), "到时自动解除"),
        (Reason("malformed"), "您修改后再提交"),
        (Reason("wrong-state", lifted_by=("host",)), "主场场地岗"),
        (Reason("wrong-state"), "任何岗位都不能跳过环节"),
        (Reason("deadline-passed"), "任何岗位都不能"),
        (Reason("no-witness"), "见证方"),
    ],
)
def test_a_reason_says_who_can_lift_it(reason: Reason, who: str) -> None:
    assert words.reason_lifters(reason) == who


@pytest.mark.parametrize(
    ("reason", "until"),
    [
        (Reason("malformed"), "没有时限，办好即可"),
        (Reason("wrong-state", lifted_by=("host",)), "没有时限，办好即可"),
        (Reason("wrong-state"), "只看所处环节"),
        (Reason("deadline-passed"), "时间已过，不会解除"),
    ],
)
def test_a_reason_that_nobody_can_lift_promises_nothing(reason: Reason, until: str) -> None:
    assert words.reason_end(reason) == until


def test_other_ways_to_seat_a_plan_are_told() -> None:
    ways = [
        {"kind": "later", "sites": ("市中心", "五原县"), "starts_at": NOW},
        {"kind": "other-site", "sites": ("市中心", "磴口县"), "starts_at": NOW},
    ]

    assert words.reason_alternatives(Reason("seats-short", {"alternatives": ways})) == [
        "同一场地，改为2026-11-19 10:05 周四开始",
        "改用市中心、磴口县，时间不变",
    ]


def test_fingerprints_are_shortened_or_grouped() -> None:
    assert words.shorthash(bytes.fromhex("9c1e" + "00" * 28 + "b04d")) == "9c1e…b04d"
    assert words.groups("9c1e00b04d") == "9c1e 00b0 4d"
