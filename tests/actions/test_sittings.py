"""The panel of a project (评审委员会): one draw per site, told by nobody's name, checked again after the opening."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.bidding.models import Bid, Unsealed
from mifeng.config.reactions import DUE, REACTIONS
from mifeng.experts.dispatch import NotSent, dispatch, tell_moved
from mifeng.experts.models import Expert, Invitation
from mifeng.experts.pools import personal_of
from mifeng.gateways.sms.files import FileSms
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Entry, Message
from mifeng.rules.calendar import BEIJING
from mifeng.rules.errors import NotEntitled, Unfair, WrongMoment, WrongState
from mifeng.sittings import tasks
from mifeng.sittings.actions import assemble_panel, complete_panel, move_panel, recheck_avoidance, widen_panel
from mifeng.sittings.models import Panel, PanelSite
from mifeng.sittings.queries import draw_obstacles, draw_public, draws_for
from mifeng.tenders.actions import clarify
from mifeng.tenders.models import Lot, Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import ANSWERED, ASKED, GIVEN, assembled, draw_at, draws_of, person, waiting, walk
from tests.actions.evidence import jobs, read_entry, refused
from tests.factories import START, clarification, fresh, lot_of, session_of

STAGES = ("planned", "fixed", "published", "closed")
NOW = ANSWERED + timedelta(minutes=1)


@pytest.fixture
def tender(stages: Stages) -> Tender:
    """Return a published project."""
    return stages["published"]


def test_one_draw_per_site_for_as_many_experts_as_seats_there(stages: Stages, tender: Tender) -> None:
    """The purchaser's representative is a seat, not drawn (LY-2022-14 四(二), R131, R141)."""
    with clock.frozen(ASKED):
        written = assemble_panel(tender.pk, by=stages.city["agency-a"])

    panel = Panel.objects.get(tender=tender)
    read = read_entry(written.id)
    seats = {row.site: (row.draw.seats, row.buyer_seats) for row in PanelSite.objects.filter(panel=panel)}
    assert seats == {
        stages.city.sites["市中心"].pk: (2, 1),
        stages.city.sites["杭锦后旗"].pk: (1, 0),
        stages.city.sites["五原县"].pk: (1, 0),
    }
    assert read.stream == f"sittings.panel:{panel.pk}"
    assert read.moves == [
        "sittings.panel assemble:  → assembling",
        *["experts.draw request_draw:  → asked"] * 3,
    ]
    assert f"tenders.tender:{tender.pk}" in read.refs
    assert {draw.handle for draw in draws_of(panel)} == {row["handle"] for row in tender.draw_handles}
    assert jobs()[-1] == ("sittings.commit_pools", {"entry_id": written.id})


def test_draw_asked_for_after_the_deadline_is_lawful_too(stages: Stages) -> None:
    assembled(stages.city, stages["closed"])

    assert Panel.objects.get(tender=stages["closed"]).state == "assembling"


@pytest.mark.parametrize(("stage", "code"), [("planned", "wrong-state"), ("fixed", "wrong-state")])
def test_draw_before_the_notice_is_refused(stages: Stages, stage: str, code: str) -> None:
    """The notice lists the handle without which no witness contributes."""
    with clock.frozen(ASKED), refused(WrongState, code) as caught:
        assemble_panel(stages[stage].pk, by=stages.city["agency-a"])

    assert caught.value.source == "LY-2022-14 四(一)"


def test_draw_is_refused_while_a_site_has_not_confirmed(stages: Stages, tender: Tender) -> None:
    with clock.frozen(START + timedelta(days=2)):
        clarify(tender.pk, clarification(tender), by=stages.city["agency-a"])

    with clock.frozen(START + timedelta(days=3)), refused(WrongState, *["seats-pending"] * 3):
        assemble_panel(tender.pk, by=stages.city["agency-a"])


def test_draw_after_the_session_has_begun_is_refused(stages: Stages, tender: Tender) -> None:
    with clock.frozen(session_of(tender).starts_at), refused(WrongMoment, "session-begun"):
        assemble_panel(tender.pk, by=stages.city["agency-a"])


def test_draw_for_a_site_that_the_notice_does_not_list_is_refused(stages: Stages, tender: Tender) -> None:
    tender.draw_handles = tender.draw_handles[1:]
    tender.save()

    with clock.frozen(ASKED), refused(WrongState, "draw-unlisted"):
        assemble_panel(tender.pk, by=stages.city["agency-a"])


def test_second_panel_is_refused(stages: Stages, tender: Tender) -> None:
    """A draw cannot be repeated until it pleases."""
    assembled(stages.city, tender)

    with clock.frozen(NOW), refused(WrongState, "panel-exists"):
        assemble_panel(tender.pk, by=stages.city["agency-a"])


@pytest.mark.parametrize(("word", "code"), [("A080101", "class-small"), ("desk", "malformed")])
def test_class_that_may_not_be_drawn_from_is_refused(stages: Stages, tender: Tender, word: str, code: str) -> None:
    """Classes one and two only (R097)."""
    with clock.frozen(ASKED), refused(Unfair, code):
        assemble_panel(tender.pk, speciality=word, by=stages.city["agency-a"])


@pytest.mark.parametrize("account", ["buyer", "host", "guest-wuyuan", "supervisor", "librarian", "bidder-1", "clock"])
def test_panel_is_asked_for_by_the_agency_alone(stages: Stages, tender: Tender, account: str) -> None:
    by = CLOCK if account == "clock" else stages.city[account]

    with clock.frozen(ASKED), refused(NotEntitled, "wrong-post"):
        assemble_panel(tender.pk, by=by)


def test_panel_of_another_s_project_is_refused(stages: Stages, tender: Tender) -> None:
    with clock.frozen(ASKED), refused(NotEntitled, "not-your-project"):
        assemble_panel(tender.pk, by=stages.city["agency-b"])
    with clock.frozen(ASKED), pytest.raises(ObjectDoesNotExist):
        assemble_panel(uuid4(), by=stages.city["agency-a"])


def test_same_request_twice_gets_the_entry_of_the_first(stages: Stages, tender: Tender) -> None:
    by = stages.city["agency-a"].with_key("form-1", b"content")
    with clock.frozen(ASKED):
        first = assemble_panel(tender.pk, by=by)

    with clock.frozen(NOW), pytest.raises(Repeated) as again:
        assemble_panel(tender.pk, by=by)

    assert again.value.entry == first.id


def test_page_knows_every_obstacle_before_it_is_asked(stages: Stages, tender: Tender) -> None:
    by = stages.city["agency-a"]

    assert draw_obstacles(by, tender, ASKED) == []
    assert [one.code for one in draw_obstacles(by, tender, ASKED, speciality="A080101")] == ["class-small"]
    assert [one.code for one in draw_obstacles(by, stages["planned"], ASKED)] == ["wrong-state", *["seats-pending"] * 3]
    assembled(stages.city, tender)
    assert [one.code for one in draw_obstacles(by, tender, ASKED)] == ["panel-exists"]
    assert [one.code for one in draw_obstacles(stages.city["buyer"], tender, ASKED)] == ["wrong-post", "panel-exists"]


def test_too_small_a_class_is_widened_by_the_agency(stages: Stages, tender: Tender) -> None:
    """Draws widen when the pool is small (R097)."""
    Expert.objects.filter(specialities__0__startswith="C").update(trained=False)
    panel = assembled(stages.city, tender, speciality="C0401")
    draws.pooled(panel)
    assert {draw.state for draw in draws_of(panel)} == {"small"}
    [line] = {
        (one.state, one.seats, one.filled) for one in draws_for(stages.city["agency-a"], tender) if one.seats == 2
    }
    assert line == ("small", 2, 0)

    with clock.frozen(NOW):
        written = widen_panel(tender.pk, speciality="A08", by=stages.city["agency-a"])
    tasks.commit_pools(entry_id=written.id)

    assert read_entry(written.id).moves == ["sittings.panel widen", *["experts.draw ask_wider: small → asked"] * 3]


def test_nothing_is_widened_that_is_not_small(stages: Stages, tender: Tender) -> None:
    panel = assembled(stages.city, tender)

    with clock.frozen(NOW), refused(WrongState, "wrong-state"):
        widen_panel(tender.pk, speciality="A08", by=stages.city["agency-a"])
    with clock.frozen(NOW), refused(NotEntitled, "wrong-post"):
        widen_panel(tender.pk, speciality="A08", by=stages.city["buyer"])
    assert panel.state == "assembling"


def test_jobs_lead_from_the_request_to_the_sealed_rosters(stages: Stages, tender: Tender) -> None:
    """Every step follows from the entry before it; a job done again changes nothing."""
    with clock.frozen(ASKED):
        written = assemble_panel(tender.pk, by=stages.city["agency-a"])
        tasks.commit_pools(entry_id=written.id)
        tasks.commit_pools(entry_id=written.id)
    panel = Panel.objects.get(tender=tender)
    draws.contributed(panel)
    given = [entry.pk for entry in Entry.objects.filter(type="record_contributions")]
    with clock.frozen(GIVEN):
        for entry in given:
            tasks.fix_seeds(entry_id=entry)
            tasks.fix_seeds(entry_id=entry)
        for entry in list(Entry.objects.filter(type="fix_seed").values_list("pk", flat=True)):
            tasks.walk_on(entry_id=entry)
            tasks.walk_on(entry_id=entry)
        for entry in list(Entry.objects.filter(type="invite").values_list("pk", flat=True)):
            tasks.dispatch_invitations(entry_id=entry)
            tasks.dispatch_invitations(entry_id=entry)
    asked = waiting(draws_of(panel))
    assert len(asked) == 4
    assert all(one.sent_at == GIVEN for one in asked)

    while found := waiting(draws_of(panel)):
        for one in found:
            answer = draws.agree(one)
            with clock.frozen(ANSWERED):
                tasks.walk_on(entry_id=answer.id)
    with clock.frozen(NOW):
        for entry in list(Entry.objects.filter(type="seal_roster").values_list("pk", flat=True)):
            tasks.complete_panels(entry_id=entry)

    panel.refresh_from_db()
    assert {draw.state for draw in draws_of(panel)} == {"rostered"}
    assert panel.state == "assembled"
    assert [entry.type for entry in Entry.objects.filter(type="complete_panel")] == ["complete_panel"]
    assert {(one.filled, one.pending) for one in draws_for(stages.city["agency-a"], tender)} == {(2, 0), (1, 0)}


def test_agency_and_supervisor_are_told_how_it_went_and_no_name(stages: Stages, panel: Panel) -> None:
    draws.filled(panel)
    with clock.frozen(NOW):
        written = complete_panel(panel.pk, by=CLOCK)

    tasks.tell_progress(entry_id=written.id)

    lines = Message.objects.filter(kind="panel-complete")
    told = {stages.city["agency-a"].handle, stages.city["supervisor"].handle}
    assert {line.recipient for line in lines} == told
    assert {tuple(sorted(line.facts)) for line in lines} == {("name", "number")}


def test_panel_is_not_complete_while_a_roster_is_open(stages: Stages, panel: Panel) -> None:

    with refused(WrongState, "wrong-state"):
        complete_panel(panel.pk, by=CLOCK)
    with refused(NotEntitled, "wrong-post"):
        complete_panel(panel.pk, by=stages.city["agency-a"])


def test_panel_follows_a_session_that_moves_and_its_experts_are_told(
    stages: Stages, panel: Panel, tmp_path: Path
) -> None:
    """Whoever has been invited or has agreed learns the new time, and still no project (R131, GPLR-31)."""
    tender = panel.tender
    walk(panel)
    sms = FileSms(tmp_path, bytes(32))
    with clock.frozen(ANSWERED):
        for one in waiting(draws_of(panel)):
            dispatch(one, sms)
    gone, *staying = waiting(draws_of(panel))
    draws.decline(gone)
    draws.agree(staying[0])
    with clock.frozen(NOW):
        moved = clarify(tender.pk, clarification(fresh(tender)), by=stages.city["agency-a"])
        tasks.follow_sessions(entry_id=moved.id)
        tasks.follow_sessions(entry_id=moved.id)

    [entry] = Entry.objects.filter(type="move_panel")
    session = session_of(tender)
    assert read_entry(entry.pk).moves == ["sittings.panel move", *["experts.draw move"] * 3]
    assert {(draw.starts_at, draw.ends_at) for draw in draws_of(panel)} == {(session.starts_at, session.ends_at)}
    for _ in range(2):
        for one in Invitation.objects.filter(draw__in=draws_of(panel)).select_related("draw"):
            tell_moved(one, sms)
    told = {one.reference[:36]: one.text for one in sms.messages() if "改期" in one.text}
    assert set(told) == {str(one.pk) for one in staying}
    for text in told.values():
        assert f"{session.starts_at.astimezone(BEIJING):%Y-%m-%d}" in text
        assert tender.name not in text
    with refused(WrongState, "wrong-state"):
        move_panel(panel.pk, by=CLOCK)
    with refused(NotEntitled, "wrong-post"):
        move_panel(panel.pk, by=stages.city["agency-a"])


def test_move_that_was_not_taken_by_the_gateway_is_told_later(stages: Stages, panel: Panel, tmp_path: Path) -> None:
    walk(panel)
    one = waiting(draws_of(panel))[0]
    with clock.frozen(ANSWERED):
        dispatch(one, FileSms(tmp_path, bytes(32)))
    (tmp_path / "file").write_text("")

    with pytest.raises(NotSent):
        tell_moved(Invitation.objects.get(pk=one.pk), FileSms(tmp_path / "file" / "outbox", bytes(32)))


def opened(lot: Lot, *firms: tuple[str, str]) -> None:
    """Leave behind what the opening of a package leaves: a bid for each firm."""
    for position, (code, name) in enumerate(firms, 1):
        reference = f"{position:064x}"
        bid = Bid.objects.bulk_create(
            [Bid(lot_ref=lot.lot_ref, bid_ref=reference, submit_key=reference, version=1, envelope=reference)]
        )[0]
        Unsealed.objects.create(bid=bid, position=position, credit_code=code, bidder=name)


def employer_of(invitation: Invitation) -> tuple[str, str]:
    """Return code and name of an invited person's employer."""
    facts = personal_of([person(invitation)])[person(invitation)]
    return facts["employer_code"], facts["employer"]


def test_expert_tied_to_a_bidder_stands_aside_and_the_walk_goes_on(stages: Stages, panel: Panel) -> None:
    """Relations to bidders are checked after the opening, before seats are taken (GPLR-9)."""
    tender = panel.tender
    draws.filled(panel)
    with clock.frozen(NOW):
        complete_panel(panel.pk, by=CLOCK)
    host = draw_at(panel, "市中心", stages.city)
    tied = Invitation.objects.filter(draw=host, state="agreed").order_by("place")[0]
    opened(lot_of(tender), employer_of(tied))

    with clock.frozen(NOW):
        written = recheck_avoidance(lot_of(tender).pk, by=CLOCK)
    panel.refresh_from_db()
    tied.refresh_from_db()
    assert (panel.state, tied.state, tied.reason) == ("assembling", "conflicted", "employed")
    read = read_entry(written.id)
    assert read.facts("resume") == {"stood_aside": len([move for move in read.moves if "conflict" in move])}
    assert employer_of(tied)[1] not in str(read.body)
    draws.filled(panel, NOW)

    host.refresh_from_db()
    seats = Invitation.objects.filter(draw=host, state="agreed")
    assert (host.state, seats.count()) == ("rostered", 2)
    assert employer_of(tied)[1] not in {employer_of(one)[1] for one in seats}


def test_recheck_is_on_record_when_nobody_has_to_stand_aside(stages: Stages, panel: Panel) -> None:
    tender = panel.tender
    walk(panel)
    opened(lot_of(tender), ("Y1590800000000000X", "己远家具有限公司"))

    with clock.frozen(NOW):
        written = recheck_avoidance(lot_of(tender).pk, by=CLOCK)

    assert read_entry(written.id).moves == ["sittings.panel recheck"]
    assert read_entry(written.id).facts("recheck") == {"stood_aside": 0}
    with refused(NotEntitled, "wrong-post"):
        recheck_avoidance(lot_of(tender).pk, by=stages.city["agency-a"])
    with pytest.raises(ObjectDoesNotExist):
        recheck_avoidance(lot_of(stages["closed"]).pk, by=CLOCK)


def test_nobody_tied_to_a_bidder_is_invited_after_the_opening(stages: Stages, panel: Panel) -> None:
    tender = panel.tender
    firms = [("", name) for name in ("辛河设计研究所", "壬沙职业学院", "癸原质检中心")]
    opened(lot_of(tender), *firms)
    entry = Entry.objects.filter(type="fix_seed").order_by("pk")[0]

    with clock.frozen(NOW):
        tasks.walk_on(entry_id=entry.pk)

    assert not {employer_of(one)[1] for one in waiting(draws_of(panel))} & {name for _, name in firms}
    assert Invitation.objects.filter(state="passed", reason="employed").exists()


def test_counts_are_all_that_anybody_sees(stages: Stages, panel: Panel) -> None:
    """Agency and supervisor see numbers by site, the public hashes, a stranger nothing (R094)."""
    tender = panel.tender
    walk(panel)
    city = stages.city

    assert draws_for(city["agency-b"], tender) == ()
    assert draws_for(city["guest-wuyuan"], tender) == ()
    assert {one.site for one in draws_for(city["host"], tender)} == {None}
    assert {one.site for one in draws_for(city["agency-a"], tender)} == {row.site for row in panel_sites(panel)}
    assert not any(one.reasons for one in draws_for(city["agency-a"], tender))
    assert any(one.reasons for one in draws_for(city["supervisor"], tender))
    public = str(draw_public(tender))
    assert not [site for site in panel_sites(panel) if str(site.site) in public]
    assert all(one.seed and one.root and one.pool_leaf and one.seed_leaf for one in draw_public(tender))
    assert not [expert for expert in Expert.objects.values_list("pk", flat=True) if str(expert) in public]


def panel_sites(panel: Panel) -> list[PanelSite]:
    """Return the sites of a panel."""
    return list(PanelSite.objects.filter(panel=panel))


def test_due_steps_of_draws_are_known_to_the_worker() -> None:
    assert DUE["experts.draw", "abort"].__name__ == "abort_draw"
    assert DUE["experts.invitation", "lapse"].__name__ == "lapse_invitation"
    assert REACTIONS["answer_invitation"] == (tasks.walk_on,)
