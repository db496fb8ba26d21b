"""The sites of a project on a page (场地与席位): who has answered, what else is free, the board of one day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from mifeng.kernel.law import rulebooks
from mifeng.rules.calendar import legal_date
from mifeng.rules.seats import committee_min
from mifeng.venues.models import Booking, Seat, Site
from mifeng.venues.queries import Ask, board, free_counts, seat_counts
from mifeng.web.shell import texts
from mifeng.web.shell.board import Board, SiteRows, day_board, day_of
from mifeng.web.workspace.dossier import Dossier

FAR = timedelta(days=400)
HOUR_MINUTES = 60
ICONS = {"done": ("done", "ok"), "todo": ("clock", "go")}


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site of a session (场地行): what it is asked for and how it stands."""

    ask: Ask
    icon: str
    tone: str
    seats: str
    labels: str
    confirmed: int
    wanted: int

    @property
    def failed(self) -> bool:
        """Tell whether another site has to be asked."""
        return self.tone == "bad"


def site_line(ask: Ask) -> SiteLine:
    """Return how one site stands."""
    request = ask.request
    icon, tone = ICONS.get(texts.STATE_WORDS[request.state].look, ("warn", "bad"))
    wanted = request.buyer_seats + request.expert_seats
    parts = [
        *([_("采购人代表%(number)d席") % {"number": request.buyer_seats}] if request.buyer_seats else []),
        *([_("专家%(number)d席") % {"number": request.expert_seats}] if request.expert_seats else []),
    ]
    labels = "、".join(seat.label for seat in ask.seats)
    return SiteLine(ask, icon, tone, "、".join(parts), labels, wanted * (request.state == "confirmed"), wanted)


def seat_board(dossier: Dossier, day: date, places: Sequence[Site]) -> Board:
    """Return the board of one day for some sites, host first; other projects by code name only."""
    order = {site.pk: place for place, site in enumerate(_host_first(dossier, places))}
    rows = sorted(board(order, day_of(day)), key=lambda row: order[row[0].site_id])
    purpose = f"tenders.tender:{dossier.tender.pk}"
    note = _("其他项目只显示代号。副场只看到代号、时间和席数，看不到项目名称。")
    shown = day_board(rows, day, own=lambda booking: _serves(booking, purpose), note=note)
    return replace(shown, sites=tuple(_named(dossier, rows, site) for site in shown.sites))


def shown_day(text: object, usual: date, now: datetime) -> date:
    """Return the day a page asks for; the usual one for a text that is no day, or one far from now."""
    if isinstance(text, date):
        return text
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return usual
    return day if abs(day - legal_date(now)) < FAR else usual


def members_min(dossier: Dossier) -> int:
    """Return the least number of members of the project's committee (评审委员会人数下限)."""
    tender = dossier.tender
    return committee_min(tender.budget_yuan, tender.complex, rulebooks()[tender.rulebook])


def counted(places: Iterable[Site], during: tuple[datetime, datetime]) -> dict[UUID, str]:
    """Return in words per site how many of its seats are ready, and how many are free in a stretch of time."""
    totals, free = seat_counts(), free_counts(during)
    found: dict[UUID, str] = {}
    for site in places:
        seats, ready = totals.get(str(site.pk), (0, 0))
        counts = {"seats": seats, "ready": ready, "free": _experts(free, site), "travel": travel(site)}
        found[site.pk] = _("%(seats)d席，%(ready)d席就绪，此时段空闲专家席%(free)d个%(travel)s") % counts
    return found


def offers(places: Iterable[Site], during: tuple[datetime, datetime]) -> list[tuple[str, str]]:
    """Return sites as choices: id, and name with what is free there in a stretch of time."""
    free = free_counts(during)
    return [
        (
            str(site.pk),
            _("%(site)s　空闲专家席%(free)d个%(travel)s")
            % {"site": site.name, "free": _experts(free, site), "travel": travel(site)},
        )
        for site in places
    ]


def _experts(free: Mapping[str, Mapping[str, int]], site: Site) -> int:
    return free.get(str(site.pk), {}).get(Seat.Kind.EXPERT.value, 0)


def travel(site: Site) -> str:
    """Return how far a site is from the city's own, empty for that one."""
    hours, minutes = divmod(site.travel_minutes, HOUR_MINUTES)
    if not site.travel_minutes:
        return ""
    if not hours:
        return _("，距市中心约%(minutes)d分钟车程") % {"minutes": minutes}
    if not minutes:
        return _("，距市中心约%(hours)d小时车程") % {"hours": hours}
    return _("，距市中心约%(hours)d小时%(minutes)d分钟车程") % {"hours": hours, "minutes": minutes}


def _host_first(dossier: Dossier, places: Sequence[Site]) -> list[Site]:
    return sorted(places, key=lambda site: (site.pk != dossier.tender.host_site, site.travel_minutes, site.name))


def _serves(booking: Booking, purpose: str) -> bool:
    return booking.request.session.purpose == purpose


def _named(dossier: Dossier, rows: Sequence[tuple[Seat, list[Booking]]], shown: SiteRows) -> SiteRows:
    site = next(seat.site for seat, _bookings in rows if seat.site.name == shown.name)
    if site.pk == dossier.tender.host_site:
        return replace(shown, name=_("%(site)s（主场）") % {"site": site.name})
    guest = any(ask.request.site_id == site.pk for ask in dossier.asks)
    name = _("%(site)s（副场）") % {"site": site.name} if guest else site.name
    return replace(shown, name=name, meta=shown.meta + travel(site))
