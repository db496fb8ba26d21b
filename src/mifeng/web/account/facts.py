"""What a receipt says besides time and fingerprint (回执事项): only what its reader may know of the matter today."""

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.queries import subjects_of
from mifeng.kernel.models import Entry
from mifeng.parties.queries import post_titles
from mifeng.tenders.queries import tender_for
from mifeng.venues.queries import ask_for, seats_at
from mifeng.web.account.lines import ROOMS
from mifeng.web.shell import words
from mifeng.web.shell.posts import home_of
from mifeng.web.shell.receipts import Fact
from mifeng.web.shell.seats import seat_title

OFFICERS = ("host", "guest")
DOOR_ACTS = ("open_checkin", "mark_absent", "vouch", "answer_call", "close_kiosk", "close_seat_computer")


@dataclass(frozen=True, slots=True)
class Matter:
    """What an entry was about (回执所涉): its facts, and where the work on it goes on."""

    facts: tuple[Fact, ...]
    url: str = ""


def matter_of(by: Actor, entry: Entry) -> Matter:
    """Return what an entry was about, as far as the reader may know."""
    if by.seat:
        return Matter((Fact(_("席位"), seat_title(by)),), home_of(by))
    for find in (_door, _tender, _request, _seat):
        found = find(by, entry)
        if found is not None:
            return Matter((*found.facts, *_who(by, entry)), found.url)
    return Matter(_who(by, entry))


def _who(by: Actor, entry: Entry) -> tuple[Fact, ...]:
    title = post_titles(by).get(entry.actor_handle)
    return (Fact(_("办理岗位"), title),) if title else ()


def _door(by: Actor, entry: Entry) -> Matter | None:
    """Return where the work at a door goes on; what a person did there is no fact of a receipt."""
    return Matter((), reverse("site:door")) if by.role in OFFICERS and entry.type in DOOR_ACTS else None


def _tender(by: Actor, entry: Entry) -> Matter | None:
    for label in ("tenders.tender", "oversight.tender"):
        for pk in subjects_of(entry.pk, label):
            try:
                tender = tender_for(by, pk)
            except ObjectDoesNotExist:
                continue
            facts = (Fact(_("项目"), tender.name), Fact(_("项目编号"), tender.number))
            return Matter(facts, reverse(ROOMS[by.role], args=[tender.pk]))
    return None


def _request(by: Actor, entry: Entry) -> Matter | None:
    for pk in subjects_of(entry.pk, "venues.siterequest"):
        try:
            ask = ask_for(by, pk)
        except ObjectDoesNotExist:
            continue
        seats = ask.request.buyer_seats + ask.request.expert_seats
        facts = (
            Fact(_("场次代号"), ask.code_name),
            Fact(_("时间"), f"{words.beijing(ask.starts_at)} — {words.beijing(ask.ends_at)}"),
            Fact(_("席位"), _("%(seats)d席") % {"seats": seats}),
        )
        return Matter(facts, reverse("site:request", args=[ask.request.pk]))
    return None


def _seat(by: Actor, entry: Entry) -> Matter | None:
    wanted = set(subjects_of(entry.pk, "venues.seat"))
    for seat in seats_at(by):
        if str(seat.pk) in wanted:
            return Matter((Fact(_("席位"), seat.label),), reverse("site:seats"))
    return None
