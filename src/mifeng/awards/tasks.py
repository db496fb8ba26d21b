"""Jobs about awards (定标任务): put what happened into the inboxes of those it concerns; repeating adds nothing."""

from collections.abc import Iterable
from uuid import UUID

from procrastinate.contrib.django import app

from mifeng.awards.models import Award
from mifeng.bidding.models import Unsealed
from mifeng.evaluation.models import Evaluation, ReportSignature
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import body_of, subjects_of
from mifeng.kernel.models import Entry
from mifeng.kernel.tasks import AGAIN
from mifeng.parties.models import Post
from mifeng.parties.queries import handles, roles
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import tenders_of_entry

SIGNED, SETTLED = "report-signed", "report-settled"
OWN, VOID, ANEW = "own-result", "evaluation-void", "purchase-anew"


@app.task(name="awards.tell_signed", retry=AGAIN)
def tell_signed(*, entry_id: int) -> None:
    """Tell the agency that every member has had a word on a report, and that it is to be handed over (提醒送交报告)."""
    moves = body_of(entry_id).get("moves", ())
    reports = {str(move["facts"]["report"]) for move in moves if move.get("to") == "concluded"}
    for tender, _ in tenders_of_entry(entry_id) if reports else ():
        deemed = ReportSignature.objects.filter(report__report_hash__in=reports).exclude(deemed="").exists()
        kind = SETTLED if deemed else SIGNED
        _tell(tender, kind, entry_id, handles(organisation=tender.agency_id, role="agency"))


@app.task(name="awards.tell_void", retry=AGAIN)
def tell_void(*, entry_id: int) -> None:
    """Tell everybody, bidders included, that a tender is void (通知废标)."""
    for pk in subjects_of(entry_id, "evaluation.evaluation"):
        void = Evaluation.objects.filter(pk=UUID(pk), state="void").values_list("lot_ref", flat=True).first()
        if void is not None:
            for tender, _ in tenders_of_entry(entry_id):
                _tell(tender, VOID, entry_id, [*_parties(tender), *_bidders(void)])


@app.task(name="awards.tell_award", retry=AGAIN)
def tell_award(*, entry_id: int) -> None:
    """Tell agency, purchaser and supervisor what another of them or the clock did (通知定标办理)."""
    actor = Entry.objects.values_list("actor_handle", flat=True).get(pk=entry_id)
    own = roles([actor]).get(actor, "")
    for tender, kind in tenders_of_entry(entry_id):
        _tell(tender, kind, entry_id, _parties(tender, but=own))


@app.task(name="awards.tell_bidders", retry=AGAIN)
def tell_bidders(*, entry_id: int) -> None:
    """Tell every bidder that its own result can be read, or that the procurement starts anew (告知投标人)."""
    for pk in subjects_of(entry_id, "awards.award"):
        lot_ref = Award.objects.values_list("lot_ref", flat=True).get(pk=UUID(pk))
        for tender, step in tenders_of_entry(entry_id):
            _tell(tender, ANEW if step == "start_anew" else OWN, entry_id, _bidders(lot_ref))


def _parties(tender: Tender, but: str = "") -> list[str]:
    organisations = {"agency": tender.agency_id, "buyer": tender.purchaser_id, "supervisor": tender.supervisor_id}
    return [
        handle for role, pk in organisations.items() if role != but for handle in handles(organisation=pk, role=role)
    ]


def _bidders(lot_ref: str) -> list[str]:
    """Return the posts of the suppliers whose bids were opened, known by the code that their certificates bear."""
    codes = Unsealed.objects.filter(bid__lot_ref=lot_ref, fault="").exclude(credit_code="")
    posts = Post.objects.filter(role="bidder", active=True, organisation__code__in=codes.values("credit_code"))
    return list(posts.order_by("handle").values_list("handle", flat=True))


def _tell(tender: Tender, kind: str, entry_id: int, recipients: Iterable[str]) -> None:
    subject = f"tenders.tender:{tender.pk}"
    tell(recipients, kind, subject=subject, entry=entry_id, name=tender.name, number=tender.number)
