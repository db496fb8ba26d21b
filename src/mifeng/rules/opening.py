"""From the receipt of a sealed bid to its opening (投标与开标).

Two tables. A *bid* (投标) is received, replaced and withdrawn until the deadline; after it, its bidder confirms the key
and it is opened together with all others, or stays sealed. The *opening* (开标) of a package starts with the list of
bids at the deadline: with too few of them nothing is opened at all. Bidders' keys come first and are closed; only then
do the trustees release their shares, and everything opens in one act.
"""

from types import MappingProxyType

from mifeng.rules.lifecycle import Lifecycle, step

BID: Lifecycle = MappingProxyType(
    {
        "receive": step("", "received", "bidder", "MOF-87-33"),
        "replace": step("received withdrawn", "received", "bidder", "MOF-87-34"),
        "withdraw": step("received", "withdrawn", "bidder", "MOF-87-34"),
        "confirm_key": step("received", "keyed", "bidder", "our choice (ADR-6)"),
        "unseal": step("keyed", "opened", "clock", "MOF-87-41"),
        "leave_sealed": step("received keyed", "unopened", "clock", "our choice (ADR-6)"),
    }
)

OPENING: Lifecycle = MappingProxyType(
    {
        "list": step("", "listed", "clock", "MOF-87-39"),
        "fail": step("", "failed", "clock", "MOF-87-41"),
        "open_keys": step("listed", "keying", "clock", "our choice (ADR-6)"),
        "close_keys": step("keying", "releasing", "clock", "our choice (ADR-6)"),
        "lapse_keys": step("keying", "unkeyed", "clock", "our choice (ADR-6)"),
        "open_all": step("releasing", "public", "clock", "MOF-87-41"),
        "open_short": step("releasing", "short", "clock", "GPL-36"),
    }
)
