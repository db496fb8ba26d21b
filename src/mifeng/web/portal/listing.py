"""The public list (公告列表): filters in force, counts beside each choice, rows, and what would help an empty list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.rules.procedure import PROCEDURES
from mifeng.tenders.models import Notice, Tender
from mifeng.tenders.queries import Row, published, search
from mifeng.tenders.record import narrowed, region_counts
from mifeng.web.shell import texts, words
from mifeng.web.shell.paging import SIZES
from mifeng.web.shell.regions import region_title

METHOD = "open-tender"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list (筛选条件), as the address holds it."""

    q: str = ""
    regions: tuple[str, ...] = ()
    open: bool = False
    size: str = ""

    def query(self, **changes: Any) -> str:
        """Return the address query of these filters, with changes; the place in the list is left out."""
        held = {"q": self.q, "region": self.regions, "open": "1" if self.open else "", "size": self.size, **changes}
        return urlencode({name: value for name, value in held.items() if value}, doseq=True)

    def apply(self, now: datetime, *, without: str = "") -> QuerySet[Tender]:
        """Return the projects that pass, leaving one filter out if named."""
        rows = search(published(), "" if without == "q" else self.q)
        return narrowed(
            rows,
            regions=() if without == "region" else self.regions,
            open_at=now if self.open and without != "open" else None,
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it (条件)."""

    name: str
    title: str
    query: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice beside the list, with how many it would leave (选项)."""

    value: str
    title: str
    number: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class NoticeNote:
    """A remark below a title (备注)."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One project in the public list (公告行)."""

    title: str
    url: str
    number: str
    purchaser: str
    notes: tuple[NoticeNote, ...]
    region: str
    method: str
    budget_yuan: Decimal
    due_at: datetime | None
    due_word: str
    look: str
    word: str


def filters_of(given: Mapping[str, Any], size: str) -> Filters:
    """Return the filters of a form that was understood."""
    chosen = size if size in {str(one) for one in SIZES} else ""
    return Filters(" ".join(given["q"].split()), tuple(given["region"]), given["open"], chosen)


def chips(filters: Filters) -> list[Chip]:
    """Return the filters in force."""
    found = []
    if filters.q:
        found.append(Chip("q", _("“%(words)s”") % {"words": filters.q}, filters.query(q="")))
    for region in filters.regions:
        rest = tuple(one for one in filters.regions if one != region)
        found.append(Chip("region", region_title(region), filters.query(region=rest)))
    if filters.open:
        found.append(Chip("open", _("仍可投标"), filters.query(open="")))
    return found


def region_choices(filters: Filters, now: datetime) -> list[Choice]:
    """Return the regions that occur, each with its number under the other filters; chosen ones stay visible."""
    counts = region_counts(filters.apply(now, without="region"))
    codes = sorted({*counts, *filters.regions})
    return [Choice(code, region_title(code), counts.get(code, 0), code in filters.regions) for code in codes]


def notice_rows(rows: Iterable[Row], notices: Mapping[UUID, Sequence[Notice]], now: datetime) -> list[NoticeRow]:
    """Return projects as rows of the public list."""
    return [_row(row, notices.get(row.tender.pk, ()), now) for row in rows]


def most_helpful(filters: Filters, now: datetime) -> tuple[str, int, str]:
    """Return the one filter whose removal shows most: its title, how many, and the address; empty when none helps."""
    best = ("", 0, "")
    titles = {"q": _("搜索词"), "region": _("地区"), "open": _("仍可投标")}
    for name in sorted({chip.name for chip in chips(filters)}):
        number = filters.apply(now, without=name).count()
        if number > best[1]:
            best = (titles[name], number, filters.query(**{name: ""}))
    return best


def _row(row: Row, notices: Sequence[Notice], now: datetime) -> NoticeRow:
    closed = row.state == "closed"
    word = texts.STATE_WORDS[row.state]
    corrected = notices[-1] if len(notices) > 1 else None
    fresh = corrected is not None and not closed
    return NoticeRow(
        title=row.tender.name,
        url=reverse("portal:project", args=[row.tender.pk]),
        number=row.tender.number,
        purchaser=row.tender.purchaser.name,
        notes=_notes(row, notices, corrected),
        region=region_title(row.tender.region),
        method=PROCEDURES[METHOD].term,
        budget_yuan=row.tender.budget_yuan,
        due_at=row.bids_due_at,
        due_word=_("已截止") if closed else "",
        look="todo" if fresh else word.look,
        word=_("已更正") if fresh else str(word.title),
    )


def _notes(row: Row, notices: Sequence[Notice], corrected: Notice | None) -> tuple[NoticeNote, ...]:
    found = [NoticeNote(_("远程异地评审"))]
    if len(row.lots) > 1:
        found.insert(0, NoticeNote(_("共%(number)d个采购包") % {"number": len(row.lots)}))
    if corrected:
        found.append(NoticeNote(_correction(notices, corrected), "warn"))
    return tuple(found)


def _correction(notices: Sequence[Notice], corrected: Notice) -> str:
    day = words.beijing(corrected.published_at)[5:10]
    before = notices[-2].bids_due_at
    if before == corrected.bids_due_at:
        return _("%(day)s更正：截止时间不变") % {"day": day}
    return _("%(day)s更正：截止时间由%(before)s顺延") % {"day": day, "before": words.beijing(before)[5:10]}
