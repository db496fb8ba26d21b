"""From entry to the deadline (项目进场至投标截止).

Two tables. A *lot* (采购包) is the unit that is entered, published and closed; its tender *document* (招标文件) goes
back and forth between agency and purchaser until it is approved, and an approved document is issued together with the
notice.
"""

from types import MappingProxyType

from mifeng.rules.lifecycle import Lifecycle, step

LOT: Lifecycle = MappingProxyType(
    {
        "enter": step("", "entered", "agency", "BN-2023 二(一)"),
        "accept": step("entered", "accepted", "host", "BN-2023 二(一)"),
        "publish": step("accepted", "published", "agency", "GPLR-8"),
        "clarify": step("published", "published", "agency", "GPLR-31"),
        "close": step("published", "closed", "clock", "GPL-35"),
    }
)

DOCUMENT: Lifecycle = MappingProxyType(
    {
        "draft": step("", "drafted", "agency", "GPLR-32"),
        "approve": step("drafted", "approved", "buyer", "GPLR-15"),
        "return": step("drafted", "returned", "buyer", "GPLR-15"),
        "supersede": step("drafted approved returned", "superseded", "agency", "GPLR-31"),
        "issue": step("approved", "issued", "agency", "GPLR-31"),
    }
)
