"""What follows an act (后续事项): step → jobs, and due step → action. Two printed tables; nothing else reacts.

The kernel defers the jobs of the first table inside the act's own transaction, so a job exists exactly when its act
does. The worker wakes the actions of the second at their moment; each checks again, inside the door, that its moment
has come.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from mifeng.awards.actions import deem_awarded
from mifeng.awards.tasks import tell_award, tell_bidders, tell_signed, tell_void
from mifeng.bidding.actions import close_keys
from mifeng.bidding.tasks import (
    close_keys_early,
    countersign_deadline,
    deal_stanzas,
    go_on,
    list_bids,
    pass_on_withdrawal,
)
from mifeng.evaluation.tasks import begin_reviews, commit_codes, take_seats, tell_deemed, tell_seat, tell_stopped
from mifeng.evaluation.tasks import go_on as go_on_evaluating
from mifeng.kernel.deadlines import WakeAction
from mifeng.oversight.tasks import make_evidence
from mifeng.sittings.actions import abort_draw, lapse_invitation
from mifeng.sittings.tasks import (
    ask_contributors,
    commit_pools,
    complete_panels,
    dispatch_invitations,
    fix_seeds,
    follow_sessions,
    recheck_panels,
    tell_experts_moved,
    tell_progress,
    walk_on,
)
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.tasks import tell_agency, tell_host, tell_parties
from mifeng.venues.actions import lapse_request
from mifeng.venues.tasks import tell_called, tell_released, tell_sites

REACTIONS: Mapping[str, tuple["Task[..., Any, ...]", ...]] = MappingProxyType(
    {
        "enter_tender": (tell_host, tell_parties),
        "accept_tender": (tell_agency,),
        "draft_document": (tell_parties,),
        "approve_document": (tell_agency,),
        "return_document": (tell_agency,),
        "plan_seats": (tell_sites,),
        "replan_seats": (tell_sites, tell_released),
        "release_seats": (tell_released,),
        "confirm_site": (tell_agency,),
        "refuse_site": (tell_agency,),
        "lapse_request": (tell_agency,),
        "publish_notice": (commit_codes, tell_parties, countersign_deadline),
        "clarify": (tell_sites, tell_released, tell_parties, countersign_deadline, follow_sessions),
        "close_bidding": (tell_agency, tell_parties, list_bids),
        "receive_bid": (deal_stanzas,),
        "withdraw_bid": (pass_on_withdrawal,),
        "close_list": (go_on,),
        "confirm_key": (close_keys_early,),
        "close_keys": (go_on,),
        "open_all": (recheck_panels, begin_reviews, make_evidence),
        "assemble_panel": (commit_pools,),
        "widen_panel": (commit_pools,),
        "commit_pool": (ask_contributors, tell_progress),
        "record_contributions": (fix_seeds,),
        "fix_seed": (walk_on,),
        "abort_draw": (tell_progress,),
        "invite": (dispatch_invitations, tell_progress),
        "answer_invitation": (walk_on,),
        "lapse_invitation": (walk_on,),
        "seal_roster": (complete_panels,),
        "complete_panel": (tell_progress,),
        "recheck_avoidance": (walk_on, tell_progress),
        "move_panel": (tell_experts_moved,),
        "stand_aside": (walk_on, tell_progress),
        "mark_absent": (walk_on, tell_progress),
        "enter_seat": (take_seats,),
        "call_officer": (tell_called,),
        "start_evaluation": (go_on_evaluating, take_seats, tell_void),
        "record_copies": (go_on_evaluating,),
        "elect_chair": (go_on_evaluating,),
        "sign_sheet": (go_on_evaluating,),
        "lock_technical": (go_on_evaluating,),
        "reject_bid": (tell_void,),
        "conclude_evaluation": (tell_void,),
        "sign_report": (tell_signed,),
        "deem_agreed": (tell_deemed, tell_signed),
        "change_seat_key": (tell_seat,),
        "declare_unable": (tell_seat,),
        "stop_evaluation": (tell_stopped,),
        "hand_over": (tell_award,),
        "award": (tell_award,),
        "deem_awarded": (tell_award,),
        "explain_delay": (tell_award,),
        "announce": (tell_award, tell_bidders, make_evidence),
        "take_next": (tell_award,),
        "start_anew": (tell_award, tell_bidders),
    }
)

DUE: Mapping[tuple[str, str], WakeAction] = MappingProxyType(
    {
        ("tenders.lot", "close"): close_bidding,
        ("bidding.opening", "close_keys"): close_keys,
        ("venues.siterequest", "lapse"): lapse_request,
        ("awards.award", "deem_awarded"): deem_awarded,
        ("experts.draw", "abort"): abort_draw,
        ("experts.invitation", "lapse"): lapse_invitation,
    }
)

__all__ = ["DUE", "REACTIONS", "app"]
