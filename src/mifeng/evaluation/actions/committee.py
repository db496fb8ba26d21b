"""The committee takes its seats (评审委员会就位), and each seat gets its codes.

Who sits where is told by the sitting; here a member is a seat, a role and an opaque handle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from mifeng.evaluation.actions.guards import check_clock, check_stage
from mifeng.evaluation.codes import seal_issue, secret_of
from mifeng.evaluation.models import CodeIssue, Evaluation, Member, Opinion, Qualification, Sheet
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.blind import blind_key, is_seat, issue_codes
from mifeng.rules.curve import decode_point
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.evaluation import EVALUATION, SHEET
from mifeng.rules.lifecycle import check_step
from mifeng.rules.seats import check_committee
from mifeng.tenders.models import Lot, Tender

ROLES = ("expert", "buyer")
BEFORE_CHAIR = ("qualifying", "qualified")
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seated:
    """A member as the sitting names one (就座成员).

    Args:
        seat: label of the seat, which says the place and never the person.
        role: ``expert`` or ``buyer``.
        handle: opaque, under which the ledger knows the member.
        key: public key of the seat's own client, 65 bytes in hexadecimal; empty where it signs nothing.
    """

    seat: str
    role: str
    handle: str
    key: str = ""


def seat_members(lot_id: UUID, members: Sequence[Seated], *, by: Actor = CLOCK) -> Written:
    """Seat the members of the committee (评审成员就座), anew as often as needed until a chair is elected.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        Unfair: ``malformed`` with the field; ``committee-size``, ``experts-share``.
        WrongState: ``wrong-state``.

    Source: MOF-87-45, MOF-87-47
    """
    check_clock("seat_members", by)
    check_seated(members)
    tender = Tender.objects.get(pk=Lot.objects.values_list("tender", flat=True).get(pk=lot_id))
    with acting("seat_members", by=by) as act:
        evaluation = check_stage(act.lock(Evaluation, lot_id), "seat_members", *BEFORE_CHAIR)
        experts = sum(one.role == "expert" for one in members)
        budgets = Lot.objects.filter(tender=tender).values_list("budget_yuan", flat=True)
        rulebook = rulebooks()[tender.rulebook]
        check_committee(len(members) - experts, experts, max(budgets), tender.complex, rulebook)
        rows = [
            Member(evaluation=evaluation, seat=one.seat, role=one.role, handle=one.handle, key=one.key)
            for one in members
        ]
        said = [{"seat": one.seat, "role": one.role, "handle": one.handle, "key": one.key} for one in rows]
        act.note(evaluation, "seat_members", members=said)
        Opinion.objects.filter(evaluation=evaluation).delete()
        Member.objects.filter(evaluation=evaluation).delete()
        Member.objects.bulk_create(rows)
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{tender.pk}")
    return act.entry


def issue_seat_codes(lot_id: UUID, seeds: Mapping[str, str], *, by: Actor = CLOCK) -> Written:
    """Give every seat its codes, its order and its technical sheet (发放暗标编码): the blind review begins.

    Args:
        lot_id: the package.
        seeds: of the draws from which the seats were filled, by the handle that the notice lists.
        by: the clock.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed`` for a seed of another shape, or of a draw that the notice does not list.
        WrongState: ``wrong-state``, ``seeds-missing``, ``copies-missing``.
        Tampered: when the secret kept is not the one committed to.

    Source: LC-2018-80 三(六) (R174)
    """
    with acting("issue_codes", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        check_step(EVALUATION, "issue_codes", state=evaluation.state, role=by.role)
        if evaluation.copied_at is None:
            raise WrongState(Reason("copies-missing"))
        used = check_seeds(evaluation, seeds)
        members = list(Member.objects.filter(evaluation=evaluation).order_by("seat"))
        passed = Qualification.objects.filter(evaluation=evaluation, passed=True).order_by("position")
        positions = list(passed.values_list("position", flat=True))
        key = blind_key(secret_of(evaluation), [bytes.fromhex(one["seed"]) for one in used])
        seats = [one.seat for one in members]
        issue = issue_codes(key, bytes.fromhex(evaluation.lot_ref), evaluation.round, seats, positions)
        row = CodeIssue(evaluation=evaluation, number=1, seeds=used)
        row.sealed = seal_issue(row, issue)
        said = {"round": evaluation.round, "seats": seats, "positions": positions, "seeds": used}
        act.move(evaluation, EVALUATION, "issue_codes", **said)
        row.save(force_insert=True)
        give = [{"evaluation": evaluation, "member": one, "part": "technical"} for one in members]
        act.create_all(Sheet, SHEET, "give_sheet", give)
        act.refer(f"tenders.lot:{lot_id}", f"tenders.tender:{evaluation.lot.tender_id}")
    return act.entry


def check_seated(members: Sequence[Seated]) -> None:
    """Refuse members whose seats, roles, handles or keys cannot be right (就座名单格式).

    Raises:
        Unfair: ``malformed`` with the field.

    Source: our choice (ADR-5)
    """
    wrong = {
        "seat": any(not is_seat(one.seat) for one in members) or len({one.seat for one in members}) < len(members),
        "role": any(one.role not in ROLES for one in members),
        "handle": any(not one.handle for one in members) or len({one.handle for one in members}) < len(members),
        "key": any(one.key and not _is_point(one.key) for one in members),
    }
    for field, found in wrong.items():
        if found:
            raise Unfair(Reason("malformed", {"field": field}))


def check_seeds(evaluation: Evaluation, seeds: Mapping[str, str]) -> list[dict[str, str]]:
    """Refuse seeds that are none, or of a draw that the notice does not list; return them in its order (抽取种子).

    Raises:
        Unfair: ``malformed``.
        WrongState: ``seeds-missing``.

    Source: our choice (ADR-5)
    """
    if not seeds:
        raise WrongState(Reason("seeds-missing"))
    listed = sorted(row["handle"] for row in evaluation.lot.tender.draw_handles)
    if not seeds.keys() <= set(listed) or not all(_is_seed(seed) for seed in seeds.values()):
        raise Unfair(Reason("malformed", {"field": "seeds"}))
    return [{"handle": handle, "seed": seeds[handle]} for handle in listed if handle in seeds]


def _is_seed(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == SEED_BYTES
    except ValueError:
        return False


def _is_point(text: str) -> bool:
    try:
        decode_point(bytes.fromhex(text))
    except ValueError:
        return False
    return True
