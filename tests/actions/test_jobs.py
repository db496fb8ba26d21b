"""What follows an act (后续事项): jobs are deferred in the act's own transaction, and may run twice without harm."""

from datetime import timedelta

import pytest
from procrastinate.tasks import Task

from mifeng.config.reactions import REACTIONS
from mifeng.kernel import clock, inbox
from mifeng.kernel.models import EntryBody, Message
from mifeng.parties.models import Post
from mifeng.parties.queries import handles
from tests.actions.acts import ACTS, actor, request_of
from tests.actions.conftest import Stages
from tests.actions.evidence import changed, snapshot
from tests.actions.seating import fill
from tests.factories import START, session_of

STAGES = ("entered", "drafted", "documented", "planned", "fixed", "published")
AGENCY, BUYER, SUPERVISOR = "agency-a", "buyer", "supervisor"
# Every site has two officers, and both are told.
HOSTS = {"host", "host-2"}
HANGJIN, WUYUAN, DENGKOU = ({f"guest-{name}", f"guest-{name}-2"} for name in ("hangjin", "wuyuan", "dengkou"))

# act → kind of line → accounts that get it
RECIPIENTS: dict[str, dict[str, set[str]]] = {
    "enter_tender": {"enter_tender": {*HOSTS, BUYER, SUPERVISOR}},
    "accept_tender": {"accept_tender": {AGENCY}},
    "draft_document": {"draft_document": {BUYER, SUPERVISOR}},
    "approve_document": {"approve_document": {AGENCY}},
    "return_document": {"return_document": {AGENCY}},
    "plan_seats": {"seats-asked": HOSTS | HANGJIN | WUYUAN},
    "replan_seats": {"seats-asked": DENGKOU, "seats-released": WUYUAN},
    "release_seats": {"seats-released": HOSTS | HANGJIN | WUYUAN},
    "confirm_site": {"confirm_site": {AGENCY}},
    "refuse_site": {"refuse_site": {AGENCY}},
    "lapse_request": {"lapse_request": {AGENCY}},
    "publish_notice": {"publish_notice": {BUYER, SUPERVISOR}},
    "clarify": {"clarify": {BUYER, SUPERVISOR}, "seats-asked": HOSTS | HANGJIN | WUYUAN},
    "close_bidding": {"close_bidding": {AGENCY, BUYER, SUPERVISOR}},
}


def carry_out(stages: Stages, name: str) -> int:
    """Carry out an act and its jobs, each twice, and return the id of its entry."""
    act = ACTS[name]
    with clock.frozen(act.at):
        written = act.do(stages.city, stages[act.stage], actor(stages.city, act.account))
        for task in tellers(name) * 2:
            task(entry_id=written.id)
    return written.id


def tellers(name: str) -> "list[Task[..., object, ...]]":
    """Return the jobs of an act that tell somebody; what asks trustees or witnesses has tests of its own."""
    return [task for task in REACTIONS.get(name, ()) if task.name.partition(".")[2].startswith("tell_")]


def told(entry: int) -> dict[str, set[str]]:
    """Return kind → accounts that were told of an entry."""
    accounts = dict(Post.objects.values_list("handle", "person__account"))
    found: dict[str, set[str]] = {}
    for kind, handle in Message.objects.filter(entry=entry).values_list("kind", "recipient"):
        found.setdefault(kind, set()).add(accounts[handle])
    return found


@pytest.mark.parametrize("name", sorted(RECIPIENTS))
def test_posts_that_should_know_are_told_once_and_nobody_else(stages: Stages, name: str) -> None:
    """Each act reaches the inboxes of those whose turn it is, and no other post (R076)."""
    pk = carry_out(stages, name)

    assert told(pk) == RECIPIENTS[name]
    assert Message.objects.filter(entry=pk).count() == sum(len(posts) for posts in RECIPIENTS[name].values())


def test_every_reaction_is_tried() -> None:
    assert set(RECIPIENTS) == {name for name in set(ACTS) & set(REACTIONS) if tellers(name)}


@pytest.mark.parametrize("name", ["plan_seats", "replan_seats", "release_seats", "clarify"])
def test_line_of_a_site_says_nothing_of_the_project(stages: Stages, name: str) -> None:
    """A guest learns that seats are asked for; name, number and id of the project are not in its line."""
    pk = carry_out(stages, name)
    tender = stages[ACTS[name].stage]

    lines = Message.objects.filter(entry=pk, kind__startswith="seats-")
    said = " ".join(f"{line.subject} {line.facts}" for line in lines)
    assert {line.subject.partition(":")[0] for line in lines} == {"venues.siterequest"}
    assert [line.facts for line in lines] == [{}] * lines.count()
    assert [word in said for word in (tender.name, tender.number, str(tender.pk))] == [False, False, False]


def test_line_of_a_party_names_the_project(stages: Stages) -> None:
    pk, tender = carry_out(stages, "publish_notice"), stages["fixed"]

    [facts] = {tuple(sorted(line.facts.items())) for line in Message.objects.filter(entry=pk)}
    assert facts == (("name", tender.name), ("number", tender.number))


def test_site_that_was_displaced_is_told_that_its_seats_are_free(stages: Stages) -> None:
    """Whoever loses seats by a postponement learns it, and is not asked again in the same breath."""
    tender = stages["published"]
    request, session = request_of(tender), session_of(tender)
    fill(stages, session.starts_at + timedelta(days=7), session.ends_at + timedelta(days=7))

    with clock.frozen(ACTS["clarify"].at):
        written = ACTS["clarify"].do(stages.city, tender, stages.actor(AGENCY))
    for task in tellers("clarify"):
        task(entry_id=written.id)

    assert told(written.id)["seats-released"] == WUYUAN
    assert told(written.id)["seats-asked"] == HOSTS | HANGJIN
    assert (
        Message.objects.get(
            entry=written.id, kind="seats-released", recipient=stages.actor("guest-wuyuan").handle
        ).subject
        == f"venues.siterequest:{request}"
    )


def test_job_whose_body_was_erased_does_nothing(stages: Stages) -> None:
    act = ACTS["release_seats"]
    with clock.frozen(act.at):
        written = act.do(stages.city, stages[act.stage], stages.actor(AGENCY))
    EntryBody.objects.filter(pk=written.id).delete()
    before = snapshot()

    for task in REACTIONS["release_seats"]:
        task(entry_id=written.id)

    assert changed(before) == {}


def test_post_that_has_ended_is_not_told(stages: Stages) -> None:
    Post.objects.filter(person__account="buyer").update(active=False)

    pk = carry_out(stages, "publish_notice")

    assert told(pk) == {"publish_notice": {SUPERVISOR}}


def test_inbox_shows_own_lines_newest_first_and_marks_them_read(stages: Stages) -> None:
    first, second = carry_out(stages, "enter_tender"), carry_out(stages, "publish_notice")
    buyer, other = stages.actor(BUYER), stages.actor("buyer-2")
    later = START + timedelta(days=40)
    Message.objects.filter(entry=second).update(at=later)

    lines = list(inbox.lines(buyer))

    assert [line.entry_id for line in lines] == [second, first]
    assert (inbox.unread(buyer), inbox.unread(other), list(inbox.lines(other))) == (2, 0, [])
    with clock.frozen(later):
        inbox.mark_read(other, str(lines[0].pk))
        assert inbox.unread(buyer) == 2
        inbox.mark_read(buyer, str(lines[0].pk))
    assert [line.read_at for line in inbox.lines(buyer)] == [later, None]
    with clock.frozen(later + timedelta(hours=1)):
        inbox.mark_all_read(buyer, later)
    assert [line.read_at for line in inbox.lines(buyer)] == [later, later + timedelta(hours=1)]


def test_line_that_came_after_the_look_stays_unread(stages: Stages) -> None:
    carry_out(stages, "enter_tender")
    buyer = stages.actor(BUYER)

    inbox.mark_all_read(buyer, START - timedelta(days=1))

    assert inbox.unread(buyer) == 1


def test_handles_are_given_by_organisation_or_site_and_never_all(stages: Stages) -> None:
    city = stages.city
    centre = city.organisations["杭锦后旗公共资源交易中心"]

    assert handles() == []
    assert handles(role="guest") == []
    assert handles(organisation=centre.pk) == sorted(city[name].handle for name in HANGJIN)
    assert handles(organisation=centre.pk, role="host") == []
    assert handles(site=str(city.sites["市中心"].pk), role="host") == sorted(city[name].handle for name in HOSTS)
