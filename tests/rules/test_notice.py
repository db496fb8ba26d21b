"""Notice and clarification. LY-2022-14 四(一), NM-2018-67 二(四), GPL-35, GPLR-31, GPLR-15."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from mifeng.rules.deadlines import TenderTimes, tender_clocks
from mifeng.rules.errors import Unfair, WrongMoment
from mifeng.rules.notice import (
    Clarification,
    Publication,
    SiteAnswer,
    check_clarification,
    check_publication,
)
from tests.rules.books import BOOK, CALENDAR, beijing

REPLY_BY = beijing(10, 29, 16, 0)
HOST = SiteAnswer("市中心", "host", 3, "confirmed")
WUYUAN = SiteAnswer("五原县", "guest", 1, "confirmed")
HANGHOU = SiteAnswer("杭锦后旗", "guest", 1, "confirmed")


def publication(**changes: Any) -> Publication:
    """A notice that may go out: three sites confirmed, document approved, 5 working days and 20 days given exactly."""
    lawful: dict[str, Any] = {
        "issued_on": date(2026, 10, 28),
        "supply_until": date(2026, 11, 4),
        "bids_due_at": beijing(11, 17),
        "has_supervisor": True,
        "document": "approved",
        "remote": True,
        "sites": (HOST, WUYUAN, HANGHOU),
        "session_starts_at": beijing(11, 17),
    }
    return Publication(**lawful | changes)


def waiting(name: str, role: str, state: str) -> SiteAnswer:
    return SiteAnswer(name, role, 1, state, reply_by=REPLY_BY)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"document": "issued"},  # a second notice of the same document
        {"remote": False, "sites": (), "session_starts_at": None},  # evaluated at one site: no plan needed
        {"session_starts_at": None},
        {
            "sites": (),
            "departure_reason": "副场设备更新，场地已书面同意",
        },  # R135: "in principle", with a reason on record
        {"sites": (waiting("五原县", "guest", "requested"),), "departure_reason": "抗震救灾物资"},
    ],
)
def test_a_lawful_notice_goes_out(changes: dict[str, Any]) -> None:
    check_publication(publication(**changes), BOOK, CALENDAR)


@pytest.mark.parametrize(
    ("changes", "code", "source", "lifted_by"),
    [
        ({"has_supervisor": False}, "supervisor-missing", "NM-2018-67 二(四)", ("supervisor",)),  # R043
        ({"document": None}, "document-missing", "GPLR-31", ("agency",)),
        ({"document": "superseded"}, "document-missing", "GPLR-31", ("agency",)),
        ({"document": "drafted"}, "document-unapproved", "GPLR-15", ("buyer",)),
        ({"document": "returned"}, "document-unapproved", "GPLR-15", ("buyer",)),
        ({"sites": ()}, "seats-missing", "LY-2022-14 四(一)", ("agency",)),  # R135
        ({"sites": (), "departure_reason": " "}, "seats-missing", "LY-2022-14 四(一)", ("agency",)),
        ({"supply_until": date(2026, 11, 3)}, "supply-period-short", "GPLR-31", ("agency",)),
        ({"bids_due_at": beijing(11, 16)}, "bid-period-short", "GPL-35", ("agency",)),
        ({"session_starts_at": beijing(11, 17, 9, 29)}, "session-before-deadline", "our choice (ADR-1)", ("agency",)),
    ],
)
def test_an_unlawful_notice_is_refused_with_its_clause(
    changes: dict[str, Any], code: str, source: str, lifted_by: tuple[str, ...]
) -> None:
    with pytest.raises(Unfair) as refusal:
        check_publication(publication(**changes), BOOK, CALENDAR)

    [reason] = refusal.value.reasons
    assert (reason.code, reason.source, reason.lifted_by) == (code, source, lifted_by)


def test_each_site_that_has_not_answered_is_one_reason_until_its_reply_is_due() -> None:
    """R135 R139: sites confirm before the notice; who can lift it and until when stands beside each site."""
    sites = (waiting("市中心", "host", "requested"), WUYUAN, waiting("杭锦后旗", "guest", "requested"))

    with pytest.raises(Unfair) as refusal:
        check_publication(publication(sites=sites), BOOK, CALENDAR)

    assert [(one.code, one.facts["site"], one.until, one.lifted_by) for one in refusal.value.reasons] == [
        ("seats-pending", "市中心", REPLY_BY, ("host",)),
        ("seats-pending", "杭锦后旗", REPLY_BY, ("guest",)),
    ]


@pytest.mark.parametrize("state", ["refused", "lapsed", "displaced", "released"])
def test_a_site_that_will_not_come_must_be_replaced_by_the_agency(state: str) -> None:
    with pytest.raises(Unfair) as refusal:
        check_publication(publication(sites=(HOST, WUYUAN, waiting("杭锦后旗", "guest", state))), BOOK, CALENDAR)

    [reason] = refusal.value.reasons
    assert (reason.code, reason.until, reason.lifted_by) == ("seats-missing", None, ("agency",))
    assert reason.facts == {"site": "杭锦后旗", "role": "guest", "seats": 1, "state": state}


def test_a_short_period_shows_what_was_given_and_the_earliest_day() -> None:
    with pytest.raises(Unfair) as refusal:
        check_publication(publication(bids_due_at=beijing(10, 7)), BOOK, CALENDAR)

    assert refusal.value.facts == {
        "issued_on": "2026-10-28",
        "days_given": 0,
        "days_required": 20,
        "earliest_on": "2026-11-17",
        "provisional": False,
    }


def short(key: str, facts: TenderTimes) -> bool:
    """Whether the page's own clock of a period is red."""
    [clock] = [one for one in tender_clocks(facts, BOOK, CALENDAR, beijing(10, 28)) if one.key == key]
    return clock.state == "short"


@pytest.mark.parametrize("due_at", [beijing(11, 17, 0, 1), beijing(11, 18, 0, 0)])
def test_a_deadline_at_midnight_closes_the_day_before(due_at: datetime) -> None:
    """GPL-35: twenty days end with the twentieth; what the rule lets pass no clock of the page calls short."""
    midnight = beijing(11, 17, 0, 0)

    check_publication(publication(bids_due_at=due_at, session_starts_at=None), BOOK, CALENDAR)
    with pytest.raises(Unfair) as refusal:
        check_publication(publication(bids_due_at=midnight, session_starts_at=None), BOOK, CALENDAR)

    assert (refusal.value.codes, refusal.value.facts["days_given"]) == (("bid-period-short",), 19)
    issued = TenderTimes(issued_on=date(2026, 10, 28))
    assert [short("bid-period", replace(issued, bids_due_at=at)) for at in (midnight, due_at)] == [True, False]


def test_an_unpublished_year_never_refuses_but_shows_in_the_facts() -> None:
    late = publication(
        issued_on=date(2026, 12, 20),
        supply_until=date(2026, 12, 25),
        bids_due_at=beijing(1, 11, year=2027),
        session_starts_at=None,
    )
    check_publication(late, BOOK, CALENDAR)

    with pytest.raises(Unfair) as refusal:
        check_publication(
            publication(
                issued_on=date(2026, 12, 20),
                supply_until=date(2026, 12, 25),
                bids_due_at=beijing(1, 8, year=2027),
                session_starts_at=None,
            ),
            BOOK,
            CALENDAR,
        )

    assert (refusal.value.facts["earliest_on"], refusal.value.facts["provisional"]) == ("2027-01-11", True)


def test_all_reasons_come_at_once() -> None:
    worst = publication(
        has_supervisor=False,
        document="drafted",
        sites=(waiting("市中心", "host", "requested"), waiting("五原县", "guest", "refused")),
        supply_until=date(2026, 10, 28),
        bids_due_at=beijing(11, 2),
        session_starts_at=beijing(11, 1),
    )

    with pytest.raises(Unfair) as refusal:
        check_publication(worst, BOOK, CALENDAR)

    assert refusal.value.codes == (
        "supervisor-missing",
        "document-unapproved",
        "seats-pending",
        "seats-missing",
        "supply-period-short",
        "bid-period-short",
        "session-before-deadline",
    )


def clarification(**changes: Any) -> Clarification:
    """A clarification that may affect bids and comes in time, so that the deadline stays."""
    lawful: dict[str, Any] = {"at": beijing(11, 5), "bids_due_at": beijing(11, 20), "affects_bids": True}
    return Clarification(**lawful | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"new_due_at": beijing(11, 20)},  # the same deadline said once more
        {"new_due_at": beijing(11, 27), "reason": "应投标人要求延长"},
        {"at": beijing(11, 10), "new_due_at": beijing(11, 25), "reason": "技术参数更正"},
        {"at": beijing(11, 10), "affects_bids": False, "reason": "仅更正联系电话"},
        {"at": beijing(11, 5), "affects_bids": False},  # in time: nothing to judge
        {"at": beijing(11, 20, 9, 29), "affects_bids": False, "reason": "开标室变更"},
    ],
)
def test_a_lawful_clarification_goes_out(changes: dict[str, Any]) -> None:
    check_clarification(clarification(**changes), BOOK, CALENDAR)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"new_due_at": beijing(11, 19), "reason": "提前"}, ("deadline-earlier", "clarification-late")),
        ({"at": beijing(11, 1), "new_due_at": beijing(11, 19), "reason": "提前"}, ("deadline-earlier",)),
        ({"at": beijing(11, 6), "reason": "参数"}, ("clarification-late",)),
        ({"at": beijing(11, 10), "new_due_at": beijing(11, 24), "reason": "参数"}, ("clarification-late",)),
        ({"new_due_at": beijing(11, 27)}, ("reason-required",)),
        ({"at": beijing(11, 10), "affects_bids": False, "reason": " "}, ("reason-required",)),
    ],
)
def test_an_unlawful_clarification_is_refused(changes: dict[str, Any], codes: tuple[str, ...]) -> None:
    with pytest.raises(Unfair) as refusal:
        check_clarification(clarification(**changes), BOOK, CALENDAR)

    assert refusal.value.codes == codes


@pytest.mark.parametrize("at", [beijing(11, 20), beijing(11, 20, 9, 31)])
def test_a_clarification_at_or_after_the_deadline_is_too_late(at: datetime) -> None:
    with pytest.raises(WrongMoment) as refusal:
        check_clarification(clarification(at=at), BOOK, CALENDAR)

    assert refusal.value.codes == ("deadline-passed", "clarification-late")
    assert refusal.value.facts == {"bids_due_at": "2026-11-20T09:30+08:00"}


def test_a_late_clarification_shows_the_earliest_lawful_deadline() -> None:
    """Fifteen days after 18 September lie inside National Day, so the first lawful day is 8 October."""
    late = clarification(at=beijing(9, 18), bids_due_at=beijing(9, 28), reason="参数")

    with pytest.raises(Unfair) as refusal:
        check_clarification(late, BOOK, CALENDAR)

    assert refusal.value.facts == {
        "clarified_on": "2026-09-18",
        "days_given": 10,
        "days_required": 15,
        "earliest": "2026-10-08T09:30+08:00",
    }


def test_a_deadline_moved_to_midnight_leaves_fifteen_whole_days() -> None:
    """GPLR-31: the rule counts as the page's own clock does, and what it names as the earliest is lawful."""
    at, early, lawful = beijing(11, 10), beijing(11, 25, 0, 0), beijing(11, 26, 0, 0)
    moved = clarification(at=at, bids_due_at=beijing(11, 20, 0, 0), new_due_at=early, reason="参数")

    with pytest.raises(Unfair) as refusal:
        check_clarification(moved, BOOK, CALENDAR)
    check_clarification(replace(moved, new_due_at=lawful), BOOK, CALENDAR)

    assert refusal.value.codes == ("clarification-late",)
    assert (refusal.value.facts["days_given"], refusal.value.facts["earliest"]) == (14, "2026-11-26T00:00+08:00")
    clarified = TenderTimes(last_clarified_at=at)
    assert [short("clarification", replace(clarified, bids_due_at=due)) for due in (early, lawful)] == [True, False]
