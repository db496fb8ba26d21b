"""Acts of an evaluation (评标办理), one file per noun.

The desk imports ``sheets``, ``judging``, ``leaving`` and ``reporting`` themselves, which have no way to bids.
"""

from mifeng.evaluation.actions.committee import Seated, issue_seat_codes, seat_members
from mifeng.evaluation.actions.deeming import deem_agreed
from mifeng.evaluation.actions.judging import (
    correct_scores,
    elect_chair,
    find_abnormal,
    grant_deduction,
    reject_bid,
    withdraw_opinion,
)
from mifeng.evaluation.actions.keys import change_seat_key
from mifeng.evaluation.actions.leaving import declare_unable
from mifeng.evaluation.actions.preparing import commit_codes, set_template
from mifeng.evaluation.actions.qualifying import (
    Copied,
    begin_review,
    record_copies,
    review_qualification,
    start_evaluation,
)
from mifeng.evaluation.actions.reporting import Endorsed, conclude_evaluation, sign_report
from mifeng.evaluation.actions.revealing import lock_technical, reveal
from mifeng.evaluation.actions.sheets import Entered, Signed, save_cells, sign_sheet
from mifeng.evaluation.actions.stopping import stop_evaluation

__all__ = [
    "Copied",
    "Endorsed",
    "Entered",
    "Seated",
    "Signed",
    "begin_review",
    "change_seat_key",
    "commit_codes",
    "conclude_evaluation",
    "correct_scores",
    "declare_unable",
    "deem_agreed",
    "elect_chair",
    "find_abnormal",
    "grant_deduction",
    "issue_seat_codes",
    "lock_technical",
    "record_copies",
    "reject_bid",
    "reveal",
    "review_qualification",
    "save_cells",
    "seat_members",
    "set_template",
    "sign_report",
    "sign_sheet",
    "start_evaluation",
    "stop_evaluation",
    "withdraw_opinion",
]
