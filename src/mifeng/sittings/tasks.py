"""Jobs about draws (抽取任务): each looks at what an entry speaks of and goes one step on; again changes nothing."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from mifeng.experts import actions as experts
from mifeng.experts.dispatch import dispatch
from mifeng.experts.models import Draw, Invitation
from mifeng.experts.pools import overlapping
from mifeng.gateways.sms.files import FileSms
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import body_of, subjects_of
from mifeng.kernel.tasks import AGAIN
from mifeng.parties.queries import handles
from mifeng.rules.errors import Refusal
from mifeng.rules.ledger import decode64
from mifeng.sittings import actions
from mifeng.sittings.contributing import ask, contributors, notices_of, policy_of
from mifeng.sittings.models import Panel, PanelSite
from mifeng.sittings.parties import bidders, parties

log = logging.getLogger(__name__)

# A pool is witnessed within seconds, a witness that sleeps may wake within the window: look again every two seconds.
SOON = RetryStrategy(max_attempts=1_800, wait=2)
# Entries of a draw that its agency and supervisor are told of, as the inbox names them.
TOLD = {
    "refuse_pool": "draw-small",
    "abort": "draw-aborted",
    "exhaust": "draw-exhausted",
    "complete": "panel-complete",
    "resume": "panel-resumed",
}


@app.task(name="sittings.commit_pools", retry=AGAIN)
def commit_pools(*, entry_id: int) -> None:
    """Fix the pools of the draws an entry asks for (冻结名单)."""
    for draw in _draws(entry_id, "asked"):
        _try(experts.commit_pool, draw.pk, parties(_panel(draw).tender))


@app.task(name="sittings.ask_contributors", retry=SOON)
def ask_contributors(*, entry_id: int) -> None:
    """Ask everybody who has to contribute to a seed (征集种子贡献), until all have or the window is over."""
    for draw in _draws(entry_id, "pooled"):
        tender = _panel(draw).tender
        ask(draw, policy_of(tender), notices_of(tender), contributors())


@app.task(name="sittings.fix_seeds", retry=AGAIN)
def fix_seeds(*, entry_id: int) -> None:
    """Fix the seed of a draw that everybody has contributed to (确定种子)."""
    for draw in _draws(entry_id, "pooled"):
        _try(experts.fix_seed, draw.pk)


@app.task(name="sittings.walk_on", retry=AGAIN)
def walk_on(*, entry_id: int) -> None:
    """Go on with the walks of a session, and of every session that may have waited for the same person (依次邀请)."""
    around = {pk for draw in _draws(entry_id) for pk in overlapping(draw)}
    for draw in Draw.objects.filter(pk__in=around, state__in=("seeded", "walking")).order_by("pk"):
        _try(experts.invite_next, draw.pk, firms=bidders(_panel(draw).tender_id))
        _try(experts.seal_roster, draw.pk)


@app.task(name="sittings.dispatch_invitations", retry=AGAIN)
def dispatch_invitations(*, entry_id: int) -> None:
    """Hand the messages of new invitations to the gateway (交发短信)."""
    invited = Invitation.objects.filter(pk__in=subjects_of(entry_id, "experts.invitation"), state="invited")
    for invitation in invited.select_related("draw").order_by("place"):
        dispatch(invitation, sms())


@app.task(name="sittings.complete_panels", retry=AGAIN)
def complete_panels(*, entry_id: int) -> None:
    """Record that a panel is complete when the roster of its last site has been sealed (评审席位已满)."""
    for draw in _draws(entry_id, "rostered"):
        _try(actions.complete_panel, _panel(draw).pk)


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


def _draws(entry_id: int, *states: str) -> Iterator[Draw]:
    rows = Draw.objects.filter(pk__in=subjects_of(entry_id, "experts.draw")).order_by("pk")
    yield from rows.filter(state__in=states) if states else rows


def _panel(draw: Draw) -> Panel:
    return PanelSite.objects.select_related("panel__tender").get(draw=draw).panel


def _panels(entry_id: int) -> list[Panel]:
    named = Panel.objects.filter(pk__in=subjects_of(entry_id, "sittings.panel"))
    drawn = PanelSite.objects.filter(draw__in=subjects_of(entry_id, "experts.draw")).values("panel")
    return list((named | Panel.objects.filter(pk__in=drawn)).select_related("tender").order_by("pk"))
