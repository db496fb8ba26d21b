"""All scores beside each other (评分汇总), once they are shown: by bid, seat and item, with what members differ on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from mifeng.evaluation.blind import Desk, Held, OpenBid
from mifeng.rules.scoring import Correction, Item, Sheet, decimal_text, differences, seat_sums


@dataclass(frozen=True, slots=True)
class Given:
    """One score that was shown (分项得分): by which seat, for what, and whether members differ on it."""

    seat: str
    item: str
    score: str
    remark: str
    differs: bool
    found: int
    mine: bool


@dataclass(frozen=True, slots=True)
class SeatLine:
    """The scores of one seat for one bid (席位行)."""

    seat: str
    own: bool
    cells: tuple[Given, ...]
    points: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class BidTable:
    """One bid with the scores of all seats (投标得分)."""

    bid: OpenBid
    lines: tuple[SeatLine, ...]
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A correction in words (修改记录)."""

    seat: str
    bidder: str
    item: str
    kind: str
    before: str
    after: str
    reason: str


def bid_tables(
    desk: Desk,
    bids: Sequence[OpenBid],
    sheets: Sequence[Sheet],
    abnormal: Mapping[str, Held],
    titles: Mapping[str, str],
) -> list[BidTable]:
    """Return all scores by bid, in the order of the list of bids."""
    items = desk.template.scored
    split = {item: found for part in ("technical", "business") for item, found in _split(desk, sheets, part).items()}
    tables = []
    for bid in sorted(bids, key=lambda one: one.position):
        sums = seat_sums(sheets, bid.bid_ref, desk.template)
        lines = tuple(
            replace(
                _line(desk, one.seat, bid.bid_ref, sheets, items, split, abnormal, sums.get(one.seat)),
                title=titles[one.seat],
            )
            for one in desk.peers
        )
        differing = tuple(item.name for item in items if bid.bid_ref in split.get(item.id, ()))
        tables.append(BidTable(bid, lines, differing))
    return tables


def changes(desk: Desk, bids: Sequence[OpenBid], made: Sequence[Correction], titles: Mapping[str, str]) -> list[Change]:
    """Return the corrections in words, in the order in which they were made."""
    names = {one.bid_ref: one.bidder for one in bids}
    items = {one.id: one.name for one in desk.template.scored}
    kinds = {
        "sum": _("合计错误"),
        "range": _("超出范围"),
        "objective": _("客观分不一致"),
        "abnormal": _("畸高或畸低"),
    }
    return [
        Change(
            titles.get(one.seat, one.seat),
            names.get(one.bid, ""),
            items.get(one.item, _("合计")),
            kinds.get(one.kind, one.kind),
            decimal_text(one.before),
            decimal_text(one.after),
            one.reason,
        )
        for one in made
    ]


def own_places(tables: Sequence[BidTable], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the seat's own scores as choices: ``bid_ref item`` and in words."""
    return [
        (f"{table.bid.bid_ref} {cell.item}", f"{table.bid.bidder}　{names[cell.item]}　{cell.score}")
        for table in tables
        for line in table.lines
        if line.own
        for cell in line.cells
    ]


def all_places(tables: Sequence[BidTable], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the scores of all seats as choices: ``seat bid_ref item`` and in words."""
    return [
        (
            f"{line.seat} {table.bid.bid_ref} {cell.item}",
            f"{table.bid.bidder}　{names[cell.item]}　{line.title}　{cell.score}",
        )
        for table in tables
        for line in table.lines
        for cell in line.cells
    ]


def _split(desk: Desk, sheets: Sequence[Sheet], part: str) -> Mapping[str, frozenset[str]]:
    return differences([one for one in sheets if one.part == part], desk.template)


def _line(
    desk: Desk,
    seat: str,
    bid_ref: str,
    sheets: Sequence[Sheet],
    items: Sequence[Item],
    split: Mapping[str, frozenset[str]],
    abnormal: Mapping[str, Held],
    points: Decimal | None,
) -> SeatLine:
    given = {cell.item: cell for one in sheets if one.seat == seat for cell in one.cells if cell.code == bid_ref}
    cells = []
    for item in items:
        if item.id in given:
            cell, held = given[item.id], abnormal.get(f"{seat} {bid_ref} {item.id}")
            differs = bid_ref in split.get(item.id, ())
            score, count, mine = decimal_text(cell.score), held.count if held else 0, bool(held and held.mine)
            cells.append(Given(seat, item.id, score, cell.remark, differs, count, mine))
    return SeatLine(seat, seat == desk.seat, tuple(cells), f"{points.normalize():f}" if points is not None else "")
