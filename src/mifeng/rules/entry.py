"""Entry of a project to the platform (进场登记).

A project is entered by the agency that the purchaser delegated. It needs a body that supervises it, an agency that may
take it, a disclosed budget that its lots add up to, and, when it asks for remote evaluation, nothing in its nature that
speaks against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.money import total_yuan, yuan_text
from mifeng.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """Hold what is declared when a project is entered (进场信息).

    Args:
        has_supervisor: a supervising body (监管主体) is named.
        in_catalogue: the item stands in the centralised procurement catalogue (集中采购目录).
        agency_kind: ``central`` (集中采购机构) or ``social`` (社会代理机构).
        agency_banned: the agency is under a ban (禁止代理).
        banned_until: when the ban ends, None when that is open.
        remote: remote evaluation is asked for.
        traits: what the project is, as words; those the rulebook lists speak against remote evaluation.
        budget_yuan: disclosed budget of the project, None when missing.
        lot_budgets_yuan: disclosed budget of each lot.
    """

    has_supervisor: bool
    in_catalogue: bool
    agency_kind: str
    agency_banned: bool
    remote: bool
    budget_yuan: Decimal | None
    lot_budgets_yuan: tuple[Decimal, ...]
    banned_until: datetime | None = None
    traits: tuple[str, ...] = ()


def check_entry(facts: EntryFacts, rulebook: Rulebook) -> None:
    """Refuse a project that may not enter as declared (进场登记), with every reason.

    Args:
        facts: what the agency declares and the platform knows of the agency.
        rulebook: what speaks against remote evaluation.

    Raises:
        Unfair: ``supervisor-missing``, ``agency-banned``, ``catalogue-needs-central-agency``, ``remote-unsuitable``,
            ``budget-missing``, ``budget-mismatch``.

    Source: NM-2018-67 二(四), BN-2023 二(三), BN-2023 二(四)6, BN-2023 三(五), GPL-18, GPLR-30
    """
    refuse_if_any(Unfair, [*_posts(facts), *_remote(facts, rulebook), *_budget(facts)])


def _posts(facts: EntryFacts) -> Iterator[Reason]:
    if not facts.has_supervisor:
        yield Reason("supervisor-missing", lifted_by=("supervisor",))
    if facts.agency_banned:
        yield Reason("agency-banned", until=facts.banned_until, lifted_by=("supervisor",))
    if facts.in_catalogue and facts.agency_kind != "central":
        yield Reason("catalogue-needs-central-agency", {"agency_kind": facts.agency_kind}, lifted_by=("buyer",))


def _remote(facts: EntryFacts, rulebook: Rulebook) -> Iterator[Reason]:
    against = tuple(word for word in rulebook.words("remote_unsuitable") if word in facts.traits)
    if facts.remote and against:
        source = rulebook["remote_unsuitable"].source
        yield Reason("remote-unsuitable", {"traits": against}, lifted_by=("agency",), source=source)


def _budget(facts: EntryFacts) -> Iterator[Reason]:
    if facts.budget_yuan is None or not facts.lot_budgets_yuan or min(facts.budget_yuan, *facts.lot_budgets_yuan) <= 0:
        yield Reason("budget-missing", lifted_by=("agency",))
        return
    lots = total_yuan(facts.lot_budgets_yuan)
    if lots != facts.budget_yuan:
        sums = {"budget_yuan": yuan_text(facts.budget_yuan), "lots_yuan": yuan_text(lots)}
        yield Reason("budget-mismatch", sums, lifted_by=("agency",))
