"""An evaluation as its supervisor watches it (监督评审): numbers until the law opens more, then all of it, read only.

With the lock of the technical scores the codes are laid open, with the last sheet every score, with the last signature
the report. Each look at codes or scores is noted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mifeng.awards.queries import Outcome, result_for
from mifeng.evaluation.queries import (
    OPEN,
    SHOWN,
    Examined,
    Progress,
    code_commitment,
    code_map,
    doubts,
    examined,
    key_changes,
    paper_for,
    progress,
    result,
    seats,
    sheets,
    signing,
    template_for,
)
from mifeng.kernel import reads
from mifeng.kernel.actors import Actor
from mifeng.rules.blind import commitment, parse_mapping
from mifeng.rules.scoring import Sheet, Template, decimal_text
from mifeng.sittings.queries import arrivals
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import tender_for, with_lots
from mifeng.web.shell import texts, words
from mifeng.web.shell.evaluated import (
    doubt_lines,
    evaluation_steps,
    rekeyed_lines,
    signing_view,
    stopped_line,
    unable_lines,
    void_text,
    word_lines,
)
from mifeng.web.shell.http import Request
from mifeng.web.shell.paper import report_answer
from mifeng.web.shell.posts import acting_post, methods, only
from mifeng.web.shell.reported import report_view
from mifeng.web.shell.scoring import PARTS, template_view

EVALUATION = "cockpit/evaluation.html"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A bid with seat, code and place in the order of each seat (编码对照行)."""

    position: int
    bidder: str
    codes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The link between codes and bids (编码对照), with the secret, and whether it is the one promised."""

    seats: tuple[str, ...]
    rows: tuple[CodeRow, ...]
    secret: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a seat with its remark (评分)."""

    seat: str
    score: str
    remark: str


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """All sheets of one part (评分表): a row for every bid and item, a column for every seat."""

    part: str
    seats: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Score, ...]], ...]


@methods("GET")
@only("supervisor")
def evaluation(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Show the evaluation of a package (监督评审)."""
    by = acting_post(request)
    tender = tender_for(by, pk)
    [row] = with_lots([tender])
    lot = _lot(row.lots, lot_id)
    found, template = progress(by, lot.pk), template_for(by, lot.pk)
    bids = examined(by, lot.pk) if found.state else []
    context = {
        "tender": tender,
        "lot": lot,
        "lots": row.lots,
        "topic": f"tenders.tender:{pk}",
        "progress": found,
        "arrivals": arrivals(by, tender),
        "steps": evaluation_steps(found, template is None or bool(template.part("business"))),
        "void": void_text(found),
        "stopped": stopped_line(found, sited=True),
        "bids": bids,
        "view": template_view(template) if template else None,
        "commitment": code_commitment(by, lot.pk),
        "doubts": doubt_lines(doubts(by, lot.pk)) if found.doubtful else (),
        "signing": signing_view(signing(by, lot.pk)),
        "unable": unable_lines(seats(by, lot.pk)),
        "rekeyed": rekeyed_lines(key_changes(by, lot.pk)),
        **_opened(by, lot, found, bids, template),
    }
    return render(request, EVALUATION, context)


@methods("GET")
@only("supervisor")
def report(request: Request, pk: UUID, lot_id: UUID) -> HttpResponse:
    """Hand out the signed report as PDF (评审报告文件)."""
    by = acting_post(request)
    [row] = with_lots([tender_for(by, pk)])
    return report_answer(paper_for(by, _lot(row.lots, lot_id).pk))


def _opened(
    by: Actor, lot: Lot, found: Progress, bids: Sequence[Examined], template: Template | None
) -> Mapping[str, Any]:
    """Return what the steps done so far have laid open; a look at it is noted."""
    if found.state not in OPEN or template is None:
        return {}
    names = {bid.bid_ref: bid.bidder for bid in bids}
    opened: dict[str, Any] = {"codes": code_table(code_map(by, lot.pk), bids, code_commitment(by, lot.pk))}
    if found.state in SHOWN:
        opened["scores"] = score_tables(sheets(by, lot.pk), names, template)
    if found.state == "concluded":
        done = result(by, lot.pk)
        items = {item.id: item.name for item in template.items}
        opened |= {"result": done, "report": report_view(done.text, done.bidders, items)}
        opened |= {"words": word_lines(done.signatures)}
        award = result_for(by, lot.pk)
        opened |= {"award": award, "award_facts": award_facts(award)}
    reads.note("evaluation", by, f"tenders.lot:{lot.pk}", step=found.state)
    return opened


def award_facts(award: Outcome) -> list[tuple[str, str]]:
    """Return how the award stands, line by line (定标情况)."""
    ground = str(texts.GROUND_TITLES.get(award.ground, award.ground))
    gone = [one for one in award.everybody if one.ground]
    taken = _("逾时未确定，视同确定第一名") if award.deemed else _("采购人确定")
    passed = [
        _("%(bidder)s：%(ground)s。%(reason)s")
        % {"bidder": one.bidder, "ground": texts.GROUND_TITLES.get(one.ground, one.ground), "reason": one.reason}
        for one in gone
    ]
    rows = [
        (
            _("中标人"),
            _("%(bidder)s，第%(rank)d名，%(how)s") % {"bidder": award.bidder, "rank": award.rank, "how": taken},
        )
        if award.winner
        else ("", ""),
        (_("依据的情形"), ground),
        (_("理由"), award.reason),
        (_("未按时确定的理由"), award.delay_reason),
        (_("不再递补的候选人"), "\n".join(passed)),
        (_("结果公告"), words.beijing(award.published_at, seconds=True) if award.published_at else ""),
    ]
    return [(label, value) for label, value in rows if value]


def code_table(mapping: bytes, bids: Sequence[Examined], promised: tuple[str, int] | None) -> CodeTable:
    """Return the link between codes and bids as a table, and whether its secret is the one committed to."""
    opened = parse_mapping(mapping)
    given = {seat.seat: seat.lines for issue in opened.issues for seat in issue.seats}
    places = {
        seat: {line.position: (line.code, number) for number, line in enumerate(lines, 1)}
        for seat, lines in given.items()
    }
    seats = tuple(sorted(given))
    rows = tuple(
        CodeRow(bid.position, bid.bidder, tuple((seat, *places[seat][bid.position]) for seat in seats))
        for bid in bids
        if seats and bid.position in places[seats[0]]
    )
    kept = promised is not None and commitment(opened.lot_ref, opened.k_op).hex() == promised[0]
    return CodeTable(seats, rows, opened.k_op.hex(), kept)


def score_tables(found: Sequence[Sheet], names: Mapping[str, str], template: Template) -> list[ScoreTable]:
    """Return all sheets, part by part, bids in the order of the close list."""
    tables = []
    for part in ("technical", "business"):
        own = sorted((sheet for sheet in found if sheet.part == part), key=lambda sheet: sheet.seat)
        cells = {(sheet.seat, cell.code, cell.item): cell for sheet in own for cell in sheet.cells}
        seats, bids = tuple(sheet.seat for sheet in own), {code for _seat, code, _item in cells}
        rows = tuple(
            (name, item.name, tuple(_score(cells, (seat, bid, item.id)) for seat in seats))
            for bid, name in names.items()
            if bid in bids
            for item in template.part(part)
        )
        if rows:
            tables.append(ScoreTable(str(PARTS[part]), seats, rows))
    return tables


def _score(cells: Mapping[tuple[str, str, str], Any], place: tuple[str, str, str]) -> Score:
    cell = cells.get(place)
    return Score(place[0], decimal_text(cell.score), cell.remark) if cell else Score(place[0], "", "")


def _lot(lots: Sequence[Lot], lot_id: UUID) -> Lot:
    for lot in lots:
        if lot.pk == lot_id:
            return lot
    raise Lot.DoesNotExist
