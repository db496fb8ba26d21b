"""Jobs about draws (抽取任务): each looks at what an entry speaks of and goes one step on; again changes nothing.

A pool is witnessed within seconds, and a witness that sleeps may wake within the window, so asking is repeated: soon at
first, later less often. Once a minute everything unfinished is looked at anew, so that nothing hangs on a single job.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from mifeng.experts import actions as experts
from mifeng.experts.dispatch import NotSent, dispatch, tell_moved
from mifeng.experts.models import Draw, Invitation
from mifeng.experts.pools import overlapping
from mifeng.gateways.sms.files import FileSms
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import body_of, subjects_of
from mifeng.kernel.tasks import AGAIN, each
from mifeng.parties.queries import handles
from mifeng.rules.errors import Refusal
from mifeng.rules.ledger import decode64
from mifeng.rules.sitting import OPENS_BEFORE
from mifeng.sittings import actions
from mifeng.sittings.contributing import NotYet, ask, notices_of, policy_of
from mifeng.sittings.contributors import reach
from mifeng.sittings.models import CheckIn, Panel, PanelSite
from mifeng.sittings.parties import bidders, parties
from mifeng.venues.models import Session

QUICK, SLOW = 1, 15
QUICK_TRIES, TRIES = 120, 600
# Entries of a draw that its agency and supervisor are told of, as the inbox names them.
TOLD = {
    "refuse_pool": "draw-small",
    "abort": "draw-aborted",
    "exhaust": "draw-exhausted",
    "complete": "panel-complete",
    "resume": "panel-resumed",
}

log = logging.getLogger(__name__)


class Patient(BaseRetryStrategy):
    """Come again soon while something else has to come first (等待重试), and like any job after a failure."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when the job comes again; None when it is given up."""
        if isinstance(exception, NotYet | NotSent) and job.attempts < TRIES:
            return RetryDecision(retry_in={"seconds": QUICK if job.attempts < QUICK_TRIES else SLOW})
        return AGAIN.get_retry_decision(exception=exception, job=job)


PATIENT = Patient()


@app.task(name="sittings.commit_pools", retry=AGAIN)
def commit_pools(*, entry_id: int) -> None:
    """Fix the pools of the draws an entry asks for (冻结名单)."""
    commit(_draws(entry_id))


@app.task(name="sittings.ask_contributors", retry=PATIENT)
def ask_contributors(*, entry_id: int) -> None:
    """Ask everybody who has to contribute to a seed (征集种子贡献), until all have or the window is over."""
    contribute(_draws(entry_id))


@app.task(name="sittings.fix_seeds", retry=AGAIN)
def fix_seeds(*, entry_id: int) -> None:
    """Fix the seed of a draw that everybody has contributed to (确定种子)."""
    fix(_draws(entry_id))


@app.task(name="sittings.walk_on", retry=AGAIN)
def walk_on(*, entry_id: int) -> None:
    """Go on with the walks of a session, and of every session that may have waited for the same person (依次邀请)."""
    around = {pk for draw in _draws(entry_id) for pk in overlapping(draw)}
    walk(Draw.objects.filter(pk__in=around))


@app.task(name="sittings.dispatch_invitations", retry=PATIENT)
def dispatch_invitations(*, entry_id: int) -> None:
    """Hand the messages of new invitations to the gateway (交发短信)."""
    send(Invitation.objects.filter(pk__in=subjects_of(entry_id, "experts.invitation")))


@app.task(name="sittings.complete_panels", retry=AGAIN)
def complete_panels(*, entry_id: int) -> None:
    """Record that a panel is complete when the roster of its last site has been sealed (评审席位已满)."""
    complete(_panels(entry_id))


@app.task(name="sittings.follow_sessions", retry=AGAIN)
def follow_sessions(*, entry_id: int) -> None:
    """Let the panel of a project follow a session that a clarification has moved (随场次改期)."""
    for panel in Panel.objects.filter(tender__pk__in=subjects_of(entry_id, "tenders.tender")):
        _try(actions.move_panel, panel.pk)


@app.task(name="sittings.tell_experts_moved", retry=PATIENT)
def tell_experts_moved(*, entry_id: int) -> None:
    """Tell every expert who has been invited or has agreed the new time of the session (通知改期)."""
    for invitation in Invitation.objects.filter(draw__in=_draws(entry_id)).select_related("draw"):
        tell_moved(invitation, sms())


@app.task(name="sittings.recheck_panels", retry=AGAIN)
def recheck_panels(*, entry_id: int) -> None:
    """Check the panel of a project against its bidders, now that their bids are open (开标后复核回避)."""
    for lot in subjects_of(entry_id, "tenders.lot"):
        with suppress(Panel.DoesNotExist):
            actions.recheck_avoidance(UUID(lot), by=CLOCK)


@app.task(name="sittings.tell_progress", retry=AGAIN)
def tell_progress(*, entry_id: int) -> None:
    """Tell agency and supervisor how a draw or a panel came out, without a name (通知抽取进度)."""
    steps = {move["step"] for move in body_of(entry_id).get("moves", ())}
    for kind in (TOLD[step] for step in TOLD if step in steps):
        for panel in _panels(entry_id):
            tender = panel.tender
            posts = handles(organisation=tender.agency_id, role="agency")
            posts += handles(organisation=tender.supervisor_id, role="supervisor")
            subject = f"tenders.tender:{tender.pk}"
            tell(posts, kind, subject=subject, entry=entry_id, name=tender.name, number=tender.number)


@app.periodic(cron="* * * * *")
@app.task(name="sittings.look_after", retry=AGAIN)
def look_after(timestamp: int) -> None:
    """Look at every draw that is under way once a minute (每分钟检查)."""
    open_doors(clock.now())
    open_draws = Draw.objects.filter(ends_at__gt=clock.now())
    each((commit, _contribute, fix, walk, _send, _complete), lambda step: step(open_draws))


def open_doors(at: datetime) -> None:
    """Open the check-ins whose hour has come, and close those whose session is over."""
    for checkin in CheckIn.objects.filter(state="open"):
        if Session.objects.get(pk=checkin.session).ends_at <= at:
            _try(actions.close_checkin, checkin.pk)
    near = Session.objects.filter(starts_at__lte=at + OPENS_BEFORE, ends_at__gt=at).exclude(state="released")
    waiting = Panel.objects.filter(session__in=near.values("pk")).exclude(pk__in=CheckIn.objects.values("panel"))
    for session_id in waiting.values_list("session", flat=True):
        _try(actions.open_checkin, session_id)


def commit(draws: QuerySet[Draw]) -> None:
    """Fix the pools that are asked for."""
    asked = draws.filter(state="asked").order_by("pk")
    each(asked, lambda draw: _try(experts.commit_pool, draw.pk, parties(_panel(draw).tender)))


def contribute(draws: QuerySet[Draw]) -> None:
    """Ask for the contributions that are missing, for every draw.

    Raises:
        NotYet: when one of them could not be had.
    """
    waiting: list[NotYet] = []
    for draw in draws.filter(state="pooled").order_by("pk"):
        tender = _panel(draw).tender
        policy = policy_of(tender)
        try:
            ask(draw, notices_of(tender), policy, reach(policy))
        except NotYet as reason:
            waiting.append(reason)
    if waiting:
        raise waiting[0]


def fix(draws: QuerySet[Draw]) -> None:
    """Fix the seeds that everybody has contributed to."""
    each(draws.filter(state="pooled").order_by("pk"), lambda draw: _try(experts.fix_seed, draw.pk))


def walk(draws: QuerySet[Draw]) -> None:
    """Invite whoever is next, and seal the rosters that are full."""
    each(draws.filter(state__in=("seeded", "walking")).order_by("pk"), _walk)


def send(invitations: QuerySet[Invitation]) -> None:
    """Hand over the messages that have not been sent.

    Raises:
        NotSent: when the gateway did not take one.
    """
    waiting = invitations.filter(state="invited", sent_at=None).select_related("draw")
    for invitation in waiting.order_by("draw", "place"):
        dispatch(invitation, sms())


def complete(panels: Iterable[Panel]) -> None:
    """Record which panels are complete."""
    for panel in panels:
        if panel.state == "assembling":
            _try(actions.complete_panel, panel.pk)


def sms() -> FileSms:
    """Return the gateway of this installation: messages as closed files, until a telephone line is bought."""
    data = Path(settings.ENV.data)
    return FileSms(data / "outbox", decode64((data / "keys" / "dispatch.key").read_text().strip()))


def _try(act: Callable[..., object], *args: object, **facts: object) -> None:
    """Carry out an act of the clock that may have been done already, or may not be due yet."""
    try:
        act(*args, **facts, by=CLOCK)
    except Refusal as refusal:
        log.info("%s not carried out: %s", getattr(act, "__name__", "act"), refusal)


def _contribute(draws: QuerySet[Draw]) -> None:
    with suppress(NotYet):
        contribute(draws)


def _walk(draw: Draw) -> None:
    _try(experts.invite_next, draw.pk, firms=bidders(_panel(draw).tender_id))
    _try(experts.seal_roster, draw.pk)


def _send(draws: QuerySet[Draw]) -> None:
    with suppress(NotSent):
        send(Invitation.objects.filter(draw__in=draws))


def _complete(draws: QuerySet[Draw]) -> None:
    complete(Panel.objects.filter(pk__in=PanelSite.objects.filter(draw__in=draws).values("panel")))


def _draws(entry_id: int) -> QuerySet[Draw]:
    return Draw.objects.filter(pk__in=subjects_of(entry_id, "experts.draw"))


def _panel(draw: Draw) -> Panel:
    return PanelSite.objects.select_related("panel__tender").get(draw=draw).panel


def _panels(entry_id: int) -> list[Panel]:
    named = Panel.objects.filter(pk__in=subjects_of(entry_id, "sittings.panel"))
    drawn = Panel.objects.filter(pk__in=PanelSite.objects.filter(draw__in=_draws(entry_id)).values("panel"))
    return list((named | drawn).select_related("tender").order_by("pk"))
