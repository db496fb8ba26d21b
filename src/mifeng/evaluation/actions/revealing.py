"""Scores are locked, then shown (锁定与公开): first the link to the bidders opens, at the end all scores at once."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

from mifeng.bidding.models import OpenedFile, Unsealed
from mifeng.evaluation.actions.leaving import check_all_able
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.keyring import SHEET, unseal
from mifeng.evaluation.models import CodeKey, Evaluation, Member, NamedBid, Qualification, Sheet
from mifeng.evaluation.scores import template_of
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import Written
from mifeng.rules.blind import Named, open_commitment
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.evaluation import EVALUATION
from mifeng.rules.evaluation import SHEET as TABLE
from mifeng.rules.lifecycle import check_step
from mifeng.tenders.actions.guards import check_witnessed


def lock_technical(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Lock the technical scores when every technical sheet is signed (锁定技术分); business files follow under names.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``no-witness``.
        WrongState: ``wrong-state``; ``sheets-missing``, while one is not signed; ``member-unable``.

    Source: our choice (ADR-5)
    """
    with acting("lock_technical", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        check_step(EVALUATION, "lock_technical", state=evaluation.state, role=by.role)
        check_all_able(evaluation)
        sheets = _signed(act, evaluation, "technical")
        check_witnessed(act.at)
        evaluation.locked_at = act.at
        committed = [{"seat": one.member.seat, "commitment": one.commitment} for one in sheets]
        key = CodeKey.objects.values_list("commitment", flat=True).get(pk=evaluation.pk)
        act.move(evaluation, EVALUATION, "lock_technical", sheets=committed, codes=key)
        NamedBid.objects.bulk_create(_named(evaluation))
        if template_of(evaluation.template).part("business"):
            members = Member.objects.filter(evaluation=evaluation).order_by("seat")
            give = [{"evaluation": evaluation, "member": one, "part": "business"} for one in members]
            act.create_all(Sheet, TABLE, "give_sheet", give)
        _refer(act, evaluation)
    return act.entry


def reveal(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Show all sheets in one act when every one is signed (公开评分); each is made sure to be the one committed to.

    Raises:
        NotEntitled: ``wrong-post``.
        Tampered: when a sheet kept is not the one that was committed to.
        WrongMoment: ``no-witness``.
        WrongState: ``wrong-state``; ``sheets-missing``, while one is not signed; ``member-unable``.

    Source: our choice (ADR-5)
    """
    with acting("reveal", by=by) as act:
        evaluation = act.lock(Evaluation, lot_id)
        check_step(EVALUATION, "reveal", state=evaluation.state, role=by.role)
        check_all_able(evaluation)
        sheets = _signed(act, evaluation)
        check_witnessed(act.at)
        evaluation.revealed_at = act.at
        act.move(evaluation, EVALUATION, "reveal", sheets=len(sheets))
        for sheet in sheets:
            _show(act, evaluation, sheet)
        _refer(act, evaluation)
    return act.entry


def _named(evaluation: Evaluation) -> Iterator[NamedBid]:
    """Yield the bids under review by name; from here on nothing depends on not knowing them."""
    passed = dict(Qualification.objects.filter(evaluation=evaluation, passed=True).values_list("bid", "position"))
    for found in Unsealed.objects.filter(bid__in=passed).select_related("bid").order_by("position"):
        files = OpenedFile.objects.filter(bid=found.bid, part="business").order_by("position")
        in_words = found.words_yuan if "words-differ" in found.doubts else None
        yield NamedBid(
            evaluation=evaluation,
            position=found.position,
            bid_ref=found.bid.bid_ref,
            bidder=found.bidder,
            quote_yuan=in_words if in_words is not None else found.price_yuan,
            files=[
                {"number": number, "name": one.name, "media": one.media, "sha256": one.sha256}
                for number, one in enumerate(files, 1)
            ],
        )


def _signed(act: Act, evaluation: Evaluation, *parts: str) -> list[Sheet]:
    """Take the sheets of some parts, or of all, alone; refuse while one of them is not signed."""
    rows = Sheet.objects.filter(evaluation=evaluation).exclude(state="annulled")
    if parts:
        rows = rows.filter(part__in=parts)
    sheets = act.lock_all(Sheet, rows.values_list("pk", flat=True))
    missing = sum(one.state != "signed" for one in sheets)
    if missing:
        raise WrongState(Reason("sheets-missing", {"missing": missing, "total": len(sheets)}))
    seats = dict(Member.objects.filter(evaluation=evaluation).values_list("pk", "seat"))
    return sorted(sheets, key=lambda one: (one.part, seats[one.member_id]))


def _show(act: Act, evaluation: Evaluation, sheet: Sheet) -> None:
    kept = cast("dict[str, str]", unseal(SHEET, str(sheet.pk), bytes(sheet.sealed or b"")))
    seat = sheet.member.seat
    named = Named(
        bytes.fromhex(evaluation.lot_ref),
        evaluation.round,
        seat,
        sheet.part,
        bytes.fromhex(evaluation.template_hash),
        frozenset(codes_of(evaluation, seat).codes),
    )
    salt, text = kept["salt"], kept["sheet"]
    open_commitment(bytes.fromhex(sheet.commitment), bytes.fromhex(salt), text.encode(), named)
    sheet.salt, sheet.content = salt, text
    said = {"seat": seat, "part": sheet.part, "commitment": sheet.commitment}
    act.move(sheet, TABLE, "show_sheet", **said, salt=salt, sheet=text)


def _refer(act: Act, evaluation: Evaluation) -> None:
    act.refer(f"tenders.lot:{evaluation.pk}", f"tenders.tender:{evaluation.lot.tender_id}")
