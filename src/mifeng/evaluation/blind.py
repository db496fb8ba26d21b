"""What a desk may see (暗标席位): frozen values of one seat, and of nothing else.

This module is the only one the desk's pages read evaluations from. It has no way to bids, suppliers, prices or experts:
it knows codes, copies under codes, and the seat's own scores. A member is known by an opaque handle. Who is behind a
code becomes a row of this context with the lock of the technical scores; before that there is nothing to be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet

from mifeng.evaluation.actions.sheets import given, saved_cells
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.models import BlindCopy, Cell, Member, NamedBid, Opinion, Sheet
from mifeng.evaluation.papers import Paper, paper_of
from mifeng.evaluation.scores import changes_of, standing_sheets, template_of
from mifeng.evaluation.signing import Reported as Reported
from mifeng.evaluation.signing import keys_changed, reported_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.vault import path_of
from mifeng.rules import scoring
from mifeng.rules.blind import SeatCodes
from mifeng.rules.scoring import Correction, Template, format_sheet

CODED = ("reviewing", "locked", "revealed", "concluded")


@dataclass(frozen=True, slots=True)
class Peer:
    """A seat of the committee as every other seat sees it (同席成员): how far it is, never what it gave.

    Args:
        seat: label of the seat.
        role: ``expert`` or ``buyer``.
        sheets: part → state of its sheet.
        votes: how many members name the seat for the chair.
    """

    seat: str
    role: str
    sheets: Mapping[str, str]
    votes: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The evaluation of one package as one seat knows it (席位).

    Args:
        lot_id: the package.
        lot_ref: its reference, which sheets name.
        state: of the evaluation.
        round: of the evaluation.
        seat: label of this seat.
        role: ``expert`` or ``buyer``.
        is_chair: the seat chairs the committee.
        signs: the seat's client signs with a key of its own.
        template: what is scored.
        template_hash: which sheets name.
        sheets: part → state of this seat's sheet.
        candidates: labels of the seats that may be elected chair.
        project: name of the project.
        package: number and name of the package.
        chair: seat of the chair; empty before one is elected.
        vote: the seat that this one names for the chair; empty before it does.
        reason: code of why the tender is void or the evaluation stopped; else empty.
        peers: all seats of the committee, this one among them, by label.
        key: public key with which the seat's own client signs; empty where it has none.
        rekeyed_at: since when the seat signs with this key, where it had another before.
        unable: word with which the member has declared to be unable to go on.
    """

    lot_id: UUID
    lot_ref: str
    state: str
    round: int
    seat: str
    role: str
    is_chair: bool
    signs: bool
    template: Template
    template_hash: str
    sheets: dict[str, str]
    candidates: tuple[str, ...]
    project: str
    package: tuple[int, str]
    chair: str
    vote: str
    reason: str
    peers: tuple[Peer, ...]
    key: str
    rekeyed_at: datetime | None
    unable: str


@dataclass(frozen=True, slots=True)
class BlindFile:
    """A technical file under a code (暗标文件); ``fault`` says why it cannot be shown."""

    number: int
    name: str
    pages: int
    fault: str


@dataclass(frozen=True, slots=True)
class BlindBid:
    """A bid as one seat sees it (暗标): its code and its files."""

    code: str
    files: tuple[BlindFile, ...]


@dataclass(frozen=True, slots=True)
class BlindContent:
    """The bytes of a technical file (暗标文件内容): under what name, and where they lie."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Saved:
    """A score of this seat as it was last saved (已保存单元格); None for a cell that was emptied again."""

    code: str
    item: str
    score: Decimal | None
    remark: str
    version: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A business file under its own name (商务文件)."""

    number: int
    name: str
    media: str


@dataclass(frozen=True, slots=True)
class OpenBid:
    """Who is behind a code, once the technical scores are locked (评审投标人)."""

    code: str
    bid_ref: str
    position: int
    bidder: str
    quote_yuan: Decimal | None
    files: tuple[OpenFile, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What members hold of one thing (委员意见): how many do, whether this seat does, and in which words.

    Args:
        count: of members.
        mine: this seat is one of them.
        said: the words of this seat.
        carried: more than half of the members hold it.
    """

    count: int
    mine: bool
    said: str
    carried: bool


def desks_of(by: Actor) -> tuple[UUID, ...]:
    """Return the packages in whose evaluation a member has a seat."""
    return tuple(
        Member.objects.filter(handle=by.handle, role=by.role)
        .order_by("evaluation")
        .values_list("evaluation", flat=True)
    )


def desk_for(by: Actor, lot_id: UUID) -> Desk:
    """Return an evaluation as a member's seat knows it.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    member = _members().get(evaluation=lot_id, handle=by.handle, role=by.role)
    evaluation = member.evaluation
    peers = _peers(lot_id)
    vote = Opinion.objects.filter(member=member, kind="chair").values_list("said", flat=True).first()
    return Desk(
        evaluation.pk,
        evaluation.lot_ref,
        evaluation.state,
        evaluation.round,
        seat=member.seat,
        role=member.role,
        is_chair=member.seat == evaluation.chair,
        signs=bool(member.key),
        template=template_of(evaluation.template),
        template_hash=evaluation.template_hash,
        sheets=next(dict(one.sheets) for one in peers if one.seat == member.seat),
        candidates=tuple(one.seat for one in peers if one.role == "expert"),
        project=evaluation.lot.tender.name,
        package=(evaluation.lot.number, evaluation.lot.name),
        chair=evaluation.chair,
        vote=vote or "",
        reason=evaluation.reason,
        peers=peers,
        key=member.key,
        rekeyed_at=next((one.at for one in reversed(keys_changed(evaluation)) if one.seat == member.seat), None),
        unable=member.unable,
    )


def pages_for(by: Actor, lot_id: UUID) -> tuple[BlindBid, ...]:
    """Return the bids under review as a seat sees them: under its own codes, in its own order; none before the codes.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    member = _member(by, lot_id)
    if member.evaluation.state not in CODED:
        return ()
    codes = _codes(member)
    copies: dict[int, list[BlindCopy]] = {}
    for row in BlindCopy.objects.filter(evaluation=lot_id).order_by("number"):
        copies.setdefault(row.position, []).append(row)
    return tuple(
        BlindBid(line.code, tuple(_file(line.code, row) for row in copies.get(line.position, ())))
        for line in codes.lines
    )


def file_for(by: Actor, lot_id: UUID, code: str, number: int) -> BlindContent:
    """Return a technical file under one of the seat's own codes.

    Raises:
        DoesNotExist: for whoever has no seat, another seat's code, a number that there is not, and a file that cannot
            be shown.
    """
    member = _member(by, lot_id)
    position = _codes(member).positions.get(code) if member.evaluation.state in CODED else None
    row = BlindCopy.objects.exclude(after="").get(evaluation=lot_id, position=position or 0, number=number)
    return BlindContent(_file(code, row).name, path_of(row.after))


def saved_for(by: Actor, lot_id: UUID, part: str) -> tuple[Saved, ...]:
    """Return what a seat has saved of its own sheet, by code and item.

    Raises:
        DoesNotExist: for whoever has no seat, or before the sheet is given out.
    """
    sheet = _sheet(_member(by, lot_id), part)
    times = Cell.objects.filter(sheet=sheet).values_list("code", "item", "entry__at")
    at = {(code, item): when for code, item, when in times}
    return tuple(
        Saved(cell.code, cell.item, cell.score, cell.remark, cell.version, at.get(cell.place))
        for cell in saved_cells(sheet)
    )


def sheet_for(by: Actor, lot_id: UUID, part: str) -> bytes:
    """Return the canonical bytes of a seat's own sheet as it is saved, for its client to compare and sign.

    Raises:
        DoesNotExist: for whoever has no seat, or before the sheet is given out.
    """
    member = _member(by, lot_id)
    evaluation = member.evaluation
    cells = given(saved_cells(_sheet(member, part)))
    return format_sheet(
        scoring.Sheet(
            bytes.fromhex(evaluation.lot_ref),
            evaluation.round,
            member.seat,
            part,
            bytes.fromhex(evaluation.template_hash),
            cells,
        )
    )


def named_for(by: Actor, lot_id: UUID) -> tuple[OpenBid, ...]:
    """Return who is behind the seat's codes, in its own order, and the business files; none before the lock.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    member = _member(by, lot_id)
    rows = {row.position: row for row in NamedBid.objects.filter(evaluation=lot_id)}
    if not rows:
        return ()
    return tuple(
        OpenBid(line.code, row.bid_ref, row.position, row.bidder, row.quote_yuan, _named_files(row))
        for line in _codes(member).lines
        if (row := rows.get(line.position))
    )


def named_file_for(by: Actor, lot_id: UUID, bid_ref: str, number: int) -> BlindContent:
    """Return a business file, from the lock on.

    Raises:
        DoesNotExist: for whoever has no seat, a bid or number that there is not, and before the lock.
    """
    _member(by, lot_id)
    row = NamedBid.objects.get(evaluation=lot_id, bid_ref=bid_ref)
    for file in row.files:
        if file["number"] == number:
            return BlindContent(file["name"], path_of(file["sha256"]))
    raise NamedBid.DoesNotExist


def sheets_for(by: Actor, lot_id: UUID) -> tuple[scoring.Sheet, ...]:
    """Return all sheets as they stand, under bid_refs, to a member; none before they are shown.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    return standing_sheets(_member(by, lot_id).evaluation)


def opinions_for(by: Actor, lot_id: UUID, kind: str) -> dict[str, Held]:
    """Return what members hold, by what it is about, to a member: ``reject``, ``grant`` or ``abnormal``.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    member = _member(by, lot_id)
    members = Member.objects.filter(evaluation=lot_id).count()
    rows = Opinion.objects.filter(evaluation=lot_id, kind=kind).order_by("pk").values_list("about", "member", "said")
    found: dict[str, Held] = {}
    for about, holder, said in rows:
        before = found.get(about, Held(0, False, "", False))
        mine, count = before.mine or holder == member.pk, before.count + 1
        found[about] = Held(count, mine, said if holder == member.pk else before.said, 2 * count > members)
    return found


def changes_for(by: Actor, lot_id: UUID) -> tuple[Correction, ...]:
    """Return the corrections made after the scores were shown, in order, to a member.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    return tuple(changes_of(_member(by, lot_id).evaluation))


def report_for(by: Actor, lot_id: UUID) -> Reported | None:
    """Return the report that stands, to a member; None where there is none.

    Raises:
        DoesNotExist: for whoever has no seat in it.
    """
    return reported_of(_member(by, lot_id).evaluation)


def paper_for(by: Actor, lot_id: UUID) -> Paper:
    """Return the signed report as a paper, to a member; ``DoesNotExist`` for others, and before all have signed."""
    return paper_of(_member(by, lot_id).evaluation)


def _named_files(row: NamedBid) -> tuple[OpenFile, ...]:
    return tuple(OpenFile(file["number"], file["name"], file["media"]) for file in row.files)


def _member(by: Actor, lot_id: UUID) -> Member:
    """Return the member behind an actor; nobody once the evaluation was stopped, since everything in it is sealed."""
    return _members().exclude(evaluation__state="stopped").get(evaluation=lot_id, handle=by.handle, role=by.role)


def _members() -> QuerySet[Member]:
    return Member.objects.select_related("evaluation__lot__tender")


def _peers(lot_id: UUID) -> tuple[Peer, ...]:
    sheets: dict[UUID, dict[str, str]] = {}
    for holder, part, state in Sheet.objects.filter(evaluation=lot_id).values_list("member", "part", "state"):
        sheets.setdefault(holder, {})[part] = state
    votes = list(Opinion.objects.filter(evaluation=lot_id, kind="chair").values_list("said", flat=True))
    rows = Member.objects.filter(evaluation=lot_id).order_by("seat")
    return tuple(Peer(row.seat, row.role, sheets.get(row.pk, {}), votes.count(row.seat)) for row in rows)


def _sheet(member: Member, part: str) -> Sheet:
    return Sheet.objects.get(member=member, part=part)


def _codes(member: Member) -> SeatCodes:
    return codes_of(member.evaluation, member.seat)


def _file(code: str, row: BlindCopy) -> BlindFile:
    return BlindFile(row.number, f"{code}-{row.number}.pdf", row.pages, row.fault)
