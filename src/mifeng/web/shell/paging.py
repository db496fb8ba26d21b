"""Pages of a list (分页): by key, so that a list stays right while it grows, and every page costs the same."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
SIZES = (20, 50, 100)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a list (一页): its rows, how many there are in all, and the way to the next and the first page."""

    rows: tuple[M, ...]
    total: int
    size: int
    next_query: str
    first_query: str


def page(request: HttpRequest, rows: QuerySet[M], keys: Sequence[str]) -> Page[M]:
    """Return the page of a list that the address asks for.

    Args:
        request: its query carries ``after`` (an opaque key) and ``size`` (20, 50 or 100).
        rows: the list, in the order of ``keys``.
        keys: order fields as in ``order_by``, the last one unique.
    """
    size = next((one for one in SIZES if str(one) == request.GET.get("size")), SIZES[0])
    total = rows.count()
    after = _read(request.GET.get("after", ""), len(keys))
    found = rows.filter(_beyond(keys, after)) if after else rows
    chosen = list(found[: size + 1])
    query = request.GET.copy()
    query.pop("after", None)
    first = query.urlencode() if after else ""
    following = ""
    if len(chosen) > size:
        last = chosen[size - 1]
        query["after"] = _write([getattr(last, key.lstrip("-")) for key in keys])
        following = query.urlencode()
    return Page(tuple(chosen[:size]), total, size, following, first or ("size=" + str(size) if after else ""))


def _beyond(keys: Sequence[str], after: Sequence[Any]) -> Q:
    condition = Q()
    for place, key in enumerate(keys):
        same = Q(**{one.lstrip("-"): after[n] for n, one in enumerate(keys[:place])})
        name = f"{key.lstrip('-')}__{'lt' if key.startswith('-') else 'gt'}"
        condition |= same & Q(**{name: after[place]})
    return condition


def _write(values: Sequence[Any]) -> str:
    text = json.dumps([str(value) for value in values], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, count: int) -> list[str] | None:
    """Return the key of a page; None for a text that is no key, which shows the first page."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(value, str) for value in values):
        return None
    return values
