"""Notice, clarification and the close (公告、澄清、截止)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from mifeng.kernel.acting import Act, acting, subject_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.law import calendar, rulebooks
from mifeng.kernel.ledger.append import Written, timestamp
from mifeng.kernel.wording import check_wording
from mifeng.rules import tender as table
from mifeng.rules.calendar import legal_date
from mifeng.rules.deadlines import tender_deadlines
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.lifecycle import check_step
from mifeng.rules.notice import Clarification, check_clarification, check_publication
from mifeng.rules.rulebook import Rulebook
from mifeng.tenders.actions.guards import (
    check_agency,
    check_moment,
    check_own,
    check_version,
    check_witnessed,
    lock_tender,
)
from mifeng.tenders.actions.sealing import fix_policy, list_handles
from mifeng.tenders.models import Document, Lot, Notice, Tender
from mifeng.tenders.queries import publication_of
from mifeng.venues import actions as venues
from mifeng.venues.models import Session
from mifeng.venues.queries import session_of

MAX_TEXT = 20_000
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Publishing:
    """What an agency fixes with the notice (发布内容).

    Args:
        text: the notice in words.
        supply_until: last Beijing day on which the documents are supplied.
        bids_due_at: deadline for bids.
        version: version of the project the page was made from.
        departure_reason: why the notice comes before all seats are confirmed; empty in the ordinary case.
    """

    text: str
    supply_until: date
    bids_due_at: datetime
    version: int
    departure_reason: str = ""


@dataclass(frozen=True, slots=True)
class Clarified:
    """What an agency fixes with a clarification (澄清内容).

    Args:
        text: the clarification in words.
        affects_bids: it may affect the making of bids.
        new_due_at: new deadline; None leaves it.
        version: version of the project the page was made from.
        reason: why the deadline moves, or why bids are not affected.
    """

    text: str
    affects_bids: bool
    new_due_at: datetime | None
    version: int
    reason: str = ""


def publish_notice(tender_id: UUID, publishing: Publishing, *, by: Actor) -> Written:
    """Publish the tender notice and issue the documents (发布招标公告); the periods of the law start to run.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, ``too-large``, and all reasons of ``rules.notice.check_publication``.
        WrongState: ``wrong-state``, ``stale-version``.

    Source: GPL-35, GPLR-31, LY-2022-14 四(一)
    """
    text = check_wording(publishing.text, field="text", limit=MAX_TEXT, empty="malformed")
    departure = check_wording(publishing.departure_reason, field="departure_reason", limit=MAX_REASON)
    check_moment(publishing.bids_due_at, field="bids_due_at")
    check_moment(publishing.supply_until, field="supply_until")
    with acting("publish_notice", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        documents = act.lock_all(Document, Document.objects.filter(tender=tender).values_list("pk", flat=True))
        found = session_of(subject_of(tender))
        session = venues.lock_session(act, found.pk) if found else None
        check_agency(act, tender.agency_id)
        _check_lots(lots, "publish", by)
        check_version(tender, publishing.version)
        publication = publication_of(
            tender,
            documents,
            (publishing.supply_until, publishing.bids_due_at),
            act.at,
            departure_reason=departure,
        )
        check_publication(publication, rulebooks()[tender.rulebook], calendar())
        tender.issued_on, tender.supply_until = legal_date(act.at), publishing.supply_until
        tender.version += 1
        act.note(
            tender,
            "publish_notice",
            bids_due_at=publishing.bids_due_at,
            supply_until=publishing.supply_until,
            departure_reason=departure,
            draw_handles=list_handles(tender, session),
        )
        _set_due(act, lots, publishing.bids_due_at, "publish")
        for document in documents:
            if document.state == "approved":
                document.issued_at = act.at
                act.move(document, table.DOCUMENT, "issue", sha256=document.sha256)
        _publish(act, tender, lots, Notice.Kind.TENDER, text, affects_bids=False)
    return act.entry


def clarify(tender_id: UUID, clarified: Clarified, *, by: Actor) -> Written:
    """Publish a clarification, and move the deadline with it where asked or required (澄清、更正).

    When the deadline moves, the session and all its seats move by as much in the same act, and every site is asked
    again.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, ``too-large``, and the reasons of ``rules.notice.check_clarification``.
        WrongMoment: ``deadline-passed``.
        WrongState: ``wrong-state``, ``stale-version``.

    Source: GPLR-31
    """
    text = check_wording(clarified.text, field="text", limit=MAX_TEXT, empty="malformed")
    why = check_wording(clarified.reason, field="reason", limit=MAX_REASON)
    check_moment(clarified.new_due_at, field="new_due_at")
    with acting("clarify", by=by) as act:
        tender, lots = lock_tender(act, tender_id)
        check_own(tender, by, role="agency")
        documents = act.lock_all(Document, Document.objects.filter(tender=tender).values_list("pk", flat=True))
        found = session_of(subject_of(tender))
        session = venues.lock_session(act, found.pk) if found else None
        check_agency(act, tender.agency_id)
        _check_lots(lots, "clarify", by)
        check_version(tender, clarified.version)
        due_at = _due(lots)
        rulebook = rulebooks()[tender.rulebook]
        check_clarification(
            Clarification(act.at, due_at, clarified.affects_bids, clarified.new_due_at, why),
            rulebook,
            calendar(),
        )
        new_due_at = clarified.new_due_at or due_at
        if clarified.affects_bids:
            tender.last_clarified_at = act.at
        tender.version += 1
        handles = list_handles(tender, session)
        facts = {"affects_bids": clarified.affects_bids, "bids_due_at": new_due_at, "reason": why}
        act.note(tender, "clarify", **facts, draw_handles=handles)
        _set_due(act, lots, new_due_at, "clarify")
        for document in documents:
            if document.state == "approved":
                document.issued_at = act.at
                act.move(document, table.DOCUMENT, "issue", sha256=document.sha256)
        if session is not None and new_due_at != due_at:
            _move_session(act, session, new_due_at - due_at, rulebook)
        _publish(act, tender, lots, Notice.Kind.CLARIFICATION, text, affects_bids=clarified.affects_bids)
    return act.entry


def close_bidding(lot_id: UUID, *, by: Actor) -> Written:
    """Close bidding for a package at its deadline (投标截止); in time is what came before that instant.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongMoment: ``too-early``, when the deadline has moved or has not come; ``no-witness``, while nobody outside
            the platform signs its log.
        WrongState: ``wrong-state``, when it is closed already.

    Source: GPL-35
    """
    with acting("close_bidding", by=by) as act:
        lot = act.lock(Lot, lot_id)
        check_step(table.LOT, "close", state=lot.state, role=by.role)
        act.meet(lot, "close")
        check_witnessed(act.at)
        lot.closed_at = act.at
        reference = {"lot_ref": lot.lot_ref, "lot_ref_salt": lot.lot_ref_salt}
        act.move(lot, table.LOT, "close", bids_due_at=lot.bids_due_at, **reference)
        act.refer(f"tenders.tender:{lot.tender_id}")
    return act.entry


def _move_session(act: Act, session: Session, shift: timedelta, rulebook: Rulebook) -> None:
    during = (session.starts_at + shift, session.ends_at + shift)
    venues.move_session(act, session, during, reply_hours=rulebook.int("site_reply_hours"))


def _set_due(act: Act, lots: list[Lot], due_at: datetime, step: str) -> None:
    steps = tender_deadlines(due_at, calendar(), started_by=step)
    for lot in lots:
        lot.bids_due_at = due_at
        act.move(lot, table.LOT, step, bids_due_at=due_at, **fix_policy(lot))
        act.due(lot, steps)


def _publish(act: Act, tender: Tender, lots: list[Lot], kind: str, text: str, *, affects_bids: bool) -> None:
    title, due_at = f"{tender.name}{Notice.Kind(kind).label}", _due(lots)
    shown = {
        "number": tender.number,
        "title": title,
        "text": text,
        "due": timestamp(due_at),
        "at": timestamp(act.at),
        "policies": sorted(lot.policy_hash for lot in lots),
        "draw_handles": sorted(row["handle"] for row in tender.draw_handles),
    }
    sha256 = digest("notice", canonical(shown)).hex()
    notice = Notice(
        tender=tender,
        kind=kind,
        title=title,
        text=text,
        affects_bids=affects_bids,
        bids_due_at=due_at,
        published_at=act.at,
        sha256=sha256,
    )
    act.add(notice, "notice", notice_sha256=sha256)


def _due(lots: list[Lot]) -> datetime:
    return max(lot.bids_due_at for lot in lots if lot.bids_due_at)


def _check_lots(lots: list[Lot], step: str, by: Actor) -> None:
    for lot in lots:
        check_step(table.LOT, step, state=lot.state, role=by.role)
