"""Who may act on which project, and when (项目归属与时点), asked by every act on one."""

from collections.abc import Iterable
from datetime import date, datetime

from mifeng.kernel.acting import Act
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.queries import witness_silent
from mifeng.parties.models import Organisation
from mifeng.rules.calendar import end_of, legal_date
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongMoment, WrongState
from mifeng.rules.notice import moment_text
from mifeng.tenders.models import Lot, Tender

YEARS = range(2000, 2100)  # what a person can mean by a date; counting days to the year 9999 would hold the locks


def lock_tender(act: Act, tender_id: object) -> tuple[Tender, list[Lot]]:
    """Take a project and all its packages alone and return them, packages by id."""
    tender = act.lock(Tender, str(tender_id))
    lots = act.lock_all(Lot, Lot.objects.filter(tender=tender).values_list("pk", flat=True))
    return tender, lots


def check_own(tender: Tender, by: Actor, *, role: str) -> None:
    """Refuse a post of another role or of another organisation (岗位与归属).

    Args:
        tender: the project.
        by: the acting post.
        role: the role the act belongs to: ``agency``, ``buyer`` or ``host``.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.

    Source: NM-2018-67 五(十四) (R076)
    """
    if by.role != role:
        raise NotEntitled(Reason("wrong-post", {"role": by.role}, lifted_by=(role,)))
    owner = {"agency": tender.agency_id, "buyer": tender.purchaser_id, "host": tender.host_site}[role]
    if str(owner) != (by.site if role == "host" else by.organisation):
        raise NotEntitled(Reason("not-your-project"))


def check_agency(act: Act, organisation: object) -> Organisation:
    """Refuse every act of an agency that is banned from acting (禁止代理), and return the agency.

    The last lock of an act, since organisations stand below all matters: a ban takes hold between two acts, never
    within one.

    Raises:
        NotEntitled: ``agency-banned``, until the ban ends; lifted by the supervisor.

    Source: BN-2023 二(四)6 (R022)
    """
    agency = act.share(Organisation, str(organisation))
    if agency.banned_until is not None and agency.banned_until >= legal_date(act.at):
        raise NotEntitled(Reason("agency-banned", until=end_of(agency.banned_until), lifted_by=("supervisor",)))
    return agency


def check_before_deadline(lots: Iterable[Lot], at: datetime) -> None:
    """Refuse work on the tender document once bids are due (投标截止).

    Raises:
        WrongMoment: ``deadline-passed``.

    Source: GPLR-31
    """
    due_at = min((lot.bids_due_at for lot in lots if lot.bids_due_at), default=None)
    if due_at is not None and at >= due_at:
        raise WrongMoment(Reason("deadline-passed", {"bids_due_at": moment_text(due_at)}))


def check_witnessed(at: datetime) -> None:
    """Refuse a decisive step while nobody outside the platform signs its log (见证中断).

    Raises:
        WrongMoment: ``no-witness``; it ends when a witness answers again.

    Source: our choice (ADR-2)
    """
    if witness_silent(at):
        raise WrongMoment(Reason("no-witness"))


def check_moment(moment: date | datetime | None, *, field: str) -> None:
    """Refuse an instant without a time zone, and a date that nobody can mean (日期).

    Raises:
        Unfair: ``malformed``.

    Source: our choice (ADR-1)
    """
    bare = isinstance(moment, datetime) and moment.tzinfo is None
    if moment is not None and (bare or moment.year not in YEARS):
        raise Unfair(Reason("malformed", {"field": field}))


def check_version(tender: Tender, version: int) -> None:
    """Refuse an act prepared on a page that has been overtaken (并发修改).

    Raises:
        WrongState: ``stale-version`` with both versions.

    Source: our choice (ADR-1)
    """
    if tender.version != version:
        raise WrongState(Reason("stale-version", {"seen": version, "current": tender.version}))
