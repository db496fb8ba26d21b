"""What holds for every act alike (通则): one entry, its jobs, its post, its project; after a refusal, nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.config.reactions import REACTIONS
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.oversight.actions import record_finding
from mifeng.parties.models import Organisation
from mifeng.rules.errors import NotEntitled, Unfair
from mifeng.tenders import actions as tenders
from mifeng.tenders.actions import (
    accept_tender,
    approve_document,
    clarify,
    close_bidding,
    draft_document,
    plan_seats,
    publish_notice,
    release_seats,
    replan_seats,
    return_document,
)
from mifeng.tenders.models import Tender
from mifeng.venues.actions import confirm_site, lapse_request, record_readiness, refuse_site
from tests.actions import acts
from tests.actions.acts import ACTS, POSTS, SOON, actor, elsewhere, kept, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, entries, head, jobs, not_there, read_entry, refused, snapshot, waits
from tests.factories import clarification, plan, publishing

STAGES = acts.STAGES
NAMES = sorted(ACTS)


@pytest.mark.parametrize("name", NAMES)
def test_act_leaves_one_entry_that_says_what_was_done(stages: Stages, name: str) -> None:
    """Every act leaves exactly one entry behind the last one on its matter (R071, NM-2018-67 四(十一))."""
    act, tender = ACTS[name], stages[ACTS[name].stage]
    by, before = actor(stages.city, act.account), entries()

    with clock.frozen(act.at):
        written = act.do(stages.city, tender, by)

    read = read_entry(written.id)
    assert entries() == [*before, written.id]
    assert (written.type, written.subject, written.at) == (read.type, read.stream, read.at)
    assert (read.type, read.actor, read.at) == (name, by.handle, act.at)
    assert (read.body["step"], read.body["role"]) == (name, by.role)
    assert read.stream.partition(":")[0] == act.stream
    assert Counter(read.moves) == Counter(act.moves)
    assert Counter(subject.partition(":")[0] for subject in read.refs) == Counter(act.named)
    assert head(read.stream) == written.leaf.hex()
    assert waits(written.id)


@pytest.mark.parametrize("name", [name for name in NAMES if ACTS[name].stream == "tenders.tender"])
def test_entry_of_a_project_names_the_one_before_it(stages: Stages, name: str) -> None:
    """The chain of a project runs through all acts on it (R071)."""
    act, tender = ACTS[name], stages[ACTS[name].stage]
    before = "" if name == "enter_tender" else head(f"tenders.tender:{tender.pk}")

    with clock.frozen(act.at):
        written = act.do(stages.city, tender, actor(stages.city, act.account))

    assert read_entry(written.id).prev == before
    assert (before == "") == (name == "enter_tender")


@pytest.mark.parametrize("name", NAMES)
def test_act_defers_the_jobs_of_the_table_and_no_others(stages: Stages, name: str) -> None:
    act, before = ACTS[name], len(jobs())

    with clock.frozen(act.at):
        written = act.do(stages.city, stages[act.stage], actor(stages.city, act.account))

    assert jobs()[before:] == [(task.name, {"entry_id": written.id}) for task in REACTIONS.get(name, ())]


@pytest.mark.parametrize("name", NAMES)
def test_same_request_twice_gets_the_entry_of_the_first(stages: Stages, name: str) -> None:
    """A form sent twice is done once and answered with the same entry (our choice (ADR-2))."""
    act, tender = ACTS[name], stages[ACTS[name].stage]
    by = actor(stages.city, act.account).with_key("form-1", b"content")
    with clock.frozen(act.at):
        first = act.do(stages.city, tender, by)
    before = snapshot()

    with clock.frozen(act.at + timedelta(seconds=9)), pytest.raises(Repeated) as again:
        act.do(stages.city, tender, by)

    assert again.value.entry == first.id
    assert changed(before) == {}


@pytest.mark.parametrize("name", NAMES)
def test_same_key_with_other_content_is_refused(stages: Stages, name: str) -> None:
    act, tender = ACTS[name], stages[ACTS[name].stage]
    by = actor(stages.city, act.account).with_key("form-1", b"content")
    with clock.frozen(act.at):
        act.do(stages.city, tender, by)
    before = snapshot()

    with clock.frozen(act.at), pytest.raises(Unfair) as caught:
        act.do(stages.city, tender, replace(by, fingerprint=b"other content"))

    assert caught.value.codes == ("idempotency-mismatch",)
    assert caught.value.source == "our choice (ADR-2)"
    assert changed(before) == {}


def _wrong_posts() -> list[tuple[str, str]]:
    may = {name: {ACTS[name].account, *ACTS[name].others} for name in NAMES}
    found = [(name, post) for name in NAMES for post in POSTS if post not in may[name]]
    return [pair for pair in found if pair != ("accept_tender", "host")]


@pytest.mark.parametrize(("name", "post"), _wrong_posts())
def test_act_of_another_post_is_refused(stages: Stages, name: str, post: str) -> None:
    """Each act belongs to one kind of post; nobody may do another's (R076, NM-2018-67 五(十四))."""
    act, tender = ACTS[name], stages[ACTS[name].stage]
    right = actor(stages.city, act.account).role

    with clock.frozen(act.at), refused(NotEntitled, "wrong-post") as caught:
        act.do(stages.city, tender, actor(stages.city, post))

    [reason] = caught.value.reasons
    assert reason.source == "NM-2018-67 五(十四)"
    assert reason.facts["role"] == actor(stages.city, post).role
    assert right in reason.lifted_by
    assert reason.until is None


@pytest.mark.parametrize(("name", "post"), [(name, post) for name in NAMES for post in ACTS[name].others])
def test_act_on_what_is_another_s_is_refused(stages: Stages, name: str, post: str) -> None:
    """A post of the right kind may not act for another's project or site (R029, R076)."""
    act, tender = ACTS[name], stages[ACTS[name].stage]

    with clock.frozen(act.at), refused(NotEntitled, act.foreign) as caught:
        act.do(stages.city, tender, actor(stages.city, post))

    assert caught.value.source == "NM-2018-67 五(十四)"
    assert caught.value.facts == {}


@pytest.mark.parametrize("name", [name for name in NAMES if ACTS[name].foreign])
def test_post_of_an_unknown_organisation_is_refused(stages: Stages, name: str) -> None:
    act, tender = ACTS[name], stages[ACTS[name].stage]
    stranger = elsewhere(actor(stages.city, act.account))

    with clock.frozen(act.at), refused(NotEntitled, act.foreign):
        act.do(stages.city, tender, stranger)


@pytest.mark.parametrize(("name", "model"), [("enter_tender", Organisation), ("record_finding", Tender)])
def test_post_that_can_see_nothing_finds_nothing(stages: Stages, name: str, model: type) -> None:
    """Whether a project exists is itself a fact: another authority's supervisor is told that there is none (R076)."""
    act, tender = ACTS[name], stages[ACTS[name].stage]

    with clock.frozen(act.at), not_there(model):
        act.do(stages.city, tender, elsewhere(actor(stages.city, act.account)))


ON_AN_ID: dict[str, Callable[[Stages], object]] = {
    "accept_tender": lambda on: accept_tender(uuid4(), by=on.city["host"]),
    "draft_document": lambda on: draft_document(uuid4(), kept(), name="招标文件.pdf", by=on.city["agency-a"]),
    "approve_document": lambda on: approve_document(uuid4(), by=on.city["buyer"]),
    "return_document": lambda on: return_document(uuid4(), remark="缺页", by=on.city["buyer"]),
    "plan_seats": lambda on: plan_seats(uuid4(), plan(on.city), by=on.city["agency-a"]),
    "replan_seats": lambda on: replan_seats(uuid4(), uuid4(), uuid4(), by=on.city["agency-a"]),
    "replan_seats, request": lambda on: replan_seats(
        on["planned"].pk, uuid4(), on.city.sites["磴口县"].pk, by=on.city["agency-a"]
    ),
    "replan_seats, other session": lambda on: replan_seats(
        on["planned"].pk, request_of(on["fixed"]), on.city.sites["磴口县"].pk, by=on.city["agency-a"]
    ),
    "release_seats": lambda on: release_seats(uuid4(), reason="推迟", by=on.city["agency-a"]),
    "confirm_site": lambda on: confirm_site(uuid4(), by=on.city["guest-wuyuan"]),
    "refuse_site": lambda on: refuse_site(uuid4(), reason="检修", by=on.city["guest-wuyuan"]),
    "lapse_request": lambda on: lapse_request(uuid4(), by=CLOCK),
    "record_readiness": lambda on: record_readiness(uuid4(), fault="", by=on.city["guest-wuyuan"]),
    "publish_notice": lambda on: publish_notice(uuid4(), publishing(on["fixed"]), by=on.city["agency-a"]),
    "clarify": lambda on: clarify(uuid4(), clarification(on["published"]), by=on.city["agency-a"]),
    "close_bidding": lambda on: close_bidding(uuid4(), by=CLOCK),
    "record_finding": lambda on: record_finding(uuid4(), kind="observation", text="无", by=on.city["supervisor"]),
}


@pytest.mark.parametrize("name", ON_AN_ID)
def test_act_on_what_does_not_exist_finds_nothing(stages: Stages, name: str) -> None:
    before = snapshot()

    with clock.frozen(SOON), pytest.raises(ObjectDoesNotExist):
        ON_AN_ID[name](stages)

    assert changed(before) == {}


def test_no_act_is_left_out_of_these_tables() -> None:
    exported = {*tenders.__all__, "confirm_site", "refuse_site", "lapse_request", "record_readiness", "record_finding"}
    steps = {name for name in exported if name.islower()}

    assert set(ACTS) == steps
    assert {name.partition(",")[0] for name in ON_AN_ID} == steps - {"enter_tender"}
    assert set(REACTIONS) & steps == steps - {"record_readiness", "record_finding"}
