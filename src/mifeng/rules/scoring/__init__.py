"""Comprehensive scoring (综合评分法): from the tender documents' template to a total for each bid, by arithmetic alone.

* the **template** says what is scored and how numbers are rounded (``template``), and must be lawful (``lawful``);
  ``preset`` proposes a first one;
* a **sheet** holds the scores of one seat, in bounds and with reasons where needed (``sheet``);
* the **price** gives points by the lowest price, after deductions with names (``price``);
* **totals** add up (``totals``), and only four kinds of error are corrected (``correction``).

Who stands where among equals, and who may be recommended, is ``rules.ranking``. Cases computed by hand stand in
``docs/scoring-cases.md``; a test reads the numbers from there.
"""

from mifeng.rules.scoring.correction import KINDS, Correction, check_correction, corrected
from mifeng.rules.scoring.lawful import DEDUCTIONS, check_template, low_price_of
from mifeng.rules.scoring.number import MODES, decimal_text, parse_decimal, rounded
from mifeng.rules.scoring.preset import PRESETS, preset
from mifeng.rules.scoring.price import (
    LowHit,
    Offer,
    check_offer,
    evaluated_yuan,
    low_prices,
    price_points,
)
from mifeng.rules.scoring.sheet import (
    Cell,
    Sheet,
    check_cell,
    check_consistency,
    check_sheet,
    differences,
    format_sheet,
    in_bounds,
    is_extreme,
    named,
    parse_sheet,
)
from mifeng.rules.scoring.template import (
    Deduction,
    Item,
    LowPrice,
    Template,
    format_template,
    parse_template,
    template_hash,
)
from mifeng.rules.scoring.totals import BidScore, mean, seat_sums, total_scores

__all__ = [
    "DEDUCTIONS",
    "KINDS",
    "MODES",
    "PRESETS",
    "BidScore",
    "Cell",
    "Correction",
    "Deduction",
    "Item",
    "LowHit",
    "LowPrice",
    "Offer",
    "Sheet",
    "Template",
    "check_cell",
    "check_consistency",
    "check_correction",
    "check_offer",
    "check_sheet",
    "check_template",
    "corrected",
    "decimal_text",
    "differences",
    "evaluated_yuan",
    "format_sheet",
    "format_template",
    "in_bounds",
    "is_extreme",
    "low_price_of",
    "low_prices",
    "mean",
    "named",
    "parse_decimal",
    "parse_sheet",
    "parse_template",
    "preset",
    "price_points",
    "rounded",
    "seat_sums",
    "template_hash",
    "total_scores",
]
