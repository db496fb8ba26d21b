"""Pages of a list (分页): by key, so that a list stays right while it grows, and every page costs the same.

The address names the last row of the page before by its id alone. What the list is ordered by may be more precise than
what the page shows, an instant to the microsecond for one, and has no business in an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
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
        request: its query carries ``after`` (the id of a row of this list) and ``size`` (20, 50 or 100).
        rows: the list, in the order of ``keys``.
        keys: order fields as in ``order_by``, the last one unique.
    """
    size = next((one for one in SIZES if str(one) == request.GET.get("size")), SIZES[0])
    total = rows.count()
    last = _named(rows, request.GET.get("after", ""))
    found = rows.filter(_beyond(keys, last)) if last else rows
    chosen = list(found[: size + 1])
    query = request.GET.copy()
    query.pop("after", None)
    first = query.urlencode() if last else ""
    following = ""
    if len(chosen) > size:
        query["after"] = str(chosen[size - 1].pk)
        following = query.urlencode()
    return Page(tuple(chosen[:size]), total, size, following, first or (f"size={size}" if last else ""))


def _named(rows: QuerySet[M], text: str) -> M | None:
    """Return the row of this list that an address names; None for anything else, which shows the first page."""
    try:
        return rows.filter(pk=text).first() if text else None
    except (ValidationError, ValueError):
        return None


def _beyond(keys: Sequence[str], last: Model) -> Q:
    condition = Q()
    names = [key.lstrip("-") for key in keys]
    for place, key in enumerate(keys):
        same = Q(**{name: getattr(last, name) for name in names[:place]})
        name = f"{names[place]}__{'lt' if key.startswith('-') else 'gt'}"
        condition |= same & Q(**{name: getattr(last, names[place])})
    return condition
