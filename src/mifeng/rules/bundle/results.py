"""The file of a result (评审结果文件): the one form that it has, and what it takes from a report."""

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from mifeng.rules.bundle.records import ResultRecord, Scored
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.scoring.number import parse_decimal
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of

HASH_BYTES = 32

_NAMES = tuple(one.name for one in fields(Scored))
_LISTS = ("reasons", "granted", "low")
_PLACES = ("rank", "place")
_POINTS = ("technical", "mean", "price", "total")


def format_result(record: ResultRecord) -> bytes:
    """Return the canonical bytes of ``result/n.json``."""
    bids = [
        {name: list(getattr(one, name)) if name in _LISTS else getattr(one, name) for name in _NAMES}
        for one in record.bids
    ]
    return canonical({"report": record.report, "bids": bids, "candidates": list(record.candidates)})


def parse_result(data: bytes) -> ResultRecord:
    """Return what a review came to.

    Raises:
        ValueError: when the bytes are misshapen.
    """
    found = object_of(parse_canonical(data), {"report", "bids", "candidates"}, "a result")
    bids = tuple(_scored(one) for one in list_of(found["bids"], "bids"))
    if any(a.position >= b.position for a, b in pairwise(bids)):
        raise ValueError("bids stand in the order of the list, each once")
    return ResultRecord(
        hex_of(found["report"], HASH_BYTES, "report").hex(),
        bids,
        tuple(_hash(one) for one in list_of(found["candidates"], "candidates")),
    )


def result_of(report: str, data: bytes) -> ResultRecord:
    """Return what everybody may know of a report (评审结果): numbers and codes, nobody's words and nobody's scores.

    Args:
        report: its hash.
        data: its canonical bytes.

    Raises:
        ValueError: when it is no report.
    """
    said = parse_canonical(data)
    rows = said.get("bids") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(rows, list):
        raise ValueError("a report speaks of bids")
    blank = {name: getattr(Scored(1, "", valid=False), name) for name in _NAMES}
    bids = [{**blank, **{key: value for key, value in _object(row).items() if key in _NAMES}} for row in rows]
    return parse_result(canonical({"report": report, "bids": bids, "candidates": said.get("candidates")}))


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("a bid of a report is an object")
    return value


def _scored(value: object) -> Scored:
    found = object_of(value, set(_NAMES), "a bid of a result")
    if not isinstance(found["valid"], bool):
        raise ValueError("valid is true or false")
    said: dict[str, Any] = {name: tuple(_text(one) for one in list_of(found[name], name)) for name in _LISTS}
    said |= {name: _place(found[name]) for name in _PLACES}
    said |= {name: _text(found[name]) for name in _NAMES if name not in ("position", "bid_ref", "valid", *said)}
    for name in _POINTS:
        if said[name]:
            parse_decimal(said[name], name)
    return Scored(number_of(found["position"], "position"), _hash(found["bid_ref"]), found["valid"], **said)


def _place(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a place is a number of 0 or more")
    return value


def _hash(value: object) -> str:
    return hex_of(value, HASH_BYTES, "a hash").hex()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is expected")
    return value
