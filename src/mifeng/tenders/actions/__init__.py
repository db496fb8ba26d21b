"""Acts on a project from its entry to its deadline (采购项目办理), one file per noun."""

from mifeng.tenders.actions.documents import approve_document, draft_document, return_document
from mifeng.tenders.actions.entry import TenderEntry, accept_tender, enter_tender
from mifeng.tenders.actions.notices import Clarified, Publishing, clarify, close_bidding, publish_notice
from mifeng.tenders.actions.seats import PlannedSession, plan_seats, release_seats, replan_seats

__all__ = [
    "Clarified",
    "PlannedSession",
    "Publishing",
    "TenderEntry",
    "accept_tender",
    "approve_document",
    "clarify",
    "close_bidding",
    "draft_document",
    "enter_tender",
    "plan_seats",
    "publish_notice",
    "release_seats",
    "replan_seats",
    "return_document",
]
