"""The panel of a project (评审委员会): asked for, complete, checked again once the bidders are known."""

from uuid import UUID

from mifeng.experts import actions as experts
from mifeng.experts.actions import Asked
from mifeng.experts.models import Draw
from mifeng.kernel.acting import acting, subject_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules import sitting as table
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.seal.policy import Contributor, parse_policy
from mifeng.rules.sitting import WIDEST
from mifeng.sittings.guards import check_first, check_listed, check_published, check_session
from mifeng.sittings.models import Panel, PanelSite
from mifeng.sittings.parties import bidders
from mifeng.tenders.actions.guards import check_agency, check_own, lock_tender
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import Session
from mifeng.venues.queries import Ask, session_of

# Experts of a county come first where the site is the county's; the city's own site draws from the city's library.
CITY_SUFFIXES = ("00", "01")


def assemble_panel(tender_id: UUID, *, speciality: str = "", by: Actor) -> Written:
    """Ask for the experts of all sites of a project (组建评审委员会): one draw per site, as many as seats there.

    The purchaser's representative is a seat of the plan, not drawn.

    Args:
        tender_id: the agency's own project, published, its session confirmed by every site.
        speciality: class of level one or two to draw from; empty for the widest class of the kind of purchase.
        by: the agency.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, ``class-small``.
        WrongMoment: ``session-begun``.
        WrongState: ``wrong-state`` before the notice, ``seats-missing``, ``seats-pending``, ``draw-unlisted``,
            ``panel-exists``.

    Source: LY-2022-14 四(二) (R141)
    """
    with acting("assemble_panel", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        found = session_of(subject_of(tender))
        session = act.share(Session, found.pk) if found else None
        check_agency(act, tender.agency_id)
        check_published(lots)
        asks = check_session(session, act.at)
        check_first(tender)
        wanted = speciality or WIDEST.get(tender.category, "")
        handles = check_listed(tender, asks)
        panel = act.create(
            Panel,
            table.PANEL,
            "assemble",
            tender=tender,
            session=asks[0].request.session_id,
            speciality=wanted,
            assembled_at=act.at,
        )
        # Contributors are shown the same policy: that of the first package by number, not by id.
        first = min(lots, key=lambda lot: lot.number)
        for ask in asks:
            if ask.request.expert_seats:
                draw = experts.request_draw(act, _asked(tender, first, ask, handles[str(ask.request.site_id)], wanted))
                PanelSite.objects.create(
                    panel=panel, site=ask.request.site_id, draw=draw, buyer_seats=ask.request.buyer_seats
                )
        act.refer(subject_of(tender))
    return act.entry


def widen_panel(tender_id: UUID, *, speciality: str, by: Actor) -> Written:
    """Ask again, for another class, at every site where too few could be drawn (扩大抽取范围).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, ``class-small``.
        WrongState: ``wrong-state``, when no draw waits for that.

    Source: BN-2023R 四3 (R097)
    """
    panel_id = Panel.objects.values_list("pk", flat=True).get(tender=tender_id)
    with acting("widen_panel", by=by) as act:
        panel = act.lock(Panel, panel_id)
        draws = act.lock_all(Draw, PanelSite.objects.filter(panel=panel).values_list("draw", flat=True))
        tender, _ = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        check_agency(act, tender.agency_id)
        small = [draw for draw in draws if draw.state == "small"]
        if not small:
            facts = {"step": "ask_wider", "state": panel.state, "allowed": ("small",)}
            raise WrongState(Reason("wrong-state", facts, source="BN-2023R 四3"))
        panel.speciality = speciality
        act.note(panel, "widen", speciality=speciality)
        for draw in small:
            experts.ask_wider(act, draw, speciality)
        act.refer(subject_of(tender))
    return act.entry


def complete_panel(panel_id: UUID, *, by: Actor) -> Written:
    """Record that the seats of all sites are taken (评审席位已满).

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongState: ``wrong-state``, also while a roster is not sealed.

    Source: LY-2022-14 四(二) (R141)
    """
    with acting("complete_panel", by=by) as act:
        panel = act.lock(Panel, panel_id)
        check_step(table.PANEL, "complete", state=panel.state, role=by.role)
        draws = act.lock_all(Draw, PanelSite.objects.filter(panel=panel).values_list("draw", flat=True))
        if any(draw.state != "rostered" for draw in draws):
            raise WrongState(
                Reason("wrong-state", {"step": "complete", "state": panel.state, "allowed": ("rostered",)})
            )
        act.move(panel, table.PANEL, "complete", seats=sum(draw.seats for draw in draws))
        act.refer(f"tenders.tender:{panel.tender_id}")
    return act.entry


def move_panel(panel_id: UUID, *, by: Actor) -> Written:
    """Let a panel follow its session to another time (随场次改期); who was drawn stays drawn.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongState: ``wrong-state``, when the session stands where the panel believes it to be.

    Source: GPLR-31
    """
    with acting("move_panel", by=by) as act:
        panel = act.lock(Panel, panel_id)
        check_step(table.PANEL, "resume", state="assembled", role=by.role)
        draws = act.lock_all(Draw, PanelSite.objects.filter(panel=panel).values_list("draw", flat=True))
        session = act.share(Session, panel.session)
        during = (session.starts_at, session.ends_at)
        if all((draw.starts_at, draw.ends_at) == during for draw in draws):
            raise WrongState(Reason("wrong-state", {"step": "move", "state": panel.state, "allowed": ()}))
        act.note(panel, "move", starts_at=during[0], ends_at=during[1])
        experts.move_draws(act, [draw.pk for draw in draws], during)
        act.refer(f"tenders.tender:{panel.tender_id}")
    return act.entry


def recheck_avoidance(lot_id: UUID, *, by: Actor) -> Written:
    """Check everybody seated or invited against the bidders, once they are known (开标后复核回避).

    Whoever is tied to one stands aside before seats are taken, and the walk of that draw goes on. The entry says how
    many, never who; it is written when nobody has to, too.

    Raises:
        ObjectDoesNotExist: for a project without a panel.
        NotEntitled: ``wrong-post`` for everybody but the clock.

    Source: GPLR-9, MOF-87-47
    """
    tender_id = Lot.objects.values_list("tender", flat=True).get(pk=lot_id)
    panel_id = Panel.objects.values_list("pk", flat=True).get(tender=tender_id)
    with acting("recheck_avoidance", by=by) as act:
        panel = act.lock(Panel, panel_id)
        draws = list(PanelSite.objects.filter(panel=panel).values_list("draw", flat=True))
        check_step(table.PANEL, "resume", state="assembled", role=by.role)
        aside = experts.mark_conflicts(act, draws, bidders(tender_id))
        if aside and panel.state == "assembled":
            act.move(panel, table.PANEL, "resume", stood_aside=aside)
        else:
            act.note(panel, "recheck", stood_aside=aside)
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{tender_id}")
    return act.entry


def _asked(tender: Tender, lot: Lot, ask: Ask, handle: str, speciality: str) -> Asked:
    region = ask.request.site.region
    return Asked(
        handle=handle,
        policy_hash=lot.policy_hash,
        contributors=_contributors(lot),
        rulebook=tender.rulebook,
        site=ask.request.site_id,
        near="" if region.endswith(CITY_SUFFIXES) else region,
        code_name=ask.code_name,
        speciality=speciality,
        seats=ask.request.expert_seats,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
    )


def _contributors(lot: Lot) -> tuple[Contributor, ...]:
    policy = parse_policy(lot.policy.encode())
    if not policy.contributors:
        raise Unfair(Reason("policy-unsound", {"rule": "contributors"}))
    return policy.contributors
