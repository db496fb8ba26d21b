"""The check-in of a session (签到): opened in its window, closed with the session, and who did not come."""

from uuid import UUID

from mifeng.experts import actions as experts
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules import sitting as table
from mifeng.rules.errors import Reason, WrongMoment, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.sitting import check_begun, check_window
from mifeng.sittings.guards import check_opened
from mifeng.sittings.keyring import ARRIVAL, unseal
from mifeng.sittings.models import Arrival, CheckIn, Panel, PanelSite
from mifeng.tenders.actions.guards import check_own
from mifeng.tenders.models import Tender
from mifeng.venues.guards import check_officer
from mifeng.venues.models import Session

HERE = ("verified", "pledged", "seated")


def open_checkin(session_id: UUID, *, by: Actor) -> Written:
    """Open the check-in of a session at all its sites (开放签到): from an hour before, with the bids open.

    Args:
        session_id: for which experts have been asked for.
        by: the clock, or the host.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        WrongMoment: ``checkin-early``, ``checkin-over``.
        WrongState: ``panel-missing``, ``bids-unopened``, ``wrong-state`` when it is open already.

    Source: LY-2022-14 四(三) (R145)
    """
    found = Panel.objects.filter(session=session_id).first()
    if found is None:
        raise WrongState(Reason("panel-missing", lifted_by=("agency",)))
    with acting("open_checkin", by=by) as act:
        panel = act.lock(Panel, found.pk)
        tender = act.share(Tender, found.tender_id)
        session = act.share(Session, session_id)
        before = CheckIn.objects.filter(panel=panel).first()
        check_step(table.CHECKIN, "open_checkin", state=before.state if before else None, role=by.role)
        if by.role == "host":
            check_own(tender, by, role="host")
        check_opened(tender)
        check_window(session.starts_at, session.ends_at, act.at)
        act.create(CheckIn, table.CHECKIN, "open_checkin", panel=panel, session=session.pk, opened_at=act.at)
        act.refer(f"sittings.panel:{panel.pk}")
    return act.entry


def close_checkin(checkin_id: UUID, *, by: Actor) -> Written:
    """Close a check-in when its session is over (结束签到).

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``too-early``.
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(三) (R145)
    """
    with acting("close_checkin", by=by) as act:
        checkin = act.lock(CheckIn, checkin_id)
        check_step(table.CHECKIN, "close_checkin", state=checkin.state, role=by.role)
        session = act.share(Session, checkin.session)
        if act.at < session.ends_at:
            raise WrongMoment(Reason("too-early", {"step": "close_checkin"}, until=session.ends_at))
        act.move(checkin, table.CHECKIN, "close_checkin")
    return act.entry


def mark_absent(checkin_id: UUID, *, by: Actor) -> Written:
    """Count the experts absent who have not come to an officer's own site (登记未到), so that the walk goes on there.

    Whoever has proven an identity is here. The officer learns how many, never who.

    Args:
        checkin_id: open, its session begun.
        by: an officer of one of its sites.

    Raises:
        ObjectDoesNotExist: for a site that has no expert seats in this session.
        NotEntitled: ``wrong-post``.
        WrongMoment: ``too-early`` before the session begins.
        WrongState: ``wrong-state``, also when nobody is missing.

    Source: our choice (ADR-9)
    """
    check_officer(by.site, by, step="mark_absent")
    panel_id = CheckIn.objects.values_list("panel", flat=True).get(pk=checkin_id)
    with acting("mark_absent", by=by) as act:
        panel = act.lock(Panel, panel_id)
        own = PanelSite.objects.get(panel=panel, site=by.site)
        checkin = act.lock(CheckIn, checkin_id)
        late = Arrival.objects.filter(checkin=checkin, site=by.site, role="expert")
        away = act.lock_all(Arrival, late.exclude(state__in=(*HERE, "aside", "absent")).values_list("pk", flat=True))
        here = [UUID(unseal(ARRIVAL, one.pk, bytes(one.sealed))["invitation"]) for one in late.filter(state__in=HERE)]
        missing = experts.miss_expected(act, own.draw_id, here)
        check_begun(Session.objects.get(pk=checkin.session).starts_at, act.at)
        if checkin.state != "open" or not missing:
            raise WrongState(Reason("wrong-state", {"step": "miss", "state": checkin.state, "allowed": ("open",)}))
        act.note(checkin, "mark_absent", missing=missing)
        for one in away:
            act.move(one, table.ARRIVAL, "miss")
        if panel.state == "assembled":
            act.move(panel, table.PANEL, "resume", absent=missing)
    return act.entry
