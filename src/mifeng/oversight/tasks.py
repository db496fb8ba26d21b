"""Jobs of oversight (监督任务): the evidence of a project is put together as soon as its bids are open."""

from contextlib import suppress

from procrastinate.contrib.django import app

from mifeng.kernel.ledger.queries import subjects_of
from mifeng.kernel.tasks import AGAIN
from mifeng.oversight.bundle import TooEarly, evidence
from mifeng.tenders.models import Tender


@app.task(name="oversight.make_evidence", retry=AGAIN)
def make_evidence(*, entry_id: int) -> None:
    """Make the public evidence of the projects that an entry speaks of (生成证据包); again until it is witnessed."""
    for tender in Tender.objects.filter(pk__in=subjects_of(entry_id, "tenders.tender")).order_by("pk"):
        with suppress(TooEarly):
            evidence(tender)
