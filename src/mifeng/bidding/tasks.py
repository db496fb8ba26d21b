"""Jobs about bids and openings (投标与开标任务): ask trustees, go on with an opening; repeating adds nothing.

What has to come first is waited for: a job that is too early comes again after a second, later less often. Once a
minute everything unfinished is looked at anew, so that nothing hangs on a single job.
"""

import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from mifeng.bidding import dealings, unsealing
from mifeng.bidding.actions import close_keys, close_list, open_all
from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Bid, Envelope, Opening
from mifeng.bidding.queries import unacknowledged, uncountersigned, unfinished
from mifeng.bidding.trustees import Reach, reach
from mifeng.kernel.ledger.queries import subjects_of
from mifeng.kernel.tasks import AGAIN, each
from mifeng.rules.errors import Refusal, WrongMoment, WrongState

QUICK, SLOW = 1, 15
QUICK_TRIES, TRIES = 120, 2_000

log = logging.getLogger(__name__)


class Patient(BaseRetryStrategy):
    """Come again soon while something else has to come first (等待重试), and like any job after a failure."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when the job comes again; None when it is given up."""
        if isinstance(exception, NotYet | WrongMoment) and job.attempts < TRIES:
            return RetryDecision(retry_in={"seconds": QUICK if job.attempts < QUICK_TRIES else SLOW})
        return AGAIN.get_retry_decision(exception=exception, job=job)


PATIENT = Patient()


@app.task(name="bidding.countersign_deadline", retry=PATIENT)
def countersign_deadline(*, entry_id: int) -> None:
    """Have the trustees countersign what a notice or clarification fixed (请受托人副署截止时间)."""
    dealings.countersign_deadline(entry_id, reach)


@app.task(name="bidding.deal_stanzas", retry=PATIENT)
def deal_stanzas(*, entry_id: int) -> None:
    """Have the trustees try their shares of a bid that was received (请受托人验份额)."""
    dealings.deal_stanzas(Envelope.objects.select_related("bid").get(entry=entry_id), reach)


@app.task(name="bidding.pass_on_withdrawal", retry=PATIENT)
def pass_on_withdrawal(*, entry_id: int) -> None:
    """Tell the trustees of a withdrawal (转告撤回)."""
    dealings.pass_on_withdrawal(entry_id, reach)


@app.task(name="bidding.list_bids", retry=PATIENT)
def list_bids(*, entry_id: int) -> None:
    """Write down which bids lie here at the deadline (写截止清单)."""
    for lot_id in subjects_of(entry_id, "tenders.lot"):
        advance(UUID(lot_id))


@app.task(name="bidding.go_on", retry=PATIENT)
def go_on(*, entry_id: int) -> None:
    """Take an opening as far as it can go now (推进开标)."""
    for lot_id in subjects_of(entry_id, "bidding.opening"):
        advance(UUID(lot_id))


@app.task(name="bidding.close_keys_early", retry=AGAIN)
def close_keys_early(*, entry_id: int) -> None:
    """Close the key window as soon as every key is in (密钥到齐即截止)."""
    bid = Bid.objects.get(pk=subjects_of(entry_id, "bidding.bid")[0])
    _patiently(lambda: close_keys(Opening.objects.get(lot_ref=bid.lot_ref).pk))


@app.periodic(cron="* * * * *")
@app.task(name="bidding.look_after", retry=AGAIN)
def look_after(timestamp: int) -> None:
    """Look at everything unfinished once a minute (每分钟检查)."""
    works: list[Callable[[], object]] = [
        *(partial(dealings.countersign_deadline, notice, reach) for notice in uncountersigned()),
        *(partial(dealings.deal_stanzas, envelope, reach) for envelope in unacknowledged()),
        *(partial(advance, lot_id) for lot_id in unfinished()),
    ]
    each(works, _patiently)


def advance(lot_id: UUID, ways: Reach | None = None) -> None:
    """Take an opening as far as it can go now (推进开标): list, countersignatures, key window, shares, all open.

    Raises:
        NotYet: while trustees or witnesses have to be waited for.
        WrongMoment: ``no-witness``, ``no-trustees``.
    """
    opening = Opening.objects.select_related("lot").filter(pk=lot_id).first()
    if opening is None:
        _when_lawful(lambda: close_list(lot_id))
    elif opening.state in ("listed", "keying"):
        if opening.state == "keying":
            _patiently(lambda: close_keys(lot_id))
        dealings.countersign_list(lot_id, ways or reach)
    elif opening.state == "releasing":
        answered = dealings.collect_shares(lot_id, ways or reach)
        if not unsealing.ready(opening, answered=answered):
            raise NotYet("shares are still missing")
        result = unsealing.unseal(opening)
        _when_lawful(lambda: open_all(lot_id, result))


def _when_lawful(act: Callable[[], object]) -> None:
    """Carry out an act unless another run has carried it out, or its moment is for others to wait for."""
    try:
        act()
    except WrongState as refusal:
        log.info("done already: %s", refusal)


def _patiently(work: Callable[[], object]) -> None:
    try:
        work()
    except (NotYet, Refusal) as reason:
        log.info("not yet: %s", reason)
