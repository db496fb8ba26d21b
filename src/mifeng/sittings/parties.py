"""Whom the experts of a project must have nothing to do with (回避单位), as plain data for the experts' context."""

from uuid import UUID

from mifeng.bidding.models import Unsealed
from mifeng.parties.models import Organisation
from mifeng.rules.avoidance import Firm
from mifeng.tenders.models import Lot, Tender


def parties(tender: Tender) -> tuple[Firm, ...]:
    """Return the organisations known before the opening: purchaser, agency, supervisor, and all trading centres.

    Source: GPLR-9, LC-2018-80 二(四) (R168)
    """
    ids = (tender.purchaser_id, tender.agency_id, tender.supervisor_id)
    rows = Organisation.objects.filter(pk__in=ids) | Organisation.objects.filter(kind=Organisation.Kind.CENTRE)
    return tuple(Firm(code, name) for code, name in rows.order_by("code").values_list("code", "name"))


def bidders(tender_id: UUID) -> tuple[Firm, ...]:
    """Return the bidders of a project as far as their bids have been opened, under every name they are known by."""
    refs = Lot.objects.filter(tender=tender_id).exclude(lot_ref="").values("lot_ref")
    rows = Unsealed.objects.filter(bid__lot_ref__in=refs, fault="").select_related("organisation").order_by("position")
    firms = [Firm(row.credit_code, row.bidder) for row in rows]
    firms += [Firm(row.organisation.code, row.organisation.name) for row in rows if row.organisation]
    return tuple(dict.fromkeys(firms))


def bidders_by_lot(tender_id: UUID) -> list[tuple[Lot, tuple[str, ...]]]:
    """Return the packages of a project with the names of the bidders whose bids have been opened, by number."""
    lots = list(Lot.objects.filter(tender=tender_id).order_by("number"))
    names: dict[str, list[str]] = {lot.lot_ref: [] for lot in lots}
    rows = Unsealed.objects.filter(bid__lot_ref__in=[ref for ref in names if ref], fault="").select_related("bid")
    for row in rows.order_by("position"):
        names[row.bid.lot_ref].append(row.bidder)
    return [(lot, tuple(names[lot.lot_ref])) for lot in lots]
