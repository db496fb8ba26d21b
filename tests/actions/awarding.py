"""An award inside a test (定标测试件): from a report that every member has signed to the published result."""

from datetime import timedelta
from uuid import uuid4

from mifeng.awards.actions import announce, award, hand_over
from mifeng.awards.models import Award
from mifeng.evaluation.actions import Endorsed, conclude_evaluation, sign_report
from mifeng.evaluation.models import Report
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.append import Written
from mifeng.rules.award import Sat, parse_report
from mifeng.sittings.keyring import ARRIVAL, seal
from mifeng.sittings.models import Arrival, CheckIn, Panel
from mifeng.tenders.actions import close_bidding
from tests.actions import reviews
from tests.actions.reviews import SCORING, SEATED, SEATS, Review
from tests.factories import DUE, City

CONCLUDED = SCORING + timedelta(minutes=10)
HANDED = CONCLUDED + timedelta(hours=1)
AWARDED = HANDED + timedelta(days=1)
ANNOUNCED = AWARDED + timedelta(hours=2)
NAMES = ("甲成员", "乙成员", "丙成员", "丁成员", "戊成员")
BIDS = [f"{number:064x}" for number in range(1, 5)]
STEPS = ("concluded", "handed", "awarded", "announced")


def committee() -> tuple[Sat, ...]:
    """Return the committee as a sitting names it."""
    return tuple(Sat(seat, "buyer" if number == 0 else "expert", NAMES[number]) for number, seat in enumerate(SEATS))


def leave_sitting(review: Review) -> None:
    """Leave behind what the check-in of the committee leaves: who sits where, by name, closed."""
    session, tender = uuid4(), review.lot.tender
    panel = Panel(tender=tender, session=session, speciality="A08", state="complete", assembled_at=SEATED)
    Panel.objects.bulk_create([panel])
    checkin = CheckIn(panel=panel, session=session, state="open", opened_at=SEATED)
    CheckIn.objects.bulk_create([checkin])
    rows = []
    for number, one in enumerate(committee()):
        key = {"handle": f"{number:016x}", "who": f"{number:064x}", "state": "seated", "identified_at": SEATED}
        row = Arrival(checkin=checkin, site=tender.host_site, role=one.role, label=one.seat, **key)
        row.sealed = seal(ARRIVAL, row.pk, {"name": one.name})
        rows.append(row)
    Arrival.objects.bulk_create(rows)


def reach(city: City, step: str) -> Review:
    """Return a package whose award has come to a step of ``STEPS``."""
    review = reviews.reach(city, "revealed")
    for name in STEPS[: STEPS.index(step) + 1]:
        _WAYS[name](review)
    return review


def concluded(review: Review) -> None:
    """Close the package, put the report together and let every member sign it."""
    with clock.frozen(DUE):
        close_bidding(review.lot.pk, by=CLOCK)
    review.lot.refresh_from_db()
    with clock.frozen(CONCLUDED):
        conclude_evaluation(review.lot.pk, by=review.member(2))
        for number in range(1, 6):
            sign_report(review.lot.pk, Endorsed(review.row.report_hash), by=review.member(number))


def handed(review: Review) -> Written:
    """Hand the report over."""
    with clock.frozen(HANDED):
        return hand_over(review.lot.pk, by=review.city["agency-a"])


def awarded(review: Review) -> Written:
    """Let the purchaser decide for the first."""
    with clock.frozen(AWARDED):
        return award(review.lot.pk, first(review), by=review.city["buyer"])


def announced(review: Review) -> Written:
    """Publish the result."""
    with clock.frozen(ANNOUNCED):
        return announce(review.lot.pk, committee=committee(), by=review.city["agency-a"])


def lead(review: Review, step: str) -> None:
    """Take the award of a signed report to a step; what was done before is not done again."""
    done = Award.objects.filter(pk=review.lot.pk).values_list("state", flat=True).first() or "concluded"
    for name in STEPS[STEPS.index(done) + 1 : STEPS.index(step) + 1]:
        _WAYS[name](review)


def left_out(review: Review) -> str:
    """Return the valid bid that the report does not recommend."""
    return next(bid for bid in BIDS if bid not in candidates(review))


def first(review: Review) -> str:
    """Return the bid that the report puts first."""
    return candidates(review)[0]


def candidates(review: Review) -> tuple[str, ...]:
    """Return the bids that the report recommends."""
    return parse_report(report_text(review).encode()).candidates


def report_text(review: Review) -> str:
    """Return the text of the report that stands."""
    return Report.objects.get(evaluation=review.lot.pk, report_hash=review.row.report_hash).text


_WAYS = {"concluded": concluded, "handed": handed, "awarded": awarded, "announced": announced}
