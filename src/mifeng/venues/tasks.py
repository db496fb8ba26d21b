"""Jobs about sites (场地任务): tell a site that a session asks it, by code name only."""

from procrastinate.contrib.django import app

from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import subjects_of
from mifeng.parties.queries import handles
from mifeng.venues.models import SiteRequest


@app.task(name="venues.tell_sites")
def tell_sites(*, entry_id: int) -> None:
    """Tell every site that an entry asks for seats (通知场地)."""
    for request in SiteRequest.objects.filter(pk__in=subjects_of(entry_id, "venues.siterequest"), state="requested"):
        tell(
            handles(site=str(request.site_id)),
            "seats-asked",
            subject=f"venues.siterequest:{request.pk}",
            entry=entry_id,
        )
