"""Acts on sealed bids and at their opening (投标与开标办理), one file per noun."""

from mifeng.bidding.actions.bids import Acked, Submission, Withdrawal, receive_bid, record_acks, withdraw_bid
from mifeng.bidding.actions.opening import (
    Countersigned,
    Released,
    close_keys,
    close_list,
    confirm_key,
    open_keys,
    record_countersignatures,
    record_releases,
)
from mifeng.bidding.actions.record import Answered, answer_record
from mifeng.bidding.actions.unsealing import Fault, Filed, ReadOut, Result, open_all

__all__ = [
    "Acked",
    "Answered",
    "Countersigned",
    "Fault",
    "Filed",
    "ReadOut",
    "Released",
    "Result",
    "Submission",
    "Withdrawal",
    "answer_record",
    "close_keys",
    "close_list",
    "confirm_key",
    "open_all",
    "open_keys",
    "receive_bid",
    "record_acks",
    "record_countersignatures",
    "record_releases",
    "withdraw_bid",
]
