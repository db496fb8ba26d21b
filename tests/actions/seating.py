"""Sessions that stand in each other's way (席位冲突), for the tests of several files."""

from datetime import datetime

from mifeng.kernel import clock
from mifeng.rules.seats import SiteSeats
from mifeng.tenders.actions import PlannedSession, plan_seats
from tests.actions.acts import SOON
from tests.actions.conftest import Stages


def fill(stages: Stages, starts_at: datetime, ends_at: datetime) -> None:
    """Let the documented project take all expert seats of 五原县 at a time."""
    host, guest = (str(stages.city.sites[name].pk) for name in ("市中心", "五原县"))
    rows = (SiteSeats(host, "host", 1, 2), SiteSeats(guest, "guest", 0, 2))
    with clock.frozen(SOON):
        plan_seats(stages["documented"].pk, PlannedSession(rows, starts_at, ends_at), by=stages.actor("agency-a"))
