"""Too early, too late, at the wrong step (环节与时限): every act at every stage that does not allow it."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from mifeng.kernel import clock
from mifeng.parties.models import Organisation
from mifeng.rules.calendar import end_of
from mifeng.rules.errors import NotEntitled, Refusal, Unfair, WrongMoment, WrongState
from mifeng.tenders.actions import approve_document, clarify, enter_tender, publish_notice
from tests.actions import acts
from tests.actions.acts import ACTS, REPLY_BY, SOON, actor, document_of
from tests.actions.conftest import Stages
from tests.actions.evidence import refused
from tests.factories import DUE, START, clarification, entry, publishing

STAGES = acts.STAGES
BEFORE_DUE = DUE - timedelta(milliseconds=1)
STEP = "wrong-state"
SEATS = "LY-2022-14 四(一)"

WRONG_STEPS = [
    ("accept_tender", "accepted", STEP, "BN-2023 二(一)"),
    ("accept_tender", "published", STEP, "BN-2023 二(一)"),
    ("accept_tender", "closed", STEP, "BN-2023 二(一)"),
    ("approve_document", "documented", STEP, "GPLR-15"),
    ("approve_document", "published", STEP, "GPLR-15"),
    ("return_document", "documented", STEP, "GPLR-15"),
    ("return_document", "published", STEP, "GPLR-15"),
    ("plan_seats", "entered", STEP, SEATS),
    ("plan_seats", "planned", "session-exists", "our choice (ADR-1)"),
    ("plan_seats", "fixed", "session-exists", "our choice (ADR-1)"),
    ("plan_seats", "published", "session-exists", "our choice (ADR-1)"),
    ("plan_seats", "closed", STEP, SEATS),
    ("replan_seats", "documented", "seats-missing", SEATS),
    ("replan_seats", "fixed", STEP, SEATS),
    ("replan_seats", "published", STEP, SEATS),
    ("replan_seats", "closed", STEP, SEATS),
    ("release_seats", "documented", "seats-missing", SEATS),
    ("release_seats", "published", STEP, SEATS),
    ("release_seats", "closed", STEP, SEATS),
    ("confirm_site", "fixed", STEP, SEATS),
    ("refuse_site", "fixed", STEP, SEATS),
    ("lapse_request", "fixed", STEP, "our choice (ADR-1)"),
    ("publish_notice", "entered", STEP, "GPLR-8"),
    ("publish_notice", "published", STEP, "GPLR-8"),
    ("publish_notice", "closed", STEP, "GPLR-8"),
    ("clarify", "accepted", STEP, "GPLR-31"),
    ("clarify", "fixed", STEP, "GPLR-31"),
    ("clarify", "closed", STEP, "GPLR-31"),
    ("close_bidding", "accepted", STEP, "GPL-35"),
    ("close_bidding", "fixed", STEP, "GPL-35"),
    ("close_bidding", "closed", STEP, "GPL-35"),
]


@pytest.mark.parametrize(("name", "stage", "code", "source"), WRONG_STEPS)
def test_act_at_a_stage_that_does_not_allow_it_is_refused(
    stages: Stages, name: str, stage: str, code: str, source: str
) -> None:
    """No act comes before its time in the procedure, and none twice: the tables decide (R071, R076)."""
    act = ACTS[name]

    with clock.frozen(act.at), refused(WrongState, code) as caught:
        act.do(stages.city, stages[stage], actor(stages.city, act.account))

    assert caught.value.source == source
    assert caught.value.status == 409
    if code == STEP:
        facts = caught.value.facts
        assert sorted(facts) == ["allowed", "state", "step"]
        assert facts["state"] not in facts["allowed"]


LATE = [
    ("confirm_site", "planned", REPLY_BY, "reply-overdue", "our choice (ADR-1)", ("agency",)),
    ("confirm_site", "planned", REPLY_BY + timedelta(days=9), "reply-overdue", "our choice (ADR-1)", ("agency",)),
    ("refuse_site", "planned", REPLY_BY, "reply-overdue", "our choice (ADR-1)", ("agency",)),
    ("draft_document", "published", DUE, "deadline-passed", "GPLR-31", ()),
    ("draft_document", "closed", DUE, "deadline-passed", "GPLR-31", ()),
    ("approve_document", "published", DUE, "deadline-passed", "GPLR-31", ()),
    ("approve_document", "closed", DUE, "deadline-passed", "GPLR-31", ()),
    ("return_document", "published", DUE, "deadline-passed", "GPLR-31", ()),
]


@pytest.mark.parametrize(("name", "stage", "at", "code", "source", "lifters"), LATE)
def test_late_act_is_refused(
    stages: Stages, name: str, stage: str, at: datetime, code: str, source: str, lifters: tuple[str, ...]
) -> None:
    """In time is what comes before the instant; at the instant itself it is too late."""
    with clock.frozen(at), refused(WrongMoment, code) as caught:
        ACTS[name].do(stages.city, stages[stage], actor(stages.city, ACTS[name].account))

    [reason] = caught.value.reasons
    assert (reason.source, reason.lifted_by, reason.until) == (source, lifters, None)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("name", "stage", "at"),
    [
        ("confirm_site", "planned", REPLY_BY - timedelta(milliseconds=1)),
        ("refuse_site", "planned", REPLY_BY - timedelta(milliseconds=1)),
        ("draft_document", "published", BEFORE_DUE),
    ],
)
def test_act_a_millisecond_before_the_instant_is_in_time(stages: Stages, name: str, stage: str, at: datetime) -> None:
    with clock.frozen(at):
        written = ACTS[name].do(stages.city, stages[stage], actor(stages.city, ACTS[name].account))

    assert (written.type, written.at) == (name, at)


@pytest.mark.parametrize(
    ("name", "stage", "at", "until"),
    [
        ("close_bidding", "published", BEFORE_DUE, DUE),
        ("close_bidding", "published", START + timedelta(days=1), DUE),
        ("lapse_request", "planned", REPLY_BY - timedelta(milliseconds=1), REPLY_BY),
    ],
)
def test_clock_that_comes_too_early_is_refused_until_the_instant(
    stages: Stages, name: str, stage: str, at: datetime, until: datetime
) -> None:
    """The platform never closes a tender and never lets a request lapse before the time is over (GPL-35)."""
    with clock.frozen(at), refused(WrongMoment, "too-early") as caught:
        ACTS[name].do(stages.city, stages[stage], actor(stages.city, "clock"))

    [reason] = caught.value.reasons
    assert (reason.until, reason.source) == (until, "our choice (ADR-1)")


BANNED_ON = date(2026, 3, 2)
OF_THE_AGENCY = sorted(name for name in ACTS if ACTS[name].account == "agency-a" and name != "enter_tender")


def ban(stages: Stages, until: date) -> None:
    """Ban the sample agency up to and including a day."""
    Organisation.objects.filter(pk=stages.city["agency-a"].organisation).update(banned_until=until)


@pytest.mark.parametrize("name", OF_THE_AGENCY)
def test_agency_banned_after_entry_is_refused_at_every_act(stages: Stages, name: str) -> None:
    """A banned agency stops at once, also with projects it has already entered (R022, BN-2023 二(四)6)."""
    until = ACTS[name].at.date()
    ban(stages, until)

    with clock.frozen(ACTS[name].at), refused(NotEntitled, "agency-banned") as caught:
        ACTS[name].do(stages.city, stages[ACTS[name].stage], stages.actor("agency-a"))

    [reason] = caught.value.reasons
    assert (reason.source, reason.until, reason.lifted_by) == ("BN-2023 二(四)6", end_of(until), ("supervisor",))


def test_banned_agency_may_not_enter_a_project(stages: Stages) -> None:
    """No new delegation while the ban lasts (R022, BN-2023 二(四)6)."""
    ban(stages, BANNED_ON)

    with clock.frozen(SOON), refused(Unfair, "agency-banned") as caught:
        enter_tender(entry(stages.city), by=stages.actor("agency-a"))

    assert caught.value.reasons[0].until == end_of(BANNED_ON)


def test_ban_ends_with_its_last_day_in_beijing(stages: Stages) -> None:
    """The ban's last day is a day of Beijing (R022)."""
    ban(stages, BANNED_ON)
    over = end_of(BANNED_ON)

    with clock.frozen(over - timedelta(microseconds=1)), refused(Unfair, "agency-banned"):
        enter_tender(entry(stages.city), by=stages.actor("agency-a"))
    with clock.frozen(over):
        written = enter_tender(entry(stages.city), by=stages.actor("agency-a"))

    assert written.type == "enter_tender"


def test_ban_of_the_agency_binds_nobody_else(stages: Stages) -> None:
    """The purchaser may still answer, and the clock still closes: a ban stops the agency alone (R022)."""
    ban(stages, date(2027, 1, 1))

    with clock.frozen(SOON):
        approved = approve_document(document_of(stages["drafted"]), by=stages.actor("buyer"))
    with clock.frozen(DUE):
        closed = ACTS["close_bidding"].do(stages.city, stages["published"], actor(stages.city, "clock"))

    assert (approved.type, closed.type) == ("approve_document", "close_bidding")


@pytest.mark.parametrize(
    ("name", "stage"), [("publish_notice", "fixed"), ("clarify", "published")], ids=["publish", "clarify"]
)
def test_act_prepared_on_an_overtaken_page_is_refused(stages: Stages, name: str, stage: str) -> None:
    tender, by = stages[stage], stages.actor("agency-a")
    old = tender.version - 1

    with clock.frozen(SOON), refused(WrongState, "stale-version") as caught:
        if name == "clarify":
            clarify(tender.pk, clarification(tender, version=old), by=by)
        else:
            publish_notice(tender.pk, publishing(tender, version=old), by=by)

    assert caught.value.facts == {"seen": old, "current": old + 1}
    assert caught.value.source == "our choice (ADR-1)"


def test_entitlement_is_asked_before_anything_else(stages: Stages) -> None:
    """Who has no part in a project learns nothing of its state from a refusal (R076)."""
    stranger: list[type[Refusal]] = []

    for name in ("plan_seats", "replan_seats", "release_seats", "publish_notice", "clarify"):
        for stage in ("entered", "documented", "closed"):
            with clock.frozen(DUE), pytest.raises(Refusal) as caught:
                ACTS[name].do(stages.city, stages[stage], replace(stages.actor("agency-b"), key=""))
            stranger.append(type(caught.value))
            assert caught.value.codes == ("not-your-project",)

    assert set(stranger) == {NotEntitled}
