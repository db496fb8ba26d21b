"""Entry of a project to the platform (进场登记) and its acceptance by the host centre (进场受理)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import rulebook_on
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.parties.models import Organisation
from mifeng.rules import tender as table
from mifeng.rules.calendar import end_of, legal_date
from mifeng.rules.entry import EntryFacts, check_entry
from mifeng.rules.errors import NotEntitled, Reason, Unfair
from mifeng.tenders.actions.guards import check_own, lock_tender
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.queries import host_site

MAX_NAME = 200
MAX_LOTS = 99
MAX_YUAN = Decimal("99999999999999.99")
NUMBER_DIGITS = (6, 6, 6, 7, 8)  # digits of each try: a number grows only as the short ones are used up


@dataclass(frozen=True, slots=True)
class TenderEntry:
    """What an agency declares when it enters a project (进场信息).

    Args:
        name: name of the project.
        category: ``goods``, ``works`` or ``services``.
        in_catalogue: the item stands in the centralised procurement catalogue.
        complex: technically complex or of high social impact.
        purchaser: id of the purchaser.
        supervisor: id of the supervising authority; None when none is named.
        budget_yuan: disclosed budget of the project.
        lots: name and disclosed budget of each package.
        traits: what speaks for or against remote evaluation, as words of the rulebook.
    """

    name: str
    category: str
    in_catalogue: bool
    complex: bool
    purchaser: UUID
    supervisor: UUID | None
    budget_yuan: Decimal | None
    lots: tuple[tuple[str, Decimal], ...]
    traits: tuple[str, ...] = ()


def enter_tender(entry: TenderEntry, *, by: Actor) -> Written:
    """Enter a project to the platform (进场登记).

    Args:
        entry: what the agency declares.
        by: the delegated agency.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed``, ``too-large`` and all reasons of ``rules.entry.check_entry``.

    Source: BN-2023 二(一), NM-2018-67 二(四) (R008, R043)
    """
    if by.role != "agency":
        raise NotEntitled(Reason("wrong-post", {"step": "enter", "role": by.role}, lifted_by=("agency",)))
    check_shape(entry)
    with acting("enter_tender", by=by) as act:
        agency = act.share(Organisation, by.organisation)
        purchaser = check_kind(entry.purchaser, Organisation.Kind.PURCHASER)
        supervisor = check_kind(entry.supervisor, Organisation.Kind.SUPERVISOR) if entry.supervisor else None
        rulebook = rulebook_on(purchaser.region, "procurement", legal_date(act.at))
        check_entry(_declared(entry, agency, supervisor, act.at), rulebook)
        host = host_site(purchaser.region)
        if host is None:
            raise Unfair(Reason("host-missing", {"region": purchaser.region}, lifted_by=("host",)))
        tender = Tender(
            number=_number(legal_date(act.at).year),
            name=check_wording(entry.name, field="name", limit=MAX_NAME, empty="malformed"),
            category=entry.category,
            in_catalogue=entry.in_catalogue,
            complex=entry.complex,
            budget_yuan=cast("Decimal", entry.budget_yuan),  # check_entry has refused a missing budget
            purchaser=purchaser,
            agency=agency,
            supervisor=supervisor,
            region=purchaser.region,
            host_site=host.pk,
            rulebook=rulebook.name,
            entered_at=act.at,
        )
        act.add(tender, "enter", **_facts(tender))
        act.create_all(Lot, table.LOT, "enter", _lots(entry, tender))
    return act.entry


def accept_tender(tender_id: UUID, *, by: Actor) -> Written:
    """Accept a project at the host centre (进场受理): it may now be planned and published.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        WrongState: ``wrong-state``.

    Source: BN-2023 二(一)
    """
    with acting("accept_tender", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="host")
        tender.version += 1
        act.note(tender, "accept", version=tender.version)
        for lot in lots:
            act.move(lot, table.LOT, "accept")
    return act.entry


def check_shape(entry: TenderEntry) -> None:
    """Refuse an entry whose texts or numbers cannot be right (进场信息格式).

    Raises:
        Unfair: ``malformed``, ``too-large``.

    Source: our choice (ADR-1)
    """
    check_wording(entry.name, field="name", limit=MAX_NAME, empty="malformed")
    if entry.category not in Tender.Category.values:
        raise Unfair(Reason("malformed", {"field": "category"}))
    if len(entry.lots) > MAX_LOTS:
        raise Unfair(Reason("too-large", {"field": "lots", "limit": MAX_LOTS}))
    for name, budget in entry.lots:
        check_wording(name, field="lot", limit=MAX_NAME, empty="malformed")
        _check_money(budget)
    if entry.budget_yuan is not None:
        _check_money(entry.budget_yuan)


def check_kind(organisation_id: UUID, kind: str) -> Organisation:
    """Refuse an organisation that is not of the kind asked for, and return it (主体类型).

    Raises:
        Unfair: ``malformed``.

    Source: our choice (ADR-1)
    """
    found = Organisation.objects.filter(pk=organisation_id, kind=kind).first()
    if found is None:
        raise Unfair(Reason("malformed", {"field": kind}))
    return found


def _declared(entry: TenderEntry, agency: Organisation, supervisor: Organisation | None, at: datetime) -> EntryFacts:
    """Return what the agency declares and the platform knows of it, as the rules read it."""
    until = agency.banned_until
    banned = until is not None and until >= legal_date(at)
    return EntryFacts(
        has_supervisor=supervisor is not None,
        in_catalogue=entry.in_catalogue,
        agency_kind="central" if agency.kind == Organisation.Kind.CENTRAL_AGENCY else "social",
        agency_banned=banned,
        banned_until=end_of(until) if until and banned else None,
        remote=True,
        budget_yuan=entry.budget_yuan,
        lot_budgets_yuan=tuple(budget for _, budget in entry.lots),
        traits=entry.traits,
    )


def _facts(tender: Tender) -> dict[str, object]:
    """Return what the entry says of a project: all that was declared and all that was derived from it."""
    names = ("number", "name", "category", "in_catalogue", "complex", "budget_yuan", "region", "host_site", "rulebook")
    parties = {"purchaser": tender.purchaser_id, "agency": tender.agency_id, "supervisor": tender.supervisor_id}
    return {**{name: getattr(tender, name) for name in names}, **parties}


def _lots(entry: TenderEntry, tender: Tender) -> list[dict[str, object]]:
    return [
        {
            "tender": tender,
            "number": number,
            "name": check_wording(name, field="lot", limit=MAX_NAME, empty="malformed"),
            "budget_yuan": budget,
        }
        for number, (name, budget) in enumerate(entry.lots, start=1)
    ]


def _check_money(amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2 or amount > MAX_YUAN:
        raise Unfair(Reason("malformed", {"field": "budget_yuan"}))


def _number(year: int) -> str:
    """Return a free project number; its last part is drawn at random, so that numbers do not count projects."""
    for digits in NUMBER_DIGITS:
        number = f"ZFCG-{year}-{secrets.randbelow(10**digits):0{digits}d}"
        if not Tender.objects.filter(number=number).exists():
            return number
    raise RuntimeError("no project number is free")
