"""Jobs about draws (抽取任务): what they wait for, whom they ask, and that nothing hangs on a single one."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from django.conf import settings
from procrastinate.jobs import Job

from mifeng.config.reactions import DUE
from mifeng.experts.dispatch import NotSent
from mifeng.experts.models import Draw, Invitation, Pool
from mifeng.experts.queries import draw_counts
from mifeng.kernel import clock
from mifeng.kernel.deadlines import wake
from mifeng.kernel.models import Entry
from mifeng.rules.seal.policy import parse_policy
from mifeng.sittings import tasks
from mifeng.sittings.contributing import NotYet, policy_of
from mifeng.sittings.contributors import reach
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import ANSWERED, GIVEN, POOLED, SEEDED, agree, assembled, draws_of, waiting
from tests.factories import City

STAGES = ("published",)
OUTSIDE = "outside.json"


@pytest.fixture
def tender(stages: Stages) -> Tender:
    """Return a published project."""
    return stages["published"]


@pytest.fixture
def panel(stages: Stages, tender: Tender) -> Panel:
    """Return a panel that has been asked for."""
    return assembled(stages.city, tender)


@pytest.fixture
def parties_outside() -> Iterator[Path]:
    """Lend the file that says who stands outside, and put it back."""
    path = Path(settings.ENV.data) / "keys" / OUTSIDE
    kept = path.read_bytes()
    yield path
    path.write_bytes(kept)


def look() -> None:
    """Let the minute's look go over every draw."""
    tasks.look_after(timestamp=0)


def test_minute_s_look_carries_a_draw_from_request_to_roster(stages: Stages, panel: Panel) -> None:
    """Whatever job was lost with a worker that was killed is made up for."""
    with clock.frozen(POOLED):
        look()
    assert {draw.state for draw in draws_of(panel)} == {"pooled"}
    draws.contributed(panel)
    with clock.frozen(SEEDED):
        look()
    asked = waiting(draws_of(panel))
    assert [one.sent_at for one in asked] == [SEEDED] * 4
    while found := waiting(draws_of(panel)):
        for one in found:
            agree(one)
        with clock.frozen(ANSWERED):
            look()

    panel.refresh_from_db()
    assert panel.state == "assembled"
    before = Entry.objects.count()
    with clock.frozen(ANSWERED):
        look()
    assert Entry.objects.count() == before


def test_draws_of_a_session_that_has_begun_are_left_alone(panel: Panel) -> None:
    starts_at = draws_of(panel)[0].starts_at

    with clock.frozen(starts_at):
        look()

    assert {draw.state for draw in draws_of(panel)} == {"asked"}


def test_silent_contributors_are_asked_again_soon_then_later_then_no_more() -> None:
    def decide(error: Exception, attempts: int) -> int | None:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="ask", attempts=attempts)
        decision = tasks.PATIENT.get_retry_decision(exception=error, job=job)
        return round((decision.retry_at - clock.now()).total_seconds()) if decision else None

    assert decide(NotYet(""), 1) in (0, 1)
    assert decide(NotSent(""), 119) in (0, 1)
    assert decide(NotYet(""), 120) in (14, 15)
    assert decide(NotYet(""), 600) is None
    assert decide(ValueError(), 1) in (1, 2, 3, 4)


def test_contributors_are_reached_where_the_installation_says_and_nowhere_else(
    tender: Tender, parties_outside: Path
) -> None:
    policy = policy_of(tender)
    ways = reach(policy)
    receipt = "no receipt is needed to be unreachable"

    assert [way.key() for way in ways] == list(parse_policy(policy).contributors)
    with pytest.raises(ValueError, match="receipt"):
        ways[0].contribute(policy, receipt, receipt, bytes(32))
    named = json.loads(parties_outside.read_text())
    parties_outside.write_text(json.dumps({**named, "contributors": []}))
    assert "nobody says where" in unreachable(tender)
    parties_outside.unlink()
    assert "no parties outside" in unreachable(tender)


def unreachable(tender: Tender) -> str:
    """Return why the first contributor of a project cannot be asked."""
    way = reach(policy_of(tender))[0]
    with pytest.raises(FileNotFoundError) as caught:
        way._address()  # type: ignore[attr-defined]
    return str(caught.value)


def test_job_without_proof_waits(panel: Panel) -> None:
    draws.pooled(panel)
    entry = Entry.objects.filter(type="commit_pool").order_by("pk")[0]

    with pytest.raises(NotYet):
        tasks.ask_contributors(entry_id=entry.pk)


def test_worker_wakes_what_is_due_in_a_draw(stages: Stages, panel: Panel) -> None:
    draws.pooled(panel)
    with clock.frozen(POOLED + timedelta(hours=1)):
        wake(DUE)

    assert {draw.state for draw in draws_of(panel)} == {"aborted"}
    assert [draw.silent for draw in draws_of(panel)] == [["witness", "witness-2", "witness-3"]] * 3


def test_keeper_sees_draws_as_counts_and_nobody_else_does(stages: Stages, panel: Panel) -> None:
    city: City = stages.city
    draws.pooled(panel)

    with clock.frozen(GIVEN):
        rows = draw_counts(city["librarian"])
        assert draw_counts(city["supervisor"]) == []
    assert {row.draw for row in rows} == {draw.pk for draw in draws_of(panel)}
    assert not any(row.reasons for row in rows)
    with clock.frozen(draws_of(panel)[0].ends_at):
        assert draw_counts(city["librarian"]) == []


def test_experts_are_told_by_the_job_of_the_move(stages: Stages, panel: Panel) -> None:
    draws.seeded(panel)
    draws.walk(panel)
    with clock.frozen(ANSWERED):
        tasks.send(Invitation.objects.filter(draw__in=draws_of(panel)))
        before = len(list(tasks.sms().messages()))
        Draw.objects.filter(pk=draws_of(panel)[0].pk).update(code_name="K-00K")
    entry = Entry.objects.filter(type="assemble_panel")[0]

    tasks.tell_experts_moved(entry_id=entry.pk)
    tasks.tell_experts_moved(entry_id=entry.pk)

    assert len(list(tasks.sms().messages())) == before + 4


def test_damaged_draw_does_not_hold_up_those_behind_it(stages: Stages, panel: Panel) -> None:
    """The first of three draws cannot be read any more: the others are walked, and the job counts as failed."""
    with clock.frozen(POOLED):
        look()
    draws.contributed(panel)
    damaged = Pool.objects.filter(draw__in=draws_of(panel)).order_by("draw").first()
    assert damaged is not None
    Pool.objects.filter(pk=damaged.pk).update(sealed=bytes(64))

    with clock.frozen(SEEDED), pytest.raises(InvalidTag):
        look()

    walked = {one.draw_id for one in waiting(draws_of(panel))}
    assert walked == {one.pk for one in draws_of(panel)} - {damaged.pk}
