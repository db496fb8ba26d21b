"""What is read out at the opening (唱标): exactly these fields, and the amount once in figures and once in characters.

The part ``readout`` of every sealed bid holds one file, ``readout.json``, canonical JSON with the fields of
:class:`Readout` and no other. Where figures and characters (大写) differ, the characters are what was offered, so both
are kept as they were written and a page that shows them says when they disagree.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.money import FEN, parse_yuan, yuan_text

FILE, MEDIA = "readout.json", "application/json"
MAX_TEXT = 500
LIMIT_YUAN = Decimal(10) ** 14
FIELDS = frozenset({"price_yuan", "price_words", "delivery", "quality"})

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_ALIKE = str.maketrans({"圆": "元", "两": "贰", "參": "叁", "陸": "陆", "億": "亿", "萬": "万"})
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}
_WORDS = re.compile(r"(?P<yuan>[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]*)元(?P<rest>.*)|(?P<only>.+)")
_SMALL = re.compile(rf"零?(?:(?P<jiao>[{_DIGITS}])角)?零?(?:(?P<fen>[{_DIGITS}])分)?[整正]?")


@dataclass(frozen=True, slots=True)
class Readout:
    """The fields read out (唱标项): price in yuan, the same in capital characters, delivery and quality as promised."""

    price_yuan: Decimal
    price_words: str
    delivery: str
    quality: str

    @property
    def agrees(self) -> bool:
        """Say whether the amount in characters is the amount in figures."""
        return amount_in_words(self.price_words) == self.price_yuan


def format_readout(readout: Readout) -> bytes:
    """Return the bytes of ``readout.json``.

    Raises:
        ValueError: when a field is empty, overlong or no amount.
    """
    fields = {
        "price_yuan": yuan_text(readout.price_yuan),
        "price_words": readout.price_words,
        "delivery": readout.delivery,
        "quality": readout.quality,
    }
    for name, value in fields.items():
        _check_text(name, value)
    return canonical(fields)


def parse_readout(data: bytes) -> Readout:
    """Return what stands in ``readout.json``.

    Raises:
        ValueError: when it is not canonical, has other fields, or one that is empty, overlong or no amount.
    """
    fields = parse_canonical(data)
    if not isinstance(fields, dict) or fields.keys() != FIELDS:
        raise ValueError(f"what is read out has exactly the fields {', '.join(sorted(FIELDS))}")
    for name, value in fields.items():
        _check_text(name, value)
    price_yuan = parse_yuan(fields["price_yuan"])
    if yuan_text(price_yuan) != fields["price_yuan"]:
        raise ValueError("an amount in a second form")
    if price_yuan >= LIMIT_YUAN:
        raise ValueError("an amount beyond every budget")
    return Readout(price_yuan, fields["price_words"], fields["delivery"], fields["quality"])


def in_words(amount_yuan: Decimal) -> str:
    """Return an amount in capital characters (大写): ``肆佰捌拾陆万元整``.

    Raises:
        ValueError: a negative amount, one with parts of a fen, or of a trillion yuan and more.
    """
    text = yuan_text(amount_yuan)
    whole, _, small = text.partition(".")
    if len(whole) > 12:
        raise ValueError(f"too large to be written in characters: {text}")
    jiao, fen = small[0], small[1]
    yuan = _whole_in_words(int(whole))
    said = f"{yuan}元" if yuan else ""
    if jiao != "0":
        said += f"{_DIGITS[int(jiao)]}角"
    elif fen != "0" and said:
        said += "零"
    if fen != "0":
        said += f"{_DIGITS[int(fen)]}分"
    return said + "整" if small == "00" and said else said or "零元整"


def amount_in_words(text: str) -> Decimal | None:
    """Return the amount that capital characters name, however the noughts are written; None when they name none."""
    plain = "".join(text.split()).translate(_ALIKE).removeprefix("人民币").removeprefix("：").removeprefix(":")
    found = _WORDS.fullmatch(plain)
    if found is None:
        return None
    yuan = _whole_of(found["yuan"]) if found["yuan"] else (0 if found["only"] else None)
    small = _SMALL.fullmatch(found["rest"] or found["only"] or "")
    if yuan is None or small is None or (found["only"] and not (small["jiao"] or small["fen"])):
        return None
    jiao, fen = (_DIGITS.index(small[name] or "零") for name in ("jiao", "fen"))
    amount = (Decimal(yuan) + Decimal(jiao * 10 + fen) / 100).quantize(FEN)
    return amount if amount < LIMIT_YUAN else None


def _whole_in_words(number: int) -> str:
    """Return a whole number below 10**12 in characters; nothing for nought."""
    said = ""
    for size, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        group, number = divmod(number, size)
        if group:
            said += ("零" if said and (group < 1000) else "") + _group_in_words(group) + unit
        elif said and number:
            said += "零"
    return said.replace("零零", "零")


def _group_in_words(group: int) -> str:
    """Return a number from 1 to 9999 in characters."""
    said = ""
    for size, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit, group = divmod(group, size)
        if digit:
            said += _DIGITS[digit] + unit
        elif said and group and not said.endswith("零"):
            said += "零"
    return said


def _whole_of(words: str) -> int | None:
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        high, found, low = words.rpartition(unit)
        if found:
            upper, lower = _whole_of(high) if high else None, _whole_of(low) if low else 0
            return None if upper is None or lower is None or max(upper, lower) >= size else upper * size + lower
    return _group_of(words)


def _group_of(words: str) -> int | None:
    """Return the number below 10000 that characters name, units falling from left to right."""
    total, last = 0, 10_000
    digit: int | None = None
    for sign in words:
        if sign in _UNITS:
            if _UNITS[sign] >= last:
                return None
            last = _UNITS[sign]
            total, digit = total + (1 if digit is None else digit) * last, None
        else:
            if digit:
                return None
            digit = _DIGITS.index(sign)
    return total + (digit or 0)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or any(sign < " " for sign in value):
        raise ValueError(f"{name} is one line of up to {MAX_TEXT} characters")
