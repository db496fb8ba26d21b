"""Forms about the seats of a project (评审席位表单)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.calendar import BEIJING, at_beijing
from mifeng.rules.errors import Reason
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession
from mifeng.tenders.actions.seats import MAX_REASON
from mifeng.venues.models import Site
from mifeng.web.shell.forms import Refused, RuledText
from mifeng.web.workspace.forms.base import DayField, RoomForm, TimeOfDayField, plain_lines

SEATS_MAX = 50


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One possible guest site on the form (副场行)."""

    site: Site
    field: BoundField


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to seat a plan (替代方案): ``query`` fills the form with it, empty where nothing changes by hand."""

    kind: str
    sites: tuple[str, ...]
    starts_at: datetime
    query: str


class SeatPlanForm(RoomForm):
    """Ask for the seats of a session (预约评审席): one host, at least one guest, one day."""

    field_of = MappingProxyType(
        {
            "session-period": "starts",
            "session-before-deadline": "day",
            "buyer-seat": "host_buyer",
            "host-seats": "host_experts",
            "committee-size": "host_experts",
            "experts-share": "host_experts",
        }
    )
    day = DayField(label=gettext_lazy("评审日期"))
    starts = TimeOfDayField(label=gettext_lazy("开始"))
    ends = TimeOfDayField(label=gettext_lazy("结束"))
    host_buyer = forms.IntegerField(label=gettext_lazy("采购人代表席"), min_value=0, max_value=SEATS_MAX, initial=1)
    host_experts = forms.IntegerField(label=gettext_lazy("专家席"), min_value=0, max_value=SEATS_MAX)

    def __init__(self, *args: Any, host: Site, guests: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host, self.guests = host, tuple(guests)
        for site in self.guests:
            self.fields[guest_field(site)] = forms.IntegerField(
                label=_("%(site)s 专家席") % {"site": site.name}, min_value=0, max_value=SEATS_MAX, required=False
            )
        if self.guests:
            first = guest_field(self.guests[0])
            self.reason_fields = {**self.reason_fields, "guest-required": first, "guest-seats": first}

    def explain(self, meta: Mapping[UUID, str]) -> None:
        """Say under each site's field what is free there (席位余量)."""
        self.fields["host_experts"].help_text = meta[self.host.pk]
        for site in self.guests:
            self.fields[guest_field(site)].help_text = meta[site.pk]

    @property
    def guest_rows(self) -> Iterator[GuestRow]:
        """Yield the sites that could be guests."""
        for site in self.guests:
            yield GuestRow(site, self[guest_field(site)])

    def planned(self) -> PlannedSession:
        """Return the plan that was asked for; a guest site with no number takes no part."""
        found = self.cleaned_data
        host = SiteSeats(str(self.host.pk), "host", found["host_buyer"], found["host_experts"])
        asked = [(site, found[guest_field(site)]) for site in self.guests]
        guests = [SiteSeats(str(site.pk), "guest", 0, experts) for site, experts in asked if experts]
        starts_at, ends_at = (at_beijing(found["day"], found[name]) for name in ("starts", "ends"))
        return PlannedSession((host, *guests), starts_at, ends_at)

    @property
    def ways(self) -> list[Way]:
        """Return the ways that a refusal for want of seats offers, each as values for this form."""
        errors = [error for found in self.errors.as_data().values() for error in found]
        reasons = [error.reason for error in errors if isinstance(error, Refused)]
        offered = next((reason for reason in reasons if reason.facts.get("alternatives")), None)
        return [self._way(one) for one in _offers(offered)] if offered else []

    def _way(self, one: Mapping[str, Any]) -> Way:
        """Return one way as values of this form: another time, or another site in the place of the one that is full."""
        names = tuple(one["sites"])
        values = {name: self[name].value() or "" for name in self.fields}
        if one["kind"] == "later":
            start, end = (one[name].astimezone(BEIJING) for name in ("starts_at", "ends_at"))
            values |= {"day": start.date().isoformat(), "starts": f"{start:%H:%M}", "ends": f"{end:%H:%M}"}
        if one["kind"] == "other-site":
            asked = [site for site in self.guests if str(values[guest_field(site)] or 0) != "0"]
            gone = next((site for site in asked if site.name not in names), None)
            fresh = next((site for site in self.guests if site.name in names and site not in asked), None)
            if gone and fresh:
                values[guest_field(fresh)], values[guest_field(gone)] = values[guest_field(gone)], ""
                names = (fresh.name,)
        return Way(one["kind"], names, one["starts_at"], "" if one["kind"] == "other-seats" else urlencode(values))


class ReplanForm(RoomForm):
    """Ask another site, or the same one again, in the place of one that failed (重选场地)."""

    field_of = MappingProxyType({"seats-short": "site", "host-seats": "site", "malformed": "site"})
    site = forms.TypedChoiceField(label=gettext_lazy("改请哪个场地"), coerce=UUID, widget=forms.RadioSelect)

    def __init__(self, *args: Any, sites: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        if isinstance(field, forms.ChoiceField):
            field.choices = sites


class ReleaseForm(RoomForm):
    """Give all seats back, with the reason (退订评审席)."""

    field_of = MappingProxyType({"reason-required": "reason", "malformed": "reason", "too-large": "reason"})
    reason = RuledText(label=gettext_lazy("退订理由"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_reason(self) -> str:
        """Keep line ends in one form."""
        return plain_lines(self.cleaned_data["reason"])


def guest_field(site: Site) -> str:
    """Return the name of the field that holds the experts' seats at a guest site."""
    return f"site_{site.pk}"


def _offers(reason: Reason) -> Sequence[Mapping[str, Any]]:
    offers = reason.facts["alternatives"]
    return offers if isinstance(offers, list | tuple) else ()
