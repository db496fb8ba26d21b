"""Jobs about evaluations (评标任务): each goes one step on where it can; again changes nothing.

Where the tender documents have no scoring template nothing is evaluated here. Once a minute everything unfinished is
looked at anew, so that nothing hangs on a single job.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from procrastinate.contrib.django import app

from mifeng.bidding import staging
from mifeng.bidding.models import Envelope, OpenedFile, Opening
from mifeng.evaluation import actions
from mifeng.evaluation.actions.committee import BEFORE_CHAIR
from mifeng.evaluation.actions.keys import SIGNING
from mifeng.evaluation.copies import make_copies
from mifeng.evaluation.models import BlindCopy, CodeKey, Evaluation, Member, ScoringTemplate
from mifeng.kernel import vault
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import subjects_of
from mifeng.kernel.tasks import AGAIN
from mifeng.parties.queries import handles
from mifeng.rules.errors import Refusal
from mifeng.sittings.queries import Seating, draw_public, reopened, seated, seats_entered
from mifeng.tenders.models import Document, Lot, Tender
from mifeng.tenders.queries import tenders_of_entry

SEAT_TOLD = {"change_seat_key": "seat-rekeyed", "declare_unable": "member-unable"}
GOING_ON = ("qualified", "chaired", "reviewing", "locked")

log = logging.getLogger(__name__)


@app.task(name="evaluation.commit_codes", retry=AGAIN)
def commit_codes(*, entry_id: int) -> None:
    """Commit to the secrets of the packages that a notice publishes (承诺编码密钥)."""
    for lot_id in _lots(entry_id):
        commit(lot_id)


@app.task(name="evaluation.begin_reviews", retry=AGAIN)
def begin_reviews(*, entry_id: int) -> None:
    """Begin the qualification review of packages whose bids are open (开始资格审查)."""
    for lot_id in _lots(entry_id):
        begin(lot_id)


@app.task(name="evaluation.go_on", retry=AGAIN)
def go_on(*, entry_id: int) -> None:
    """Take an evaluation as far as it can go now (推进评审)."""
    for lot_id in subjects_of(entry_id, "evaluation.evaluation"):
        advance(UUID(lot_id))


@app.task(name="evaluation.take_seats", retry=AGAIN)
def take_seats(*, entry_id: int) -> None:
    """Seat the members of a project's evaluations once every seat of the plan is open (评审成员就座)."""
    for tender in seats_entered(subjects_of(entry_id, "parties.seatpass")):
        for lot_id in Lot.objects.filter(tender=tender).values_list("pk", flat=True):
            seat(lot_id)
            rekey(lot_id)
    for lot in subjects_of(entry_id, "evaluation.evaluation"):
        seat(UUID(lot))


@app.task(name="evaluation.tell_deemed", retry=AGAIN)
def tell_deemed(*, entry_id: int) -> None:
    """Tell purchaser and supervisor that a member is deemed to agree to a report (通知视为同意)."""
    for tender, _ in tenders_of_entry(entry_id):
        posts = {"buyer": tender.purchaser_id, "supervisor": tender.supervisor_id}
        _tell(tender, "agreement-deemed", entry_id, posts)


@app.task(name="evaluation.tell_stopped", retry=AGAIN)
def tell_stopped(*, entry_id: int) -> None:
    """Tell purchaser and supervisor that an evaluation was stopped (通知停止评标)."""
    for tender, _ in tenders_of_entry(entry_id):
        posts = {"buyer": tender.purchaser_id, "supervisor": tender.supervisor_id}
        _tell(tender, "evaluation-stopped", entry_id, posts)


@app.task(name="evaluation.tell_seat", retry=AGAIN)
def tell_seat(*, entry_id: int) -> None:
    """Tell agency and supervisor what happened at a seat: another key, a member who cannot go on (通知席位情况)."""
    for tender, step in tenders_of_entry(entry_id):
        posts = {"agency": tender.agency_id, "supervisor": tender.supervisor_id}
        _tell(tender, SEAT_TOLD[step], entry_id, posts)


@app.periodic(cron="* * * * *")
@app.task(name="evaluation.look_after", retry=AGAIN)
def look_after(timestamp: int) -> None:
    """Look at everything unfinished once a minute (每分钟检查)."""
    templated = ScoringTemplate.objects.values_list("pk", flat=True)
    published = Lot.objects.filter(pk__in=templated, state="published").values_list("pk", flat=True)
    for lot_id in published.exclude(pk__in=CodeKey.objects.values("pk")):
        commit(lot_id)
    opened = Opening.objects.filter(pk__in=templated, state="public").values_list("pk", flat=True)
    for lot_id in opened.exclude(pk__in=Evaluation.objects.values("pk")):
        begin(lot_id)
    for lot_id in Evaluation.objects.filter(state__in=BEFORE_CHAIR).values_list("pk", flat=True):
        seat(lot_id)
    for lot_id in Evaluation.objects.filter(state__in=GOING_ON).values_list("pk", flat=True):
        advance(lot_id)
    for lot_id in Evaluation.objects.filter(state__in=SIGNING).values_list("pk", flat=True):
        rekey(lot_id)


@app.periodic(cron="41 * * * *")
@app.task(name="evaluation.sweep_vault", retry=AGAIN)
def sweep_vault(timestamp: int) -> None:
    """Remove files older than a day that no act ever named, and uploads that were given up (清理无主文件).

    It stands in the uppermost context that names files of the vault; a further one adds its names.
    """
    named = [model.objects.values_list("sha256", flat=True) for model in (Document, Envelope, OpenedFile)]
    copies = BlindCopy.objects.values_list("after", flat=True)
    vault.sweep(frozenset(sha256 for names in (*named, copies) for sha256 in names))
    staging.sweep()


def commit(lot_id: UUID) -> None:
    """Commit to the secret of a package that has a template."""
    if ScoringTemplate.objects.filter(pk=lot_id).exists():
        _try(lambda: actions.commit_codes(lot_id))


def begin(lot_id: UUID) -> None:
    """Begin the review of a package whose secret was committed to."""
    if CodeKey.objects.filter(pk=lot_id).exists():
        _try(lambda: actions.begin_review(lot_id))


def seat(lot_id: UUID) -> None:
    """Seat the members of an evaluation, where all have come and somebody sits there who did not before."""
    evaluation = Evaluation.objects.filter(pk=lot_id, state__in=BEFORE_CHAIR).select_related("lot__tender").first()
    found = seated(evaluation.lot.tender) if evaluation else Seating(False, ())
    if not found.complete:
        return
    members = [actions.Seated(one.seat, one.role, one.handle, one.key) for one in found.members]
    known = Member.objects.filter(evaluation=lot_id).order_by("seat").values_list("seat", "role", "handle", "key")
    if [actions.Seated(*row) for row in known] != members:
        _try(lambda: actions.seat_members(lot_id, members))


def rekey(lot_id: UUID) -> None:
    """Let seats that were opened again with a new code sign with the keys of their new clients."""
    evaluation = Evaluation.objects.filter(pk=lot_id, state__in=SIGNING).select_related("lot__tender").first()
    if evaluation is not None:
        keys = dict(Member.objects.filter(evaluation=evaluation).values_list("handle", "key"))
        for one in reopened(evaluation.lot.tender, keys):
            _try(partial(actions.change_seat_key, lot_id, one))


def advance(lot_id: UUID) -> None:
    """Take an evaluation one step further after another, as long as one is due: copies, codes, lock, reveal."""
    evaluation = Evaluation.objects.get(pk=lot_id)
    if evaluation.state in ("qualified", "chaired") and evaluation.copied_at is None:
        copies = make_copies(lot_id)
        _try(lambda: actions.record_copies(lot_id, copies))
    if evaluation.state == "chaired":
        seeds = {draw.handle: draw.seed for draw in draw_public(evaluation.lot.tender) if draw.seed}
        _try(lambda: actions.issue_seat_codes(lot_id, seeds))
    elif evaluation.state == "reviewing":
        _try(lambda: actions.lock_technical(lot_id))
    elif evaluation.state == "locked":
        _try(lambda: actions.reveal(lot_id))


def _lots(entry_id: int) -> list[UUID]:
    return [UUID(lot_id) for lot_id in subjects_of(entry_id, "tenders.lot")]


def _tell(tender: Tender, kind: str, entry_id: int, posts: Mapping[str, UUID]) -> None:
    recipients = [handle for role, pk in posts.items() for handle in handles(organisation=pk, role=role)]
    subject = f"tenders.tender:{tender.pk}"
    tell(recipients, kind, subject=subject, entry=entry_id, name=tender.name, number=tender.number)


def _try(act: Callable[[], object]) -> None:
    """Carry out an act of the clock that may have been done already, or may not be due yet."""
    try:
        act()
    except (Refusal, Repeated) as reason:
        log.info("not carried out: %s", reason)
