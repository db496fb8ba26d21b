"""Procurement methods as data (采购方式).

A method is a row, not a subclass: its name, the clause that allows it, the constant that says how long suppliers have,
and how many of them it takes. Everything else that differs between methods is looked up in the rulebook by these names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Procedure:
    """Describe one procurement method (采购方式).

    Args:
        key: stable word.
        term: Chinese name.
        source: clause that allows it.
        period: constant of the period from issue to the deadline; empty where the law names none.
        suppliers: constant of the least number of suppliers; empty where one is enough.
        group: constant of the least size of the evaluating group; empty where there is none.
    """

    key: str
    term: str
    source: str
    period: str
    suppliers: str
    group: str


def _by_key(*rows: Procedure) -> Mapping[str, Procedure]:
    return MappingProxyType({row.key: row for row in rows})


PROCEDURES = _by_key(
    Procedure("open-tender", "公开招标", "GPL-26", "bid_period_days", "suppliers_min", "committee_min"),
    Procedure("invited-tender", "邀请招标", "GPL-29", "bid_period_days", "invited_suppliers_min", "committee_min"),
    Procedure(
        "negotiation",
        "竞争性谈判",
        "GPL-30",
        "negotiation_working_days",
        "negotiation_suppliers_min",
        "negotiation_group_min",
    ),
    Procedure(
        "consultation",
        "竞争性磋商",
        "GPL-26",
        "consultation_days",
        "negotiation_suppliers_min",
        "negotiation_group_min",
    ),
    Procedure("inquiry", "询价", "GPL-32", "inquiry_working_days", "inquiry_suppliers_min", "negotiation_group_min"),
    Procedure("single-source", "单一来源采购", "GPL-31", "", "", ""),
)
