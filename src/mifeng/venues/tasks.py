"""Jobs about sites (场地任务): tell a site what a session asks of it or gives back, by code name only."""

from procrastinate.contrib.django import app

from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import body_of, subjects_of
from mifeng.kernel.tasks import AGAIN
from mifeng.parties.queries import handles
from mifeng.venues.calls import site_of_call
from mifeng.venues.models import SiteRequest

LOST = {("requested", "released"), ("confirmed", "released"), ("requested", "displaced"), ("confirmed", "displaced")}


@app.task(name="venues.tell_sites", retry=AGAIN)
def tell_sites(*, entry_id: int) -> None:
    """Tell every site that an entry asks for seats (通知场地)."""
    for request in SiteRequest.objects.filter(pk__in=subjects_of(entry_id, "venues.siterequest"), state="requested"):
        _tell(request, "seats-asked", entry_id)


@app.task(name="venues.tell_released", retry=AGAIN)
def tell_released(*, entry_id: int) -> None:
    """Tell every site that it need not keep seats any more which it held or had been asked for (通知场地释放)."""
    moves = body_of(entry_id).get("moves", [])
    lost = [move["subject"].partition(":")[2] for move in moves if (move.get("from"), move.get("to")) in LOST]
    for request in SiteRequest.objects.filter(pk__in=set(lost) & set(subjects_of(entry_id, "venues.siterequest"))):
        _tell(request, "seats-released", entry_id)


@app.task(name="venues.tell_called", retry=AGAIN)
def tell_called(*, entry_id: int) -> None:
    """Tell the officers of a site that somebody there calls for them (通知呼叫)."""
    for call_id in subjects_of(entry_id, "venues.call"):
        tell(handles(site=site_of_call(call_id)), "officer-called", subject=f"venues.call:{call_id}", entry=entry_id)


def _tell(request: SiteRequest, kind: str, entry_id: int) -> None:
    tell(handles(site=str(request.site_id)), kind, subject=f"venues.siterequest:{request.pk}", entry=entry_id)
