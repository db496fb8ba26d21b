"""Seat plans as the pages' tests send them (席位方案测试件)."""

from typing import Any

from django.http import HttpResponse

from mifeng.kernel import clock
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, plan_seats
from mifeng.tenders.models import Tender
from tests.factories import SESSION, START, City, documented, fresh
from tests.web.rooms import send


def asked(city: City, **changes: Any) -> dict[str, Any]:
    """Return a lawful plan as a browser sends it: 26 March, host 1 + 2, two guests with one expert each."""
    lawful = {
        "day": "2026-03-26",
        "starts": "10:30",
        "ends": "16:30",
        "host_buyer": "1",
        "host_experts": "2",
        f"site_{city.sites['杭锦后旗'].pk}": "1",
        f"site_{city.sites['五原县'].pk}": "1",
        f"site_{city.sites['磴口县'].pk}": "",
    }
    return {**lawful, **changes}


def send_plan(tender: Tender, data: dict[str, Any], **options: Any) -> HttpResponse:
    """Send the plan form."""
    return send("agency-a", f"/workspace/{tender.pk}/seats", data, **options)


def occupied(city: City, site: str, count: int) -> Tender:
    """Return another project that holds experts' seats at a guest site during the story's session."""
    other = documented(city, name="别家的保密项目")
    at_host = SiteSeats(str(city.sites["市中心"].pk), "host", 1, 4 - count)
    sites = (at_host, SiteSeats(str(city.sites[site].pk), "guest", 0, count))
    with clock.frozen(START):
        plan_seats(other.pk, PlannedSession(sites, *SESSION), by=city["agency-a"])
    return fresh(other)
