"""When the experts of a project may be drawn (抽取时点), asked by the act and, in advance, by its page."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mifeng.rules.errors import Reason, WrongMoment, WrongState
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import Session
from mifeng.venues.queries import Ask, asks_of

OPEN = ("published", "closed")


def check_first(tender: Tender) -> None:
    """Refuse a second panel for a project (不得重抽).

    Raises:
        WrongState: ``panel-exists``.

    Source: our choice (ADR-4)
    """
    if Panel.objects.filter(tender=tender).exists():
        raise WrongState(Reason("panel-exists"))


def check_published(lots: Iterable[Lot]) -> None:
    """Refuse a draw before the notice that lists its handle (抽取时点).

    Raises:
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(一)
    """
    for lot in lots:
        if lot.state not in OPEN:
            facts = {"step": "assemble", "state": lot.state, "allowed": OPEN}
            raise WrongState(Reason("wrong-state", facts, source="LY-2022-14 四(一)"))


def check_session(session: Session | None, at: datetime) -> list[Ask]:
    """Refuse a draw for seats that are not planned, not confirmed, or whose session has begun; return the requests
    (席位与场次).

    Raises:
        WrongState: ``seats-missing``, ``seats-pending`` for each site that has not confirmed.
        WrongMoment: ``session-begun``.

    Source: LY-2022-14 四(一) (R141)
    """
    asks = [ask for ask in asks_of(session) if ask.request.expert_seats] if session else []
    if session is None or not asks:
        raise WrongState(Reason("seats-missing", lifted_by=("agency",)))
    if at >= session.starts_at:
        raise WrongMoment(Reason("session-begun", {"starts_at": session.starts_at}))
    waiting = [ask.request for ask in asks if ask.request.state != "confirmed"]
    if waiting:
        raise WrongState(
            *(
                Reason(
                    "seats-pending",
                    {"site": one.site.name, "role": one.role, "seats": one.buyer_seats + one.expert_seats},
                    lifted_by=(one.role,),
                )
                for one in waiting
            )
        )
    return asks


def check_listed(tender: Tender, asks: Sequence[Ask]) -> dict[str, str]:
    """Refuse a draw for a site that the notice lists no handle for, and return the handles by site (抽取编号).

    Raises:
        WrongState: ``draw-unlisted`` for each such site; lifted by a clarification of the agency.

    Source: our choice (ADR-4)
    """
    handles = {row["site"]: row["handle"] for row in tender.draw_handles}
    unlisted = [ask.request.site.name for ask in asks if str(ask.request.site_id) not in handles]
    if unlisted:
        raise WrongState(*(Reason("draw-unlisted", {"site": name}, lifted_by=("agency",)) for name in unlisted))
    return handles
