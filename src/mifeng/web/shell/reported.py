"""A committee's report as a person reads it (评审报告): its canonical text in words, in the order of the places."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.web.shell import texts, words
from mifeng.web.shell.seats import label_titles

Words = Mapping[str, str | Promise]
DECIDED: Words = MappingProxyType(
    {
        "first": gettext_lazy("总分最高"),
        "score": gettext_lazy("按总分"),
        "price": gettext_lazy("总分相同，评审价低的在前"),
        "technical": gettext_lazy("总分与评审价相同，技术分高的在前"),
        "lots": gettext_lazy("总分与评审价相同，按事先固定的签序"),
        "brand": gettext_lazy("同品牌另有得分更高的，不推荐"),
    }
)
INVALID: Words = MappingProxyType({"quote-unreadable": gettext_lazy("报价读不出")})
LOW: Words = MappingProxyType(
    {"mean": gettext_lazy("低于平均报价"), "second": gettext_lazy("低于次低报价"), "ceiling": gettext_lazy("低于预算")}
)
SILENT: Words = MappingProxyType(
    {
        "refused": gettext_lazy("拒绝签署"),
        "left": gettext_lazy("已离开评审现场"),
        "unreachable": gettext_lazy("联系不上"),
    }
)
GONE: Words = MappingProxyType(
    {
        "tie": gettext_lazy("评审中发现应当回避"),
        "health": gettext_lazy("因健康原因不能继续"),
        "left": gettext_lazy("离开评审现场，不能继续"),
    }
)
SEAT_ROLES: Words = MappingProxyType({"expert": gettext_lazy("评审专家"), "buyer": gettext_lazy("采购人代表")})


@dataclass(frozen=True, slots=True)
class ReportSeat:
    """A member of the committee (评审成员): the place of the seat, never the person, before names are published."""

    seat: str
    role: str
    chair: bool


@dataclass(frozen=True, slots=True)
class ReportBid:
    """A bid of the report (评审投标人)."""

    position: int
    bid_ref: str
    bidder: str
    valid: bool
    quote: str
    evaluated: str = ""
    technical: str = ""
    business: str = ""
    price: str = ""
    total: str = ""
    rank: int = 0
    place: int = 0
    candidate: int = 0
    decided: str = ""
    granted: str = ""
    low: str = ""
    sums: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportChange:
    """A correction after the scores were shown (评分修改)."""

    kind: str
    seat: str
    bidder: str
    item: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report in words (评审报告)."""

    lot_ref: str
    template: str
    seats: tuple[ReportSeat, ...]
    bids: tuple[ReportBid, ...]
    changes: tuple[ReportChange, ...]

    @property
    def valid(self) -> tuple[ReportBid, ...]:
        """Return the bids that were ranked, in order."""
        return tuple(one for one in self.bids if one.valid)

    @property
    def invalid(self) -> tuple[ReportBid, ...]:
        """Return the bids that fell out, in the order of the list."""
        return tuple(one for one in self.bids if not one.valid)

    @property
    def candidates(self) -> tuple[ReportBid, ...]:
        """Return who is recommended, first first."""
        return tuple(sorted((one for one in self.bids if one.candidate), key=lambda one: one.candidate))


def report_view(
    text: str, bidders: Mapping[str, str], items: Mapping[str, str], titles: Mapping[str, str] | None = None
) -> ReportView:
    """Return a report in words.

    Args:
        text: canonical, as the members signed it.
        bidders: name of the bidder of each bid, by bid_ref.
        items: name of each factor, by its id.
        titles: places of the seats, by label; looked up where they are not given.
    """
    found = json.loads(text)
    places = label_titles(one["seat"] for one in found["members"]) if titles is None else titles
    seats = tuple(
        ReportSeat(_place(one["seat"], places), str(SEAT_ROLES[one["role"]]), one["seat"] == found["chair"])
        for one in found["members"]
    )
    bids = [_bid(line, found, bidders) for line in found["bids"]]
    bids.sort(key=lambda one: (not one.valid, one.place or one.rank or one.position, one.position))
    changes = tuple(_change(one, bidders, items, places) for one in found["corrections"])
    return ReportView(found["lot_ref"], found["template"], seats, tuple(bids), changes)


def _bid(line: Mapping[str, Any], found: Mapping[str, Any], bidders: Mapping[str, str]) -> ReportBid:
    ref = line["bid_ref"]
    said = (line["position"], ref, bidders.get(ref, ref), line["valid"], _yuan(line["quote_yuan"]))
    if not line["valid"]:
        thrown = found["rejected"].get(ref, [])
        codes = [str(_invalid(code)) for code in line["reasons"] if code != "rejected"]
        return ReportBid(*said, reasons=(*thrown, *codes))
    order = found["candidates"]
    return ReportBid(
        *said,
        evaluated=_yuan(line["evaluated_yuan"]),
        technical=line["technical"],
        business=f"{(Decimal(line['mean']) - Decimal(line['technical'])).normalize():f}",
        price=line["price"],
        total=line["total"],
        rank=line["rank"],
        place=line["place"],
        candidate=order.index(ref) + 1 if ref in order else 0,
        decided=str(DECIDED[line["decided"]]),
        granted=_("、").join(str(texts.FACT_WORDS["deduction"].get(one, one)) for one in line["granted"]),
        low=_("、").join(str(LOW[one]) for one in line["low"]),
        sums=tuple(line["sums"].get(one["seat"], "") for one in found["members"]),
    )


def _place(seat: str, places: Mapping[str, str]) -> str:
    return places.get(seat, seat)


def _change(
    one: Mapping[str, Any], bidders: Mapping[str, str], items: Mapping[str, str], places: Mapping[str, str]
) -> ReportChange:
    kind = str(texts.FACT_WORDS["kind"].get(one["kind"], one["kind"]))
    bidder = bidders.get(one["bid_ref"], one["bid_ref"])
    item = items.get(one["item"], one["item"])
    return ReportChange(kind, _place(one["seat"], places), bidder, item, one["before"], one["after"], one["reason"])


def _invalid(code: str) -> object:
    if code in texts.REASON_TEXTS:
        return texts.REASON_TEXTS[code].says
    return INVALID.get(code, code)


def _yuan(text: str) -> str:
    return words.yuan(Decimal(text)) if text else ""
