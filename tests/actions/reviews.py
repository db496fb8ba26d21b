"""An evaluation inside a test (评审测试件): led to one of its steps by its own acts, from an opening left as rows.

Four bids were opened; each has a technical file that names its bidder wherever a PDF can, and business files. The
committee is the purchaser's representative and two experts at the host, one expert at each of two guests.
"""

import io
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pikepdf

from mifeng.bidding.models import Bid, OpenedFile, Opening, Unsealed
from mifeng.evaluation import blind
from mifeng.evaluation.actions import (
    Entered,
    Seated,
    Signed,
    begin_review,
    commit_codes,
    elect_chair,
    issue_seat_codes,
    lock_technical,
    record_copies,
    reveal,
    review_qualification,
    save_cells,
    seat_members,
    set_template,
    sign_sheet,
    start_evaluation,
)
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.copies import make_copies
from mifeng.evaluation.models import Evaluation, Qualification
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.vault import intake
from mifeng.rules.blind import score_commitment
from mifeng.rules.scoring import Template
from mifeng.tenders.actions import publish_notice
from mifeng.tenders.models import Lot, Tender
from tests.factories import DUE, NOT_LATER, START, City, fixed, fresh, lot_of, publishing
from tests.rules.scores import TEMPLATE

NOTICED = START + timedelta(minutes=30)
COMMITTED = NOTICED + timedelta(seconds=1)
OPENED = DUE + timedelta(minutes=20)
REVIEWED = DUE + timedelta(minutes=40)
SEATED = DUE + timedelta(minutes=60)
SCORING = DUE + timedelta(minutes=90)
PRICES = ("4680000.00", "4725000.00", "4790000.50", "4700000.00")
FIRMS = ("戊镜木业有限公司", "己镜家具股份公司", "庚镜教学设备厂", "辛镜校具有限公司")
SEATS = ("host/1", "host/2", "host/3", "one/1", "two/1")
STEPS = ("templated", "published", "qualifying", "qualified", "seated", "chaired", "reviewing", "locked", "revealed")


@dataclass
class Review:
    """A package under evaluation, and its committee as the ledger knows it (评审)."""

    city: City
    lot: Lot
    salts: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def row(self) -> Evaluation:
        """Return the evaluation as the database has it."""
        return Evaluation.objects.get(pk=self.lot.pk)

    @property
    def state(self) -> str:
        """Return its state; empty before it has begun."""
        return Evaluation.objects.filter(pk=self.lot.pk).values_list("state", flat=True).first() or ""

    @property
    def bids(self) -> list[Unsealed]:
        """Return the bids in the order of the list."""
        return list(Unsealed.objects.filter(bid__lot_ref=self.lot.lot_ref).order_by("position"))

    def member(self, number: int) -> Actor:
        """Return a member by number: 1 is the purchaser's representative, the others are experts."""
        return Actor(role="buyer" if number == 1 else "expert", handle=f"{number:016x}")

    @property
    def seeds(self) -> dict[str, str]:
        """Return a seed for each draw of the project."""
        handles = Tender.objects.values_list("draw_handles", flat=True).get(pk=self.lot.tender_id)
        return {row["handle"]: f"{number:064x}" for number, row in enumerate(handles, 1)}


def seated() -> list[Seated]:
    """Return the committee as a sitting names it."""
    return [
        Seated(seat, "buyer" if number == 1 else "expert", f"{number:016x}") for number, seat in enumerate(SEATS, 1)
    ]


def reach(city: City, step: str, *, template: Template = TEMPLATE, later: timedelta = NOT_LATER) -> Review:
    """Return a package whose evaluation has come to a step of ``STEPS``."""
    tender = fixed(city, later=later)
    review = Review(city, lot_of(tender))
    with clock.frozen(NOTICED - timedelta(minutes=1)):
        set_template(review.lot.pk, template, by=city["agency-a"])
    for name in STEPS[1 : STEPS.index(step) + 1]:
        lead(review, name)
    return review


def lead(review: Review, step: str) -> None:
    """Take an evaluation to the next step."""
    _WAYS[step](review)


def published(review: Review) -> None:
    """Publish the notice and commit to the secret of the codes."""
    tender = fresh(review.lot.tender)
    with clock.frozen(NOTICED):
        publish_notice(tender.pk, publishing(tender), by=review.city["agency-a"])
    with clock.frozen(COMMITTED):
        commit_codes(review.lot.pk)
    review.lot = Lot.objects.select_related("tender").get(pk=review.lot.pk)


def opened(review: Review) -> None:
    """Leave behind what the opening of four bids leaves, and begin the review."""
    leave_opening(review.lot)
    with clock.frozen(OPENED):
        begin_review(review.lot.pk)


def leave_opening(lot: Lot, count: int = 4) -> None:
    """Leave behind what the opening of some bids leaves."""
    refs = [f"{number:064x}" for number in range(1, count + 1)]
    Opening.objects.bulk_create(
        [
            Opening(
                lot=lot,
                lot_ref=lot.lot_ref,
                policy_hash=lot.policy_hash,
                due=DUE,
                state="public",
                opened_at=OPENED,
                list=[{"bid_ref": ref, "envelope": ref} for ref in refs],
            )
        ]
    )
    for position, ref in enumerate(refs, 1):
        bid = Bid(lot_ref=lot.lot_ref, bid_ref=ref, submit_key=ref, version=1, envelope=ref)
        Bid.objects.bulk_create([bid])
        name = FIRMS[(position - 1) % len(FIRMS)]
        price = Decimal(PRICES[(position - 1) % len(PRICES)])
        Unsealed.objects.create(bid=bid, position=position, bidder=name, credit_code=f"C{position}", price_yuan=price)
        for part, number in (("technical", 1), ("technical", 2), ("business", 1)):
            file = intake([speaking_pdf(name, number)])
            OpenedFile.objects.create(
                bid=bid,
                part=part,
                position=number,
                name=f"{name}-{part}-{number}.pdf",
                media=file.media,
                sha256=file.sha256,
                size=file.size,
            )


@cache
def speaking_pdf(name: str, pages: int = 1) -> bytes:
    """Return a PDF that names its bidder in its metadata."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    document.docinfo["/Author"] = pikepdf.String(name)
    with document.open_metadata() as metadata:
        metadata["dc:title"] = f"{name}技术方案"
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def qualified(review: Review, failed: tuple[int, ...] = ()) -> None:
    """Review every bid and go on; some of them are not qualified."""
    with clock.frozen(REVIEWED):
        for row in review.bids:
            passed = row.position not in failed
            review_qualification(row.bid_id, passed, "" if passed else "未提供审计报告", by=review.city["agency-a"])
        start_evaluation(review.lot.pk, by=review.city["agency-a"])


def seats_taken(review: Review) -> None:
    """Seat the committee, with the copies made before."""
    copies = make_copies(review.lot.pk)
    with clock.frozen(REVIEWED + timedelta(seconds=5)):
        record_copies(review.lot.pk, copies)
    with clock.frozen(SEATED):
        seat_members(review.lot.pk, seated())


def chaired(review: Review) -> None:
    """Elect the second member chair."""
    with clock.frozen(SEATED + timedelta(minutes=1)):
        for number in (1, 2, 3):
            elect_chair(review.lot.pk, SEATS[1], by=review.member(number))


def coded(review: Review) -> None:
    """Give out the codes."""
    with clock.frozen(SEATED + timedelta(minutes=2)):
        issue_seat_codes(review.lot.pk, review.seeds)


def locked(review: Review) -> None:
    """Let everybody score and sign the technical part, and lock it."""
    for number in range(1, 6):
        score(review, number, "technical")
        sign(review, number, "technical")
    with clock.frozen(SCORING + timedelta(minutes=1)):
        lock_technical(review.lot.pk)


def revealed(review: Review) -> None:
    """Let everybody score and sign the business part, and show all."""
    for number in range(1, 6):
        score(review, number, "business")
        sign(review, number, "business")
    with clock.frozen(SCORING + timedelta(minutes=2)):
        reveal(review.lot.pk)


def position_of(review: Review, number: int, code: str) -> int:
    """Return which bid stands behind a code of a member's seat; what no desk can find out."""
    return codes_of(review.row, SEATS[number - 1]).positions[code]


def scores_of(position: int, number: int) -> dict[str, str]:
    """Return what a member gives a bid: objective items alike, subjective ones by taste."""
    taste = Decimal(number) / 2
    return {
        "t1": f"{Decimal(20) + position - taste}",
        "t2": f"{5 * position - 5 + 5}",
        "b1": f"{2 * position}",
        "b2": f"{position + 1}",
    }


def score(review: Review, number: int, part: str) -> Written:
    """Save every cell of a member's sheet in one go."""
    by = review.member(number)
    items = [item.id for item in TEMPLATE.part(part)]
    entered = []
    for bid in blind.pages_for(by, review.lot.pk):
        given = scores_of(position_of(review, number, bid.code), number)
        entered += [Entered(bid.code, item, Decimal(given[item])) for item in items]
    with clock.frozen(SCORING):
        return save_cells(review.lot.pk, part, entered, by=by)


def signed(review: Review, number: int, part: str) -> Signed:
    """Return a member's sheet as its client signs it."""
    sheet = blind.sheet_for(review.member(number), review.lot.pk, part)
    salt = bytes([number]) * 32
    review.salts[SEATS[number - 1], part] = salt
    assert score_commitment(salt, sheet)
    return Signed(part, sheet, salt)


def sign(review: Review, number: int, part: str) -> Written:
    """Sign a member's sheet."""
    with clock.frozen(SCORING + timedelta(seconds=30)):
        return sign_sheet(review.lot.pk, signed(review, number, part), by=review.member(number))


def reviews_of(review: Review) -> list[Qualification]:
    """Return what was found of the bids, in their order."""
    return list(Qualification.objects.filter(evaluation=review.lot.pk).order_by("position"))


_WAYS = {
    "published": published,
    "qualifying": opened,
    "qualified": qualified,
    "seated": seats_taken,
    "chaired": chaired,
    "reviewing": coded,
    "locked": locked,
    "revealed": revealed,
}
