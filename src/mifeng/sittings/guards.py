"""When experts may be drawn and people checked in (抽取与签到时点), asked by acts and, in advance, by their pages."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from stdnum.cn import ric

from mifeng.bidding.models import Opening
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongMoment, WrongState
from mifeng.sittings.models import Arrival, Kiosk, Panel
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import Session
from mifeng.venues.queries import Ask, asks_of

OPEN = ("published", "closed")
OPENED, FAILED = "public", ("failed", "unkeyed", "short")
NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
KIOSK_LIFE = timedelta(hours=16)


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


def check_opened(tender: Tender) -> None:
    """Refuse to check anybody in before the bids are open (开标之后签到): whom to avoid is not known before.

    A package whose opening failed holds nobody up, as long as another one is open.

    Raises:
        WrongState: ``bids-unopened``.

    Source: our choice (ADR-9)
    """
    lots = Lot.objects.filter(tender=tender).values_list("pk", flat=True)
    states = dict(Opening.objects.filter(lot__in=lots).values_list("lot", "state"))
    over = [states.get(lot, "") for lot in lots]
    if OPENED not in over or any(state not in (OPENED, *FAILED) for state in over):
        raise WrongState(Reason("bids-unopened"))


def check_kiosk(kiosk: Kiosk, by: Actor, at: datetime) -> None:
    """Refuse whoever is not this kiosk, and a kiosk that is closed or was opened too long ago (签到机).

    Raises:
        NotEntitled: ``wrong-post``, ``kiosk-over``.

    Source: our choice (ADR-9)
    """
    if (by.role, by.handle) != ("kiosk", kiosk.handle):
        raise NotEntitled(Reason("wrong-post", {"step": "identify", "role": by.role}, lifted_by=("kiosk",)))
    if kiosk.state != "open" or at >= kiosk.opened_at + KIOSK_LIFE:
        raise NotEntitled(Reason("kiosk-over", lifted_by=("host", "guest")))


def check_arrival(arrival: Arrival, by: Actor, *, step: str) -> None:
    """Refuse whoever is not the person who has arrived (本人办理).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: LY-2022-14 四(二) (R144)
    """
    if (by.role, by.handle) != (arrival.role, arrival.handle):
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=(arrival.role,)))


def check_identity_number(number: str) -> None:
    """Refuse an identity number whose form or check digit is wrong (身份证号), and never repeat it.

    Raises:
        Unfair: ``malformed``.

    Source: MOF-87-45
    """
    if not NUMBER.fullmatch(number) or ric.calc_check_digit(number) != number[-1]:
        raise Unfair(Reason("malformed", {"field": "number"}))
