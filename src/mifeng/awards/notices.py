"""What a result notice says (结果公告内容), put together from the report, the bid that won and the sitting."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mifeng.awards.models import Award
from mifeng.bidding.models import Unsealed
from mifeng.evaluation.models import Evaluation, NamedBid
from mifeng.kernel.law import calendar, rulebooks
from mifeng.rules.award import Enclosed, Reported, ResultNotice, Sat, check_named, notice_ends_on
from mifeng.rules.calendar import legal_date
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.money import yuan_text
from mifeng.sittings import queries as sittings
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import issued_documents

OVER = ("concluded", "void", "stopped")


def check_committee_done(lot: Lot) -> None:
    """Refuse to name a committee that still judges another package of the same project (成员名单公布前保密).

    Raises:
        WrongState: ``committee-sitting``, with the numbers of those packages.

    Source: MOF-87-47
    """
    going = Evaluation.objects.filter(lot__tender=lot.tender_id).exclude(pk=lot.pk).exclude(state__in=OVER)
    numbers = list(going.order_by("lot__number").values_list("lot__number", flat=True))
    if numbers:
        raise WrongState(Reason("committee-sitting", {"lots": numbers}))


def committee_of(lot_id: UUID) -> tuple[Sat, ...]:
    """Return who sat for a package, by seat, with the names that a sitting keeps sealed until the result goes out."""
    tender = Lot.objects.select_related("tender").get(pk=lot_id).tender
    return tuple(Sat(one.seat, one.role, one.name) for one in sittings.committee_names(tender))


def notice_of(found: Award, reported: Reported, names: Sequence[Sat], *, number: int, at: datetime) -> ResultNotice:
    """Return the notice of a decision, as it would be published at an instant.

    Raises:
        WrongState: ``names-missing``.
    """
    experts = check_named(reported, names)
    lot = Lot.objects.select_related("tender__purchaser", "tender__agency").get(pk=found.pk)
    tender, today = lot.tender, legal_date(at)
    named = NamedBid.objects.get(evaluation=lot.pk, bid_ref=found.bid_ref)
    opened = Unsealed.objects.get(bid__lot_ref=found.lot_ref, bid__bid_ref=found.bid_ref)
    ends_on = notice_ends_on(today, rulebooks()[tender.rulebook], calendar())
    return ResultNotice(
        number=number,
        lot_ref=found.lot_ref,
        project=tender.number,
        project_name=tender.name,
        lot=lot.number,
        lot_name=lot.name,
        purchaser=tender.purchaser.name,
        purchaser_phone=tender.purchaser.phone,
        agency=tender.agency.name,
        agency_phone=tender.agency.phone,
        bid_ref=found.bid_ref,
        bidder=named.bidder,
        credit_code=opened.credit_code,
        price_yuan=yuan_text(named.quote_yuan) if named.quote_yuan is not None else "",
        delivery=opened.delivery,
        quality=opened.quality,
        rank=found.rank,
        report=found.report,
        deemed=found.deemed,
        decided_on=legal_date(found.decided_at).isoformat() if found.decided_at else "",
        published_on=today.isoformat(),
        stands_until=ends_on.isoformat(),
        experts=experts,
        documents=tuple(Enclosed(one.name, one.version, one.sha256) for one in issued_documents(tender)),
    )
