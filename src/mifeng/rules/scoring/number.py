"""Numbers in a score (分值): decimal text in one form, and rounding that is exact.

A score is a ``Decimal``, written ``12.5`` and in no other way. What is computed stays a fraction until the one place
where the tender documents say that it is rounded, and to how many places: the quotient of two prices rarely ends, and
rounding it twice can turn a tie.
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Rounding = Literal["half-up", "half-even"]
MODES: tuple[Rounding, ...] = ("half-up", "half-even")
MAX_PLACES = 6
_PLAIN = re.compile(r"(?:0|[1-9]\d{0,8})(?:\.\d{0,5}[1-9])?", re.ASCII)


def parse_decimal(text: object, what: str) -> Decimal:
    """Return the number written in its one form: no sign, no exponent, no noughts that say nothing.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        raise ValueError(f"{what} is a number such as 12.5")
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """Return the one form of a number.

    Raises:
        ValueError: a negative number, or one with more than nine digits before or six behind the point.
    """
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if not _PLAIN.fullmatch(plain):
        raise ValueError(f"not a number of a score: {value}")
    return plain


def rounded(value: Fraction, places: int, mode: Rounding) -> Decimal:
    """Return a number rounded once to decimal places (修约).

    Args:
        value: exact, not negative.
        places: how many decimals are kept.
        mode: ``half-up`` (四舍五入) or ``half-even`` (四舍六入五成双) for what lies exactly between two.

    Raises:
        ValueError: for a negative number.
    """
    if value < 0:
        raise ValueError("scores and prices are not negative")
    scaled = value * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest
    if twice > scaled.denominator or (twice == scaled.denominator and (mode == "half-up" or whole % 2 == 1)):
        whole += 1
    return Decimal(whole).scaleb(-places)
