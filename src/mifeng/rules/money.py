"""Amounts in yuan (金额).

Money is a ``Decimal`` of yuan with two places (分), never a float and never negative. A person types ``1,234.50``; a
ledger body holds ``1234.50``. Amounts of more than fifteen digits are taken for typing errors.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

FEN = Decimal("0.01")
_AMOUNT = re.compile(r"(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3}){1,4})(?:\.\d{1,2})?", re.ASCII)


def parse_yuan(text: str) -> Decimal:
    """Return the amount written in ``text`` (元), with two places.

    Raises:
        ValueError: a sign, an exponent, a third decimal place, wrong thousands marks, or no number at all.
    """
    plain = text.strip()
    if not _AMOUNT.fullmatch(plain):
        raise ValueError(f"not an amount in yuan: {text!r}")
    return Decimal(plain.replace(",", "")).quantize(FEN)


def yuan_text(amount_yuan: Decimal) -> str:
    """Return the one form in which an amount is hashed, such as ``4800000.00``.

    Raises:
        ValueError: a negative amount, or one with parts of a fen.
    """
    if amount_yuan < 0 or amount_yuan != amount_yuan.quantize(FEN):
        raise ValueError(f"not an amount in yuan: {amount_yuan}")
    return str(amount_yuan.quantize(FEN))


def total_yuan(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts in yuan; 0.00 for none."""
    return sum(amounts, Decimal()).quantize(FEN)
