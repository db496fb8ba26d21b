"""Jobs about projects (项目任务): put an event into the inboxes of those who take part; repeating adds nothing."""

from procrastinate.contrib.django import app

from mifeng.kernel.inbox import tell
from mifeng.kernel.tasks import AGAIN
from mifeng.parties.queries import handles
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import tenders_of_entry


@app.task(name="tenders.tell_agency", retry=AGAIN)
def tell_agency(*, entry_id: int) -> None:
    """Tell the agency what a site, the purchaser or the clock did in its project (通知代理机构)."""
    for tender, kind in tenders_of_entry(entry_id):
        _tell(tender, kind, entry_id, handles(organisation=tender.agency_id, role="agency"))


@app.task(name="tenders.tell_host", retry=AGAIN)
def tell_host(*, entry_id: int) -> None:
    """Tell the host site that a project waits for acceptance (通知主场)."""
    for tender, kind in tenders_of_entry(entry_id):
        _tell(tender, kind, entry_id, handles(site=str(tender.host_site), role="host"))


@app.task(name="tenders.tell_parties", retry=AGAIN)
def tell_parties(*, entry_id: int) -> None:
    """Tell purchaser and supervisor what happened in a project (通知采购人与监督部门)."""
    for tender, kind in tenders_of_entry(entry_id):
        posts = handles(organisation=tender.purchaser_id, role="buyer")
        _tell(tender, kind, entry_id, posts + handles(organisation=tender.supervisor_id, role="supervisor"))


def _tell(tender: Tender, kind: str, entry_id: int, recipients: list[str]) -> None:
    tell(
        recipients, kind, subject=f"tenders.tender:{tender.pk}", entry=entry_id, name=tender.name, number=tender.number
    )
