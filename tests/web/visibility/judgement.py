"""The judgement of the painted world (画押的评审): seats, codes, scores, report and result, marked like the rest.

The opening is left behind as rows, since the trustees of this world are away, and so is the check-in; everything from
the qualification review to the result notice is done by the platform's own acts. The watched supplier loses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from mifeng.awards.actions import announce, award, hand_over
from mifeng.bidding.models import Bid, OpenedFile, Opening, Unsealed
from mifeng.evaluation import blind
from mifeng.evaluation.actions import (
    Endorsed,
    Entered,
    Seated,
    Signed,
    begin_review,
    conclude_evaluation,
    elect_chair,
    issue_seat_codes,
    record_copies,
    review_qualification,
    save_cells,
    seat_members,
    set_template,
    sign_report,
    sign_sheet,
    start_evaluation,
)
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.copies import make_copies
from mifeng.evaluation.models import Evaluation, Report
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.vault import intake
from mifeng.parties.models import Organisation, SeatPass
from mifeng.parties.passes import _hash
from mifeng.rules.award import parse_report
from mifeng.sittings.keyring import ARRIVAL, seal
from mifeng.sittings.models import Arrival, CheckIn, Panel
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.computers import token_hash
from mifeng.venues.models import SeatComputer
from mifeng.venues.queries import session_of
from tests.actions.reviews import speaking_pdf
from tests.rules.scores import D, items, template

SEATS = ("host/1", "host/2", "host/3", "one/1", "three/1")
# The two members who read; both are experts.
SITTING = {"expert": 2, "other-expert": 3}
NAMES = ("壬代表", "壬砚秋", "壬砚冬", "壬砚春", "壬砚夏")
PRICES = (D("4765219.00"), D("4725000.00"), D("4790000.50"))
ALL = (1, 2, 3, 4, 5)
TEMPLATE = template(items=items(t1={"step": D("0.01")}))
# What members give the watched bid for its technical plan; nothing else on any page has these digits.
GIVEN = {1: D("21.43"), 2: D("23.17"), 3: D("22.39"), 4: D("21.57"), 5: D("21.61")}


class Bench:
    """The committee of the watched project (评审委员会), from its seats to the result.

    Args:
        lot: the watched package.
        actors: agency and buyer of the project.
        sites: host, first and second guest, as primary keys.
        bids: references of the bids, the watched one first.
        firms: the names of their suppliers.
    """

    def __init__(
        self, lot: Lot, actors: Mapping[str, Actor], sites: Sequence[object], bids: Sequence[str], firms: Sequence[str]
    ) -> None:
        self.lot, self.actors, self.bids, self.firms = lot, actors, bids, firms
        host, one, two = sites
        self.sites = (host, host, host, one, two)

    @property
    def row(self) -> Evaluation:
        """Return the evaluation as the database has it."""
        return Evaluation.objects.get(pk=self.lot.pk)

    def open(self, at: datetime) -> None:
        """Leave behind what the opening leaves; then review, admit and copy every bid."""
        listed = list(Bid.objects.filter(bid_ref__in=self.bids).order_by("bid_ref").values("bid_ref", "envelope"))
        facts = {"lot_ref": self.lot.lot_ref, "policy_hash": self.lot.policy_hash, "due": at, "list": listed}
        Opening.objects.update_or_create(lot=self.lot, defaults={**facts, "state": "public", "opened_at": at})
        for position, (ref, name) in enumerate(zip(self.bids, self.firms, strict=True), 1):
            self._opened(Bid.objects.get(bid_ref=ref), position, name)
        with clock.frozen(at):
            begin_review(self.lot.pk)
        with clock.frozen(at + timedelta(minutes=20)):
            for bid in Bid.objects.filter(lot_ref=self.lot.lot_ref):
                review_qualification(bid.pk, True, by=self.actors["agency"])
            start_evaluation(self.lot.pk, by=self.actors["agency"])
        with clock.frozen(at + timedelta(minutes=21)):
            record_copies(self.lot.pk, make_copies(self.lot.pk))

    def _opened(self, bid: Bid, position: int, name: str) -> None:
        firm = Organisation.objects.get(name=name)
        said = {"bidder": name, "credit_code": firm.code, "organisation": firm, "price_yuan": PRICES[position - 1]}
        Unsealed.objects.create(bid=bid, position=position, **said)
        for part in ("technical", "business"):
            file = intake([speaking_pdf(name, position)])
            kept = {"media": file.media, "sha256": file.sha256, "size": file.size}
            OpenedFile.objects.create(bid=bid, part=part, position=1, name=f"{name}{part}.pdf", **kept)

    def sit(self, at: datetime) -> None:
        """Leave behind what the check-in leaves; then elect a chair and give out the codes."""
        session = session_of(f"tenders.tender:{self.lot.tender_id}")
        assert session is not None
        panel = Panel(tender=self.lot.tender, session=session.pk, speciality="A08", state="complete", assembled_at=at)
        Panel.objects.bulk_create([panel])
        checkin = CheckIn(panel=panel, session=panel.session, state="open", opened_at=at)
        CheckIn.objects.bulk_create([checkin])
        Arrival.objects.bulk_create([self._arrived(checkin, number, at) for number in range(1, 6)])
        with clock.frozen(at):
            seat_members(self.lot.pk, [Seated(SEATS[n - 1], member(n).role, member(n).handle) for n in range(1, 6)])
        with clock.frozen(at + timedelta(minutes=1)):
            for number in (1, 2, 3):
                elect_chair(self.lot.pk, SEATS[1], by=member(number))
        handles = Tender.objects.values_list("draw_handles", flat=True).get(pk=self.lot.tender_id)
        with clock.frozen(at + timedelta(minutes=2)):
            seeds = {row["handle"]: f"{number:064x}" for number, row in enumerate(handles, 1)}
            issue_seat_codes(self.lot.pk, seeds)

    def _arrived(self, checkin: CheckIn, number: int, at: datetime) -> Arrival:
        one, site = member(number), self.sites[number - 1]
        known = {"role": one.role, "handle": one.handle, "site": site}
        times = {"starts_at": at, "until": at + timedelta(hours=8), "code_until": at, "entered_at": at}
        given = SeatPass(**known, seat=one.seat, token_hash=_hash("token", token(number)), **times)
        SeatPass.objects.bulk_create([given])
        secret, handle = seat_computer(number)
        SeatComputer.objects.bulk_create(
            [
                SeatComputer(
                    site_id=site,
                    handle=handle,
                    token_hash=token_hash(secret),
                    state="open",
                    opened_at=at,
                    until=at + timedelta(hours=8),
                )
            ]
        )
        row = Arrival(checkin=checkin, who=f"{number:064x}", label=one.seat, state="seated", identified_at=at, **known)
        row.seat_pass = given
        row.sealed = seal(ARRIVAL, row.pk, {"name": NAMES[number - 1]})
        return row

    def score(self, part: str, at: datetime, numbers: Sequence[int] = ALL) -> None:
        """Let members save every cell of a part."""
        for number in numbers:
            positions = self.positions(number)
            cells = [
                Entered(bid.code, item, score_of(item, positions[bid.code], number))
                for bid in blind.pages_for(member(number), self.lot.pk)
                for item in (one.id for one in TEMPLATE.part(part))
            ]
            with clock.frozen(at):
                save_cells(self.lot.pk, part, cells, by=member(number))

    def sign(self, part: str, at: datetime, numbers: Sequence[int] = ALL) -> None:
        """Let members sign a part."""
        for number in numbers:
            sheet = blind.sheet_for(member(number), self.lot.pk, part)
            with clock.frozen(at):
                sign_sheet(self.lot.pk, Signed(part, sheet, bytes([number]) * 32), by=member(number))

    def positions(self, number: int) -> Mapping[str, int]:
        """Return which bid stands behind each code of a seat; what no desk can find out."""
        return codes_of(self.row, SEATS[number - 1]).positions

    def codes(self) -> dict[str, str]:
        """Return the codes under which the two reading seats see the watched bid, and which cells hold its scores."""
        found = {}
        for post, number in SITTING.items():
            found[f"seat-code-{post}"] = next(code for code, at in self.positions(number).items() if at == 1)
        return found

    def report(self, at: datetime) -> dict[str, str]:
        """Let the chair put the report together and everybody sign it; return what it says of the watched bid."""
        with clock.frozen(at):
            conclude_evaluation(self.lot.pk, by=member(2))
            for number in ALL:
                sign_report(self.lot.pk, Endorsed(self.row.report_hash), by=member(number))
        text = Report.objects.get(evaluation=self.lot.pk, report_hash=self.row.report_hash).text
        own = parse_report(text.encode()).bid(self.bids[0])
        assert own is not None
        assert own.rank > 1
        return {"report": self.row.report_hash, "own-total": f"{own.total.normalize():f}"}

    def settle(self, at: datetime) -> None:
        """Hand the report over, decide for the first and publish the result."""
        text = Report.objects.get(evaluation=self.lot.pk, report_hash=self.row.report_hash).text
        with clock.frozen(at):
            hand_over(self.lot.pk, by=self.actors["agency"])
        with clock.frozen(at + timedelta(hours=1)):
            award(self.lot.pk, parse_report(text.encode()).candidates[0], by=self.actors["buyer"])
        with clock.frozen(at + timedelta(hours=2)):
            announce(self.lot.pk, by=self.actors["agency"])


def member(number: int) -> Actor:
    """Return a member by number: 1 is the purchaser's representative, the others are experts."""
    return Actor(role="buyer" if number == 1 else "expert", handle=f"{number:016x}", seat=SEATS[number - 1])


def token(number: int) -> str:
    """Return the secret of a seat's session."""
    return f"token-{number}"


def seat_computer(number: int) -> tuple[str, str]:
    """Return the secret of a member's computer and its handle."""
    return f"computer-{number}", f"c{number:015x}"


def score_of(item: str, position: int, number: int) -> Decimal:
    """Return what a member gives a bid: objective items alike, subjective ones by taste, the watched bid least."""
    if item == "t1":
        return GIVEN[number] + 2 * (position - 1)
    return {"t2": D(5 * position), "b1": D(2 * position), "b2": D(position + number)}[item]


def prepare(lot: Lot, agency: Actor, at: datetime) -> None:
    """Fix how bids are scored, before the notice."""
    with clock.frozen(at):
        set_template(lot.pk, TEMPLATE, by=agency)
