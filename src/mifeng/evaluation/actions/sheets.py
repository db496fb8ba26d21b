"""The sheets of the seats (评分表): saved cell by cell, signed once, read by nobody before all are shown.

Every save is an act: what is acknowledged is in the database and in the ledger, which names hashes of what was sealed
and never a score. Nothing here has a way to bids or suppliers, since the desk calls it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast
from uuid import UUID

from mifeng.evaluation.actions.guards import check_member, check_signature, check_stage
from mifeng.evaluation.actions.leaving import check_able
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.keyring import CELL, SHEET, seal, unseal
from mifeng.evaluation.models import Cell, Evaluation, Member
from mifeng.evaluation.models import Sheet as SheetRow
from mifeng.evaluation.scores import template_of
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules import scoring
from mifeng.rules.blind import score_commitment
from mifeng.rules.errors import Reason, Unfair, WrongState, refuse_if_any
from mifeng.rules.evaluation import SHEET as TABLE
from mifeng.rules.lifecycle import check_step
from mifeng.rules.scoring import Sheet, Template, check_cell, check_sheet, decimal_text, parse_sheet
from mifeng.rules.scoring.sheet import MAX_REMARK

STAGE: Mapping[str, str] = {"technical": "reviewing", "business": "locked"}
MAX_CELLS = 500


@dataclass(frozen=True, slots=True)
class Entered:
    """A score as a desk sends it (单元格).

    Args:
        code: of the seat's own.
        item: id of an item of the part.
        score: what the expert gives; None for a cell that is empty again.
        remark: the reason, where one is needed.
        version: that the desk has seen; 0 for a cell that was empty.
    """

    code: str
    item: str
    score: Decimal | None
    remark: str = ""
    version: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """Return which cell it is."""
        return self.code, self.item

    @property
    def value(self) -> dict[str, str]:
        """Return what is kept of it."""
        return {"score": "" if self.score is None else decimal_text(self.score), "remark": self.remark}


@dataclass(frozen=True, slots=True)
class Signed:
    """A sheet as its seat signs it (评分签名).

    Args:
        part: technical or business.
        sheet: its canonical bytes.
        salt: 32 fresh random bytes of the seat's client.
        signature: by the seat's key over the commitment; empty where the seat has none.
    """

    part: str
    sheet: bytes
    salt: bytes
    signature: bytes = b""


def save_cells(lot_id: UUID, part: str, entered: Sequence[Entered], *, by: Actor) -> Written:
    """Save cells of the member's own sheet (保存评分), all or none; on disk and in the ledger when this returns.

    A cell may be emptied again, which is saved like a score. What stands there already just as asked is not saved anew.

    Raises:
        NotEntitled: ``not-a-member``, ``wrong-post``.
        Unfair: ``malformed``, ``code-unknown`` and what ``rules.scoring.check_cell`` refuses, for every cell.
        WrongState: ``wrong-state``; ``stale-version`` for each cell that stands in another version, with both values.
        Repeated: when all of it stands there already, since the answer was lost or the form was sent twice.

    Source: MOF-87-55
    """
    cells = check_entered(entered)
    row = _own(lot_id, part, "save_cells", by)
    with acting("save_cells", by=by) as act:
        evaluation = check_stage(act.share(Evaluation, lot_id), "save_cells", STAGE[part])
        sheet = act.lock(SheetRow, row.pk)
        check_step(TABLE, "save_cells", state=sheet.state, role=by.role)
        rows = Cell.objects.filter(sheet=sheet, code__in={one.code for one in cells})
        standing = {(one.code, one.item): one for one in rows}
        cells = _fresh(cells, standing)
        codes = codes_of(evaluation, row.member.seat).codes
        refuse_if_any(Unfair, _cell_reasons(cells, template_of(evaluation.template), part, codes))
        fresh = [_sealed(sheet, one) for one in cells]
        named = [
            {"code": one.code, "item": one.item, "version": one.version} | {"sha256": _hash(bytes(one.sealed))}
            for one in fresh
        ]
        act.move(sheet, TABLE, "save_cells", cells=named)
        place = ["sheet", "code", "item"]
        saved = Cell.objects.bulk_create(
            fresh, update_conflicts=True, unique_fields=place, update_fields=["version", "sealed"]
        )
        kept = Cell.objects.filter(pk__in=[one.pk for one in saved])
        act.once_written(lambda entry: kept.update(entry=entry.id))
    return act.entry


def sign_sheet(lot_id: UUID, signed: Signed, *, by: Actor) -> Written:
    """Sign the member's own sheet (评分签名): the commitment is logged, the sheet stays sealed until all are shown.

    Raises:
        NotEntitled: ``not-a-member``, ``wrong-post``.
        Unfair: ``malformed``; ``sheet-other`` for a sheet that names something else than this seat's, or differs from
            what was saved; what ``rules.scoring.check_sheet`` refuses; ``signature-invalid``.
        WrongState: ``wrong-state``; ``member-unable``, when the member has declared to be unable to go on.
        Repeated: when this commitment was logged before.

    Source: GPLR-41, our choice (ADR-5)
    """
    read, committed = check_readable(signed)
    row = _own(lot_id, signed.part, "sign_sheet", by)
    with acting("sign_sheet", by=by) as act:
        evaluation = act.share(Evaluation, lot_id)
        sheet = act.lock(SheetRow, row.pk)
        if sheet.entry_id and sheet.commitment == committed.hex():
            raise Repeated(sheet.entry_id)
        check_stage(evaluation, "sign_sheet", STAGE[signed.part])
        check_step(TABLE, "sign_sheet", state=sheet.state, role=by.role)
        check_own(read, sheet, evaluation, row.member)
        codes = codes_of(evaluation, row.member.seat).codes
        check_sheet(read, template_of(evaluation.template), codes)
        # Read behind the lock: the seat may have got another key meanwhile.
        check_signature(check_able(Member.objects.get(pk=row.member_id)), committed, signed.signature)
        sheet.commitment, sheet.signature = committed.hex(), signed.signature.hex()
        sheet.sealed = seal(SHEET, str(sheet.pk), {"salt": signed.salt.hex(), "sheet": signed.sheet.decode()})
        said = {"round": evaluation.round, "seat": row.member.seat, "part": sheet.part}
        act.move(sheet, TABLE, "sign_sheet", **said, commitment=sheet.commitment, signature=sheet.signature)
        act.refer(f"evaluation.evaluation:{lot_id}")
        act.once_written(lambda entry: SheetRow.objects.filter(pk=sheet.pk).update(entry=entry.id))
    return act.entry


def saved_cells(sheet: SheetRow) -> list[Entered]:
    """Return what was saved of a sheet, with the version of each cell, emptied ones included; for its own seat."""
    return [_entered(row) for row in Cell.objects.filter(sheet=sheet).order_by("code", "item")]


def given(cells: Iterable[Entered]) -> tuple[scoring.Cell, ...]:
    """Return the cells that hold a score, as a sheet is made of them (已评单元格)."""
    return tuple(scoring.Cell(one.code, one.item, one.score, one.remark) for one in cells if one.score is not None)


def check_entered(entered: Sequence[Entered]) -> list[Entered]:
    """Refuse cells that cannot be right, and return them with their remarks trimmed (单元格格式).

    Raises:
        Unfair: ``malformed``, ``too-large``.

    Source: our choice (ADR-1)
    """
    places = {one.place for one in entered}
    if not entered or len(entered) > MAX_CELLS or len(places) < len(entered):
        raise Unfair(Reason("malformed", {"field": "cells"}))
    if not all(one.score is None or one.score.is_finite() for one in entered):
        raise Unfair(Reason("malformed", {"field": "score"}))
    remarks = [check_wording(one.remark, field="remark", limit=MAX_REMARK) for one in entered]
    return [replace(one, remark="" if one.score is None else said) for one, said in zip(entered, remarks, strict=True)]


def check_readable(signed: Signed) -> tuple[Sheet, bytes]:
    """Refuse bytes that are no sheet, and return it with the commitment to it (评分表格式).

    Raises:
        Unfair: ``malformed``.

    Source: our choice (ADR-5)
    """
    try:
        return parse_sheet(signed.sheet), score_commitment(signed.salt, signed.sheet)
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "sheet"})) from None


def check_own(read: Sheet, sheet: SheetRow, evaluation: Evaluation, member: Member) -> None:
    """Refuse a sheet that is another seat's, of another lot, round, part or template, or not what was saved (评分归属).

    Raises:
        Unfair: ``sheet-other`` with the field.

    Source: our choice (ADR-5)
    """
    wanted = {
        "lot": (read.lot_ref.hex(), evaluation.lot_ref),
        "round": (read.round, evaluation.round),
        "seat": (read.seat, member.seat),
        "part": (read.part, sheet.part),
        "template": (read.template.hex(), evaluation.template_hash),
        "cells": (_as_saved(read.cells), _as_saved(given(saved_cells(sheet)))),
    }
    refuse_if_any(Unfair, [Reason("sheet-other", {"field": name}) for name, (a, b) in wanted.items() if a != b])


def _own(lot_id: UUID, part: str, step: str, by: Actor) -> SheetRow:
    """Return the sheet of whoever acts, read without a lock: it may have moved on when the lock is taken.

    Raises:
        NotEntitled: ``not-a-member``.
        Unfair: ``malformed`` for a part that nobody scores.
        WrongState: ``wrong-state`` before sheets are given out.
    """
    if part not in STAGE:
        raise Unfair(Reason("malformed", {"field": "part"}))
    member = check_member(lot_id, by)
    found = SheetRow.objects.select_related("member").filter(member=member, part=part).first()
    if found is None:
        state = Evaluation.objects.values_list("state", flat=True).get(pk=lot_id)
        raise WrongState(Reason("wrong-state", {"step": step, "state": state, "allowed": (STAGE[part],)}))
    return found


def _fresh(cells: Iterable[Entered], standing: Mapping[tuple[str, str], Cell]) -> list[Entered]:
    """Return what is still to be saved; refuse what was made from an overtaken state and is not what stands there.

    Raises:
        WrongState: ``stale-version``.
        Repeated: when nothing is left.
    """
    fresh, stale, entries = [], [], []
    for one in cells:
        now = standing.get(one.place)
        current, kept = (now.version, _value(now)) if now else (0, {})
        if one.version == current:
            fresh.append(one)
        elif now is not None and kept == _value_of(one):
            entries.append(now.entry_id or 0)
        else:
            yours = "" if one.score is None else str(one.score)
            facts = {"code": one.code, "item": one.item, "seen": one.version, "current": current}
            stale.append(Reason("stale-version", {**facts, "yours": yours, "stands": kept.get("score", "")}))
    refuse_if_any(WrongState, stale)
    if entries and not fresh:
        raise Repeated(max(entries))
    return fresh


def _cell_reasons(cells: Iterable[Entered], template: Template, part: str, codes: Sequence[str]) -> Iterator[Reason]:
    for one in cells:
        if one.code not in codes:
            yield Reason("code-unknown", {"code": one.code})
            continue
        if one.score is None:
            if one.item not in {item.id for item in template.part(part)}:
                yield Reason("item-unknown", {"code": one.code, "item": one.item})
            continue
        try:
            check_cell(scoring.Cell(one.code, one.item, one.score, one.remark), template, part)
        except Unfair as refusal:
            yield from refusal.reasons


def _sealed(sheet: SheetRow, one: Entered) -> Cell:
    version = one.version + 1
    name = f"{sheet.pk} {one.code} {one.item} {version}"
    return Cell(sheet=sheet, code=one.code, item=one.item, version=version, sealed=seal(CELL, name, one.value))


def _value(row: Cell) -> dict[str, str]:
    name = f"{row.sheet_id} {row.code} {row.item} {row.version}"
    return cast("dict[str, str]", unseal(CELL, name, bytes(row.sealed)))


def _value_of(one: Entered) -> dict[str, str]:
    try:
        return one.value
    except ValueError:
        return {}


def _entered(row: Cell) -> Entered:
    value = _value(row)
    score = Decimal(value["score"]) if value["score"] else None
    return Entered(row.code, row.item, score, value["remark"], row.version)


def _as_saved(cells: Iterable[scoring.Cell]) -> set[tuple[str, str, str, str]]:
    return {(one.code, one.item, decimal_text(one.score), one.remark) for one in cells}


def _hash(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()
