"""Names of places (行政区划): GB/T 2260 codes as a person reads them, from the table of the identifiers library."""

import re
from functools import cache

from django.utils.translation import gettext as _
from stdnum import numdb

_YEARS = re.compile(r"^\[[\d-]*\]")


def region_title(code: str) -> str:
    """Return the name of a county, or of a city's own level (市本级); the code itself when the table lacks it."""
    name = _county(code)
    if not name:
        return code
    return _("%(city)s本级") % {"city": name} if code.endswith("00") else name


@cache
def _county(code: str) -> str:
    parts = numdb.get("cn/loc").info(code)
    # A code whose meaning changed has several names, each with its years; the last one holds.
    names = parts[-1][1].get("county", "").split(",") if len(parts) > 1 else [""]
    return _YEARS.sub("", names[-1])
