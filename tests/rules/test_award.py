"""From the report to the notice, as pure rules: order, grounds, deadline, clocks, the text of a notice. GPLR-43.

MOF-87-68, GPLR-49, MOF-87-69.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from mifeng.rules.award import (
    GROUNDS,
    AwardTimes,
    Enclosed,
    Judged,
    Reported,
    ResultNotice,
    Sat,
    award_clocks,
    award_deadlines,
    check_decision,
    check_ground,
    check_named,
    notice_ends_on,
    notice_text,
    parse_notice,
    parse_report,
    successor,
)
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Unfair, WrongState
from tests.rules.books import BOOK, CALENDAR, beijing

A, B, C, D = (letter * 64 for letter in "abcd")
MEMBERS = (("seat-1", "buyer"), ("seat-2", "expert"))
SAT = (Sat("seat-1", "buyer", "甲"), Sat("seat-2", "expert", "乙"))


def judged(bid: str, place: int) -> Judged:
    """Return a valid bid at a place."""
    return Judged(bid, True, total=Decimal(100 - place), rank=place, place=place, decided="score")


REPORTED = Reported((judged(A, 1), judged(B, 2), judged(C, 3), judged(D, 4)), (A, B, C), {}, MEMBERS)
NOTICE = ResultNotice(
    number=1,
    lot_ref=D,
    project="ZFCG-2026-000001",
    project_name="课桌椅采购",
    lot=1,
    lot_name="课桌椅",
    purchaser="市教育局",
    purchaser_phone="",
    agency="甲诚招标代理有限公司",
    agency_phone="0478-000-0401",
    bid_ref=A,
    bidder="辛镜校具有限公司",
    credit_code="C1",
    price_yuan="4700000.00",
    delivery="60日",
    quality="合格",
    rank=1,
    report=B,
    deemed=False,
    decided_on="2026-11-02",
    published_on="2026-11-03",
    stands_until="2026-11-04",
    experts=SAT,
    documents=(Enclosed("招标文件.pdf", 1, C),),
)


@pytest.mark.parametrize(
    ("bid", "out", "ground", "reason", "passed"),
    [
        (A, (), "", "", ()),
        (A, (), "declined", "", ()),
        (B, (A,), "", "", ()),
        (B, (), "declined", "来函放弃", (A,)),
        (C, (), "unlawful", "串通", (A, B)),
        (C, (A,), "challenge", "质疑成立", (B,)),
    ],
)
def test_whom_a_decision_passes_over(
    bid: str, out: tuple[str, ...], ground: str, reason: str, passed: tuple[str, ...]
) -> None:
    assert check_decision(bid, REPORTED, out, ground, reason) == passed


@pytest.mark.parametrize(
    ("bid", "out", "ground", "reason", "code"),
    [
        (B, (), "", "更便宜", "award-order"),
        (C, (A,), "", "", "award-order"),
        (A, (A,), "declined", "来函放弃", "award-order"),
        (D, (), "declined", "未推荐", "award-order"),
        ("e" * 64, (), "declined", "没有这份", "award-order"),
        (B, (), "dearer", "更贵", "award-ground"),
        (B, (), "declined", " ", "reason-required"),
    ],
)
def test_a_decision_out_of_order_is_refused(
    bid: str, out: tuple[str, ...], ground: str, reason: str, code: str
) -> None:
    with pytest.raises(Unfair) as refusal:
        check_decision(bid, REPORTED, out, ground, reason)

    assert refusal.value.codes == (code,)


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_a_ground_of_the_law_is_let_through(ground: str) -> None:
    assert check_ground(ground) is None


def test_the_next_candidate_follows_until_none_is_left() -> None:
    assert [successor(REPORTED, out) for out in ((), (A,), (B,), (A, B))] == [A, B, A, C]
    with pytest.raises(Unfair) as refusal:
        successor(REPORTED, (A, B, C))
    assert refusal.value.codes == ("candidates-spent",)


def test_those_who_signed_the_report_are_named_in_its_order() -> None:
    assert check_named(REPORTED, [Sat("seat-3", "expert", "丙"), *reversed(SAT)]) == SAT


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ((), ["seat-1", "seat-2"]),
        (SAT[:1], ["seat-2"]),
        ((SAT[0], replace(SAT[1], name="")), ["seat-2"]),
        ((SAT[0], replace(SAT[1], role="buyer")), ["seat-2"]),
    ],
)
def test_a_member_without_a_name_stops_the_notice(names: tuple[Sat, ...], missing: list[str]) -> None:
    with pytest.raises(WrongState) as refusal:
        check_named(REPORTED, names)

    assert (refusal.value.codes, refusal.value.facts["seats"]) == (("names-missing",), missing)


@pytest.mark.parametrize(
    ("handed", "last"),
    [
        (beijing(11, 2), date(2026, 11, 9)),
        (beijing(11, 2, 23, 59), date(2026, 11, 9)),
        (beijing(11, 6), date(2026, 11, 13)),
        (beijing(11, 7), date(2026, 11, 13)),
    ],
)
def test_five_working_days_are_given_for_the_decision(handed: datetime, last: date) -> None:
    [due] = award_deadlines(handed, BOOK, CALENDAR)

    assert (due.step, due.started_by, due.source) == ("deem_awarded", "hand_over", "MOF-87-68")
    assert due.at == beijing(last.month, last.day, 0, 0) + timedelta(days=1)


def states(times: AwardTimes, now: datetime) -> dict[str, str]:
    """Return key → state of each clock."""
    return {one.key: one.state for one in award_clocks(times, BOOK, CALENDAR, now)}


IDLE = dict.fromkeys(("report", "award", "award-notice", "result-notice", "challenge", "contract"), "idle")


@pytest.mark.parametrize(
    ("times", "now", "changed"),
    [
        (AwardTimes(), beijing(11, 2), {}),
        (AwardTimes(beijing(11, 2)), beijing(11, 4), {"report": "running"}),
        (AwardTimes(beijing(11, 2)), beijing(11, 5), {"report": "overdue"}),
        (AwardTimes(beijing(11, 2), beijing(11, 5)), beijing(11, 5), {"report": "overdue", "award": "running"}),
        (
            AwardTimes(beijing(11, 2), beijing(11, 3), beijing(11, 10)),
            beijing(11, 11),
            {"report": "met", "award": "met", "award-notice": "running"},
        ),
        # the first winner has fallen out: the notice is due from the decision for the next one
        (
            AwardTimes(beijing(11, 2), beijing(11, 3), beijing(11, 5), None, beijing(11, 20)),
            beijing(11, 21),
            {"report": "met", "award": "met", "award-notice": "running"},
        ),
        (
            AwardTimes(beijing(11, 2), beijing(11, 3), beijing(11, 5), beijing(11, 6)),
            beijing(11, 9),
            {
                "report": "met",
                "award": "met",
                "award-notice": "met",
                "result-notice": "running",
                "challenge": "running",
                "contract": "running",
            },
        ),
        (
            AwardTimes(beijing(11, 2), beijing(11, 3), beijing(11, 5), beijing(11, 6)),
            beijing(12, 8),
            {
                "report": "met",
                "award": "met",
                "award-notice": "met",
                "result-notice": "met",
                "challenge": "met",
                "contract": "overdue",
            },
        ),
    ],
)
def test_clocks_follow_each_other(times: AwardTimes, now: datetime, changed: dict[str, str]) -> None:
    assert states(times, now) == {**IDLE, **changed}


def test_challenges_are_counted_from_the_end_of_the_notice() -> None:
    """Shown on a Friday, the notice stands over Monday; seven working days more end on the Wednesday after next."""
    times = AwardTimes(beijing(11, 2), beijing(11, 3), beijing(11, 5), beijing(11, 6))
    found = {one.key: one for one in award_clocks(times, BOOK, CALENDAR, beijing(11, 6))}

    assert notice_ends_on(date(2026, 11, 6), BOOK, CALENDAR) == date(2026, 11, 9)
    assert (found["challenge"].starts_on, found["challenge"].limit_on) == (date(2026, 11, 9), date(2026, 11, 18))


def test_a_notice_is_read_back_as_it_was_written() -> None:
    assert parse_notice(notice_text(NOTICE)) == NOTICE


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "mifeng-result/2"},
        {"rank": "1"},
        {"deemed": 0},
        {"experts": [{"seat": "seat-1", "role": "buyer"}]},
        {"experts": [{"seat": "seat-1", "role": "buyer", "name": 1}]},
        {"documents": [{"name": "招标文件.pdf", "version": True, "sha256": C}]},
        {"documents": "none"},
        {"more": "text"},
        {"bidder": None},
    ],
)
def test_what_is_no_notice_is_not_read(changes: dict[str, object]) -> None:
    said = parse_canonical(notice_text(NOTICE))
    assert isinstance(said, dict)
    changed = {name: value for name, value in {**said, **changes}.items() if value is not None}

    with pytest.raises(ValueError, match="not a result notice"):
        parse_notice(canonical(changed))


def test_other_bytes_are_no_notice() -> None:
    with pytest.raises(ValueError, match="canonical"):
        parse_notice(notice_text(NOTICE) + b"\n")
    with pytest.raises(ValueError, match="not a result notice"):
        parse_notice(b"[]")


def report(**changes: object) -> bytes:
    """Return the canonical text of a report of two bids."""
    valid = {
        "position": 1,
        "bid_ref": A,
        "quote_yuan": "100.00",
        "valid": True,
        "evaluated_yuan": "90.00",
        "technical": "40.5",
        "mean": "50.5",
        "price": "30",
        "total": "80.5",
        "rank": 1,
        "place": 1,
        "decided": "first",
    }
    out = {"position": 2, "bid_ref": B, "quote_yuan": "", "valid": False, "reasons": ["quote-unreadable"]}
    said = {
        "bids": [valid, out],
        "candidates": [A],
        "rejected": {C: ["未响应"]},
        "members": [{"seat": seat, "role": role} for seat, role in MEMBERS],
    }
    return canonical({**said, **changes})


def test_a_report_says_who_stands_where() -> None:
    found = parse_report(report())

    first, second = found.bids
    assert (found.candidates, found.members, dict(found.rejected)) == ((A,), MEMBERS, {C: ("未响应",)})
    assert (first.quote_yuan, first.evaluated_yuan, first.business) == (Decimal(100), Decimal(90), Decimal(10))
    assert (first.total, first.rank, first.place, first.decided) == (Decimal("80.5"), 1, 1, "first")
    assert (second.valid, second.reasons, second.quote_yuan) == (False, ("quote-unreadable",), None)
    assert [one.bid for one in found.ranked] == [A]
    assert (found.bid(B), found.bid(D)) == (second, None)


@pytest.mark.parametrize(
    "changes", [{"bids": [{}]}, {"bids": 1}, {"rejected": []}, {"members": [{"seat": "seat-1"}]}, {"candidates": 1}]
)
def test_what_is_no_report_is_not_read(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a report"):
        parse_report(report(**changes))


def test_a_report_whose_numbers_are_words_is_not_read() -> None:
    with pytest.raises(ValueError, match="not a report"):
        parse_report(report().replace(b'"total":"80.5"', b'"total":"many"'))
